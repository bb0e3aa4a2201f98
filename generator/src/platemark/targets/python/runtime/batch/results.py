"""What a batch tells while it runs, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from platemark_images._runtime.batch.journal import StateName
from platemark_images._runtime.costs import Money
from platemark_images._runtime.lives import Listed


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How a batch stands. `costs` is the most that what was sent may cost, by currency; a currency is left out where
    some of it has no price. `eta` is in seconds, None where nothing is known yet."""

    counts: Mapping[StateName, int]
    """`waiting`, `sending`, `running` (a task), `made` (not downloaded yet), `done`, `failed`, `unknown`."""
    total: int
    costs: tuple[Money, ...]
    eta: float | None


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that ended without its pictures. `code` is the service's, or the name of our error."""

    id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class UnknownJob:
    """A job that was sent and may have been accepted, and billed. It is never sent again by itself.

    `candidates` are the tasks that the service lists for its model and its time, and that belong to no job: it may be
    one of them, or none. `adopt()` says which."""

    id: str
    model: str
    sent: datetime
    message: str
    candidates: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of a batch so far. `done` has the files of each job; `left` are the jobs that are not over: the same call
    goes on with them. `told` says what stopped it, what did not fit, and which pictures failed beside good ones."""

    counts: Mapping[StateName, int]
    costs: tuple[Money, ...]
    """The most that what was sent may cost, by currency, as in BatchProgress."""
    done: Mapping[str, tuple[Path, ...]] = field(repr=False)
    failed: tuple[FailedJob, ...]
    unknown: tuple[UnknownJob, ...]
    left: tuple[str, ...] = field(repr=False)
    told: tuple[str, ...]
    folder: Path
    journal: Path

    @property
    def complete(self) -> bool:
        """Whether every job is done."""
        return not (self.failed or self.unknown or self.left)
