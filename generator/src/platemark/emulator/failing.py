"""Answers that arrive late, changed, in part, or never.

Under the emulator's own server a connection is really reset or closed. Where the application is called without one (in
process), `Dropped` is raised in its place, and a hang lasts until the caller gives up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http import HTTPStatus
from math import ceil
from typing import Any, Protocol

from starlette.datastructures import MutableHeaders
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from platemark.emulator.replies import encode
from platemark.plain import is_list, is_map
from platemark.wire.faults import HEADER, Fault

CONNECTION = "platemark.connection"
"""The ASGI extension by which the server hands out the connection of a request."""

_PIECES = 8
_NEW = "x_platemark"
_EVENTS = "text/event-stream"
_WITHOUT_BODY = (204, 205, 304)


class Dropped(ConnectionResetError):
    """The connection was reset, closed or left hanging by a fault, where there is no connection to do it to."""


class Connection(Protocol):
    """What a server lets a fault do to the connection of a request."""

    held: bool
    """Whether an answer is being held back, so that a server that stops need not wait for it."""

    def drop(self, *, reset: bool) -> None:
        """End the connection at once by a reset, or in order after what was written."""
        ...

    async def flushed(self) -> None:
        """Until all that was written is on its way, or the connection is lost."""
        ...


class Failing:
    """A response with a fault, as an ASGI application."""

    def __init__(self, response: Response, fault: Fault) -> None:
        self._response = response
        self._fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault
        line = _Line(scope.get("extensions", {}).get(CONNECTION), receive)
        parts = await _parts(self._response)
        try:
            await line.wait(fault.latency)
            if fault.ends != "before":
                await self._send(parts, line, send)
            if fault.ends:
                await line.end(fault)
        except _Gone:
            return

    async def _send(self, parts: list[bytes], line: _Line, send: Send) -> None:
        fault, response = self._fault, self._response
        status = fault.status or response.status_code
        parts, headers = _changed(parts, status, response, fault)
        if fault.ends == "after":
            parts = list(_half(parts, fault))
        if fault.pause and not isinstance(response, StreamingResponse):
            parts = list(_pieces(b"".join(parts)))
        await send({"type": "http.response.start", "status": status, "headers": headers.raw})
        for part in parts:
            await line.wait(fault.pause)
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)  # so that each event is a chunk of its own
        if not fault.ends:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


# ── The connection ────────────────────────────────────────────────────────────────────────────────────────────────


class _Gone(Exception):
    """The caller has left, or the server stops."""


class _Line:
    """The way to the caller of one request."""

    def __init__(self, connection: Connection | None, receive: Receive) -> None:
        self._connection = connection
        self._receive = receive

    async def wait(self, seconds: float | None) -> None:
        """Let time pass; None: until the caller leaves. Raises _Gone when the caller does."""
        if seconds == 0:
            return
        if self._connection:
            self._connection.held = True
        try:
            await asyncio.wait_for(self._left(), seconds)
        except TimeoutError:
            return
        finally:
            if self._connection:
                self._connection.held = False
        raise _Gone

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def end(self, fault: Fault) -> None:
        """Break off. Raises Dropped where there is no connection."""
        if self._connection:
            await self._connection.flushed()
        if fault.hang:
            await self.wait(None)
        if self._connection is None:
            raise Dropped(f"the connection was dropped, as {HEADER} or the script said: {fault}")
        self._connection.drop(reset=bool(fault.reset))
        await self._left()


# ── The answer ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _parts(response: Response) -> list[bytes]:
    """The events of a stream, or the one body of any other response."""
    if not isinstance(response, StreamingResponse):
        return [bytes(response.body)]
    return [part.encode() if isinstance(part, str) else bytes(part) async for part in response.body_iterator]


def _changed(parts: list[bytes], status: int, response: Response, fault: Fault) -> tuple[list[bytes], MutableHeaders]:
    """The answer as the fault leaves it, with headers that fit."""
    headers = MutableHeaders(raw=[(name, value) for name, value in response.raw_headers])
    stream = isinstance(response, StreamingResponse)
    if fault.extra:
        parts = [_widened(part) for part in parts]
    parts = list(_cut(parts, fault)) if stream else parts
    if fault.corrupt:
        parts = [_corrupted(part) if index == len(parts) // 2 else part for index, part in enumerate(parts)]
    if fault.body == "html":
        parts, headers["content-type"] = [page(status)], "text/html"
    elif fault.body:
        whole = b"".join(parts)
        parts = [whole[: len(whole) // 2] if fault.body == "half" else b""]
    if fault.content_type:
        headers["content-type"] = fault.content_type
    if 300 <= status < 400:
        headers["location"] = fault.location or "/"
    if fault.retry_after is not None:
        headers["retry-after"] = str(fault.retry_after)
    if status in _WITHOUT_BODY:
        parts = []
        del headers["content-length"]
    elif not stream or fault.body:
        headers["content-length"] = str(sum(map(len, parts)))
    headers[HEADER] = str(fault)
    return parts, headers


def page(status: int) -> bytes:
    """What a proxy says when the service behind it does not answer well."""
    try:
        title = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        title = str(status)
    return f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n".encode()


def _cut(events: list[bytes], fault: Fault) -> Iterator[bytes]:
    """The events that still come."""
    if fault.tear is not None:
        yield from events[: fault.tear - 1]
        yield from (event[: len(event) // 2] for event in events[fault.tear - 1 : fault.tear])
    else:
        yield from events if fault.code else events[: fault.cut]  # with a code, its event has come to the end


def _half(parts: list[bytes], fault: Fault) -> Iterator[bytes]:
    """What comes before an answer breaks off halfway: of a stream that is cut already, all that is left."""
    middle = len(parts) // 2 if fault.cut is None and fault.tear is None else len(parts)
    yield from parts[:middle]
    yield from (part[: len(part) // 2] for part in parts[middle : middle + 1])


def _pieces(whole: bytes) -> Iterator[bytes]:
    size = max(1, ceil(len(whole) / _PIECES))
    yield from (whole[start : start + size] for start in range(0, len(whole), size))


def _corrupted(part: bytes) -> bytes:
    middle = len(part) // 2
    return part[:middle] + bytes(byte ^ 0xFF for byte in part[middle : middle + 16]) + part[middle + 16 :]


def _widened(part: bytes) -> bytes:
    """JSON, or the data of an event, with keys and elements that no document knows; all else as it is."""
    head, data, body = part.rpartition(b"\ndata:")
    try:
        found = json.loads(body)
    except ValueError:
        return part
    return head + data + encode(_more(found)) + (b"\n\n" if data else b"")


def _more(data: Any) -> Any:
    if is_map(data):
        return {**{key: _more(part) for key, part in data.items()}, _NEW: {"since": "tomorrow", "values": [1, None]}}
    if is_list(data):
        added = [{"type": _NEW, _NEW: True}] if data and all(map(is_map, data)) else []
        return [_more(part) for part in data] + added
    return data
