"""Vectors: requests with verdicts, made from the rules, which every language and the emulator run.

Each negative breaks exactly one rule and sends its mode's other parameters explicitly, so that no default masks it.
A rule for which no such request can be made is listed as unbreakable, with the reason. What is wrong with a key, a
header or an address only a server sees: those vectors say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from platemark import ir
from platemark.rules import kinds, samples
from platemark.rules.cases import body_of, cases, wrong_routes
from platemark.rules.judge import Judgement, judge
from platemark.wire import requests
from platemark.wire.routes import Generation, Routes

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
    shown_by: Literal["body", "request"] = "body"
    """Whether body and route tell the verdict, or only the whole request does."""


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
    maker.add_all(_misdirected(provider, family, model))
    maker.add_all(_unauthorised(provider, family, model))
    return list(maker.found.values()), maker.unbreakable()


class _Maker:
    def __init__(self, provider: ir.Provider, family: ir.Family, model: str) -> None:
        self.provider = provider
        self.family = family
        self.model = model
        self.found: dict[str, Vector] = {}
        self.rules: dict[str, ir.Rule] = {}
        self.broken: set[str] = set()

    def judged(self, route: str, body: Any) -> Judgement:
        return judge(self.provider, self.family, self.model, route, body)

    def add(self, id_: str, route: str, body: Any, judgement: Judgement, endpoint: str) -> None:
        request = requests.request(self.provider, endpoint, route, body, KEY)
        vector = Vector(id_, route, judgement.mode, request, judgement.verdict, judgement.rules, judgement.expected)
        self.found.setdefault(id_, vector)
        self.broken.update(judgement.rules)

    def add_all(self, vectors: Iterator[Vector]) -> None:
        for vector in vectors:
            self.found.setdefault(vector.id, vector)
            self.broken.update(vector.rules)

    def offer(self, offer: ir.Offer) -> None:
        """Positives that are least and full, then every rule at its edges."""
        full = {**samples.full(self.family, offer), **samples.fixed(offer)}
        least = {**samples.minimal(self.family, offer), **samples.fixed(offer)}
        for name, values in (("minimal", least), ("full", full)):
            body = body_of(self.provider, offer, values)
            judgement = self.judged(offer.route, body)
            self.add(f"{offer.route}/{offer.mode}/{name}", offer.route, body, judgement, offer.endpoint)
        self.exceptions(offer, full)
        for rule in self.family.rules_of(offer):
            self.rules.setdefault(rule.id, rule)
            for case in cases(self.provider, self.family, offer, rule, (full, least)):
                self.add(case.name, offer.route, case.body, case.judgement, offer.endpoint)

    def exceptions(self, offer: ir.Offer, full: Mapping[str, Any]) -> None:
        """Every size that the documents recommend against their own limits."""
        for parameter in self.family.parameters_of(offer):
            for index, size in enumerate(parameter.facets.get("exceptions", ())):
                body = body_of(self.provider, offer, {**full, parameter.name: size})
                id_ = f"{offer.route}/{offer.mode}/{parameter.name}.exceptions/{index + 1}"
                self.add(id_, offer.route, body, self.judged(offer.route, body), offer.endpoint)

    def wrong_routes(self) -> None:
        """Every route that the model, or one of its modes, does not have."""
        for offer, route, endpoint in wrong_routes(self.provider, self.family, self.model):
            for number, values in enumerate(_unrouted(self.family, offer)):
                body = body_of(self.provider, offer, values)
                judgement = self.judged(route, body)
                if judgement.rules == ("route",):
                    self.add(f"{route}/{offer.mode}/route/{number + 1}", route, body, judgement, endpoint)

    def examples(self) -> None:
        """What the documents show, with prompts of our own."""
        for index, example in enumerate(e for e in self.family.examples if e.model == self.model):
            for offer in self.family.by_model[self.model]:
                if offer.mode == example.mode:
                    given = {**samples.minimal(self.family, offer), **samples.fixed(offer), **example.values}
                    body = body_of(self.provider, offer, given)
                    name = f"{offer.route}/{offer.mode}/example-{index + 1}"
                    self.add(name, offer.route, body, self.judged(offer.route, body), offer.endpoint)

    # ── What can't be reached ────────────────────────────────────────────────────────────────────────────────────

    def unbreakable(self) -> list[Unbreakable]:
        found: list[Unbreakable] = []
        for id_, rule in self.rules.items():
            if id_ in self.broken:
                continue
            reason = kinds.KINDS[rule.kind].unshown or "no request breaks it without breaking another rule first"
            if not rule.judged:
                reason = "can't be told from a request: tokens of a language model, or what a picture is like"
            found.append(Unbreakable(id_, reason))
        return found


# ── What only the whole request shows ─────────────────────────────────────────────────────────────────────────────


def _unrouted(family: ir.Family, offer: ir.Offer) -> list[dict[str, Any]]:
    """Full values without what the transport sets, which by another one may break a second rule; and with it."""
    values = {**samples.full(family, offer), **samples.fixed(offer)}
    plain = {name: value for name, value in values.items() if name not in offer.sets}
    return [plain] if plain == values else [plain, values]


def _misdirected(provider: ir.Provider, family: ir.Family, model: str) -> Iterator[Vector]:
    """Good bodies at every endpoint, with every transport's headers, by which the model does not have their mode."""
    routes = Routes(provider)
    for offer in {offer.mode: offer for offer in family.by_model[model]}.values():
        served = {(o.endpoint, o.route) for o in family.by_model[model] if o.mode == offer.mode}
        body = body_of(provider, offer, _unrouted(family, offer)[0])
        for endpoint in provider.endpoints:
            for transport in provider.transports:
                sent = requests.request(provider, endpoint.id, transport.name, body, KEY)
                target = routes.match(sent["method"], sent["path"], sent["headers"])
                if isinstance(target, Generation) and (target.fault or (endpoint.id, target.route) not in served):
                    id_ = f"{transport.name}/{offer.mode}/route/at-{endpoint.id}"
                    yield Vector(id_, transport.name, offer.mode, sent, "reject", ("route",), {}, "request")


def _unauthorised(provider: ir.Provider, family: ir.Family, model: str) -> Iterator[Vector]:
    """Good requests without a key, and with one that is not written as the service wants it."""
    header, scheme = provider.auth.header, provider.auth.value.replace("{key}", "").strip()
    for offer in {offer.route: offer for offer in family.by_model[model]}.values():
        body = body_of(provider, offer, {**samples.minimal(family, offer), **samples.fixed(offer)})
        sent = requests.request(provider, offer.endpoint, offer.route, body, KEY)
        others = {name: value for name, value in sent["headers"].items() if name != header}
        told = Vector("", offer.route, offer.mode, {**sent, "headers": others}, "reject", ("auth",), {}, "request")
        yield replace(told, id=f"{offer.route}/{offer.mode}/auth/absent")
        if scheme:
            wrong = {**sent, "headers": {**others, header: KEY}}
            yield replace(told, id=f"{offer.route}/{offer.mode}/auth/other-scheme", request=wrong)
