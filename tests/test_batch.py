"""Batches: what a journal keeps of jobs, and what becomes of them whatever ends the process or the connection."""

import asyncio
import errno
import importlib
import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from subprocess import PIPE
from types import ModuleType
from typing import Any

import httpx2
import pytest

from outside import kill
from platemark.emulator import running
from platemark.ir import Ir
from test_client_calls import png
from troubles import KEY, KINDS, Emulator, play, silence

FAST = "wan2.2-t2i-flash"
"""Its tasks tell their prompts; the next one's don't."""
SILENT = "wan2.7-image"
LOST = {"reset": "before", "accepted": True}
"""A request that is accepted, and whose answer never comes."""


@pytest.fixture(scope="module")
def server(ir: Ir) -> Iterator[Emulator]:
    with running(ir, pace=0, control=True) as found, httpx2.Client(base_url=found.url) as client:
        yield Emulator(found.url, client)


@pytest.fixture(autouse=True)
def _fresh(server: Emulator, images: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    server.client.post("/_control/reset")
    server.script()
    monkeypatch.setattr(part("bounds"), "_LONGEST", 0.001)
    monkeypatch.setattr(part("bounds").values, "rate", lambda _: (1000, 1))  # as if documents bounded no rate


def part(name: str) -> Any:
    """A module of the emitted client."""
    return importlib.import_module(f"platemark_images._runtime.batch.{name}")


def asked(count: int, model: str = FAST, **more: Any) -> list[dict[str, Any]]:
    return [{"id": f"j{n}", "model": model, "prompt": f"Lantern {n}", "n": 1, **more} for n in range(count)]


def batch(images: ModuleType, server: Emulator, *given: Any, kind: str = "sync", **options: Any) -> Any:
    def act(client: Any) -> Generator[Any, Any, Any]:
        return (yield client.batch(*given, **options))

    return play(images, kind, act, base_url=server.url, max_retries=0)


def adopt(images: ModuleType, server: Emulator, *given: Any, kind: str = "sync") -> Any:
    def act(client: Any) -> Generator[Any, Any, Any]:
        return (yield client.adopt(*given))

    return play(images, kind, act, base_url=server.url)


def states(result: Any) -> dict[str, int]:
    return {state: count for state, count in result.counts.items() if count}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def columns(journal: Path, *wanted: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(journal)) as found:
        return found.execute(f"SELECT {', '.join(wanted)} FROM jobs ORDER BY position").fetchall()


# ── From jobs to files ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_every_job_becomes_files_of_its_name_and_nothing_is_sent_again(
    images: ModuleType, server: Emulator, tmp_path: Path, kind: str
):
    jobs = [*asked(5), {"id": "both/of them", "model": "wan2.7-image", "prompt": "Two", "n": 2}]
    journal = tmp_path / "run.sqlite"
    made = batch(images, server, jobs, journal, kind=kind)
    assert made.complete and states(made) == {"done": 6}
    odd = part("jobs").stem("both/of them")
    assert odd.startswith("both_of_them-")
    assert names(tmp_path / "run") == sorted([*(f"j{n}-01.png" for n in range(5)), f"{odd}-01.png", f"{odd}-02.png"])
    assert made.done["j3"] == (tmp_path / "run" / "j3-01.png",)
    assert server.posts == 6
    for again in (jobs, None):
        assert batch(images, server, again, journal, kind=kind).complete
    assert server.posts == 6
    assert batch(images, server, [{**jobs[0], "id": "new"}], journal).counts["done"] == 7
    assert server.posts == 7


def test_texts_and_pictures_of_one_job_become_a_page(images: ModuleType, server: Emulator, tmp_path: Path):
    job = {"id": "story", "model": "wan2.6-image", "mode": "interleave", "prompt": "How to fold a lantern"}
    made = batch(images, server, [job], tmp_path / "a.sqlite", folder=tmp_path / "pages")
    pictures = [path.name for path in made.done["story"][:-1]]
    page = (tmp_path / "pages" / "story.md").read_text(encoding="utf-8")
    assert pictures and all(f"![]({name})" in page for name in pictures)
    assert server.log("/services/")[0]["route"] == "task"  # and not a stream, which can't be resumed


def test_jobs_from_lines_and_from_a_table(images: ModuleType, server: Emulator, tmp_path: Path):
    (tmp_path / "a.png").write_bytes(png(800, 600))
    lines = [
        {"id": 1, "model": "wan2.5-i2i-preview", "prompt": "é", "images": [{"path": "a.png"}], "n": 1, "seed": 7},
        {"model": FAST, "prompt": "a", "n": 1, "timeout": 9.5, "ignore": ["prompt.length"]},
        {"model": FAST, "prompt": "a", "n": 1, "timeout": 9.5, "ignore": ["prompt.length"]},
    ]
    path = tmp_path / "jobs.jsonl"
    path.write_text("\ufeff" + "\r\n\n".join(map(json.dumps, lines)), encoding="utf-8")
    made = batch(images, server, path, tmp_path / "a.sqlite")
    assert made.complete and "1" in made.done
    derived = sorted(set(made.done) - {"1"})
    assert [name[-2:] for name in derived] == ["-1", "-2"] and derived[0][:-2] == derived[1][:-2]
    assert batch(images, server, path, tmp_path / "a.sqlite").counts["done"] == 3

    table = tmp_path / "jobs.csv"
    table.write_text(
        "id,model,prompt,n,prompt_extend,images,size,ignore\n"
        f'x,{FAST},"123, true\n""and"" so on",2,false,,,\n'
        'y,wan2.5-i2i-preview,true,1,,https://example.com/a.png,1280*1280,"[""a"", ""b""]"\n',
        encoding="utf-8-sig",
    )
    made = batch(images, server, table, tmp_path / "b.sqlite")
    assert [len(made.done[name]) for name in "xy"] == [2, 1]
    found = {name: json.loads(content) for name, content in columns(tmp_path / "b.sqlite", "id", "content")}
    assert found["x"] == {
        "model": FAST, "prompt": '123, true\n"and" so on', "n": 2, "prompt_extend": False,
    }  # fmt: skip
    assert found["y"]["images"] == ["https://example.com/a.png"] and found["y"]["ignore"] == ["a", "b"]
    assert (found["y"]["prompt"], found["y"]["size"]) == ("true", "1280*1280")


def test_all_bad_jobs_are_told_with_their_lines_and_nothing_is_sent_or_left(
    images: ModuleType, server: Emulator, tmp_path: Path
):
    lines = [
        '{"id": "fine", "model": "wan2.2-t2i-flash", "prompt": "a"}',
        '{"model": "wan2.2-t2i-flash", "prompt": "a", "n": 9, "size": "9*9"}',
        '{"model": "wan2.2-flash", "prompt": "a"}',
        "[1]",
        "{",
        '{"id": "fine", "model": "wan2.2-t2i-flash", "prompt": "b"}',
        '{"id": "FINE", "model": "wan2.2-t2i-flash", "prompt": "a"}',
        '{"model": "wan2.5-i2i-preview", "prompt": "a", "images": [{"path": "nowhere.png"}]}',
        '{"model": "wan2.5-i2i-preview", "prompt": "a", "images": ["nowhere.png"]}',
        '{"model": "wan2.5-i2i-preview", "prompt": "a", "images": ["data:image/png;base64,AAAA"]}',
        '{"model": "wan2.6-image", "mode": "interleave", "route": "stream", "prompt": "a"}',
        '{"model": "wan2.2-t2i-flash", "prompt": "a", "prompt": "b"}',
        '{"model": "wan2.2-t2i-flash", "prompt": "a", "extra_headers": {"X-Key": "secret"}}',
        '{"prompt": "a"}',
        '{"model": "wan2.2-t2i-flash", "prompt": "a", "timeout": -1}',
    ]
    path = tmp_path / "jobs.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(images.JobsInvalid) as caught:
        batch(images, server, path, tmp_path / "run.sqlite")
    said = [
        (2, "n.range at parameters.n: got 9"), (2, "size."), (3, "did you mean wan2.2-t2i-flash"), (4, "mapping"),
        (5, "no JSON"), (6, "'fine' is taken at jobs.jsonl:1, by another request"), (7, "same file name"),
        (8, "nowhere.png can't be read"), (9, "images"), (10, "holds no pictures"), (11, "a stream can't be resumed"),
        (12, "'prompt' stands there twice"), (13, "extra_headers"), (14, "`model` is missing"), (15, "timeout must be"),
    ]  # fmt: skip
    assert len(caught.value.problems) == 14
    for line, words in said:
        assert any(each.startswith(f"jobs.jsonl:{line}: ") and words in each for each in caught.value.problems), line
    assert server.posts == 0 and names(tmp_path) == ["jobs.jsonl"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model,model\n", "stands there twice"),
        ("", "must name every column"),
        (f"model,prompt\n{FAST},a,b\n", "jobs.csv:2: 3 cells, and 2 columns"),
        (f"model,prompt,seeds\n{FAST},a,1\n", "seeds"),
        (f"model,prompt,n\n{FAST},a,four\n", "n.type"),
    ],
    ids=("twice", "empty", "cells", "unknown", "type"),
)
def test_bad_tables(images: ModuleType, server: Emulator, tmp_path: Path, text: str, said: str):
    (tmp_path / "jobs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(images.JobsInvalid, match=said):
        batch(images, server, tmp_path / "jobs.csv", tmp_path / "run.sqlite")


def test_an_id_stands_for_one_request_for_ever(images: ModuleType, server: Emulator, tmp_path: Path):
    journal = tmp_path / "run.sqlite"
    batch(images, server, asked(1), journal)
    with pytest.raises(images.JobsInvalid, match=r"job 1: id 'j0'.*Lantern 0.*Another"):
        batch(images, server, [{**asked(1)[0], "prompt": "Another"}], journal)
    with pytest.raises(images.JobsInvalid, match="same file name"):
        batch(images, server, [{**asked(1)[0], "id": "J0"}], journal)
    with pytest.raises(images.JobsInvalid, match="has pictures that are named j0"):
        batch(images, server, asked(1), tmp_path / "other.sqlite", folder=tmp_path / "run")


def test_pictures_are_files_or_addresses_and_a_file_stays_what_it_was(
    images: ModuleType, server: Emulator, tmp_path: Path
):
    picture = tmp_path / "a.png"
    picture.write_bytes(png(800, 600))
    job = {"id": "a", "model": "wan2.5-i2i-preview", "prompt": "a", "n": 1, "images": [picture]}
    for wrong in (b"\x89PNG", BytesIO(png(800, 600))):
        with pytest.raises(images.JobsInvalid, match=r"images\[0\]: \w+ is gone with its process"):
            batch(images, server, [{**job, "images": [wrong]}], tmp_path / "run.sqlite")
    server.script({"when": {"method": "POST"}, "fault": {"code": "Throttling.AllocationQuota"}})
    assert states(batch(images, server, [job], tmp_path / "run.sqlite")) == {"waiting": 1}
    server.script()
    picture.write_bytes(png(900, 600))
    left = batch(images, server, None, tmp_path / "run.sqlite")
    assert left.left == ("a",) and any("changed since the job came" in told for told in left.told)
    picture.write_bytes(png(800, 600))
    assert batch(images, server, None, tmp_path / "run.sqlite").complete
    held = b"".join(path.read_bytes() for path in tmp_path.glob("run.sqlite*"))
    assert b"base64" not in held and KEY.encode() not in held and str(picture).encode() in held


def test_the_guide_runs_as_it_is_written(
    images: ModuleType, server: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("DASHSCOPE_BASE_URL", server.url)
    monkeypatch.setattr(importlib.import_module("platemark_images._runtime.pace"), "spread", lambda *_: 0.001)
    monkeypatch.chdir(tmp_path)
    guide = (Path(__file__).parents[1] / "docs" / "batch.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    names_: dict[str, Any] = {}
    for example in examples:
        exec(compile(example, "docs/batch.md", "exec"), names_)
    assert len(examples) == 2 and names_["result"].complete and len(names(tmp_path / "run")) == 20
    (tmp_path / "cat.png").write_bytes(png(800, 600))
    (line,) = re.findall(r"^```json\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    (tmp_path / "jobs.jsonl").write_text(line, encoding="utf-8")
    assert batch(images, server, "jobs.jsonl", "other.sqlite").complete


# ── The journal ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_at_a_time_works_on_a_journal_and_a_lock_ends_with_its_process(
    images: ModuleType, server: Emulator, tmp_path: Path
):
    journal = tmp_path / "run.sqlite"
    batch(images, server, asked(1), journal)
    with part("journal").Journal(journal), pytest.raises(images.JournalError, match="open in another process"):
        batch(images, server, asked(2), journal)
    assert images.__file__
    held = f"""
import pathlib, sys
sys.path.insert(0, {str(Path(images.__file__).parents[1])!r})
from platemark_images._runtime.batch.journal import Journal
kept = Journal(pathlib.Path({str(journal)!r}))
print("held", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", held], stdin=PIPE, stdout=PIPE) as other:
        assert other.stdout and other.stdout.readline() == b"held\n"
        with pytest.raises(images.JournalError, match="open in another process"):
            batch(images, server, asked(2), journal)
        other.kill()
    assert batch(images, server, asked(2), journal).complete


def test_what_is_no_journal_of_this_batch(images: ModuleType, server: Emulator, ir: Ir, tmp_path: Path):
    (tmp_path / "text").write_text("not a database, but long enough to look at " * 20, encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "foreign")) as foreign:
        foreign.execute("CREATE TABLE a (b)")
    with part("journal").Journal(tmp_path / "newer") as newer:
        newer._db.execute("PRAGMA user_version = 99")
    for name, said in (("text", "no journal"), ("foreign", "something else"), ("newer", "its schema is 99")):
        with pytest.raises(images.JournalError, match=said):
            batch(images, server, asked(1), tmp_path / name)
    with pytest.raises(images.JournalError, match="there is no journal"):
        batch(images, server, None, tmp_path / "nowhere" / "run.sqlite")
    batch(images, server, asked(1), tmp_path / "run.sqlite")
    with pytest.raises(images.ConfigurationError, match="has its pictures in"):
        batch(images, server, asked(1), tmp_path / "run.sqlite", folder=tmp_path / "other")
    with (
        images.DashScope(KEY, "singapore") as other,
        pytest.raises(images.ConfigurationError, match="belongs to dashscope at"),
    ):
        other.batch(None, tmp_path / "run.sqlite")
    with images.DashScope(base_url=server.url) as keyless, pytest.raises(images.ConfigurationError, match="no key"):
        keyless.batch(asked(1), tmp_path / "new.sqlite")
    assert not (tmp_path / "new.sqlite").exists()


def test_nothing_leads_from_unknown_to_where_it_would_be_sent(images: ModuleType, tmp_path: Path):
    made = part("journal")
    row = made.Row("a", FAST, "task", "{}", "", "{}", "{}", "", state="unknown")
    with made.Journal(tmp_path / "run.sqlite") as journal:
        journal.add([row])
        for state in ("waiting", "sending", "made", "done", "failed"):
            with pytest.raises(images.JournalError, match=f"can't become {state}"):
                journal.note("a", state)
        other = replace(row, id="t2", state="running", task_id="t2")
        with pytest.raises(images.JournalError, match="job b can't become running"):
            journal.adopt({"a": "t1", "b": "t3"}, [other])
        assert (journal.counts()["unknown"], journal.tasks()) == (1, set())  # all of it or nothing
        journal.adopt({"a": "t1"}, [other])
        assert journal.tasks() == {"t1", "t2"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_told_and_nothing_is_sent_twice(
    images: ModuleType, server: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    journal, made = tmp_path / "run.sqlite", part("journal").Journal
    note = made.note

    def full(self: Any, job: str, state: str, **more: Any) -> None:
        if state == "running":
            raise_full()
        note(self, job, state, **more)

    def raise_full() -> None:
        with part("journal")._told(journal):
            raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(made, "note", full)
        with pytest.raises(images.JournalError, match=r"disk is full\. Make room.*job j\d: task ") as caught:
            batch(images, server, asked(2), journal, kind=kind, concurrency=1)
    task = server.log("/services/")[0]["task_id"]
    assert server.posts == 1 and task in str(caught.value)
    found = batch(images, server, None, journal, kind=kind)
    assert states(found) == {"unknown": 1, "done": 1}
    assert [[each.id for each in job.candidates] for job in found.unknown] == [[task]]
    assert server.posts == 2
    assert adopt(images, server, journal, {"j0": task}, kind=kind).complete


def test_no_room_for_pictures_is_told_and_they_are_had_later(
    images: ModuleType, server: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(importlib.import_module("platemark_images._runtime.writing"), "write", full)
        with pytest.raises(images.JournalError, match=r"No space left on device\. Make room"):
            batch(images, server, asked(1), tmp_path / "run.sqlite")
    (tmp_path / "run" / ".j0-01-abcdefgh").write_bytes(b"half of a picture that a killed process left")
    assert batch(images, server, None, tmp_path / "run.sqlite").complete
    assert names(tmp_path / "run") == ["j0-01.png"] and server.posts == 1


# ── Trouble on the way ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_whose_answer_never_came_is_claimed_and_never_sent_again(
    images: ModuleType, server: Emulator, tmp_path: Path, kind: str
):
    journal = tmp_path / "run.sqlite"
    server.script({"when": {"method": "POST"}, "times": 2, "skip": 1, "fault": LOST})
    found = batch(images, server, asked(4), journal, kind=kind, concurrency=1)
    assert states(found) == {"done": 2, "unknown": 2}
    lost = [entry["task_id"] for entry in server.log("/services/") if entry["status"] == 0]
    assert {job.id: [task.id for task in job.candidates] for job in found.unknown} == {"j1": lost, "j2": lost}
    assert states(batch(images, server, None, journal, kind=kind)) == {"done": 2, "unknown": 2}
    for claims, said in (
        ({"j0": lost[0]}, "j0 is done"), ({"j9": lost[0]}, "no job 'j9'"), ({"j1": "nobody's"}, "no task nobody's"),
        ({"j1": lost[0], "j2": lost[0]}, "belongs to another job"),
    ):  # fmt: skip
        with pytest.raises(images.ConfigurationError, match=said):
            adopt(images, server, journal, claims, kind=kind)
    assert states(adopt(images, server, journal, {"j2": lost[1]}, kind=kind)) == {"done": 3, "unknown": 1}
    last = adopt(images, server, journal, "all", kind=kind)
    assert last.complete and last.told[0] == f"job j1 is task {lost[0]}"
    assert names(tmp_path / "run") == [f"j{n}-01.png" for n in range(4)]
    assert server.posts == 4


def test_tasks_that_could_be_of_several_jobs_are_saved_under_their_own_ids(
    images: ModuleType, server: Emulator, tmp_path: Path
):
    journal = tmp_path / "run.sqlite"
    server.script({"when": {"method": "POST"}, "fault": LOST})
    found = batch(images, server, [*asked(2, SILENT), {**asked(1, "wan2.7-image-pro")[0], "id": "alone"}], journal)
    assert states(found) == {"unknown": 3}
    made = {model: [e["task_id"] for e in server.log("/services/") if e["model"] == model]
            for model in (SILENT, "wan2.7-image-pro")}  # fmt: skip
    found = adopt(images, server, journal, "all")
    assert states(found) == {"done": 3, "unknown": 2}
    assert names(tmp_path / "run") == sorted(["alone-01.png", *(f"{task}-01.png" for task in made[SILENT])])
    assert any("2 tasks could be of several jobs" in told for told in found.told)
    assert not any(job.candidates for job in found.unknown)
    assert server.posts == 3


def test_prompts_tell_which_job_a_task_is_of(images: ModuleType):
    from datetime import UTC, datetime

    listed = importlib.import_module("platemark_images._runtime.lives").Listed
    tasks = [listed(name, "SUCCEEDED", FAST, datetime.now(UTC), {}) for name in ("t1", "t2", "t3")]
    paired = part("claims").paired
    same = {"a": tasks, "b": tasks, "c": tasks}
    assert paired(same, {"a": "A", "b": "B", "c": "C"}, {"t1": "B", "t2": "A", "t3": "X"}) == {"a": "t2", "b": "t1"}
    assert paired(same, {"a": "A", "b": "A", "c": "C"}, {"t1": "A", "t2": "C", "t3": None}) == {"c": "t2"}
    assert paired({"a": tasks[:1], "b": tasks[1:2]}, {"a": "", "b": ""}, {}) == {"a": "t1", "b": "t2"}
    assert paired({"a": tasks[:1], "b": tasks[:1]}, {"a": "", "b": ""}, {}) == {}


def test_a_process_that_ended_while_it_sent_leaves_an_unknown_job(images: ModuleType, server: Emulator, tmp_path: Path):
    journal = tmp_path / "run.sqlite"
    server.script({"when": {"method": "POST"}, "fault": {"code": "Throttling.AllocationQuota"}})
    batch(images, server, asked(2), journal)
    with part("journal").Journal(journal) as held:
        held.note("j1", "sending", sent=1.0, spent=1)
    server.script()
    found = batch(images, server, asked(2), journal)
    assert states(found) == {"done": 1, "unknown": 1}
    assert (found.unknown[0].id, found.unknown[0].message) == ("j1", "the process ended before an answer came")


def test_what_surely_was_not_sent_is_sent_again_and_not_for_ever(images: ModuleType, server: Emulator, tmp_path: Path):
    with silence() as nobody:
        found = batch(images, Emulator(nobody, server.client), asked(3), tmp_path / "run.sqlite", concurrency=1)
    assert states(found) == {"waiting": 3} and f"nothing more was sent: POST {nobody}" in found.told[0]
    calls: list[str] = []

    def refused_twice(request: httpx2.Request) -> httpx2.Response:
        calls.append(request.method)
        if len(calls) < 3:
            raise httpx2.ConnectError("refused")
        return httpx2.Response(401, json={"code": "InvalidApiKey", "message": "No"})

    with images.DashScope(KEY, "singapore", transport=httpx2.MockTransport(refused_twice)) as client:
        found = client.batch(asked(3), tmp_path / "b.sqlite", concurrency=1)
    assert calls == ["POST"] * 3 and states(found) == {"waiting": 3}
    assert "key and region must match" in found.told[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_wants_to_be_left_alone_is(images: ModuleType, server: Emulator, tmp_path: Path, kind: str):
    server.script({"when": {"method": "POST"}, "times": 2, "fault": {"code": "Throttling.RateQuota", "retry_after": 0}})
    found = batch(images, server, asked(4), tmp_path / "run.sqlite", kind=kind)
    assert found.complete and server.posts == 6
    server.script({"when": {"method": "POST"}, "fault": {"code": "Throttling.RateQuota", "retry_after": 86400}})
    found = batch(images, server, asked(6), tmp_path / "run.sqlite", kind=kind, concurrency=1)
    assert states(found) == {"done": 4, "waiting": 2} and server.posts == 7
    server.script({"when": {"method": "POST"}, "fault": {"code": "Throttling.AllocationQuota"}})
    found = batch(images, server, None, tmp_path / "run.sqlite", kind=kind, concurrency=1)
    assert states(found) == {"done": 4, "waiting": 2} and server.posts == 8
    assert found.left == ("j4", "j5") and "AllocationQuota" in found.told[0]


def test_failures_have_their_codes(images: ModuleType, server: Emulator, tmp_path: Path):
    jobs = asked(5)
    jobs[0]["prompt"] += " [[DataInspectionFailed]]"
    jobs[1] |= {"n": 2, "prompt": "Some [[fail 1]]"}
    server.script(
        {"when": {"method": "POST"}, "skip": 2, "times": 1, "fault": {"code": "InvalidParameter"}},
        {"when": {"method": "POST"}, "skip": 2, "times": 1, "fault": {"code": "InternalError"}},
    )
    found = batch(images, server, jobs, tmp_path / "run.sqlite", concurrency=1)
    assert [(job.id, job.code) for job in found.failed] == [
        ("j0", "DataInspectionFailed"), ("j2", "InvalidParameter"), ("j3", "InternalError"),
    ]  # fmt: skip
    assert sorted(found.done) == ["j1", "j4"] and any(
        told.startswith("j1: 1 of its pictures failed") for told in found.told
    )
    assert dict(columns(tmp_path / "run.sqlite", "id", "spent")) == {"j0": 1, "j1": 1, "j2": 0, "j3": 1, "j4": 1}
    assert states(batch(images, server, None, tmp_path / "run.sqlite")) == {"done": 2, "failed": 3}
    assert server.posts == 5


def test_pictures_that_can_not_be_had_now_are_had_later_or_are_gone(
    images: ModuleType, server: Emulator, tmp_path: Path
):
    server.script({"when": {"path": "/pictures/*"}, "fault": {"status": 503}})
    found = batch(images, server, asked(2), tmp_path / "run.sqlite")
    assert states(found) == {"made": 2} and found.left == ("j0", "j1")
    server.script({"when": {"path": "/pictures/*"}, "times": 1, "fault": {"status": 404}})
    found = batch(images, server, None, tmp_path / "run.sqlite", concurrency=1)
    assert states(found) == {"done": 1, "failed": 1} and found.failed[0].code == "ResultExpired"
    assert server.posts == 2


def test_a_task_that_takes_too_long_is_waited_for_again(images: ModuleType, server: Emulator, tmp_path: Path):
    server.script({"when": {"method": "POST"}, "times": 1, "fault": {"task": "stuck"}})
    found = batch(images, server, asked(1, task_timeout=0.01), tmp_path / "run.sqlite")
    assert states(found) == {"running": 1} and "was not done after" in found.told[0]
    assert states(batch(images, server, None, tmp_path / "run.sqlite")) == {"running": 1}
    assert server.posts == 1


def test_a_task_that_the_service_should_know_is_not_given_up(images: ModuleType, server: Emulator, tmp_path: Path):
    server.script({"when": {"method": "POST"}, "times": 1, "fault": {"task": "stuck"}})
    journal = tmp_path / "run.sqlite"
    batch(images, server, asked(1, task_timeout=0.01), journal)
    with images.DashScope("sk-test-another-account", base_url=server.url, poll_interval=0.001) as other:
        found = other.batch(None, journal)
        assert states(found) == {"running": 1} and "is the key that of another account?" in found.told[0]
        with closing(sqlite3.connect(journal)) as held, held:
            held.execute("UPDATE jobs SET sent = sent - 90000")  # a day later nobody would know it
        found = other.batch(None, journal)
    assert [(job.id, job.code) for job in found.failed] == [("j0", "lost")]


def test_a_service_that_lists_no_tasks(images: ModuleType, tmp_path: Path):
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("too long", request=request)

    job = {"id": "a", "model": "qwen_image_edit_plus", "prompt": "a", "images": ["https://example.com/a.png"]}
    with images.Vtrix(KEY, "global", transport=httpx2.MockTransport(answer)) as client:
        found = client.batch([job], tmp_path / "run.sqlite")
    assert [(job.id, job.candidates) for job in found.unknown] == [("a", ())]
    assert any("could not be listed" in told for told in found.told)


# ── Money, pace, progress ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_costs_no_more_than_it_may(images: ModuleType, server: Emulator, tmp_path: Path):
    journal, jobs = tmp_path / "run.sqlite", asked(5)
    price = images.DashScope(region="beijing").estimate(model=FAST, prompt="a", n=1).prices["CNY"]
    with images.DashScope(KEY, base_url=server.url, poll_interval=0.001) as client:
        highest = client.estimate(model=FAST, prompt="a", n=1).prices["CNY"]
        assert highest >= price
        with pytest.raises(images.CostUnknown, match=rf"price of {FAST} \(job j0\) in EUR"):
            client.batch(jobs, journal, max_cost="5 EUR")
        with pytest.raises(images.ConfigurationError, match="max_cost"):
            client.batch(jobs, journal, max_cost="much")
        assert server.posts == 0 and not journal.exists()
        server.script({"when": {"method": "POST"}, "times": 1, "fault": LOST})
        found = client.batch(jobs, journal, max_cost=f"{highest * 3} CNY", concurrency=1)
        assert states(found) == {"unknown": 1, "done": 2, "waiting": 2}  # what is unknown counts as spent
        assert [str(cost) for cost in found.costs] == [f"{highest * 3} CNY"]
        assert any("2 jobs are left waiting" in told for told in found.told)
        assert states(client.batch(None, journal, max_cost=f"{highest * 3} CNY"))["waiting"] == 2
        assert "waiting" not in states(client.batch(None, journal, max_cost=f"{highest * 5} CNY"))


def test_a_model_is_asked_no_more_than_its_documents_say(images: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    made = part("bounds")
    with images.DashScope(region="beijing") as client:
        model = made.places(client.service, "wan2.6-t2i", "task", None)  # 1/s here, 5/s in Singapore; 5 at once
        assert model.free(0.0)
        model.take()
        assert model.reserve(0.0) == 0.0 and not model.free(0.9) and model.reserve(0.5) == 0.5 and model.free(2.0)
        for _ in range(4):
            model.take()
        assert not model.free(9.0)
        model.leave()
        assert model.free(9.0)
        direct = made.places(client.service, "qwen-image-plus", "sync", None)  # 2/s; at most 2 tasks at once
        for _ in range(9):
            direct.take()
        assert direct.free(0.0)


def test_pauses_grow_and_end(images: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(part("bounds"), "_LONGEST", 60.0)
    now = [0.0]
    gate = part("bounds").Gate(lambda: now[0], lambda: 0.5)
    pauses: list[float] = []
    while gate.shut(now[0], None):
        pauses.append(gate.pause())
        assert gate.shut(now[0] - 1, None)  # what was begun before belongs to the same pause
        now[0] += gate.pause() + 1
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    gate.passed()
    assert gate.shut(now[0], 90.0) and gate.pause() == 90.0
    assert not gate.shut(now[0] + 100, 86400.0)


@pytest.mark.parametrize("kind", KINDS)
def test_progress_is_told_and_its_mistakes_cost_nothing(
    images: ModuleType, server: Emulator, tmp_path: Path, kind: str
):
    told: list[Any] = []
    batch(images, server, asked(4), tmp_path / "run.sqlite", kind=kind, on_progress=told.append)
    assert told[-1].counts["done"] == told[-1].total == 4 and told[-1].eta == 0 and told[-1].costs

    def wrong(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        batch(images, server, asked(9), tmp_path / "run.sqlite", kind=kind, on_progress=wrong)
    found = batch(images, server, None, tmp_path / "run.sqlite", kind=kind)
    assert found.complete and found.counts["done"] == 9 and server.posts == 9


# ── Ctrl-C and SIGKILL ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_that_is_awaited_is_noted_when_all_is_canceled(images: ModuleType, server: Emulator, tmp_path: Path):
    server.script({"when": {"method": "POST"}, "fault": {"latency": "300 ms"}})

    async def canceled() -> None:
        async with images.AsyncDashScope(KEY, base_url=server.url) as client:
            going = asyncio.ensure_future(client.batch(asked(5), tmp_path / "run.sqlite", concurrency=2))
            while len(await asyncio.to_thread(server.log, "/services/")) < 2:
                await asyncio.sleep(0.01)
            going.cancel()
            with pytest.raises(asyncio.CancelledError):
                await going

    asyncio.run(canceled())
    assert sorted(state for (state,) in columns(tmp_path / "run.sqlite", "state")) == ["running"] * 2 + ["waiting"] * 3


def test_an_answer_that_is_awaited_is_noted_on_ctrl_c(images: ModuleType, server: Emulator, tmp_path: Path):
    server.script({"when": {"method": "POST"}, "fault": {"latency": "500 ms"}})
    assert images.__file__
    program = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {str(Path(images.__file__).parents[1])!r})
from platemark_images import DashScope
DashScope({KEY!r}, base_url={server.url!r}).batch({asked(5)!r}, {str(tmp_path / "run.sqlite")!r}, concurrency=2)
"""
    with subprocess.Popen([sys.executable, "-c", program], stderr=PIPE) as process:
        while len(server.log("/services/")) < 2:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert said.rstrip().endswith(b"KeyboardInterrupt")
    assert sorted(state for (state,) in columns(tmp_path / "run.sqlite", "state")) == ["running"] * 2 + ["waiting"] * 3


def test_ten_kills(images: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert images.__file__
    monkeypatch.setenv("PYTHONPATH", str(Path(images.__file__).parents[1]))
    lines: Sequence[kill.Line] = kill.rehearse(tmp_path, jobs=80, kills=10, seed=7)
    held = [line for line in lines if not line.what.startswith("the emulator")]  # how fast it is depends on the machine
    assert [f"{line.what}: {line.found}" for line in held if not line.good] == []
