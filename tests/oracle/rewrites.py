"""Cosmetic rewrites of documentation pages: what a vendor's web team does to a page without changing one fact of it.

``rewrite(text, seed)`` reads a capture into blocks (prose, list items, tables, headings, parameter lines, samples),
draws one to four steps and writes the page out again as plain text, Markdown or HTML. Samples (curl, JSON, code)
are never reworded; the step ``samples`` alone touches them, and there only prompts, ids, times and names of pictures.
Addresses, paths, header lines and anything in braces are shielded from every edit of prose. Made from the documents
alone, without a look at the tool. ``rewrite_pages`` reads and writes pages, ``rewrite_words`` has the steps on wording.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import rewrite_words as words
from rewrite_pages import (
    BULLET,
    SHIELD,
    STEP_TITLE,
    TITLES,
    Block,
    Page,
    parse,
    render_html,
    render_markdown,
    render_text,
    rows_of,
)
from rewrite_words import Step, substitute

# --- steps on samples, titles and the frame of the page -----------------------------------------------------

PROMPTS = (
    "A paper lantern drifting over a quiet harbor at dusk, painted in soft gouache",
    "An old tram climbing a steep street in the rain",
    "A fox asleep under a fern, morning light, fine ink lines",
    "A market stall full of lemons, warm colors, shallow focus",
)
NEGATIVES = ("Blur, noise, crooked hands, washed-out colors", "Grainy, overexposed, extra limbs, garbled letters")
_PROMPT = re.compile(
    r'((?<!\w)"?(negative_)?(?:text|prompt|orig_prompt|actual_prompt)"?\s*[:=,]\s*")([^"\\\n]{12,})(")'
)
_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){1,3}[-0-9a-fx]*")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\b")
_PICTURE = re.compile(r"(https?://[\w.-]+/(?:[\w.!-]+/)*)[\w!-]+(\.(?:png|jpe?g|webp)\b)")


def samples(page: Page, rng: Random) -> Page:
    """Other prompts, ids, times and names of pictures in samples, another text on example lines."""
    shift, salt = timedelta(days=rng.randint(20, 200), seconds=rng.randint(1, 80000)), rng.random()

    def fresh(m: re.Match[str]) -> str:
        own = Random(f"{salt}{m[0]}")
        return re.sub(r"[0-9a-f]", lambda _: own.choice("0123456789abcdef"), m[0])

    def code(text: str) -> str:
        text = _PROMPT.sub(lambda m: m[1] + Random(f"{salt}{m[3]}").choice(NEGATIVES if m[2] else PROMPTS) + m[4], text)
        text = _PICTURE.sub(lambda m: m[1] + "result_" + "".join(rng.choices("abcdefgh", k=6)) + m[2], text)
        time = "%Y-%m-%d %H:%M:%S.%f"
        later = lambda m: (datetime.strptime(m[0], time).replace(tzinfo=UTC) + shift).strftime(time)[:-3]  # noqa: E731
        return _TIME.sub(later, _ID.sub(fresh, text))

    def example(text: str) -> str:
        pool = NEGATIVES if text[9:12].lower() == "low" else PROMPTS
        return re.sub(r"^Example: [A-Z][^\d_]{40,}\.$", lambda _: f"Example: {rng.choice(pool)}.", text)

    edits = {"code": code, "prose": example}
    return tuple(replace(b, lines=tuple(map(edits[b.kind], b.lines))) if b.kind in edits else b for b in page)


def last_updated(page: Page, rng: Random) -> Page:
    """Another date of the last change."""
    day = f"{rng.choice(['Jul', 'Aug', 'Sep'])} {rng.randint(1, 28)}, 2026"
    return substitute(
        page,
        [(r"(?<=^Last Updated:)(.*)$", day), (r"(?<=^Content validity: )20\d\d-\d\d", f"2026-{rng.randint(6, 12):02}")],
    )


def titles(page: Page, rng: Random) -> Page:
    """Section titles in other words, or numbered; never a parameter or a model."""
    number, rename, out = 0, rng.random() < 0.7, []
    for block in page:
        b = block
        if b.kind == "head" and not STEP_TITLE.match(b.lines[0]):
            new = rng.choice((b.lines[0], *TITLES.get(b.lines[0].lower(), (0, ()))[1])) if rename else b.lines[0]
            number += b.level == 2
            b = replace(b, lines=(new if rename or b.level != 2 else f"{number}. {new}",))
        out.append(b)
    return tuple(out)


def section_order(page: Page, rng: Random) -> Page:
    """Whole top-level sections in another order."""
    starts = [i for i, b in enumerate(page) if b.kind == "head" and b.level == 2] + [len(page)]
    parts = [(*page[i:j], Block("blank", ("",))) for i, j in pairwise(starts)]
    rng.shuffle(parts)
    return page[: starts[0]] + tuple(b for part in parts for b in part)


def faq_order(page: Page, rng: Random) -> Page:
    """Whole questions with their answers in another order, where they follow each other line by line."""
    out: list[Block] = []
    run: list[list[Block]] = []
    for b in (*page, Block("end", ("",))):
        if b.kind == "prose" and b.lines[0].startswith("Q: "):
            run.append([b])
        elif run and len(run[-1]) == 1 and " A: " not in run[-1][0].lines[0] and b.lines[0].startswith("A: "):
            run[-1].append(b)
        else:
            if all(len(entry) == 2 or " A: " in entry[0].lines[0] for entry in run):
                rng.shuffle(run)
            out += [q for entry in run for q in entry] + [b]
            run = []
    return tuple(out[:-1])


FRAMES: dict[str, tuple[str, ...]] = {
    "notice": (
        "Notice: this documentation has moved to a new home. Please renew your bookmarks.",
        "The layout of this page is new. Tell us what you think of it.",
    ),
    "date_line": (
        "Published by the documentation team, August 2026",
        "Reviewed: September 2026 | Reading time: a few minutes",
    ),
    "cookie_banner": (
        "We use cookies to make this site work and to count visits.\nAccept all\nReject all\nCookie settings",
    ),
    "helpful": ("Was this page helpful?\nYes\nNo", "Was this page helpful? Give us feedback"),
}


def _frame(name: str) -> Step:
    """A step that adds lines above or below the page."""

    def step(page: Page, rng: Random) -> Page:
        blank = (Block("blank", ("",)),)
        added = tuple(Block("keep", (line,)) for line in rng.choice(FRAMES[name]).split("\n"))
        bottom = name == "helpful" or (name != "cookie_banner" and rng.random() < 0.4)
        return page + blank + added if bottom else added + blank + page

    step.__doc__ = f"{name.replace('_', ' ')} above or below the page."
    return step


# --- steps on the form of lists, tables and lines -----------------------------------------------------------


def list_to_table(page: Page, rng: Random) -> Page:
    """Lists of `value: meaning` as tables of two columns."""
    out, i = [], 0
    while i < len(page):
        j, cells = i, []
        while j < len(page) and page[j].kind in ("bullet", "blank") and len(page[j].lines) == 1:
            item = BULLET.match(page[j].lines[0])
            parts = re.match(r"(.+?): (.+)$", item[3]) if item and len(item[1]) < 4 else None
            if page[j].kind == "bullet" and (not parts or "|" in page[j].lines[0]):
                cells = []
                break
            cells += [f"| {parts[1]} | {parts[2]} |"] if parts else []
            j += 1
        if len(cells) > 1 and page[i].kind == "bullet":
            out += [Block("table", ("| Value | Meaning |", "|---|---|", *cells)), Block("blank", ("",))]
            i = j
            continue
        run = i + 1
        while page[i].kind == "bullet" and run < len(page) and page[run].kind in ("bullet", "blank"):
            run += 1  # a list that does not fit is left whole
        out += page[i:run]
        i = run
    return tuple(out)


def table_to_list(page: Page, rng: Random) -> Page:
    """Tables that are not about parameters as lists, every cell with the title of its column."""
    out: list[Block] = []
    for b in page:
        rows = rows_of(b) if b.kind in ("table", "flat") else []
        if len(rows) < 2 or rows[0][0] == "Parameter":
            out.append(b)
            continue
        for row in rows[1:]:
            rest = [row[1]] if len(row) == 2 else [f"{h}: {c}" for h, c in zip(rows[0][1:], row[1:], strict=True)]
            out.append(Block("bullet", (f"- {row[0]}: " + "; ".join(rest),), b.glued and row is rows[1]))
    return tuple(out)


def params_to_headings(page: Page, rng: Random) -> Page:
    """Tables of parameters as one heading per parameter; a neutral heading closes them."""
    out: list[Block] = []
    for b in page:
        rows = rows_of(b) if b.kind == "table" else []
        if not rows or rows[0][0] != "Parameter":
            out.append(b)
            continue
        for row in rows[1:]:
            out.append(Block("head", (row[0],), level=4))
            cells = [(h, c) for h, c in zip(rows[0][1:-1], row[1:-1], strict=True) if c != "—" or h != "Default"]
            out += [Block("prose", (f"{h}: {c}.",)) for h, c in cells] + [Block("prose", (row[-1],))]
        out.append(Block("head", ("Notes",), level=4))
    return tuple(out)


def bullets(page: Page, rng: Random) -> Page:
    """Another sign for the items of lists."""
    sign = rng.choice("-*+•·‣")
    item = [
        replace(b, lines=(BULLET.sub(rf"\1{sign} \3", b.lines[0]), *b.lines[1:])) if b.kind == "bullet" else b
        for b in page
    ]
    return tuple(item)


def join_lines(page: Page, rng: Random) -> Page:
    """Broken lines joined; two whole paragraphs of plain sentences under one parameter made one."""
    out: list[Block] = []
    for block in page:
        b = replace(block, lines=(" ".join(s.strip() for s in block.lines),)) if block.kind == "prose" else block
        whole = [
            x.kind == "prose" and re.match(r"(?!For |Only |If |See )[A-Z][^:(]*\.$", x.lines[0])
            for x in (*out[-2:-1], b)
        ]
        if len(out) > 2 and len(whole) == 2 and all(whole) and out[-1].kind == "blank" and rng.random() < 0.7:
            out[-2:] = [replace(out[-2], lines=(f"{out[-2].lines[0]} {b.lines[0]}",))]
        else:
            out.append(b)
    return tuple(out)


def wrap_lines(page: Page, rng: Random) -> Page:
    """Long lines of prose wrapped inside a sentence, before a plain word: no new line looks like an item or a title."""
    width = rng.choice([60, 72, 88, 100])

    def wrap(text: str) -> str:
        lines, words = [""], text.split(" ")
        for i, word in enumerate(words):
            safe = re.match(r"[a-z]{2,}$", word) and len(words) - i > 3 and lines[-1][-1:] not in ".:;!?"
            if len(lines[-1]) + len(word) > width and safe:
                lines.append(word)
            else:
                lines[-1] += (" " if i else "") + word
        return "\n".join(lines)

    return tuple(
        replace(b, lines=tuple(part for line in b.lines for part in wrap(line).split("\n")))
        if b.kind == "prose" and not SHIELD.search(b.lines[0])
        else b
        for b in page
    )


def spacing(page: Page, rng: Random) -> Page:
    """More blank lines between blocks, small indentations."""
    out: list[Block] = []
    for b in page:
        if out and not b.glued and rng.random() < 0.25 and "bullet" not in (b.kind, out[-1].kind):
            out += [Block("blank", ("",))] * rng.randint(1, 3)
        indent = (
            " " * rng.randint(1, 3)
            if b.kind in ("prose", "keep", "param") and not b.glued and rng.random() < 0.2
            else ""
        )
        out.append(replace(b, lines=tuple(indent + line for line in b.lines)) if indent else b)
    return tuple(out)


# --- the table and the draw ---------------------------------------------------------------------------------

# In the order in which they are applied, whatever the order in which they are asked for.
STEPS: dict[str, Step] = {
    **words.FIRST,
    "samples": samples,
    "last_updated": last_updated,
    "section_order": section_order,
    "titles": titles,
    "faq_order": faq_order,
    "list_to_table": list_to_table,
    "table_to_list": table_to_list,
    "params_to_headings": params_to_headings,
    "bullets": bullets,
    "join_lines": join_lines,
    "wrap_lines": wrap_lines,
    **words.LAST,
    "spacing": spacing,
    **{name: _frame(name) for name in FRAMES},
}
FORMS = ("as_markdown", "as_html")  # how the page is written out; plain text without either
NEEDS_FORM = {"emphasis", "links", "entities", "params_to_headings"}
APART = ({"list_to_table", "table_to_list"}, set(FORMS))


def _draw(rng: Random) -> list[str]:
    """One to four steps that fit together, a form among them more often than not."""
    form = rng.choice(("", "", *FORMS))
    names = [form] if form else []
    names += rng.sample(sorted(STEPS), rng.randint(0 if form else 1, 3 if form else 4))
    if not form and NEEDS_FORM & set(names):
        names = [rng.choice(FORMS), *names][:4]
    return _draw(rng) if any(pair <= set(names) for pair in APART) else names


def _apply(text: str, names: Sequence[str], rng: Random) -> tuple[str, str, list[str]]:
    """These steps on a page; the names of those that changed something."""
    unknown = set(names) - set(STEPS) - set(FORMS)
    if unknown or set(FORMS) <= set(names):
        raise ValueError(f"no such steps, or two forms at once: {sorted(unknown) or FORMS}")
    page, done = parse(text), []
    for name, step in STEPS.items():
        changed = step(page, rng) if name in names else page
        if changed != page:
            page, done = changed, [*done, name]
    form = next((f for f in FORMS if f in names), rng.choice(FORMS) if NEEDS_FORM & set(done) else "")
    if form == "as_markdown":
        return render_markdown(page, rng), ".md", [*done, form]
    if form == "as_html":
        return render_html(page, rng), ".html", [*done, form]
    return render_text(page), ".txt", done


def rewrite(text: str, seed: int, steps: Sequence[str] | None = None) -> tuple[str, str, list[str]]:
    """The page rewritten with no fact changed: its new text, the suffix of its form, the steps that had an effect.

    Without `steps` the seed draws them, and draws again while none of them has an effect on this page.
    """
    rng = Random(seed)
    while True:
        result = _apply(text, _draw(rng) if steps is None else steps, rng)
        if result[2] or steps is not None:
            return result
