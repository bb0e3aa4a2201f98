"""The literal filters of Markdown: what comes from a spec shows as it is written, and never acts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

_ACTIVE = re.compile(r"[\\`*\[\]<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[A-Za-z#])")
_AT_START = re.compile(r"^(\d+)?([-+=#.)])(?=\s|$|[-+=#])")
_AUTOLINK = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=www)\.|@(?=\w)", re.IGNORECASE)
_SIZE = re.compile(r"(?<![\w*])(\d+\*\d+)(?![\w*])")
_RUN = re.compile("`+")
_ADDRESS = re.compile(r"(?:[A-Za-z0-9._-]+/)*[A-Za-z0-9._-]+\.md|#[a-z0-9_-]+")


def text(value: object) -> str:
    """Text on one line, inert in a paragraph, a list and a cell of a table. Sizes (`512*512`) become code."""
    parts = _SIZE.split(one_line(str(value)))
    return "".join(f"`{part}`" if index % 2 else _inert(part) for index, part in enumerate(parts))


def _inert(part: str) -> str:
    escaped = _ACTIVE.sub(lambda found: "\\" + found[0], part)
    escaped = _AUTOLINK.sub(lambda found: "&#64;" if found[0] == "@" else "\\" + found[0], escaped)
    return _AT_START.sub(lambda found: f"{found[1] or ''}\\{found[2]}", escaped)


def code(value: object) -> str:
    """A code span, also in a cell of a table; what can't stand in one everywhere becomes inert text."""
    line = one_line(str(value))
    return f"`{line}`" if line and not set(line) & {"`", "|"} else _inert(line)


def codes(values: Iterable[object]) -> str:
    """Code spans, with commas between; a dash for none."""
    return ", ".join(code(value) for value in values) or "–"


def link(path: object, label: object) -> str:
    """A link to a page of the same emission, or to a heading of this one. Raises ValueError for any other address."""
    if not _ADDRESS.fullmatch(str(path)):
        raise ValueError(f"{path} is no path of a page")
    return f"[{text(label)}]({path})"


def block(value: object, language: str) -> str:
    """A block of code, fenced longer than any run of backticks inside."""
    body = "\n".join(_shown(line) for line in str(value).rstrip("\n").split("\n"))
    fence = "`" * max(3, *(len(run) + 1 for run in _RUN.findall(body)), 3)
    return f"{fence}{language}\n{body}\n{fence}"


def one_line(value: str) -> str:
    """White space becomes a blank, and characters that don't show (controls, direction marks) become their numbers."""
    return _shown(" ".join(value.split()))


def _shown(value: str) -> str:
    return "".join(c if unicodedata.category(c) not in {"Cc", "Cf", "Zl", "Zp"} else f"U+{ord(c):04X}" for c in value)


FILTERS: Mapping[str, Callable[..., str]] = {"text": text, "code": code, "codes": codes, "link": link, "block": block}
