"""What bounds a batch: how often and how many at once a model may be asked, a pause that a service asks for, and money."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from platemark_images._runtime import costs, pace, values
from platemark_images._runtime.costs import Money
from platemark_images._runtime.errors import ConfigurationError, CostUnknown
from platemark_images._runtime.pace import Limiter
from platemark_images._runtime.service import Service

_SETBACKS = 8
"""Refusals and lost connections in a row, each after a longer pause, until nothing more is sent."""
_LONGEST = 60.0
"""Seconds of a pause, unless the service asks for more."""
_PATIENCE = 3600.0
"""Seconds for which a service may ask to be left alone; for more, nothing more is sent."""


class Places:
    """How many requests to one model, by one route, may be at work at once, and how often one may be sent."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], route: str, region: str) -> None:
        """`rows` are the documented limits. One that holds for some region counts where the region is not known."""
        here = [row for row in rows if _holds(row.get("when", {}), route, region)]
        self._most = min((row["concurrent"] for row in here if "concurrent" in row), default=None)
        self._limiters = [Limiter(*values.rate(row["rate"])) for row in here if "rate" in row]
        self._taken = 0

    def free(self, now: float) -> bool:
        """Whether one more may be sent now."""
        return (self._most is None or self._taken < self._most) and not any(each.free(now) for each in self._limiters)

    def take(self) -> None:
        """One is at work."""
        self._taken += 1

    def leave(self) -> None:
        """One is over."""
        self._taken -= 1

    def reserve(self, now: float) -> float:
        """Take the next moment in which one may be sent; how many seconds from now it is."""
        return max((each.reserve(now) for each in self._limiters), default=0.0)


def _holds(when: Mapping[str, Any], route: str, region: str) -> bool:
    return when.get("route", route) == route and (not region or when.get("region", region) == region)


def places(service: Service, model: str, route: str, like: str | None) -> Places:
    """The places of a model, as its documents bound them."""
    family, known = service.family(model, like)
    aliases = {region.alias: region.id for region in service.provider.regions}
    rows = [
        {**row, "when": {k: aliases.get(v, v) if k == "region" else v for k, v in row.get("when", {}).items()}}
        for row in family.model(known).limits
    ]
    return Places(rows, route, service.region)


class Gate:
    """Pauses that everybody keeps, because the service or the way to it asks for them."""

    def __init__(self, now: Callable[[], float], chance: Callable[[], float]) -> None:
        self._now, self._chance = now, chance
        self._count, self._since, self._until = 0, float("-inf"), float("-inf")

    def pause(self) -> float:
        """Seconds until something may be sent again."""
        return max(0.0, self._until - self._now())

    def passed(self) -> None:
        """Something was accepted."""
        self._count = 0

    def shut(self, began: float, asked: float | None) -> bool:
        """What was begun at a moment was not accepted: pause for what is `asked`, or longer each time; whether there is
        any use. What was begun before the last pause belongs to that."""
        if began >= self._since:
            self._since = self._now()
            self._count += 1
        wait = pace.spread(min(float(2 ** (self._count - 1)), _LONGEST), self._chance()) if asked is None else asked
        self._until = max(self._until, self._now() + wait)
        return self._count <= _SETBACKS and wait <= _PATIENCE


class Ledger:
    """What the requests of a batch may cost at most, from when they are sent, and what they may cost together."""

    def __init__(self, limit: str | None, spent: Iterable[Mapping[str, str]]) -> None:
        try:
            self.limit = costs.money(limit) if limit is not None else None
        except (ValueError, AttributeError) as error:
            raise ConfigurationError(f"max_cost: {error}") from None
        self._sums = dict[str, Decimal]()
        self._known = dict[str, int]()
        self._count = 0
        for amounts in spent:
            self._add(amounts, 1)

    def require(self, amounts: Mapping[str, str], model: str) -> None:
        """Raise CostUnknown where nobody can say whether a request fits."""
        if self.limit is not None and self.limit.currency not in amounts:
            known = f"; it is known in {', '.join(amounts)}" if amounts else ""
            raise CostUnknown(f"no document names a price of {model} in {self.limit.currency}{known}")

    def take(self, amounts: Mapping[str, str]) -> bool:
        """Reserve what a request may cost, if it fits."""
        if self.limit is not None:
            sum_ = self._sums.get(self.limit.currency, Decimal(0)) + Decimal(amounts[self.limit.currency])
            if sum_ > self.limit.amount:
                return False
        self._add(amounts, 1)
        return True

    def give_back(self, amounts: Mapping[str, str]) -> None:
        """A request was surely not accepted."""
        self._add(amounts, -1)

    @property
    def sums(self) -> tuple[Money, ...]:
        """What was sent may cost at most, in each currency in which all of it has a price."""
        return tuple(Money(sum_, c) for c, sum_ in self._sums.items() if self._known[c] == self._count and self._count)

    def _add(self, amounts: Mapping[str, str], sign: int) -> None:
        self._count += sign
        for currency, amount in amounts.items():
            self._sums[currency] = self._sums.get(currency, Decimal(0)) + sign * Decimal(amount)
            self._known[currency] = self._known.get(currency, 0) + sign
