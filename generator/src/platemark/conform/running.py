"""Runs a plan against a service: what costs nothing first, then the cheapest, and never more than the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeAlias

from platemark.conform.exchange import Exchange, Outcome, Patience, Send, Wait
from platemark.conform.money import UNLIMITED, Budget
from platemark.conform.probes import Plan, Probe
from platemark.conform.verdicts import Report, report, unmet

Told: TypeAlias = Callable[[Probe, Outcome], None]
"""Hears of each probe that was sent, as soon as its outcome is known."""

_ENDS = {"auth", "unreachable"}
"""What makes it useless to ask the provider on."""

_UNPRICED = "no price in {currency} is known; only what should be refused is sent"
_TOO_DEAR = "it could cost {cost}, and {left} is left of the budget"


@dataclass
class Run:
    """What was found so far."""

    plan: Plan
    budget: Budget
    exchanges: Mapping[str, Exchange]
    told: Told
    outcomes: dict[str, Outcome]
    """By the digest of the request."""
    unsent: dict[str, str] = field(default_factory=dict[str, str])
    """Why a probe was not sent, by its id."""
    ended: dict[str, str] = field(default_factory=dict[str, str])
    """Providers, and models as `provider/model`, that are not asked any more, and why."""
    spent: Decimal = Decimal(0)

    def send(self, probe: Probe) -> Outcome | None:
        """The outcome of a probe, sent unless its like was before; None where it may not be."""
        if (known := self.outcomes.get(probe.key)) and _suffices(known, probe):
            return known
        why = (
            self.ended.get(probe.provider) or self.ended.get(f"{probe.provider}/{probe.model}") or self._too_dear(probe)
        )
        if why:
            self.unsent[probe.id] = why
            return None
        outcome = self.exchanges[probe.provider].ask(probe)
        outcome = replace(outcome, spent=self._cost(probe, outcome))
        self.spent += outcome.spent
        self.outcomes[probe.key] = outcome
        self.told(probe, outcome)
        self._end(probe, outcome)
        return outcome

    def _too_dear(self, probe: Probe) -> str:
        if self.budget.amount is None:
            return ""
        cost, left = probe.cost(self.budget.currency), self.budget.amount - self.spent
        if cost is None:
            # What a model without a price costs is nobody's guess: nothing that should be accepted is sent.
            allowed = probe.side == "outside" and self.budget.amount > 0
            return "" if allowed else _UNPRICED.format(currency=self.budget.currency or "any currency")
        if cost <= left:
            return ""
        return _TOO_DEAR.format(cost=Budget(cost, self.budget.currency), left=Budget(left, self.budget.currency))

    def _cost(self, probe: Probe, outcome: Outcome) -> Decimal:
        """What an outcome cost: its pictures; all that it could, where nobody knows what became of it."""
        price = probe.prices.get(self.budget.currency, Decimal(0))
        if outcome.kind == "accepted":
            return price * outcome.pictures
        unknown = outcome.kind == "unclear" and outcome.why not in _UNBILLED
        return price * probe.most if unknown else Decimal(0)

    def _end(self, probe: Probe, outcome: Outcome) -> None:
        if outcome.why in _ENDS:
            self.ended[probe.provider] = f"{outcome.why}: {outcome.said}"
        elif outcome.why in {"quota", "permission"}:
            self.ended[f"{probe.provider}/{probe.model}"] = f"{outcome.why}: {outcome.said}"


_UNBILLED = {"content", "auth", "permission", "concurrency", "quota", "rate", "server", "unreachable"}
"""Failed calls are not billed; what was lost on the way, or never ended, may be."""


def _suffices(known: Outcome, probe: Probe) -> bool:
    """Whether an outcome of the same request tells all that this probe asks."""
    return known.kind != "accepted" or known.size is not None or not (probe.expect.size or probe.expect.like)


def run(
    plan: Plan,
    send: Send,
    *,
    budget: Budget = UNLIMITED,
    wait: Wait = lambda _: None,
    patience: Patience | None = None,
    known: Mapping[str, Outcome] | None = None,
    spent: Decimal = Decimal(0),
    told: Told = lambda _, __: None,
) -> Report:
    """Ask everything that the budget allows, and say what was found.

    `known` are outcomes of an earlier run by the digests of their requests, which are not sent again, and `spent` is
    what it cost. `told` hears of every outcome at once. `wait` lets seconds pass: the default does not, for services
    that need no time."""
    patience = patience or Patience()
    exchanges = {name: Exchange(provider, send, wait, patience) for name, provider in plan.providers.items()}
    found = Run(plan, budget, exchanges, told, dict(known or {}))
    found.spent = spent
    for probe in (*plan.outside, *_cheapest(plan.inside, budget.currency)):
        found.send(probe)
    for probe in _needed(plan, found):
        found.send(probe)
    return report(plan, found.outcomes, found.unsent, budget, found.spent)


def _cheapest(probes: Iterable[Probe], currency: str) -> list[Probe]:
    """Those that cost least first, else in their order."""
    return sorted(probes, key=lambda probe: (probe.cost(currency) or Decimal(0), probe.most, probe.side != "control"))


def _needed(plan: Plan, found: Run) -> Iterator[Probe]:
    """What a surprise is compared with: another request with the parameter, the default given in words."""
    for question in plan.questions:
        inside = [(probe, found.outcomes.get(probe.key)) for probe in question.side("inside")]
        if question.own and any(o and o.kind == "refused" for _, o in inside) and not _any_accepted(inside):
            yield question.own
        outside = (found.outcomes.get(probe.key) for probe in question.side("outside"))
        accepted = any(outcome and outcome.kind == "accepted" for outcome in outside)
        if question.explicit and (accepted or any(o and unmet(probe, o) for probe, o in inside)):
            yield question.explicit


def _any_accepted(inside: list[tuple[Probe, Outcome | None]]) -> bool:
    return any(outcome and outcome.kind == "accepted" for _, outcome in inside)
