"""The part of a file that is asked for, where the file was made in memory (RFC 9110, section 14).

Starlette knows ranges of files on disk only.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

_ONE = re.compile(r"bytes=(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))", re.ASCII | re.IGNORECASE)


def ranged(file: Response, request: Request) -> Response:
    """The file with a tag, or with status 206 the part that `Range` asks for, if `If-Range` names this very file; 416
    for a part that lies behind its end. Several ranges, and what can't be read as one, count as not asked for."""
    data = bytes(file.body)
    tag = f'"{blake2b(data, digest_size=16).hexdigest()}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag}
    asked = request.method == "GET" and request.headers.get("if-range", tag) == tag
    part = _part(request.headers.getlist("range"), len(data)) if asked else None
    if part is None:
        return Response(data, file.status_code, headers, file.media_type)
    if not part:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(data)}"
    return Response(data[part.start : part.stop], 206, headers, file.media_type)


def _part(lines: list[str], size: int) -> range | None:
    """The positions that one range asks for, empty where there are none; None where no single range is asked for."""
    found = _ONE.fullmatch(lines[0]) if len(lines) == 1 else None
    if found is None:
        return None
    first, last, suffix = (int(digits) if digits else None for digits in found.groups())
    if first is None:
        return range(max(0, size - (suffix or 0)), size)
    if last is None:
        return range(first, size)
    return range(first, min(last + 1, size)) if first <= last else None
