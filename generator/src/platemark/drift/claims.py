"""What specs claim that documents say: each fact with its figures, whom it holds for, and the line that states it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from platemark import ir
from platemark.documents.atoms import decimal, templated
from platemark.plain import each, is_map, is_seq
from platemark.resolution import resolve_with_ledgers
from platemark.rules.kinds import KINDS
from platemark.rules.values import halves, shown
from platemark.source import Keys, Tree
from platemark.spec.model import Spec, Stated

FACETS = ("default", "recommended", "exceptions")
"""Facts of parameters that are no rules, and that documents print."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as a page would print it: its type, its value in one way of writing, and which bound it is."""

    type: str
    value: str
    side: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """One fact of the specs, held by one document at one place."""

    id: str
    kind: str
    parameter: str
    document: str
    place: str
    figures: tuple[Figure, ...]
    value: Any
    """As a spec writes it."""
    reads: str = ""
    """The kind by which its figures are read: a reading that lost may be of another kind than the rule that won."""
    losing: bool = False
    """Whether it is a reading that lost a conflict; `id` is the rule that won."""
    unit: str = ""
    models: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    all_modes: bool = True
    """Whether it holds in every mode of its models."""
    all_routes: bool = True
    makes: bool = False
    """Whether its parameter says how many pictures come."""
    provider: str = ""
    family: str = ""
    path: Keys = ()
    """The path of the line of `file` that states it."""
    line: int = 0
    file: str = ""
    sources: tuple[str, ...] = ()
    """All documents that say so."""
    why: str = ""
    """Why it is held against a document that it does not cite."""


# ── Figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_WRITTEN = re.compile(
    r"(?P<size>\d+\*\d+)|(?P<ratio>\d+:\d+)|(?P<token>\b\d+K\b)|(?P<percent>\d+(?:\.\d+)?%)"
    r"|(?P<bytes>\d+ [KMG]B)|(?P<int>\d+)"
)


def figures(kind: str, value: Any) -> Iterator[Figure]:
    """The figures in a value as a spec writes it."""
    if kind in {"range", "count", "side", "area", "ratio", "length", "bytes"}:
        for side, text in zip(("low", "high"), halves(str(value)), strict=True):
            yield from (replace(f, side=side if ".." in str(value) else "") for f in _plain(text))
    elif kind == "required":
        yield Figure("policy", "required" if value else "optional")
    elif kind == "alpha":
        yield Figure("policy", str(value))
    elif kind == "tokens":
        yield from (figure for word, size in value.items() for figure in (Figure("token", word), Figure("size", size)))
    elif kind == "formats":
        yield from (Figure("format", str(name)) for name in value)
    elif is_map(value):
        yield from (f for name, part in value.items() if name != "like" for f in figures("", part))
    elif is_seq(value):
        yield from (figure for part in value for figure in figures("", part))
    else:
        yield from _plain(shown(value))


def _plain(text: str) -> Iterator[Figure]:
    if text in {"true", "false"}:
        yield Figure("bool", text)
    if re.fullmatch(r"[a-z]+(?:_[a-z]+)*", text) and text not in {"true", "false", "random"}:
        yield Figure("name", text)
    for found in _WRITTEN.finditer(text):
        sort = str(found.lastgroup)
        yield Figure(sort, f"{decimal(found[0][:-1])}%" if sort == "percent" else found[0])


_TYPES = {
    "text": "string",
    "size": "string",
    "integer": "integer",
    "boolean": "boolean",
    "list": "array",
    "images": "array",
    "object": "object",
}
"""What pages call the types of specs."""


# ── Rules and defaults of families ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Fact:
    """A fact of the specs, before it is held by a document."""

    id: str
    kind: str
    parameter: str
    value: Any
    evidence: ir.Evidence


@dataclass
class _Held:
    """Who has a fact, while offers are walked."""

    claim: Claim
    models: dict[str, None] = field(default_factory=dict[str, None])
    modes: dict[str, None] = field(default_factory=dict[str, None])
    routes: dict[str, None] = field(default_factory=dict[str, None])


def claims(spec: Spec) -> list[Claim]:
    """Every claim of the specs about a document, in the order of the specs."""
    known, resolvers = resolve_with_ledgers(spec)
    lines = _Lines([file.tree for file in (*spec.providers, *spec.families)])
    found: list[Claim] = []
    for family, resolver in zip(known.families, resolvers, strict=True):
        stated = {id(evidence): told for told, evidence in resolver.ledger.told}
        found += _Family(known, family, stated=stated, lines=lines, file=resolver.source.tree.file).claims()
    for provider in spec.providers:
        from platemark.drift.services import of_provider

        found += of_provider(provider, known)
    return found


_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class _Lines:
    """Which line of which file states a fact, by where the line stands."""

    def __init__(self, trees: Iterable[Tree]) -> None:
        self.paths: dict[tuple[str, int, int], Keys] = {}
        for tree in trees:
            for places in (tree.values, tree.keys):
                self.paths |= {(place.file, place.line, place.column): keys for keys, place in places.items() if keys}

    def line(self, file: str, path: Keys) -> int:
        return next((at[1] for at, keys in self.paths.items() if at[0] == file and keys == path), 0)

    def path(self, stated: Stated | None) -> Keys:
        at = stated.place if stated else None
        return self.paths.get((at.file, at.line, at.column), ()) if at else ()


class _Family:
    def __init__(
        self, known: ir.Ir, family: ir.Family, *, stated: Mapping[int, Stated], lines: _Lines, file: str
    ) -> None:
        self.lines = lines
        self.file = file
        self.known = known
        self.family = family
        self.stated = stated
        self.held: dict[tuple[Any, ...], _Held] = {}

    def claims(self) -> list[Claim]:
        for offer in self.family.offers:
            for fact in self.facts_of(offer):
                self.take(offer, fact)
        for model in self.family.models:
            offer = next(iter(self.family.by_model[model.id]))
            for fact in self.facts_about(model):
                self.take(offer, fact, whole=True)
        return [self.done(held) for held in self.held.values()]

    def facts_of(self, offer: ir.Offer) -> Iterator[_Fact]:
        """The rules and defaults of an offer, and where its requests go."""
        for rule in self.family.rules_of(offer):
            if not rule.structure and rule.kind not in {"unknown", "place", "shape"}:
                yield _Fact(rule.id, rule.kind, rule.parameter, self.value(rule), rule.evidence)
        for parameter in self.family.parameters_of(offer):
            if not parameter.required and "type" in parameter.evidence:
                yield _Fact(f"{parameter.name}.required", "required", parameter.name, False, parameter.evidence["type"])
            for facet in FACETS:
                if facet in parameter.evidence and facet in parameter.facets:
                    value, evidence = parameter.facets[facet], parameter.evidence[facet]
                    kind = "recommended" if facet == "exceptions" else facet
                    yield _Fact(f"{parameter.name}.{facet}", kind, parameter.name, value, evidence)
        if offer.evidence:
            endpoint = self.known.provider(self.family.provider).endpoint(offer.endpoint)
            yield _Fact(f"routes.{offer.route}", "route", "", endpoint.path, offer.evidence)

    def facts_about(self, model: ir.Model) -> Iterator[_Fact]:
        """What its line says of a model: what it points to, what it costs, how often it may be asked."""
        for fact in model.aliases:
            yield _Fact("alias", "alias", "", fact.value["means"], fact.evidence)
        for fact in model.prices:
            money = f"{decimal(fact.value['amount'])} {fact.value['currency']}"
            yield _Fact(fact.id, "price", "", money, fact.evidence)
        for fact in model.limits:
            for name in ("rate", "concurrent"):
                if name in fact.value:
                    yield _Fact(f"limits.{name}", "limit", "", {name: fact.value[name]}, fact.evidence)
        yield _Fact(
            "models", "alias" if model.like or _DATED.search(model.id) else "model", "", model.id, model.evidence
        )

    def value(self, rule: ir.Rule) -> Any:
        """What a rule's line says, as it is written."""
        if rule.kind == "unsupported":
            return rule.parameter
        if rule.kind == "only_in":
            return rule.args["modes"]
        stated = self.stated.get(id(rule.evidence))
        return stated.value if stated is not None else None

    def take(self, offer: ir.Offer, fact: _Fact, *, whole: bool = False) -> None:
        stated = self.stated.get(id(fact.evidence))
        base = Claim(
            fact.id, fact.kind, fact.parameter, "", fact.parameter, _figures_of(fact.kind, fact.value), fact.value,
            fact.kind, unit=_unit(fact.kind, fact.value), file=self.file,
            sources=tuple(source.document for source in fact.evidence.sources),
        )  # fmt: skip
        if stated:
            path, at = self.lines.path(stated), stated.place
            base = replace(base, path=path, file=at.file, line=at.line)
        for source in fact.evidence.sources:
            self.keep(offer, replace(base, document=source.document, place=source.place), whole=whole)
        conflict = fact.evidence.conflict
        for loser in conflict.losers if conflict else ():
            path: Keys = ("conflicts", conflict.about, loser.document) if conflict else ()
            for name, says in _readings(fact.kind, loser.says):
                lost = replace(
                    base, document=loser.document, figures=_figures_of(name, says), value=says, reads=name, losing=True,
                    unit=_unit(name, says), path=path, file=self.file, line=self.lines.line(self.file, path),
                )  # fmt: skip
                self.keep(offer, lost, whole=whole)

    def keep(self, offer: ir.Offer, claim: Claim, *, whole: bool) -> None:
        key = (claim.id, claim.kind, claim.document, claim.figures, claim.losing, claim.path, claim.unit)
        if claim.kind in {"alias", "price", "limit", "model"}:
            key = (*key, offer.model)
        held = self.held.setdefault(key, _Held(claim))
        held.models[offer.model] = None
        if not whole:
            held.modes[offer.mode] = None
            held.routes[offer.route] = None

    def done(self, held: _Held) -> Claim:
        offers = [offer for model in held.models for offer in self.family.by_model[model]]
        return replace(
            held.claim,
            models=tuple(held.models),
            modes=tuple(held.modes),
            routes=tuple(held.routes),
            all_modes=not held.modes or {offer.mode for offer in offers} == set(held.modes),
            all_routes=not held.routes or {offer.route for offer in offers} == set(held.routes),
            makes=any(offer.makes.lstrip(".") == held.claim.parameter for offer in offers),
            provider=self.family.provider,
            family=self.family.name,
        )


def _figures_of(kind: str, value: Any) -> tuple[Figure, ...]:
    match kind:
        case "alias" | "model":
            return (Figure("model", str(value)),)
        case "price":
            return (Figure("money", str(value)),)
        case "route":
            return (Figure("path", templated(str(value))),)
        case "limit":
            return tuple(f for part in value.values() for f in _plain(str(part).partition("/")[0]))
        case "type":
            return (Figure("type", _TYPES[str(value)]),) if str(value) in _TYPES else ()
        case "only_in":
            return tuple(Figure("policy", str(mode)) for mode in each(value or ()))
        case "schemes":
            return tuple(Figure("scheme", str(name)) for name in value)
        case "requires" | "same_length":
            return ()
        case _:
            return tuple(dict.fromkeys(figures(kind, value)))


def _unit(kind: str, value: Any) -> str:
    if kind == "limit":
        return next(iter(value))
    if kind != "length":
        return ""
    return "tokens" if str(value).endswith("tokens") else "characters"


def _readings(kind: str, says: Any) -> Iterable[tuple[str, Any]]:
    """What a loser says, by kind: `{range: 1..4, default: 1}` or a bare value of the winner's kind."""
    if is_map(says):
        return [(name, value) for name, value in says.items() if name in KINDS or name in FACETS]
    return (
        [(kind, says)] if not isinstance(says, str) or re.search(r"\d", says) or says in {"ignored", "refused"} else []
    )
