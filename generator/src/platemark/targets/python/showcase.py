"""What README and examples show: calls whose models and values the specs choose, and tables of what the runtime has."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.plain import is_seq
from platemark.rules import cases, costs, leaves, samples
from platemark.rules.edges import ABSENT, Beside
from platemark.rules.values import rate
from platemark.targets.python import naming
from platemark.targets.python.printer import Code, literal

_WIDTH = 100
_PLAIN = ("count", "range", "area", "one_of")
"""Kinds of rules that a reader understands at a glance."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A call that is shown: an offer, and what its caller gives."""

    provider: ir.Provider
    family: ir.Family
    offer: ir.Offer
    values: Mapping[str, Any]

    @property
    def attribute(self) -> str:
        """The model's name at its client."""
        return naming.identifier(self.offer.model, naming.CLIENT)

    @property
    def takes_pictures(self) -> bool:
        return "images" in self.values

    @property
    def offers(self) -> tuple[ir.Offer, ...]:
        return self.family.by_model[self.offer.model]


def shots(spec: ir.Ir) -> dict[str, Any]:
    """The calls that texts show, by what they show, all of the first service; None where it has no such offer."""
    found = [
        Shot(provider, family, offer, samples.given(offer, samples.minimal(family, offer)))
        for provider in spec.providers[:1] for family in spec.families_of(provider.id) for offer in family.offers
    ]  # fmt: skip

    def first(wanted: Callable[[Shot], bool]) -> Shot | None:
        return next(filter(wanted, found), None)

    draw = first(lambda shot: not shot.takes_pictures and shot.offer.route == "sync") or found[0]
    edit = first(lambda shot: shot.takes_pictures)
    dear = max((shot for shot in found if _most(shot)), key=_most, default=None)
    quick = max((shot for shot in found if shot.offer.mode == draw.offer.mode), key=_rate)
    broken = wrong(edit or draw)
    return {
        "provider": draw.provider, "region": draw.provider.regions[0].alias or draw.provider.regions[0].id,
        "draw": draw, "edit": edit, "dear": dear, "price": price(dear) if dear else "",
        "task": first(lambda shot: shot.offer.route == "task" and not shot.takes_pictures),
        "stream": first(lambda shot: shot.offer.route == "stream"),
        "wrong": {naming.argument(rule.parameter): code for rule, code in broken},
        "rule": broken[-1][0].id if broken else "n.range",
        "sizes": sizes(draw), "asked": asked(draw), "job": job(quick), "quick": quick, "one": _one(quick),
        "call": call,
    }  # fmt: skip


def call(shot: Shot, verb: str = "", *, client: str = "client", **more: str) -> Code:
    """A call of a mode's method, or of another verb of the model; `more` are arguments as code."""
    route = {"submit": "task", "stream": "stream"}.get(verb)
    modes = dict.fromkeys(offer.mode for offer in shot.offers if route in {None, offer.route})
    routes = [offer.route for offer in shot.offers if offer.mode == shot.offer.mode]
    given = {naming.argument(name): str(literal(value)) for name, value in shot.values.items()} | more
    if not route and shot.offer.route != routes[0]:
        given["route"] = literal(shot.offer.route)
    arguments = [f"{name}={code}" for name, code in given.items()]
    if verb and len(modes) > 1:
        arguments.insert(0, literal(shot.offer.mode))
    head = f"{client}.{shot.attribute}.{verb or naming.identifier(shot.offer.mode)}"
    line = f"{head}({', '.join(arguments)})"
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return Code(line if len(line) <= _WIDTH else f"{head}(\n{lines})")


def wrong(shot: Shot) -> list[tuple[ir.Rule, str]]:
    """Up to three rules, and an argument as code that breaks each as plainly as can be.

    Of a model without plain limits, whatever a short argument breaks."""
    rules = shot.family.rules_of(shot.offer)
    named = [rule for rule in rules if shot.family.parameter_of(shot.offer, rule.parameter)]
    lengths = [rule for rule in named if rule.kind == "length"]
    return _broken(shot, [rule for rule in rules if rule.kind in _PLAIN]) or _broken(shot, [*lengths, *named])[:1]


def _broken(shot: Shot, rules: Iterable[ir.Rule]) -> list[tuple[ir.Rule, str]]:
    base, found = dict(shot.values), list[tuple[ir.Rule, str]]()
    for rule in rules:
        if rule.verdict != "reject" or len(found) == 3:
            continue
        if rule.id.count(".") > 1 or any(other.parameter == rule.parameter for other, _ in found):
            continue
        _, outside = cases.edge_values(shot.provider, shot.family, shot.offer, rule, base)
        plain = [value for value in outside if value is not ABSENT and not isinstance(value, Beside)]
        shown = [literal(value) for value in plain if not is_seq(value) or not value]
        if shown and len(shown[-1]) <= _WIDTH:
            found.append((rule, shown[-1]))
    return found


def asked(shot: Shot) -> str:
    """Up to two parameters that one could ask every model for, as arguments."""
    numbers = [p.name for p in shot.family.parameters_of(shot.offer) if p.type == "integer"][:2]
    wanted = {naming.argument(name): samples.value_for(shot.family, shot.offer, name) for name in numbers}
    return ", ".join(f"{name}={literal(value)}" for name, value in wanted.items())


def job(shot: Shot) -> str:
    """What a job of a batch says beside its id, for a `number`."""
    given = {"model": literal(shot.offer.model), "prompt": 'f"A paper lantern with the number {number}"'} | _one(shot)
    rest = {naming.argument(name): literal(value) for name, value in shot.values.items() if name != "prompt"}
    return ", ".join(f'"{name}": {code}' for name, code in {**given, **rest}.items())


def sizes(shot: Shot) -> list[str]:
    """Ways to write a size that a model takes, as code."""
    if shot.family.parameter_of(shot.offer, "size") is None:
        return []
    width, height = leaves.sides(samples.value_for(shot.family, shot.offer, "size"))
    return ['"16:9"', f'"{width}x{height}"', f"({width}, {height})"] if width else ['"16:9"']


def price(shot: Shot) -> str:
    """What one picture costs at most, such as `0.20 CNY`; empty where no document says."""
    region = shot.provider.regions[0].id
    rows = [fact.value for fact in shot.family.model(shot.offer.model).prices]
    found = costs.highest(rows, shot.values, region)
    return next((f"{amount} {currency}" for currency, amount in found.items()), "")


def _one(shot: Shot) -> dict[str, str]:
    """The argument that asks for a single picture, where there is one."""
    name = shot.offer.makes.removeprefix("..")
    return {naming.argument(name): "1"} if shot.family.parameter_of(shot.offer, name) else {}


def _rate(shot: Shot) -> float:
    """How many requests a second the documents allow, wherever it is asked; 0 where they do not say."""
    rows = [fact.value for fact in shot.family.model(shot.offer.model).limits]
    rates = [rate(row["rate"]) for row in rows if "rate" in row]
    return min((most / seconds for most, seconds in rates), default=0.0)


def _most(shot: Shot) -> int:
    """How many pictures a call makes that does not say how many, where that has a price; else 0."""
    count = costs.made(shot.family, shot.offer, shot.values).pictures
    return count if count > 1 and shot.offer.route == "sync" and price(shot) else 0


# ── What the runtime has ──────────────────────────────────────────────────────────────────────────────────────────


def classes(source: str) -> Iterator[tuple[str, str, str]]:
    """Name, parent and first paragraph of every public class of a module."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            parent = ast.unparse(node.bases[0]) if node.bases else ""
            yield node.name, parent, (ast.get_docstring(node) or "").partition("\n\n")[0]


def fields(source: str, name: str) -> Iterator[tuple[str, str, str]]:
    """Name, type and description of every field of a class."""
    (found,) = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name]
    for number, node in enumerate(found.body):
        if isinstance(node, ast.AnnAssign):
            after = found.body[number + 1] if number + 1 < len(found.body) else None
            told = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            yield ast.unparse(node.target), ast.unparse(node.annotation), str(told)
