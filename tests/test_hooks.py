"""What repositories of own specs take from this one: hooks for pre-commit, and a GitHub action.

Both run here as they are written, but for the installation: `nox -s hooks` runs them with pre-commit, and with that."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from own_specs import begin, fill, ran
from platemark import source

ROOT = Path(__file__).parents[1]
HOOK = {"id", "name", "description", "entry", "language", "files", "pass_filenames"}
"""What pre-commit may be told of a hook, as far as these use it."""
STEP = {"name", "if", "shell", "env", "run"}


def strictly(name: str) -> Any:
    return source.parse((ROOT / name).read_bytes(), name).data


HOOKS: Mapping[str, Any] = {hook["id"]: hook for hook in strictly(".pre-commit-hooks.yaml")}
ACTION: Any = strictly("action.yml")


class Repository:
    """Somebody's repository of specs, on whose path `platemark` is the one under test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.specs = begin(folder)
        command = folder / "runner" / "platemark" / "bin" / "platemark"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m platemark "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        self.path = command.parent

    def run(self, *command: str, **more: str) -> tuple[int, str]:
        """How a command ends here, and all that it says."""
        environment = {"PATH": f"{self.path}{os.pathsep}{os.environ['PATH']}", "RUNNER_TEMP": str(self.path.parents[1])}
        done = subprocess.run(
            command, cwd=self.folder, env={**environment, **more}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def hook(self, name: str, *arguments: str) -> tuple[int, str]:
        return self.run(*shlex.split(HOOKS[f"platemark-{name}"]["entry"]), *arguments)

    def action(self, **given: str) -> tuple[int, str]:
        """The steps of the action after the installation, up to one that fails."""
        inputs: dict[str, str] = {name: facts["default"] for name, facts in ACTION["inputs"].items()} | given
        said = list[str]()
        for step in ACTION["runs"]["steps"][1:]:
            if step.get("if") == "inputs.out != ''" and not inputs["out"]:
                continue
            values = {name: filled(text, inputs) for name, text in step["env"].items()}
            code, text = self.run("bash", "-eo", "pipefail", "-c", step["run"], **values)
            said.append(text)
            if code:
                return code, "".join(said)
        return 0, "".join(said)


def filled(text: str, inputs: Mapping[str, str]) -> str:
    """A value of the action with its inputs in place; it holds no other expression."""
    made = re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], text)
    assert "${{" not in made
    return made


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_hooks_are_what_pre_commit_takes():
    assert list(HOOKS) == ["platemark-lint", "platemark-check"]
    for hook in HOOKS.values():
        assert hook.keys() == HOOK
        assert hook["language"] == "python"  # pre-commit installs this repository, as pip does
        assert hook["pass_filenames"] is False  # a spec is judged together with the others
    of_a_spec = ["specs/documents.yaml", "specs/acme/acme-1.yaml", "images/specs/acme/provider.yaml"]
    assert all(re.search(hook["files"], path) for hook in HOOKS.values() for path in of_a_spec)
    assert re.search(HOOKS["platemark-check"]["files"], "generated/python/pyproject.toml")
    assert not any(
        re.search(hook["files"], path) for hook in HOOKS.values() for path in ("README.md", "myspecs/a.yaml")
    )


def test_the_action_is_what_github_takes():
    assert ACTION.keys() == {"name", "description", "inputs", "runs"}
    assert ACTION["runs"].keys() == {"using", "steps"}
    assert ACTION["runs"]["using"] == "composite"
    assert all(facts.keys() == {"description", "default"} for facts in ACTION["inputs"].values())
    for step in ACTION["runs"]["steps"]:
        assert step.keys() <= STEP
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]  # what a workflow gives reaches the shell as a variable, never as code
    assert 'pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"' in ACTION["runs"]["steps"][0]["run"]


def test_hooks_name_what_is_wrong(repository: Repository):
    code, said = repository.hook("lint")
    assert code == 1
    assert "todo: `about` is still to be said" in said
    assert repository.hook("check")[0] == 2  # specs that do not load
    fill(repository.specs)
    assert repository.hook("lint") == (0, "no problems\n")
    code, said = repository.hook("check")
    assert code == 2
    assert "`platemark generate` makes it" in said


def test_hooks_take_other_folders(repository: Repository):
    fill(repository.specs)
    repository.specs.rename(repository.folder / "other")
    assert repository.hook("lint")[0] == 2  # never the specs that platemark brings along
    assert repository.hook("lint", "--specs", "other") == (0, "no problems\n")


def test_what_is_out_of_date_is_named(repository: Repository):
    fill(repository.specs)
    out = repository.folder / "generated"
    assert ran("generate", "--specs", str(repository.specs), "--out", str(out), "--package", "my_images").code == 0
    assert repository.hook("check") == (0, "up to date\n")
    assert repository.action() == (0, "no problems\nup to date\n")
    family = repository.specs / "acme" / "acme-1.yaml"
    family.write_text(family.read_text("utf-8").replace("..20", "..30"), encoding="utf-8")
    for code, said in (repository.hook("check"), repository.action()):
        assert code == 1
        assert "changed ir/acme/acme-1.json" in said
    assert repository.action(out="") == (0, "no problems\n")


def test_the_action_ends_at_the_first_finding(repository: Repository):
    code, said = repository.action()
    assert (code, "todo" in said, "platemark generate" in said) == (1, True, False)
    assert repository.action(specs="elsewhere; echo $PATH")[0] == 2
