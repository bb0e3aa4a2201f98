"""Bodies as they are read by a payload's skeleton: the values in them, and where they leave it.

Emitted clients carry this file as it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from platemark_images._runtime.plain import is_list, is_map
from platemark_images._runtime.skeletons import (
    EACH,
    ITEM,
    OTHERS,
    Values,
    holds_one,
    is_name,
    join,
    may_miss,
    names,
    narrow,
    takes_others,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a body leaves its skeleton: the rule's id, the JSON path, and what stands there."""

    rule: str
    path: str
    value: object


@dataclass(slots=True)
class Reading:
    """What a body says: values and their JSON paths by parameter, faults of its structure, and what a fault hides."""

    values: Values = field(default_factory=dict[str, Any])
    paths: dict[str, str] = field(default_factory=dict[str, str])
    faults: list[Fault] = field(default_factory=list[Fault])
    unread: set[str] = field(default_factory=set[str])

    def fault(self, rule: str, path: str, value: object, hides: Collection[str] = ()) -> None:
        """Keep a fault, and the parameters that it hides."""
        self.faults.append(Fault(rule, path, value))
        self.unread.update(set(hides) - self.values.keys())


def read(skeleton: Any, body: object, known: Collection[str]) -> Reading:
    """Read a body. `known` are the names that mean something to the model, in whatever mode or route.

    What a skeleton is to a model is worked out once: a skeleton that has been read by must not change."""
    form = _form(_Itself(skeleton), tuple(known))
    reader = _Reader(form)
    reader.node(form.skeleton, body, "", "body")
    return reader.reading


@dataclass(frozen=True, slots=True)
class _Form:
    """A skeleton as one model takes it: without the places of what the model does not have."""

    skeleton: Any
    known: frozenset[str]
    named: frozenset[str]


class _Itself:
    """A skeleton as the key of a cache: plain data has no hash, and is the same only where it is the same object."""

    __slots__ = ("skeleton",)

    def __init__(self, skeleton: Any) -> None:
        self.skeleton = skeleton

    def __hash__(self) -> int:
        return id(self.skeleton)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.skeleton is other.skeleton


@lru_cache(maxsize=1024)
def _form(of: _Itself, known: tuple[str, ...]) -> _Form:
    return _Form(narrow(of.skeleton, known), frozenset(known), frozenset(names(of.skeleton)) - {"model"})


class _Reader:
    def __init__(self, form: _Form) -> None:
        self.reading = Reading()
        self.known = form.known
        self.named = form.named

    def hidden(self, skeleton: Any) -> set[str]:
        """What can't be read when a part of the body is missing or of the wrong type."""
        below = set(names(skeleton))
        return below | (self.known - self.named if takes_others(skeleton) else set[str]())

    def node(self, skeleton: Any, value: object, path: str, key: str) -> None:
        if skeleton == OTHERS:
            self.mapping({OTHERS: True}, value, path, key)
        elif is_name(skeleton):
            self.take(skeleton[1:], value, path)
        elif is_map(skeleton):
            self.mapping(skeleton, value, path, key)
        elif is_list(skeleton):
            self.sequence(skeleton, value, path, key)
        elif value != skeleton or isinstance(value, bool) != isinstance(skeleton, bool):
            self.reading.fault(f"{key}.fixed", path, value)

    def take(self, name: str, value: object, path: str) -> None:
        if name not in self.reading.values:
            self.reading.values[name] = value
            self.reading.paths[name] = path

    def mapping(self, skeleton: Values, value: object, path: str, key: str) -> None:
        if not is_map(value):
            self.reading.fault(f"{key}.type", path, value, self.hidden(skeleton))
            return
        for part_key, part in skeleton.items():
            if part_key.startswith("$"):
                continue
            if part_key in value:
                self.node(part, value[part_key], join(path, part_key), part_key)
            elif not may_miss(part):
                self.reading.fault(f"{part_key}.required", join(path, part_key), None, self.hidden(part))
        for extra in [k for k in value if k not in skeleton or k.startswith("$")]:
            self.extra(extra, value[extra], join(path, extra), OTHERS in skeleton)

    def extra(self, key: str, value: object, path: str, among_others: bool) -> None:
        if key in self.named or (key in self.known and not among_others):
            self.reading.fault(f"{key}.place", path, value)
            self.take(key, value, path)
        elif key in self.known:
            self.take(key, value, path)
        else:
            self.reading.fault("unknown", path, value)

    def sequence(self, patterns: list[Any], value: object, path: str, key: str) -> None:
        if not is_list(value):
            self.reading.fault(f"{key}.type", path, value, self.hidden(patterns))
            return
        if holds_one(patterns):
            if len(value) != 1:
                self.reading.fault(f"{key}.count", path, len(value), () if value else self.hidden(patterns))
            for element in value[:1]:
                self.node(patterns[0], element, f"{path}[0]", key)
            return
        seen: set[int] = set()
        for index, element in enumerate(value):
            self.element(patterns, element, f"{path}[{index}]", key, seen)

    def element(self, patterns: list[Values], element: object, path: str, key: str, seen: set[int]) -> None:
        """An element of a list of several kinds is told by its constants and its keys."""
        there: Values = element if is_map(element) else {}
        fits = [pattern for pattern in patterns if _fits(pattern, there)]
        if not fits and len(patterns) == 1 and _overlaps(patterns[0], there):
            fits = patterns
            for constant, wanted in _constants(patterns[0]).items():
                if there.get(constant) != wanted:
                    rule = "fixed" if constant in there else "required"
                    self.reading.fault(f"{constant}.{rule}", join(path, constant), there.get(constant))
        if len(fits) != 1:
            self.reading.fault(f"{key}.shape", path, element)
            return
        pattern = fits[0]
        if EACH in pattern:
            wire = next(k for k, part in pattern.items() if part == ITEM)
            name = str(pattern[EACH])
            self.take(name, [], path[: path.rindex("[")])
            self.reading.values[name].append(there[wire])
        elif id(pattern) in seen:
            self.reading.fault(f"{names(pattern)[0]}.count", path, element)
        else:
            seen.add(id(pattern))
            self.mapping(pattern, {k: v for k, v in there.items() if k in pattern}, path, key)
        for extra in [k for k in there if k not in pattern]:
            self.reading.fault("unknown", join(path, extra), there[extra])


def _constants(pattern: Values) -> Values:
    return {k: part for k, part in pattern.items() if not k.startswith("$") and not names(part) and part != ITEM}


def _overlaps(pattern: Values, element: Values) -> bool:
    """Whether the element has a key that carries a parameter."""
    constants = _constants(pattern)
    return any(key in element for key in pattern if not key.startswith("$") and key not in constants)


def _fits(pattern: Values, element: Values) -> bool:
    same = all(key in element and element[key] == part for key, part in _constants(pattern).items())
    return same and _overlaps(pattern, element)
