"""Plain data, such as YAML and JSON hold: what a value of any type turns out to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard


def is_map(value: object) -> TypeGuard[dict[str, Any]]:
    """A map; its keys are text wherever it was read from a file or a body."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """A list as JSON has it: a tuple is none."""
    return isinstance(value, list)


def is_seq(value: object) -> TypeGuard[Sequence[Any]]:
    """A list, or the tuple that stands for one in frozen values. Text is none."""
    return isinstance(value, list | tuple)


def each(value: Any) -> tuple[Any, ...]:
    """The items of a list; a single value stands for a list of itself."""
    return tuple(value) if is_seq(value) else (value,)


def parts(value: object) -> Iterable[Any]:
    """The values of a map, the items of a list; nothing for all else."""
    return value.values() if is_map(value) else value if is_seq(value) else ()
