"""Bodies that break one rule of their structure, made from a good one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, TypeAlias

from platemark.ir import Offer, Provider, Rule
from platemark.plain import is_map, is_seq
from platemark.wire import skeletons

Path: TypeAlias = "tuple[str | int, ...]"


def break_structure(
    provider: Provider, offer: Offer, rule: Rule, body: Any, values: Mapping[str, Any]
) -> Iterator[Any]:
    """Every way that we know to break a structural rule; which of them break it alone, the judge says."""
    key = rule.id.partition(".")[0]
    match rule.kind:
        case "model":
            yield {**body, "model": "no-such-model"}
            yield {name: value for name, value in body.items() if name != "model"}
        case "payload":
            alternatives = offer.payloads[1:] if rule.id == "envelope" else _foreign(provider, offer)
            yield from (
                skeletons.build(provider.payloads[name], {"model": offer.model, **values}) for name in alternatives
            )
        case "unknown":
            yield from (put(body, (*path, "no_such_key"), 1) for path in _maps(body))
        case "place":
            yield from _misplaced(body, key, values)
        case "shape":
            yield from (
                _append(body, path, item) for path in _paths(body, key) for item in ({"video": "x"}, "text", {})
            )
        case _:
            yield from _structural(body, key, rule.kind)
            if rule.kind == "count":  # an element that stands once, such as the text among pictures
                for path in _elements(body, _wire_keys(provider, offer, key)):
                    yield _append(body, path[:-1], deepcopy(_get(body, path)))


def _foreign(provider: Provider, offer: Offer) -> list[str]:
    return [name for name in provider.payloads if name not in offer.payloads]


def _structural(body: Any, key: str, kind: str) -> Iterator[Any]:
    if key == "body":
        yield from ([], "text", None)
        return
    for path in _paths(body, key):
        match kind:
            case "type":
                yield from (put(body, path, wrong) for wrong in (5, "text", None))
            case "required":
                yield put(body, path, GONE)
            case "fixed":
                yield put(body, path, "assistant")
            case "count":
                held = _get(body, path)
                yield from (put(body, path, wrong) for wrong in ([], [*held, *held]) if is_seq(held))
            case _:
                pass


def _misplaced(body: Any, name: str, values: Mapping[str, Any]) -> Iterator[Any]:
    """The parameter as a key of every map but its own, instead of where it belongs and beside it."""
    held = _paths(body, name)
    for path in _maps(body):
        if path not in {own[:-1] for own in held}:
            misplaced = put(body, (*path, name), values[name])
            yield put(misplaced, held[0], GONE) if held else misplaced
            yield misplaced


# ── Paths ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Gone:
    pass


GONE = _Gone()
"""Stands for a part that is taken out."""


def walk(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every part of a body with the way to it, itself first."""
    yield path, data
    if is_map(data):
        for key, part in data.items():
            yield from walk(part, (*path, key))
    elif is_seq(data):
        for index, part in enumerate(data):
            yield from walk(part, (*path, index))


def _maps(body: Any) -> list[Path]:
    return [path for path, part in walk(body) if is_map(part)]


def _paths(body: Any, key: str) -> list[Path]:
    return [path for path, _ in walk(body) if path and path[-1] == key]


def _wire_keys(provider: Provider, offer: Offer, name: str) -> set[str]:
    """What a parameter is called in the bodies of an offer."""
    places = (skeletons.place(provider.payloads[style], name) for style in offer.payloads)
    return {name, *(place.rpartition(".")[2] for place in places if place)}


def _elements(body: Any, keys: set[str]) -> list[Path]:
    """Elements of lists that have one of these keys."""
    return [
        path for path, part in walk(body) if path and isinstance(path[-1], int) and is_map(part) and keys & set(part)
    ]


def _get(body: Any, path: Path) -> Any:
    for key in path:
        body = body[key]
    return body


def put(body: Any, path: Path, value: Any) -> Any:
    """A copy of a body with another value at a path below it, or with nothing there for GONE."""
    made = deepcopy(body)
    here = _get(made, path[:-1])
    if value is GONE:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return made


def _append(body: Any, path: Path, item: Any) -> Any:
    held = _get(body, path)
    return put(body, path, [*held, item]) if is_seq(held) else body
