"""The resolved form: frozen, ordered, JSON-serialisable. It knows no YAML and no target.

A family holds a table of rules and one of parameters; its offers (model × route × mode) refer to both by position, so
that what many offers share stands once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import cast, get_args

from platemark.ir.evidence import Conflict, Document, Evidence, Fact, Json, Reading, Source, Status, Verdict
from platemark.ir.family import Example, Family, Model, Offer, Parameter, Rule, picture
from platemark.ir.provider import Auth, Endpoint, Errors, Images, Provider, Region, RouteName, Tasks, Transport, Uploads
from platemark.plain import is_map, is_seq
from platemark.rules import expr, leaves, sizes

__all__ = [
    "FIRST_VERSION",
    "MODES",
    "ROUTES",
    "SCHEMA_VERSION",
    "Auth",
    "Conflict",
    "Document",
    "Endpoint",
    "Errors",
    "Evidence",
    "Example",
    "Fact",
    "Family",
    "Images",
    "Ir",
    "Json",
    "Model",
    "Offer",
    "Parameter",
    "Provider",
    "Reading",
    "Region",
    "RouteName",
    "Rule",
    "Source",
    "Status",
    "Tasks",
    "Transport",
    "Uploads",
    "Verdict",
    "picture",
    "size_follows",
    "to_json",
]

SCHEMA_VERSION = 1
FIRST_VERSION = "0.1.0"
"""Of an emitted package whose version no spec states."""
MODES = ("text_to_image", "edit", "sequence", "interleave")
ROUTES: tuple[RouteName, ...] = get_args(RouteName)


@dataclass(frozen=True)
class Ir:
    """Everything that targets, the emulator and the vectors know."""

    documents: tuple[Document, ...]
    providers: tuple[Provider, ...]
    families: tuple[Family, ...]
    digest: str
    """SHA-256 of the specs that this was resolved from, in hexadecimal; as in the manifest of what is generated."""
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of emitted packages, by the name of their target, where the specs state one."""

    def version(self, package: str) -> str:
        """The version of an emitted package: stated, or that of a first release."""
        return self.versions.get(package, FIRST_VERSION)

    @property
    def date(self) -> str:
        """Of the newest document that has a date, such as `2026-08-19` or `2026-11`; else `undated`."""
        return max((document.date for document in self.documents if document.date != "undated"), default="undated")

    @property
    def origin(self) -> dict[str, str]:
        """Which specs this is, as outputs say it."""
        return {"date": self.date, "digest": self.digest}

    def provider(self, name: str) -> Provider:
        """A provider by its id. Raises KeyError where there is none."""
        return self._providers[name]

    def families_of(self, provider: str) -> tuple[Family, ...]:
        """The families of a provider, in the order of the specs."""
        return tuple(family for family in self.families if family.provider == provider)

    def document(self, name: str) -> Document:
        """A document by its id. Raises KeyError where there is none."""
        return self._documents[name]

    @cached_property
    def _providers(self) -> Mapping[str, Provider]:
        return {provider.id: provider for provider in self.providers}

    @cached_property
    def _documents(self) -> Mapping[str, Document]:
        return {document.id: document for document in self.documents}

    @cached_property
    def models(self) -> Mapping[str, tuple[Provider, Family, Model]]:
        """Every model by its id. An id that two providers sell is told apart as `provider/model`."""
        found: dict[str, tuple[Provider, Family, Model]] = {}
        for family in self.families:
            for model in family.models:
                key = model.id if model.id not in found else f"{family.provider}/{model.id}"
                found[key] = (self.provider(family.provider), family, model)
        return found

    def find(self, name: str) -> tuple[Provider, Family, Model]:
        """A model by its id or as `provider/model`. Raises KeyError where there is none."""
        if name in self.models:
            return self.models[name]
        provider, _, model = name.partition("/")
        found = self.models[model]
        if found[0].id != provider:
            raise KeyError(name)
        return found


def size_follows(value: Mapping[str, Json]) -> sizes.Follows:
    """The default of a size as a spec writes it, `{like: last image, area: …, no_image: …}`, as what is predicted."""
    text = str(value["area"])
    width, height = leaves.sides(text.removeprefix(".."))
    alone = value.get("no_image")
    return sizes.Follows(width * height, text.startswith(".."), leaves.sides(alone) if alone else None)


def to_json(value: object) -> Json:
    """Plain data for JSON: fields that are empty are left out."""
    if is_seq(value):
        return [to_json(part) for part in value]
    if is_map(value):
        return {str(key): to_json(part) for key, part in value.items()}
    if not is_dataclass(value):
        return value
    if type(value).__module__ == expr.__name__:
        return expr.to_json(cast("expr.Node", value))
    parts = {slot.name: to_json(getattr(value, slot.name)) for slot in fields(value)}
    return {key: part for key, part in parts.items() if part not in (None, "", [], {})}
