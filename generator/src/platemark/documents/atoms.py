"""Figures in a text: what they are, what they count, and what the words around them say that they are for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from platemark.documents import words


@dataclass(frozen=True, slots=True)
class Atom:
    """A figure, as it stands at one place of a page."""

    type: str
    """`int size ratio token percent decimal money time bytes bool format scheme model path host header region state
    code message zone word name policy type`, or `damaged`: what can't be read."""
    value: str
    """In one way of writing: `2000`, `768*768`, `1:4`, `0.075 USD`, `86400` seconds, `/tasks/{task_id}`."""
    unit: str = ""
    """What an `int` counts; the family of a `policy`."""
    roles: frozenset[str] = frozenset()
    """`default low high fixed listed recommended example rounds keep poll only unsupported sample`."""
    models: tuple[str, ...] = ()
    """The models that the words around it name; empty where they name none."""
    modes: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    of: str = ""
    """The parameter whose value it is, where the text says `name=value`."""
    at: int = 0
    """Where it stands in the sentence."""
    printed: str = ""


_Reader: TypeAlias = "Callable[[re.Match[str]], tuple[str, str] | None]"

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = (
    r"(?P<number>\d+(?:\.\d+)?)\s*-?\s*"
    r"(?P<unit>hours?|hrs?|h|小时|minutes?|mins?|分钟|seconds?|secs?|s|秒|days?|天)(?![a-z])"
)
_FILES = re.compile(r"\.(?:png|jpe?g|webp|gif|bmp|svg|mp4|pdf|html?|md|js|css|zip|py)$", re.IGNORECASE)
_ACRONYMS = frozenset(
    ("HTTP", "HTTPS", "JSON", "POST", "GET", "PUT", "DELETE", "HEAD", "UTC", "API", "SDK", "URL", "OSS", "NULL")
)
"""Words in capitals that are no states."""
REGION = r"(?:cn|ap|us|eu|me|sa|ca)-[a-z]{4,}(?:-\d)?"
"""What codes of regions look like."""
_SIDES = (256, 8192)


def _host(found: re.Match[str]) -> tuple[str, str] | None:
    host = found["host"].lower()
    return ("host", host) if "." in host and not host.startswith("example.") else None


def _size(found: re.Match[str]) -> tuple[str, str]:
    width, height = found[1], found[2]
    whole = "0" not in {width[0], height[0]} and max(len(width), len(height)) <= 5
    return ("size", f"{width}*{height}") if whole else ("damaged", found[0])


def _time(found: re.Match[str]) -> tuple[str, str]:
    unit = {"小": "h", "分": "m", "秒": "s", "天": "d"}.get(found["unit"][0], found["unit"][0].lower())
    seconds = float(found["number"]) * _SECONDS[unit]
    return "time", str(int(seconds)) if seconds == int(seconds) else str(seconds)


def _money(found: re.Match[str]) -> tuple[str, str]:
    sign = (found["sign"] or found["word"] or "").upper()
    currency = "USD" if sign in {"$", "US$", "USD"} else "CNY"
    return "money", f"{decimal(found['amount'])} {currency}"


def _int(found: re.Match[str]) -> tuple[str, str]:
    text = found[0]
    if is_glued(text) or (len(text) > 1 and text[0] == "0") or len(text) > 12:
        return "damaged", text
    return "int", text


def decimal(text: str) -> str:
    """`0.20` and `0.2` are one amount."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_glued(text: str) -> bool:
    """Whether digits look like two sides of a picture whose sign between them got lost: `12801280`, `768768`."""
    return any(
        _SIDES[0] <= int(text[:cut]) <= _SIDES[1] and _SIDES[0] <= int(text[cut:]) <= _SIDES[1] and text[cut] != "0"
        for cut in (3, 4)
        if 6 <= len(text) <= 8 and 3 <= len(text) - cut <= 4
    )


_TOKENS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (
        re.compile(
            r"(?<![\w*-])(?=[0-9a-z-]*\d)(?=[0-9-]*[a-z])[0-9a-f]{4,12}(?:-[0-9a-fx]{3,12}){1,5}(?![\w-])", re.ASCII
        ),
        lambda _: None,
    ),
    (
        re.compile(
            r"(?<![\w.-])(?P<host>(?:[a-z0-9-]|\{[^\s{}]+\})+(?:\.(?:[a-z0-9-]|\{[^\s{}]+\})+)+"
            r"\.(?:com|cn|ai|net|org))(?![\w-])",
            re.IGNORECASE | re.ASCII,
        ),
        _host,
    ),
    (re.compile(r"(?<![A-Z-])X-[A-Za-z]+(?:-[A-Za-z]+)+"), lambda found: ("header", found[0])),
    (
        re.compile(
            r"(?:(?<=[\s\[(:$])|(?<=\d-)|(?<=maximum)|(?<=of)|(?<=is)|(?<=and)|(?<=to))-\d+(?:\.\d+)?(?!\.?\d)"
            r"(?= ?[a-zA-Z小分秒天张个,.\])]|$)|(?<=[$¥])-\d+(?:\.\d+)?(?!\.?\d)"
        ),
        lambda found: ("damaged", found[0]),
    ),
    (words.REGION, lambda _: None),
    (re.compile(r"(?<![\w.-])[a-z]+\d+(?:\.\d+)?(?:-[a-z]\w*)+", re.ASCII), lambda _: None),
    (words.STATE, lambda found: ("state", found["state"])),
    (words.COUNTED, lambda found: ("int", words.NUMBERS[found["count"]])),
    (words.SPELT, lambda found: ("int", words.NUMBERS[found[0].lower()])),
    (re.compile(r"(?<=Authorization: )[A-Z]\w+"), lambda found: ("word", found[0])),
    (words.CONSTANT, lambda found: ("word", found["word"])),
    (
        re.compile(
            r"\d{4}-\d{1,2}(?:-\d{1,2})?(?!\d)|\d{4}年\d{1,2}月(?:\d{1,2}日)?"
            r"|\d{1,2}:\d{2}:\d{2}(?:\.\d+)?(?!\d)|\bv?\d+\.\d+\.\d+(?:\.\d+)?\b"
        ),
        lambda _: None,
    ),
    (
        re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2},? \d{4}", re.IGNORECASE),
        lambda _: None,
    ),
    (re.compile(r"UTC ?\+ ?\d+"), lambda found: ("zone", found[0].replace(" ", ""))),
    (re.compile(r"(?<![\d.*_])(\d{2,6})\*(\d{2,6})(?![\d*])"), _size),
    (re.compile(r"(?<![\d._])\d{3,4}_\d{3,4}(?![\d_])"), lambda found: ("damaged", found[0])),
    (
        re.compile(r"(?:(?<![\d.])(?<!\d:)|(?<=\*\d{3}:)|(?<=\*\d{4}:))(\d{1,2}):(\d{1,2})(?!\d|:\d{2}(?!\d))"),
        lambda found: ("ratio", found[0]),
    ),
    (re.compile(r"(?P<sign>US\$|\$|[¥￥])\s?(?P<amount>\d+(?:\.\d+)?)(?P<word>(?!.)x)?"), _money),
    (re.compile(r"(?P<sign>(?!.)x)?(?P<amount>\d+(?:\.\d+)?)\s?(?P<word>元|CNY|RMB|USD|美元)"), _money),
    (re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) ?%"), lambda found: ("percent", f"{decimal(found[1])}%")),
    (
        re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) ?(Ki?B|Mi?B|Gi?B|M(?![a-zA-Z]))"),
        lambda found: ("bytes", f"{found[1]} {found[2][0]}B"),
    ),
    (re.compile(r"(?<![\d.])" + _TIME, re.IGNORECASE), _time),
    (re.compile(r"(?<![\d.])[1-9]\d?K(?![a-zA-Z])"), lambda found: ("token", found[0])),
    (re.compile(r"(?<![a-z_])(?:true|false)(?![a-z]{2,}_)", re.IGNORECASE), lambda found: ("bool", found[0].lower())),
    (
        re.compile(rf"(?<![A-Za-z-]){REGION}(?![\w-]*\.\w)"),
        lambda found: ("region", found[0]),
    ),
    (words.FORMATS, lambda found: ("format", found[0].upper())),
    (
        re.compile(r"(?<![A-Za-z_$])(?!\w*_(?:KEY|ID|URL|API|TOKEN))[A-Z][A-Z_]{2,}[A-Z](?![A-Za-z_])"),
        lambda found: ("state", found[0]),
    ),
    (re.compile(r"(?<![\w.\-/#)\]])-\d+(?![\d.]*\d)"), lambda found: ("int", found[0])),
    (re.compile(r"(?<![\d.A-Za-z_/#])\d+(?!\d)(?!\.\d)(?!(?!px\b)[A-Za-z]{1,2}\b)(?!-?bit\b)"), _int),
    (re.compile(r"(?<![\d.A-Za-z/])\d+\.\d+(?![\d.]*\d|[A-Za-z])"), lambda found: ("decimal", decimal(found[0]))),
    (
        re.compile(
            r"(?<=[a-z])(?<!base)(?<!utf)(?<!int)(?<!sha)(?<!md)(?<!mp)(?<![^a-z]v)(?<![^a-z]h)\d{1,10}(?![\d.]*\d)(?!_)",
            re.IGNORECASE,
        ),
        _int,
    ),
)
"""In order: what a pattern takes, no later one sees; None takes it without being a figure."""

_ADDRESS = re.compile(
    r"https?://(?P<host>(?:[\w.-]|\{[^\s{}]+\})+)(?P<path>(?:/[\w{}.~%!-]*)*)[^\s\"'<>)\]|,，。;；\u3000-\u9fff]*"
    r"|oss://\S+|data:\S+",
    re.ASCII,
)
_API = re.compile(r"/(?:api|v\d+|compatible-mode|services)(?=/|$)")
_PATH = re.compile(r"(?<![\w:/.])(?:/[\w{}.~-]+){2,}/?(?:\?[\w=&{}.]+)?|(?<![\w:/.])/[a-z]+\{[a-z_]+\}", re.ASCII)
_HEADED = re.compile(r"(?<![A-Z-])(?P<header>X-[A-Za-z]+(?:-[A-Za-z]+)+): ?(?P<word>[a-z]+)(?![\w-])", re.ASCII)
"""A header with its value."""
_PLACEHOLDER = re.compile(
    r"/(?:\{\w+\}|<\w+>|(?=[\w-]*\d)(?:[0-9a-f]{4,}[\w-]*|(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{8,})"
    r"|[\w-]*x{3,}[\w-]*|[A-Z]+(?:_[A-Z]+)+)(?=/|$)"
)
_SIBLING = re.compile(r"\s*(?:/|、|,|和|与|and|or)\s*-?(?P<word>[a-z]+)(?![\w-])")
_CODE = re.compile(
    r"(?:(?<![\w./{-])|(?<=\d{3}-))"
    r"(?![KMG]iB\b)(?:[A-Z][a-z]+(?:[A-Z][a-z]*)+(?:\.[A-Z]\w+)*|[A-Z][a-z]{3,}(?:\.[A-Z][A-Za-z]{3,})+)(?![\w(/-])",
    re.ASCII,
)
"""What is written as error codes are."""
_SHORT = re.compile(
    r"(?<![\w/.-])[a-z]+\d?[a-z]*-?[a-z]*(?:-[a-z]+)*/[a-z]+(?:-[a-z]+)*(?= endpoint|[)\s,]*\(?async)", re.ASCII
)


@dataclass(frozen=True)
class Lexicon:
    """The names that specs know: they tell a model's id and a state from other words."""

    parameters: frozenset[str] = frozenset()
    words: tuple[tuple[str, str], ...] = ()
    """By which words documents call parameters, as (words, name), the longest first."""
    models: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()
    """What ids of models begin with."""
    states: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    structure: frozenset[str] = frozenset()
    """Keys of bodies that are no parameters."""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """What a key of a body holds, where it is called otherwise: `text` is the prompt."""
    others: frozenset[str] = frozenset()
    """Names that documents say are no parameters."""

    @cached_property
    def code_pattern(self) -> re.Pattern[str]:
        """The error codes that specs know."""
        known = "|".join(re.escape(code) for code in sorted(self.codes, key=len, reverse=True)) or "(?!)"
        return re.compile(rf"(?<![\w.])(?:{known})(?![\w.]*\w)", re.ASCII)

    def model_pattern(self) -> re.Pattern[str]:
        """What looks like the id of a model."""
        stems = "|".join(re.escape(stem) for stem in sorted(self.stems, key=len, reverse=True)) or "(?!)"
        rest = r"(?:[a-z]?(?=\d)|(?=[_-]))(?:[\w-]|\.(?=[a-z0-9]))*"
        return re.compile(rf"(?<![\w./-])(?:{stems})(?:{rest}|(?![\w-]))", re.ASCII)


def figures(text: str, lexicon: Lexicon, models: re.Pattern[str], *, code: bool = False) -> list[Atom]:
    """The figures of a normal text in their order, without roles. In code only what names a place or a model counts."""
    found: list[Atom] = []
    taken: list[tuple[int, int]] = []

    def take(start: int, end: int, atom: tuple[str, str] | None) -> None:
        if any(start < right and left < end for left, right in taken):
            return
        taken.append((start, end))
        if atom is not None:
            found.append(Atom(atom[0], atom[1], at=start, printed=text[start:end]))

    for match in _ADDRESS.finditer(text):
        for start, end, atom in _address(match):
            take(start, end, atom)
        take(*match.span(), None)
    for match in _PATH.finditer(text):
        take(*match.span(), _path(match[0]))
    for match in _SHORT.finditer(text):
        take(*match.span(), ("path", match[0]))
    for match in models.finditer(text):
        take(*match.span(), ("model", match[0].rstrip(".-_")))
        for start, end, model in _siblings(match, text, lexicon):
            take(start, end, ("model", model))
    for match in lexicon.code_pattern.finditer(text):
        take(*match.span(), ("code", match[0]))
    for match in _HEADED.finditer(text):
        take(*match.span("header"), ("header", match["header"]))
        take(*match.span("word"), ("word", match["word"]))
    for match in _CODE.finditer(text):
        take(*match.span(), ("code", match[0]))
    for pattern, read in _TOKENS:
        for match in pattern.finditer(text):
            take(*match.span(), read(match))
    if re.search(r"protocol|URL \(|网址|协议|地址", text):
        for match in words.SCHEMES.finditer(text):
            take(*match.span(), ("scheme", match[0].lower()))
    found = [atom for atom in found if atom.type != "state" or atom.value not in _ACRONYMS]
    found = [atom for atom in found if not code or atom.type in {"host", "path", "header", "model", "region"}]
    return sorted(found, key=lambda atom: atom.at)


def stated(text: str, lexicon: Lexicon) -> Iterator[Atom]:
    """The states in a text that speaks of them, where they are written small."""
    small = "|".join(re.escape(word) for word in lexicon.states if word.islower()) or "(?!)"
    found = [*re.finditer(rf"(?<!\w)(?:{small})(?!\w)", text)]
    if len({each[0] for each in found}) > 1 or (found and found[0].start() == 0):  # else it is a word like others
        yield from (Atom("state", each[0], at=each.start(), printed=each[0]) for each in found)


def _siblings(found: re.Match[str], text: str, lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    """Models that only the last word tells from one before them: `qwen-image-edit-plus/max`."""
    stem, at = found[0].rpartition("-")[0], found.end()
    while more := _SIBLING.match(text, at):
        model = f"{stem}-{more['word']}"
        if model not in lexicon.models:
            return
        yield *more.span("word"), model
        at = more.end()


def _address(found: re.Match[str]) -> Iterator[tuple[int, int, tuple[str, str] | None]]:
    """Host and path of an address of the service; others are links or examples, and their digits are nothing."""
    path = found["path"] or ""
    alone = found["host"] and not path.strip("/")
    if not found["host"] or _FILES.search(path) or "/zh/" in path or not (alone or _API.search(path)):
        return
    if "." in found["host"] and "example." not in found["host"]:
        yield *found.span("host"), ("host", found["host"].lower().rstrip("."))
    if not alone and (read := _path(path)):
        yield *found.span("path"), read


def templated(path: str) -> str:
    """A path whose placeholders and sample ids are all written `{id}`."""
    return _PLACEHOLDER.sub("/{id}", path)


def _path(text: str) -> tuple[str, str] | None:
    whole = re.sub(r"(?<=[a-z])(?:curl|output|POST|GET|Same|Response)\b.*$", "", text)  # what stuck to it
    bare = templated(whole.rstrip(".").rstrip("/") or text)
    if not bare or _FILES.search(bare) or re.fullmatch(r"[/\d.]+|(?:/[a-z]+)?/v\d+", bare):
        return None
    return "path", bare


def family_or_model(atom: Atom, text: str, lexicon: Lexicon) -> str:
    """The id of a model, or `wan2.7*` for all whose ids begin so."""
    after = text[atom.at + len(atom.printed) :][:10].lower()
    family = bool(re.match(r"\s*(?:series|系列|/)", after)) or (
        atom.value not in lexicon.models and any(model.startswith(atom.value) for model in lexicon.models)
    )
    return f"{atom.value}*" if family else atom.value
