"""The resolved form: frozen, ordered, JSON-serialisable. It knows no YAML and no target.

A family holds a table of rules and one of parameters; its offers (model × route × mode) refer to both by position, so
that what many offers share stands once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, TypeAlias, cast

from platemark.rules import expr, sizes

SCHEMA_VERSION = 1

RouteName: TypeAlias = Literal["sync", "stream", "task"]
Verdict: TypeAlias = Literal["accept", "note", "adjust", "reject"]
Status: TypeAlias = Literal["agreed", "stated", "external", "conflict", "unresolved"]
Json: TypeAlias = Any

MODES = ("text_to_image", "edit", "sequence", "interleave")
ROUTES: tuple[RouteName, ...] = ("sync", "stream", "task")


# ── Where facts come from ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Document:
    """A source: an edition of a page. `held` documents can be pinned and watched; others are cited only."""

    id: str
    title: str
    kind: str
    date: str
    language: str
    held: bool
    page: str = ""
    publisher: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A document, the place in it, and the figures that stand there."""

    document: str
    place: str
    figures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says that lost a conflict."""

    document: str
    says: Json


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources disagree: what the winner is about, who lost, and what decided. `clause` is one of DECISIONS."""

    about: str
    losers: tuple[Reading, ...]
    clause: str
    because: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who says so."""

    sources: tuple[Source, ...]
    status: Status
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement that is no rule (a route, an alias, a price, a rate): its id, value and evidence."""

    id: str
    value: Json
    evidence: Evidence


# ── What a request may hold ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit. `when` and `holds` are None for what is judged by the reader of bodies or can't be told."""

    id: str
    parameter: str
    kind: str
    args: Mapping[str, Json]
    verdict: Verdict
    sentence: str
    evidence: Evidence
    when: expr.Test | None = None
    holds: expr.Test | None = None
    structure: bool = False

    @property
    def judged(self) -> bool:
        """Whether a request alone shows if the rule is kept."""
        return self.structure or self.holds is not None


@dataclass(frozen=True)
class Parameter:
    """A parameter as one offer has it; `facets` are its facts by key (`range`, `default`, `tokens`, …)."""

    name: str
    type: str
    about: str
    required: bool
    facets: Mapping[str, Json]
    evidence: Mapping[str, Evidence]
    items: Parameter | None = None
    fields: tuple[Parameter, ...] = ()

    @property
    def default(self) -> Json:
        """What the service does when it is left out; None where no document says."""
        return self.facets.get("default")

    @property
    def sent(self) -> bool:
        """Whether the client states the default, because sources differ on it."""
        return self.facets.get("send") == "always"


@dataclass(frozen=True)
class Offer:
    """A model, by a route, in a mode: what it takes, and what it gives back."""

    model: str
    route: RouteName
    mode: str
    about: str
    when: Mapping[str, Json]
    """Parameter: a value, or a span `[low, high]` for how many items a list holds."""
    endpoint: str
    payloads: tuple[str, ...]
    result: str
    makes: str
    parameters: tuple[int, ...]
    rules: tuple[int, ...]
    sets: Mapping[str, Json] = field(default_factory=dict[str, Json])
    note: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Model:
    """One model id, with the facts about it that are not limits of a request."""

    id: str
    like: str
    regions: tuple[Fact, ...]
    aliases: tuple[Fact, ...]
    prices: tuple[Fact, ...]
    limits: tuple[Fact, ...]
    evidence: Evidence
    note: str = ""
    known: tuple[str, ...] = ()
    """Names that mean something to this model, in whatever mode or route: all else is an unknown key."""


@dataclass(frozen=True)
class Example:
    """A sample of a document: what is given, and what becomes of it."""

    model: str
    mode: str
    given: Mapping[str, Json]
    breaks: str
    becomes: Mapping[str, Json]
    evidence: Evidence


@dataclass(frozen=True)
class Family:
    """Models that one page documents."""

    name: str
    provider: str
    about: str
    models: tuple[Model, ...]
    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...]
    offers: tuple[Offer, ...]
    examples: tuple[Example, ...]
    conflicts: tuple[Conflict, ...]
    errors: Mapping[str, Json]

    @cached_property
    def by_model(self) -> Mapping[str, tuple[Offer, ...]]:
        """Offers of each model, routes and modes in the order of the spec."""
        return {model.id: tuple(o for o in self.offers if o.model == model.id) for model in self.models}

    def rules_of(self, offer: Offer) -> tuple[Rule, ...]:
        return tuple(self.rules[index] for index in offer.rules)

    def parameters_of(self, offer: Offer) -> tuple[Parameter, ...]:
        return tuple(self.parameters[index] for index in offer.parameters)

    def parameter_of(self, offer: Offer, name: str) -> Parameter | None:
        return next((p for p in self.parameters_of(offer) if p.name == name), None)

    def model(self, name: str) -> Model:
        return next(model for model in self.models if model.id == name)

    def address(self, offer: Offer, rule: Rule) -> str:
        """`provider/model/mode/id`, with the route before the id where the routes of the mode differ in it."""
        index = self.rules.index(rule)
        twins = [o for o in self.by_model[offer.model] if o.mode == offer.mode]
        route = "" if all(index in twin.rules for twin in twins) else f"{offer.route}/"
        return f"{self.provider}/{offer.model}/{offer.mode}/{route}{rule.id}"


# ── Where and how ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Auth:
    header: str
    value: str
    env: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    id: str
    alias: str
    host: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Endpoint:
    id: str
    path: str
    payloads: tuple[str, ...]
    transports: tuple[RouteName, ...]
    evidence: Evidence


@dataclass(frozen=True)
class Transport:
    """How a request travels: headers that choose it, and parameters that it sets."""

    name: RouteName
    headers: Mapping[str, str]
    parameters: Mapping[str, Json]


@dataclass(frozen=True)
class Tasks:
    """The life of a task. `answer` is one skeleton for all its states; what has no value is left out."""

    created: Json
    answer: Json
    query: str
    states: Mapping[str, str]
    list: str = ""
    list_answer: Json = None
    cancel: str = ""
    cancelable: tuple[str, ...] = ()
    poll: int = 10
    keep: int = 0
    rate: str = ""
    evidence: Mapping[str, Evidence] = field(default_factory=dict[str, Evidence])

    def states_of(self, meaning: str) -> tuple[str, ...]:
        """The vendor's words for `waiting`, `done`, `failed`, `canceled` or `lost`."""
        return tuple(word for word, means in self.states.items() if means == meaning)


@dataclass(frozen=True)
class Errors:
    """`answer` is the skeleton of an error; `codes` say what each means; `rules` what is said when a rule is broken."""

    answer: Json
    codes: Mapping[str, Mapping[str, Json]]
    rules: Mapping[str, Mapping[str, Json]]
    status_200_too: bool = False


@dataclass(frozen=True)
class Provider:
    """One service: where it is, how requests travel, and what comes back."""

    id: str
    about: str
    client: str
    auth: Auth
    hosts: Mapping[str, str]
    regions: tuple[Region, ...]
    endpoints: tuple[Endpoint, ...]
    transports: tuple[Transport, ...]
    payloads: Mapping[str, Json]
    answer: Json
    results: Mapping[str, Json]
    images: Mapping[str, Json]
    stream: Mapping[str, Json]
    tasks: Tasks | None
    errors: Errors
    uploads: Mapping[str, Json]
    conflicts: tuple[Conflict, ...]
    families: tuple[str, ...]

    def endpoint(self, name: str) -> Endpoint:
        return next(endpoint for endpoint in self.endpoints if endpoint.id == name)

    def transport(self, name: str) -> Transport:
        return next(transport for transport in self.transports if transport.name == name)

    @property
    def base_path(self) -> str:
        """The path that every address of the service begins with, such as `/api/v1`."""
        template = next(iter(self.hosts.values()))
        _, _, rest = template.partition("://")
        slash = rest.find("/")
        return rest[slash:] if slash >= 0 else ""


@dataclass(frozen=True)
class Ir:
    """Everything that targets, the emulator and the vectors know."""

    documents: tuple[Document, ...]
    providers: tuple[Provider, ...]
    families: tuple[Family, ...]

    def provider(self, name: str) -> Provider:
        return next(provider for provider in self.providers if provider.id == name)

    def families_of(self, provider: str) -> tuple[Family, ...]:
        return tuple(family for family in self.families if family.provider == provider)

    def document(self, name: str) -> Document:
        return next(document for document in self.documents if document.id == name)

    @cached_property
    def models(self) -> Mapping[str, tuple[Provider, Family, Model]]:
        """Every model by its id. An id that two providers sell is told apart as `provider/model`."""
        found: dict[str, tuple[Provider, Family, Model]] = {}
        for family in self.families:
            for model in family.models:
                key = model.id if model.id not in found else f"{family.provider}/{model.id}"
                found[key] = (self.provider(family.provider), family, model)
        return found


def size_follows(value: Mapping[str, Json]) -> sizes.Follows:
    """The default of a size as a spec writes it, `{like: last image, area: …, no_image: …}`, as what is predicted."""
    text = str(value["area"])
    width, height = (int(side) for side in text.removeprefix("..").split("*"))
    alone = value.get("no_image")
    pair = tuple(int(side) for side in str(alone).split("*")) if alone else None
    return sizes.Follows(width * height, text.startswith(".."), cast("sizes.Size | None", pair))


def to_json(value: Any) -> Json:
    """Plain data for JSON: fields that are empty are left out."""
    if isinstance(value, list | tuple):
        return [to_json(part) for part in cast("list[Any]", value)]
    if isinstance(value, Mapping):
        return {str(key): to_json(part) for key, part in cast("Mapping[Any, Any]", value).items()}
    if hasattr(value, "__dataclass_fields__"):
        if type(value).__module__ == expr.__name__:
            return expr.to_json(value)
        parts = {slot.name: to_json(getattr(value, slot.name)) for slot in fields(value)}
        return {key: part for key, part in parts.items() if part not in (None, "", [], {}) or part is False}
    return value
