"""Specs as strategies: what the public functions of this package look up, once for each IR."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeAlias, TypeVar

from platemark import ir, load, resolve
from platemark.problems import did_you_mean
from platemark.testing.breaks import Break, Breaker, Unbreakable
from platemark.testing.plans import Plan

Specs: TypeAlias = "ir.Ir | str | Path | None"
"""Resolved specs, a folder of them, or None for those that `platemark` finds by itself."""

_T = TypeVar("_T")
_KEPT = 16


class Suite:
    """The plans of one IR, made when they are asked for."""

    def __init__(self, resolved: ir.Ir) -> None:
        self.ir = resolved
        self._plans: dict[tuple[str, int, bool], Plan] = {}
        self._breakers: dict[tuple[str, int], Offered] = {}

    def offers(self, model: str, mode: str | None, route: str | None) -> list[tuple[str, int]]:
        """The offers of a model in a mode, by a route: its name and their places among its offers.

        Raises ValueError for a model, mode or route that there is not, naming the nearest."""
        if model not in self.ir.models and not any(f"{p.id}/" == model[: len(p.id) + 1] for p in self.ir.providers):
            raise ValueError(_unknown("model", model, self.ir.models))
        try:
            _, family, found = self.ir.find(model)
        except KeyError:
            raise ValueError(_unknown("model", model, self.ir.models)) from None
        offers = family.by_model[found.id]
        for what, name, known in (
            ("mode", mode, [offer.mode for offer in offers]),
            ("route", route, [offer.route for offer in offers]),
        ):
            if name is not None and name not in known:
                raise ValueError(f"{model}: {_unknown(what, name, known)}")
        chosen = [
            (model, index)
            for index, offer in enumerate(offers)
            if mode in (None, offer.mode) and route in (None, offer.route)
        ]
        if not chosen:
            have = dict.fromkeys(offer.route for offer in offers if offer.mode == mode)
            raise ValueError(f"{model} has no {mode} by the {route} route; {mode} goes by {' or '.join(have)}")
        return chosen

    def plan(self, key: tuple[str, int], *, plain: bool = False) -> Plan:
        """How requests of an offer are drawn."""
        if (*key, plain) not in self._plans:
            provider, family, model = self.ir.find(key[0])
            self._plans[*key, plain] = Plan(provider, family, family.by_model[model.id][key[1]], plain=plain)
        return self._plans[*key, plain]

    def offered(self, key: tuple[str, int]) -> Offered:
        """How the rules of an offer are broken."""
        if key not in self._breakers:
            self._breakers[key] = Offered(Breaker(self.plan(key)))
        return self._breakers[key]


class Offered:
    """The rules of an offer with the ways to break each, and to stand at its edge."""

    def __init__(self, breaker: Breaker) -> None:
        self.breaker = breaker
        self.rules = {rule.id: rule for rule in breaker.rules}
        self._ways: dict[str, tuple[Break, ...]] = {}

    def __repr__(self) -> str:
        return repr(self.breaker.plan)

    def ways(self, rule: str) -> tuple[Break, ...]:
        """How to break a rule alone."""
        if rule not in self._ways:
            self._ways[rule] = self.breaker.ways(self.rules[rule])
        return self._ways[rule]

    @cached_property
    def all_ways(self) -> tuple[tuple[Break, ...], ...]:
        """The ways to break each rule that can be broken alone."""
        return tuple(ways for rule in self.rules if (ways := self.ways(rule)))

    @cached_property
    def at_edges(self) -> tuple[tuple[Break, ...], ...]:
        """Each rule kept and broken at its very edges."""
        return tuple(found for rule in self.breaker.judged if (found := self.breaker.at_edges(rule)))

    @cached_property
    def unbreakable(self) -> tuple[Unbreakable, ...]:
        """The rules that can't be broken alone."""
        offer = self.breaker.offer
        return tuple(
            Unbreakable(name, offer.route, offer.mode, self.breaker.reason(rule))
            for name, rule in self.rules.items()
            if not self.ways(name)
        )


_OWN: dict[int, Suite] = {}


def suite(spec: Specs) -> Suite:
    """The strategies of specs. Raises `platemark.problems.Invalid` for a folder with problems."""
    if not isinstance(spec, ir.Ir):
        return _loaded(None if spec is None else Path(spec))
    # Its suite holds the IR, so that no other one gets its identity in the meantime.
    if id(spec) not in _OWN:
        while len(_OWN) >= _KEPT:
            del _OWN[next(iter(_OWN))]
        _OWN[id(spec)] = Suite(spec)
    return _OWN[id(spec)]


@lru_cache(maxsize=_KEPT)
def _loaded(folder: Path | None) -> Suite:
    return Suite(resolve(load(folder)))


def broken(offered: Sequence[Offered], model: str, rule: str) -> list[tuple[Break, ...]]:
    """The ways to break a rule alone, by offer.

    Raises ValueError for a rule that none of the offers has, that refuses nothing, or that can't be broken alone."""
    here = [each for each in offered if rule in each.rules]
    if not here:
        noted = {r.id: r for each in offered for r in each.breaker.plan.family.rules_of(each.breaker.offer)}
        if rule in noted:
            raise ValueError(
                f"{model}: {rule} refuses no request; what goes beyond it gets the verdict {noted[rule].verdict}"
            )
        raise ValueError(f"{model}: {_unknown('rule', rule, [name for each in offered for name in each.rules])}")
    found = [ways for each in here if (ways := each.ways(rule))]
    if not found:
        reasons = dict.fromkeys(each.breaker.reason(each.rules[rule]) for each in here)
        raise ValueError(f"{model}: {rule} can't be broken alone: {'; '.join(reasons)}")
    return found


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    return f"there is no {what} {name!r}; {did_you_mean(name, known)}"
