"""Skeletons: JSON with `$names`, each of which must stand for something, where a reader can find it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platemark.lint import names
from platemark.plain import is_map, is_seq, parts
from platemark.problems import Code, Problem
from platemark.source import Keys, Tree
from platemark.wire import answers
from platemark.wire.skeletons import EACH, ITEM, OTHERS, holds_item, is_name
from platemark.wire.skeletons import names as named

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_ITEMS = ("images", "texts")
"""What an answer holds of its own accord: the other lists are made of fields."""


@dataclass(frozen=True)
class SkeletonCheck:
    """One skeleton of a provider's file. Where it is a payload, `types` are the parameters that it may name."""

    tree: Tree
    path: Keys
    types: Mapping[str, str] | None = None

    @property
    def whole(self) -> Any:
        """The skeleton."""
        return self.tree.get(self.path)

    def problems(self) -> Iterator[Problem]:
        """Everything wrong with the skeleton itself."""
        if self.types is None:
            yield from self.part(self.whole, self.path, element=False, repeats="")
            return
        if not is_map(self.whole):
            yield self.bad("a body is a map", self.path, "begin it with `model: $model`")
            return
        yield from self.part(self.whole, self.path, element=False, repeats="")
        stand = named(self.whole)
        if "model" not in stand:
            yield self.lacks("nothing says where the model stands", "add `model: $model`")
        for name in sorted({name for name in stand if stand.count(name) > 1}):
            yield self.bad(f"`{name}` stands at two places of `{self.path[-1]}`", self.path, "keep one of the two")

    def must_name(self, name: str, why: str) -> Iterator[Problem]:
        """Every answer of its sort has this."""
        if name not in named(self.whole):
            yield self.lacks(f"nothing says where {why} stands", f"put `${name}` there")

    def must_hold_pictures(self) -> Iterator[Problem]:
        """A result says where its pictures are."""
        repeated = [part[EACH] for part in _maps(self.whole) if EACH in part]
        if "images" not in repeated and all(name in answers.LISTS for name in repeated):
            message = f"nothing says where the pictures of `{self.path[-1]}` stand"
            yield Problem(
                "no-item", message, self.tree.place(self.path), "repeat an element: {$each: images, url: $item}"
            )

    def lacks(self, message: str, hint: str) -> Problem:
        return Problem("incomplete", message, self.tree.place(self.path), hint)

    def bad(self, message: str, path: Keys, hint: str, code: Code = "bad-skeleton") -> Problem:
        return Problem(code, message, self.tree.place(path), hint)

    # ── Parts: `element` where a list holds them, `repeats` what an element around them is repeated for ───────────

    def part(self, part: Any, path: Keys, *, element: bool, repeats: str) -> Iterator[Problem]:
        if is_map(part):
            yield from self.mapping(part, path, element=element, repeats=repeats)
        elif is_seq(part):
            yield from self.sequence(part, path, repeats)
        elif element and self.types is not None:
            yield self.bad("an element of a list is a map in a body", path, "write it as {key: $name}")
        elif is_name(part):
            yield from self.name(part, path, repeats)
        elif part is None and self.types is not None:
            yield self.bad("nothing stands here", path, "name a parameter ($name), or write a constant")

    def mapping(self, part: Mapping[str, Any], path: Keys, *, element: bool, repeats: str) -> Iterator[Problem]:
        if EACH in part:
            repeats = str(part[EACH])
            yield from self.each(part, path, element=element)
        elif element and self.types is not None and not named(part) and ITEM not in part.values():
            yield self.bad("nothing tells this element from others", path, "name a parameter in it")
        for key, value in part.items():
            here = (*path, key)
            if key == EACH or (key == OTHERS and self.types is not None):
                continue
            if not _KEY.fullmatch(key):
                hint = "a key has letters, digits, _ and -; the only ones with a $ are $each, and $others in a payload"
                yield self.bad(f"`{key}` can't be a key of a skeleton", here, hint, "bad-name")
            yield from self.part(value, here, element=False, repeats=repeats)

    def sequence(self, elements: Any, path: Keys, repeats: str) -> Iterator[Problem]:
        if not elements:
            yield self.bad("an empty list, which nothing ever fills", path, "write one of its elements")
        for index, part in enumerate(elements):
            yield from self.part(part, (*path, index), element=True, repeats=repeats)

    def each(self, part: Mapping[str, Any], path: Keys, *, element: bool) -> Iterator[Problem]:
        name, at = str(part[EACH]), (*path, EACH)
        if not element:
            yield self.bad("`$each` repeats an element of a list, and here is none", at, "put [ ] around it")
        if self.types is None:
            if name not in answers.LISTS:
                yield names.unknown("unknown-answer-field", name, self.tree.value(at), answers.LISTS)
            elif name in _ITEMS and not holds_item(part):
                yield self.bad("an element that repeats has no `$item`", at, "say where the item stands", "no-item")
            return
        if name not in self.types:
            yield names.unknown("unknown-parameter", name, self.tree.value(at), self.types)
        elif self.types[name] not in {"images", "list"}:
            message = f"`$each` repeats an element for the items of a list, and `{name}` is none"
            yield Problem("wrong-kind", message, self.tree.value(at), f"write `${name}` where it stands")
        if ITEM not in part.values():
            yield self.bad("an element that repeats has no `$item`", at, "say where the item stands", "no-item")

    def name(self, part: str, path: Keys, repeats: str) -> Iterator[Problem]:
        name, at = part[1:], self.tree.value(path)
        if part == ITEM:
            if not repeats:
                message = "`$item` outside of an element that repeats"
                yield Problem("bad-skeleton", message, at, "add `$each` to the element around it")
        elif self.types is None:
            known = answers.TYPES
            if name not in known:
                yield names.unknown("unknown-answer-field", name, at, known)
        elif part != OTHERS and name != "model" and name not in self.types:
            yield names.unknown("unknown-parameter", name, at, self.types)


def _maps(part: Any) -> Iterator[Mapping[str, Any]]:
    """A part and all maps below it."""
    if is_map(part):
        yield part
    for inner in parts(part):
        yield from _maps(inner)
