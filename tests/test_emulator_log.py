"""The log of the emulator, and a fresh start."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from emulation import ASYNC, AUTH, BASE, KEY, MULTIMODAL, TEXT2IMAGE, messages, prompted
from platemark.emulator import Clock, running
from platemark.emulator.log import KEPT, Log
from platemark.ir import Ir


@pytest.fixture
def served(ir: Ir) -> Iterator[httpx2.Client]:
    clock = Clock(lambda: 50.0)
    options: dict[str, Any] = {"control": True, "clock": clock, "pace": 0, "quota": 3}
    with running(ir, **options) as server, httpx2.Client(base_url=server.url) as client:
        yield client


def entries(client: httpx2.Client, after: int = 0) -> list[dict[str, Any]]:
    return client.get("/_control/log", params={"after": after}).json()["entries"]


def test_what_came_in_and_what_became_of_it(served: httpx2.Client):
    answer = served.post(MULTIMODAL, headers=AUTH, json=messages("wan2.6-t2i", n=9))
    created = served.post(TEXT2IMAGE, headers=ASYNC, json=prompted("wan2.2-t2i-flash", n=1))
    task = created.json()["output"]["task_id"]
    served.get(f"{BASE}/tasks/{task}", headers=AUTH)
    served.post(MULTIMODAL, json={})
    served.get("/nothing?secret=1")
    common = {
        "time": 50.0,
        "fault": "",
        "mode": "",
        "route": "",
        "model": "",
        "task_id": "",
        "verdict": "",
        "rules": [],
    }
    generation = {**common, "method": "POST", "path": MULTIMODAL}
    found = entries(served)
    ids = [entry.pop("request_id") for entry in found]
    assert ids[:3] == [answer.json()["request_id"], created.json()["request_id"], ids[2]]
    assert found == [
        {**generation, "n": 1, "status": 400, "model": "wan2.6-t2i", "route": "sync", "mode": "text_to_image",
         "verdict": "reject", "rules": ["n.range"]},
        {**generation, "n": 2, "status": 200, "path": TEXT2IMAGE, "model": "wan2.2-t2i-flash", "route": "task",
         "mode": "text_to_image", "verdict": "accept", "task_id": task},
        {**common, "n": 3, "status": 200, "method": "GET", "path": f"{BASE}/tasks/{task}", "model": "wan2.2-t2i-flash",
         "task_id": task},
        {**generation, "n": 4, "status": 401, "verdict": "reject", "rules": ["auth"]},
        {**common, "n": 5, "status": 404, "method": "GET", "path": "/nothing"},
    ]  # fmt: skip
    assert [entry["n"] for entry in entries(served, after=3)] == [4, 5]


def test_neither_keys_nor_bodies_stand_in_the_log(served: httpx2.Client):
    served.post(MULTIMODAL, headers=AUTH, json=messages("z-image-turbo", "A secret garden"))
    served.post(MULTIMODAL, headers={"Authorization": KEY}, json=messages("A secret model"))
    text = json.dumps(entries(served))
    assert KEY not in text
    assert "secret" not in text


def test_pictures_and_uploads_stand_in_the_log(served: httpx2.Client):
    answer = served.post(MULTIMODAL, headers=AUTH, json=messages("z-image-turbo", size="512*512")).json()
    address = answer["output"]["choices"][0]["message"]["content"][0]["image"]
    served.get(address)
    served.get(f"{BASE}/uploads?action=getPolicy&model=z-image-turbo", headers=AUTH)
    served.post("/uploads/dashscope", content=b"")
    found = [(entry["method"], entry["status"], entry["model"]) for entry in entries(served, after=1)]
    assert found == [("GET", 200, "z-image-turbo"), ("GET", 200, "z-image-turbo"), ("POST", 400, "")]


def test_the_log_can_be_cleared_and_goes_on_counting(served: httpx2.Client):
    served.get("/nothing")
    assert served.delete("/_control/log").status_code == 200
    assert entries(served) == []
    served.get("/nothing")
    assert [entry["n"] for entry in entries(served)] == [2]
    for wrong in ("-1", "x", "²", "9" * 99):
        assert served.get("/_control/log", params={"after": wrong}).status_code == 400


def test_a_reset_forgets_everything(served: httpx2.Client):
    body = messages("wan2.6-t2i", n=3)
    picture = served.post(MULTIMODAL, headers=AUTH, json=body).json()["output"]["choices"][0]["message"]["content"][0][
        "image"
    ]
    assert served.get(picture).status_code == 200
    assert served.post(MULTIMODAL, headers=AUTH, json=body).status_code == 429
    assert served.post("/_control/reset").status_code == 200
    assert entries(served) == []
    assert served.get(picture).status_code == 404
    created = served.post(TEXT2IMAGE, headers=ASYNC, json=prompted("wan2.2-t2i-flash", n=3))
    task = f"{BASE}/tasks/{created.json()['output']['task_id']}"
    assert served.get(task, headers=AUTH).json()["output"]["task_status"] == "PENDING"
    served.post("/_control/reset")
    assert served.get(task, headers=AUTH).json()["output"]["task_status"] == "UNKNOWN"


def test_there_is_no_control_unless_asked_for(api: httpx2.Client):
    assert api.get("/_control/log").status_code == 404
    assert api.post("/_control/reset").status_code == 404


def test_the_log_is_bounded():
    log = Log()
    for _ in range(KEPT + 5):
        log.add(0.0, "GET" * 1000, "/" * 9999, 200, {"model": "m" * 9999})
    found = log.after(0)
    assert (len(found), found[0]["n"], found[-1]["n"]) == (KEPT, 6, KEPT + 5)
    assert max(map(len, (found[0]["path"], found[0]["method"], found[0]["model"]))) == 300
