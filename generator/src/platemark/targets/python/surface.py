"""The module of a family's models as callers see them: a typed method for each mode, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from platemark import ir
from platemark.plain import is_map
from platemark.rules import samples, sizes, values
from platemark.targets.python import naming
from platemark.targets.python.printer import Code, literal

_UNSAID = ("type", "required", "only_in", "unsupported", "place")
"""Kinds that a signature says by itself."""
_TAKEN = {
    "images": "A `Path`, bytes, an open file or a PIL image becomes a data URI.",
    "size": "`(W, H)`, `WxH` and a ratio such as `16:9` are written as the service wants it.",
}
"""What the client takes besides what the service does."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter in a signature: its wire name, its name in Python, its type, and its default there.

    `kind` is the parameter's type in the spec; `purpose` and `limits` are sentences."""

    wire: str
    name: str
    type: Code
    required: bool
    default: Code
    kind: str
    purpose: str
    limits: str

    @property
    def about(self) -> str:
        """What it is, what may be given for it, its limits and its default, on one line."""
        return " ".join(filter(None, [self.purpose, _TAKEN.get(self.kind, ""), self.limits]))


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode as a method."""

    name: str
    arguments: tuple[Argument, ...]
    routes: tuple[str, ...]
    envelopes: tuple[str, ...]
    """Styles of the body, where a caller can choose between several."""
    doc: str
    stem: str
    """What the names of its types begin with."""
    bodies: tuple[str, ...]
    """Types of the wire body."""
    answers: tuple[str, ...]
    """Types of the answer's JSON."""


@dataclass(frozen=True, slots=True)
class ModelClass:
    """Models that differ in nothing but their ids."""

    name: str
    doc: str
    models: tuple[str, ...]
    modes: tuple[Mode, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object within a parameter, as a TypedDict."""

    name: str
    doc: str
    fields: tuple[tuple[str, Code], ...]


@dataclass(frozen=True, slots=True)
class Module:
    """All that the template of a family's module needs."""

    family: ir.Family
    classes: tuple[ModelClass, ...]
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Types:
    """Names of the data models' types: of the bodies and of the answers of an offer."""

    bodies: Mapping[str, Sequence[str]]
    answers: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Family:
    """What the parts of one module share; `shapes` fill up as parameters are looked at."""

    spec: ir.Ir
    family: ir.Family
    types: Types
    shapes: dict[str, Shape]


def module(spec: ir.Ir, family: ir.Family, types: Types) -> Module:
    """What stands in a family's module."""
    at = _Family(spec, family, types, {})
    classes = tuple(_model_class(at, models) for models in alike(family))
    naming.distinct((c.models[0] for c in classes), naming.class_name)
    return Module(family, classes, tuple(at.shapes.values()))


def classes(spec: ir.Ir) -> dict[tuple[str, str], str]:
    """The class of each model, by provider and model: its module below the package, and its name."""
    found: dict[tuple[str, str], str] = {}
    for provider in spec.providers:
        families = spec.families_of(provider.id)
        modules = naming.distinct((family.name for family in families), naming.identifier)
        for family in families:
            for models in alike(family):
                name = f"{naming.identifier(provider.id)}.{modules[family.name]}.{naming.class_name(models[0])}"
                found |= {(provider.id, model): name for model in models}
    return found


def alike(family: ir.Family) -> list[tuple[str, ...]]:
    """Models in groups that differ in nothing but their ids."""
    groups: dict[str, list[str]] = {}
    for model in family.models:
        groups.setdefault(repr([_anonymous(family, offer) for offer in family.by_model[model.id]]), []).append(model.id)
    return [tuple(models) for models in groups.values()]


def _anonymous(family: ir.Family, offer: ir.Offer) -> Any:
    rules = [index for index in offer.rules if family.rules[index].id != "model"]
    return replace(offer, model="", rules=tuple(rules))


def _model_class(at: _Family, models: tuple[str, ...]) -> ModelClass:
    family = at.family
    offers = family.by_model[models[0]]
    name = naming.class_name(models[0])
    modes = tuple(
        _mode(at, name, [o for o in family.offers if o.model in models and o.mode == mode])
        for mode in dict.fromkeys(offer.mode for offer in offers)
    )
    model = family.model(models[0])
    ids = ", ".join(f"`{model}`" for model in models)
    going = [f"`{name}` {told}." for name in models if (told := family.model(name).deprecation)]
    return ModelClass(name, "\n\n".join(filter(None, [f"{ids}. {family.about}.", model.note, *going])), models, modes)


def _mode(at: _Family, owner: str, users: list[ir.Offer]) -> Mode:
    """A mode of models that are alike; `users` are the offers of all of them."""
    offers = [offer for offer in users if offer.model == users[0].model]
    arguments = tuple(_arguments(at, owner, offers))
    return Mode(
        offers[0].mode,
        arguments,
        tuple(offer.route for offer in offers),
        tuple(dict.fromkeys(style for offer in offers if len(offer.payloads) > 1 for style in offer.payloads)),
        _doc(at.spec, at.family, offers, arguments),
        f"{owner}{naming.class_name(offers[0].mode)}",
        tuple(dict.fromkeys(name for offer in users for name in at.types.bodies[key(offer)])),
        tuple(dict.fromkeys(name for offer in users for name in at.types.answers[key(offer)])),
    )


def key(offer: ir.Offer) -> str:
    """What tells an offer from all others of its provider."""
    return f"{offer.model}/{offer.mode}/{offer.route}"


# ── Arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _arguments(at: _Family, owner: str, offers: list[ir.Offer]) -> Iterable[Argument]:
    family = at.family
    names = list(dict.fromkeys(p.name for offer in offers for p in family.parameters_of(offer)))
    constant = {name for offer in offers for name in samples.fixed(offer)}
    arguments = naming.distinct(names, naming.argument)
    for name in names:
        if name in constant:
            continue
        found = [(o, p) for o in offers if (p := family.parameter_of(o, name))]
        parameter = found[0][1]
        required = len(found) == len(offers) and all(family.needs(offer, name) for offer in offers)
        kind = _type(parameter, _among(family, found), owner, at.shapes)
        default = literal(parameter.default if parameter.sent else None)
        if not required and not parameter.sent:
            kind = Code(f"{kind} | None")
        purpose = _sentences([parameter.about or "See the documents"])
        limits = _sentences(_limits_and_default(family, offers, parameter))
        yield Argument(name, arguments[name], kind, required, default, parameter.type, purpose, limits)


def _among(family: ir.Family, found: list[tuple[ir.Offer, ir.Parameter]]) -> tuple[Any, ...]:
    """The only values that a parameter may have on any of the routes; none where there are more."""
    lists = [next((rule.args["among"] for rule in family.rules_of(offer) if rule.parameter == parameter.name
                   and rule.kind in {"one_of", "fixed"} and rule.verdict == "reject"), None)
             for offer, parameter in found]  # fmt: skip
    return () if any(among is None for among in lists) else tuple(dict.fromkeys(v for a in lists if a for v in a))


def _type(parameter: ir.Parameter, among: tuple[Any, ...], owner: str, shapes: dict[str, Shape]) -> Code:
    words = f"Literal[{', '.join(literal(value) for value in among)}]" if among else ""
    match parameter.type:
        case "size":
            if words:
                return Code(f"{words} | tuple[int, int]")
            tokens = parameter.facets.get("tokens")
            return Code(f"Literal[{', '.join(literal(t) for t in tokens)}] | Size" if tokens else "Size")
        case "images":
            return Code("Pictures")
        case "list":
            below = f"{owner}{naming.class_name(parameter.name)}"
            return Code(f"Sequence[{_type(parameter.items, (), below, shapes) if parameter.items else 'object'}]")
        case "object":
            return _shape(parameter, owner, shapes)
        case kind:
            return Code(words or _PLAIN[kind])


_PLAIN = {
    "text": "str", "integer": "int", "boolean": "bool", "box": "Sequence[int]", "color": "str", "percent": "str",
}  # fmt: skip


def _shape(parameter: ir.Parameter, owner: str, shapes: dict[str, Shape]) -> Code:
    """An object's own type: the same wherever it has the same fields."""
    name = f"{owner}Item"
    fields = tuple((field.name, _field(field, owner, shapes)) for field in parameter.fields)
    found = next((shape.name for shape in shapes.values() if shape.fields == fields), name)
    shapes.setdefault(found, Shape(found, parameter.about or "One item.", fields))
    return Code(found)


def _field(field: ir.Parameter, owner: str, shapes: dict[str, Shape]) -> Code:
    kind = _type(field, (), f"{owner}{naming.class_name(field.name)}", shapes)
    return kind if field.required else Code(f"NotRequired[{kind}]")


# ── What a method says of itself ──────────────────────────────────────────────────────────────────────────────────


def _limits_and_default(family: ir.Family, offers: list[ir.Offer], parameter: ir.Parameter) -> Iterable[str]:
    yield from _limits(family, offers, parameter.name)
    if parameter.sent:
        yield f"The client always sends it: {_shown(parameter.default)} unless given"
    elif parameter.default is not None:
        yield f"Left out: {_shown(parameter.default)}"


def _sentences(parts: Iterable[str]) -> str:
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in parts)


def _limits(family: ir.Family, offers: list[ir.Offer], name: str) -> Iterable[str]:
    said: dict[str, list[str]] = {}
    for offer in offers:
        for rule in family.rules_of(offer):
            if rule.parameter == name and rule.kind not in _UNSAID and not rule.structure:
                part = rule.id.removeprefix(f"{name}.").removesuffix(rule.kind).strip(".").removeprefix("soft")
                noted = "noted unless it " if rule.verdict == "note" and ".soft." not in rule.id else ""
                place = f"{part}: " if part else ""
                said.setdefault(f"{place}{noted}{rule.sentence}", []).append(offer.route)
    for sentence, routes in said.items():
        only = "" if len(routes) >= len(offers) else f" ({' and '.join(routes)} route)"
        yield f"{sentence}{only}"


def _shown(value: Any) -> str:
    if is_map(value):
        follows = ir.size_follows(value)
        near = f"the ratio of the last picture, {'at most ' if follows.at_most else ''}about {follows.area:,} pixels"
        return near + (f"; {sizes.written(follows.alone)} without pictures" if follows.alone else "")
    return values.shown(value)


def _doc(spec: ir.Ir, family: ir.Family, offers: list[ir.Offer], arguments: Sequence[Argument]) -> str:
    first = offers[0]
    rows = [f"    {argument.name}: {argument.about}" for argument in arguments]
    if len(offers) > 1:
        among = " or ".join(dict.fromkeys(o.route for o in offers))
        rows.append(f"    route: {among}; {first.route} unless it is given, or the region has only another.")
    rows.append("    options: What `Options` lists, such as `timeout` in seconds, for this call alone.")
    cited = dict.fromkeys(
        source.document for offer in offers for rule in family.rules_of(offer) if not rule.structure
        for source in rule.evidence.sources
    )  # fmt: skip
    documents = [spec.document(name) for name in cited]
    sources = "; ".join(f"{document.title} ({document.date})" for document in documents)
    parts = [f"{first.about}.", makes(family, first), first.note, "Args:\n" + "\n".join(rows), f"Sources: {sources}."]
    return "\n\n".join(part for part in parts if part)


def makes(family: ir.Family, offer: ir.Offer) -> str:
    """How many pictures come back, and are billed."""
    name = offer.makes.removeprefix("..")
    parameter = family.parameter_of(offer, name)
    if parameter is None:
        return f"Makes {name} picture{'' if name == '1' else 's'}, and bills as many."
    least = "at most " if offer.makes.startswith("..") else ""
    told = parameter.default is not None and not parameter.sent
    default = f" ({parameter.default} when it is left out)" if told else ""
    return f"Makes {least}`{naming.argument(name)}` pictures{default}, and bills as many."
