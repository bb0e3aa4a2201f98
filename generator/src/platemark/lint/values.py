"""Values: defaults, choices and recommended sizes keep the rules, and every rule leaves something to choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from platemark import ir
from platemark.lint.facts import Facts, together
from platemark.lint.parameters import bounds
from platemark.plain import each, is_map
from platemark.problems import Code, Problem
from platemark.rules import leaves, samples
from platemark.rules.nearest import limits, nearest
from platemark.rules.values import shown

_NARROWING = (
    "one_of",
    "fixed",
    "area",
    "range",
    "count",
    "length",
    "side",
    "ratio",
    "sums_to",
    "same_length",
    "schemes",
)

_LISTED: Mapping[str, tuple[Code, str]] = {
    "default": ("bad-default", "mend the one or the other"),
    **dict.fromkeys(("one_of", "fixed"), ("bad-choice", "mend the one or the other")),
    "recommended": ("bad-recommended", "mend the figure, or declare it under `exceptions`"),
}


def values(facts: Facts) -> Iterator[Problem]:
    """All problems of values, in each model, route and mode."""
    cases: list[tuple[Problem, str]] = []
    for offer in facts.family.offers:
        case = f"{offer.mode} of `{offer.model}`"
        found = [*_choices(facts, offer), *_sizes(facts, offer)]
        yield from found
        yield from _defaults(facts, offer)
        yield from _soft(facts, offer)
        cases += ((problem, case) for problem in _makes(facts, offer))
        cases += ((problem, case) for problem in (_empty(facts, offer) if not found else ()))
    yield from together(dict.fromkeys(cases))  # once, though several routes lead there


def _broken(rules: Iterable[ir.Rule], given: Mapping[str, Any]) -> Iterator[ir.Rule]:
    """The rules that would refuse values, or change them."""
    return (rule for rule in rules if rule.verdict != "note" and not rule.kept(given))


def _own(facts: Facts, offer: ir.Offer, name: str) -> list[ir.Rule]:
    """The rules on a parameter that its value alone can break."""
    rules = facts.family.rules_of(offer)
    return [rule for rule in rules if rule.parameter == name and rule.kind not in {"requires", "same_length"}]


# ── Defaults ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _defaults(facts: Facts, offer: ir.Offer) -> Iterator[Problem]:
    parameters = facts.family.parameters_of(offer)
    defaults = {p.name: p.default for p in parameters if p.default not in (None, "random") and not is_map(p.default)}
    given = {**defaults, **samples.fixed(offer)}
    rules = [rule for rule in facts.family.rules_of(offer) if rule.parameter in defaults]
    for rule in _broken(rules, given):
        value = defaults[rule.parameter]
        message = f"the default of `{rule.parameter}`, {shown(value)}, breaks {rule.id}: {rule.sentence}"
        near = nearest(rule, rules, value)
        hint = "" if near is None else f"the nearest that keeps it: {near}"
        yield Problem("bad-default", message, facts.place(offer, rule.parameter, "default", "fixed"), hint)
    for parameter in parameters:
        if parameter.sent and parameter.default is None:
            place = facts.place(offer, parameter.name, "send")
            yield Problem("incomplete", f"`{parameter.name}` has no default to send", place, "add `default`")
        if is_map(parameter.default) and "no_image" in parameter.default:
            yield from _listed(facts, offer, parameter.name, "default", parameter.default["no_image"])


# ── Choices and sizes ────────────────────────────────────────────────────────────────────────────────────────────


def _choices(facts: Facts, offer: ir.Offer) -> Iterator[Problem]:
    for parameter in facts.family.parameters_of(offer):
        yield from _listed(facts, offer, parameter.name, "one_of", *parameter.facets.get("one_of", ()))
        yield from _listed(facts, offer, parameter.name, "fixed", *each(parameter.facets.get("fixed", ())))


def _listed(facts: Facts, offer: ir.Offer, name: str, key: str, *listed: Any) -> Iterator[Problem]:
    """Values that a spec lists as good, though a rule beside refuses them."""
    rules = [rule for rule in _own(facts, offer, name) if rule.verdict == "reject"]
    for value in listed:
        for rule in _broken(rules, {name: value}):
            message = f"{shown(value)} breaks {rule.id}: {rule.sentence}"
            code, hint = _LISTED[key]
            yield Problem(code, message, facts.place(offer, name, key), hint)


def _sizes(facts: Facts, offer: ir.Offer) -> Iterator[Problem]:
    for parameter in facts.family.parameters_of(offer):
        recommended = parameter.facets.get("recommended", ())
        yield from _listed(facts, offer, parameter.name, "recommended", *recommended)
        plain = limits(_own(facts, offer, "size")) if parameter.name == "size" else None
        for size in parameter.facets.get("exceptions", ()):
            place = facts.place(offer, parameter.name, "exceptions")
            if size in recommended:
                message = f"{size} is recommended and an exception"
                yield Problem("both-lists", message, place, "an exception breaks a rule: keep it in one list")
            elif plain and plain.allow(leaves.sides(size)):
                yield Problem("idle-exception", f"{size} breaks no rule", place, "move it to `recommended`")


# ── Domains ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _empty(facts: Facts, offer: ir.Offer) -> Iterator[Problem]:
    """Parameters that no value suits."""
    for parameter in facts.family.parameters_of(offer):
        try:
            samples.value_for(facts.family, offer, parameter.name)
        except ValueError:
            rules = [rule for rule in _own(facts, offer, parameter.name) if rule.kind in _NARROWING]
            said = "; ".join(dict.fromkeys(rule.sentence for rule in rules))
            message = f"no value of `{parameter.name}` keeps all its rules: {said}"
            place = facts.place(offer, parameter.name, *_NARROWING)
            yield Problem("empty-domain", message, place, "two of these exclude each other")


def _soft(facts: Facts, offer: ir.Offer) -> Iterator[Problem]:
    """A recommended limit lies within the hard one."""
    rules = {rule.id: rule for rule in facts.family.rules_of(offer)}
    for id_, rule in rules.items():
        hard = rules.get(id_.replace(".soft.", "."))
        if ".soft." not in id_ or hard is None:
            continue
        (low, high), (least, most) = bounds(rule.kind, rule.args), bounds(hard.kind, hard.args)
        below = low is not None and least is not None and low < least
        above = high is not None and most is not None and high > most
        if below or above:
            message = f"`{id_}` reaches beyond {hard.id}: {hard.sentence}"
            place = next(
                (layer[rule.parameter].soft[rule.kind].place for layer in facts.layers(offer)
                 if rule.parameter in layer and rule.kind in layer[rule.parameter].soft),
                facts.place(offer, rule.parameter),
            )  # fmt: skip
            yield Problem("soft-outside", message, place, "what is recommended is allowed: draw it in")


def _makes(facts: Facts, offer: ir.Offer) -> Iterator[Problem]:
    """The number of pictures is a parameter of this very offer."""
    name = offer.makes.removeprefix("..")
    if not name.isdigit() and facts.family.parameter_of(offer, name) is None:
        message = f"`makes` counts by `{name}`, which this mode does not take"
        taken = ", ".join(p.name for p in facts.family.parameters_of(offer) if p.type == "integer")
        hint = f"integers that it takes: {taken}" if taken else "write a number, such as 1"
        yield Problem("unknown-parameter", message, facts.source.modes[offer.mode].place, hint)
