"""What is said to a service, and when: generators that yield requests and waits, and do no I/O.

A driver sends each request and hands its answer back, or throws `ConnectionFailed` or `OutcomeUnknown` into the
generator. A request for pictures (`paid`) is yielded once and never again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from platemark_images._runtime import errors, skeletons
from platemark_images._runtime.answers import Answer, Outcome, message_of, outcome, parsed
from platemark_images._runtime.ir import Provider, Tasks
from platemark_images._runtime.prepare import Prepared
from platemark_images._runtime.service import LOG, Service

T = TypeVar("T")

FIRST_WAIT = 0.5  # seconds before the first query of a task; then twice as long each time, up to the service's own pace
PATIENCE = 5  # queries of a task that may fail in a row


@dataclass(frozen=True, slots=True)
class Send:
    """A request to send. `paid`: it may be billed, so it is never sent twice."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause, in seconds."""

    seconds: float


Talk: TypeAlias = Generator["Send | Wait", "Answer | None", T]
"""A conversation that ends in a T."""


def paid(service: Service, prepared: Prepared[Any]) -> Send:
    """The request for pictures, with the key. What the service will change, and what is noted, is logged."""
    for told in prepared.report.told:
        LOG.warning("%s: %s", prepared.model, told)
    headers = {**prepared.headers, **service.headers(prepared.route)}
    return Send(prepared.method, prepared.url, headers, prepared.body, paid=True)


def generate(service: Service, prepared: Prepared[Any]) -> Talk[Outcome]:
    """Ask for pictures by a synchronous route."""
    raw = parsed(service.provider, (yield from _ask(paid(service, prepared))), paid=True)
    return outcome(service.provider, prepared.offer.result, raw)


@dataclass(frozen=True, slots=True)
class State:
    """A task as the service tells it; `meaning` is waiting, done, failed, canceled or lost."""

    task_id: str
    status: str
    meaning: str
    raw: Any = field(repr=False)


def submit(service: Service, prepared: Prepared[Any]) -> Talk[State]:
    """Start a task."""
    raw = parsed(service.provider, (yield from _ask(paid(service, prepared))), paid=True)
    state = _state(_tasks(service.provider).created, service.provider, raw)
    if not state.task_id:
        raise errors.OutcomeUnknown("the service accepted the request and gave no task id")
    return state


def query(service: Service, task_id: str) -> Talk[State]:
    """How a task stands."""
    tasks = _tasks(service.provider)
    method, _, path = tasks.query.partition(" ")
    url = service.base_url + path.replace("{task_id}", quote(task_id, safe=""))
    raw = parsed(service.provider, (yield from _ask(Send(method, url, service.headers()))), paid=False)
    return _state(tasks.answer, service.provider, raw, task_id)


def wait(service: Service, task_id: str, timeout: float | None, clock: Callable[[], float]) -> Talk[State]:
    """Wait until a task is done. Raises TaskFailed when it ends otherwise, and TaskTimeout when it takes too long."""
    began, pause, missed = clock(), FIRST_WAIT, 0
    most = float(_tasks(service.provider).poll)
    while True:
        left = None if timeout is None else timeout - (clock() - began)
        if left is not None and left <= 0:
            raise errors.TaskTimeout(task_id, clock() - began)
        yield Wait(pause if left is None else min(pause, left))
        pause = min(pause * 2, most)
        try:
            state = yield from query(service, task_id)
        except (errors.ConnectionFailed, errors.ServerError, errors.RateLimited) as error:
            missed += 1
            if missed >= PATIENCE:
                raise
            LOG.info("task %s: query %d failed: %s", task_id, missed, error)
            continue
        missed = 0
        if state.meaning == "done":
            return state
        if state.meaning != "waiting":
            raise _failed(service.provider, state)


def download(url: str) -> Talk[bytes]:
    """The bytes of a picture. The key does not travel to where pictures lie."""
    answer = yield from _ask(Send("GET", url, {}))
    if answer.status >= 400:
        kind = errors.NotFound if answer.status in {403, 404, 410} else errors.APIError
        raise kind("the picture is not there (any more); addresses expire", status=answer.status)
    if answer.status != 200:
        raise errors.ConnectionFailed(f"HTTP {answer.status} for a picture")
    return answer.body


def _ask(send: Send) -> Talk[Answer]:
    answer = yield send
    if answer is None:
        raise TypeError("a driver answers every request")
    return answer


def _tasks(provider: Provider) -> Tasks:
    if provider.tasks is None:
        raise errors.ConfigurationError(f"{provider.client} has no tasks")
    return provider.tasks


def _state(skeleton: Any, provider: Provider, raw: Any, task_id: str = "") -> State:
    values, _ = skeletons.find(skeleton, raw)
    status = str(values.get("status", ""))
    # A word that is new is taken for one that the task goes on after: the time-out ends what would wait for ever.
    meaning = _tasks(provider).states.get(status, "waiting")
    return State(str(values.get("task_id", task_id)), status, meaning, raw)


def _failed(provider: Provider, state: State) -> errors.TaskFailed:
    values, _ = skeletons.find(_tasks(provider).answer, state.raw)
    shared, _ = skeletons.find(provider.answer, state.raw)
    return errors.TaskFailed(
        message_of(values, state.raw), task_id=state.task_id, state=state.meaning,
        code=str(values.get("code", "")), request_id=str(shared.get("request_id", "")),
    )  # fmt: skip
