"""Figures that look damaged rather than changed: they are told, and never applied."""

from __future__ import annotations

import re

from platemark.documents.atoms import Atom
from platemark.documents.page import Statement
from platemark.drift.compare import Change

_GROWN = 1000
"""By which factor no limit grows at once."""


def suspicion(change: Change) -> str:
    """Why a new figure can't be meant, or nothing."""
    old, new = change.old, change.new
    if old is None or new is None:
        return ""
    if new.type == "damaged":
        return f"`{new.printed}` can't be read"
    if old.type not in {new.type, "damaged"}:
        return f"`{new.printed}` is no {old.type}"
    match new.type:
        case "int":
            return _integer(old, new) or _inverted(change)
        case "size":
            return _size(old, new) or _inverted(change)
        case "ratio":
            return _inverted(change)
        case "path":
            return _path(old.value, new.value)
        case "host":
            return "" if re.fullmatch(r"[\w{}*-]+(\.[\w{}*-]+)+", new.value) else f"`{new.value}` is no host"
        case "state":
            return (
                f"`{new.value}` is more than one word"
                if old.value in new.value and len(new.value) > len(old.value) + 3
                else ""
            )
        case "time" | "bytes" | "money" | "percent":
            return _amount(old.value, new.value)
        case _:
            return ""


def _integer(old: Atom, new: Atom) -> str:
    before, after = int(old.value), int(new.value)
    if after < 0 <= before:
        return f"{after} is below 0"
    if before > 0 and (after >= before * _GROWN or (len(new.value) > len(old.value) + 1 and old.value in new.value)):
        return f"{after} is {len(new.value) - len(old.value)} digits longer than {before}"
    return ""


def _size(old: Atom, new: Atom) -> str:
    sides = [int(side) for side in new.value.split("*")]
    if min(sides) < 16 or max(sides) > 32768:
        return f"no picture has {new.value} pixels"
    return ""


def _amount(old: str, new: str) -> str:
    number = re.match(r"-?\d+(?:\.\d+)?", new)
    before = re.match(r"-?\d+(?:\.\d+)?", old)
    if not number or float(number[0]) <= 0:
        return f"{new} is no amount"
    if before and float(before[0]) and not 1 / _GROWN < float(number[0]) / float(before[0]) < _GROWN:
        return f"{new} is far from {old}"
    return ""


def _path(old: str, new: str) -> str:
    if old.replace("/", "") == new.replace("/", "") or re.search(r"[^/]\{", new) or "//" in new:
        return "a slash got lost, or came in"
    if not new.startswith("/") and old.startswith("/"):
        return "a slash got lost"
    return ""


def _inverted(change: Change) -> str:
    """Whether the least is above the most in the same statement now, and was not before."""
    return _order(change.after, change.new) if not _order(change.before, change.old) else ""


def _order(statement: Statement | None, atom: Atom | None) -> str:
    if statement is None or atom is None or not atom.roles & {"low", "high"}:
        return ""
    atoms = [a for a in statement.atoms if a.type == atom.type and a.roles & {"low", "high"}]
    at = next((i for i, a in enumerate(atoms) if a.at == atom.at), None)
    if at is None:
        return ""
    side = 1 if "low" in atom.roles else -1
    other = atoms[at + side] if 0 <= at + side < len(atoms) else None
    if other is None or ("high" if side == 1 else "low") not in other.roles:
        return ""
    low, high = (atom, other) if side == 1 else (other, atom)
    return f"{low.printed} to {high.printed}: the least is above the most" if measure(low) > measure(high) else ""


def measure(atom: Atom) -> float:
    """What bounds are compared by: a number, pixels, width to height."""
    if atom.type == "size":
        width, _, height = atom.value.partition("*")
        return int(width) * int(height)
    if atom.type == "ratio":
        width, _, height = atom.value.partition(":")
        return int(width) / max(1, int(height))
    return float(atom.value)
