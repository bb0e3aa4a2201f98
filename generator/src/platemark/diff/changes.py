"""A change: what it is, what it means for a caller, and where. The same change of several offers is one row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from platemark import ir
from platemark.rules.directions import Direction

Impact: TypeAlias = Literal["breaking", "compatible", "documentation"]
Word: TypeAlias = Literal[
    "tightened", "loosened", "changed", "added", "removed", "default changed", "route changed", "deprecated", "renamed",
    "documentation only",
]  # fmt: skip
"""What became of it; `changed`: neither tighter nor looser, or both."""

IMPACTS: tuple[Impact, ...] = ("breaking", "compatible", "documentation")
MOVED: Mapping[Direction, Word] = {"tighter": "tightened", "looser": "loosened", "other": "changed"}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something changed: a provider, a model, or one of its offers; `documents` is where no provider is."""

    provider: str
    model: str = ""
    mode: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """What changed, and where: the id of a rule or fact (`n.range`, `size.default`, `route`), and its kind: the rule
    table's name, or what else it is (`default`, `route`, `alias`, `price`, …)."""

    spot: Spot
    rule: str
    kind: str
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One change of one fact."""

    fact: Fact
    change: Word
    impact: Impact
    said: tuple[Any, Any]
    """What stood, and stands, in the spec; None where nothing did, or does."""
    sentence: str
    documents: tuple[str, ...]
    """Who says so now, or said so where it is gone."""


def found(
    fact: Fact, change: Word, impact: Impact, said: tuple[Any, Any], sentence: str, *evidence: ir.Evidence | None
) -> Found:
    """A change, with the documents of its evidence."""
    documents = dict.fromkeys(source.document for each in evidence if each for source in each.sources)
    return Found(fact, change, impact, said, sentence, tuple(documents))


def resourced(fact: Fact, was: ir.Evidence | None, now: ir.Evidence | None) -> Iterator[Found]:
    """The same fact with other documents behind it, where there are others. Conflicts are told of their own."""
    if was and now and (said := (_cited(was), _cited(now)))[0] != said[1]:
        yield found(fact, "documentation only", "documentation", said, f"`{fact.rule}` has other sources", now)


def _cited(evidence: ir.Evidence) -> list[str]:
    return [evidence.status, *(f"{source.document}: {source.place}" for source in evidence.sources)]


def reworded(fact: Fact, was: str, now: str, sentence: str) -> Iterator[Found]:
    """Words for people that say something else."""
    if was != now:
        yield found(fact, "documentation only", "documentation", (was or None, now or None), sentence)


@dataclass(frozen=True, slots=True)
class Change:
    """A change, wherever it holds. `id` names just this one: it ends in a digest of old, new and where."""

    id: str
    rule: str
    parameter: str
    kind: str
    change: Word
    impact: Impact
    provider: str
    models: tuple[str, ...]
    modes: tuple[str, ...]
    routes: tuple[str, ...]
    addresses: tuple[str, ...]
    """Each `provider/model/mode/route/rule`, as far as the change knows them."""
    old: Any
    new: Any
    sentence: str
    documents: tuple[str, ...]
    reason: str = ""
    """Why a person accepts it; empty while nobody does."""

    @property
    def open(self) -> bool:
        """Whether nobody has accepted it."""
        return not self.reason

    def json(self) -> dict[str, Any]:
        """The change as `--format json` prints it."""
        return {
            "id": self.id, "rule": self.rule, "parameter": self.parameter, "kind": self.kind, "change": self.change,
            "class": self.impact, "provider": self.provider, "models": list(self.models), "modes": list(self.modes),
            "routes": list(self.routes), "addresses": list(self.addresses), "old": ir.to_json(self.old),
            "new": ir.to_json(self.new), "sentence": self.sentence, "documents": list(self.documents),
            "acknowledged": self.reason or None,
        }  # fmt: skip

    def accepted(self, reason: str) -> Change:
        """The change, accepted."""
        return replace(self, reason=reason)


def grouped(all_found: Iterable[Found]) -> tuple[Change, ...]:
    """One row for the same change at several spots; by class, then by id."""
    rows: dict[str, list[Found]] = {}
    for each in all_found:
        key = (
            replace(each.fact, spot=Spot(each.fact.spot.provider)),
            each.change,
            each.impact,
            each.said,
            each.sentence,
        )
        rows.setdefault(_canonical(key), []).append(each)
    return tuple(sorted(map(_row, rows.values()), key=lambda row: (IMPACTS.index(row.impact), row.id)))


def _row(rows: Sequence[Found]) -> Change:
    first, fact = rows[0], rows[0].fact
    spots = [row.fact.spot for row in rows]
    models, modes, routes = (_unique(getattr(spot, part) for spot in spots) for part in ("model", "mode", "route"))
    places = {"/".join(filter(None, [at.provider, at.model, at.mode, at.route, fact.rule])) for at in spots}
    digest = sha256(_canonical([first.said, sorted(places)]).encode()).hexdigest()[:8]
    scope = [*models, *(modes if len(modes) == 1 else ())] if len(models) == 1 else []
    address = "/".join(filter(None, [fact.spot.provider, *scope, fact.rule]))
    return Change(
        id=f"{address}:{first.change.replace(' ', '-')}@{digest}",
        rule=fact.rule,
        parameter=fact.parameter,
        kind=fact.kind,
        change=first.change,
        impact=first.impact,
        provider=fact.spot.provider,
        models=models,
        modes=modes,
        routes=routes,
        addresses=tuple(sorted(places)),
        old=first.said[0],
        new=first.said[1],
        sentence=first.sentence,
        documents=_unique(document for row in rows for document in row.documents),
    )


def _unique(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in parts if part))


def _canonical(value: Any) -> str:
    return json.dumps(ir.to_json(value), sort_keys=True, ensure_ascii=False)
