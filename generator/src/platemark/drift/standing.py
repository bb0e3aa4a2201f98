"""Whether the figures of a claim stand in a page, whatever it said before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from platemark.documents.atoms import Atom
from platemark.documents.page import Page, Statement
from platemark.drift.attribute import Ledger, ends
from platemark.drift.claims import Claim, Figure
from platemark.drift.compare import counts
from platemark.drift.report import Row
from platemark.drift.rows import row_of
from platemark.drift.scopes import scoped

SILENT = frozenset({"type", "required", "only_in", "unsupported", "alpha"})
"""What pages say in many words: where none of those that are known is left, nothing is known."""
PLAIN = frozenset({"int", "bool", "word", "message", "type", "decimal"})
"""What stands for too many things to be missed where a whole statement is gone."""
WORDS = frozenset({"bool", "policy", "word", "name", "type"})
_UNLISTED = frozenset({"error", "model", "alias", "schemes"})
"""What a page that is cited for it need not list."""
_TELLING = frozenset({"size", "ratio", "token", "format", "bytes", "money", "path", "host", "model", "state", "code"})


def facts(page: Page) -> Iterable[tuple[Statement, Atom]]:
    return ((statement, atom) for statement in page.statements for atom in statement.atoms if counts(atom, statement))


def found_yet(claim: Claim, page: Page) -> Statement | None:
    """A statement about the same that has one of a claim's figures, though in words that say less of what it is."""
    values = {(figure.type, figure.value) for figure in claim.figures}
    values |= {("decimal", figure.value.split()[0]) for figure in claim.figures if figure.type == "money"}
    for statement, atom in facts(page):
        mine = (
            not claim.parameter
            or statement.subject in {claim.parameter, ""}
            or atom.of == claim.parameter
            or atom.type in _TELLING
        )
        path = atom.type == "path" and any(f.type == "path" and ends(atom.value, f.value) for f in claim.figures)
        if mine and (path or (atom.type, atom.value) in values):
            return statement
    return None


def stands(page: Page, claims: Sequence[Claim], ledger: Ledger) -> Iterable[Row]:
    """Each claim of a document, and whether its figures stand in it: those that do not have vanished.

    What pages say in many words, or only in a sample, is left unchecked where it is not found."""
    cases: dict[Claim, list[tuple[Statement, Atom]]] = defaultdict(list)
    for statement, atom in facts(scoped(page, claims)):
        for _, claim in ledger.supported(atom, statement):
            cases[claim].append((statement, atom))
    for claim in claims:
        if not claim.figures:
            continue
        at = cases[claim][0][0] if cases[claim] else found_yet(claim, page)
        missing = [] if _worded(claim) else _missing(claim, cases[claim], page)
        if not missing and (at is not None or not _worded(claim)):
            yield row_of(claim, "confirmed", line=at.line if at else 0, place=at.place if at else "")
        elif _worded(claim) or claim.losing:
            yield row_of(claim, "unchecked", why="the document does not say it in words that are known")
        else:
            old = " ".join(figure.value for figure in missing)
            yield row_of(claim, "vanished", line=at.line if at else 0, old=old, why="it does not stand in the document")


def _worded(claim: Claim) -> bool:
    """Whether a claim is of a kind that pages say in words, or of one that a page need not list."""
    types = {figure.type for figure in claim.figures}
    return claim.kind in SILENT | _UNLISTED or claim.id == "prompt.count" or types <= WORDS


def _missing(claim: Claim, found: Sequence[tuple[Statement, Atom]], page: Page) -> list[Figure]:
    """The figures of a claim that stand nowhere. A damaged one stands where its digits do."""
    values = {(atom.type, atom.value) for _, atom in found}
    if claim.kind in {"tokens", "default", "route", "price", "state"} and values:
        return []
    anywhere = {(atom.type, atom.value.lower()) for _, atom in facts(page)}
    digits = {atom.value for _, atom in facts(page) if atom.type == "damaged"}
    return [
        figure
        for figure in claim.figures
        if (figure.type, figure.value) not in values
        and (figure.type, figure.value.lower()) not in anywhere
        and figure.value.replace("*", "") not in digits
        and not (figure.type == "path" and any(t == "path" and ends(v, figure.value.lower()) for t, v in anywhere))
    ]
