"""The reference evaluator: what becomes of a request, by which rules.

A judgement keeps apart what breaks (violations), what the service will change (adjustments) and what is accepted but
must be told (notes). What can't be told from a request is not judged.

Emitted clients carry this file as it is; there, `ir` is what a client keeps of the IR.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platemark_images._runtime import ir
from platemark_images._runtime.plain import is_list, is_map
from platemark_images._runtime import leaves, pictures, sizes
from platemark_images._runtime.nearest import nearest
from platemark_images._runtime import skeletons
from platemark_images._runtime.reading import Fault, Reading, read

_GRAVEST_FIRST: tuple[ir.Verdict, ...] = ("reject", "adjust", "note")


def cited(evidence: ir.Evidence) -> list[dict[str, str]]:
    """Who says so, as answers and schemas name them: document and place."""
    return [{"document": source.document, "place": source.place} for source in evidence.sources]


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: where, what stands there, the limit, and the nearest value that would keep it."""

    rule: ir.Rule
    path: str
    value: Any
    nearest: Any = None

    def json(self) -> dict[str, Any]:
        """One finding of what `validate --format json` prints."""
        return {
            "rule": self.rule.id,
            "path": self.path,
            "value": self.value,
            "limit": self.rule.sentence,
            "nearest": self.nearest,
            "source": cited(self.rule.evidence),
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a request, and everything behind it."""

    model: str
    route: str
    mode: str
    findings: tuple[Finding, ...]
    values: Mapping[str, Any]
    expected_size: sizes.Expected
    offer: ir.Offer | None = None

    def of(self, verdict: ir.Verdict) -> tuple[Finding, ...]:
        """The findings with this verdict."""
        return tuple(finding for finding in self.findings if finding.rule.verdict == verdict)

    @property
    def verdict(self) -> ir.Verdict:
        """The gravest of the findings'."""
        for verdict in _GRAVEST_FIRST:
            if self.of(verdict):
                return verdict
        return "accept"

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that decided: the broken ones of a refusal, else all that was adjusted or noted."""
        refused = self.of("reject")
        return tuple(dict.fromkeys(finding.rule.id for finding in refused or self.findings))

    @property
    def expected(self) -> dict[str, Any]:
        """What the service will make of it: `size` and `text_length` where they are known."""
        if self.verdict == "reject":
            return {}
        found: dict[str, Any] = {}
        if self.expected_size.size:
            found["size"] = sizes.written(self.expected_size.size)
        cut = next((f for f in self.of("adjust") if f.rule.kind == "length"), None)
        if cut:
            found["text_length"] = cut.rule.args["high"]
        return found

    def json(self) -> dict[str, Any]:
        """The shape that `validate --format json` prints."""
        return {
            "verdict": self.verdict,
            "model": self.model,
            "route": self.route,
            "mode": self.mode,
            "violations": [finding.json() for finding in self.of("reject")],
            "adjustments": [finding.json() for finding in self.of("adjust")],
            "notes": [finding.json() for finding in self.of("note")],
        }


def judge(provider: ir.Provider, family: ir.Family, model: str, route: str, body: object) -> Judgement:
    """Judge a wire body that is sent to a model by a route."""
    offers = [offer for offer in family.by_model[model] if offer.route == route]
    if not offers:
        return _no_route(provider, family, model, route, body)
    known = family.model(model).known
    style = payload_style(provider, offers[0].payloads, body)
    reading = read(provider.payloads[style or offers[0].payloads[0]], body, known)
    offer = choose(family, offers, reading.values)
    if offer is None:
        everywhere = choose(family, family.by_model[model], reading.values) or offers[0]
        return _refused(family, everywhere, route, reading.values, Fault("route", "", route))
    if style is None:
        return _refused(family, offer, route, reading.values, Fault("payload", "input", _shape(body)))
    return _judged(provider, family, offer, style, reading)


def judge_as(provider: ir.Provider, family: ir.Family, offer: ir.Offer, style: str, body: object) -> Judgement:
    """Judge a body as one of that very offer and payload style, whatever mode its values would choose."""
    reading = read(provider.payloads[style], body, family.model(offer.model).known)
    return _judged(provider, family, offer, style, reading)


def route_of(provider: ir.Provider, family: ir.Family, model: str, body: object) -> str:
    """The route that a body was meant for: stream if it says so, else the first of the model's that has its mode."""
    offers = family.by_model[model]
    style = payload_style(provider, tuple(provider.payloads), body) or offers[0].payloads[0]
    values = read(provider.payloads[style], body, family.model(model).known).values
    fitting = [offer for offer in offers if style in offer.payloads and _chosen(family, offer, values)]
    streams = [offer for offer in fitting or offers if offer.route == "stream" and values.get("stream") is True]
    return (streams or fitting or list(offers))[0].route


def _judged(provider: ir.Provider, family: ir.Family, offer: ir.Offer, style: str, reading: Reading) -> Judgement:
    findings = (*_structure(family, offer, style, reading), *_rules(provider, family, offer, reading))
    size = expected(family, offer, reading.values, last_picture(reading.values))
    return Judgement(offer.model, offer.route, offer.mode, findings, reading.values, size, offer)


def _no_route(provider: ir.Provider, family: ir.Family, model: str, route: str, body: object) -> Judgement:
    offer = family.by_model[model][0]
    reading = read(provider.payloads[offer.payloads[0]], body, family.model(model).known)
    offer = choose(family, family.by_model[model], reading.values) or offer
    return _refused(family, offer, route, reading.values, Fault("route", "", route))


def _refused(family: ir.Family, offer: ir.Offer, route: str, values: Mapping[str, Any], fault: Fault) -> Judgement:
    """A request that is refused before its parameters are looked at."""
    rule = next(rule for rule in family.rules_of(offer) if rule.id == fault.rule)
    finding = Finding(rule, fault.path, fault.value, rule.args["what"])
    return Judgement(offer.model, route, offer.mode, (finding,), values, sizes.Expected(None), offer)


def _shape(body: object) -> object:
    return sorted(body) if leaves.is_object(body) else body


def payload_style(provider: ir.Provider, own: tuple[str, ...], body: object) -> str | None:
    """The style of a body: one of the endpoint's own, or None where it looks more like another style."""
    scores = {name: skeletons.resembles(skeleton, body) for name, skeleton in provider.payloads.items()}
    best = max(own, key=lambda name: scores[name])
    return best if scores[best] >= max(scores.values()) else None


def choose(family: ir.Family, offers: Iterable[ir.Offer], values: Mapping[str, Any]) -> ir.Offer | None:
    """The offer whose mode the values choose, after defaults; a mistyped value counts as its default."""
    return next((offer for offer in offers if _chosen(family, offer, values)), None)


def _chosen(family: ir.Family, offer: ir.Offer, values: Mapping[str, Any]) -> bool:
    for name, wanted in offer.when.items():
        if is_list(wanted):
            low, high = wanted
            held = leaves.count(values.get(name))
            if (low is not None and held < low) or (high is not None and held > high):
                return False
            continue
        parameter = family.parameter_of(offer, name)
        given = values.get(name)
        fits = parameter is not None and leaves.FORMATS[parameter.type](given)
        if not leaves.equal(given if fits else parameter and parameter.default, wanted):
            return False
    return True


def _structure(family: ir.Family, offer: ir.Offer, style: str, reading: Reading) -> Iterator[Finding]:
    faults = list(reading.faults)
    if "model" in reading.values and reading.values["model"] != offer.model:
        faults.append(Fault("model", reading.paths["model"], reading.values["model"]))
    if "model" not in reading.values and "body" not in {fault.rule.partition(".")[0] for fault in faults}:
        faults.append(Fault("model", "model", None))
    if style != offer.payloads[0]:
        faults.append(Fault("envelope", "input", style))
    rules = {rule.id: rule for rule in family.rules_of(offer) if rule.structure} if faults else {}
    for fault in faults:
        rule = rules[fault.rule]
        yield Finding(rule, fault.path, fault.value, rule.args["what"] or None)


def last_picture(values: Mapping[str, Any]) -> sizes.Size | None:
    """The size of the last input picture, where the request itself holds it."""
    found = pictures.from_data_uri((leaves.items(values.get("images")) or [None])[-1])
    return (found.width, found.height) if found else None


def _rules(provider: ir.Provider, family: ir.Family, offer: ir.Offer, reading: Reading) -> Iterator[Finding]:
    rules = family.rules_of(offer)
    for rule in family.broken(offer, reading.values):
        if reading.unread and rule.looks_at & reading.unread:
            continue
        name = rule.parameter
        path = reading.paths.get(name) or _place(provider.payloads[offer.payloads[0]], name)
        value = reading.values.get(name)
        yield Finding(rule, path, value, nearest(rule, rules, value))


def _place(skeleton: Any, name: str) -> str:
    """Where a parameter that is not there would stand."""
    return skeletons.place(skeleton, name) or skeletons.join(skeletons.others(skeleton), name)


def expected(
    family: ir.Family, offer: ir.Offer, values: Mapping[str, Any], last: sizes.Size | None = None
) -> sizes.Expected:
    """The size that will come back; `last` is the size of the last input picture, where it is known."""
    parameter = family.parameter_of(offer, "size")
    if parameter is None:
        return sizes.Expected(None)
    facets = parameter.facets
    given = leaves.count(values.get("images"))
    size = values.get("size", parameter.default)
    if "size" not in values and is_map(size):
        return sizes.expect(ir.size_follows(size), given, last)
    if leaves.is_token(size):
        nominal = leaves.sides(facets.get("tokens", {}).get(size))
        if not nominal[0]:
            return sizes.Expected(None)
        follows = sizes.Follows(nominal[0] * nominal[1], alone=nominal)
        return sizes.expect(follows if facets.get("like") else nominal, given, last)
    explicit = leaves.sides(size)
    return sizes.expect(explicit, given, last, facets.get("rounds")) if explicit[0] else sizes.Expected(None)
