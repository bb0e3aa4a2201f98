"""What the lock keeps of new captures. A suspect figure stays as it was, so that it is told until somebody looks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from platemark.documents import lock
from platemark.documents.atoms import Atom
from platemark.documents.page import Page, Statement
from platemark.drift import Capture, Drift, Reader, one_capture
from platemark.drift.claims import Claim
from platemark.drift.compare import compare
from platemark.drift.report import SEMANTIC
from platemark.drift.scopes import scoped
from platemark.drift.suspects import suspicion

_At: TypeAlias = "tuple[int, int, str]"


@dataclass(frozen=True, slots=True)
class Pin:
    """A document that was given, and what the lock is to hold of it; `why` it keeps what it held, or some of it."""

    document: str
    """Its id, whatever the caller called it."""
    entry: Mapping[str, Any] | None
    why: str = ""

    def json(self) -> dict[str, Any]:
        """As `--format json` prints it."""
        return {"document": self.document, "pinned": self.entry is not None} | ({"why": self.why} if self.why else {})


def pin(
    reader: Reader,
    name: str,
    new: Sequence[Capture],
    *,
    old: Sequence[Capture],
    held: Mapping[str, Any],
    found: Drift,
) -> Pin:
    """What the lock is to hold of a document, by the name that the caller gave it."""
    document = reader.document(name, new[0].raw).id
    for read in found.documents:
        if read.id == name and read.status != "ok":
            return Pin(document, None, f"it is {read.status}: {read.why}")
    told = {row.status for row in found.rows if row.document == name and row.status in SEMANTIC}
    if told == {"suspect"} and not any(news.document == name for news in found.news):
        return Pin(document, None, "it says nothing new but what is suspect")
    after = reader.page(new)
    entry = held.get(document)
    whole = lock.page(entry) if entry else Page(())
    if 1 < after.captures < whole.captures:
        return Pin(document, None, f"it is pinned in {whole.captures} captures, and {after.captures} were given")
    before = one_capture(reader.page(old) if old else whole, after)
    kept, stayed = _doubts(before, after, reader.about(document))
    untold = {row.line for row in found.rows if row.document == name and row.status == "suspect"} - stayed
    if untold:
        return Pin(document, None, f"line {', '.join(map(str, sorted(untold)))} holds a suspect figure")
    made = lock.entry(kept, [capture.raw for capture in new], reader.sections)
    why = f"but for what is suspect on line {', '.join(map(str, sorted(stayed)))}" if stayed else ""
    return Pin(document, _beside(whole, kept, made, entry, reader) if entry else made, why)


def _doubts(before: Page, after: Page, claims: Sequence[Claim]) -> tuple[Page, set[int]]:
    """The new page with suspect figures as they were, and the lines on which it has some."""
    doubts: dict[_At, list[tuple[Atom, Atom]]] = defaultdict(list)
    for change in compare(scoped(before, claims), scoped(after, claims)).changes:
        if change.old and change.new and change.after and suspicion(change):
            doubts[_at(change.after)].append((change.new, change.old))
    told = tuple(_undone(s, doubts[_at(s)]) if _at(s) in doubts else s for s in after.statements)
    return replace(after, statements=told), {line for _, line, _ in doubts}


def _at(statement: Statement) -> _At:
    return statement.capture, statement.line, statement.digest


def _undone(statement: Statement, doubts: Sequence[tuple[Atom, Atom]]) -> Statement:
    """A statement with figures as they were; with no digest of a text, since the page has none that says so."""
    was = {(new.at, new.type, new.value): replace(old, at=new.at) for new, old in doubts}
    atoms = tuple(was.get((atom.at, atom.type, atom.value), atom) for atom in statement.atoms)
    return replace(statement, digest=statement.mask, atoms=atoms)


def _beside(whole: Page, after: Page, made: dict[str, Any], entry: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """A new capture beside the others in which the document is pinned."""
    replaced = one_capture(whole, after).statements
    if after.captures >= whole.captures or not replaced:
        return made
    index = replaced[0].capture
    others = [s for s in whole.statements if s.capture != index]
    mine = [replace(s, capture=index) for s in after.statements]
    merged = replace(whole, statements=tuple(sorted([*others, *mine], key=lambda s: (s.capture, s.line))))
    files = [digest if i != index else made["files"][0] for i, digest in enumerate(entry["files"])]
    return {**lock.entry(merged, [], reader.sections), "files": files, "damaged": entry["damaged"]}
