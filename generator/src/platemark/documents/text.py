"""Blocks of a page that was saved as plain text: tables, lists and code are told by how their lines look."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import replace

from platemark.documents.blocks import Block

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_ITEM = re.compile(r"^\s*(?:[-*+•◦▪·–]|\d{1,2}[.)、])\s+(.*)$")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_COLUMNS = 2
"""So many bars within a line make it a row."""
_RULE = re.compile(r"^[\s|:=+-]+$")
_FLAT = re.compile(r"\|\s+\|\s*:?-{3,}")
"""A table whose rows were joined into one line."""
_CODE = re.compile(
    r"""^\s*(?:
      curl\b.* | --?[A-Za-z][\w-]*\s+['"{].* | [{}\[\]()]+[,;]?\s*'?\\?$ | "[^"]*"\s*:\s*.+ | [}\])]+[,;)]*\s*'?$
    | (?:import|from)\s+[\w.*]+(?:\s+import\s+.*|;)?$
    | (?:import|export|const|let|var|public|private|static|class|def|return)\b.*[({:;]\s*$
    | (?:if|elif|else|for|while|try|except|with|print|switch|case)\b.*[({:;]\s*$
    | (?:import|public|private|static|return|throw|throws|print)\b.*[;)]\s*$
    | [\w.\[\]"'<>, ]+\s=\s.+ | [\w.]+\(.*\)?[;,:]?\s*$ | (?:\#|//)\s?\S.*
    | python3?\s+\S+\.py.* | \.[a-zA-Z]\w*\(.* | \\?$ | }\s*(?:else|catch|finally|elif).*
    | \w+=[^=\s].*,\s*$ | [\w.]+=\S+\s*$ | (?:break|continue|try|else)\b\s*[:{;]?\s*\\?$ | (?:event|data|id):.*
    )$""",
    re.VERBOSE,
)
_OPENS = re.compile(r"[{\[(]")
_CLOSES = re.compile(r"[}\])]")
_PROSE = re.compile(r"^(?:[A-Z][a-z]+ |[\u4e00-\u9fff])")
_STRONG = re.compile(
    r"^\s*(?:curl\b|import\s+[\w.]+(?:,\s*[\w.]+)*;?$|package\s+[\w.]+;?$|from\s+[\w.]+\s+import\b|\{\s*$"
    r"|public class|python3?\s+\S+\.py)|\s--data\s|^data:\s*\{|^-{1,2}[a-zA-Z]\s"
)
_GLUE = re.compile(r"(?<=\\)(?=Then |\| |curl )|(?<=^}')(?=[A-Z])|(?<=[a-z])(?=curl -)|(?<=^\}'`)(?=[A-Z])")
"""Where two lines of a page became one as it was saved."""


def blocks(text: str) -> list[Block]:
    """The blocks of a page in plain text, in its order."""
    numbered = [(number, part) for number, line in enumerate(text.split("\n"), 1) for part in _GLUE.split(line)]
    numbers = [number for number, _ in numbered]
    return [replace(block, line=numbers[block.line - 1]) for block in _blocks([part for _, part in numbered])]


def _blocks(lines: list[str]) -> Iterator[Block]:
    at = 0
    head: tuple[str, ...] = ()
    while at < len(lines):
        line = lines[at]
        stripped = line.strip()
        if stripped.count(" | ") >= _COLUMNS and not stripped.startswith("|") and not stripped.endswith("|"):
            stripped = f"| {stripped} |"  # a table without its outer bars
        if not stripped.startswith("|"):
            head = ()
        if not stripped:
            at += 1
        elif _FENCE.match(line):
            end = next((i for i in range(at + 1, len(lines)) if _FENCE.match(lines[i])), len(lines))
            yield Block("code", "\n".join(lines[at + 1 : end]), at + 2)
            at = end + 1
        elif stripped.startswith("|"):
            if not head and _RULE.match(stripped) and at and "|" in lines[at - 1]:  # its first line stuck to another
                head = _cells("|" + lines[at - 1].partition("|")[2])
            rows = _rows(stripped)
            head = () if len(rows) > 1 else head
            for row in rows:
                head = yield from _row(row, at + 1, head)
            at += 1
        elif _STRONG.search(line):
            end = _code_end(lines, at)
            yield Block("code", "\n".join(lines[at:end]), at + 1)
            at = end
        elif found := _HEADING.match(line):
            yield Block("heading", found[2], at + 1, len(found[1]))
            at += 1
        elif found := _ITEM.match(line):
            yield Block("item", found[1], at + 1)
            at += 1
        else:
            yield Block("text", stripped, at + 1)
            at += 1


def _rows(line: str) -> list[str]:
    """The rows of a line; several where a table lost its breaks."""
    return re.sub(r"\|\s+\|", "|\n|", line).split("\n") if _FLAT.search(line) else [line]


def _row(line: str, number: int, head: tuple[str, ...]) -> Generator[Block, None, tuple[str, ...]]:
    """The row of a line, if it is one; gives the names of the columns from there on."""
    if _RULE.match(line):
        return head
    cells = _cells(line)
    if not head and _KEY.fullmatch(cells[0]):
        head = ("name", *("" for _ in cells[1:]))  # a table without a head, of parameters
    elif not head:
        return cells
    yield Block("row", " | ".join(cells), number, head=head, cells=cells)
    return head


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))


def _code_end(lines: list[str], start: int) -> int:
    """Where code that begins on a line ends: after its brackets close and its lines stop looking like code."""
    depth, at, blank = 0, start, 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            blank += 1
            if blank > 2 or (depth <= 0 and not _goes_on(lines, at)):
                break
        elif at > start and not _looks(line) and (depth <= 0 or _PROSE.match(line)):
            break
        else:
            blank = 0
            depth += len(_OPENS.findall(line)) - len(_CLOSES.findall(line))
        at += 1
    return at


def _goes_on(lines: list[str], blank: int) -> bool:
    after = next((line for line in lines[blank + 1 : blank + 3] if line.strip()), "")
    return bool(after) and _looks(after) and not _STRONG.match(after)


def _looks(line: str) -> bool:
    return bool(_CODE.match(line)) or line.startswith(("    ", "\t")) or line.rstrip().endswith(("\\", ";", "{"))
