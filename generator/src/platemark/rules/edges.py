"""Values just inside and just outside each kind of limit, from which vectors and tests are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from platemark.plain import is_map
from platemark.rules import domains, leaves, sizes, specimens
from platemark.rules.meanings import Args
from platemark.rules.values import percent

Edges: TypeAlias = "tuple[list[Any], list[Any]]"
"""Values that keep the rule, and values that break it."""


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""Stands for a parameter that is left out."""


@dataclass(frozen=True)
class Edge:
    """What edges are made from: the type, a value that keeps all rules, the limits of sizes, lists of any length."""

    type: str
    value: Any
    limits: sizes.Limits
    list_of: Callable[[int], Any]


SIZE_WORDS = ("1K", "2K", "3K", "4K", "8K")
"""Words for sizes that some model knows, or could."""

EdgesOf: TypeAlias = "Callable[[Edge, Args], Edges]"

_WRONG: Mapping[str, list[Any]] = {
    "text": [7, None, ["a"]],
    "integer": ["1", True, 1.5, None],
    "boolean": ["true", 1, None],
    "size": [1024, "1024x1024", "1024*1024\n", "01024*1024", None, "2K"],
    "images": ["https://example.com/a.png", [5], None],
    "list": [{}, None],
    "object": [[], None],
    "box": [[1, 2, 3], [1, 2, 3, "4"], None],
    "color": ["red", "#12345", "#GGGGGG", None],
    "percent": ["50%", "0.5", 50, None],
}
_SAMPLE = "一盏纸灯 paper lantern 🏮 "
"""Chinese, English and an emoji: the lengths in UTF-8, UTF-16 and code points all differ."""


def of_type(edge: Edge, args: Args) -> Edges:
    """Values of the type, and of others."""
    inside = [float(edge.value)] if edge.type == "integer" else []
    wrong = [value for value in _WRONG[edge.type] if not (args.get("tokens") and leaves.is_token(value))]
    return inside, wrong


def required(edge: Edge, _: Args) -> Edges:
    """A text of one character; left out, and an empty text."""
    return (["灯"], [ABSENT, ""]) if edge.type == "text" else ([], [ABSENT])


def _bounded(args: Args, make: Callable[[int], Any]) -> Edges:
    low, high = args["low"], args["high"]
    inside = [make(bound) for bound in (low, high) if bound is not None]
    outside = [
        make(bound) for bound in (None if not low else low - 1, None if high is None else high + 1) if bound is not None
    ]
    return inside, outside


def in_range(_: Edge, args: Args) -> Edges:
    """Integers at the bounds, and beyond them."""
    inside, outside = _bounded(args, int)
    return inside, outside + ([-1] if args["low"] == 0 else [])


def in_length(_: Edge, args: Args) -> Edges:
    """Texts of as many code points as the bounds, and of one more or less."""

    def text(points: int) -> str:
        return (_SAMPLE * (points // len(_SAMPLE) + 1))[:points]

    return ([], []) if args.get("unit") == "tokens" else _bounded(args, text)


def in_count(edge: Edge, args: Args) -> Edges:
    """Lists of as many items as the bounds, and of one more or less."""
    return _bounded(args, edge.list_of)


def among(_: Edge, args: Args) -> Edges:
    """Every listed value, and one that is not."""
    listed = list(args["among"])
    first = listed[0]
    if isinstance(first, bool):
        return listed, [not first] if len(listed) == 1 else []
    if isinstance(first, int):
        return listed, [max(listed) + 1, min(listed) - 1]
    width, height = leaves.sides(first)
    return listed, [f"{width + 1}*{height}" if width else f"{first}-other"]


def in_tokens(_: Edge, args: Args) -> Edges:
    """Every word for a size, and two that the model does not know."""
    return list(args["among"]), [word for word in SIZE_WORDS if word not in args["among"]][:2]


def schemes(edge: Edge, args: Args) -> Edges:
    """Pictures given in every allowed way, and in others."""
    addresses = {
        "http": "http://example.com/a.png", "https": "https://example.com/a.png", "oss": "oss://uploads/a.png",
        "data": "data:image/png;base64,iVBORw0KGgo=",
    }  # fmt: skip
    wrong = ["picture.png", "file:///picture.png", "ftp://example.com/a.png", "data:image/png,raw"]
    return [_with_last(edge.value, addresses[s]) for s in args["among"]], [_with_last(edge.value, w) for w in wrong]


def _with_last(items: Any, last: Any) -> Any:
    return [*leaves.items(items)[:-1], last]


def _written(edges: tuple[list[sizes.Size], list[sizes.Size]]) -> Edges:
    inside, outside = edges
    return [sizes.written(size) for size in inside], [sizes.written(size) for size in outside]


def area(edge: Edge, _: Args) -> Edges:
    """Sizes of the least and the greatest area, and just beyond."""
    return _written(domains.area_edges(edge.limits))


def side(edge: Edge, _: Args) -> Edges:
    """Sizes with the shortest and the longest side, and one pixel beyond."""
    return _drawn(edge, domains.side_edges(edge.limits))


def ratio(edge: Edge, _: Args) -> Edges:
    """Sizes of both extreme ratios, and one pixel beyond."""
    return _drawn(edge, domains.ratio_edges(edge.limits))


def _drawn(edge: Edge, found: tuple[list[sizes.Size], list[sizes.Size]]) -> Edges:
    """The sizes as they are written, or a picture of each in the place of the last one."""
    if edge.type != "images":
        return _written(found)
    inside, outside = ([_with_last(edge.value, specimens.uri(size)) for size in each] for each in found)
    return inside, outside


def _fitting(limits: sizes.Limits) -> sizes.Size:
    """A size well within the limits of pictures."""
    return sizes.nearest((512, 512), limits) or (512, 512)


def formats(edge: Edge, args: Args) -> Edges:
    """A PNG, and a picture of a format that is not listed, where there is one."""
    fits = _fitting(edge.limits)
    found = {name: _with_last(edge.value, specimens.uri(fits, name)) for name in ("PNG", "GIF")}
    inside = [pictures for name, pictures in found.items() if name in args["among"]]
    return inside, [pictures for name, pictures in found.items() if name not in args["among"]]


def alpha(edge: Edge, args: Args) -> Edges:
    """A picture without an alpha channel, and one with it, where those are refused."""
    fits = _fitting(edge.limits)
    clear, opaque = (_with_last(edge.value, specimens.uri(fits, name)) for name in ("PNG with alpha", "PNG"))
    return [opaque], [clear] if args["is"] == "refused" else []


def rounds(edge: Edge, args: Args) -> Edges:
    """A size on the grid, and some beside it."""
    step = args["step"]
    fits = next((s for s in (*domains.area_edges(edge.limits)[0], *domains.side_edges(edge.limits)[0]) if not any(
        side % step for side in s)), None)  # fmt: skip
    off = list(domains.off_grid(edge.limits, step))
    by_height = [size for size in off if size[0] % step == 0]
    return _written(([fits] if fits else [], list(dict.fromkeys([*off[:3], *by_height[:1]]))))


def same_length(edge: Edge, _: Args) -> Edges:
    """As many items as the other list, and one more or less."""
    held = leaves.items(edge.value)
    return [edge.value], [[*held, *held[:1]], held[:-1]]


def sums_to(edge: Edge, args: Args) -> Edges:
    """A hundredth of a percent too much, and too little."""
    name, found = args["field"], list[Any]()
    for by in (1, -1):
        first, *rest = leaves.items(edge.value)
        share = leaves.hundredths(leaves.field(first, name)) + by
        found.append([{**first, name: percent(share)}, *rest] if is_map(first) else [])
    return [edge.value], found


@dataclass(frozen=True)
class Beside:
    """A value, and what else the request must hold for it to tell."""

    value: Any
    others: Mapping[str, Any]


def requires(edge: Edge, args: Args) -> Edges:
    """Beside what it needs, and beside other values of each."""
    inside, outside = Beside(edge.value, args["of"]), list[Any]()
    for name, wanted in args["of"].items():
        other = not wanted if isinstance(wanted, bool) else wanted + 1 if isinstance(wanted, int) else f"{wanted}-other"
        outside.append(Beside(edge.value, {**args["of"], name: other}))
    return [inside], outside


def given(edge: Edge, _: Args) -> Edges:
    """Whatever is given breaks it."""
    return [], [edge.value]


def unknown(edge: Edge, _: Args) -> Edges:
    """An object with one field more."""
    return [edge.value], [{**edge.value, "no_such_key": 1}] if is_map(edge.value) else []


def none(_: Edge, __: Args) -> Edges:
    """Nothing: no request breaks it by a value."""
    return [], []
