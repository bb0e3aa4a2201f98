"""Paths and operations: one for each endpoint, and those about tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from platemark.ir import Endpoint, Provider, Tasks
from platemark.rules.judge import cited
from platemark.schema import Schema, either
from platemark.targets.openapi import components
from platemark.targets.openapi.components import Body, ref
from platemark.wire import skeletons
from platemark.wire.routes import leave_call

_FILTERS: Mapping[str, Schema] = {
    **{name: {"type": "integer", "minimum": 1} for name in ("$page", "$page_size")},
    **{name: {"type": "string"} for name in ("$task_id", "$model", "$status")},
    **{name: {"type": "string", "pattern": "^[0-9]{14}$"} for name in ("$since", "$until")},
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
        content |= components.events([*names["stream"], ref("error")])  # a stream that began well may end in an error
    about = "; ".join(_ABOUT[route].capitalize() for route in names)
    return {"description": about, "content": content, **(_links(provider.tasks) if "task" in names else {})}


def _links(life: Tasks | None) -> Schema:
    """What can be asked about the task that an answer names."""
    place = skeletons.place(life.created, "task_id") if life else None
    if life is None or place is None:
        return {}
    named = {"task_id": f"$response.body#/{place.replace('.', '/')}"}
    asked = {"task_query": life.query, "task_cancel": life.cancel}
    return {"links": {name: {"operationId": name, "parameters": named} for name, address in asked.items() if address}}


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
    ] + _resolving(provider)  # fmt: skip


def _resolving(provider: Provider) -> list[Schema]:
    """The header with which uploads may be used."""
    uploads = provider.uploads
    about = f"Needed where pictures are uploads ({uploads.scheme}://)" if uploads else ""
    return [
        {"name": name, "in": "header", "required": False, "description": about, "schema": {"enum": [value]}}
        for name, value in (uploads.header.items() if uploads else ())
    ]


def uploads(provider: Provider, models: Sequence[str], errors: Sequence[str]) -> dict[str, Schema]:
    """Path: the operation that asks for leave to upload. The form goes to an address that the answer names."""
    if provider.uploads is None:
        return {}
    method, path, leave = leave_call(provider.uploads.policy)
    asked: list[Schema] = [{"name": name, "schema": {"enum": [text]}} for name, text in leave.wanted.items()]
    asked.append({"name": leave.model, "schema": {"type": "string", "minLength": 1, "examples": list(models)}})
    summary = "Ask for leave to upload a file"
    return {path: {method.lower(): {
        "operationId": "upload_leave",
        "summary": summary,
        "tags": ["uploads"],
        "parameters": [{**each, "in": "query", "required": True} for each in asked],
        "responses": {"200": _answer(summary, ref("leave")), **_failures(errors, False)},
    }}}  # fmt: skip


def _filters(life: Tasks) -> list[Schema]:
    """What a list of tasks can be narrowed by."""
    return [{"name": key, "in": "query", "schema": _FILTERS[part]} for key, part in life.list_query.items()]


def _answer(about: str, schema: Schema) -> Schema:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def _failures(names: Iterable[str], streams: bool) -> Schema:
    """By status; `error.400.event` is `error.400` at an endpoint that has streams."""
    parts = [(name, name.split(".")) for name in names]
    return {status: ref(name, "responses") for name, (_, status, *event) in parts if bool(event) == streams}


def _parameters(found: list[Schema]) -> Schema:
    return {"parameters": found} if found else {}
