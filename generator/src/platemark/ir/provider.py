"""Where and how: a service, how requests travel to it, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from platemark.ir.evidence import Conflict, Evidence, Json

RouteName: TypeAlias = Literal["sync", "stream", "task"]


@dataclass(frozen=True, slots=True)
class Auth:
    """How a key is sent: the header, its value with `{key}`, and the environment variable that a key comes from.

    `workspace` is the header that names a workspace; empty where there is none. `refused`: how keys begin that can't
    make pictures."""

    header: str
    value: str
    env: str
    workspace: str = ""
    note: str = ""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Region:
    """Where a service runs: the vendor's id and a plain name; `host` is empty where only workspaces have one."""

    id: str
    alias: str
    host: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path below the base path, the styles of body that it takes (its own first), and how requests may travel."""

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
class Images:
    """The files that pictures come in; `keep` is how many seconds their addresses live, 0 where no document says."""

    format: str
    keep: int = 0
    evidence: Mapping[str, Evidence] = field(default_factory=dict[str, Evidence])


@dataclass(frozen=True)
class Tasks:
    """The life of a task. `answer` is one skeleton for all its states; what has no value is left out. Times are in
    seconds. `list_window` is the most that a list may span, 0 where no document says; `zone` is the offset from UTC of
    times that are written without one, such as `+08:00`, empty where no document says."""

    created: Json
    answer: Json
    query: str
    states: Mapping[str, str]
    list: str = ""
    list_window: int = 0
    list_query: Mapping[str, str] = field(default_factory=dict[str, str])
    list_answer: Json = None
    cancel: str = ""
    cancelable: tuple[str, ...] = ()
    poll: int = 10
    keep: int = 0
    zone: str = ""
    rate: str = ""
    evidence: Mapping[str, Evidence] = field(default_factory=dict[str, Evidence])

    def states_of(self, meaning: str) -> tuple[str, ...]:
        """The vendor's words for `waiting`, `done`, `failed`, `canceled` or `lost`."""
        return tuple(word for word, means in self.states.items() if means == meaning)


@dataclass(frozen=True)
class Uploads:
    """How a file becomes an address. Leave is asked for at `policy`; `answer` is its skeleton; `form` are the fields of
    the multipart form that is then posted to `$upload_host`, as maps of one key, the file last. The address is
    `scheme://key`; requests that use it carry `header`. Times are in seconds; 0 means that no document says."""

    policy: str
    answer: Json
    form: tuple[Mapping[str, str], ...]
    key: str
    scheme: str
    header: Mapping[str, str]
    expires: int = 0
    keep: int = 0
    bytes: int = 0
    rate: str = ""


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
    images: Images | None
    stream: Mapping[str, Json]
    tasks: Tasks | None
    errors: Errors
    uploads: Uploads | None
    conflicts: tuple[Conflict, ...]
    families: tuple[str, ...]
    environment: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What a caller may leave out (`base_url`, `region`, `workspace`): the variables that are looked at, in order."""

    def endpoint(self, name: str) -> Endpoint:
        """One of the service's endpoints by its id."""
        return next(endpoint for endpoint in self.endpoints if endpoint.id == name)

    def transport(self, name: str) -> Transport:
        """How requests by a route travel."""
        return next(transport for transport in self.transports if transport.name == name)

    @property
    def base_path(self) -> str:
        """The path that every address of the service begins with, such as `/api/v1`."""
        template = next(iter(self.hosts.values()))
        _, _, rest = template.partition("://")
        slash = rest.find("/")
        return rest[slash:] if slash >= 0 else ""
