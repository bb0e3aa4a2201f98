"""The rules of an offer that both specs have: which were tightened, which loosened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from platemark import ir
from platemark.diff.changes import MOVED, Fact, Found, Impact, found, resourced, reworded
from platemark.diff.sides import ABSENT, Side
from platemark.rules import directions
from platemark.rules.directions import Direction
from platemark.rules.kinds import KINDS

LEVELS: tuple[ir.Verdict, ...] = ("reject", "adjust", "note")
"""What becomes of a request that breaks a rule, hardest first: the first that moved says what the change is."""
_HOW = {"reject": "refused", "adjust": "adjusted", "note": "noted", "accept": "accepted"}
_DERIVED = (*ABSENT, "model", "route")
"""Kinds that only repeat which parameters, models and routes there are."""


def limits(old: Side, new: Side, parts: frozenset[str]) -> Iterator[Found]:
    """The changed rules about parts of parameters that both offers take (`parts`), and about the body."""
    same_body = old.body == new.body
    for place in dict.fromkeys([*old.limits, *new.limits]):
        before, after = old.limits.get(place, ()), new.limits.get(place, ())
        one = (after or before)[0]
        if one.kind in _DERIVED or not (_body_has(before, after, one, same_body) if one.structure else _in(parts, one)):
            continue
        yield from _limit(new, before, after, same_body=same_body)


def _body_has(before: Sequence[ir.Rule], after: Sequence[ir.Rule], one: ir.Rule, same_body: bool) -> bool:
    """A rule of structure that only one of two has is told where bodies differ: else parameters came or went."""
    return bool(before and after) or not (same_body or one.kind == "place")


def _in(parts: frozenset[str], rule: ir.Rule) -> bool:
    """What an object holds (`unknown`) is told field by field."""
    return _about(rule) in parts and rule.kind != "unknown"


def _about(rule: ir.Rule) -> str:
    return rule.id.removesuffix(f".{rule.kind}").removesuffix(".soft")


def _limit(new: Side, before: Sequence[ir.Rule], after: Sequence[ir.Rule], *, same_body: bool) -> Iterator[Found]:
    for level in LEVELS:
        was, now = _at(before, level), _at(after, level)
        way = _direction(_readings(before, level), _readings(after, level))
        if way != "same" and not (was and now and was.structure and same_body):
            yield _moved(new, level, way, was or _first(before), now or _first(after))
            return
    if before and after and not after[0].structure:
        was, now = before[0], after[0]
        fact, told = Fact(new.spot, now.id, now.kind, now.parameter), _sentence(was, now)
        yield from reworded(fact, was.sentence, now.sentence, told)
        yield from resourced(fact, was.evidence, now.evidence)


def _at(rules: Sequence[ir.Rule], level: ir.Verdict) -> ir.Rule | None:
    return next((rule for rule in rules if rule.verdict == level), None)


def _first(rules: Sequence[ir.Rule]) -> ir.Rule | None:
    return rules[0] if rules else None


def _readings(rules: Sequence[ir.Rule], level: ir.Verdict) -> list[ir.Rule]:
    """What a level says; of a contested limit only what all readings forbid is refused, and the winner is noted."""
    own = [rule for rule in rules if rule.verdict == level]
    contested = level == "reject" and own and len(rules) > 1
    return [rule for rule in rules if rule.verdict in (level, "note")] if contested else own


def _direction(was: list[ir.Rule], now: list[ir.Rule]) -> Direction:
    if not (was and now):
        if not (was or now):
            return "same"
        return "tighter" if bool(now) != KINDS[(was or now)[0].kind].opens else "looser"
    one, other = was[0], now[0]
    if other.structure and not KINDS[other.kind].structure:  # a required key is there, whatever it holds
        return "same" if one.args == other.args or other.kind == "required" else "other"
    way = directions.of(_inside(now, was), _inside(was, now))
    if way != "same" or (one.when, one.holds) == (other.when, other.holds):
        return way
    if other.kind == "requires":
        return _by_defaults(one, other)
    losers = [rule.evidence.conflict.losers for rule in (one, other) if rule.evidence.conflict and len(was) > 1]
    return "other" if any(len(each) > 1 for each in losers) else "same"  # not all readings are rules of their own


def _inside(these: list[ir.Rule], those: list[ir.Rule]) -> bool:
    """Whether what any of these accepts is accepted by one of those."""
    return all(any(KINDS[each.kind].inside(each.args, other.args) for other in those) for each in these)


def _by_defaults(was: ir.Rule, now: ir.Rule) -> Direction:
    """What a rule requires may be there by default: which of the others may be left out, before and after."""
    needed = now.args["of"]
    without = [
        {now.parameter: "", **{other: value for other, value in needed.items() if other != name}} for name in needed
    ]
    kept = [(was.kept(values), now.kept(values)) for values in without]
    fewer, more = any(a and not b for a, b in kept), any(b and not a for a, b in kept)
    return "other" if fewer and more else "tighter" if fewer else "looser" if more else "same"


def _moved(new: Side, level: ir.Verdict, way: Direction, was: ir.Rule | None, now: ir.Rule | None) -> Found:
    one = now or was
    assert one is not None
    impact: Impact = "compatible" if level == "note" or way == "looser" else "breaking"
    said, told = (_written(was), _written(now)), _sentence(was, now)
    fact = Fact(new.spot, one.id, one.kind, one.parameter)
    return found(fact, MOVED[way], impact, said, told, one.evidence)


def _written(rule: ir.Rule | None) -> ir.Json:
    if rule is None or rule.structure:
        return rule and rule.args["what"]
    return KINDS[rule.kind].spell(rule.args)


def _sentence(was: ir.Rule | None, now: ir.Rule | None) -> str:
    one = now or was
    assert one is not None
    about = f"`{_about(one)}`"
    if was is None:
        return f"{about} {one.sentence}; no such limit before"
    if now is None:
        return f"{about} has this limit no more: {was.sentence}"
    before = f"; before: {was.sentence}" if was.sentence != now.sentence else ""
    how = f"; what breaks it is {_HOW[now.verdict]}, before: {_HOW[was.verdict]}" if was.verdict != now.verdict else ""
    return f"{about} {now.sentence}{before}{how}"
