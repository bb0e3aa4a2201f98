"""What a document has now that it had not, and that no spec knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from platemark.documents.atoms import Atom, Lexicon
from platemark.documents.page import Page, Statement
from platemark.drift.attribute import ends
from platemark.drift.claims import Claim
from platemark.drift.compare import counts
from platemark.drift.report import News

_SNAPSHOT = re.compile(r"-(?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{4})$")
_OUTSIDE = re.compile(r"oss-|\.oss|^help\.|^www\.|^docs?\.|github|img\.|cdn|static|console|bailian")
"""Hosts that pictures, pages and consoles are at."""


def news(old: Page, new: Page, claims: Sequence[Claim], lexicon: Lexicon, document: str) -> list[News]:
    """New facts of a document, each once, in the order of its lines."""
    known = _known(claims, lexicon)
    before = {(atom.type, atom.value) for statement in old.statements for atom in statement.atoms}
    defined = {statement.defines for statement in old.statements}
    found: dict[tuple[str, str, str], News] = {}
    coded = (
        len({a.value for s in new.statements for a in s.atoms if a.type == "code" and a.value in known["code"]})
        >= _CODES
    )
    listed = [len({s.defines for s in page.statements if _is_known(s.defines, lexicon)}) for page in (old, new)]
    comparable = listed[0] * 2 >= listed[1]  # else the old page named its parameters in a way that was not read
    groups = {_group(s) for s in new.statements if _is_known(s.defines, lexicon)}
    for statement in new.statements:
        for type_, value, state in _told(statement, known, lexicon, _group(statement) in groups):
            if (type_ == "error" and not coded) or (type_ == "parameter" and not comparable):
                continue
            fresh = (value not in defined) if type_ == "parameter" else (_SORTS.get(type_, type_), value) not in before
            if fresh or state:
                shown = next((a.printed for a in statement.atoms if a.value == value and a.type == "host"), value)
                found.setdefault((type_, value, state), News(type_, shown, document, statement.line, state))
    notices = {(who, "deprecated") for s in old.statements for who in _noticed(s)}
    return [n for n in found.values() if not n.state or (n.value, n.state) not in notices]


def _group(statement: Statement) -> tuple[str, int]:
    return statement.chapter, statement.table


_CODES = 4
"""A page that names so many known error codes lists them."""
_SORTS = {"snapshot": "model", "endpoint": "path", "error": "code"}


def _known(claims: Sequence[Claim], lexicon: Lexicon) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"model": set(lexicon.models), "code": set(lexicon.codes)}
    for claim in claims:
        for figure in claim.figures:
            found.setdefault(figure.type, set()).add(figure.value)
    return found


def _told(
    statement: Statement, known: dict[str, set[str]], lexicon: Lexicon, ours: bool
) -> Iterator[tuple[str, str, str]]:
    name = statement.defines
    if name and ours and statement.zone not in {"response", "errors"} and _is_parameter(name, lexicon):
        yield "parameter", name, ""
    for atom in statement.atoms:
        read = _READERS.get(atom.type)
        if read and (counts(atom, statement) or atom.type in {"model"}) and (type_ := read(atom, known)):
            yield type_, atom.value, ""
    for who in _noticed(statement):
        yield "model", who, "deprecated"


def _noticed(statement: Statement) -> Iterator[str]:
    for atom in statement.atoms:
        if atom.type == "policy" and atom.unit == "notice":
            own = [a.value for a in statement.atoms if a.type == "model"]
            yield from own or atom.models or statement.models


def _is_known(name: str, lexicon: Lexicon) -> bool:
    return name in lexicon.parameters or name in lexicon.fields or name in lexicon.structure - _COMMON


def _is_parameter(name: str, lexicon: Lexicon) -> bool:
    known = (
        lexicon.parameters
        | lexicon.structure
        | lexicon.others
        | frozenset(lexicon.fields)
        | frozenset(lexicon.fields.values())
    )
    return name not in known and bool(re.fullmatch(r"[a-z][a-z0-9_]*", name)) and name not in _COMMON


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
    if atom.value in known["model"] or not re.search(r"\d|-", atom.value):
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
    "code": lambda atom, known: "" if atom.value in known["code"] else "error",
}
