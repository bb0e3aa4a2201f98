"""Spans of the emitted client: one for each operation, in the caller's trace, and without what was asked for."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

KEY = "sk-test-telemetry"
PROMPT = "A paper lantern that nobody else may know of"
SIGNED = "https://example.com/out.png?Signature=secret"
PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x00\x00\x00\x04\x00\x08\x02\x00\x00\x00\xf0\x7f\xbc\xd4"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)
CHOICE = {"finish_reason": "stop", "message": {"role": "assistant", "content": [{"type": "image", "image": SIGNED}]}}
ANSWER = {"output": {"choices": [CHOICE, CHOICE], "finished": True}, "usage": {"image_count": 2}, "request_id": "r-1"}
BUSY = {"code": "Throttling.RateQuota", "message": f"Too much of {PROMPT}", "request_id": "r-2"}
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


class Spans:
    """What was recorded, and a tracer for spans of the caller's own."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("tests")

    def __iter__(self):
        return iter(self.exporter.get_finished_spans())

    @property
    def one(self) -> ReadableSpan:
        (found,) = self
        return found

    @property
    def names(self) -> list[str]:
        return [span.name for span in self]

    @property
    def text(self) -> str:
        return "".join(span.to_json() for span in self)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Spans:
    made = Spans()
    monkeypatch.setattr(trace, "get_tracer", made.provider.get_tracer)
    monkeypatch.delenv(CAPTURE, raising=False)
    return made


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def answering(*replies: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    """A service that gives these answers; the last one again and again, and pictures to whoever asks for them."""
    left = list(replies)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "example.com":
            return httpx2.Response(200, content=PIXEL)
        reply = left.pop(0) if len(left) > 1 else left[0]
        return httpx2.Response(reply.status_code, content=reply.content, headers=reply.headers)

    return answer


def client(images: ModuleType, *replies: httpx2.Response, **options: Any) -> Any:
    transport = httpx2.MockTransport(answering(*replies))
    given = {"api_key": KEY, "region": "singapore", "poll_interval": 0.001, **options}
    return images.DashScope(transport=transport, **given)


def task(status: str, **more: object) -> httpx2.Response:
    return httpx2.Response(200, json={"output": {"task_id": "t-1", "task_status": status, **more}, "request_id": "r-3"})


def streamed(*contents: tuple[list[dict[str, str]], str]) -> httpx2.Response:
    events = list[str]()
    for content, reason in contents:
        choice = {"finish_reason": reason, "message": {"role": "assistant", "content": content}}
        data = json.dumps({"output": {"choices": [choice], "finished": reason == "stop"}, "request_id": "r-4"})
        events.append(f"id:1\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n")
    return httpx2.Response(200, text="".join(events), headers={"Content-Type": "text/event-stream"})


TEXT, PICTURE = [{"type": "text", "text": "First."}], [{"type": "image", "image": SIGNED}]
STREAM = streamed((TEXT, "null"), (PICTURE, "null"), (TEXT, "stop"))


def test_a_call_is_a_span_of_the_conventions(images: ModuleType, spans: Spans):
    client(images, httpx2.Response(200, json=ANSWER)).wan2_6_t2i.text_to_image(prompt=PROMPT, n=2, seed=7)
    assert spans.one.name == "generate_content wan2.6-t2i"
    assert spans.one.kind is trace.SpanKind.CLIENT
    assert spans.one.status.status_code is trace.StatusCode.UNSET
    scope = spans.one.instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("platemark_images", images.__version__)
    assert attributes(spans.one) == {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "dashscope",
        "gen_ai.request.model": "wan2.6-t2i",
        "gen_ai.output.type": "image",
        "gen_ai.request.choice.count": 2,
        "gen_ai.request.seed": 7,
        "gen_ai.response.id": "r-1",
        "server.address": "dashscope-intl.aliyuncs.com",
        "server.port": 443,
        "platemark.operation": "generate",
        "platemark.mode": "text_to_image",
        "platemark.route": "sync",
        "platemark.pictures": 2,
    }


def test_a_retry_is_an_event_within_the_span(images: ModuleType, spans: Spans):
    busy = httpx2.Response(429, json=BUSY, headers={"Retry-After": "0"})
    client(images, busy, busy, httpx2.Response(200, json=ANSWER)).wan2_6_t2i.text_to_image(prompt=PROMPT)
    found = [(event.name, dict(event.attributes or {})) for event in spans.one.events]
    assert found == [("platemark.retry", {"platemark.reason": "HTTP 429", "platemark.pause": 0.0})] * 2


def test_an_error_is_told_by_type_code_and_request(images: ModuleType, spans: Spans):
    with pytest.raises(images.RateLimited):
        client(images, httpx2.Response(429, json=BUSY), max_retries=0).wan2_6_t2i.text_to_image(prompt=PROMPT)
    found = attributes(spans.one)
    assert spans.one.status.status_code is trace.StatusCode.ERROR
    assert found["error.type"] == "RateLimited"
    assert found["platemark.error.code"] == "Throttling.RateQuota"
    assert found["gen_ai.response.id"] == "r-2"
    assert found["http.response.status_code"] == 429


def test_what_is_refused_here_is_no_span(images: ModuleType, spans: Spans):
    with pytest.raises(images.RequestInvalid):
        client(images, httpx2.Response(200, json=ANSWER)).wan2_6_t2i.text_to_image(prompt=PROMPT, n=99)
    assert spans.names == []


@pytest.mark.parametrize("capture", [None, "NO_CONTENT", "EVENT_ONLY", "false"])
def test_no_span_holds_key_prompt_or_picture(
    images: ModuleType, spans: Spans, monkeypatch: pytest.MonkeyPatch, capture: str | None
):
    if capture:
        monkeypatch.setenv(CAPTURE, capture)
    owner = client(images, httpx2.Response(200, json=ANSWER), httpx2.Response(400, json=BUSY))
    owner.wan2_6_image.edit(prompt=PROMPT, images=[PIXEL, SIGNED]).images[0].bytes()
    with pytest.raises(images.PlatemarkError):
        owner.wan2_6_image.edit(prompt=PROMPT, images=[PIXEL])
    assert spans.names == ["generate_content wan2.6-image", "download", "generate_content wan2.6-image"]
    for secret in (KEY, "lantern", "secret", "example.com", "base64"):
        assert secret not in spans.text


def test_content_is_captured_where_it_is_asked_for_without_what_opens_it(
    images: ModuleType, spans: Spans, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(CAPTURE, "SPAN_ONLY")
    owner = client(images, httpx2.Response(200, json=ANSWER), httpx2.Response(400, json=BUSY))
    owner.wan2_6_image.edit(prompt=PROMPT, images=[PIXEL, SIGNED])
    with pytest.raises(images.PlatemarkError):
        owner.wan2_6_image.edit(prompt=PROMPT, images=[SIGNED])
    first, second = spans
    (asked,) = json.loads(attributes(first)["gen_ai.input.messages"])
    assert asked["role"] == "user"
    picture = {"type": "uri", "modality": "image", "uri": "https://example.com/out.png"}
    assert [part["type"] for part in asked["parts"]] == ["text", "inline", "uri"]
    assert asked["parts"][0] == {"type": "text", "content": PROMPT, "name": "prompt"}
    assert asked["parts"][1]["mime_type"] == "image/png"
    assert asked["parts"][2] == picture
    assert json.loads(attributes(first)["gen_ai.output.messages"]) == [{"role": "assistant", "parts": [picture] * 2}]
    assert PROMPT in (second.status.description or "")
    for secret in (KEY, "secret", "iVBOR"):
        assert secret not in spans.text


def test_a_task_is_one_span_or_two_as_it_was_called(images: ModuleType, spans: Spans):
    done = task("SUCCEEDED", choices=[CHOICE])
    client(images, task("PENDING"), task("RUNNING"), done).wan2_6_t2i.text_to_image(prompt=PROMPT, route="task")
    assert spans.names == ["generate_content wan2.6-t2i"]
    found = attributes(spans.one)
    assert (found["platemark.task_id"], found["platemark.route"], found["platemark.pictures"]) == ("t-1", "task", 1)
    spans.exporter.clear()
    client(images, task("PENDING"), done).wan2_6_t2i.submit(prompt=PROMPT).wait()
    assert spans.names == ["generate_content wan2.6-t2i", "fetch_response wan2.6-t2i"]
    assert [attributes(span)["platemark.operation"] for span in spans] == ["submit", "wait"]
    assert [attributes(span)["platemark.task_id"] for span in spans] == ["t-1", "t-1"]


def test_a_task_that_fails_is_the_error_of_its_wait(images: ModuleType, spans: Spans):
    failed = task("FAILED", code="InternalError", message=PROMPT)
    with pytest.raises(images.TaskFailed):
        client(images, task("PENDING"), failed).wan2_6_t2i.submit(prompt=PROMPT).wait()
    submit, wait = spans
    assert submit.status.status_code is trace.StatusCode.UNSET
    found = attributes(wait)
    assert (found["error.type"], found["platemark.error.code"]) == ("TaskFailed", "InternalError")
    assert found["platemark.task_id"] == "t-1"


def test_every_operation_has_its_name(images: ModuleType, spans: Spans):
    owner = client(images, task("RUNNING"))
    owner.tasks.get("t-1")
    owner.tasks.list(model="wan2.6-t2i")
    owner.tasks.cancel("t-1")
    with pytest.raises(images.ConnectionFailed):
        owner.files.upload(PIXEL, model="wan2.6-image")
    assert spans.names == ["fetch_response", "list wan2.6-t2i", "cancel", "upload wan2.6-image"]
    told = [attributes(span)["platemark.operation"] for span in spans]
    assert told == ["query", "list", "cancel", "upload"]


def test_a_stream_is_a_span_in_which_its_reader_is_not(images: ModuleType, spans: Spans):
    owner = client(images, STREAM).wan2_6_image
    with spans.tracer.start_as_current_span("mine") as mine:
        for _ in owner.stream(prompt=PROMPT):
            assert trace.get_current_span() is mine
            assert spans.names == []
    stream, outer = spans
    assert stream.name == "generate_content wan2.6-image"
    assert stream.parent is not None
    assert stream.parent.span_id == mine.get_span_context().span_id
    assert attributes(stream)["gen_ai.request.stream"] is True
    assert attributes(stream)["platemark.pictures"] == 1
    assert outer.name == "mine"


def test_a_stream_that_is_asked_for_again_is_still_one_span(images: ModuleType, spans: Spans):
    busy = httpx2.Response(429, json=BUSY, headers={"Retry-After": "0"})
    list(client(images, busy, STREAM).wan2_6_image.stream(prompt=PROMPT))
    assert [event.name for event in spans.one.events] == ["platemark.retry"]


def test_a_stream_that_nobody_reads_to_its_end_is_over_and_no_error(images: ModuleType, spans: Spans):
    pieces = client(images, STREAM).wan2_6_image.stream(prompt=PROMPT)
    next(pieces)
    pieces.close()
    assert spans.one.status.status_code is trace.StatusCode.UNSET


def test_a_stream_that_breaks_off_is_an_error(images: ModuleType, spans: Spans):
    with pytest.raises(images.OutcomeUnknown):
        list(client(images, streamed((TEXT, "null"))).wan2_6_image.stream(prompt=PROMPT))
    assert attributes(spans.one)["error.type"] == "OutcomeUnknown"


def test_threads_that_save_are_in_the_callers_trace(images: ModuleType, spans: Spans, tmp_path: Path):
    result = client(images, httpx2.Response(200, json=ANSWER)).wan2_6_t2i.text_to_image(prompt=PROMPT, n=2)
    spans.exporter.clear()
    with spans.tracer.start_as_current_span("mine") as mine:
        result.save(tmp_path)
    *downloads, _ = spans
    assert [span.name for span in downloads] == ["download", "download"]
    assert {span.parent.span_id for span in downloads if span.parent} == {mine.get_span_context().span_id}
    assert attributes(downloads[0])["platemark.bytes"] == len(PIXEL)


def test_the_async_client_does_the_same(images: ModuleType, spans: Spans, tmp_path: Path):
    """Calls at one time lie in one trace, and each in a span of its own."""
    replies = {"sync": httpx2.Response(200, json=ANSWER), "stream": STREAM}

    def answer(request: httpx2.Request) -> httpx2.Response:
        route = "stream" if "x-dashscope-sse" in request.headers else "sync"
        return answering(replies[route])(request)

    async def save(owner: Any) -> None:
        await (await owner.wan2_6_t2i.text_to_image(prompt=PROMPT, n=2)).save(tmp_path)

    async def read(owner: Any) -> None:
        async for _ in owner.wan2_6_image.stream(prompt=PROMPT):
            assert trace.get_current_span() is mine

    async def stop(owner: Any) -> None:
        pieces = owner.wan2_6_image.stream(prompt=PROMPT)
        await anext(pieces)
        await pieces.aclose()

    async def everything() -> None:
        transport = httpx2.MockTransport(answer)
        async with images.AsyncDashScope(api_key=KEY, region="singapore", transport=transport) as owner:
            await asyncio.gather(save(owner), read(owner), stop(owner))

    with spans.tracer.start_as_current_span("mine") as mine:
        asyncio.run(everything())
    *found, _ = spans
    streams = ["generate_content wan2.6-image"] * 2
    assert sorted(span.name for span in found) == ["download"] * 2 + streams + ["generate_content wan2.6-t2i"]
    assert {span.parent.span_id for span in found if span.parent} == {mine.get_span_context().span_id}
    assert {span.status.status_code for span in found} == {trace.StatusCode.UNSET}


def test_requests_are_sent_within_the_span(images: ModuleType, spans: Spans):
    """So that an instrumentation of HTTP clients hangs its own spans where they belong."""
    seen = list[str]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        current = trace.get_current_span()
        seen.append(current.name if isinstance(current, ReadableSpan) else "none")
        return STREAM if "x-dashscope-sse" in request.headers else httpx2.Response(200, json=ANSWER)

    owner = images.DashScope(api_key=KEY, region="singapore", transport=httpx2.MockTransport(answer))
    owner.wan2_6_t2i.text_to_image(prompt=PROMPT)
    list(owner.wan2_6_image.stream(prompt=PROMPT))
    assert seen == ["generate_content wan2.6-t2i", "generate_content wan2.6-image"]


def test_nothing_of_opentelemetry_is_imported_unless_the_program_did(images: ModuleType):
    program = f"""
import sys, httpx2
from platemark_images import DashScope
answer = httpx2.Response(200, json={ANSWER!r})
transport = httpx2.MockTransport(lambda request: answer)
DashScope(api_key={KEY!r}, region="singapore", transport=transport).wan2_6_t2i.text_to_image(prompt="a", n=1)
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
    root = str(Path(str(images.__file__)).parents[1])
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env={"PYTHONPATH": root}
    )
    assert (found.stdout, found.stderr) == ("[]\n", "")
