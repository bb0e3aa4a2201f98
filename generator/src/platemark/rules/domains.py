"""Sizes at the very edge of their limits: the last one inside, and the first one outside that breaks one limit only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from math import isqrt

from platemark.rules.sizes import Limits, Size

_TRIES = 400
"""How many areas next to a bound are tried before the edge counts as out of reach."""
_OPEN = 1 << 36
"""Pixels: who states no bound is read as one above this, and such an area has no edge."""


def clear(limits: Limits, kind: str) -> Limits:
    """The limits, all but the one of a kind drawn in by a sixteenth where they leave the room."""
    area, side, ratio = limits.area, limits.side, limits.ratio
    if area and kind != "area":
        area = _drawn(area[0] * 17 // 16, area[1] * 15 // 16, area)
    if side and kind != "side":
        side = _drawn(side[0] * 17 // 16, side[1] * 15 // 16, side)
    if ratio and kind != "ratio":
        ((a, b), (c, d)) = ratio
        drawn = (a * 17, b * 16), (c * 16, d * 17)
        ratio = drawn if drawn[0][0] * drawn[1][1] < drawn[1][0] * drawn[0][1] else ratio
    return replace(limits, area=area, side=side, ratio=ratio)


def _drawn(low: int, high: int, otherwise: tuple[int, int]) -> tuple[int, int]:
    return (low, high) if low < high else otherwise


def area_edges(limits: Limits) -> tuple[list[Size], list[Size]]:
    """The sizes nearest to both bounds of the area: inside, and outside."""
    if limits.area is None:
        return [], []
    low, high = limits.area
    rest = replace(limits, area=None)
    inside, outside = [_with_area(rest, low, 1)], [_with_area(rest, low - 1, -1)]
    if high < _OPEN:
        inside.append(_with_area(rest, high, -1))
        outside.append(_with_area(rest, high + 1, 1))
    return _found(inside), _found(outside)


def _with_area(limits: Limits, area: int, step: int) -> Size | None:
    """The size within `limits` whose area is nearest to `area` in the direction of `step`, upright or square."""
    for wanted in range(area, area + step * _TRIES, step):
        for width in range(isqrt(max(wanted, 1)), 0, -1):
            if wanted % width == 0 and limits.allow((width, wanted // width)):
                return width, wanted // width
            if limits.ratio and width * limits.ratio[0][1] < limits.ratio[0][0] * (wanted // width):
                break  # narrower ones keep the ratio even less
    return None


def side_edges(limits: Limits) -> tuple[list[Size], list[Size]]:
    """Sizes with either side at a bound, and beyond it."""
    if limits.side is None:
        return [], []
    low, high = limits.side
    rest = replace(limits, side=None)
    inside = [
        _first(limits, lambda other: (low, other)),
        _first(limits, lambda other: (other, low)),
        _first(limits, lambda other: (high, other)),
        _first(limits, lambda other: (other, high)),
    ]
    outside = [
        _first(rest, lambda other: (low - 1, other), limits.side),
        _first(rest, lambda other: (other, low - 1), limits.side),
        _first(rest, lambda other: (high + 1, other), limits.side),
        _first(rest, lambda other: (other, high + 1), limits.side),
    ]
    return _found(inside), _found(outside)


def _first(limits: Limits, make: Callable[[int], Size], sides: tuple[int, int] | None = None) -> Size | None:
    low, high = sides or limits.side or (1, 1)
    return next((make(other) for other in range(low, high + 1) if limits.allow(make(other))), None)


def ratio_edges(limits: Limits) -> tuple[list[Size], list[Size]]:
    """Sizes of exactly both extreme ratios, and the largest that are one pixel beyond, which miss them by the least."""
    if limits.ratio is None:
        return [], []
    (a, b), (c, d) = limits.ratio
    rest = replace(limits, ratio=None)
    # On the grid where that can be, since services round to it.
    scales = [*range(16, 4097, 16), *range(1, 4097)]
    inside = [_scaled(limits, scales, lambda k: (a * k, b * k)), _scaled(limits, scales, lambda k: (c * k, d * k))]
    largest = range(4096, 0, -1)
    outside = [
        _scaled(rest, largest, lambda k: (a * k, b * k + 1)),
        _scaled(rest, largest, lambda k: (c * k + 1, d * k)),
    ]
    return _found(inside), _found(outside)


def _scaled(limits: Limits, scales: Iterable[int], make: Callable[[int], Size]) -> Size | None:
    return next((make(k) for k in scales if limits.allow(make(k))), None)


def off_grid(limits: Limits, step: int) -> Iterator[Size]:
    """Allowed sizes that rounding would change, without and with a tie."""
    for inside in (*area_edges(limits)[0], *side_edges(limits)[0], (1024, 1024)):
        for nudge in (step // 2 + 1, step // 2, 1):
            for size in (
                (inside[0] + nudge, inside[1]),
                (inside[0], inside[1] - nudge),
                (inside[0] - nudge, inside[1]),
            ):
                if limits.allow(size) and any(side % step for side in size):
                    yield size


def _found(sizes: list[Size | None]) -> list[Size]:
    return [size for size in sizes if size is not None]
