"""Which claims a change is about: those that a figure supported, or would support."""

from __future__ import annotations

from platemark.documents import words
from platemark.documents.atoms import Atom
from platemark.documents.page import Page, Statement
from platemark.drift.attribute import Ledger, concerns
from platemark.drift.claims import Claim
from platemark.drift.compare import MEMBERS, Change

_SURE = 6.0
"""How well a figure must fit a claim that it newly stands beside."""
_FAIR = 4.5
"""The same of a new member of a list, whose other members tell what it is."""
_LISTS = frozenset({"one_of", "recommended", "formats", "tokens"})
"""Kinds whose claims are lists."""
NAMED = frozenset({"state", "code", "region", "path", "host"})
"""What has a name: where it newly stands on a page, that is a change, though specs may know it."""
_ENOUGH = {"state": 2, "code": 3}
"""How many of a sort a page names that lists them."""


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


def elsewhere(change: Change, others: Ledger, before: Page) -> list[Claim]:
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


def _spoke(page: Page, atom: Atom) -> bool:
    """Whether a page named enough of a sort for a new one to be news, rather than another way to write them."""
    known = {a.value for s in page.statements if not s.sample for a in s.atoms if a.type == atom.type}
    return len(known) >= _ENOUGH.get(atom.type, 1)
