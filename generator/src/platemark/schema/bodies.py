"""The body of a request as a closed JSON Schema: a payload's skeleton, filled with what each parameter must keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from platemark.plain import is_map, is_seq
from platemark.schema.parameters import Part, Parts
from platemark.schema.said import Schema, merged
from platemark.wire.skeletons import EACH, OTHERS, holds_one, is_name, may_miss, names

ANNOTATIONS = ("title", "description", "default", "examples")
MISPLACED: Schema = {"description": "Noted: it does not belong here", "deprecated": True}


def body(skeleton: Any, model: str, parts: Parts) -> Schema:
    """The schema of a body of one style for one model."""
    return _Body(model, parts, set(names(skeleton))).node(skeleton)


class _Body:
    def __init__(self, model: str, parts: Parts, named: set[str]) -> None:
        self.model = model
        self.parts = parts
        self.named = named

    def node(self, skeleton: Any) -> Schema:
        if skeleton == OTHERS:
            return self.mapping({OTHERS: True})
        if is_map(skeleton):
            return self.mapping(skeleton)
        if is_seq(skeleton):
            return self.one(skeleton[0]) if holds_one(list(skeleton)) else self.elements(skeleton)
        return {"const": skeleton}

    def mapping(self, skeleton: dict[str, Any]) -> Schema:
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for key, part in skeleton.items():
            if key.startswith("$"):
                continue
            if part == "$model":
                properties[key], needed = {"title": "model", "const": self.model}, True
            elif is_name(part) and part != OTHERS:
                if (found := self.part(part[1:])) is None:
                    continue
                properties[key], needed = found.schema, found.required
            else:
                properties[key] = self.node(part)
                asked = any(found.required for name in names(part) if (found := self.part(name)))
                needed = asked or not may_miss(part) or "required" in properties[key]
            required += [key] if needed else []
        if OTHERS in skeleton:
            others = {name: self.parts.by_name[name] for name in self.parts.names() if name not in self.named}
            properties |= {name: part.schema for name, part in others.items()}
            required += [name for name, part in others.items() if part.required]
        for name in self.parts.names():
            if self.parts.by_name[name].anywhere and name not in properties:
                properties[name] = {**_split(self.parts.by_name[name].schema)[1], "title": name, **MISPLACED}
        needs = {name: schema for name, schema in self.parts.dependents.items() if name in properties}
        return {
            "type": "object", "properties": properties, **({"required": required} if required else {}),
            **({"dependentSchemas": needs} if needs else {}), "additionalProperties": False,
        }  # fmt: skip

    def part(self, name: str) -> Part | None:
        found = self.parts.by_name.get(name)
        return found if found and found.allowed else None

    def one(self, pattern: Any) -> Schema:
        return {"type": "array", "minItems": 1, "maxItems": 1, "items": self.node(pattern)}

    def elements(self, patterns: Sequence[dict[str, Any]]) -> Schema:
        """A list whose elements are told apart by their keys: one for a parameter, or one for each of its items."""
        shapes: list[Schema] = []
        counts: list[Schema] = []
        for pattern in patterns:
            name = str(pattern[EACH]) if EACH in pattern else names(pattern)[0]
            if (part := self.part(name)) is None:
                continue
            if EACH in pattern:
                shapes.append(_element(pattern, {**_split(part.schema)[0], **part.schema.get("items", {})}))
                counts += [found] if (found := per_element(part.schema, pattern)) else []
            else:
                shapes.append(_element(pattern, part.schema))
                least = 1 if part.required else 0
                counts.append({"contains": sign(pattern), "minContains": least, "maxContains": 1})
        if not shapes:
            return {"type": "array", "maxItems": 0}
        return merged([{"type": "array", "items": shapes[0] if len(shapes) == 1 else {"anyOf": shapes}}, *counts])


def _split(schema: Schema) -> tuple[Schema, Schema]:
    """What a schema tells people, and what it asserts."""
    told = {key: part for key, part in schema.items() if key in ANNOTATIONS or key.startswith("x-")}
    return told, {key: part for key, part in schema.items() if key not in told}


def _element(pattern: dict[str, Any], schema: Schema) -> Schema:
    """The closed shape of an element: its constants, and the value that it carries."""
    keys = {key: part for key, part in pattern.items() if not key.startswith("$")}
    properties = {key: schema if is_name(part) else {"const": part} for key, part in keys.items()}
    return {"type": "object", "properties": properties, "required": list(keys), "additionalProperties": False}


def sign(pattern: dict[str, Any]) -> Schema:
    """What tells the elements of one pattern from those of the others."""
    keys = {key: part for key, part in pattern.items() if not key.startswith("$")}
    constants = {key: {"const": part} for key, part in keys.items() if not is_name(part)}
    return {"type": "object", **({"properties": constants} if constants else {}), "required": list(keys)}


def per_element(schema: Schema, pattern: dict[str, Any]) -> Schema:
    """How many elements of a pattern a list must contain, where the list of a parameter's items has such a schema."""
    made: Schema = {}
    if "minItems" in schema or "maxItems" in schema:
        made = {"contains": sign(pattern), "minContains": schema.get("minItems", 0)}
        made |= {"maxContains": schema["maxItems"]} if "maxItems" in schema else {}
    for key in ("anyOf", "allOf"):
        made |= {key: [per_element(part, pattern) for part in schema[key]]} if key in schema else {}
    return made
