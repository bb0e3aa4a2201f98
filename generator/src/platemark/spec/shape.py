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

from platemark.plain import each
from platemark.problems import Problem, did_you_mean
from platemark.source import Tree

SchemaName: TypeAlias = Literal["documents", "provider", "family", "vectors", "judgement"]
NAMES: Mapping[str, SchemaName] = {
    "spec": "family",
    "provider": "provider",
    "documents": "documents",
    "vectors": "vectors",
    "validate": "judgement",
}
"""Formats of ours, as `platemark schema` names them."""
_NOUNS = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}


def schema(name: SchemaName) -> dict[str, Any]:
    """The meta-schema of a kind of file, JSON Schema 2020-12."""
    return json.loads(resources.files(__package__ or "").joinpath(f"{name}.schema.json").read_text("utf-8"))


def check(tree: Tree, name: SchemaName) -> list[Problem]:
    """All departures of a file from its meta-schema."""
    return [_problem(tree, error) for error in _leaves(_validator(name).iter_errors(cast("Any", tree.data)))]


def _one_line_pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    # Python's `$` matches before a last newline, which would let one into ids and so into paths.
    if isinstance(instance, str) and ("\n" in instance or re.search(pattern, instance) is None):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@cache
def _validator(name: SchemaName) -> Any:
    files: tuple[SchemaName, ...] = ("documents", "provider", "family")
    named = ((f"urn:platemark:{file}", cast("Any", Resource).from_contents(schema(file))) for file in files)
    registry = cast("Any", Registry)().with_resources(named)
    strict = cast("Any", validators).extend(Draft202012Validator, {"pattern": _one_line_pattern})
    return strict(schema(name), registry=registry)


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


def _problem(tree: Tree, error: ValidationError) -> Problem:
    path = tuple(error.absolute_path)
    value: Any = error.instance
    limit: Any = error.validator_value
    name = f"`{path[-1]}`" if path and isinstance(path[-1], str) else "this item" if path else "the file"
    at = tree.value(path) if path else tree.place(path)
    match error.validator:
        case "additionalProperties":
            return _unknown_key(tree, path, error)
        case "required":
            missing = next(key for key in limit if key not in value)
            return Problem("missing-key", f"{name} has no `{missing}`", tree.place(path), _about(error, missing))
        case "enum" | "const":
            known = list(map(str, each(limit)))
            if path and error.parent and error.parent.validator == "propertyNames":
                at = tree.place((*path, str(value)))
            return Problem("bad-value", f"{name} can't be {_shown(value)}", at, did_you_mean(str(value), known))
        case "type":
            wanted = " or ".join(_NOUNS.get(kind, kind) for kind in map(str, each(limit)))
            return Problem("bad-type", f"{name} must be {wanted}, not {_shown(value)}", at, _about(error))
        case "pattern":
            return _bad_form(tree, path, error)
        case "anyOf":
            return Problem("bad-value", f"{name} can't be {_shown(value)}", at, _about(error))
        case _:
            return Problem("bad-value", f"{name}: {_worded(error)}", tree.place(path), _about(error))


def _unknown_key(tree: Tree, path: tuple[str | int, ...], error: ValidationError) -> Problem:
    known = cast("dict[str, Any]", error.schema).get("properties", {})
    extra = next(key for key in cast("dict[str, Any]", error.instance) if key not in known)
    return Problem("unknown-key", f"unknown key `{extra}`", tree.keys[(*path, extra)], did_you_mean(extra, known))


def _bad_form(tree: Tree, path: tuple[str | int, ...], error: ValidationError) -> Problem:
    value = str(error.instance)
    if error.parent is None and (*path, value) in tree.keys:  # the name of a key, not a value
        message = f"`{value}` can't be a name here"
        return Problem("bad-name", message, tree.keys[(*path, value)], f"names match {error.validator_value}")
    name = f"`{path[-1]}`" if path and isinstance(path[-1], str) else "this item"
    return Problem("bad-form", f"{name} can't be written {_shown(value)}", tree.value(path), _about(error))


def _worded(error: ValidationError) -> str:
    wording = {
        "minProperties": "needs more than this",
        "maxProperties": "holds more than one entry",
        "minItems": "must not be empty",
        "minLength": "must not be empty",
        "uniqueItems": "holds the same value twice",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
    }
    return wording.get(str(error.validator), f"breaks `{error.validator}` of the meta-schema")


def _about(error: ValidationError, key: str = "") -> str:
    """The description that the meta-schema gives of what stands, or should stand, here."""
    here = cast("dict[str, Any]", error.schema)
    if key:
        here = here.get("properties", {}).get(key, {})
    return str(here.get("description", ""))


def _shown(value: Any) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{shown}`" if len(shown) <= 40 else f"`{shown[:37]}…`"
