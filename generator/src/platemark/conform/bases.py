"""Requests from which probes are made: as cheap as may be, and away from the edges of rules, so that a service that is
one step stricter in one rule refuses the probes of that rule alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isqrt
from typing import Any

from platemark import ir
from platemark.plain import is_list, is_map
from platemark.rules import domains, leaves, samples, sizes, specimens
from platemark.rules.cases import body_of
from platemark.rules.judge import judge
from platemark.rules.kinds import KINDS
from platemark.rules.nearest import limits

Values = dict[str, Any]
_SQUARE = 1024
_SAMPLE = ir.picture(0).partition("picture-")[0]


@dataclass(frozen=True)
class Bases:
    """The requests of one offer."""

    provider: ir.Provider
    family: ir.Family
    offer: ir.Offer

    @cached_property
    def rules(self) -> tuple[ir.Rule, ...]:
        return self.family.rules_of(self.offer)

    @cached_property
    def least(self) -> Values:
        """What must be given, as few pictures as may be, and what chooses mode and transport."""
        found = {**samples.minimal(self.family, self.offer), **samples.fixed(self.offer)}
        makes = self.family.parameter_of(self.offer, self.counted)
        if makes and "fixed" not in makes.facets and self.counted not in found:
            found[self.counted] = _span(makes, "range")[0] or 1
        return self.pictured(found)

    @cached_property
    def full(self) -> Values:
        """All that can be given at once: it has every part of a body that a request can lack."""
        return self.pictured({**samples.full(self.family, self.offer), **samples.fixed(self.offer)})

    @property
    def counted(self) -> str:
        """The parameter that says how many pictures there will be, or a number."""
        return self.offer.makes.removeprefix("..")

    def holding(self, name: str) -> Values | None:
        """The least request with a value of one parameter, and what that needs; None where it takes none."""
        parameter = self.family.parameter_of(self.offer, name)
        if parameter is None:
            return None
        needed = self.needed(name)
        for candidate in self._candidates(parameter, needed):
            made = self.pictured({**self.least, **needed, name: candidate})
            if self.accepts(made):
                return made
        return None

    def accepts(self, values: Values) -> bool:
        """Whether a request is one of this offer and changed by nobody."""
        made = judge(self.provider, self.family, self.offer.model, self.offer.route, self.body(values))
        return made.mode == self.offer.mode and made.verdict not in {"reject", "adjust"}

    def body(self, values: Values) -> Any:
        """The wire body of values."""
        return body_of(self.provider, self.offer, values)

    # ── Values ────────────────────────────────────────────────────────────────────────────────────────────────────

    def needed(self, name: str) -> Values:
        """What a parameter needs beside it: values of others, and a list to be as long as."""
        found: Values = {}
        for rule in self.rules:
            if rule.parameter == name and rule.kind == "requires":
                found |= rule.args["of"]
            elif rule.parameter == name and rule.kind == "same_length" and not self.least.get(rule.args["as"]):
                other = self.family.parameter_of(self.offer, str(rule.args["as"]))
                found |= {other.name: samples.list_of(other, list(self.rules), 1)} if other else {}
        return found

    def _candidates(self, parameter: ir.Parameter, beside: Values) -> Iterator[Any]:
        """Values to try, those in the middle of what is allowed first."""
        match parameter.type:
            case "integer":
                yield from _middle(*_span(parameter, "range"))
            case "images" | "list":
                rules = [rule for rule in self.rules if rule.parameter == parameter.name]
                same = next((str(rule.args["as"]) for rule in rules if rule.kind == "same_length"), "")
                counts = [len({**self.least, **beside}.get(same, ()))] if same else _middle(*_span(parameter, "count"))
                yield from (samples.list_of(parameter, rules, count) for count in counts if count)
            case "size":
                yield from self._sizes()
            case _:
                pass
        yield samples.value_for(self.family, self.offer, parameter.name)

    def _sizes(self) -> Iterator[str]:
        allowed = domains.clear(limits(self.rules), "")
        for tried in ((1024, 1024), (1280, 960)):
            near = sizes.nearest(tried, allowed)
            if near and allowed.allow(near):
                yield sizes.written(near)

    # ── Pictures ──────────────────────────────────────────────────────────────────────────────────────────────────

    def pictured(self, body: Any) -> Any:
        """Values or a body in which pictures of ours stand where samples have addresses that nobody can fetch."""
        if isinstance(body, str):
            return self.square if body.startswith(f"{_SAMPLE}picture-") else body
        if is_list(body):
            return [self.pictured(part) for part in body]
        return {key: self.pictured(part) for key, part in body.items()} if is_map(body) else body

    @cached_property
    def square(self) -> str:
        """A square picture."""
        return specimens.uri(self.square_size)

    @cached_property
    def square_size(self) -> sizes.Size:
        side = self._fit(_SQUARE)
        return side, side

    @cached_property
    def wide_size(self) -> sizes.Size:
        """The sides of a picture that is half as wide again as it is high."""
        height = self._fit(_SQUARE * 5 // 8)
        return height * 3 // 2, height

    def large_size(self, area: int) -> sizes.Size:
        """The sides of a square that holds more pixels than `area`, where one may."""
        side = self._fit(isqrt(area) * 5 // 4)
        return side, side

    def _fit(self, side: int) -> int:
        bounds = [r.args for r in self.rules if r.parameter == "images" and r.kind == "side"]
        low = max((b["low"] or 1 for b in bounds), default=1)
        high = min((b["high"] or 4096 for b in bounds), default=4096)
        return min(max(side, low + 16), high - 16)


def counts(family: ir.Family, offer: ir.Offer, values: Mapping[str, Any]) -> int:
    """How many pictures a request could make at worst, if it is served in that mode."""
    name = offer.makes.removeprefix("..")
    if name.isdecimal():
        return int(name)
    given = values.get(name)
    if leaves.is_integer(given) and given >= 1:
        return leaves.integer(given)
    parameter = family.parameter_of(offer, name)
    if parameter is None:
        return 1
    known = (
        leaves.integer(parameter.default),
        _span(parameter, "range")[1],
        leaves.integer(parameter.facets.get("fixed")),
    )
    return max(1, *(bound for bound in known if bound is not None))


def _span(parameter: ir.Parameter, kind: str) -> tuple[int | None, int | None]:
    if kind not in parameter.facets:
        return None, None
    args = KINDS[kind].parse(parameter.facets[kind])
    return args["low"], args["high"]


def _middle(low: int | None, high: int | None) -> Iterator[int]:
    """Numbers strictly between the bounds, the cheap ones first, then the bounds."""
    least = 0 if low is None else low
    most = least + 4 if high is None else high
    inner = [n for n in (2, least + 1, (least + most) // 2, most - 1) if least < n < most]
    yield from dict.fromkeys([*inner, *(n for n in (low, high) if n is not None)])
