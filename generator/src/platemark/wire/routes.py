"""From method, path and headers to what is asked of a service: a generation by a route, or something about tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl

from platemark.ir import Endpoint, Provider, RouteName

Fault: TypeAlias = Literal["", "route", "route.async", "route.sync"]
Action: TypeAlias = Literal["query", "list", "cancel"]


@dataclass(frozen=True, slots=True)
class Generation:
    """A request for pictures. `fault` is the rule that the headers break at this endpoint, whatever the model."""

    endpoint: Endpoint
    route: RouteName
    fault: Fault = ""


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A question about one task, or about all of them."""

    action: Action
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """A request for leave to upload: what its query must say, and under which name it says the model."""

    wanted: Mapping[str, str]
    model: str


@dataclass(frozen=True, slots=True)
class WrongMethod:
    """The path is known, but only by other methods."""

    allowed: tuple[str, ...]


Target: TypeAlias = "Generation | TaskCall | Leave | WrongMethod"


@dataclass(frozen=True, slots=True)
class _Address:
    method: str
    pattern: re.Pattern[str]
    text: str
    what: Endpoint | Action | Leave


class Routes:
    """The addresses of one service, compiled once."""

    def __init__(self, provider: Provider) -> None:
        self._transports = provider.transports
        base = provider.base_path
        self._base = re.compile(f"{_regex(base)}(?:/|$)") if base.strip("/") else re.compile("")
        self._addresses = tuple(
            _Address(method, re.compile(_regex(base + path)), f"{method} {base}{path}", what)
            for method, path, what in _declared(provider)
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """Method and path of every address, as the spec writes them."""
        return tuple(address.text for address in self._addresses)

    def owns(self, path: str) -> bool:
        """Whether a path, known or not, lies below the service's base path."""
        return self._base.match(path) is not None

    def match(self, method: str, path: str, headers: Mapping[str, str]) -> Target | None:
        """What is asked for; None for an unknown path. Names of headers ignore case, a last slash says nothing."""
        path = path.rstrip("/")
        found = [(address, hit) for address in self._addresses if (hit := address.pattern.fullmatch(path))]
        if not found:
            return None
        for address, hit in found:
            if address.method == method:
                if isinstance(address.what, Endpoint):
                    return self._generation(address.what, headers)
                if isinstance(address.what, Leave):
                    return address.what
                return TaskCall(address.what, hit.groupdict().get("task_id", ""))
        return WrongMethod(tuple(sorted({address.method for address, _ in found})))

    def _generation(self, endpoint: Endpoint, headers: Mapping[str, str]) -> Generation:
        """The transport that the headers choose; without a choice, one that needs no header."""
        given = {name.lower(): value.strip().lower() for name, value in headers.items()}
        named: list[RouteName] = [t.name for t in self._transports if t.headers and held(t.headers, given)]
        if "task" in named and "task" not in endpoint.transports:
            return Generation(endpoint, "task", "route.async")
        plain: list[RouteName] = [t.name for t in self._transports if not t.headers]
        asked = named or plain
        for route in asked:
            if route in endpoint.transports:
                return Generation(endpoint, route)
        meant: RouteName = (*asked, *endpoint.transports)[0]
        return Generation(endpoint, meant, "route.sync" if {*endpoint.transports} == {"task"} else "route")


def _declared(provider: Provider) -> list[tuple[str, str, Endpoint | Action | Leave]]:
    found: list[tuple[str, str, Endpoint | Action | Leave]] = [("POST", e.path, e) for e in provider.endpoints]
    actions: tuple[Action, ...] = ("list", "query", "cancel")
    for action in actions:
        declared = str(getattr(provider.tasks, action, ""))
        if declared:
            method, _, path = declared.partition(" ")
            found.append((method, path, action))
    if provider.uploads:
        method, path, leave = leave_call(provider.uploads.policy)
        found.append((method, path, leave))
    return found


def leave_call(policy: str) -> tuple[str, str, Leave]:
    """`GET /uploads?action=getPolicy&model={model}`, as its method, its path and what its query says."""
    method, _, rest = policy.partition(" ")
    path, _, query = rest.partition("?")
    said = dict(parse_qsl(query))
    wanted = {name: text for name, text in said.items() if text != "{model}"}
    return method, path, Leave(wanted, next((name for name, text in said.items() if text == "{model}"), ""))


def held(wanted: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Whether headers, whose names and values are lower-case, hold all that is wanted."""
    return all(given.get(name.lower()) == value.lower() for name, value in wanted.items())


def _regex(template: str) -> str:
    """A path as a pattern: `{name}` is one segment of it."""
    parts = re.split(r"\{(\w+)\}", template.rstrip("/"))
    return "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
