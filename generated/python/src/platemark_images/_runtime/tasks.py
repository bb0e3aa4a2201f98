"""Tasks as callers handle them: what was started, is waited for, and can be come back to by its id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from platemark_images._runtime import lives
from platemark_images._runtime.errors import ConfigurationError
from platemark_images._runtime.lives import Page, State

if TYPE_CHECKING:
    from datetime import datetime

    from platemark_images._runtime.client import AsyncClient, Client
    from platemark_images._runtime.prepare import Prepared
    from platemark_images._runtime.results import AsyncResult, Result
    from platemark_images._runtime.service import Service

RawT = TypeVar("RawT", covariant=True)


@dataclass(frozen=True)
class Task(Generic[RawT]):
    """Work that the service does meanwhile. Its id is enough to come back for it later."""

    id: str
    _client: Client = field(repr=False, compare=False)
    _prepared: Prepared[Any] | None = field(default=None, repr=False, compare=False)
    _shape: str = field(default="", repr=False, compare=False)

    def status(self) -> str:
        """The service's word for how it stands, such as `RUNNING`."""
        return self._client.tasks.get(self.id).status

    def wait(
        self, timeout: float | None = None, *, on_progress: Callable[[State], object] | None = None
    ) -> Result[RawT]:
        """Wait until it is done, for at most `timeout` seconds; without, for the client's `task_timeout`.

        `on_progress` is called with every state on the way. Raises TaskFailed when it ends without pictures,
        TaskTimeout (with the id) when it takes longer."""
        return self._client.finish(self.id, self._shape, self._prepared, timeout, on_progress)

    def result(self, timeout: float | None = None) -> Result[RawT]:
        """The same as `wait`."""
        return self.wait(timeout)

    def cancel(self) -> None:
        """Cancel it. Raises APIError when it has begun: most services cancel only what still waits."""
        self._client.tasks.cancel(self.id)


@dataclass(frozen=True)
class AsyncTask(Generic[RawT]):
    """Work that the service does meanwhile. Its id is enough to come back for it later."""

    id: str
    _client: AsyncClient = field(repr=False, compare=False)
    _prepared: Prepared[Any] | None = field(default=None, repr=False, compare=False)
    _shape: str = field(default="", repr=False, compare=False)

    async def status(self) -> str:
        """The service's word for how it stands, such as `RUNNING`."""
        return (await self._client.tasks.get(self.id)).status

    async def wait(
        self, timeout: float | None = None, *, on_progress: Callable[[State], object] | None = None
    ) -> AsyncResult[RawT]:
        """Wait until it is done, for at most `timeout` seconds; without, for the client's `task_timeout`.

        `on_progress` is called with every state on the way. Raises TaskFailed when it ends without pictures,
        TaskTimeout (with the id) when it takes longer."""
        return await self._client.finish(self.id, self._shape, self._prepared, timeout, on_progress)

    async def result(self, timeout: float | None = None) -> AsyncResult[RawT]:
        """The same as `wait`."""
        return await self.wait(timeout)

    async def cancel(self) -> None:
        """Cancel it. Raises APIError when it has begun: most services cancel only what still waits."""
        await self._client.tasks.cancel(self.id)


class Tasks:
    """The tasks of an account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, task_id: str) -> State:
        """How a task stands. `meaning` is `lost` for an id that the service does not know (any more)."""
        return self._client.run(
            lives.query(self._client.context, task_id), self._client.operation("query", task_id=task_id)
        )

    def resume(self, task_id: str, *, model: str | None = None, mode: str | None = None) -> Task[Any]:
        """A task that was started before, be it by another process. Model and mode say in which shape it answers;
        without them it is the shape that finds most in the answer."""
        return Task(task_id, self._client, None, shape(self._client.service, model, mode))

    def list(
        self, *, model: str | None = None, status: str | None = None, since: datetime | None = None,
        until: datetime | None = None, page: int | None = None, page_size: int | None = None,
    ) -> Page:  # fmt: skip
        """A page of tasks, the latest first. Moments need a time zone; services bound how far they may lie apart."""
        wanted = {
            "model": model,
            "status": status,
            "since": since,
            "until": until,
            "page": page,
            "page_size": page_size,
        }
        return self._client.run(lives.listed(self._client.context, wanted), self._client.operation("list", model=model))

    def cancel(self, task_id: str) -> None:
        """Cancel a task. Raises APIError when it has begun: most services cancel only what still waits."""
        self._client.run(lives.cancel(self._client.context, task_id), self._client.operation("cancel", task_id=task_id))


class AsyncTasks:
    """The tasks of an account."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, task_id: str) -> State:
        """How a task stands. `meaning` is `lost` for an id that the service does not know (any more)."""
        return await self._client.run(
            lives.query(self._client.context, task_id), self._client.operation("query", task_id=task_id)
        )

    def resume(self, task_id: str, *, model: str | None = None, mode: str | None = None) -> AsyncTask[Any]:
        """A task that was started before, be it by another process. Model and mode say in which shape it answers;
        without them it is the shape that finds most in the answer."""
        return AsyncTask(task_id, self._client, None, shape(self._client.service, model, mode))

    async def list(
        self, *, model: str | None = None, status: str | None = None, since: datetime | None = None,
        until: datetime | None = None, page: int | None = None, page_size: int | None = None,
    ) -> Page:  # fmt: skip
        """A page of tasks, the latest first. Moments need a time zone; services bound how far they may lie apart."""
        wanted = {
            "model": model,
            "status": status,
            "since": since,
            "until": until,
            "page": page,
            "page_size": page_size,
        }
        return await self._client.run(
            lives.listed(self._client.context, wanted), self._client.operation("list", model=model)
        )

    async def cancel(self, task_id: str) -> None:
        """Cancel a task. Raises APIError when it has begun: most services cancel only what still waits."""
        await self._client.run(
            lives.cancel(self._client.context, task_id), self._client.operation("cancel", task_id=task_id)
        )


def shape(used: Service, model: str | None, mode: str | None) -> str:
    """The shape in which a task answers; empty where it is to be found out."""
    if model is None:
        return ""
    family, known = used.family(model)
    offers = [o for o in family.by_model[known] if o.route == "task" and mode in {None, o.mode}]
    if not offers:
        raise ConfigurationError(f"{model} has no tasks{f' in mode {mode!r}' if mode else ''}")
    found = {offer.result for offer in offers}
    return found.pop() if len(found) == 1 else ""
