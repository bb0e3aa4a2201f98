"""What is emitted. A target is a function from the IR to texts by path; this registry knows them all.

Targets never import each other: what one needs of the others (a sample call in their language) it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, TypeAlias

from platemark.ir import Family, Ir, Offer, Provider

Files: TypeAlias = "dict[str, str]"
Examples: TypeAlias = "Mapping[str, Callable[[Call], str]]"


@dataclass(frozen=True)
class Call:
    """A sample call: an offer with values for its parameters."""

    provider: Provider
    family: Family
    offer: Offer
    values: Mapping[str, Any]


class Target(Protocol):
    """A target's module, `platemark.targets.<name>.emit`."""

    def emit(self, ir: Ir, examples: Examples) -> Files:
        """Texts by path, each path below the target's own folder."""
        ...


FOLDERS: Mapping[str, str] = {
    "spec": "spec",
    "ir": "ir",
    "vectors": "vectors",
    "jsonschema": "schemas",
    "openapi": "openapi",
    "docs": "docs",
    "python": "python",
}
"""Target: its folder under `generated/`. A file belongs to the target whose folder it stands in."""

_WITH_EXAMPLES: Mapping[str, str] = {"python": "Python"}
"""Targets that print sample calls, and what their language is called."""


def emit(name: str, ir: Ir) -> Files:
    """All files of one target, by path under `generated/`."""
    target: Target = _module(name, "emit")
    files = target.emit(ir, {} if name != "docs" else _examples())
    return {f"{FOLDERS[name]}/{path}": text for path, text in sorted(files.items())}


def _examples() -> dict[str, Callable[[Call], str]]:
    return {label: _module(name, "example").example for name, label in _WITH_EXAMPLES.items()}


def _module(name: str, part: str) -> Any:
    return import_module(f"platemark.targets.{name}.{part}")
