"""What is emitted. A target is a function from the IR to texts by path; this registry knows them all.

Targets never import each other: what one needs of the others (a sample call in their language) it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, Protocol, TypeAlias

from platemark.ir import Family, Ir, Offer, Provider

Files: TypeAlias = "dict[str, str]"
PACKAGE = "platemark_images"
"""What the emitted Python package is called unless its users want another name."""


@dataclass(frozen=True)
class Call:
    """A sample call: an offer with values for its parameters."""

    provider: Provider
    family: Family
    offer: Offer
    values: Mapping[str, Any]


Examples: TypeAlias = "Mapping[str, Callable[[Call], str]]"


@dataclass(frozen=True, slots=True)
class Given:
    """What a target is handed besides the IR."""

    package: str = PACKAGE
    """The name of the emitted Python package."""
    examples: Examples = field(default_factory=dict[str, "Callable[[Call], str]"])
    """Printers of sample calls, by the name of their language."""


class Target(Protocol):
    """A target's module, `platemark.targets.<name>.emit`."""

    def emit(self, ir: Ir, given: Given) -> Files:
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

PACKAGES = ("python",)
"""Targets that are published under a version of their own, which `versions.yaml` of the specs states."""

_WITH_EXAMPLES: Mapping[str, str] = {"python": "Python"}
"""Targets that print sample calls, and what their language is called."""


def emit(name: str, ir: Ir, package: str = PACKAGE) -> Files:
    """All files of one target, by path under `generated/`. `package` is what the emitted Python package is called."""
    target: Target = _module(name, "emit")
    files = target.emit(ir, Given(package, _examples(package) if name == "docs" else {}))
    return {f"{FOLDERS[name]}/{path}": text for path, text in sorted(files.items())}


def _examples(package: str) -> dict[str, Callable[[Call], str]]:
    return {label: partial(_module(name, "example").example, package=package) for name, label in _WITH_EXAMPLES.items()}


def classes(name: str, ir: Ir) -> Mapping[tuple[str, str], str]:
    """What an emitted package calls the class of each model, by provider and model."""
    found: Mapping[tuple[str, str], str] = _module(name, "surface").classes(ir)
    return found


def _module(name: str, part: str) -> Any:
    return import_module(f"platemark.targets.{name}.{part}")
