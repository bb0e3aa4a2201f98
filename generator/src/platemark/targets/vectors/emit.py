"""Vectors as data: what every emitted language and the emulator are held to."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from platemark.ir import SCHEMA_VERSION, Ir, to_json
from platemark.rules.vectors import Vector, vectors
from platemark.targets import Files, Given
from platemark.version import GENERATED_BY


def emit(ir: Ir, given: Given) -> Files:
    """One file per model, one line per vector, so that a change of one shows as one line."""
    del given
    files: Files = {}
    for family in ir.families:
        provider = ir.provider(family.provider)
        for model in family.models:
            found, unbreakable = vectors(provider, family, model.id)
            files[f"{provider.id}/{model.id}.json"] = _lines(
                {"generated_by": GENERATED_BY, "schema_version": SCHEMA_VERSION, "model": model.id},
                {"vectors": [_row(vector) for vector in found], "unbreakable": to_json(unbreakable)},
            )
    return files


def _row(vector: Vector) -> dict[str, Any]:
    """A vector with all of its fields, empty or not: the shape is public."""
    return {field.name: getattr(vector, field.name) for field in fields(vector)}


def _lines(head: dict[str, Any], lists: dict[str, list[Any]]) -> str:
    parts = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    for key, rows in lists.items():
        shown = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)
        parts.append(f"{json.dumps(key)}: [\n{shown}\n ]" if rows else f"{json.dumps(key)}: []")
    return "{\n " + ",\n ".join(parts) + "\n}\n"
