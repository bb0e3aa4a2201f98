"""From a parameter's facts, and a payload's skeleton, to rules with their evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from platemark import ir
from platemark.plain import is_map, is_seq
from platemark.problems import Place
from platemark.resolution.evidence import Ledger
from platemark.resolution.layers import Merged
from platemark.rules.expr import ALWAYS, All, AnyOf, Every, Format, Is, Not, Only, Test
from platemark.rules.kinds import KINDS, Kind
from platemark.rules.meanings import Args, Lowered, Subject
from platemark.spec.model import Stated
from platemark.wire import skeletons

Wrap: TypeAlias = "Callable[[Test], Test]"
"""Says a test of a part of a parameter: of each item of its list, of a field where there is an object."""


def lower_parameter(name: str, parts: Merged, defaults: Mapping[str, Any], ledger: Ledger) -> list[ir.Rule]:
    """The rules of a parameter, its items and fields."""
    return list(_Lowering(name, parts, defaults, ledger).rules(_Site(name, name, parts, _as_it_is)))


def _as_it_is(test: Test) -> Test:
    return test


@dataclass(frozen=True)
class _Site:
    """Where rules stand: the path in their ids, what tests call it, its facts, and how tests of it are said."""

    path: str
    ref: str
    parts: Merged
    wrap: Wrap

    def items(self, parts: Merged) -> _Site:
        def wrap(test: Test) -> Test:
            every = Every(self.ref, test)
            # On the outermost list the rule's `when` says that it is one.
            return every if self.wrap is _as_it_is else self.wrap(AnyOf((Not(Is(self.ref, "list")), every)))

        return _Site(f"{self.path}.items", "@", parts, wrap)

    def field(self, name: str, parts: Merged) -> _Site:
        """A field is judged where its object is one: what is none breaks the rule on its type only."""

        def wrap(test: Test) -> Test:
            return self.wrap(AnyOf((Not(Is(self.ref, "object")), test)))

        return _Site(f"{self.path}.{name}", f"{self.ref}.{name}", parts, wrap)


class _Lowering:
    def __init__(self, parameter: str, whole: Merged, defaults: Mapping[str, Any], ledger: Ledger) -> None:
        self.parameter = parameter
        self.outside: Format = "object" if whole.value("type") == "object" else "list"
        self.defaults = defaults
        self.ledger = ledger

    def rules(self, site: _Site) -> Iterator[ir.Rule]:
        """The rules at a site and below it, in the order of the table."""
        parts = site.parts
        for name, kind in KINDS.items():
            if name in parts.facts and not (name == "required" and not parts.value("required")):
                yield from self.stated(site, kind, parts.facts[name])
            if name in parts.soft:
                yield self.soft(site, kind, parts.soft[name])
        if parts.fields:
            yield self.closed(site, parts)
        if parts.items:
            yield from self.rules(site.items(parts.items))
        for name, field in parts.fields.items():
            yield from self.rules(site.field(name, field))

    def stated(self, site: _Site, kind: Kind, stated: Stated) -> Iterator[ir.Rule]:
        args = dict(kind.parse(stated.value))
        if kind.name == "type" and "tokens" in site.parts.facts:
            args["tokens"] = True
        rule = self.rule(site, kind, args, self.ledger.of(f"{site.path}.{kind.name}", stated, self.parameter))
        if kind.name == "length" and site.parts.value("excess") == "truncated":
            rule = replace(rule, verdict="adjust", sentence=f"{rule.sentence}; the rest is cut off")
        conflict = rule.evidence.conflict
        if conflict is None or conflict.verdict != "note" or conflict.clause == "compatible":
            yield rule
        else:
            yield from self.contested(site, rule, conflict)

    def contested(self, site: _Site, rule: ir.Rule, conflict: ir.Conflict) -> Iterator[ir.Rule]:
        """Readings part and the caller is told: what the winner alone, or a loser alone, allows becomes a note."""
        losing = [
            (KINDS[name], value)
            for loser in conflict.losers
            if is_map(loser.says)
            for name, value in loser.says.items()
            if name in KINDS and not KINDS[name].structure
        ]
        if not losing:
            yield replace(rule, verdict="note")
            return
        notes = [
            replace(self.rule(site, kind, kind.parse(value), rule.evidence), verdict="note") for kind, value in losing
        ]
        if rule.holds is None or rule.when is None:
            yield rule
            yield from notes
            return
        widest = notes[0] if [note.kind for note in notes] == [rule.kind] else rule
        either = AnyOf((rule.holds, *(note.holds for note in notes if note.holds is not None)))
        yield replace(rule, holds=either, args=widest.args, sentence=widest.sentence)
        yield replace(rule, when=All((rule.when, either)), verdict="note")

    def closed(self, site: _Site, parts: Merged) -> ir.Rule:
        """An object has the fields that the spec names and no others."""
        names = tuple(parts.fields)
        stated = parts.facts["type"]
        evidence = self.ledger.of(f"{site.path}.unknown", replace(stated, value=list(names)), self.parameter)
        when, holds = self.wrapped(site, (Is(site.ref, "object"), Only(site.ref, names)))
        said = f"has no fields but {' and '.join(names)}"
        return ir.Rule(
            f"{site.path}.unknown", self.parameter, "unknown", {"what": said}, "reject", said, evidence, when, holds
        )

    def soft(self, site: _Site, kind: Kind, stated: Stated) -> ir.Rule:
        id_ = f"{site.path}.soft.{kind.name}"
        rule = self.rule(site, kind, kind.parse(stated.value), self.ledger.of(id_, stated, self.parameter))
        return replace(rule, id=id_, verdict="note", sentence=f"recommended: {rule.sentence}")

    def rule(self, site: _Site, kind: Kind, args: Args, evidence: ir.Evidence) -> ir.Rule:
        parts = site.parts
        at = Subject(site.ref, parts.value("type", "text"), tuple(parts.value("exceptions", ())), self.defaults)
        when, holds = self.wrapped(site, kind.lower(at, args))
        id_, said = f"{site.path}.{kind.name}", kind.sentence(args)
        return ir.Rule(id_, self.parameter, kind.name, args, kind.verdict, said, evidence, when, holds)

    def wrapped(self, site: _Site, lowered: Lowered | None) -> tuple[Test | None, Test | None]:
        """Within a list, a rule says of each item: where it applies, it holds."""
        if lowered is None:
            return None, None
        when, holds = lowered
        if site.wrap is _as_it_is:
            return when, holds
        inner = holds if when == ALWAYS else AnyOf((Not(when), holds))
        return Is(self.parameter, self.outside), site.wrap(inner)


# ── The keys that carry the parameters ────────────────────────────────────────────────────────────────────────────


def lower_structure(
    model: str,
    endpoint: ir.Endpoint,
    payloads: Sequence[Any],
    known: Collection[str],
    *,
    routes: Sequence[str],
    ledger: Ledger,
) -> list[ir.Rule]:
    """The rules that follow from endpoint and skeleton; the reader of bodies judges them."""
    found: dict[str, ir.Rule] = {}

    def add(id_: str, kind: str, what: str, *, sentence: str = "", about: str = "") -> None:
        losing = ledger.losing(id_, "provider")
        evidence = endpoint.evidence
        verdict: ir.Verdict = "reject"
        # A conflict about a place is none where the skeleton at hand has it at the place that lost elsewhere.
        if losing and {kind: what} not in losing.readings.values():
            here = Stated(what, Place("", 1, 1, 1, 1), "provider", tuple(s.document for s in endpoint.evidence.sources))
            evidence = ledger.of(id_, here, what)
            verdict = evidence.conflict.verdict if evidence.conflict else verdict
        said = sentence or KINDS[kind].sentence({"what": what})
        found.setdefault(id_, ir.Rule(id_, about, kind, {"what": what}, verdict, said, evidence, structure=True))

    add("model", "model", model)
    add("route", "route", " or ".join(dict.fromkeys(routes)))
    add("payload", "payload", endpoint.payloads[0])
    if len(endpoint.payloads) > 1:
        found["envelope"] = _envelope(endpoint, ledger)
    for payload in payloads:
        for key, kind, what, sentence in _keys(skeletons.narrow(payload, known), "body"):
            add(f"{key}.{kind}", kind, what, sentence=sentence)
    add("unknown", "unknown", "")
    for name in known:
        for payload in payloads:
            where = skeletons.place(payload, name) or skeletons.others(payload) or "the top of the body"
            add(f"{name}.place", "place", where, about=name)
    return list(found.values())


def _envelope(endpoint: ir.Endpoint, ledger: Ledger) -> ir.Rule:
    """The first style is the one that the documents show; another is taken, and told."""
    first = endpoint.payloads[0]
    stated = Stated(first, Place("", 1, 1, 1, 1), "provider")
    evidence = ledger.of(f"endpoints.{endpoint.id}.payload", stated, first)
    said = KINDS["payload"].sentence({"what": first})
    return ir.Rule("envelope", "", "payload", {"what": first}, "note", said, evidence, structure=True)


def _keys(skeleton: Any, key: str) -> Iterator[tuple[str, str, str, str]]:
    """Key, kind, what and sentence of each structural rule below a part of a skeleton."""
    if skeleton == skeletons.OTHERS or is_map(skeleton):
        yield key, "type", "an object", "must be an object"
    if is_seq(skeleton):
        yield from _elements(skeleton, key)
    elif is_map(skeleton):
        for name, part in skeleton.items():
            if name.startswith("$"):
                continue
            if not skeletons.may_miss(part):
                yield name, "required", name, "is required"
            if part == skeletons.OTHERS or is_map(part) or is_seq(part):
                yield from _keys(part, name)
            elif not skeletons.is_name(part):
                yield name, "fixed", str(part), f"must be {part}"


def _elements(patterns: Sequence[Any], key: str) -> Iterator[tuple[str, str, str, str]]:
    yield key, "type", "a list", "must be a list"
    if skeletons.holds_one(patterns):
        yield key, "count", "exactly one", "must hold exactly one item"
        yield from _keys(patterns[0], key)
        return
    if len(patterns) == 1:
        yield from ((k, kind, part, said) for k, part in _constants(patterns[0]) for kind, said in _of_constant(part))
    shapes = [
        "{" + ", ".join(_shown(k, part) for k, part in p.items() if not k.startswith("$")) + "}" for p in patterns
    ]
    yield key, "shape", " or ".join(shapes), f"each item must be {' or '.join(shapes)}"
    for pattern in patterns:
        if skeletons.EACH not in pattern:
            yield skeletons.names(pattern)[0], "count", "exactly one", "must stand exactly once"


def _constants(pattern: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, part in pattern.items():
        if not key.startswith("$") and not skeletons.names(part) and part != skeletons.ITEM:
            yield key, str(part)


def _of_constant(part: str) -> tuple[tuple[str, str], ...]:
    return ("required", "is required"), ("fixed", f"must be {part}")


def _shown(key: str, part: Any) -> str:
    return key if skeletons.is_name(part) or part == skeletons.ITEM else f"{key}: {part}"
