"""Skeletons: JSON with `$names`, from which bodies are built, answers rendered, and pictures found in them.

- `$name` stands for a parameter or a field of an answer; any other text, number or boolean is a constant;
- `$others`, as a value or as a key, stands for every parameter that the skeleton does not name;
- `{$each: images, image: $item}` in a list stands for one element per picture; other elements of a list stand once.

Emitted clients carry this file as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias, TypeGuard

from platemark.plain import is_list, is_map, parts

EACH, ITEM, OTHERS = "$each", "$item", "$others"

Values: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True, slots=True)
class Found:
    """One element of an answer: what kind it is (`images`, `texts`, `failures`), its item and its other fields."""

    kind: str
    item: Any
    fields: Values


# ── Looking at a skeleton ─────────────────────────────────────────────────────────────────────────────────────────


def is_name(part: object) -> TypeGuard[str]:
    """Whether a part stands for a value (`$name`, `$item`, `$others`), and not for itself."""
    return isinstance(part, str) and part.startswith("$")


def holds_one(patterns: Sequence[Any]) -> bool:
    """Whether a list has exactly one element: its only pattern, which holds maps or lists of its own."""
    return len(patterns) == 1 and any(isinstance(part, dict | list) for part in patterns[0].values())


def names(skeleton: object) -> list[str]:
    """The parameters that a skeleton names, in order."""
    if is_name(skeleton):
        return [] if skeleton in (ITEM, OTHERS) else [skeleton[1:]]
    if is_list(skeleton):
        return [name for part in skeleton for name in names(part)]
    if is_map(skeleton):
        found = [str(skeleton[EACH])] if EACH in skeleton else []
        return found + [name for key, part in skeleton.items() if not key.startswith("$") for name in names(part)]
    return []


def may_miss(part: object) -> bool:
    """Whether a key may be left out as far as structure goes: a parameter, the map of the unnamed ones, and a list of
    nothing but repeated elements, or a map of such lists."""
    if is_list(part):
        return bool(part) and all(is_map(pattern) and EACH in pattern for pattern in part)
    if is_map(part):
        return bool(part) and all(not is_name(inner) and may_miss(inner) for inner in part.values())
    return is_name(part)


def repeated(skeleton: object) -> set[str]:
    """The parameters for which a skeleton has an element per item."""
    inner = {name for part in parts(skeleton) for name in repeated(part)}
    return inner | ({str(skeleton[EACH])} if is_map(skeleton) and EACH in skeleton else set[str]())


def narrow(skeleton: Any, known: Collection[str]) -> Any:
    """The skeleton without the places of parameters that a model does not have."""
    if is_list(skeleton):
        return [narrow(part, known) for part in skeleton if not is_map(part) or _kept(part, known)]
    if is_map(skeleton):
        return {key: narrow(part, known) for key, part in skeleton.items() if _kept(part, known)}
    return skeleton


def _kept(part: Any, known: Collection[str]) -> bool:
    named = names(part)
    return not named or any(name in known or name == "model" for name in named)


def holds_others(skeleton: object) -> bool:
    """Whether the parameters that a skeleton does not name are keys of this very map."""
    return skeleton == OTHERS or (is_map(skeleton) and OTHERS in skeleton)


def takes_others(skeleton: object) -> bool:
    """Whether a skeleton has a place, at any depth, for the parameters that it does not name."""
    return holds_others(skeleton) or any(takes_others(part) for part in parts(skeleton))


def holds_item(skeleton: object) -> bool:
    """Whether the item of a repeated element stands somewhere in a skeleton."""
    return skeleton == ITEM or any(holds_item(part) for part in parts(skeleton))


def place(skeleton: Any, name: str, path: str = "") -> str | None:
    """The JSON path at which a parameter stands; that of its list for a parameter with an element per item."""
    if skeleton == f"${name}":
        return path
    if is_list(skeleton):
        for part in skeleton:
            if is_map(part) and part.get(EACH) == name:
                return path
            if (found := place(part, name, f"{path}[0]")) is not None:
                return found
    elif is_map(skeleton):
        for key, part in skeleton.items():
            if (found := place(part, name, join(path, key))) is not None:
                return found
    return None


def others(skeleton: Any, path: str = "") -> str:
    """The JSON path of the map that holds the parameters which the skeleton does not name."""
    if is_map(skeleton):
        for key, part in skeleton.items():
            if key == OTHERS:
                return path
            if part == OTHERS:
                return join(path, key)
            if found := others(part, join(path, key)):
                return found
    elif is_list(skeleton):
        return next((found for part in skeleton if (found := others(part, f"{path}[0]"))), "")
    return ""


def join(path: str, key: str) -> str:
    """The JSON path of a key of the map at a path; nothing is the path of the whole."""
    return f"{path}.{key}" if path else key


def resembles(skeleton: Any, body: object) -> int:
    """How many of the skeleton's keys stand in the body where they should: tells payload styles apart."""
    if is_map(skeleton) and is_map(body):
        return sum(1 + resembles(part, body[key]) for key, part in skeleton.items() if key in body)
    if is_list(skeleton) and is_list(body):
        return 1 + (resembles(skeleton[0], body[0]) if skeleton and body else 0)
    return -1 if isinstance(skeleton, dict | list) else 0


# ── Building ──────────────────────────────────────────────────────────────────────────────────────────────────────


_ABSENT = object()


def build(skeleton: Any, values: Mapping[str, Any]) -> Any:
    """A body or an answer: what has no value is left out, and `$others` takes what the skeleton does not name."""
    named = set(names(skeleton))
    rest = {name: value for name, value in values.items() if name not in named}
    built = _build(skeleton, values, rest)
    return {} if built is _ABSENT else built


def _build(skeleton: Any, values: Mapping[str, Any], rest: Values) -> Any:
    if skeleton == OTHERS:
        return rest or _ABSENT
    if is_name(skeleton):
        return values.get(skeleton[1:], _ABSENT)
    if is_list(skeleton):
        return _build_list(skeleton, values, rest)
    if is_map(skeleton):
        made = {key: _build(part, values, rest) for key, part in skeleton.items() if key not in (EACH, OTHERS)}
        made = {key: value for key, value in made.items() if value is not _ABSENT}
        made |= rest if OTHERS in skeleton else {}
        return made if made or not names(skeleton) else _ABSENT
    return skeleton


def _build_list(patterns: list[Any], values: Mapping[str, Any], rest: Values) -> Any:
    repeated = [part for part in patterns if is_map(part) and EACH in part]
    if patterns and len(repeated) == len(patterns) and not any(part[EACH] in values for part in repeated):
        return _ABSENT
    columns = [
        [_build(part, {**values, **_element(item)}, rest) for item in values.get(part[EACH], ())] for part in repeated
    ]
    # Several repeated elements stand in reading order: one of each kind in turn.
    woven = [element for row in zip_longest(*columns, fillvalue=_ABSENT) for element in row]
    made: list[Any] = []
    for part in patterns:
        if part in repeated:
            made += woven if part is repeated[0] else []
        else:
            made.append(_build(part, values, rest))
    return [element for element in made if element is not _ABSENT]


def _element(item: Any) -> Values:
    return item if is_map(item) else {"item": item}


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
    elif is_map(skeleton) and is_map(answer):
        for key, part in skeleton.items():
            if key in answer:
                _find(part, answer[key], values, found, kind)
    elif is_list(skeleton) and is_list(answer):
        for element in answer:
            for pattern in skeleton:
                _find_element(pattern, element, values, found, kind, alone=len(skeleton) == 1)


def _find_element(pattern: Any, element: Any, values: Values, found: list[Found], kind: str, *, alone: bool) -> None:
    """An element without an item of its own is told from others by its fields, all of which it then must have."""
    if not is_map(pattern) or EACH not in pattern:
        _find(pattern, element, values, found, kind)
        return
    if not is_map(element) or _clash(pattern, element):
        return
    fields: Values = {}
    kind = str(pattern[EACH])
    _find(pattern, element, fields, found, kind)
    if not holds_item(pattern) and (alone or all(name in fields for name in names(pattern)[1:])):
        found.append(Found(kind, None, fields))


def _clash(pattern: Values, element: Values) -> bool:
    """Whether a constant of the pattern has another value here: tells apart elements with the same keys."""
    return any(
        key in element and element[key] != part
        for key, part in pattern.items()
        if not key.startswith("$") and isinstance(part, str) and not is_name(part)
    )
