"""The cited documents themselves, and the wording of conflicts: what no request notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from platemark import ir
from platemark.diff.changes import Fact, Found, Spot


def documents(old: ir.Ir, new: ir.Ir) -> Iterator[Found]:
    """Documents that are cited anew, no more, or as other editions; and conflicts that are told otherwise."""
    before, after = ({document.id: document for document in spec.documents} for spec in (old, new))
    for id_ in dict.fromkeys([*before, *after]):
        one, other = (spec.get(id_) for spec in (before, after))
        if one != other:
            said = "is cited no more" if other is None else "is cited now" if one is None else "is another edition"
            yield _of(Fact(Spot(""), f"documents.{id_}", "document"), (one, other), f"`{id_}` {said}", (id_,))
    for provider in new.providers:
        if provider.id in {each.id for each in old.providers}:
            yield from _conflicts(Spot(provider.id), old.provider(provider.id).conflicts, provider.conflicts)
    families = {(family.provider, family.name): family for family in old.families}
    for family in new.families:
        if was := families.get((family.provider, family.name)):
            for model in family.models:
                yield from _conflicts(Spot(family.provider, model.id), was.conflicts, family.conflicts)


def _conflicts(spot: Spot, old: tuple[ir.Conflict, ...], new: tuple[ir.Conflict, ...]) -> Iterator[Found]:
    before, after = _by_subject(old), _by_subject(new)
    for about in dict.fromkeys([*before, *after]):
        one, other = before.get(about), after.get(about)
        if one != other:
            said = (
                "is settled"
                if other is None
                else "is a conflict now"
                if one is None
                else "is a conflict told otherwise"
            )
            told = f"`{about}` {said}{f': {other.because}' if other else ''}"
            cited = tuple(loser.document for loser in (other or one or new[0]).losers)
            yield _of(Fact(spot, about, "conflict"), (one, other), told, cited)


def _by_subject(conflicts: tuple[ir.Conflict, ...]) -> Mapping[str, ir.Conflict]:
    return {conflict.about: conflict for conflict in conflicts}


def _of(fact: Fact, said: tuple[object, object], sentence: str, cited: tuple[str, ...]) -> Found:
    return Found(fact, "documentation only", "documentation", said, sentence, cited)
