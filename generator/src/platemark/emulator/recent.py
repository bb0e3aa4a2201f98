"""Maps that forget: nothing that the emulator remembers grows for ever."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any


def forget_oldest(kept: OrderedDict[Any, Any], most: int) -> None:
    """Drop what came in first, until at most so many entries are left."""
    while len(kept) > most:
        kept.popitem(last=False)
