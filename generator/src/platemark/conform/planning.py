"""From the IR to a plan: for each offer of each model the questions that its facts raise, and the probes that tell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from platemark import ir
from platemark.conform.bases import Bases, Values, counts
from platemark.conform.probes import Expect, Probe, Question, Request, Side
from platemark.plain import is_list, is_map
from platemark.rules import leaves
from platemark.rules.cases import Case, cases
from platemark.rules.costs import highest
from platemark.rules.kinds import KINDS
from platemark.wire import requests

TEXTS = "services cut over-long texts without a word"
UNTOLD = "a request alone does not show it"
PASSED = "services pass keys that no document knows; clients refuse them for the caller's sake"
ALONE = "no request breaks it without breaking another rule first"
ONCE = "asked for the mode as a whole, by its first route"
UPLOADS = "oss: needs an upload"

_FREE = frozenset({"model"})
"""Rules whose breach leaves nobody who could make pictures."""


@dataclass(frozen=True)
class Asked:
    """What a plan is made for: the pictures that a service can fetch, and the region whose prices hold."""

    picture: str = ""
    fetches: bool = False
    region: str = ""


@dataclass(frozen=True)
class Offered:
    """One offer, and all that its probes share."""

    provider: ir.Provider
    family: ir.Family
    model: ir.Model
    offer: ir.Offer
    asked: Asked

    @cached_property
    def bases(self) -> Bases:
        return Bases(self.provider, self.family, self.offer)

    @cached_property
    def base(self) -> Probe:
        """The cheapest request of the offer: what a refusal is held against."""
        return self.probe("base", "control", "the least request", self.bases.least, Expect(True))

    def parameter(self, name: str) -> ir.Parameter | None:
        """A parameter as the offer has it."""
        return self.family.parameter_of(self.offer, name)

    def address(self, fact: str) -> str:
        """`provider/model/mode/fact`, with the route where the routes of the mode differ in the parameter."""
        offer, name = self.offer, fact.partition(".")[0]
        twins = [o for o in self.family.by_model[offer.model] if o.mode == offer.mode]
        route = (
            "" if all(self.family.parameter_of(o, name) == self.parameter(name) for o in twins) else f"{offer.route}/"
        )
        return f"{self.provider.id}/{offer.model}/{offer.mode}/{route}{fact}"

    def question(self, fact: str, says: str, **rest: Any) -> Question:
        """A question about a default or a size."""
        about = rest.pop("about", "default")
        return Question(
            self.provider.id, self.offer.model, self.offer.route, self.offer.mode, fact, self.address(fact), says,
            about, base=self.base, **rest,
        )  # fmt: skip

    def probe(
        self, name: str, side: Side, asks: str, values: Values, expect: Expect, *, body: Any = None, wide: bool = False
    ) -> Probe:
        """A request of values, or of a body that values don't give. `wide`: it may be served in another mode."""
        body = self.bases.body(values) if body is None else body
        return self.sent(name, side, asks, body, expect=expect, values=values, wide=wide)

    def sent(
        self,
        name: str,
        side: Side,
        asks: str,
        body: Any,
        *,
        expect: Expect,
        values: Mapping[str, Any],
        wide: bool = False,
        route: ir.RouteName | None = None,
        endpoint: str = "",
        most: int | None = None,
    ) -> Probe:
        """A probe that sends a body, by the offer's own route unless another is named."""
        offer = self.offer
        made = requests.request(self.provider, endpoint or offer.endpoint, route or offer.route, body, "")
        headers = {k: v for k, v in made["headers"].items() if k != self.provider.auth.header}
        request = Request(
            made["method"], made["path"], headers, json.dumps(body, separators=(",", ":")).encode("ascii")
        )
        if most is None:
            modes = self.family.by_model[offer.model] if wide else (offer,)
            most = max(counts(self.family, each, values) for each in modes)
        return Probe(
            f"{offer.model}/{offer.route}/{offer.mode}/{name}", self.provider.id, offer.model, route or offer.route,
            offer.mode, self.address(name.partition("/")[0]), side, asks, request, request.digest, offer.result, expect,
            most, highest((fact.value for fact in self.model.prices), values, self.asked.region),
        )  # fmt: skip


def rule_questions(offered: Offered) -> Iterator[Question]:
    """A question for every rule that refuses or is noted; adjusted sizes are asked for apart."""
    for rule in offered.family.rules_of(offered.offer):
        if rule.kind != "rounds":
            yield _of_rule(offered, rule)


def _of_rule(offered: Offered, rule: ir.Rule) -> Question:
    offer = offered.offer
    question = Question(
        offered.provider.id, offer.model, offer.route, offer.mode, rule.id, offered.family.address(offer, rule),
        f"{rule.parameter or rule.id} {rule.sentence}", "rule", base=offered.base,
        needs=tuple(offered.bases.needed(rule.parameter)),
    )  # fmt: skip
    if untried := _untried(offered, rule):
        return replace(question, untried=untried)
    if rule.kind == "route":
        probes = tuple(_wrong_routes(offered, question.address))
    else:
        probes = tuple(_at_edges(offered, rule, question.address))
    own = _own(offered, rule, question.address)
    untried = "" if probes else ALONE
    return replace(question, probes=probes, own=own, untried=untried, left_out=_left_out(offered, rule, probes))


def _untried(offered: Offered, rule: ir.Rule) -> str:
    if not rule.judged:
        return UNTOLD
    if rule.kind == "route" and not _first_of_mode(offered):
        return ONCE
    return {"length": TEXTS, "unknown": PASSED}.get(rule.kind, "") or KINDS[rule.kind].unshown


def _own(offered: Offered, rule: ir.Rule, address: str) -> Probe | None:
    values = offered.bases.holding(rule.parameter) if rule.parameter and not rule.structure else None
    if values is None:
        return None
    asks = said(rule.parameter, values)
    return replace(offered.probe(f"{rule.id}/own", "control", asks, values, Expect(True)), address=address)


def _at_edges(offered: Offered, rule: ir.Rule, address: str) -> Iterator[Probe]:
    """Every edge that some request shows; a type is also kept by a plain value."""
    bases = offered.bases
    own = bases.holding(rule.parameter or rule.id.partition(".")[0])
    tried = [*([own] if own else []), bases.least, *([bases.full] if rule.structure else [])]
    wide = rule.structure or rule.parameter in offered.offer.when
    if rule.kind == "schemes":
        yield from (replace(probe, address=address) for probe in _by_scheme(offered, rule))
    for case in cases(offered.provider, offered.family, offered.offer, rule, tried, apart=True):
        if (case.kept and rule.kind == "schemes") or case.judgement.mode != offered.offer.mode:
            continue  # with a part missing, it may be a request of another mode: that one asks for it
        body = bases.pictured(case.body)
        side: Side = "inside" if case.kept or rule.verdict != "reject" else "outside"
        yield replace(_of_case(offered, case, side, body, wide), address=address)
    if rule.kind == "type" and rule.id == f"{rule.parameter}.type" and own:
        asks = said(rule.parameter, own)
        yield replace(offered.probe(f"{rule.id}/inside-0", "inside", asks, own, Expect(True)), address=address)


def _of_case(offered: Offered, case: Case, side: Side, body: Any, wide: bool) -> Probe:
    rule, values = case.rule, case.judgement.values
    name = case.name.partition(f"{case.offer.mode}/")[2]
    asks = brief(body) if rule.structure else said(rule.parameter, offered.bases.pictured(dict(values)))
    expect = Expect(side == "inside")
    if side == "inside" and case.kept:
        expect = replace(_outcome(offered, rule, values), accepted=True)
    most = 0 if rule.id in _FREE else None
    made = offered.sent(name, side, asks, body, expect=expect, values=values, wide=wide, most=most)
    return replace(made, given=bool(rule.parameter and values.get(rule.parameter) not in (None, [])))


def _outcome(offered: Offered, rule: ir.Rule, values: Mapping[str, Any]) -> Expect:
    """What shows a kept rule, beside that it is accepted: how many pictures, and what a word for a size means."""
    if rule.parameter == offered.bases.counted and not offered.offer.makes.startswith(".."):
        return Expect(True, pictures=counts(offered.family, offered.offer, values))
    if rule.kind == "tokens":
        width, height = nominal = leaves.sides(rule.args["sizes"][values["size"]])
        # Square pictures in, the nominal size out, whether or not it follows their ratio: where that is a square.
        return Expect(True, size=nominal) if width == height or not values.get("images") else Expect(True)
    return Expect(True)


def _by_scheme(offered: Offered, rule: ir.Rule) -> Iterator[Probe]:
    """The last picture given in every allowed way that is within reach."""
    base = offered.bases.holding("images")
    for scheme, picture in _pictures(offered, rule).items():
        if base and picture:
            values = {**base, "images": [picture for _ in base["images"]]}
            yield offered.probe(f"{rule.id}/inside-{scheme}", "inside", f"images by {scheme}", values, Expect(True))
    for scheme in leaves.SCHEMES if base and not offered.asked.fetches else ():
        if scheme not in rule.args["among"]:
            values = {**(base or {}), "images": [f"{scheme}://example.com/a.png"]}
            yield offered.probe(f"{rule.id}/outside-{scheme}", "outside", f"images by {scheme}", values, Expect(False))


def _pictures(offered: Offered, rule: ir.Rule) -> dict[str, str]:
    """A picture for each scheme; nothing where the service could not get it."""
    asked = offered.asked
    found: dict[str, str] = {}
    for scheme in rule.args["among"]:
        match scheme:
            case "data":
                found[scheme] = offered.bases.square
            case "http" | "https" if leaves.scheme(asked.picture) == scheme:
                found[scheme] = asked.picture
            case _ if not asked.fetches:
                found[scheme] = f"{scheme}://example.com/a.png"
            case _:
                found[scheme] = ""
    return found


def _left_out(offered: Offered, rule: ir.Rule, probes: tuple[Probe, ...]) -> str:
    if rule.verdict == "reject" and not any(probe.side == "outside" for probe in probes):
        return ALONE
    if rule.kind != "schemes":
        return ""
    missing = [scheme for scheme, picture in _pictures(offered, rule).items() if not picture]
    needs = (UPLOADS if scheme == "oss" else f"{scheme}: needs a picture to fetch (--picture)" for scheme in missing)
    return "; ".join(needs)


def key_question(offered: Offered) -> Question:
    """Whether a service refuses who has no key: asked once, with the cheapest request of its first model."""
    address, values = f"{offered.provider.id}/auth", offered.bases.least
    probe = offered.sent(
        "auth/outside-1", "outside", "no key", offered.bases.body(values), expect=Expect(False), values=values, most=0
    )
    request = replace(probe.request, keyed=False)
    probe = replace(probe, address=address, request=request, key=request.digest)
    offer = offered.offer
    return Question(
        offered.provider.id, offer.model, offer.route, offer.mode, "auth", address, "a request carries a key", "rule",
        probes=(probe,), base=offered.base,
    )  # fmt: skip


def _first_of_mode(offered: Offered) -> bool:
    return (
        next(o for o in offered.family.by_model[offered.offer.model] if o.mode == offered.offer.mode) is offered.offer
    )


def _wrong_routes(offered: Offered, address: str) -> Iterator[Probe]:
    """The mode's least request by every route that it does not have."""
    offer, family, provider = offered.offer, offered.family, offered.provider
    have = {o.route for o in family.by_model[offer.model] if o.mode == offer.mode}
    for route in ir.ROUTES:
        if route in have or route not in {transport.name for transport in provider.transports}:
            continue
        endpoint = requests.any_endpoint(provider, family, offer.model, route, offer.payloads[0])
        if endpoint is not None:
            values = offered.bases.least
            made = offered.sent(
                f"route/outside-{route}", "outside", f"by {route}", offered.bases.body(values), expect=Expect(False),
                values=values, wide=True, route=route, endpoint=endpoint,
            )  # fmt: skip
            yield replace(made, address=address)


def said(name: str, values: Mapping[str, Any]) -> str:
    """A parameter as a request has it, on a line."""
    if name not in values:
        return f"{name} left out"
    value = values[name]
    if name == "images" and is_list(value) and all(leaves.scheme(item) for item in value):
        return f"{len(value)} input picture{'' if len(value) == 1 else 's'}"
    return f"{name}={brief(value)}"


def brief(value: Any) -> str:
    """A value on a line, as JSON: never a whole picture."""
    text = json.dumps(_short(value), ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:100]}… ({len(text)} characters)"


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= 60 else f"{value[:40]}… ({len(value)} characters)"
    if is_list(value):
        return [_short(part) for part in value]
    return {key: _short(part) for key, part in value.items()} if is_map(value) else value
