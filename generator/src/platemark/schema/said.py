"""What JSON Schema can say of a rule: its tests printed in the keywords of 2020-12, exactly or not at all.

What it has no words for (an area, a sum, the length of another list) raises `Unsaid`: such a rule is listed beside the
schema, and never approximated in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from platemark import ir
from platemark.rules import expr, leaves
from platemark.rules.expr import ALWAYS, All, AnyOf, Between, Every, Given, Is, Not, OneOf, Only, SchemeIn, Test
from platemark.schema.logic import conjuncts, references, simplified

Schema: TypeAlias = "dict[str, Any]"


class Unsaid(Exception):
    """JSON Schema has no words for a test."""


def whole(pattern: str) -> str:
    """A pattern that takes the whole text. Python's `$` alone lets a trailing newline pass, ECMA-262's does not."""
    return f"^{pattern}(?!\\n)$"


FORMATS: Mapping[expr.Format, Schema] = {
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "text": {"type": "string"},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "box": {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4},
    "size": {"type": "string", "pattern": whole(leaves.PATTERNS["size"])},
    "token": {"type": "string", "pattern": whole(leaves.PATTERNS["token"])},
    "color": {"type": "string", "pattern": whole(leaves.PATTERNS["color"])},
    "percent": {"type": "string", "pattern": whole(leaves.PATTERNS["percent"])},
}

_LIMITS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("integer", "integer"): ("minimum", "maximum"),
    ("points", "string"): ("minLength", "maxLength"),
    ("count", "array"): ("minItems", "maxItems"),
}
"""What the bounds of a measure are called, for values of the JSON type at which it is taken."""


def tests_of(rule: ir.Rule) -> list[Test]:
    """What a judged rule asserts of every request."""
    if rule.when is None or rule.holds is None:
        return []
    return [test if rule.when == ALWAYS else AnyOf((Not(rule.when), test)) for test in conjuncts(rule.holds)]


def value(ref: str, tests: Iterable[Test]) -> Schema:
    """The schema of a value that is there, and of which all tests hold. Raises Unsaid."""
    parts = [atom for test in tests for atom in conjuncts(simplified(test, {Given(ref)}))]
    first = parts[0] if parts else ALWAYS
    forms = first.tests if isinstance(first, AnyOf) else (first,)
    if forms and all(isinstance(form, Is) and form.of == ref for form in forms):
        return either([_form(ref, cast("Is", form), parts[1:]) for form in forms])
    return _form(ref, None, parts)


def fields(tests: Mapping[str, Sequence[Test]], prefix: str) -> Schema:
    """The schema of an object by what its fields must keep; a field is required when its tests fail without it."""
    properties = {name: value(f"{prefix}{name}", found) for name, found in tests.items()}
    required = [name for name, found in tests.items() if not all(expr.holds(test, {}) for test in found)]
    return {"properties": properties, **({"required": required} if required else {})}


def _form(ref: str, form: Is | None, tests: Sequence[Test]) -> Schema:
    """The schema of a value of one form. What is said of its items, and of each field, is gathered first."""
    facts: set[Test] = {Given(ref), *([form] if form else [])}
    parts: list[Schema] = [FORMATS[form.format]] if form else []
    items: list[Test] = []
    of_field: dict[str, list[Test]] = {}
    for atom in (atom for test in tests for atom in conjuncts(simplified(test, facts))):
        facts.add(atom)
        refs = references(atom)
        below = {name.removeprefix(f"{ref}.") for name in refs if name.startswith(f"{ref}.")}
        if isinstance(atom, Every) and atom.over == ref:
            items.append(atom.test)
        elif len(below) == 1 == len(refs):
            of_field.setdefault(below.pop(), []).append(atom)
        else:
            parts.append(_said(ref, atom, str(parts[0].get("type", "")) if form else ""))
    parts += [{"items": value("@", items)}] if items else []
    parts += [fields(of_field, f"{ref}.")] if of_field else []
    return merged(parts)


def _said(ref: str, test: Test, type_: str) -> Schema:
    """One test of a value of a JSON type."""
    match test:
        case OneOf(of, among) if of == ref:
            return {"const": among[0]} if len(among) == 1 else {"enum": list(among)}
        case SchemeIn(of, schemes) if of == ref:
            return {"type": "string", "pattern": f"^(?:{'|'.join(leaves.SCHEMES[name] for name in schemes)})"}
        case Only(of, names) if of == ref:
            return {"propertyNames": {"enum": list(names)}}
        case Is(of, format_) if of == ref and format_ in FORMATS:
            return FORMATS[format_]
        case Between(low, expr.Measured(measure, of), high) if of == ref and (measure, type_) in _LIMITS:
            bounds = zip(_LIMITS[measure, type_], (low, high), strict=True)
            return {keyword: _number(bound) for keyword, bound in bounds if bound is not None}
        case Not(inner):
            return {"not": _said(ref, inner, type_)}
        case AnyOf(tests):
            return either([_said(ref, part, type_) for part in tests]) if tests else {"not": {}}
        case All(tests):
            return merged([_said(ref, part, type_) for part in tests])
        case _:
            raise Unsaid


def _number(bound: expr.Term) -> int:
    if not isinstance(bound, expr.Number):
        raise Unsaid
    return bound.value


def either(schemas: Sequence[Schema]) -> Schema:
    """Any of several schemas, with the type that they share in front."""
    if len(schemas) == 1:
        return schemas[0]
    types = [schema.get("type") for schema in schemas]
    if types[0] is None or any(type_ != types[0] for type_ in types):
        return {"anyOf": list(schemas)}
    rest = [{key: part for key, part in schema.items() if key != "type"} for schema in schemas]
    return {"type": types[0], "anyOf": rest}


def merged(schemas: Sequence[Schema]) -> Schema:
    """All of several schemas, flat where no keyword has two values."""
    made: Schema = {}
    rest: list[Schema] = []
    for schema in schemas:
        if all(made.get(key, part) == part for key, part in schema.items()):
            made |= schema
        else:
            rest.append(schema)
    if _only_among(made):
        del made["pattern"]
    return {**made, "allOf": rest} if rest else made


def _only_among(schema: Schema) -> bool:
    """Whether the listed values make a pattern superfluous."""
    listed = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    return "pattern" in schema and bool(listed) and all(_fits(schema["pattern"], text) for text in listed)


def _fits(pattern: str, text: object) -> bool:
    return isinstance(text, str) and re.search(pattern, text) is not None


def is_never(schema: Schema) -> bool:
    """Whether nothing keeps a schema: what it stands for may not be given."""
    return schema.get("not") == {}
