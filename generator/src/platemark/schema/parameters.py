"""What a schema says of each parameter of an offer, where each limit comes from, and what it has to leave unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.plain import is_list
from platemark.rules import expr, leaves
from platemark.rules.expr import AnyOf, Between, Given, Is, Measured, Not, Number, OneOf, Test
from platemark.rules.judge import cited
from platemark.schema import said
from platemark.schema.logic import conjuncts
from platemark.schema.said import Schema


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter as one offer takes it."""

    schema: Schema
    required: bool
    allowed: bool
    anywhere: bool
    """Whether it is accepted, with a note, where it does not belong."""


@dataclass(frozen=True, slots=True)
class Parts:
    """All parameters of an offer by name, what they demand of each other, and the rules that no schema can say."""

    by_name: Mapping[str, Part]
    dependents: Mapping[str, Schema]
    unsaid: tuple[ir.Rule, ...]

    def names(self) -> list[str]:
        """The parameters that may be given."""
        return [name for name, part in self.by_name.items() if part.allowed]


def parts_of(family: ir.Family, offer: ir.Offer) -> Parts:
    """What the schema of an offer's requests says of every name that means something to its model."""
    rules = [rule for rule in family.rules_of(offer) if rule.verdict == "reject" and rule.holds is not None]
    noted = {rule.id for rule in family.rules_of(offer) if rule.verdict == "note"}
    alone: dict[str, list[ir.Rule]] = {}
    across: list[ir.Rule] = []
    for rule in rules:
        names = rule.looks_at
        if len(names) == 1:
            alone.setdefault(next(iter(names)), []).append(rule)
        elif names:
            across.append(rule)
    parts: dict[str, Part] = {}
    unsaid: list[ir.Rule] = []
    for name in family.model(offer.model).known:
        tests: list[Test] = []
        stated: list[ir.Rule] = []
        for rule in alone.get(name, ()):
            if _can_say(name, [*tests, *said.tests_of(rule)]):
                tests += said.tests_of(rule)
                stated.append(rule)
            else:
                unsaid.append(rule)
        tests += chosen(family, offer, name)
        schema = said.value(name, tests)
        required = not all(expr.holds(test, {}) for test in tests)
        allowed = not said.is_never(schema) and schema.get("maxItems") != 0
        described = {**_about(family, offer, name), **schema, **_origin(family, offer, name, stated, tests)}
        parts[name] = Part(described, required, allowed, f"{name}.place" in noted)
    dependents = {rule.id: found for rule in across if (found := _demand(rule)) is not None}
    unsaid += [rule for rule in across if rule.id not in dependents]
    needs = {rule.parameter: dependents[rule.id] for rule in across if rule.id in dependents}
    return Parts(parts, needs, tuple(unsaid))


def chosen(family: ir.Family, offer: ir.Offer, name: str) -> list[Test]:
    """What the mode asks of a parameter that chooses it."""
    wanted = offer.when.get(name)
    if wanted is None:
        return []
    absent = Not(Given(name))
    if is_list(wanted):
        low, high = wanted
        least, most = Number(low) if low else None, None if high is None else Number(high)
        return [AnyOf((absent, Is(name, "list"))), Between(least, Measured("count", name), most)]
    parameter = family.parameter_of(offer, name)
    same = OneOf(name, (wanted,))
    return [AnyOf((absent, same)) if parameter and leaves.equal(parameter.default, wanted) else same]


def _can_say(name: str, tests: Iterable[Test]) -> bool:
    try:
        said.value(name, tests)
    except said.Unsaid:
        return False
    return True


def _demand(rule: ir.Rule) -> Schema | None:
    """What a parameter that is given demands of others beside it, or None where it can't be said."""
    if rule.when != Given(rule.parameter) or rule.holds is None or rule.parameter in expr.references(rule.holds):
        return None
    wanted: dict[str, list[Test]] = {}
    for test in conjuncts(rule.holds):
        others = expr.references(test)
        if len(others) != 1:
            return None
        wanted.setdefault(others.pop(), []).append(test)
    return said.fields(wanted, "") if all(_can_say(name, tests) for name, tests in wanted.items()) else None


# ── Annotations ───────────────────────────────────────────────────────────────────────────────────────────────────


def _about(family: ir.Family, offer: ir.Offer, name: str) -> Schema:
    """What people read first: what the parameter is, and what becomes of a value that it does not refuse."""
    parameter = family.parameter_of(offer, name)
    mild = [r for r in family.rules_of(offer) if r.parameter == name and not r.structure and r.verdict != "reject"]
    sentences = [parameter.about] if parameter and parameter.about else []
    sentences += [f"{'Noted' if rule.verdict == 'note' else 'Adjusted'}: {rule.sentence}" for rule in mild]
    return {"title": name, **({"description": ". ".join(sentences)} if sentences else {})}


def _origin(family: ir.Family, offer: ir.Offer, name: str, stated: Iterable[ir.Rule], tests: Iterable[Test]) -> Schema:
    """Default and samples of a parameter, and who says its limits. A default in words, or of another mode, is no value
    that a schema could take: it stands under `x-default`."""
    made: dict[str, Any] = {}
    parameter = family.parameter_of(offer, name)
    if parameter and parameter.default is not None:
        fits = all(expr.holds(test, {name: parameter.default}) for test in tests)
        made["default" if fits else "x-default"] = parameter.default
    if parameter and "recommended" in parameter.facets:
        made["examples"] = list(parameter.facets["recommended"])
    if parameter and "exceptions" in parameter.facets:
        made["x-exceptions"] = list(parameter.facets["exceptions"])
    if sources := origin(stated):
        made["x-source"] = sources
    for verdict, key in (("adjust", "x-adjusts"), ("note", "x-notes")):
        ids = [r.id for r in family.rules_of(offer) if r.parameter == name and r.verdict == verdict]
        made |= {key: list(dict.fromkeys(ids))} if ids else {}
    return made


def origin(rules: Iterable[ir.Rule]) -> list[dict[str, Any]]:
    """Each place in a document that limits come from, with the ids of the rules that stand there."""
    found: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        for source in rule.evidence.sources:
            found.setdefault((source.document, source.place), []).append(rule.id)
    return [{"document": document, "place": place, "rules": ids} for (document, place), ids in found.items()]


def listed(rules: Iterable[tuple[ir.Rule, list[str]]]) -> list[dict[str, Any]]:
    """Rules that stand beside a schema: for people, and for programs that evaluate them. Each with its modes."""
    return [
        {
            "id": rule.id, **({"parameter": rule.parameter} if rule.parameter else {}), "modes": modes,
            "verdict": rule.verdict, "sentence": rule.sentence,
            **({"when": ir.to_json(rule.when), "holds": ir.to_json(rule.holds)} if rule.holds is not None else {}),
            "source": cited(rule.evidence),
        }
        for rule, modes in rules
    ]  # fmt: skip
