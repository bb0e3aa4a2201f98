"""What drift found, as values: the status of each rule, new facts, and how each document could be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

Status: TypeAlias = Literal["confirmed", "changed", "vanished", "moved", "suspect", "unchecked"]
SEMANTIC: frozenset[Status] = frozenset({"changed", "vanished", "moved", "suspect"})


@dataclass(frozen=True, slots=True)
class Row:
    """One rule, held by one document: what became of it."""

    id: str
    kind: str
    parameter: str
    models: tuple[str, ...]
    mode: str
    route: str
    status: Status
    document: str
    place: str
    old: str = ""
    new: str = ""
    line: int = 0
    """Of the new capture; of the old one where nothing is left in the new."""
    still: tuple[int, ...] = ()
    """Lines of the new capture that say the old figure yet."""
    why: str = ""
    file: str = ""
    """The spec that states it, and the line in it."""
    path: tuple[str | int, ...] = ()
    losing: bool = False
    cited: str = ""
    """The id of the document, whatever the caller called it."""
    side: str = ""
    """Which bound changed: `low` or `high`."""
    spec_line: int = 0

    def json(self) -> dict[str, Any]:
        """As `--format json` prints it."""
        found: dict[str, Any] = {
            "id": self.id, "models": list(self.models), "mode": self.mode, "route": self.route,
            "parameter": self.parameter, "kind": self.kind, "status": self.status,
            "document": self.document, "place": self.place, "old": self.old, "new": self.new, "line": self.line,
        }  # fmt: skip
        return found | ({"still": list(self.still)} if self.still else {}) | ({"why": self.why} if self.why else {})


@dataclass(frozen=True, slots=True)
class News:
    """Something that a document has and no spec: a model, a parameter, an address, an error code."""

    type: str
    value: str
    document: str
    line: int
    state: str = ""
    """Of models: `deprecated` where a notice says so."""
    old: str = ""
    new: str = ""
    """Of parameters that no spec has a line for: the figure that changed."""

    def json(self) -> dict[str, Any]:
        """As `--format json` prints it."""
        found: dict[str, Any] = {"type": self.type, "value": self.value, "document": self.document, "line": self.line}
        extra = {"state": self.state, "old": self.old, "new": self.new}
        return found | {name: value for name, value in extra.items() if value}


@dataclass(frozen=True, slots=True)
class Read:
    """A document, as it was asked for, and whether it could be read."""

    id: str
    status: str
    why: str = ""
    file: str = ""

    def json(self) -> dict[str, Any]:
        """As `--format json` prints it."""
        return {"id": self.id, "status": self.status} | ({"why": self.why} if self.why else {})


@dataclass(frozen=True)
class Drift:
    """Everything that was found."""

    documents: tuple[Read, ...] = ()
    rows: tuple[Row, ...] = ()
    news: tuple[News, ...] = ()
    cosmetic: int = 0

    @property
    def semantic(self) -> bool:
        """Whether a maintainer must look."""
        gone = any(read.status != "ok" for read in self.documents)
        return gone or bool(self.news) or any(row.status in SEMANTIC for row in self.rows)

    def json(self) -> dict[str, Any]:
        """As `--format json` prints it."""
        return {
            "documents": [read.json() for read in self.documents],
            "rules": [row.json() for row in self.rows],
            "facts": [news.json() for news in self.news],
            "cosmetic": self.cosmetic,
        }


def together(parts: list[Drift]) -> Drift:
    """What was found in several documents."""
    return Drift(
        tuple(read for part in parts for read in part.documents),
        tuple(row for part in parts for row in part.rows),
        tuple(news for part in parts for news in part.news),
        sum(part.cosmetic for part in parts),
    )


def called(drift: Drift, name: str) -> Drift:
    """The same, with the document named as the caller named it."""
    return replace(
        drift,
        documents=tuple(replace(read, id=name) for read in drift.documents),
        rows=tuple(replace(row, document=name) for row in drift.rows),
        news=tuple(replace(news, document=name) for news in drift.news),
    )
