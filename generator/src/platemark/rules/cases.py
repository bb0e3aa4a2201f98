"""Requests that show one rule at work: kept at its very edge, or broken while every other rule is kept.

Vectors, probes and strategies are made from them; what they start from, and what becomes of them, is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from platemark import ir
from platemark.plain import is_map, is_seq
from platemark.rules import domains, edges, kinds, samples, sizes
from platemark.rules.edges import ABSENT, Beside, Edge
from platemark.rules.judge import Judgement, judge
from platemark.rules.nearest import limits
from platemark.wire import mutations, requests, skeletons

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A body that keeps a rule at its edge, or breaks it alone, and the verdict on it."""

    offer: ir.Offer
    rule: ir.Rule
    kept: bool
    number: int
    """Counts the edges of the rule on this side, from 1."""
    body: Any
    judgement: Judgement

    @property
    def name(self) -> str:
        """`route/mode/rule/side-number`, the same at every run."""
        side = "inside" if self.kept else "outside"
        return f"{self.offer.route}/{self.offer.mode}/{self.rule.id}/{side}-{self.number}"


def cases(
    provider: ir.Provider,
    family: ir.Family,
    offer: ir.Offer,
    rule: ir.Rule,
    bases: Sequence[Values],
    *,
    apart: bool = False,
) -> Iterator[Case]:
    """Every edge of a rule that some request shows, each in the first of `bases` that shows it.

    A base is an accepted request of the offer, as values; the richer ones come first, so that no default masks a break.
    `apart` keeps sizes away from the edges of other rules, where there is room: who judges by stricter ones still
    accepts them. A rule that can't be told from a request has none."""
    maker = _Maker(provider, family, offer, rule, apart)
    if rule.structure:
        return maker.structural(bases)
    return maker.at_edges(bases) if rule.holds is not None else iter(())


def body_of(provider: ir.Provider, offer: ir.Offer, values: Values) -> dict[str, Any]:
    """The wire body of values, in the style that the offer's endpoint is documented with."""
    return skeletons.build(provider.payloads[offer.payloads[0]], {"model": offer.model, **values})


def edge_values(
    provider: ir.Provider, family: ir.Family, offer: ir.Offer, rule: ir.Rule, base: Values, *, apart: bool = False
) -> edges.Edges:
    """The kind's values inside and outside, for the part of the parameter that the rule is about."""
    inside, outside = _edge_values(family, offer, rule, base)
    if apart:
        clear = _edge_values(family, offer, rule, base, lambda found: domains.clear(found, rule.kind))
        inside, outside = (
            c if len(c) == len(plain) else plain for c, plain in zip(clear, (inside, outside), strict=True)
        )
    if rule.parameter in skeletons.repeated(provider.payloads[offer.payloads[0]]):
        # An element per item: the body has no place for what is no list.
        inside, outside = ([v for v in found if is_seq(v) or v is ABSENT] for found in (inside, outside))
    return inside, outside


def with_edge(base: Values, rule: ir.Rule, value: Any) -> dict[str, Any]:
    """The request with the part that the rule is about set to one of its edge values."""
    made = deepcopy(dict(base))
    if isinstance(value, Beside):
        return with_edge({**made, **value.others}, rule, value.value)
    *way, end = [rule.parameter, *segments(rule)]
    here: Any = made
    for segment in way:
        here = _step(here, segment)
    last = 0 if end == "items" else end
    if value is ABSENT:
        here.pop(last, None)
    else:
        here[last] = value
    return made


def segments(rule: ir.Rule) -> list[str]:
    """The way from a parameter to the part that a rule is about: `items` and names of fields."""
    return [part for part in rule.id.split(".")[1:-1] if part != "soft"]


def variants(family: ir.Family, offer: ir.Offer, rule: ir.Rule, bases: Sequence[Values]) -> Iterator[Values]:
    """The first base, that without what depends on the rule's parameter, and the others."""
    first = bases[0]
    depending = {r.parameter for r in family.rules_of(offer) if rule.parameter in (r.args.get("as"), r.parameter)}
    yield first
    yield {name: value for name, value in first.items() if name not in depending or name == rule.parameter}
    yield from bases[1:]


def broken_bodies(
    provider: ir.Provider, family: ir.Family, offer: ir.Offer, rule: ir.Rule, values: Values
) -> Iterator[Any]:
    """Bodies of every style of the endpoint in which one place is wrong: as many, in the same order, for all values
    that have the same parameters, with as many items."""
    misplaced = dict(values)
    if rule.parameter not in values:
        own = [r for r in family.rules_of(offer) if r.parameter == rule.parameter and not r.structure]
        misplaced[rule.parameter] = _elsewhere(family, rule, own).value
    for style in offer.payloads:
        body = skeletons.build(provider.payloads[style], {"model": offer.model, **values})
        yield from mutations.break_structure(provider, offer, rule, body, misplaced)


def wrong_routes(provider: ir.Provider, family: ir.Family, model: str) -> Iterator[tuple[ir.Offer, ir.RouteName, str]]:
    """Every route that the model, or one of its modes, does not have: an offer of the mode, the route, and an endpoint
    at which such a request arrives."""
    for offer in {offer.mode: offer for offer in family.by_model[model]}.values():
        have = {other.route for other in family.by_model[model] if other.mode == offer.mode}
        for route in ir.ROUTES:
            endpoint = requests.any_endpoint(provider, family, model, route, offer.payloads[0])
            if route not in have and endpoint is not None:
                yield offer, route, endpoint


class _Maker:
    def __init__(
        self, provider: ir.Provider, family: ir.Family, offer: ir.Offer, rule: ir.Rule, apart: bool = False
    ) -> None:
        self.apart = apart
        self.provider = provider
        self.family = family
        self.offer = offer
        self.rule = rule

    def at_edges(self, bases: Sequence[Values]) -> Iterator[Case]:
        """The kind's edges, each in the first base that shows it."""
        rule = self.rule
        sides = edge_values(self.provider, self.family, self.offer, rule, bases[0], apart=self.apart)
        tried = list(variants(self.family, self.offer, rule, bases))
        if segments(rule):  # there must be something of which to break a part
            tried = [base for base in tried if rule.parameter in base]
        for kept, found in zip((True, False), sides, strict=True):
            for index, value in enumerate(found):
                bodies = (body_of(self.provider, self.offer, with_edge(base, rule, value)) for base in tried)
                yield from self.first(bodies, kept, index + 1)

    def first(self, bodies: Iterable[Any], kept: bool, number: int) -> Iterator[Case]:
        """The first of several bodies that shows the rule kept, or broken alone."""
        for body in bodies:
            judgement = judge(self.provider, self.family, self.offer.model, self.offer.route, body)
            if self.suits(judgement, kept):
                yield Case(self.offer, self.rule, kept, number, body, judgement)
                return

    def suits(self, judgement: Judgement, kept: bool) -> bool:
        rule = self.rule
        if judgement.mode != self.offer.mode:
            return False
        if kept:
            return judgement.verdict != "reject" and rule.id not in judgement.rules
        if rule.verdict == "reject":
            return judgement.rules == (rule.id,)
        return judgement.verdict == rule.verdict and rule.id in judgement.rules

    def structural(self, bases: Sequence[Values]) -> Iterator[Case]:
        """The breaks of the first base that has something to break."""
        return next((iter(found) for base in bases if (found := list(self.breaks(base)))), iter(()))

    def breaks(self, base: Values) -> Iterator[Case]:
        """Those of `broken_bodies` that break the rule, and no other that refuses."""
        offer, rule = self.offer, self.rule
        for index, broken in enumerate(broken_bodies(self.provider, self.family, offer, rule, base)):
            judgement = judge(self.provider, self.family, offer.model, offer.route, broken)
            if rule.id in judgement.rules and (rule.verdict != "reject" or judgement.rules == (rule.id,)):
                yield Case(offer, rule, False, index + 1, broken, judgement)


def _as_they_are(found: sizes.Limits) -> sizes.Limits:
    return found


def _edge_values(
    family: ir.Family,
    offer: ir.Offer,
    rule: ir.Rule,
    base: Values,
    drawn: Callable[[sizes.Limits], sizes.Limits] = _as_they_are,
) -> edges.Edges:
    kind = kinds.KINDS[rule.kind]
    parameter = family.parameter_of(offer, rule.parameter)
    rules = [r for r in family.rules_of(offer) if r.parameter == rule.parameter]
    if parameter is None:
        return kind.edges(_elsewhere(family, rule, rules), rule.args)
    part, value = _part(parameter, base.get(rule.parameter), rule)
    hard = replace(rule, id=f"{rule.parameter}.{rule.kind}", verdict="reject")  # a soft limit has edges, too
    edge = Edge(
        part.type, value, drawn(limits([*rules, hard], rule.parameter)), lambda held: samples.list_of(part, rules, held)
    )
    return kind.edges(edge, rule.args)


def _elsewhere(family: ir.Family, rule: ir.Rule, rules: list[ir.Rule]) -> Edge:
    """A parameter that the offer does not take: a value that another one takes, or any of its type, breaks one rule."""
    type_ = next((str(r.args["type"]) for r in rules if r.kind == "type"), str(rule.args.get("type", "text")))
    value = _some(rule.parameter, type_)
    for other in family.offers:
        if found := family.parameter_of(other, rule.parameter):
            type_, value = found.type, samples.value_for(family, other, rule.parameter)
            break
    return Edge(type_, value, limits([]), lambda _: [])


def _some(name: str, type_: str) -> Any:
    values = {"boolean": True, "integer": 1, "size": "1024*1024", "images": [ir.picture(0)]}
    return values.get("images" if name == "images" else type_, "anything")


def _part(parameter: ir.Parameter, value: Any, rule: ir.Rule) -> tuple[ir.Parameter, Any]:
    for segment in segments(rule):
        if segment == "items" and parameter.items:
            parameter, value = parameter.items, _first(value)
        else:
            parameter = next(field for field in parameter.fields if field.name == segment)
            value = value.get(segment) if is_map(value) else None
    return parameter, value


def _first(value: Any) -> Any:
    return value[0] if is_seq(value) and value else None


def _step(here: Any, segment: str) -> Any:
    return here[0] if segment == "items" else here[segment]
