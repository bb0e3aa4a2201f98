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
        """The service's word for how it stands, such as `RUNNING`. Raises what `Tasks.get` does."""
        return self._client.tasks.get(self.id).status

    def wait(
        self, timeout: float | None = None, *, on_progress: Callable[[State], object] | None = None
    ) -> Result[RawT]:
        """Wait until it is done, for at most `timeout` seconds, from 0, which asks once; without, for the client's
        `task_timeout`.

        `on_progress` is called with every state on the way, and not awaited. Raises TaskFailed when it ends without
        pictures, TaskTimeout when it takes longer; ConnectionFailed, RateLimited or ServerError when questions about it
        fail again and again, and AuthenticationError when the key is refused: it goes on then, and the error has its id.
        Raises APIError when it is done and its answer holds nothing. What stops the waiting otherwise, such as Ctrl-C,
        has a note with the id."""
        return self._client.finish(self.id, self._shape, self._prepared, timeout, on_progress)

    def result(self, timeout: float | None = None) -> Result[RawT]:
        """The same as `wait`."""
        return self.wait(timeout)

    def cancel(self) -> None:
        """Cancel it. Raises what `Tasks.cancel` does."""
        self._client.tasks.cancel(self.id)


@dataclass(frozen=True)
class AsyncTask(Generic[RawT]):
    """Work that the service does meanwhile. Its id is enough to come back for it later."""

    id: str
    _client: AsyncClient = field(repr=False, compare=False)
    _prepared: Prepared[Any] | None = field(default=None, repr=False, compare=False)
    _shape: str = field(default="", repr=False, compare=False)

    async def status(self) -> str:
        """The service's word for how it stands, such as `RUNNING`. Raises what `Tasks.get` does."""
        return (await self._client.tasks.get(self.id)).status

    async def wait(
        self, timeout: float | None = None, *, on_progress: Callable[[State], object] | None = None
    ) -> AsyncResult[RawT]:
        """Wait until it is done, for at most `timeout` seconds, from 0, which asks once; without, for the client's
        `task_timeout`.

        `on_progress` is called with every state on the way, and not awaited. Raises TaskFailed when it ends without
        pictures, TaskTimeout when it takes longer; ConnectionFailed, RateLimited or ServerError when questions about it
        fail again and again, and AuthenticationError when the key is refused: it goes on then, and the error has its id.
        Raises APIError when it is done and its answer holds nothing. What stops the waiting otherwise, such as Ctrl-C,
        has a note with the id."""
        return await self._client.finish(self.id, self._shape, self._prepared, timeout, on_progress)

    async def result(self, timeout: float | None = None) -> AsyncResult[RawT]:
        """The same as `wait`."""
        return await self.wait(timeout)

    async def cancel(self) -> None:
        """Cancel it. Raises what `Tasks.cancel` does."""
        await self._client.tasks.cancel(self.id)


class Tasks:
    """The tasks of an account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, task_id: str) -> State:
        """How a task stands. `meaning` is `lost` for an id that the service does not know (any more).

        Raises ConfigurationError for what is no id, APIError when the service refuses to say, ConnectionFailed when it
        can't be reached."""
        return self._client.run(
            lives.query(self._client.context, task_id), self._client.operation("query", task_id=task_id)
        )

    def resume(self, task_id: str, *, model: str | None = None, mode: str | None = None) -> Task[Any]:
        """A task that was started before, be it by another process. Model and mode say in which shape it answers;
        without them it is the shape that finds most in the answer. Nothing is asked yet.

        Raises ConfigurationError for what is no id, and for a model or a mode that has no tasks."""
        lives.known(task_id)
        return Task(task_id, self._client, None, shape(self._client.service, model, mode))

    def list(
        self, *, model: str | None = None, status: str | None = None, since: datetime | None = None,
        until: datetime | None = None, page: int | None = None, page_size: int | None = None,
    ) -> Page:  # fmt: skip
        """A page of tasks, the latest first. Moments need a time zone; services bound how far they may lie apart.

        Raises ConfigurationError where the service lists none, and for a moment without a zone; APIError when it
        refuses, ConnectionFailed when it can't be reached."""
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
        """Cancel a task. Raises APIError when it has begun: most services cancel only what still waits.

        Raises ConfigurationError for what is no id and where the service cancels none, ConnectionFailed when it can't be
        reached or gave no answer."""
        self._client.run(lives.cancel(self._client.context, task_id), self._client.operation("cancel", task_id=task_id))


class AsyncTasks:
    """The tasks of an account."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, task_id: str) -> State:
        """How a task stands. `meaning` is `lost` for an id that the service does not know (any more).

        Raises ConfigurationError for what is no id, APIError when the service refuses to say, ConnectionFailed when it
        can't be reached."""
        return await self._client.run(
            lives.query(self._client.context, task_id), self._client.operation("query", task_id=task_id)
        )

    def resume(self, task_id: str, *, model: str | None = None, mode: str | None = None) -> AsyncTask[Any]:
        """A task that was started before, be it by another process. Model and mode say in which shape it answers;
        without them it is the shape that finds most in the answer. Nothing is asked yet.

        Raises ConfigurationError for what is no id, and for a model or a mode that has no tasks."""
        lives.known(task_id)
        return AsyncTask(task_id, self._client, None, shape(self._client.service, model, mode))

    async def list(
        self, *, model: str | None = None, status: str | None = None, since: datetime | None = None,
        until: datetime | None = None, page: int | None = None, page_size: int | None = None,
    ) -> Page:  # fmt: skip
        """A page of tasks, the latest first. Moments need a time zone; services bound how far they may lie apart.

        Raises ConfigurationError where the service lists none, and for a moment without a zone; APIError when it
        refuses, ConnectionFailed when it can't be reached."""
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
        """Cancel a task. Raises APIError when it has begun: most services cancel only what still waits.

        Raises ConfigurationError for what is no id and where the service cancels none, ConnectionFailed when it can't be
        reached or gave no answer."""
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
