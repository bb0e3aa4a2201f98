"""The extractors and tests at the leaves of every rule, on JSON values.

Each language writes these once by hand; all else is printed from the rules. They are total: a value of another type
gives 0, nothing or False, and never an error. Emitted clients carry this file as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

_SIZE = re.compile(r"([1-9][0-9]{0,5})\*([1-9][0-9]{0,5})")
_TOKEN = re.compile(r"[1-9][0-9]{0,2}K")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_PERCENT = re.compile(r"([0-9]{1,3})\.([0-9]{2})%")
_SCHEME = re.compile(r"(https?|oss)://[^\s/]\S*|(data):[a-z]+/[a-zA-Z0-9.+-]+;base64,[A-Za-z0-9+/=_-]+")


def is_integer(value: object) -> bool:
    """A JSON number without a fraction: 1.0 is the integer 1, `true` is not."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def is_text(value: object) -> bool:
    return isinstance(value, str)


def is_list(value: object) -> bool:
    return isinstance(value, list)


def is_object(value: object) -> bool:
    return isinstance(value, dict)


def is_size(value: object) -> bool:
    """`W*H`, in pixels."""
    return isinstance(value, str) and _SIZE.fullmatch(value) is not None


def is_token(value: object) -> bool:
    """A word for a size, such as `2K`; whether a model knows it is another rule."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def is_color(value: object) -> bool:
    """`#RRGGBB`."""
    return isinstance(value, str) and _COLOR.fullmatch(value) is not None


def is_percent(value: object) -> bool:
    """A share with two decimals, such as `23.51%`."""
    return isinstance(value, str) and _PERCENT.fullmatch(value) is not None


def is_box(value: object) -> bool:
    """`[x1, y1, x2, y2]`, four integers."""
    return isinstance(value, list) and count(value) == 4 and all(is_integer(v) for v in cast("list[object]", value))


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
    return int(value) if isinstance(value, int | float) and is_integer(value) else 0


def points(value: object) -> int:
    """How many code points a text has: an emoji is one, wherever UTF-16 or UTF-8 would count more."""
    return len(value) if isinstance(value, str) else 0


def count(value: object) -> int:
    return len(cast("list[object]", value)) if isinstance(value, list) else 0


def sides(value: object) -> tuple[int, int]:
    """Width and height of a `W*H` size."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    return (int(found[1]), int(found[2])) if found else (0, 0)


def width(value: object) -> int:
    return sides(value)[0]


def height(value: object) -> int:
    return sides(value)[1]


def hundredths(value: object) -> int:
    """A share in hundredths of a percent, so that sums are exact."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * 100 + int(found[2]) if found else 0


def scheme(value: object) -> str:
    """How a picture is given: `http`, `https`, `oss` or `data`; nothing for all else, such as a file name."""
    found = _SCHEME.match(value) if isinstance(value, str) else None
    return (found[1] or found[2]) if found else ""


def equal(left: object, right: object) -> bool:
    """JSON's equality: 1.0 equals 1, `true` does not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return left == right


def items(value: object) -> list[object]:
    """The items of a list, or none."""
    return cast("list[object]", value) if isinstance(value, list) else []


def field(value: object, name: str) -> object:
    """A field of an object, or nothing."""
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None
