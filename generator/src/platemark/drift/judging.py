"""From two captures of a document to the status of each rule that cites it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from platemark.documents.atoms import Atom, Lexicon
from platemark.documents.page import Page, Statement
from platemark.drift.attribute import Ledger
from platemark.drift.claims import Claim
from platemark.drift.compare import MEMBERS, Change, Comparison, compare, counts
from platemark.drift.news import news
from platemark.drift.report import Drift, News, Read, Row, Status
from platemark.drift.scopes import scoped
from platemark.drift.suspects import suspicion

_SURE = 6.0
"""How well a figure must fit a claim that it newly stands beside."""
_SILENT = frozenset({"type", "required", "only_in", "unsupported", "alpha"})
"""What pages say in many words: where none of those that are known is left, nothing is known."""
_WORDS = frozenset({"bool", "policy", "word", "name", "type"})
_TELLING = frozenset({"size", "ratio", "token", "format", "bytes", "money", "path", "host", "model", "state", "code"})
NAMED = frozenset({"state", "code", "region", "path", "host"})
"""What has a name: where it newly stands on a page, that is a change, though specs may know it."""
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
    if new.status != "ok":
        rows = [_row(claim, "unchecked", why=f"the document is {new.status}") for claim in claims]
        return Drift((Read(document, new.status, new.why),), tuple(rows))
    ledger = Ledger(claims)
    old, new = scoped(old, claims), scoped(new, claims)
    if why := _another(old, new):
        rows = [_row(claim, "unchecked", why="the document is unreadable") for claim in claims]
        return Drift((Read(document, "unreadable", why),), tuple(rows))
    others = Ledger([claim for claim in known if claim.document != document and claim.kind in _ANYWHERE])
    found = compare(old, new)
    cases: dict[Claim, _Case] = defaultdict(_Case)
    unclaimed: list[News] = []
    for page, side in ((old, "before"), (new, "after")):
        for statement, atom in _facts(page):
            for _, claim in ledger.supported(atom, statement):
                getattr(cases[claim], side).append(statement)
    for change in found.changes:
        about = concerned(change, ledger)
        if not about:
            about = [
                replace(c, document=document, why="cited from another document") for c in _elsewhere(change, others)
            ]
            claims = [*claims, *about]
            unclaimed += [] if about else _unclaimed(change, document)
        for claim in about:
            cases[claim].changes.append(change)
    rows = [row for claim in claims for row in _judged(claim, cases[claim], new)]
    fresh = [*news(old, new, known, lexicon, document), *unclaimed]
    return Drift((Read(document, "ok"),), tuple(_merged(rows)), tuple(fresh), found.cosmetic)


def _elsewhere(change: Change, others: Ledger) -> list[Claim]:
    """The claims about other documents that a change is about."""
    if change.old is not None and (change.new is not None or change.old.type in NAMED):
        return [claim for _, claim in others.supported(change.old, change.context)]
    if change.new is not None and change.new.type in NAMED:
        return [claim for _, claim in _named(others, change.new, change.context)]
    if change.old is None and change.new is not None and change.new.type in MEMBERS and "listed" in change.new.roles:
        return [claim for score, claim in others.spoken_of(change.new, change.context) if score > _SURE]
    return []


def _named(ledger: Ledger, atom: Atom, statement: Statement) -> list[tuple[float, Claim]]:
    """The claims about what has a name: for states also those that do not know it."""
    found = ledger.supported(atom, statement)
    return found or (ledger.spoken_of(atom, statement) if atom.type == "state" else [])


def _another(old: Page, new: Page) -> str:
    """Why a page that can be read is not the one that was: hardly anything of that stands in it."""
    masks = {s.mask for s in old.statements}
    values = {(a.type, a.value) for s in old.statements for a in s.atoms}
    kept = sum(s.mask in masks for s in new.statements) / max(1, min(len(old.statements), len(new.statements)))
    same = len(values & {(a.type, a.value) for s in new.statements for a in s.atoms}) / max(1, len(values))
    return "hardly anything of the former page stands in it" if len(values) > 5 and kept < 0.12 and same < 0.35 else ""


def _unclaimed(change: Change, document: str) -> list[News]:
    """A limit or default of a parameter that no spec has a line for."""
    old, new, at = change.old, change.new, change.context
    if old is None or new is None or old.type == "damaged":
        return []
    telling = (
        old.roles & {"default", "low", "high", "fixed"} and not at.sample and at.zone not in {"response", "errors"}
    )
    return (
        [News("parameter", at.subject, document, change.line, old=printed(old, new), new=printed(new, old))]
        if telling and at.subject
        else []
    )


def _facts(page: Page) -> Iterable[tuple[Statement, Atom]]:
    return ((statement, atom) for statement in page.statements for atom in statement.atoms if counts(atom, statement))


def concerned(change: Change, ledger: Ledger) -> list[Claim]:
    """The claims that a change is about."""
    if change.old is not None:
        found = ledger.supported(change.old, change.context) or ledger.concerned(change.old, change.context)
        return [claim for _, claim in found]
    assert change.new is not None
    if change.new.type in NAMED:
        return [claim for _, claim in _named(ledger, change.new, change.context)]
    if change.new.type == "int" and change.context.subject[:1].isupper():
        return []  # in what an error says
    if not change.new.roles & {"default", "low", "high", "fixed", "listed", "keep"} and change.new.type not in {
        "policy",
        "name",
        "message",
    }:
        return []
    if ledger.supported(change.new, change.context):
        return []
    least = _SURE
    if change.new.unit == "presence" and change.new.value == "optional":
        return []
    return [claim for score, claim in ledger.spoken_of(change.new, change.context) if score >= least]


def _judged(claim: Claim, case: _Case, new: Page) -> Iterable[Row]:
    """The rows of a claim: one for each change, or one that says how it stands."""
    if not claim.figures:
        return
    changes = list({(c.old and c.old.value, c.new and c.new.value): c for c in case.changes}.values())
    told = [row for change in changes if (row := _changed(claim, case, change)) is not None]
    if told:
        yield from told
    elif case.after:
        yield _row(claim, "confirmed", line=case.after[0].line, place=case.after[0].place)
    elif case.before and (claim.kind in _SILENT or {figure.type for figure in claim.figures} <= _WORDS):
        yield _row(claim, "unchecked", why="the page says it no more in words that are known")
    elif case.before and (yet := _yet(claim, new)):
        yield _row(claim, "confirmed", line=yet.line, place=yet.place)
    elif case.before:
        lost = case.before[0]
        yield _row(claim, "vanished", line=lost.line, place=lost.place, old=" ".join(f.value for f in claim.figures))
    else:
        yield _row(claim, "unchecked", why="its figures are not found in the document")


def _changed(claim: Claim, case: _Case, change: Change) -> Row | None:
    old, new = change.old, change.new
    still = tuple(dict.fromkeys(s.line for s in case.after if _says(s, old)))
    if old is not None and old.unit == "presence" and (new is None or not new.value):
        return None  # a layout that has no word for it
    if new is None and (still or (claim.kind in _SILENT and claim.kind != "unsupported")):
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
    return _row(
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


def _yet(claim: Claim, page: Page) -> Statement | None:
    """A statement about the same that has one of a claim's figures, though in words that say less of what it is."""
    values = {(figure.type, figure.value) for figure in claim.figures}
    for statement, atom in _facts(page):
        mine = (
            not claim.parameter
            or statement.subject in {claim.parameter, ""}
            or atom.of == claim.parameter
            or atom.type in _TELLING
        )
        if mine and (atom.type, atom.value) in values:
            return statement
    return None


def _side(atom: Atom | None) -> str:
    return next((side for side in ("low", "high") if atom is not None and side in atom.roles), "")


def _repaired(claim: Claim, case: _Case, new: Atom) -> bool:
    """Whether a figure that could not be read says now what the specs say, or nothing rested on it."""
    return not case.before or any(figure.value == new.value for figure in claim.figures)


def _says(statement: Statement, atom: Atom | None) -> bool:
    return atom is not None and any((a.type, a.value) == (atom.type, atom.value) for a in statement.atoms)


def printed(atom: Atom | None, other: Atom | None) -> str:
    """A figure as people compare it: without its unit, where both have the same."""
    if atom is None:
        return ""
    if atom.type in {"time", "bytes", "money", "percent"}:
        mine, yours = _parts(atom), _parts(other) if other is not None else ("", "")
        return mine[0] if other is None or mine[1] == yours[1] else " ".join(mine).strip()
    if atom.type in {"damaged", "path", "host", "type"}:
        return (atom.printed or atom.value).rstrip(".")
    return atom.value


def _parts(atom: Atom) -> tuple[str, str]:
    import re

    found = re.search(r"\d+(?:\.\d+)?", atom.printed or atom.value)
    if not found:
        return atom.value, ""
    unit = (atom.printed or atom.value).replace(found[0], "").strip(" -").lower()
    return found[0], unit[:1] if atom.type == "time" else unit


def _row(
    claim: Claim,
    status: Status,
    *,
    line: int = 0,
    place: str = "",
    old: str = "",
    new: str = "",
    still: tuple[int, ...] = (),
    why: str = "",
    side: str = "",
) -> Row:
    return Row(
        id=claim.id, kind=claim.kind, parameter=claim.parameter, models=claim.models,
        mode="" if claim.all_modes else ",".join(claim.modes), route="" if claim.all_routes else ",".join(claim.routes),
        status=status, document=claim.document, place=place or claim.place, old=old, new=new, line=line, still=still,
        why=why or claim.why,
        file=claim.file, path=claim.path, losing=claim.losing, cited=claim.document, side=side, spec_line=claim.line,
    )  # fmt: skip


def _merged(rows: list[Row]) -> list[Row]:
    """Rows that say the same once."""
    return list(dict.fromkeys(rows))


__all__ = ["Comparison", "concerned", "judge", "printed"]


def stands(page: Page, claims: Sequence[Claim], ledger: Ledger) -> Iterable[Row]:
    """Each claim of a document, and whether its figures stand in it."""
    cases: dict[Claim, Statement] = {}
    for statement, atom in _facts(scoped(page, claims)):
        for _, claim in ledger.supported(atom, statement):
            cases.setdefault(claim, statement)
    for claim in claims:
        if claim.figures:
            at = cases.get(claim) or _yet(claim, page)
            status: Status = "confirmed" if at else "unchecked"
            yield _row(
                claim,
                status,
                line=at.line if at else 0,
                place=at.place if at else "",
                why="" if at else "its figures are not found",
            )
