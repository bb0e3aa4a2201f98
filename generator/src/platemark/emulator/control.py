"""The emulator's own addresses for tests: its clock, its log, its script of faults, and a fresh start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from platemark.emulator.bodies import read, read_json
from platemark.emulator.clock import MOST_SECONDS, Clock
from platemark.emulator.faults import BadFaults, Script, explanation
from platemark.emulator.log import Log
from platemark.emulator.replies import Refused, encode

_MOST_BYTES = 1 << 20
"""The largest script of faults."""


def routes(clock: Clock, log: Log, script: Script, forget: Callable[[], None]) -> list[Route]:
    """`/_control/clock`, `/log`, `/faults` and `/reset`; `forget` drops all that is remembered but the log."""

    async def reset(_: Request) -> Response:
        forget()
        log.forget()
        return _json({})

    return [
        Route("/_control/clock", _clock(clock), methods=["GET", "POST"]),
        Route("/_control/log", _log(log), methods=["GET", "DELETE"]),
        Route("/_control/faults", _faults(script), methods=["GET", "POST", "DELETE"]),
        Route("/_control/reset", reset, methods=["POST"]),
    ]


def _json(data: Any, status: int = 200) -> Response:
    return Response(encode(data), status, media_type="application/json")


def _clock(clock: Clock) -> Callable[[Request], Awaitable[Response]]:
    async def control(request: Request) -> Response:
        if request.method == "POST":
            try:
                clock.advance(float((await request.json())["advance"]))
            except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
                return _json({"error": f'send {{"advance": seconds}}, 0 to {MOST_SECONDS:,} in all'}, 400)
        return _json({"now": clock.now()})

    return control


def _faults(script: Script) -> Callable[[Request], Awaitable[Response]]:
    async def control(request: Request) -> Response:
        try:
            if request.method == "POST":
                script.set(read_json(await read(request, _MOST_BYTES), ""))
            elif request.method == "DELETE":
                script.set([])
        except Refused as refused:
            return _json({"error": refused.message}, 400)
        except BadFaults as bad:
            return _json(explanation(bad), 400)
        return _json({"faults": script.told()})

    return control


def _log(log: Log) -> Callable[[Request], Awaitable[Response]]:
    async def control(request: Request) -> Response:
        if request.method == "DELETE":
            log.forget()
            return _json({})
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 16):
            return _json({"error": "after: must be the number of an entry"}, 400)
        return _json({"entries": log.after(int(after))})

    return control
