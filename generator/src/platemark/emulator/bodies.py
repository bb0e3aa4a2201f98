"""From the bytes of a request to JSON, or to a form; all else is refused in a way that a caller understands."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from platemark.emulator.replies import Refused
from platemark.wire.bodies import read_body

_DRAINED = 8
"""How many times too large a body may be to be still read, so that the caller gets to read the refusal."""
_MOST_FIELDS, _MOST_FIELD, _FORM = 32, 64 << 10, 1 << 20
"""Of a form: its fields, the bytes of each but the file, and those of all that is not the file."""


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


async def read(request: Request, most: int) -> bytes:
    """The whole body. Raises Refused (413) for one that is too large, when most of it has been read and dropped."""
    return b"".join([part async for part in _parts(request, most)])


async def form(request: Request, most: int) -> tuple[list[tuple[str, str | None]], bytes]:
    """The fields of a multipart form in order, None for a file, and the bytes of the last file.

    Raises Refused for all that is no such form, and (413) for one whose file can't be as small as `most` bytes."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "multipart/form-data":
        raise Refused("upload", "Content-Type must be multipart/form-data", rules=("upload",))
    parser = MultiPartParser(
        request.headers, _parts(request, most + _FORM), max_files=1, max_fields=_MOST_FIELDS, max_part_size=_MOST_FIELD
    )
    parser.spool_max_size = most + _FORM  # in memory: what is larger is refused
    try:
        parsed = await parser.parse()
    except (MultiPartException, UnicodeError) as error:
        raise Refused("upload", f"the form can't be read: {error}", rules=("upload",)) from None
    data = b""
    fields: list[tuple[str, str | None]] = []
    for name, value in parsed.multi_items():
        fields.append((name, None if isinstance(value, UploadFile) else value))
        if isinstance(value, UploadFile):
            data = await value.read()
    await parsed.close()
    return fields, data


async def _parts(request: Request, most: int) -> AsyncGenerator[bytes]:
    """The body as it comes in, up to so many bytes. Raises Refused (413) when it was larger."""
    held = 0
    async for part in request.stream():
        held += len(part)
        if held <= most:
            yield part
        elif held > _DRAINED * most:
            break
    if held > most:
        raise Refused("size", f"the body is larger than {most:,} bytes", status=413)
