"""From facts to what holds in each model and mode: the best place wins; a contradiction is no fact."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from platemark.documents import words
from platemark.drafting.facts import Fact
from platemark.drafting.gather import LISTS, gathered
from platemark.drafting.scopes import MODES, Scope, single
from platemark.plain import is_seq
from platemark.spec.todos import TODO

SLOT: Mapping[str, str] = {"range": "values", "one_of": "values", "fixed": "values"}
"""Kinds that stand in one slot: one says which values there are."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What holds of a parameter in a model's mode."""

    kind: str
    value: Any
    lines: tuple[int, ...]
    readings: tuple[str, ...] = ()
    """Where the page says two things, or one that can't be read: each, as people would write it."""


Cell = tuple[str, str]
"""A model and a mode."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a page says of parameters, by model and mode."""

    models: tuple[str, ...]
    modes: Mapping[str, tuple[str, ...]]
    """Of each model."""
    cells: Mapping[tuple[str, str, str, str], Settled]
    """Model, mode, parameter, slot → what holds."""
    unsupported: Mapping[tuple[str, str], int]
    """Model, name → the line that says that there is no such parameter."""
    only: Mapping[tuple[str, str], tuple[tuple[str, ...], int]]
    """Model, parameter → the modes that take it, and the line that says so."""

    def parameters(self, model: str, mode: str) -> Iterator[tuple[str, dict[str, Settled]]]:
        """The parameters of a mode with what holds of them, in the order of the page."""
        found: dict[str, dict[str, Settled]] = {}
        for (m, o, parameter, _), settled in self.cells.items():
            if (m, o) == (model, mode):
                found.setdefault(parameter, {})[settled.kind] = settled
        yield from found.items()


def sheet(facts: Sequence[Fact], models: Sequence[str], types: Mapping[str, str], provided: Set[str]) -> Sheet:
    """What holds in each model and mode of a page. Facts in passing are no evidence. `provided`: the parameters that
    the provider defines."""
    sure = gathered([fact for fact in facts if fact.rank > 1 and fact.parameter in types])
    sure = _general(sure, types)
    missing = {
        (m, fact.parameter): fact.line
        for fact in facts
        if fact.kind == "unsupported" and fact.rank > 1
        for m in fact.scope.models or models
    }
    modes = {m: _modes(m, [fact for fact in sure if (m, fact.parameter) not in missing], types) for m in models}
    only = _only(sure, models, modes) | _told_once(sure, modes, provided)
    slots: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in sure:
        if fact.kind not in {"only_in", "unsupported", "few", "mentioned"}:
            slots[fact.parameter, SLOT.get(fact.kind, fact.kind)].append(fact)
    defined = {fact.parameter for fact in sure if fact.rank > 2 and not fact.scope.models}
    cells: dict[tuple[str, str, str, str], Settled] = {}
    for (parameter, slot), said in slots.items():
        for model in models:
            if (model, parameter) in missing:
                continue
            taken = only.get((model, parameter), (modes[model], 0))[0]
            for mode in modes[model]:
                found = _settled(said, model, mode, entry=parameter in defined) if mode in taken else None
                if found is not None:
                    cells[model, mode, parameter, slot] = found
    return Sheet(tuple(models), modes, cells, missing, only)


# ── One cell ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _settled(said: Sequence[Fact], model: str, mode: str, *, entry: bool) -> Settled | None:
    """The value at the best places that speak of this model and mode; the two readings where they differ."""
    near = [fact for fact in said if _holds(fact.scope, model, mode)]
    if not near:
        return None
    near = _governed(near, said, model, entry)
    if not near:
        return None
    best = max((fact.rank, bool(fact.scope.models), bool(fact.scope.modes)) for fact in near)
    top = [fact for fact in near if (fact.rank, bool(fact.scope.models), bool(fact.scope.modes)) == best]
    readable = [fact for fact in top if fact.value != TODO] or top
    if top[0].kind in LISTS and len(readable) < len(top):  # a list with a member that can't be read is not the list
        readable = [fact for fact in top if fact.value == TODO]
    fuller = [fact for fact in readable if not any(_within(fact, other) for other in readable)]
    values = {repr((fact.kind, fact.value)): fact for fact in fuller}
    lines = tuple(dict.fromkeys(fact.line for fact in readable))
    first = fuller[0]
    if len(values) > 1:
        return Settled(first.kind, TODO, lines, tuple(f"{_shown(fact)} (line {fact.line})" for fact in values.values()))
    readings = tuple(f"{fact.printed} (line {fact.line})" for fact in readable if fact.value == TODO)
    return Settled(first.kind, first.value, lines, readings)


def _holds(scope: Scope, model: str, mode: str) -> bool:
    return (not scope.models or model in scope.models) and (not scope.modes or mode in scope.modes)


def _governed(near: Sequence[Fact], said: Sequence[Fact], model: str, entry: bool) -> list[Fact]:
    """Where a parameter's own entry speaks of a matter, no other text is heard on it. `entry`: of all models in one."""
    entry = any(fact.rank > 2 and (entry or not fact.scope.models or model in fact.scope.models) for fact in said)
    return [fact for fact in near if fact.rank > 2 or not entry]


def _within(fact: Fact, other: Fact) -> bool:
    """Whether another says the same most, and the least besides: `..9` and `0..9`."""
    mine, yours = str(fact.value), str(other.value)
    return fact.kind == other.kind and mine.startswith("..") and mine != yours and yours.endswith(mine)


def _shown(fact: Fact) -> str:
    value: Any = fact.value
    text = (
        ", ".join(map(str, value)) if is_seq(value) else str(value).lower() if isinstance(value, bool) else str(value)
    )
    return f"{fact.kind}: {text}"


# ── Modes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def switch(parameter: str, type_: str) -> str:
    """The mode that a parameter switches on, if it is one that does."""
    if type_ != "boolean":
        return ""
    said = f"{parameter}=true"
    return next((mode for mode in ("interleave", "sequence") if words.MODES[mode].search(said)), "")


def _general(facts: Sequence[Fact], types: Mapping[str, str]) -> list[Fact]:
    """What is said once, of one mode but in passing, holds in all: a page may just speak of editing."""
    values: dict[tuple[str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    for fact in facts:
        if any(
            _within(fact, other)
            for other in facts
            if other.parameter == fact.parameter and other.scope.models == fact.scope.models
        ):
            continue
        values[fact.parameter, SLOT.get(fact.kind, fact.kind), fact.scope.models].add(repr((fact.kind, fact.value)))
    found: list[Fact] = []
    for fact in facts:
        alone = len(values[fact.parameter, SLOT.get(fact.kind, fact.kind), fact.scope.models]) == 1
        loose = switch(fact.parameter, types.get(fact.parameter, "")) or (alone and not fact.introduced)
        found.append(replace(fact, scope=Scope(fact.scope.models)) if loose else fact)
    return found


def _modes(model: str, facts: Sequence[Fact], types: Mapping[str, str]) -> tuple[str, ...]:
    mine = [fact for fact in facts if not fact.scope.models or model in fact.scope.models]
    switched = {switch(fact.parameter, types.get(fact.parameter, "")) for fact in mine}
    pictures = [fact for fact in mine if fact.parameter == "images" and fact.kind not in {"unsupported", "only_in"}]
    counts = [fact.value for fact in pictures if fact.kind == "count"]
    optional = any(str(value).startswith("0..") for value in counts) or any(
        f.kind == "required" and not f.value for f in pictures
    )
    if "interleave" in switched:
        return ("edit", "interleave")
    if "sequence" in switched:
        return ("text_to_image", "edit", "sequence")
    return ("text_to_image", "edit") if pictures and optional else ("edit",) if pictures else ("text_to_image",)


def _only(
    facts: Sequence[Fact], models: Sequence[str], modes: Mapping[str, tuple[str, ...]]
) -> dict[tuple[str, str], tuple[tuple[str, ...], int]]:
    """Where a page says that a parameter is taken in some modes alone."""
    about = {(fact.parameter, fact.line) for fact in facts if fact.kind == "few"}
    found: dict[tuple[str, str], tuple[tuple[str, ...], int]] = {}
    for fact in facts:
        if fact.kind != "only_in" or (fact.parameter, fact.line) in about:
            continue
        for model in fact.scope.models or models:
            before = found.get((model, fact.parameter), (modes[model], 0))[0]
            taken = tuple(mode for mode in MODES if mode in single([fact.value]) and mode in before)
            if taken and taken != modes[model]:
                found[model, fact.parameter] = taken, fact.line
    return found


def _told_once(
    facts: Sequence[Fact], modes: Mapping[str, tuple[str, ...]], provided: Set[str]
) -> dict[tuple[str, str], tuple[tuple[str, ...], int]]:
    """A parameter of these models alone whose limit is introduced for one mode, and for no other, belongs to it."""
    found: dict[tuple[str, str], tuple[tuple[str, ...], int]] = {}
    for model, all_modes in modes.items():
        limits: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            mine = not fact.scope.models or model in fact.scope.models
            if mine and fact.kind in {"range", "count", "length", "area"} and fact.parameter not in provided:
                limits[fact.parameter].append(fact)
        for parameter, said in limits.items():
            taken = {mode for fact in said for mode in fact.scope.modes}
            if (
                all(fact.scope.modes and fact.introduced == "column" for fact in said)
                and len(taken) == 1
                and taken < set(all_modes)
            ):
                found[model, parameter] = tuple(taken), said[0].line
    return found


def plain(id_: str) -> str:
    """A model's id without the date of a snapshot."""
    return re.sub(r"-20\d\d-\d\d-\d\d$", "", id_)
