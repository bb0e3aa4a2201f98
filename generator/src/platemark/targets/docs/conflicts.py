"""Who says what, and where they disagree: the evidence behind a page, its conflicts, and the list of all conflicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from platemark import ir
from platemark.ir import Conflict, Evidence, Family, Ir, Model, Parameter, Provider
from platemark.targets.docs import said


@dataclass(frozen=True)
class Stated:
    """Something that a page says: the fact's name, what it states, and who says so."""

    name: str
    states: str
    evidence: Evidence
    verdict: str = ""
    """A rule's."""


@dataclass(frozen=True)
class Disagreement:
    """A conflict: what holds and who says so, who lost, what decided, and what becomes of a request."""

    conflict: Conflict
    holds: str
    sources: str
    losers: tuple[str, ...]
    outcome: str


@dataclass(frozen=True)
class Listed:
    """A conflict in the list of all: the page that tells of it, and who lost."""

    path: str
    label: str
    conflict: Conflict
    losers: str


def stated(provider: Provider, family: Family, model: Model) -> Iterator[Stated]:
    """Everything that the page of a model says. Rules come first."""
    offers = family.by_model[model.id]
    for index in dict.fromkeys(index for offer in offers for index in offer.rules):
        rule = family.rules[index]
        yield Stated(rule.id, rule.sentence, rule.evidence, rule.verdict)
    for index in dict.fromkeys(index for offer in offers for index in offer.parameters):
        yield from facets(family.parameters[index])
    for offer in offers:
        if offer.evidence:
            path = provider.endpoint(offer.endpoint).path
            yield Stated(f"routes.{offer.route}", f"{offer.route} goes to {path}", offer.evidence)
    for fact in (*model.regions, *model.aliases, *model.prices, *model.limits, *model.deprecated):
        yield Stated(fact.id, said.reading(fact.value), fact.evidence)
    yield Stated("models", model.id, model.evidence)


def facets(parameter: Parameter, path: str = "") -> Iterator[Stated]:
    """The facts of a parameter and of its parts."""
    path = path or parameter.name
    for key, evidence in parameter.evidence.items():
        if key in parameter.facets:
            states = said.default(parameter) if key == "default" else said.reading(parameter.facets[key])
            yield Stated(f"{path}.{key}", states, evidence)
    if parameter.items:
        yield from facets(parameter.items, f"{path}.items")
    for inner in parameter.fields:
        yield from facets(inner, f"{path}.{inner.name}")


def disagreements(whole: Ir, provider: Provider, family: Family, model: Model) -> list[Disagreement]:
    """The conflicts about what the page of a model says, and those of its family that are about no model's facts."""
    found: list[tuple[Conflict, Stated | None]] = []
    for fact in stated(provider, family, model):
        if fact.evidence.conflict and all(fact.evidence.conflict != known for known, _ in found):
            found.append((fact.evidence.conflict, fact))
    others = [each for each in family.models if each.id != model.id]
    elsewhere = [fact.evidence.conflict for other in others for fact in stated(provider, family, other)]
    for conflict in family.conflicts:
        if conflict not in elsewhere and all(conflict != known for known, _ in found):
            found.append((conflict, None))
    return [_disagreement(whole, conflict, fact) for conflict, fact in found]


def _disagreement(whole: Ir, conflict: Conflict, fact: Stated | None) -> Disagreement:
    losers = tuple(_losers(whole, conflict))
    if fact is None:
        return Disagreement(conflict, "", "", losers, "")
    judged = fact.verdict == "reject" or (fact.verdict and conflict.verdict == "note")
    outcome = said.outcome(conflict) if judged else ""
    return Disagreement(conflict, f"{fact.name}: {fact.states}", said.sources(fact.evidence, whole), losers, outcome)


def _losers(whole: Ir, conflict: Conflict) -> Iterator[str]:
    for reading in conflict.losers:
        yield f"{reading.document} ({whole.document(reading.document).date}): {said.reading(reading.says)}"


def documents(whole: Ir, provider: Provider, family: Family, model: Model) -> list[ir.Document]:
    """Every document that the page of a model names, in the order of the specs."""
    evidence = [fact.evidence for fact in stated(provider, family, model)]
    evidence += [provider.endpoint(offer.endpoint).evidence for offer in family.by_model[model.id]]
    evidence += [example.evidence for example in family.examples if example.model == model.id]
    named = {source.document for each in evidence for source in each.sources}
    for each in disagreements(whole, provider, family, model):
        named |= {reading.document for reading in each.conflict.losers}
    return [document for document in whole.documents if document.id in named]


def listed(whole: Ir) -> list[Listed]:
    """Every conflict: a provider's on its page, a family's on the page of the first model that it is about."""
    found: list[Listed] = []
    for provider in whole.providers:
        found += [_listed(whole, f"{provider.id}/README.md", provider.id, each) for each in provider.conflicts]
    for family in whole.families:
        provider = whole.provider(family.provider)
        about = {model.id: [f.evidence.conflict for f in stated(provider, family, model)] for model in family.models}
        for conflict in family.conflicts:
            model = next((name for name, known in about.items() if conflict in known), family.models[0].id)
            found.append(_listed(whole, f"{family.provider}/{model}.md", model, conflict))
    return found


def _listed(whole: Ir, path: str, label: str, conflict: Conflict) -> Listed:
    return Listed(path, label, conflict, "; ".join(_losers(whole, conflict)))


def held_by(provider: Provider, about: str) -> str:
    """What a provider's spec says at the place that a conflict is about; nothing where there is no such place."""
    transports = {each.name: {"headers": each.headers, "parameters": each.parameters} for each in provider.transports}
    endpoints = {each.id: {"path": each.path, "payload": each.payloads[0]} for each in provider.endpoints}
    here: Any = {
        "transports": transports, "endpoints": endpoints, "tasks": ir.to_json(provider.tasks),
        "errors": ir.to_json(provider.errors), "results": provider.results, "hosts": provider.hosts,
        "regions": {region.id: region.host or "no host of its own" for region in provider.regions},
    }  # fmt: skip
    for key in about.split("."):
        if not isinstance(here, Mapping) or key not in here:
            return ""
        here = cast("Mapping[str, Any]", here)[key]
    return said.plain(here)
