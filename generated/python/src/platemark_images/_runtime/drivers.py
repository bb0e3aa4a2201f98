"""The two drivers of conversations: one blocks, one awaits. Only they know httpx2, which is imported at the first send.

A driver opens its HTTP client once and closes it if it made it. A client that was handed in is its owner's to close.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from platemark_images._runtime import errors
from platemark_images._runtime.answers import Answer, parsed
from platemark_images._runtime.protocol import Fetch, Send, Talk, Wait
from platemark_images._runtime.service import Service
from platemark_images._runtime.streams import Reader
from platemark_images._runtime.telemetry import Operation, each, each_async, span

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")
HttpT = TypeVar("HttpT", "httpx2.Client", "httpx2.AsyncClient")

CONNECT = 10.0
"""Seconds until a connection must stand."""


class _Written:
    """Listens to how far a request gets on its way."""

    def __init__(self) -> None:
        self._begun = self._done = False

    @property
    def unsent(self) -> bool:
        """Whether it surely was not written as a whole. Silence, as of a transport that tells nothing, proves nothing."""
        return self._begun and not self._done

    def hear(self, event: str, _: object) -> None:
        self._begun |= event.endswith("send_request_headers.started")
        self._done |= event.endswith("send_request_body.complete")

    async def hear_async(self, event: str, info: object) -> None:
        self.hear(event, info)


def lost(error: Exception, send: Send | Fetch, written: _Written) -> errors.PlatemarkError:
    """What a failed exchange means: before all was written nothing happened; after that, nobody knows."""
    import httpx2

    method, is_paid = (send.method, send.paid) if isinstance(send, Send) else ("GET", False)
    told = f"{method} {send.url.partition('?')[0]}: {type(error).__name__} {error}".rstrip()
    early = (
        httpx2.ConnectError
        | httpx2.ConnectTimeout
        | httpx2.PoolTimeout
        | httpx2.UnsupportedProtocol
        | httpx2.InvalidURL
    )
    unsent = isinstance(error, early | httpx2.ProxyError) or written.unsent
    if unsent or not is_paid:
        return errors.ConnectionFailed(told, unsent=unsent)
    return errors.OutcomeUnknown(f"{told}; it may have been accepted, so it is not sent again")


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


def _usable(client: HttpT) -> HttpT:
    if client.is_closed:
        raise errors.ConfigurationError("this client was closed; make another one")
    return client


class Driver:
    """Runs conversations and streams, blocking. Threads may share one."""

    def __init__(self, client: httpx2.Client | None, transport: httpx2.BaseTransport | None) -> None:
        self._client, self._transport = client, transport
        self._ours = client is None
        self._lock = threading.Lock()

    def run(self, talk: Talk[T], about: Operation | None = None) -> T:
        """Hold a conversation to its end."""
        with span(about) as told:
            return told.found(self._hold(talk))

    def stream(
        self, send: Send, service: Service, reader: Reader, about: Operation | None = None
    ) -> Iterator[tuple[str, str]]:
        """Texts and pictures of a stream, as they arrive. Raises OutcomeUnknown when it breaks off."""
        return each(self._pieces(send, service, reader), about, reader.finish)

    def _hold(self, talk: Talk[T]) -> T:
        reply: Answer | None = None
        problem: errors.PlatemarkError | None = None
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
                        reply = self._send(step)
            except errors.PlatemarkError as error:
                problem = error

    def _pieces(self, send: Send, service: Service, reader: Reader) -> Generator[tuple[str, str]]:
        import httpx2

        written = _Written()
        asked = _asked(send, written.hear)
        try:
            with self._open().stream(send.method, send.url, **asked) as response:
                if not _streams(response):
                    response.read()
                    parsed(service, _answer(response), paid=True)
                    raise errors.OutcomeUnknown("the answer is no stream", status=response.status_code)
                for event in httpx2.EventSource(response):
                    yield from reader.feed(event.event, event.data)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise lost(error, send, written) from error

    def close(self) -> None:
        """Close connections; those of a client that was handed in stay open."""
        if self._client is not None and self._ours:
            self._client.close()

    def _send(self, send: Send) -> Answer:
        import httpx2

        written = _Written()
        try:
            return _answer(self._open().request(send.method, send.url, **_asked(send, written.hear)))
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise lost(error, send, written) from error

    def _fetch(self, fetch: Fetch) -> Answer:
        import httpx2

        into, patience = fetch.into, _patience(fetch.timeout)
        try:
            with self._open().stream("GET", fetch.url, headers=into.headers(), timeout=patience,
                                     follow_redirects=True) as response:  # fmt: skip
                if into.begin(response.status_code, _head(response)):
                    for piece in response.iter_bytes():
                        into.data.extend(piece)
                return Answer(response.status_code, _head(response), b"")
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise lost(error, fetch, _Written()) from error

    def _open(self) -> httpx2.Client:
        with self._lock:
            if self._client is None:
                import httpx2

                self._client = httpx2.Client(transport=self._transport)
            return _usable(self._client)


class AsyncDriver:
    """Runs conversations and streams, awaiting. Tasks of one event loop may share one."""

    def __init__(self, client: httpx2.AsyncClient | None, transport: httpx2.AsyncBaseTransport | None) -> None:
        self._client, self._transport = client, transport
        self._ours = client is None

    async def run(self, talk: Talk[T], about: Operation | None = None) -> T:
        """Hold a conversation to its end."""
        with span(about) as told:
            return told.found(await self._hold(talk))

    def stream(
        self, send: Send, service: Service, reader: Reader, about: Operation | None = None
    ) -> AsyncIterator[tuple[str, str]]:
        """Texts and pictures of a stream, as they arrive. Raises OutcomeUnknown when it breaks off."""
        return each_async(self._pieces(send, service, reader), about, reader.finish)

    async def _hold(self, talk: Talk[T]) -> T:
        reply: Answer | None = None
        problem: errors.PlatemarkError | None = None
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
                        reply = await self._send(step)
            except errors.PlatemarkError as error:
                problem = error

    async def _pieces(self, send: Send, service: Service, reader: Reader) -> AsyncGenerator[tuple[str, str]]:
        import httpx2

        written = _Written()
        asked = _asked(send, written.hear_async)
        try:
            async with self._open().stream(send.method, send.url, **asked) as response:
                if not _streams(response):
                    await response.aread()
                    parsed(service, _answer(response), paid=True)
                    raise errors.OutcomeUnknown("the answer is no stream", status=response.status_code)
                async for event in httpx2.EventSource(response):
                    for piece in reader.feed(event.event, event.data):
                        yield piece
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise lost(error, send, written) from error

    async def close(self) -> None:
        """Close connections; those of a client that was handed in stay open."""
        if self._client is not None and self._ours:
            await self._client.aclose()

    async def _send(self, send: Send) -> Answer:
        import httpx2

        written = _Written()
        asked = _asked(send, written.hear_async)
        try:
            return _answer(await self._open().request(send.method, send.url, **asked))
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise lost(error, send, written) from error

    async def _fetch(self, fetch: Fetch) -> Answer:
        import httpx2

        into, patience = fetch.into, _patience(fetch.timeout)
        try:
            async with self._open().stream("GET", fetch.url, headers=into.headers(), timeout=patience,
                                           follow_redirects=True) as response:  # fmt: skip
                if into.begin(response.status_code, _head(response)):
                    async for piece in response.aiter_bytes():
                        into.data.extend(piece)
                return Answer(response.status_code, _head(response), b"")
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise lost(error, fetch, _Written()) from error

    def _open(self) -> httpx2.AsyncClient:
        if self._client is None:
            import httpx2

            self._client = httpx2.AsyncClient(transport=self._transport)
        return _usable(self._client)


def _streams(response: httpx2.Response) -> bool:
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.status_code == 200 and media == "text/event-stream"
