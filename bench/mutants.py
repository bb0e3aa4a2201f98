"""Mutation testing of the evaluator and of the emitted validators, by mutmut: `nox -s mutants`.

mutmut wants a `src/` of its own, so each subject is staged in a scratch folder with the tests that kill its mutants:
vectors and unit tests first, properties last, as mutmut sorts tests by their time. Every survivor stands in
`survivors.yaml` with its reason. One that does not, one listed that does not survive, and less than the bar are errors.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import ndiff
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
GENERATED = ROOT / "generated"
SURVIVORS = Path(__file__).parent / "survivors.yaml"
LEAST = 0.95
KILLED = {1, 3}
TIMED_OUT = {24, 36, 152, -24}
"""Exit codes by which mutmut knows them; a mutant that never ends is found, too."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is mutated, and what kills it: tests in the order in which they are collected, and data beside them."""

    name: str
    package: Path
    mutated: tuple[str, ...]
    tests: tuple[Path, ...]
    data: Mapping[str, Path]


TESTS = ROOT / "tests"
STAGED = Path(__file__).parent / "staged"
SUBJECTS = (
    Subject(
        "evaluator",
        ROOT / "generator" / "src" / "platemark",
        (
            *(f"rules/{name}.py" for name in ("judge", "expr", "leaves", "sizes", "nearest", "meanings")),
            *(f"wire/{name}.py" for name in ("reading", "skeletons")),
        ),
        # The vectors come first: what resolves the specs counts for the first test that has them resolved.
        (
            *(TESTS / f"test_{name}.py" for name in ("verdicts", "leaves", "kinds", "skeletons", "sizes", "nearest")),
            STAGED / "evaluator" / "conftest.py",
        ),
        {"specs": ROOT / "specs", "generated/vectors": GENERATED / "vectors"},
    ),
    Subject(
        "client",
        GENERATED / "python" / "src" / "platemark_images",
        ("*/rules/*.py", "_runtime/validate.py", "_runtime/ir.py"),
        (STAGED / "client" / "test_validators.py",),
        {"generated/vectors": GENERATED / "vectors"},
    ),
)


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One change: the function, the lines that were, and those that they became."""

    function: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.function}:\n  - {self.was}\n  + {self.becomes}\n"


@dataclass(frozen=True, slots=True)
class Listed:
    """A survivor that is known, and why nothing kills it; its function may be a pattern, as of paths."""

    mutant: Mutant
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether it is this one."""
        return fnmatchcase(mutant.function, self.mutant.function) and self.mutant == replace(
            mutant, function=self.mutant.function
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the mutants of one file."""

    file: str
    total: int
    timed_out: int
    survivors: tuple[Mutant, ...]

    @property
    def killed(self) -> int:
        """How many were found."""
        return self.total - len(self.survivors)


# ── A stage ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def stage(subject: Subject, root: Path) -> None:
    """Lay out a subject as mutmut wants it."""
    shutil.copytree(subject.package, root / "src" / subject.package.name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "tests").mkdir()
    for path in subject.tests:
        shutil.copy(path, root / "tests")
    for place, path in subject.data.items():
        shutil.copytree(path, root / place)
    if subject.name == "evaluator":
        _keep_one_of_each(root / "generated" / "vectors")
    settings = {
        "source_paths": ["src"],
        "only_mutate": [f"src/{subject.package.name}/{pattern}" for pattern in subject.mutated],
        "also_copy": list(subject.data),
        "pytest_add_cli_args_test_selection": [f"tests/{p.name}" for p in subject.tests if p.name != "conftest.py"],
        # Of the tests of sizes, the slow one is about edges, which `domains` makes and no request is judged by.
        "pytest_add_cli_args": ["-k", "not edges", "-p", "no:unraisableexception", "-p", "no:cacheprovider", "--tb=no"],
        # Tests fill caches, which a fork of the process that ran them would inherit.
        "process_isolation": "forkserver",
        "timeout_multiplier": 4,
        "timeout_constant": 15.0,  # seconds: a busy machine is not a mutant that never ends
        "track_dependencies": False,
        "use_git_change_detection": False,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (root / "pyproject.toml").write_text("\n".join(["[tool.mutmut]", *lines, ""]), "utf-8")


def _keep_one_of_each(vectors: Path) -> None:
    """The evaluator runs the same code for all models of a family, and for all routes of a mode."""
    families = [json.loads(path.read_text("utf-8")) for path in sorted((GENERATED / "ir").glob("*/*.json"))]
    first = {family["models"][0]["id"] for family in families if "models" in family}
    for path in vectors.rglob("*.json"):
        stated = json.loads(path.read_text("utf-8"))
        if stated["model"] not in first:
            path.unlink()
            continue
        by_rest = {vector["id"].partition("/")[2]: vector for vector in reversed(stated["vectors"])}
        path.write_text(json.dumps({**stated, "vectors": list(by_rest.values())[::-1]}), "utf-8")


# ── What became of them ─────────────────────────────────────────────────────────────────────────────────────────────


def tallies(root: Path) -> Iterable[Tally]:
    """What mutmut wrote down of each file. Raises RuntimeError where it did not try all mutants."""
    for path in sorted((root / "mutants" / "src").rglob("*.meta")):
        codes: dict[str, int | None] = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        if None in codes.values():
            raise RuntimeError(f"{path.name}: mutmut stopped before it had tried all mutants")
        if codes:
            found = [key for key, code in codes.items() if code not in KILLED | TIMED_OUT]
            timed_out = sum(code in TIMED_OUT for code in codes.values())
            yield Tally(_name(path, root), len(codes), timed_out, tuple(_told(path.with_suffix(""), found)))


def _name(path: Path, root: Path) -> str:
    return path.with_suffix("").relative_to(root / "mutants" / "src").as_posix()


def _told(path: Path, keys: list[str]) -> Iterable[Mutant]:
    """Mutants by their keys: what each changes, read from the file that holds the original and all of them."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    functions = {
        node.name: lines[node.lineno - 1 : node.end_lineno]
        for node in (ast.walk(ast.parse(text)) if keys else ())
        if isinstance(node, ast.FunctionDef)
    }
    for key in keys:
        module, _, mutant = key.rpartition(".")
        mangled, _, _ = mutant.partition("__mutmut_")
        function = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        original = f"{mangled}__mutmut_orig"
        changed = list(ndiff(functions[original], [line.replace(mutant, original) for line in functions[mutant]]))
        told = [" ".join(line[2:].strip() for line in changed if line.startswith(sign)) for sign in ("- ", "+ ")]
        yield Mutant(f"{module}.{function}", *told)


def listed() -> list[Listed]:
    """The survivors that are known."""
    found: list[dict[str, Any]] = yaml.safe_load(SURVIVORS.read_text("utf-8")) or []
    return [
        Listed(Mutant(entry["in"], mutant["was"], mutant["becomes"]), entry["reason"])
        for entry in found
        for mutant in entry["mutants"]
    ]


def report(name: str, found: list[Tally]) -> Iterable[str]:
    """A table of one subject, as Markdown."""
    yield f"| {name} | mutants | killed | of them never ended | survived | killed |"
    yield "|---|---|---|---|---|---|"
    whole = Tally("all", sum(t.total for t in found), sum(t.timed_out for t in found), _survivors(found))
    for tally in (*found, whole):
        left = len(tally.survivors)
        share = tally.killed / tally.total
        yield f"| {tally.file} | {tally.total} | {tally.killed} | {tally.timed_out} | {left} | {share:.1%} |"
    yield ""


def _survivors(found: Iterable[Tally]) -> tuple[Mutant, ...]:
    return tuple(mutant for tally in found for mutant in tally.survivors)


def complaints(subject: Subject, found: list[Tally], known: list[Listed]) -> Iterable[str]:
    """What keeps the session from passing."""
    share = sum(tally.killed for tally in found) / sum(tally.total for tally in found)
    if share < LEAST:
        yield f"{subject.name}: {share:.1%} killed; at least {LEAST:.0%} must be"
    survivors = set(_survivors(found))
    own = [each for each in known if each.mutant.function.startswith(f"{subject.package.name}.")]
    for mutant in sorted(survivors):
        if not any(each.covers(mutant) for each in own):
            yield f"{mutant} survived, and survivors.yaml does not say why"
    for each in own:
        if not any(each.covers(mutant) for mutant in survivors):
            yield f"{each.mutant} is listed, and does not survive"


def main(names: list[str]) -> int:
    """Mutate the named subjects, or all; the exit code says whether all bars are met."""
    known, wrong = listed(), list[str]()
    for subject in SUBJECTS:
        if names and subject.name not in names:
            continue
        with TemporaryDirectory() as scratch:
            root = Path(scratch)
            stage(subject, root)
            done = subprocess.run(
                [sys.executable, "-m", "mutmut", "run"],
                cwd=root,
                env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # one of them is ours, and no mutant
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if done.returncode:
                print(done.stdout[-4000:])
                return 1
            found = list(tallies(root))
        print(*report(subject.name, found), sep="\n", flush=True)
        wrong += complaints(subject, found, known)
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
