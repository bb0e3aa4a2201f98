"""Whom and what a figure holds for: models by id, by family or by the part of a name; modes by what introduces them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from platemark.documents import words
from platemark.documents.atoms import Atom
from platemark.documents.page import Statement

_BEGINS = re.compile(r"[A-Z\u4e00-\u9fff]")
"""How a line begins that goes on with no other."""
_HEAD = 32
"""The names of columns are no longer than this."""
_ASKED = re.compile(r"(?:[QA]|问|答)\s?:")
MODES = ("text_to_image", "edit", "sequence", "interleave")


@dataclass(frozen=True, slots=True)
class Scope:
    """Empty: all that the page has."""

    models: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A statement with what the text before it says that it holds for."""

    statement: Statement
    scope: Scope
    named: bool
    """Whether an entry names what it is about; else only words tell it."""
    lead: str = ""
    """What introduces it."""
    led: str = ""
    """The parameter that the introduction is about."""
    asked: bool = False
    """Whether it stands in questions and answers."""


def named(ids: Sequence[str], told: Iterable[str]) -> tuple[str, ...]:
    """The models among `ids` that a text names: by id, or by what their ids begin with (`wan2.7*`)."""
    names = tuple(told)
    return tuple(
        model for model in ids if any(model == n or (n.endswith("*") and model.startswith(n[:-1])) for n in names)
    )


def series(ids: Sequence[str], text: str) -> tuple[str, ...]:
    """The models that a text calls by a part of their names: `the max and plus series`."""
    found: dict[str, None] = {}
    for told in words.SERIES.finditer(text):
        for part in re.split(r", | and | or |/|、|和|与", told["names"]):
            whole = re.compile(rf"(?:^|[-_]){re.escape(part)}(?:$|[-_])")
            found |= dict.fromkeys(model for model in ids if part and whole.search(model))
    return tuple(found)


def told(statements: Sequence[Statement], ids: Sequence[str], sorts: Mapping[int, str]) -> list[Told]:
    """Statements with the scope that a line before them opened. `sorts`: what begins on each line of the page."""
    walk = _Walk(ids, sorts)
    return [walk.told(statement) for statement in statements]


@dataclass
class _Walk:
    ids: Sequence[str]
    sorts: Mapping[int, str]
    entry: str = ""
    """The parameter whose entry this is."""
    lead: Told | None = None
    """The line that introduces what comes."""
    listed: set[tuple[str, ...]] = field(default_factory=set[tuple[str, ...]])
    """Models that a page lists as its own, or by how they may be called: no word on what comes after."""
    before: Statement | None = None
    begins: bool = True
    """Whether this line begins something, rather than to go on with the one before."""
    of_line: str = ""
    """The parameter that the line is about so far."""
    asked: bool = False

    def told(self, statement: Statement) -> Told:
        self.enter(statement)
        own = series(self.ids, statement.text)
        if statement.text.rstrip().endswith(":") or (own and not statement.table):
            self.lead = self.introduction(statement, own)
        if statement.models and (statement.subject == "model" or _calls(statement)):
            self.listed.add(statement.models)
        pictures = any(atom.type == "format" and "output" not in atom.roles for atom in statement.atoms)
        self.of_line = statement.subject or ("images" if pictures else self.of_line)
        self.before = statement
        lead = self.lead.statement if self.lead else None
        subject = statement.subject or (lead.subject if lead else "") or self.of_line
        return Told(
            replace(statement, models=() if statement.models in self.listed else statement.models, subject=subject),
            self.lead.scope if self.lead else Scope(),
            bool(self.entry) and statement.subject == self.entry,
            lead.text if lead else "",
            lead.subject if lead else "",
            self.asked,
        )

    def enter(self, statement: Statement) -> None:
        """Ends what the statement is no more about."""
        before = self.before
        if before is None or statement.line != before.line:
            text = self.sorts.get(statement.line) == "text"
            self.begins, self.of_line = text and bool(_BEGINS.match(statement.text)), ""
            self.asked = bool(_ASKED.match(statement.text))
        if statement.defines:
            self.entry, self.lead = statement.subject, None
        elif not statement.table and not statement.subject:
            self.entry = ""
        apart = before is not None and (
            statement.section != before.section or bool(before.table) > bool(statement.table)
        )
        placed = any(atom.type == "path" for atom in statement.atoms)  # where: the line before says of whom
        here = self.lead is not None and self.lead.statement.line == statement.line
        heads = not statement.atoms and len(statement.text) <= _HEAD  # of columns, where a table lost its lines
        next_ = self.lead is not None and before is not None and before.text.rstrip().endswith(":")
        if apart or (self.begins and not (placed or here or heads or next_)):
            self.lead = None

    def introduction(self, statement: Statement, own: tuple[str, ...]) -> Told:
        """A line that says of whom, or of which mode, the next ones speak; the sentence before it is part of it."""
        before = self.before
        joined = (
            before is not None
            and before.line == statement.line
            and not before.atoms
            and before.subject == statement.subject
        )
        text = f"{before.text} {statement.text}" if before and joined else statement.text
        models = own or named(self.ids, [atom.value for atom in statement.atoms if atom.type == "model"])
        modes = _modes(text) or (self.lead.scope.modes if self.lead and not models and not self.begins else ())
        return Told(statement, Scope(models, modes), named=bool(self.entry))


def of_atom(atom: Atom, about: Told, ids: Sequence[str]) -> Scope | None:
    """Whom a figure concerns: who stands beside it, else who introduces its line, else whom the section is about. None
    where that is a model that the page does not describe."""
    statement = about.statement
    if atom.models and not named(ids, atom.models):
        return None
    beside = named(ids, atom.models)
    models = beside if not set(beside) < set(about.scope.models) else about.scope.models
    models = models or about.scope.models or named(ids, statement.models)
    if statement.models and not models:
        return None
    modes = single(atom.modes) or about.scope.modes
    return Scope(models, modes)


def single(modes: Iterable[str]) -> tuple[str, ...]:
    """The modes in words' own terms: `single` is all but sequences."""
    said = set(modes)
    if "single" in said:
        said |= {"text_to_image", "edit"}
    if {"single", "text_to_image"} <= set(modes):
        said = {"text_to_image"}
    return tuple(mode for mode in MODES if mode in said)


def _calls(statement: Statement) -> bool:
    """Whether it only says which models may be called in one way."""
    low = statement.text.lower()
    named_ = any(atom.type == "model" for atom in statement.atoms)
    return (
        named_
        and low.startswith(("only ", "仅"))
        and any(words.ROUTES[route].search(low) for route in ("task", "sync"))
    )


def _modes(text: str) -> tuple[str, ...]:
    """The mode that a line introduces."""
    low = text.lower()
    found = [(match.start(), name) for name, pattern in words.MODES.items() if (match := pattern.search(low))]
    return single([min(found)[1]]) if found else ()
