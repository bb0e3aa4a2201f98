"""Offers as plans: for every parameter a table, in an order in which each draw suits those before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from platemark import ir
from platemark.plain import is_list, is_seq
from platemark.rules import kinds, leaves, samples
from platemark.rules.cases import edge_values, segments, with_edge
from platemark.rules.edges import ABSENT, Beside
from platemark.rules.narrowing import Domain
from platemark.rules.sizes import Limits
from platemark.testing.requests import Request
from platemark.testing.values import Empty, Table, of_count, table
from platemark.wire import requests, skeletons

KEY = "sk-test-strategies"


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter of a plan: what it may be, and for a list as long as another how one is made."""

    name: str
    domain: Domain
    table: Table | None
    of_count: Any = None

    def draw(self, draw: st.DrawFn, values: Mapping[str, Any], *, given: bool) -> Any:
        """A value that suits those drawn before, or ABSENT unless it must be `given`."""
        if self.table is not None:
            return self.table.draw(draw, given=given)
        held = leaves.count(values.get(self.domain.as_many_as))
        if given or self.domain.needed or (_holds(self.domain, held) and draw(_COIN)):
            return self.of_count(draw, held)
        return ABSENT


_COIN = st.booleans()
_NOTHING: Mapping[str, Any] = {}


class Plan:
    """How requests of one offer are drawn: every one keeps all rules, and all that keep them can be drawn.

    A `plain` plan draws only what the service neither changes nor notes. Raises Empty for an offer that takes
    nothing."""

    def __init__(self, provider: ir.Provider, family: ir.Family, offer: ir.Offer, *, plain: bool = False) -> None:
        self.provider = provider
        self.family = family
        self.offer = offer
        self.plain = plain
        self.parts = tuple(_in_order([part for p in family.parameters_of(offer) if (part := self._part(p))]))
        self._styles: tuple[str, ...] = offer.payloads[:1] if plain else offer.payloads
        self._style = st.integers(0, len(self._styles) - 1)
        uploads = provider.uploads
        self._uploaded = f"{uploads.scheme}://" if uploads else None

    def __repr__(self) -> str:
        return f"{self.offer.model} {self.offer.route}/{self.offer.mode}"

    # ── Drawing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def values(
        self, draw: st.DrawFn, pinned: Mapping[str, Any] = _NOTHING, given: Collection[str] = ()
    ) -> dict[str, Any]:
        """Values by parameter. What is `pinned` has that value, or is left out where it is ABSENT; what must be
        `given` has some value."""
        pins = dict(pinned)
        found: dict[str, Any] = {}
        for part in self.parts:
            name = part.name
            value = pins[name] if name in pins else part.draw(draw, found, given=name in given)
            if value is ABSENT:
                continue
            value = deepcopy(value) if name in pins else value
            needs = part.domain.needs
            if any(other in pins and not leaves.equal(pins[other], wanted) for other, wanted in needs.items()):
                continue  # it needs what another parameter, or a pin, forbids
            pins |= needs
            found[name] = value
        return found

    def request(self, draw: st.DrawFn) -> Request:
        """A request that keeps all rules."""
        values = self.values(draw)
        style = self._styles[draw(self._style) if len(self._styles) > 1 else 0]
        return self.of(values, self._built(style, values))

    def of(self, values: Mapping[str, Any], body: Any, rule: str = "") -> Request:
        """The request that sends a body by this offer's route."""
        scheme = self._uploaded
        uses = scheme is not None and any(str(url).startswith(scheme) for url in leaves.items(values.get("images")))
        path, headers = self._travels[uses]
        offer = self.offer
        return Request(
            offer.model, offer.route, offer.mode, values, body, path, headers, self.provider, self.family, rule
        )

    def _built(self, style: str, values: Mapping[str, Any]) -> Any:
        return skeletons.build(self.provider.payloads[style], {"model": self.offer.model, **values})

    @cached_property
    def _travels(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        """Path and headers, without and with an uploaded picture."""
        bodies = (None, self._uploaded)
        made = [requests.request(self.provider, self.offer.endpoint, self.offer.route, body, KEY) for body in bodies]
        return tuple((one["path"], one["headers"]) for one in made)

    # ── Narrowing ───────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def sample(self) -> dict[str, Any]:
        """A value for every parameter that the offer can take at once."""
        return {**samples.full(self.family, self.offer), **samples.fixed(self.offer)}

    @cached_property
    def rules(self) -> tuple[ir.Rule, ...]:
        """The rules that no request of this plan breaks."""
        return tuple(rule for rule in self.family.rules_of(self.offer) if self.plain or rule.verdict == "reject")

    def domain(self, parameter: ir.Parameter, but: ir.Rule | None = None) -> Domain:
        """What a parameter may be in this offer; `but` one rule."""
        return self._by(self.rules, parameter, but)

    def _by(self, rules: Iterable[ir.Rule], parameter: ir.Parameter, but: ir.Rule | None = None) -> Domain:
        found = _chosen(self.offer, parameter, whole(parameter))
        for rule in rules:
            if rule.parameter == parameter.name and not rule.structure and rule != but:
                found = _narrowed(found, rule, segments(rule))
        return found

    def _part(self, parameter: ir.Parameter) -> Part | None:
        domain = self.domain(parameter)
        fixed = samples.fixed(self.offer)
        if any(name in fixed and fixed[name] != wanted for name, wanted in domain.needs.items()):
            domain = replace(domain, barred=True)
        if domain.barred:
            return None
        if domain.as_many_as:
            return Part(parameter.name, domain, None, of_count(domain))
        return Part(parameter.name, domain, self._table(parameter, domain))

    def _table(self, parameter: ir.Parameter, domain: Domain) -> Table:
        own = [rule for rule in self.rules if rule.parameter == parameter.name and rule.kind not in _ACROSS]
        fixed = samples.fixed(self.offer)

        def keeps(value: Any) -> bool:
            chosen = parameter.name not in fixed or leaves.equal(fixed[parameter.name], value)
            return chosen and _in_span(domain, value) and all(rule.kept({parameter.name: value}) for rule in own)

        edges = [*parameter.facets.get("recommended", ()), *self._edges(parameter)]
        # Most of what is drawn keeps the limits that only adjust or note, too, and stands at these.
        usual = self._by(self.family.rules_of(self.offer), parameter)
        try:
            return table(domain, edges, optional=not domain.needed, keeps=keeps, within=usual)
        except Empty:
            where = f"{self.offer.model}, {self.offer.route}/{self.offer.mode}"
            raise Empty(f"no value of {parameter.name} keeps all its rules in {where}") from None

    def _edges(self, parameter: ir.Parameter) -> Iterator[Any]:
        """Values at the limits of a parameter's rules, on both sides: of a limit that only adjusts, both are taken."""
        for rule in self.family.rules_of(self.offer):
            known = parameter.name in self.sample or not segments(rule)
            if rule.parameter == parameter.name and rule.holds is not None and rule.kind not in _ACROSS and known:
                for value in (
                    v for side in edge_values(self.provider, self.family, self.offer, rule, self.sample) for v in side
                ):
                    if value is not ABSENT and not isinstance(value, Beside):
                        yield with_edge(self.sample, rule, value).get(parameter.name, ABSENT)


_ACROSS = {"requires", "same_length", "required"}
"""Kinds that no value of the parameter alone can keep or break."""


def whole(parameter: ir.Parameter) -> Domain:
    """A parameter's domain before any rule."""
    exceptions = tuple(leaves.sides(size) for size in parameter.facets.get("exceptions", ()))
    return Domain(
        parameter.type,
        limits=Limits(exceptions=exceptions),
        items=whole(parameter.items) if parameter.items else None,
        fields={part.name: whole(part) for part in parameter.fields},
    )


def _chosen(offer: ir.Offer, parameter: ir.Parameter, domain: Domain) -> Domain:
    """What chooses the mode, and what the transport sets, is given unless it is the default."""
    fixed = samples.fixed(offer)
    if parameter.name in fixed:
        value = fixed[parameter.name]
        by_default = parameter.name not in offer.sets and leaves.equal(parameter.default, value)
        return replace(domain, listed=(value,), needed=parameter.name in offer.when and not by_default)
    span = offer.when.get(parameter.name)
    if not is_list(span):
        return domain
    return kinds.KINDS["count"].narrow(domain, {"low": span[0], "high": span[1]})


def _narrowed(domain: Domain, rule: ir.Rule, path: list[str]) -> Domain:
    """A domain as a rule of it, or of a part of it, leaves it."""
    if not path:
        return kinds.KINDS[rule.kind].narrow(domain, rule.args)
    first, *rest = path
    if first == "items" and domain.items:
        return replace(domain, items=_narrowed(domain.items, rule, rest))
    return replace(domain, fields={**domain.fields, first: _narrowed(domain.fields[first], rule, rest)})


def _in_span(domain: Domain, value: Any) -> bool:
    """Whether a list has as many items as mode and rules leave."""
    return not is_seq(value) or _holds(domain, len(value))


def _holds(domain: Domain, count: int) -> bool:
    return (domain.low or 0) <= count and (domain.high is None or count <= domain.high)


def _in_order(parts: list[Part]) -> list[Part]:
    """Lists that others are as long as come first, and what needs a parameter before that parameter."""
    found: list[Part] = []
    left = list(parts)
    while left:
        waiting = {name for part in left for name in part.domain.needs if name != part.name}
        names = {part.name for part in left}
        free = [p for p in left if p.domain.as_many_as not in names and p.name not in waiting] or left[:1]
        found += free
        left = [part for part in left if part not in free]
    return found
