"""What all clients can do, whatever the service. Emitted modules add the names and signatures of models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from platemark_images._runtime import lives, protocol, service
from platemark_images._runtime.batch import AsyncBatches, Batches
from platemark_images._runtime.drivers import AsyncDriver, Driver
from platemark_images._runtime.ir import Provider
from platemark_images._runtime.pace import Limiter
from platemark_images._runtime.prepare import Prepared, prepare
from platemark_images._runtime.results import (
    AsyncImage,
    AsyncResult,
    Image,
    ImageArrived,
    Result,
    Source,
    TextDelta,
    async_result,
    event_stem,
    result,
)
from platemark_images._runtime.settings import Options, Settings
from platemark_images._runtime.streams import Reader
from platemark_images._runtime.tasks import AsyncTask, AsyncTasks, Task, Tasks
from platemark_images._runtime.telemetry import Operation

if TYPE_CHECKING:
    from typing import Self, Unpack

    import httpx2

    from platemark_images._runtime.catalog import Models
    from platemark_images._runtime.estimates import Estimate
    from platemark_images._runtime.uploads import AsyncFiles, Files

T = TypeVar("T")
Event: TypeAlias = "TextDelta | ImageArrived[Image]"
AsyncEvent: TypeAlias = "TextDelta | ImageArrived[AsyncImage]"
Answer: TypeAlias = Mapping[str, object]
"""The JSON of an answer, where nobody knows more of it."""


class Base:
    """What needs no connection: preparing requests, their cost, and what there is."""

    _provider: Provider
    context: protocol.Context

    @property
    def service(self) -> service.Service:
        """Where requests go."""
        return self.context.service

    @property
    def models(self) -> Models:
        """The models of the service, and what they can do."""
        from platemark_images._runtime.catalog import Models

        return Models(self._provider)

    def prepare(
        self, *, model: str, mode: str | None = None, route: str | None = None, envelope: str | None = None,
        family: str | None = None, **values: object,
    ) -> Prepared[Answer]:  # fmt: skip
        """The exact request, judged but not sent; no key is needed. Without `mode` the values choose it.

        `family` (a family's name, or a model's id) says whose rules hold for an id that is newer than this client.
        Raises RequestInvalid with every broken rule."""
        return self.prepared(model, values, mode, route, envelope, family)

    def estimate(self, *, model: str, mode: str | None = None, family: str | None = None, **values: object) -> Estimate:
        """How many pictures a request makes, and what it may cost. Nothing is sent, and no key is needed.

        Raises RequestInvalid with every broken rule."""
        return self.prepared(model, values, mode, family=family, bounded=False).estimate

    def prepared(
        self, model: str, values: Mapping[str, object], mode: str | None = None, route: str | None = None,
        envelope: str | None = None, family: str | None = None, *, bounded: bool = True,
    ) -> Prepared[Any]:  # fmt: skip
        """The exact request for arguments and options of a call; `max_cost` is not looked at unless it is `bounded`."""
        settings = self.context.settings
        return prepare(self.service, settings, model, values, mode, route, envelope, family, bounded=bounded)

    def operation(
        self, name: str, prepared: Prepared[Any] | None = None, *, model: str | None = None, task_id: str | None = None
    ) -> Operation:
        """What a span tells of an operation."""
        return Operation(name, self.service, prepared, model, task_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.service.base_url!r})"


def _context(
    provider: Provider, where: Mapping[str, str | None], settings: Mapping[str, object]
) -> protocol.Context:
    used = service.connect(
        provider, api_key=where["api_key"], region=where["region"], base_url=where["base_url"],
        workspace=where["workspace"],
    )  # fmt: skip
    rate = provider.tasks.rate if provider.tasks else None
    return protocol.Context(used, Settings().but(settings), Limiter(*rate) if rate else None)


class Client(Batches, Base):
    """A client that blocks. Threads may share one; nothing is connected before the first request."""

    def __init__(
        self,
        api_key: str | None = None,
        region: str | None = None,
        base_url: str | None = None,
        workspace: str | None = None,
        *,
        http_client: httpx2.Client | None = None,
        transport: httpx2.BaseTransport | None = None,
        **options: Unpack[Options],
    ) -> None:
        """What is left out comes from the environment. `Options` tells what else there is, and the defaults.

        Raises ConfigurationError when neither region nor base address is given or stands in the environment."""
        where = {"api_key": api_key, "region": region, "base_url": base_url, "workspace": workspace}
        self.context = _context(self._provider, where, options)
        self._driver = Driver(http_client, transport)
        self._ours = True

    def with_options(self, **options: Unpack[Options]) -> Self:
        """A client with other options on the same connections, which are this one's to close."""
        made = type(self).__new__(type(self))
        made.context = self.context.but(options)
        made._driver, made._ours = self._driver, False
        return made

    @property
    def tasks(self) -> Tasks:
        """The tasks of the account."""
        return Tasks(self)

    @property
    def files(self) -> Files:
        """The service's temporary storage."""
        from platemark_images._runtime.uploads import Files

        return Files(self)

    def generate(
        self, *, model: str, mode: str | None = None, route: str | None = None, envelope: str | None = None,
        family: str | None = None, **values: object,
    ) -> Result[Answer]:  # fmt: skip
        """Make pictures with a model that is named at run time. Without `mode` the values choose it."""
        return self.send(self.prepared(model, values, mode, route, envelope, family))

    def submit(
        self, *, model: str, mode: str | None = None, envelope: str | None = None, family: str | None = None,
        **values: object,
    ) -> Task[Answer]:  # fmt: skip
        """Start a task and come back at once."""
        return self.start(self.prepared(model, values, mode, "task", envelope, family))

    def stream(
        self, *, model: str, mode: str | None = None, envelope: str | None = None, family: str | None = None,
        **values: object,
    ) -> Iterator[Event]:  # fmt: skip
        """Texts and pictures as they arrive."""
        return self.events(self.prepared(model, values, mode, "stream", envelope, family))

    def send(self, prepared: Prepared[Any]) -> Result[Any]:
        """Send a prepared request by its route, and wait for the pictures."""
        context, about = self.context.of(prepared), self.operation("generate", prepared)
        match prepared.route:
            case "sync":
                found = self.run(protocol.generate(context, prepared), about)
            case "task":
                done = self.run(lives.generate(context, prepared), about)
                return result(self._driver, Source(context, done.state.ended), done.outcome, prepared, done.state.task_id)
            case "stream":
                reader = Reader(self.service, prepared.offer.result)
                for _ in self._driver.stream(protocol.opening(context, prepared), reader, about):
                    pass
                found = reader.finish()
        return result(self._driver, Source(context), found, prepared)

    def start(self, prepared: Prepared[Any]) -> Task[Any]:
        """Start the task of a prepared request."""
        state = self.run(lives.submit(self.context.of(prepared), prepared), self.operation("submit", prepared))
        return Task(state.task_id, self, prepared, prepared.offer.result)

    def events(self, prepared: Prepared[Any]) -> Iterator[Event]:
        """Texts and pictures of a prepared request as they arrive. Raises OutcomeUnknown when the stream breaks off."""
        context, reader = self.context.of(prepared), Reader(self.service, prepared.offer.result)
        expires = Source(context).expires_at
        pieces = self._driver.stream(protocol.opening(context, prepared), reader, self.operation("stream", prepared))
        for number, (kind, item) in enumerate(pieces):
            image = Image(item, event_stem(number, item), None, expires, self._driver, context)
            yield TextDelta(item) if kind == "texts" else ImageArrived(image)

    def finish(
        self, task_id: str, shape: str, prepared: Prepared[Any] | None, timeout: float | None = None,
        on_progress: Callable[[lives.State], object] | None = None,
    ) -> Result[Any]:  # fmt: skip
        """Wait for a task and read its result, which has the shape of that name."""
        context = self.context.of(prepared)
        talk = lives.finish(context, task_id, shape, timeout, on_progress)
        done = self.run(talk, self.operation("wait", prepared, task_id=task_id))
        return result(self._driver, Source(context, done.state.ended), done.outcome, prepared, task_id)

    def run(self, talk: protocol.Talk[T], about: Operation | None = None) -> T:
        """Hold a conversation with the service, in a span about an operation."""
        return self._driver.run(talk, about)

    def open(self) -> None:
        """Get ready now rather than at the first request, which costs some tenths of a second. Nothing is sent."""
        self._driver.open()

    def close(self) -> None:
        """Close connections; an HTTP client that was handed in stays open, and so do those of `with_options`."""
        if self._ours:
            self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(AsyncBatches, Base):
    """A client that awaits. The tasks of one event loop may share one; nothing is connected before the first request."""

    def __init__(
        self,
        api_key: str | None = None,
        region: str | None = None,
        base_url: str | None = None,
        workspace: str | None = None,
        *,
        http_client: httpx2.AsyncClient | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        **options: Unpack[Options],
    ) -> None:
        """What is left out comes from the environment. `Options` tells what else there is, and the defaults.

        Raises ConfigurationError when neither region nor base address is given or stands in the environment."""
        where = {"api_key": api_key, "region": region, "base_url": base_url, "workspace": workspace}
        self.context = _context(self._provider, where, options)
        self._driver = AsyncDriver(http_client, transport)
        self._ours = True

    def with_options(self, **options: Unpack[Options]) -> Self:
        """A client with other options on the same connections, which are this one's to close."""
        made = type(self).__new__(type(self))
        made.context = self.context.but(options)
        made._driver, made._ours = self._driver, False
        return made

    @property
    def tasks(self) -> AsyncTasks:
        """The tasks of the account."""
        return AsyncTasks(self)

    @property
    def files(self) -> AsyncFiles:
        """The service's temporary storage."""
        from platemark_images._runtime.uploads import AsyncFiles

        return AsyncFiles(self)

    async def generate(
        self, *, model: str, mode: str | None = None, route: str | None = None, envelope: str | None = None,
        family: str | None = None, **values: object,
    ) -> AsyncResult[Answer]:  # fmt: skip
        """Make pictures with a model that is named at run time. Without `mode` the values choose it."""
        return await self.send(self.prepared(model, values, mode, route, envelope, family))

    async def submit(
        self, *, model: str, mode: str | None = None, envelope: str | None = None, family: str | None = None,
        **values: object,
    ) -> AsyncTask[Answer]:  # fmt: skip
        """Start a task and come back at once."""
        return await self.start(self.prepared(model, values, mode, "task", envelope, family))

    def stream(
        self, *, model: str, mode: str | None = None, envelope: str | None = None, family: str | None = None,
        **values: object,
    ) -> AsyncIterator[AsyncEvent]:  # fmt: skip
        """Texts and pictures as they arrive."""
        return self.events(self.prepared(model, values, mode, "stream", envelope, family))

    async def send(self, prepared: Prepared[Any]) -> AsyncResult[Any]:
        """Send a prepared request by its route, and wait for the pictures."""
        context, about = self.context.of(prepared), self.operation("generate", prepared)
        match prepared.route:
            case "sync":
                found = await self.run(protocol.generate(context, prepared), about)
            case "task":
                done = await self.run(lives.generate(context, prepared), about)
                source = Source(context, done.state.ended)
                return async_result(self._driver, source, done.outcome, prepared, done.state.task_id)
            case "stream":
                reader = Reader(self.service, prepared.offer.result)
                async for _ in self._driver.stream(protocol.opening(context, prepared), reader, about):
                    pass
                found = reader.finish()
        return async_result(self._driver, Source(context), found, prepared)

    async def start(self, prepared: Prepared[Any]) -> AsyncTask[Any]:
        """Start the task of a prepared request."""
        state = await self.run(lives.submit(self.context.of(prepared), prepared), self.operation("submit", prepared))
        return AsyncTask(state.task_id, self, prepared, prepared.offer.result)

    async def events(self, prepared: Prepared[Any]) -> AsyncIterator[AsyncEvent]:
        """Texts and pictures of a prepared request as they arrive. Raises OutcomeUnknown when the stream breaks off."""
        context, reader = self.context.of(prepared), Reader(self.service, prepared.offer.result)
        expires, number = Source(context).expires_at, 0
        pieces = self._driver.stream(protocol.opening(context, prepared), reader, self.operation("stream", prepared))
        async with aclosing(pieces):
            async for kind, item in pieces:
                image = AsyncImage(item, event_stem(number, item), None, expires, self._driver, context)
                yield TextDelta(item) if kind == "texts" else ImageArrived(image)
                number += 1

    async def finish(
        self, task_id: str, shape: str, prepared: Prepared[Any] | None, timeout: float | None = None,
        on_progress: Callable[[lives.State], object] | None = None,
    ) -> AsyncResult[Any]:  # fmt: skip
        """Wait for a task and read its result, which has the shape of that name."""
        context = self.context.of(prepared)
        talk = lives.finish(context, task_id, shape, timeout, on_progress)
        done = await self.run(talk, self.operation("wait", prepared, task_id=task_id))
        return async_result(self._driver, Source(context, done.state.ended), done.outcome, prepared, task_id)

    async def run(self, talk: protocol.Talk[T], about: Operation | None = None) -> T:
        """Hold a conversation with the service, in a span about an operation."""
        return await self._driver.run(talk, about)

    def open(self) -> None:
        """Get ready now rather than at the first request, which costs some tenths of a second. Nothing is sent."""
        self._driver.open()

    async def close(self) -> None:
        """Close connections; an HTTP client that was handed in stays open, and so do those of `with_options`."""
        if self._ours:
            await self._driver.close()

    aclose = close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
