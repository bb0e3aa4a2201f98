"""How long to wait: between queries, before a request is sent again, and so that a service's rate is kept. No I/O."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping

MOST = 8.0
"""Seconds that lie between two queries or two attempts, at most, unless the service asks for more."""
PATIENCE = 60.0
"""Seconds for which a service may ask to be left alone; for more, the caller is told instead."""
NONSENSE = 10 * 365 * 86400.0
"""Seconds for which nobody asks to be left alone in earnest."""
FIRST = 0.5
"""Seconds before the second attempt; then twice as long each time."""


class Limiter:
    """Keeps calls below a rate, counting those of all threads and tasks that share it."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._moments: deque[float] = deque(maxlen=most)
        self._lock = threading.Lock()

    def free(self, now: float) -> float:
        """How many seconds from now the next free moment is."""
        full = len(self._moments) == self._most
        return max(0.0, self._moments[0] + self._seconds - now) if full else 0.0

    def reserve(self, now: float) -> float:
        """Take the next free moment; how many seconds from now it is."""
        with self._lock:
            wait = self.free(now)
            self._moments.append(now + wait)
            return wait


def spread(seconds: float, chance: float) -> float:
    """A pause, a quarter shorter to a quarter longer by a chance of 0 to 1, so that many callers don't come at once."""
    return seconds * (0.75 + chance / 2)


def again(attempt: int, headers: Mapping[str, str], chance: float, now: Callable[[], float]) -> float | None:
    """Seconds before another attempt, counted from 0; None where the service asks for more than patience."""
    asked = _asked(headers, now)
    if asked is None:
        return spread(min(FIRST * 2**attempt, MOST), chance)
    return asked if asked <= PATIENCE else None


def retry_after(headers: Mapping[str, str], now: Callable[[], float]) -> float | None:
    """What `Retry-After` asks for: seconds, or a date; None where it says nothing that can be read, or can be meant."""
    seconds = _asked(headers, now)
    return seconds if seconds is not None and seconds <= NONSENSE else None


def _asked(headers: Mapping[str, str], now: Callable[[], float]) -> float | None:
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now())
    except (ValueError, OverflowError):
        return None
