"""The module of a family's rules: constants, straight checks printed from the AST, and the table of offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.plain import is_map
from platemark.targets.python import naming
from platemark.targets.python.printer import Code, Printer, literal

_FACETS = ("send", "tokens", "like", "rounds", "recommended", "exceptions")
"""Facets of a parameter that a client needs at run time, besides its default."""


@dataclass(frozen=True, slots=True)
class Check:
    """A function that yields the broken rules of the offers that share it."""

    name: str
    about: str
    names: Mapping[str, str]
    steps: tuple[tuple[Code, str], ...]


@dataclass(frozen=True, slots=True)
class Module:
    """All that the template of a rules module needs."""

    family: ir.Family
    leaves: tuple[str, ...]
    evidence: tuple[tuple[str, Code], ...]
    constants: tuple[tuple[str, Code], ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    parameters: tuple[tuple[str, tuple[Code, ...]], ...]
    checks: tuple[Check, ...]
    models: tuple[Code, ...]
    offers: tuple[Code, ...]


def module(family: ir.Family) -> Module:
    """What stands in a family's module."""
    names = _rule_names(family)
    leaves: set[str] = set()
    bodies = {index: _steps(family, offer, names, leaves) for index, offer in enumerate(family.offers)}
    checks = _shared("check", bodies, family.offers)
    groups = _shared("rules", {i: _group(family, o, names) for i, o in enumerate(family.offers)}, family.offers)
    sets = _shared("parameters", {i: _parameters(family, o) for i, o in enumerate(family.offers)}, family.offers)
    evidence = _evidence(family)
    own = {index: _own_model(family, offer) for index, offer in enumerate(family.offers)}
    return Module(
        family,
        tuple(sorted(leaves)),
        tuple((name, _evidence_code(found)) for found, name in evidence),
        tuple((names[index], _rule(rule, evidence)) for index, rule in enumerate(family.rules)),
        tuple((name.upper(), parts) for name, parts in _once(groups).items()),
        tuple((name.upper(), parts) for name, parts in _once(sets).items()),
        tuple(Check(name.lower(), _about(name, checks, family), *body) for name, body in _once(checks).items()),
        tuple(_model(model) for model in family.models),
        tuple(
            _offer(offer, checks[i][0].lower(), groups[i][0].upper(), sets[i][0].upper(), names[own[i]])
            for i, offer in enumerate(family.offers)
        ),
    )


# ── Names ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rule_names(family: ir.Family) -> dict[int, str]:
    """The constant of each rule, by its place in the table."""
    verdicts: dict[str, set[str]] = {}
    for rule in family.rules:
        verdicts.setdefault(rule.id, set()).add(rule.verdict)
    users: dict[int, list[ir.Offer]] = {}
    for offer in family.offers:
        for index in offer.rules:
            users.setdefault(index, []).append(offer)
    bases: dict[str, dict[int, list[ir.Offer]]] = {}
    for index, rule in enumerate(family.rules):
        noted = rule.verdict == "note" and len(verdicts[rule.id]) > 1
        base = naming.constant(f"{rule.id} noted" if noted else rule.id)
        bases.setdefault(base, {})[index] = users.get(index, [])
    named = [(index, name) for base, those in bases.items() for index, name in naming.distinguish(base, those).items()]
    naming.distinct((f"{name} {index}" for index, name in named), lambda text: text.split()[0])
    return dict(named)


def _shared(base: str, bodies: Mapping[int, Any], offers: Sequence[ir.Offer]) -> dict[int, tuple[str, Any]]:
    """Bodies that several offers share, with a name that tells whose they are."""
    users: dict[int, list[ir.Offer]] = {}
    first: dict[str, int] = {}
    for index, body in bodies.items():
        users.setdefault(first.setdefault(repr(body), index), []).append(offers[index])
    names = naming.distinguish(naming.constant(base), users)
    return {index: (names[first[repr(body)]], body) for index, body in bodies.items()}


def _once(shared: Mapping[int, tuple[str, Any]]) -> dict[str, Any]:
    return dict(shared.values())


def _about(name: str, checks: Mapping[int, tuple[str, Any]], family: ir.Family) -> str:
    users = [family.offers[index] for index, (other, _) in checks.items() if other == name]
    modes = " and ".join(dict.fromkeys(offer.mode for offer in users))
    models = ", ".join(dict.fromkeys(offer.model for offer in users))
    routes = ", ".join(dict.fromkeys(offer.route for offer in users))
    return f"The rules that values break, in the order in which they are told: {modes} with {models} ({routes})."


# ── Rules and their evidence ──────────────────────────────────────────────────────────────────────────────────────


def _evidence(family: ir.Family) -> list[tuple[ir.Evidence, str]]:
    """What many rules cite: an endpoint's own evidence, said once."""
    rules: dict[str, list[int]] = {}
    for index, rule in enumerate(family.rules):
        if rule.structure:
            rules.setdefault(repr(_evidence_code(rule.evidence)), []).append(index)
    often = [found for found in rules.values() if len(found) > 3]
    shared = {found[0]: [offer for offer in family.offers if set(found) & set(offer.rules)] for found in often}
    names = naming.distinguish("BY_ENDPOINT", shared) if shared else {}
    return [(family.rules[index].evidence, name) for index, name in names.items()]


def _evidence_code(evidence: ir.Evidence) -> Code:
    sources = [f"Source({literal(s.document)}, {literal(s.place)})" for s in evidence.sources]
    return Code(f"Evidence({literal(evidence.status)}, ({', '.join(sources)},))" if sources else
                f"Evidence({literal(evidence.status)}, ())")  # fmt: skip


def _rule(rule: ir.Rule, evidence: Iterable[tuple[ir.Evidence, str]]) -> Code:
    cited = _evidence_code(rule.evidence)
    said = next((name for found, name in evidence if _evidence_code(found) == cited), cited)
    parts = [literal(x) for x in (rule.id, rule.parameter, rule.kind, dict(rule.args), rule.verdict, rule.sentence)]
    looks_at = f", frozenset({literal(sorted(rule.looks_at))})" if rule.looks_at else ""
    structure = ", structure=True" if rule.structure else ""
    return Code(f"Rule({', '.join(parts)}, {said}{looks_at}{structure})")


def _own_model(family: ir.Family, offer: ir.Offer) -> int:
    """The one rule that differs between models that are alike in all else."""
    return next(index for index in offer.rules if family.rules[index].id == "model")


def _group(family: ir.Family, offer: ir.Offer, names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(names[index] for index in offer.rules if index != _own_model(family, offer))


# ── Checks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _steps(
    family: ir.Family, offer: ir.Offer, names: Mapping[int, str], leaves: set[str]
) -> tuple[dict[str, str], tuple[tuple[Code, str], ...]]:
    """Local variables, and the condition under which each rule is broken."""
    printer = Printer()
    steps: list[tuple[Code, str]] = []
    for index in offer.rules:
        rule = family.rules[index]
        if rule.when is not None and rule.holds is not None:
            condition = printer.broken(rule.when, rule.holds)
            if condition is not None:
                steps.append((condition, names[index]))
    leaves |= printer.leaves
    naming.distinct(printer.names, lambda name: printer.names[name])
    return printer.names, tuple(steps)


# ── Offers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _parameters(family: ir.Family, offer: ir.Offer) -> tuple[Code, ...]:
    return tuple(_parameter(parameter) for parameter in family.parameters_of(offer))


def _parameter(parameter: ir.Parameter) -> Code:
    facets = {key: parameter.facets[key] for key in _FACETS if key in parameter.facets}
    if parameter.default is not None:
        facets = {"default": _default(parameter.default), **facets}
    argument = naming.argument(parameter.name)
    parts = [literal(parameter.name), literal(parameter.type)]
    parts += [literal(facets)] if facets or argument != parameter.name else []
    parts += [literal(argument)] if argument != parameter.name else []
    return Code(f"Parameter({', '.join(parts)})")


def _default(value: Any) -> Any:
    """A size that follows the last picture is spelled out, so that clients parse no spec notation."""
    if not is_map(value):
        return value
    follows = ir.size_follows(value)
    return {"area": follows.area, "at_most": follows.at_most, "alone": follows.alone}


def _model(model: ir.Model) -> Code:
    prices, limits = (tuple(fact.value for fact in facts) for facts in (model.prices, model.limits))
    regions = {str(fact.value["region"]): fact.value["route"] for fact in model.regions}
    return Code(f"Model({', '.join(literal(part) for part in (model.id, model.known, prices, limits, regions))})")


def _offer(offer: ir.Offer, check: str, rules: str, parameters: str, model: str) -> Code:
    given = {
        "model": literal(offer.model), "route": literal(offer.route), "mode": literal(offer.mode),
        "endpoint": literal(offer.endpoint), "payloads": literal(offer.payloads), "result": literal(offer.result),
        "makes": literal(offer.makes),
        "when": literal(dict(offer.when)), "sets": literal(dict(offer.sets)), "parameters": parameters,
        "rules": f"(*{rules}, {model})", "check": check,
    }  # fmt: skip
    return Code(f"Offer({', '.join(f'{name}={text}' for name, text in given.items())})")
