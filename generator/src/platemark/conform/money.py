"""What probes may cost, and what they did."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from platemark import ir
from platemark.rules import leaves

_WRITTEN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent. `amount` is None where nothing that is made is paid for, as by an emulator."""

    amount: Decimal | None
    currency: str = ""

    @property
    def free(self) -> bool:
        """Whether money is no matter."""
        return self.amount is None

    def __str__(self) -> str:
        return "without limit" if self.amount is None else f"{self.amount} {self.currency}".rstrip()


UNLIMITED = Budget(None)
NOTHING = Budget(Decimal(0))
"""What is meant when nobody says what a real service may cost."""


def budget(text: str) -> Budget:
    """`2.00CNY`, as people write it. Raises ValueError."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"`{text}` is no sum of money; write it as 2.00CNY")
    return Budget(Decimal(found[1]), found[2])


def prices(model: ir.Model, values: Mapping[str, Any], region: str = "") -> dict[str, Decimal]:
    """The highest price of a picture by currency, among the rows that could apply to a request.

    `region` is its id, where it is known. A row with a condition applies unless the request says otherwise."""
    found: dict[str, Decimal] = {}
    for row in (fact.value for fact in model.prices):
        other = any(name in values and not leaves.equal(values[name], value) for name, value in row["when"].items())
        if other or (region and row["region"] != region):
            continue
        found[row["currency"]] = max(found.get(row["currency"], Decimal(0)), Decimal(row["amount"]))
    return found
