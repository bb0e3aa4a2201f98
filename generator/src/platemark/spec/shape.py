"""The meta-schema: what keys a spec has and how their values are written. Every departure is a problem with a hint."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeAlias, cast

from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry, Resource

from platemark.plain import each, is_map
from platemark.problems import Problem, did_you_mean, nearest
from platemark.rules.kinds import KINDS
from platemark.source import Keys, Tree
from platemark.spec import todos
from platemark.wire import scripts

SchemaName: TypeAlias = Literal[
    "documents", "provider", "family", "versions", "acknowledged", "vectors", "judgement", "faults", "conformance"
]
NAMES: Mapping[str, SchemaName] = {
    "spec": "family",
    "provider": "provider",
    "documents": "documents",
    "versions": "versions",
    "acknowledged": "acknowledged",
    "vectors": "vectors",
    "validate": "judgement",
    "faults": "faults",
    "conform": "conformance",
}
"""Formats of ours, as `platemark schema` names them."""
_SPECS: tuple[SchemaName, ...] = ("documents", "provider", "family")
"""Those of specs, in which the word `todo` may stand for what is still to be said."""
_NOUNS = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def schema(name: SchemaName) -> dict[str, Any]:
    """The meta-schema of a kind of file, JSON Schema 2020-12. Kinds of rules and faults say how they are written."""
    if name == "faults":
        return scripts.schema()
    text = resources.files(__package__ or "").joinpath(f"{name}.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    if name == "family":
        kinds = {kind.name: dict(kind.written) for kind in KINDS.values() if kind.written}
        properties = found["$defs"]["parameter"]["properties"]
        found["$defs"]["parameter"]["properties"] = kinds | properties
    return found


def check(tree: Tree, name: SchemaName) -> list[Problem]:
    """All departures of a file from its meta-schema."""
    if tree.data is None:
        return [Problem("bad-type", "the file is empty", tree.place(()), _about(schema(name)))]
    found = [_problem(tree, error) for error in _leaves(_validator(name).iter_errors(cast("Any", tree.data)))]
    return found + ([_unfilled(tree, name, path) for path in todos.slots(tree.data)] if name in _SPECS else [])


def _unfilled(tree: Tree, name: SchemaName, path: Keys) -> Problem:
    """What is said of a slot: for a key, what names there are; for a value, how it is written."""
    named = path[-1:] == (todos.TODO,)
    what, place = ("a name", tree.place(path)) if named else (_name(path), tree.value(path))
    hint = _lower(todos.described(name, path, _files()))
    return Problem("todo", f"{what} is still to be said", place, hint or "say it, or take the line out")


# ── Validation: one error for each thing that is wrong ────────────────────────────────────────────────────────────


def _one_line_pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    # Python's `$` matches before a last newline, which would let one into ids and so into paths.
    if isinstance(instance, str) and ("\n" in instance or re.search(pattern, instance) is None):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _each_missing(_: Any, required: list[str], instance: Any, __: Any) -> Iterator[ValidationError]:
    yield from (ValidationError(key) for key in required if is_map(instance) and key not in instance)


def _each_unknown(validator: Any, extras: Any, instance: Any, here: Any) -> Iterator[ValidationError]:
    if is_map(instance):
        for key in instance.keys() - here.get("properties", {}).keys() - {todos.TODO}:
            unknown = [ValidationError(key)] if extras is False else validator.descend(instance[key], extras, path=key)
            yield from unknown


def _unless_todo(check: Any) -> Any:
    """A slot is what it should be until it is filled in."""

    def checked(validator: Any, wanted: Any, instance: Any, here: Any) -> Iterator[ValidationError]:
        if instance != todos.TODO:
            yield from check(validator, wanted, instance, here) or ()

    return checked


@cache
def _files() -> Mapping[str, dict[str, Any]]:
    return {file: schema(file) for file in _SPECS}


@cache
def _validator(name: SchemaName) -> Any:
    named = ((f"urn:platemark:{file}", cast("Any", Resource).from_contents(found)) for file, found in _files().items())
    registry = cast("Any", Registry)().with_resources(named)
    base: Mapping[str, Any] = cast("Any", Draft202012Validator).VALIDATORS
    ours = {"pattern": _one_line_pattern, "required": _each_missing, "additionalProperties": _each_unknown}
    if name in _SPECS:
        ours = {keyword: _unless_todo(check) for keyword, check in {**base, **ours}.items()}
    return cast("Any", validators).extend(Draft202012Validator, ours)(schema(name), registry=registry)


def _leaves(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    """For alternatives, the errors of the one that the author most likely meant: that of the right JSON type."""
    for error in errors:
        branches: dict[Any, list[ValidationError]] = {}
        for inner in error.context or []:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        meant = [b for b in branches.values() if not any(e.validator in {"type", "const"} and not e.path for e in b)]
        if len(meant) == 1:
            yield from _leaves(iter(meant[0]))
        else:
            yield error


# ── What is said of a departure ───────────────────────────────────────────────────────────────────────────────────


def _problem(tree: Tree, error: ValidationError) -> Problem:
    path = tuple(error.absolute_path)
    value: Any = error.instance
    name, here = _name(path), cast("dict[str, Any]", error.schema)
    match error.validator:
        case _ if "propertyNames" in tuple(error.schema_path)[-2:-1]:
            known = here.get("enum", [])
            hint = did_you_mean(str(value), known) or _about(here)
            return Problem("bad-name", f"`{value}` can't be a name here", tree.place((*path, str(value))), hint)
        case "additionalProperties":
            key, known = error.message, here.get("properties", {})
            return Problem("unknown-key", f"unknown key `{key}`", tree.place((*path, key)), did_you_mean(key, known))
        case "required":
            hint = _about(here.get("properties", {}).get(error.message, {}))
            return Problem("missing-key", f"{name} has no `{error.message}`", tree.place(path), hint)
        case "enum" | "const" | "anyOf":
            known = list(map(str, _choices(here)))
            hint = (_about(here) if not nearest(str(value), known) else "") or did_you_mean(str(value), known)
            return Problem("bad-value", f"{name} can't be {_shown(value)}", tree.value(path), hint)
        case "type":
            wanted = " or ".join(_NOUNS.get(kind, kind) for kind in map(str, each(error.validator_value)))
            return Problem("bad-type", f"{name} must be {wanted}, not {_shown(value)}", tree.value(path), _about(here))
        case "pattern":
            return Problem("bad-form", f"{name} can't be written {_shown(value)}", tree.value(path), _about(here))
        case "uniqueItems":
            path = (*path, next(index for index, item in enumerate(value) if item in value[:index]))
            return Problem("bad-value", f"{name} holds {_shown(value[path[-1]])} twice", tree.value(path), _about(here))
        case _:
            return Problem("bad-value", f"{name} {_worded(error)}", tree.place(path), _about(here))


def _name(path: tuple[str | int, ...]) -> str:
    """What stands at a path, in words."""
    if not path:
        return "the file"
    return f"`{path[-1]}`" if isinstance(path[-1], str) else f"item {path[-1] + 1} of {_name(path[:-1])}"


def _choices(here: Mapping[str, Any]) -> Iterator[Any]:
    """The words that a part of the meta-schema allows, in whatever alternative."""
    yield from here.get("enum", [])
    if "const" in here:
        yield here["const"]
    for alternative in here.get("anyOf", []):
        yield from _choices(alternative)


def _worded(error: ValidationError) -> str:
    wording = {
        "minProperties": "is empty" if not error.instance else "is incomplete",
        "maxProperties": f"holds more than {error.validator_value}",
        "minItems": "is empty" if not error.instance else f"holds fewer than {error.validator_value}",
        "minLength": "is empty",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
    }
    return wording.get(str(error.validator), f"breaks `{error.validator}` of the meta-schema")


def _about(here: Mapping[str, Any]) -> str:
    """The description that the meta-schema gives of what stands, or should stand, here."""
    return _lower(str(here.get("description", "")))


def _lower(text: str) -> str:
    text = text.removesuffix(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{shown}`" if len(shown) <= 40 else f"`{shown[:37]}…`"
