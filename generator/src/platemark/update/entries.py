"""Lines in a changelog that somebody keeps, under *Unreleased*; every other line stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_UNRELEASED = re.compile(r"## \[?unreleased\]?\s*", re.IGNORECASE)
_SECTION = re.compile(r"### ")
_RELEASE = re.compile(r"## |\[[^\]]+\]: ")
"""The next release, or the addresses at the foot of the file."""


def entered(text: str, entries: Mapping[str, Sequence[str]]) -> str:
    """A changelog with more entries, by the section of *Unreleased* that they belong to (`Changed`, …).

    One that is empty is begun."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n") if text.strip() else ["# Changelog"]
    start = _next(lines, 0, len(lines), _UNRELEASED)
    if start == len(lines):
        start = _next(lines, 0, len(lines), _RELEASE)
        begun = ["## [Unreleased]", ""] if start < len(lines) else ["", "## [Unreleased]"]
        lines[start:start] = begun
        start += begun.index("## [Unreleased]")
    for section, bullets in entries.items():
        _add(lines, start, f"### {section}", bullets)
    return newline.join(lines) + newline


def _add(lines: list[str], start: int, heading: str, bullets: Sequence[str]) -> None:
    """Put bullets after the last of their section; where it is missing, it is begun after the others."""
    end = _next(lines, start + 1, len(lines), _RELEASE)
    if heading in lines[start:end]:
        start = lines.index(heading, start)
        end = _next(lines, start + 1, end, _SECTION)
        fresh = list(bullets)
    else:
        fresh = ["", heading, "", *bullets]
    last = max(i for i in range(start, end) if lines[i].strip())
    lines[last + 1 : last + 1] = ["", *fresh] if lines[last] == heading else fresh


def _next(lines: Sequence[str], start: int, end: int, wanted: re.Pattern[str]) -> int:
    return next((i for i in range(start, end) if wanted.match(lines[i])), end)
