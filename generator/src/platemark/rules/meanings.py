"""What each kind of rule means: its lowering to `expr`, by its arguments and what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from platemark.rules import pictures
from platemark.rules.expr import (
    ALWAYS,
    All,
    Alpha,
    AnyOf,
    Between,
    Equal,
    Every,
    Format,
    Given,
    Is,
    Measure,
    Measured,
    Multiple,
    Not,
    Number,
    OneOf,
    PictureIn,
    Product,
    SchemeIn,
    Term,
    Test,
    Total,
)

Args: TypeAlias = "Mapping[str, Any]"
Lowered: TypeAlias = "tuple[Test, Test]"
"""When a rule applies, and what must hold then. Together they never judge a value of the wrong type twice."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule is about: a reference, its type, and what else its parameter says that a lowering needs."""

    ref: str
    type: str
    exceptions: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])


# ── What a value must be ────────────────────────────────────────────────────────────────────────────────────────────

_FORMATS: Mapping[str, Format] = {
    "text": "text",
    "integer": "integer",
    "boolean": "boolean",
    "images": "list",
    "list": "list",
    "object": "object",
    "box": "box",
    "color": "color",
    "percent": "percent",
}


def well_formed(ref: str, type_: str, tokens: bool = False) -> Test:
    """The value has the type that its parameter says."""
    if type_ == "size":
        return AnyOf((Is(ref, "size"), Is(ref, "token"))) if tokens else Is(ref, "size")
    if type_ == "images":
        return All((Is(ref, "list"), Every(ref, Is("@", "text"))))
    return Is(ref, _FORMATS[type_])


def type_(at: Subject, args: Args) -> Lowered:
    """What is given has its parameter's type; a size with `tokens` may be a word too."""
    return Given(at.ref), well_formed(at.ref, at.type, bool(args.get("tokens")))


def required(at: Subject, _: Args) -> Lowered:
    """It is given, and a text is not empty."""
    filled: Test = Given(at.ref)
    if at.type == "text":
        filled = All((filled, AnyOf((Not(Is(at.ref, "text")), Between(Number(1), Measured("points", at.ref), None)))))
    return ALWAYS, filled


def schemes(at: Subject, args: Args) -> Lowered:
    """Each picture is given in one of these ways."""
    return well_formed(at.ref, "images"), Every(at.ref, SchemeIn("@", tuple(args["among"])))


# ── How large, how many, which ──────────────────────────────────────────────────────────────────────────────────────


def _between(term: Term, args: Args) -> Between:
    low, high = args["low"], args["high"]
    return Between(None if low is None else Number(low), term, None if high is None else Number(high))


def measured(name: Measure, of: Format) -> Callable[[Subject, Args], Lowered]:
    """A measure of a value of this format lies between `low` and `high`."""

    def lower(at: Subject, args: Args) -> Lowered:
        return Is(at.ref, of), _between(Measured(name, at.ref), args)

    return lower


def count(at: Subject, args: Args) -> Lowered:
    """How many items a list holds; no list of pictures is a list of none."""
    when: Test = Is(at.ref, "list")
    if at.type == "images":
        when = AnyOf((Not(Given(at.ref)), when))
    return when, _between(Measured("count", at.ref), args)


def length(at: Subject, args: Args) -> Lowered | None:
    """In code points; the tokens of a language model can't be told."""
    return None if args["unit"] == "tokens" else measured("points", "text")(at, args)


def one_of(at: Subject, args: Args) -> Lowered:
    """It is one of `among`."""
    return well_formed(at.ref, at.type), OneOf(at.ref, tuple(args["among"]))


# ── Sizes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _explicit(at: Subject) -> Test:
    """An explicit `W*H` that is not one of the recommended exceptions."""
    plain = Is(at.ref, "size")
    return All((plain, Not(OneOf(at.ref, at.exceptions)))) if at.exceptions else plain


def _sides(at: Subject) -> tuple[Term, Term]:
    return Measured("width", at.ref), Measured("height", at.ref)


def area(at: Subject, args: Args) -> Lowered:
    """Width times height, in pixels."""
    return _explicit(at), _between(Product(*_sides(at)), args)


def side(at: Subject, args: Args) -> Lowered:
    """Width and height each, in pixels: of an explicit size, or of pictures."""
    return _of_sides(at, lambda width, height: All((_between(width, args), _between(height, args))))


def ratio(at: Subject, args: Args) -> Lowered:
    """Width to height lies between a:b and c:d, multiplied crosswise: of an explicit size, or of pictures."""
    (a, b), (c, d) = args["low"], args["high"]

    def test(width: Term, height: Term) -> Test:
        least = Between(_times(height, a), _times(width, b), None)
        return All((least, Between(None, _times(width, d), _times(height, c))))

    return _of_sides(at, test)


def _of_sides(at: Subject, test: Callable[[Term, Term], Test]) -> Lowered:
    if at.type == "images":
        return _pictures(at, test(Measured("picture_width", "@"), Measured("picture_height", "@")))
    return _explicit(at), test(*_sides(at))


def _times(term: Term, factor: int) -> Term:
    return term if factor == 1 else Product(term, Number(factor))


def tokens(at: Subject, args: Args) -> Lowered:
    """A word for a size is one of those that the model knows."""
    return Is(at.ref, "token"), OneOf(at.ref, tuple(args["among"]))


def rounds(at: Subject, args: Args) -> Lowered:
    """Width and height are multiples of `step`."""
    return Is(at.ref, "size"), All(tuple(Multiple(side, args["step"]) for side in _sides(at)))


# ── Pictures ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pictures(at: Subject, test: Test) -> Lowered:
    """Every picture that the request itself holds; the file behind an address can't be told."""
    return well_formed(at.ref, "images"), Every(at.ref, AnyOf((Not(Is("@", "picture")), test)))


def formats(at: Subject, args: Args) -> Lowered | None:
    """The format that a picture's bytes show is one of these; JPG is another name of JPEG. All that can be told apart
    are no limit."""
    names = dict.fromkeys("JPEG" if name == "JPG" else name for name in args["among"])
    if names.keys() >= {*pictures.NAMES}:
        return None
    return _pictures(at, PictureIn("@", tuple(names)))


def alpha(at: Subject, args: Args) -> Lowered | None:
    """No picture has an alpha channel, where the service refuses those; what it ignores is no limit."""
    return _pictures(at, Not(Alpha("@"))) if args["is"] == "refused" else None


def file_size(at: Subject, args: Args) -> Lowered:
    """Each picture's file has at most so many bytes."""
    return _pictures(at, Between(None, Measured("picture_bytes", "@"), Number(args["high"])))


# ── Across parameters ───────────────────────────────────────────────────────────────────────────────────────────────


def same_length(at: Subject, args: Args) -> Lowered:
    """Two lists have as many items as each other."""
    other = str(args["as"])
    return Is(at.ref, "list"), Equal(Measured("count", at.ref), Measured("count", other))


def sums_to(at: Subject, args: Args) -> Lowered:
    """The shares in a list's items add up to `hundredths`, counted in hundredths of a percent."""
    part = f"@.{args['field']}"
    shares = All((Is(at.ref, "list"), Every(at.ref, Is(part, "percent"))))
    return shares, Equal(Total(at.ref, Measured("hundredths", part)), Number(args["hundredths"]))


def requires(at: Subject, args: Args) -> Lowered:
    """Other parameters have these values, be it by default."""
    tests: list[Test] = []
    for name, value in args["of"].items():
        same: Test = OneOf(name, (value,))
        tests.append(AnyOf((Not(Given(name)), same)) if at.defaults.get(name) == value else same)
    return Given(at.ref), All(tuple(tests))


def absent(at: Subject, _: Args) -> Lowered:
    """It is not given."""
    return ALWAYS, Not(Given(at.ref))


def untold(_: Subject, __: Args) -> None:
    """Nothing that values show: the reader of bodies judges it."""
