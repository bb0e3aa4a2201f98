"""Lists whose members a page writes on lines of their own, and words for sizes, as one fact each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from platemark.drafting.facts import Fact
from platemark.drafting.scopes import Scope
from platemark.spec.todos import TODO

LISTS = frozenset({"recommended", "one_of", "listed"})
"""Kinds that list sizes; `listed`: the page does not say for what."""
_APART = 6
"""How many lines of a page may stand between two members of a list."""


def gathered(facts: Sequence[Fact]) -> list[Fact]:
    """The facts, with lists and words for sizes put together."""
    found: list[Fact] = []
    for fact in facts:
        if fact.kind in LISTS and fact.value != TODO:
            _list(found, fact)
        elif fact.kind == "tokens" and found and found[-1].kind == "tokens" and _alike(found[-1].scope, fact.scope):
            found[-1] = replace(found[-1], value=_joined(found[-1], fact))
        else:
            found.append(fact)
    found = [replace(f, kind="tokens", value={f.value: TODO}) if f.kind == "words" else f for f in found]
    return [replace(f, value=f.value.members) if isinstance(f.value, _List) else f for f in _few(_worded(found))]


def _joined(left: Fact, right: Fact) -> dict[str, str]:
    """Words for sizes that stand one below the other."""
    return {word: size for fact in (left, right) for word, size in fact.value.items()}


def _list(found: list[Fact], fact: Fact) -> None:
    """Adds members to the list that they follow, or begins one; words for sizes that stand beside them take them."""
    lists = [each for each in found if each.parameter == fact.parameter and isinstance(each.value, _List)]
    before = lists[-1] if lists else None
    if before is not None and _follows(before, fact):
        members = [*before.value.members, *(size for size in fact.value if size not in before.value.members)]
        found[found.index(before)] = replace(before, value=_List(members, fact.line))
        return
    said = [f for f in found if f.kind == "words" and f.parameter == fact.parameter and f.line == fact.line]
    if fact.kind == "listed" and said and len(said) == len(fact.value):
        tokens = {word.value: size for word, size in zip(said, fact.value, strict=True)}
        found[:] = [*(each for each in found if each not in said), replace(said[0], kind="tokens", value=tokens)]
        return
    found.append(replace(fact, value=_List(list(fact.value), fact.line)))


def _follows(before: Fact, fact: Fact) -> bool:
    near = 0 <= fact.line - before.value.end <= _APART
    return near and fact.kind in {"listed", before.kind} and _alike(before.scope, fact.scope)


@dataclass(frozen=True, slots=True)
class _List:
    """Members, with the last line that they stand on."""

    members: list[str]
    end: int


def _worded(facts: Sequence[Fact]) -> list[Fact]:
    """The words for sizes that stand side by side as one fact; a place that gives their sizes speaks for all."""
    sized = [f for f in facts if f.kind == "tokens" and TODO not in f.value.values()]
    found: list[Fact] = []
    for fact in facts:
        if fact.kind != "tokens" or TODO not in fact.value.values():
            found.append(fact)
            continue
        near = [
            f
            for f in sized
            if not f.scope.models or not fact.scope.models or set(f.scope.models) & set(fact.scope.models)
        ]
        same = [f for f in found if f.kind == "tokens" and f.line == fact.line and f.scope.models == fact.scope.models]
        if any(fact.value.keys() <= f.value.keys() for f in near):
            continue
        if same:
            found[found.index(same[0])] = replace(same[0], value={**same[0].value, **fact.value})
        else:
            found.append(fact)
    return found


def _alike(left: Scope, right: Scope) -> bool:
    return left.models == right.models and (left.modes == right.modes or not right.modes)


def _few(facts: Sequence[Fact]) -> Iterator[Fact]:
    """A word for a size that only some models and modes have is taken from the others."""
    narrow = {fact.value: fact for fact in facts if fact.kind == "few"}
    for fact in facts:
        held = narrow.keys() & fact.value.keys() if fact.kind == "tokens" else set[str]()
        if not held:
            yield fact
            continue
        yield replace(fact, value={word: size for word, size in fact.value.items() if word not in held})
        for word in held:
            yield replace(fact, scope=narrow[word].scope, line=narrow[word].line, introduced="text")
