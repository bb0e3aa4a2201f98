"""Who says so: documents, the places in them, and where they disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
Verdict: TypeAlias = Literal["accept", "note", "adjust", "reject"]
Status: TypeAlias = Literal["agreed", "stated", "external", "conflict", "unresolved"]


@dataclass(frozen=True, slots=True)
class Document:
    """A source: an edition of a page. `held` documents can be pinned and watched; others are cited only."""

    id: str
    title: str
    kind: str
    date: str
    language: str
    held: bool
    page: str = ""
    publisher: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A document, the place in it, and the figures that stand there."""

    document: str
    place: str
    figures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says that lost a conflict."""

    document: str
    says: Json


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources disagree: what the winner is about, who lost, and what decided. `clause` is one of DECISIONS."""

    about: str
    losers: tuple[Reading, ...]
    clause: str
    because: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who says so."""

    sources: tuple[Source, ...]
    status: Status
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement that is no rule (a route, an alias, a price, a rate): its id, value and evidence."""

    id: str
    value: Json
    evidence: Evidence
