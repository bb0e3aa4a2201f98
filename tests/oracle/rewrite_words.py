"""The steps of `rewrites` that touch the wording of a page: phrases, signs, spaces, marks on words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from rewrite_pages import CLOSE, OPEN, RULE, SHIELD, Block, Page

Step = Callable[[Page, Random], Page]


def edit(page: Page, change: Callable[[str], str], kinds: str = "prose bullet table flat") -> Page:
    """`change` applied to the text of the blocks of these kinds, shielded parts left out."""

    def line(text: str) -> str:
        if RULE.match(text):
            return text
        return "".join(part if i % 2 else change(part) for i, part in enumerate(SHIELD.split(text)))

    return tuple(replace(b, lines=tuple(map(line, b.lines))) if b.kind in kinds.split() else b for b in page)


def substitute(page: Page, rules: Sequence[tuple[str, str]], kinds: str = "prose bullet table flat") -> Page:
    """Regular expressions applied one after the other."""

    def change(text: str) -> str:
        for pattern, new in rules:
            text = re.sub(pattern, new, text)
        return text

    return edit(page, change, kinds)


_N = r"(\d[\d,]*(?:[*×²:]\d*)?)"
REWORDINGS: tuple[tuple[str, str], ...] = (
    (rf"\bMaximum length is {_N} characters", r"At most \1 characters"),
    (r"\bMaximum (?=\d[\d,]* ?char)", "At most "),
    (r"\bmaximum (?=\d[\d,]* ?char)", "at most "),
    (r"\bMax (\d+) (chars|characters|images)\b", r"No more than \1 \2"),
    (r"\bMax (\d+) MB", r"At most \1 MB"),
    (
        r"\bExcess (?:characters )?(?:are truncated automatically|is auto-truncated)",
        "Anything beyond is cut off automatically",
    ),
    (r"\b(?:excess|overflow) is automatically truncated", "anything beyond is cut off automatically"),
    (r"\bDefault is (?=\d)", "Defaults to "),
    (r"\bDefault resolution is ", "The resolution defaults to "),
    (r"\bDefault: (?=[\w])", "The default is "),
    (r"\b(?:Valid range|Range): ", "Allowed range: "),
    (rf"\bTotal pixels must be between {_N} and {_N}(?=[. ])", r"The total number of pixels ranges from \1 to \2"),
    (r"\bTotal pixels must be between (?=\[)", "The total number of pixels has to lie in "),
    (rf"\bAspect ratio must be between {_N} and {_N}(?=[. ])", r"The aspect ratio ranges from \1 to \2"),
    (rf"\bWidth and height each between {_N} and {_N} pixels", r"Width and height each from \1 to \2 pixels"),
    (r"\b([Tt])his value is fixed at 1\b", r"\1he value is always 1"),
    (r"\bFixed at 1\b", "Always 1"),
    (r"\bSetting any other value returns an error", "Any other value leads to an error"),
    (r"\byou can choose (\d+[–-]\d+) images", r"\1 images can be chosen"),
    (r"\bNumber of output images", "How many images to output"),
    (r"\bOnly single-turn conversations are supported", "Single-turn conversations only are supported"),
    (r"\bmust contain exactly one\b", "has to contain exactly one"),
    (r"\bMust be (?=\w)", "Has to be "),
    (r"\bNumber of (?:images to generate|generated images)(?=[. ])", "How many images are generated"),
    (
        r"\bare retained for only (\d+) hours and then automatically purged",
        r"are kept for only \1 hours and then purged automatically",
    ),
    (
        r"\bis retained for only (\d+) hours and then automatically purged",
        r"is kept for only \1 hours and then purged automatically",
    ),
    (r"\b(URLs|URL) (?:are|is) valid for (only )?(\d+) hours", r"\1 can be used for \2\3 hours"),
    (r"\bExpires after (\d+) hours", r"Ceases to be valid after \1 hours"),
    (r"\bURLs expire after ", "URLs cease to be valid after "),
    (
        r"\bOnly ([\w.-]+) and ([\w.-]+) support asynchronous calls",
        r"Asynchronous calls are supported by \1 and \2 only",
    ),
    (r"\bSupports Chinese and English", "Chinese and English are supported"),
    (r"\bIf omitted, ", "When left out, "),
    (r"\bReturned only when the request fails", "Present only if the request fails"),
    (r"\bBilled per image", "Every image is billed"),
    (r"\bRandom number seed", "Seed of the random numbers"),
    (r"\bbottom-right corner", "lower-right corner"),
    (r"\bSame capabilities as (?=[a-z])", "Has the same capabilities as "),
    (r"\bActual values are ", "The actual values are "),
    (r"\bIntelligent prompt rewriting", "Smart prompt rewriting"),
    (r"\bContent to exclude", "What to leave out"),
    (r"\bReproducibility seed ", "Seed for reproducible results "),
    (r"\bOutput image resolution", "Resolution of the output image"),
)


def reword(page: Page, rng: Random) -> Page:
    """Lead-ins said in other words."""
    return substitute(page, [rule for rule in REWORDINGS if rng.random() < 0.6], "prose bullet table")


def unglue(page: Page, rng: Random) -> Page:
    """Spaces a capture lost around figures and after a type put back, items run into one line set apart again."""
    rules = [
        (r"\b(between|maximum|range|than|example|of|to|or)(?=\d)", r"\1 "),
        (r"(?<=\d)and(?=\d)", " and "),
        (r"(?<![\w.])(\d+(?:[*-]\d+)*)(?=(?:pixels|characters|input|output|image|MB)\b)", r"\1 "),
        (r"(?<=\dK)(?=\()|(?<=width\*height)(?=in |format)", " "),
        (r"^(string|integer|boolean|array|object)(required)?(?=[A-Z])", r"\1 \2" + rng.choice(["\n", " - ", ": "])),
    ]
    out: list[Block] = []
    for b in substitute(page, rules, "prose bullet"):
        text = "\n".join(b.lines)
        if b.kind == "bullet" and len(b.lines) > 1 and not re.search(r"\n    ", text):
            items = re.split(r"(?<=\.) - (?=[A-Z])", re.sub(r"(?<!\()\n", " ", text).replace("\n", ""))
            out += [replace(b, lines=(item if i == 0 else f"- {item}",)) for i, item in enumerate(items)]
        else:
            text = re.sub(r" +(?= - |\n)", "", text)
            out.append(replace(b, lines=tuple(text.split("\n"))) if b.kind == "prose" else b)
    return tuple(out)


def times_signs(page: Page, rng: Random) -> Page:
    """`*` and `×` in sizes, one for the other."""
    return substitute(
        page, [(r"(?<!\d)(\d{3,4}) ?[*×] ?(\d{3,4})(?!\d)", rng.choice([r"\1×\2", r"\1*\2", r"\1 × \2"]))]
    )


def squares(page: Page, rng: Random) -> Page:
    """Powers of two for equal sides of an area, and back."""
    write = [
        (r"\[(\d+)[*×]\1, (\d+)[*×]\2\]", r"[\1², \2²]"),
        (r"between (\d+)[*×]\1 and (\d+)[*×]\2(?!\d)", r"between \1² and \2²"),
    ]
    return substitute(page, rng.choice([write, [(r"(?<!\d)(\d{3,4})²", r"\1*\1")]]))


def thousands(page: Page, rng: Random) -> Page:
    """Separators of thousands in numbers with a unit or at the end of a range, all in or all out."""
    out = r"(?<![\d*×,.])(\d{1,3}),(\d{3})(?![\d,*×])"
    into = r"(?<![\d*×,.])(\d{1,3})(\d{3})(?= ?(?:char|pixels|px\b))"
    long = r"(?<=0[-–])2147483647(?!\d)"
    return substitute(page, rng.choice([[(out, r"\1\2")], [(into, r"\1,\2"), (long, f"{2**31 - 1:,}")]]))


def quotes(page: Page, rng: Random) -> Page:
    """Straight and curly quotes."""
    curl = [(r'(?<![\w"])"([^"]{1,80})"(?![\w"])', r"“\1”"), (r"(?<=[a-z])'(?=[a-z])", "’")]
    return substitute(page, rng.choice([curl, [(r"[“”]", '"'), (r"’", "'")]]))


def dashes(page: Page, rng: Random) -> Page:
    """Hyphen and en dash between the ends of a range."""
    wide = [(r"(?<![\w.\-])(?!20\d\d-)(\d{1,4})-(\d{1,10})(?![\d-])", r"\1–\2")]
    return substitute(page, rng.choice([wide, [(r"(\d)–(?=\d)", r"\1-")]]))


def full_width(page: Page, rng: Random) -> Page:
    """Full-width punctuation between words (never inside a figure), or half-width where a page has it."""
    if any(c in line for b in page if b.kind != "code" for line in b.lines for c in "（）：，；"):
        return edit(
            page,
            lambda t: re.sub(
                "[：，；]",
                lambda m: {"：": ": ", "，": ", ", "；": "; "}[m[0]],
                t.replace("（", " (").replace("）", ")"),
            ),
        )
    rules = [
        (r" \(([^()]*)\)", r"（\1）"),
        (r"(?<=[A-Za-z]), (?=[A-Za-z])", "，"),
        (r"(?<=[a-z]{2}): (?=\w)", "："),
        (r"(?<=[A-Za-z)]); (?=[A-Za-z])", "；"),
    ]
    return substitute(page, rng.sample(rules, rng.randint(1, 4)))


def invisible(page: Page, rng: Random) -> Page:
    """No-break spaces before units, zero-width characters at the start of words."""
    hard, zero = rng.choice("\u00a0\u202f"), rng.choice("\u200b\u2060\ufeff")
    page = substitute(page, [(r"(?<=\d) (?=[A-Za-z])", hard)])
    return edit(page, lambda t: re.sub(r"(?<=\w )(?=\w)", lambda _: zero if rng.random() < 0.08 else "", t))


# whole words, ids and figures that stand alone; words a capture has run together are left out
_TOKEN = re.compile(
    r"(?<=[ (])(?<!× )(?:(?P<word>[A-Z]?[a-z]+(?:-[a-z]+)*|[A-Z]{2,})|[a-z]+(?:_[a-z]+)+|(?:qwen|wan|z)[\w.-]*\w"
    r"|\d[\d.,*×²–-]*[\d²]K?|\d+K?)(?=[ ;)]|[.,:](?:\s|$))(?! ×)"
)


def _mark(page: Page, rng: Random, letters: str, share: float) -> Page:
    """Whole words and whole figures marked, words never as code."""

    def token(m: re.Match[str]) -> str:
        letter = rng.choice(letters.replace("c", "") if m["word"] else letters)
        return f"{OPEN}{letter}{m[0]}{CLOSE}" if rng.random() < share else m[0]

    return edit(page, lambda t: t if OPEN in t else _TOKEN.sub(token, t))


def emphasis(page: Page, rng: Random) -> Page:
    """Bold, italic, code and spans around words and figures."""
    return _mark(page, rng, "bics", rng.choice([0.05, 0.2, 0.5]))


def links(page: Page, rng: Random) -> Page:
    """Links (to places on the same page) around words."""
    return _mark(page, rng, "a", 0.06)


def entities(page: Page, rng: Random) -> Page:
    """Character references for spaces before units, signs in sizes and dashes in ranges."""
    rules = [
        (r"(?<=\d) (?=[A-Za-z])", "\ue010"),
        (r"(?<=\d)×(?=\d)", "\ue011"),
        (r"(?<=\d)\*(?=\d)", "\ue012"),
        (r"(?<=\d)–(?=\d)", "\ue013"),
    ]
    return substitute(page, rng.sample(rules, rng.randint(2, 4)))


FIRST: dict[str, Step] = {
    "unglue": unglue,
    "reword": reword,
    "squares": squares,
    "times_signs": times_signs,
    "thousands": thousands,
    "quotes": quotes,
    "dashes": dashes,
    "full_width": full_width,
}
LAST: dict[str, Step] = {"invisible": invisible, "emphasis": emphasis, "links": links, "entities": entities}
