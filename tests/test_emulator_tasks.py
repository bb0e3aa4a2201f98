"""Tasks of the emulator: they move on by questions and by time, and can be listed and canceled."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from emulation import ASYNC, AUTH, BASE, TEXT2IMAGE, prompted
from platemark.emulator import Clock, running
from platemark.ir import Ir


class Desk:
    """A client of a task service whose clock stands still."""

    def __init__(self, client: httpx2.Client, clock: Clock) -> None:
        self.client = client
        self.clock = clock

    def create(self, model: str = "wan2.2-t2i-flash", headers: dict[str, str] = ASYNC) -> str:
        answer = self.client.post(
            TEXT2IMAGE, headers=headers, json=prompted(model, n=1) if "qwen" not in model else prompted(model)
        ).json()
        assert answer["output"]["task_status"] == "PENDING"
        return answer["output"]["task_id"]

    def query(self, task: str, headers: dict[str, str] = AUTH) -> dict[str, Any]:
        answer = self.client.get(f"{BASE}/tasks/{task}", headers=headers)
        assert answer.status_code == 200
        return answer.json()["output"]

    def list(self, **filters: Any) -> dict[str, Any]:
        return self.client.get(f"{BASE}/tasks/", headers=AUTH, params=filters).json()


@pytest.fixture
def desk(ir: Ir) -> Iterator[Desk]:
    clock = Clock(lambda: 1_700_000_000.0)
    with running(ir, clock=clock, pace=60) as server, httpx2.Client(base_url=server.url) as client:
        yield Desk(client, clock)


def test_a_task_is_moved_on_by_questions(desk: Desk):
    task = desk.create()
    assert [desk.query(task)["task_status"] for _ in range(4)] == ["PENDING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]


def test_a_task_is_moved_on_by_time(desk: Desk):
    task = desk.create()
    desk.clock.advance(61)
    running = desk.query(task)
    assert (running["task_status"], running["scheduled_time"]) == ("RUNNING", "2023-11-15 06:14:20.000")
    assert "results" not in running
    assert "end_time" not in running
    desk.clock.advance(60)
    done = desk.query(task)
    assert done["task_status"] == "SUCCEEDED"
    assert (done["submit_time"], done["end_time"]) == ("2023-11-15 06:13:20.000", "2023-11-15 06:15:20.000")
    assert done["task_metrics"] == {"TOTAL": 1, "SUCCEEDED": 1, "FAILED": 0}


def test_a_task_expires_and_belongs_to_its_key(desk: Desk):
    task = desk.create()
    assert desk.query(task, {"Authorization": "Bearer sk-test-other"}) == {"task_id": task, "task_status": "UNKNOWN"}
    assert desk.query("no-such-task")["task_status"] == "UNKNOWN"
    desk.clock.advance(24 * 3600 - 1)
    assert desk.query(task)["task_status"] == "SUCCEEDED"
    desk.clock.advance(1)
    assert desk.query(task)["task_status"] == "UNKNOWN"
    assert desk.list()["total"] == 0


def test_only_a_pending_task_can_be_canceled(desk: Desk):
    task = desk.create()
    path = f"{BASE}/tasks/{task}/cancel"
    assert set(desk.client.post(path, headers=AUTH).json()) == {"request_id"}
    assert desk.query(task)["task_status"] == "CANCELED"
    again = desk.client.post(path, headers=AUTH)
    assert (again.status_code, again.json()["code"]) == (400, "UnsupportedOperation")
    desk.clock.advance(1000)
    assert desk.query(task)["task_status"] == "CANCELED"
    assert "results" not in desk.query(task)


def test_tasks_are_listed_by_page_and_filter(desk: Desk):
    tasks = [desk.create() for _ in range(3)]
    desk.clock.advance(100)
    tasks.append(desk.create("qwen-image"))
    page = desk.list(page_size=3)
    assert {key: value for key, value in page.items() if key != "data"} == {
        "total": 4,
        "total_page": 2,
        "page_no": 1,
        "page_size": 3,
    }
    assert [row["task_id"] for row in page["data"]] == tasks[:0:-1]
    assert [row["task_id"] for row in desk.list(page_size=3, page_no=2)["data"]] == tasks[:1]
    assert [row["task_id"] for row in desk.list(model_name="qwen-image")["data"]] == tasks[3:]
    assert [row["status"] for row in desk.list(status="RUNNING")["data"]] == ["RUNNING"] * 3
    assert desk.list(task_id=tasks[0])["data"][0]["start_time"] == 1_700_000_060_000
    assert desk.list(start_time="20231115061330")["total"] == 1
    assert desk.list(end_time="20231115061330")["total"] == 3


def test_a_list_spans_as_much_as_the_spec_says(desk: Desk):
    task = desk.create()
    day = {"start_time": "20231114061320", "end_time": "20231115061320"}
    assert [row["task_id"] for row in desk.list(**day)["data"]] == [task]
    refused = desk.client.get(f"{BASE}/tasks/", headers=AUTH, params={**day, "end_time": "20231115061321"})
    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidParameter")
    assert refused.json()["message"] == "end_time: must be at most 86,400 s after start_time"
    assert desk.list(start_time="20230101000000")["total"] == 1


def test_times_are_in_the_zone_that_the_spec_names_else_in_utc(ir: Ir):
    provider = ir.provider("dashscope")
    assert provider.tasks
    clock = Clock(lambda: 1_700_000_000.0)
    for zone, submitted in {"": "2023-11-14 22:13:20.000", "-03:30": "2023-11-14 18:43:20.000"}.items():
        tasks = replace(provider.tasks, zone=zone, list_window=0)
        other = replace(ir, providers=(replace(provider, tasks=tasks),))
        with running(other, clock=clock) as server, httpx2.Client(base_url=server.url) as client:
            desk = Desk(client, clock)
            task = desk.create()
            assert desk.query(task)["submit_time"] == submitted
            second = "".join(filter(str.isdecimal, submitted))[:14]
            assert desk.list(start_time=second, end_time=second)["total"] == 1
            assert desk.list(start_time="20200101000000", end_time=second)["total"] == 1, "no window is stated"


@pytest.mark.parametrize(
    "query",
    [
        {"page_no": "0"},
        {"page_no": ""},
        {"page_size": "x"},
        {"page_size": "²"},
        {"start_time": "yesterday"},
        {"end_time": "20231315061330"},
        {"start_time": "20231114061320", "end_time": "20231115061321"},
        {"start_time": "00010101000000", "end_time": "99991231235959"},
    ],
)
def test_a_list_that_is_asked_for_badly_is_refused(desk: Desk, query: dict[str, str]):
    assert desk.list(**query)["code"] == "InvalidParameter"
