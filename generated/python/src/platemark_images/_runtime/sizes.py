"""Sizes in pixels: what a service will make of a request, and the nearest size that it accepts. Integers only.

Emitted clients carry this file as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isqrt
from typing import TypeAlias

Size: TypeAlias = tuple[int, int]

GRID = 16
"""Sizes that follow a picture's ratio are multiples of this."""


@dataclass(frozen=True, slots=True)
class Follows:
    """A size that keeps the ratio of the last input picture, about so many pixels in area.

    With `at_most` a smaller picture keeps its own size. `alone` is the size without any picture."""

    area: int
    at_most: bool = False
    alone: Size | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A predicted size; `approximate` where the documents leave it open by a step of the grid."""

    size: Size | None
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """All that limits an explicit size: area in pixels, each side, the ratio as cross-multiplied pairs, or a list."""

    area: tuple[int, int] | None = None
    side: tuple[int, int] | None = None
    ratio: tuple[Size, Size] | None = None
    among: tuple[Size, ...] = ()
    exceptions: tuple[Size, ...] = ()

    def allow(self, size: Size) -> bool:
        """Whether a size keeps all of them, or is an exception."""
        if self.among or size in self.exceptions:
            return size in self.among or size in self.exceptions
        width, height = size
        return (
            (self.area is None or self.area[0] <= width * height <= self.area[1])
            and (self.side is None or all(self.side[0] <= side <= self.side[1] for side in size))
            and (self.ratio is None or self._keeps_ratio(width, height))
        )

    def _keeps_ratio(self, width: int, height: int) -> bool:
        ((a, b), (c, d)) = self.ratio or ((0, 1), (1, 0))
        return width * b >= a * height and width * d <= c * height


def written(size: Size) -> str:
    """A size as it stands in requests and answers: `W*H`."""
    return "{}*{}".format(*size)


def rounded(side: int, step: int) -> int:
    """The nearest multiple of `step`; a tie goes to the even multiple, as the documents' one example does."""
    below, rest = divmod(side, step)
    return step * (below + (2 * rest > step or (2 * rest == step and below % 2 == 1)))


def is_tie(side: int, step: int) -> bool:
    """Whether a side lies exactly between two multiples of `step`."""
    return 2 * (side % step) == step


def round_size(size: Size, step: int) -> Expected:
    """A size as the service rounds it; approximate at a tie, since one example can't tell even from down."""
    width, height = size
    return Expected((rounded(width, step), rounded(height, step)), is_tie(width, step) or is_tie(height, step))


def follow(area: int, picture: Size) -> Size:
    """The pair on the grid that is nearest in area to `area`, then in ratio to the picture."""
    width, height = picture
    wide, high = isqrt(area * width // height), isqrt(area * height // width)
    pairs = [
        (w, h)
        for w in (wide // GRID * GRID, wide // GRID * GRID + GRID)
        for h in (high // GRID * GRID, high // GRID * GRID + GRID)
        if w and h
    ]
    return min(pairs, key=lambda pair: (abs(pair[0] * pair[1] - area), abs(pair[0] * height - pair[1] * width), pair))


def expect(size: Size | Follows, pictures: int, last: Size | None, rounds: int | None = None) -> Expected:
    """The size that comes back for an explicit size, or for one that follows the last of `pictures` pictures.

    `last` is the size of that picture, or None where nobody can know it before the service does."""
    if not isinstance(size, Follows):
        return round_size(size, rounds) if rounds else Expected(size)
    if pictures == 0:
        return Expected(size.alone)
    if last is None:
        return Expected(None)
    if size.at_most and last[0] * last[1] <= size.area:
        return Expected(last)
    return Expected(follow(size.area, last), approximate=True)


def nearest(size: Size, limits: Limits) -> Size | None:
    """An accepted size near to `size`: on a list, the nearest in ratio and area; else scaled and trimmed to fit."""
    if limits.among:
        return _closest(size, limits.among)
    width, height = size
    candidates = {
        (w, h)
        for scaled in _scaled(width, height, limits)
        for step in (GRID, 1)
        for w in (scaled[0] // step * step, -(-scaled[0] // step) * step)
        for h in (scaled[1] // step * step, -(-scaled[1] // step) * step)
        if w and h and limits.allow((w, h))
    }
    return _closest(size, candidates) if candidates else None


def _scaled(width: int, height: int, limits: Limits) -> Iterable[Size]:
    """The size brought within the ratio, then within the area and the sides, keeping its ratio where that can be."""
    if limits.ratio:
        ((a, b), (c, d)) = limits.ratio
        if width * b < a * height:
            width = a * height // b + 1
        elif width * d > c * height:
            height = width * d // c + 1
    areas = [width * height]
    if limits.area:
        areas.append(min(max(width * height, limits.area[0]), limits.area[1]))
    for area in areas:
        wide, high = isqrt(area * width // height), isqrt(area * height // width)
        for w, h in ((wide, high), (wide, area // max(wide, 1)), (width, height)):
            low, high_side = limits.side or (1, max(w, h))
            yield min(max(w, low), high_side), min(max(h, low), high_side)


def _closest(size: Size, among: Iterable[Size]) -> Size:
    width, height = size

    def distance(other: Size) -> tuple[int, int, Size]:
        wide, high = other
        return (
            abs(wide * height - high * width) * 4 // (high * height or 1),
            abs(wide - width) + abs(high - height),
            other,
        )

    return min(among, key=distance)
