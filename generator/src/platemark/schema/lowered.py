"""Schemas as generators of data models understand them: closed objects with a title each, plain types and bounds.

What such generators drop or turn into noise is left out here: conditions, counts of elements by kind, alternatives of
one type, defaults (a model would send them), and places where a parameter is only tolerated. Rules say the rest.
"""

from __future__ import annotations

import re
from typing import Any

from platemark import ir
from platemark.schema.answers import created_schema, result_schema, task_schema
from platemark.schema.bodies import body
from platemark.schema.modes import payloads
from platemark.schema.parameters import parts_of
from platemark.schema.said import Schema

_KEPT = ("description", "type", "const", "enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
         "pattern", "format", "required", "additionalProperties")  # fmt: skip
_TYPES = {str: "string", bool: "boolean", int: "integer"}


def pascal(*words: str) -> str:
    """Words as one name in Pascal case: `wan2.6-image`, `edit` → `Wan26ImageEdit`."""
    joined = " ".join(words)
    parts = re.findall(r"[A-Za-z0-9]+", re.sub(r"(?<=\d)\.(?=\d)", "", joined))
    return "".join(part[0].upper() + part[1:] for part in parts)


def request_models(provider: ir.Provider, family: ir.Family, offer: ir.Offer) -> dict[str, Schema]:
    """Title: closed object schema of the bodies of an offer, one for each payload style of its endpoint."""
    parts = parts_of(family, offer)
    styles = payloads(provider, family, offer)
    made: dict[str, Schema] = {}
    for style, skeleton in styles.items():
        title = pascal(offer.model, offer.route, offer.mode, *([style] if len(styles) > 1 else []), "request")
        made[title] = lowered(body(skeleton, offer.model, parts), title)
    return made


def answer_models(provider: ir.Provider, offer: ir.Offer) -> dict[str, Schema]:
    """Title: open object schema of what an offer's route answers with; of a task its creation and its query."""
    prefix = pascal(offer.model, offer.route, offer.mode)
    result = result_schema(provider, offer)
    if offer.route != "task":
        return {f"{prefix}Answer": lowered(result, f"{prefix}Answer")}
    task = task_schema(provider, [result])
    joined = {**task, "properties": _joined(task["properties"], result["properties"])}
    return {
        f"{prefix}Created": lowered(created_schema(provider), f"{prefix}Created"),
        f"{prefix}Answer": lowered(joined, f"{prefix}Answer"),
    }


def lowered(schema: Schema, title: str) -> Schema:
    """A schema in the lowered profile; every part is titled by its path, so that no two titles are equal."""
    made: Schema = {"title": title} | {key: schema[key] for key in _KEPT if key in schema}
    if "const" in made:
        made.setdefault("type", _TYPES[type(made["const"])])
    if "pattern" in made:
        made["pattern"] = made["pattern"].replace("(?!\\n)$", "$")
    if "properties" in schema:
        kept = {key: part for key, part in schema["properties"].items() if not part.get("deprecated")}
        made["properties"] = {key: lowered(part, title + pascal(key)) for key, part in kept.items()}
    if "items" in schema:
        made["items"] = lowered(schema["items"], f"{title}Item")
    if "anyOf" in schema and all(part.get("type") == "object" for part in schema["anyOf"]):
        made["anyOf"] = _variants(schema["anyOf"], title)
    return made


def _variants(schemas: list[Schema], title: str) -> list[Schema]:
    """Alternatives that are told apart by their keys are titled by their last one."""
    return [lowered(schema, title + pascal(list(schema["properties"])[-1])) for schema in schemas]


def _joined(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Properties of two objects in one; those that both have are joined in turn, and none of the second's is sure."""
    made = dict(left)
    for key, part in right.items():
        mine = made.get(key)
        if mine and "properties" in mine and "properties" in part:
            made[key] = {**mine, "properties": _joined(mine["properties"], part["properties"])}
        else:
            made.setdefault(key, part)
    return made
