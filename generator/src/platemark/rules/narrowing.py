"""What rules leave to choose of a value: each kind narrows a domain, and some say what lies beyond their limit.

Strategies draw from narrowed domains, so that they construct what keeps every rule and filter nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from platemark.plain import each
from platemark.rules.meanings import Args
from platemark.rules.sizes import Limits, Size
from platemark.rules.values import Bound

MOST_SIDE = 999_999
"""The longest side that `W*H` has digits for, in pixels."""


@dataclass(frozen=True, slots=True)
class Domain:
    """All that a value may be, as far as its own rules say. None and empty fields limit nothing.

    `low` and `high` bound an integer, the code points of a text or the items of a list; `limits` and `step` an explicit
    size, or the file behind a picture. `total` is the field of the items that adds up, and to how many hundredths."""

    type: str
    needed: bool = False
    barred: bool = False
    low: Bound = None
    high: Bound = None
    listed: tuple[Any, ...] | None = None
    limits: Limits = field(default_factory=Limits)
    step: int = 1
    words: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    items: Domain | None = None
    fields: Mapping[str, Domain] = field(default_factory=dict[str, Any])
    total: tuple[str, int] | None = None
    as_many_as: str = ""
    needs: Mapping[str, Any] = field(default_factory=dict[str, Any])


Narrow: TypeAlias = "Callable[[Domain, Args], Domain]"
"""What is left of a domain by a rule with these arguments."""

Beyond: TypeAlias = "Callable[[Domain, Args], list[Domain]]"
"""The parts of a domain, narrowed by all other rules, in which this one is broken; some may be empty."""


def bounded(domain: Domain, low: Bound, high: Bound) -> Domain:
    """No less than `low`, no more than `high`, and what bounded it before."""
    return replace(
        domain,
        low=max((each for each in (domain.low, low) if each is not None), default=None),
        high=min((each for each in (domain.high, high) if each is not None), default=None),
    )


# ── Narrower ────────────────────────────────────────────────────────────────────────────────────────────────────────


def same(domain: Domain, _: Args) -> Domain:
    """A kind that says nothing of what may be drawn."""
    return domain


def needed(domain: Domain, _: Args) -> Domain:
    """It is given; a text is not empty."""
    return replace(bounded(domain, 1, None) if domain.type == "text" else domain, needed=True)


def span(domain: Domain, args: Args) -> Domain:
    """Between `low` and `high`. Of a language model's tokens nothing can be told."""
    return domain if args.get("unit") == "tokens" else bounded(domain, args["low"], args["high"])


def count(domain: Domain, args: Args) -> Domain:
    """So many items; no list of pictures is a list of none."""
    found = bounded(domain, args["low"], args["high"])
    return replace(found, needed=True) if domain.type == "images" and args["low"] else found


def listed(domain: Domain, args: Args) -> Domain:
    """One of `among`."""
    values = tuple(args["among"])
    return replace(domain, listed=values if domain.listed is None else _both(domain.listed, values))


def schemes(domain: Domain, args: Args) -> Domain:
    """Pictures given in these ways."""
    return replace(domain, schemes=_both(domain.schemes, args["among"]))


def formats(domain: Domain, args: Args) -> Domain:
    """Files of these formats."""
    return replace(domain, formats=_both(domain.formats, args["among"]))


def words(domain: Domain, args: Args) -> Domain:
    """Words for sizes, beside explicit ones."""
    return replace(domain, words=_both(domain.words, args["among"]))


def _both(known: tuple[Any, ...], among: Any) -> tuple[Any, ...]:
    return tuple(value for value in each(among) if not known or value in known)


def area(domain: Domain, args: Args) -> Domain:
    """Width times height."""
    return replace(domain, limits=_area(domain.limits, args["low"] or 1, args["high"] or MOST_SIDE**2))


def side(domain: Domain, args: Args) -> Domain:
    """Each side."""
    return replace(domain, limits=_side(domain.limits, args["low"] or 1, args["high"] or MOST_SIDE))


def ratio(domain: Domain, args: Args) -> Domain:
    """Width to height."""
    return replace(domain, limits=_ratio(domain.limits, _pair(args["low"]), _pair(args["high"])))


def step(domain: Domain, args: Args) -> Domain:
    """Sides that are multiples of `step`."""
    return replace(domain, step=int(args["step"]))


def as_many(domain: Domain, args: Args) -> Domain:
    """As many items as another list."""
    return replace(domain, as_many_as=str(args["as"]))


def shares(domain: Domain, args: Args) -> Domain:
    """A field of the items that adds up, so that there is at least one."""
    return replace(bounded(domain, 1, None), total=(str(args["field"]), int(args["hundredths"])))


def needs(domain: Domain, args: Args) -> Domain:
    """Other parameters have these values."""
    return replace(domain, needs={**domain.needs, **args["of"]})


def barred(domain: Domain, _: Args) -> Domain:
    """It is not given."""
    return replace(domain, barred=True)


def _pair(values: Any) -> Size:
    return int(values[0]), int(values[1])


def _area(limits: Limits, low: int, high: int) -> Limits:
    least, most = limits.area or (low, high)
    return replace(limits, area=(max(low, least), min(high, most)))


def _side(limits: Limits, low: int, high: int) -> Limits:
    least, most = limits.side or (low, high)
    return replace(limits, side=(max(low, least), min(high, most)))


def _ratio(limits: Limits, low: Size, high: Size) -> Limits:
    least, most = limits.ratio or (low, high)
    return replace(
        limits,
        ratio=(
            low if low[0] * least[1] > least[0] * low[1] else least,
            high if high[0] * most[1] < most[0] * high[1] else most,
        ),
    )


# ── Beyond ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def nowhere(_: Domain, __: Args) -> list[Domain]:
    """Only the kind's edges break it: there is nothing further outside."""
    return []


def outside(domain: Domain, args: Args) -> list[Domain]:
    """Integers below and above, and lists that are too short or too long."""
    low, high = args["low"], args["high"]
    least = None if domain.type == "integer" else 0
    below = [bounded(domain, least, low - 1)] if low is not None and (least is None or low > least) else []
    return below + ([bounded(domain, high + 1, None)] if high is not None else [])


def outside_area(domain: Domain, args: Args) -> list[Domain]:
    """Sizes of too few and of too many pixels."""
    return [
        replace(domain, limits=_area(domain.limits, low, high))
        for low, high in ((1, (args["low"] or 1) - 1), ((args["high"] or MOST_SIDE**2) + 1, _far(args["high"], 2)))
    ]


def outside_side(domain: Domain, args: Args) -> list[Domain]:
    """Sizes, or pictures, with both sides too short, or too long."""
    return [
        replace(_held(domain), limits=_side(domain.limits, low, high))
        for low, high in ((1, (args["low"] or 1) - 1), ((args["high"] or MOST_SIDE) + 1, _far(args["high"], 1)))
    ]


def _held(domain: Domain) -> Domain:
    """Of pictures only those that a request itself holds show what is wrong with them."""
    return replace(bounded(domain, 1, None), schemes=("data",)) if domain.type == "images" else domain


def _far(high: Bound, dimensions: int) -> int:
    """Eight times as long a side is far enough outside."""
    return min((high or 0) * 8**dimensions, MOST_SIDE**dimensions)


def outside_ratio(domain: Domain, args: Args) -> list[Domain]:
    """Sizes, or pictures, that are too narrow, or too wide, by up to 64 times.

    What is strictly beyond `a:b` has no least ratio, but among sides of at most `MOST_SIDE` pixels it has one."""
    (a, b), (c, d) = args["low"], args["high"]
    narrow, wide = (a * MOST_SIDE, b * MOST_SIDE + 1), (c * MOST_SIDE + 1, d * MOST_SIDE)
    return [
        replace(_held(domain), limits=_ratio(domain.limits, low, high))
        for low, high in (((a, 64 * b), narrow), (wide, (64 * c, d)))
    ]
