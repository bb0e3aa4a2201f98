"""What the client makes of any answer at all, and how long it waits before it asks again."""

import json
import time
from types import ModuleType
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troubles import KEY, PROMPT, ROUTES, Side, asking

NAMES = st.sampled_from(
    ["output", "choices", "message", "content", "image", "text", "type", "code", "request_id", "task_id", "task_status",
     "results", "url", "finish_reason", "finished", "usage", "error", "data", "total", "end_time", "status"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["SUCCEEDED", "PENDING", "FAILED", "UNKNOWN", "stop", "null", "image", "text", "Throttling.RateQuota",
     "DataInspectionFailed", "https://example.com/1.png", "2026-11-21 20:00:00.000"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
JSON = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(NAMES, part, max_size=5), max_leaves=25
)
BODIES = (
    JSON.map(lambda data: json.dumps(data).encode())
    | st.binary(max_size=40)
    | st.sampled_from([b"[" * 100_000, b'{"output":' * 50_000, b"9" * 10_000, b"\xff\xfe", b'"\\ud800"'])
)
TYPES = st.sampled_from(["application/json", "text/event-stream", "text/html", "", "application/json; charset=utf-16"])


def answered(status: int, media: str, body: bytes) -> httpx2.MockTransport:
    sent = b"event:result\ndata:" + body + b"\n\n" if media == "text/event-stream" else body
    return httpx2.MockTransport(lambda _: httpx2.Response(status, content=sent, headers={"Content-Type": media}))


@pytest.mark.parametrize("route", ROUTES)
def test_no_answer_at_all_raises_anything_of_another_tree(side: Side, route: str):
    @settings(max_examples=60)
    @given(status=st.sampled_from([200, 200, 200, 201, 304, 400, 429, 500]), media=TYPES, body=BODIES)
    def hold(status: int, media: str, body: bytes) -> None:
        options = {"transport": answered(status, media, body), "task_timeout": 0.01, "max_retries": 0}
        try:
            found = side.play(asking(route), **options)
        except side.images.PlatemarkError as error:
            assert str(error)
        else:
            assert found.parts
            assert repr(found)
            _ = (found.usage, found.request_id, found.actual_prompt, found.actual_size, found.text)

    hold()


@given(body=BODIES, status=st.sampled_from([200, 404]))
@settings(max_examples=60)
def test_questions_about_tasks_take_any_answer(images: ModuleType, body: bytes, status: int):
    options = {"api_key": KEY, "region": "singapore", "max_retries": 0}
    for question in (lambda tasks: tasks.get("t-1"), lambda tasks: tasks.list(), lambda tasks: tasks.cancel("t-1")):
        with images.DashScope(**options, transport=answered(status, "application/json", body)) as client:
            try:
                question(client.tasks)
            except images.PlatemarkError as error:
                assert str(error)


# ── How long ──────────────────────────────────────────────────────────────────────────────────────────────────────

REFUSED = b'{"code": "Throttling.RateQuota", "message": "No."}'
DATES = ["Sat, 21 Nov 2026 10:00:07 GMT", "Saturday, 21-Nov-26 10:00:07 GMT"]


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("7", 7.0), ("0", 0.0), ("60", 60.0), ("61", None), ("9" * 400, None),
        (DATES[0], 7.0), (DATES[1], 7.0),
        ("Sat, 21 Nov 2020 10:00:00 GMT", 0.0), ("Sat, 21 Nov 2036 10:00:00 GMT", None),
        ("", 0.5), ("soon", 0.5), ("-1", 0.5), ("1.5", 0.5), ("²", 0.5),
    ],
)  # fmt: skip
def test_retry_after_is_honored(images: ModuleType, monkeypatch: pytest.MonkeyPatch, asked: str, waits: float | None):
    from dataclasses import replace

    from platemark_images._runtime import protocol
    from platemark_images._runtime.answers import Answer

    monkeypatch.setattr(time, "time", lambda: 1_795_255_200.0)  # 10:00 of that day
    client = images.DashScope(api_key=KEY, region="singapore", max_retries=1)
    context: Any = replace(client.context, chance=lambda: 0.5)
    talk = protocol.ask(context, protocol.paid(context, client.wan2_6_t2i.prepare(prompt=PROMPT, n=1), "sync"))
    assert isinstance(next(talk), protocol.Send)
    refused = Answer(429, {"retry-after": asked}, REFUSED)
    if waits is None:
        with pytest.raises(StopIteration) as ended:
            talk.send(refused)
        assert ended.value.value is refused
    else:
        assert talk.send(refused) == protocol.Wait(waits)
        assert isinstance(next(talk), protocol.Send)
        with pytest.raises(StopIteration):
            talk.send(refused)


def test_a_question_about_a_task_waits_as_it_is_asked_to(images: ModuleType):
    from dataclasses import replace

    from platemark_images._runtime import lives, protocol
    from platemark_images._runtime.answers import Answer

    client = images.DashScope(api_key=KEY, region="singapore")
    clock = [0.0]
    context: Any = replace(client.context, chance=lambda: 0.5, now=lambda: clock[0], tasks=None)
    talk = lives.wait(context, "t-1", 900)
    waits = list[float]()
    step: Any = next(talk)
    for headers in ({}, {"retry-after": "50"}, {}, {}):
        waits.append(step.seconds)
        clock[0] += step.seconds
        assert isinstance(next(talk), protocol.Send)
        step = talk.send(Answer(429, headers, REFUSED))
    assert waits == [1.0, 2.0, 50.0, 8.0]


def test_a_question_takes_no_longer_than_the_task_may(images: ModuleType):
    from dataclasses import replace

    from platemark_images._runtime import lives, protocol

    client = images.DashScope(api_key=KEY, region="singapore")
    clock = [0.0]
    context: Any = replace(client.context, chance=lambda: 0.5, now=lambda: clock[0], tasks=None)
    talk = lives.wait(context, "t-1", 100)
    asked = list[float]()
    step: Any = next(talk)
    with pytest.raises(images.TaskTimeout, match="t-1") as caught:
        while True:
            clock[0] += step.seconds
            question: Any = next(talk)
            assert isinstance(question, protocol.Send)
            asked.append(question.timeout)
            clock[0] += question.timeout
            step = talk.throw(images.ConnectionFailed("it hangs"))
    assert asked == [99.0]
    assert caught.value.task_id == "t-1"
    assert clock[0] == 100
