"""What a document has now that it had not, and that no spec knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from platemark.documents import words
from platemark.documents.atoms import REGION, Atom, Lexicon
from platemark.documents.page import Page, Statement
from platemark.drift.attribute import ends
from platemark.drift.claims import Claim
from platemark.drift.compare import counts
from platemark.drift.report import News

_SNAPSHOT = re.compile(r"-(?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{4})$")
_OUTSIDE = re.compile(r"oss-|\.oss|^help\.|^www\.|^docs?\.|github|img\.|cdn|static|console|bailian")
"""Hosts that pictures, pages and consoles are at."""


def news(
    old: Page, new: Page, claims: Sequence[Claim], lexicon: Lexicon, *, document: str, models: Set[str]
) -> list[News]:
    """New facts of a document about these models, each once, in the order of its lines."""
    known = _known(claims, lexicon)
    before = _Before.of(old)
    theirs = {
        c.parameter for c in claims if c.kind != "unsupported" and not c.losing and models & {*c.models}
    } or lexicon.parameters
    silent = _silent(old, new, known, lexicon)
    groups = {_group(s) for s in new.statements if _is_known(s.defines, lexicon)}
    found: dict[tuple[str, str, str], News] = {}
    for statement in new.statements:
        for type_, value, state in _told(statement, known, lexicon, theirs, ours=_group(statement) in groups):
            if type_ not in silent and (state or not before.has(type_, value, statement)):
                shown = next((a.printed for a in statement.atoms if a.value == value and a.type == "host"), value)
                fact = _ENTERED.get(type_, type_)
                found.setdefault((fact, value, state), News(fact, shown, document, statement.line, state))
    notices = {(who, "deprecated") for s in old.statements for who in _noticed(s)}
    return [n for n in found.values() if not n.state or (n.value, n.state) not in notices]


@dataclass(frozen=True)
class _Before:
    """What stood in the former page."""

    figures: frozenset[tuple[str, str]]
    defined: frozenset[str]
    digests: frozenset[str]

    @classmethod
    def of(cls, page: Page) -> _Before:
        regions = {("region", code) for type_, value in page.values if type_ == "host" for code in _region(value)}
        return cls(
            page.values | regions,
            frozenset(statement.defines for statement in page.statements),
            frozenset(statement.digest for statement in page.statements),
        )

    def has(self, type_: str, value: str, statement: Statement) -> bool:
        match type_:
            case "parameter":
                return value in self.defined
            case "entry":
                return statement.digest in self.digests
            case _:
                return (_SORTS.get(type_, type_), value) in self.figures


def _silent(old: Page, new: Page, known: Mapping[str, set[str]], lexicon: Lexicon) -> set[str]:
    """Of which sorts of facts nothing can be said: error codes where the page does not list them, parameters where the
    old page named its own in a way that was not read, other models where it does not give models a line each."""
    codes = {a.value for s in new.statements for a in s.atoms if a.type == "code" and a.value in known["code"]}
    listed = [len({s.defines for s in page.statements if _is_known(s.defines, lexicon)}) for page in (old, new)]
    entries = sum(_is_entry(s, lexicon) for s in new.statements)
    messages = sum(atom.type == "message" for s in old.statements for atom in s.atoms)
    reasons = {
        "message": messages < _CODES,
        "error": len(codes) < _CODES,
        "parameter": listed[0] * 2 < listed[1],
        "entry": entries < _LISTED,
    }
    return {sort for sort, holds in reasons.items() if holds}


def _is_entry(statement: Statement, lexicon: Lexicon) -> bool:
    """Whether a cell or a line holds the id of a known model, and nothing else."""
    return statement.text in lexicon.models and not statement.sample


def _is_id(statement: Statement) -> bool:
    """Whether a cell or a line holds what must be the id of a model that no spec has."""
    id_ = words.PICTURES.fullmatch(statement.text)
    known = any(atom.type == "model" for atom in statement.atoms)
    return bool(id_) and not known and not statement.sample and bool(re.search(r"\d", statement.text))


def _group(statement: Statement) -> tuple[str, int]:
    return statement.chapter, statement.table


_LISTED = 3
"""A page that gives so many ids of known models a cell or a line of their own lists models."""
_CODES = 4
"""A page that names so many known error codes lists them."""
_ENTERED = {"entry": "model", "message": "error"}
"""Ids of models of which nothing tells but that a list has them; and messages, which tell errors apart."""
_SORTS = {"snapshot": "model", "endpoint": "path", "error": "code"}


def _known(claims: Sequence[Claim], lexicon: Lexicon) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"model": set(lexicon.models), "code": set(lexicon.codes)}
    for claim in claims:
        for figure in claim.figures:
            found.setdefault(figure.type, set()).add(figure.value)
    return found


def _told(
    statement: Statement, known: dict[str, set[str]], lexicon: Lexicon, theirs: Set[str], *, ours: bool
) -> Iterator[tuple[str, str, str]]:
    name = statement.defines
    if name and ours and statement.zone not in {"response", "errors"} and _is_parameter(name, lexicon, theirs):
        yield "parameter", name, ""
    for atom in statement.atoms:
        read = _READERS.get(atom.type)
        if read and (counts(atom, statement) or atom.type in {"model"}) and (type_ := read(atom, known)):
            yield type_, atom.value, ""
        if atom.type == "host" and counts(atom, statement):
            yield from (("region", code, "") for code in _region(atom.value) if code not in known.get("region", set()))
    for who in _noticed(statement):
        yield "model", who, "deprecated"
    if _is_id(statement):
        yield "entry", statement.text, ""


def _noticed(statement: Statement) -> Iterator[str]:
    for atom in statement.atoms:
        if atom.type == "policy" and atom.unit == "notice":
            own = [a.value for a in statement.atoms if a.type == "model"]
            yield from own or atom.models or statement.models


def _is_known(name: str, lexicon: Lexicon) -> bool:
    return name in lexicon.parameters or name in lexicon.fields or name in lexicon.structure - _COMMON


def _is_parameter(name: str, lexicon: Lexicon, theirs: Set[str]) -> bool:
    """Whether a name is that of a parameter that the models have in no spec; other models may have it."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in _COMMON or name in lexicon.fields:
        return False
    if name in lexicon.parameters:
        return name not in theirs and name not in lexicon.fields.values()
    return name not in lexicon.structure | lexicon.others


def _region(host: str) -> list[str]:
    """The code of a region in a host's name."""
    return re.findall(rf"(?<=\.){REGION}(?=\.)", host)


_COMMON = frozenset(
    [
        "model",
        "input",
        "parameters",
        "messages",
        "role",
        "content",
        "text",
        "image",
        "headers",
        "body",
        "type",
        "url",
        "value",
        "name",
        "code",
        "message",
        "output",
        "usage",
        "request_id",
    ]
)


def _model(atom: Atom, known: dict[str, set[str]]) -> str:
    if atom.value in known["model"] or not re.search(r"\d|-", atom.value) or words.NO_PICTURES.search(atom.value):
        return ""
    if any(model.startswith(atom.value) for model in known["model"]):
        return ""
    return "snapshot" if _SNAPSHOT.search(atom.value) else "model"


def _path(atom: Atom, known: dict[str, set[str]]) -> str:
    ours = known.get("path", set())
    fits = any(ends(atom.value, path) for path in ours)
    shaped = atom.value.startswith("/") and bool(
        re.search(r"/(?:services|tasks|uploads|generation|images?|v\d+)\b", atom.value)
    )
    templated = any(
        re.fullmatch(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)) + r"", atom.value[-len(path) - 40 :].lstrip())
        for path in ours
    )
    return "endpoint" if shaped and not fits and not templated else ""


def _host(atom: Atom, known: dict[str, set[str]]) -> str:
    ours = known.get("host", set())
    family = {".".join(host.split(".")[-2:]) for host in ours}
    return (
        "host"
        if atom.value not in ours
        and ("{" in atom.value or not _OUTSIDE.search(atom.value))
        and ".".join(atom.value.split(".")[-2:]) in family
        else ""
    )


_READERS: dict[str, Callable[[Atom, dict[str, set[str]]], str]] = {
    "model": _model,
    "path": _path,
    "host": _host,
    "region": lambda atom, known: "" if atom.value in known.get("region", set()) else "region",
    "message": lambda atom, known: "message" if atom.value.isascii() and " " in atom.value else "",
    "code": lambda atom, known: "" if atom.value in known["code"] else "error",
}
