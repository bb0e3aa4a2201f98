"""What stands on the page of a model: plain values, in the order in which the template prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from platemark.ir import Evidence, Fact, Family, Ir, Model, Offer, Provider, Rule
from platemark.rules import kinds, samples
from platemark.targets import Call, Examples
from platemark.targets.docs import said
from platemark.targets.docs.conflicts import facets
from platemark.targets.docs.curl import curl


@dataclass(frozen=True)
class Row:
    """A row of a table of rules."""

    address: tuple[str, ...]
    sentence: str
    broken: str
    status: str
    sources: str


@dataclass(frozen=True)
class Taken:
    """A row of a table of parameters."""

    name: str
    routes: tuple[str, ...]
    """The routes that have it so, where not all of the mode do."""
    type: str
    about: str
    required: bool
    default: str
    limits: str


@dataclass(frozen=True)
class Mode:
    """What a page says of one mode."""

    name: str
    about: str
    note: str
    chosen: str
    makes: str
    offers: tuple[Offer, ...]
    taken: tuple[Taken, ...]
    absent: tuple[str, ...]
    sizes: tuple[str, ...]
    adjusted: tuple[str, ...]
    rows: tuple[Row, ...]
    examples: tuple[tuple[str, str, str], ...]
    """Title, language and text."""
    samples: tuple[str, ...]


@dataclass(frozen=True)
class Structural:
    """A row of the table of structural rules."""

    rule: str
    sentence: str
    broken: str
    where: str
    sources: str


class Page:
    """The page of one model."""

    def __init__(self, ir: Ir, provider: Provider, family: Family, model: Model, examples: Examples) -> None:
        self.ir, self.provider, self.family, self.model, self.examples = ir, provider, family, model, examples
        self.offers = family.by_model[model.id]

    # ── Modes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def modes(self) -> list[Mode]:
        names = dict.fromkeys(offer.mode for offer in self.offers)
        return [self.mode(tuple(offer for offer in self.offers if offer.mode == name)) for name in names]

    def mode(self, offers: tuple[Offer, ...]) -> Mode:
        first, rules = offers[0], self.rules(offers)
        rows = (self.row(rule, offers, f"{first.mode}/") for rule in rules if not rule.structure)
        count = self.family.parameter_of(first, first.makes.removeprefix(".."))
        return Mode(
            first.mode, first.about, first.note, said.conditions(first.when), said.makes(first, count), offers,
            tuple(self.taken(offers)),
            tuple(self.absent(offers)),
            tuple(self.sizes(offers)),
            tuple(f"{r.parameter} {r.sentence}" for r in rules if r.verdict == "adjust"),
            (*rows, *self.unruled(offers)),
            tuple(self.shown(offers)),
            tuple(_sample(example.given, example.breaks, example.becomes, self.cited(example.evidence))
                  for example in self.family.examples if (example.model, example.mode) == (self.model.id, first.mode)),
        )  # fmt: skip

    def rules(self, offers: Iterable[Offer]) -> list[Rule]:
        """The rules of some offers, each once."""
        return [self.family.rules[index] for index in dict.fromkeys(i for offer in offers for i in offer.rules)]

    def taken(self, offers: tuple[Offer, ...]) -> Iterator[Taken]:
        """The parameters of a mode; one that differs by route has a row for each form."""
        indexes = dict.fromkeys(index for offer in offers for index in offer.parameters)
        names = dict.fromkeys(self.family.parameters[index].name for index in indexes)
        for index in sorted(indexes, key=lambda i: list(names).index(self.family.parameters[i].name)):
            parameter = self.family.parameters[index]
            having = [offer for offer in offers if index in offer.parameters]
            yield Taken(
                parameter.name, tuple(offer.route for offer in having) if len(having) < len(offers) else (),
                said.type_of(parameter), parameter.about,
                all(self.family.needs(offer, parameter.name) for offer in having), said.default(parameter),
                said.limits(rule for rule in self.rules(having) if rule.parameter == parameter.name),
            )  # fmt: skip

    def absent(self, offers: tuple[Offer, ...]) -> Iterator[str]:
        """What a mode does not take, though another does or a document speaks of it."""
        found: dict[str, list[str]] = {}
        for rule in self.rules(offers):
            if rule.kind in {"unsupported", "only_in"}:
                having = [offer.route for offer in offers if rule in self.family.rules_of(offer)]
                partly = f" by {', '.join(having)}" if len(having) < len(offers) else ""
                told = " (noted)" if rule.verdict == "note" else ""
                found.setdefault(f"{rule.sentence}{partly}{told}", []).append(rule.parameter)
        for sentence, names in found.items():
            yield f"{names[0]} {sentence}" if len(names) == 1 else f"{', '.join(names)}: each {sentence}"

    def unruled(self, offers: tuple[Offer, ...]) -> Iterator[Row]:
        """Facts about parameters that are no limits, such as defaults."""
        seen: set[tuple[str, str]] = set()
        for offer in offers:
            for parameter in self.family.parameters_of(offer):
                for fact in facets(parameter):
                    if fact.name.rpartition(".")[2] not in kinds.KINDS and (fact.name, fact.states) not in seen:
                        seen.add((fact.name, fact.states))
                        yield Row((fact.name,), fact.states, "–", fact.evidence.status, self.cited(fact.evidence))

    def row(self, rule: Rule, offers: Iterable[Offer], prefix: str) -> Row:
        """A rule with the ends of its addresses, behind provider, model and `prefix`."""
        start = f"{self.provider.id}/{self.model.id}/{prefix}"
        index = self.family.rules.index(rule)
        full = dict.fromkeys(self.family.address(offer, rule) for offer in offers if index in offer.rules)
        address = tuple(each.removeprefix(start) for each in full)
        return Row(address, rule.sentence, said.broken(rule), rule.evidence.status, self.cited(rule.evidence))

    def sizes(self, offers: tuple[Offer, ...]) -> Iterator[str]:
        """What a mode's sizes are, beyond their limits."""
        for parameter in {p.name: p for o in offers for p in self.family.parameters_of(o) if p.type == "size"}.values():
            facets = parameter.facets
            if "recommended" in facets:
                yield f"Recommended: {', '.join(facets['recommended'])}"
            if "exceptions" in facets:
                yield f"Recommended and accepted, against the limits: {', '.join(facets['exceptions'])}"
            for word, size in facets.get("tokens", {}).items():
                yield f"{word} is {size}" + ("; with pictures, the ratio of the last one" if "like" in facets else "")
            if "rounds" in facets:
                ties = f"; a tie goes {'to the even multiple' if facets.get('ties') == 'even' else facets.get('ties')}"
                yield f"Each side is rounded to a multiple of {facets['rounds']}" + (ties if "ties" in facets else "")

    def shown(self, offers: tuple[Offer, ...]) -> Iterator[tuple[str, str, str]]:
        """The same call by every route, in every language; what two routes share stands once."""
        seen: set[str] = set()
        for offer in offers:
            values = samples.minimal(self.family, offer)
            stated = {p.name: p.default for p in self.family.parameters_of(offer) if p.sent}
            call = Call(self.provider, self.family, offer, samples.given(offer, values | stated))
            by = f" by the {offer.route} route" if len(offers) > 1 else ""
            yield f"curl{by}", "sh", curl(self.provider, self.family, offer, values | stated)
            for label, example in self.examples.items():
                text = example(call)
                if text not in seen:
                    yield f"{label}{by}", label.lower(), text
                seen.add(text)

    # ── The body ──────────────────────────────────────────────────────────────────────────────────────────────────

    def endpoints(self) -> Iterator[tuple[str, str, Evidence]]:
        """Route, path and evidence of each endpoint that the model is called at."""
        for route, name in dict.fromkeys((offer.route, offer.endpoint) for offer in self.offers):
            endpoint = self.provider.endpoint(name)
            yield route, self.provider.base_path + endpoint.path, endpoint.evidence

    def shape(self) -> list[Structural]:
        """The structural rules; those that say the same by several routes share a row."""
        found: dict[tuple[str, str, str, str], list[Offer]] = {}
        for rule in self.rules(self.offers):
            if rule.structure:
                having = [offer for offer in self.offers if rule in self.family.rules_of(offer)]
                general = self.provider.endpoint(having[0].endpoint).evidence
                own = "" if rule.evidence == general else f"{rule.evidence.status}: {self.cited(rule.evidence)}"
                found.setdefault((rule.id, rule.sentence, said.broken(rule), own), []).extend(having)
        return [
            Structural(rule, sentence, broken, self.where(having), own)
            for (rule, sentence, broken, own), having in found.items()
        ]

    def where(self, having: list[Offer]) -> str:
        """The modes and routes of some offers."""
        if len(having) == len(self.offers):
            return "everywhere"
        names = [f"{offer.mode} by {offer.route}" for offer in self.offers if offer in having]
        return ", ".join(names)

    # ── Evidence ──────────────────────────────────────────────────────────────────────────────────────────────────

    def cited(self, evidence: Evidence) -> str:
        return said.sources(evidence, self.ir)

    # ── What a picture costs, and where it is made ────────────────────────────────────────────────────────────────

    def alias(self, region: str) -> str:
        """A region in words: its plain name and the vendor's id."""
        found = next((r for r in self.provider.regions if r.id == region), None)
        return f"{found.alias} ({region})" if found and found.alias else region

    def facts(self) -> Iterator[tuple[str, str, Fact]]:
        """Prices, rates, regions, aliases, and whether it will go: what it is, its value in words, and the fact."""
        for fact in self.model.prices:
            when = f" where {said.conditions(fact.value['when'])}" if fact.value["when"] else ""
            yield (
                "Price of a picture",
                f"{fact.value['amount']} {fact.value['currency']} in {self.alias(fact.value['region'])}{when}",
                fact,
            )
        for fact in self.model.limits:
            row = cast("Mapping[str, Any]", fact.value)
            parts = [f"{key} {said.plain(value)}" for key, value in row.items() if key != "when"]
            when = f" where {said.conditions(row['when'])}" if row.get("when") else ""
            yield "Limit of an account", ", ".join(parts) + when, fact
        for fact in self.model.regions:
            route = fact.value["route"]
            routes = "" if route == "any" else f", by the {route} route only"
            yield "Region", f"{self.alias(fact.value['region'])}{routes}", fact
        for fact in self.model.aliases:
            yield "Alias", f"means {fact.value['means']} as of {fact.value['as_of']}", fact
        for fact in self.model.deprecated:
            yield "State", self.model.deprecation, fact


def _sample(given: Mapping[str, Any], breaks: str, becomes: Mapping[str, Any], cited: str) -> str:
    then = f"breaks {breaks}" if breaks else f"becomes {said.reading(becomes)}" if becomes else "is accepted"
    return f"{said.reading(given)} {then}: {cited}"
