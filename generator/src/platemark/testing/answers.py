"""Answers as the skeletons document them, with what a later version of a service may add; and what a poller sees."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from platemark import ir
from platemark.ir import picture
from platemark.plain import is_map, is_seq
from platemark.schema.answers import ERROR, RESULT, TASK, error_statuses, over
from platemark.testing.bodies import PLAIN
from platemark.testing.requests import History, Response
from platemark.testing.values import LANTERN
from platemark.wire import skeletons
from platemark.wire.answers import LISTS, TYPES
from platemark.wire.mutations import put, walk

_OF_TYPE: Mapping[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from((LANTERN, "灯笼 🏮", "")),
    "integer": st.integers(0, 2**31),
    "number": st.integers(0, 10_000).map(lambda cents: cents / 100),
    "boolean": st.booleans(),
}
_IDS = st.integers(0, 2**64).map("{:032x}".format)
_NEW_WORD = "NOT_YET_DOCUMENTED"
_NEW_KEYS = ("x_new_field", "detail", "trace")
_SOME = st.integers(0, 4)
_COIN = st.booleans()


@dataclass(frozen=True, slots=True, repr=False)
class Answers:
    """Draws the answers of one offer. `new` lets fields and words in that no document knows yet."""

    provider: ir.Provider
    family: ir.Family
    offer: ir.Offer
    new: bool = True

    def __repr__(self) -> str:
        return f"{self.offer.model} {self.offer.route}/{self.offer.mode}"

    def draw(self, draw: st.DrawFn) -> Response:
        """One answer of any kind that the offer's route can give."""
        kinds = {"sync": ("result", "error"), "stream": ("event", "error"), "task": ("created", "task", "error")}
        kind = draw(st.sampled_from(kinds[self.offer.route]))
        match kind:
            case "error":
                return self.error(draw)
            case "created":
                return self.created(draw, draw(_IDS))
            case "task":
                return self.task(draw, draw(_IDS), draw(self._states()))
            case _:
                found = over(self._built(draw, self.provider.answer, RESULT), self._result(draw))
                return self._response(kind, 200, self._later(draw, found))

    def created(self, draw: st.DrawFn, task_id: str) -> Response:
        """The answer to the creation of a task, which waits."""
        tasks = self._tasks
        values = {"task_id": task_id, "status": tasks.states_of("waiting")[0], "model": self.offer.model}
        return self._response("created", 200, self._later(draw, self._built(draw, tasks.created, TASK, values)))

    def task(self, draw: st.DrawFn, task_id: str, state: str) -> Response:
        """The answer to a query for a task in a state. What is lost is an error where no word says so."""
        tasks = self._tasks
        meaning = tasks.states.get(state)
        if not state:
            return self.error(draw, 404)
        always = TASK | ({"code", "message"} if meaning == "failed" else set[str]())
        hidden = {"code", "message", "status_code"} - always
        if meaning in {"lost", None}:
            hidden |= {"submitted", "started", "ended", "progress"}
        values = {"task_id": task_id, "status": state, "model": self.offer.model}
        found = self._built(draw, tasks.answer, always, values, hidden)
        if meaning == "done":
            found = over(found, self._result(draw))
        return self._response("task", 200, self._later(draw, found))

    def error(self, draw: st.DrawFn, status: int = 0) -> Response:
        """An error with a documented status and a code that goes with it."""
        known = error_statuses(self.provider, [self.family])
        status = status or draw(st.sampled_from(sorted(known)))
        codes = known.get(status) or list(self.provider.errors.codes) or [_NEW_WORD]
        values = {"status_code": status, "code": draw(st.sampled_from(self._words(codes)))}
        return self._response(
            "error", status, self._later(draw, self._built(draw, self.provider.errors.answer, ERROR, values))
        )

    # ── Parts ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _tasks(self) -> ir.Tasks:
        if self.provider.tasks is None:
            raise ValueError(f"{self.provider.id} has no tasks")
        return self.provider.tasks

    def _states(self) -> st.SearchStrategy[str]:
        return st.sampled_from(self._words(list(self._tasks.states)))

    def _words(self, known: Sequence[str]) -> list[str]:
        return [*known, *([_NEW_WORD] if self.new else [])]

    def _response(self, kind: str, status: int, body: Any) -> Response:
        return Response(self.offer.model, self.offer.route, self.offer.mode, kind, status, body)

    def _result(self, draw: st.DrawFn) -> Any:
        return self._built(draw, self.provider.results[self.offer.result], RESULT)

    def _built(
        self,
        draw: st.DrawFn,
        skeleton: Any,
        always: Collection[str],
        values: Mapping[str, Any] | None = None,
        hidden: Collection[str] = (),
    ) -> Any:
        """A skeleton with a value for each name that is `always` there, and for some of the others."""
        held = dict(values or {})
        for name in dict.fromkeys(skeletons.names(skeleton)):
            if name in LISTS or name in held or name in hidden:
                continue
            if name in always or draw(_COIN):
                held[name] = self._value(draw, name)
        least = 0 if self.offer.route == "stream" else 1
        for kind, pattern in _repeated(skeleton):
            count = max(draw(_SOME), least if kind == "images" else 0)
            held[kind] = [self._item(draw, pattern, index) for index in range(count)]
        return skeletons.build(skeleton, held)

    def _value(self, draw: st.DrawFn, name: str) -> Any:
        if name in {"request_id", "task_id"}:
            return draw(_IDS)
        if name == "finish_reason":
            return draw(st.sampled_from(self._words(["stop", "null"])))
        return draw(_OF_TYPE[TYPES[name]])

    def _item(self, draw: st.DrawFn, pattern: Mapping[str, Any], index: int) -> Any:
        fields = [name for name in skeletons.names(pattern)[1:] if name not in LISTS]
        given = {name: self._value(draw, name) for name in fields}
        if skeletons.holds_item(pattern):
            return {
                **given,
                "item": picture(index) if pattern[skeletons.EACH] == "images" else draw(_OF_TYPE["string"]),
            }
        return given

    def _later(self, draw: st.DrawFn, body: Any) -> Any:
        """The answer of a later version: fields that no document knows, in any of its maps."""
        if not self.new or not draw(_COIN):
            return body
        maps = [path for path, part in walk(body) if is_map(part)]
        path = draw(st.sampled_from(maps))
        return put(body, (*path, draw(st.sampled_from(_NEW_KEYS))), draw(PLAIN))


def _repeated(skeleton: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every repeated element of a skeleton, by what it repeats."""
    if is_map(skeleton):
        if skeletons.EACH in skeleton:
            yield str(skeleton[skeletons.EACH]), skeleton
            return
        for part in skeleton.values():
            yield from _repeated(part)
    elif is_seq(skeleton):
        for part in skeleton:
            yield from _repeated(part)


def history(draw: st.DrawFn, answers: Answers) -> History:
    """A task from its creation on: it waits, in the order of the states; it is done, fails, is canceled or goes on
    waiting; and after a day nobody knows it."""
    tasks = answers.provider.tasks
    if tasks is None:
        raise ValueError(f"{answers.provider.id} has no tasks")
    waiting = tasks.states_of("waiting")
    reached = draw(st.integers(1, len(waiting)))
    seen = [state for state in waiting[:reached] for _ in range(draw(st.integers(0, 2)))] or [waiting[0]]
    ends = [*tasks.states_of("done"), *tasks.states_of("failed")]
    if seen[-1] in tasks.cancelable:
        ends += tasks.states_of("canceled")
    if draw(_COIN):
        seen += [draw(st.sampled_from(ends))] * draw(st.integers(1, 2))
    if tasks.keep and draw(_COIN):
        seen.append((*tasks.states_of("lost"), "")[0])
    task_id = draw(_IDS)
    first = answers.created(draw, task_id)
    rest = tuple(answers.task(draw, task_id, state) for state in seen)
    return History(answers.provider.id, (waiting[0], *seen), (first, *rest))
