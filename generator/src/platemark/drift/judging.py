"""From two captures of a document to the status of each rule that cites it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from platemark.documents.atoms import Atom, Lexicon
from platemark.documents.page import Page, Statement
from platemark.drift.about import NAMED, concerned, elsewhere
from platemark.drift.attribute import Ledger
from platemark.drift.claims import Claim
from platemark.drift.compare import Change, compare, holds
from platemark.drift.doubts import NEWLY, another, believed
from platemark.drift.news import news
from platemark.drift.report import Drift, News, Read, Row, Status
from platemark.drift.rows import printed, row_of
from platemark.drift.scopes import scoped
from platemark.drift.standing import PLAIN, SILENT, WORDS, facts, found_yet
from platemark.drift.suspects import suspicion

_Values: TypeAlias = "frozenset[tuple[str, str]]"
"""Types and values of the figures of a page."""
_STRONG = frozenset({"bytes", "time", "money", "percent", "size", "ratio", "token", "format", "int"})
"""What stands for so much that a page which states it for the first time says something new."""
_ANYWHERE = frozenset(
    {"price", "retention", "limit", "route", "state", "alias", "default", "range", "length", "area", "side", "count"}
)
"""Kinds of claims that a page may speak of though another document is cited for them."""


@dataclass
class _Case:
    """What speaks of one claim."""

    before: list[Statement] = field(default_factory=list[Statement])
    after: list[Statement] = field(default_factory=list[Statement])
    changes: list[Change] = field(default_factory=list[Change])


def judge(
    document: str, old: Page, new: Page, *, claims: Sequence[Claim], lexicon: Lexicon, known: Sequence[Claim]
) -> Drift:
    """What became of the claims about a document. `known` are all claims of the specs, for what is new."""
    if (untold := _unheld(document, old, new, claims)) is not None:
        return untold
    ledger = Ledger(claims)
    old, new = scoped(old, claims), scoped(new, claims)
    ours = {model for claim in claims for model in claim.models}
    others = Ledger(
        [c for c in known if c.document != document and c.kind in _ANYWHERE and (not ours or ours & {*c.models})]
    )
    found = compare(old, new)
    cases: dict[Claim, _Case] = defaultdict(_Case)
    unclaimed: list[News] = []
    for page, side in ((old, "before"), (new, "after")):
        for statement, atom in facts(page):
            for _, claim in ledger.supported(atom, statement):
                getattr(cases[claim], side).append(statement)
    for change in found.changes:
        about = concerned(change, ledger, old)
        if not about:
            about = [
                replace(c, document=document, why="cited from another document") for c in elsewhere(change, others, old)
            ]
            claims = [*claims, *about]
            unclaimed += [] if about else _unclaimed(change, document)
        for claim in about:
            cases[claim].changes.append(change)
    present = old.values, new.values
    rows = [row for claim in claims for row in _judged(claim, cases[claim], new, present)]
    rows = {replace(row, line=0, place=""): row for row in reversed(believed(rows))}  # one for all places
    fresh = [*news(old, new, known, lexicon, document=document, models=ours), *unclaimed]
    return Drift((Read(document, "ok"),), tuple(reversed(rows.values())), tuple(fresh), found.cosmetic)


def _unheld(document: str, old: Page, new: Page, claims: Sequence[Claim]) -> Drift | None:
    """What is told where two captures can't be held against each other."""
    if new.status != "ok":
        read, why = Read(document, new.status, new.why), f"the document is {new.status}"
    elif old.status != "ok":
        read, why = Read(document, "ok"), "there was nothing to hold it against"
    elif told := another(old, new):
        read, why = Read(document, "unreadable", told), "the document is unreadable"
    else:
        return None
    return Drift((read,), tuple(row_of(claim, "unchecked", why=why) for claim in claims))


def _unclaimed(change: Change, document: str) -> list[News]:
    """A limit or default of a parameter that no spec has a line for."""
    old, new, at = change.old, change.new, change.context
    if old is None or new is None or old.type == "damaged":
        return []
    if not _alone(change):
        return []
    bounds = bool(old.roles & {"default", "low", "high", "fixed"}) or old.unit in {"characters", "tokens"}
    telling = bounds and not at.sample and at.zone not in {"response", "errors"}
    return (
        [News("parameter", at.subject, document, change.line, old=printed(old, new), new=printed(new, old))]
        if telling and at.subject
        else []
    )


def _judged(claim: Claim, case: _Case, new: Page, present: tuple[_Values, _Values]) -> Iterable[Row]:
    """The rows of a claim: one for each change, or one that says how it stands."""
    if not claim.figures:
        return
    changes = list({(c.old and c.old.value, c.new and c.new.value): c for c in case.changes}.values())
    told = [row for change in changes if (row := _changed(claim, case, change, present)) is not None]
    if told:
        yield from told
    elif case.after and not case.before and (stated := _stated(claim, case, present[0])):
        at = case.after[0]
        yield row_of(claim, "changed", line=at.line, place=at.place, new=" ".join(stated), why=NEWLY)
    elif case.after:
        yield row_of(claim, "confirmed", line=case.after[0].line, place=case.after[0].place)
    elif case.before and (claim.kind in SILENT or {figure.type for figure in claim.figures} <= WORDS):
        yield row_of(claim, "unchecked", why="the page says it no more in words that are known")
    elif case.before and (found := found_yet(claim, new)):
        yield row_of(claim, "confirmed", line=found.line, place=found.place)
    elif (
        case.before and claim.parameter and any(s.subject == claim.parameter for s in new.statements) and _plain(claim)
    ):
        yield row_of(claim, "unchecked", why="the page has its parameter, but no such figure in words that are known")
    elif case.before and claim.kind == "route" and (claim.id.startswith("regions.") or not _others(claim, new)):
        yield row_of(claim, "unchecked", why="the page names none of the sort any more")
    elif case.before:
        lost = case.before[0]
        yield row_of(claim, "vanished", line=lost.line, place=lost.place, old=" ".join(f.value for f in claim.figures))
    else:
        yield row_of(claim, "unchecked", why="its figures are not found in the document")


def _changed(claim: Claim, case: _Case, change: Change, present: tuple[_Values, _Values]) -> Row | None:
    old, new = change.old, change.new
    if claim.id == "models" and _retold(change, present):
        return None
    still = tuple(dict.fromkeys(s.line for s in case.after if _says(s, old)))
    if old is not None and new is None and old.type == "name" and not _names(change.after):
        return None  # the whole sentence is gone: it may stand there in other words
    if old is not None and new is None and (old.type == "policy" or (change.after is None and old.type in PLAIN)):
        return None  # words that are not known, or a figure said less often
    if new is None and (still or (claim.kind in SILENT and claim.kind != "unsupported")):
        return None
    if old is None or new is None:
        if new is None and (
            case.after and old is not None and not old.roles & {"listed", "unsupported"} and old.type != "policy"
        ):
            return None  # said less often, and said yet
        if new is not None and new.type not in NAMED and any(figure.value == new.value for figure in claim.figures):
            return None
    why = suspicion(change)
    if old is not None and old.type == "damaged" and new is not None and _repaired(claim, case, new):
        return None
    if new is not None:
        still = tuple(line for line in still if line != change.line)
    status: Status = "suspect" if why else "vanished" if new is None and not case.after else "changed"
    shown = printed(old, new), printed(new, old)
    return row_of(
        claim,
        status,
        line=change.line,
        place=change.context.place,
        old=shown[0],
        new=shown[1],
        still=still,
        why=why,
        side=_side(old),
    )


def _stated(claim: Claim, case: _Case, before: _Values) -> list[str]:
    """The figures of a claim that the page states now, and never did."""
    values = [(figure.type, figure.value) for figure in claim.figures if figure.type in _STRONG]
    spoilt = {value for type_, value in before if type_ == "damaged"}
    known = any(value in before or any(holds(text, value[1]) for text in spoilt) for value in values)
    here = {value for statement in case.after for value in statement.values}
    return [] if known else [value[1] for value in values if value in here]


def _others(claim: Claim, page: Page) -> bool:
    """Whether a page still names things of the sort that a claim names."""
    types = {figure.type for figure in claim.figures}
    return any(atom.type in types for _, atom in facts(page))


def _names(statement: Statement | None) -> bool:
    return statement is not None and any(atom.type == "name" for atom in statement.atoms)


def _plain(claim: Claim) -> bool:
    return {figure.type for figure in claim.figures} <= PLAIN | WORDS


def _side(atom: Atom | None) -> str:
    return next((side for side in ("low", "high") if atom is not None and side in atom.roles), "")


def _repaired(claim: Claim, case: _Case, new: Atom) -> bool:
    """Whether a figure that could not be read says now what the specs say, or nothing rested on it."""
    return not case.before or any(figure.value == new.value for figure in claim.figures)


def _retold(change: Change, present: tuple[_Values, _Values]) -> bool:
    """Whether models were only told in another order, or by other words."""
    old, new = change.old, change.new
    stays = old is not None and (old.type, old.value) in present[1]
    return stays and (new is None or (new.type, new.value) in present[0] or not _alone(change))


def _alone(change: Change) -> bool:
    """Whether nothing else of its statement changed."""
    return change.before is not None and change.after is not None and change.before.mask == change.after.mask


def _says(statement: Statement, atom: Atom | None) -> bool:
    return atom is not None and (atom.type, atom.value) in statement.values
