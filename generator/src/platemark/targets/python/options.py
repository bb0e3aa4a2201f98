"""What the command line offers: services, modes as commands, and the parameters of each mode over all models.

Limits differ by model, so each is kept with the models that have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from platemark import ir
from platemark.targets.python import naming, surface

COMMANDS: Mapping[str, str] = {"text_to_image": "generate"}
"""Modes whose command is called otherwise."""
TAKEN = frozenset({"task", "batch", "models", "estimate", "doctor", "completion"})
"""Commands that are no modes."""
FLAGS = frozenset({
    "api-key", "api-key-env", "base-url", "body", "dry-run", "envelope", "extra-header", "extra-parameter", "family",
    "format", "help", "ignore", "max-cost", "max-retries", "mode", "model", "out", "poll-interval", "provider",
    "region", "route", "save", "strict-text", "submit", "task-timeout", "timeout", "upload", "validate", "verbose",
    "workspace",
})  # fmt: skip
"""Options of the commands themselves; `no-…` among them is `…`."""
_JSON = ("list", "object", "box")

Said: TypeAlias = "tuple[tuple[str, tuple[str, ...]], ...]"
"""Sentences, each with the models that they hold for."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A parameter as an option: its name in Python, its flag, and how its text is read."""

    name: str
    flag: str
    kind: str
    about: Said
    limits: Said


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode as a command; `makes` says how many pictures come and are billed."""

    name: str
    command: str
    about: str
    makes: Said
    flags: tuple[Flag, ...]


@dataclass(slots=True)
class _Gathered:
    """What was seen of one name so far, in the order of the specs."""

    kinds: list[str] = field(default_factory=list[str])
    about: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    said: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, about: str, text: str, models: Iterable[str], kind: str = "") -> None:
        self.kinds.append(kind)
        self.about.setdefault(about, []).extend(models)
        self.said.setdefault(text, []).extend(models)


def _by_model(said: Mapping[str, Iterable[str]]) -> Said:
    return tuple((text, tuple(models)) for text, models in said.items())


def providers(spec: ir.Ir, package: str) -> list[tuple[str, str, str, str]]:
    """Id, module, client and description of each service."""
    folders = naming.distinct((provider.id for provider in spec.providers), naming.identifier)
    return [(p.id, f"{package}.{folders[p.id]}", p.client, p.about) for p in spec.providers]


def modes(spec: ir.Ir, types: Mapping[str, surface.Types]) -> list[Mode]:
    """Every mode that a model has. Raises NamingError when two would be the same command."""
    found: dict[str, _Gathered] = {}
    flags: dict[str, dict[str, _Gathered]] = {}
    for provider in spec.providers:
        for family in spec.families_of(provider.id):
            for group in surface.module(spec, family, types[provider.id]).classes:
                for mode in group.modes:
                    first = next(o for o in family.by_model[group.models[0]] if o.mode == mode.name)
                    makes = surface.makes(family, first)
                    found.setdefault(mode.name, _Gathered()).add(f"{first.about}.", makes, group.models)
                    named = flags.setdefault(mode.name, {})
                    for each in mode.arguments:
                        named.setdefault(each.wire, _Gathered()).add(
                            each.purpose, each.limits, group.models, _kind(each.kind)
                        )
    commands = naming.distinct(found, _command)
    return [
        Mode(name, commands[name], next(iter(seen.about)), _by_model(seen.said), tuple(_flags(flags[name])))
        for name, seen in found.items()
    ]


def _flags(found: Mapping[str, _Gathered]) -> Iterable[Flag]:
    arguments = naming.distinct(found, naming.argument)
    kinds = {wire: seen.kinds[0] if len({*seen.kinds}) == 1 else "any" for wire, seen in found.items()}
    called = naming.distinct(found, lambda wire: _flag(wire, kinds[wire]))
    for wire, seen in found.items():
        yield Flag(arguments[wire], called[wire], kinds[wire], _by_model(seen.about), _by_model(seen.said))


def _kind(kind: str) -> str:
    return "json" if kind in _JSON else kind if kind in {"integer", "boolean", "images", "size"} else "text"


def _command(mode: str) -> str:
    """`text_to_image` as `generate`, `virtual_try_on` as `virtual-try-on`."""
    name = COMMANDS.get(mode, naming.identifier(mode).strip("_").replace("_", "-"))
    return f"{name}-mode" if name in TAKEN else name


def _flag(wire: str, kind: str) -> str:
    """`negative_prompt` as `negative-prompt`; what takes several is named after one."""
    name = naming.identifier(wire).strip("_").replace("_", "-")
    name = name.removesuffix("s") if kind == "images" else name
    return f"{name}-value" if name in FLAGS or name.removeprefix("no-") in FLAGS else name
