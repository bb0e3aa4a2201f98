"""What a spec writes of each kind of limit, as arguments; and arguments as a spec would write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from platemark.rules import values
from platemark.rules.meanings import Args
from platemark.rules.values import Bound


@dataclass(frozen=True, slots=True)
class Form:
    """How a limit is written: `spell` undoes `parse`, up to spaces and to two ways of writing one span."""

    parse: Callable[[Any], Args]
    spell: Callable[[Args], Any]


def word(name: str) -> Form:
    """A single argument, as it is written."""
    return Form(lambda value: {name: value}, lambda args: args[name])


def _span_args(value: Any) -> Args:
    low, high = values.span(value)
    return {"low": low, "high": high}


def _span(args: Args) -> str:
    return written_span(args["low"], args["high"])


def written_span(low: Bound, high: Bound) -> str:
    """`1..4`, `..500` or `1..`."""
    return "..".join("" if bound is None else str(bound) for bound in (low, high))


def _length_args(text: str) -> Args:
    plain = text.removesuffix(" tokens")
    return {**_span_args(plain), "unit": "characters" if plain == text else "tokens"}


def _area_args(text: str) -> Args:
    low, high = values.area(text)
    return {"low": low, "high": high, "text": list(values.halves(text))}


def _ratio_args(text: str) -> Args:
    low, high = values.ratio(text)
    return {"low": list(low), "high": list(high)}


def _sums_args(value: Any) -> Args:
    ((name, total),) = value.items()
    whole, _, decimals = str(total).rstrip("%").partition(".")
    return {"field": name, "hundredths": int(whole) * 100 + int((decimals + "00")[:2]), "text": str(total)}


SPAN = Form(_span_args, _span)
LENGTH = Form(_length_args, lambda args: _span(args) + (" tokens" if args["unit"] == "tokens" else ""))
AREA = Form(_area_args, lambda args: "..".join(args["text"]))
RATIO = Form(_ratio_args, lambda args: "{}:{}..{}:{}".format(*args["low"], *args["high"]))
FIXED = Form(lambda value: {"among": [value]}, lambda args: args["among"][0])
TOKENS = Form(lambda value: {"among": list(value), "sizes": dict(value)}, lambda args: dict(args["sizes"]))
BYTES = Form(
    lambda text: {"high": values.most_bytes(text), "text": values.halves(text)[1]}, lambda args: f"..{args['text']}"
)
SUMS = Form(_sums_args, lambda args: {args["field"]: args["text"]})
