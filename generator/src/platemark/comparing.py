"""`platemark diff`: which specs are compared, from folders or from git, and what is answered."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from platemark import api, commands, diff, targets
from platemark.answers import Answer, Usage
from platemark.diff import Change, Package
from platemark.ir import Ir
from platemark.problems import Invalid, Problem, did_you_mean
from platemark.spec.model import Spec

FAILING: Mapping[str, tuple[str, ...]] = {"breaking": ("breaking",), "any": ("breaking", "compatible", "documentation")}
"""What `--fail-on` fails on: changes of these classes that nobody has accepted."""


@dataclass(frozen=True, slots=True)
class Side:
    """Specs under the name by which they were asked for."""

    name: str
    spec: Spec
    ir: Ir


def run(old: str, new: str | None, specs: Path, form: str, fail_on: str | None) -> Answer:
    """What changed from `old` to `new`: folders of specs, or git revisions; without `new`, to the specs as they are.

    `specs` says which folder is meant in a revision. Raises Usage, and Invalid for specs that do not load."""
    one, other = side(old, specs), side(new or str(specs), specs)
    today = datetime.now(UTC).date().isoformat()
    found, problems = diff.acknowledge(compare(one.ir, other.ir), other.spec.acknowledged, today)
    packages = diff.packages(one.ir, other.ir, found, targets.PACKAGES)
    data = {"old": one.name, "new": other.name, **_data(found, packages, problems)}
    failing = FAILING.get(fail_on or "", ())
    waiting = any(change.open and change.impact in failing for change in found)
    return Answer(_text(found, packages, problems, form), data, 1 if waiting or (failing and problems) else 0)


def compare(old: Ir, new: Ir) -> tuple[Change, ...]:
    """Every change between two specs, and between the names in what is emitted from them."""
    return diff.compare(
        old, new, {name: (targets.classes(name, old), targets.classes(name, new)) for name in targets.PACKAGES}
    )


def _data(found: Sequence[Change], packages: Sequence[Package], problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "changes": [change.json() for change in found],
        "packages": [package.json() for package in packages], "changelog": diff.changelog(found),
        "problems": [problem.json() for problem in problems],
    }  # fmt: skip


def _text(found: Sequence[Change], packages: Sequence[Package], problems: Sequence[Problem], form: str) -> str:
    if form == "changelog":
        return diff.changelog(found)
    listed = commands.problems(problems).text if problems else ""
    if form == "markdown":
        return diff.markdown(found, packages) + (f"\n\n## Acknowledgements\n\n```\n{listed}\n```" if listed else "")
    return diff.text(found, packages) + (f"\n\n{listed}" if listed else "")


# ── Folders and revisions ─────────────────────────────────────────────────────────────────────────────────────────


def side(name: str, specs: Path) -> Side:
    """The specs of a folder, or of a git revision. A folder goes first where both are there.

    Raises Usage where neither is, and Invalid for specs that do not load."""
    folder = Path(name)
    if (folder / "documents.yaml").is_file():
        return _side(name, folder)
    if folder.is_dir():
        near = folder / "specs"
        hint = (
            f"did you mean {near}?" if (near / "documents.yaml").is_file() else "name a folder with one, or a revision"
        )
        raise Usage("no-specs", f"{name} is no folder of specs: it has no documents.yaml", hint)
    with TemporaryDirectory() as scratch:
        at = Path(scratch) / specs.resolve().name
        _check_out(name, specs, at)
        try:
            return _side(name, at)
        except Invalid as invalid:
            raise Invalid(_placed(name, problem) for problem in invalid.problems) from None


def _side(name: str, folder: Path) -> Side:
    spec = api.load(folder)
    return Side(name, spec, api.resolve(spec))


def _placed(revision: str, problem: Problem) -> Problem:
    return replace(problem, place=replace(problem.place, file=f"{revision}:{problem.place.file}"))


def _check_out(revision: str, specs: Path, to: Path) -> None:
    """Write the YAML of a revision's folder of specs below `to`."""
    try:
        inside = _git(specs, "rev-parse", "--show-prefix").decode().strip()
    except _Failed:
        hint = "name a folder of specs, or run it within the repository that has the revision"
        raise Usage("no-specs", f"{revision} is no folder, and {specs} is in no git repository", hint) from None
    try:
        commit = _git(specs, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except _Failed:
        message = f"{revision} is no folder, and no revision that git knows"
        raise Usage("unknown-revision", message, _near(revision, specs)) from None
    tree = f"{commit.decode().strip()}:{inside}"
    try:
        listed = _git(specs, "ls-tree", "-r", "-z", "--full-tree", "--name-only", tree).decode().split("\0")
    except _Failed:
        raise Usage("no-specs", f"{revision} has no folder {inside or '.'}", "choose a later revision") from None
    for name in listed:
        if PurePosixPath(name).suffix in {".yaml", ".yml"} and ".." not in PurePosixPath(name).parts:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_bytes(_git(specs, "cat-file", "blob", f"{tree.rstrip('/')}{'/' if inside else ''}{name}"))
    if not (to / "documents.yaml").is_file():
        raise Usage("no-specs", f"{revision} has no documents.yaml in {inside or '.'}", "choose a later revision")


def _near(revision: str, specs: Path) -> str:
    names = _git(specs, "for-each-ref", "--format=%(refname:short)").decode().split()
    shallow = _git(specs, "rev-parse", "--is-shallow-repository").decode().strip() == "true"
    return (
        "this clone is shallow: `git fetch --unshallow` gets the others"
        if shallow
        else did_you_mean(revision, ["HEAD", *names])
    )


class _Failed(Exception):
    """Git says no."""


def _git(at: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(at), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise Usage("no-git", "git is not installed, so only folders can be compared", "name two folders") from None
    if done.returncode:
        raise _Failed(done.stderr.decode(errors="replace"))
    return done.stdout
