"""Sample values of an offer: the least that it takes, and everything that it takes. The same ones at every run.

Both are accepted without a note or an adjustment: what is tried is judged by the offer's own rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from platemark.ir import Family, Offer, Parameter, Provider, Rule, picture
from platemark.rules import kinds, leaves, sizes
from platemark.rules.nearest import limits
from platemark.rules.values import percent
from platemark.wire import skeletons

PROMPT = "A paper lantern that says 'Open late'"
_TEXTS: Mapping[str, str] = {"prompt": PROMPT, "negative_prompt": "blurry, crooked letters"}
_COLORS = ("#C2D1E6", "#636574", "#B5483A", "#F2C14E", "#3D5A45", "#FFFFFF", "#101820", "#8E6C8A", "#D98E73", "#4F86A6")
_BOX = (64, 64, 512, 512)
_TRIED = ((1280, 960), (1024, 1024), (768, 1024), (2048, 1536))
"""Sizes from which the nearest allowed one is looked for, where a spec recommends none."""


def minimal(family: Family, offer: Offer) -> dict[str, Any]:
    """What must stand in a request: required parameters, as few pictures as may be, and what mode and transport set.

    Raises ValueError where no value keeps all rules of a parameter, which lint would have found."""
    found: dict[str, Any] = {}
    for parameter in family.parameters_of(offer):
        rules = _rules(family, offer, parameter.name)
        if parameter.name in fixed(offer) or parameter.required or not all(rule.kept(found) for rule in rules):
            found[parameter.name] = _value(family, offer, parameter, found, 1)
    return found


def full(family: Family, offer: Offer) -> dict[str, Any]:
    """A value for every parameter that the offer can take at once, not its default where there is another.

    Raises ValueError as `minimal` does."""
    found: dict[str, Any] = {}
    for parameter in family.parameters_of(offer):
        found[parameter.name] = _value(family, offer, parameter, found, 2)
    for rule in family.rules_of(offer):
        if rule.kind == "requires" and rule.parameter in found:
            needed = rule.args["of"]
            if any(name in needed and needed[name] != value for name, value in fixed(offer).items()):
                del found[rule.parameter]
            else:
                found |= needed
    return found


def value_for(family: Family, offer: Offer, parameter: str) -> Any:
    """A value that keeps every rule of a parameter, not its default where there is another.

    Raises KeyError for a name that the offer does not take, and ValueError as `minimal` does."""
    found = family.parameter_of(offer, parameter)
    if found is None:
        raise KeyError(parameter)
    return _value(family, offer, found, {}, 2)


def fixed(offer: Offer) -> dict[str, Any]:
    """What the mode and the transport set, and a caller of the mode's own method does not give."""
    chosen = {name: value for name, value in offer.when.items() if not isinstance(value, list)}
    return chosen | dict(offer.sets)


def given(offer: Offer, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is left for a caller of the mode's own method to give."""
    return {name: value for name, value in values.items() if name not in fixed(offer)}


def body(provider: Provider, offer: Offer, values: Mapping[str, Any]) -> dict[str, Any]:
    """The wire body of a request, in the style that the endpoint prefers."""
    return skeletons.build(provider.payloads[offer.payloads[0]], {"model": offer.model, **values, **fixed(offer)})


# ── One value ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _value(family: Family, offer: Offer, parameter: Parameter, others: Mapping[str, Any], count: int) -> Any:
    """The first candidate that keeps all rules of the parameter, beside the values that stand already.

    A list holds `count` items, or as near to it as its rules allow."""
    if parameter.name in fixed(offer):
        return fixed(offer)[parameter.name]
    rules = _rules(family, offer, parameter.name)
    same = next((str(rule.args["as"]) for rule in rules if rule.kind == "same_length"), "")
    if same:
        others = others if same in others else {**others, same: value_for(family, offer, same)}
        count = leaves.count(others[same])
    for candidate in _candidates(parameter, rules, count):
        if all(rule.kept({**others, parameter.name: candidate}) for rule in rules):
            return candidate
    raise ValueError(f"no value of {parameter.name} keeps all its rules in {offer.model}/{offer.mode}")


def _rules(family: Family, offer: Offer, name: str) -> list[Rule]:
    return [rule for rule in family.rules_of(offer) if rule.parameter == name and rule.kind != "requires"]


def _candidates(parameter: Parameter, rules: list[Rule], count: int) -> Iterator[Any]:
    """Values to try, the default last."""
    facets, default = parameter.facets, parameter.default
    listed = [*([facets["fixed"]] if "fixed" in facets else []), *facets.get("one_of", ())]
    found = iter(listed) if listed else _MAKERS[parameter.type](parameter, rules, count)
    yield from (candidate for candidate in found if not leaves.equal(candidate, default))
    if default is not None:
        yield default


def _texts(parameter: Parameter, _: list[Rule], __: int) -> Iterator[str]:
    text = _TEXTS.get(parameter.name, PROMPT)
    low, high = _bounds(parameter, "length")
    yield text
    yield (text * ((low or 0) // len(text) + 1))[:high]


def _integers(parameter: Parameter, _: list[Rule], __: int) -> Iterator[int]:
    yield from _near(2, parameter, "range")


def _booleans(parameter: Parameter, _: list[Rule], __: int) -> Iterator[bool]:
    yield parameter.default is not True
    yield parameter.default is True


def _sizes(parameter: Parameter, rules: list[Rule], _: int) -> Iterator[str]:
    facets = parameter.facets
    yield from facets.get("recommended", ())
    yield from facets.get("tokens", ())
    for near in (sizes.nearest(size, limits(rules)) for size in _TRIED):
        if near:
            yield sizes.written(near)


def _lists(parameter: Parameter, rules: list[Rule], count: int) -> Iterator[list[Any]]:
    yield from (list_of(parameter, rules, held) for held in _near(count, parameter, "count"))


def list_of(parameter: Parameter, rules: list[Rule], held: int) -> list[Any]:
    """A list of so many items, whose shares add up as the rules say, be it too long or too short."""
    items = [_item(parameter, index) for index in range(held)]
    for rule in rules:
        if rule.kind == "sums_to" and held:
            name, (each, rest) = rule.args["field"], divmod(int(rule.args["hundredths"]), held)
            shares = [percent(each + (index < rest)) for index in range(held)]
            items = [item | {name: share} for item, share in zip(items, shares, strict=True)]
    return items


def _item(parameter: Parameter, index: int) -> Any:
    """An item of a list, other than its neighbours where that can be."""
    if parameter.type == "images":
        return picture(index)
    return _part(parameter.items, index) if parameter.items else PROMPT


def _part(part: Parameter, index: int) -> Any:
    """A value within a value; the rules of the whole judge it."""
    match part.type:
        case "list":
            return [_item(part, i) for i in range(next(_near(1, part, "count")))]
        case "object":
            return {field.name: _part(field, index) for field in part.fields}
        case "color":
            return _COLORS[index % len(_COLORS)]
        case _:
            return next(_candidates(part, [], 1))


def _single(value: Any) -> Callable[[Parameter, list[Rule], int], Iterator[Any]]:
    return lambda _, __, ___: iter([value])


_MAKERS: Mapping[str, Callable[[Parameter, list[Rule], int], Iterator[Any]]] = {
    "text": _texts, "integer": _integers, "boolean": _booleans, "size": _sizes, "images": _lists, "list": _lists,
    "object": lambda p, _, __: iter([_part(p, 0)]), "box": _single(list(_BOX)), "color": _single(_COLORS[0]),
    "percent": _single("50.00%"),
}  # fmt: skip


def _bounds(parameter: Parameter, kind: str, soft: bool = False) -> tuple[int | None, int | None]:
    facets: Mapping[str, Any] = parameter.facets.get("soft", {}) if soft else parameter.facets
    if kind not in facets:
        return None, None
    args = kinds.KINDS[kind].parse(facets[kind])
    return args["low"], args["high"]


def _near(wanted: int, parameter: Parameter, kind: str) -> Iterator[int]:
    """A number within the bounds, or the ends of the bounds and of the recommended ones, the nearest first."""
    low, high = _bounds(parameter, kind)
    fits = (low is None or low <= wanted) and (high is None or wanted <= high)
    ends = {end for end in (low, high, *_bounds(parameter, kind, soft=True)) if end is not None}
    yield from sorted(ends | ({wanted} if fits else set()), key=lambda end: (abs(end - wanted), end))
