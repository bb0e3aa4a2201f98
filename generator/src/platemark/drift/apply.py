"""Specs patched where the documents decide: a figure is put in place of another in the line that states it.

Nothing else of the file changes: comments, order and layout stay. What the documents do not decide is left, with the
reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from platemark.drift.renders import whom
from platemark.drift.report import Row
from platemark.ir import Document
from platemark.source import Keys, Tree
from platemark.spec.model import Spec

APPLIED = frozenset(
    ("range", "one_of", "fixed", "length", "count", "area", "side", "ratio", "formats", "bytes", "rounds", "tokens",
     "default", "recommended", "exceptions", "alias", "price", "retention", "poll", "limit", "route")
)  # fmt: skip
"""Kinds whose lines hold the figures themselves."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A figure put in place of another, at a place of a file: line and column counted from 1."""

    file: str
    line: int
    column: int
    old: str
    new: str
    row: Row
    unread: tuple[str, ...] = ()
    """Documents that the line cites too, and that were not given: they may still say the old figure."""

    def __str__(self) -> str:
        said = f"{self.file}:{self.line}: {self.row.id}: {self.old} → {self.new} ({self.row.document}:{self.row.line})"
        return said + (f"; {', '.join(self.unread)}, cited for it too, was not given" if self.unread else "")


@dataclass(frozen=True, slots=True)
class Left:
    """What the documents do not decide, and why."""

    row: Row
    why: str

    def __str__(self) -> str:
        row = self.row
        return f"{row.id} ({whom(row.models)}): {row.old or 'nothing'} → {row.new or 'nothing'}: {self.why}"


@dataclass(frozen=True)
class Patch:
    """Texts of files as they would be, the edits in them, and what is left to a person."""

    files: Mapping[str, str]
    edits: tuple[Edit, ...]
    left: tuple[Left, ...]

    def json(self) -> dict[str, Any]:
        """As `--format json` prints it."""
        edits = [
            {"file": e.file, "line": e.line, "id": e.row.id, "old": e.old, "new": e.new, "unread": list(e.unread)}
            for e in self.edits
        ]
        return {"applied": edits, "left": [{**left.row.json(), "why": left.why} for left in self.left]}


def patch(spec: Spec, texts: Mapping[str, str], rows: Sequence[Row]) -> Patch:
    """The specs with every change that the documents decide. `texts` are the files as they are, by name."""
    trees = {file.tree.file: file.tree for file in (*spec.providers, *spec.families)}
    documents = {document.id: document for document in spec.documents}
    edits: dict[tuple[str, int, int], Edit] = {}
    left: list[Left] = []
    by_line: dict[tuple[str, Keys], list[Row]] = defaultdict(list)
    for row in rows:
        by_line[row.file, row.path].append(row)
    for row in rows:
        if row.status not in {"changed", "suspect", "vanished", "moved"}:
            continue
        why = _undecided(row, by_line[row.file, row.path], documents)
        same = by_line[row.file, row.path]
        edit = None if why else _edit(row, trees.get(row.file), texts.get(row.file, ""))
        edit = edit and replace(edit, unread=() if row.losing else _unread(row, same))
        if edit is None:
            left.append(Left(row, why or "its line does not hold the figure as the document printed it"))
            continue
        known = edits.setdefault((edit.file, edit.line, edit.column), edit)
        if known.new != edit.new:
            left.append(Left(row, f"another document, or another place, says {known.new}"))
    files = {name: _spliced(text, [e for e in edits.values() if e.file == name]) for name, text in texts.items()}
    changed = {name: text for name, text in files.items() if text != texts[name]}
    return Patch(changed, tuple(edits.values()), tuple(left))


def _undecided(row: Row, same: Sequence[Row], documents: Mapping[str, Document]) -> str:
    """Why a person must look, or nothing."""
    if row.status != "changed":
        return row.why or f"it is {row.status}"
    if row.still:
        return f"the document still says {row.old} on line {', '.join(map(str, row.still))}"
    if row.why:
        return row.why
    if not row.old or not row.new:
        return "a figure came or went, none took its place"
    if row.kind not in APPLIED:
        return f"a change of `{row.kind}` is for a person to write"
    others = [r for r in same if r.document != row.document]
    if any(r.status == "confirmed" for r in others):
        return f"{', '.join(sorted({r.document for r in others if r.status == 'confirmed'}))} still says {row.old}"
    unread = _unread(row, same)
    document = documents.get(row.cited)
    if unread and not row.losing and (document is None or document.kind != "reference"):
        return f"it is no reference, and {', '.join(unread)} was not given"
    if any(
        r.status == "changed" and r.document == row.document and r.old == row.old and r.new != row.new for r in same
    ):
        return "it says several things now"
    return ""


def _unread(row: Row, same: Sequence[Row]) -> tuple[str, ...]:
    """The documents beside the row's own that its line cites, and that were not given."""
    return tuple(sorted({r.document for r in same if r.document != row.document and r.status == "unchecked"}))


def _edit(row: Row, tree: Tree | None, text: str) -> Edit | None:
    """Where the figure stands in its line, if it stands there once as a whole."""
    if tree is None or not row.path:
        return None
    found = [place for keys in _scalars(tree, row.path) for place in _standing(tree, keys, row, text)]
    if len(found) == 1:
        line, column = found[0]
        return Edit(row.file, line, column, row.old, row.new, row)
    return None


def _scalars(tree: Tree, path: Keys) -> Iterator[Keys]:
    """The paths of all single values at a path."""
    below = [keys for keys in tree.values if keys[: len(path)] == path and "from" not in keys[len(path) :]]
    return (keys for keys in below if not any(other[: len(keys)] == keys and other != keys for other in below))


def _standing(tree: Tree, keys: Keys, row: Row, text: str) -> Iterator[tuple[int, int]]:
    """Line and column of the figure within one value."""
    place = tree.values[keys]
    if place.line != place.end_line:
        return
    written = text.split("\n")[place.line - 1][place.column - 1 : place.end_column - 1]
    figure = re.compile(rf"(?<![\w*])(?<!\w\.){re.escape(row.old)}(?![\w*]|\.\d)")
    hits = list(figure.finditer(written))
    if len(hits) > 1 and row.side:
        hits = [hits[0] if row.side == "low" else hits[-1]]
    yield from ((place.line, place.column + hit.start()) for hit in hits)


def _spliced(text: str, edits: Sequence[Edit]) -> str:
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda e: (e.line, e.column), reverse=True):
        line = lines[edit.line - 1]
        at = edit.column - 1
        lines[edit.line - 1] = line[:at] + edit.new + line[at + len(edit.old) :]
    return "\n".join(lines)
