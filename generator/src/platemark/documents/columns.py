"""What the columns of a table say of the cells below them."""

from __future__ import annotations

import re
from dataclasses import replace

from platemark.documents import words
from platemark.documents.atoms import Atom


def presence(column: str, cell: str) -> str:
    """What a column that says whether parameters are required says of one."""
    low = cell.lower()
    if not words.REQUIRED.search(column.lower()):
        return ""
    return "required" if low in words.YES else "optional" if low in words.NO else ""


def in_column(atoms: list[Atom], column: str, text: str, money: str) -> list[Atom]:
    """Plain numbers are what their column says that they are, or a sentence about prices. `money`: what the
    text before the table says of its amounts."""
    low = f"{column} {money if column else ''}".lower()
    if words.PRICED.search(text.lower()):
        low = f"{low} {text.lower()} {money.lower()}"
    found: list[Atom] = []
    for plain in atoms:
        atom = plain
        currency = next((name for name, pattern in words.MONEY.items() if pattern.search(low)), "")
        unit = next((name for name, pattern in words.COLUMN_UNITS.items() if pattern.search(column.lower())), "")
        if atom.type == "decimal" and currency:
            atom = replace(atom, type="money", value=f"{atom.value} {currency}")
        elif atom.type == "int" and unit:
            atom = replace(atom, unit=unit)
        found.append(atom)
    return found


def message(text: str, at: int = 0) -> Atom:
    """The message of an error, whatever sign it ends with."""
    return Atom("message", text.strip(" .!;")[:160], at=at, printed=text)


def messages_in(text: str) -> list[Atom]:
    """The messages that a heading below the name of an error gives, or a line that says so; some give several."""
    found: list[Atom] = []
    at = 0
    for part in re.split(r"( / )", text):
        if part.strip() and part != " / ":
            found.append(message(part, at))
        at += len(part)
    return found


def code_in(cells: list[str], head: list[str]) -> str:
    """The error code that a row is about: a word in capitals under a column for codes."""
    for name, cell in zip(head, cells, strict=False):
        if words.CODES.search(name.lower()) and re.fullmatch(r"[A-Z]\w*[a-z]\w*(?:\.[A-Z]\w*)*", cell):
            return cell
    return ""
