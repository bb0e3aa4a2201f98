"""A narrowed domain as something to draw from: a table whose first entry is the simplest, constants and ways to draw.

One integer chooses an entry, so that examples take few draws and shrink towards the first entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import strategies as st

from platemark.ir import picture
from platemark.rules import leaves, sizes, specimens
from platemark.rules.edges import ABSENT
from platemark.rules.narrowing import Domain
from platemark.rules.values import percent
from platemark.testing.lattices import Lattice, extremes, lattices

Drawn: TypeAlias = "Callable[[st.DrawFn], Any]"
"""Draws a value."""

LANTERN = "lantern"
ALPHABETS = (
    "paper lantern, ",
    "一盏纸灯写着晚安",
    "🏮👩\u200d🎨🎆",
    "Ünïcödé e\u0301 あかり 등불 مصباح ",
    '"quote" \\back {$name} <b>\n\t',
)
"""ASCII, Chinese, emoji (some of several code points), other letters, and what is easily taken for markup."""

_FRACTIONS = 1 << 24
_FRACTION = st.integers(0, _FRACTIONS - 1)
"""Places between two bounds that are known only when one draws: cheaper than a strategy for each pair of bounds, and
uniform, which integers of more bits are not."""

_PAD = st.integers(0, 1)

_UNBOUNDED = 2**31 - 1
_MANY = 3
"""How many items more than it must have a list gets that has no upper bound."""


class Empty(Exception):
    """No value is left in a domain."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a parameter may be: values that never change, and functions that draw one. The first `absences` entries
    leave it out."""

    entries: tuple[Any, ...]
    absences: int
    any: st.SearchStrategy[int]
    given: st.SearchStrategy[int]

    def draw(self, draw: st.DrawFn, *, given: bool = False) -> Any:
        """A value, or ABSENT unless it must be `given`."""
        entry = self.entries[draw(self.given if given else self.any)]
        return entry(draw) if callable(entry) else entry


def _always(_: Any) -> bool:
    return True


def table(
    domain: Domain,
    edges: Iterable[Any] = (),
    *,
    optional: bool,
    keeps: Callable[[Any], bool] = _always,
    within: Domain | None = None,
) -> Table:
    """Everything that a domain holds: what lies `within` a narrower one first, and those of its `edges` that keep all
    rules, which `keeps` says of constants. Raises Empty where that is nothing."""
    kept = [edge for edge in edges if keeps(edge)]
    constants, drawn = _parts(domain, kept)
    if within is not None and within != domain:
        usual, ways = _parts_or_none(within, kept)
        constants, drawn = [*usual, *constants], [*ways, *drawn]
    simple = list({repr(value): value for value in constants if keeps(value)}.values())
    known = {repr(value) for value in simple}
    others = list({repr(value): value for value in kept if repr(value) not in known}.values())
    others = [] if domain.type == "images" else others  # they are among what is drawn
    weight = max(1, (len(simple) + len(others)) // max(2 * len(drawn), 1))
    entries = [value if isinstance(value, str | int | float) else _copies(value) for value in simple]
    # The first entry is the simplest; edges come last, and draw as much as the others: what draws less is simpler.
    entries[1:1] = [each for each in drawn for _ in range(weight)]
    entries += [_one_of(others)] * len(others)
    if not entries:
        raise Empty
    absences = max(1, len(entries) * 2 // 3) if optional else 0
    count = absences + len(entries)
    return Table(
        (*[ABSENT] * absences, *entries), absences, st.integers(0, count - 1), st.integers(absences, count - 1)
    )


def _one_of(edges: Sequence[Any]) -> Drawn:
    index = st.integers(0, max(len(edges) - 1, 0))

    def edge(draw: st.DrawFn) -> Any:
        draw(_PAD)
        found = edges[draw(index)]
        return found if isinstance(found, str | int | float) else deepcopy(found)

    return edge


def scaled(draw: st.DrawFn, low: int, high: int) -> int:
    """An integer from `low` to `high`, both included; shrinks towards `low`."""
    return low + (draw(_FRACTION) * (high - low + 1) >> 24)


def _copies(value: Any) -> Drawn:
    return lambda _: deepcopy(value)


def _parts_or_none(domain: Domain, edges: list[Any]) -> tuple[list[Any], list[Drawn]]:
    try:
        return _parts(domain, edges)
    except Empty:
        return [], []


def _parts(domain: Domain, edges: list[Any]) -> tuple[list[Any], list[Drawn]]:
    """Constants and ways to draw of a domain, the simplest first."""
    if domain.barred:
        return [], []
    if domain.type == "images":
        return _images(domain, edges)
    if domain.listed is not None:
        return [value for value in domain.listed if _bounds(domain, value)], []
    return _MAKERS[domain.type](domain)


def _bounds(domain: Domain, value: Any) -> bool:
    """Whether a listed value keeps the bounds beside the list, which lint has proven of the lists in specs."""
    if domain.type != "integer":
        return True
    return (domain.low is None or value >= domain.low) and (domain.high is None or value <= domain.high)


# ── Numbers, truths, texts ──────────────────────────────────────────────────────────────────────────────────────────


def _integers(domain: Domain) -> tuple[list[Any], list[Drawn]]:
    low = domain.low if domain.low is not None else min(0, (domain.high or 0) - _UNBOUNDED)
    high = domain.high if domain.high is not None else max(low, 0) + _UNBOUNDED
    if low > high:
        raise Empty
    if high - low < 16:
        return [*range(low, high + 1), float(low), float(high)], []
    between, ends = st.integers(low, high), (high, float(low), float(high))
    end = st.integers(0, len(ends) - 1)
    return [low], [lambda draw: draw(between), lambda draw: ends[draw(end)]]


def _booleans(_: Domain) -> tuple[list[Any], list[Drawn]]:
    return [False, True], []


def _texts(domain: Domain) -> tuple[list[Any], list[Drawn]]:
    low, high = domain.low or 0, domain.high
    if high is not None and low > high:
        raise Empty
    most = high if high is not None else max(low, 60)
    simple = _repeated(LANTERN, max(low, min(len(LANTERN), most)))
    bounds = {low, *([high - 1, high] if high else [])}
    lengths = [bound for bound in sorted(bounds) if bound >= low]
    length = st.integers(0, len(lengths) - 1)
    alphabet = st.integers(0, len(ALPHABETS) - 1)
    wild = st.text(min_size=low, max_size=min(most, max(low, 40)))
    wild.validate()  # loads tables of Unicode, which would else make the first draw look slow

    def cut(draw: st.DrawFn) -> str:
        return _repeated(ALPHABETS[draw(alphabet)], scaled(draw, low, most))

    def exact(draw: st.DrawFn) -> str:
        return _repeated(ALPHABETS[draw(alphabet)], lengths[draw(length)])

    return [simple], [cut, exact, lambda draw: draw(wild)]


def _repeated(letters: str, points: int) -> str:
    return (letters * (points // len(letters) + 1))[:points]


def _colors(_: Domain) -> tuple[list[Any], list[Drawn]]:
    return ["#C2D1E6", "#000000", "#ffffff"], [lambda draw: f"#{draw(_FRACTION):06X}"]


def _percents(_: Domain) -> tuple[list[Any], list[Drawn]]:
    return ["50.00%", "0.00%", "100.00%"], [lambda draw: percent(scaled(draw, 0, 10_000))]


def _boxes(_: Domain) -> tuple[list[Any], list[Drawn]]:
    def box(draw: st.DrawFn) -> list[int]:
        (left, top), (wide, high) = (divmod(draw(_FRACTION), 1 << 12) for _ in range(2))
        return [left, top, left + wide + 1, top + high + 1]

    return [[0, 0, 1, 1], [64.0, 64, 512, 512]], [box]


# ── Sizes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sizes(domain: Domain) -> tuple[list[Any], list[Drawn]]:
    found = lattices(domain)
    lines = [sizes.written(size) for size in extremes(domain)]
    exceptions = [sizes.written(size) for size in domain.limits.exceptions]
    if not (found or lines or exceptions or domain.words):
        raise Empty
    near = sizes.nearest((1024, 1024), domain.limits)
    usual = [sizes.written(near)] if near else []
    ways = [way for lattice in found for way in _ways(lattice)]
    return [*domain.words, *usual, *exceptions, *lines], ways


def _ways(lattice: Lattice) -> list[Drawn]:
    """Any size, and sizes of the least and the greatest height beside a width: the last points inside."""
    place = st.integers(0, len(lattice.widths) - 1)

    def at(draw: st.DrawFn, choose: Callable[[range], int]) -> str:
        width = lattice.widths[draw(place)]
        return f"{width}*{choose(lattice.heights(width))}"

    return [
        lambda draw: at(draw, lambda heights: heights[scaled(draw, 0, len(heights) - 1)]),
        lambda draw: at(draw, lambda heights: heights[0]),
        lambda draw: at(draw, lambda heights: heights[-1]),
    ]


# ── Lists and objects ───────────────────────────────────────────────────────────────────────────────────────────────


def counts(domain: Domain) -> tuple[int, int]:
    """The least and the greatest number of items that are drawn. Raises Empty where there is none."""
    low = domain.low or 0
    high = domain.high if domain.high is not None else low + _MANY
    if low > high:
        raise Empty
    return low, high


def of_count(domain: Domain) -> Callable[[st.DrawFn, int], list[Any]]:
    """Lists of a number of items that another list decides."""
    if domain.type == "images":
        pool = pictures_of(domain)
        return lambda draw, held: [pool[draw(st.integers(0, len(pool) - 1))] for _ in range(held)]
    item = table(domain.items or Domain("text"), optional=False)
    if domain.total is None:
        return lambda draw, held: [item.draw(draw, given=True) for _ in range(held)]
    name, total = domain.total
    cut = st.integers(0, total)

    def summing(draw: st.DrawFn, held: int) -> list[Any]:
        ends = sorted(draw(cut) for _ in range(held - 1))
        shares = [high - low for low, high in zip([0, *ends], [*ends, total], strict=True)]
        return [{**item.draw(draw, given=True), name: percent(share)} for share in shares]

    return summing


def _lists(domain: Domain) -> tuple[list[Any], list[Drawn]]:
    low, high = counts(domain)
    held, make = st.integers(low, high), of_count(domain)
    return [[]] if low == 0 else [], [lambda draw: make(draw, draw(held))]


def _images(domain: Domain, edges: list[Any]) -> tuple[list[Any], list[Drawn]]:
    """One integer chooses all pictures of a list, digit by digit: those of edges among them."""
    low, high = counts(domain)
    pool = list(dict.fromkeys([*pictures_of(domain), *(str(url) for urls in edges for url in leaves.items(urls)[-1:])]))
    held = st.integers(low, high)
    chosen = [st.integers(0, len(pool) ** count - 1) for count in range(high + 1)]

    def made(draw: st.DrawFn) -> list[str]:
        count = draw(held)
        number, found = draw(chosen[count]) if count else 0, list[str]()
        for _ in range(count):
            number, digit = divmod(number, len(pool))
            found.append(pool[digit])
        return found

    least = range(max(low, min(1, high)))
    simple = [picture(index) for index in least] if pool[0] == picture(0) else [pool[0] for _ in least]
    return [simple, *([[]] if low == 0 else [])], [made]


def _objects(domain: Domain) -> tuple[list[Any], list[Drawn]]:
    parts = {name: table(part, optional=not part.needed) for name, part in domain.fields.items() if not part.barred}

    def made(draw: st.DrawFn) -> dict[str, Any]:
        drawn = {name: part.draw(draw) for name, part in parts.items()}
        return {name: value for name, value in drawn.items() if value is not ABSENT}

    return [], [made]


# ── Pictures ────────────────────────────────────────────────────────────────────────────────────────────────────────


def pictures_of(domain: Domain) -> Sequence[str]:
    """Pictures given in each allowed way; embedded ones keep the limits of files, too. Raises Empty for none."""
    size = sizes.nearest((512, 512), domain.limits) or (512, 512)
    addresses: Mapping[str, Sequence[str]] = {
        "https": (picture(0), "https://example.com/灯笼.jpg?size=large&v=2"),
        "http": ("http://example.com/lantern.jpg",),
        "oss": ("oss://uploads/lantern.png",),
        "data": [specimens.uri(size, name) for name in ("PNG", "GIF") if name in (domain.formats or ("PNG",))],
    }
    found = [address for scheme, given in addresses.items() if scheme in domain.schemes for address in given]
    if not (found or domain.schemes):
        return addresses["https"]
    if not found:
        raise Empty
    return found


_MAKERS: Mapping[str, Callable[[Domain], tuple[list[Any], list[Drawn]]]] = {
    "integer": _integers, "boolean": _booleans, "text": _texts, "color": _colors, "percent": _percents, "box": _boxes,
    "size": _sizes, "list": _lists, "object": _objects,
}  # fmt: skip
