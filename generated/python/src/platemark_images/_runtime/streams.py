"""Server-sent events: lines go in, texts and pictures come out as they arrive. No I/O.

The status of an error stands in a comment line, which event readers drop; so lines are read here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from platemark_images._runtime import skeletons
from platemark_images._runtime.answers import Outcome, api_error, outcome
from platemark_images._runtime.errors import ConfigurationError, OutcomeUnknown
from platemark_images._runtime.ir import Provider, Stream


class Reader:
    """Reads one stream. Pieces of text join into paragraphs, each of which ends where a picture begins."""

    def __init__(self, provider: Provider, result: str) -> None:
        if provider.stream is None:
            raise ConfigurationError(f"{provider.client} has no streams")
        self._provider, self._result = provider, result
        self._stream: Stream = provider.stream
        self._event, self._status, self._data = "", 200, list[str]()
        self._parts: list[tuple[str, str]] = []
        self._last: Outcome | None = None
        self._finished = False

    def feed(self, line: str) -> Iterator[tuple[str, str]]:
        """The texts and pictures that a line completes, as `texts` or `images` with the piece or the address."""
        line = line.rstrip("\r\n")
        before, _, after = self._stream.status.partition("{status}")
        if not line:
            yield from self._dispatch()
        elif before and line.startswith(before) and line.removeprefix(before).removesuffix(after).isdigit():
            self._status = int(line.removeprefix(before).removesuffix(after))
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                self._data.append(value)
            elif name == "event":
                self._event = value

    def finish(self) -> Outcome:
        """All that arrived. Raises OutcomeUnknown when the stream broke off."""
        if not self._finished or self._last is None:
            raise OutcomeUnknown("the stream ended early: what it lacks may have been made, and billed")
        return Outcome(tuple(self._parts), (), self._last.values, self._last.raw)

    def _dispatch(self) -> Iterator[tuple[str, str]]:
        event, status, data = self._event, self._status, "\n".join(self._data)
        self._event, self._status, self._data = "", 200, []
        if not data:
            return
        try:
            answer: Any = json.loads(data)
        except ValueError as error:
            raise OutcomeUnknown("an event of the stream is not JSON") from error
        if event == self._stream.error or status >= 400:
            raise api_error(self._provider, status if status >= 400 else 500, answer)
        self._last = outcome(self._provider, self._result, answer)
        yield from (self._take(kind, item) for kind, item in self._last.parts)
        values, _ = skeletons.find(self._provider.results[self._result], answer)
        self._finished = all(values.get(name) == value for name, value in self._stream.last.items())

    def _take(self, kind: str, item: str) -> tuple[str, str]:
        if kind == "texts" and self._parts and self._parts[-1][0] == "texts":
            self._parts[-1] = ("texts", self._parts[-1][1] + item)
        else:
            self._parts.append((kind, item))
        return kind, item
