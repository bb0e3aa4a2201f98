"""The emulator as an ASGI application: all providers of the IR on one port. It fetches nothing.

Bodies hold at most 32 MiB; what is remembered is bounded in `pictures`, `tasks`, `uploads`, `limits` and `log`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeAlias
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from platemark import ir
from platemark.emulator import tasks, uploads
from platemark.emulator.bodies import form, read
from platemark.emulator.clock import Clock
from platemark.emulator.control import routes as routes_of_control
from platemark.emulator.failing import Failing
from platemark.emulator.faults import BadFaults, Script, explanation, settled
from platemark.emulator.limits import Limits, parametric
from platemark.emulator.log import Log
from platemark.emulator.pictures import Gallery, draw
from platemark.emulator.ranges import ranged
from platemark.emulator.replies import Refused, Reply, encode, refusal
from platemark.emulator.service import Call, Service
from platemark.version import VERSION
from platemark.wire.faults import HEADER, NO_FAULT
from platemark.wire.routes import Routes

MOST_BYTES = 32 << 20
"""The largest body of a request that makes pictures."""
DRAWERS = 2
"""How many pictures are drawn at once: each holds its points in memory, and what an allocator keeps of that."""

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
    limits: bool = False,
    quota: int | None = None,
    faults: Any = None,
) -> Starlette:
    """The application for all providers of an IR.

    `strict` refuses keys that no document knows, which services pass. `control` serves `/_control/…`. `pace` is how
    many seconds a task spends in each waiting state; 0: only questions move it on. `limits` holds the rates and
    concurrencies of the specs; `quota` is how many pictures an account gets. `faults` is a script as `platemark schema
    faults` says, plain data. Raises Unservable and BadFaults."""
    clock = clock or Clock()
    gallery, log = Gallery(clock), Log()
    _require_servable(spec, limits=limits)
    counters = {each.id: Limits(each, clock, enforce=limits, quota=quota) for each in spec.providers}
    services = [
        service_of(spec, provider, gallery, clock, limits=counters[provider.id], pace=pace, strict=strict)
        for provider in spec.providers
    ]
    script = Script(spec, faults)
    front = _Front(services, hook, clock, log, script)

    def forget() -> None:
        for each in (gallery, script, *services):
            each.forget()

    routes: list[BaseRoute] = [
        Route("/", _health(spec)),
        Route("/pictures/{name}.png", _picture(gallery, script, front.note)),
        Route("/uploads/{provider}", front.take, methods=["POST"]),
        *(routes_of_control(clock, log, script, forget) if control else []),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    app.router.default = front  # no pattern of a route matches a path with a line break
    return app


def service_of(
    spec: ir.Ir, provider: ir.Provider, gallery: Gallery, clock: Clock, *, limits: Limits, pace: float, strict: bool
) -> Service:
    desk = tasks.Desk(provider, provider.tasks, clock, _new_id, pace) if provider.tasks else None
    store = uploads.Store(provider, provider.uploads, clock, _new_id) if provider.uploads else None
    return Service(
        spec, provider, gallery=gallery, desk=desk, store=store, limits=limits, new_id=_new_id, strict=strict
    )


def _new_id() -> str:
    return str(uuid4())


def _require_servable(spec: ir.Ir, *, limits: bool) -> None:
    owners: dict[str, str] = {}
    for family in spec.families if limits else ():
        for model in family.models:
            if found := parametric(model):
                raise Unservable(f"limits of {model.id} hang on {', '.join(sorted(found))}, and can't be held here")
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

    def __init__(self, services: list[Service], hook: Hook | None, clock: Clock, log: Log, script: Script) -> None:
        self._services = sorted(services, key=lambda service: -len(service.provider.base_path))
        self._hook = hook
        self._clock = clock
        self._log = log
        self._script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await WebSocketClose()(scope, receive, send)
        request = Request(scope, receive)
        taken = await self._hook(request) if self._hook else None
        if taken:
            return await taken(scope, receive, send)
        reply = await self._reply(request)
        self.note(request, reply)
        try:
            return await _response(reply)(scope, receive, send)
        finally:
            if reply.release:
                reply.release()

    async def take(self, request: Request) -> ASGIApp:
        """The form of an upload, posted where leave to upload says."""
        name = request.path_params["provider"]
        service = next((each for each in self._services if each.provider.id == name and each.provider.uploads), None)
        if service is None:
            reply = Reply(404, text=f"no uploads are taken at {request.url.path[:200]}\n")
        else:
            try:
                fields = await form(request, service.most_bytes)
                fault = self._script.of_file(request.method, request.scope["path"], request.headers.get(HEADER))
                reply = replace(Reply(200) if fault.spares else service.take(*fields), fault=fault)
            except BadFaults as bad:
                reply = Reply(400, explanation(bad))
            except ClientDisconnect:
                reply = Reply(400)
            except Refused as refused:
                reply = refusal(service.provider, refused, _new_id())
        self.note(request, reply)
        return _response(reply)

    async def _reply(self, request: Request) -> Reply:
        path = request.scope["path"]
        owners = [service for service in self._services if service.routes.owns(path)]
        if not owners:
            return Reply(404, text=f"nothing is served at {path[:200]}; GET / lists what is\n")
        headers = dict(request.headers)
        targets = [(service, service.routes.match(request.method, path, headers)) for service in owners]
        service, target = next((found for found in targets if found[1]), targets[0])
        try:
            body = await read(request, MOST_BYTES)
        except ClientDisconnect:
            return Reply(400)
        except Refused as refused:
            return refusal(service.provider, refused, _new_id())
        call = Call(request.method, path, headers, dict(request.query_params), body, _origin(request))
        try:
            fault = self._script.next(headers.get(HEADER.lower()), lambda: service.asked(target, call))
            call = replace(call, fault=settled(fault, service.provider))
        except BadFaults as bad:
            return Reply(400, explanation(bad))
        return replace(service.answer(target, call), fault=call.fault)

    def note(self, request: Request, reply: Reply) -> None:
        """Add what became of a request to the log."""
        fault = reply.fault
        about = {"verdict": reply.verdict, "rules": reply.rules, "fault": str(fault), **reply.about}
        status = 0 if fault.ends == "before" else fault.status or reply.status
        self._log.add(self._clock.now(), request.method, request.scope["path"], status, about)


def _origin(request: Request) -> str:
    """How the caller reaches this emulator: as its Host header says, where that could be an address."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        name, port = request.scope.get("server") or ("127.0.0.1", None)
        host = name if port is None else f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"{request.scope['scheme']}://{host}"


def _response(reply: Reply) -> ASGIApp:
    response = _plain(reply)
    return response if reply.fault == NO_FAULT else Failing(response, reply.fault)


def _plain(reply: Reply) -> Response:
    headers = {**reply.headers}
    if reply.verdict:
        headers["X-Platemark-Verdict"] = reply.verdict
    if reply.rules:
        headers["X-Platemark-Rules"] = ",".join(reply.rules)
    if reply.events:
        return StreamingResponse(_one_by_one(reply.events), reply.status, headers, "text/event-stream")
    if reply.body is None:
        return Response(reply.text, reply.status, headers, "text/plain")
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


def _picture(
    gallery: Gallery, script: Script, note: Callable[[Request, Reply], None]
) -> Callable[[Request], Awaitable[Any]]:
    drawers = ThreadPoolExecutor(DRAWERS, "draw")

    async def picture(request: Request) -> ASGIApp:
        recipe = gallery.find(request.path_params["name"])
        try:
            fault = script.of_file(request.method, request.scope["path"], request.headers.get(HEADER))
        except BadFaults as bad:
            note(request, Reply(400))
            return _json(explanation(bad), 400)
        if recipe is None:
            response = Response("no such picture, or no longer\n", 404, media_type="text/plain")
        else:
            drawn = await asyncio.get_running_loop().run_in_executor(drawers, draw, recipe)
            proxied = fault.status or fault.body == "html"  # a proxy's page has neither parts nor a tag
            whole = Response(drawn, media_type="image/png")
            response = whole if proxied else ranged(whole, request)
        note(request, Reply(response.status_code, about={"model": recipe.model} if recipe else {}, fault=fault))
        return response if fault == NO_FAULT else Failing(response, fault)

    return picture
