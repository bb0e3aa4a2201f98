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
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias, cast

import yaml

from platemark.plain import is_map
from platemark.problems import Code, Invalid, Place, Problem

Data: TypeAlias = "bool | int | str | list[Data] | dict[str, Data] | None"
Keys: TypeAlias = "tuple[str | int, ...]"

DEPTH = 64
SIZE = 1 << 20
"""A spec is a page that people read: 1 MiB of it is a mistake or an attack."""
GREATEST = 2**53 - 1
"""The greatest integer that every reader of JSON keeps as it is."""

VERSIONS = "versions.yaml"
ACKNOWLEDGED = "acknowledged.yaml"
BESIDE = (VERSIONS, ACKNOWLEDGED)
"""Files of a folder of specs that say nothing of services, where there are any: versions of emitted packages, and
changes that a person accepts."""

_LOADER = getattr(yaml, "CLoader", yaml.Loader)
_FILE_NAME = re.compile(r"[a-z0-9][a-zA-Z0-9._-]{0,79}")
_BREAK = re.compile(r"\r\n?|\n")
_HIDDEN = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028-\u202e\u2066-\u2069]"
)
"""Characters that nobody sees in a listing: controls, odd line breaks, stray byte-order marks, marks of direction."""
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True)
class Tree:
    """One file's data, with the place of each value, and of each key, by its path from the root."""

    file: str
    data: Data
    values: Mapping[Keys, Place] = field(repr=False)
    keys: Mapping[Keys, Place] = field(repr=False)

    def get(self, path: Keys, default: Any = None) -> Any:
        """The value at `path`, through maps; the default where nothing stands there."""
        here: Any = self.data
        for key in path:
            if not is_map(here) or key not in here:
                return default
            here = here[str(key)]
        return here

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
    beside = [path for name in BESIDE if (path := folder / name).is_file()]
    families = sorted(folder.glob("*/*.yaml"))
    specs = [folder / "documents.yaml", *beside, *families]
    for path in specs:
        name = path.relative_to(folder).as_posix()
        try:
            trees[name] = read(path, f"{folder.name}/{name}")
        except Invalid as invalid:
            problems += invalid.problems
    for name in sorted({path.parent.name for path in families if not (path.parent / "provider.yaml").exists()}):
        message = "this provider has families, but no file that says how to reach it"
        problems.append(_problem(f"{folder.name}/{name}/provider.yaml", "no-provider", message, "write one"))
    for path in sorted({*folder.rglob("*.yaml"), *folder.rglob("*.yml")} - set(specs)):
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        hint = "specs are documents.yaml, <provider>/provider.yaml and <provider>/<family>.yaml"
        problems.append(_problem(name, "stray-file", "nothing reads this file", hint))
    return trees, problems


def digest(folder: Path) -> str:
    """One digest over all that outputs are printed from: the specs under `folder`, and the versions of packages."""
    whole = sha256()
    for path in sorted({*folder.rglob("*.yaml")} - {folder / ACKNOWLEDGED}):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def read(path: Path, name: str) -> Tree:
    """Load the file at `path`, called `name` in messages; raises `Invalid` with every problem found."""
    for part in PurePosixPath(name).with_suffix("").parts[1:]:  # the folder of all specs may be called anything
        if not is_name(part):
            message = f"`{part}` can't be a name here: it becomes part of paths and of names in code"
            raise Invalid([_problem(name, "bad-name", message, "names are written like wan2.6-image")])
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Invalid([_problem(name, "unreadable", f"can't read this file: {error.strerror}")]) from None
    return parse(raw, name)


def parse(raw: bytes, name: str) -> Tree:
    """Load YAML from bytes; raises `Invalid` with every problem found."""
    if len(raw) > SIZE:
        message = f"the file has {len(raw):,} bytes; a spec has at most {SIZE:,}"
        raise Invalid([_problem(name, "too-large", message, "write one family a file")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        shown, offset = raw.decode("utf-8-sig", "backslashreplace"), len(raw[: error.start].decode("utf-8-sig"))
        message = f"the byte 0x{raw[error.start]:02x} is not UTF-8"
        at = _place_at(name, shown, offset, width=4)
        raise Invalid([Problem("not-utf-8", message, at, "save the file as UTF-8")]) from None
    if hidden := _HIDDEN.search(text):
        message = f"the character U+{ord(hidden[0]):04X}, which nobody sees"
        hint = f'take it out, or write "\\u{ord(hidden[0]):04x}" in double quotes'
        raise Invalid([Problem("hidden-character", message, _place_at(name, text, hidden.start(), width=1), hint)])
    builder = _Builder(name, text)
    data = builder.document()
    if builder.problems:
        raise Invalid(builder.problems)
    return Tree(name, data, builder.values, builder.keys)


def is_name(text: str) -> bool:
    """Whether a file or folder of specs may be called so: it becomes part of paths and of names in code."""
    return bool(_FILE_NAME.fullmatch(text))


def _problem(name: str, code: Code, message: str, hint: str = "") -> Problem:
    return Problem(code, message, Place(name, 1, 1, 1, 1), hint)


def _place_at(name: str, text: str, offset: int, width: int) -> Place:
    """The place of the characters at an offset in a text that no parser has seen."""
    before = _BREAK.split(text[:offset])
    line, column = len(before), len(before[-1]) + 1
    return Place(name, line, column, line, column + width, _BREAK.split(text)[line - 1])


class _Builder:
    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = _BREAK.split(text)
        self.problems: list[Problem] = []
        self.values: dict[Keys, Place] = {}
        self.keys: dict[Keys, Place] = {}
        self.events = self._events(text)

    def _events(self, text: str) -> Iterator[Any]:
        depth = 0
        try:
            for event in cast("Any", yaml).parse(text, Loader=_LOADER):
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
                if depth > DEPTH:
                    hint = "a map or a list too many? the deepest spec has some ten levels"
                    self._report("too-deep", f"more than {DEPTH} levels, one in the other", event, hint)
                    raise Invalid(self.problems)
                yield event
        except yaml.YAMLError as error:
            raise Invalid([*self.problems, self._not_yaml(text, error)]) from None

    def _not_yaml(self, text: str, error: yaml.YAMLError) -> Problem:
        """libyaml and PyYAML word errors differently and point at different places: only PyYAML's places are taken."""
        try:
            for _ in cast("Any", yaml).parse(text, Loader=yaml.Loader):
                pass
        except yaml.YAMLError as plain:
            error = plain
        begun, mark = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
        if (
            begun
            and mark
            and begun.line < mark.line
            and (opened := self._line(begun.line + 1)[begun.column :][:1]) in set("[{'\"")
        ):
            return self._no_yaml(begun, f"the {opened} that begins here has no end", "close it on this line")
        mark = mark or begun
        shown = self._line(mark.line + 1) if mark else ""
        here = shown[mark.column :][:1] if mark else ""
        hint = "check the indentation and the quotes on this line and the one before"
        if "\t" in shown[: mark.column + 1 if mark else 0]:
            hint = "indent with spaces: YAML takes no tabs there"
        elif here == ":":
            hint = "quote a text that holds a colon and a space"
        elif here and here in "@`%":
            hint = f"quote a text that begins with {here}"
        return self._no_yaml(mark, "this is not YAML", hint)

    def _no_yaml(self, mark: Any, message: str, hint: str) -> Problem:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem("not-yaml", message, Place(self.name, line, column, line, column, self._line(line)), hint)

    def _line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        line = start.line + 1
        return Place(self.name, line, start.column + 1, end.line + 1, end.column + 1, self._line(line))

    def _report(self, code: Code, message: str, event: Any, hint: str = "") -> None:
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
        self._bare(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        return None if isinstance(event, yaml.AliasEvent) else self.scalar(event)

    def _bare(self, event: Any) -> None:
        """What stands here is what it says: it has no anchor, refers to none, and no tag changes it."""
        if isinstance(event, yaml.AliasEvent):
            hint = "write the value out, or share it in a layer; quote a text that begins with *"
            self._report("no-anchors", f"an alias (`*{event.anchor}`)", event, hint)
            return
        if event.anchor is not None:
            hint = "write values out, or share them in a layer; quote a text that begins with &"
            self._report("no-anchors", f"an anchor (`&{event.anchor}`)", event, hint)
        if event.tag is not None:
            self._report("no-tags", f"a tag (`{event.tag}`)", event, "plain values need none; quote what is text")

    def mapping(self, path: Keys) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                hint = "a key is a plain word; quote a text that begins with { [ or *"
                self._report("bad-key", "a map or a list as a key", event, hint)
                self.node(event, (*path, "?"))
                self.node(next(self.events), (*path, "?"))
                continue
            self._bare(event)
            key = str(cast("Any", event).value)
            below = (*path, key)
            if key in found:
                hint = f"the first is on line {self.keys[below].line}: keep one of the two"
                self._report("twice", f"`{key}` stands here twice", event, hint)
            if key == "<<" and cast("Any", event).implicit[0]:
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
            return self.integer(text, event)
        if _FLOAT.fullmatch(text):
            self._report("no-floats", f"`{text}` is a decimal number", event, "give it a unit (0.20 CNY), or quote it")
        return text

    def integer(self, text: str, event: Any) -> int:
        based = text[:2] in {"0o", "0x"}
        number = 0 if len(text) > 24 else int(text, 0) if based else int(text)
        if len(text) > 24 or abs(number) > GREATEST:
            self._report("too-big", f"an integer beyond {GREATEST:,}", event, "quote it if it is text")
        return number
