"""Skeletons: JSON with `$names`, from which bodies are built and read, answers rendered, and pictures found.

- `$name` stands for a parameter or a field of an answer; any other text, number or boolean is a constant;
- `$others`, as a value or as a key, stands for every parameter that the skeleton does not name;
- `{$each: images, image: $item}` in a list stands for one element per picture; other elements of a list stand once.

Emitted clients carry this file as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, TypeAlias, TypeGuard

EACH, ITEM, OTHERS = "$each", "$item", "$others"

Values: TypeAlias = "dict[str, Any]"


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
        self.faults.append(Fault(rule, path, value))
        self.unread.update(set(hides) - self.values.keys())


@dataclass(frozen=True, slots=True)
class Found:
    """One element of an answer: what kind it is (`images`, `texts`, `failures`), its item and its other fields."""

    kind: str
    item: Any
    fields: Values


# ── Looking at a skeleton ─────────────────────────────────────────────────────────────────────────────────────────


def _is_map(value: object) -> TypeGuard[Values]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def is_name(part: object) -> TypeGuard[str]:
    """Whether a part stands for a value (`$name`, `$item`, `$others`), and not for itself."""
    return isinstance(part, str) and part.startswith("$")


def holds_one(patterns: Sequence[Any]) -> bool:
    """Whether a list has exactly one element: its only pattern, which holds maps or lists of its own."""
    return len(patterns) == 1 and any(isinstance(part, dict | list) for part in patterns[0].values())


def _parts(skeleton: object) -> Iterable[Any]:
    return skeleton.values() if _is_map(skeleton) else skeleton if _is_list(skeleton) else ()


def names(skeleton: object) -> list[str]:
    """The parameters that a skeleton names, in order."""
    if is_name(skeleton):
        return [] if skeleton in (ITEM, OTHERS) else [skeleton[1:]]
    if _is_list(skeleton):
        return [name for part in skeleton for name in names(part)]
    if _is_map(skeleton):
        found = [str(skeleton[EACH])] if EACH in skeleton else []
        return found + [name for key, part in skeleton.items() if not key.startswith("$") for name in names(part)]
    return []


def may_miss(part: object) -> bool:
    """Whether a key may be left out as far as structure goes: a parameter, the map of the unnamed ones, and a list of
    nothing but repeated elements, or a map of such lists."""
    if _is_list(part):
        return bool(part) and all(_is_map(pattern) and EACH in pattern for pattern in part)
    if _is_map(part):
        return bool(part) and all(not is_name(inner) and may_miss(inner) for inner in part.values())
    return is_name(part)


def repeated(skeleton: object) -> set[str]:
    """The parameters for which a skeleton has an element per item."""
    inner = {name for part in _parts(skeleton) for name in repeated(part)}
    return inner | ({str(skeleton[EACH])} if _is_map(skeleton) and EACH in skeleton else set[str]())


def narrow(skeleton: Any, known: Collection[str]) -> Any:
    """The skeleton without the places of parameters that a model does not have."""
    if _is_list(skeleton):
        return [narrow(part, known) for part in skeleton if not _is_map(part) or _kept(part, known)]
    if _is_map(skeleton):
        return {key: narrow(part, known) for key, part in skeleton.items() if _kept(part, known)}
    return skeleton


def _kept(part: Any, known: Collection[str]) -> bool:
    named = names(part)
    return not named or any(name in known or name == "model" for name in named)


def holds_others(skeleton: object) -> bool:
    """Whether the parameters that a skeleton does not name are keys of this very map."""
    return skeleton == OTHERS or (_is_map(skeleton) and OTHERS in skeleton)


def place(skeleton: Any, name: str, path: str = "") -> str | None:
    """The JSON path at which a parameter stands; that of its list for a parameter with an element per item."""
    if skeleton == f"${name}":
        return path
    if _is_list(skeleton):
        for part in skeleton:
            if _is_map(part) and part.get(EACH) == name:
                return path
            if (found := place(part, name, f"{path}[0]")) is not None:
                return found
    elif _is_map(skeleton):
        for key, part in skeleton.items():
            if (found := place(part, name, join(path, key))) is not None:
                return found
    return None


def others(skeleton: Any, path: str = "") -> str:
    """The JSON path of the map that holds the parameters which the skeleton does not name."""
    if _is_map(skeleton):
        for key, part in skeleton.items():
            if key == OTHERS:
                return path
            if part == OTHERS:
                return join(path, key)
            if found := others(part, join(path, key)):
                return found
    elif _is_list(skeleton):
        return next((found for part in skeleton if (found := others(part, f"{path}[0]"))), "")
    return ""


def join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def resembles(skeleton: Any, body: object) -> int:
    """How many of the skeleton's keys stand in the body where they should: tells payload styles apart."""
    if _is_map(skeleton) and _is_map(body):
        return sum(1 + resembles(part, body[key]) for key, part in skeleton.items() if key in body)
    if _is_list(skeleton) and _is_list(body):
        return 1 + (resembles(skeleton[0], body[0]) if skeleton and body else 0)
    return -1 if isinstance(skeleton, dict | list) else 0


# ── Building ──────────────────────────────────────────────────────────────────────────────────────────────────────


_ABSENT = object()


def build(skeleton: Any, values: Mapping[str, Any]) -> Any:
    """A body or an answer: what has no value is left out, and `$others` takes what the skeleton does not name."""
    rest = {name: value for name, value in values.items() if name not in names(skeleton)}
    built = _build(skeleton, values, rest)
    return {} if built is _ABSENT else built


def _build(skeleton: Any, values: Mapping[str, Any], rest: Values) -> Any:
    if skeleton == OTHERS:
        return rest or _ABSENT
    if is_name(skeleton):
        return values.get(skeleton[1:], _ABSENT)
    if _is_list(skeleton):
        return _build_list(skeleton, values, rest)
    if _is_map(skeleton):
        made = {key: _build(part, values, rest) for key, part in skeleton.items() if key not in (EACH, OTHERS)}
        made = {key: value for key, value in made.items() if value is not _ABSENT}
        made |= rest if OTHERS in skeleton else {}
        return made if made or not names(skeleton) else _ABSENT
    return skeleton


def _build_list(parts: list[Any], values: Mapping[str, Any], rest: Values) -> Any:
    repeated = [part for part in parts if _is_map(part) and EACH in part]
    if parts and len(repeated) == len(parts) and not any(part[EACH] in values for part in repeated):
        return _ABSENT
    columns = [
        [_build(part, {**values, **_element(item)}, rest) for item in values.get(part[EACH], ())] for part in repeated
    ]
    # Several repeated elements stand in reading order: one of each kind in turn.
    woven = [element for row in zip_longest(*columns, fillvalue=_ABSENT) for element in row]
    made: list[Any] = []
    for part in parts:
        if part in repeated:
            made += woven if part is repeated[0] else []
        else:
            made.append(_build(part, values, rest))
    return [element for element in made if element is not _ABSENT]


def _element(item: Any) -> Values:
    return item if _is_map(item) else {"item": item}


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


def read(skeleton: Any, body: object, known: Collection[str]) -> Reading:
    """Read a body. `known` are the names that mean something to the model, in whatever mode or route."""
    reading = Reading()
    reader = _Reader(reading, set(known), set(names(skeleton)) - {"model"})
    reader.node(narrow(skeleton, known), body, "", "body")
    return reading


class _Reader:
    def __init__(self, reading: Reading, known: set[str], named: set[str]) -> None:
        self.reading = reading
        self.known = known
        self.named = named

    def hidden(self, skeleton: Any) -> set[str]:
        """What can't be read when a part of the body is missing or of the wrong type."""
        below = set(names(skeleton))
        return below | (self.known - self.named if _any_others(skeleton) else set[str]())

    def node(self, skeleton: Any, value: object, path: str, key: str) -> None:
        if skeleton == OTHERS:
            self.mapping({OTHERS: True}, value, path, key)
        elif is_name(skeleton):
            self.take(skeleton[1:], value, path)
        elif _is_map(skeleton):
            self.mapping(skeleton, value, path, key)
        elif _is_list(skeleton):
            self.sequence(skeleton, value, path, key)
        elif value != skeleton or isinstance(value, bool) != isinstance(skeleton, bool):
            self.reading.fault(f"{key}.fixed", path, value)

    def take(self, name: str, value: object, path: str) -> None:
        if name not in self.reading.values:
            self.reading.values[name] = value
            self.reading.paths[name] = path

    def mapping(self, skeleton: Values, value: object, path: str, key: str) -> None:
        if not _is_map(value):
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
        if not _is_list(value):
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
        there: Values = element if _is_map(element) else {}
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
    return any(key in element for key in pattern if not key.startswith("$") and key not in _constants(pattern))


def _fits(pattern: Values, element: Values) -> bool:
    same = all(key in element and element[key] == part for key, part in _constants(pattern).items())
    return same and _overlaps(pattern, element)


def _any_others(skeleton: Any) -> bool:
    return holds_others(skeleton) or any(_any_others(part) for part in _parts(skeleton))


# ── Finding ───────────────────────────────────────────────────────────────────────────────────────────────────────


def find(skeleton: Any, answer: object) -> tuple[Values, list[Found]]:
    """The values and the repeated elements of an answer, in reading order, ignoring all that is new or missing."""
    values: Values = {}
    found: list[Found] = []
    _find(skeleton, answer, values, found)
    return values, found


def _find(skeleton: Any, answer: Any, values: Values, found: list[Found], kind: str = "") -> None:
    if skeleton == ITEM:
        found.append(Found(kind, answer, values))
    elif is_name(skeleton):
        if answer is not None:
            values.setdefault(skeleton[1:], answer)
    elif _is_map(skeleton) and _is_map(answer):
        for key, part in skeleton.items():
            if key in answer:
                _find(part, answer[key], values, found, kind)
    elif _is_list(skeleton) and _is_list(answer):
        for element in answer:
            for pattern in skeleton:
                _find_element(pattern, element, values, found, kind)


def _find_element(pattern: Any, element: Any, values: Values, found: list[Found], kind: str) -> None:
    if not _is_map(pattern) or EACH not in pattern:
        _find(pattern, element, values, found, kind)
        return
    if not _is_map(element) or _clash(pattern, element):
        return
    fields: Values = {}
    kind = str(pattern[EACH])
    _find(pattern, element, fields, found, kind)
    if not _holds_item(pattern) and all(name in fields for name in names(pattern)[1:]):
        found.append(Found(kind, None, fields))


def _clash(pattern: Values, element: Values) -> bool:
    """Whether a constant of the pattern has another value here: tells apart elements with the same keys."""
    return any(
        key in element and element[key] != part
        for key, part in pattern.items()
        if not key.startswith("$") and isinstance(part, str) and not is_name(part)
    )


def _holds_item(skeleton: Any) -> bool:
    return skeleton == ITEM or any(_holds_item(part) for part in _parts(skeleton))
