"""Paths and operations: one for each endpoint, and those about tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from platemark.ir import Endpoint, Provider, Tasks
from platemark.rules.judge import cited
from platemark.schema import Schema, either
from platemark.targets.openapi import components
from platemark.targets.openapi.components import Body, ref

_FILTERS: Mapping[str, Schema] = {
    **{name: {"type": "integer", "minimum": 1} for name in ("$page", "$page_size")},
    **{name: {"type": "string"} for name in ("$task_id", "$model", "$status")},
}
_ABOUT = {"sync": "answers with the pictures", "stream": "answers with events", "task": "creates a task"}


def generation(
    provider: Provider, endpoint: Endpoint, made: Sequence[Body], errors: Iterable[str], body: Schema
) -> Schema:
    """The operation of an endpoint that makes pictures; `body` is the schema of what it takes."""
    routes = dict.fromkeys(each.offer.route for each in made)
    streams = "stream" in routes and bool(provider.stream)
    return {
        "operationId": endpoint.id,
        "summary": f"Make pictures: {'; '.join(_ABOUT[route] for route in routes)}",
        "tags": list(dict.fromkeys(each.family.name for each in made)),
        **_parameters(_headers(provider, endpoint)),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "examples": components.examples(provider, made)}},
        },
        "responses": {"200": _success(provider, made), **_failures(errors, streams)},
        "x-source": cited(endpoint.evidence),
    }


def tasks(provider: Provider, errors: Sequence[str]) -> dict[str, Schema]:
    """Path: operations on tasks."""
    life = provider.tasks
    if life is None:
        return {}
    paths: dict[str, Schema] = {}
    calls = (("query", life.query, "How a task is", "task"), ("list", life.list, "Tasks", "tasks"),
             ("cancel", life.cancel, "Cancel a task", "done"))  # fmt: skip
    for name, address, summary, answer in calls:
        if not address:
            continue
        method, _, path = address.partition(" ")
        ids = [{"name": found, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
               for found in re.findall(r"\{(\w+)\}", path)]  # fmt: skip
        paths.setdefault(path, {})[method.lower()] = {
            "operationId": f"task_{name}",
            "summary": summary,
            "tags": ["tasks"],
            **_parameters([*ids, *(_filters(life) if name == "list" else [])]),
            "responses": {"200": _answer(summary, ref(answer)), **_failures(errors, False)},
            "x-source": cited(life.evidence[name]),
        }
    return paths


def _success(provider: Provider, made: Sequence[Body]) -> Schema:
    """Everything that may come with status 200; at some services, errors too."""
    names = {body.offer.route: [ref("created")] for body in made if body.offer.route == "task"}
    for body in made:
        found = ref(components.result_name(body.offer))
        known = names.setdefault(body.offer.route, [])
        known += [found] if body.offer.route != "task" and found not in known else []
    plain = [found for route, refs in names.items() if route != "stream" for found in refs]
    plain += [ref("error")] if provider.errors.status_200_too else []
    content: Schema = {"application/json": {"schema": either(plain)}} if plain else {}
    if "stream" in names:
        content |= components.events(names["stream"])
    return {"description": "; ".join(_ABOUT[route].capitalize() for route in names), "content": content}


def _headers(provider: Provider, endpoint: Endpoint) -> list[Schema]:
    """Headers that choose a transport; needed only where the endpoint has no other."""
    wanted = {route: provider.transport(route).headers for route in endpoint.transports}
    names = dict.fromkeys(name for headers in wanted.values() for name in headers)
    return [
        {
            "name": name, "in": "header", "required": all(name in headers for headers in wanted.values()),
            "description": "Chooses the route: " + ", ".join(route for route, h in wanted.items() if name in h),
            "schema": {"enum": list(dict.fromkeys(headers[name] for headers in wanted.values() if name in headers))},
        }
        for name in names
    ]  # fmt: skip


def _filters(life: Tasks) -> list[Schema]:
    """What a list of tasks can be narrowed by: its page, and what identifies a task, called as in its answer."""
    found: list[Schema] = []
    parts: list[dict[str, Any]] = [life.list_answer or {}]
    while parts:
        here = parts.pop()
        parts += [row for part in here.values() if isinstance(part, list) for row in cast("list[Any]", part)]
        found += [{"name": key, "in": "query", "schema": _FILTERS[part]} for key, part in here.items() if _filter(part)]
    return found


def _filter(part: Any) -> bool:
    return isinstance(part, str) and part in _FILTERS


def _answer(about: str, schema: Schema) -> Schema:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def _failures(names: Iterable[str], streams: bool) -> Schema:
    """By status; `error.400.event` is `error.400` at an endpoint that has streams."""
    parts = [(name, name.split(".")) for name in names]
    return {status: ref(name, "responses") for name, (_, status, *event) in parts if bool(event) == streams}


def _parameters(found: list[Schema]) -> Schema:
    return {"parameters": found} if found else {}
