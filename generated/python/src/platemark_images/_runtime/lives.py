"""The life of a task: it is started, asked about, waited for, canceled, listed. Conversations, as in `protocol`."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from platemark_images._runtime import errors, pace, skeletons, telemetry
from platemark_images._runtime.answers import Outcome, made, message_of, outcome, parsed
from platemark_images._runtime.protocol import Context, Send, Talk, Wait, ask, paid
from platemark_images._runtime.service import LOG
from platemark_images._runtime.settings import LONGEST

if TYPE_CHECKING:
    from platemark_images._runtime.ir import Provider, Tasks
    from platemark_images._runtime.prepare import Prepared
    from platemark_images._runtime.service import Service

PATIENCE = 10
"""Questions about a task that may fail in a row."""
LAST = 10.0
"""Seconds that a question may take at least, be the time for the task over or not."""

_PASSING = errors.ConnectionFailed | errors.ServerError | errors.RateLimited


@dataclass(frozen=True, slots=True)
class State:
    """A task as the service tells it; `meaning` is waiting, done, failed, canceled or lost."""

    task_id: str
    status: str
    meaning: str
    raw: Any = field(repr=False)
    ended: datetime.datetime | None = None
    """When it ended, where the service says."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A task that is done, and what it made."""

    state: State
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Listed:
    """A task in a list."""

    id: str
    status: str
    model: str
    created: datetime.datetime | None
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the tasks of an account; `total` counts those of all pages."""

    tasks: tuple[Listed, ...]
    total: int
    page: int
    pages: int


def submit(context: Context, prepared: Prepared[Any]) -> Talk[State]:
    """Start a task."""
    answer = yield from ask(context, paid(context, prepared, "task"))
    raw = parsed(context.service, answer, paid=True)
    state = _state(_tasks(context).created, context.service.provider, raw)
    if not _is_id(state.task_id):
        raise errors.OutcomeUnknown("the service accepted the request and gave no task id", status=answer.status)
    LOG.info("task %s was started", state.task_id)
    return state


def generate(context: Context, prepared: Prepared[Any]) -> Talk[Finished]:
    """Start a task, and wait for what it makes."""
    state = yield from submit(context, prepared)
    return (yield from finish(context, state.task_id, prepared.offer.result, None))


def finish(
    context: Context, task_id: str, shape: str, timeout: float | None,
    on_progress: Callable[[State], object] | None = None,
) -> Talk[Finished]:  # fmt: skip
    """Wait for what a task makes, in the shape of that name. Raises what `wait` does."""
    with _interruptible(task_id):
        state = yield from wait(context, task_id, timeout, on_progress)
    try:
        return Finished(state, made(outcome(context.service, shape, state.raw), is_task=True))
    except errors.APIError as error:
        error.task_id = task_id
        raise


@contextmanager
def _interruptible(task_id: str) -> Generator[None, None, None]:
    """Whatever ends the waiting from outside, such as Ctrl-C, tells how to come back to the task."""
    try:
        yield
    except errors.PlatemarkError:  # which tells of the task by itself
        raise
    except BaseException as error:
        error.add_note(f"task {task_id} was waited for; client.tasks.resume({task_id!r}).wait() waits for it again")
        raise


def query(context: Context, task_id: str) -> Talk[State]:
    """How a task stands."""
    known(task_id)
    tasks = _tasks(context)
    method, _, path = tasks.query.partition(" ")
    url = context.service.base_url + path.replace("{task_id}", quote(task_id, safe=""))
    raw = parsed(context.service, (yield from _asked(context, method, url)), paid=False)
    return _state(tasks.answer, context.service.provider, raw, task_id)


def wait(
    context: Context, task_id: str, timeout: float | None, on_progress: Callable[[State], object] | None = None
) -> Talk[State]:
    """Wait until a task is done; without a time-out of its own, for that of the settings.

    Raises TaskFailed when it ends otherwise, TaskTimeout when it takes too long, and what goes wrong with a question
    once too often: with the task's id, since it goes on. A time-out of 0 s asks once."""
    known(task_id)
    require_plain(on_progress)
    timeout = context.settings.task_timeout if timeout is None else _seconds(timeout)
    began, attempt, missed, asked = context.now(), 0, 0, 0.0
    pause, most = context.settings.poll_interval, min(pace.MOST, float(_tasks(context).poll))
    while True:
        waited = context.now() - began
        if attempt and waited >= timeout:
            raise errors.TaskTimeout(task_id, waited)
        attempt += 1
        yield Wait(max(0.0, min(max(pace.spread(pause, context.chance()), asked), timeout - waited)))
        pause = min(pause * 2, max(most, pause))
        left = max(timeout - (context.now() - began), LAST)
        try:
            state = yield from query(
                context.but({"timeout": min(context.settings.timeout, left), "max_retries": 0}), task_id
            )
        except errors.PlatemarkError as error:
            missed += 1
            if missed >= PATIENCE or not isinstance(error, _PASSING):
                errors.of_task(error, task_id)
                raise
            asked = error.retry_after or 0.0 if isinstance(error, errors.RateLimited) else 0.0
            LOG.info("task %s: %s; it is asked again", task_id, error)
            telemetry.again(type(error).__name__, max(pause, asked))
            continue
        missed, asked = 0, 0.0
        if on_progress is not None:
            on_progress(state)
        if state.meaning == "done":
            return state
        if state.meaning != "waiting":
            raise failed(context.service, state)


def cancel(context: Context, task_id: str) -> Talk[None]:
    """Cancel a task. Raises APIError where it can't be canceled any more."""
    known(task_id)
    method, _, path = _tasks(context).cancel.partition(" ")
    if not path:
        raise errors.ConfigurationError(f"{context.service.provider.client} can't cancel tasks")
    url = context.service.base_url + path.replace("{task_id}", quote(task_id, safe=""))
    parsed(context.service, (yield from _asked(context, method, url)), paid=False)


def listed(context: Context, wanted: Mapping[str, object]) -> Talk[Page]:
    """A page of tasks; `wanted` are filters by their meaning (`model`, `status`, `since`, `until`, `page`, …)."""
    tasks = _tasks(context)
    method, _, path = tasks.list.partition(" ")
    if not path:
        raise errors.ConfigurationError(f"{context.service.provider.client} can't list tasks")
    names = {meaning.removeprefix("$"): name for name, meaning in tasks.list_query.items()}
    given = {names[k]: _filter(v, tasks.zone) for k, v in wanted.items() if v is not None and k in names}
    url = f"{context.service.base_url}{path}?{urlencode(given)}" if given else context.service.base_url + path
    raw = parsed(context.service, (yield from _asked(context, method, url)), paid=False)
    values, found = skeletons.find(tasks.list_answer, raw)
    rows = tuple(_listed(each.fields) for each in found if each.kind == "tasks")
    return Page(rows, _whole(values.get("total")), _whole(values.get("page")), _whole(values.get("pages")))


def failed(service: Service, state: State) -> errors.TaskFailed:
    """The error that a task's last state means."""
    provider = service.provider
    assert provider.tasks is not None
    values, _ = skeletons.find(provider.tasks.answer, state.raw)
    shared, _ = skeletons.find(provider.answer, state.raw)
    code, message = str(values.get("code", "")), service.without_secrets(message_of(values, state.raw))
    if state.meaning == "lost" and not message:
        message = "the service does not know it, or no longer"
    if provider.errors.get(code, {}).get("class") == "content":
        message = f"{message}; the content was refused, and asking again changes nothing"
    return errors.TaskFailed(
        message, task_id=state.task_id, state=state.meaning, code=code, request_id=str(shared.get("request_id", ""))
    )


def known(task_id: object) -> None:
    """Raise ConfigurationError for what no task is called by; an address would lead elsewhere with it."""
    if not _is_id(task_id):
        raise errors.ConfigurationError(f"{task_id!r} is not the id of a task")


def _is_id(task_id: object) -> bool:
    return isinstance(task_id, str) and task_id.isprintable() and bool(task_id.strip(" ."))


def require_plain(on_progress: object) -> None:
    """Raise ConfigurationError for a function that can't be called just so: nobody would await it."""
    if on_progress is None:
        return
    if not callable(on_progress):
        raise errors.ConfigurationError(f"on_progress must be a function, not {type(on_progress).__name__}")
    if any(map(inspect.iscoroutinefunction, (on_progress, type(on_progress).__call__))):
        raise errors.ConfigurationError("on_progress must be a plain function: it is called, and not awaited. It may start what "
                                        "is awaited elsewhere, as by asyncio.create_task(…)")  # fmt: skip


def _seconds(timeout: object) -> float:
    """A time-out. Raises ConfigurationError for what is none."""
    if isinstance(timeout, int | float) and not isinstance(timeout, bool) and 0 <= timeout <= LONGEST:
        return float(timeout)
    raise errors.ConfigurationError(
        f"timeout must be a number of seconds from 0 to {LONGEST:,.0f}, not {timeout!r:.80}"
    )


def _asked(context: Context, method: str, url: str) -> Talk[Any]:
    """A question about tasks, at the pace that an account may ask."""
    if context.tasks is not None and (pause := context.tasks.reserve(context.now())) > 0:
        yield Wait(pause)
    send = Send(method, url, context.headers(), timeout=context.settings.timeout)
    return (yield from ask(context, send))


def _tasks(context: Context) -> Tasks:
    if context.service.provider.tasks is None:
        raise errors.ConfigurationError(f"{context.service.provider.client} has no tasks")
    return context.service.provider.tasks


def _state(skeleton: Any, provider: Provider, raw: Any, task_id: str = "") -> State:
    values, _ = skeletons.find(skeleton, raw)
    status = str(values.get("status", ""))
    assert provider.tasks is not None
    # A word that is new is taken for one that the task goes on after: the time-out ends what would wait for ever.
    meaning = provider.tasks.states.get(status, "waiting")
    ended = _moment(str(values.get("ended", "")), provider.tasks.zone)
    return State(str(values.get("task_id", task_id)), status, meaning, raw, ended)


def _listed(fields: Mapping[str, Any]) -> Listed:
    task_id, status, model = (str(fields.get(name, "")) for name in ("task_id", "status", "model"))
    return Listed(task_id, status, model, _since_1970(fields.get("created_ms")), fields)


def _since_1970(milliseconds: object) -> datetime.datetime | None:
    """A moment as lists of tasks tell it; None for what no calendar has."""
    try:
        return (
            datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
            if isinstance(milliseconds, int | float)
            else None
        )
    except (ValueError, OverflowError, OSError):
        return None


def _filter(value: object, zone: str) -> str:
    """A filter as text; moments as the service writes them, in its own time zone."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise errors.ConfigurationError(f"{value} needs a time zone, such as datetime.UTC")
        return value.astimezone(_zone(zone)).strftime("%Y%m%d%H%M%S")
    return str(value)


def _moment(text: str, zone: str) -> datetime.datetime | None:
    """A moment as tasks tell it, such as `2026-11-21 20:15:00.000`; None where there is none."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=_zone(zone)) if zone else None


def _zone(offset: str) -> datetime.tzinfo:
    return datetime.datetime.strptime(offset or "+00:00", "%z").tzinfo or datetime.UTC


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
