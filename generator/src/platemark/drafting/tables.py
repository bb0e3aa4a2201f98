"""Whom the tables of parameters are about, on a page whose headings got lost: each model has one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from platemark.documents.page import Statement
from platemark.drafting.scopes import named

UNKNOWN = ("?",)
"""Models that nobody can tell: what is said of them is no fact of those that the page describes."""


def described(statements: Iterable[Statement]) -> tuple[str, ...]:
    """The models that the text before a parameter's entry is about, by their whole ids."""
    found = (model for statement in statements if statement.defines for model in statement.models)
    return tuple(dict.fromkeys(model for model in found if not model.endswith("*")))


def assigned(statements: Sequence[Statement], ids: Sequence[str]) -> list[Statement]:
    """The statements, each table of parameters with the models that it is about.

    Where two tables seem to be about the same models, or a page with several has one about none, it is about those that
    the text before it names and that have no table of their own."""
    tables = _tables(statements)
    if len(tables) < 2:
        return list(statements)
    contexts = [frozenset(named(ids, statements[start].models)) for start in tables]
    owned = frozenset(model for i, models in enumerate(contexts) if models not in contexts[i + 1 :] for model in models)
    found = list(statements)
    for i, start in enumerate(tables):
        if contexts[i] and contexts[i] not in contexts[i + 1 :]:
            continue
        before = statements[tables[i - 1] if i else 0 : start]
        told = [model for model in _named(before, ids) if model not in owned]
        end = tables[i + 1] if i + 1 < len(tables) else len(statements)
        for at in range(start, end):
            if statements[at].models == statements[start].models:
                found[at] = replace(found[at], models=tuple(told) or UNKNOWN)
            elif not statements[at].own:
                break
    first = min(tables)
    return [replace(s, models=UNKNOWN) if i < first and not s.models else s for i, s in enumerate(found)]


def _tables(statements: Sequence[Statement]) -> list[int]:
    """Where each table begins that defines several parameters."""
    rows: dict[int, list[int]] = {}
    for at, statement in enumerate(statements):
        if statement.table and statement.defines:
            rows.setdefault(statement.table, []).append(at)
    return [found[0] for found in rows.values() if len(found) > 1]


def _named(statements: Iterable[Statement], ids: Sequence[str]) -> list[str]:
    told = [
        atom.value
        for statement in statements
        if not statement.table
        for atom in statement.atoms
        if atom.type == "model"
    ]
    return list(dict.fromkeys(named(ids, told)))
