"""Problems are values: collected, returned, and printed once, all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


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

    code: str
    message: str
    place: Place
    hint: str = ""

    def render(self) -> str:
        """The problem as a listing of the offending line."""
        at = self.place
        lines = [f"{at.file}:{at.line}:{at.column}: {self.code}: {self.message}"]
        if at.text.strip():
            width = at.end_column - at.column if at.end_line == at.line else len(at.text) - at.column + 1
            number = str(at.line)
            lines.append(f"  {number} | {at.text}")
            lines.append(f"  {' ' * len(number)} | {' ' * (at.column - 1)}{'^' * max(1, width)}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
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
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, else all of them."""
    known = sorted(known)
    if close := nearest(name, known):
        return f"did you mean {close}?"
    return f"known: {', '.join(known)}" if known else ""
