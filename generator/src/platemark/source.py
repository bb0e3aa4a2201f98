"""Strict YAML: plain data, and the place of every key and value.

The tree is built from parser events, since only there can depth, anchors and tags be refused before anything is
composed. Scalars follow YAML 1.2's core types (`16:9`, `on` and dates are text); keys are always text; a decimal
number carries a unit, so floats are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias, cast

import yaml

from platemark.problems import Invalid, Place, Problem

Data: TypeAlias = "None | bool | int | str | list[Data] | dict[str, Data]"
Keys: TypeAlias = "tuple[str | int, ...]"

DEPTH = 64
SIZE = 1 << 20
"""A spec is a page that people read: 1 MiB of it is a mistake or an attack."""

_LOADER = cast("Any", getattr(yaml, "CLoader", yaml.Loader))
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True)
class Tree:
    """One file's data, with the place of each value, and of each key, by its path from the root."""

    file: str
    data: Data
    values: Mapping[Keys, Place] = field(repr=False)
    keys: Mapping[Keys, Place] = field(repr=False)

    def place(self, path: Keys) -> Place:
        """Where the value at `path` stands; for a path that is not there, where its nearest ancestor does."""
        while path not in self.values and path:
            path = path[:-1]
        return self.keys.get(path) or self.values.get(path) or Place(self.file, 1, 1, 1, 1)

    def value(self, path: Keys) -> Place:
        """Where the value itself stands, not its key."""
        return self.values.get(path) or self.place(path)


def read_folder(folder: Path) -> tuple[dict[str, Tree], list[Problem]]:
    """Every spec under `folder` by its relative name, and the problems of those that could not be read."""
    trees: dict[str, Tree] = {}
    problems: list[Problem] = []
    for path in [folder / "documents.yaml", *sorted(folder.glob("*/*.yaml"))]:
        name = path.relative_to(folder).as_posix()
        try:
            trees[name] = read(path, f"{folder.name}/{name}")
        except Invalid as invalid:
            problems += invalid.problems
    return trees, problems


def digest(folder: Path) -> str:
    """One digest over all specs under `folder`."""
    whole = sha256()
    for path in sorted(folder.rglob("*.yaml")):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def read(path: Path, name: str) -> Tree:
    """Load the file at `path`, called `name` in messages; raises `Invalid` with every problem found."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Invalid([_problem(name, "unreadable", f"can't read this file: {error.strerror}")]) from None
    return parse(raw, name)


def parse(raw: bytes, name: str) -> Tree:
    """Load YAML from bytes; raises `Invalid` with every problem found."""
    if len(raw) > SIZE:
        raise Invalid([_problem(name, "too-large", f"the file has {len(raw)} bytes; the limit is {SIZE}")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid([_problem(name, "not-utf-8", f"byte {error.start} is not UTF-8")]) from None
    builder = _Builder(name, text)
    data = builder.document()
    if builder.problems:
        raise Invalid(builder.problems)
    return Tree(name, data, builder.values, builder.keys)


def _problem(name: str, code: str, message: str) -> Problem:
    return Problem(code, message, Place(name, 1, 1, 1, 1))


class _Builder:
    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = text.splitlines()
        self.problems: list[Problem] = []
        self.values: dict[Keys, Place] = {}
        self.keys: dict[Keys, Place] = {}
        self.events = self._events(text)

    def _events(self, text: str) -> Iterator[Any]:
        depth = 0
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
                if depth > DEPTH:
                    self._report("too-deep", f"more than {DEPTH} levels", event)
                    raise Invalid(self.problems)
                yield event
        except yaml.YAMLError as error:
            # The two loaders word their errors differently, so only the place is taken from them.
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            line = min(line, max(1, len(self.lines)))
            place = Place(self.name, line, column, line, column, self._line(line))
            hint = "check the indentation and the quotes on this line and the one before"
            raise Invalid([*self.problems, Problem("not-yaml", "this is not YAML", place, hint)]) from None

    def _line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        line = start.line + 1
        return Place(self.name, line, start.column + 1, end.line + 1, end.column + 1, self._line(line))

    def _report(self, code: str, message: str, event: Any, hint: str = "") -> None:
        self.problems.append(Problem(code, message, self._place(event), hint))

    def document(self) -> Data:
        data: Data = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._report("several-documents", "a spec is one YAML document", event)
                    raise Invalid(self.problems)
            elif isinstance(event, yaml.NodeEvent):
                data = self.node(event, ())
        return data

    def node(self, event: Any, path: Keys) -> Data:
        self.values[path] = self._place(event)
        if event.anchor is not None:
            what = "an alias" if isinstance(event, yaml.AliasEvent) else "an anchor"
            self._report(
                "no-anchors", f"{what} (`{event.anchor}`)", event, "write the value out, or share it in a layer"
            )
            if isinstance(event, yaml.AliasEvent):
                return None
        if event.tag is not None:
            self._report("no-tags", f"a tag (`{event.tag}`)", event, "plain values need no tag")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        return self.scalar(event)

    def mapping(self, path: Keys) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self._report("bad-key", "a key is a plain word", event, "in { } quote braces and brackets")
                self.node(event, (*path, "?"))
                self.node(next(self.events), (*path, "?"))
                continue
            key = str(event.value)
            below = (*path, key)
            if key in found:
                self._report("twice", f"`{key}` stands here twice", event, "keep one of the two")
            if key == "<<" and event.implicit[0]:
                self._report("no-merge", "a merge key (`<<`)", event, "share facts in a layer instead")
            self.keys[below] = self._place(event)
            found[key] = self.node(next(self.events), below)
        return found

    def sequence(self, path: Keys) -> list[Data]:
        found: list[Data] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self.node(event, (*path, len(found))))
        return found

    def scalar(self, event: Any) -> Data:
        text = str(event.value)
        if not event.implicit[0]:  # quoted, or a block
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if _FLOAT.fullmatch(text):
            self._report("no-floats", f"`{text}` is a decimal number", event, "give it a unit (0.20 CNY), or quote it")
        return text
