"""Who says what: sources, status and conflicts, derived from `sources`, `from` and `conflicts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from platemark.ir import Conflict, Document, Evidence, Reading, Source, Status, Verdict
from platemark.rules.values import figures
from platemark.spec.model import Losing, Stated

_VERDICTS: Mapping[str, Verdict] = {
    "error": "reject",
    "newest": "reject",
    "compatible": "reject",
    "silence": "note",
    "third-party": "note",
    "unresolved": "note",
}
"""What becomes of a request that only a losing reading allows, by the clause that decided."""


def conflict(losing: Losing) -> Conflict:
    """A conflict with its verdict, which the clause gives unless the spec says otherwise."""
    verdict: Verdict = "note" if losing.verdict == "note" else "reject" if losing.verdict else _VERDICTS[losing.clause]
    readings = tuple(Reading(document, says) for document, says in losing.readings.items())
    return Conflict(losing.key, readings, losing.clause, losing.because, verdict)


class Ledger:
    """The evidence of one file's facts. It remembers which conflicts were asked for, so that lint finds idle ones."""

    def __init__(
        self,
        documents: Iterable[Document],
        sources: Mapping[str, tuple[str, ...]],
        conflicts: Mapping[str, Losing],
        shared: Mapping[str, Losing] | None = None,
    ) -> None:
        self.documents = {document.id: document for document in documents}
        self.sources = sources
        self.conflicts = conflicts
        self.shared = shared if shared is not None else conflicts
        self.used: set[str] = set()
        self.unsourced: list[tuple[str, Stated]] = []
        self.told: list[tuple[Stated, Evidence]] = []
        """The line behind each piece of evidence, for who must change it."""

    def losing(self, fact: str, layer: str) -> Losing | None:
        """The conflict about a fact that was stated in this layer: a mode or route stands in front of its key."""
        kind, _, name = layer.partition(":")
        keys = [f"{name}.{fact}"] if kind in {"mode", "route"} else [fact]
        known = self.shared if kind == "provider" and not any(key in self.conflicts for key in keys) else self.conflicts
        found = next((key for key in keys if key in known), None)
        if found is None:
            return None
        self.used.add(found)
        return known[found]

    def of(self, fact: str, stated: Stated, subject: str) -> Evidence:
        """The evidence of a fact: all sources of the file but those that lost, or those that its line names."""
        losing = self.losing(fact, stated.layer)
        losers = set(losing.readings) if losing and losing.clause != "compatible" else set[str]()
        named = stated.sources if stated.sources is not None else tuple(d for d in self.sources if d not in losers)
        if not named:
            self.unsourced.append((fact, stated))
        shown = figures(stated.value)
        sources = tuple(Source(document, self.place(document, subject), shown) for document in named)
        evidence = Evidence(sources, self.status(named, losing), conflict(losing) if losing else None)
        self.told.append((stated, evidence))
        return evidence

    def place(self, document: str, subject: str) -> str:
        """The sections that the file names for this document, and the entry in them."""
        sections = ", ".join(self.sources.get(document, ()))
        return f"{sections}: {subject}" if sections else subject

    def status(self, documents: Iterable[str], losing: Losing | None) -> Status:
        """How well a fact is supported."""
        if losing and losing.clause == "unresolved":
            return "unresolved"
        if losing and losing.clause != "compatible":
            return "conflict"
        held = sum(self.documents[name].held for name in documents if name in self.documents)
        return "agreed" if held > 1 else "stated" if held else "external"
