"""What probes may cost, and what they did."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from platemark.rules.costs import money


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
    found = money(text)
    return Budget(found.amount, found.currency)
