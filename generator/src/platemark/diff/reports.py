"""Changes in words: as text, as a Markdown page for a pull request, and as an entry of a changelog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from platemark.diff.changes import IMPACTS, Change, Impact, Word
from platemark.diff.versions import Package

_HEADS: Mapping[Impact, str] = {
    "breaking": "Breaking",
    "compatible": "Compatible",
    "documentation": "Documentation only",
}
_SECTIONS: Mapping[Word, str] = {"added": "Added", "removed": "Removed", "deprecated": "Deprecated"}
"""Where Keep a Changelog has a change; all others are `Changed`."""
_SHOWN = 12
"""So many rows of documentation are told one by one; the others are counted."""


def where(change: Change) -> str:
    """The models, modes and routes of a change, on one line."""
    parts = [change.models, change.modes, change.routes]
    return " · ".join(", ".join(part) for part in parts if part) or change.provider or "documents"


def text(changes: Sequence[Change], packages: Iterable[Package]) -> str:
    """For a terminal."""
    blocks: list[str] = []
    for impact in IMPACTS:
        if rows := [change for change in changes if change.impact == impact]:
            lines = [line for change in rows for line in _lines(change)]
            blocks.append("\n".join([f"{_HEADS[impact]} ({len(rows)})", *lines]))
    blocks.append("\n".join(_versions(packages)) if changes else "no changes")
    return "\n\n".join(blocks)


def _lines(change: Change) -> Iterator[str]:
    yield f"  {change.sentence}"
    yield f"    {where(change)}"
    yield f"    {change.id}"
    if change.reason:
        yield f"    accepted: {change.reason}"


def _versions(packages: Iterable[Package]) -> Iterator[str]:
    for package in packages:
        told = "" if package.enough else f"; versions.yaml says {package.new}"
        yield f"{package.name} {package.old} → {package.due}{told}"


def markdown(changes: Sequence[Change], packages: Sequence[Package]) -> str:
    """The body of a pull request."""
    blocks = [_summary(changes)]
    for impact in IMPACTS:
        rows = [change for change in changes if change.impact == impact]
        if rows:
            blocks.append(f"## {_HEADS[impact]}")
            blocks.append("\n".join(_table(rows if impact != "documentation" else rows[:_SHOWN])))
        if impact == "documentation" and len(rows) > _SHOWN:
            blocks.append(f"… and {len(rows) - _SHOWN} more")
    if changes:
        lines = ["| package | from | to | `versions.yaml` |", "|---|---|---|---|"]
        blocks.append("## Versions")
        blocks.append("\n".join([*lines, *(f"| {p.name} | {p.old} | {p.due} | {p.new}{_late(p)} |" for p in packages)]))
        blocks.append("## Changelog")
        blocks.append(changelog(changes))
    return "\n\n".join(blocks)


def _late(package: Package) -> str:
    return "" if package.enough else " (too low)"


def _summary(changes: Sequence[Change]) -> str:
    if not changes:
        return "Nothing changes for callers."
    counts = [(impact, sum(change.impact == impact for change in changes)) for impact in IMPACTS]
    waiting = sum(change.impact == "breaking" and change.open for change in changes)
    told = f" {waiting} of the breaking ones wait for somebody to accept them." if waiting else ""
    return f"{', '.join(f'{count} {impact}' for impact, count in counts if count)}.{told}"


def _table(changes: Iterable[Change]) -> Iterator[str]:
    yield "| | where | documents | id |"
    yield "|---|---|---|---|"
    for change in changes:
        reason = f" — accepted: {change.reason}" if change.reason else ""
        cells = (f"{change.sentence}{reason}", where(change), ", ".join(change.documents), f"`{change.id}`")
        yield row(cells)


def row(cells: Iterable[str]) -> str:
    """A row of a table, whatever its cells hold."""
    return f"| {' | '.join(cell(words) for words in cells)} |"


def cell(words: str) -> str:
    """Words that stay in their cell, and are no markup of HTML."""
    return " ".join(words.split()).replace("|", "\\|").replace("<", "&lt;")


def changelog(changes: Sequence[Change]) -> str:
    """An entry in the form of Keep a Changelog, still to be given its version and date."""
    blocks = ["\n".join([f"### {name}\n", *lines]) for name, lines in entries(changes).items()]
    return "\n\n".join(["## [Unreleased]", *blocks])


def entries(changes: Sequence[Change]) -> Mapping[str, Sequence[str]]:
    """The lines of such an entry, by their sections."""
    told = [change for change in changes if change.impact != "documentation"]
    sections: dict[str, list[str]] = {"Added": [], "Changed": [], "Deprecated": [], "Removed": []}
    for change in told:
        breaking = "**Breaking:** " if change.impact == "breaking" else ""
        line = cell(f"- {breaking}{where(change)}: {change.sentence}.")
        sections[_SECTIONS.get(change.change, "Changed")].append(line)
    if cited := sorted({name for change in changes if change not in told for name in change.documents}):
        many = f"{len(changes) - len(told)} {'fact' if len(changes) - len(told) == 1 else 'facts'}"
        sections["Changed"].append(f"- Documentation: {many} cited or worded otherwise ({', '.join(cited)}).")
    return {name: lines for name, lines in sections.items() if lines}
