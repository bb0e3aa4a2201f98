"""What the package index shows of the emitted client: the code of README and examples runs, and prints what is said."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest
from markdown_it import MarkdownIt
from PIL import Image

import platemark
from platemark import targets
from platemark.emulator import running
from platemark.ir import Ir
from platemark.targets.python import proof

KEY = "sk-test-readme"
ROOT = Path(__file__).parents[1]
RUNNER = """
import contextlib, io, json, sys

space, said = {"__name__": "__main__"}, []
for block in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block, "README.md", "exec"), space)
    said.append(out.getvalue())
json.dump(said, sys.stdout)
"""


@pytest.fixture(scope="module")
def emulator(ir: Ir) -> Iterator[str]:
    with running(ir, pace=0.01) as server:
        yield server.url


@pytest.fixture
def environment(images: ModuleType, emulator: str, tmp_path: Path) -> Mapping[str, str]:
    """That of someone who has a key and the emulator, in a folder that holds a photo."""
    Image.new("RGB", (1024, 1024), "orange").save(tmp_path / "photo.png")
    package = str(Path(str(images.__file__)).parents[1])
    return {"DASHSCOPE_API_KEY": KEY, "DASHSCOPE_BASE_URL": emulator, "PYTHONPATH": package, "PYTHONUTF8": "1"}


def blocks(page: str) -> list[tuple[str, str | None]]:
    """Every block of Python, and the text that is said to be its output."""
    found = list[tuple[str, str | None]]()
    for token in MarkdownIt("commonmark").parse(page):
        if token.type == "fence" and token.info == "python":
            found.append((token.content, None))
        elif token.type == "fence" and token.info == "text":
            found[-1] = (found[-1][0], token.content)
    return found


def test_every_block_runs_and_prints_what_the_readme_says(
    emitted_python: dict[str, str], environment: Mapping[str, str], tmp_path: Path
):
    shown = blocks(emitted_python["README.md"])
    assert len([output for _, output in shown if output]) >= 6
    done = subprocess.run(
        [sys.executable, "-c", RUNNER], input=json.dumps([code for code, _ in shown]), encoding="utf-8",
        capture_output=True, check=False, cwd=tmp_path, env=dict(environment),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # Where requests go is the only thing that the environment changes.
    documented = re.search(r"POST (https://[\w.-]+)/", emitted_python["README.md"])
    assert documented
    for (code, output), printed in zip(shown, json.loads(done.stdout), strict=True):
        if output is not None:
            assert printed.replace(environment["DASHSCOPE_BASE_URL"], documented[1]).rstrip() == output.rstrip(), code
    assert len(list((tmp_path / "out").glob("*.png"))) >= 4
    assert KEY not in done.stdout + done.stderr


def test_each_example_runs_as_it_is(emitted_python: dict[str, str], environment: Mapping[str, str], tmp_path: Path):
    examples = {path: text for path, text in emitted_python.items() if path.startswith("examples/")}
    assert len(examples) == 9

    def run(text: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, check=False, cwd=tmp_path,
            env=dict(environment), timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    with ThreadPoolExecutor(4) as pool:
        said = dict(zip(examples, pool.map(run, examples.values()), strict=True))
    assert {path: told for path, told in said.items() if told[0]} == {}
    made = {folder.name for folder in (tmp_path / "out").iterdir() if any(folder.rglob("*.png"))}
    assert made == {"quickstart", "edit", "interleave", "stream", "task", "many", "errors", "batch"}
    (page,) = (tmp_path / "out" / "interleave").glob("*.md")
    pictures = re.findall(r"!\[\]\((.+)\)", page.read_text(encoding="utf-8"))
    assert pictures
    assert all((page.parent / name).exists() for name in pictures)
    assert said["examples/cost.py"][1].count("not sent:") == 2
    assert KEY not in str(said)


def test_every_relative_link_of_the_readme_leads_somewhere(emitted_python: dict[str, str]):
    page = emitted_python["README.md"]
    headings = {
        re.sub(r"[^\w -]", "", line[3:]).lower().replace(" ", "-") for line in re.findall(r"^## .*$", page, re.M)
    }
    folders = {path.partition("/")[0] for path in emitted_python}
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert link[1:] in headings if link.startswith("#") else link in folders


def test_the_licence_is_that_of_the_repository(emitted_python: dict[str, str]):
    assert emitted_python["LICENSE"] == (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_readme_of_other_services_shows_their_own_models(tmp_path: Path):
    known = platemark.resolve(platemark.load(ROOT / "tests" / "specs_extra"))
    emitted = targets.emit("python", known)
    page = emitted["python/README.md"]
    assert "client.aurora_1.text_to_image(" in page
    assert "copies.range" in page
    for name in ("DashScope", "dashscope", "wan2", "qwen"):
        assert name not in page
    examples = {path.removeprefix("python/examples/") for path in emitted if path.startswith("python/examples/")}
    assert {"quickstart.py", "edit_file.py", "task.py"} < examples
    assert "stream.py" not in examples


def test_a_block_that_does_not_run_is_not_emitted():
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        proof.said({}, ["1 / 0"])


def test_what_programs_print_comes_from_the_sources_that_are_given():
    sources = {"platemark_images/__init__.py": "from platemark_images.a import b", "platemark_images/a.py": "b = 7"}
    assert proof.said(sources, ["from platemark_images import b", "print(b)"]) == ["", "7\n"]
