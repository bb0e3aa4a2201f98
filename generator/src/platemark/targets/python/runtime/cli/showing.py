"""Requests as people and programs read them: what would be sent, what it makes, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from platemark_images._runtime.cli.failures import violation
from platemark_images._runtime.cli.voice import Voice, pairs

if TYPE_CHECKING:
    from platemark_images._runtime.estimates import Estimate
    from platemark_images._runtime.prepare import Prepared

_INLINE = "data:"
"""How a picture begins that stands within a request. It is never printed."""


def about(ready: Prepared[Any]) -> dict[str, Any]:
    """What is known of a request before it is sent."""
    return {
        "model": ready.model, "mode": ready.mode, "route": ready.route,
        "requested_size": ready.requested_size, "expected_size": ready.expected_size,
        "estimate": cost(ready.estimate), "remarks": list(ready.remarks),
        "adjustments": [violation(each) for each in ready.adjustments],
        "notes": [violation(each) for each in ready.notes],
        "overridden": [violation(each) for each in ready.overridden],
    }  # fmt: skip


def cost(found: Estimate) -> dict[str, Any]:
    """An estimate as JSON; amounts are texts, so that no digit is lost."""
    return {
        "pictures": found.pictures, "at_most": found.at_most, "region": found.region or None,
        "costs": [{"amount": str(each.amount), "currency": each.currency} for each in found.costs],
    }  # fmt: skip


def dry_run(voice: Voice, ready: Prepared[Any], body_file: str | None) -> int:
    """Show a request that is not sent. A body that holds pictures is shown without them; a file has all of it."""
    body = ready.body.decode()
    inline = _holds_picture(ready.json)
    if body_file:
        Path(body_file).write_bytes(ready.body)
    shown = json.dumps(_without(ready.json)) if inline else body
    curl = ready.as_curl(f"@{body_file}" if body_file else shown)
    if inline and not body_file:
        voice.note(f"pictures within the body are not shown; `--body FILE` writes all {len(ready.body):,} bytes into a file")
    data = {
        "dry_run": True, **about(ready), "method": ready.method, "url": ready.url, "headers": dict(ready.headers),
        "body": shown, "body_exact": not inline, "body_bytes": len(ready.body), "body_file": body_file, "curl": curl,
    }  # fmt: skip
    voice.say(data, _text(voice, ready, shown, curl))
    return 0


def _text(voice: Voice, ready: Prepared[Any], shown: str, curl: str) -> str:
    size = f"{'about ' if ready.approximate else ''}{ready.expected_size}" if ready.expected_size else "only the service knows"
    rows = [
        ("model", f"{ready.model}, {ready.mode} by {ready.route}"),
        ("pictures", ready.estimate),
        ("size", size),
        *(("note", told) for told in ready.told),
    ]
    headers = [f"{name}: {value}" for name, value in ready.headers.items()]
    request = "\n".join([f"{ready.method} {ready.url}", *headers, "", shown])
    return "\n\n".join([f"{voice.heading('not sent')}\n{pairs(rows)}", request, curl])


def _holds_picture(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_picture, cast("Mapping[str, object]", value).values()))
    if isinstance(value, list):
        return any(map(_holds_picture, cast("list[object]", value)))
    return isinstance(value, str) and value.startswith(_INLINE)


def _without(value: object) -> object:
    """The body with the type and the length of each picture in its place."""
    if isinstance(value, Mapping):
        return {key: _without(part) for key, part in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_without(part) for part in cast("list[object]", value)]
    if isinstance(value, str) and value.startswith(_INLINE):
        head, _, data = value.partition(",")
        return f"{head},...{len(data):,} characters"
    return value
