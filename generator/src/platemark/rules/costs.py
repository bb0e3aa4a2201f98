"""What a request makes and may cost. Sums are exact, and no currency is turned into another.

Emitted clients carry this file as it is; there, `ir` is what a client keeps of the IR.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from platemark import ir
from platemark.rules import leaves

_WRITTEN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency, named by its three letters."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@dataclass(frozen=True, slots=True)
class Made:
    """How many pictures a request makes; with `at_most` the model may make fewer."""

    pictures: int
    at_most: bool = False


def money(text: str) -> Money:
    """`2.00 CNY` or `2.00CNY`, as people write it. Raises ValueError."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"`{text}` is no sum of money; write it as 2.00 CNY")
    return Money(Decimal(found[1]), found[2])


def made(family: ir.Family, offer: ir.Offer, values: Mapping[str, Any]) -> Made:
    """How many pictures a request makes: a number, or what a parameter or its default says.

    A count that can't be read is taken for the most that there can be."""
    name = offer.makes.removeprefix("..")
    if name.isdecimal():
        return Made(int(name))
    parameter = family.parameter_of(offer, name)
    given = values.get(name, parameter.default if parameter else None)
    if leaves.is_integer(given) and given >= 1:
        return Made(leaves.integer(given), offer.makes.startswith(".."))
    ranges = (rule.args["high"] for rule in family.rules_of(offer) if rule.id == f"{name}.range")
    return Made(max([1, *(high for high in ranges if high)]), at_most=True)


def highest(rows: Iterable[Mapping[str, Any]], values: Mapping[str, Any], region: str = "") -> dict[str, Decimal]:
    """The highest price of a picture by currency, among the rows that could apply to a request.

    `region` is its id, where it is known. A row with a condition applies unless the request says otherwise."""
    found: dict[str, Decimal] = {}
    for row in rows:
        other = any(name in values and not leaves.equal(values[name], value) for name, value in row["when"].items())
        if other or (region and row["region"] != region):
            continue
        found[row["currency"]] = max(found.get(row["currency"], Decimal(0)), Decimal(row["amount"]))
    return found
