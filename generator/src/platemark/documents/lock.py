"""`documents.lock`: what pinned documents say, as digests and figures; a list of statements by section, never prose.

A word is kept as four digits of a digest, a section by its name only where specs cite it, so that nothing that a page
says can be read back, and yet a statement that was reworded is found again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any

from platemark.documents.atoms import Atom
from platemark.documents.page import Page, Statement
from platemark.plain import is_map

SCHEMA_VERSION = 1
_COMMENT = (
    "Written by `platemark documents pin`. Figures and digests of the documents that specs cite, never their text."
)


def digest(raw: bytes) -> str:
    """The digest of a file as it was pinned."""
    return sha256(raw).hexdigest()


def entry(page: Page, files: Collection[bytes], cited: Collection[str]) -> dict[str, Any]:
    """What is kept of a document: the digests of its files, and its statements by section."""
    sections: dict[tuple[int, str], list[Any]] = {}
    titles: dict[tuple[int, str], str] = {}
    known = {title.lower() for title in cited}
    for statement in page.statements:
        key = (statement.capture, statement.chapter)
        titles[key] = statement.section if statement.section.lower() in known else ""
        sections.setdefault(key, []).append(_statement(statement))
    return {
        "files": [digest(raw) for raw in files],
        "damaged": len(page.damaged),
        "sections": [
            {"capture": capture, "section": chapter, "title": titles[capture, chapter], "statements": rows}
            for (capture, chapter), rows in sections.items()
        ],
    }


def _statement(statement: Statement) -> dict[str, Any]:
    found = {
        "line": statement.line, "digest": statement.digest, "mask": statement.mask,
        "words": "".join(sorted(statement.words)), "subject": statement.subject, "zone": statement.zone,
        "models": list(statement.models), "own": statement.own, "sample": statement.sample,
        "defines": statement.defines, "table": statement.table,
        "figures": [_atom(atom) for atom in statement.atoms],
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in ("", [], False, 0)}


def _atom(atom: Atom) -> dict[str, Any]:
    found = {
        "type": atom.type, "value": atom.value, "unit": atom.unit, "roles": sorted(atom.roles),
        "models": list(atom.models), "modes": list(atom.modes), "routes": list(atom.routes), "of": atom.of,
        "at": atom.at, "printed": atom.printed if atom.type != "policy" and atom.printed != atom.value else "",
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in ("", [], 0)}


def page(entry: Mapping[str, Any]) -> Page:
    """A document as it was pinned."""
    found = tuple(_read(row, section) for section in entry["sections"] for row in section["statements"])
    ordered = tuple(sorted(found, key=lambda s: (s.capture, s.line)))
    return Page(ordered, captures=max(1, len(entry["files"])))


def _read(row: Mapping[str, Any], section: Mapping[str, Any]) -> Statement:
    words = row.get("words", "")
    return Statement(
        digest=row["digest"],
        mask=row["mask"],
        words=frozenset(words[i : i + 4] for i in range(0, len(words), 4)),
        atoms=tuple(_figure(atom) for atom in row.get("figures", ())),
        line=row["line"],
        section=section["title"],
        chapter=section["section"],
        subject=row.get("subject", ""),
        zone=row.get("zone", ""),
        models=tuple(row.get("models", ())),
        own=row.get("own", False),
        sample=row.get("sample", False),
        defines=row.get("defines", ""),
        table=row.get("table", 0),
        capture=section["capture"],
    )


def _figure(row: Mapping[str, Any]) -> Atom:
    return Atom(
        row["type"], row.get("value", ""), row.get("unit", ""), frozenset(row.get("roles", ())),
        tuple(row.get("models", ())), tuple(row.get("modes", ())), tuple(row.get("routes", ())),
        row.get("of", ""), row.get("at", 0), row.get("printed", row.get("value", "")),
    )  # fmt: skip


def dumped(documents: Mapping[str, Any]) -> str:
    """The lock as text: a statement a line, so that what changed shows."""
    return "".join(_lines(documents))


def _lines(documents: Mapping[str, Any]) -> Iterator[str]:
    yield f'{{\n "$comment": {json.dumps(_COMMENT)},\n "schema_version": {SCHEMA_VERSION},\n "documents": {{'
    for index, (name, held) in enumerate(sorted(documents.items())):
        yield f'{"," if index else ""}\n  {json.dumps(name)}: {{\n   "files": {json.dumps(held["files"])},'
        yield f'\n   "damaged": {held["damaged"]},\n   "sections": ['
        for number, section in enumerate(held["sections"]):
            head = {key: section[key] for key in ("capture", "section", "title")}
            yield f'{"," if number else ""}\n    {json.dumps(head)[:-1]}, "statements": ['
            yield ",".join(f"\n     {json.dumps(row, ensure_ascii=False)}" for row in section["statements"])
            yield "]}"
        yield "]\n  }"
    yield "\n }\n}\n"


def loaded(text: str) -> dict[str, Any]:
    """The documents of a lock. Raises ValueError for what is none."""
    data: Any = json.loads(text)
    if not is_map(data) or data.get("schema_version") != SCHEMA_VERSION or not is_map(data.get("documents")):
        raise ValueError(f"it is no lock of version {SCHEMA_VERSION}")
    return data["documents"]
