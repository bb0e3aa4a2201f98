"""What the workers of a batch share: which job comes next, what bounds it, how it stands, and when it is over."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from platemark_images._runtime import errors
from platemark_images._runtime.batch.bounds import Gate, Ledger, Places, places
from platemark_images._runtime.batch.journal import Journal, Row, StateName
from platemark_images._runtime.batch.results import BatchProgress
from platemark_images._runtime.protocol import Context, Send, Talk, Wait
from platemark_images._runtime.service import LOG

OVER: tuple[StateName, ...] = ("done", "failed", "unknown")
_BREATH = 0.05
"""Seconds after which a worker that has nothing to do looks again."""
_SLICE = 0.5
"""Seconds for which nobody hears that the run is over."""
_BETWEEN = 0.25
"""Seconds between two reports of progress."""


class Run:
    """A batch at work. Threads may share it."""

    def __init__(
        self, context: Context, journal: Journal, folder: Path, ledger: Ledger,
        on_progress: Callable[[BatchProgress], object] | None = None, *, sends: bool = True,
    ) -> None:  # fmt: skip
        self.context, self.journal, self.folder = context, journal, folder
        self.told = list[str]()
        self.stopped = not sends
        """Whether nothing more is sent."""
        self._on_progress, self._began, self._reported, self._ended = on_progress, context.now(), float("-inf"), 0
        self._lock, self._telling = threading.RLock(), threading.Lock()
        self._ledger, self._gate = ledger, Gate(context.now, context.chance)
        self._abandoned, self._unaffordable = False, 0
        self._problem: Exception | None = None
        self._unwritten = dict[str, str]()
        self._found = deque(row.id for row in journal.rows("made", "running"))
        self._waiting, self._places = dict[tuple[str, str], deque[str]](), dict[tuple[str, str], Places]()
        for job, model, route in journal.names("waiting") if sends else ():
            self._waiting.setdefault((model, route), deque()).append(job)
        self._counts = journal.counts()

    # ── Who works on what ─────────────────────────────────────────────────────────────────────────────────────────

    def next(self, live: Callable[[Run, Row], Talk[None]]) -> Talk[None] | None:
        """A conversation for a worker that has nothing to do; None when nothing is left for it."""
        with self._lock:
            job = None if self._abandoned else self._next()
            if job is not None:
                return self._heard(self._placed(live, job))
            left = not (self._abandoned or self.stopped) and any(self._waiting.values())
            return _breath() if left else None

    def _next(self) -> str | None:
        """What was begun goes before what waits; of that, the first whose model may be asked now."""
        if self._found:
            return self._found.popleft()
        if not self.stopped:
            for key, waiting in self._waiting.items():
                if waiting and self._places_of(key, waiting[0]).free(self.context.now()):
                    self._places[key].reserve(self.context.now())
                    return waiting.popleft()
        return None

    def _places_of(self, key: tuple[str, str], job: str) -> Places:
        if key not in self._places:
            family = json.loads(self._row(job).content).get("family")
            self._places[key] = places(self.context.service, *key, family)
        return self._places[key]

    def _row(self, job: str) -> Row:
        row = self.journal.row(job)
        assert row is not None
        return row

    def _placed(self, live: Callable[[Run, Row], Talk[None]], job: str) -> Talk[None]:
        """A job's life, which takes one of its model's places. The place is taken at once."""
        row = self._row(job)
        place = self._places_of((row.model, row.route), job)
        place.take()

        def talk() -> Talk[None]:
            try:
                yield from live(self, row)
            finally:
                with self._lock:
                    place.leave()

        return talk()

    def _heard(self, talk: Talk[None]) -> Talk[None]:
        """A conversation that ends soon when the run is abandoned, but never between a paid request and its answer."""
        reply: Any = None
        problem: errors.PlatemarkError | None = None
        while True:
            try:
                step = talk.throw(problem) if problem else talk.send(reply)
            except StopIteration:
                return
            reply = problem = None
            try:
                left = step.seconds if isinstance(step, Wait) else 0.0
                while left > _SLICE and not self._abandoned:
                    yield Wait(_SLICE)
                    left -= _SLICE
                if self._abandoned and not (isinstance(step, Send) and step.paid):
                    talk.close()
                    return
                reply = yield (Wait(left) if isinstance(step, Wait) else step)
            except errors.PlatemarkError as error:
                problem = error

    # ── What bounds them ──────────────────────────────────────────────────────────────────────────────────────────

    def pause(self) -> float:
        """Seconds until anything may be sent."""
        with self._lock:
            return self._gate.pause()

    def again(self, row: Row) -> float:
        """Seconds until a job may be sent again, which takes a turn of its model."""
        with self._lock:
            return self._places[row.model, row.route].reserve(self.context.now())

    def passed(self) -> None:
        """A request was accepted."""
        with self._lock:
            self._gate.passed()

    def hindered(self, began: float, asked: float | None) -> bool:
        """A request that was begun at a moment was not accepted, as others would not be now; whether to try again."""
        with self._lock:
            return self._gate.shut(began, asked)

    def reserve(self, row: Row) -> bool:
        """Whether a job still fits into what may be spent; if so, it counts from now on."""
        with self._lock:
            fits = self._ledger.take(row.amounts)
            self._unaffordable += not fits
            return fits

    def give_back(self, row: Row) -> None:
        """A job was surely not accepted."""
        with self._lock:
            self._ledger.give_back(row.amounts)

    # ── How it goes, and how it ends ──────────────────────────────────────────────────────────────────────────────

    def note(self, job: str, before: StateName, state: StateName, **columns: object) -> None:
        """Write a job's new state into the journal, and count it. Raises JournalError."""
        self.journal.note(job, state, **columns)
        with self._lock:
            self._counts[before] -= 1
            self._counts[state] += 1
            self._ended += state in OVER
        self._report()

    def lost(self, job: str, what: str) -> None:
        """An answer could not be written into the journal."""
        with self._lock:
            self._unwritten[job] = what

    def tell(self, what: str) -> None:
        """What a person should know."""
        LOG.warning("%s", what)
        self.told.append(what)

    def stop(self, why: str) -> None:
        """Send nothing more; what was sent is waited for."""
        with self._lock:
            if not self.stopped:
                self.stopped = True
                self.tell(f"nothing more was sent: {why}")

    def abandon(self, problem: BaseException | None = None) -> None:
        """Come to an end soon, wherever the jobs are: only answers to what is being sent are still awaited."""
        with self._lock:
            self._abandoned = self.stopped = True
            if isinstance(problem, Exception) and self._problem is None:
                self._problem = problem

    def finish(self) -> None:
        """When all workers have ended: say what was left. Raises what made them end too early."""
        if self._unwritten:
            told = "; ".join(f"job {job}: {what}" for job, what in self._unwritten.items())
            raise errors.JournalError(
                f"{self._problem}. What came back and could not be written: {told}"
            ) from self._problem
        if self._problem is not None:
            raise self._problem
        if self._unaffordable:
            count = f"{self._unaffordable} job{'s are' if self._unaffordable > 1 else ' is'}"
            self.tell(f"{count} left waiting, which would exceed max_cost={self._ledger.limit}")
        self._report(last=True)

    @property
    def ledger(self) -> Ledger:
        """What was sent may cost."""
        return self._ledger

    def _report(self, *, last: bool = False) -> None:
        """Tell of progress, not too often."""
        if self._on_progress is None:
            return
        with self._lock:
            now = self.context.now()
            if not last and now - self._reported < _BETWEEN:
                return
            self._reported, counts = now, dict(self._counts)
            left = sum(count for state, count in counts.items() if state not in OVER)
            eta = left * (now - self._began) / self._ended if self._ended else None
            told = BatchProgress(counts, sum(counts.values()), self._ledger.sums, eta)
        try:
            with self._telling:
                self._on_progress(told)
        except Exception as error:  # raised when all workers have ended: here it could fall between request and answer
            self.abandon(error)


def _breath() -> Talk[None]:
    yield Wait(_BREATH)
