"""Vectors: requests with verdicts, made from the rules, which every language and the emulator run.

Each negative breaks exactly one rule and sends its mode's other parameters explicitly, so that no default masks it.
A rule for which no such request can be made is listed as unbreakable, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.plain import is_map, is_seq
from platemark.rules import edges, kinds, samples
from platemark.rules.edges import ABSENT, Beside, Edge
from platemark.rules.judge import Judgement, judge
from platemark.rules.nearest import limits
from platemark.wire import mutations, requests, skeletons

KEY = "sk-test-vectors"


@dataclass(frozen=True)
class Vector:
    """A request and what becomes of it."""

    id: str
    route: str
    mode: str
    request: Mapping[str, Any]
    verdict: ir.Verdict
    rules: tuple[str, ...]
    expected: Mapping[str, Any]


@dataclass(frozen=True)
class Unbreakable:
    """A rule that no request can break alone."""

    rule: str
    reason: str


def vectors(provider: ir.Provider, family: ir.Family, model: str) -> tuple[list[Vector], list[Unbreakable]]:
    """All vectors of a model, and the rules that they can't reach."""
    maker = _Maker(provider, family, model)
    for offer in family.by_model[model]:
        maker.offer(offer)
    maker.examples()
    maker.wrong_routes()
    return list(maker.found.values()), maker.unbreakable()


class _Maker:
    def __init__(self, provider: ir.Provider, family: ir.Family, model: str) -> None:
        self.provider = provider
        self.family = family
        self.model = model
        self.found: dict[str, Vector] = {}
        self.rules: dict[str, ir.Rule] = {}
        self.broken: set[str] = set()

    # ── Requests ─────────────────────────────────────────────────────────────────────────────────────────────────

    def judged(self, route: str, body: Any) -> Judgement:
        return judge(self.provider, self.family, self.model, route, body)

    def add(self, id_: str, route: str, body: Any, judgement: Judgement, endpoint: str) -> None:
        request = requests.request(self.provider, endpoint, route, body, KEY)
        vector = Vector(id_, route, judgement.mode, request, judgement.verdict, judgement.rules, judgement.expected)
        self.found.setdefault(id_, vector)
        self.broken.update(judgement.rules)

    def body(self, offer: ir.Offer, values: Mapping[str, Any]) -> dict[str, Any]:
        return skeletons.build(self.provider.payloads[offer.payloads[0]], {"model": offer.model, **values})

    def offer(self, offer: ir.Offer) -> None:
        """Positives that are least and full, then every rule at its edges."""
        full = {**samples.full(self.family, offer), **samples.fixed(offer)}
        least = {**samples.minimal(self.family, offer), **samples.fixed(offer)}
        for name, values in (("minimal", least), ("full", full)):
            body = self.body(offer, values)
            judgement = self.judged(offer.route, body)
            self.add(f"{offer.route}/{offer.mode}/{name}", offer.route, body, judgement, offer.endpoint)
        for rule in self.family.rules_of(offer):
            self.rules.setdefault(rule.id, rule)
            if rule.structure:
                self.structural(offer, rule, full)
            elif rule.holds is not None:
                self.at_edges(offer, rule, full, least)

    def at_edges(self, offer: ir.Offer, rule: ir.Rule, full: Mapping[str, Any], least: Mapping[str, Any]) -> None:
        parameter = self.family.parameter_of(offer, rule.parameter)
        inside, outside = self.values(offer, rule, parameter, full)
        if rule.parameter in skeletons.repeated(self.provider.payloads[offer.payloads[0]]):
            # An element per item: the body has no place for what is no list.
            inside, outside = ([v for v in found if is_seq(v) or v is ABSENT] for found in (inside, outside))
        bases = list(self.bases(offer, rule, full, least))
        if _segments(rule):  # there must be something of which to break a part
            bases = [base for base in bases if rule.parameter in base]
        for kept, found in ((True, inside), (False, outside)):
            for index, value in enumerate(found):
                name = f"{offer.route}/{offer.mode}/{rule.id}/{'inside' if kept else 'outside'}-{index + 1}"
                self.edge(name, offer, rule, (_with(base, rule, value) for base in bases), kept)

    def edge(self, name: str, offer: ir.Offer, rule: ir.Rule, tried: Iterable[Mapping[str, Any]], kept: bool) -> None:
        """The first of several requests that shows the rule kept, or broken alone."""
        for values in tried:
            body = self.body(offer, values)
            judgement = self.judged(offer.route, body)
            if self.suits(offer, rule, judgement, kept):
                self.add(name, offer.route, body, judgement, offer.endpoint)
                return

    def bases(self, offer: ir.Offer, rule: ir.Rule, full: Mapping[str, Any], least: Mapping[str, Any]) -> Iterator[Any]:
        """Requests to break the rule in: the full one, that without what depends on the parameter, the least one."""
        yield full
        depending = {
            r.parameter for r in self.family.rules_of(offer) if rule.parameter in (r.args.get("as"), r.parameter)
        }
        kept = {name: value for name, value in full.items() if name not in depending or name == rule.parameter}
        yield kept
        yield least

    def suits(self, offer: ir.Offer, rule: ir.Rule, judgement: Judgement, kept: bool) -> bool:
        if judgement.mode != offer.mode:
            return False
        if kept:
            return judgement.verdict != "reject" and rule.id not in judgement.rules
        if rule.verdict == "reject":
            return judgement.rules == (rule.id,)
        return judgement.verdict == rule.verdict and rule.id in judgement.rules

    def values(
        self, offer: ir.Offer, rule: ir.Rule, parameter: ir.Parameter | None, full: Mapping[str, Any]
    ) -> edges.Edges:
        """What the kind calls inside and outside, for the part of the parameter that the rule is about."""
        kind = kinds.KINDS[rule.kind]
        rules = [r for r in self.family.rules_of(offer) if r.parameter == rule.parameter]
        if parameter is None:  # not of this offer: any value of its type will do
            type_ = next((str(r.args["type"]) for r in rules if r.kind == "type"), "text")
            return kind.edges(Edge(type_, _some(rule.parameter, type_), limits([]), lambda _: []), rule.args)
        part, value = _part(parameter, full.get(rule.parameter), rule.id)
        edge = Edge(part.type, value, limits(rules), lambda held: samples.list_of(part, rules, held))
        return kind.edges(edge, rule.args)

    # ── Structure and routes ─────────────────────────────────────────────────────────────────────────────────────

    def structural(self, offer: ir.Offer, rule: ir.Rule, full: Mapping[str, Any]) -> None:
        styles = [skeletons.build(self.provider.payloads[s], {"model": offer.model, **full}) for s in offer.payloads]
        bodies = [b for body in styles for b in mutations.break_structure(self.provider, offer, rule, body, full)]
        for index, broken in enumerate(bodies):
            judgement = self.judged(offer.route, broken)
            if rule.id in judgement.rules and (rule.verdict != "reject" or judgement.rules == (rule.id,)):
                name = f"{offer.route}/{offer.mode}/{rule.id}/outside-{index + 1}"
                self.add(name, offer.route, broken, judgement, offer.endpoint)

    def wrong_routes(self) -> None:
        """Every route that the model, or one of its modes, does not have."""
        for mode in {offer.mode: offer for offer in self.family.by_model[self.model]}.values():
            have = {offer.route for offer in self.family.by_model[self.model] if offer.mode == mode.mode}
            body = self.body(mode, {**samples.full(self.family, mode), **samples.fixed(mode)})
            for route in ir.ROUTES:
                endpoint = requests.any_endpoint(self.provider, self.family, self.model, route, mode.payloads[0])
                if route in have or endpoint is None:
                    continue
                judgement = self.judged(route, body)
                if judgement.rules == ("route",):
                    self.add(f"{route}/{mode.mode}/route", route, body, judgement, endpoint)

    def examples(self) -> None:
        """What the documents show, with prompts of our own."""
        for index, example in enumerate(e for e in self.family.examples if e.model == self.model):
            for offer in self.family.by_model[self.model]:
                if offer.mode == example.mode:
                    given = {**samples.minimal(self.family, offer), **samples.fixed(offer), **example.values}
                    body = self.body(offer, given)
                    name = f"{offer.route}/{offer.mode}/example-{index + 1}"
                    self.add(name, offer.route, body, self.judged(offer.route, body), offer.endpoint)

    # ── What can't be reached ────────────────────────────────────────────────────────────────────────────────────

    def unbreakable(self) -> list[Unbreakable]:
        found: list[Unbreakable] = []
        for id_, rule in self.rules.items():
            if id_ in self.broken:
                continue
            reason = "no request breaks it without breaking another rule first"
            if not rule.judged:
                reason = "can't be told from a request: tokens of a language model, or the file behind an address"
            found.append(Unbreakable(id_, reason))
        return found


def _some(name: str, type_: str) -> Any:
    values = {"boolean": True, "integer": 1, "size": "1024*1024", "images": [ir.picture(0)]}
    return values.get("images" if name == "images" else type_, "anything")


def _segments(rule: ir.Rule) -> list[str]:
    """The way from a parameter to the part that a rule is about: `items` and names of fields."""
    return [part for part in rule.id.split(".")[1:-1] if part != "soft"]


def _part(parameter: ir.Parameter, value: Any, rule_id: str) -> tuple[ir.Parameter, Any]:
    for segment in rule_id.split(".")[1:-1]:
        if segment == "items" and parameter.items:
            parameter, value = parameter.items, _first(value)
        elif segment != "soft":
            parameter = next(field for field in parameter.fields if field.name == segment)
            value = value.get(segment) if is_map(value) else None
    return parameter, value


def _first(value: Any) -> Any:
    return value[0] if is_seq(value) and value else None


def _with(base: Mapping[str, Any], rule: ir.Rule, value: Any) -> dict[str, Any]:
    """The request with the part that the rule is about set to a value."""
    made = deepcopy(dict(base))
    if isinstance(value, Beside):
        return _with({**made, **value.others}, rule, value.value)
    segments = [rule.parameter, *_segments(rule)]
    here: Any = made
    for segment in segments[:-1]:
        here = _step(here, segment)
    last = 0 if segments[-1] == "items" else segments[-1]
    if value is ABSENT:
        here.pop(last, None)
    else:
        here[last] = value
    return made


def _step(here: Any, segment: str) -> Any:
    return here[0] if segment == "items" else here[segment]
