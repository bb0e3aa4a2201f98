"""What is said of rules: the words that pages and messages share."""

from __future__ import annotations

from collections.abc import Mapping

from platemark.rules import values
from platemark.rules.meanings import Args

NOUNS: Mapping[str, str] = {
    "text": "text",
    "integer": "an integer",
    "boolean": "true or false",
    "size": "a size written W*H",
    "images": "a list of picture addresses",
    "list": "a list",
    "object": "an object",
    "box": "four integers [x1, y1, x2, y2]",
    "color": "a colour written #RRGGBB",
    "percent": "a share with two decimals, such as 23.51%",
}


def of_type(args: Args) -> str:
    """What a value must be, by its parameter's type."""
    return f"must be {NOUNS[args['type']]}" + (" or a word such as 2K" if args.get("tokens") else "")


def schemes(args: Args) -> str:
    """In which ways a picture may be given."""
    spelled = [f"{s}:…;base64,…" if s == "data" else f"{s}://…" for s in args["among"]]
    return "must be " + either(spelled)


def area(args: Args) -> str:
    """The bounds of an area, as the document prints them and in pixels."""
    low, high = (_area(text) if text else None for text in args["text"])
    return f"width times height must be {bounds(low, high)}"


def _area(text: str) -> str:
    pixels = f"{values.pixels(text):,} pixels"
    return pixels if text.isdecimal() else f"{text} ({pixels})"


def bounds(low: object, high: object, unit: str = "") -> str:
    """From the least to the greatest; either may be missing, not both."""
    unit = f" {unit}" if unit else ""
    if low is None:
        return f"at most {high}{unit}"
    if high is None:
        return f"at least {low}{unit}"
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def either(parts: list[str]) -> str:
    """Any of several, in words."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"
