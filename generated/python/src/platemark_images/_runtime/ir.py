"""What a client keeps of the generator's IR: the names that the shared files look at, with what they need.

Emitted modules hold these values; `judge`, `nearest` and the protocol read them. All are frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias, cast

from platemark_images._runtime import sizes

RouteName: TypeAlias = Literal["sync", "stream", "task"]
Verdict: TypeAlias = Literal["accept", "note", "adjust", "reject"]
Json: TypeAlias = Any
Values: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Document:
    """An edition of a page that says what a service takes; `date` is that of the edition."""

    title: str
    date: str


@dataclass(frozen=True, slots=True)
class Source:
    """A document, by its id, and the place in it."""

    document: str
    place: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who says so, and how well that is supported."""

    status: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit; `looks_at` are the parameters that decide whether it is kept."""

    id: str
    parameter: str
    kind: str
    args: Mapping[str, Json]
    verdict: Verdict
    sentence: str
    evidence: Evidence
    looks_at: frozenset[str] = frozenset()
    structure: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as one offer has it; `argument` is its name in Python."""

    name: str
    type: str
    facets: Mapping[str, Json] = field(default_factory=dict[str, Json])
    argument: str = ""

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
    """A model, by a route, in a mode; `check` yields the rules that values break."""

    model: str
    route: RouteName
    mode: str
    endpoint: str
    payloads: tuple[str, ...]
    result: str
    makes: str
    """How many pictures: a number, or the parameter that says it; `..` before it where that is the most."""
    when: Mapping[str, Json]
    sets: Mapping[str, Json]
    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...]
    check: Callable[[Values], Iterator[Rule]]

    @property
    def constants(self) -> Mapping[str, Json]:
        """What mode and transport set, and no caller gives."""
        return {name: value for name, value in self.when.items() if not isinstance(value, list)} | dict(self.sets)


@dataclass(frozen=True, slots=True)
class Model:
    """A model id, and the names that mean something to it, in whatever mode or route.

    `prices` and `limits` are rows as the documents have them; `regions` has the route that a region offers, or `any`,
    and is empty where no document says."""

    id: str
    known: tuple[str, ...]
    prices: tuple[Mapping[str, Json], ...] = ()
    limits: tuple[Mapping[str, Json], ...] = ()
    regions: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Family:
    """Models that one page documents."""

    name: str
    models: tuple[Model, ...]
    offers: tuple[Offer, ...]

    @cached_property
    def by_model(self) -> Mapping[str, tuple[Offer, ...]]:
        """Offers of each model, in the order of the spec."""
        return {model.id: tuple(o for o in self.offers if o.model == model.id) for model in self.models}

    def rules_of(self, offer: Offer) -> tuple[Rule, ...]:
        return offer.rules

    def parameter_of(self, offer: Offer, name: str) -> Parameter | None:
        return next((p for p in offer.parameters if p.name == name), None)

    def model(self, name: str) -> Model:
        return next(model for model in self.models if model.id == name)

    def broken(self, offer: Offer, values: Values) -> Iterator[Rule]:
        """The rules of an offer that values break, but for those of structure, in their order."""
        return offer.check(values)


@dataclass(frozen=True, slots=True)
class Region:
    """A place where a service runs; without a host it answers at the addresses of workspaces only."""

    id: str
    alias: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Tasks:
    """The life of a task; `states` maps the service's words to waiting, done, failed, canceled or lost."""

    created: Json
    answer: Json
    query: str
    states: Mapping[str, str]
    poll: int
    """Seconds between two queries, as the service recommends."""
    keep: int = 0
    """Seconds for which the service keeps a task; 0 where no document says."""
    list: str = ""
    list_query: Mapping[str, str] = field(default_factory=dict[str, str])
    list_answer: Json = None
    cancel: str = ""
    rate: tuple[int, int] | None = None
    """How many questions about tasks an account may ask, in how many seconds; None where no document says."""
    zone: str = ""
    """The time zone of times without one, such as `+08:00`."""
    window: int = 0
    """Seconds that the filters of a list may lie apart at most; 0 where no document says."""


@dataclass(frozen=True, slots=True)
class Uploads:
    """How a file becomes an address: leave is asked for at `policy`, the form is posted to `$upload_host`, and requests
    that use `scheme://key` carry `header`. `keep` is in seconds, `bytes` the most that a file may have; 0: unknown."""

    policy: str
    answer: Json
    form: tuple[Mapping[str, str], ...]
    key: str
    scheme: str
    header: Mapping[str, str]
    keep: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Stream:
    """The name of events that tell errors, and what marks the last answer."""

    error: str
    last: Mapping[str, Json]


@dataclass(frozen=True)
class Provider:
    """One service: where it is, how requests travel, and what comes back."""

    id: str
    client: str
    header: str
    credential: str
    env: str
    hosts: Mapping[str, str]
    base_path: str
    regions: tuple[Region, ...]
    endpoints: Mapping[str, str]
    headers: Mapping[RouteName, Mapping[str, str]]
    payloads: Mapping[str, Json]
    answer: Json
    results: Mapping[str, Json]
    error: Json
    errors: Mapping[str, Mapping[str, Json]]
    """Code of an error: its `status`, its `class` (`auth`, `permission`, `content`, `rate`, `quota`, `server`), and
    `retry` where nothing was billed for sure."""
    status_200_too: bool
    tasks: Tasks | None
    stream: Stream | None
    models: Mapping[str, str]
    """Model id: the module that holds the rules of its family."""
    workspace: str = ""
    """The header that names a workspace."""
    environment: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What a caller may leave out, and the variables that say it, in the order in which they are looked at."""
    uploads: Uploads | None = None
    keep: int = 0
    """Seconds for which pictures can be downloaded; 0 where no document says."""
    refused: tuple[str, ...] = ()
    """How keys begin that can't make pictures."""


def size_follows(value: Mapping[str, Json]) -> sizes.Follows:
    """The default of a size that follows the last picture, as the emitter prints it."""
    return sizes.Follows(value["area"], value["at_most"], cast("sizes.Size | None", value["alone"]))
