"""What all clients can do, whatever the service. Emitted modules add the names and signatures of models."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from platemark_images._runtime import protocol, service
from platemark_images._runtime.answers import outcome
from platemark_images._runtime.drivers import TIMEOUT, AsyncDriver, Driver
from platemark_images._runtime.errors import ConfigurationError
from platemark_images._runtime.ir import Provider
from platemark_images._runtime.prepare import Prepared, prepare
from platemark_images._runtime.protocol import State
from platemark_images._runtime.results import (
    AsyncImage,
    AsyncResult,
    Image,
    ImageArrived,
    Result,
    TextDelta,
    async_result,
    event_stem,
    result,
)
from platemark_images._runtime.streams import Reader

if TYPE_CHECKING:
    from typing import Self

    import httpx2

T = TypeVar("T")
RawT = TypeVar("RawT", covariant=True)
Event: TypeAlias = "TextDelta | ImageArrived[Image]"
AsyncEvent: TypeAlias = "TextDelta | ImageArrived[AsyncImage]"


@dataclass(frozen=True)
class Task(Generic[RawT]):
    """Work that the service does meanwhile. Its id is enough to come back for it later."""

    id: str
    _client: Client = field(repr=False, compare=False)
    _prepared: Prepared[Any] | None = field(default=None, repr=False, compare=False)
    _result: str = field(default="", repr=False, compare=False)

    def status(self) -> str:
        """The service's word for how it stands, such as `RUNNING`."""
        return self._client.run(protocol.query(self._client.service, self.id)).status

    def wait(self, timeout: float | None = None) -> Result[RawT]:
        """Wait until it is done, for at most `timeout` seconds; without, for the client's `task_timeout`.

        Raises TaskFailed when it ends without pictures, TaskTimeout (with the id) when it takes longer."""
        return self._client.finish(self.id, self._result, self._prepared, timeout)

    result = wait


@dataclass(frozen=True)
class AsyncTask(Generic[RawT]):
    """Work that the service does meanwhile. Its id is enough to come back for it later."""

    id: str
    _client: AsyncClient = field(repr=False, compare=False)
    _prepared: Prepared[Any] | None = field(default=None, repr=False, compare=False)
    _result: str = field(default="", repr=False, compare=False)

    async def status(self) -> str:
        """The service's word for how it stands, such as `RUNNING`."""
        return (await self._client.run(protocol.query(self._client.service, self.id))).status

    async def wait(self, timeout: float | None = None) -> AsyncResult[RawT]:
        """Wait until it is done, for at most `timeout` seconds; without, for the client's `task_timeout`.

        Raises TaskFailed when it ends without pictures, TaskTimeout (with the id) when it takes longer."""
        return await self._client.finish(self.id, self._result, self._prepared, timeout)

    result = wait


Answer: TypeAlias = Mapping[str, object]
"""The JSON of an answer, where nobody knows more of it."""

TASK_TIMEOUT = 900.0
"""Seconds for which a task is waited for, unless a caller says otherwise."""


class Client:
    """A client that blocks. Threads may share one; nothing is connected before the first request."""

    _provider: Provider

    def __init__(
        self,
        api_key: str | None = None,
        region: str | None = None,
        base_url: str | None = None,
        workspace: str | None = None,
        *,
        timeout: float = TIMEOUT,
        task_timeout: float = TASK_TIMEOUT,
        http_client: httpx2.Client | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """`timeout` and `task_timeout` are in seconds: for an answer, and for a task to be done.

        Raises ConfigurationError when neither region nor base address is given."""
        self.service = service.connect(
            self._provider, api_key=api_key, region=region, base_url=base_url, workspace=workspace
        )
        self.task_timeout = task_timeout
        self._driver = Driver(http_client, transport, timeout)

    def prepare(
        self, *, model: str, mode: str | None = None, route: str | None = None, envelope: str | None = None,
        **values: object,
    ) -> Prepared[Answer]:  # fmt: skip
        """The exact request, judged but not sent; no key is needed. Without `mode` the values choose it.

        Raises RequestInvalid with every broken rule."""
        return prepare(self.service, model, values, mode, route, envelope)

    def generate(
        self, *, model: str, mode: str | None = None, route: str | None = None, envelope: str | None = None,
        **values: object,
    ) -> Result[Answer]:  # fmt: skip
        """Make pictures with a model that is named at run time. Without `mode` the values choose it."""
        return self.send(prepare(self.service, model, values, mode, route, envelope))

    def submit(
        self, *, model: str, mode: str | None = None, envelope: str | None = None, **values: object
    ) -> Task[Answer]:
        """Start a task and come back at once."""
        return self.start(prepare(self.service, model, values, mode, "task", envelope))

    def stream(
        self, *, model: str, mode: str | None = None, envelope: str | None = None, **values: object
    ) -> Iterator[Event]:
        """Texts and pictures as they arrive."""
        return self.events(prepare(self.service, model, values, mode, "stream", envelope))

    def task(self, task_id: str, *, model: str, mode: str) -> Task[Answer]:
        """A task that was started before, be it by another process."""
        return Task(task_id, self, None, task_result(self.service, model, mode))

    def send(self, prepared: Prepared[Any]) -> Result[Any]:
        """Send a prepared request by its route, and wait for the pictures."""
        match prepared.route:
            case "sync":
                return result(self._driver, self.run(protocol.generate(self.service, prepared)), prepared)
            case "task":
                return self.start(prepared).wait()
            case "stream":
                reader = Reader(self._provider, prepared.offer.result)
                for _ in self._driver.stream(protocol.paid(self.service, prepared), self._provider, reader):
                    pass
                return result(self._driver, reader.finish(), prepared)

    def start(self, prepared: Prepared[Any]) -> Task[Any]:
        """Start the task of a prepared request."""
        state: State = self.run(protocol.submit(self.service, prepared))
        return Task(state.task_id, self, prepared, prepared.offer.result)

    def events(self, prepared: Prepared[Any]) -> Iterator[Event]:
        """Texts and pictures of a prepared request as they arrive. Raises OutcomeUnknown when the stream breaks off."""
        reader = Reader(self._provider, prepared.offer.result)
        for number, (kind, item) in enumerate(
            self._driver.stream(protocol.paid(self.service, prepared), self._provider, reader)
        ):
            yield (
                TextDelta(item)
                if kind == "texts"
                else ImageArrived(Image(item, event_stem(number, item), self._driver))
            )
        reader.finish()

    def finish(self, task_id: str, found: str, prepared: Prepared[Any] | None, timeout: float | None) -> Result[Any]:
        """Wait for a task and read its result, whose shape is called `found`."""
        most = self.task_timeout if timeout is None else timeout
        state = self.run(protocol.wait(self.service, task_id, most, time.monotonic))
        return result(self._driver, outcome(self._provider, found, state.raw), prepared, task_id)

    def run(self, talk: protocol.Talk[T]) -> T:
        """Hold a conversation with the service."""
        return self._driver.run(talk)

    def close(self) -> None:
        """Close connections; an HTTP client that was handed in stays open."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.service.base_url!r})"


class AsyncClient:
    """A client that awaits. The tasks of one event loop may share one; nothing is connected before the first request."""

    _provider: Provider

    def __init__(
        self,
        api_key: str | None = None,
        region: str | None = None,
        base_url: str | None = None,
        workspace: str | None = None,
        *,
        timeout: float = TIMEOUT,
        task_timeout: float = TASK_TIMEOUT,
        http_client: httpx2.AsyncClient | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout` and `task_timeout` are in seconds: for an answer, and for a task to be done.

        Raises ConfigurationError when neither region nor base address is given."""
        self.service = service.connect(
            self._provider, api_key=api_key, region=region, base_url=base_url, workspace=workspace
        )
        self.task_timeout = task_timeout
        self._driver = AsyncDriver(http_client, transport, timeout)

    def prepare(
        self, *, model: str, mode: str | None = None, route: str | None = None, envelope: str | None = None,
        **values: object,
    ) -> Prepared[Answer]:  # fmt: skip
        """The exact request, judged but not sent; no key is needed. Without `mode` the values choose it.

        Raises RequestInvalid with every broken rule."""
        return prepare(self.service, model, values, mode, route, envelope)

    async def generate(
        self, *, model: str, mode: str | None = None, route: str | None = None, envelope: str | None = None,
        **values: object,
    ) -> AsyncResult[Answer]:  # fmt: skip
        """Make pictures with a model that is named at run time. Without `mode` the values choose it."""
        return await self.send(prepare(self.service, model, values, mode, route, envelope))

    async def submit(
        self, *, model: str, mode: str | None = None, envelope: str | None = None, **values: object
    ) -> AsyncTask[Answer]:
        """Start a task and come back at once."""
        return await self.start(prepare(self.service, model, values, mode, "task", envelope))

    def stream(
        self, *, model: str, mode: str | None = None, envelope: str | None = None, **values: object
    ) -> AsyncIterator[AsyncEvent]:
        """Texts and pictures as they arrive."""
        return self.events(prepare(self.service, model, values, mode, "stream", envelope))

    def task(self, task_id: str, *, model: str, mode: str) -> AsyncTask[Answer]:
        """A task that was started before, be it by another process."""
        return AsyncTask(task_id, self, None, task_result(self.service, model, mode))

    async def send(self, prepared: Prepared[Any]) -> AsyncResult[Any]:
        """Send a prepared request by its route, and wait for the pictures."""
        match prepared.route:
            case "sync":
                found = await self.run(protocol.generate(self.service, prepared))
                return async_result(self._driver, found, prepared)
            case "task":
                return await (await self.start(prepared)).wait()
            case "stream":
                reader = Reader(self._provider, prepared.offer.result)
                async for _ in self._driver.stream(protocol.paid(self.service, prepared), self._provider, reader):
                    pass
                return async_result(self._driver, reader.finish(), prepared)

    async def start(self, prepared: Prepared[Any]) -> AsyncTask[Any]:
        """Start the task of a prepared request."""
        state: State = await self.run(protocol.submit(self.service, prepared))
        return AsyncTask(state.task_id, self, prepared, prepared.offer.result)

    async def events(self, prepared: Prepared[Any]) -> AsyncIterator[AsyncEvent]:
        """Texts and pictures of a prepared request as they arrive. Raises OutcomeUnknown when the stream breaks off."""
        reader = Reader(self._provider, prepared.offer.result)
        number = 0
        async for kind, item in self._driver.stream(protocol.paid(self.service, prepared), self._provider, reader):
            image = AsyncImage(item, event_stem(number, item), self._driver)
            yield TextDelta(item) if kind == "texts" else ImageArrived(image)
            number += 1
        reader.finish()

    async def finish(
        self, task_id: str, found: str, prepared: Prepared[Any] | None, timeout: float | None
    ) -> AsyncResult[Any]:
        """Wait for a task and read its result, whose shape is called `found`."""
        most = self.task_timeout if timeout is None else timeout
        state = await self.run(protocol.wait(self.service, task_id, most, time.monotonic))
        return async_result(self._driver, outcome(self._provider, found, state.raw), prepared, task_id)

    async def run(self, talk: protocol.Talk[T]) -> T:
        """Hold a conversation with the service."""
        return await self._driver.run(talk)

    async def close(self) -> None:
        """Close connections; an HTTP client that was handed in stays open."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.service.base_url!r})"


def task_result(used: service.Service, model: str, mode: str) -> str:
    """The shape in which a task of a model answers."""
    offers = used.family(model).by_model[model]
    found = next((o.result for o in offers if o.mode == mode and o.route == "task"), None)
    if found is None:
        raise ConfigurationError(f"{model} has no tasks in mode {mode!r}")
    return found
