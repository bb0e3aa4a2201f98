"""The two drivers of conversations: one blocks, one awaits. Only they know httpx2, which is imported at the first send.

A driver opens its HTTP client once and closes it if it made it. A client that was handed in is its owner's to close.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, TypeVar

from platemark_images._runtime import errors
from platemark_images._runtime.answers import Answer, parsed
from platemark_images._runtime.ir import Provider
from platemark_images._runtime.protocol import Send, Talk, Wait
from platemark_images._runtime.streams import Reader

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")
HttpT = TypeVar("HttpT", "httpx2.Client", "httpx2.AsyncClient")

TIMEOUT = 300.0
"""Seconds that an answer may take; making pictures synchronously takes up to minutes."""
CONNECT = 10.0
"""Seconds until a connection must stand."""


def lost(error: httpx2.RequestError, send: Send) -> errors.PlatemarkError:
    """What a failed exchange means: before anything was written nothing happened; after that, nobody knows."""
    import httpx2

    unsent = httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.UnsupportedProtocol
    told = f"{send.method} {send.url.partition('?')[0]}: {type(error).__name__} {error}".rstrip()
    if isinstance(error, unsent | httpx2.ProxyError) or not send.paid:
        return errors.ConnectionFailed(told)
    return errors.OutcomeUnknown(f"{told}; it may have been accepted, so it is not sent again")


def _answer(response: httpx2.Response) -> Answer:
    return Answer(
        response.status_code, {name.lower(): value for name, value in response.headers.items()}, response.content
    )


def _usable(client: HttpT) -> HttpT:
    if client.is_closed:
        raise errors.ConfigurationError("this client was closed; make another one")
    return client


class Driver:
    """Runs conversations and streams, blocking. Threads may share one."""

    def __init__(self, client: httpx2.Client | None, transport: httpx2.BaseTransport | None, timeout: float) -> None:
        self._client, self._transport, self._timeout = client, transport, timeout
        self._ours = client is None
        self._lock = threading.Lock()

    def run(self, talk: Talk[T]) -> T:
        """Hold a conversation to its end."""
        reply: Answer | None = None
        problem: errors.PlatemarkError | None = None
        while True:
            try:
                step = talk.throw(problem) if problem else talk.send(reply)
            except StopIteration as end:
                return end.value
            reply = problem = None
            if isinstance(step, Wait):
                time.sleep(step.seconds)
                continue
            try:
                reply = self._send(step)
            except errors.PlatemarkError as error:
                problem = error

    def stream(self, send: Send, provider: Provider, reader: Reader) -> Iterator[tuple[str, str]]:
        """Texts and pictures of a stream, as they arrive."""
        import httpx2

        try:
            with self._open().stream(send.method, send.url, headers=dict(send.headers), content=send.body) as response:
                if response.status_code != 200:
                    response.read()
                    parsed(provider, _answer(response), paid=True)
                for line in response.iter_lines():
                    yield from reader.feed(line)
                yield from reader.feed("")
        except httpx2.RequestError as error:
            raise lost(error, send) from error

    def close(self) -> None:
        """Close connections; those of a client that was handed in stay open."""
        if self._client is not None and self._ours:
            self._client.close()

    def _send(self, send: Send) -> Answer:
        import httpx2

        try:
            response = self._open().request(
                send.method, send.url, headers=dict(send.headers), content=send.body, follow_redirects=_may_follow(send)
            )
        except httpx2.RequestError as error:
            raise lost(error, send) from error
        return _answer(response)

    def _open(self) -> httpx2.Client:
        with self._lock:
            if self._client is None:
                import httpx2

                timeout = httpx2.Timeout(self._timeout, connect=CONNECT)
                self._client = httpx2.Client(transport=self._transport, timeout=timeout)
            return _usable(self._client)


class AsyncDriver:
    """Runs conversations and streams, awaiting. Tasks of one event loop may share one."""

    def __init__(
        self, client: httpx2.AsyncClient | None, transport: httpx2.AsyncBaseTransport | None, timeout: float
    ) -> None:
        self._client, self._transport, self._timeout = client, transport, timeout
        self._ours = client is None

    async def run(self, talk: Talk[T]) -> T:
        """Hold a conversation to its end."""
        reply: Answer | None = None
        problem: errors.PlatemarkError | None = None
        while True:
            try:
                step = talk.throw(problem) if problem else talk.send(reply)
            except StopIteration as end:
                return end.value
            reply = problem = None
            if isinstance(step, Wait):
                import asyncio  # a fifth of what this package costs to import, and most programs block

                await asyncio.sleep(step.seconds)
                continue
            try:
                reply = await self._send(step)
            except errors.PlatemarkError as error:
                problem = error

    async def stream(self, send: Send, provider: Provider, reader: Reader) -> AsyncIterator[tuple[str, str]]:
        """Texts and pictures of a stream, as they arrive."""
        import httpx2

        headers = dict(send.headers)
        try:
            async with self._open().stream(send.method, send.url, headers=headers, content=send.body) as response:
                if response.status_code != 200:
                    await response.aread()
                    parsed(provider, _answer(response), paid=True)
                async for line in response.aiter_lines():
                    for piece in reader.feed(line):
                        yield piece
                for piece in reader.feed(""):
                    yield piece
        except httpx2.RequestError as error:
            raise lost(error, send) from error

    async def close(self) -> None:
        """Close connections; those of a client that was handed in stay open."""
        if self._client is not None and self._ours:
            await self._client.aclose()

    async def _send(self, send: Send) -> Answer:
        import httpx2

        try:
            response = await self._open().request(
                send.method, send.url, headers=dict(send.headers), content=send.body, follow_redirects=_may_follow(send)
            )
        except httpx2.RequestError as error:
            raise lost(error, send) from error
        return _answer(response)

    def _open(self) -> httpx2.AsyncClient:
        if self._client is None:
            import httpx2

            timeout = httpx2.Timeout(self._timeout, connect=CONNECT)
            self._client = httpx2.AsyncClient(transport=self._transport, timeout=timeout)
        return _usable(self._client)


def _may_follow(send: Send) -> bool:
    """Pictures may have moved; a request with a key goes where it was meant to go, and nowhere else."""
    return not send.headers and send.body is None
