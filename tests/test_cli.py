"""The command line: answers, exit codes, and errors that name the nearest thing that works."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry

from platemark import cli
from platemark.spec import shape

GOOD = {
    "model": "wan2.6-t2i",
    "input": {"messages": [{"role": "user", "content": [{"text": "A paper lantern"}]}]},
    "parameters": {"size": "1280*1280", "n": 1},
}


def body(**parameters: Any) -> str:
    return json.dumps({**GOOD, "parameters": {**GOOD["parameters"], **parameters}})


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = cli.run(arguments)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return call


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["show", "wan2.6-image"], ["explain", "wan2.7-image"], ["explain", "wan2.7-image", "n"], ["lint"],
     ["schema"], ["schema", "spec"], ["schema", "vectors"], ["schema", "validate"]],
    ids=" ".join,
)  # fmt: skip
def test_reading_commands_answer_in_both_forms(run: Any, arguments: list[str]) -> None:
    assert run(*arguments).code == 0
    answered = run(*arguments, "--format", "json")
    assert answered.code == 0
    assert isinstance(answered.data, dict)
    assert arguments[:1] == ["schema"] or answered.data["schema_version"] == 1


def test_a_good_body_is_accepted(run: Any) -> None:
    answered = run("validate", "wan2.6-t2i", "-", stdin=body())
    assert (answered.code, answered.out.splitlines()[0]) == (0, "accept: wan2.6-t2i, text_to_image by sync")


def test_all_violations_are_told_at_once_with_the_nearest_that_works(run: Any) -> None:
    answered = run("validate", "wan2.6-t2i", "--format", "json", stdin=body(n=9, size="1024x1024", watermark="yes"))
    assert answered.code == 1
    Draft202012Validator(shape.schema("judgement"), registry=Registry()).validate(answered.data)
    found = {v["rule"]: v["nearest"] for v in answered.data["violations"]}
    assert found == {"n.range": 4, "size.type": "1280*1280", "watermark.type": None}


@pytest.mark.parametrize(
    ("model", "route", "text", "rule"),
    [
        ("qwen-image-max", "task", json.dumps({**GOOD, "model": "qwen-image-max", "parameters": {}}), "route"),
        ("wan2.6-t2i", "sync", json.dumps({"model": "wan2.6-t2i", "input": {"prompt": "a"}}), "payload"),
        ("wan2.6-t2i", "sync", json.dumps({**GOOD, "model": "other"}), "model"),
        ("wan2.6-t2i", "sync", body(mystery=1), "unknown"),
        ("wan2.6-t2i", "sync", "[]", "body.type"),
    ],
)
def test_wrong_routes_styles_models_and_keys_are_violations(
    run: Any, model: str, route: str, text: str, rule: str
) -> None:
    answered = run("validate", model, "--route", route, "--format", "json", stdin=text)
    assert answered.code == 1
    assert rule in [v["rule"] for v in answered.data["violations"]]


def test_adjustments_and_notes_never_change_the_exit_code(run: Any) -> None:
    long = {**GOOD, "input": {"messages": [{"role": "user", "content": [{"text": "字" * 2101}]}]}}
    answered = run("validate", "wan2.6-t2i", "--format", "json", stdin=json.dumps(long))
    assert (answered.code, answered.data["verdict"]) == (0, "adjust")
    assert [a["rule"] for a in answered.data["adjustments"]] == ["prompt.length"]


def test_the_stream_route_is_guessed_from_the_body(run: Any) -> None:
    streamed = {**GOOD, "model": "wan2.6-image", "parameters": {"enable_interleave": True, "stream": True}}
    assert run("validate", "wan2.6-image", "--format", "json", stdin=json.dumps(streamed)).data["route"] == "stream"


def test_many_bodies_one_a_line(run: Any) -> None:
    answered = run("validate", "wan2.6-t2i", "--lines", "--format", "json", stdin=f"{body()}\n\n{body(n=9)}\n")
    assert answered.code == 1
    assert [json.loads(line)["verdict"] for line in answered.out.splitlines()] == ["accept", "reject"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["validate", "wan2.6-t2"], "{}", "did you mean wan2.6-t2i?"),
        (["show", "wan2.6-imge"], "", "did you mean wan2.6-image?"),
        (["explain", "wan2.6-image", "max_image"], "", "did you mean max_images?"),
        (["validate", "wan2.6-t2i", "--rout", "sync"], "{}", "did you mean --route?"),
        (["validate", "wan2.6-t2i", "--route", "async"], "{}", "no route is called `async`"),
        (["lnt"], "", "did you mean lint?"),
        (["schema", "spek"], "", "did you mean spec?"),
        (["generate", "--target", "pyton"], "", "did you mean python?"),
        (["validate", "wan2.6-t2i", "no-such-file.json"], "", "no-such-file.json"),
        (["validate", "wan2.6-t2i"], '{"a": NaN}', "NaN"),
        (["validate", "wan2.6-t2i"], "[" * 100 + "]" * 100, "64 levels"),
        (["validate", "wan2.6-t2i"], "{", "line 1, column 2"),
        (["validate", "wan2.6-t2i"], '{"a": 1e400}', "standard input: 1e400 is larger"),
        (["validate", "wan2.6-t2i"], '{"a": ' + "9" * 5000 + "}", "a number has 5,000 digits"),
        (["validate", "wan2.6-t2i"], "\ufeff{}", "byte order mark"),
        (["list", "--specs", "no/such/folder"], "", "no/such/folder"),
        (["--format", "text", "list"], "", "`--format` stands after the command"),
        (["--specs=specs", "list"], "", "`--specs` stands after the command"),
        (["serve", "--port", "99999"], "", "`99999` is no port: 0 to 65535"),
        (["serve", "--port", "http"], "", "`http` is no port"),
        (["serve", "--host", ""], "", "no host is named"),
        (["serve", "--quota", "-1"], "", "`-1` is no number of pictures"),
        (["serve", "--quota", "many"], "", "`many` is no number of pictures"),
        ([], "", "command"),
    ],
)
def test_wrong_use_is_told_without_a_traceback(run: Any, arguments: list[str], stdin: str, said: str) -> None:
    plain = run(*arguments, stdin=stdin)
    assert (plain.code, plain.out) == (2, "")
    assert said in plain.err
    assert "Traceback" not in plain.err
    as_json = run(*arguments, "--format=json", stdin=stdin)
    assert as_json.code == 2
    assert set(json.loads(as_json.err)["error"]) == {"code", "message", "hint"}


def test_generate_writes_check_agrees_and_hand_edits_are_kept(run: Any, tmp_path: Path) -> None:
    out = str(tmp_path / "generated")
    assert run("generate", "--out", out, "--target", "ir").code == 0
    assert run("generate", "--out", out, "--target", "ir").out == "up to date\n"
    edited = tmp_path / "generated" / "ir" / "documents.json"
    edited.write_text("mine")
    refused = run("generate", "--out", out, "--target", "ir")
    assert (refused.code, edited.read_text()) == (1, "mine")
    assert "edited by hand: ir/documents.json" in refused.out
    assert run("generate", "--out", out, "--target", "ir", "--force").code == 0
    assert edited.read_text() != "mine"


def test_a_folder_with_other_files_is_left_alone(run: Any, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert run("generate", "--out", str(tmp_path), "--target", "ir").code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_specs_that_do_not_load_are_listed(run: Any, tmp_path: Path) -> None:
    (tmp_path / "documents.yaml").write_text("a: [\n")
    answered = run("list", "--specs", str(tmp_path))
    assert answered.code == 2
    assert f"{tmp_path.name}/documents.yaml:" in answered.err


# ── At the rim: encodings, pipes and closed streams, as a process of its own ──────────────────────────────────────


def started(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "platemark", *arguments], capture_output=True, check=False, **options)


def test_no_encoding_of_a_terminal_is_a_reason_to_fail() -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    answered = started("explain", "wan2.6-image", "n", env=ascii_only)
    assert (answered.returncode, answered.stderr) == (0, b"")
    assert b"must be 1 to 4 \\u2192 reject" in answered.stdout
    assert json.loads(started("explain", "wan2.6-image", "--format", "json", env=ascii_only).stdout)["rules"]


def test_half_a_character_in_a_body_is_shown_as_it_was_written() -> None:
    answered = started("validate", "wan2.6-t2i", input=body(n="\ud800").encode())
    assert (answered.returncode, answered.stderr) == (1, b"")
    assert b'not "\\ud800"' in answered.stdout


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        command = [sys.executable, "-m", "platemark", "schema", "spec"]
        ended = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert cli.run(["validate", "wan2.6-t2i"]) == 2
    assert "standard input is closed" in capsys.readouterr().err


def test_a_folder_without_documents_names_the_one_that_was_meant(run: Any, tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    assert "no documents.yaml\nhint: name one with --specs" in run("lint", "--specs", str(tmp_path)).err
    (tmp_path / "specs" / "documents.yaml").write_text("{}")
    assert f"did you mean {tmp_path / 'specs'}?" in run("lint", "--specs", str(tmp_path)).err


def test_check_says_what_to_do(run: Any, tmp_path: Path) -> None:
    assert "there is no folder" in run("check", "--out", str(tmp_path / "generated")).err
    answered = run("check", "--out", str(tmp_path))
    assert (answered.code, answered.out.splitlines()[-1]) == (1, "hint: `platemark generate` brings it up to date")


def test_a_long_text_is_counted_without_its_quotes(run: Any) -> None:
    long = {**GOOD, "input": {"messages": [{"role": "user", "content": [{"text": "字" * 2101}]}]}}
    assert "(2101 characters)" in run("validate", "wan2.6-t2i", stdin=json.dumps(long)).out
