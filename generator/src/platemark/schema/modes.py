"""Which mode a body is in, as the condition of an `if`: right for what is absent or mistyped, since defaults count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from platemark import ir
from platemark.plain import is_list, is_map, is_seq
from platemark.rules import leaves, meanings
from platemark.schema.bodies import per_element
from platemark.schema.said import Schema, either, merged, value
from platemark.wire import skeletons
from platemark.wire.skeletons import EACH


def payloads(provider: ir.Provider, family: ir.Family, offer: ir.Offer) -> dict[str, Any]:
    """The payload styles that an offer's endpoint takes, without the places of what its model does not have."""
    known = family.model(offer.model).known
    return {name: skeletons.narrow(provider.payloads[name], known) for name in offer.payloads}


def condition(provider: ir.Provider, family: ir.Family, offer: ir.Offer) -> Schema:
    """What holds of a body exactly if its values choose the mode of an offer."""
    styles = list(payloads(provider, family, offer).values())
    chosen = (_chosen(family, offer, styles, name, wanted) for name, wanted in offer.when.items())
    return merged([part for parts in chosen for part in parts])


def _chosen(family: ir.Family, offer: ir.Offer, styles: list[Any], name: str, wanted: Any) -> Iterable[Schema]:
    if is_list(wanted):
        low, high = wanted
        if low:
            yield _anywhere(styles, name, {"type": "array", "minItems": low})
        if high is not None:
            yield {"not": _anywhere(styles, name, {"type": "array", "minItems": high + 1})}
        return
    parameter = family.parameter_of(offer, name)
    if parameter is None or not leaves.equal(parameter.default, wanted):
        yield _anywhere(styles, name, {"const": wanted})
    elif isinstance(wanted, bool):
        yield {"not": _anywhere(styles, name, {"const": not wanted})}
    else:
        typed = value(name, [meanings.well_formed(name, parameter.type)])
        yield {"not": _anywhere(styles, name, {**typed, "not": {"const": wanted}})}


def _anywhere(styles: list[Any], name: str, schema: Schema) -> Schema:
    """The parameter is given in one of the styles, and keeps the schema."""
    found = [standing(style, name, schema, name in skeletons.names(style)) for style in styles]
    return either([part for part in found if part is not None])


def standing(skeleton: Any, name: str, schema: Schema, named: bool) -> Schema | None:
    """A body in which the parameter stands at its place and keeps the schema; None where the skeleton has no place."""
    if skeleton == f"${name}":
        return schema
    if skeletons.holds_others(skeleton) and not named:
        return _with(name, schema)
    if is_seq(skeleton):
        for pattern in skeleton:
            if pattern.get(EACH) == name:
                return {"type": "array", **per_element(schema, pattern)}
            if (found := standing(pattern, name, schema, named)) is not None:
                return {"type": "array", "prefixItems": [found], "minItems": 1}
    if is_map(skeleton):
        for key, part in skeleton.items():
            if (found := standing(part, name, schema, named)) is not None:
                return _with(key, found)
    return None


def _with(key: str, schema: Schema) -> Schema:
    return {"type": "object", "properties": {key: schema}, "required": [key]}
