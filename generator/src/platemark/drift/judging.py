"""From two captures of a document to the status of each rule that cites it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from platemark.documents import words
from platemark.documents.atoms import Atom, Lexicon
from platemark.documents.page import Page, Statement
from platemark.drift.attribute import Ledger, concerns, ends
from platemark.drift.claims import Claim, Figure
from platemark.drift.compare import MEMBERS, Change, compare, counts, holds
from platemark.drift.doubts import NEWLY, another, believed
from platemark.drift.news import news
from platemark.drift.report import Drift, News, Read, Row, Status
from platemark.drift.scopes import scoped
from platemark.drift.suspects import suspicion

_Values: TypeAlias = "frozenset[tuple[str, str]]"
"""Types and values of the figures of a page."""
_SURE = 6.0
"""How well a figure must fit a claim that it newly stands beside."""
_FAIR = 4.5
"""The same of a new member of a list, whose other members tell what it is."""
_LISTS = frozenset({"one_of", "recommended", "formats", "tokens"})
"""Kinds whose claims are lists."""
_SILENT = frozenset({"type", "required", "only_in", "unsupported", "alpha"})
"""What pages say in many words: where none of those that are known is left, nothing is known."""
_PLAIN = frozenset({"int", "bool", "word", "message", "type", "decimal"})
"""What stands for too many things to be missed where a whole statement is gone."""
_WORDS = frozenset({"bool", "policy", "word", "name", "type"})
_UNLISTED = frozenset({"error", "model", "alias", "schemes"})
"""What a page that is cited for it need not list."""
_TELLING = frozenset({"size", "ratio", "token", "format", "bytes", "money", "path", "host", "model", "state", "code"})
NAMED = frozenset({"state", "code", "region", "path", "host"})
"""What has a name: where it newly stands on a page, that is a change, though specs may know it."""
_STRONG = frozenset({"bytes", "time", "money", "percent", "size", "ratio", "token", "format", "int"})
_ENOUGH = {"state": 2, "code": 3}
"""How many of a sort a page names that lists them."""
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
    if old.status != "ok":
        rows = [_row(claim, "unchecked", why="there was nothing to hold it against") for claim in claims]
        return Drift((Read(document, "ok"),), tuple(rows))
    ledger = Ledger(claims)
    old, new = scoped(old, claims), scoped(new, claims)
    if why := another(old, new):
        rows = [_row(claim, "unchecked", why="the document is unreadable") for claim in claims]
        return Drift((Read(document, "unreadable", why),), tuple(rows))
    ours = {model for claim in claims for model in claim.models}
    others = Ledger(
        [c for c in known if c.document != document and c.kind in _ANYWHERE and (not ours or ours & {*c.models})]
    )
    found = compare(old, new)
    cases: dict[Claim, _Case] = defaultdict(_Case)
    unclaimed: list[News] = []
    for page, side in ((old, "before"), (new, "after")):
        for statement, atom in _facts(page):
            for _, claim in ledger.supported(atom, statement):
                getattr(cases[claim], side).append(statement)
    for change in found.changes:
        about = concerned(change, ledger, old)
        if not about:
            about = [
                replace(c, document=document, why="cited from another document")
                for c in _elsewhere(change, others, old)
            ]
            claims = [*claims, *about]
            unclaimed += [] if about else _unclaimed(change, document)
        for claim in about:
            cases[claim].changes.append(change)
    present = _values(old), _values(new)
    rows = [row for claim in claims for row in _judged(claim, cases[claim], new, present)]
    rows = {replace(row, line=0, place=""): row for row in reversed(believed(rows))}  # one for all places
    fresh = [*news(old, new, known, lexicon, document=document, models=ours), *unclaimed]
    return Drift((Read(document, "ok"),), tuple(reversed(rows.values())), tuple(fresh), found.cosmetic)


def _elsewhere(change: Change, others: Ledger, before: Page) -> list[Claim]:
    """The claims about other documents that a change is about."""
    if change.old is not None and (change.new is not None or change.old.type == "state"):
        found = [claim for _, claim in others.supported(change.old, change.context)]
        whose = change.old.models or change.context.models
        named = [
            claim for claim in found if claim.parameter == change.context.subject and concerns(claim.models, whose)
        ]
        return named if any(claim.parameter for claim in found) else found
    if change.new is not None and change.new.type in NAMED:
        return [claim for _, claim in _named(others, change.new, change.context)] if _spoke(before, change.new) else []
    if change.before and change.new is not None and change.new.type in MEMBERS and "listed" in change.new.roles:
        found = others.spoken_of(change.new, change.context)
        return [claim for score, claim in found if score > _SURE and claim.kind in _LISTS]
    return []


def _named(ledger: Ledger, atom: Atom, statement: Statement) -> list[tuple[float, Claim]]:
    """The claims about what has a name: for states also those that do not know it."""
    found = ledger.supported(atom, statement)
    return found or (ledger.spoken_of(atom, statement) if atom.type == "state" else [])


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


def _facts(page: Page) -> Iterable[tuple[Statement, Atom]]:
    return ((statement, atom) for statement in page.statements for atom in statement.atoms if counts(atom, statement))


def concerned(change: Change, ledger: Ledger, before: Page) -> list[Claim]:
    """The claims that a change is about. What is only there counts where the page spoke of such things `before`."""
    if change.old is not None:
        found = ledger.supported(change.old, change.context) or ledger.concerned(change.old, change.context)
        return [claim for _, claim in found]
    assert change.new is not None
    if change.new.type in NAMED:
        news = _spoke(before, change.new) or bool(words.ENDPOINT.match(change.context.text))
        return [claim for _, claim in _named(ledger, change.new, change.context)] if news else []
    member = change.new.type in MEMBERS and "listed" in change.new.roles
    demanded = change.new.unit == "presence" and change.new.value == "required"
    if change.before is None or not (member or demanded or change.new.type == "name"):
        return []
    if ledger.supported(change.new, change.context):
        return []
    least = _FAIR if member else _SURE
    return [claim for score, claim in ledger.spoken_of(change.new, change.context) if score >= least]


def _spoke(page: Page, atom: Atom) -> bool:
    """Whether a page named enough of a sort for a new one to be news, rather than another way to write them."""
    known = {a.value for s in page.statements if not s.sample for a in s.atoms if a.type == atom.type}
    return len(known) >= _ENOUGH.get(atom.type, 1)


def _values(page: Page) -> _Values:
    return frozenset((atom.type, atom.value) for statement in page.statements for atom in statement.atoms)


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
        yield _row(claim, "changed", line=at.line, place=at.place, new=" ".join(stated), why=NEWLY)
    elif case.after:
        yield _row(claim, "confirmed", line=case.after[0].line, place=case.after[0].place)
    elif case.before and (claim.kind in _SILENT or {figure.type for figure in claim.figures} <= _WORDS):
        yield _row(claim, "unchecked", why="the page says it no more in words that are known")
    elif case.before and (yet := _yet(claim, new)):
        yield _row(claim, "confirmed", line=yet.line, place=yet.place)
    elif (
        case.before and claim.parameter and any(s.subject == claim.parameter for s in new.statements) and _plain(claim)
    ):
        yield _row(claim, "unchecked", why="the page has its parameter, but no such figure in words that are known")
    elif case.before and claim.kind == "route" and (claim.id.startswith("regions.") or not _others(claim, new)):
        yield _row(claim, "unchecked", why="the page names none of the sort any more")
    elif case.before:
        lost = case.before[0]
        yield _row(claim, "vanished", line=lost.line, place=lost.place, old=" ".join(f.value for f in claim.figures))
    else:
        yield _row(claim, "unchecked", why="its figures are not found in the document")


def _changed(claim: Claim, case: _Case, change: Change, present: tuple[_Values, _Values]) -> Row | None:
    old, new = change.old, change.new
    if claim.id == "models" and _retold(change, present):
        return None
    still = tuple(dict.fromkeys(s.line for s in case.after if _says(s, old)))
    if old is not None and new is None and old.type == "name" and not _names(change.after):
        return None  # the whole sentence is gone: it may stand there in other words
    if old is not None and new is None and (old.type == "policy" or (change.after is None and old.type in _PLAIN)):
        return None  # words that are not known, or a figure said less often
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


def _stated(claim: Claim, case: _Case, before: _Values) -> list[str]:
    """The figures of a claim that the page states now, and never did."""
    values = [(figure.type, figure.value) for figure in claim.figures if figure.type in _STRONG]
    spoilt = {value for type_, value in before if type_ == "damaged"}
    known = any(value in before or any(holds(text, value[1]) for text in spoilt) for value in values)
    here = {(a.type, a.value) for s in case.after for a in s.atoms}
    return [] if known else [value for type_, value in values if (type_, value) in here]


def _others(claim: Claim, page: Page) -> bool:
    """Whether a page still names things of the sort that a claim names."""
    types = {figure.type for figure in claim.figures}
    return any(atom.type in types for _, atom in _facts(page))


def _names(statement: Statement | None) -> bool:
    return statement is not None and any(atom.type == "name" for atom in statement.atoms)


def _plain(claim: Claim) -> bool:
    return {figure.type for figure in claim.figures} <= _PLAIN | _WORDS


def _yet(claim: Claim, page: Page) -> Statement | None:
    """A statement about the same that has one of a claim's figures, though in words that say less of what it is."""
    values = {(figure.type, figure.value) for figure in claim.figures}
    values |= {("decimal", figure.value.split()[0]) for figure in claim.figures if figure.type == "money"}
    for statement, atom in _facts(page):
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


def stands(page: Page, claims: Sequence[Claim], ledger: Ledger) -> Iterable[Row]:
    """Each claim of a document, and whether its figures stand in it: those that do not have vanished.

    What pages say in many words, or only in a sample, is left unchecked where it is not found."""
    cases: dict[Claim, list[tuple[Statement, Atom]]] = defaultdict(list)
    for statement, atom in _facts(scoped(page, claims)):
        for _, claim in ledger.supported(atom, statement):
            cases[claim].append((statement, atom))
    for claim in claims:
        if not claim.figures:
            continue
        at = cases[claim][0][0] if cases[claim] else _yet(claim, page)
        missing = [] if _worded(claim) else _missing(claim, cases[claim], page)
        if not missing and (at is not None or not _worded(claim)):
            yield _row(claim, "confirmed", line=at.line if at else 0, place=at.place if at else "")
        elif _worded(claim) or claim.losing:
            yield _row(claim, "unchecked", why="the document does not say it in words that are known")
        else:
            old = " ".join(figure.value for figure in missing)
            yield _row(claim, "vanished", line=at.line if at else 0, old=old, why="it does not stand in the document")


def _worded(claim: Claim) -> bool:
    """Whether a claim is of a kind that pages say in words, or of one that a page need not list."""
    types = {figure.type for figure in claim.figures}
    return claim.kind in _SILENT | _UNLISTED or claim.id == "prompt.count" or types <= _WORDS


def _missing(claim: Claim, found: Sequence[tuple[Statement, Atom]], page: Page) -> list[Figure]:
    """The figures of a claim that stand nowhere. A damaged one stands where its digits do."""
    values = {(atom.type, atom.value) for _, atom in found}
    if claim.kind in {"tokens", "default", "route", "price", "state"} and values:
        return []
    anywhere = {(atom.type, atom.value.lower()) for _, atom in _facts(page)}
    digits = {atom.value for _, atom in _facts(page) if atom.type == "damaged"}
    return [
        figure
        for figure in claim.figures
        if (figure.type, figure.value) not in values
        and (figure.type, figure.value.lower()) not in anywhere
        and figure.value.replace("*", "") not in digits
        and not (figure.type == "path" and any(t == "path" and ends(v, figure.value.lower()) for t, v in anywhere))
    ]
