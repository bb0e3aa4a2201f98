"""How the command line speaks: tables on a terminal, JSON in a pipe. Answers go to standard output, all else to the other."""

from __future__ import annotations

import itertools
import json
import logging
import os
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

LOG = logging.getLogger(__name__.partition(".")[0])
"""The client's logger; importing it would cost a start more than click does."""
PROGRAM = LOG.name.replace("_", "-")
"""The command, which is called as the distribution is."""
SCHEMA_VERSION = 1
"""Of the JSON objects; it grows when a field goes or means something else."""


@dataclass(slots=True)
class Voice:
    """Says one answer, and meanwhile what should be known. `secrets` are never said."""

    as_json: bool
    verbose: bool = False
    warnings: list[str] = field(default_factory=list[str])
    secrets: set[str] = field(default_factory=set[str])

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Voice:
        """The form that arguments ask for, which is known before they are understood, so that errors have it too."""
        pairs = [*itertools.pairwise(arguments), *(tuple(each.split("=", 1)) for each in arguments if "=" in each)]
        chosen = [pair[1] for pair in pairs if pair[0] == "--format"]
        as_json = chosen[-1] == "json" if chosen else not sys.stdout.isatty()
        return cls(as_json, "--verbose" in arguments or "-v" in arguments)

    def say(self, data: Mapping[str, Any], text: str) -> None:
        """Give the answer of a command."""
        if not self.as_json:
            self._echo(text)
            return
        told = {"warnings": self.warnings} if self.warnings else {}
        # In ASCII, so that every encoding of standard output leaves it valid.
        self._echo(json.dumps({"schema_version": SCHEMA_VERSION, **data, **told}))

    def note(self, text: str) -> None:
        """Tell what should be known, at once or with the answer; the same thing once."""
        text = self._clean(text)
        if text in self.warnings:
            return
        self.warnings.append(text)
        if not self.as_json:
            self._echo(f"{self._styled('note:', fg='yellow')} {text}", err=True)

    def progress(self, text: str) -> None:
        """Tell how things go, to people."""
        if not self.as_json:
            self._echo(text, err=True)

    def fail(self, error: Mapping[str, Any]) -> None:
        """Say what went wrong: `code`, `message`, `hint`, and what else is known."""
        if self.as_json:
            told = {"warnings": self.warnings} if self.warnings else {}
            self._echo(json.dumps({"error": {**error, **told}}), err=True)
            return
        lines = [f"{self._styled('error:', fg='red', bold=True)} {error['message']}"]
        self._echo("\n".join([*lines, *([f"hint: {error['hint']}"] if error["hint"] else [])]), err=True)

    def heading(self, text: str) -> str:
        """A text that stands out, where that is wanted."""
        return self._styled(text, bold=True)

    @contextmanager
    def hearing(self) -> Generator[None]:
        """Tell what the client logs, for as long as the block runs."""
        handler, level, up = _Told(self), LOG.level, LOG.propagate
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO if self.verbose else logging.WARNING)
        LOG.propagate = False
        try:
            yield
        finally:
            LOG.removeHandler(handler)
            LOG.setLevel(level)
            LOG.propagate = up

    def _echo(self, text: str, *, err: bool = False) -> None:
        try:
            click.echo(self._clean(text), err=err)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if err else 1)

    def _clean(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    @staticmethod
    def _styled(text: str, **style: Any) -> str:
        """With the style, which click takes off where it does not write to a terminal."""
        return text if os.environ.get("NO_COLOR") else click.style(text, **style)


class _Told(logging.Handler):
    """Hands records to a voice."""

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice

    def emit(self, record: logging.LogRecord) -> None:
        self._voice.note(record.getMessage())


def table(voice: Voice, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows below each other; columns that are empty in all of them are left out."""
    cells = [[str(cell) for cell in row] for row in rows]
    kept = [index for index in range(len(head)) if any(row[index] for row in cells)]
    widths = [max(len(head[i]), *(len(row[i]) for row in cells)) for i in kept]

    def line(row: Sequence[str]) -> str:
        return "  ".join(row[i].ljust(width) for i, width in zip(kept, widths, strict=True)).rstrip()

    return "\n".join([voice.heading(line(head)), *map(line, cells)]) if kept else ""


def pairs(rows: Iterable[tuple[str, object]]) -> str:
    """Names and what they stand for, one a line; empty ones are left out."""
    said = [(name, str(value)) for name, value in rows if value not in (None, "", ())]
    width = max((len(name) for name, _ in said), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in said)
