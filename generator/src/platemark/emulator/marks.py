"""Marks in a prompt by which a test asks for what a service does of its own accord:

- `[[DataInspectionFailed]]`, or any other of the service's error codes of class `content`: it refuses the content;
- `[[DataInspectionFailed 200]]`: the same with HTTP status 200, where the service does such things;
- `[[fail 2]]`: two of the pictures fail.

All other text in brackets is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from platemark import ir

_MARK = re.compile(r"\[\[(?:fail (?P<failures>\d{1,3})|(?P<code>[A-Za-z][\w.-]{0,99})(?P<plain> 200)?)\]\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a prompt asks for: a code of class `content`, with status 200 if `plain`, and pictures that fail."""

    code: str = ""
    plain: bool = False
    failures: int = 0


def marks(provider: ir.Provider, prompt: str) -> Marks:
    """The first mark of each sort in a prompt."""
    code, plain, failures = "", False, 0
    for found in _MARK.finditer(prompt):
        about = provider.errors.codes.get(found["code"] or "", {})
        if found["failures"]:
            failures = failures or int(found["failures"])
        elif (
            not code and about.get("class") == "content" and not (found["plain"] and not provider.errors.status_200_too)
        ):
            code, plain = found["code"], bool(found["plain"])
    return Marks(code, plain, failures)
