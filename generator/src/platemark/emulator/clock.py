"""Time as the emulator sees it: tests set it, and a day passes in a microsecond."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_SECONDS = 10**10


class Clock:
    """Seconds since 1970, from a source that may be frozen (`Clock(lambda: 0.0)`), and what was added by hand."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._added = 0.0

    def now(self) -> float:
        return self._source() + self._added

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a negative time, since nothing here runs backwards, and after 300 years,
        since calendars end."""
        if not (seconds >= 0 and self._added + seconds <= MOST_SECONDS):
            raise ValueError(f"time passes by 0 to {MOST_SECONDS:,} seconds in all")
        self._added += seconds
