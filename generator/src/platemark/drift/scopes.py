"""Whom a table is about: where the text before it names the wrong models, or none, its figures tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from platemark.documents.atoms import Atom
from platemark.documents.page import Page, Statement
from platemark.drift.attribute import concerns, fits
from platemark.drift.claims import Claim

_NEARLY = 0.85


def scoped(page: Page, claims: Sequence[Claim]) -> Page:
    """The page, with the models of each table as its figures tell them."""
    tables: dict[int, list[Statement]] = defaultdict(list)
    for statement in page.statements:
        if statement.table:
            tables[statement.table].append(statement)
    families: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.parameter and claim.figures:
            families[claim.family].append(claim)
    found = {table: whom(rows, families.values()) for table, rows in tables.items()}
    told = tuple(
        replace(s, models=found[s.table]) if s.table and found[s.table] and not s.own else s for s in page.statements
    )
    return replace(page, statements=told)


def whom(rows: Sequence[Statement], families: Iterable[Sequence[Claim]]) -> tuple[str, ...]:
    """The models whose claims fit a table best; those that the text before it names, where they fit as well."""
    scores: list[tuple[int, tuple[str, ...]]] = []
    for claims in families:
        score = sum(_supported(atom, replace(row, models=()), claims) for row in rows for atom in row.atoms)
        scores.append((score, tuple(dict.fromkeys(model for claim in claims for model in claim.models))))
    best = max((score for score, _ in scores), default=0)
    if best < 3:
        return ()
    named = rows[0].models
    if any(score >= best * _NEARLY and concerns(models, named) for score, models in scores):
        return named
    return tuple(model for score, models in scores if score >= best * _NEARLY for model in models)


def _supported(atom: Atom, row: Statement, claims: Sequence[Claim]) -> bool:
    return any((fits(claim, atom, row) or 0) >= 4 for claim in claims)
