"""Bad specs: each file of `specs_bad/` holds one mistake, and in its first comment what `platemark lint` says to it.

Run as a script, this module writes those comments anew, for a person to read them: `python tests/test_bad_specs.py`.
"""

import contextlib
import io
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from platemark import api, cli, source
from platemark.problems import CODES

FOLDER = Path(__file__).parent / "specs_bad"
BASE = FOLDER / "base"
LOADERS = {"libyaml": yaml.CLoader, "python": yaml.Loader}
SHOWN_ELSEWHERE = {"unreadable", "too-large", "idle-acknowledgement", "expired-acknowledgement"}
"""Problems that no small file can show: test_source.py has them, and test_diff_command.py those of two specs."""


@dataclass(frozen=True)
class BadSpec:
    """A file, the spec that it stands in for, and what lint says then."""

    path: Path
    word: str
    place: str
    expected: str

    @classmethod
    def read(cls, path: Path) -> "BadSpec":
        lines = path.read_bytes().decode("utf-8", "replace").split("\n")
        word, _, place = lines[0].removeprefix("# ").partition(": ")
        comment = takewhile(lambda line: line.startswith("#"), lines[1:])
        return cls(path, word, place, "\n".join(line[2:] for line in comment) + "\n")

    def put(self, folder: Path) -> Path:
        """A copy of the base with the file in its place."""
        specs = folder / "specs"
        shutil.copytree(BASE, specs)
        target = specs / self.place
        assert target.exists() == (self.word == "replaces"), f"{self.path.name}: {self.word} {self.place}?"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.path, target)
        return specs


ALL = [BadSpec.read(path) for path in sorted(FOLDER.glob("*.yaml"))]


def lint(specs: Path, *more: str) -> tuple[int, str, str]:
    """What `platemark lint` exits with, prints, and prints as errors."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(["lint", "--specs", str(specs), *more])
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.path.stem)
def test_lint_says_what_the_comment_says(
    bad: BadSpec, loader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_LOADER", LOADERS[loader])
    assert lint(bad.put(tmp_path)) == (1, bad.expected, "")


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.path.stem)
def test_json_says_the_same(bad: BadSpec, tmp_path: Path) -> None:
    code, out, err = lint(bad.put(tmp_path), "--format", "json")
    problems = json.loads(out)["problems"]
    assert [f"{p['file']}:{p['line']}:{p['column']}: {p['code']}: {p['message']}" for p in problems] == _heads(bad)
    assert (code, err) == (1, "")


def _heads(bad: BadSpec) -> list[str]:
    return [block.splitlines()[0] for block in bad.expected.split("\n\n")]


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.path.stem)
def test_the_file_is_named_after_its_problem(bad: BadSpec) -> None:
    assert any(bad.path.stem.startswith(f"{head.split(': ')[1]}-") for head in _heads(bad))


def test_every_problem_has_a_bad_spec() -> None:
    shown = {head.split(": ")[1] for bad in ALL for head in _heads(bad)}
    assert sorted(set(CODES) - shown - SHOWN_ELSEWHERE) == []
    assert sorted(shown - set(CODES)) == []


@pytest.mark.parametrize("loader", LOADERS)
def test_the_base_is_clean(loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_LOADER", LOADERS[loader])
    assert lint(BASE) == (0, "no problems\n", "")


def test_problems_of_all_files_come_in_one_run(tmp_path: Path) -> None:
    """A file of the wrong shape does not hide what is wrong with the others, nor make them look idle."""
    chosen = {"documents.yaml": "idle-document-uncited", "acme/lamp.yaml": "bad-default-out-of-range"}
    bad = [next(bad for bad in ALL if bad.path.stem == stem) for stem in chosen.values()]
    specs = bad[1].put(tmp_path)
    shutil.copyfile(bad[0].path, specs / "documents.yaml")
    (specs / "acme" / "torch.yaml").write_text("abuot: Torch\n", encoding="utf-8")
    _, out, _ = lint(specs)
    assert "unknown key `abuot`" in out
    assert "bad-default" in out
    assert "idle-document" not in out  # torch.yaml may cite it


# ── Random mistakes ─────────────────────────────────────────────────────────────────────────────────────────────────

JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 10**20, "", "x", "$each", "$item", "$others", "1..4", "4..1", "..", "4:1..1:4", "512*512..1*1",
    "9" * 5000 + "..1", "shared", "../../x", "\x1b[31m", [], {}, [[]], {"": None}, {"$each": "images"}, ["$item"],
    {"from": "nope"}, {"like": "last image", "area": "1*1"}, "n", "images", "sync", "edit", "list", "object",
)  # fmt: skip


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, part in parts:
        yield (*path, key)
        yield from _paths(part, (*path, key))


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def _mutate(chance: random.Random, data: Any) -> None:
    """Delete, replace, copy, rename or move one random node."""
    paths = list(_paths(data))
    *above, key = chance.choice(paths)
    parent, other = _at(data, tuple(above)), chance.choice(paths)
    copied = json.loads(json.dumps(_at(data, other)))
    match chance.randrange(5):
        case 0:
            del parent[key]
        case 1:
            parent[key] = chance.choice(JUNK)
        case 2:
            parent[key] = copied
        case 3 if isinstance(parent, dict):
            parent[str(chance.choice(JUNK))[:60]] = parent.pop(key)
        case _ if isinstance(parent, dict):
            parent[str(other[-1])] = copied
        case _:
            parent.append(copied)


@pytest.mark.parametrize("seed", range(60))
def test_a_random_mistake_never_ends_in_a_traceback(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    files = {path.relative_to(BASE): source.read(path, "x").data for path in sorted(BASE.rglob("*.yaml"))}
    for _ in range(chance.choice((1, 1, 2, 4))):
        _mutate(chance, files[chance.choice(list(files))])
    for name, data in files.items():
        (tmp_path / "specs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "specs" / name).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    code, _, err = lint(tmp_path / "specs")
    assert code in {0, 1}
    assert err == ""
    if code == 0:
        api.resolve(api.load(tmp_path / "specs"))


# ── Writing the comments anew ───────────────────────────────────────────────────────────────────────────────────────


def _bless(path: Path) -> None:
    """Write what lint says into the first comment; line numbers move with it, so as often as it takes."""
    for _ in range(3):
        raw = path.read_bytes()
        lines = raw.splitlines(keepends=True)
        rest = [line for line in lines[1:] if not line.startswith(b"#")]
        with TemporaryDirectory() as folder:
            _, said, _ = lint(BadSpec.read(path).put(Path(folder)))
        comment = [f"# {line}".rstrip() + "\n" for line in said.splitlines()]
        path.write_bytes(b"".join([lines[0], *(line.encode() for line in comment), *rest]))


if __name__ == "__main__":
    for each in sorted(FOLDER.glob("*.yaml")):
        _bless(each)
