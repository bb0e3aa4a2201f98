"""The hooks and the action in a repository of somebody's own specs: with pre-commit itself, and installed as they say.

`nox -s hooks` runs it. Both install this checkout as it stands, uncommitted files and all. Exits with 1 where one of
them says something else than it should.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CONFIG = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: platemark-lint
      - id: platemark-check
"""


def run(*command: str, cwd: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **more}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    print(f"$ {' '.join(command)[:100]} → {done.returncode}\n{done.stdout}", flush=True)
    return done


def git(*arguments: str, cwd: Path) -> str:
    named = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    return subprocess.run(["git", *named, *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout


def committed(folder: Path) -> str:
    """The revision of a new repository that holds all of a folder."""
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "all", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder).strip()


def copied(folder: Path) -> str:
    """The revision of a copy of this checkout, with what is not committed yet."""
    for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return committed(folder)


def action(ours: Path, theirs: Path, runner: Path, first: int = 0) -> "subprocess.CompletedProcess[str]":
    """The steps of the action, as a runner runs them, from one on; up to one that fails."""
    steps: Any = yaml.safe_load((ours / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"][first:]
    values = {"SPECS": "specs", "OUT": "generated", "RUNNER_TEMP": str(runner), "GITHUB_ACTION_PATH": str(ours)}
    for step in steps[:-1]:
        done = run("bash", "-eo", "pipefail", "-c", step["run"], cwd=theirs, **values)
        if done.returncode:
            return done
    return run("bash", "-eo", "pipefail", "-c", steps[-1]["run"], cwd=theirs, **values)


def wrong(scratch: Path) -> list[str]:
    """What is not as it should be."""
    ours, theirs, runner = (scratch / name for name in ("ours", "theirs", "runner"))
    for folder in (ours, theirs, runner):
        folder.mkdir()
    revision = copied(ours)
    shutil.copytree(ROOT / "tests" / "specs_extra", theirs / "specs", ignore=shutil.ignore_patterns("*.md"))
    found = list[str]()

    def expect(what: str, holds: bool) -> None:
        found.extend([] if holds else [what])

    done = action(ours, theirs, runner)
    expect("the action asks for what is to be generated", done.returncode == 2 and "no folder generated" in done.stdout)
    installed = str(runner / "platemark" / "bin" / "platemark")
    run(installed, "generate", "--specs", "specs", "--package", "lumen_images", cwd=theirs)
    done = action(ours, theirs, runner, first=1)
    expect("the action finds all up to date", done.returncode == 0 and done.stdout == "up to date\n")

    (theirs / ".pre-commit-config.yaml").write_text(CONFIG.format(repository=ours, revision=revision), encoding="utf-8")
    committed(theirs)
    pre_commit = (sys.executable, "-m", "pre_commit")
    home = {"PRE_COMMIT_HOME": str(scratch / "home")}
    done = run(*pre_commit, "validate-manifest", str(ours / ".pre-commit-hooks.yaml"), cwd=theirs, **home)
    expect("pre-commit takes the hooks", done.returncode == 0)
    done = run(*pre_commit, "run", "--all-files", cwd=theirs, **home)
    expect("both hooks pass", done.returncode == 0 and done.stdout.count("Passed") == 2)
    family = theirs / "specs" / "lumen" / "aurora.yaml"
    family.write_text(family.read_text(encoding="utf-8").replace("range: 1..6", "range: 1..todo"), encoding="utf-8")
    git("add", "--all", cwd=theirs)
    done = run(*pre_commit, "run", cwd=theirs, **home)
    expect("both hooks fail", done.returncode == 1 and done.stdout.count("- exit code: ") == 2)
    expect("the place is named", ": bad-form: `range` can't be written `1..todo`" in done.stdout)
    return found


def main() -> int:
    with TemporaryDirectory() as scratch:
        found = wrong(Path(scratch))
    print("\n".join(f"not so: {what}" for what in found) or "hooks and action do as they say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
