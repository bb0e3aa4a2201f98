"""Faults of the emulator, over real connections: each by header and by script, and whose turn it is."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from http.client import HTTPConnection, IncompleteRead
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from PIL import Image

import platemark
from emulation import ASYNC, AUTH, BASE, MULTIMODAL, STREAM, TEXT2IMAGE, VTRIX, messages, prompted
from platemark import api as public
from platemark import cli
from platemark.emulator import BadFaults, Dropped, create_app, running
from platemark.ir import Ir
from platemark.problems import Invalid
from platemark.wire import scripts, skeletons
from platemark.wire.faults import HEADER, SWITCHES, Fault, read

ROOT = Path(__file__).parents[1]
INTERLEAVED = messages("wan2.6-image", enable_interleave=True, max_images=2, stream=True)
IMPATIENT = 0.2
TIMEOUT = httpx2.Timeout(10, read=IMPATIENT)
REQUESTS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "sync": (MULTIMODAL, AUTH, messages("wan2.6-t2i", n=1)),
    "stream": (MULTIMODAL, STREAM, INTERLEAVED),
    "task": (TEXT2IMAGE, ASYNC, prompted("wan2.2-t2i-flash", n=3)),
}


class Emulator:
    """A client of an emulator under control, in which only questions move tasks on."""

    def __init__(self, url: str, client: httpx2.Client) -> None:
        self.url = url
        self.client = client

    def ask(self, route: str = "sync", fault: str = "", **more: Any) -> httpx2.Response:
        path, headers, body = REQUESTS[route]
        return self.client.post(path, headers={**headers, **({HEADER: fault} if fault else {})}, json=body, **more)

    def script(self, *entries: dict[str, Any]) -> None:
        assert self.client.post("/_control/faults", json=list(entries)).status_code == 200

    def left(self) -> list[int | None]:
        return [entry["left"] for entry in self.client.get("/_control/faults").json()["faults"]]

    def query(self, task: str) -> dict[str, Any]:
        return self.client.get(f"{BASE}/tasks/{task}", headers=AUTH).json()

    def states(self, fault: str, questions: int = 4) -> list[str]:
        task = self.ask("task", fault).json()["output"]["task_id"]
        return [self.query(task)["output"]["task_status"] for _ in range(questions)]

    def tasks(self) -> int:
        return self.client.get(f"{BASE}/tasks/", headers=AUTH).json()["total"]

    def log(self) -> list[dict[str, Any]]:
        return self.client.get("/_control/log").json()["entries"]

    def picture(self) -> str:
        return self.ask().json()["output"]["choices"][0]["message"]["content"][0]["image"]

    def connect(self, route: str, fault: str) -> socket.socket:
        """A connection on which a request was written, and nothing read."""
        path, headers, body = REQUESTS[route]
        sent = json.dumps(body).encode()
        held = {**headers, HEADER: fault, "Host": "x", "Content-Type": "application/json", "Content-Length": len(sent)}
        head = "".join(f"{name}: {value}\r\n" for name, value in held.items())
        at = urlsplit(self.url)
        made = socket.create_connection((at.hostname, at.port or 0), timeout=10)
        made.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + sent)
        return made


@pytest.fixture(scope="module")
def server(ir: Ir) -> Iterator[Emulator]:
    with running(ir, pace=0, control=True) as found, httpx2.Client(base_url=found.url, timeout=10) as client:
        yield Emulator(found.url, client)


@pytest.fixture
def emulator(server: Emulator) -> Iterator[Emulator]:
    server.client.post("/_control/reset")
    yield server
    server.client.delete("/_control/faults")


def received(connection: socket.socket, patience: float = 10) -> tuple[bytes, str]:
    """All that arrives, and how it ends: `reset`, `closed`, or `silence` where nothing comes for so many seconds."""
    held = b""
    with connection:
        connection.settimeout(patience)
        try:
            while part := connection.recv(65536):
                held += part
                connection.settimeout(2.5 * IMPATIENT)
        except ConnectionResetError:
            return held, "reset"
        except TimeoutError:
            return held, "silence"
    return held, "closed"


# ── Connections ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("route", REQUESTS)
@pytest.mark.parametrize(("name", "ends"), [("reset", "reset"), ("close", "closed"), ("hang", "silence")])
def test_an_answer_breaks_off_before_its_first_byte_or_halfway(emulator: Emulator, name: str, ends: str, route: str):
    patience = IMPATIENT if name == "hang" else 10
    assert received(emulator.connect(route, f"{name}=before"), patience) == (b"", ends)
    held, how = received(emulator.connect(route, f"{name}=after"))
    assert how == ends
    head, _, body = held.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    if route == "stream":
        assert b"data:" in body
        assert not body.endswith(b"0\r\n\r\n")
    else:
        promised = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert len(body) == promised // 2


def test_a_body_that_is_cut_short_is_noticed_by_its_length(emulator: Emulator):
    path, headers, body = REQUESTS["sync"]
    at = urlsplit(emulator.url)
    connection = HTTPConnection(at.hostname or "", at.port)
    sent = {**headers, HEADER: "close=after", "Content-Type": "application/json"}
    connection.request("POST", path, json.dumps(body), sent)
    with pytest.raises(IncompleteRead):
        connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize("fault", ["latency=30", "hang=before", "hang=after", "pause=30", "hang=before, latency=0.01"])
def test_who_does_not_wait_long_enough_gets_nothing(emulator: Emulator, fault: str):
    with pytest.raises(httpx2.ReadTimeout):
        emulator.ask("sync", fault, timeout=TIMEOUT)


def test_a_little_latency_does_no_harm(emulator: Emulator):
    for fault in ("latency=0.01", "latency=10 ms", "pause=1 ms"):
        assert emulator.ask("stream", fault).text.count("\n\n") > 3


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        ("reset=before", 0),
        ("close=before", 0),
        ("status=503", 0),
        ("code=InternalError", 0),
        ("reset=before, accepted", 1),
        ("close=before, accepted", 1),
        ("status=502, accepted=true", 1),
        ("reset=after", 1),
        ("close=after", 1),
        ("body=empty", 1),
    ],
)
def test_what_was_accepted_is_done_before_the_answer_is_lost(emulator: Emulator, fault: str, made: int):
    try:
        answer = emulator.ask("task", fault)
        assert answer.status_code != 200 or not answer.content
    except (httpx2.ReadError, httpx2.RemoteProtocolError):
        pass
    assert emulator.tasks() == made
    entry = emulator.log()[0]
    assert (entry["model"], entry["route"]) == ("wan2.2-t2i-flash", "task")
    assert entry["verdict"] == ("accept" if made else "")
    asked = {part if "=" in part else f"{part}=true" for part in fault.split(", ")}
    assert asked <= set(entry["fault"].split(", "))


def test_a_server_stops_although_answers_are_held_back(ir: Ir):
    before = set(threading.enumerate())
    with running(ir) as found:
        emulator = Emulator(found.url, httpx2.Client())
        held = [
            emulator.connect(route, fault)
            for route, fault in (("sync", "hang=before"), ("stream", "hang=after"), ("task", "latency=60"))
        ]
        held[1].recv(10)
    assert set(threading.enumerate()) <= before
    assert received(held[0])[1] in {"reset", "closed"}
    for connection in held[1:]:
        connection.close()


def test_in_process_a_lost_connection_is_an_exception(ir: Ir):
    async def ask(fault: str) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=create_app(ir))
        async with httpx2.AsyncClient(transport=transport, base_url="http://emulator") as client:
            path, headers, body = REQUESTS["sync"]
            return await client.post(path, headers={**headers, HEADER: fault}, json=body)

    for fault in ("reset=before", "reset=after", "close=after"):
        with pytest.raises(Dropped, match=fault):
            asyncio.run(ask(fault))
    assert asyncio.run(ask("status=429, latency=0.01")).status_code == 429
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(ask("hang=before"), IMPATIENT))


# ── Errors and bodies ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("status=500", 500, "InternalError"),
        ("status=503", 503, "ModelUnavailable"),
        ("status=429", 429, "Throttling.RateQuota"),
        ("code=Throttling.AllocationQuota", 429, "Throttling.AllocationQuota"),
        ("status=401", 401, "InvalidApiKey"),
        ("status=200", 200, "InternalError"),
        ("status=200, code=DataInspectionFailed", 200, "DataInspectionFailed"),
        ("status=418, code=InternalError", 418, "InternalError"),
    ],
)
def test_an_error_is_one_that_is_documented(emulator: Emulator, fault: str, status: int, code: str):
    for route in ("sync", "task"):
        answer = emulator.ask(route, fault)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert set(answer.json()) == {"code", "message", "request_id"}
        assert answer.headers[HEADER].startswith(fault)
        assert "X-Platemark-Verdict" not in answer.headers
    answer = emulator.ask("stream", fault)
    assert answer.status_code == status
    assert answer.text.startswith("id:1\nevent:error\n")
    assert f'"code":"{code}"' in answer.text


@pytest.mark.parametrize(
    "fault", ["status=502", "status=504", "status=599", "status=503, body=html", "status=502,accepted"]
)
def test_a_proxy_speaks_html(emulator: Emulator, fault: str):
    for route in REQUESTS:
        answer = emulator.ask(route, fault)
        assert answer.status_code == int(fault[7:10])
        assert answer.headers["content-type"] == "text/html"
        assert "<h1>5" in answer.text


def test_when_to_come_again_and_where_to_go_is_told_in_headers(emulator: Emulator):
    assert "Retry-After" not in emulator.ask("sync", "status=429").headers
    assert emulator.ask("sync", "status=429, retry_after=7").headers["Retry-After"] == "7"
    moved = emulator.ask("sync", "status=307, location=http://127.0.0.1:9/x", follow_redirects=False)
    assert (moved.status_code, moved.headers["Location"]) == (307, "http://127.0.0.1:9/x")
    assert emulator.ask("sync", "status=302", follow_redirects=False).headers["Location"] == "/"


def test_a_status_without_a_body_has_none(emulator: Emulator):
    for status in (204, 304):
        answer = emulator.ask("sync", f"status={status}")
        assert (answer.status_code, answer.content) == (status, b"")


def test_a_body_may_be_anything(emulator: Emulator):
    half = emulator.ask("sync", "body=half")
    assert half.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        half.json()
    assert emulator.ask("sync", "body=empty").content == b""
    assert emulator.ask("sync", "body=html").headers["content-type"] == "text/html"
    other = emulator.ask("sync", "content_type=text/plain; charset=utf-8")
    assert other.headers["content-type"] == "text/plain; charset=utf-8"
    assert other.json()["output"]
    with pytest.raises(ValueError, match=r"codec|Invalid|Expecting"):
        emulator.ask("sync", "corrupt").json()


@pytest.mark.parametrize("route", ["sync", "task"])
def test_what_no_document_knows_is_added_and_nothing_taken_away(emulator: Emulator, ir: Ir, route: str):
    answer = emulator.ask(route, "extra").json()

    def all_maps(data: Any) -> Iterator[dict[str, Any]]:
        if isinstance(data, dict):
            yield data
        for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
            yield from all_maps(part)

    assert all("x_platemark" in found or found.keys() == {"since", "values"} for found in all_maps(answer))
    provider = ir.provider("dashscope")
    if route == "sync":
        _, found = skeletons.find(provider.results["choice_per_image"], answer)
        assert [element.kind for element in found] == ["images"]
        assert len(answer["output"]["choices"]) == 2
    else:
        assert provider.tasks
        assert skeletons.find(provider.tasks.created, answer)[0]["status"] == "PENDING"


# ── Streams ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stream_ends_early(emulator: Emulator):
    whole = emulator.ask("stream").text
    cut = emulator.ask("stream", "cut=2").text
    assert cut.count("\n\n") == 2 < whole.count("\n\n")
    assert cut.endswith("\n\n")
    torn = emulator.ask("stream", "tear=2").text
    assert torn.count("\n\n") == 1
    assert torn.partition("\n\n")[2].startswith("id:2\n")
    assert emulator.ask("stream", "cut=0").text == ""
    assert emulator.ask("stream", "cut=9999").text.count("\n\n") == whole.count("\n\n")
    assert "x_platemark" in emulator.ask("stream", "extra, cut=1").text


def test_a_stream_ends_with_an_error(emulator: Emulator):
    *_, last, rest = emulator.ask("stream", "cut=2, code=InternalError.Algo").text.split("\n\n")
    assert rest == ""
    assert last.startswith("id:3\nevent:error\n:HTTP_STATUS/500\n")
    assert '"code":"InternalError.Algo"' in last


@pytest.mark.parametrize(
    ("fault", "ends", "events"),
    [("cut=2, reset=after", "reset", 2), ("tear=2, reset=after", "reset", 1), ("cut=1, close=after", "closed", 1),
     ("cut=3, hang=after", "silence", 3)],
)  # fmt: skip
def test_a_stream_breaks_off_where_it_was_cut(emulator: Emulator, fault: str, ends: str, events: int):
    held, how = received(emulator.connect("stream", fault))
    assert how == ends
    assert held.count(b"\n\n") == events


# ── Tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fate", "ends"),
    [
        ("stuck", ["RUNNING", "RUNNING"]),
        ("RUNNING", ["RUNNING", "RUNNING"]),
        ("FAILED", ["FAILED", "FAILED"]),
        ("failed", ["FAILED", "FAILED"]),
        ("canceled", ["CANCELED", "CANCELED"]),
        ("UNKNOWN", ["UNKNOWN", "UNKNOWN"]),
        ("lost", ["UNKNOWN", "UNKNOWN"]),
        ("new", ["X-PLATEMARK-NEW", "SUCCEEDED"]),
    ],
)
def test_a_task_ends_as_it_is_asked_to(emulator: Emulator, fate: str, ends: list[str]):
    assert emulator.states(f"task={fate}") == ["PENDING", "RUNNING", *ends]


def test_a_task_that_fails_says_why(emulator: Emulator):
    for more, code in (("", "InternalError"), (", code=DataInspectionFailed", "DataInspectionFailed")):
        task = emulator.ask("task", f"task=FAILED{more}").json()["output"]["task_id"]
        done = [emulator.query(task)["output"] for _ in range(3)][-1]
        assert done["code"].startswith(code)
        assert done["message"]
        assert "results" not in done


def test_a_lost_task_is_not_listed_and_a_stuck_one_can_not_be_canceled(emulator: Emulator):
    emulator.states("task=lost")
    assert emulator.tasks() == 0
    task = emulator.ask("task", "task=stuck").json()["output"]["task_id"]
    assert [emulator.query(task)["output"]["task_status"] for _ in range(3)] == ["PENDING", "RUNNING", "RUNNING"]
    assert emulator.client.post(f"{BASE}/tasks/{task}/cancel", headers=AUTH).json()["code"] == "UnsupportedOperation"


def test_some_items_of_a_result_fail(emulator: Emulator):
    for more, code in (("", "InternalError"), (", code=IPInfringementSuspect", "IPInfringementSuspect")):
        task = emulator.ask("task", f"failures=2{more}").json()["output"]["task_id"]
        done = [emulator.query(task) for _ in range(3)][-1]
        assert done["output"]["task_status"] == "SUCCEEDED"
        assert ["url" in item for item in done["output"]["results"]] == [True, False, False]
        assert all(item["code"].startswith(code) and item["message"] for item in done["output"]["results"][1:])
        assert done["usage"]["image_count"] == 1


def test_other_services_fail_in_their_own_words(ir: Ir):
    lumen = platemark.resolve(platemark.load(ROOT / "tests" / "specs_extra"))
    model = next(offer.model for family in lumen.families for offer in family.offers if offer.route == "task")
    key = {"X-Lumen-Key": "sk-test-lumen", "X-Lumen-Mode": "queue"}
    with running(lumen, pace=0) as found, httpx2.Client(base_url=f"{found.url}/v2", headers=key) as client:
        body = {"model": model, "text": "A kite"}
        dark = client.post("/pictures", headers={HEADER: "status=503"}, json=body)
        assert (dark.status_code, dark.json()["fault"]["id"]) == (503, "dark")
        for fate, word in (("failed", "broken"), ("broken", "broken"), ("lost", "gone"), ("stuck", "drawing")):
            made = client.post("/pictures", headers={HEADER: f"task={fate}"}, json=body).json()["job"]["id"]
            assert [client.get(f"/jobs/{made}").json()["job"]["state"] for _ in range(3)][-1] == word
    with running(ir, pace=0) as found, httpx2.Client(base_url=found.url, headers=AUTH) as client:
        body = messages("vtrix_qwen_image_edit_plus", images=("https://example.com/a.png",))
        body["model"] = next(model.id for family in ir.families_of("vtrix") for model in family.models)
        gone = client.post(VTRIX, headers={HEADER: "status=503"}, json=body)
        assert (gone.status_code, gone.json()["error"]["code"]) == (503, 503)
        made = client.post(VTRIX, headers={HEADER: "task=lost"}, json=body).json()["id"]
        assert [client.get(f"{VTRIX}/task/{made}").status_code for _ in range(2)][-1] == 404
        told = client.post(VTRIX, headers={HEADER: "code=InternalError"}, json=body)
        assert (told.status_code, told.json()["error"][:26]) == (400, "code: vtrix has no error I")


# ── Pictures ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_picture_is_expired_cut_short_slow_or_damaged(emulator: Emulator):
    address = emulator.picture()
    get = emulator.client.get
    emulator.script({"when": {"path": "/pictures/*"}, "fault": {"status": 404}, "times": 1})
    assert get(address).status_code == 404
    whole = get(address).content
    emulator.script({"when": {"path": "/pictures/*"}, "fault": {"close": "after"}})
    held = b""
    with pytest.raises(httpx2.RemoteProtocolError), emulator.client.stream("GET", address) as answer:
        for part in answer.iter_bytes():
            held += part
    assert held == whole[: len(whole) // 2]
    emulator.script({"when": {"path": "/pictures/*"}, "fault": {"pause": "30 s"}})
    with pytest.raises(httpx2.ReadTimeout):
        get(address, timeout=TIMEOUT)
    damaged = get(address, headers={HEADER: "corrupt"})
    assert (damaged.headers["content-length"], len(damaged.content)) == (str(len(whole)), len(whole))
    with pytest.raises((OSError, SyntaxError)), Image.open(BytesIO(damaged.content)) as image:
        image.load()
    emulator.script()
    assert get(address).content == whole


# ── Headers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("route", "fault", "said"),
    [
        ("sync", "statsu=503", "statsu: is not known; did you mean status?"),
        ("sync", "status=99", "status: must be 200 to 599, not 99"),
        ("sync", "status=²", 'status: must be 200 to 599, not "'),
        ("sync", "latency=61", "latency: must be seconds, 0 to 60"),
        ("sync", "latency=61 s", "latency: must be 0 to 60 seconds"),
        ("sync", "latency=-1", "latency: must be seconds, 0 to 60"),
        ("sync", "reset=maybe", "reset: must be before, after, not"),
        ("sync", "reset=before, hang=after", "hang: can't be beside `reset`"),
        ("sync", "status=500, status=503", "status: stands here twice"),
        ("sync", "", "the fault:"),
        ("sync", "accepted", "accepted: says nothing without"),
        ("sync", "location=/x", "location: needs a `status`"),
        ("sync", "code=Thortling", "code: dashscope has no error Thortling; known: InvalidParameter"),
        ("sync", "cut=2", "cut: can be done to a stream request only; this one is by the sync route"),
        ("stream", "task=FAILED", "task: can be done to a task request only; this one is by the stream route"),
        ("stream", "tear=1, code=InternalError", "code: can't be beside `tear`"),
        ("task", "task=SUCCEEDED", "task: dashscope knows stuck, new, failed"),
        ("task", "task=FAILED, failures=1", "failures: can't be beside `task`"),
        ("task", "task=FAILED, status=500", "task: can't be beside `status`"),
    ],
)  # fmt: skip
def test_a_header_that_can_not_be_followed_is_explained(emulator: Emulator, route: str, fault: str, said: str):
    path, headers, body = REQUESTS[route]
    answer = emulator.client.post(path, headers={**headers, HEADER: fault.encode("latin-1")}, json=body)  # type: ignore[dict-item]
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)
    assert list(answer.json()["faults"]) == [switch.name for switch in SWITCHES]


def test_an_upload_can_fail_too(emulator: Emulator):
    answer = emulator.client.post("/uploads/dashscope", headers={HEADER: "status=503"}, files={"file": b"x"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html")


def test_a_file_knows_no_codes(emulator: Emulator):
    answer = emulator.client.get(emulator.picture(), headers={HEADER: "code=InternalError"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "code: can be done to a service request only; this one is for a file"


EXAMPLES: dict[str, tuple[str, str]] = {
    "latency": ("sync", "latency=0.01"),
    "pause": ("stream", "pause=0.001"),
    "reset": ("sync", "reset=after"),
    "close": ("sync", "close=before"),
    "hang": ("sync", "hang=before"),
    "accepted": ("sync", "accepted=true, status=500"),
    "status": ("sync", "status=503"),
    "code": ("sync", "code=Throttling.BurstRate"),
    "retry_after": ("sync", "retry_after=3, status=429"),
    "location": ("sync", "location=/x, status=307"),
    "body": ("sync", "body=half"),
    "content_type": ("sync", "content_type=text/html"),
    "corrupt": ("sync", "corrupt=true"),
    "extra": ("sync", "extra=true"),
    "cut": ("stream", "cut=1"),
    "tear": ("stream", "tear=3"),
    "task": ("task", "task=FAILED"),
    "failures": ("task", "failures=1"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_header_and_script_do_the_same(emulator: Emulator, name: str):
    route, text = EXAMPLES[name]
    data, wrong = scripts.from_header(text)
    assert not wrong

    def outcome(ask: Callable[[], httpx2.Response]) -> Any:
        try:
            answer = ask()
        except httpx2.TransportError as error:
            return type(error)
        assert answer.headers[HEADER]
        told = ("content-type", "content-length", "retry-after", "location", HEADER)
        return answer.status_code, [answer.headers.get(each) for each in told], len(answer.content)

    by_header = outcome(lambda: emulator.ask(route, text, timeout=TIMEOUT if name == "hang" else 10))
    emulator.script({"fault": data, "when": {"route": route}})
    assert outcome(lambda: emulator.ask(route, timeout=TIMEOUT if name == "hang" else 10)) == by_header


@given(st.text() | st.lists(st.sampled_from([text for _, text in EXAMPLES.values()])).map(", ".join))
def test_any_header_is_read_or_explained(text: str):
    data, wrong = scripts.from_header(text)
    if wrong:
        assert all(scripts.told(each) for each in wrong)
    else:
        fault = read(data)
        again, problems = scripts.from_header(str(fault))
        assert (read(again), problems) == (fault, [])


def test_every_fault_has_an_example_a_field_and_a_row():
    names = [switch.name for switch in SWITCHES]
    assert sorted(EXAMPLES) == sorted(names)
    assert [each.name for each in fields(Fault)] == names
    page = (ROOT / "docs" / "emulator.md").read_text("utf-8")
    rows = [f"| `{switch.name}` | {switch.about} | {switch.values} |" for switch in SWITCHES]
    assert "\n".join(rows) in page


# ── Scripts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_entry_that_matches_and_has_turns_left_applies(emulator: Emulator):
    emulator.script(
        {"when": {"route": "sync"}, "skip": 1, "times": 2, "fault": {"status": 503}},
        {"when": {"route": "sync"}, "times": 1, "fault": {"status": 401}},
        {"when": {"route": "task"}, "fault": {"status": 500}},
    )
    assert emulator.left() == [2, 1, None]
    assert [emulator.ask().status_code for _ in range(2)] == [401, 503]
    assert emulator.left() == [1, 0, None]
    assert emulator.ask("sync", "status=404").status_code == 404  # a header takes no turn
    assert [emulator.ask().status_code for _ in range(3)] == [503, 200, 200]
    assert [emulator.ask("task").status_code for _ in range(3)] == [500] * 3
    assert emulator.left() == [0, 0, None]


@pytest.mark.parametrize(
    ("when", "hit"),
    [
        ({}, {"sync", "stream", "task", "list"}),
        ({"model": "wan2.6-t2i"}, {"sync"}),
        ({"route": "stream"}, {"stream"}),
        ({"mode": "text_to_image"}, {"sync", "task"}),
        ({"mode": "interleave", "model": "wan2.6-image"}, {"stream"}),
        ({"method": "GET"}, {"list"}),
        ({"path": f"{BASE}/tasks*"}, {"list"}),
        ({"path": "*generation/generation"}, {"sync", "stream"}),
        ({"path": BASE}, set()),
        ({"account": "sk-test-emulator", "route": "sync"}, {"sync"}),
        ({"account": "sk-test-other"}, set()),
    ],
)
def test_an_entry_matches_what_it_names(emulator: Emulator, when: dict[str, str], hit: set[str]):
    emulator.script({"when": when, "fault": {"status": 503}})
    found = {route for route in REQUESTS if emulator.ask(route).status_code == 503}
    found |= {"list"} if emulator.client.get(f"{BASE}/tasks/", headers=AUTH).status_code == 503 else set()
    assert found == hit


def test_an_entry_passes_over_what_its_fault_can_not_be_done_to(emulator: Emulator):
    emulator.script({"fault": {"cut": 1}, "times": 1}, {"fault": {"task": "FAILED"}, "times": 1})
    assert [emulator.ask(route).status_code for route in ("sync", "sync", "task", "stream")] == [200] * 4
    assert emulator.left() == [0, 0]


def test_an_unreadable_request_is_hit_too(emulator: Emulator):
    emulator.script({"when": {"route": "sync"}, "fault": {"status": 503}})
    answer = emulator.client.post(MULTIMODAL, headers=AUTH, content=b"{")
    assert answer.status_code == 503
    assert emulator.client.post(MULTIMODAL, content=b"").status_code == 503


def test_a_script_is_controlled_from_outside(emulator: Emulator):
    at = "/_control/faults"
    entry = {"when": {"route": "task"}, "times": 3, "fault": {"latency": "1 ms"}}
    assert emulator.client.post(at, json=[entry]).json() == {"faults": [{**entry, "left": 3}]}
    empty: Any = {"fault": {}}
    for wrong in ([{"fault": {"sttaus": 1}}], [empty], empty, "x", 3, [[]], [{"when": {}}], [entry] * 1001):
        answer = emulator.client.post(at, json=wrong)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert emulator.client.post(at, content=b"[").status_code == 400
    assert emulator.left() == [3]
    assert emulator.client.delete(at).json() == {"faults": []}
    emulator.client.post(at, json=[entry])
    emulator.client.post("/_control/reset")
    assert emulator.left() == []


def test_a_reset_brings_the_script_of_the_start_back(ir: Ir, api: httpx2.Client):
    assert api.get("/_control/faults").status_code == 404
    script = [{"times": 1, "fault": {"status": 503}}]
    with running(ir, control=True, faults=script) as found, httpx2.Client(base_url=found.url) as client:
        emulator = Emulator(found.url, client)
        assert [emulator.ask().status_code for _ in range(2)] == [503, 200]
        client.delete("/_control/faults")
        client.post("/_control/reset")
        assert [emulator.ask().status_code for _ in range(2)] == [503, 200]


def test_all_that_is_wrong_with_plain_data_is_told(ir: Ir):
    script = [{"fault": {"status": 1}, "skpi": 2}, {"fault": {"hang": True}}]
    with pytest.raises(BadFaults) as raised:
        create_app(ir, faults=script)
    assert str(raised.value).splitlines() == [
        "[0].fault.status: must be 200 to 599, not 1",
        "[0].skpi: is not known; did you mean skip?",
        "[1].fault.hang: must be before, after, not true",
    ]
    with pytest.raises(BadFaults, match=r"no model is called `wan9`"):
        create_app(ir, faults=[{"when": {"model": "wan9"}, "fault": {"status": 500}}])


SCRIPT = """\
- when: {model: wan2.6-t2i, route: sync}
  skip: 1
  times: 2
  fault: {latency: 2.5 s, status: 503}
- fault: {reset: after}
"""

BAD = {
    "the shape": (
        "- when: {modle: z, route: no}\n  tmies: 2\n  fault: {status: 9, extra: false, latency: x}\n- times: 0\n",
        [
            "f.yaml:1:10: unknown-key: unknown key `modle`",
            "f.yaml:1:27: bad-value: `route` can't be `no`",
            "f.yaml:2:3: unknown-key: unknown key `tmies`",
            "f.yaml:3:11: bad-value: `status` must be at least 200",
            "f.yaml:3:29: bad-value: `extra` can't be `false`",
            "f.yaml:3:45: bad-form: `latency` can't be written `x`",
            "f.yaml:4:3: bad-value: `times` must be at least 1",
            "f.yaml:4:3: missing-key: item 2 of the file has no `fault`",
        ],
    ),
    "names": (
        "- when: {model: wan2.6-t2x, mode: edti}\n  fault: {code: InternalErorr}\n- fault: {task: SUCEEDED}\n",
        [
            "f.yaml:1:10: unknown-model: no model is called `wan2.6-t2x`",
            "f.yaml:1:29: unknown-mode: no mode is called `edti`",
            "f.yaml:2:11: unknown-code: no code is called `InternalErorr`",
            "f.yaml:3:11: unknown-state: no state is called `SUCEEDED`",
        ],
    ),
    "what does not fit": (
        "- fault: {reset: before, close: after}\n- fault: {accepted: true}\n- fault: {latency: 100 s}\n",
        [
            "f.yaml:1:26: bad-value: can't be beside `reset`: an answer has one of reset, close, hang",
            "f.yaml:2:11: bad-value: says nothing without `status`, `code`, `reset`, `close` or `hang`",
            "f.yaml:3:11: bad-value: must be 0 to 60 seconds",
        ],
    ),
    "decimals": ("- fault: {latency: 2.5}\n", ["f.yaml:1:20: no-floats: `2.5` is a decimal number"]),
    "nothing": ("", ["f.yaml:1:1: bad-type: the file is empty"]),
    "no list": ("x: 1\n", ['f.yaml:1:1: bad-type: the file must be a list, not `{"x": 1}`']),
}  # fmt: skip


def test_a_script_in_yaml_is_read(ir: Ir):
    data = public.faults(SCRIPT.encode(), "f.yaml", ir)
    first, second = scripts.entries(data)
    assert first.fault == Fault(latency=2.5, status=503)
    assert (first.when, first.skip, first.times) == ({"model": "wan2.6-t2i", "route": "sync"}, 1, 2)
    assert (second.fault, second.when, second.times) == (Fault(reset="after"), {}, None)


def test_the_script_of_the_page_is_one(ir: Ir):
    page = (ROOT / "docs" / "emulator.md").read_text("utf-8")
    assert len(public.faults(page.split("```yaml\n")[1].split("```")[0].encode(), "page", ir)) == 3


@pytest.mark.parametrize("name", BAD)
def test_all_that_is_wrong_with_a_script_is_listed(name: str, ir: Ir):
    text, problems = BAD[name]
    with pytest.raises(Invalid) as raised:
        public.faults(text.encode(), "f.yaml", ir)
    assert [problem.render().splitlines()[0] for problem in raised.value.problems] == problems


def test_serve_lists_what_is_wrong_with_a_script_and_does_not_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "f.yaml").write_text(BAD["names"][0], encoding="utf-8")
    assert cli.run(["serve", "--port", "0", "--faults", str(tmp_path / "f.yaml"), "--specs", str(ROOT / "specs")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("f.yaml:") == 4
    assert "hint: did you mean wan2.6-t2i?" in said.err


def test_a_script_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]):
    assert cli.run(["serve", "--faults", "nowhere.yaml", "--specs", str(ROOT / "specs")]) == 2
    assert "nowhere.yaml: No such file" in capsys.readouterr().err


def test_the_schema_of_a_script_is_sound():
    Draft202012Validator.check_schema(scripts.schema())
    script = [{"fault": {"latency": 0.5, "status": 503.0}, "when": {"path": "/x"}, "times": 1.0}]
    assert scripts.departures(script) == []
    assert str(scripts.entries(script)[0].fault) == "latency=0.5, status=503"
