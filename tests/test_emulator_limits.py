"""The emulator's limits: rates, concurrency and quota, as the specs have them, by a clock that stands still."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest

import platemark
from emulation import ASYNC, AUTH, BASE, MULTIMODAL, TASK_MESSAGES, TEXT2IMAGE, messages, prompted, rules
from platemark.emulator import Clock, Unservable, create_app, running
from platemark.emulator.limits import KEPT, Limits
from platemark.ir import Fact, Ir

PICTURE = "https://example.com/a.png"
OTHER = {"Authorization": "Bearer sk-test-other"}
RATE = ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
QUOTA = ("Throttling.AllocationQuota", "Allocated quota exceeded, please increase your quota limit.")


@dataclass(frozen=True)
class Served:
    client: httpx2.Client
    clock: Clock

    def draw(self, model: str, headers: dict[str, str] = AUTH, **parameters: Any) -> httpx2.Response:
        return self.client.post(MULTIMODAL, headers=headers, json=messages(model, **parameters))

    def order(self, model: str = "wan2.2-t2i-flash", headers: dict[str, str] = ASYNC, **more: Any) -> httpx2.Response:
        return self.client.post(TEXT2IMAGE, headers=headers, json=prompted(model, n=1, **more))


Serve: TypeAlias = Callable[..., AbstractContextManager[Served]]


@pytest.fixture(scope="module")
def serve(ir: Ir) -> Serve:
    @contextmanager
    def started(spec: Ir = ir, **options: Any) -> Iterator[Served]:
        clock = Clock(lambda: 1_000.0)
        with running(spec, clock=clock, **options) as server, httpx2.Client(base_url=server.url) as client:
            yield Served(client, clock)

    return started


def refused(answer: httpx2.Response, said: tuple[str, str] = RATE) -> str | None:
    """How long to wait, as a refusal says that is the documented one."""
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (429, *said)
    return answer.headers.get("Retry-After")


def test_without_being_asked_nothing_is_limited(serve: Serve):
    with serve() as served:
        assert [served.draw("qwen-image-max").status_code for _ in range(5)] == [200] * 5


def test_a_rate_belongs_to_a_model_and_a_key(serve: Serve):
    with serve(limits=True) as served:
        assert [served.draw("qwen-image-max").status_code for _ in range(2)] == [200, 200]
        served.clock.advance(20)
        third = served.draw("qwen-image-max")
        assert refused(third) == "40", "two a minute, the first of which is 20 seconds old"
        assert rules(third) == ["rate"]
        assert served.draw("qwen-image-edit-max", OTHER, images=(PICTURE,)).status_code == 200
        assert served.draw("qwen-image-max", OTHER).status_code == 200
        served.clock.advance(39.5)
        assert refused(served.draw("qwen-image-max")) == "1", "whole seconds, at least one"
        served.clock.advance(0.5)
        assert served.draw("qwen-image-max").status_code == 200


def test_what_is_refused_counts_for_the_rate_only_if_it_reached_the_model(serve: Serve):
    with serve(limits=True) as served:
        assert served.draw("qwen-image-max", n=9).status_code == 400
        assert served.draw("qwen-image-max", {}).status_code == 401
        assert served.draw("qwen-image-max", n=9).status_code == 400
        for _ in range(3):
            refused(served.draw("qwen-image-max"))
        served.clock.advance(60)
        assert served.draw("qwen-image-max").status_code == 200, "refusals for the rate are not counted themselves"


def test_tasks_hold_their_places_until_they_are_over(serve: Serve):
    with serve(limits=True, pace=10) as served:
        first, second = (served.order().json()["output"]["task_id"] for _ in range(2))
        served.clock.advance(5)
        assert refused(served.order()) == "1"
        assert served.order(headers={**ASYNC, **OTHER}).status_code == 200
        cancel = served.client.post(f"{BASE}/tasks/{first}/cancel", headers=AUTH)
        assert cancel.status_code == 200
        assert served.order().status_code == 200
        refused(served.order())
        served.clock.advance(20)
        assert served.client.get(f"{BASE}/tasks/{second}", headers=AUTH).json()["output"]["task_status"] == "SUCCEEDED"
        assert [served.order().status_code for _ in range(2)] == [200, 200]


def test_a_request_holds_its_place_only_while_it_runs(serve: Serve):
    with serve(limits=True) as served:
        for _ in range(12):  # more than the five places of the model
            assert served.draw("wan2.6-image", images=(PICTURE,), n=1).status_code == 200
            assert served.draw("wan2.6-image", n=9).status_code == 400
            served.clock.advance(1)


def test_a_request_that_takes_long_holds_its_place_so_long(serve: Serve):
    body = messages("wan2.6-image", images=(PICTURE,), n=1)
    slow = {**AUTH, "X-Platemark-Fault": "hang=before, accepted=true"}
    with serve(limits=True, control=True) as served, ExitStack() as lines:
        request = served.client.build_request("POST", MULTIMODAL, headers=slow, json=body)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        for _ in range(5):
            line = socket.create_connection((request.url.host, request.url.port or 0))
            lines.enter_context(line).sendall(f"POST {MULTIMODAL} HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        until(lambda: len(served.client.get("/_control/log").json()["entries"]) == 5)
        served.clock.advance(1)
        assert refused(served.client.post(MULTIMODAL, headers=AUTH, json=body)) == "1"
        lines.close()
        until(lambda: served.client.post(MULTIMODAL, headers=AUTH, json=body).status_code == 200)


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_limits_by_region_are_those_of_the_first_region_and_by_route_those_of_the_route(serve: Serve):
    with serve(limits=True, pace=0) as served:
        assert served.draw("wan2.6-t2i").status_code == 200
        refused(served.draw("wan2.6-t2i"))  # 1/s in Beijing, 5/s in Singapore
        assert [served.draw("qwen-image-plus").status_code for _ in range(2)] == [200, 200]
        served.clock.advance(1)
        assert [served.order("qwen-image-plus").status_code for _ in range(2)] == [200, 200]
        served.clock.advance(1)
        refused(served.order("qwen-image-plus"))  # two tasks at once, but any number of direct requests
        assert served.draw("qwen-image-plus").status_code == 200


def test_each_question_about_tasks_has_a_rate_of_its_own(serve: Serve):
    with serve(limits=True) as served:
        task = served.order().json()["output"]["task_id"]
        ask = {
            "query": lambda: served.client.get(f"{BASE}/tasks/{task}", headers=AUTH),
            "list": lambda: served.client.get(f"{BASE}/tasks/", headers=AUTH),
            "cancel": lambda: served.client.post(f"{BASE}/tasks/none/cancel", headers=AUTH),
        }
        for question in ask.values():
            assert 429 not in {question().status_code for _ in range(20)}
            assert refused(question()) == "1"
        served.clock.advance(1)
        assert all(question().status_code != 429 for question in ask.values())
        leave = [
            served.client.get(f"{BASE}/uploads?action=getPolicy&model=wan2.7-image", headers=AUTH) for _ in range(101)
        ]
        assert [answer.status_code for answer in leave] == [200] * 100 + [429]


def test_a_quota_is_used_up_by_the_pictures_that_come(serve: Serve):
    with serve(quota=5) as served:
        assert served.draw("wan2.6-t2i", n=4).status_code == 200
        assert served.draw("wan2.6-t2i", prompt="[[fail 1]]", n=2).status_code == 200
        over = served.draw("wan2.6-t2i", n=1)
        assert refused(over, QUOTA) is None, "waiting does not help"
        assert rules(over) == ["quota"]
        refused(served.order(), QUOTA)
        served.clock.advance(1e6)
        refused(served.draw("wan2.6-t2i", n=1), QUOTA)
        assert served.draw("wan2.6-t2i", OTHER, n=4).status_code == 200


def test_a_service_without_codes_for_it_says_429_in_its_own_envelope(serve: Serve):
    extra = platemark.resolve(platemark.load(Path(__file__).parent / "specs_extra"))
    body = {"model": "aurora-1", "text": "a lamp"}
    headers = {"X-Lumen-Key": "sk-test-lumen", "X-Lumen-Mode": "wait"}
    with serve(extra, limits=True, quota=3) as served:
        answers = [served.client.post("/v2/pictures", headers=headers, json=body) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["fault"]["id"] == "slow-down"
        served.clock.advance(2)
        assert served.client.post("/v2/pictures", headers=headers, json=body).json()["fault"]["id"] == "slow-down"


def test_limits_that_hang_on_parameters_are_not_held_in_silence(ir: Ir):
    family = ir.families[0]
    model = family.models[0]
    row = Fact("limits", {"when": {"n": 1}, "rate": "1/s"}, model.evidence)
    odd = replace(family, models=(replace(model, limits=(row,)), *family.models[1:]))
    with pytest.raises(Unservable, match=f"{model.id} hang on n"):
        create_app(replace(ir, families=(odd,)), limits=True)
    create_app(replace(ir, families=(odd,)))


def test_counters_are_bounded(ir: Ir):
    limits = Limits(ir.provider("dashscope"), Clock(lambda: 0.0), enforce=True, quota=1)
    model = ir.find("z-image-turbo")[2]
    for number in range(KEPT + 10):
        limits.begin(f"account-{number}", model, "sync").free()
        limits.spend(f"account-{number}", 1)
    assert len(limits._counters) == len(limits._spent) == KEPT


def test_what_fails_before_it_runs_frees_its_place(serve: Serve):
    with serve(limits=True, quota=0, pace=10) as served:
        for _ in range(7):
            body = messages("wan2.7-image", n=1)
            refused(served.client.post(TASK_MESSAGES, headers=ASYNC, json=body), QUOTA)
            served.clock.advance(1)
