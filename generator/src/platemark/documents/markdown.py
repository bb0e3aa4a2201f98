"""Blocks of a page in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from platemark.documents import html
from platemark.documents.blocks import Block, Sort, parted

_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_COMPONENT = re.compile(r"^\s*</?[A-Z]\w*(\s[^>]*)?>\s*$", re.MULTILINE)
"""A line of MDX that is a component's tag alone."""
_NAMED = re.compile(r"<[A-Z]\w*\s[^>]*?(?:path|body|query|header|name)=[\"']([^\"']+)[\"'][^>]*>")
_TAGS = {"<br": "\n", "<sup": "^"}
"""What tags within a line are in text."""
_TYPED = re.compile(r"type=[\"']([^\"']+)[\"']")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def blocks(text: str) -> list[Block]:
    """The blocks of a Markdown page, in its order."""
    front = _FRONT.match(text)
    if front:
        text = "\n" * front[0].count("\n") + text[front.end() :]
    if _NAMED.search(text):
        text = _outdented(_NAMED.sub(_definition, text))
    text = _COMPONENT.sub("", text)
    return list(_walk(_parser().parse(text)))


def _outdented(text: str) -> str:
    """What stands in a component is indented, but is no code for that."""
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        lines.append(line if fenced else line.lstrip())
    return "\n".join(lines)


def _definition(found: re.Match[str]) -> str:
    """A parameter that MDX names in a tag, as a line that names it."""
    typed = _TYPED.search(found[0])
    return f"{found[1]} {typed[1] if typed else 'string'}{' (required)' if 'required' in found[0] else ''}\n\n"


def _walk(tokens: list[Token]) -> Iterator[Block]:
    sort: Sort = "text"
    level, line, in_items = 0, 1, 0
    head: list[str] = []
    cells: list[str] = []
    in_head = False
    before = ""
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        match token.type:
            case "heading_open":
                sort, level = "heading", int(token.tag[1:])
            case "heading_close":
                sort, level = "text", 0
            case "list_item_open":
                in_items += 1
            case "list_item_close":
                in_items -= 1
            case "table_open":
                head = []
            case "thead_open" | "thead_close":
                in_head = token.type == "thead_open"
            case "tr_open":
                cells = []
            case "tr_close" if in_head:
                head = cells
            case "tr_close" if any(cells):
                yield Block("row", " | ".join(cells), line, head=tuple(head), cells=tuple(cells))
            case "inline" if before in {"td_open", "th_open"}:
                cells.append(_inline(token))
            case "inline":
                yield from _lines(_inline(token), line, "item" if in_items and sort == "text" else sort, level)
            case "fence" | "code_block":
                yield Block("code", token.content.rstrip("\n"), line)
            case "html_block":
                yield from (_moved(block, line) for block in html.blocks(token.content))
            case _:
                pass
        before = token.type


def _moved(block: Block, line: int) -> Block:
    return Block(block.sort, block.text, block.line + line - 1, block.level, block.head, block.cells)


def _lines(text: str, line: int, sort: Sort, level: int) -> Iterator[Block]:
    """A line that ends in a hard break is a paragraph of its own."""
    for part in text.split("\n"):
        if part.strip():
            yield Block(sort, part.strip(), line, level)


def _inline(token: Token) -> str:
    """The text; a `*` within a word or between figures is one, though Markdown takes it for emphasis."""
    found: list[str] = []
    children = [child for child in token.children or [] if child.type != "text" or child.content]
    signs = _signs(children)
    last = ""
    for index, child in enumerate(children):
        match child.type:
            case "text" | "code_inline":
                beside = "code_inline" in {child.type, last}
                found.append(parted("".join(found), child.content) if beside else child.content)
                last = child.type
            case "softbreak":
                found.append(" ")
            case "hardbreak":
                found.append("\n")
            case "html_inline":
                found.append(_TAGS.get(child.content.rstrip("/> "), ""))
            case "em_open" | "em_close" if index in signs:
                found.append(child.markup)
            case _:
                pass
    return "".join(found)


def _signs(children: Sequence[Token]) -> set[int]:
    """Which marks of emphasis are none: both of a pair where one stands between letters or figures."""

    def within(index: int) -> bool:
        around = children[max(0, index - 1)].content[-1:], children[min(len(children) - 1, index + 1)].content[:1]
        return all(sign.isalnum() and sign.isascii() for sign in around)

    found: set[int] = set()
    opened: list[int] = []
    for index, child in enumerate(children):
        if child.type == "em_open":
            opened.append(index)
        elif child.type == "em_close" and (within(opened[-1]) or within(index)):
            found |= {opened.pop(), index}
        elif child.type == "em_close":
            opened.pop()
    return found
