"""`platemark-images batch`: jobs from a file, a journal, and jobs of unknown outcome."""

import json
import signal
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from commanding import FAST, Run, place, run, service, started
from troubles import Emulator

__all__ = ["place", "run", "service"]  # fixtures


def jobs(count: int, **more: Any) -> str:
    """A file of jobs."""
    rows = [{"id": f"job-{i}", "model": "wan2.6-t2i", "prompt": f"Lantern {i}", "n": 1, **more} for i in range(count)]
    Path("jobs.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return "jobs.jsonl"


def test_jobs_are_done_once_however_often_it_runs(run: Run, service: Emulator):
    first = run("batch", jobs(3), *FAST)
    assert (first.code, first.data["complete"], first.data["counts"]["done"]) == (0, True, 3)
    files = {job: [Path(file).name for file in files] for job, files in first.data["done"].items()}
    assert files == {f"job-{i}": [f"job-{i}-01.png"] for i in range(3)}
    assert run("batch").data["counts"]["done"] == 3
    assert service.posts == 3
    assert "3 done" in run("batch", "--format", "text").out


def test_bad_jobs_are_told_at_once_and_nothing_is_sent(run: Run, service: Emulator):
    lines = ['{"model": "wan2.6-t2i", "prompt": "a", "n": 9}', "{", '{"model": "wan2.6-t2l", "prompt": "a"}']
    Path("bad.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for more in ([], ["--dry-run"]):
        done = run("batch", "bad.jsonl", *more)
        assert (done.code, done.error["code"]) == (3, "jobs_invalid")
        places = {problem.split(": ")[0] for problem in done.error["problems"]}
        assert places == {"bad.jsonl:1", "bad.jsonl:2", "bad.jsonl:3"}
    assert service.posts == 0


def test_a_dry_run_sums_up_without_a_key(run: Run, service: Emulator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    told = run("batch", jobs(4), "--dry-run").data
    one = run("estimate", "Lantern", "--model", "wan2.6-t2i", "--n", "1").data["estimate"]["costs"]
    assert (told["jobs"], told["models"]) == (4, {"wan2.6-t2i": 4})
    assert [(float(each["amount"]), each["currency"]) for each in told["costs"]] == [
        (pytest.approx(4 * float(each["amount"])), each["currency"]) for each in one
    ]
    assert run("batch", jobs(4)).code == 4
    assert not Path("run.sqlite").exists()
    assert service.log() == []


def test_what_costs_too_much_is_left_for_another_run(run: Run, service: Emulator):
    done = run("batch", jobs(3), "--max-cost", "0.50 CNY", *FAST)
    assert (done.code, done.data["counts"]["done"], len(done.data["left"])) == (8, 2, 1)
    assert (run("batch", *FAST).code, service.posts) == (0, 3)


def test_a_job_of_unknown_outcome_is_listed_with_its_candidates_and_claimed(run: Run, service: Emulator):
    service.script({"when": {"method": "POST"}, "times": 1, "fault": {"close": "before", "accepted": True}})
    done = run("batch", jobs(2), "--concurrency", "1", *FAST)
    (unknown,) = done.data["unknown"]
    (candidate,) = unknown["candidates"]
    assert (done.code, unknown["id"]) == (1, "job-0")
    assert f"--adopt {'JOB=TASK'}" in run("batch", "--format", "text").out
    claimed = run("batch", "--adopt", f"job-0={candidate['task_id']}", *FAST)
    assert (claimed.code, claimed.data["counts"]["done"]) == (0, 2)
    assert service.posts == 2


def test_options_that_contradict_each_other_are_refused(run: Run):
    assert run("batch", jobs(1), "--adopt", "all").code == 2
    assert run("batch", "--adopt", "all", "--adopt", "a=b").code == 2
    assert run("batch", "--dry-run").code == 2
    assert run("batch", "nowhere.jsonl").code == 2
    assert run("batch", "--journal", "nowhere.sqlite").code == 1


def test_an_interrupted_batch_goes_on_and_sends_nothing_twice(images: ModuleType, run: Run, service: Emulator):
    service.script({"when": {"path": "/api/v1/tasks/*"}, "fault": {"latency": 0.2}})
    with started(images, "batch", jobs(6), "--concurrency", "2", *FAST) as process:
        while service.posts < 2:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "platemark-images batch --journal run.sqlite" in json.loads(err)["error"]["hint"]
    assert service.posts < 6
    service.script()
    done = run("batch", *FAST)
    assert (done.code, done.data["counts"]["done"], service.posts) == (0, 6, 6)
