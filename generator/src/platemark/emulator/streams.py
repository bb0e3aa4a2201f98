"""Server-sent events, as services write them: no space after a colon, and the status in a comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from platemark import ir
from platemark.emulator.answers import Order, result
from platemark.emulator.replies import encode

_PIECE = 24
"""How many characters of a text an event brings, at least up to the next space."""


def events(order: Order, values: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The answer in pieces: texts a few words at a time, pictures whole, and an end without either."""
    stream = order.provider.stream
    made: list[bytes] = []
    pictures = 0
    for piece in _pieces(values):
        pictures += len(piece["images"])
        held = {**values, **piece, "count": pictures, **stream.get("more", {})}
        made.append(event(order.provider, len(made) + 1, "event", 200, result(order, held)))
    nothing: dict[str, list[str]] = {"texts": [], "images": []}
    held = {**values, **nothing, **stream.get("last", {})}
    made.append(event(order.provider, len(made) + 1, "event", 200, result(order, held)))
    return tuple(made)


def event(provider: ir.Provider, number: int, kind: str, status: int, data: Any) -> bytes:
    """One event, of the `event` or the `error` kind that the spec names."""
    stream = provider.stream
    lines = [f"id:{number}", f"event:{stream[kind]}"] if kind in stream else [f"id:{number}"]
    if "status" in stream:
        lines.append(str(stream["status"]).replace("{status}", str(status)))
    return "\n".join(lines).encode() + b"\ndata:" + encode(data) + b"\n\n"


def _pieces(values: Mapping[str, Any]) -> Iterator[dict[str, list[str]]]:
    for text, image in zip_longest(values["texts"], values["images"]):
        for piece in _cut(text or ""):
            yield {"texts": [piece], "images": []}
        if image:
            yield {"texts": [], "images": [image]}


def _cut(text: str) -> Iterator[str]:
    """Pieces that together are the text."""
    while text:
        end = text.find(" ", _PIECE) + 1 or len(text)
        yield text[:end]
        text = text[end:]
