"""Slots of a spec that nobody has filled in yet: the word `todo`, in place of any value or key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from platemark.plain import is_map, is_seq
from platemark.source import Keys

TODO = "todo"
"""What stands for a fact that is still to be found. Lint names each; nothing is resolved before all are gone."""

Schema: TypeAlias = "Mapping[str, Any]"
_Part: TypeAlias = "tuple[Schema, Schema]"
"""A part of a meta-schema, and the file that its references are of."""


def slots(data: Any, path: Keys = ()) -> Iterator[Keys]:
    """The path of every slot: of values that are one, and of keys."""
    if data == TODO:
        yield path
    elif is_map(data):
        for key, value in data.items():
            if key == TODO:
                yield (*path, key)
            if not key == value == TODO:
                yield from slots(value, (*path, key))
    elif is_seq(data):
        for index, value in enumerate(data):
            yield from slots(value, (*path, index))


def described(name: str, path: Keys, files: Mapping[str, Schema]) -> str:
    """What a meta-schema says of what stands at a path, or else of what holds it; for a key that is a slot, of names.

    `files` are the meta-schemas by name; they refer to each other as `urn:platemark:NAME`."""
    said, here = "", [*_alternatives(files[name], files[name], files)]
    for depth, key in enumerate(path, 1):
        if key == TODO and depth == len(path):
            names = [(part["propertyNames"], root) for part, root in here if "propertyNames" in part]
            return _said(each for part, root in names for each in _alternatives(part, root, files)) or said
        entered = [(inner, root) for part, root in here for inner in _entered(part, key)]
        here = [each for part, root in entered for each in _alternatives(part, root, files)]
        said = _said(here) or ("" if here else said)  # below a skeleton, what is said of it holds
    return said


def _said(parts: Iterable[_Part]) -> str:
    for part, _ in parts:
        if "description" in part:
            return str(part["description"])
        if "enum" in part:
            return f"One of {', '.join(map(str, part['enum']))}."
    return ""


def _entered(part: Schema, key: str | int) -> Iterator[Schema]:
    """The parts for what a key of a map, or an item of a list, holds."""
    inner = part.get("items") if isinstance(key, int) else part.get("properties", {}).get(key)
    if inner is None and isinstance(key, str):
        inner = part.get("additionalProperties")
    if is_map(inner):
        yield inner


def _alternatives(part: Schema, root: Schema, files: Mapping[str, Schema]) -> Iterator[_Part]:
    """A part, what it refers to, and the alternatives among which it leaves a choice."""
    yield part, root
    if reference := part.get("$ref"):
        file, _, pointer = str(reference).partition("#")
        there = files[file.rpartition(":")[2]] if file else root
        found: Any = there
        for step in filter(None, pointer.split("/")):
            found = found[step]
        yield from _alternatives(found, there, files)
    for choice in part.get("anyOf", ()):
        yield from _alternatives(choice, root, files)
