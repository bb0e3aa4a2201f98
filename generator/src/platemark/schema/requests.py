"""The schema of a model's requests by one route: a closed body for each mode, and an `if` that tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from platemark import ir
from platemark.schema.bodies import body
from platemark.schema.modes import condition, payloads
from platemark.schema.parameters import Parts, listed, parts_of
from platemark.schema.said import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def request_schema(provider: ir.Provider, family: ir.Family, model: str, route: ir.RouteName) -> Schema:
    """The request schema of a model by a route that it has, with the rules beside it that no schema can say."""
    offers = [offer for offer in family.by_model[model] if offer.route == route]
    parts = [parts_of(family, offer) for offer in offers]
    names = [offer.mode for offer in offers]
    defs = {o.mode: _mode(provider, family, o, found) for o, found in zip(offers, parts, strict=True)}
    if len(offers) == 1:
        told: Schema = defs.pop(names[0])
    else:
        told = _told([(condition(provider, family, offer), {"$ref": f"#/$defs/{offer.mode}"}) for offer in offers])
    return {
        "title": f"Request to {model} by the {route} route",
        **({"description": family.about} | told),
        **({"$defs": defs} if defs else {}),
        **beside(family, offers, parts),
    }


def mode_schema(provider: ir.Provider, family: ir.Family, offer: ir.Offer) -> Schema:
    """The schema of the bodies that an offer takes: what chooses its mode is part of it."""
    parts = parts_of(family, offer)
    return {**_mode(provider, family, offer, parts), **beside(family, [offer], [parts])}


def beside(family: ir.Family, offers: Sequence[ir.Offer], parts: Sequence[Parts]) -> Schema:
    """The rules that a schema does not say: `x-rules` show in a request alone, `x-untold` only in files."""
    judged: dict[int, list[str]] = {}
    untold: dict[int, list[str]] = {}
    for offer, found in zip(offers, parts, strict=True):
        for index in offer.rules:
            rule = family.rules[index]
            if not rule.judged:
                untold.setdefault(index, []).append(offer.mode)
            elif rule.verdict != "reject" or rule in found.unsaid:
                judged.setdefault(index, []).append(offer.mode)
    return {
        key: listed((family.rules[index], modes) for index, modes in rules.items())
        for key, rules in (("x-rules", judged), ("x-untold", untold))
        if rules
    }


def _mode(provider: ir.Provider, family: ir.Family, offer: ir.Offer, parts: Parts) -> Schema:
    styles = payloads(provider, family, offer).items()
    bodies = [{"title": name, **body(skeleton, offer.model, parts)} for name, skeleton in styles]
    return {"title": f"{offer.model} {offer.mode}", "description": offer.about, **_one_of(bodies)}


def _one_of(bodies: list[Schema]) -> Schema:
    """The only style of a body, or any of them."""
    if len(bodies) > 1:
        return {"anyOf": bodies}
    return {key: part for key, part in bodies[0].items() if key != "title"}


def _told(modes: Iterable[tuple[Schema, Schema]]) -> dict[str, Any]:
    """If in the first mode, then its schema, else the next. The last one's own constants refuse what is in none."""
    (condition_, schema), *rest = modes
    return {"if": condition_, "then": schema, "else": _told(rest)} if rest else schema
