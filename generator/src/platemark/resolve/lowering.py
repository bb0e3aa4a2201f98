"""From a parameter's facts, and a payload's skeleton, to rules with their evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from platemark import ir
from platemark.resolve.evidence import Ledger
from platemark.problems import Place
from platemark.rules import expr, kinds
from platemark.rules.expr import All, AnyOf, Every, Is, Not, Test
from platemark.spec.model import Stated
from platemark.wire import skeletons


class Facts(Protocol):
    """A parameter whose layers are merged."""

    facts: dict[str, Stated]
    soft: dict[str, Stated]

    @property
    def items(self) -> Facts | None: ...

    @property
    def fields(self) -> Mapping[str, Facts]: ...

    def value(self, key: str, default: Any = None) -> Any: ...


def lower_parameter(name: str, parts: Facts, defaults: Mapping[str, Any], ledger: Ledger) -> list[ir.Rule]:
    """The rules of a parameter, its items and fields."""
    return list(_Lowering(name, defaults, ledger).rules(name, name, parts, lambda test: test))


class _Lowering:
    def __init__(self, parameter: str, defaults: Mapping[str, Any], ledger: Ledger) -> None:
        self.parameter = parameter
        self.defaults = defaults
        self.ledger = ledger

    def rules(self, path: str, ref: str, parts: Facts, wrap: Any) -> Iterator[ir.Rule]:
        """Rules of what stands at `path`, called `ref` in tests; `wrap` says it of every item of an outer list."""
        type_ = parts.value("type", "text")
        at = kinds.Subject(ref, type_, tuple(parts.value("exceptions", ())), self.defaults)
        for kind in kinds.KINDS.values():
            if kind.name in parts.facts and not (kind.name == "required" and not parts.value("required")):
                yield from self.rule(path, kind, at, parts, parts.facts[kind.name], wrap)
            if kind.name in parts.soft:
                yield self.soft(path, kind, at, parts.soft[kind.name], wrap)
        if parts.items:
            inner = (lambda test: Every(ref, test)) if wrap(expr.ALWAYS) is expr.ALWAYS else (
                lambda test: wrap(AnyOf((Not(Is(ref, "list")), Every(ref, test))))
            )  # fmt: skip
            yield from self.rules(f"{path}.items", "@", parts.items, inner)
        for name, field in parts.fields.items():
            yield from self.rules(f"{path}.{name}", f"{ref}.{name}", field, wrap)

    def rule(
        self, path: str, kind: kinds.Kind, at: kinds.Subject, parts: Facts, stated: Stated, wrap: Any
    ) -> Iterator[ir.Rule]:  # noqa: E501
        args = dict(kind.parse(stated.value))
        if kind.name == "type" and "tokens" in parts.facts:
            args["tokens"] = True
        verdict = kind.verdict
        if kind.name == "length" and parts.value("excess") == "truncated":
            verdict = "adjust"
        evidence = self.ledger.of(f"{path}.{kind.name}", stated, self.parameter)
        when, holds = self.wrapped(kind.lower(at, args), wrap)
        rule = ir.Rule(
            f"{path}.{kind.name}",
            self.parameter,
            kind.name,
            args,
            verdict,
            self.sentence(kind, args, parts),
            evidence,
            when,
            holds,
        )  # type: ignore[arg-type]  # noqa: E501
        conflict = evidence.conflict
        if conflict is None or conflict.verdict != "note" or conflict.clause == "compatible":
            yield rule
        else:
            yield from self.contested(rule, conflict, at, wrap)

    def contested(self, rule: ir.Rule, conflict: ir.Conflict, at: kinds.Subject, wrap: Any) -> Iterator[ir.Rule]:
        """Readings part and the caller is told: what the winner alone, or a loser alone, allows becomes a note."""
        losing = [(kinds.KINDS[k], v) for loser in conflict.losers if isinstance(loser.says, dict)
                  for k, v in loser.says.items() if k in kinds.KINDS and not kinds.KINDS[k].structure]  # fmt: skip
        if not losing:
            yield replace(rule, verdict="note")
            return
        notes: list[ir.Rule] = []
        for kind, value in losing:
            args = kind.parse(value)
            when, holds = self.wrapped(kind.lower(at, args), wrap)
            id_ = f"{rule.id.rpartition('.')[0]}.{kind.name}"
            notes.append(
                ir.Rule(id_, self.parameter, kind.name, args, "note", kind.sentence(args), rule.evidence, when, holds)
            )
        if rule.holds is None or rule.when is None:
            yield rule
            yield from notes
            return
        either = AnyOf((rule.holds, *(n.holds for n in notes if n.holds is not None)))
        yield replace(rule, holds=either)
        yield replace(rule, verdict="note")

    def soft(self, path: str, kind: kinds.Kind, at: kinds.Subject, stated: Stated, wrap: Any) -> ir.Rule:
        args = kind.parse(stated.value)
        when, holds = self.wrapped(kind.lower(at, args), wrap)
        evidence = self.ledger.of(f"{path}.soft.{kind.name}", stated, self.parameter)
        sentence = f"recommended: {kind.sentence(args)}"
        return ir.Rule(
            f"{path}.soft.{kind.name}", self.parameter, kind.name, args, "note", sentence, evidence, when, holds
        )

    def wrapped(self, lowered: kinds.Lowered | None, wrap: Any) -> tuple[Test | None, Test | None]:
        """Within a list, a rule says of each item: where it applies, it holds."""
        if lowered is None:
            return None, None
        when, holds = lowered
        if wrap(expr.ALWAYS) is expr.ALWAYS:
            return when, holds
        inner = holds if when == expr.ALWAYS else AnyOf((Not(when), holds))
        return Is(self.parameter, "list"), wrap(inner)

    def sentence(self, kind: kinds.Kind, args: kinds.Args, parts: Facts) -> str:
        said = kind.sentence(args)
        return (
            f"{said}; the rest is cut off" if kind.name == "length" and parts.value("excess") == "truncated" else said
        )


# ── The keys that carry the parameters ────────────────────────────────────────────────────────────────────────────


def lower_structure(
    model: str,
    endpoint: ir.Endpoint,
    payloads: Sequence[Any],
    known: Collection[str],
    routes: Sequence[str],
    ledger: Ledger,
) -> list[ir.Rule]:
    """The rules that follow from endpoint and skeleton; the reader of bodies judges them."""
    found: dict[str, ir.Rule] = {}

    def add(
        id_: str, kind: str, what: str, verdict: ir.Verdict = "reject", sentence: str = "", about: str = ""
    ) -> None:
        losing = ledger.losing(id_, "provider")
        evidence = endpoint.evidence
        if losing:
            here = Stated(what, Place("", 1, 1, 1, 1), "provider", tuple(s.document for s in endpoint.evidence.sources))
            evidence = ledger.of(id_, here, what)
            verdict = evidence.conflict.verdict if evidence.conflict else verdict
        said = sentence or kinds.KINDS[kind].sentence({"what": what})
        found.setdefault(id_, ir.Rule(id_, about, kind, {"what": what}, verdict, said, evidence, structure=True))

    add("model", "model", model)
    add("route", "route", " or ".join(dict.fromkeys(routes)))
    add("payload", "payload", endpoint.payloads[0])
    if len(endpoint.payloads) > 1:
        add("envelope", "payload", endpoint.payloads[0], "note")
    for payload in payloads:
        for key, kind, what, sentence in _keys(skeletons.narrow(payload, known), "body"):
            add(f"{key}.{kind}", kind, what, sentence=sentence)
    add("unknown", "unknown", "")
    for name in known:
        for payload in payloads:
            add(f"{name}.place", "place", skeletons.place(payload, name) or skeletons.others(payload) or "", about=name)
    return list(found.values())


def _keys(skeleton: Any, key: str) -> Iterator[tuple[str, str, str, str]]:
    """Key, kind, what and sentence of each structural rule below a part of a skeleton."""
    if skeleton == skeletons.OTHERS or isinstance(skeleton, dict):
        yield key, "type", "an object", "must be an object"
    if isinstance(skeleton, list):
        yield from _elements(skeleton, key)
    elif isinstance(skeleton, dict):
        for name, part in skeleton.items():
            if name.startswith("$"):
                continue
            if not (isinstance(part, str) and part.startswith("$")):
                yield name, "required", name, "is required"
            if isinstance(part, dict | list) or part == skeletons.OTHERS:
                yield from _keys(part, name)
            elif not (isinstance(part, str) and part.startswith("$")):
                yield name, "fixed", str(part), f"must be {part}"


def _elements(patterns: list[Any], key: str) -> Iterator[tuple[str, str, str, str]]:
    yield key, "type", "a list", "must be a list"
    if len(patterns) == 1 and any(isinstance(part, dict | list) for part in patterns[0].values()):
        yield key, "count", "exactly one", "must hold exactly one item"
        yield from _keys(patterns[0], key)
        return
    shapes = ["{" + ", ".join(k for k in p if not k.startswith("$")) + "}" for p in patterns]
    yield key, "shape", " or ".join(shapes), f"each item must be {' or '.join(shapes)}"
    for pattern in patterns:
        if skeletons.EACH not in pattern:
            yield skeletons.names(pattern)[0], "count", "exactly one", "must stand exactly once"
