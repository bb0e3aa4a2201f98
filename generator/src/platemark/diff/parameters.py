"""What an offer takes, as both specs have it: parameters that came and went, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from platemark import ir
from platemark.diff.changes import Fact, Found, Impact, Word, found, resourced, reworded
from platemark.diff.limits import limits
from platemark.diff.sides import ABSENT, Side
from platemark.plain import is_map, is_seq
from platemark.rules import leaves, values


def parameters(old: Side, new: Side) -> Iterator[Found]:
    """Every change of what an offer takes."""
    for name in dict.fromkeys([*old.parameters, *new.parameters]):
        if name not in old.parameters:
            yield _added(new, name, new.parameters[name], needed=new.family.needs(new.offer, name))
        elif name not in new.parameters:
            yield _removed(old, new, name)
    yield from _absences(old, new)
    shared = [path for path in old.parts if path in new.parts]
    for path in shared:
        yield from _part(old, new, path)
    names = (
        old.tolerated & new.tolerated | old.tolerated & new.parameters.keys() | old.parameters.keys() & new.tolerated
    )
    yield from limits(old, new, frozenset([*shared, *names]))


# ── Whether it is taken ───────────────────────────────────────────────────────────────────────────────────────────


def _added(new: Side, path: str, part: ir.Parameter, *, needed: bool) -> Found:
    told = f"`{path}` is new{' and required' if needed else ''}: {part.about or part.type}"
    impact: Impact = "breaking" if needed else "compatible"
    said, kind = (None, _facts(part)), "field" if "." in path else "parameter"
    return found(Fact(new.spot, path, kind, _name(path)), "added", impact, said, told, part.evidence.get("type"))


def _removed(old: Side, new: Side, path: str) -> Found:
    """It may be said to be absent, by a rule; else its key is one that no document knows."""
    gone = old.parts[path]
    rule = next((r for r in new.family.rules_of(new.offer) if r.parameter == path and r.kind in ABSENT), None)
    said, told = (_facts(gone), None), f"`{path}` is taken no more{f': it {rule.sentence}' if rule else ''}"
    id_, kind = (rule.id, rule.kind) if rule else (path, "field" if "." in path else "parameter")
    evidence = rule.evidence if rule else gone.evidence.get("type")
    return found(Fact(new.spot, id_, kind, _name(path)), "removed", "breaking", said, told, evidence)


def _name(path: str) -> str:
    return path.partition(".")[0]


def _facts(part: ir.Parameter) -> dict[str, ir.Json]:
    return {"type": part.type, **({"required": True} if part.required else {}), **part.facets}


def _absences(old: Side, new: Side) -> Iterator[Found]:
    """Names that neither offer takes: whether a document says so, and what becomes of who sends one all the same."""
    before, after = _absent(old), _absent(new)
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        one = now or was
        if one is None or name in old.parameters or name in new.parameters:
            continue
        tolerated = [bool(rule and rule.verdict == "note") for rule in (was, now)]
        said = tuple(rule and rule.args.get("for") for rule in (was, now))
        word: Word
        impact: Impact
        match tolerated:
            case [True, False]:
                word, impact, told = "tightened", "breaking", "; before, it was accepted with a note"
            case [False, True]:
                word, impact, told = (
                    "loosened",
                    "compatible",
                    ": it is accepted with a note now; before, it was refused",
                )
            case _ if one.kind == "unsupported" and (was is None or now is None):
                word, told = ("added", ", says a document") if was is None else ("removed", ", said a document")
                impact, told = "compatible", f"{told}; it is refused, as before"
            case _:
                continue
        told = f"`{name}` {one.sentence}{told}"
        yield found(Fact(new.spot, one.id, one.kind, name), word, impact, (said[0], said[1]), told, one.evidence)


def _absent(side: Side) -> dict[str, ir.Rule]:
    return {rule.parameter: rule for rule in side.family.rules_of(side.offer) if rule.kind in ABSENT}


# ── What stands in it ─────────────────────────────────────────────────────────────────────────────────────────────

_SAID: Mapping[str, tuple[Impact, str]] = {
    "recommended": ("compatible", "recommended are"),
    "like": ("breaking", "a word for a size keeps the ratio of"),
    "ties": ("compatible", "exact halves are rounded"),
}
"""Facts that are no rules, what their change means, and how it is told."""


def _part(old: Side, new: Side, path: str) -> Iterator[Found]:
    was, now = old.parts[path], new.parts[path]
    for below in sorted(_below(now, path) - _below(was, path)):
        yield _added(new, below, new.parts[below], needed=new.parts[below].required)
    for below in sorted(_below(was, path) - _below(now, path)):
        yield _removed(old, new, below)
    yield from _default(old, new, path)
    yield from _exceptions(new, path, was, now)
    for key, (impact, what) in _SAID.items():
        said = was.facets.get(key), now.facets.get(key)
        if said[0] != said[1]:
            told = f"`{path}`: {what} {_shown(said[1])}; before: {_shown(said[0])}"
            rule, evidence = f"{path}.{key}", now.evidence.get(key) or was.evidence.get(key)
            yield found(Fact(new.spot, rule, key, _name(path)), "changed", impact, said, told, evidence)
    yield from reworded(
        Fact(new.spot, f"{path}.about", "about", _name(path)), was.about, now.about, f"`{path}` is described otherwise"
    )
    for key in ("default", "exceptions", *_SAID):
        if was.facets.get(key) == now.facets.get(key):
            evidence = was.evidence.get(key), now.evidence.get(key)
            yield from resourced(Fact(new.spot, f"{path}.{key}", key, _name(path)), *evidence)


def _below(part: ir.Parameter, path: str) -> set[str]:
    items = {f"{path}.items"} if part.items is not None else set[str]()
    return items | {f"{path}.{field.name}" for field in part.fields}


def _exceptions(new: Side, path: str, was: ir.Parameter, now: ir.Parameter) -> Iterator[Found]:
    before, after = was.facets.get("exceptions", []), now.facets.get("exceptions", [])
    fewer, more = {*before} - {*after}, {*after} - {*before}
    if fewer or more:
        word: Word = "changed" if fewer and more else "tightened" if fewer else "loosened"
        gone = f"{_shown(sorted(fewer))} must keep its limits now" if fewer else ""
        come = f"{_shown(sorted(more))} need not keep its limits" if more else ""
        told = f"`{path}`: {'; '.join(filter(None, [gone, come]))}"
        impact: Impact = "breaking" if fewer else "compatible"
        evidence = now.evidence.get("exceptions") or was.evidence.get("exceptions")
        said, rule = (before or None, after or None), f"{path}.exceptions"
        yield found(Fact(new.spot, rule, "exceptions", _name(path)), word, impact, said, told, evidence)


def _default(old: Side, new: Side, path: str) -> Iterator[Found]:
    was, now = old.parts[path], new.parts[path]
    evidence = now.evidence.get("default") or was.evidence.get("default")
    if not leaves.equal(was.default, now.default):
        impact, why = _weight(old, new, path)
        after = "no document says" if now.default is None else _shown(now.default)
        before = "unsaid" if was.default is None else _shown(was.default)
        told, said = f"`{path}` left out: {after}; before: {before}{why}", (was.default, now.default)
        rule = f"{path}.default"
        yield found(Fact(new.spot, rule, "default", _name(path)), "default changed", impact, said, told, evidence)
    if was.sent != now.sent:
        told = f"`{path}`: the client {'always states the default now' if now.sent else 'states the default no more'}"
        said, rule = (was.facets.get("send"), now.facets.get("send")), f"{path}.send"
        yield found(Fact(new.spot, rule, "send", _name(path)), "default changed", "breaking", said, told, evidence)


def _weight(old: Side, new: Side, path: str) -> tuple[Impact, str]:
    """What a changed default means for who leaves the parameter out, and why."""
    was, now, name = old.parts[path], new.parts[path], _name(path)
    if was.sent or now.sent:
        return "breaking", " (the client states it)"
    if was.default is None or now.default is None:
        return "documentation", ""  # what the service does is said or unsaid, not changed
    if name in (old.counts, new.counts):
        return "breaking", " (each picture is billed)"
    if name in old.weighs | new.weighs:
        return "breaking", " (the mode or the price depends on it)"
    if now.type == "size":
        return "breaking", " (pictures come in another size)"
    return "compatible", ""


def _shown(value: ir.Json) -> str:
    if value is None:
        return "nothing"
    if is_map(value):
        return ", ".join(f"{key}: {_shown(part)}" for key, part in value.items())
    return ", ".join(map(_shown, value)) if is_seq(value) else values.shown(value)
