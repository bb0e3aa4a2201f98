"""Modes: every request belongs to exactly one mode of its model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from platemark import ir
from platemark.lint.facts import Facts, together
from platemark.plain import is_seq
from platemark.problems import Problem
from platemark.rules.judge import choose
from platemark.rules.values import shown

_COMBINATIONS = 10_000
"""More cases than these are not told apart by any real service."""


def partition(facts: Facts) -> Iterator[Problem]:
    """The first request of each model that belongs to no mode, or to more than one."""
    yield from together(_astray(facts))


def _astray(facts: Facts) -> Iterator[tuple[Problem, str]]:
    for model, offers in facts.family.by_model.items():
        modes = list({offer.mode: offer for offer in offers}.values())
        for values in islice(_combinations(facts.family, modes), _COMBINATIONS):
            chosen = [offer.mode for offer in modes if choose(facts.family, [offer], values)]
            if len(chosen) != 1:
                yield _problem(facts, values, chosen, modes[0].mode), f"`{model}`"
                break


def _problem(facts: Facts, values: Mapping[str, Any], chosen: list[str], first: str) -> Problem:
    given = [f"{name}: {len(v) if is_seq(v) else shown(v)}" for name, v in values.items() if v is not None]
    left_out = [name for name, value in values.items() if value is None]
    request = f"a request with {{{', '.join(given)}}}" if given else "a request" if left_out else "every request"
    request += f" without {' and '.join(left_out)}" if left_out else ""
    if chosen:
        message = f"{request} belongs to {' and to '.join(chosen)}"
        place = facts.source.modes[chosen[-1]].place
        return Problem("modes-overlap", message, place, "tell the modes apart by `when`")
    hint = "counts are open at the top: 1.. instead of 1..4; what is too many is a matter of `count`"
    if left_out:
        hint = "give it a `default`, which chooses the mode where it is left out"
    return Problem("modes-gap", f"{request} belongs to no mode", facts.source.modes[first].place, hint)


def _combinations(family: ir.Family, modes: list[ir.Offer]) -> Iterator[dict[str, Any]]:
    """Requests that differ in what modes hang on: enough of them to tell any two modes apart."""
    wanted: dict[str, list[Any]] = {}
    for offer in modes:
        for name, value in offer.when.items():
            wanted.setdefault(name, []).append(value)
    choices = [[(name, value) for value in _candidates(family, name, found)] for name, found in wanted.items()]
    return (dict(combination) for combination in product(*choices))


def _candidates(family: ir.Family, name: str, wanted: list[Any]) -> list[Any]:
    if any(is_seq(value) for value in wanted):
        bounds = [bound for value in wanted if is_seq(value) for bound in value if bound is not None]
        counts = {0, *(bound + step for bound in bounds for step in (-1, 0, 1) if bound + step >= 0)}
        return [[""] * count for count in sorted(counts)]
    if any(isinstance(value, bool) for value in wanted):
        return [True, False, None]
    declared = [word for p in family.parameters if p.name == name for word in p.facets.get("one_of", ())]
    return [*dict.fromkeys([*declared, *wanted]), None]
