"""The extractors and tests at the leaves of every rule, on JSON values.

Each language writes these once by hand; all else is printed from the rules. They are total: a value of another type
gives 0, nothing or False, and never an error. Emitted clients carry this file as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeGuard

PATTERNS: Mapping[str, str] = {
    "size": r"([1-9][0-9]{0,5})\*([1-9][0-9]{0,5})",
    "token": r"[1-9][0-9]{0,2}K",
    "color": r"#[0-9a-fA-F]{6}",
    "percent": r"([0-9]{1,3})\.([0-9]{2})%",
}
"""What a text of each format is, from its first character to its last."""

SCHEMES: Mapping[str, str] = {
    "http": r"http://[^\s/]\S*",
    "https": r"https://[^\s/]\S*",
    "oss": r"oss://[^\s/]\S*",
    "data": r"data:[a-z]+/[a-zA-Z0-9.+-]+;base64,[A-Za-z0-9+/=_-]+",
}
"""How a text begins that gives a picture by each scheme."""

_SIZE, _TOKEN, _COLOR, _PERCENT = (re.compile(PATTERNS[name]) for name in ("size", "token", "color", "percent"))
_SCHEME = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in SCHEMES.items()))


def is_integer(value: object) -> TypeGuard[int | float]:
    """A JSON number without a fraction: 1.0 is the integer 1, `true` is not."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def is_boolean(value: object) -> TypeGuard[bool]:
    """`true` or `false`."""
    return isinstance(value, bool)


def is_text(value: object) -> TypeGuard[str]:
    """A text, be it empty."""
    return isinstance(value, str)


def is_list(value: object) -> TypeGuard[list[object]]:
    """A list, be it empty."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """An object, be it empty."""
    return isinstance(value, dict)


def is_size(value: object) -> bool:
    """`W*H`, in pixels."""
    return is_text(value) and _SIZE.fullmatch(value) is not None


def is_token(value: object) -> bool:
    """A word for a size, such as `2K`; whether a model knows it is another rule."""
    return is_text(value) and _TOKEN.fullmatch(value) is not None


def is_color(value: object) -> bool:
    """`#RRGGBB`."""
    return is_text(value) and _COLOR.fullmatch(value) is not None


def is_percent(value: object) -> bool:
    """A share with two decimals, such as `23.51%`."""
    return is_text(value) and _PERCENT.fullmatch(value) is not None


def is_box(value: object) -> bool:
    """`[x1, y1, x2, y2]`, four integers."""
    return is_list(value) and len(value) == 4 and all(is_integer(corner) for corner in value)


FORMATS: Mapping[str, Callable[[object], bool]] = {
    "integer": is_integer,
    "boolean": is_boolean,
    "text": is_text,
    "list": is_list,
    "object": is_object,
    "size": is_size,
    "token": is_token,
    "color": is_color,
    "percent": is_percent,
    "box": is_box,
}


def integer(value: object) -> int:
    """The integer that a JSON number is."""
    return int(value) if is_integer(value) else 0


def points(value: object) -> int:
    """How many code points a text has: an emoji is one, wherever UTF-16 or UTF-8 would count more."""
    return len(value) if is_text(value) else 0


def count(value: object) -> int:
    """How many items a list has."""
    return len(value) if is_list(value) else 0


def sides(value: object) -> tuple[int, int]:
    """Width and height of a `W*H` size."""
    found = _SIZE.fullmatch(value) if is_text(value) else None
    return (int(found[1]), int(found[2])) if found else (0, 0)


def width(value: object) -> int:
    """Width of a `W*H` size, in pixels."""
    return sides(value)[0]


def height(value: object) -> int:
    """Height of a `W*H` size, in pixels."""
    return sides(value)[1]


def hundredths(value: object) -> int:
    """A share in hundredths of a percent, so that sums are exact."""
    found = _PERCENT.fullmatch(value) if is_text(value) else None
    return int(found[1]) * 100 + int(found[2]) if found else 0


def scheme(value: object) -> str:
    """How a picture is given: `http`, `https`, `oss` or `data`; nothing for all else, such as a file name."""
    found = _SCHEME.match(value) if is_text(value) else None
    return (found.lastgroup or "") if found else ""


def equal(left: object, right: object) -> bool:
    """JSON's equality: 1.0 equals 1, `true` does not."""
    if is_boolean(left) or is_boolean(right):
        return left is right
    return left == right


def items(value: object) -> list[object]:
    """The items of a list, or none."""
    return value if is_list(value) else []


def has(value: object, name: str) -> bool:
    """Whether an object has a field, be it `null`."""
    return isinstance(value, dict) and name in value


def only(value: object, names: Collection[str]) -> bool:
    """Whether an object has no fields but these; what is no object has none."""
    return not is_object(value) or all(name in names for name in value)


def field(value: object, name: str) -> object:
    """A field of an object, or nothing."""
    return value.get(name) if is_object(value) else None
