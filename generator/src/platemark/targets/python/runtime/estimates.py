"""What a request may cost, from the prices that the documents name. Nothing is converted, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from platemark_images._runtime import costs
from platemark_images._runtime.costs import Money
from platemark_images._runtime.errors import CostExceeded, CostUnknown

if TYPE_CHECKING:
    from decimal import Decimal

    from platemark_images._runtime.ir import Family, Offer


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many pictures a request makes, and what one costs, by currency.

    `at_most`: the model may make fewer. `region` is empty where none is known: then the highest price of all counts."""

    model: str
    region: str
    pictures: int
    at_most: bool
    prices: Mapping[str, Decimal]

    @property
    def costs(self) -> tuple[Money, ...]:
        """The most that it may cost, in each currency in which a price is known."""
        return tuple(Money(price * self.pictures, currency) for currency, price in self.prices.items())

    def cost(self, currency: str) -> Money:
        """The most that it may cost in a currency. Raises CostUnknown where no document names a price in it."""
        if currency not in self.prices:
            where = f" in {self.region}" if self.region else ""
            known = f"; it is known in {', '.join(self.prices)}" if self.prices else ""
            raise CostUnknown(f"no document names a price of {self.model}{where} in {currency}{known}")
        return Money(self.prices[currency] * self.pictures, currency)

    def __str__(self) -> str:
        most = "at most " if self.at_most else ""
        count = f"{most}{self.pictures} picture{'' if self.pictures == 1 else 's'}"
        return f"{count}: {' or '.join(map(str, self.costs)) or 'no document names a price'}"


def estimate(family: Family, offer: Offer, values: Mapping[str, object], region: str, model: str) -> Estimate:
    """What a valid request may cost."""
    made = costs.made(family, offer, values)
    complete = {p.name: p.default for p in offer.parameters if p.default is not None} | dict(values)
    prices = costs.highest(family.model(offer.model).prices, complete, region)
    return Estimate(model, region, made.pictures, made.at_most, prices)


def hold(found: Estimate, limit: str) -> None:
    """Refuse what could cost more than a sum such as `2.00 CNY`. Raises CostExceeded, or CostUnknown."""
    most = costs.money(limit)
    cost = found.cost(most.currency)
    if cost.amount > most.amount:
        raise CostExceeded(f"{found.model} could cost {cost} ({found}), and max_cost is {most}")
