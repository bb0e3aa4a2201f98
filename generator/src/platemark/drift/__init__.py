"""Documents → stale rules: what changed in what a document says, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from platemark.documents import lock
from platemark.documents.page import Page
from platemark.documents.read import language, read, together
from platemark.drift.attribute import Ledger
from platemark.drift.claims import Claim, claims
from platemark.drift.judging import judge
from platemark.drift.lexicon import lexicon, sections
from platemark.drift.report import Drift, News, Read, Row, called
from platemark.drift.report import together as drifts_together
from platemark.drift.rows import row_of
from platemark.drift.standing import stands
from platemark.ir import Document
from platemark.spec.model import Spec

__all__ = [
    "Capture",
    "Drift",
    "News",
    "Read",
    "Reader",
    "Row",
    "Unknown",
    "drift",
    "held_in_lock",
    "one_capture",
    "pinned",
]


@dataclass(frozen=True, slots=True)
class Capture:
    """A file that holds a document, or one of several parts of it; `document` is an id or the name of a page."""

    document: str
    file: str
    raw: bytes


class Unknown(Exception):
    """No document is called so."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class Reader:
    """Reads documents by the names that specs know."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.lexicon = lexicon(spec)
        self.sections = sections(spec)
        self.claims = claims(spec)

    def document(self, name: str, raw: bytes = b"") -> Document:
        """A document by its id, or by its page: of several editions the held one, or that in the file's language.

        Raises Unknown."""
        by_id = {document.id: document for document in self.spec.documents}
        if name in by_id:
            return by_id[name]
        editions = [document for document in self.spec.documents if document.page == name]
        if not editions:
            raise Unknown(name)
        spoken = language(raw.decode("utf-8", "replace")) if raw else ""
        return min(editions, key=lambda d: (bool(spoken) and d.language != spoken, not d.held))

    def page(self, captures: Sequence[Capture]) -> Page:
        """What the captures of one document hold."""
        return together([read(each.raw, each.file, self.lexicon, self.sections) for each in captures])

    def about(self, document: str) -> list[Claim]:
        """The claims that cite a document."""
        return [claim for claim in self.claims if claim.document == document]


def drift(
    reader: Reader, new: Mapping[str, Sequence[Capture]], old: Mapping[str, Sequence[Capture]], held: Mapping[str, Any]
) -> Drift:
    """What changed in each document of `new`, against the same of `old`, or as it is `held` in a lock.

    Documents go by the names that the caller gave them. Raises Unknown for one that no spec cites, and KeyError for
    one that has nothing to be held against."""
    found: list[Drift] = []
    given: set[str] = set()
    for name, captures in new.items():
        document = reader.document(name, captures[0].raw)
        given.add(document.id)
        before = reader.page(old[name]) if name in old else lock.page(held[document.id])
        after = reader.page(captures)
        before = one_capture(before, after)
        about = reader.about(document.id)
        part = judge(document.id, before, after, claims=about, lexicon=reader.lexicon, known=reader.claims)
        found.append(called(part, name))
    rest = [claim for claim in reader.claims if claim.document not in given and claim.figures]
    found.append(Drift(rows=tuple(row_of(claim, "unchecked") for claim in rest)))
    return drifts_together(found)


def one_capture(before: Page, after: Page) -> Page:
    """Where a document was pinned in several captures and one is given: that which it is most like."""
    if before.captures == 1 or after.captures >= before.captures or after.status != "ok":
        return before
    masks = {statement.mask for statement in after.statements}

    def likeness(capture: int) -> float:
        mine = [s for s in before.statements if s.capture == capture]
        return sum(s.mask in masks for s in mine) / max(1, len(mine))

    best = max(range(before.captures), key=likeness)
    kept = tuple(s for s in before.statements if s.capture == best)
    return replace(before, statements=kept, captures=1)


def pinned(reader: Reader, captures: Sequence[Capture], document: str) -> tuple[Page, dict[str, Any]]:
    """A document as it is read, and what the lock keeps of it."""
    found = reader.page(captures)
    return found, lock.entry(found, [each.raw for each in captures], reader.sections)


def held_in_lock(reader: Reader, held: Mapping[str, Any]) -> Drift:
    """Whether every figure that a spec cites from a pinned document stands in the lock, at the place."""
    found: list[Drift] = []
    for name, entry in held.items():
        about = reader.about(name)
        page = lock.page(entry)
        rows = stands(page, about, Ledger(about))
        found.append(Drift((Read(name, "ok"),), tuple(rows)))
    return drifts_together(found)
