"""Keys and pictures that are sent never come back in what the client logs, raises or shows of itself."""

import base64
import json
import logging
import traceback
from collections.abc import Generator, Iterator
from types import FrameType
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platemark.rules import specimens
from platemark.wire.faults import HEADER
from troubles import PROMPT, Side, resetting, serving, silence

BASE = "/api/v1"
OURS = ("platemark_images", "httpx2", "httpcore2", "h11")
KEYS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=40).map("sk-test-{}".format)
PICTURES = st.binary(min_size=200, max_size=400).map(lambda tail: specimens.png((512, 512)) + tail)
FAULTS = (
    "reset=before", "close=after", "hang=before", "status=401", "status=429, retry_after=0", "status=429, body=html",
    "status=500", "status=502", "status=200, code=InternalError", "body=half", "body=html", "corrupt",
    "status=308, location=/elsewhere", "code=DataInspectionFailed", "cut=2", "tear=1",
)  # fmt: skip


def edited(route: str, picture: object, fault: str = "", **options: Any) -> Any:
    """An act that changes a picture by a route, and shows itself on the way."""

    def act(client: Any) -> Generator[Any, Any, Any]:
        headers = {"extra_headers": {HEADER: fault}} if fault else {}
        shown = [repr(client), repr(client.service), repr(client.context)]
        asked = {"prompt": PROMPT, "images": [picture], **headers, **options}
        if route == "stream":
            result = yield client.wan2_6_image.interleave(**asked)
        else:
            result = yield client.wan2_6_image.edit(route=route, **asked)
        return [*shown, repr(result), repr(result.prepared), str(result.usage)]

    return act


def frames(error: BaseException | None) -> Iterator[FrameType]:
    """All frames of an error and of its causes."""
    while error is not None:
        yield from (frame for frame, _ in traceback.walk_tb(error.__traceback__))
        error = error.__cause__ or error.__context__


def locals_of(error: BaseException) -> str:
    """What a reporter of errors would show of the variables of the client's frames, and of those below."""
    return "".join(
        repr(value)
        for frame in frames(error)
        if any(f"/{name}/" in frame.f_code.co_filename for name in OURS)
        for value in frame.f_locals.values()
    )


def told(side: Side, act: Any, **options: Any) -> tuple[str, BaseException | None]:
    """All that a program learns of an act: what is logged at any level, what it shows, what it raises."""
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(f"{record.getMessage()}{record.args!r}")
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        return "".join([*side.play(act, **options), *records]), None
    except side.images.PlatemarkError as error:
        shown = [repr(error), str(error), repr(vars(error)), *traceback.format_exception(error)]
        return "".join([*shown, *records]), error
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def hidden(picture: bytes) -> list[str]:
    """Pieces of what a picture is sent as."""
    text = base64.b64encode(picture).decode()[-240:]
    return [text[at : at + 24] for at in range(0, len(text) - 24, 12)]


def assert_silent(shown: str, error: BaseException | None, key: str, picture: bytes) -> None:
    assert key not in shown
    assert [piece for piece in hidden(picture) if piece in shown] == []
    if error is not None:
        assert key not in locals_of(error)


@pytest.mark.parametrize("route", ["sync", "task", "stream"])
def test_no_fault_brings_a_key_or_a_picture_to_light(side: Side, route: str):
    @settings(max_examples=25)
    @given(key=KEYS, picture=PICTURES, fault=st.sampled_from(("", *FAULTS)), as_text=st.booleans())
    def hold(key: str, picture: bytes, fault: str, as_text: bool) -> None:
        image = "data:image/png;base64," + base64.b64encode(picture).decode() if as_text else picture
        side.emulator.script({"when": {"route": "task"}, "fault": {"task": "FAILED"}})
        timeout = 0.1 if "hang" in fault else 10
        shown, error = told(side, edited(route, image, fault), api_key=key, timeout=timeout)
        assert_silent(shown, error, key, picture)

    hold()


@given(key=KEYS, picture=PICTURES, status=st.sampled_from([200, 307, 400, 401, 403, 429, 500, 503]))
@settings(max_examples=15)
def _echoed(side: Side, key: str, picture: bytes, status: int) -> None:
    """A service that repeats in its message all that it was sent."""

    def echo(request: httpx2.Request) -> httpx2.Response:
        said = {"code": "InvalidParameter", "message": f"{dict(request.headers)} {request.content.decode()}"}
        return httpx2.Response(status, json=said)

    for route in ("sync", "task", "stream"):
        shown, error = told(side, edited(route, picture), api_key=key, transport=httpx2.MockTransport(echo))
        assert error is not None
        assert_silent(shown, None, key, picture)


def test_a_service_that_repeats_what_it_was_sent(side: Side):
    _echoed(side)


def test_a_task_that_repeats_what_it_was_sent(side: Side):
    picture = specimens.png((512, 512)) + bytes(range(256))
    output = {"task_id": "t-1", "task_status": "FAILED", "code": "InternalError", "message": ""}

    def echo(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            output["message"] = f"{dict(request.headers)} {request.content.decode()}"
        state = "PENDING" if request.method == "POST" else "FAILED"
        return httpx2.Response(200, content=json.dumps({"output": {**output, "task_status": state}}))

    key = "sk-test-lantern-echo"
    shown, error = told(side, edited("task", picture), api_key=key, transport=httpx2.MockTransport(echo))
    assert isinstance(error, side.images.TaskFailed)
    assert_silent(shown, None, key, picture)


@pytest.mark.parametrize("most", [None, 0, 100_000])
def test_a_connection_that_is_not_there_or_breaks(side: Side, most: int | None):
    picture = specimens.png((512, 512)) + bytes(range(256)) * 8_000
    key = "sk-test-lantern-broken"
    with silence() as nowhere, serving(resetting(most or 0)) as broken:
        address = nowhere if most is None else broken.url
        shown, error = told(side, edited("sync", picture), api_key=key, base_url=address)
    assert error is not None
    assert_silent(shown, error, key, picture)


def test_a_request_that_breaks_rules(side: Side):
    picture = specimens.png((512, 512)) + bytes(range(256))
    shown, error = told(side, edited("sync", picture, n=99, seed=-5, size="1*1"), api_key="sk-test-lantern-rules")
    refused: Any = error
    assert isinstance(refused, side.images.RequestInvalid)
    shown += f"{refused.violations!r}{refused.report!r}"
    assert_silent(shown, error, "sk-test-lantern-rules", picture)


@pytest.mark.parametrize("key", ["sk-test-lantern\n", "sk-test-lantern\u2028", "sk-test-lantern "])
def test_a_key_that_is_none(side: Side, key: str):
    shown, error = told(side, edited("sync", b""), api_key=key)
    assert isinstance(error, side.images.ConfigurationError)
    assert "sk-test-lantern" not in shown
