"""`platemark diff`: folders and git revisions, what is accepted, versions, formats, exit codes."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from diffing import EXTRA, edited, resolved
from platemark import cli, comparing, diff, source, targets
from platemark.diff import Change, due
from platemark.problems import Invalid
from platemark.spec import shape

LUMEN = "lumen/aurora.yaml"
TIGHTER = (LUMEN, "length: ..500", "length: ..400")
LOOSER = (LUMEN, "count: 2..5", "count: 2..6")
REWORDED = (LUMEN, "note: Draws in fewer steps", "note: Draws fast")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(["diff", *arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return call


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    return lambda *edits: edited(EXTRA, tmp_path, *edits)


def asked(run: Run, *arguments: str) -> Any:
    return json.loads(run(*arguments, "--format", "json")[1])


# ── What is asked ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_specs_do_not_differ(run: Run) -> None:
    assert run(str(EXTRA), str(EXTRA), "--fail-on", "any") == (0, "no changes\n", "")


@pytest.mark.parametrize(
    ("edits", "fail_on", "code"),
    [
        ([TIGHTER], None, 0),
        ([TIGHTER], "breaking", 1),
        ([LOOSER, REWORDED], "breaking", 0),
        ([LOOSER], "any", 1),
        ([REWORDED], "any", 1),
    ],
)
def test_it_fails_on_what_is_asked(
    run: Run, changed: Callable[..., Path], edits: list[Any], fail_on: str | None, code: int
) -> None:
    options = ["--fail-on", fail_on] if fail_on else []
    assert run(str(EXTRA), str(changed(*edits)), *options)[0] == code


def test_a_change_says_all_that_there_is_to_know(run: Run, changed: Callable[..., Path]) -> None:
    data = asked(run, str(EXTRA), str(changed(TIGHTER)))
    (change,) = data["changes"]
    id_ = change.pop("id")
    assert id_.startswith("lumen/prompt.length:tightened@")
    assert (data["schema_version"], data["problems"]) == (1, [])
    assert change == {
        "rule": "prompt.length", "parameter": "prompt", "kind": "length", "change": "tightened", "class": "breaking",
        "provider": "lumen", "models": ["aurora-1", "aurora-1-fast"], "modes": ["text_to_image", "edit"],
        "routes": ["sync", "task"], "old": "..500", "new": "..400", "documents": ["aurora-ref"], "acknowledged": None,
        "sentence": "`prompt` holds at most 400 characters; before: holds at most 500 characters",
        "addresses": sorted(
            f"lumen/{model}/{mode}/{route}/prompt.length"
            for model in ("aurora-1", "aurora-1-fast")
            for mode in ("edit", "text_to_image")
            for route in ("sync", "task")
        ),
    }  # fmt: skip


def test_an_id_is_of_one_model_and_mode_where_the_change_is(run: Run, changed: Callable[..., Path]) -> None:
    specs = changed((LUMEN, "area: ..1536*1536", "area: ..1024*1024"), (LUMEN, "side: 256..1536", "side: 256..1024"))
    ids = sorted(change["id"].partition("@")[0] for change in asked(run, str(EXTRA), str(specs))["changes"])
    assert ids == ["lumen/aurora-1-fast/size.side:tightened", "lumen/size.default:default-changed"]


def test_an_id_is_of_just_this_change(changed: Callable[..., Path], tmp_path: Path) -> None:
    def ids(*edits: tuple[str, str, str], name: str) -> set[str]:
        return {change.id for change in diff.compare(resolved(EXTRA), resolved(edited(EXTRA, tmp_path / name, *edits)))}

    alone = ids(TIGHTER, name="a")
    assert alone < ids(TIGHTER, LOOSER, name="b")
    assert not alone & ids((LUMEN, "length: ..500", "length: ..300"), name="c")


def test_it_says_the_same_in_any_order_of_reading(changed: Callable[..., Path]) -> None:
    other = resolved(changed(TIGHTER, LOOSER, REWORDED))
    assert len({tuple(diff.compare(resolved(EXTRA), other)) for _ in range(2)}) == 1


# ── What is answered ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_for_a_pull_request(run: Run, changed: Callable[..., Path]) -> None:
    code, out, _ = run(str(EXTRA), str(changed(TIGHTER, LOOSER, REWORDED)), "--format", "markdown")
    heads = [line for line in out.splitlines() if line.startswith("## ")]
    assert heads[:5] == ["## Breaking", "## Compatible", "## Documentation only", "## Versions", "## Changelog"]
    assert out.startswith("1 breaking, 1 compatible, 1 documentation. 1 of the breaking ones wait")
    assert "| `prompt` holds at most 400 characters; before: holds at most 500 characters |" in out
    assert "| python | 0.1.0 | 0.2.0 | 0.1.0 (too low) |" in out
    assert code == 0


def test_an_entry_of_a_changelog(run: Run, changed: Callable[..., Path]) -> None:
    added = (LUMEN, "  polish:\n", "  glow: {type: integer, about: How bright}\n  polish:\n")
    _, out, _ = run(str(EXTRA), str(changed(TIGHTER, added)), "--format", "changelog")
    where = "aurora-1, aurora-1-fast · text_to_image, edit · sync, task"
    assert out == (
        "## [Unreleased]\n\n"
        f"### Added\n\n- {where}: `glow` is new: How bright.\n\n"
        f"### Changed\n\n- **Breaking:** {where}: `prompt` holds at most 400 characters; before: holds at most 500"
        " characters.\n"
    )


def test_text_of_a_spec_stays_in_its_cell(run: Run, changed: Callable[..., Path]) -> None:
    hostile = (LUMEN, "  polish:\n", '  glow: {type: integer, about: "a | b <script>\\n# c"}\n  polish:\n')
    _, out, _ = run(str(EXTRA), str(changed(hostile)), "--format", "markdown")
    (line,) = [line for line in out.splitlines() if "`glow` is new" in line and line.startswith("|")]
    assert "a \\| b &lt;script> # c" in line


# ── What a person accepts ─────────────────────────────────────────────────────────────────────────────────────────


def accepted(specs: Path, id_: str, more: str = "") -> str:
    (specs / source.ACKNOWLEDGED).write_text(f"{id_}: {{reason: the service refuses it already{more}}}\n", "utf-8")
    return str(specs)


def test_an_accepted_change_fails_no_more(run: Run, changed: Callable[..., Path]) -> None:
    specs = changed(TIGHTER)
    (change,) = asked(run, str(EXTRA), str(specs))["changes"]
    named = accepted(specs, change["id"], ", until: 9999-12-31")
    data = asked(run, str(EXTRA), named)
    assert data["changes"][0]["acknowledged"] == "the service refuses it already"
    assert data["packages"][0]["due"] == "0.2.0"  # it breaks callers all the same
    code, out, _ = run(str(EXTRA), named, "--fail-on", "any")
    assert (code, "accepted: the service refuses it already" in out) == (0, True)


@pytest.mark.parametrize(
    ("id_", "more", "code"),
    [
        ("lumen/prompt.length:tightened@00000000", "", "idle-acknowledgement"),
        ("", ", until: 2000-01-01", "expired-acknowledgement"),
    ],
)
def test_an_acceptance_of_nothing_is_a_finding(
    run: Run, changed: Callable[..., Path], id_: str, more: str, code: str
) -> None:
    specs = changed(TIGHTER)
    (change,) = asked(run, str(EXTRA), str(specs))["changes"]
    named = accepted(specs, id_ or change["id"], more)
    assert [problem["code"] for problem in asked(run, str(EXTRA), named)["problems"]] == [code]
    assert run(str(EXTRA), named, "--fail-on", "breaking")[0] == 1
    assert re.search(rf"specs/acknowledged\.yaml:1:\d+: {code}: ", run(str(EXTRA), named)[1])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("acknowledged.yaml", "lumen/n.range: {reason: a}\n", "bad-name"),
        ("acknowledged.yaml", "lumen/n.range:tightened@0123abcd: {until: 2030-01-01}\n", "missing-key"),
        ("acknowledged.yaml", "lumen/n.range:tightened@0123abcd: {reason: a, until: soon}\n", "bad-form"),
        ("versions.yaml", "pyhton: 0.1.0\n", "did you mean python?"),
        ("versions.yaml", "python: 1.0\n", "no-floats"),
        ("versions.yaml", "python: 1.0.0-rc.1\n", "bad-form"),
    ],
)
def test_both_files_are_read_strictly(changed: Callable[..., Path], name: str, text: str, said: str) -> None:
    specs = changed(REWORDED)
    (specs / name).write_text(text, "utf-8")
    with pytest.raises(Invalid, match=said):
        resolved(specs)


# ── Versions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("version", "edits", "expected"),
    [
        ("0.1.0", [], "0.1.0"),
        ("0.1.3", [REWORDED], "0.1.4"),
        ("0.1.3", [LOOSER], "0.1.4"),
        ("0.1.3", [TIGHTER, LOOSER], "0.2.0"),
        ("2.1.3", [REWORDED], "2.1.4"),
        ("2.1.3", [LOOSER, REWORDED], "2.2.0"),
        ("2.1.3", [TIGHTER], "3.0.0"),
    ],
)
def test_a_version_follows_from_the_worst(
    changed: Callable[..., Path], version: str, edits: list[Any], expected: str
) -> None:
    changes: tuple[Change, ...] = diff.compare(resolved(EXTRA), resolved(changed(*edits)))
    assert due(version, changes) == expected


def test_the_version_of_a_package_stands_in_the_specs_alone(changed: Callable[..., Path], run: Run) -> None:
    specs = changed(TIGHTER)
    (specs / source.VERSIONS).write_text("python: 0.2.0\n", "utf-8")
    files = targets.emit("python", resolved(specs))
    assert 'version = "0.2.0"' in files["python/pyproject.toml"]
    assert '__version__ = "0.2.0"' in files["python/src/platemark_images/__init__.py"]
    assert asked(run, str(EXTRA), str(specs))["packages"] == [
        {"package": "python", "old": "0.1.0", "new": "0.2.0", "due": "0.2.0", "enough": True}
    ]


def test_every_package_that_is_emitted_has_a_version() -> None:
    assert [*shape.schema("versions")["properties"]] == [*targets.PACKAGES]
    assert {*targets.PACKAGES} <= targets.FOLDERS.keys()


def test_what_a_person_accepts_is_in_no_digest(changed: Callable[..., Path]) -> None:
    specs = changed(TIGHTER)
    before = source.digest(specs)
    accepted(specs, "lumen/prompt.length:tightened@00000000")
    assert source.digest(specs) == before
    (specs / source.VERSIONS).write_text("python: 0.2.0\n", "utf-8")
    assert source.digest(specs) != before


@pytest.mark.parametrize("name", ["versions", "acknowledged"])
def test_their_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(shape.schema(shape.NAMES[name]))


# ── Revisions ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def repository(changed: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of specs in a folder of a repository, the second tagged; a third state is not committed."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    specs = changed(REWORDED)

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    git("add", "specs")
    git("commit", "-m", "one")
    path = specs / LUMEN
    for number, (_, before, after) in enumerate((TIGHTER, LOOSER)):
        path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
        if not number:
            git("commit", "-am", "two")
            git("tag", "v2")
    monkeypatch.chdir(tmp_path)
    return specs


@pytest.mark.parametrize(
    ("sides", "rules"),
    [
        (["HEAD~1", "HEAD"], ["prompt.length"]),
        (["v2"], ["inks.count"]),
        (["HEAD~1"], ["inks.count", "prompt.length"]),
        (["v2", "specs"], ["inks.count"]),
        (["main", "v2"], []),
    ],
)
def test_revisions(run: Run, repository: Path, sides: list[str], rules: list[str]) -> None:
    data = asked(run, *sides, "--specs", str(repository))
    assert sorted(change["rule"] for change in data["changes"]) == rules
    assert (data["old"], data["new"]) == (sides[0], sides[1] if len(sides) > 1 else str(repository))


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("v3", "v3 is no folder, and no revision that git knows\nhint: known: HEAD, main, v2"),
        ("man", "man is no folder, and no revision that git knows\nhint: did you mean main?"),
        (".", ". is no folder of specs: it has no documents.yaml\nhint: did you mean specs?"),
    ],
)
def test_what_is_neither(run: Run, repository: Path, old: str, message: str) -> None:
    code, out, err = run(old, "--specs", str(repository))
    assert (code, out) == (2, "")
    assert message in err


def test_a_revision_without_specs_is_told(run: Run, repository: Path) -> None:
    moved = repository.parent / "elsewhere"
    repository.rename(moved)
    code, _, err = run("HEAD", "--specs", str(moved))
    assert (code, "HEAD has no folder elsewhere" in err) == (2, True)


def test_outside_of_a_repository_only_folders_are_known(run: Run, tmp_path: Path) -> None:
    specs = edited(EXTRA, tmp_path, REWORDED)
    code, _, err = run("HEAD", "--specs", str(specs))
    assert (code, "is in no git repository" in err) == (2, True)


def test_specs_of_a_revision_that_do_not_load_are_named_with_it(run: Run, repository: Path) -> None:
    path = repository / LUMEN
    path.write_text(path.read_text("utf-8").replace("makes: copies", "makes: nothing"), "utf-8")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, "commit", "-am", "three"], cwd=repository, check=True, capture_output=True)
    code, _, err = run("HEAD", str(EXTRA), "--specs", str(repository))
    assert (code, "HEAD:specs/lumen/aurora.yaml:" in err) == (2, True)


def test_names_in_packages_are_compared_too(changed: Callable[..., Path]) -> None:
    """Models that become alike share a class: the other one's is gone, although every request still works."""
    same = "      size:\n        tokens: {1K: 1024*1024, 2K: 2048*2048}\n        from: {tokens: aurora-ref}\n"
    other = resolved(changed((LUMEN, "      size: {side: 256..1536}\n", same)))
    found = {change.rule: change.impact for change in comparing.compare(resolved(EXTRA), other)}
    assert found["python.lumen.aurora.Aurora1Fast"] == "breaking"
    assert "breaking" not in {impact for rule, impact in found.items() if not rule.startswith("python.")}
