"""A spec as text: values printed in the layout of our own, which reads back as the same values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from platemark import source
from platemark.plain import is_map, is_seq
from platemark.problems import Invalid
from platemark.source import Keys

WIDTH = 120
"""A line is not longer than this, but for a value that can't be broken."""
COLUMN = 44
"""Where comments begin that stand at the end of a line."""
_BLOCKS = frozenset({
    "conflicts", "endpoints", "errors", "examples", "models", "modes", "parameters", "payloads", "regions", "results",
    "tasks", "transports",
})  # fmt: skip
"""Top-level keys that have a line for each thing below them, however short."""
_WITHIN = frozenset({("conflicts",), ("modes",)})
"""The same of each thing below these."""
_BELOW = frozenset({("errors", "codes"), ("errors", "rules")})
"""The same of parts of parts."""

Notes: TypeAlias = "Mapping[Keys, str]"
"""Path: a comment. It stands at the end of the line, or above it where it is too long or has several lines; that of the
path `()` is the head of the file."""


def page(data: Mapping[str, Any], notes: Notes | None = None) -> str:
    """The text of a file: maps on one line where they fit, a blank line between parts.

    Raises ValueError for what the strict reader does not take, such as a decimal that is no text."""
    notes = notes or {}
    blocks: list[list[str]] = [_comment(notes[()], 0)] if () in notes else []
    open_ = bool(blocks)  # the head stands right above the first part
    for key, value in data.items():
        lines = list(_entry((key,), value, notes, 0))
        if open_ and len(lines) == 1:
            blocks[-1] += lines
        else:
            blocks += [lines]
        open_ = len(lines) == 1
    text = "\n\n".join("\n".join(block) for block in blocks) + "\n"
    _same(text, data)
    return text


def _same(text: str, data: Mapping[str, Any]) -> None:
    try:
        found = source.parse(text.encode(), "page").data
    except Invalid as invalid:
        raise ValueError(str(invalid)) from None
    if found != data:
        raise ValueError(f"{data!r} would be read as {found!r}")


def _entry(path: Keys, value: Any, notes: Notes, depth: int) -> Iterator[str]:
    """The lines of a key with what it holds."""
    start = f"{'  ' * depth}{_key(str(path[-1]))}:"
    line = f"{start} {_value(value)}"
    if not _spread(path, value) and (len(line) <= WIDTH or not _parts(value)):
        told = "; ".join(dict.fromkeys(note for at, note in notes.items() if at and at[: len(path)] == path))
        yield from _told(line, told, depth)
        return
    yield from _told(start, notes.get(path, ""), depth)
    if is_map(value):
        for key, inner in value.items():
            yield from _entry((*path, key), inner, notes, depth + 1)
    else:
        yield from _items(value, path, notes, depth + 1)


def _items(values: Sequence[Any], path: Keys, notes: Notes, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for index, value in enumerate(values):
        line = f"{indent}- {_value(value)}"
        if len(line) <= WIDTH or not _parts(value):
            yield line
        elif is_map(value):
            below = [
                each for key, inner in value.items() for each in _entry((*path, index, key), inner, notes, depth + 1)
            ]
            yield f"{indent}- {below[0].lstrip()}"
            yield from below[1:]
        else:
            yield f"{indent}-"
            yield from _items(value, (*path, index), notes, depth + 1)


def _spread(path: Keys, value: Any) -> bool:
    """Whether this never stands on one line."""
    named = (len(path) == 1 and path[0] in _BLOCKS) or path[:-1] in _WITHIN or path in _BELOW
    return named and bool(_parts(value))


def _parts(value: Any) -> Sequence[Any]:
    return list(value.values()) if is_map(value) else value if is_seq(value) else ()


def _told(line: str, note: str, depth: int) -> Iterator[str]:
    """A line with a comment."""
    shown = f"{f'{line} '.ljust(COLUMN)} # {note}"
    if not note:
        yield line
    elif "\n" not in note and len(shown) <= WIDTH:
        yield shown
    else:
        yield from _comment(note, depth)
        yield line


def _comment(note: str, depth: int) -> list[str]:
    return [f"{'  ' * depth}# {line}".rstrip() for line in note.splitlines()]


# ── Values on one line ────────────────────────────────────────────────────────────────────────────────────────────


def _value(value: Any) -> str:
    """A value that ends its line."""
    return _text(value, "a: {}") if isinstance(value, str) else _flow(value)


def _flow(value: Any) -> str:
    if is_map(value):
        return f"{{{_joined(f'{_key(key)}: {_flow(inner)}' for key, inner in value.items())}}}"
    if is_seq(value):
        return f"[{_joined(map(_flow, value))}]"
    if isinstance(value, str):
        return _text(value, "{{a: {}}}")
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)


@cache
def _text(text: str, frame: str) -> str:
    """A text without quotes where it reads as just that in its place."""
    return text if _reads(frame.format(text), text) else _quoted(text)


@cache
def _key(text: str) -> str:
    return text if _reads(f"{{a: {{{text}: x}}}}", {text: "x"}) else _quoted(text)


def _reads(text: str, wanted: Any) -> bool:
    try:
        return source.parse(text.encode(errors="replace"), "text").data == {"a": wanted}
    except Invalid:
        return False


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(c if c.isprintable() else _escape(ord(c)) for c in escaped)}"'


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
