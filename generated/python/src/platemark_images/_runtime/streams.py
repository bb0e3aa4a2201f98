"""Server-sent events: events go in, texts and pictures come out as they arrive. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from platemark_images._runtime import skeletons
from platemark_images._runtime.answers import Answer, Outcome, api_error, code_of, made, outcome
from platemark_images._runtime.errors import ConfigurationError, OutcomeUnknown, PlatemarkError
from platemark_images._runtime.ir import Stream
from platemark_images._runtime.service import Service

ErrorT = TypeVar("ErrorT", bound=PlatemarkError)


class Reader:
    """Reads one stream. Pieces of text join into paragraphs, each of which ends where a picture begins."""

    def __init__(self, service: Service, result: str) -> None:
        if service.provider.stream is None:
            raise ConfigurationError(f"{service.provider.client} has no streams")
        self.service, self._result = service, result
        self._stream: Stream = service.provider.stream
        self._parts: list[tuple[str, str]] = []
        self._last: Outcome | None = None
        self._finished = False

    def feed(self, event: str, data: str) -> Iterator[tuple[str, str]]:
        """The texts and pictures of an event, as `texts` or `images` with the piece or the address."""
        if not data:
            return
        try:
            answer: Any = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self.cut(OutcomeUnknown("an event of the stream is not JSON")) from error
        if event == self._stream.error or code_of(self.service.provider, answer):
            raise self.cut(self._error(answer))
        yield from self.whole(answer)

    def whole(self, answer: Any) -> Iterator[tuple[str, str]]:
        """The texts and pictures of an answer, be it that of an event or one that came instead of a stream."""
        self._last = outcome(self.service, self._result, answer)
        for kind, item in self._last.parts:
            self._take(kind, item)
            yield kind, item
        values, _ = skeletons.find(self.service.provider.results[self._result], answer)
        self._finished = all(values.get(name) == value for name, value in self._stream.last.items())

    def finish(self) -> Outcome:
        """All that arrived. Raises OutcomeUnknown when the stream broke off."""
        if not self._finished or self._last is None:
            raise self.cut(OutcomeUnknown("the stream ended early"))
        return made(Outcome(tuple(self._parts), (), self._last.values, self._last.raw))

    def cut(self, error: ErrorT) -> ErrorT:
        """An error that ends the stream, with what had arrived."""
        error.arrived = tuple(self._parts)
        return error

    def _error(self, answer: Any) -> PlatemarkError:
        """An error's status stands in a comment, which readers of events drop: it is that of the documented code."""
        provider = self.service.provider
        status = provider.errors.get(code_of(provider, answer), {}).get("status", 500)
        return api_error(self.service, Answer(status, {}, b""), answer)

    def _take(self, kind: str, item: str) -> None:
        if kind == "texts" and self._parts and self._parts[-1][0] == "texts":
            self._parts[-1] = ("texts", self._parts[-1][1] + item)
        else:
            self._parts.append((kind, item))
