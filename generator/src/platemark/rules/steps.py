"""The smallest changes of each kind of limit, as a spec would write them, and which way is tighter.

A limit of a single value has none: it can only be dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from platemark.rules import values
from platemark.rules.edges import SIZE_WORDS
from platemark.rules.forms import written_span
from platemark.rules.values import Bound


@dataclass(frozen=True, slots=True)
class Steps:
    """What a limit could say instead: `tighter` refuses something more, `looser` accepts something more."""

    tighter: tuple[Any, ...] = ()
    looser: tuple[Any, ...] = ()


StepsOf: TypeAlias = "Callable[[Any], Steps]"
"""The smallest steps away from what a spec writes."""


def none(_: Any) -> Steps:
    """It holds or it does not."""
    return Steps()


def span(least: Bound = None) -> StepsOf:
    """Each bound moved by one; no lower bound falls below `least`, where nothing is."""

    def steps(written: Any) -> Steps:
        low, high = values.span(written)
        return Steps(
            tuple(written_span(*moved) for moved in _moved(low, high, 1)),
            tuple(
                written_span(*moved) for moved in _moved(low, high, -1) if least is None or (moved[0] or least) >= least
            ),
        )

    return steps


def area(written: str) -> Steps:
    """Each bound moved by one pixel."""
    low, high = values.area(written)
    tighter, looser = (tuple(written_span(*moved) for moved in _moved(low, high, inwards)) for inwards in (1, -1))
    return Steps(tighter, looser)


def ratio(written: str) -> Steps:
    """Each bound moved by a hundredth of its second figure."""
    (a, b), (c, d) = values.ratio(written)
    low, high = f"{a}:{b}", f"{c}:{d}"

    def steps(inwards: int) -> tuple[str, str]:
        return f"{a * 100}:{b * 100 - inwards}..{high}", f"{low}..{c * 100 - inwards}:{d * 100}"

    return Steps(steps(1), steps(-1))


def listed(written: list[Any]) -> Steps:
    """Without each of the values; with the integers next to them."""
    numbers = [value for value in written if isinstance(value, int) and not isinstance(value, bool)]
    more = (min(numbers) - 1, max(numbers) + 1) if numbers else ()
    return Steps(tuple(_without(written)), tuple([*written, value] for value in more))


def words(written: Mapping[str, str]) -> Steps:
    """Without each of the words; with one that other models know."""
    fewer = tuple({word: size for word, size in written.items() if word != gone} for gone in written)
    more = next((word for word in SIZE_WORDS if word not in written), None)
    side = int(more.removesuffix("K")) * 1024 if more else 0
    return Steps(fewer if len(written) > 1 else (), ({**written, more: f"{side}*{side}"},) if more else ())


def schemes(written: list[str]) -> Steps:
    """Without each of the ways; with each of the others."""
    others = (way for way in ("http", "https", "data", "oss") if way not in written)
    return Steps(tuple(_without(written)), tuple([*written, way] for way in others))


def wanted(written: bool) -> Steps:
    """What is required may be left out."""
    return Steps(looser=(False,) if written else ())


def step(written: int) -> Steps:
    """A grid one pixel finer, and one coarser: neither is tighter."""
    return Steps((written + 1,), (written - 1,))


def _moved(low: Bound, high: Bound, inwards: int) -> Iterator[tuple[Bound, Bound]]:
    """Both bounds in turn, by one; a span of one value can't shrink."""
    if inwards > 0 and low == high:
        return
    if low is not None:
        yield low + inwards, high
    if high is not None:
        yield low, high - inwards


def _without(written: list[Any]) -> Iterator[list[Any]]:
    if len(written) > 1:
        yield from ([value for value in written if value != gone] for gone in written)
