"""Which of two limits of a kind is tighter, by what each accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from platemark.rules import leaves
from platemark.rules.meanings import Args

Direction: TypeAlias = Literal["same", "tighter", "looser", "other"]
"""From an old limit to a new one: `tighter` refuses something more and accepts nothing more, `looser` the other way
round; `other` does both, or can't be compared."""

Inside: TypeAlias = "Callable[[Args, Args], bool]"
"""Whether the second limit accepts all that the first accepts."""


def of(fewer: bool, more: bool) -> Direction:
    """By whether the new limit accepts nothing that the old one refuses, and the old one nothing that the new one
    does."""
    return "same" if fewer and more else "tighter" if fewer else "looser" if more else "other"


def equal(one: Args, other: Args) -> bool:
    """Limits of which none lies in another."""
    return one == other


def any_two(_: Args, __: Args) -> bool:
    """It holds or it does not: what else it says is wording."""
    return True


def same(*names: str) -> Inside:
    """These arguments alone decide."""
    return lambda one, other: all(one[name] == other[name] for name in names)


def span(one: Args, other: Args) -> bool:
    """From `low` to `high`; either may be open."""
    low, high = other["low"], other["high"]
    return (low is None or (one["low"] is not None and one["low"] >= low)) and (
        high is None or (one["high"] is not None and one["high"] <= high)
    )


def length(one: Args, other: Args) -> bool:
    """Spans of one unit: how many tokens a text has does not tell how many characters."""
    return one["unit"] == other["unit"] and span(one, other)


def ratio(one: Args, other: Args) -> bool:
    """Width to height, multiplied crosswise."""
    (a, b), (c, d) = one["low"], other["low"]
    (e, f), (g, h) = one["high"], other["high"]
    return a * d >= c * b and e * h <= g * f


def among(one: Args, other: Args) -> bool:
    """A list of what is accepted."""
    return all(_holds(other["among"], value) for value in one["among"])


def chosen(one: Args, other: Args) -> bool:
    """A value is chosen by a range, a list or the one that is left: whichever the two are."""
    if "among" in one:
        return all(_in_slot(other, value) for value in one["among"])
    if "among" not in other:
        return span(one, other)
    low, high = one["low"], one["high"]
    if low is None or high is None or high - low >= len(other["among"]):
        return False
    return all(_holds(other["among"], value) for value in range(low, high + 1))


def _in_slot(args: Args, value: Any) -> bool:
    if "among" in args:
        return _holds(args["among"], value)
    return leaves.is_integer(value) and span({"low": value, "high": value}, args)


def _holds(values: list[Any], value: Any) -> bool:
    return any(leaves.equal(value, other) for other in values)


def words(one: Args, other: Args) -> bool:
    """Words for sizes; one that means other pixels is another word."""
    known: Mapping[str, str] = other["sizes"]
    return all(known.get(name) == size for name, size in one["sizes"].items())


def most(one: Args, other: Args) -> bool:
    """At most `high`."""
    return one["high"] <= other["high"]


def step(one: Args, other: Args) -> bool:
    """A grid: sizes on a coarser one lie on a finer one, if that divides it."""
    return one["step"] % other["step"] == 0


def alpha(one: Args, other: Args) -> bool:
    """What is ignored is no limit."""
    return one["is"] == other["is"] or other["is"] == "ignored"


def requires(one: Args, other: Args) -> bool:
    """Who demands more of other parameters accepts less."""
    return all(name in one["of"] and leaves.equal(one["of"][name], value) for name, value in other["of"].items())


def shapes(one: Args, other: Args) -> bool:
    """Which shapes the items of a list may have."""
    return {*one["what"].split(" or ")} <= {*other["what"].split(" or ")}
