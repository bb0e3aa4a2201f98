"""THE table: every kind of rule, and everything that anyone needs to know of it.

A kind's meaning is its lowering to `expr`. Its sentence is what docs and messages say, its schema what JSON Schema can
say, its samples the values just inside and just outside. An author writes `range: 1..4` and never an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from platemark.rules import values
from platemark.rules.expr import (
    ALWAYS,
    All,
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


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rule.

    `lower` is None for what can't be told from a request alone (a language model's tokens, the file behind a URL):
    such rules are printed and preflighted, never judged. `structure` kinds are judged by the reader of bodies."""

    name: str
    parse: Callable[[Any], Args]
    sentence: Callable[[Args], str]
    lower: Callable[[Subject, Args], Lowered | None]
    schema: Callable[[Args], dict[str, Any]] | None = None
    on: tuple[str, ...] = ()
    """The types that the kind can limit; empty: any."""
    verdict: str = "reject"
    structure: bool = False


# ── What a value must be ──────────────────────────────────────────────────────────────────────────────────────────

_FORMATS: Mapping[str, Format] = {
    "text": "text", "integer": "integer", "boolean": "boolean", "images": "list", "list": "list", "object": "object",
    "box": "box", "color": "color", "percent": "percent",
}  # fmt: skip
NOUNS: Mapping[str, str] = {
    "text": "text", "integer": "an integer", "boolean": "true or false", "size": "a size written W*H",
    "images": "a list of picture addresses", "list": "a list", "object": "an object",
    "box": "four integers [x1, y1, x2, y2]", "color": "a colour written #RRGGBB",
    "percent": "a share with two decimals, such as 23.51%",
}  # fmt: skip
_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "size": {"type": "string", "pattern": r"^[1-9][0-9]{0,5}\*[1-9][0-9]{0,5}(?!\n)$"},
    "images": {"type": "array", "items": {"type": "string"}},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "box": {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4},
    "color": {"type": "string", "pattern": r"^#[0-9a-fA-F]{6}(?!\n)$"},
    "percent": {"type": "string", "pattern": r"^[0-9]{1,3}\.[0-9]{2}%(?!\n)$"},
}


def well_formed(ref: str, type_: str, tokens: bool = False) -> Test:
    """The value has the type that its parameter says."""
    if type_ == "size":
        return AnyOf((Is(ref, "size"), Is(ref, "token"))) if tokens else Is(ref, "size")
    if type_ == "images":
        return All((Is(ref, "list"), Every(ref, Is("@", "text"))))
    return Is(ref, _FORMATS[type_])


def _type(at: Subject, args: Args) -> Lowered:
    return Given(at.ref), well_formed(at.ref, at.type, bool(args.get("tokens")))


def _type_sentence(args: Args) -> str:
    return f"must be {NOUNS[args['type']]}" + (" or a word such as 2K" if args.get("tokens") else "")


def _type_schema(args: Args) -> dict[str, Any]:
    return {"type": "string"} if args.get("tokens") else dict(_SCHEMAS[args["type"]])


def _required(at: Subject, _: Args) -> Lowered:
    filled: Test = Given(at.ref)
    if at.type == "text":
        filled = All((filled, AnyOf((Not(Is(at.ref, "text")), Between(Number(1), Measured("points", at.ref), None)))))
    return ALWAYS, filled


def _schemes(at: Subject, args: Args) -> Lowered:
    return well_formed(at.ref, "images"), Every(at.ref, SchemeIn("@", tuple(args["among"])))


def _schemes_sentence(args: Args) -> str:
    spelled = [f"{s}:…;base64,…" if s == "data" else f"{s}://…" for s in args["among"]]
    return "must be " + _either(spelled)


# ── How large, how many, which ────────────────────────────────────────────────────────────────────────────────────


def _between(term: Term, args: Args) -> Between:
    low, high = args["low"], args["high"]
    return Between(None if low is None else Number(low), term, None if high is None else Number(high))


def _measured(name: Measure, of: Format) -> Callable[[Subject, Args], Lowered]:
    def lower(at: Subject, args: Args) -> Lowered:
        return Is(at.ref, of), _between(Measured(name, at.ref), args)

    return lower


def _count(at: Subject, args: Args) -> Lowered:
    when: Test = Is(at.ref, "list")
    if at.type == "images":  # no pictures and no list of pictures are the same
        when = AnyOf((Not(Given(at.ref)), when))
    return when, _between(Measured("count", at.ref), args)


def _length(at: Subject, args: Args) -> Lowered | None:
    return None if args["unit"] == "tokens" else _measured("points", "text")(at, args)


def _one_of(at: Subject, args: Args) -> Lowered:
    return well_formed(at.ref, at.type), OneOf(at.ref, tuple(args["among"]))


def _bounds(low: object, high: object, unit: str = "") -> str:
    unit = f" {unit}" if unit else ""
    if low is None:
        return f"at most {high}{unit}"
    if high is None:
        return f"at least {low}{unit}"
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def _either(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def _json(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _span_args(value: Any) -> Args:
    low, high = values.span(value)
    return {"low": low, "high": high}


def _length_args(text: str) -> Args:
    plain = text.removesuffix(" tokens")
    return {**_span_args(plain), "unit": "characters" if plain == text else "tokens"}


def _limits(low: str, high: str) -> Callable[[Args], dict[str, Any]]:
    def schema(args: Args) -> dict[str, Any]:
        return {key: args[end] for key, end in ((low, "low"), (high, "high")) if args[end] is not None}

    return schema


# ── Sizes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _explicit(at: Subject) -> Test:
    """An explicit `W*H` that is not one of the recommended exceptions."""
    plain = Is(at.ref, "size")
    return All((plain, Not(OneOf(at.ref, at.exceptions)))) if at.exceptions else plain


def _sides(at: Subject) -> tuple[Term, Term]:
    return Measured("width", at.ref), Measured("height", at.ref)


def _area_args(text: str) -> Args:
    low, high = values.area(text)
    return {"low": low, "high": high, "text": list(values.halves(text))}


def _area(at: Subject, args: Args) -> Lowered | None:
    return (_explicit(at), _between(Product(*_sides(at)), args)) if at.type == "size" else None


def _area_sentence(args: Args) -> str:
    shown = [f"{text} ({values.pixels(text):,} pixels)" if text else None for text in args["text"]]
    return f"width times height must be {_bounds(*shown)}"


def _side(at: Subject, args: Args) -> Lowered | None:
    if at.type != "size":
        return None
    return _explicit(at), All(tuple(_between(side, args) for side in _sides(at)))


def _ratio_args(text: str) -> Args:
    low, high = values.ratio(text)
    return {"low": list(low), "high": list(high)}


def _ratio(at: Subject, args: Args) -> Lowered | None:
    if at.type != "size":
        return None
    (a, b), (c, d) = args["low"], args["high"]
    width, height = _sides(at)
    return _explicit(at), All((
        Between(_times(height, a), _times(width, b), None),
        Between(None, _times(width, d), _times(height, c)),
    ))  # fmt: skip


def _times(term: Term, factor: int) -> Term:
    return term if factor == 1 else Product(term, Number(factor))


def _tokens(at: Subject, args: Args) -> Lowered:
    return Is(at.ref, "token"), OneOf(at.ref, tuple(args["among"]))


def _rounds(at: Subject, args: Args) -> Lowered:
    return Is(at.ref, "size"), All(tuple(Multiple(side, args["step"]) for side in _sides(at)))


# ── Across parameters ─────────────────────────────────────────────────────────────────────────────────────────────


def _same_length(at: Subject, args: Args) -> Lowered:
    other = str(args["as"])
    return Is(at.ref, "list"), Equal(Measured("count", at.ref), Measured("count", other))


def _sums_to(at: Subject, args: Args) -> Lowered:
    part = f"@.{args['field']}"
    shares = All((Is(at.ref, "list"), Every(at.ref, Is(part, "percent"))))
    return shares, Equal(Total(at.ref, Measured("hundredths", part)), Number(args["hundredths"]))


def _sums_args(value: Any) -> Args:
    ((name, total),) = value.items()
    whole, _, decimals = str(total).rstrip("%").partition(".")
    return {"field": name, "hundredths": int(whole) * 100 + int((decimals + "00")[:2]), "text": str(total)}


def _requires(at: Subject, args: Args) -> Lowered:
    tests: list[Test] = []
    for name, value in args["of"].items():
        same: Test = OneOf(name, (value,))
        tests.append(AnyOf((Not(Given(name)), same)) if at.defaults.get(name) == value else same)
    return Given(at.ref), All(tuple(tests))


def _absent(at: Subject, _: Args) -> Lowered:
    return ALWAYS, Not(Given(at.ref))


def _never(_: Subject, __: Args) -> None:
    return None


def _word(name: str) -> Callable[[Any], Args]:
    return lambda value: {name: value}


def _kind(name: str, parse: Callable[[Any], Args], sentence: Callable[[Args], str],
          lower: Callable[[Subject, Args], Lowered | None], **more: Any) -> Kind:  # fmt: skip
    return Kind(name, parse, sentence, lower, **more)


def _structure(name: str, sentence: Callable[[Args], str]) -> Kind:
    return Kind(name, _word("what"), sentence, _never, structure=True)


_TEXTS, _LISTS, _FILES = ("text",), ("images", "list"), ("images",)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (
    _kind("type", _word("type"), _type_sentence, _type, schema=_type_schema),
    _kind("required", _word("required"), lambda _: "is required", _required),
    _kind("range", _span_args, lambda a: f"must be {_bounds(a['low'], a['high'])}", _measured("integer", "integer"),
          schema=_limits("minimum", "maximum"), on=("integer",)),
    _kind("one_of", _word("among"), lambda a: f"must be {_either([_json(v) for v in a['among']])}", _one_of,
          schema=lambda a: {"enum": list(a["among"])}, on=("integer", "text", "size", "boolean")),
    _kind("fixed", lambda value: {"among": [value]}, lambda a: f"must be {_json(a['among'][0])}", _one_of,
          schema=lambda a: {"const": a["among"][0]}, on=("integer", "text", "size", "boolean")),
    _kind("length", _length_args, lambda a: f"holds {_bounds(a['low'], a['high'], a['unit'])}", _length,
          schema=_limits("minLength", "maxLength"), on=_TEXTS),
    _kind("count", _span_args, lambda a: f"holds {_bounds(a['low'], a['high'], 'items')}", _count,
          schema=_limits("minItems", "maxItems"), on=_LISTS),
    _kind("schemes", _word("among"), _schemes_sentence, _schemes, on=_FILES),
    _kind("area", _area_args, _area_sentence, _area, on=("size",)),
    _kind("side", _span_args, lambda a: f"each side must be {_bounds(a['low'], a['high'], 'pixels')}", _side,
          on=("size", "images")),
    _kind("ratio", _ratio_args, lambda a: "width to height must be {}:{} to {}:{}".format(*a["low"], *a["high"]),
          _ratio, on=("size", "images")),
    _kind("tokens", lambda value: {"among": list(value), "sizes": dict(value)},
          lambda a: f"must be W*H, or {_either(a['among'])}", _tokens, on=("size",)),
    _kind("rounds", _word("step"), lambda a: f"is rounded to multiples of {a['step']}", _rounds, on=("size",),
          verdict="adjust"),
    _kind("formats", _word("among"), lambda a: f"must be {_either(a['among'])}", _never, on=_FILES),
    _kind("alpha", _word("is"), lambda a: f"an alpha channel is {a['is']}", _never, on=_FILES),
    _kind("bytes", lambda text: {"high": values.most_bytes(text), "text": values.halves(text)[1]},
          lambda a: f"each file has at most {a['text']}", _never, on=_FILES),
    _kind("same_length", _word("as"), lambda a: f"must have as many items as {a['as']}", _same_length, on=_LISTS),
    _kind("sums_to", _sums_args, lambda a: f"the {a['field']}s must add up to {a['text']}", _sums_to, on=("list",)),
    _kind("requires", _word("of"),
          lambda a: "needs " + " and ".join(f"{k}={_json(v)}" for k, v in a["of"].items()), _requires),
    _kind("unsupported", _word("for"), lambda a: f"is not supported by {a['for']}", _absent),
    _kind("only_in", _word("modes"), lambda a: f"works only in {_either(a['modes'])}", _absent),
    _structure("place", lambda a: f"belongs at {a['what']}"),
    _structure("unknown", lambda _: "no document knows this key"),
    _structure("shape", lambda a: f"must be {a['what']}"),
    _structure("model", lambda a: f"must be {a['what']}"),
    _structure("route", lambda a: f"goes by {a['what']}"),
    _structure("payload", lambda a: f"the body must be of the style {a['what']}"),
)}  # fmt: skip
"""By name, in the order in which rules are judged and printed."""

STRUCTURE = ("type", "required", "count", "fixed")
"""Kinds that the reader of bodies judges too, for the keys that carry the parameters."""
