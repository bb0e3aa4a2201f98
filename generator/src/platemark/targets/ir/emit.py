"""The IR itself, as JSON: what generators in other languages can build upon."""

from __future__ import annotations

from platemark.ir import SCHEMA_VERSION, Ir, to_json
from platemark.targets import Files, Given
from platemark.targets.text import as_json


def emit(ir: Ir, given: Given) -> Files:
    """One file per family, one per provider, and the documents."""
    listed = {"schema_version": SCHEMA_VERSION, "specs": ir.origin, "documents": to_json(ir.documents)}
    files = {"documents.json": as_json(listed)}
    for provider in ir.providers:
        about = {key: value for key, value in to_json(provider).items() if key != "families"}
        files[f"{provider.id}/provider.json"] = as_json({"schema_version": SCHEMA_VERSION, **about})
    for family in ir.families:
        files[f"{family.provider}/{family.name}.json"] = as_json({"schema_version": SCHEMA_VERSION, **to_json(family)})
    return files
