"""The command line of the emitted client: what it makes, what it says, and how it ends."""

import base64
import json
import re
import signal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from commanding import FAST, KEY, PROMPT, T2I, Run, picture, place, run, service, started
from platemark.ir import Ir
from troubles import Emulator

__all__ = ["picture", "place", "run", "service"]  # fixtures


# ── Pictures ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_mode_saves_its_pictures(ir: Ir, run: Run, picture: Path):
    from platemark_images._options import MODES  # type: ignore[import-not-found]

    wanted = {offer.mode for family in ir.families for offer in family.offers}
    assert {mode.name for mode in MODES} == wanted
    for mode in MODES:
        model = next(name for name in reversed(mode.models) if name.startswith("wan"))
        given = ["--image", str(picture)] if mode.name == "edit" else []
        done = run(mode.command, PROMPT, "--model", model, "--out", mode.name, *given, *FAST)
        assert (done.code, done.err) == (0, "")
        assert {"schema_version": 1, "model": model, "mode": mode.name, "route": "task"}.items() <= done.data.items()
        files = [Path(each["file"]) for each in done.data["images"]]
        assert files
        assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
        assert {each["size"] for each in done.data["images"]} == {done.data["actual_size"]}
        assert done.data["task_id"]
        assert done.data["request_id"]


def test_an_illustrated_text_is_saved_as_markdown(run: Run):
    done = run("interleave", PROMPT, "--model", "wan2.6-image", "--max-images", "2", "--out", "page", *FAST)
    page = Path(done.data["markdown"]).read_text()
    assert [f"![]({Path(each['file']).name})" for each in done.data["images"]] == re.findall(r"!\[\]\(.*?\)", page)
    assert all(text in page for text in done.data["texts"])


def test_people_are_told_in_tables_and_what_a_default_costs(run: Run):
    done = run(*T2I, "--format", "text", *FAST)
    assert done.code == 0
    assert "wan2.6-t2i: text_to_image by task, 4 pictures: " in done.err
    assert "n is left out: the service makes 4 pictures, and bills each" in done.err
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[0] == ["picture", "size"]
    assert [row[0] for row in rows[1:5]] == ["1", "2", "3", "4"]
    assert all(Path(row[1]).is_file() and row[2] == "1280*1280" for row in rows[1:5])


def test_programs_are_told_the_same(run: Run):
    assert any("n is left out" in told for told in run(*T2I, *FAST).data["warnings"])
    assert "warnings" not in run(*T2I, "--n", "1", *FAST).data


def test_parameters_have_their_documented_names(run: Run, service: Emulator):
    boxes = json.dumps([[[1, 1, 20, 20]]])
    given = ["--n", "2", "--size", "1:1", "--seed", "7", "--no-watermark", "--bbox-list", boxes]
    done = run("edit", PROMPT, "--model", "wan2.7-image", "--image", "https://example.com/a.png", *given, "--dry-run")
    parameters = json.loads(done.data["body"])["parameters"]
    expected = {"n": 2, "seed": 7, "watermark": False, "bbox_list": json.loads(boxes)}
    assert expected.items() <= parameters.items()
    assert done.data["requested_size"] == "1:1"
    assert parameters["size"] == done.data["expected_size"]


@pytest.mark.parametrize(
    ("given", "stdin", "prompt"),
    [
        (["two\nlines"], "", "two\nlines"),
        (["--prompt", "words"], "", "words"),
        (["-"], "from a pipe\n", "from a pipe"),
        (["@prompt.txt"], "", "Ein Lampion, 'ganz' leise"),
        (["@@home"], "", "@home"),
    ],
    ids=["argument", "option", "pipe", "file", "at"],
)
def test_the_prompt_comes_from_where_it_is_said(run: Run, given: list[str], stdin: str, prompt: str):
    Path("prompt.txt").write_text("Ein Lampion, 'ganz' leise\n", encoding="utf-8")
    done = run("generate", *given, "--model", "wan2.6-t2i", "--dry-run", stdin=stdin)
    assert json.loads(done.data["body"])["input"]["messages"][0]["content"] == [{"text": prompt}]


def test_a_file_is_uploaded_when_that_is_wanted_and_judged_before(run: Run, service: Emulator, picture: Path):
    edit = ("edit", PROMPT, "--model", "wan2.6-image", "--image", str(picture), "--upload", *FAST)
    assert run(*edit, "--n", "9").code == 3
    assert service.log("/uploads") == []
    assert run(*edit, "--n", "1").code == 0
    assert [entry["method"] for entry in service.log("/uploads")] == ["GET", "POST"]
    assert run(*edit, "--dry-run").code == 2


def test_the_route_can_be_chosen(run: Run):
    assert run(*T2I, "--n", "1", "--route", "sync", "--no-save").data["task_id"] is None
    told = run("interleave", PROMPT, "--model", "wan2.6-image", "--route", "stream", "--max-images", "1")
    assert told.data["route"] == "stream"
    assert told.data["texts"]


# ── Before anything is sent ───────────────────────────────────────────────────────────────────────────────────────


def test_a_dry_run_shows_the_exact_request_without_a_key(
    run: Run, images: ModuleType, service: Emulator, monkeypatch: Any
):
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    done = run(*T2I, "--dry-run", "--route", "sync")
    with images.DashScope() as client:
        prepared = client.wan2_6_t2i.prepare(prompt=PROMPT)
    shown = {"method": "POST", "url": prepared.url, "headers": dict(prepared.headers), "body": prepared.body.decode(),
             "body_exact": True, "curl": prepared.as_curl(), "expected_size": "1280*1280", "dry_run": True}  # fmt: skip
    assert shown.items() <= done.data.items()
    assert done.data["estimate"]["pictures"] == 4
    assert done.data["remarks"] == list(prepared.remarks)
    text = run(*T2I, "--dry-run", "--route", "sync", "--format", "text").out
    assert prepared.body.decode() in text
    assert prepared.as_curl() in text
    assert service.log() == []


def test_a_dry_run_never_prints_a_picture_but_writes_the_exact_body(run: Run, picture: Path):
    edit = ("edit", PROMPT, "--model", "wan2.6-image", "--n", "1", "--image", str(picture), "--dry-run")
    assert run(*edit).data["body_exact"] is False
    done = run(*edit, "--body", "body.json")
    uri = "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()
    assert uri in Path("body.json").read_text()
    assert done.data["curl"].endswith(" -d @body.json")
    assert len(Path("body.json").read_bytes()) == done.data["body_bytes"]


ENDS = {
    "rule": ([*T2I, "--n", "9"], 3, "request_invalid"),
    "unsupported": (["generate", "a", "--model", "z-image-turbo", "--negative-prompt", "rain"], 3, "request_invalid"),
    "cost": ([*T2I, "--max-cost", "0.01 CNY"], 3, "cost_exceeded"),
    "currency": ([*T2I, "--max-cost", "1 CHF"], 3, "cost_unknown"),
    "model": (["generate", PROMPT, "--model", "wan2.6-t2l"], 2, "usage"),
    "mode": (["interleave", PROMPT, "--model", "wan2.6-t2i"], 2, "usage"),
    "flag": ([*T2I, "--negativ-prompt", "rain"], 2, "usage"),
    "command": (["genrate", PROMPT], 2, "usage"),
    "number": ([*T2I, "--n", "many"], 2, "usage"),
    "twice": ([*T2I, "--prompt", PROMPT], 2, "usage"),
    "file": (["generate", "@nowhere.txt", "--model", "wan2.6-t2i"], 2, "usage"),
    "picture": (["edit", PROMPT, "--model", "wan2.6-image", "--image", "nowhere.png"], 2, "usage"),
    "json": (["edit", "a", "--model", "wan2.7-image", "--image", "http://a.example", "--bbox-list", "[["], 2, "usage"),
    "submit": ([*T2I, "--submit", "--route", "sync"], 2, "usage"),
    "region": ([*T2I, "--base-url", "", "--region", "mars"], 2, "configuration_error"),
    "seconds": ([*T2I, "--timeout", "-1"], 2, "configuration_error"),
    "key": ([*T2I, "--api-key-env", "NOT_SET"], 4, "no_key"),
    "network": ([*T2I, "--base-url", "http://127.0.0.1:9", "--max-retries", "0"], 5, "connection_failed"),
    "lost": (["task", "wait", "no-such-task", *FAST], 1, "task_failed"),
    "bytes": (["generate", "a\udcff", "--model", "wan2.6-t2i"], 2, "usage"),
    "moment": (["task", "list", "--since", "yesterday"], 2, "usage"),
    "ability": (["models", "--supporting", "frobnicate"], 2, "configuration_error"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_every_failure_has_a_code_and_words(run: Run, service: Emulator, name: str):
    arguments, code, kind = ENDS[name]
    done = run(*arguments)
    assert (done.code, done.out, done.error["code"]) == (code, "", kind)
    assert done.error["message"]
    assert service.posts == 0
    text = run(*arguments, "--format", "text")
    assert text.code == code
    assert "error: " in text.err


def test_errors_name_what_works(run: Run):
    assert "'--negative-prompt'" in run(*T2I, "--negativ-prompt", "rain").error["message"]
    assert "'generate'" in run("genrate").error["message"]
    assert "wan2.6-t2i" in run(*ENDS["model"][0]).error["message"]
    assert "wan2.6-image" in run(*ENDS["mode"][0]).error["message"]
    invalid = run(*T2I, "--n", "9", "--seed", "-1")
    assert [(each["rule"], each["nearest"]) for each in invalid.error["violations"]] == [
        ("n.range", 4),
        ("seed.range", 0),
    ]
    assert "--ignore n.range --ignore seed.range" in invalid.error["hint"]
    foreign = run("generate", PROMPT, "--model", "wan2.6-t2i", "--thinking-mode")
    assert "wan2.7-image" in foreign.error["message"]


def test_without_a_command_there_is_help(run: Run):
    for words in ((), ("task",)):
        assert run(*words).error["message"] == "a command is missing"
    text = run("--format", "text", "task")
    assert (text.code, text.out) == (2, "")
    assert "Usage: platemark-images task" in text.err


def test_rules_can_be_ignored_and_are_told(run: Run):
    done = run(*T2I, "--n", "9", "--ignore", "n.range", "--dry-run")
    assert [each["rule"] for each in done.data["overridden"]] == ["n.range"]


def test_without_a_key_nothing_is_sent(run: Run, service: Emulator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    for arguments in (
        T2I,
        ("task", "list"),
        ("task", "get", "t-1"),
        ("task", "cancel", "t-1"),
        ("task", "wait", "t-1"),
    ):
        assert run(*arguments).code == 4
    assert service.log() == []


def test_a_key_that_can_t_make_pictures_is_warned_of(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-sp-test-0123456789")
    done = run(*T2I, "--dry-run")
    assert "sk-sp-" in done.data["warnings"][0]
    assert "0123456789" not in done.out


def test_a_key_on_the_command_line_is_used_and_warned_of(run: Run):
    done = run(*T2I, "--n", "1", "--api-key", KEY, *FAST)
    assert done.code == 0
    assert "list of processes" in done.data["warnings"][0]


# ── What goes wrong at the service ────────────────────────────────────────────────────────────────────────────────


def test_a_request_of_unknown_outcome_is_sent_once_and_told(run: Run, service: Emulator):
    service.script({"when": {"method": "POST"}, "fault": {"close": "before", "accepted": True}})
    done = run(*T2I)
    assert (done.code, done.error["code"]) == (5, "outcome_unknown")
    assert "task list" in done.error["hint"]
    assert service.posts == 1


def test_attempts_are_told_when_that_is_wanted(run: Run, service: Emulator):
    service.script({"when": {"method": "POST"}, "times": 1, "fault": {"code": "Throttling.RateQuota"}})
    done = run(*T2I, "--n", "1", "--no-save", "--verbose", *FAST)
    assert any("HTTP 429; attempt 2" in told for told in done.data["warnings"])
    assert service.posts == 2


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        ({"code": "InvalidApiKey"}, 4, "authentication_error"),
        ({"code": "AccessDenied"}, 4, "permission_denied"),
        ({"code": "DataInspectionFailed"}, 1, "content_rejected"),
        ({"code": "Throttling.AllocationQuota"}, 1, "rate_limited"),
        ({"code": "InternalError"}, 1, "server_error"),
        ({"task": "FAILED", "code": "InternalError.Timeout"}, 1, "task_failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_refusals_keep_the_service_s_code(run: Run, service: Emulator, fault: dict[str, Any], code: int, kind: str):
    service.script({"when": {"method": "POST"}, "fault": fault})
    done = run(*T2I, *FAST)
    assert (done.code, done.error["code"]) == (code, kind)
    assert done.error["service_code"] == fault["code"]
    assert service.posts == 1


def test_a_picture_that_can_t_be_saved_loses_none_of_the_others(run: Run, service: Emulator):
    service.script({"when": {"path": "/pictures/*"}, "times": 1, "fault": {"status": 404}})
    done = run(*T2I, *FAST)
    assert done.code == 1
    files = [each["file"] for each in done.data["images"]]
    assert len(list(filter(None, files))) == 3
    (lost,) = [each for each in done.data["images"] if each["file"] is None]
    assert lost["url"].startswith(service.url)
    assert "not there" in lost["error"]


def test_a_folder_that_can_t_be_written_loses_no_address_and_no_text(run: Run):
    Path("taken").write_text("a file")
    done = run("interleave", PROMPT, "--model", "wan2.6-image", "--max-images", "2", "--out", "taken/below", *FAST)
    assert done.code == 1
    assert [(each["file"], bool(each["url"])) for each in done.data["images"]] == [(None, True)] * 2
    assert done.data["texts"]
    assert "Markdown" in done.data["warnings"][-1]


def test_pictures_that_could_not_be_made_are_told_beside_the_good_ones(run: Run):
    done = run("edit", "[[fail 1]] a", "--model", "wan2.5-i2i-preview", "--image", "https://example.com/a.png", *FAST)
    assert done.code == 1
    assert (len(done.data["images"]), len(done.data["failures"])) == (3, 1)


# ── Tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_task_is_started_asked_about_waited_for_and_listed(run: Run):
    submitted = run(*T2I, "--n", "2", "--submit").data
    task = submitted["task_id"]
    assert submitted["wait"] == f"platemark-images task wait {task} --model wan2.6-t2i"
    assert (run("task", "get", task).code, run("task", "get", task).data["meaning"]) == (8, "waiting")
    done = run("task", "wait", task, "--model", "wan2.6-t2i", "--out", "later", *FAST)
    assert [Path(each["file"]).is_file() for each in done.data["images"]] == [True, True]
    assert (run("task", "get", task).code, run("task", "get", "no-such-task").code) == (0, 1)
    listed = run("task", "list", "--model", "wan2.6-t2i", "--since", "1h").data
    assert [each["task_id"] for each in listed["tasks"]] == [task]
    assert task in run("task", "list", "--format", "text").out


def test_submit_gives_nothing_but_the_id_to_people(run: Run):
    done = run(*T2I, "--n", "1", "--submit", "--format", "text")
    assert run("task", "get", done.out.strip()).data["status"] == "PENDING"


def test_a_task_that_waits_can_be_canceled(run: Run):
    task = run(*T2I, "--submit").data["task_id"]
    assert run("task", "cancel", task).data == {"schema_version": 1, "task_id": task, "canceled": True}
    assert run("task", "get", task).data["meaning"] == "canceled"


def test_a_task_that_takes_too_long_can_be_come_back_to(run: Run, service: Emulator):
    service.script({"when": {"method": "POST"}, "fault": {"task": "stuck"}})
    done = run(*T2I, "--task-timeout", "0.05", "--out", "here", *FAST)
    assert (done.code, done.error["code"]) == (8, "task_timeout")
    assert done.error["hint"] == f"platemark-images task wait {done.error['task_id']} --model wan2.6-t2i --out here"


def test_an_interrupted_wait_tells_the_task_and_how_to_come_back(images: ModuleType, service: Emulator):
    service.script({"when": {"method": "POST"}, "fault": {"task": "stuck"}})
    with started(images, *T2I, "--n", "1", "--format", "text", *FAST) as process:
        assert process.stderr is not None
        while "RUNNING" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(
        r"error: interrupted; task (\S+) goes on\nhint: platemark-images task wait \1 --model wan2.6-t2i", err
    )
