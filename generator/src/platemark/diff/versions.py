"""Which version of an emitted package a set of changes asks for, by Semantic Versioning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.diff.changes import Change, Impact

_STEPS: Mapping[Impact, int] = {"breaking": 0, "compatible": 1, "documentation": 2}
"""Which of the three numbers a change raises, from 1.0.0 on; before that, the next one."""


@dataclass(frozen=True, slots=True)
class Package:
    """An emitted package: the version that the old specs state, that of the new ones, and the least that fits."""

    name: str
    old: str
    new: str
    due: str

    @property
    def enough(self) -> bool:
        """Whether the new specs state a version that fits."""
        return _numbers(self.new) >= _numbers(self.due)

    def json(self) -> dict[str, Any]:
        """The package as `--format json` prints it."""
        return {"package": self.name, "old": self.old, "new": self.new, "due": self.due, "enough": self.enough}


def packages(old: ir.Ir, new: ir.Ir, changes: Sequence[Change], names: Iterable[str]) -> tuple[Package, ...]:
    """What each emitted package is to be called after these changes."""
    return tuple(Package(name, old.version(name), new.version(name), due(old.version(name), changes)) for name in names)


def due(version: str, changes: Iterable[Change]) -> str:
    """The least version after `version` that may carry these changes; the same for none. An accepted breaking change
    is still one."""
    numbers = _numbers(version)
    steps = [_STEPS[change.impact] + (0 if numbers[0] else 1) for change in changes]
    if not steps:
        return version
    step = min(2, *steps)
    raised = [*numbers[:step], numbers[step] + 1, 0, 0][:3]
    return ".".join(map(str, raised))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
