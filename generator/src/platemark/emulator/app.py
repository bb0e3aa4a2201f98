"""The emulator as an ASGI application: all providers of the IR on one port. It fetches nothing.

Bodies hold at most 32 MiB; what else is remembered is bounded in `pictures` and `tasks`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from platemark import ir
from platemark.emulator import tasks
from platemark.emulator.clock import MOST_SECONDS, Clock
from platemark.emulator.pictures import Gallery, draw
from platemark.emulator.replies import Refused, Reply, encode, refusal
from platemark.emulator.service import Call, Service
from platemark.version import VERSION
from platemark.wire.routes import Routes

MOST_BYTES = 32 << 20
_DRAINED = 8 * MOST_BYTES
"""How much of a body that is too large is still read, so that the caller gets to read the refusal."""

Hook: TypeAlias = "Callable[[Request], Awaitable[ASGIApp | None]]"
"""Asked before each request to a service; the response, or any other application, that it gives takes over."""

_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9a-fA-F:.]+\](?::\d{1,5})?")


class Unservable(Exception):
    """Specs describe what no server could do: one address of two providers, or tasks that never end."""


def create_app(
    spec: ir.Ir,
    *,
    strict: bool = False,
    control: bool = False,
    clock: Clock | None = None,
    pace: float = tasks.PACE,
    hook: Hook | None = None,
) -> Starlette:
    """The application for all providers of an IR.

    `strict` refuses keys that no document knows, which services pass. `control` serves `/_control/clock`. `pace` is how
    many seconds a task spends in each waiting state; 0: only questions move it on. Raises Unservable."""
    clock = clock or Clock()
    gallery = Gallery()
    _require_servable(spec)
    services = [_service(spec, provider, gallery, clock, pace, strict=strict) for provider in spec.providers]
    routes: list[BaseRoute] = [
        Route("/", _health(spec)),
        Route("/pictures/{name}.png", _picture(gallery)),
        *([Route("/_control/clock", _clock(clock), methods=["GET", "POST"])] if control else []),
        Mount("/", _Front(services, hook)),
    ]
    return Starlette(routes=routes)


def _service(
    spec: ir.Ir, provider: ir.Provider, gallery: Gallery, clock: Clock, pace: float, *, strict: bool
) -> Service:
    desk = tasks.Desk(provider, provider.tasks, clock, _new_id, pace) if provider.tasks else None
    return Service(spec, provider, gallery, desk, _new_id, strict=strict)


def _new_id() -> str:
    return str(uuid4())


def _require_servable(spec: ir.Ir) -> None:
    owners: dict[str, str] = {}
    for provider in spec.providers:
        has_tasks = any("task" in endpoint.transports for endpoint in provider.endpoints)
        if has_tasks and not (provider.tasks and provider.tasks.states_of("done")):
            raise Unservable(f"{provider.id} has endpoints for tasks, but no state in which a task is done")
        for text in Routes(provider).texts:
            owner = owners.setdefault(text, provider.id)
            if owner != provider.id:
                raise Unservable(f"{owner} and {provider.id} both answer {text}; serve them one at a time")


# ── The services ──────────────────────────────────────────────────────────────────────────────────────────────────


class _Front:
    """Finds the service of a path, reads the body, and writes the reply."""

    def __init__(self, services: list[Service], hook: Hook | None) -> None:
        self._services = sorted(services, key=lambda service: -len(service.provider.base_path))
        self._hook = hook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await WebSocketClose()(scope, receive, send)
        request = Request(scope, receive)
        response = (await self._hook(request) if self._hook else None) or await self._respond(request)
        return await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.scope["path"]
        owners = [service for service in self._services if service.routes.owns(path)]
        if not owners:
            return Response(f"nothing is served at {path[:200]}; GET / lists what is\n", 404, media_type="text/plain")
        headers = dict(request.headers)
        targets = [(service, service.routes.match(request.method, path, headers)) for service in owners]
        service, target = next((found for found in targets if found[1]), targets[0])
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except Refused as refused:
            return _response(refusal(service.provider, refused, _new_id()))
        call = Call(request.method, path, headers, dict(request.query_params), body, _origin(request))
        return _response(service.answer(target, call))


async def _body(request: Request) -> bytes:
    """The whole body. Raises Refused (413) for one that is too large, when most of it has been read and dropped."""
    parts: list[bytes] = []
    held = 0
    async for part in request.stream():
        held += len(part)
        if held <= MOST_BYTES:
            parts.append(part)
        elif held > _DRAINED:
            break
        else:
            parts.clear()
    if held > MOST_BYTES:
        raise Refused("size", f"the body is larger than {MOST_BYTES:,} bytes", status=413)
    return b"".join(parts)


def _origin(request: Request) -> str:
    """How the caller reaches this emulator: as its Host header says, where that could be an address."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        name, port = request.scope.get("server") or ("127.0.0.1", None)
        host = name if port is None else f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"{request.scope['scheme']}://{host}"


def _response(reply: Reply) -> Response:
    headers = {**reply.headers}
    if reply.verdict:
        headers["X-Platemark-Verdict"] = reply.verdict
    if reply.rules:
        headers["X-Platemark-Rules"] = ",".join(reply.rules)
    if reply.events:
        return StreamingResponse(_one_by_one(reply.events), reply.status, headers, "text/event-stream")
    return Response(encode(reply.body), reply.status, headers, "application/json")


async def _one_by_one(events: tuple[bytes, ...]) -> AsyncIterator[bytes]:
    for event in events:
        yield event
        await asyncio.sleep(0)  # so that each event is a chunk of its own


# ── The emulator's own addresses ──────────────────────────────────────────────────────────────────────────────────


def _json(data: Any, status: int = 200) -> Response:
    return Response(encode(data), status, media_type="application/json")


def _health(spec: ir.Ir) -> Callable[[Request], Response]:
    about = {
        "service": "platemark emulator",
        "version": VERSION,
        "providers": [
            {"id": provider.id, "about": provider.about, "base_path": provider.base_path,
             "models": [model.id for family in spec.families_of(provider.id) for model in family.models]}
            for provider in spec.providers
        ],
    }  # fmt: skip
    return lambda _: _json(about)


def _picture(gallery: Gallery) -> Callable[[Request], Awaitable[Response]]:
    async def picture(request: Request) -> Response:
        recipe = gallery.find(request.path_params["name"])
        if recipe is None:
            return Response("no such picture, or no longer\n", 404, media_type="text/plain")
        return Response(await asyncio.to_thread(draw, recipe), media_type="image/png")

    return picture


def _clock(clock: Clock) -> Callable[[Request], Awaitable[Response]]:
    async def control(request: Request) -> Response:
        if request.method == "POST":
            try:
                clock.advance(float((await request.json())["advance"]))
            except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
                return _json({"error": f'send {{"advance": seconds}}, 0 to {MOST_SECONDS:,} in all'}, 400)
        return _json({"now": clock.now()})

    return control
