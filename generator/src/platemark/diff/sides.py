"""One offer as the old and the new specs have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from platemark import ir
from platemark.diff.changes import Spot
from platemark.rules.kinds import SLOT

Place: TypeAlias = "tuple[str, str]"
"""What a rule is about, and its kind; one for the kinds that replace each other."""

ABSENT = ("unsupported", "only_in")
"""Kinds that say that a parameter is not taken."""


@dataclass(frozen=True)
class Side:
    """An offer with its family and provider."""

    provider: ir.Provider
    family: ir.Family
    offer: ir.Offer

    @property
    def spot(self) -> Spot:
        """Where it is."""
        return Spot(self.provider.id, self.offer.model, self.offer.mode, self.offer.route)

    @cached_property
    def limits(self) -> Mapping[Place, tuple[ir.Rule, ...]]:
        """The rules, by what they are about. A contested limit is several: what is refused, and what is noted."""
        found: dict[Place, tuple[ir.Rule, ...]] = {}
        for rule in self.family.rules_of(self.offer):
            path = rule.id if rule.structure else rule.id.rpartition(".")[0]
            place = path, "value" if rule.kind in SLOT and not rule.structure else rule.kind
            found[place] = (*found.get(place, ()), rule)
        return found

    @cached_property
    def parameters(self) -> Mapping[str, ir.Parameter]:
        """What it takes, by name."""
        return {parameter.name: parameter for parameter in self.family.parameters_of(self.offer)}

    @cached_property
    def parts(self) -> Mapping[str, ir.Parameter]:
        """Its parameters, their items and their fields, by path."""
        return {path: part for name, whole in self.parameters.items() for path, part in _parts(name, whole)}

    @cached_property
    def tolerated(self) -> frozenset[str]:
        """Parameters that it does not take, but a reading that lost does: who sends one is told."""
        rules = self.family.rules_of(self.offer)
        return frozenset(rule.parameter for rule in rules if rule.kind in ABSENT and rule.verdict == "note")

    @property
    def skeletons(self) -> dict[str, ir.Json]:
        """How a body is built, by style."""
        return {name: self.provider.payloads[name] for name in self.offer.payloads}

    @property
    def body(self) -> ir.Json:
        """How a body is built unless a caller chooses another style."""
        return self.provider.payloads[self.offer.payloads[0]]

    @property
    def counts(self) -> str:
        """The parameter that says how many pictures come, and are billed; a number where none does."""
        return self.offer.makes.removeprefix("..")

    @cached_property
    def weighs(self) -> frozenset[str]:
        """Parameters whose default is billed, or chooses the mode."""
        prices = self.family.model(self.offer.model).prices
        chosen = (name for offer in self.family.by_model[self.offer.model] for name in offer.when)
        return frozenset({self.counts, *chosen, *(name for price in prices for name in price.value["when"])})


def _parts(path: str, part: ir.Parameter) -> Iterator[tuple[str, ir.Parameter]]:
    yield path, part
    if part.items is not None:
        yield from _parts(f"{path}.items", part.items)
    for field in part.fields:
        yield from _parts(f"{path}.{field.name}", field)
