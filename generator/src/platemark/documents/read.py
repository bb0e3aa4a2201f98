"""From a file to a page: what it is written in, whether it is the page at all, what in it is damaged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes, policy
from types import ModuleType

from platemark.documents import html, markdown, text, words
from platemark.documents.atoms import Lexicon
from platemark.documents.blocks import Block
from platemark.documents.broken import joined
from platemark.documents.normal import normal, slanted
from platemark.documents.page import Page
from platemark.documents.statements import statements

_HTML = re.compile(r"^\s*(?:<!doctype html|<html|<\?xml[^>]*>\s*<html|<head|<body|<div|<article|<main)", re.IGNORECASE)
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|```|~~~|\|[ :-]+\|)", re.MULTILINE)
_TAGS = re.compile(r"</(?:p|div|h[1-6]|table|li)>", re.IGNORECASE)
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)", re.IGNORECASE)

_FIGURES = re.compile(r"\d+\*\d+|\[\d+, ?\d+\]|[a-z]+_[a-z]+|\d+\.\d+(?!\d)|[a-z]+\d+(?:\.\d+)?-[a-z]+")
SHORT = 2500
"""A page of so many characters may be a notice that stands in the place of another."""
LEAST = 120
"""A page with fewer characters is none."""


def read(raw: bytes, name: str, lexicon: Lexicon, sections: frozenset[str] = frozenset()) -> Page:
    """The page in a file; its `name` tells by the suffix what it is written in. What is no page is told as such."""
    decoded = _decoded(raw)
    if decoded is None:
        return Page((), "unreadable", "it is no text")
    source = _unpacked(raw, decoded, name)
    form = _form(source, name)
    parts = form.blocks(source)
    shown = normal(" ".join(block.text for block in parts))
    if words.SCRIPTED.search(shown.lower()) and len(shown) < LEAST:
        return Page((), "unreadable", "it needs scripts")
    if why := _missing(shown):
        return Page((), "missing", why)
    if len(shown) < SHORT and len(parts) < 12 and not _FIGURES.search(shown):
        return Page((), "unreadable", "it is another page, or one that needs scripts")
    found = tuple(statements(joined(parts, lexicon, broken=form is text), lexicon, sections))
    damaged = [(s.line, a.printed) for s in found for a in s.atoms if a.type == "damaged"]
    damaged += [(block.line, size) for block in parts if block.sort != "code" for size in slanted(block.text)]
    return Page(found, damaged=tuple(sorted(damaged)))


def blocks(raw: bytes, name: str) -> list[Block]:
    """What the page in a file consists of; nothing where it is no text. Never raises."""
    decoded = _decoded(raw)
    if decoded is None:
        return []
    source = _unpacked(raw, decoded, name)
    return _form(source, name).blocks(source)


def together(pages: Sequence[Page]) -> Page:
    """Several captures of one page as one document; one that is missing or can't be read says so for all."""
    for page in pages:
        if page.status != "ok":
            return page
    found = tuple(replace(s, capture=index) for index, page in enumerate(pages) for s in page.statements)
    return Page(found, damaged=tuple(each for page in pages for each in page.damaged), captures=len(pages))


def _decoded(raw: bytes) -> str | None:
    if raw.startswith((b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff")) or b"\0" in raw[:4096].replace(
        b"\0\0", b""
    ):
        return None
    declared = _CHARSET.search(raw[:4096])
    for encoding in ("utf-8-sig", declared[1].decode("ascii") if declared else "gb18030", "gb18030"):
        try:
            return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except (UnicodeError, LookupError):
            continue
    return None


def _unpacked(raw: bytes, decoded: str, name: str) -> str:
    """The page in a file that a browser saved with all its parts."""
    if not name.lower().endswith((".mht", ".mhtml")):
        return decoded
    message = message_from_bytes(raw, policy=policy.default)
    part = message.get_body(("html", "plain")) if hasattr(message, "get_body") else None
    try:
        content = part.get_content() if part is not None else decoded
    except (UnicodeError, LookupError):  # an encoding that nobody knows
        return decoded
    return content if isinstance(content, str) else decoded


def _form(source: str, name: str) -> ModuleType:
    """What reads a file: by its suffix, else by how it begins and looks."""
    suffix = name.lower().rpartition(".")[2]
    if suffix in {"html", "htm", "xhtml", "mht", "mhtml"} or (suffix not in {"md", "mdx"} and _HTML.match(source)):
        return html
    if suffix in {"md", "markdown", "mdx"}:
        return markdown
    if suffix not in {"txt", "text"} and _MARKDOWN.search(source) and not _TAGS.search(source):
        return markdown
    return text


def _missing(shown: str) -> str:
    """Why this is not the page: gone, empty, a page to log in."""
    low = shown.lower()
    if words.SCRIPTED.search(low) and len(low) < SHORT:
        return ""
    if len(low) < LEAST:
        return "it is empty" if not words.GONE.search(low) and not words.LOGIN.search(low) else "the page is gone"
    if len(low) < SHORT:
        figures = len(_FIGURES.findall(low))
        if words.GONE.search(low) and figures < 4:
            return "the page is gone"
        if len(words.LOGIN.findall(low)) >= 1 and figures < 4:
            return "it asks to log in"
    return ""


def language(shown: str) -> str:
    """`zh` where a fair part of a text is Chinese, else `en`."""
    chinese = len(re.findall(r"[\u4e00-\u9fff]", shown))
    return "zh" if chinese > 0.08 * max(1, len(shown)) else "en"
