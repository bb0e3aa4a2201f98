"""What can go wrong between a client and a service: an emulator under control, servers that do what HTTP can't."""

import asyncio
import inspect
import re
import socket
import struct
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import httpx2

from platemark.wire.faults import HEADER

KEY = "sk-test-lantern"
PROMPT = "A paper lantern that says 'Open late'"
KINDS = ("sync", "async")
ROUTES = ("sync", "task", "stream")
Act = Callable[[Any], Generator[Any, Any, Any]]
"""What is asked of a client: what is yielded is awaited where the client awaits, and comes back as a value."""


@dataclass(frozen=True)
class Emulator:
    """An emulator under control, in which only questions move tasks on."""

    url: str
    client: httpx2.Client

    def script(self, *entries: dict[str, Any]) -> None:
        assert self.client.post("/_control/faults", json=list(entries)).status_code == 200

    def log(self, path: str = "") -> list[dict[str, Any]]:
        return [entry for entry in self.client.get("/_control/log").json()["entries"] if path in entry["path"]]

    @property
    def posts(self) -> int:
        """How many requests for pictures came in."""
        return sum(entry["method"] == "POST" for entry in self.log("/services/"))


def play(images: ModuleType, kind: str, act: Act, **options: Any) -> Any:
    """What an act comes to with a client that blocks, or with one that awaits."""
    # Certificates take longer to read than all the rest of a test.
    transport = (httpx2.HTTPTransport if kind == "sync" else httpx2.AsyncHTTPTransport)(verify=False)
    given = {"api_key": KEY, "poll_interval": 0.001, "transport": transport, **options}
    if kind == "sync":
        with images.DashScope(**given) as client:
            return _settled(act(client))
    return asyncio.run(_awaited(lambda: images.AsyncDashScope(**given), act))


@dataclass(frozen=True)
class Side:
    """One of the two clients, and an emulator that it asks unless it is told another address."""

    images: ModuleType
    kind: str
    emulator: Emulator

    def play(self, act: Act, **options: Any) -> Any:
        """What an act comes to."""
        return play(self.images, self.kind, act, **{"base_url": self.emulator.url, **options})


def _settled(talk: Generator[Any, Any, Any]) -> Any:
    value: Any = None
    while True:
        try:
            asked = talk.send(value)
        except StopIteration as end:
            return end.value
        value = list(asked) if inspect.isgenerator(asked) else asked


async def _awaited(make: Callable[[], Any], act: Act) -> Any:
    async with make() as client:
        talk, value = act(client), None
        while True:
            try:
                asked = talk.send(value)
            except StopIteration as end:
                return end.value
            value = [part async for part in asked] if inspect.isasyncgen(asked) else await asked


def watching(kind: str, see: Callable[[httpx2.Request], None]) -> Any:
    """A transport that shows every request before it is sent."""
    sync, other = httpx2.HTTPTransport(verify=False), httpx2.AsyncHTTPTransport(verify=False)

    class Blocking(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            see(request)
            return sync.handle_request(request)

        def close(self) -> None:
            sync.close()

    class Awaiting(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            see(request)
            return await other.handle_async_request(request)

        async def aclose(self) -> None:
            await other.aclose()

    return Blocking() if kind == "sync" else Awaiting()


def asking(route: str, fault: str = "", **options: Any) -> Act:
    """An act that asks for pictures by a route, with a fault."""
    headers = {"extra_headers": {HEADER: fault}} if fault else {}

    def act(client: Any) -> Generator[Any, Any, Any]:
        if route == "stream":
            return (yield client.wan2_6_image.interleave(prompt=PROMPT, max_images=2, **headers, **options))
        return (yield client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1, route=route, **headers, **options))

    return act


# ── Servers below HTTP ────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def silence() -> Iterator[str]:
    """An address at which nobody listens, and nobody else will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@dataclass
class Raw:
    """A server of bytes. `heard` is what came in, by connection."""

    url: str
    heard: list[bytes] = field(default_factory=list)


Manners = Callable[[socket.socket], bytes]
"""What is done with a connection; gives what it read of it."""


@contextmanager
def serving(manners: Manners) -> Iterator[Raw]:
    """A server that treats every connection as `manners` say, one after the other."""
    listening = socket.socket()
    # A small window, so that a large body can't be written as a whole before somebody reads it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    listening.bind(("127.0.0.1", 0))
    listening.listen(16)
    found = Raw(f"http://127.0.0.1:{listening.getsockname()[1]}")

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                found.heard.append(manners(connection))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def resetting(most: int) -> Manners:
    """Read so many bytes and reset the connection."""

    def manners(connection: socket.socket) -> bytes:
        held = b""
        while len(held) < most and (part := connection.recv(65536)):
            held += part
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return held

    return manners


def answering(*replies: bytes) -> Manners:
    """Answer one request a connection, each with the next reply, the last of them again and again."""
    left = list(replies)

    def manners(connection: socket.socket) -> bytes:
        held = b""
        while not _whole(held) and (part := connection.recv(65536)):
            held += part
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])
        return held

    return manners


def _whole(request: bytes) -> bool:
    """Whether all of a request is there, as far as it tells how long it is."""
    head, end, body = request.partition(b"\r\n\r\n")
    said = re.search(rb"(?im)^content-length: *(\d+)", head)
    return bool(end) and len(body) >= int(said[1] if said else 0)


def reply(status: str, body: bytes, *lines: str, length: int | None = None) -> bytes:
    """An answer over HTTP that closes its connection; `length` is what it claims."""
    said = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Length: {said}", "Connection: close", *lines]
    return "\r\n".join([*head, "", ""]).encode() + body
