"""Blocks of a page in HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from lxml import html  # pyright: ignore[reportMissingTypeStubs]: it brings none

from platemark.documents.blocks import Block, Sort, parted

_SKIPPED = frozenset(
    ("script", "style", "noscript", "template", "svg", "nav", "header", "footer", "form", "button", "select",
     "iframe", "head", "dialog")
)  # fmt: skip
_BLOCKS = frozenset(
    ("address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
     "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "html", "li", "main", "ol", "p", "pre", "section", "summary",
     "table", "tbody", "td", "th", "thead", "tfoot", "tr", "ul", "caption")
)  # fmt: skip
_WORDS = frozenset(("code", "kbd", "tt", "var"))
"""What pages mark names and values with."""
_MARKS = _WORDS | {"b", "strong", "i", "em", "small", "span"}
"""Where two that look different stand side by side, each holds words of its own."""
_HEADINGS = {**{f"h{level}": level for level in range(1, 7)}, "dt": 6, "summary": 6, "caption": 6}
_DECLARED = re.compile(r"^\s*<\?xml[^>]*>")
_SPACE = re.compile(r"\s+")
_CHROME = re.compile(r"\b(cookie|breadcrumb|sidebar|site-?nav|navbar|site-?footer|toc|feedback)\b", re.IGNORECASE)


def blocks(text: str) -> list[Block]:
    """The blocks of an HTML page, in its order; navigation, scripts and forms left out."""
    lxml = cast("Any", html)
    try:
        root = lxml.document_fromstring(_DECLARED.sub("", text))
    except lxml.etree.ParserError:  # nothing but tags
        return []
    walk = _Walk()
    walk.element(root)
    walk.flush()
    return walk.found


@dataclass
class _Walk:
    found: list[Block] = field(default_factory=list[Block])
    buffer: list[str] = field(default_factory=list[str])
    sort: Sort = "text"
    level: int = 0
    line: int = 1

    def flush(self) -> None:
        text = _SPACE.sub(" ", "".join(self.buffer)).strip()
        self.buffer.clear()
        if text:
            self.found.append(Block(self.sort, text, self.line, self.level))

    def element(self, node: Any) -> None:
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or tag in _SKIPPED or _is_chrome(node):
            return
        if tag == "pre" or (tag == "code" and "\n" in (node.text_content() or "").strip()):
            self.flush()
            lines = (node.text_content() or "").strip("\n")
            self.found.append(Block("code", lines, node.sourceline or self.line))
            return
        if tag == "table" and not _is_layout(node):
            self.flush()
            self.found += _rows(node)
            return
        if tag == "br":
            self.flush()
            return
        apart = tag in _BLOCKS
        if apart:
            self.flush()
            outer = self.sort, self.level
            self.line = node.sourceline or self.line
            if tag in _HEADINGS:
                self.sort, self.level = "heading", _HEADINGS[tag]
            elif tag == "li":
                self.sort, self.level = "item", 0
            self.inside(node)
            self.flush()
            self.sort, self.level = outer
        else:
            self.buffer += ["^"] * (tag == "sup")
            self.inside(node, alone=tag in _WORDS)

    def inside(self, node: Any, *, alone: bool = False) -> None:
        """What stands in an element; `alone`: its text is no part of the words around it."""
        if not self.buffer:
            self.line = node.sourceline or self.line
        self.put(node.text or "", alone=alone)
        for child in node:
            if not "".join(self.buffer).strip():
                self.line = child.sourceline or self.line
            if child.tag in _MARKS and _follows_mark(child):
                self.buffer.append(" ")
            self.element(child)
            self.put(child.tail or "", alone=child.tag in _WORDS)

    def put(self, text: str, *, alone: bool) -> None:
        self.buffer.append(parted("".join(self.buffer), text) if alone else text)


def _follows_mark(node: Any) -> bool:
    before = node.getprevious()
    if before is None or before.tag not in _MARKS or before.tail:
        return False
    return (before.tag, before.get("class")) != (node.tag, node.get("class"))


def _is_chrome(node: Any) -> bool:
    if node.tag == "aside" and 2 * sum(len(a.text_content()) for a in node.iter("a")) > len(node.text_content()):
        return True  # a list of links beside the page, not a note
    about = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('role') or ''}"
    return bool(about.strip() and _CHROME.search(about)) and len(node.text_content()) < 4000


def _is_layout(table: Any) -> bool:
    """Whether cells hold blocks of their own, as where a page lays out its parts in a table."""
    return any(True for _ in table.iterdescendants("pre", "table", "h1", "h2", "h3", "h4", "details", "section"))


def _rows(table: Any) -> Iterator[Block]:
    """Rows with each cell's text; a cell that spans rows or columns stands in each of them."""
    head: tuple[str, ...] = ()
    held: dict[int, tuple[int, str]] = {}
    first = True
    for row in table.iter("tr"):
        cells: list[str] = []
        column = 0
        own = [cell for cell in row if cell.tag in {"td", "th"}]
        for cell in own:
            column = _held(held, cells, column)
            text = _cell(cell)
            for _ in range(_span(cell, "colspan")):
                if (rows := _span(cell, "rowspan")) > 1:
                    held[column] = (rows - 1, text)
                cells.append(text)
                column += 1
        _held(held, cells, column)
        if not head and own and (all(cell.tag == "th" for cell in own) or _is_head(own, cells, first)):
            head = tuple(cells)
        elif any(cells):
            if not head and row.getparent() is not None and row.getparent().tag == "thead":
                head = tuple(cells)
                continue
            first = False
            yield Block("row", " | ".join(cells), row.sourceline or 1, head=head, cells=tuple(cells))


def _is_head(own: list[Any], cells: list[str], first: bool) -> bool:
    """Whether the first row only looks like the names of columns: all of its cells bold, and none with a figure."""
    bold = all(any(True for _ in cell.iterdescendants("b", "strong")) for cell in own)
    return first and bold and len(own) > 1 and not any(re.search(r"\d", cell) for cell in cells)


def _held(held: dict[int, tuple[int, str]], cells: list[str], column: int) -> int:
    """Cells of rows above that reach into this one, from a column on."""
    while column in held:
        left, text = held[column]
        cells.append(text)
        if left > 1:
            held[column] = (left - 1, text)
        else:
            del held[column]
        column += 1
    return column


def _span(cell: Any, name: str) -> int:
    value = cell.get(name) or "1"
    return min(int(value), 60) if value.isdecimal() and int(value) else 1


def _cell(cell: Any) -> str:
    """The text of a cell; its paragraphs and items on lines of their own."""
    walk = _Walk()
    walk.inside(cell)
    walk.flush()
    return "\n".join(block.text for block in walk.found)
