"""Sizes at the very edge of their limits: the last one inside, and the first one outside that breaks one limit only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import isqrt

from platemark.rules.sizes import Limits, Size

_TRIES = 400
"""How many areas next to a bound are tried before the edge counts as out of reach."""


def area_edges(limits: Limits) -> tuple[list[Size], list[Size]]:
    """The sizes nearest to both bounds of the area: inside, and outside."""
    if limits.area is None:
        return [], []
    low, high = limits.area
    rest = replace(limits, area=None)
    inside = [_with_area(rest, low, 1), _with_area(rest, high, -1)]
    outside = [_with_area(rest, low - 1, -1), _with_area(rest, high + 1, 1)]
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
    """Sizes with one side at a bound, and one beyond it."""
    if limits.side is None:
        return [], []
    low, high = limits.side
    rest = replace(limits, side=None)
    inside = [_first(limits, lambda other: (low, other)), _first(limits, lambda other: (other, high))]
    outside = [
        _first(rest, lambda other: (low - 1, other), limits.side),
        _first(rest, lambda other: (other, high + 1), limits.side),
    ]
    return _found(inside), _found(outside)


def _first(limits: Limits, make: Callable[[int], Size], sides: tuple[int, int] | None = None) -> Size | None:
    low, high = sides or limits.side or (1, 1)
    return next((make(other) for other in range(low, high + 1) if limits.allow(make(other))), None)


def ratio_edges(limits: Limits) -> tuple[list[Size], list[Size]]:
    """Sizes of exactly both extreme ratios, and one pixel beyond."""
    if limits.ratio is None:
        return [], []
    (a, b), (c, d) = limits.ratio
    rest = replace(limits, ratio=None)
    inside = [_scaled(limits, lambda k: (a * k, b * k)), _scaled(limits, lambda k: (c * k, d * k))]
    outside = [_scaled(rest, lambda k: (a * k - 1, b * k)), _scaled(rest, lambda k: (c * k, d * k - 1))]
    return _found(inside), _found(outside)


def _scaled(limits: Limits, make: Callable[[int], Size]) -> Size | None:
    """The smallest size of a ratio; on the grid where that can be, since services round to it."""
    scales = [*range(16, 4097, 16), *range(1, 4097)]
    return next((make(k) for k in scales if min(make(k)) > 0 and limits.allow(make(k))), None)


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
