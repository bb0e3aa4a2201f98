"""The workflow `documents`: its steps, run in order in a clone, against a `gh` that keeps its requests in a file."""

import contextlib
import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

import updates
from platemark import source
from updates import DOCUMENT, DOUBTFUL, FEWER, NEW, REWORDED, page

ROOT = Path(__file__).parents[1]
WORKFLOW: Any = source.parse((ROOT / ".github/workflows/documents.yml").read_bytes(), "documents.yml").data
(JOB,) = WORKFLOW["jobs"].values()
INSTALLING = "Install platemark"
GH = Path(__file__).with_name("fake_gh.py")


# ── As GitHub reads it ────────────────────────────────────────────────────────────────────────────────────────────


def test_it_runs_daily_and_by_hand() -> None:
    assert WORKFLOW.keys() == {"name", "on", "permissions", "concurrency", "jobs"}
    assert WORKFLOW["on"].keys() == {"schedule", "workflow_dispatch"}
    ((cron,),) = ([each["cron"]] for each in WORKFLOW["on"]["schedule"])
    assert re.fullmatch(r"\d+ \d+ \* \* \*", cron)
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is False  # two at once might open two requests


def test_it_may_do_no_more_than_it_does() -> None:
    assert WORKFLOW["permissions"] == {}
    assert JOB["permissions"] == {"contents": "write", "pull-requests": "write"}
    text = json.dumps(WORKFLOW)
    assert "secrets." not in text
    assert not re.search(r"https?://", text)  # addresses of pages stand in documents.yaml
    for step in JOB["steps"]:
        assert step.keys() <= {"name", "id", "if", "env", "run", "uses", "with"}
        assert "${{" not in step.get("run", "")  # what is given reaches the shell as a variable, never as code
    used = [step["uses"] for step in JOB["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/(checkout|setup-python)@v\d+", each) for each in used)


def test_what_it_installs_can_update() -> None:
    (step,) = [step for step in JOB["steps"] if step.get("name") == INSTALLING]
    assert '".[documents]"' in step["run"]


# ── As a runner runs it ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Runner:
    """A repository on a server, clones of it, and what a runner puts around the steps."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict[str, str])
    runs: int = 0

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The pull requests that `gh` knows."""
        path = self.folder / "requests.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else []

    def close(self, number: int, state: str) -> None:
        listed = [{**each, "state": state} if each["number"] == number else each for each in self.requests]
        (self.folder / "requests.json").write_text(json.dumps(listed), encoding="utf-8")

    def git(self, *arguments: str, at: str = "origin.git") -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder / at,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def environment(self) -> dict[str, str]:
        """What steps and git are started with: nothing of the settings of who runs the tests."""
        who = {f"GIT_{role}_{what}": "test" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, **who, "PATH": path, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def run(self, pages: str = "") -> "Run":
        """What becomes of the steps in a fresh clone; `pages` is the input."""
        self.runs += 1
        clone = self.folder / f"clone-{self.runs}"
        self.git("clone", "--quiet", "origin.git", str(clone), at=".")
        return Run(
            self, clone, {"inputs.pages": pages, "vars.PLATEMARK_PAGES": self.variables.get("PLATEMARK_PAGES", "")}
        ).steps()


@dataclass
class Run:
    runner: Runner
    clone: Path
    known: dict[str, str]
    """What expressions may name."""
    ran: list[str] = field(default_factory=list[str])
    said: str = ""
    code: int = 0

    def steps(self) -> "Run":
        self.known |= {"github.token": "gh-test-token", "github.ref_name": "main"}
        temporary = self.clone.with_name(f"{self.clone.name}-temp")
        temporary.mkdir()
        for step in JOB["steps"]:
            if "run" not in step or step.get("name") == INSTALLING or not self.due(step.get("if", "")):
                continue
            self.ran.append(step["name"])
            self.code = self.step(step, temporary)
            if self.code:
                break
        return self

    def due(self, condition: str) -> bool:
        """An `if`, which compares an output with a text."""
        if not condition:
            return True
        found = re.fullmatch(r"(steps\.\w+\.outputs\.\w+) == '(\w+)'", condition)
        assert found, condition
        return self.known.get(found[1], "") == found[2]

    def filled(self, text: str) -> str:
        """A value with its expression in place: names, the first that is not empty."""

        def value(found: re.Match[str]) -> str:
            names = found[1].split(" || ")
            assert all(re.fullmatch(r"[\w.]+", name) for name in names), names
            return next((self.known[name] for name in names if self.known.get(name)), "")

        return re.sub(r"\$\{\{ (.*?) \}\}", value, text)

    def step(self, step: Mapping[str, Any], temporary: Path) -> int:
        values = {name: self.filled(text) for name, text in {**JOB["env"], **step.get("env", {})}.items()}
        files = {name: temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        files["GITHUB_OUTPUT"].write_text("", encoding="utf-8")
        around = {"RUNNER_TEMP": str(temporary), "GH_STATE": str(self.runner.folder / "requests.json")}
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=self.clone, capture_output=True, text=True, check=False,
            env={**self.runner.environment(), **values, **around, **{n: str(p) for n, p in files.items()}},
        )  # fmt: skip
        self.said += done.stdout + done.stderr
        for line in files["GITHUB_OUTPUT"].read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            self.known[f"steps.{step.get('id')}.outputs.{name}"] = value
        return done.returncode

    @property
    def opened(self) -> bool:
        assert self.code == 0, self.said
        return self.ran[-1] == "Open a pull request"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository on its way: specs, what is generated from them, the workflow, pages."""
    folder = tmp_path_factory.mktemp("begun")
    updates.begin(folder)
    copytree(ROOT / ".github", folder / ".github")
    return folder


@pytest.fixture
def runner(begun: Path, tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    (tmp_path / "bin").mkdir()
    for name, what in (("python", ""), ("platemark", "-m platemark"), ("gh", str(GH))):
        command = tmp_path / "bin" / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {what} "$@"\n', encoding="utf-8")
        command.chmod(0o755)
    copytree(begun, tmp_path / "work")
    made.git("init", "--quiet", "--initial-branch", "main", at="work")
    made.git("add", "--all", at="work")
    made.git("commit", "--quiet", "--message", "Specs", at="work")
    made.git("clone", "--quiet", "--bare", "work", "origin.git", at=".")
    return made


@pytest.fixture
def pages(runner: Runner) -> Path:
    """A folder with the page, beside the repository."""
    folder = runner.folder / "pages"
    folder.mkdir()
    runner.variables["PLATEMARK_PAGES"] = str(folder)
    return folder


def say(folder: Path, *edits: tuple[str, str], name: str = f"{DOCUMENT}.md") -> None:
    (folder / name).write_text(page(*edits), encoding="utf-8")


def test_a_change_is_proposed_once(runner: Runner, pages: Path) -> None:
    say(pages, REWORDED)
    assert not runner.run().opened
    assert runner.requests == []

    say(pages, FEWER)
    assert runner.run().opened
    (request,) = runner.requests
    key = request["headRefName"].removeprefix("platemark/documents-")
    assert re.fullmatch("[0-9a-f]{16}", key)
    assert (request["title"], request["baseRefName"]) == ("Documents: aurora-ref: copies.range 6 → 4", "main")
    assert request["body"].startswith(f"<!-- platemark-change-key: {key} -->\n")
    assert "## Put into the specs" in request["body"]
    assert "range: 1..4" in runner.git("show", f"{request['headRefName']}:specs/lumen/aurora.yaml")
    changed = runner.git("diff", "--name-only", "main", request["headRefName"]).split()
    assert {"specs/documents.lock", "specs/versions.yaml", "CHANGELOG.md", "generated/MANIFEST.json"} < {*changed}
    assert not [name for name in changed if not name.startswith(("specs/", "generated/", "CHANGELOG.md"))]

    say(pages, FEWER, REWORDED)
    again = runner.run()
    assert not again.opened
    assert "request 1 is open for it" in again.said

    runner.close(1, "CLOSED")
    assert "request 1 was closed without a merge" in runner.run().said
    assert len(runner.requests) == 1

    say(pages, FEWER, NEW)
    assert runner.run().opened
    assert len({request["headRefName"] for request in runner.requests}) == 2


def test_what_was_merged_is_at_rest(runner: Runner, pages: Path) -> None:
    say(pages, NEW)
    assert runner.run().opened
    runner.git("branch", "--force", "main", runner.requests[0]["headRefName"])
    runner.close(1, "MERGED")
    assert not runner.run().opened
    assert len(runner.requests) == 1


def test_what_changes_no_file_is_proposed_once(runner: Runner, pages: Path) -> None:
    say(pages, DOUBTFUL)
    assert runner.run().opened
    (request,) = runner.requests
    assert request["title"].startswith("Documents: aurora-ref: size.side 256 → 5120")
    assert runner.git("diff", "--name-only", "main", request["headRefName"]) == ""
    runner.close(1, "MERGED")
    assert "request 1 has told it" in runner.run().said


def test_pages_are_fetched_from_an_address(runner: Runner, tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    say(served, NEW, name="aurora-1.md")
    with serving(served) as address:
        found, gone = runner.run(f"{address}/{{page}}.md"), runner.run(address)
    assert found.opened
    assert "not looked at, since they are not pinned: lumen-guide" in found.said
    assert gone.opened
    assert "404" in gone.said
    assert [each["title"] for each in runner.requests] == [
        "Documents: aurora-ref: new parameter glow", "Documents: aurora-ref is missing",
    ]  # fmt: skip


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server of files; its address."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_page_has_its_own_address(runner: Runner) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / ".github/scripts/pages.py", "addresses", "specs", ""],
        cwd=runner.folder / "work", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{DOCUMENT}.html\thttps://docs.lumen.example/aurora-1\n"


@pytest.mark.parametrize(
    ("written", "state", "fork", "opens"),
    [
        (True, "OPEN", False, False),
        (True, "CLOSED", False, False),
        (True, "MERGED", False, True),  # it is back
        (False, "MERGED", False, False),  # it is known
        (True, "OPEN", True, True),  # anybody may call a branch so in a fork
    ],
)
def test_what_decides(tmp_path: Path, written: bool, state: str, fork: bool, opens: bool) -> None:
    report = {"change_key": "0" * 16, "title": "n 1 → 2\nopen=true", "written": [{"file": "a"}] if written else []}
    request = {"number": 7, "state": state, "headRefName": f"platemark/documents-{'0' * 16}", "isCrossRepository": fork}
    for name, data in (("report", report), ("requests", [{**request, "headRefName": "main"}, request])):
        (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, ROOT / ".github/scripts/propose.py", "decide", tmp_path / "report", tmp_path / "requests"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        f"open={str(opens).lower()}",
        f"branch={request['headRefName']}",
        "title=Documents: n 1 → 2 open=true",
    ]


def test_without_pages_it_says_so(runner: Runner) -> None:
    listed = runner.folder / "work" / "specs" / "documents.yaml"
    kept = [line for line in listed.read_text("utf-8").splitlines() if not line.startswith("  address:")]
    listed.write_text("\n".join(kept) + "\n", encoding="utf-8")
    runner.git("commit", "--quiet", "--all", "--message", "No addresses", at="work")
    runner.git("push", "--quiet", "../origin.git", "main", at="work")
    run = runner.run()
    assert (run.code, run.opened) == (0, False)
    assert "::notice::no document was looked at" in run.said


def test_hostile_names_are_no_code(runner: Runner, tmp_path: Path) -> None:
    run = runner.run(f"$(touch {tmp_path}/pwned); `touch {tmp_path}/pwned`")
    assert run.code == 2
    assert "is no folder here, and no address" in run.said
    assert not (tmp_path / "pwned").exists()
