"""What was emitted is read again: no raw HTML, no link that leads nowhere, no table that fell apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from posixpath import dirname, join, normpath

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def prove(files: Mapping[str, str]) -> None:
    """Raises ValueError with all that is wrong in some Markdown files, by path."""
    wrong = [f"docs/{path}: {what}" for path, text in files.items() for what in _wrong(path, text, files)]
    if wrong:
        raise ValueError("; ".join(wrong))


def _wrong(path: str, text: str, files: Mapping[str, str]) -> Iterator[str]:
    for token in _flat(_MARKDOWN.parse(text)):
        if token.type in {"html_block", "html_inline"}:
            yield f"raw HTML: {token.content.strip()}"
        elif token.type in {"image", "s_open"}:
            yield f"{token.type} in a page that has none"
        elif token.type == "link_open":
            target = str(token.attrGet("href"))
            if not target.startswith("#") and normpath(join(dirname(path), target)) not in files:
                yield f"a link that leads nowhere: {target}"
    # A row with a bar too many or too few is silently cut or filled by every reader.
    width = 0
    for line in text.splitlines():
        bars = line.replace("\\|", "").count("|") if line.startswith("|") else 0
        if bars and width and bars != width:
            yield f"a table that fell apart: {line}"
        width = bars


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())
