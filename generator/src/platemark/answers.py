"""What a command comes back with. It imports nothing, so that the command line starts in a blink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Answer:
    """What a command found: as text, as data, and as an exit code."""

    text: str
    data: Mapping[str, Any]
    code: int = 0


class Usage(Exception):
    """The command can't be carried out as given: what, and the nearest thing that works."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code, self.message, self.hint = code, message, hint
        super().__init__(message)
