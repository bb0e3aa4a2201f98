"""What came in and what became of it: the last 10,000 requests, without keys and bodies."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 10_000
_SHOWN = 300
"""How many characters of a path or of a name that the caller gave are kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `time` is the emulator's; what does not apply is empty. `rules` are those that decided."""

    n: int
    time: float
    method: str
    path: str
    status: int
    model: str = ""
    route: str = ""
    mode: str = ""
    verdict: str = ""
    rules: tuple[str, ...] = ()
    request_id: str = ""
    task_id: str = ""
    fault: str = ""


class Log:
    """A bounded list of entries, whose numbers go on for ever."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._last = 0

    def add(self, time: float, method: str, path: str, status: int, about: Mapping[str, Any]) -> None:
        """Note a request; `about` are the other fields of its entry."""
        self._last += 1
        known: dict[str, Any] = {
            name: value[:_SHOWN] if isinstance(value, str) else value for name, value in about.items()
        }
        self._entries.append(Entry(self._last, time, method[:_SHOWN], path[:_SHOWN], status, **known))

    def after(self, number: int) -> list[dict[str, Any]]:
        """The entries with higher numbers, the oldest first."""
        return [asdict(entry) for entry in self._entries if entry.n > number]

    def forget(self) -> None:
        """Drop all entries."""
        self._entries.clear()
