"""Sizes as a lattice: every width that some height goes with, and the heights that go with it. Integers only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isqrt

from platemark.rules.narrowing import MOST_SIDE, Domain
from platemark.rules.sizes import Limits, Size

_WIDEST: tuple[tuple[Size, Size], ...] = (((1, 4), (4, 1)), ((1, 64), (64, 1)))
"""Where only the area is limited, a picture may be a line of one pixel: most of those drawn look like pictures, some
like strips; lines themselves are `extremes`."""

_AREA = 8192 * 8192
"""The most pixels that are drawn where neither area nor sides are limited."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """The sizes that keep all limits and lie on the grid of `step` pixels, by width."""

    limits: Limits
    step: int
    widths: tuple[int, ...]

    def heights(self, width: int) -> range:
        """The heights that go with a width, in pixels."""
        return _heights(self.limits, self.step, width)


def lattices(domain: Domain) -> tuple[Lattice, ...]:
    """The sizes of a domain, the likely ones first; none where it is empty."""
    limits = domain.limits
    if not (limits.area or limits.side):
        limits = replace(limits, area=(1, _AREA))
    if limits.ratio or (limits.side and limits.side[1] < MOST_SIDE // 64):
        shapes = [limits]
    else:
        shapes = [replace(limits, ratio=ratio) for ratio in _WIDEST]
    found = [Lattice(shape, domain.step, _widths(shape, domain.step)) for shape in shapes]
    return tuple(lattice for lattice in found if lattice.widths)


def extremes(domain: Domain) -> list[Size]:
    """The narrowest and the widest size, as far as they are lines of a few pixels."""
    narrow = range(domain.step, 64 * domain.step, domain.step)
    upright = next(((w, h[-1]) for w in narrow if (h := _heights(domain.limits, domain.step, w))), None)
    lying = [(w, h) for h in narrow if (w := _widest(domain, h))][:1]
    return ([upright] if upright else []) + lying


def _widest(domain: Domain, height: int) -> int:
    """The greatest width beside a height, or 0: limits turned over are limits, too."""
    limits = domain.limits
    turned = replace(limits, ratio=tuple((d, c) for c, d in reversed(limits.ratio)) if limits.ratio else None)
    found = _heights(turned, domain.step, height)
    return found[-1] if found else 0


def _heights(limits: Limits, step: int, width: int) -> range:
    low, high = limits.side or (1, MOST_SIDE)
    high = min(high, MOST_SIDE)
    if not low <= width <= high:
        return range(0)
    if limits.area:
        low, high = max(low, -(-limits.area[0] // width)), min(high, limits.area[1] // width)
    if limits.ratio:
        (a, b), (c, d) = limits.ratio
        low, high = max(low, -(-width * d // c)), min(high, width * b // a)
    return range(-(-low // step) * step, high + 1, step)


def _widths(limits: Limits, step: int) -> tuple[int, ...]:
    """Width² is area times ratio, which bounds it."""
    low, high = limits.side or (1, MOST_SIDE)
    (least, most), ((a, b), (c, d)) = limits.area or (1, MOST_SIDE**2), limits.ratio or _WIDEST[-1]
    low, high = max(low, isqrt(least * a // b)), min(high, MOST_SIDE, isqrt(most * c // d) + 1)
    first = max(-(-low // step), 1) * step
    return tuple(width for width in range(first, high + 1, step) if _heights(limits, step, width))
