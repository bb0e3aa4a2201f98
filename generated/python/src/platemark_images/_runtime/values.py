"""How values are written in a spec: `1..4`, `768*768..2048*2048`, `1:4..4:1`, `..10 MB`, `100.00%`."""

from __future__ import annotations

import re
from typing import TypeAlias

from platemark_images._runtime.plain import is_map, parts
from platemark_images._runtime import leaves

Bound: TypeAlias = "int | None"

_SECONDS = {"s": 1, "min": 60}
_UNITS = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_FIGURE = re.compile(r"\d+\*\d+|\d+:\d+|#?\d+(?:\.\d+)?%?|[A-Za-z_][\w.-]*")


def halves(text: str) -> tuple[str, str]:
    """The two sides of `low..high`; a single value is both."""
    low, dots, high = text.partition("..")
    return (low.strip(), high.strip()) if dots else (text.strip(), text.strip())


def span(value: int | str) -> tuple[Bound, Bound]:
    """`1..4`, `..500`, `1..` or `8`."""
    low, high = halves(str(value))
    return (int(low) if low else None, int(high) if high else None)


def area(text: str) -> tuple[Bound, Bound]:
    """`512*512..2048*2048` or `262144..4194304`, in pixels."""
    low, high = halves(text)
    return (pixels(low) if low else None, pixels(high) if high else None)


def pixels(size: str) -> int:
    """`512*512`, as width times height, or `262144` as it is."""
    if size.isdecimal():
        return int(size)
    width, height = leaves.sides(size)
    return width * height


def ratio(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """`1:4..4:1`, width to height."""
    low, high = halves(text)
    return _pair(low), _pair(high)


def _pair(text: str) -> tuple[int, int]:
    width, _, height = text.partition(":")
    return int(width), int(height)


def percent(hundredths: int) -> str:
    """A share in hundredths of a percent as `23.51%`."""
    return f"{hundredths // 100}.{hundredths % 100:02}%"


def shown(value: object) -> str:
    """A single value as a spec writes it: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def most_bytes(text: str) -> int:
    """`..10 MB`, in bytes."""
    number, unit = halves(text)[1].split()
    return int(number) * _UNITS[unit]


def figures(value: object) -> tuple[str, ...]:
    """The figures in a value as a spec prints it: numbers, sizes, ratios, words. Drift looks these up in documents."""
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int):
        return (str(value),)
    if isinstance(value, str):
        return tuple(dict.fromkeys(_FIGURE.findall(value)))
    keys = tuple(value) if is_map(value) else ()
    return tuple(dict.fromkeys([*keys, *(figure for part in parts(value) for figure in figures(part))]))


def rate(text: str) -> tuple[int, int]:
    """`5/s` or `2/min`: how many, in how many seconds."""
    number, _, unit = text.partition("/")
    return int(number), _SECONDS[unit]
