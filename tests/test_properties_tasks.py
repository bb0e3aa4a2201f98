"""The life of tasks, as any sequence of questions meets it: a simple model walks beside the emulator, whose clock it
moves. In process; nothing sleeps."""

import json
import os
from dataclasses import dataclass
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

import platemark
from platemark.emulator import Clock
from platemark.emulator.direct import Direct
from platemark.ir import Tasks
from platemark.testing import Request, valid_requests
from platemark.wire import skeletons

IR = platemark.resolve(platemark.load())
PROVIDER = IR.provider("dashscope")
TASKS = cast("Tasks", PROVIDER.tasks)
WALK = (*TASKS.states_of("waiting"), *TASKS.states_of("done")[:1])
(CANCELED,) = TASKS.states_of("canceled")
(LOST,) = TASKS.states_of("lost")

EXAMPLES = int(os.environ.get("PLATEMARK_EXAMPLES", "12"))
ACCOUNTS = st.sampled_from(("sk-test-one", "sk-test-two"))
REQUESTS = st.one_of(
    *(valid_requests(model, route="task", spec=IR, plain=True) for model in ("wan2.2-t2i-flash", "wan2.6-image"))
)


@dataclass
class Known:
    """What a task should be: each question finds it one step further on, unless it was canceled or has expired."""

    account: str
    model: str
    created: float
    asked: int = 0
    canceled: bool = False

    def lives(self, now: float) -> bool:
        return now - self.created < TASKS.keep

    @property
    def state(self) -> str:
        return CANCELED if self.canceled else WALK[min(self.asked, len(WALK) - 1)]


class Life(RuleBasedStateMachine):
    tasks = Bundle("tasks")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.clock = Clock(lambda: 1_800_000_000.0)
        self.direct = Direct(IR, clock=self.clock)
        self.known: dict[str, Known] = {}

    def asked(self, account: str, method_and_path: str, task_id: str = "", query: str = "") -> tuple[int, Any]:
        method, _, path = method_and_path.partition(" ")
        address = PROVIDER.base_path + path.replace("{task_id}", task_id) + query
        reply = self.direct.answer(method, address, {"authorization": f"Bearer {account}"}, b"")
        return reply.status, reply.body

    def living(self, account: str) -> dict[str, Known]:
        return {name: task for name, task in self.known.items() if task.account == account and task.lives(self.now)}

    @rule(target=tasks, account=ACCOUNTS, request=REQUESTS)
    def create(self, account: str, request: Request) -> Any:
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers["authorization"] = f"Bearer {account}"
        reply = self.direct.answer(request.method, request.path, headers, json.dumps(request.body).encode())
        assert reply.status == 200, reply.body
        values, _ = skeletons.find(TASKS.created, reply.body)
        assert values["status"] == WALK[0]
        assert values["task_id"] not in self.known
        self.known[values["task_id"]] = Known(account, request.model, self.now)
        return multiple(values["task_id"])

    @rule(task_id=tasks, account=ACCOUNTS)
    def query(self, task_id: str, account: str) -> None:
        task = self.known[task_id]
        status, body = self.asked(account, TASKS.query, task_id)
        values, _ = skeletons.find(TASKS.answer, body)
        assert status == 200
        assert values["task_id"] == task_id
        if task.account != account or not task.lives(self.now):
            assert values["status"] == LOST
            return
        assert values["status"] == task.state
        found = skeletons.find(PROVIDER.results[self.result(task.model)], body)[1]
        assert bool(found) == (task.state == WALK[-1])
        task.asked += 1

    @rule(task_id=tasks, account=ACCOUNTS)
    def cancel(self, task_id: str, account: str) -> None:
        task = self.known[task_id]
        status, _ = self.asked(account, TASKS.cancel, task_id)
        may = task.account == account and task.lives(self.now) and task.state in TASKS.cancelable
        assert status == (200 if may else 400)
        task.canceled = task.canceled or may

    @rule(account=ACCOUNTS, size=st.integers(1, 5), page=st.integers(1, 3))
    def page(self, account: str, size: int, page: int) -> None:
        names = {meaning[1:]: name for name, meaning in TASKS.list_query.items()}
        query = f"?{names['page']}={page}&{names['page_size']}={size}"
        status, body = self.asked(account, TASKS.list, query=query)
        assert status == 200
        values, _ = skeletons.find(TASKS.list_answer, body)
        living = list(reversed(self.living(account)))
        assert values["total"] == len(living)
        assert [row["task_id"] for row in body["data"]] == living[(page - 1) * size : page * size]

    @rule(account=ACCOUNTS, state=st.sampled_from([*WALK, CANCELED]))
    def those_in_a_state(self, account: str, state: str) -> None:
        names = {meaning[1:]: name for name, meaning in TASKS.list_query.items()}
        _, body = self.asked(account, TASKS.list, query=f"?{names['status']}={state}&{names['page_size']}=100")
        wanted = {name for name, task in self.living(account).items() if task.state == state}
        assert {row["task_id"] for row in body["data"]} == wanted

    @rule(seconds=st.sampled_from([1, 3600, TASKS.keep - 1, TASKS.keep, 7 * TASKS.keep]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.now += seconds

    @invariant()
    def nobody_knows_what_was_never_made(self) -> None:
        _, body = self.asked("sk-test-one", TASKS.query, "no-such-task")
        assert skeletons.find(TASKS.answer, body)[0]["status"] == LOST

    def result(self, model: str) -> str:
        return next(offer.result for offer in IR.find(model)[1].by_model[model] if offer.route == "task")


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=2 * EXAMPLES, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
