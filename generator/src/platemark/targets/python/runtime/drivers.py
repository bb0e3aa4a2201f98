"""The two drivers of conversations: one blocks, one awaits. Only they know httpx2, which is imported at the first send.

A driver opens its HTTP client once and closes it if it made it. A client that was handed in is its owner's to close.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from platemark_images._runtime import connections, errors
from platemark_images._runtime.answers import Answer, parsed
from platemark_images._runtime.protocol import Fetch, Send, Talk, Wait
from platemark_images._runtime.streams import Reader
from platemark_images._runtime.telemetry import Operation, each, each_async, span

if TYPE_CHECKING:
    import asyncio

    import httpx2

T = TypeVar("T")

CONNECT = 10.0
"""Seconds until a connection must stand."""


class _Written:
    """Listens to how far a request gets on its way."""

    def __init__(self) -> None:
        self._begun = self._done = self._tunnels = False

    @property
    def unsent(self) -> bool:
        """Whether it surely was not written as a whole. Silence, as of a transport that tells nothing, proves nothing."""
        return self._begun and not self._done

    def hear(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self._begun = True
            self._tunnels = info["request"].method == b"CONNECT"  # asks a proxy for a way, and carries nothing
        self._done |= event.endswith("send_request_body.complete") and not self._tunnels

    async def hear_async(self, event: str, info: Mapping[str, Any]) -> None:
        self.hear(event, info)


def lost(error: Exception, send: Send | Fetch, written: _Written) -> errors.PlatemarkError:
    """What a failed exchange means: before all was written nothing happened; after that, nobody knows."""
    import httpx2

    method, is_paid = (send.method, send.paid) if isinstance(send, Send) else ("GET", False)
    told = f"{method} {send.url.partition('?')[0]}: {type(error).__name__} {error}".rstrip()
    early = httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError
    unsent = isinstance(error, early | httpx2.UnsupportedProtocol | httpx2.InvalidURL) or written.unsent
    if unsent or not is_paid:
        return errors.ConnectionFailed(told, unsent=unsent)
    return errors.OutcomeUnknown(told)


@contextmanager
def _losing(send: Send | Fetch, written: _Written, reader: Reader | None = None) -> Generator[None, None, None]:
    """What goes wrong meanwhile, in our own words; what a stream brought before goes with it.

    A transport may raise anything, and a request that may be billed is never lost to an error that does not say so."""
    try:
        yield
    except errors.PlatemarkError:
        raise
    except Exception as error:
        told = lost(error, send, written)
        raise reader.cut(told) if reader else told from _bare(error)


def _bare(error: Exception) -> Exception:
    """An error without its frames: they hold the request with its key, and some print local variables of frames."""
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error


def _asked(send: Send, trace: Callable[..., object]) -> dict[str, Any]:
    """A request in httpx2's words. A request with a key goes where it was meant to go, and nowhere else."""
    plain = {"headers": dict(send.headers), "timeout": _patience(send.timeout), "follow_redirects": False,
             "extensions": {"trace": trace}}  # fmt: skip
    if not send.form:
        return {**plain, "content": send.body}
    *fields, (file, data) = send.form
    return {**plain, "data": dict(fields), "files": {file: (send.name, data)}}


def _head(response: httpx2.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _answer(response: httpx2.Response) -> Answer:
    return Answer(response.status_code, _head(response), response.content)


def _patience(seconds: float) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT))


class Driver:
    """Runs conversations and streams, blocking. Threads may share one."""

    def __init__(self, client: httpx2.Client | None, transport: httpx2.BaseTransport | None) -> None:
        connections.check("Client", client, transport)
        self._client, self._transport = client, transport
        self._ours, self._closed = client is None, False
        self._lock = threading.Lock()

    def run(self, talk: Talk[T], about: Operation | None = None) -> T:
        """Hold a conversation to its end."""
        with span(about) as told:
            return told.found(self._hold(talk, self._send))

    def stream(self, talk: Talk[Answer], reader: Reader, about: Operation | None = None) -> Iterator[tuple[str, str]]:
        """Texts and pictures of the stream that a conversation opens. Raises OutcomeUnknown when it breaks off."""
        return each(self._pieces(talk, reader), about, reader.finish)

    def _hold(self, talk: Talk[T], send: Callable[[Send], Answer]) -> T:
        reply: Answer | None = None
        problem: BaseException | None = None
        while True:
            try:
                step = talk.throw(problem) if problem else talk.send(reply)
            except StopIteration as end:
                return end.value
            reply = problem = None
            try:
                match step:
                    case Wait(seconds):
                        time.sleep(seconds)
                    case Fetch():
                        reply = self._fetch(step)
                    case Send():
                        reply = send(step)
            except BaseException as error:  # an interruption too: what goes on meanwhile is told by who knows it
                problem = error

    def _pieces(self, talk: Talk[Answer], reader: Reader) -> Generator[tuple[str, str], None, None]:
        import httpx2

        stream: tuple[Send, _Written, httpx2.Response] | None = None

        def begin(send: Send) -> Answer:
            nonlocal stream
            written = _Written()
            with _losing(send, written):
                made = self.open().stream(send.method, send.url, **_asked(send, written.hear))
                response = stack.enter_context(made)
                if not _streams(response):
                    response.read()
                    return _answer(response)
            stream = send, written, response
            return Answer(response.status_code, _head(response), b"")

        with ExitStack() as stack:
            answer = self._hold(talk, begin)
            if stream is None:
                yield from reader.whole(parsed(reader.service, answer, paid=True))
                return
            send, written, response = stream
            with _losing(send, written, reader):
                for event in httpx2.EventSource(response):
                    yield from reader.feed(event.event, event.data)

    def close(self) -> None:
        """Close connections for good; those of a client that was handed in stay open."""
        with self._lock:
            self._closed = self._ours
            if self._client is not None and self._ours:
                self._client.close()

    def _send(self, send: Send) -> Answer:
        written = _Written()
        with _losing(send, written):
            return _answer(self.open().request(send.method, send.url, **_asked(send, written.hear)))

    def _fetch(self, fetch: Fetch) -> Answer:
        into, patience = fetch.into, _patience(fetch.timeout)
        with (
            _losing(fetch, _Written()),
            self.open().stream("GET", fetch.url, headers=into.headers(), timeout=patience,
                                follow_redirects=True) as response,
        ):  # fmt: skip
            if into.begin(response.status_code, _head(response)):
                for piece in response.iter_bytes():
                    into.data.extend(piece)
            return Answer(response.status_code, _head(response), b"")

    def open(self) -> httpx2.Client:
        """The HTTP client, which is imported and made when it is first needed."""
        with self._lock:
            if self._closed:
                raise connections.closed()
            if self._client is None:
                import httpx2

                with connections.making():
                    self._client = httpx2.Client(transport=self._transport)
            return connections.usable(self._client)


class AsyncDriver:
    """Runs conversations and streams, awaiting. Tasks of one event loop may share one."""

    def __init__(self, client: httpx2.AsyncClient | None, transport: httpx2.AsyncBaseTransport | None) -> None:
        connections.check("AsyncClient", client, transport)
        self._client, self._transport = client, transport
        self._ours, self._closed = client is None, False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, talk: Talk[T], about: Operation | None = None) -> T:
        """Hold a conversation to its end."""
        with span(about) as told:
            return told.found(await self._hold(talk, self._send))

    def stream(
        self, talk: Talk[Answer], reader: Reader, about: Operation | None = None
    ) -> AsyncGenerator[tuple[str, str], None]:
        """Texts and pictures of the stream that a conversation opens. Raises OutcomeUnknown when it breaks off."""
        return each_async(self._pieces(talk, reader), about, reader.finish)

    async def _hold(self, talk: Talk[T], send: Callable[[Send], Awaitable[Answer]]) -> T:
        reply: Answer | None = None
        problem: BaseException | None = None
        while True:
            try:
                step = talk.throw(problem) if problem else talk.send(reply)
            except StopIteration as end:
                return end.value
            reply = problem = None
            try:
                match step:
                    case Wait(seconds):
                        import asyncio  # a fifth of what this package costs to import, and most programs block

                        await asyncio.sleep(seconds)
                    case Fetch():
                        reply = await self._fetch(step)
                    case Send():
                        reply = await send(step)
            except BaseException as error:  # an interruption too: what goes on meanwhile is told by who knows it
                problem = error

    async def _pieces(self, talk: Talk[Answer], reader: Reader) -> AsyncGenerator[tuple[str, str], None]:
        import httpx2

        stream: tuple[Send, _Written, httpx2.Response] | None = None

        async def begin(send: Send) -> Answer:
            nonlocal stream
            written = _Written()
            with _losing(send, written):
                made = self.open().stream(send.method, send.url, **_asked(send, written.hear_async))
                response = await stack.enter_async_context(made)
                if not _streams(response):
                    await response.aread()
                    return _answer(response)
            stream = send, written, response
            return Answer(response.status_code, _head(response), b"")

        async with AsyncExitStack() as stack:
            answer = await self._hold(talk, begin)
            if stream is None:
                for piece in reader.whole(parsed(reader.service, answer, paid=True)):
                    yield piece
                return
            send, written, response = stream
            with _losing(send, written, reader):
                async for event in httpx2.EventSource(response):
                    for piece in reader.feed(event.event, event.data):
                        yield piece

    async def close(self) -> None:
        """Close connections for good; those of a client that was handed in stay open."""
        self._closed = self._ours
        if self._client is None or not self._ours:
            return
        if self._loop in {None, connections.running()}:
            await self._client.aclose()
        elif self._loop and not self._loop.is_closed():  # one that is closed took its connections with it
            raise connections.elsewhere()

    async def _send(self, send: Send) -> Answer:
        written = _Written()
        with _losing(send, written):
            return _answer(await self.open().request(send.method, send.url, **_asked(send, written.hear_async)))

    async def _fetch(self, fetch: Fetch) -> Answer:
        into, patience = fetch.into, _patience(fetch.timeout)
        with _losing(fetch, _Written()):
            async with self.open().stream("GET", fetch.url, headers=into.headers(), timeout=patience,
                                           follow_redirects=True) as response:  # fmt: skip
                if into.begin(response.status_code, _head(response)):
                    async for piece in response.aiter_bytes():
                        into.data.extend(piece)
                return Answer(response.status_code, _head(response), b"")

    def open(self) -> httpx2.AsyncClient:
        """The HTTP client, which is imported and made when it is first needed."""
        if self._closed:
            raise connections.closed()
        here = connections.running()
        if here and self._loop not in {None, here}:
            raise connections.elsewhere()
        self._loop = here or self._loop
        if self._client is None:
            import httpx2

            with connections.making():
                self._client = httpx2.AsyncClient(transport=self._transport)
        return connections.usable(self._client)


def _streams(response: httpx2.Response) -> bool:
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.status_code == 200 and media == "text/event-stream"
