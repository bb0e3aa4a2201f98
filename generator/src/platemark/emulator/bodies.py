"""From the bytes of a request to JSON; all else is refused in a way that a caller understands."""

from __future__ import annotations

import json
import re
from typing import Any, Never, cast

from platemark.emulator.replies import Refused

DEEPEST = 64
"""How many levels of lists and objects a body may have."""

_UTF_8 = {"utf-8", "utf8", "us-ascii"}


def read_json(body: bytes, content_type: str) -> Any:
    """The body of a request. Raises Refused for all that is not JSON in UTF-8, as RFC 8259 has it: NaN is none.

    Without a Content-Type it is taken for JSON."""
    media, _, parameters = (content_type or "application/json").partition(";")
    media = media.strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise _refused("Content-Type must be application/json")
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters, re.IGNORECASE)
    if charset and charset[1].lower() not in _UTF_8:
        raise _refused("the body must be JSON in UTF-8")
    try:
        data = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise _refused("the body is nested too deeply") from None
    except ValueError as error:
        raise _refused(f"the body is not JSON in UTF-8: {_where(error)}") from None
    if _deeper(data, DEEPEST):
        raise _refused(f"the body is nested more than {DEEPEST} levels deep")
    return data


def _refused(message: str) -> Refused:
    return Refused("body", message, rules=("body.type",))


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no number there")


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "a byte is wrong" if isinstance(error, UnicodeDecodeError) else str(error)[:100]


def _deeper(data: Any, levels: int) -> bool:
    """Whether a value has more levels of lists and objects. Level by level, since recursion is what it guards."""
    held = [data]
    for _ in range(levels):
        held = [part for value in held for part in _parts(value)]
        if not held:
            return False
    return any(isinstance(value, dict | list) for value in held)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).values())
    return cast("list[Any]", value) if isinstance(value, list) else []
