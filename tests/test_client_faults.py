"""What the emitted client makes of faults: how often it asks for pictures, what it raises, what it tells.

One table for both clients and all routes, over real connections."""

import logging
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platemark.wire.faults import HEADER
from troubles import KEY, PROMPT, ROUTES, Act, Side, answering, asking, reply, resetting, serving, silence

BASE = "/api/v1"
LARGE: dict[str, Any] = {"extra_parameters": {"padding": "x" * 8_000_000}}
"""Makes a request larger than what lies between two sockets."""
TASKS = {"path": f"{BASE}/tasks/*", "method": "GET"}


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "platemark_images")
    return caplog


def resent(told: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of requests that are sent again."""
    return [record.getMessage() for record in told.records if "attempt" in record.getMessage()]


# ── Requests for pictures ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Case:
    """A fault of a request for pictures, and what is to come of it. Without a name of an error, pictures are."""

    fault: str
    raises: str = ""
    posts: int = 1
    has: dict[str, Any] = field(default_factory=dict)
    says: str = ""
    routes: tuple[str, ...] = ROUTES
    options: dict[str, Any] = field(default_factory=dict)


LOST = "it may have been accepted, and billed, so it is not sent again"
HASTE = {"timeout": 0.25}
CODED: dict[str, Any] = {"raises": "RateLimited", "says": "rate limit exceeded"}
RATE = {"status": 429, "code": "Throttling.RateQuota", "reason": "rate"}

CASES = (
    # The connection ends.
    *(Case(f, "OutcomeUnknown", says=LOST, has={"status": None}) for f in (
        "reset=before", "reset=before, accepted", "reset=after",
        "close=before", "close=before, accepted", "close=after",
    )),
    *(Case(f, "OutcomeUnknown", says="ReadTimeout", options=HASTE) for f in ("hang=before, accepted", "hang=after")),
    # The service refuses.
    Case("status=429", posts=3, has={**RATE, "retry_after": None}, **CODED),
    Case("code=Throttling.RateQuota", posts=1, has=RATE, options={"max_retries": 0}, **CODED),
    Case("status=429, retry_after=0", posts=3, has={**RATE, "retry_after": 0}, **CODED),
    Case("status=429, retry_after=86400", posts=1, has={**RATE, "retry_after": 86400}, **CODED),
    Case("code=Throttling.BurstRate", "RateLimited", 3, {"code": "Throttling.BurstRate", "reason": "rate"}),
    Case("code=Throttling.AllocationQuota", "RateLimited", says="waiting does not help",
         has={"status": 429, "code": "Throttling.AllocationQuota", "reason": "quota"}),
    Case("status=429, body=html", "RateLimited", says="wait and send it again",
         has={"status": 429, "code": "", "request_id": "", "reason": "rate"}),
    Case("status=401", "AuthenticationError", has={"code": "InvalidApiKey"}, says="key and region must match"),
    Case("status=403", "PermissionDenied", has={"code": "AccessDenied"}),
    Case("status=404", "NotFound", has={"code": "ModelNotFound"}),
    Case("code=DataInspectionFailed", "ContentRejected", has={"status": 400, "stage": "input"}),
    Case("status=400", "APIError", has={"status": 400, "code": "InvalidParameter"}),
    # The service fails, and says so; or something before it fails.
    Case("status=500", "ServerError", has={"status": 500, "code": "InternalError"}),
    Case("status=503", "ServerError", has={"status": 503, "code": "ModelUnavailable"}),
    Case("status=200, code=InternalError", "ServerError", has={"status": 200, "code": "InternalError"},
         routes=("sync", "task")),
    Case("status=200, code=InternalError", "ServerError", has={"code": "InternalError"}, routes=("stream",)),
    *(Case(f"status={status}, body=html", "OutcomeUnknown", has={"status": status}, says=LOST)
      for status in (500, 502, 503, 504, 599)),
    Case("status=502, accepted", "OutcomeUnknown", has={"status": 502}, says=LOST),
    # The answer is another one.
    Case("body=half", "OutcomeUnknown", says=LOST),
    Case("body=empty", "OutcomeUnknown", says=LOST),
    Case("body=html", "OutcomeUnknown", has={"status": 200}, says="are not the answer of DashScope"),
    Case("corrupt", "OutcomeUnknown", says=LOST),
    Case("status=204", "OutcomeUnknown", has={"status": 204}, says=LOST),
    Case("content_type=text/html", routes=("sync", "task")),
    Case("content_type=text/html", "OutcomeUnknown", routes=("stream",), says=LOST),
    Case("extra"),
    Case("latency=0.01, pause=1 ms"),
    # A stream ends early.
    *(Case(f, "OutcomeUnknown", says="the stream ended early", routes=("stream",))
      for f in ("cut=0", "cut=2", "tear=2")),
    *(Case(f, "OutcomeUnknown", says=LOST, routes=("stream",)) for f in ("cut=2, reset=after", "cut=2, close=after")),
    Case("cut=2, code=InternalError.Algo", "ServerError", has={"status": 500, "code": "InternalError.Algo"},
         routes=("stream",)),
    Case("cut=2, code=DataInspectionFailed", "ContentRejected", has={"status": 400}, routes=("stream",)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("case", "route"),
    [pytest.param(case, route, id=f"{route}: {case.fault}") for case in CASES for route in case.routes],
)
def test_a_fault(side: Side, told: pytest.LogCaptureFixture, case: Case, route: str):
    act = asking(route, case.fault)
    if not case.raises:
        assert side.play(act, **case.options).images
    else:
        with pytest.raises(side.images.PlatemarkError) as caught:
            side.play(act, **case.options)
        error = caught.value
        assert type(error).__name__ == case.raises
        assert {name: getattr(error, name) for name in case.has} == case.has
        assert case.says in str(error)
        if error.code and "cut" not in case.fault:
            assert error.request_id
    assert side.emulator.posts == case.posts
    assert len(resent(told)) == case.posts - 1
    assert KEY not in told.text


@pytest.mark.parametrize("route", ROUTES)
def test_what_a_service_refused_for_a_moment_is_sent_again(side: Side, told: pytest.LogCaptureFixture, route: str):
    side.emulator.script({"when": {"route": route}, "times": 1, "fault": {"status": 429, "retry_after": 0}})
    assert side.play(asking(route)).images
    assert side.emulator.posts == 2
    assert [line.partition(": ")[2] for line in resent(told)] == ["HTTP 429; attempt 2 in 0.0 s"]


def test_a_stream_that_ends_early_hands_over_what_it_brought(side: Side):
    def pieces(client: Any) -> Generator[Any, Any, Any]:
        return (yield client.wan2_6_image.stream(prompt=PROMPT, max_images=2, extra_headers=broken))

    broken = {HEADER: "cut=4, reset=after"}
    with pytest.raises(side.images.OutcomeUnknown) as caught:
        side.play(pieces)
    found = dict(caught.value.arrived)
    assert found["texts"].startswith("Step 1")
    assert found["images"].startswith(f"{side.emulator.url}/pictures/")


def test_an_answer_that_comes_instead_of_a_stream_is_taken(side: Side):
    content = [{"type": "text", "text": "One."}, {"type": "image", "image": "https://example.com/1.png"}]
    choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    whole = httpx2.Response(200, json={"output": {"choices": [choice], "finished": True}, "request_id": "r"})
    found = side.play(asking("stream"), base_url="http://127.0.0.1:9",
                 transport=httpx2.MockTransport(lambda _: whole))  # fmt: skip
    assert (found.text, [image.url for image in found.images]) == ("One.", ["https://example.com/1.png"])


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_key_follows_no_redirect(side: Side, route: str, status: int):
    with serving(answering(reply("200 OK", b"{}"))) as trap:
        act = asking(route, f"status={status}, location={trap.url}/elsewhere")
        with pytest.raises(
            side.images.ConnectionFailed, match=f"{trap.url}/elsewhere, and a key goes nowhere but"
        ) as caught:
            side.play(act)
        assert (caught.value.status, caught.value.unsent) == (status, False)
    assert trap.heard == []
    assert side.emulator.posts == 1


# ── Connections ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("route", ROUTES)
def test_where_nobody_listens(side: Side, told: pytest.LogCaptureFixture, route: str):
    with (
        silence() as address,
        pytest.raises(side.images.ConnectionFailed, match=f"POST {address}.*: ConnectError") as caught,
    ):
        side.play(asking(route), base_url=address)
    assert (caught.value.unsent, caught.value.status) == (True, None)
    assert [line.rpartition("; ")[2][:9] for line in resent(told)] == ["attempt 2", "attempt 3"]
    assert [line.count("POST") for line in resent(told)] == [1, 1]


@pytest.mark.parametrize("most", [0, 500_000], ids=["at once", "within the body"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_reset_before_a_request_is_written(side: Side, told: pytest.LogCaptureFixture, most: int, route: str):
    if side.kind == "async":  # it may learn of a reset at once only when it reads: then the outcome counts as unknown
        most = max(most, 100_000)
    with serving(resetting(most)) as broken:
        with pytest.raises(side.images.ConnectionFailed) as caught:
            side.play(asking(route, **LARGE), base_url=broken.url)
        assert caught.value.unsent
    assert len(broken.heard) == 3
    assert all(len(held) < 8_000_000 for held in broken.heard)
    assert len(resent(told)) == 2
    assert "xxxx" not in f"{told.text}{caught.value}"


def test_a_reset_within_the_handshake(side: Side):
    with serving(resetting(1)) as broken, pytest.raises(side.images.ConnectionFailed) as caught:
        side.play(asking("sync"), base_url=broken.url.replace("http://", "https://"))
    assert caught.value.unsent
    assert len(broken.heard) == 3


@pytest.mark.parametrize("route", ROUTES)
def test_a_reset_after_a_large_request_was_written(side: Side, route: str):
    with serving(resetting(8_000_000)) as broken, pytest.raises(side.images.OutcomeUnknown, match=LOST):
        side.play(asking(route, **LARGE), base_url=broken.url)
    assert len(broken.heard) == 1


def test_who_does_not_read_on_gets_no_whole_request(side: Side):
    def dawdling(connection: Any) -> bytes:
        held = connection.recv(1000)
        connection.settimeout(5)
        while connection.recv(1_000_000) if gave_up.wait(5) else b"":
            pass
        return held

    import threading

    gave_up = threading.Event()
    with serving(dawdling) as slow:
        try:
            with pytest.raises(side.images.ConnectionFailed, match="WriteTimeout") as caught:
                side.play(asking("sync", **LARGE), base_url=slow.url, timeout=0.2, max_retries=0)
        finally:
            gave_up.set()
    assert caught.value.unsent


# ── Tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def ending(**waiting: Any) -> Act:
    """Start a task, and wait for it."""

    def act(client: Any) -> Generator[Any, Any, Any]:
        task = yield client.wan2_6_t2i.submit(prompt=PROMPT, n=1)
        return (yield task.wait(**waiting))

    return act


@pytest.mark.parametrize(
    ("fault", "state", "code"),
    [
        ({"task": "UNKNOWN"}, "lost", ""),
        ({"task": "FAILED"}, "failed", "InternalError.Timeout"),
        ({"task": "FAILED", "code": "DataInspectionFailed"}, "failed", "DataInspectionFailed"),
        ({"task": "CANCELED"}, "canceled", ""),
    ],
    ids=str,
)
def test_a_task_that_ends_without_pictures(side: Side, fault: dict[str, str], state: str, code: str):
    side.emulator.script({"when": {"route": "task"}, "fault": fault})
    seen: list[str] = []
    with pytest.raises(side.images.TaskFailed, match=f"is {state}") as caught:
        side.play(ending(on_progress=lambda each: seen.append(each.status)))
    error, [asked] = caught.value, side.emulator.log("/services/")
    assert (error.state, error.code, error.task_id, error.status) == (state, code, asked["task_id"], 200)
    assert error.request_id
    assert seen[-2:] == ["RUNNING", fault["task"]]
    assert ("asking again changes nothing" in str(error)) is (code == "DataInspectionFailed")


def test_a_task_in_a_state_that_no_document_knows_is_waited_for(side: Side):
    side.emulator.script({"when": {"route": "task"}, "fault": {"task": "new"}})
    assert side.play(ending()).images
    assert side.emulator.posts == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 502, "body": "html"},
        {"status": 429, "retry_after": 0},
        {"reset": "before"},
        {"body": "half"},
        {"status": 200, "code": "InternalError"},
    ],
    ids=str,
)
def test_a_question_that_fails_is_asked_again(side: Side, told: pytest.LogCaptureFixture, fault: dict[str, Any]):
    side.emulator.script({"when": TASKS, "times": 3, "fault": fault})
    found = side.play(ending())
    assert found.images
    assert side.emulator.posts == 1
    again = [line for line in told.messages if line.endswith("it is asked again")]
    assert len(again) == 3
    assert all(line.startswith(f"task {found.task_id}: ") for line in again)


@pytest.mark.parametrize(
    ("fault", "raises", "questions"),
    [
        ({"status": 503}, "ServerError", 10),
        ({"reset": "before"}, "ConnectionFailed", 10),
        ({"body": "html"}, "ConnectionFailed", 10),
        ({"status": 401}, "AuthenticationError", 1),
    ],
    ids=str,
)
def test_questions_that_fail_for_ever_tell_of_the_task(side: Side, fault: dict[str, Any], raises: str, questions: int):
    side.emulator.script({"when": TASKS, "fault": fault})
    with pytest.raises(side.images.PlatemarkError, match="goes on and can be waited for again") as caught:
        side.play(ending())
    [asked] = side.emulator.log("/services/")
    assert (type(caught.value).__name__, caught.value.task_id) == (raises, asked["task_id"])
    assert asked["task_id"] in str(caught.value)
    assert len(side.emulator.log("/tasks/")) == questions


@pytest.mark.parametrize("fault", [{"task": "stuck"}, {"status": 429, "retry_after": 3600}], ids=str)
def test_a_task_that_takes_too_long_goes_on(side: Side, fault: dict[str, Any]):
    when = {"route": "task"} if "task" in fault else TASKS
    side.emulator.script({"when": when, "fault": fault})
    with pytest.raises(side.images.TaskTimeout, match="goes on and can be waited for again") as caught:
        side.play(ending(timeout=0.1))
    [asked] = side.emulator.log("/services/")
    assert caught.value.task_id == asked["task_id"]
    side.emulator.script()

    def resume(client: Any) -> Generator[Any, Any, Any]:
        return (yield client.tasks.get(caught.value.task_id))

    assert side.play(resume).meaning != "lost"
    assert side.emulator.posts == 1


# ── Any of them, one after the other ──────────────────────────────────────────────────────────────────────────────

REFUSED, PASSING = "surely not accepted", "accepted"
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "rate": (REFUSED, {"status": 429, "retry_after": 0}),
    "burst": (REFUSED, {"code": "Throttling.BurstRate"}),
    "quota": ("", {"code": "Throttling.AllocationQuota"}),
    "reset": ("", {"reset": "before", "accepted": True}),
    "close": ("", {"close": "after"}),
    "gateway": ("", {"status": 502}),
    "failure": ("", {"status": 500}),
    "half": ("", {"body": "half"}),
    "well": (PASSING, {"latency": 0}),
}


@pytest.mark.parametrize("route", ROUTES)
def test_no_faults_in_any_order_ask_for_pictures_twice(side: Side, route: str):
    @settings(max_examples=15)
    @given(names=st.lists(st.sampled_from(sorted(FAULTS)), max_size=5), retries=st.integers(0, 4))
    def hold(names: list[str], retries: int) -> None:
        side.emulator.client.post("/_control/reset")
        side.emulator.script(*({"when": {"route": route}, "times": 1, "fault": FAULTS[name][1]} for name in names))
        with suppress(side.images.PlatemarkError):
            side.play(asking(route), max_retries=retries)
        refused = 0
        while refused < len(names) and FAULTS[names[refused]][0] == REFUSED:
            refused += 1
        assert side.emulator.posts == 1 + min(refused, retries)

    hold()
