"""From the bytes of a request to JSON; all else is refused in a way that a caller understands."""

from __future__ import annotations

import re
from typing import Any

from platemark.emulator.replies import Refused
from platemark.wire.bodies import read_body

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
    data, problem = read_body(body)
    if problem:
        raise _refused(f"the body can't be read: {problem}")
    return data


def _refused(message: str) -> Refused:
    return Refused("body", message, rules=("body.type",))
