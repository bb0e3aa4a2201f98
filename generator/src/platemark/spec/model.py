"""The YAML as frozen values. Each fact keeps its place, and the documents that its line names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from platemark.ir import Document
from platemark.problems import Place
from platemark.source import Tree


@dataclass(frozen=True, slots=True)
class Stated:
    """A value as a spec states it: where, in which layer, and who says so (None: all sources of the file)."""

    value: Any
    place: Place
    layer: str = "family"
    sources: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Layer:
    """What one layer says of a parameter, by key. `whole` names the documents of the line as a whole."""

    place: Place
    facts: Mapping[str, Stated]
    whole: tuple[str, ...] | None = None
    items: Layer | None = None
    fields: Mapping[str, Layer] = field(default_factory=dict[str, "Layer"])
    soft: Mapping[str, Stated] = field(default_factory=dict[str, Stated])


Layers = Mapping[str, Layer]


@dataclass(frozen=True)
class Route:
    """How requests to a family travel: an endpoint, by a transport."""

    name: str
    endpoint: str
    result: str
    parameters: Layers
    unsupported: Mapping[str, Stated]
    stated: Stated


@dataclass(frozen=True)
class Mode:
    """What a family's models are asked to do; in a model's own line, what differs there."""

    name: str
    about: str
    when: Mapping[str, Any]
    routes: tuple[str, ...]
    makes: str
    result: str
    parameters: Layers
    unsupported: Mapping[str, Stated]
    note: str
    place: Place


@dataclass(frozen=True)
class Model:
    """One model id; with `like`, what differs from another."""

    id: str
    like: str
    routes: tuple[str, ...]
    parameters: Layers
    unsupported: Mapping[str, Stated]
    modes: Mapping[str, Mode]
    facts: Mapping[str, Stated]
    """`alias`, `regions`, `price`, `limits`, `deprecated`, as written."""
    note: str
    stated: Stated


@dataclass(frozen=True)
class Losing:
    """A conflict: its key, who lost with which reading, and the decision."""

    key: str
    readings: Mapping[str, Any]
    clause: str
    because: str
    verdict: str
    place: Place


@dataclass(frozen=True)
class Example:
    """A sample of a document, and what becomes of it."""

    mode: str
    given: Mapping[str, Any]
    breaks: str
    becomes: Mapping[str, Any]
    stated: Stated


@dataclass(frozen=True)
class Family:
    """A family's file."""

    name: str
    provider: str
    about: str
    sources: Mapping[str, tuple[str, ...]]
    models: Mapping[str, Model]
    routes: Mapping[str, Route]
    modes: Mapping[str, Mode]
    makes: str
    result: str
    parameters: Layers
    unsupported: Mapping[str, Stated]
    errors: Mapping[str, Any]
    examples: tuple[Example, ...]
    conflicts: Mapping[str, Losing]
    tree: Tree


@dataclass(frozen=True)
class Provider:
    """The parts of a provider's file that are plain data stay so: `tree.data` holds them."""

    id: str
    sources: Mapping[str, tuple[str, ...]]
    parameters: Layers
    evidence: Mapping[str, tuple[str, ...]]
    conflicts: Mapping[str, Losing]
    tree: Tree

    @property
    def data(self) -> dict[str, Any]:
        """The file as it is written."""
        assert isinstance(self.tree.data, dict)
        return self.tree.data


@dataclass(frozen=True)
class Spec:
    """A whole folder of specs."""

    documents: tuple[Document, ...]
    providers: tuple[Provider, ...]
    families: tuple[Family, ...]
    documents_tree: Tree
    digest: str
    """SHA-256 of all files, in hexadecimal."""
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of emitted packages, by the name of their target."""
    acknowledged: Tree | None = None
    """Changes that a person accepts: their ids, and why."""
