"""What if one figure said otherwise: each limit and default of an offer, changed by the smallest step.

Contract tests are held against these: whoever probes a service must notice each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from platemark import ir
from platemark.plain import is_map
from platemark.resolution.family import FamilyResolver, Slot
from platemark.resolution.layers import Merged
from platemark.rules import leaves, sizes
from platemark.rules.kinds import KINDS
from platemark.spec.model import Spec, Stated

Direction: TypeAlias = Literal["tighter", "looser", "other"]
"""Whether something more is refused or accepted, or something else comes back."""

_NUDGE = 16
"""By how many pixels a default size is changed: services draw in steps of this."""


@dataclass(frozen=True, slots=True)
class Change:
    """A fact of one offer that says otherwise."""

    offer: ir.Offer
    fact: str
    """The rule's id, or the parameter's with `default`: `n.range`, `size.default`, `messages.count`."""
    direction: Direction
    value: Any
    """As a spec would write it; None where the rule is dropped, or the route is gone."""

    @property
    def name(self) -> str:
        """`model/route/mode/fact → value`."""
        offer = self.offer
        value = "" if self.value is None else f" → {self.value}"
        return f"{offer.model}/{offer.route}/{offer.mode}/{self.fact} {self.direction}{value}"


def changes(family: ir.Family, offer: ir.Offer) -> Iterator[Change]:
    """Every rule that refuses or adjusts and that a request can show, and every default, moved by its smallest steps.

    A refusing rule that can't be loosened by a step is dropped."""
    for rule in family.rules_of(offer):
        if rule.judged and rule.verdict in {"reject", "adjust"}:
            yield from _of_rule(family, offer, rule)
    for parameter in family.parameters_of(offer):
        for value in _other_defaults(parameter):
            yield Change(offer, f"{parameter.name}.default", "other", value)


def _of_rule(family: ir.Family, offer: ir.Offer, rule: ir.Rule) -> Iterator[Change]:
    parameter = family.parameter_of(offer, rule.parameter)
    part = _part(parameter, rule) if parameter and not rule.structure else None
    written = _written(part, rule.kind) if part else None
    steps = KINDS[rule.kind].steps(written) if written is not None else None
    adjusts = rule.verdict == "adjust"
    for value in steps.tighter if steps else ():
        yield Change(offer, rule.id, "other" if adjusts else "tighter", value)
    for value in steps.looser if steps else ():
        yield Change(offer, rule.id, "other" if adjusts else "looser", value)
    if not (adjusts or (steps and steps.looser)):
        yield Change(offer, rule.id, "looser", None)


def _part(parameter: ir.Parameter, rule: ir.Rule) -> ir.Parameter | None:
    part: ir.Parameter | None = parameter
    for segment in rule.id.split(".")[1:-1]:
        if part is None:
            return None
        part = part.items if segment == "items" else next((f for f in part.fields if f.name == segment), None)
    return part


def _written(part: ir.Parameter, kind: str) -> Any:
    return part.required if kind == "required" else part.facets.get(kind)


def _other_defaults(parameter: ir.Parameter) -> Iterator[Any]:
    """The nearest other values that the default could have."""
    default, facets = parameter.default, parameter.facets
    if "fixed" in facets:
        return
    if isinstance(default, bool):
        yield not default
    elif isinstance(default, int):
        low, high = KINDS["range"].parse(facets["range"]).values() if "range" in facets else (None, None)
        near = (default - 1, default + 1)
        yield from (v for v in near if (low is None or v >= low) and (high is None or v <= high))
    elif leaves.is_token(default):
        yield from (word for word in facets.get("tokens", {}) if word != default)
    elif leaves.is_size(default):
        width, height = leaves.sides(default)
        yield sizes.written((width - _NUDGE, height))
    elif is_map(default):
        yield {**default, "area": _smaller(str(default["area"]))}
        if "no_image" in default:
            yield {**default, "no_image": _smaller(str(default["no_image"]))}


def _smaller(area: str) -> str:
    dots = ".." if area.startswith("..") else ""
    width, height = leaves.sides(area.removeprefix(".."))
    return f"{dots}{width - _NUDGE}*{height - _NUDGE}"


# ── Applied ───────────────────────────────────────────────────────────────────────────────────────────────────────


def changed(loaded: Spec, resolved: ir.Ir, change: Change) -> ir.Ir:
    """The IR of specs in which just that fact of just that offer says otherwise."""
    provider, family, _ = resolved.find(change.offer.model)
    if change.value is None:
        other = _without(family, change)
    else:
        source = next(f for f in loaded.families if (f.name, f.provider) == (family.name, family.provider))
        base = next(p for p in loaded.providers if p.id == provider.id)
        other = FamilyResolver(source, base, provider, loaded.documents, _revision(change)).family()
    families = tuple(other if f is family else f for f in resolved.families)
    return replace(resolved, families=families)


def _revision(change: Change) -> Callable[[Slot, dict[str, Merged]], None]:
    wanted = (change.offer.model, change.offer.route, change.offer.mode)
    name, *segments, key = change.fact.split(".")

    def revise(slot: Slot, merged: dict[str, Merged]) -> None:
        if (slot.model.id, slot.route.name, slot.mode.name) != wanted:
            return
        part = merged[name]
        for segment in segments:
            found = part.items if segment == "items" else part.fields[segment]
            if found is None:
                raise KeyError(change.fact)
            part = found
        part.facts[key] = _restated(part.facts, key, change.value)

    return revise


def _restated(facts: Mapping[str, Stated], key: str, value: Any) -> Stated:
    stated = facts.get(key) or next(iter(facts.values()))
    return replace(stated, value=value)


def _without(family: ir.Family, change: Change) -> ir.Family:
    """The family whose offer does not refuse by the rule. One of structure stays, for the reader of bodies names it."""
    rules = list(family.rules)
    kept: list[int] = []
    for index in change.offer.rules:
        rule = family.rules[index]
        if rule.id != change.fact:
            kept.append(index)
        elif rule.structure:
            rules.append(replace(rule, verdict="accept"))
            kept.append(len(rules) - 1)
    offer = replace(change.offer, rules=tuple(kept))
    offers = tuple(offer if each is change.offer else each for each in family.offers)
    return replace(family, rules=tuple(rules), offers=offers)
