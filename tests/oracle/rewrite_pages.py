"""Pages of documentation as blocks: read from a capture, written out as text, Markdown or HTML (for `rewrites`).

Tells samples (curl, JSON, Python, Java) from prose, knows the places where a capture lost a line break, and holds which
parts of a line no rewrite may touch.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Block:
    """A piece of a page; `glued`: the capture lost the line break before it; `level`: of a heading."""

    kind: str  # blank, prose, keep (never edited), head, param, bullet, code, table, flat (a table on one line)
    lines: tuple[str, ...]
    glued: bool = False
    level: int = 0


Page = tuple[Block, ...]

# Section titles the reader of a capture can only know by their words: level, then other titles with the same meaning.
TITLES: dict[str, tuple[int, tuple[str, ...]]] = {
    "examples": (2, ("Example", "See it in action")),
    "model overview": (2, ("Models", "Overview of the models")),
    "prerequisites": (2, ("Before you begin", "Preparation")),
    "billing and rate limiting": (2, ("Billing and limits",)),
    "synchronous api (recommended)": (2, ("Synchronous calls (recommended)", "Synchronous interface (recommended)")),
    "asynchronous api": (2, ("Asynchronous calls", "Asynchronous interface")),
    "error codes": (2, ("Errors", "Error list")),
    "faq": (2, ("Frequently asked questions", "Questions and answers")),
    "authentication": (2, ("Authenticating",)),
    "parameters": (2, ("Request parameters",)),
    "polling": (2, ("Polling for the result", "Task polling")),
    "response format": (2, ("Response", "Format of the response")),
    "header parameters": (2, ("Headers", "Request headers")),
    "authorizations": (2, ("Authorization",)),
    "body": (2, ("Request body",)),
    "response": (2, ("Response body",)),
    "http": (3, ()),
    "dashscope sdk call": (3, ("Call with the DashScope SDK",)),
    "dashscope sdk": (3, ()),
    "python": (3, ()),
    "java": (3, ()),
    "python sdk": (3, ()),
    "java sdk": (3, ()),
    "request parameters": (4, ("Request",)),
    "response parameters": (4, ("Response", "Response fields")),
    "request headers": (5, ("Headers",)),
    "request body": (5, ("Body of the request",)),
    "url path parameters": (5, ("Path parameters",)),
    "request example": (5, ("Sample request",)),
    "response example": (5, ("Sample response",)),
}
STEP_TITLE = re.compile(r"Step \d: .{5,40}\btask ID$")
_GLUE = re.compile(r"(?<=' \\)(?=\S)|(?<=generation)(?=curl |\| )|(?<=^}')(?=\S)")
BULLET = re.compile(r"^(\s*)([-*+•·‣]) +(.*)$", re.S)
RULE = re.compile(r"^\|[\s:|-]+\|\s*$")
PARAM = re.compile(
    r"^([\w-]+) ((?:string|integer|object|array|bool|boolean)\b(?: \(?(?:required|optional)\)?)?)$", re.I
)
_KEEP = re.compile(r"^[\w./<>-]+$|^default\"|^Authorization: |^Show child|\b(?:POST|GET) (?:https?:/)?/|^\| |^\[!")
# the line goes on in the next one
_OPEN = re.compile(
    r"(?:\b(?:Supports|When|Specify|in|add|with|contain|a|the)|Value:|Default:|Range:|\(recommended\):|\()$"
)
SHIELD = re.compile(
    r"(https?://\S+|(?<![\w*])/(?:api|services|model|tasks)\S*|data:\S+|\{[^{}]*\}|\[\[.*?\]\]|\bX-[\w-]+: \w+"
    r"|\bAuthorization: \S+|\w+_\w+: \w+|`[^`]*`)"
)


def parse(text: str) -> Page:
    """The blocks of a capture."""
    pieces: list[tuple[str, bool]] = []
    for line in text.replace("\r\n", "\n").rstrip("\n").split("\n"):
        pieces += [(part, i > 0) for i, part in enumerate(_GLUE.split(line))]
    blocks: list[Block] = []
    while pieces:
        after = blocks[-1].lines[0].strip().lower() if blocks else ""
        kind, count = _next_block([p for p, _ in pieces[:400]], [g for _, g in pieces[:400]], after)
        taken, pieces = pieces[:count], pieces[count:]
        level = _level(taken[0][0]) if kind == "head" else 0
        blocks.append(Block(kind, tuple(line for line, _ in taken), taken[0][1], level))
    return tuple(blocks)


def _level(line: str) -> int:
    """The level of a section title, 0 for any other line."""
    return 3 if STEP_TITLE.match(line) else TITLES.get(line.strip().lower(), (0, ()))[0]


def _next_block(lines: Sequence[str], glued: Sequence[bool], after: str) -> tuple[str, int]:
    """Kind and number of lines of the block that starts here."""
    first = lines[0]
    count = _code_length(lines, glued, after)
    if count:
        return "code", count
    if not first.strip():
        return "blank", 1
    if first.startswith("|") and re.search(r"\| \|-", first):
        return "flat", 1
    if first.startswith("|") and len(lines) > 1 and RULE.match(lines[1]):
        wide = first.count("|")  # a table that lost its line breaks may follow
        return "table", next(
            (i for i, line in enumerate(lines) if line[:1] != "|" or line.count("|") != wide), len(lines)
        )
    if _level(first):
        return "head", 1
    if PARAM.match(first):
        return "param", 1
    if _KEEP.search(first) and not _OPEN.search(first):
        return "keep", 1
    count, bullet = 1, BULLET.match(first) is not None
    while count < len(lines) and lines[count].strip() and not BULLET.match(lines[count]):
        if not (_OPEN.search(lines[count - 1]) or (bullet and lines[count].startswith("    "))):
            break
        count += 1
    return ("bullet" if bullet else "prose"), count


def _code_length(lines: Sequence[str], glued: Sequence[bool], after: str) -> int:
    """How many lines of a sample start here, 0 for none."""
    first = lines[0]

    def until(last: Callable[[int], bool]) -> int:
        return next((i + 1 for i in range(len(lines)) if last(i)), len(lines))

    def cut(i: int) -> bool:
        return i + 1 < len(lines) and glued[i + 1]

    if re.match(r"curl (?:-|https?:)|python3 ", first):
        return until(
            lambda i: cut(i) or ("\n".join(lines[: i + 1]).count("'") % 2 == 0 and lines[i].rstrip()[-1:] != "\\")
        )
    if first.rstrip() == "{":
        return until(lambda i: lines[i].rstrip() == "}")
    if after == "request example":
        return until(lambda i: i + 1 < len(lines) and lines[i + 1].strip().lower() == "response example")
    if re.match(r"from \w+ import |import \w+[,.;]|import \w+$", first):
        return until(lambda i: lines[i].startswith("print("))
    return 0


def rows_of(block: Block) -> list[list[str]]:
    """The cells of a table, without the line of dashes."""
    lines = re.split(r"(?<=\|) (?=\|)", block.lines[0]) if block.kind == "flat" else block.lines
    return [[c.strip() for c in line.strip().strip("|").split("|")] for line in lines if not RULE.match(line)]


# --- writing a page out -------------------------------------------------------------------------------------

OPEN, CLOSE = "\ue000", "\ue001"  # OPEN + letter … CLOSE: b bold, i italic, c code, s span, a link
ENTITIES = {"\ue010": (" ", "&nbsp;"), "\ue011": ("×", "&times;"), "\ue012": ("*", "&#42;"), "\ue013": ("–", "&ndash;")}
_MARKED = re.compile(rf"{OPEN}(\w)([^{CLOSE}]*){CLOSE}")
_MARKS = {
    "md": {"b": "**{}**", "i": "*{}*", "c": "`{}`", "s": "{}", "a": "[{}](#{})"},
    "html": {
        "b": "<strong>{}</strong>",
        "i": "<em>{}</em>",
        "c": "<code>{}</code>",
        "s": '<span class="v">{}</span>',
        "a": '<a href="#{1}">{0}</a>',
    },
}


def _inline(text: str, form: str) -> str:
    """Text of one line in the form of the page: marks and character references written, signs of the form escaped."""

    def plain(part: str, named: bool = True) -> str:
        if form == "html":
            part = html.escape(part, quote=False)
        elif form == "md" and named:
            part = re.sub(r"[\\*~<`]", r"\\\g<0>", part)
        for sign, pair in ENTITIES.items():
            part = part.replace(sign, pair[form != "txt" and named])
        return part

    def marked(letter: str, part: str) -> str:
        if form == "txt":
            return plain(part)
        slug = re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")
        return _MARKS[form][letter].format(plain(part, named=form == "html" or letter != "c"), slug)

    parts = _MARKED.split(text)
    return "".join(plain(p) if i % 3 == 0 else marked(parts[i - 1], p) for i, p in enumerate(parts) if i % 3 != 1)


def render_text(page: Page) -> str:
    """The page as a plain capture."""
    out = ""
    for i, b in enumerate(page):
        lines = b.lines if b.kind == "code" else [_inline(line, "txt") for line in b.lines]
        out += ("" if b.glued or i == 0 else "\n") + "\n".join(lines)
    return out + "\n"


def render_markdown(page: Page, rng: Random) -> str:
    """The page as Markdown: every block a block of its own."""
    fence, param, before = rng.choice(["```", "~~~"]), rng.choice(["`{}` *{}*", "**{}** {}", "{} `{}`"]), ""
    out: list[str] = []
    for b in page:
        text = "\n".join(_inline(line.strip(), "md") for line in b.lines)
        if b.kind == "blank":
            out.append("")
            continue
        if b.kind != "bullet" or before != "bullet":
            out.append("")
        before = b.kind
        if b.kind == "code":
            text = "\n".join((fence, *b.lines, fence))
        elif b.kind == "head":
            text = "#" * b.level + " " + text
        elif b.kind == "param" and (m := PARAM.match(b.lines[0].strip())):
            text = param.format(m[1], m[2])
        elif b.kind == "bullet" and (m := BULLET.match("\n".join(b.lines))):
            sign = m[2] if m[2] in "-*+" else "-"
            item = [_inline(line.strip(), "md") for line in m[3].split("\n")]
            text = ("    " if len(m[1]) >= 4 else "") + f"{sign} " + "\n      ".join(item)
        elif b.kind in ("table", "flat"):
            rows = [[_inline(c, "md") for c in row] for row in rows_of(b)]
            text = "\n".join("| " + " | ".join(r) + " |" for r in [rows[0], ["---"] * len(rows[0]), *rows[1:]])
        out.append(text)
    return "\n".join(out).strip("\n") + "\n"


def _html_block(b: Block, param: str, spans: bool) -> str:
    """One block (not an item of a list) as HTML, with or without a span around every line."""
    line = '<span class="line">{}</span>' if spans else "{}"
    text = "\n".join(_inline(line.strip(), "html") for line in b.lines)
    if b.kind == "code":
        code = "\n".join(line.format(html.escape(text, quote=False)) for text in b.lines)
        return f"<pre><code>{code}</code></pre>"
    if b.kind == "head":
        return f"<h{b.level}>{text}</h{b.level}>"
    if b.kind == "param" and (m := PARAM.match(b.lines[0].strip())):
        return param.format(m[1], m[2])
    if b.kind in ("table", "flat"):
        first, *rest = [[_inline(c, "html") for c in row] for row in rows_of(b)]
        body = "\n".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rest)
        head = "".join(f"<th>{c}</th>" for c in first)
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    return f"<p>{line.format(text)}</p>"


def render_html(page: Page, rng: Random) -> str:
    """The page as HTML, in nested divs, with or without a frame of navigation, footer, script and style."""
    param = rng.choice(
        [
            '<p><code>{}</code> <span class="type">{}</span></p>',
            "<h6>{} <em>{}</em></h6>",
            '<div class="param"><b>{}</b> <span>{}</span></div>',
        ]
    )
    spans = rng.random() < 0.3
    out: list[str] = []
    depth = 0
    for b in page:
        if b.kind == "blank":
            continue
        m = BULLET.match("\n".join(b.lines)) if b.kind == "bullet" else None
        target = (2 if len(m[1]) >= 4 and depth else 1) if m else 0
        out += ["</li></ul>"] * (depth - target)
        if m:
            item = "\n".join(_inline(line.strip(), "html") for line in m[3].split("\n"))
            out += ["<ul>"] * (target - depth) + (["</li>"] if target <= depth else []) + [f"<li>{item}"]
        else:
            out.append(_html_block(b, param, spans))
        depth = target
    body = "\n".join(out + ["</li></ul>"] * depth)
    for _ in range(rng.randint(1, 4)):
        body = f'<div class="{rng.choice(["content", "doc-body", "row", "inner"])}">\n{body}\n</div>'
    if rng.random() < 0.2:
        return body + "\n"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Documentation</title>\n'
        "<style>.content { width: 1180px; margin: 0 16px } .row > p { font-size: 14px }</style>\n"
        '<script>var page = { id: 4711, n: 7, size: "99*99", ok: 1 < 2 && "max 3" };</script></head>\n<body>\n'
        '<nav><ul><li><a href="/">Home</a></li><li><a href="/docs">Docs</a></li><li>Search</li></ul></nav>\n'
        f"<main>\n{body}\n</main>\n<footer><p>Terms of use &middot; Privacy</p></footer>\n</body>\n</html>\n"
    )
