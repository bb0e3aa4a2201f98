"""Vectors: requests with verdicts, made from the rules, which every language and the emulator run.

Each negative breaks exactly one rule and sends its mode's other parameters explicitly, so that no default masks it.
A rule for which no such request can be made is listed as unbreakable, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.rules import samples
from platemark.rules.cases import body_of, cases
from platemark.rules.judge import Judgement, judge
from platemark.wire import requests

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

    def judged(self, route: str, body: Any) -> Judgement:
        return judge(self.provider, self.family, self.model, route, body)

    def add(self, id_: str, route: str, body: Any, judgement: Judgement, endpoint: str) -> None:
        request = requests.request(self.provider, endpoint, route, body, KEY)
        vector = Vector(id_, route, judgement.mode, request, judgement.verdict, judgement.rules, judgement.expected)
        self.found.setdefault(id_, vector)
        self.broken.update(judgement.rules)

    def offer(self, offer: ir.Offer) -> None:
        """Positives that are least and full, then every rule at its edges."""
        full = {**samples.full(self.family, offer), **samples.fixed(offer)}
        least = {**samples.minimal(self.family, offer), **samples.fixed(offer)}
        for name, values in (("minimal", least), ("full", full)):
            body = body_of(self.provider, offer, values)
            judgement = self.judged(offer.route, body)
            self.add(f"{offer.route}/{offer.mode}/{name}", offer.route, body, judgement, offer.endpoint)
        for rule in self.family.rules_of(offer):
            self.rules.setdefault(rule.id, rule)
            for case in cases(self.provider, self.family, offer, rule, (full, least)):
                self.add(case.name, offer.route, case.body, case.judgement, offer.endpoint)

    def wrong_routes(self) -> None:
        """Every route that the model, or one of its modes, does not have."""
        for mode in {offer.mode: offer for offer in self.family.by_model[self.model]}.values():
            have = {offer.route for offer in self.family.by_model[self.model] if offer.mode == mode.mode}
            body = body_of(self.provider, mode, {**samples.full(self.family, mode), **samples.fixed(mode)})
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
                    body = body_of(self.provider, offer, given)
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
