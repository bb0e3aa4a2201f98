"""What an update did, in words and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from platemark import diff
from platemark.diff import Change, Package
from platemark.drift import Drift, renders
from platemark.drift.apply import Patch
from platemark.drift.report import SEMANTIC
from platemark.problems import Problem
from platemark.update.pins import Pin

_NAMED = 3
"""So many rules and documents a title names; more are counted."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The step that could not be done, so that nothing was written, and why."""

    step: Literal["lint", "generate"]
    message: str
    problems: Sequence[Problem] = ()

    def json(self) -> dict[str, Any]:
        """As `--format json` prints it."""
        return {
            "step": self.step,
            "message": self.message,
            "problems": [problem.json() for problem in self.problems],
        }


@dataclass(frozen=True)
class Update:
    """Everything that came of an update, up to the step that failed."""

    key: str
    drift: Drift
    patch: Patch = field(default_factory=lambda: Patch({}, (), ()))
    changes: Sequence[Change] = ()
    packages: Sequence[Package] = ()
    pins: Sequence[Pin] = ()
    written: Mapping[Path, Literal["added", "changed", "removed"]] = field(default_factory=dict[Path, Any])
    """Files; those that would be, in a dry run."""
    dry: bool = False
    failure: Failure | None = None

    @property
    def title(self) -> str:
        """The change on one line."""
        rows = [row for row in self.drift.rows if row.status in SEMANTIC]
        gone = [f"{read.id} is {read.status}" for read in self.drift.documents if read.status != "ok"]
        said = list(dict.fromkeys(f"{row.id} {row.old or '–'} → {row.new or '–'}" for row in rows))
        said += list(dict.fromkeys(f"new {news.type} {news.value}" for news in self.drift.news))
        named = said or gone
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        where = dict.fromkeys([*(row.document for row in rows), *(news.document for news in self.drift.news)])
        head = f"{', '.join([*where][:_NAMED])}: " if where else ""
        return " ".join(f"{head}{', '.join(named[:_NAMED])}{more}".split())

    def json(self) -> dict[str, Any]:
        """As `--format json` prints it, and as a report in JSON holds it."""
        return {
            "change_key": self.key,
            "title": self.title,
            **self.drift.json(),
            **self.patch.json(),
            "changes": [change.json() for change in self.changes],
            "packages": [package.json() for package in self.packages],
            "changelog": diff.changelog(self.changes) if self.changes else "",
            "pinned": [pin.json() for pin in self.pins],
            "written": [{"file": path.as_posix(), "what": what} for path, what in self.written.items()],
            "dry_run": self.dry,
            "failed": self.failure.json() if self.failure else None,
        }


def text(update: Update) -> str:
    """For a terminal."""
    blocks = [renders.text(update.drift)]
    applied = [f"applied: {edit}" for edit in update.patch.edits]
    if lines := [*applied, *(f"left: {told}" for told in _left(update))]:
        blocks.append("\n".join(lines))
    if update.changes:
        blocks.append(diff.text(update.changes, update.packages))
    if update.failure:
        shown = [problem.render() for problem in update.failure.problems]
        blocks.append("\n".join([*shown, f"nothing was written: {update.failure.message}"]))
    elif update.key:
        blocks.append("\n".join([*_pins(update), *_files(update)]))
    if update.key:
        blocks.append(f"change key: {update.key}")
    return "\n\n".join(blocks)


def markdown(update: Update) -> str:
    """The body of a pull request."""
    blocks = list(_failed(update))
    blocks += ["## What the documents say now", renders.markdown(update.drift).strip()]
    if update.patch.edits:
        blocks += ["## Put into the specs", "\n".join(_edits(update))]
    if left := [f"- {diff.cell(told)}" for told in _left(update)]:
        blocks += ["## Left to a person", "\n".join(left)]
    if update.changes:
        blocks += ["## For callers", diff.markdown(update.changes, update.packages)]
    if update.key and not update.failure:
        blocks += ["## Files", "\n".join(f"- {line}" for line in [*_pins(update), *_files(update)])]
    if update.key:
        blocks.append(f"Change key: `{update.key}`")
    return "\n\n".join(blocks)


def _failed(update: Update) -> Iterator[str]:
    if update.failure:
        yield f"**Nothing was written: {update.failure.message}.**"
        if update.failure.problems:
            listed = "\n\n".join(problem.render() for problem in update.failure.problems)
            yield f"```\n{listed.replace('```', '` ` `')}\n```"


def _edits(update: Update) -> Iterator[str]:
    yield "| where | rule | from | to | says |\n|---|---|---|---|---|"
    for edit in update.patch.edits:
        says = f"{edit.row.document}, line {edit.row.line}"
        yield diff.row((f"{edit.file}:{edit.line}", f"`{edit.row.id}`", f"`{edit.old}`", f"`{edit.new}`", says))


def _left(update: Update) -> Iterator[str]:
    yield from map(str, update.patch.left)
    for news in update.drift.news:
        told = f" is {news.state}" if news.state else f" ({news.old} → {news.new})" if news.old or news.new else ""
        yield f"{news.type} {news.value}{told}: no spec has it ({news.document}:{news.line})"
    for read in update.drift.documents:
        if read.status != "ok":
            yield f"{read.id}: the page is {read.status}, so its rules were not looked at: {read.why}"


def _pins(update: Update) -> Iterator[str]:
    for pin in update.pins:
        told = "not pinned" if pin.entry is None else "would be pinned" if update.dry else "pinned"
        yield f"{told}: {pin.document}{f': {pin.why}' if pin.why else ''}"


def _files(update: Update) -> Iterator[str]:
    would = "would be " if update.dry else ""
    for word in ("added", "changed", "removed"):
        paths = [path.as_posix() for path, what in update.written.items() if what == word]
        if paths:
            more = f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else ""
            yield f"{would}{word}: {', '.join(paths[:_LISTED])}{more}"
    if not update.written:
        yield "no file is another"


_LISTED = 8
"""So many files are named; more are counted."""
