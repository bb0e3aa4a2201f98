"""Spans of OpenTelemetry: one for each operation, in which what was sent again is an event.

Whoever wants spans has imported `opentelemetry.trace` to say where they go; this module never imports it first, so
that without it nothing is done and nothing is paid. Attributes follow OpenTelemetry's conventions for generative AI;
what those have no name for begins with `platemark.`. Prompts, pictures and the service's messages are left out unless
`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` asks for them; keys and files never stand in a span.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from platemark_images._runtime import errors, leaves

if TYPE_CHECKING:
    from opentelemetry import trace

    from platemark_images._runtime.answers import Outcome
    from platemark_images._runtime.prepare import Prepared
    from platemark_images._runtime.service import Service

T = TypeVar("T")

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_ON_SPANS = frozenset({"span_only", "span_and_event", "true"})
_NAMES: Mapping[str, str] = {
    "generate": "generate_content", "submit": "generate_content", "stream": "generate_content",
    "wait": "fetch_response", "query": "fetch_response",
}  # fmt: skip
"""What the conventions call our operations; they have no words for the others."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a span is about: `generate`, `submit`, `stream`, `wait`, `query`, `list`, `cancel`, `download`, `upload`."""

    name: str
    service: Service
    prepared: Prepared[Any] | None = None
    model: str | None = None
    task_id: str | None = None


class Span:
    """What is told of an operation while it lasts. This one tells nobody."""

    def active(self) -> AbstractContextManager[object]:
        """While it is entered, spans that others begin lie within this one."""
        return nullcontext()

    def found(self, value: T) -> T:
        """Tell what came of it, and give it back."""
        return value

    def failed(self, error: Exception) -> None:
        """Tell that nothing came of it."""

    def end(self) -> None:
        """It is over."""


class _Recorded(Span):
    """A span that OpenTelemetry records."""

    def __init__(self, span: trace.Span, *, content: bool) -> None:
        self._span, self._content = span, content

    def active(self) -> AbstractContextManager[object]:
        from opentelemetry import trace

        return trace.use_span(self._span, record_exception=False, set_status_on_exception=False)

    def found(self, value: T) -> T:
        if self._span.is_recording():
            self._span.set_attributes(_results(value, content=self._content))
        return value

    def failed(self, error: Exception) -> None:
        from opentelemetry import trace

        known = error if isinstance(error, errors.PlatemarkError) else errors.PlatemarkError()
        told = {"platemark.error.code": known.code, "gen_ai.response.id": known.request_id,
                "http.response.status_code": known.status, "platemark.task_id": getattr(error, "task_id", "")}  # fmt: skip
        self._span.set_attributes({"error.type": type(error).__name__, **{k: v for k, v in told.items() if v}})
        # A service's message may hold what was asked for.
        self._span.set_status(trace.StatusCode.ERROR, str(error) if self._content else None)

    def end(self) -> None:
        self._span.end()


def begin(about: Operation | None) -> Span:
    """A span that its owner ends."""
    if about is None or "opentelemetry.trace" not in sys.modules:
        return Span()
    from opentelemetry import trace

    from platemark_images import __version__

    content = os.environ.get(CAPTURE, "").lower() in _ON_SPANS
    attributes = _attributes(about, content=content)
    name = f"{attributes['gen_ai.operation.name']} {attributes.get('gen_ai.request.model', '')}".rstrip()
    tracer = trace.get_tracer(__name__.partition(".")[0], __version__)
    return _Recorded(tracer.start_span(name, kind=trace.SpanKind.CLIENT, attributes=attributes), content=content)


@contextmanager
def span(about: Operation | None) -> Generator[Span, None, None]:
    """A span around what is done at once."""
    told = begin(about)
    try:
        with told.active():
            yield told
    except Exception as error:
        told.failed(error)
        raise
    finally:
        told.end()


def each(pieces: Generator[T, None, None], about: Operation | None, finish: Callable[[], Outcome]) -> Iterator[T]:
    """The pieces of a stream, in a span from the first question to the end; whoever takes them is not within it."""
    told = begin(about)
    try:
        while True:
            with told.active():
                try:
                    piece = next(pieces)
                except StopIteration:
                    told.found(finish())
                    return
            yield piece
    except Exception as error:
        told.failed(error)
        raise
    finally:
        pieces.close()
        told.end()


async def each_async(
    pieces: AsyncGenerator[T, None], about: Operation | None, finish: Callable[[], Outcome]
) -> AsyncGenerator[T, None]:
    """The same, awaiting."""
    told = begin(about)
    try:
        while True:
            with told.active():
                try:
                    piece = await anext(pieces)
                except StopAsyncIteration:
                    told.found(finish())
                    return
            yield piece
    except Exception as error:
        told.failed(error)
        raise
    finally:
        await pieces.aclose()
        told.end()


def again(why: str, pause: float) -> None:
    """An event in the span that is open: a request is sent again after a pause in seconds."""
    if "opentelemetry.trace" in sys.modules:
        from opentelemetry import trace

        trace.get_current_span().add_event("platemark.retry", {"platemark.reason": why, "platemark.pause": pause})


# ── Attributes ────────────────────────────────────────────────────────────────────────────────────────────────────


def _attributes(about: Operation, *, content: bool) -> dict[str, Any]:
    """What is known beforehand."""
    place, prepared = urlsplit(about.service.base_url), about.prepared
    found: dict[str, Any] = {
        "gen_ai.operation.name": _NAMES.get(about.name, about.name),
        "gen_ai.provider.name": about.service.provider.id,
        "gen_ai.request.model": prepared.model if prepared else about.model,
        "server.address": place.hostname,
        "server.port": place.port or (443 if place.scheme == "https" else 80),
        "platemark.operation": about.name,
        "platemark.task_id": about.task_id,
    }
    if prepared is not None:
        pictures = prepared.estimate.pictures
        found |= {
            "gen_ai.output.type": "image",
            "gen_ai.request.choice.count": pictures if pictures != 1 else None,
            "gen_ai.request.seed": prepared.values.get("seed"),
            "gen_ai.request.stream": True if prepared.route == "stream" else None,
            "platemark.mode": prepared.mode,
            "platemark.route": prepared.route,
        }
        if content:
            found["gen_ai.input.messages"] = _messages("user", _asked(prepared))
    return {name: value for name, value in found.items() if value is not None}


def _results(value: object, *, content: bool) -> dict[str, Any]:
    """What is known when it went well."""
    from platemark_images._runtime.answers import Outcome
    from platemark_images._runtime.lives import Finished, State

    if isinstance(value, Finished):
        return _results(value.state, content=content) | _results(value.outcome, content=content)
    if isinstance(value, State):
        return {"platemark.task_id": value.task_id, "platemark.task_status": value.status}
    if isinstance(value, bytes):
        return {"platemark.bytes": len(value)}
    if not isinstance(value, Outcome):
        return {}
    found: dict[str, Any] = {"platemark.pictures": sum(kind == "images" for kind, _ in value.parts)}
    if request_id := str(value.values.get("request_id", "")):
        found["gen_ai.response.id"] = request_id
    if content:
        parts = [_picture(item) if kind == "images" else _text(item) for kind, item in value.parts]
        found["gen_ai.output.messages"] = _messages("assistant", parts)
    return found


def _asked(prepared: Prepared[Any]) -> list[dict[str, Any]]:
    """Texts and pictures of a request, by the names of their parameters."""
    found = list[dict[str, Any]]()
    for parameter in prepared.offer.parameters:
        value = prepared.values.get(parameter.name)
        if parameter.type == "text" and isinstance(value, str):
            found.append(_text(value) | {"name": parameter.name})
        if parameter.type == "images":
            found += [_picture(str(item)) for item in leaves.items(value)]
    return found


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "content": text}


def _picture(address: str) -> dict[str, Any]:
    """A picture by its address, without what opens it; of one that lies in the request, its type and length alone."""
    if address.startswith("data:"):
        media = address[len("data:") :].partition(",")[0].partition(";")[0]
        return {"type": "inline", "modality": "image", "mime_type": media, "characters": len(address)}
    return {"type": "uri", "modality": "image", "uri": address.partition("?")[0]}


def _messages(role: str, parts: list[dict[str, Any]]) -> str:
    import json

    return json.dumps([{"role": role, "parts": parts}], ensure_ascii=False)
