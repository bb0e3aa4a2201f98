"""A line in `documents.yaml`, put in where it belongs; every other byte stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from platemark import source
from platemark.plain import is_map
from platemark.problems import Invalid
from platemark.scaffold.pages import page
from platemark.source import Tree

_HEAD = """\
# yaml-language-server: $schema=../generated/spec/documents.schema.json
# The documents that the specs cite, one line an edition.

"""


def listed(raw: bytes, name: str, document: str, facts: Mapping[str, Any]) -> bytes:
    """The file with one more document, after the last of its kind; the file as it is where that one is listed.

    Raises `problems.Invalid` for a file that can't be read, and ValueError for one without a line for each."""
    line = page({document: facts}).rstrip("\n")
    if not raw.strip():
        return f"{_HEAD}{line}\n".encode()
    tree = source.parse(raw, name)
    if tree.data is not None and not is_map(tree.data):
        raise ValueError(f"{name} is no map of documents")
    old = tree.data or {}
    if document in old:
        return raw
    made = _spliced(tree, old, raw.decode("utf-8"), line, facts["kind"]).encode()
    try:
        found = source.parse(made, name).data
    except Invalid:
        found = None
    if found != {**old, document: dict(facts)}:
        raise ValueError(f"{name} has no line for each document, so that none can be added")
    return made


def _spliced(tree: Tree, old: Mapping[str, Any], text: str, line: str, kind: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    if not old:  # comments alone, or `{}` below them
        head = (text if tree.data is None else text.rpartition("{")[0]).rstrip()
        return f"{head}{newline if head else ''}{line}{newline}"
    lines = text.splitlines(keepends=True)
    after = _after(tree, old, lines, kind)
    if not lines[after - 1].endswith("\n"):
        lines[after - 1] += newline
    return "".join([*lines[:after], f"{line}{newline}", *lines[after:]])


def _after(tree: Tree, old: Mapping[str, Any], lines: list[str], kind: str) -> int:
    """How many lines stand before the new one: those up to the last document of its kind, or else up to the last."""
    names = list(old)
    alike = [name for name in names if is_map(old[name]) and old[name].get("kind") == kind]
    last = (alike or names)[-1]
    following = names[names.index(last) + 1 :]
    end = tree.place((following[0],)).line - 1 if following else len(lines)
    while end > 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end
