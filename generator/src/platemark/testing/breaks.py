"""Requests that break one rule: an accepted request in which one place is wrong, in a way that was tried beforehand.

What else the broken rule hangs on stays as it was when it was tried; all other values are drawn, so that each request
breaks that rule and no other without being judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeAlias

from hypothesis import strategies as st

from platemark import ir
from platemark.plain import is_map, is_seq
from platemark.rules import kinds, samples
from platemark.rules.cases import (
    body_of,
    broken_bodies,
    edge_values,
    segments,
    variants,
    with_edge,
    wrong_routes,
)
from platemark.rules.edges import ABSENT
from platemark.rules.judge import Judgement, judge
from platemark.rules.narrowing import Domain
from platemark.testing.plans import KEY, Plan
from platemark.testing.requests import Request
from platemark.testing.values import Empty, table
from platemark.wire import requests

Values: TypeAlias = "Mapping[str, Any]"
Spoil: TypeAlias = "Callable[[st.DrawFn, Values], tuple[Values, Any]]"
"""From drawn values to those that break the rule, and their body."""


@dataclass(frozen=True, slots=True, repr=False)
class Break:
    """One way to break a rule. `pins` are values that must stay, `given` the parameters that must be there."""

    plan: Plan
    rule: ir.Rule
    pins: Values
    given: frozenset[str]
    spoil: Spoil
    route: ir.RouteName | None = None
    endpoint: str = ""

    def __repr__(self) -> str:
        return f"{self.rule.id} of {self.plan}"

    def request(self, draw: st.DrawFn) -> Request:
        """A request that breaks the rule and no other."""
        values, body = self.spoil(draw, self.plan.values(draw, self.pins, self.given))
        found = self.plan.of(values, body, self.rule.id)
        if self.route is None:
            return found
        sent = requests.request(self.plan.provider, self.endpoint, self.route, body, KEY)
        return replace(found, route=self.route, path=sent["path"], headers=sent["headers"])


@dataclass(frozen=True, slots=True)
class Unbreakable:
    """A rule of an offer that no request breaks alone, and why."""

    rule: str
    route: ir.RouteName
    mode: str
    reason: str


class Breaker:
    """Every way to break each rejecting rule of an offer alone, and why the others can't be."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.provider, self.family, self.offer = plan.provider, plan.family, plan.offer
        least = {**samples.minimal(self.family, self.offer), **samples.fixed(self.offer)}
        self.bases: tuple[Values, ...] = (plan.sample, least)

    @property
    def judged(self) -> tuple[ir.Rule, ...]:
        """The rules that a request can show, by its body."""
        return tuple(rule for rule in self.family.rules_of(self.offer) if rule.judged)

    @property
    def rules(self) -> tuple[ir.Rule, ...]:
        """The rules that refuse requests."""
        return tuple(rule for rule in self.family.rules_of(self.offer) if rule.verdict == "reject")

    def ways(self, rule: ir.Rule) -> tuple[Break, ...]:
        """How to break a rule alone; nothing for one that can't be."""
        if rule.kind == "route":
            return tuple(self._by_route(rule))
        if rule.structure:
            return tuple(self._structural(rule))
        if rule.holds is None:
            return ()
        found = list(self._at_edges(rule))
        return (*found, *self._beyond(rule, found))

    def at_edges(self, rule: ir.Rule) -> tuple[Break, ...]:
        """A rule kept and broken at its very edges, alone; one that refuses nothing is broken beside others."""
        if rule.holds is None:
            return self.ways(rule) if rule.verdict == "reject" else ()
        return (*self._at_edges(rule, kept=True), *self._at_edges(rule))

    def reason(self, rule: ir.Rule) -> str:
        """Why no request breaks a rule alone: what became of all that were tried."""
        if not rule.judged:
            return "can't be told from a request: tokens of a language model, or the file behind an address"
        if rule.kind == "route":
            return "the mode has every route that the service has"
        tried = [self._judged(body) for body in self._tried(rule)]
        if not tried:
            return (
                "the endpoint takes every style of body"
                if rule.kind == "payload"
                else "what would show it is too large to draw"
            )
        breaking = [judgement for judgement in tried if rule.id in judgement.rules]
        own = [judgement for judgement in breaking if judgement.mode == self.offer.mode]
        if own:
            too = dict.fromkeys(other for judgement in own for other in judgement.rules if other != rule.id)
            return f"what breaks it breaks {' or '.join(too)}, too"
        modes = dict.fromkeys(judgement.mode for judgement in breaking or tried if judgement.mode != self.offer.mode)
        return f"what would break it belongs to {' or '.join(modes)}" if modes else "nothing that was tried breaks it"

    # ── What was tried ────────────────────────────────────────────────────────────────────────────────────────────

    def _judged(self, body: Any) -> Judgement:
        return judge(self.provider, self.family, self.offer.model, self.offer.route, body)

    def _shows(self, rule: ir.Rule, body: Any, *, kept: bool = False) -> bool:
        """Whether a body keeps the rule, or breaks it alone; one that refuses nothing is seen beside others, too."""
        judgement = self._judged(body)
        if judgement.mode != self.offer.mode:
            return False
        if kept or rule.verdict != "reject":
            return judgement.verdict != "reject" and kept != (rule.id in judgement.rules)
        return judgement.rules == (rule.id,)

    def _tried(self, rule: ir.Rule) -> Iterator[Any]:
        if rule.structure:
            for base in self.bases:
                yield from broken_bodies(self.provider, self.family, self.offer, rule, base)
        else:
            for base, value in self._edges(rule):
                yield body_of(self.provider, self.offer, with_edge(base, rule, value))

    def _edges(self, rule: ir.Rule, *, kept: bool = False) -> Iterator[tuple[Values, Any]]:
        """Values outside, or inside, each in every variant of a base that has a place for it."""
        inside, outside = edge_values(self.provider, self.family, self.offer, rule, self.bases[0])
        for value in inside if kept else outside:
            for base in variants(self.family, self.offer, rule, self.bases):
                if rule.parameter in base or not segments(rule):
                    yield base, value

    def _structural(self, rule: ir.Rule) -> Iterator[Break]:
        """Bodies in which one place is wrong; what a body has places for stays as it was."""
        for base in self.bases:
            for index, body in enumerate(broken_bodies(self.provider, self.family, self.offer, rule, base)):
                if self._shows(rule, body):
                    yield Break(self.plan, rule, *self._shape(base), self._nth(rule, index))

    def _nth(self, rule: ir.Rule, index: int) -> Spoil:
        def spoil(_: st.DrawFn, values: Values) -> tuple[Values, Any]:
            return values, next(
                islice(broken_bodies(self.provider, self.family, self.offer, rule, values), index, None)
            )

        return spoil

    def _shape(self, base: Values) -> tuple[Values, frozenset[str]]:
        """Pins that keep a body's shape: lists and what is not there; single values may be others."""
        pins = {part.name: base.get(part.name, ABSENT) for part in self.plan.parts}
        pins = {name: value for name, value in pins.items() if value is ABSENT or is_seq(value) or is_map(value)}
        return pins, frozenset(base) - frozenset(pins)

    def _at_edges(self, rule: ir.Rule, *, kept: bool = False) -> Iterator[Break]:
        """The kind's edges on one side, each in the first variant that shows it."""
        shown: list[Any] = []
        for base, value in self._edges(rule, kept=kept):
            if any(value is known for known in shown):
                continue
            if self._shows(rule, body_of(self.provider, self.offer, with_edge(base, rule, value)), kept=kept):
                shown.append(value)
                # A parameter that is taken out may leave its part of the body empty, which is another matter.
                pins = self._shape(base) if value is ABSENT else (self._around(rule, base), frozenset[str]())
                yield Break(self.plan, rule, *pins, self._with(rule, lambda _, value=value: value))

    def _with(self, rule: ir.Rule, drawn: Callable[[st.DrawFn], Any]) -> Spoil:
        def spoil(draw: st.DrawFn, values: Values) -> tuple[Values, Any]:
            broken = with_edge(values, rule, drawn(draw))
            return broken, body_of(self.provider, self.offer, broken)

        return spoil

    def _around(self, rule: ir.Rule, base: Values) -> Values:
        """The parameters that rules judge together with the broken one stay as they are in a base."""
        together = {rule.parameter} | rule.looks_at
        for other in self.family.rules_of(self.offer):
            if rule.parameter in other.looks_at:
                together |= other.looks_at
        return {name: base.get(name, ABSENT) for name in together}

    def _beyond(self, rule: ir.Rule, found: list[Break]) -> Iterator[Break]:
        """Further outside, where an edge is shown."""
        parameter = self.family.parameter_of(self.offer, rule.parameter)
        if not found or parameter is None:
            return
        domain = _part(self.plan.domain(parameter, but=rule), segments(rule))
        explicit = replace(domain, words=(), limits=replace(domain.limits, exceptions=()))
        # The edge that was shown may stand in a list of another length.
        counted = {part.name: ABSENT for part in self.plan.parts if part.domain.as_many_as == rule.parameter}
        at_edge = replace(found[0], pins={**found[0].pins, **counted})
        for beyond in kinds.KINDS[rule.kind].beyond(explicit, rule.args):
            try:
                values = table(beyond, optional=False)
            except Empty:
                continue
            yield replace(at_edge, spoil=self._with(rule, lambda draw, values=values: values.draw(draw, given=True)))

    def _by_route(self, rule: ir.Rule) -> Iterator[Break]:
        for offer, route, endpoint in wrong_routes(self.provider, self.family, self.offer.model):
            if offer == self.offer:
                yield Break(self.plan, rule, {}, frozenset(), self._as_it_is, route, endpoint)

    def _as_it_is(self, _: st.DrawFn, values: Values) -> tuple[Values, Any]:
        return values, body_of(self.provider, self.offer, values)


def _part(domain: Domain, path: list[str]) -> Domain:
    for segment in path:
        domain = domain.items if segment == "items" and domain.items else domain.fields[segment]
    return domain
