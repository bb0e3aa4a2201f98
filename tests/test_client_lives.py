"""What stops a client's waiting, what it can't be asked for, and what its errors outlive."""

import asyncio
import copy
import logging
import multiprocessing
import pickle
import re
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from troubles import KEY, PROMPT, Act, Emulator, Side, asking, play, watching

MODEL = "wan2.6-t2i"
NO_IDS = ("", " ", ".", "..", None, 5, "\ud800", "t\n1")
NO_TIMES = (float("nan"), float("inf"), "x", -1, True, 10**400)


def answering(*bodies: Any, status: int = 200, **headers: str) -> httpx2.MockTransport:
    """A service that gives these answers, the last of them again and again."""
    left = list(bodies)
    return httpx2.MockTransport(
        lambda _: httpx2.Response(status, json=left.pop(0) if len(left) > 1 else left[0], headers=headers)
    )


def refusing() -> httpx2.MockTransport:
    """A service that must not be asked."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(f"{request.method} {request.url} was sent")

    return httpx2.MockTransport(refuse)


def output(**said: Any) -> dict[str, Any]:
    return {"output": {"task_id": "t-1", "task_status": "SUCCEEDED", **said}, "request_id": "r-1"}


def waiting(task_id: Any = "t-1", **options: Any) -> Act:
    """Come back to a task and wait for it."""

    def act(client: Any) -> Generator[Any, Any, Any]:
        return (yield client.tasks.resume(task_id).wait(**options))

    return act


def calling(name: str, *given: Any, **options: Any) -> Act:
    """Call a method of the client, such as `tasks.get`."""

    def act(client: Any) -> Generator[Any, Any, Any]:
        return (yield attrgetter(name)(client)(*given, **options))

    return act


# ── What stops the waiting ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stops", [KeyboardInterrupt, asyncio.CancelledError])
def test_an_interruption_tells_of_the_task_that_goes_on(
    side: Side, caplog: pytest.LogCaptureFixture, stops: type[BaseException]
):
    def see(request: httpx2.Request) -> None:
        if request.method == "GET":
            raise stops

    caplog.set_level(logging.INFO, "platemark_images")
    with pytest.raises(stops) as caught:
        side.play(asking("task"), transport=watching(side.kind, see))
    (task_id,) = re.findall("task (.+) was started", caplog.text)
    (note,) = caught.value.__notes__
    assert note == f"task {task_id} was waited for; client.tasks.resume({task_id!r}).wait() waits for it again"
    assert side.play(waiting(task_id)).images
    assert side.emulator.posts == 1


def test_who_is_canceled_learns_of_the_task(images: ModuleType):
    async def main() -> None:
        def pending(request: httpx2.Request) -> httpx2.Response:
            if request.method == "GET":
                running.cancel()
            return httpx2.Response(200, json=output(task_status="PENDING"))

        options = {"transport": httpx2.MockTransport(pending), "poll_interval": 0.001}
        async with images.AsyncDashScope(KEY, "singapore", **options) as client:
            running = asyncio.ensure_future(client.generate(model=MODEL, prompt=PROMPT, n=1, route="task"))
            with pytest.raises(asyncio.CancelledError) as caught:
                await running
            assert "task t-1 was waited for" in caught.value.__notes__[0]

    asyncio.run(main())


# ── What can't be asked for ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("task_id", NO_IDS, ids=ascii)
def test_what_is_no_id_is_not_sent(side: Side, task_id: Any):
    for act in (calling("tasks.get", task_id), calling("tasks.cancel", task_id), waiting(task_id)):
        with pytest.raises(side.images.ConfigurationError, match="is not the id of a task"):
            side.play(act, transport=refusing())


@pytest.mark.parametrize("task_id", ["", "..", None])
def test_a_task_without_an_id_can_not_be_waited_for(side: Side, task_id: Any):
    with pytest.raises(side.images.OutcomeUnknown, match="gave no task id"):
        side.play(asking("task"), transport=answering(output(task_id=task_id)))


@pytest.mark.parametrize("timeout", NO_TIMES, ids=lambda value: repr(value)[:9])
def test_what_is_no_timeout(side: Side, timeout: Any):
    with pytest.raises(side.images.ConfigurationError, match="timeout must be a number of seconds from 0"):
        side.play(waiting(timeout=timeout), transport=refusing())


def test_no_time_is_enough_for_one_question(side: Side):
    assert side.play(waiting(timeout=0), transport=answering(output(results=[{"url": "https://a/1.png"}]))).images
    seen: list[Any] = []
    with pytest.raises(side.images.TaskTimeout, match="t-1"):
        side.play(waiting(timeout=0, on_progress=seen.append), transport=answering(output(task_status="RUNNING")))
    assert [state.status for state in seen] == ["RUNNING"]


async def _later(_: object) -> None:
    raise AssertionError("nobody awaits this")


class _Later:
    async def __call__(self, _: object) -> None:
        await _later(_)


@pytest.mark.parametrize("on_progress", [_later, partial(_later), _Later(), 5], ids=lambda value: type(value).__name__)
def test_what_can_not_be_told_of_progress(side: Side, tmp_path: Path, on_progress: Any):
    jobs = [{"model": MODEL, "prompt": PROMPT, "n": 1}]
    batch = calling("batch", jobs, tmp_path / "run.sqlite", on_progress=on_progress)
    for act in (waiting(on_progress=on_progress), batch):
        with pytest.raises(side.images.ConfigurationError, match="on_progress must be a "):
            side.play(act, transport=refusing())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((3,), "jobs must be mappings, or a file that holds them, not 3"),
        (([], None), "journal must be a path, not None"),
        (([], 5), "journal must be a path, not 5"),
    ],
    ids=str,
)
def test_what_is_no_batch(side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Any, said: str):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(side.images.ConfigurationError, match=said):
        side.play(calling("batch", *given), transport=refusing())
    assert not list(tmp_path.iterdir())


# ── What answers say ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", [{}, {"output": {}}, {"output": {"choices": []}, "request_id": "r-1"}], ids=str)
def test_an_answer_that_holds_nothing_may_have_been_billed(side: Side, body: Any):
    for route in ("sync", "stream"):
        with pytest.raises(side.images.OutcomeUnknown, match="may have been accepted, and billed") as caught:
            side.play(asking(route), transport=answering(body))
        assert caught.value.status == (200 if route == "sync" else None)
    with pytest.raises(side.images.APIError, match="neither a picture nor a text") as over:
        side.play(asking("task"), transport=answering(output(task_status="PENDING"), output(**body.get("output", {}))))
    assert over.value.task_id == "t-1"


def test_what_a_service_repeats_of_a_key_is_not_told(side: Side):
    elsewhere = answering({}, status=307, Location=f"https://a/?key={KEY}")
    with pytest.raises(side.images.ConnectionFailed, match="it leads to https://a/") as caught:
        side.play(calling("tasks.get", "t-1"), transport=elsewhere, max_retries=0)
    assert KEY not in str(caught.value)
    failure = {"code": "InternalError", "message": f"for {KEY}: no"}
    done = output(results=[{"url": "https://a/1.png"}, failure])
    assert [each.message for each in side.play(waiting(), transport=answering(done)).failures] == ["for …: no"]
    with pytest.raises(side.images.APIError, match="for …: no"):
        side.play(waiting(), transport=answering(output(results=[failure])))


@pytest.mark.parametrize("moment", [10**400, 10**18, -(10**18), 1e300, "soon", None])
def test_a_moment_that_no_calendar_has_is_none(side: Side, moment: Any):
    listed = {"data": [{"task_id": "t-1", "gmt_create": moment}]}
    (found,) = side.play(calling("tasks.list"), transport=answering(listed)).tasks
    assert (found.id, found.created) == ("t-1", None)


@pytest.mark.parametrize("said", ["9" * 400, "9999999999", "Sat, 21 Nov 9999 10:00:00 GMT"])
def test_a_wait_that_nobody_means_is_not_told(side: Side, said: str):
    transport = answering({"code": "Throttling.RateQuota", "message": "slow"}, status=429, **{"Retry-After": said})
    with pytest.raises(side.images.RateLimited, match="wait and send it again") as caught:
        side.play(calling("tasks.get", "t-1"), transport=transport)
    assert caught.value.retry_after is None


# ── What errors outlive ───────────────────────────────────────────────────────────────────────────────────────────


def failing(code: str, status: int) -> dict[str, Any]:
    said = {"code": code, "message": "no", "request_id": "r-1"}
    return {"transport": answering(said, status=status), "max_retries": 0}


def saving(how: Callable[[Any], Any]) -> Act:
    """Save what a task made."""

    def act(client: Any) -> Generator[Any, Any, Any]:
        found = yield client.tasks.resume("t-1").wait()
        return (yield how(found))

    return act


def preparing(**options: Any) -> Act:
    return calling("wan2_6_t2i.prepare", **{"prompt": PROMPT, "n": 1, **options})


def gone(request: httpx2.Request) -> httpx2.Response:
    done = output(results=[{"url": "https://a/1.png"}, {"url": "https://a/kept"}])
    if "/tasks/" in request.url.path:
        return httpx2.Response(200, json=done)
    return httpx2.Response(200 if request.url.path == "/kept" else 404)


def unreachable(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused", request=request)


def mishaps(folder: Path) -> dict[str, tuple[Act, dict[str, Any]]]:
    """How each error comes about."""
    lost, nowhere = ({"transport": httpx2.MockTransport(each), "max_retries": 0} for each in (gone, unreachable))
    failed = output(task_status="FAILED", code="InternalError", message="no")
    return {
        "ConfigurationError": (calling("tasks.get", ""), {}),
        "RequestInvalid": (preparing(prompt="", n=99, size="1*1"), {}),
        "JobsInvalid": (calling("batch", [{}, {"model": MODEL}], folder / "bad.sqlite"), {}),
        "JournalError": (calling("batch", None, folder / "none.sqlite"), {}),
        "CostUnknown": (preparing(max_cost="1 XTS"), {}),
        "CostExceeded": (preparing(max_cost="0.01 CNY"), {}),
        "ConnectionFailed": (calling("tasks.get", "t-1"), nowhere),
        "OutcomeUnknown": (asking("sync"), {"transport": answering([])}),
        "APIError": (asking("sync"), failing("InvalidParameter", 400)),
        "AuthenticationError": (asking("sync"), failing("InvalidApiKey", 401)),
        "PermissionDenied": (asking("sync"), failing("New", 403)),
        "NotFound": (asking("sync"), failing("New", 404)),
        "RateLimited": (asking("sync"), failing("Throttling.RateQuota", 429)),
        "ContentRejected": (asking("sync"), failing("DataInspectionFailed", 400)),
        "ServerError": (asking("sync"), failing("InternalError", 500)),
        "ResultExpired": (saving(lambda found: found.images[0].bytes()), lost),
        "NotAllSaved": (saving(lambda found: found.save(folder)), lost),
        "TaskFailed": (waiting(), {"transport": answering(failed)}),
        "TaskTimeout": (waiting(timeout=0), {"transport": answering(output(task_status="RUNNING"))}),
    }


def test_errors_survive_copies_and_pickles(images: ModuleType, controlled: Emulator, tmp_path: Path):
    from platemark_images._runtime import errors

    every = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    known = mishaps(tmp_path)
    assert set(known) == every - {"PlatemarkError"}
    for name, (act, options) in known.items():
        with pytest.raises(getattr(images, name)) as caught:
            play(images, "sync", act, base_url=controlled.url, **options)
        error = caught.value
        assert type(error).__name__ == name
        error.add_note("a note")
        made = [copy.copy(error), copy.deepcopy(error)]
        made += [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
        for other in made:
            assert (type(other), str(other), repr(other)) == (type(error), str(error), repr(error))
            assert repr(vars(other)) == repr(vars(error))


def _refused() -> None:
    import platemark_images

    client: Any = platemark_images.DashScope  # type: ignore[attr-defined]
    client(region="singapore").prepare(model=MODEL, prompt="", n=99)


def test_errors_come_back_from_another_process(images: ModuleType):
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        error: Any = pool.submit(_refused).exception(60)
    assert isinstance(error, images.RequestInvalid)
    assert "n.range" in {violation.rule for violation in error.violations}
