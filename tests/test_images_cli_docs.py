"""docs/cli.md: its commands run as they are written, and its tables say what the program does."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from commanding import Run, path_of, picture, place, run, service
from platemark.emulator import running
from platemark.ir import Ir

__all__ = ["picture", "place", "run", "service"]  # fixtures

PAGE = (Path(__file__).parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")


def test_every_command_of_the_page_works(ir: Ir, images: ModuleType, picture: Path, tmp_path: Path):
    scripts = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    command = tmp_path / "bin" / "platemark-images"
    command.parent.mkdir()
    code = (
        f"import sys, time; sys.path.insert(0, {path_of(images)!r}); time.sleep = lambda _: None\n"
        "from platemark_images._runtime.cli import main; main()"
    )
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c {shlex.quote(code)} "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    picture.rename(tmp_path / "cat.png")
    Path("prompt.txt").write_text("A cat on a roof\n", encoding="utf-8")
    Path("jobs.jsonl").write_text('{"model": "wan2.6-t2i", "prompt": "A lantern", "n": 1}\n', encoding="utf-8")
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    with running(ir, pace=0.01) as quick:  # tasks are done at the first question
        environment = {**os.environ, "PATH": path, "DASHSCOPE_BASE_URL": quick.url}
        shell = ["bash", "-euc", "\n".join(scripts)]
        done = subprocess.run(shell, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert '"error"' not in done.stderr
    assert '"WRONG"' not in done.stdout
    assert len(list(Path("pictures").glob("*.png"))) == 3
    assert list(Path("article").glob("*.md"))


def test_the_page_lists_the_commands_and_the_codes(run: Run):
    told = run("--help").out
    commands = re.findall(r"^  ([a-z]+)  ", told.partition("Commands:")[2], re.MULTILINE)
    assert len(commands) >= 10
    assert all(f"`{name}" in PAGE or f"platemark-images {name}" in PAGE for name in commands)
    codes = re.findall(r"^\s+(\d+)  ", told, re.MULTILINE)
    assert codes == re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE) == ["0", "1", "2", "3", "4", "5", "8", "130"]


def test_the_page_names_every_field(run: Run, picture: Path):
    edit = ("edit", "A roof", "--model", "wan2.6-image", "--n", "1", "--image", str(picture))
    answers = [
        run(*edit, "--poll-interval", "0.01"), run(*edit, "--dry-run"), run(*edit, "--submit"), run("task", "list"),
        run("doctor"), run("models"), run("models", "wan2.6-image"), run("models", "--supporting", "n=6"),
        run("estimate", *edit[1:]),
    ]  # fmt: skip
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    for answer in answers:
        assert answer.code == 0
        assert set(answer.data) - {"warnings"} <= named
