"""Lines of parameters: what can be said of one on its own, and of the names in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from platemark.lint.names import unknown
from platemark.plain import each, is_map
from platemark.problems import Problem, did_you_mean
from platemark.rules import kinds, leaves
from platemark.rules.sentences import NOUNS
from platemark.rules.values import shown
from platemark.source import Keys, Tree
from platemark.spec.model import Layer, Layers, Provider, Stated

_LISTS = ("images", "list")
FACETS: Mapping[str, tuple[str, ...]] = {
    "default": (),
    "send": (),
    "excess": ("text",),
    **dict.fromkeys(("like", "ties", "recommended", "exceptions"), ("size",)),
    "items": ("list",),
    "fields": ("object",),
}
"""Facts that are no rules, and the types that they are about; empty: any."""


def type_of(name: str, provider: Provider, layers: Iterable[Layers]) -> str:
    """What a parameter is, as its first line with a type says."""
    stated = (
        layer[name].facts["type"]
        for layer in (*layers, provider.parameters)
        if name in layer and "type" in layer[name].facts
    )
    return next((str(fact.value) for fact in stated), "")


def bounds(kind: str, args: Mapping[str, Any]) -> tuple[Fraction | None, Fraction | None]:
    """The least and the greatest value that a rule allows, where it has such."""
    low, high = args.get("low"), args.get("high")
    if kind == "ratio" and low and high:
        return Fraction(*low), Fraction(*high)
    return (None if low is None else Fraction(low), None if high is None else Fraction(high))


def fits(type_: str, value: object) -> bool:
    """Whether a value that a spec writes can be one of a parameter."""
    if type_ == "size":
        return leaves.is_size(value) or leaves.is_token(value)
    return type_ in leaves.FORMATS and leaves.FORMATS[type_](value)


def line(name: str, layer: Layer, type_: str) -> Iterator[Problem]:
    """What can be said of one line on its own; `type_` is what other lines say that the parameter is."""
    type_ = str(layer.facts["type"].value) if "type" in layer.facts else type_
    slots = [key for key in layer.facts if key in kinds.SLOT]
    if len(slots) > 1:
        message = f"`{name}` has both `{slots[0]}` and `{slots[1]}`"
        yield Problem("one-slot", message, layer.facts[slots[1]].place, "keep one of range, one_of and fixed")
    for key, stated in (*layer.facts.items(), *layer.soft.items()):
        yield from _fact(key, stated, type_)
    parts = {f"{name}.items": layer.items} if layer.items else {}
    parts |= {f"{name}.{field}": inner for field, inner in layer.fields.items()}
    for path, part in parts.items():
        key = "items" if part is layer.items else "fields"
        if type_ and type_ not in FACETS[key]:
            yield _wrong_kind(key, FACETS[key], Stated(None, part.place), type_)
        elif "type" not in part.facts:
            yield Problem("no-type", f"nothing says what type `{path}` is", part.place, "add `type`")
        yield from line(path, part, "")


def _fact(key: str, stated: Stated, type_: str) -> Iterator[Problem]:
    on = kinds.KINDS[key].on if key in kinds.KINDS else FACETS.get(key, ())
    if type_ and on and type_ not in on:
        yield _wrong_kind(key, on, stated, type_)
    elif type_ and key in {"default", "fixed", "one_of"}:
        yield from _values(key, stated, type_)
    yield from reversed_(key, stated)


def _wrong_kind(key: str, on: tuple[str, ...], stated: Stated, type_: str) -> Problem:
    hint = f"it is said of {' and '.join(on)}"
    return Problem("wrong-kind", f"`{key}` can't be said of {NOUNS[type_]}", stated.place, hint)


def _values(key: str, stated: Stated, type_: str) -> Iterator[Problem]:
    if key == "default" and (is_map(stated.value) or stated.value == "random"):
        only, said = ("size", "a size that follows the last image") if is_map(stated.value) else ("integer", "random")
        if type_ != only:
            hint = f"only {NOUNS[only]} has such a default"
            yield Problem("wrong-type", f"`default` can't be {said}: this is {NOUNS[type_]}", stated.place, hint)
        return
    for value in each(stated.value):
        if not fits(type_, value):
            message = f"`{key}` can't be `{shown(value)}`: this is {NOUNS[type_]}"
            quoted = type_ == "text" and not isinstance(value, str)
            yield Problem("wrong-type", message, stated.place, "quote it if it is text" if quoted else "")


def reversed_(key: str, stated: Stated) -> Iterator[Problem]:
    """Bounds between which nothing lies."""
    if key not in kinds.KINDS or key == "type":
        return
    low, high = bounds(key, kinds.KINDS[key].parse(stated.value))
    if low is not None and high is not None and low > high:
        message = f"nothing lies between the bounds of `{key}`, {stated.value}"
        yield Problem("empty-domain", message, stated.place, "the least comes first: low..high")


# ── Names in a line ───────────────────────────────────────────────────────────────────────────────────────────────


def others(name: str, layer: Layer, types: Mapping[str, str]) -> Iterator[Problem]:
    """Other parameters that a line refers to."""
    if same := layer.facts.get("same_length"):
        other = str(same.value)
        if other not in types:
            yield unknown("unknown-parameter", other, same.place, types)
        elif types[other] not in _LISTS or other == name:
            message = (
                f"`{name}` can't have as many items as {'itself' if other == name else f'`{other}`, which is no list'}"
            )
            hint = did_you_mean(other, [n for n, t in types.items() if t in _LISTS and n != name])
            yield Problem("wrong-kind", message, same.place, hint)
    if needed := layer.facts.get("requires"):
        for other, value in needed.value.items():
            if other not in types:
                yield unknown("unknown-parameter", other, needed.place, types)
            elif types[other] and not fits(types[other], value):
                message = f"`{other}` is never `{shown(value)}`: it is {NOUNS[types[other]]}"
                yield Problem("wrong-type", message, needed.place)
    if sums := layer.facts.get("sums_to"):
        yield from _summed(name, sums, layer)


def _summed(name: str, sums: Stated, layer: Layer) -> Iterator[Problem]:
    fields: Mapping[str, Layer] = layer.items.fields if layer.items else {}
    for field in sums.value:
        if field not in fields:
            message = f"the items of `{name}` have no field `{field}`"
            hint = did_you_mean(field, fields) or "say what the items hold: `items` with `fields`"
            yield Problem("unknown-field", message, sums.place, hint)
        elif "type" in fields[field].facts and fields[field].facts["type"].value != "percent":
            yield Problem(
                "wrong-kind", f"`{field}` is no share, and only shares are added up", sums.place, "type: percent"
            )


def froms(tree: Tree, path: Keys) -> Iterator[Problem]:
    """Facts that a `from` names and its line does not state: their source would be lost."""
    here = tree.get(path)
    by_key: Any = here.get("from") if is_map(here) else None
    for key in by_key if is_map(by_key) else ():
        if not _states(here, str(key).split(".")):
            known = [fact for fact in here if fact != "from"]
            message = f"`from` speaks of `{key}`, which this line does not state"
            yield Problem("idle-fact", message, tree.place((*path, "from", str(key))), did_you_mean(str(key), known))


def _states(here: Any, keys: list[str]) -> bool:
    for index, key in enumerate(keys):
        if not is_map(here):
            return index == 1 and keys[0] == "price"  # price.USD: one currency of the prices
        below = here if key in here else here.get("fields", {})
        if key not in below:
            return index == 1 and keys[0] == "price"
        here = below[key]
    return True
