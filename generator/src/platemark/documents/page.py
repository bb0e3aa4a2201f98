"""A page as it is compared and locked: statements, each with its figures. Its prose is at hand, and never written."""

from __future__ import annotations

from dataclasses import dataclass, field

from platemark.documents.atoms import Atom


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, an item, a cell or a line of code: what it is about, and the figures in it."""

    digest: str
    """Of its normal text."""
    mask: str
    """Of its normal text without the figures."""
    words: frozenset[str]
    """Its words, each as a digest too short to be read back: how like two statements are."""
    atoms: tuple[Atom, ...]
    line: int
    section: str = ""
    """The heading above it, for people; in a lock only where specs cite it."""
    chapter: str = ""
    """The digest of that heading."""
    subject: str = ""
    """The parameter or field that it speaks of."""
    zone: str = ""
    """`request`, `response`, `errors`, or empty where the page does not say."""
    models: tuple[str, ...] = ()
    """The models that the text before it was about."""
    sample: bool = False
    """Whether it is code, or says that it gives an example."""
    defines: str = ""
    """The parameter or field whose entry begins here."""
    own: bool = False
    """Whether `models` stand in its own row."""
    table: int = 0
    """Which table of the page it stands in, counted from 1; 0: in none."""
    capture: int = 0
    """Which capture of the page it stands in."""
    text: str = field(default="", compare=False, repr=False)
    """As it stands, in one way of writing. For who reads a page that is at hand: never compared, locked or shown."""
    column: str = field(default="", compare=False, repr=False)
    """Of a cell, likewise: the name of its column."""

    @property
    def values(self) -> frozenset[tuple[str, str]]:
        """Types and values of its figures."""
        return frozenset((atom.type, atom.value) for atom in self.atoms)

    @property
    def place(self) -> str:
        """The section and the entry, for people."""
        return ": ".join(part for part in (self.section, self.subject) if part)


@dataclass(frozen=True, slots=True)
class Page:
    """A document, read."""

    statements: tuple[Statement, ...]
    status: str = "ok"
    """`ok`, `missing` (gone, empty, a login page) or `unreadable`."""
    why: str = ""
    damaged: tuple[tuple[int, str], ...] = ()
    """Line, and what can't be read there."""
    captures: int = 1

    @property
    def values(self) -> frozenset[tuple[str, str]]:
        """Types and values of the figures in all of its statements."""
        return frozenset((atom.type, atom.value) for statement in self.statements for atom in statement.atoms)
