"""What a page consists of, whatever it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Sort: TypeAlias = Literal["heading", "text", "item", "row", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page: a heading, a paragraph, an item of a list, a row of a table, or lines of code."""

    sort: Sort
    text: str
    line: int
    """The line of the file on which it begins, counted from 1."""
    level: int = 0
    """Of headings: 1 is the page's own."""
    head: tuple[str, ...] = ()
    """Of rows: the names of the columns."""
    cells: tuple[str, ...] = ()
    """Of rows: what stands in each column."""


def parted(before: str, text: str) -> str:
    """A text, with a space first where only markup keeps its first word from being one with what is `before` it."""
    glued = before[-1:].isascii() and before[-1:].isalnum() and text[:1].isascii() and text[:1].isalnum()
    return f" {text}" if glued else text
