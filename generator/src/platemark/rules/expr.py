"""The language of rules: what every kind is lowered to, and every client is printed from.

Terms are integers, tests are truths, and a reference names a value: a parameter (`size`), the item of the list at
hand (`@`) or a field of that item (`@.ratio`). There is nothing else, so that each language prints it all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeAlias, TypeGuard

from platemark.plain import each, is_map, is_seq
from platemark.rules import leaves, pictures

Measure: TypeAlias = Literal[
    "integer", "points", "count", "width", "height", "hundredths", "picture_width", "picture_height", "picture_bytes"
]
Format: TypeAlias = Literal[
    "integer", "boolean", "text", "list", "object", "size", "token", "color", "percent", "box", "picture"
]
Scalar: TypeAlias = "str | int | bool"
Values: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: int


@dataclass(frozen=True, slots=True)
class Measured:
    """An integer taken from a value by one of the extractors."""

    measure: Measure
    of: str


@dataclass(frozen=True, slots=True)
class Product:
    """Two terms, multiplied."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of a term over the items of a list."""

    over: str
    term: Term


Term: TypeAlias = "Number | Measured | Product | Total"


@dataclass(frozen=True, slots=True)
class Between:
    """low ≤ term ≤ high; a bound may be missing."""

    low: Term | None
    term: Term
    high: Term | None


@dataclass(frozen=True, slots=True)
class Equal:
    """Two terms are the same."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Multiple:
    """A term is a multiple of a number."""

    term: Term
    of: int


@dataclass(frozen=True, slots=True)
class Given:
    """The value is there, be it `null`."""

    of: str


@dataclass(frozen=True, slots=True)
class Is:
    """The value has a format."""

    of: str
    format: Format


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these, by JSON's equality."""

    of: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class SchemeIn:
    """How a picture is given: the scheme of its address."""

    of: str
    schemes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PictureIn:
    """The format of a picture that the request holds, as its bytes show it."""

    of: str
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alpha:
    """A picture that the request holds has a channel or a colour for transparency."""

    of: str


@dataclass(frozen=True, slots=True)
class Only:
    """An object has no fields but these."""

    of: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """The test holds of each item of a list."""

    over: str
    test: Test


@dataclass(frozen=True, slots=True)
class All:
    """Every test holds; none at all always does."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some test holds; of none at all, none does."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The test does not hold."""

    test: Test


Test: TypeAlias = (
    "Between | Equal | Multiple | Given | Is | OneOf | SchemeIn | PictureIn | Alpha | Only | Every | All | AnyOf | Not"
)
Node: TypeAlias = "Term | Test"

ALWAYS = All(())

MEASURES: Mapping[str, Callable[[object], int]] = {
    "integer": leaves.integer,
    "points": leaves.points,
    "count": leaves.count,
    "width": leaves.width,
    "height": leaves.height,
    "hundredths": leaves.hundredths,
    "picture_width": pictures.picture_width,
    "picture_height": pictures.picture_height,
    "picture_bytes": pictures.picture_bytes,
}
FORMATS: Mapping[str, Callable[[object], bool]] = {**leaves.FORMATS, "picture": pictures.is_picture}


_MISSING = object()


def look_up(of: str, values: Values) -> object:
    """The value that a reference names."""
    if of in values:
        return values[of]
    name, _, part = of.partition(".")
    whole = values.get(name) if part else None
    return whole.get(part, _MISSING) if is_map(whole) else _MISSING


def measure(term: Term, values: Values) -> int:
    """The integer that a term stands for."""
    match term:
        case Number(value):
            return value
        case Measured(name, of):
            return MEASURES[name](look_up(of, values))
        case Product(left, right):
            return measure(left, values) * measure(right, values)
        case Total(over, each):
            return sum(measure(each, {**values, "@": item}) for item in leaves.items(look_up(over, values)))


def holds(test: Test, values: Values) -> bool:
    """Whether a test holds of a request's values."""
    match test:  # what rules are mostly made of comes first
        case Is(of, name):
            return FORMATS[name](look_up(of, values))
        case Given(of):
            return look_up(of, values) is not _MISSING
        case Between(low, term, high):
            found = measure(term, values)
            return (low is None or measure(low, values) <= found) and (high is None or found <= measure(high, values))
        case All(tests):
            return all(holds(inner, values) for inner in tests)
        case Not(inner):
            return not holds(inner, values)
        case Every(over, inner):
            return all(holds(inner, {**values, "@": item}) for item in leaves.items(look_up(over, values)))
        case AnyOf(tests):
            return any(holds(inner, values) for inner in tests)
        case SchemeIn(of, schemes):
            return leaves.scheme(look_up(of, values)) in schemes
        case OneOf(of, wanted):
            return any(leaves.equal(look_up(of, values), value) for value in wanted)
        case Multiple(term, of):
            return measure(term, values) % of == 0
        case Equal(left, right):
            return measure(left, values) == measure(right, values)
        case PictureIn(of, formats):
            return pictures.picture_format(look_up(of, values)) in formats
        case Alpha(of):
            return pictures.has_alpha(look_up(of, values))
        case Only(of, names):
            return leaves.only(look_up(of, values), names)


def nodes(node: Node) -> Iterator[Node]:
    """The node, and all within it."""
    yield node
    for part in _parts(node):
        if not isinstance(part, str):
            yield from nodes(part)


def references(node: Node) -> set[str]:
    """The parameters that a test looks at."""
    found: set[str] = set()
    for part in _parts(node):
        if isinstance(part, str) and not part.startswith("@"):
            found.add(part.partition(".")[0])
        elif not isinstance(part, str):
            found |= references(part)
    return found


def _parts(node: Node) -> list[str | Node]:
    found: list[str | Node] = []
    for slot in fields(node):
        value = getattr(node, slot.name)
        if slot.name in {"of", "over"} and isinstance(value, str):
            found.append(value)
        else:
            found += [part for part in each(value) if _is_node(part)]
    return found


def _is_node(value: object) -> TypeGuard[Node]:
    return is_dataclass(value)


def to_json(node: Node) -> dict[str, Any]:
    """The node as plain data: its name under `is`, its parts by name."""
    made: dict[str, Any] = {"is": type(node).__name__}
    for slot in fields(node):
        made[slot.name] = _plain(getattr(node, slot.name))
    return made


def _plain(value: Any) -> Any:
    if is_seq(value):
        return [_plain(part) for part in value]
    return to_json(value) if _is_node(value) else value
