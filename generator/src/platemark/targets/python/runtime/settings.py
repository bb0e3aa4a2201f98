"""How a client behaves unless a call says otherwise. Frozen; nothing here is a fact about a service."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, TypedDict, cast

from platemark_images._runtime.errors import ConfigurationError

Validate: TypeAlias = Literal["strict", "warn", "off"]
"""What a broken rule does: `strict` raises, `warn` logs and sends, `off` sends without judging."""


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
    """Rules that may be broken, by id (`size.area`) or by address (`service/model/mode/size.area`)."""
    strict_text: bool
    """Refuse a text that the service would cut."""
    max_cost: str
    """Refuse what could cost more, such as `2.00 CNY`."""
    extra_headers: Mapping[str, str]
    """Headers that go with requests for pictures, beside the client's own."""
    extra_parameters: Mapping[str, object]
    """Parameters that no document knows; they are sent as they are."""


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
        """The same with other options. Raises ConfigurationError for what none of them can be."""
        given = {name: value for name, value in options.items() if value is not None}
        if not given:
            return self
        if "ignore" in given:
            given["ignore"] = _ids(given["ignore"])
        made = replace(self, **given)
        if wrong := list(made.problems()):
            raise ConfigurationError("; ".join(wrong))
        return made

    def added_to(self, own: Mapping[str, str]) -> dict[str, str]:
        """Headers with the caller's. Raises ConfigurationError for those that are the client's own to set."""
        taken = {name.lower() for name in own}
        if both := [name for name in self.extra_headers if name.lower() in taken]:
            raise ConfigurationError(f"extra_headers: {', '.join(both)} is the client's own to set")
        return {**own, **self.extra_headers}

    def problems(self) -> list[str]:
        """What is wrong with them, in words."""
        found = [f"{name} must be a number of seconds above 0, not {value!r}"
                 for name in ("timeout", "task_timeout", "poll_interval")
                 if not _is_number(value := getattr(self, name)) or not value > 0]  # fmt: skip
        retries = cast("object", self.max_retries)
        if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
            found.append(f"max_retries must be a whole number from 0, not {retries!r}")
        if self.validate not in ("strict", "warn", "off"):
            found.append(f"validate must be 'strict', 'warn' or 'off', not {self.validate!r}")
        for name, value in cast("Mapping[object, object]", self.extra_headers).items():
            plain = [isinstance(text, str) and text.isascii() and text.isprintable() for text in (name, value)]
            if not all(plain) or not name:
                found.append(f"extra_headers: {name!r} and its value must be printable ASCII text")
        return found


OPTIONS = frozenset(Options.__annotations__)
"""The options that a call may set."""


def split(values: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Values of a call: parameters of the model, and options."""
    parameters = {name: value for name, value in values.items() if name not in OPTIONS}
    return parameters, {name: value for name, value in values.items() if name in OPTIONS}


def _ids(ignore: object) -> frozenset[str]:
    if isinstance(ignore, str):
        return frozenset({ignore})
    return frozenset(str(each) for each in cast("Collection[object]", ignore))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
