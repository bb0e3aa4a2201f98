"""OpenAPI 3.1: one document per provider, whose bodies and answers are the canonical schemas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from platemark.ir import Auth, Family, Ir, Provider
from platemark.schema import Schema
from platemark.targets import Files, Given
from platemark.targets.openapi import components, paths
from platemark.targets.text import as_json
from platemark.version import VERSION

_WORDS = {"region": "The region, which must be the key's own", "workspace": "The id of your workspace"}


def emit(ir: Ir, given: Given) -> Files:
    """One file per provider."""
    del given
    files = {f"{each.id}.json": document(each, ir.families_of(each.id)) for each in ir.providers}
    return {path: as_json(made, "x-generated-by") for path, made in files.items()}


def document(provider: Provider, families: Sequence[Family]) -> Schema:
    """The OpenAPI document of a provider. Paths are below the base path, which is part of every server."""
    made, schemas = components.bodies(provider, families)
    errors = components.errors(provider, families)
    operations: dict[str, Any] = {}
    for endpoint in provider.endpoints:
        if here := components.served(endpoint, made):
            body, unions = components.union(endpoint, here)
            schemas |= unions
            operations[endpoint.path] = {"post": paths.generation(provider, endpoint, here, errors, body)}
    tags = [{"name": family.name, "description": family.about} for family in families]
    return {
        "openapi": "3.1.1",
        "info": {"title": provider.about, "version": VERSION},
        "servers": servers(provider),
        "security": [{"key": []}],
        "tags": [*tags, *_other_tags(provider)],
        "paths": {
            **operations,
            **paths.tasks(provider, list(errors)),
            **paths.uploads(provider, [model.id for family in families for model in family.models], list(errors)),
        },
        "components": {
            "schemas": {**schemas, **components.answers(provider, made)},
            "responses": errors,
            "securitySchemes": {"key": _security(provider.auth)},
        },
    }


def _other_tags(provider: Provider) -> list[Schema]:
    tasks = {"name": "tasks", "description": "What became of a request"}
    uploads = {"name": "uploads", "description": "Files that requests use"}
    return [*([tasks] if provider.tasks else []), *([uploads] if provider.uploads else [])]


def servers(provider: Provider) -> list[Schema]:
    """An address for each region's own host, and a template for hosts that serve them all."""
    found: list[Schema] = []
    for name, template in provider.hosts.items():
        variables = re.findall(r"\{(\w+)\}", template)
        if "host" in variables:
            found += [
                {"url": template.replace("{host}", region.host), "description": region.alias or region.id}
                for region in provider.regions
                if region.host
            ]
        else:
            described = {variable: _variable(provider, variable) for variable in variables}
            found.append({"url": template, "description": name, **({"variables": described} if described else {})})
    return found


def _variable(provider: Provider, name: str) -> Schema:
    ids = [region.id for region in provider.regions]
    values: Schema = {"enum": ids, "default": ids[0]} if name == "region" and ids else {"default": name}
    return {**values, "description": _WORDS.get(name, name)}


def _security(auth: Auth) -> Schema:
    about = {"description": auth.note} if auth.note else {}
    if auth.header.lower() == "authorization" and auth.value == "Bearer {key}":
        return {"type": "http", "scheme": "bearer", **about}
    return {"type": "apiKey", "in": "header", "name": auth.header, **about}
