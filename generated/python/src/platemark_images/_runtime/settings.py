"""How a client behaves unless a call says otherwise. Frozen; nothing here is a fact about a service."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, TypedDict, cast

from platemark_images._runtime.errors import ConfigurationError

Validate: TypeAlias = Literal["strict", "warn", "off"]
"""What a broken rule does: `strict` raises, `warn` logs and sends, `off` sends without judging."""

LONGEST = 1e6
"""Seconds that any time may have: eleven days."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OF_HTTP = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""Headers that say how a request travels, which only the HTTP client knows."""


class Options(TypedDict, total=False):
    """What a client may set for all its calls, and any call for itself."""

    timeout: float
    """Seconds for an answer, at most 10 of them until a connection stands. Left out: 300."""
    task_timeout: float
    """Seconds for a task to be done. Left out: 900."""
    poll_interval: float
    """Seconds before the first query of a task; then twice as long each time, up to 8. Left out: 1."""
    max_retries: int
    """How often a request is sent again that surely was not accepted, or that only asks. Left out: 2."""
    validate: Validate
    """What a broken rule does. Left out: `strict`."""
    ignore: Collection[str]
    """Rules that may be broken, by id (`size.area`) or by address (`service/model/mode/size.area`). Those of a call
    are added to those of the client."""
    strict_text: bool
    """Refuse a text that the service would cut."""
    max_cost: str
    """Refuse what could cost more, such as `2.00 CNY`."""
    extra_headers: Mapping[str, str]
    """Headers that go with every request to the service, beside the client's own. Those of a call are added to those
    of the client, and stand in the place of those of the same name."""
    extra_parameters: Mapping[str, object]
    """Parameters that no document knows; they are sent as they are. Those of a call replace those of the client."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All options of a client or a call."""

    timeout: float = 300.0
    task_timeout: float = 900.0
    poll_interval: float = 1.0
    max_retries: int = 2
    validate: Validate = "strict"
    ignore: frozenset[str] = frozenset()
    strict_text: bool = False
    max_cost: str | None = None
    extra_headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    extra_parameters: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)

    def but(self, options: Mapping[str, Any]) -> Settings:
        """The same with other options; what is ignored and the extra headers are added to what there is.

        Raises ConfigurationError for what none of them can be, and TypeError for an option that there is not."""
        _known(options)
        given = {name: value for name, value in options.items() if value is not None}
        if not given:
            return self
        if "ignore" in given:
            given["ignore"] = _ids(given["ignore"])
        made = replace(self, **given)
        if wrong := made.problems():
            raise ConfigurationError("; ".join(wrong))
        return replace(made, ignore=self.ignore | made.ignore, extra_headers=self._with(made.extra_headers))

    def added_to(self, own: Mapping[str, str]) -> dict[str, str]:
        """Headers with the caller's. Raises ConfigurationError for those that are the client's own to set."""
        taken = {name.lower() for name in own}
        if both := [name for name in self.extra_headers if name.lower() in taken]:
            raise ConfigurationError(f"extra_headers: {', '.join(both)} is the client's own to set")
        return {**own, **self.extra_headers}

    def _with(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The extra headers, and others that go before those of the same name."""
        named = {name.lower() for name in headers}
        return {**{name: value for name, value in self.extra_headers.items() if name.lower() not in named}, **headers}

    def problems(self) -> list[str]:
        """What is wrong with them, in words."""
        found = [f"{name} must be a number of seconds above 0, at most {LONGEST:,.0f}, not {value!r}"
                 for name in ("timeout", "task_timeout", "poll_interval")
                 if not _is_number(value := getattr(self, name)) or not 0 < value <= LONGEST]  # fmt: skip
        retries = cast("object", self.max_retries)
        if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
            found.append(f"max_retries must be a whole number from 0, not {retries!r}")
        if self.validate not in ("strict", "warn", "off"):
            found.append(f"validate must be 'strict', 'warn' or 'off', not {self.validate!r}")
        if not isinstance(cast("object", self.strict_text), bool):
            found.append(f"strict_text must be True or False, not {self.strict_text!r}")
        return [*found, *_of_ignored(self.ignore), *_of_cost(self.max_cost), *_of_headers(self.extra_headers),
                *_of_parameters(self.extra_parameters)]  # fmt: skip


OPTIONS = frozenset(Options.__annotations__)
"""The options that a call may set."""


def split(values: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Values of a call: parameters of the model, and options."""
    parameters = {name: value for name, value in values.items() if name not in OPTIONS}
    return parameters, {name: value for name, value in values.items() if name in OPTIONS}


def _known(options: Iterable[str]) -> None:
    """Refuse an option that there is not, as Python refuses an argument."""
    for name in options:
        if name not in OPTIONS:
            import difflib

            near = difflib.get_close_matches(name, OPTIONS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(OPTIONS))}"
            raise TypeError(f"unknown option {name!r}; {hint}")


def _ids(ignore: object) -> object:
    """Rules by id, as a set where they can be one."""
    if isinstance(ignore, str):
        return frozenset({ignore})
    ids = list(cast("Iterable[object]", ignore)) if isinstance(ignore, Iterable) else [ignore]
    return frozenset(cast("list[str]", ids)) if all(isinstance(each, str) for each in ids) else ids


def _of_ignored(ignore: object) -> list[str]:
    return [] if isinstance(ignore, frozenset) else [f"ignore must be a collection of ids of rules, not {ignore!r:.60}"]


def _of_cost(most: object) -> list[str]:
    if most is None:
        return []
    from platemark_images._runtime import costs  # sums are decimals, which most programs never need

    try:
        costs.money(most if isinstance(most, str) else repr(most))
    except ValueError as error:
        return [f"max_cost: {error}"]
    return [] if isinstance(most, str) else [f"max_cost must be text, not {type(most).__name__}"]


def _of_headers(headers: object) -> list[str]:
    """What is wrong with extra headers; their values may be secret, and are not shown."""
    if not isinstance(headers, Mapping):
        return [f"extra_headers must be a mapping of names to texts, not {type(headers).__name__}"]
    found: list[str] = []
    for name, value in cast("Mapping[object, object]", headers).items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            found.append(f"extra_headers: {name!r} can't be the name of a header")
        elif name.lower() in _OF_HTTP:
            found.append(f"extra_headers: {name} is for the HTTP client to set")
        elif not isinstance(value, str) or not (value.isascii() and value.isprintable()) or value != value.strip():
            found.append(f"extra_headers: the value of {name} must be printable ASCII text without spaces around it")
    return found


def _of_parameters(parameters: object) -> list[str]:
    if not isinstance(parameters, Mapping):
        return [f"extra_parameters must be a mapping of names to values, not {type(parameters).__name__}"]
    names = list(cast("Mapping[object, object]", parameters))
    return [f"extra_parameters: a name must be text, not {name!r:.60}" for name in names if not isinstance(name, str)]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
