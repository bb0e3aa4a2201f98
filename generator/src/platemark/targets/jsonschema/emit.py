"""JSON Schemas: for each model and route its requests and its answers, and for each provider its errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jsonschema import Draft202012Validator

from platemark import schema
from platemark.ir import SCHEMA_VERSION, Family, Ir, Model, Provider, RouteName
from platemark.targets import Files, Given
from platemark.targets.text import as_json


def emit(ir: Ir, given: Given) -> Files:
    """Two files per model × route, one per provider, and an index of them all."""
    del given
    made: dict[str, schema.Schema] = {}
    index: list[dict[str, Any]] = []
    for provider in ir.providers:
        families = ir.families_of(provider.id)
        made[f"{provider.id}/errors.json"] = schema.errors_schema(provider, families)
        for family, model, route in _routes(families):
            stem = f"{provider.id}/{model.id}.{route}"
            made[f"{stem}.request.json"] = schema.request_schema(provider, family, model.id, route)
            made[f"{stem}.response.json"] = schema.response_schema(provider, family, model.id, route)
            index.append(_entry(provider, family, model, route, stem))
    files = {path: _text(path, found) for path, found in made.items()}
    listed = {"schema_version": SCHEMA_VERSION, "specs": ir.origin, "schemas": index}
    return {**files, "index.json": as_json(listed)}


def _routes(families: Iterable[Family]) -> Iterable[tuple[Family, Model, RouteName]]:
    for family in families:
        for model in family.models:
            for route in family.routes_of(model.id):
                yield family, model, route


def _entry(provider: Provider, family: Family, model: Model, route: RouteName, stem: str) -> dict[str, Any]:
    modes = [offer.mode for offer in family.by_model[model.id] if offer.route == route]
    files = {name: f"{stem}.{name}.json" for name in ("request", "response")}
    return {"provider": provider.id, "model": model.id, "route": route, "modes": modes, **files}


def _text(path: str, found: schema.Schema) -> str:
    """The schema as a file. Raises `jsonschema.SchemaError` for one that the dialect's own schema refuses."""
    name = path.removesuffix(".json").replace("/", ":")
    whole = {"$schema": schema.DIALECT, "$id": f"urn:platemark:{name}", **found}
    Draft202012Validator.check_schema(whole)
    return as_json(whole, "$comment")
