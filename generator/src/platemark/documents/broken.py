"""What saving broke: lines parted at words of code, names that stuck to the line before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from platemark.documents import words
from platemark.documents.atoms import Lexicon
from platemark.documents.blocks import Block
from platemark.documents.normal import normal

NAME = r"(?:[a-z][\w.\[\]-]*|X-[\w-]+|[A-Z][\w]*(?:-[A-Z]\w+)*|[A-Z]{4,})"
DEFINITION = re.compile(
    rf"^[\s•*-]*(?P<name>{NAME})(?:\s+|\s*[:(]\s*)\(?(?P<type>{words.TYPES})\b\)?"
    r"(?P<rest>\s*(?:[(\[,:|•-].*|required.*|optional.*|(?:非?必|可|选)[选填].*|默认.*|$))",
    re.IGNORECASE | re.DOTALL,
)
"""How the entry of a parameter or field begins: its name, its type, and whether it is required."""
_NAMED, _TYPE = re.compile(NAME), re.compile(words.TYPES)
_STUCK = re.compile(r"^(string|integer|boolean|array|object|number)(required|optional)?(?=[A-Z]|$)")


def joined(blocks: list[Block], lexicon: Lexicon, *, broken: bool) -> Iterator[Block]:
    """Names that stuck to the line before stand apart; and in a text that may be `broken` at words of code, its
    lines are one again."""
    names = lexicon.parameters | lexicon.structure
    held: Block | None = None
    for block in blocks:
        if block.sort not in {"text", "item"}:
            if held:
                yield held
            held = None
            yield block
            continue
        if held and (stuck := _STUCK.match(block.text)) and (name := _stuck_name(held.text, names)):
            before = held.text[: len(held.text) - len(name)].rstrip()
            if before:
                yield replace(held, text=before)
            rest = block.text[stuck.end() :]
            yield Block("text", f"{name} {stuck[1]}{f' ({stuck[2]})' if stuck[2] else ''}", block.line)
            held = Block("text", rest, block.line) if rest else None
        elif held and _NAMED.fullmatch(held.text) and _TYPE.fullmatch(block.text):  # two cells of a table that lost it
            held = replace(held, text=f"{held.text} {block.text}")
        elif broken and held and block.text not in names and _goes_on(held, block):
            held = replace(held, text=f"{held.text}\n{block.text}" if _ends(held.text) else f"{held.text} {block.text}")
        else:
            if held:
                yield held
            held = block
    if held:
        yield held


def _stuck_name(text: str, names: frozenset[str]) -> str:
    found = [name for name in names if text.endswith(name) and (len(name) > 1 or text == name)]
    return max(found, key=len, default="")


def _ends(text: str) -> bool:
    return text.rstrip().endswith((".", "。", "!", "?"))


def _goes_on(held: Block, block: Block) -> bool:
    """Whether a line was broken off: the next one follows at once and begins as no sentence does."""
    if block.sort != "text" or block.line - held.line > 3 or _ends(held.text):
        return False
    if re.search(r"/[\w/{}-]+$", held.text):
        return False  # an endpoint ends its line
    if held.sort == "item" and not held.text.endswith(("(", ":", ",")):
        return False
    if DEFINITION.fullmatch(normal(held.text)) and not re.match(
        r"(?:required|optional|default|header|body)\b", block.text
    ):
        return False  # an entry's name and type stand alone
    return bool(re.match(r"[a-z0-9\"'\[(,.]", block.text)) and not DEFINITION.match(normal(block.text))
