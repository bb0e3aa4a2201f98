"""Problems are values: collected, returned, and printed once, all of them."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Code: TypeAlias = Literal[
    # What is no readable YAML
    "unreadable", "stray-file", "too-large", "not-utf-8", "hidden-character", "not-yaml", "too-deep",
    "several-documents", "no-anchors", "no-tags", "no-merge", "no-floats", "too-big", "bad-key", "twice",
    # What departs from the meta-schema
    "no-provider", "unknown-key", "missing-key", "bad-name", "bad-type", "bad-value", "bad-form",
    # Names that nothing has
    "unknown-answer-field", "unknown-code", "unknown-document", "unknown-endpoint", "unknown-field",
    "unknown-mode", "unknown-model", "unknown-parameter", "unknown-payload", "unknown-placeholder", "unknown-region",
    "unknown-result", "unknown-route", "unknown-rule", "unknown-shared", "unknown-state", "unknown-transport",
    # What lacks something
    "no-host", "no-item", "no-place", "no-result", "no-route", "no-source", "no-state", "no-status", "no-stream",
    "no-tasks", "no-type", "incomplete", "todo",
    # What stands twice, or for nothing
    "idle-acknowledgement", "expired-acknowledgement",
    "same-name", "stated-twice", "two-types", "one-slot", "both-lists", "idle-conflict", "idle-document",
    "idle-exception", "idle-fact",
    # What does not go together
    "bad-skeleton", "bad-route", "like-of-like", "wrong-kind", "wrong-type", "wrong-when", "modes-gap", "modes-overlap",
    "empty-domain", "soft-outside", "bad-choice", "bad-default", "bad-recommended", "bad-example",
]  # fmt: skip
"""What a problem is of, for people who filter: codes are stable, messages are not."""
CODES: tuple[Code, ...] = get_args(Code)

_SHOWN = 160
"""A longer line is shown in part."""
_LISTED = 24
"""So many names a person still reads."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a text file. Lines and columns count from 1, in characters; `end` is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str = ""
    """The whole line on which the place begins."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the input: a stable code, where it is, what it is, and what would work instead."""

    code: Code
    message: str
    place: Place
    hint: str = ""

    def render(self) -> str:
        """The problem as a listing of the offending line."""
        at = self.place
        lines = [_visible(f"{at.file}:{at.line}:{at.column}: {self.code}: {self.message}")]
        if at.text.strip():
            number, shown, before, marked = str(at.line), *_excerpt(at)
            lines.append(f"  {number} | {shown}")
            lines.append(f"  {' ' * len(number)} | {' ' * before}{'^' * max(1, marked)}")
        if self.hint:
            lines.append(_visible(f"  hint: {self.hint}"))
        return "\n".join(lines)

    def json(self) -> dict[str, object]:
        """The problem as `--format json` prints it."""
        at = self.place
        return {
            "file": at.file,
            "line": at.line,
            "column": at.column,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }


def _excerpt(at: Place) -> tuple[str, int, int]:
    """The line, or the part of a very long one that matters, and how far in and how wide its mark is."""
    start = at.column - 1
    end = at.end_column - 1 if at.end_line == at.line else len(at.text)
    end = max(start, min(end, len(at.text)))
    first = max(0, start - _SHOWN // 2) if len(at.text) > _SHOWN else 0
    last = min(len(at.text), first + _SHOWN)
    head, tail = "…" if first else "", "…" if last < len(at.text) else ""
    before, marked = _visible(at.text[first:start]), _visible(at.text[start : min(end, last)])
    return f"{head}{_visible(at.text[first:last])}{tail}", len(head) + _width(before), _width(marked)


def _visible(text: str) -> str:
    """Text as a terminal shows it: what would move the cursor or hide itself is written out."""
    return "".join(c if c.isprintable() else " " if c == "\t" else c.encode("unicode_escape").decode() for c in text)


def _width(text: str) -> int:
    """Columns on a terminal: an ideograph takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


class Invalid(Exception):
    """The specs do not load; `problems` says all that is wrong with them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join(problem.render() for problem in self.problems))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems once each, by place, so that output does not depend on the order of the checks."""
    return tuple(sorted(set(problems), key=lambda p: (p.place.file, p.place.line, p.place.column, p.code, p.message)))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, or nothing."""
    folded = {other.casefold(): other for other in sorted(known, reverse=True)}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.65)
    return folded[found[0]] if found else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, else all of them, or the first where they are many."""
    known = sorted(set(known))
    if close := nearest(name, known):
        return f"did you mean {close}?"
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return f"known: {', '.join(known[:_LISTED])}{more}" if known else ""
