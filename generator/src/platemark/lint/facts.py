"""The resolved facts of a family, and the lines of its spec that stated them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from platemark import ir
from platemark.problems import Place, Problem
from platemark.resolution.family import FamilyResolver
from platemark.spec.model import Family, Layers


@dataclass(frozen=True)
class Facts:
    """What lint asks of a family that has been resolved."""

    resolver: FamilyResolver
    family: ir.Family

    @cached_property
    def source(self) -> Family:
        """The family's file."""
        return self.resolver.source

    def place(self, offer: ir.Offer, name: str, *keys: str) -> Place:
        """The line that stated a fact last: the model's, the mode's, the route's, the family's or the provider's.

        Of several keys the first that is stated counts; where none is, the line of the parameter."""
        holding = [layer[name] for layer in self.layers(offer) if name in layer]
        for key in keys:
            for layer in holding:
                found = layer.facts.get(key) or layer.soft.get(key)
                if found:
                    return found.place
        return holding[0].place if holding else self.source.models[offer.model].stated.place

    def layers(self, offer: ir.Offer) -> list[Layers]:
        """The layers of an offer, the last word first."""
        slots = self.resolver.slots(self.resolver.like(self.source.models[offer.model]))
        slot = next(slot for slot in slots if (slot.route.name, slot.mode.name) == (offer.route, offer.mode))
        return [*reversed(slot.layers), self.resolver.provider.parameters]


def together(found: Iterable[tuple[Problem, str]]) -> Iterator[Problem]:
    """The same problem in several models or modes, once, with where it is: the first few places."""
    cases: dict[Problem, list[str]] = {}
    for problem, case in found:
        cases.setdefault(problem, []).append(case)
    for problem, where in cases.items():
        more = f" and {len(where) - 3} more" if len(where) > 3 else ""
        yield replace(problem, message=f"{problem.message} (in {', '.join(where[:3])}{more})")
