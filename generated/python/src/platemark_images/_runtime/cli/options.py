"""What the emitted module `_options` holds: services, and modes with their parameters as options. Nothing is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Said: TypeAlias = "tuple[tuple[str, tuple[str, ...]], ...]"
"""Sentences, each with the models that they hold for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the client of a service is: module and class."""

    module: str
    client: str
    about: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A parameter as an option; `kind`: text, integer, boolean, size, images, json, or any where models differ."""

    name: str
    flag: str
    kind: str
    about: Said
    limits: Said

    @property
    def models(self) -> tuple[str, ...]:
        """Who takes it."""
        return tuple(model for _, models in self.limits for model in models)

    def purpose(self, model: str | None) -> str:
        """What it is for a model; without one, for the first that takes it."""
        return (of(self.about, model) or self.about)[0][0]


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode as a command; `makes` says how many pictures come and are billed."""

    name: str
    command: str
    about: str
    makes: Said
    flags: tuple[Flag, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """Who has it."""
        return tuple(model for _, models in self.makes for model in models)


def of(said: Said, model: str | None) -> Said:
    """What is said of a model; without one, all of it."""
    return tuple((text, models) for text, models in said if model is None or model in models)


def merged(modes: tuple[Mode, ...]) -> tuple[Flag, ...]:
    """The flags of all modes together, without the limits, which differ by mode."""
    found: dict[str, Flag] = {}
    for flag in (flag for mode in modes for flag in mode.flags):
        same = flag.flag not in found or found[flag.flag].kind == flag.kind
        found[flag.flag] = Flag(flag.name, flag.flag, flag.kind if same else "any", flag.about, ())
    return tuple(found.values())
