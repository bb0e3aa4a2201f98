"""Limits of one service, as its documents state them: how often, how many at once, and how many pictures in all.

What is counted belongs to an account, by the emulator's clock. Counters of the 10,000 keys that were last used are
kept; older ones are forgotten, as if nothing had been asked.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, TypeAlias

from platemark import ir
from platemark.emulator.clock import Clock
from platemark.emulator.recent import forget_oldest
from platemark.emulator.replies import Refused
from platemark.rules import values

KEPT = 10_000
_WHERE = {"route", "region"}
"""What a row may hang on here. Rows that hang on parameters would have to be judged first."""

Key: TypeAlias = "tuple[str, ...]"


@dataclass(slots=True)
class Place:
    """One of the requests that an account may have at work at once; `busy` says whether it still is."""

    busy: Callable[[], bool] | None = None
    freed: bool = False

    def free(self) -> None:
        """The request is over."""
        self.freed = True

    def hold(self, busy: Callable[[], bool]) -> None:
        """Keep the place as long as `busy` says so, whatever becomes of the request."""
        self.busy = busy

    @property
    def taken(self) -> bool:
        return self.busy() if self.busy else not self.freed


@dataclass(slots=True)
class _Counter:
    moments: deque[float] = field(default_factory=deque[float])
    places: list[Place] = field(default_factory=list[Place])


class Limits:
    """Counts requests and pictures, and refuses what is too much: class `rate` or `quota` of the service's codes.

    `enforce` holds the rates and concurrencies of the specs; `quota` is how many pictures an account gets in all."""

    def __init__(self, provider: ir.Provider, clock: Clock, *, enforce: bool = False, quota: int | None = None) -> None:
        self._region = provider.regions[0]
        self._clock = clock
        self._enforce = enforce
        self._quota = quota
        self._counters: OrderedDict[Key, _Counter] = OrderedDict()
        self._spent: OrderedDict[str, int] = OrderedDict()

    def ask(self, rate: str, *key: str) -> None:
        """One more of what may be asked so often. Raises Refused (429, with Retry-After) when that is too often."""
        if not (self._enforce and rate):
            return
        most, seconds = values.rate(rate)
        now, moments = self._clock.now(), self._counter(key).moments
        while moments and moments[0] <= now - seconds:
            moments.popleft()
        if len(moments) >= most:
            raise _too_much("rate", f"at most {rate}", moments[0] + seconds - now)
        moments.append(now)

    def begin(self, account: str, model: ir.Model, route: str) -> Place:
        """A request to a model begins, if its rates and the places that an account has allow it; where it works.

        Raises Refused (429, with Retry-After)."""
        place = Place()
        rows = list(self._rows(model, route)) if self._enforce else []
        for row, limit in rows:
            counter = self._counter((account, model.id, row))
            counter.places = [taken for taken in counter.places if taken.taken]
            if len(counter.places) >= limit.get("concurrent", KEPT):
                raise _too_much("concurrency", f"at most {limit['concurrent']} at once", 1)
        for row, limit in rows:
            self.ask(limit.get("rate", ""), account, model.id, row)
        for row, limit in rows:
            if "concurrent" in limit:
                self._counter((account, model.id, row)).places.append(place)
        return place

    def spend(self, account: str, pictures: int) -> None:
        """Pictures are made for an account. Raises Refused (429) when they would be more than its quota."""
        if self._quota is None:
            return
        spent = self._spent.get(account, 0) + pictures
        if spent > self._quota:
            raise _too_much("quota", f"the quota of {self._quota} pictures is used up", None)
        self._spent[account] = spent
        self._spent.move_to_end(account)
        forget_oldest(self._spent, KEPT)

    def forget(self) -> None:
        """As if nothing had been asked; what is at work frees its place when it is over."""
        self._counters.clear()
        self._spent.clear()

    def _counter(self, key: Key) -> _Counter:
        counter = self._counters.setdefault(key, _Counter())
        self._counters.move_to_end(key)
        forget_oldest(self._counters, KEPT)
        return counter

    def _rows(self, model: ir.Model, route: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The rows of a model's limits that hold here: by this route, in the first of the provider's regions."""
        for index, fact in enumerate(model.limits):
            when = fact.value.get("when", {})
            here = when.get("region", self._region.id) in {self._region.id, self._region.alias}
            if here and when.get("route", route) == route:
                yield str(index), fact.value


def parametric(model: ir.Model) -> set[str]:
    """The parameters that limits of a model hang on, which can't be held here."""
    return {name for fact in model.limits for name in fact.value.get("when", {})} - _WHERE


def _too_much(key: str, message: str, wait: float | None) -> Refused:
    headers = {"Retry-After": str(max(1, ceil(wait)))} if wait is not None else {}
    return Refused(key, message, rules=(key,), status=429, headers=headers)
