"""Tasks: they wait, run and are done, by the clock or by being asked; each belongs to the key that made it.

A desk remembers the last 10,000 tasks of a service; older ones are forgotten, as if they had expired.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from hashlib import blake2b
from math import ceil
from typing import Any, TypeAlias

from platemark import ir
from platemark.emulator.clock import Clock
from platemark.emulator.recent import forget_oldest
from platemark.emulator.replies import Failed, Refused, Reply, merge, spoken
from platemark.wire import skeletons
from platemark.wire.faults import walk_of

KEPT = 10_000
PACE = 1.0
"""Seconds that a task spends in each waiting state, unless it is asked before: each question moves it on, too."""

_MOST_PER_PAGE = 100


@dataclass(slots=True)
class Task:
    """A task, and how far it is. `walk` are the states that it will go through, the last of which it keeps."""

    id: str
    account: str
    model: str
    request_id: str
    created: float
    call: str
    """The endpoint and the model that made it."""
    result: Any
    walk: tuple[str, ...]
    most: int | None = None
    """How many of them it comes into, if it is stuck."""
    failed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What is said of it when it is done, if it failed: `code` and `message`."""
    asked: int = 0
    reached: list[float] = field(default_factory=list[float])
    """When it came into each state so far."""

    @property
    def state(self) -> str:
        return self.walk[len(self.reached) - 1]

    @property
    def over(self) -> bool:
        return len(self.reached) == len(self.walk)

    def move(self, now: float, pace: float) -> None:
        """Go as far as time and questions allow."""
        step = max(self.asked, int((now - self.created) / pace) if pace else 0)
        while len(self.reached) <= step and len(self.reached) < len(self.walk[: self.most]):
            self.reached.append(min(now, self.created + pace * len(self.reached)))

    def stop(self, state: str, now: float) -> None:
        """End in a state at once."""
        self.walk = (*self.walk[: len(self.reached)], state)
        self.reached.append(now)


class Desk:
    """The tasks of one service, and its answers about them."""

    def __init__(
        self, provider: ir.Provider, tasks: ir.Tasks, clock: Clock, new_id: Callable[[], str], pace: float = PACE
    ) -> None:
        self._provider = provider
        self._spec = tasks
        self._clock = clock
        self._new_id = new_id
        self._pace = pace
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        self._zone = datetime.strptime(tasks.zone or "+00:00", "%z").tzinfo
        self._stopped = (*tasks.states_of("canceled"), *tasks.states_of("failed"), *tasks.states_of("waiting"))[0]
        self._cancelable = tasks.cancelable or tasks.states_of("waiting")

    @property
    def rate(self) -> str:
        """How often each of its questions may be asked."""
        return self._spec.rate

    def open(self, account: str, model: str, call: str, request_id: str, result: Any, *, fate: str = "") -> Task:
        """Begin a task whose result is known already, or the failure to which it leads; `fate` is a fault's `task`."""
        now = self._clock.now()
        failed = spoken(self._provider, result) if isinstance(result, Failed) else {}
        walk, most = walk_of(self._spec, fate or ("failed" if failed else ""))
        task = Task(self._new_id(), account, model, request_id, now, call, result, walk, most, failed)
        task.move(now, self._pace)
        self._tasks[task.id] = task
        forget_oldest(self._tasks, KEPT)
        return task

    def created(self, task: Task) -> Any:
        """The answer to the creation of a task."""
        return skeletons.build(self._spec.created, self._values(task, task.request_id))

    def working(self, task: Task) -> bool:
        """Whether a task is not over yet. One that is forgotten is."""
        task.move(self._clock.now(), self._pace)
        return not task.over and task.id in self._tasks

    def forget(self) -> None:
        """Drop all tasks."""
        self._tasks.clear()

    def query(self, account: str, task_id: str, request_id: str) -> Reply:
        """How a task is. One that is unknown, expired or another's is `lost`, where the service has a word for that.

        Raises Refused (404) where it has none."""
        task = self._find(account, task_id)
        if task is None:
            lost = self._spec.states_of("lost")
            if not lost:
                raise Refused("task", f"no task has the id {task_id[:80]}", status=404)
            return Reply(
                200,
                skeletons.build(self._spec.answer, {"request_id": request_id, "task_id": task_id, "status": lost[0]}),
            )
        task.asked += 1
        body = skeletons.build(self._spec.answer, self._values(task, request_id))
        about = {"model": task.model}
        done = task.state in self._spec.states_of("done")
        return Reply(200, merge(body, task.result) if done else body, about=about)

    def cancel(self, account: str, task_id: str, request_id: str) -> Reply:
        """Stop a task that still waits. Raises Refused (rule `cancel`) for one that does not."""
        task = self._find(account, task_id)
        if task is None or task.state not in self._cancelable:
            state = task.state if task else "unknown"
            raise Refused(
                "cancel", f"only a task that is {' or '.join(self._cancelable)} can be canceled; this one is {state}"
            )
        task.stop(self._stopped, self._clock.now())
        return Reply(200, skeletons.build(self._provider.answer, {"request_id": request_id}))

    def list(self, account: str, query: Mapping[str, str]) -> Reply:
        """A page of the account's tasks, the newest first. Raises Refused for a filter that can't be read."""
        asked = {part[1:]: (name, query[name]) for name, part in self._spec.list_query.items() if name in query}
        page, per_page = _number(asked, "page", 1), _number(asked, "page_size", 10, _MOST_PER_PAGE)
        found = list(filter(self._filter(asked), self._living(account)))
        first = (page - 1) * per_page
        about = {"region": self._region, **_caller(account)}
        rows = [self._values(task, task.request_id) | about for task in found[first : first + per_page]]
        values = {
            "total": len(found),
            "pages": ceil(len(found) / per_page),
            "page": page,
            "page_size": per_page,
            "tasks": rows,
        }
        return Reply(200, skeletons.build(self._spec.list_answer, values))

    def _filter(self, asked: _Asked) -> Callable[[Task], bool]:
        """Whether a task belongs into a list. Raises Refused for a time that can't be read, and for too long a span."""
        start, end = _moment(asked, "since", self._zone), _moment(asked, "until", self._zone)
        most = self._spec.list_window
        if most and start is not None and end is not None and end - start > most:
            raise Refused("any", f"{asked['until'][0]}: must be at most {most:,} s after {asked['since'][0]}")
        wished = {meaning: text for meaning, (_, text) in asked.items()}

        def wanted(task: Task) -> bool:
            equal = (("task_id", task.id), ("status", task.state), ("model", task.model))
            return (
                all(wished.get(meaning, value) == value for meaning, value in equal)
                and (start is None or start <= task.created)
                and (end is None or task.created < end + 1)
            )

        return wanted

    @property
    def _region(self) -> str:
        return self._provider.regions[0].id if self._provider.regions else ""

    def _find(self, account: str, task_id: str) -> Task | None:
        return next((task for task in self._living(account, task_id)), None)

    def _living(self, account: str, task_id: str | None = None) -> Iterator[Task]:
        """Tasks of an account that have not expired, the newest first, moved to where they are now."""
        now = self._clock.now()
        one = (self._tasks[task_id],) if task_id in self._tasks else ()
        for task in reversed(self._tasks.values()) if task_id is None else one:
            if task.account == account and not (self._spec.keep and now - task.created >= self._spec.keep):
                task.move(now, self._pace)
                if task.state and task.state not in self._spec.states_of("lost"):
                    yield task

    def _values(self, task: Task, request_id: str) -> dict[str, Any]:
        """What the skeletons name of a task; what has not happened yet has no value."""
        values: dict[str, Any] = {
            "request_id": request_id, "task_id": task.id, "status": task.state, "model": task.model,
            "progress": (len(task.reached) - 1) / max(1, len(task.walk) - 1),
            "created_at": int(task.created), "created_ms": int(task.created * 1000),
            "submitted": self._text(task.created), "call": task.call,
        }  # fmt: skip
        if len(task.reached) > 1:
            values |= {"started": self._text(task.reached[1]), "started_ms": int(task.reached[1] * 1000)}
        if task.over:
            values |= {"ended": self._text(task.reached[-1]), "ended_ms": int(task.reached[-1] * 1000)}
            values |= task.failed if task.state in self._spec.states_of("failed") else {}
        return values

    def _text(self, moment: float) -> str:
        """`2026-11-21 20:15:00.000`, in the zone that the documents name, else in UTC."""
        return datetime.fromtimestamp(moment, self._zone).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _caller(account: str) -> dict[str, str]:
    """Ids of an account and its key, from which nobody learns the key."""
    digest = blake2b(account.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return {"key_id": digest[:16], "caller": digest[16:]}


_Asked: TypeAlias = "Mapping[str, tuple[str, str]]"
"""Meaning: the name in the query, and the text that stands there."""


def _number(asked: _Asked, meaning: str, default: int, most: int = 10**6) -> int:
    name, text = asked.get(meaning, (meaning, str(default)))
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
    if not 1 <= number <= most:
        raise Refused("any", f"{name}: must be 1 to {most}")
    return number


def _moment(asked: _Asked, meaning: str, zone: tzinfo | None) -> float | None:
    """`YYYYMMDDhhmmss`."""
    if meaning not in asked:
        return None
    name, text = asked[meaning]
    try:
        if len(text) != 14 or not text.isascii():
            raise ValueError
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=zone).timestamp()
    except ValueError:
        raise Refused("any", f"{name}: must be written YYYYMMDDhhmmss") from None
