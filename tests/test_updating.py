"""`platemark update`: a page says something else; specs, versions, output, changelog, lock follow, or nothing does."""

import json
import re
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

import updates
from own_specs import Ran, ran
from platemark import drifting, update, write
from platemark.drift import Reader, drift
from platemark.spec.load import load
from updates import CHANGELOG, DOCUMENT, DOUBTFUL, FEWER, NEW, REWORDED, held, page, updated


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun")
    updates.begin(folder)
    return folder


@pytest.fixture
def here(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which everything is up to date; tests work in it."""
    folder = copytree(begun, tmp_path / "here")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def tighter(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran, Any]:
    """A repository after the page said of one limit something tighter, and what was said then."""
    folder = copytree(begun, tmp_path_factory.mktemp("tighter") / "here")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("page.md").write_text(page(FEWER), encoding="utf-8")
        reports = ["--report", "out/report.md", "--report", "out/report.json"]
        return folder, *updated(DOCUMENT, *reports)


# ── A figure that changed ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_changed_figure_is_put_in_its_place_and_nowhere_else(begun: Path, tighter: tuple[Path, Ran, Any]) -> None:
    folder, done, data = tighter
    assert (done.code, done.err) == (1, "")
    before = (begun / "specs/lumen/aurora.yaml").read_text("utf-8")
    assert before.count("range: 1..6") == 1
    assert (folder / "specs/lumen/aurora.yaml").read_text("utf-8") == before.replace("range: 1..6", "range: 1..4")
    (applied,) = data["applied"]
    assert applied["file"] == "specs/lumen/aurora.yaml"
    assert before.splitlines()[applied["line"] - 1] == "    range: 1..6"
    assert (applied["id"], applied["old"], applied["new"], data["left"]) == ("copies.range", "6", "4", [])


def test_versions_and_changelog_follow(tighter: tuple[Path, Ran, Any]) -> None:
    folder, _, data = tighter
    assert (folder / "specs/versions.yaml").read_text("utf-8") == "python: 0.2.0\n"
    assert data["packages"] == [{"package": "python", "old": "0.1.0", "new": "0.2.0", "due": "0.2.0", "enough": True}]
    assert [(c["rule"], c["change"], c["class"]) for c in data["changes"]] == [
        ("copies.range", "tightened", "breaking")
    ]
    where = "aurora-1, aurora-1-fast · text_to_image, edit · sync, task"
    entry = f"\n### Changed\n\n- **Breaking:** {where}: `copies` must be 1 to 4; before: must be 1 to 6.\n"
    assert (folder / "CHANGELOG.md").read_text("utf-8") == CHANGELOG.replace("- A lamp.\n", f"- A lamp.\n{entry}")


def test_what_is_generated_follows(tighter: tuple[Path, Ran, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _, _ = tighter
    monkeypatch.chdir(folder)
    assert ran("check").out == "up to date\n"
    assert json.loads((folder / "generated/MANIFEST.json").read_text("utf-8"))["package"] == updates.PACKAGE
    assert 'version = "0.2.0"' in (folder / "generated/python/pyproject.toml").read_text("utf-8")


def test_the_same_page_is_no_news_any_more(tighter: tuple[Path, Ran, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _, _ = tighter
    monkeypatch.chdir(folder)
    before = held(folder)
    done, data = updated()
    assert (done.code, data["change_key"], data["written"]) == (0, "", [])
    assert held(folder) == before


def test_it_lists_every_file_that_is_another(begun: Path, tighter: tuple[Path, Ran, Any]) -> None:
    folder, _, data = tighter
    before, after = held(begun), held(folder)
    other = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    told = {each["file"]: each["what"] for each in data["written"]}
    assert told.keys() == other - {"page.md", "out/report.md", "out/report.json"}
    assert (told["specs/versions.yaml"], told["CHANGELOG.md"]) == ("added", "changed")


def test_reports_say_it_all(tighter: tuple[Path, Ran, Any]) -> None:
    folder, _, data = tighter
    assert json.loads((folder / "out/report.json").read_text("utf-8")) == data
    assert data["schema_version"] == 1
    assert re.fullmatch("[0-9a-f]{16}", data["change_key"])
    assert data["title"] == "aurora-ref: copies.range 6 → 4"
    assert (data["failed"], data["dry_run"]) == (None, False)
    text = (folder / "out/report.md").read_text("utf-8")
    heads = ["What the documents say now", "Put into the specs", "For callers", "Breaking", "Versions", "Changelog"]
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [*heads, "[Unreleased]", "Files"]
    assert "| changed | `copies.range` | aurora-1,aurora-1-fast |  | `6` | `4` | aurora-ref, line 12 |" in text
    assert "| specs/lumen/aurora.yaml:" in text
    assert f"Change key: `{data['change_key']}`" in text
    assert str(folder) not in text + json.dumps(data)


def test_a_dry_run_says_the_same_and_writes_reports_alone(here: Path, tighter: tuple[Path, Ran, Any]) -> None:
    (here / "page.md").write_text(page(FEWER), encoding="utf-8")
    before = held(here)
    done, data = updated(DOCUMENT, "--dry-run", "--report", "report.md")
    report = (here / "report.md").read_text("utf-8")
    assert "would be changed: specs/lumen/aurora.yaml, " in report
    assert {name: raw for name, raw in held(here).items() if name != "report.md"} == before
    assert done.code == 1
    assert data == {**tighter[2], "dry_run": True}


# ── Nothing is written when a step fails ──────────────────────────────────────────────────────────────────────────


def test_specs_that_would_not_lint_are_not_written(here: Path) -> None:
    (here / "page.md").write_text(page(("| 1 to 4 pictures", "| 1 to 1 pictures")), encoding="utf-8")
    before = held(here)
    done, data = updated()
    assert done.code == 1
    assert (data["failed"]["step"], data["written"]) == ("lint", [])
    assert [problem["code"] for problem in data["failed"]["problems"]] == ["bad-example"]
    assert held(here) == before
    assert (
        "nothing was written: the patched specs would not lint" in ran("update", f"--document={DOCUMENT}=page.md").out
    )


def test_what_was_edited_by_hand_is_not_overwritten(here: Path) -> None:
    (here / "page.md").write_text(page(FEWER), encoding="utf-8")
    edited = here / "generated/ir/lumen/aurora.json"
    edited.write_text("{}", encoding="utf-8")
    before = held(here)
    done, data = updated()
    assert (done.code, data["failed"]["step"], data["failed"]["problems"]) == (1, "generate", [])
    assert "ir/lumen/aurora.json" in data["failed"]["message"]
    assert held(here) == before


def test_a_stop_amid_writing_leaves_all_as_it_was(here: Path) -> None:
    (here / "page.md").write_text(page(FEWER), encoding="utf-8")
    (here / "news").mkdir()  # a folder can't be written as a file; it comes after all that is generated
    before = held(here)
    done, data = updated(DOCUMENT, "--changelog", "news", "--report", "out/report.md")
    assert (done.code, data) == (2, None)
    error = json.loads(done.err)["error"]
    assert error["code"] == "unwritable"
    assert "every file is as it was" in error["message"]
    assert held(here) == before
    assert not (here / "out").exists()


def test_files_are_written_as_a_whole_or_not(tmp_path: Path) -> None:
    kept, fresh = tmp_path / "kept", tmp_path / "a" / "b" / "fresh"
    kept.write_bytes(b"1")
    with pytest.raises(KeyError), write.whole([kept, fresh]):
        kept.unlink()
        write.put(fresh, "2")
        raise KeyError
    assert held(tmp_path) == {"kept": b"1"}
    assert not (tmp_path / "a").exists()
    with write.whole([kept, fresh]):
        write.put(kept, "3")
        write.put(fresh, "4")
    assert held(tmp_path) == {"kept": b"3", "a/b/fresh": b"4"}


def test_what_can_not_be_put_back_is_named(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(b"1")
    with pytest.raises(write.Torn, match="kept") as torn, write.whole([kept]):
        kept.unlink()
        kept.mkdir()
        raise KeyError
    assert isinstance(torn.value.__cause__, KeyError)


# ── What is told, and stays for a person ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["", "404 Not Found", "\0\1\2"])
def test_a_page_that_is_gone_changes_nothing(here: Path, text: str) -> None:
    (here / "page.md").write_text(text, encoding="utf-8")
    before = held(here)
    done, data = updated()
    assert (done.code, data["written"], data["applied"]) == (1, [], [])
    assert data["documents"][0]["status"] in {"missing", "unreadable"}
    assert data["pinned"][0]["pinned"] is False
    assert held(here) == before


def test_a_suspect_figure_is_told_until_somebody_looks(here: Path) -> None:
    (here / "page.md").write_text(page(DOUBTFUL, NEW), encoding="utf-8")
    done, first = updated()
    assert (done.code, first["applied"], [each["value"] for each in first["facts"]]) == (1, [], ["glow"])
    assert {row["status"] for row in first["left"]} == {"suspect"}
    assert [each["file"] for each in first["written"]] == ["specs/documents.lock"]
    (pinned,) = first["pinned"]
    assert re.fullmatch(r"but for what is suspect on line \d+", pinned["why"])
    done, again = updated()
    assert (done.code, again["facts"], again["written"]) == (1, [], [])
    assert [row for row in again["left"] if row["status"] == "suspect"] == first["left"]
    assert again["change_key"] != first["change_key"]  # what was new is pinned
    (here / "page.md").write_text(page(NEW), encoding="utf-8")
    assert updated()[0].code == 0


def test_new_facts_are_left_to_a_person_once(here: Path) -> None:
    (here / "page.md").write_text(page(NEW), encoding="utf-8")
    done = ran("update", f"--document={DOCUMENT}=page.md", "--format", "markdown")
    assert done.code == 1
    assert "- parameter glow: no spec has it (aurora-ref:15)" in done.out
    assert updated()[0].code == 0


def test_other_words_are_no_change_and_nothing_is_written(here: Path) -> None:
    (here / "page.md").write_text(page(REWORDED), encoding="utf-8")
    before = held(here)
    done, data = updated()
    assert (done.code, data["change_key"], data["title"], data["written"]) == (0, "", "", [])
    assert held(here) == before


def test_a_document_that_is_not_pinned_may_be_held_against_a_page(here: Path) -> None:
    (here / "specs/documents.lock").unlink()
    (here / "page.md").write_text(page(NEW), encoding="utf-8")
    assert json.loads(updated()[0].err)["error"]["code"] == "not-pinned"
    done, data = updated(DOCUMENT, "--against-document", f"{DOCUMENT}={updates.PAGE}")
    assert (done.code, data["written"]) == (1, [{"file": "specs/documents.lock", "what": "added"}])
    assert updated()[0].code == 0


def test_the_other_captures_of_a_document_stay(here: Path) -> None:
    (here / "other.md").write_text("# Lumen\n\nBy night, draw `1024*1024`.\n" + "Much to read. " * 20)
    assert ran("documents", "pin", DOCUMENT, str(updates.PAGE), "other.md").code == 0
    before = drifting.held_documents(here / "specs")[DOCUMENT]
    (here / "page.md").write_text(page(NEW), encoding="utf-8")
    assert updated()[0].code == 1
    after = drifting.held_documents(here / "specs")[DOCUMENT]
    other = [[s for s in entry["sections"] if s["capture"] == 1] for entry in (before, after)]
    assert other[0] == other[1] != []
    assert (len(after["files"]), after["files"][1]) == (2, before["files"][1])
    assert after["files"][0] != before["files"][0]
    assert updated()[0].code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "usage"),
        (["--document", f"{DOCUMENT}=page.md", "--report", "out.txt"], "usage"),
        (["--document", "aurora-1=page.md", "--document", f"{DOCUMENT}=page.md"], "usage"),
        (["--document", "aurora-rf=page.md"], "unknown-document"),
        (["--document", f"{DOCUMENT}=nowhere.md"], "unreadable"),
    ],
)
def test_what_can_not_be_asked_is_told(here: Path, arguments: list[str], code: str) -> None:
    (here / "page.md").write_text(page(FEWER), encoding="utf-8")
    before = held(here)
    done = ran("update", *arguments, "--format", "json")
    assert (done.code, json.loads(done.err)["error"]["code"]) == (2, code)
    assert held(here) == before


def test_specs_that_nobody_named_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.md").write_text(page(FEWER), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLATEMARK_SPECS", raising=False)
    assert json.loads(updated()[0].err)["error"]["code"] == "no-specs"


# ── The key of a change ───────────────────────────────────────────────────────────────────────────────────────────


def key(specs: Path, folder: Path, *edits: tuple[str, str], name: str = DOCUMENT) -> str:
    """The key of what a page says otherwise."""
    (folder / "page.md").write_text(page(*edits), encoding="utf-8")
    reader, lock = Reader(load(specs)), drifting.held_documents(specs)
    new, old = drifting.captures(reader, drifting.Asked([f"{name}={folder / 'page.md'}"], []), lock)
    return update.change_key(drift(reader, new, old, lock), {name: DOCUMENT})


def test_a_change_has_one_key_whatever_the_words(begun: Path, tmp_path: Path) -> None:
    specs = begun / "specs"
    alone = key(specs, tmp_path, FEWER)
    assert alone == key(specs, tmp_path, FEWER)
    assert alone == key(specs, tmp_path, FEWER, name="aurora-1")
    assert alone == key(specs, tmp_path, FEWER, REWORDED)
    assert alone == key(specs, tmp_path, FEWER, ("# Aurora 1\n", "# Aurora 1\n\nRead this first.\n\n"))
    others = [
        key(specs, tmp_path, (FEWER[0], "draw: 1 to 5.")),
        key(specs, tmp_path, FEWER, NEW),
        key(specs, tmp_path, NEW),
        key(specs, tmp_path, DOUBTFUL),
    ]
    assert len({alone, *others}) == 5
    assert key(specs, tmp_path) == key(specs, tmp_path, REWORDED) == ""


# ── Lines in files that somebody keeps ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "# Changelog\n\n## [Unreleased]\n\n### Changed\n\n- new\n"),
        ("# News\n", "# News\n\n## [Unreleased]\n\n### Changed\n\n- new\n"),
        ("# News\n\n## 1.0\n\n- a\n", "# News\n\n## [Unreleased]\n\n### Changed\n\n- new\n\n## 1.0\n\n- a\n"),
        ("## Unreleased\n\n## 1.0\n", "## Unreleased\n\n### Changed\n\n- new\n\n## 1.0\n"),
        (
            "## [Unreleased]\n\n### Changed\n\n- a\n  b\n\n### Fixed\n\n- c\n\n## 1.0\n\n### Changed\n\n- d\n",
            "## [Unreleased]\n\n### Changed\n\n- a\n  b\n- new\n\n### Fixed\n\n- c\n\n## 1.0\n\n### Changed\n\n- d\n",
        ),
        (
            "## [Unreleased]\n\n### Fixed\n\n- c\n\n[Unreleased]: https://lumen.example/\n",
            "## [Unreleased]\n\n### Fixed\n\n- c\n\n### Changed\n\n- new\n\n[Unreleased]: https://lumen.example/\n",
        ),
        ("## [Unreleased]\r\n\r\n### Changed\r\n", "## [Unreleased]\r\n\r\n### Changed\r\n\r\n- new\r\n"),
    ],
)
def test_entries_go_under_unreleased(before: str, after: str) -> None:
    assert update.entered(before, {"Changed": ["- new"]}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "python: 0.2.0\n"),
        ("# ours\npython: 0.1.0  # the client\ngo: 1.0.0\n", "# ours\npython: 0.2.0  # the client\ngo: 1.0.0\n"),
        ('{go: 1.0.0, python: "0.1.0"}\n', "{go: 1.0.0, python: 0.2.0}\n"),
        ("go: 1.0.0", "go: 1.0.0\npython: 0.2.0\n"),
        ("go: 1.0.0\r\n", "go: 1.0.0\r\npython: 0.2.0\r\n"),
    ],
)
def test_versions_are_raised_in_place(before: str, after: str) -> None:
    assert update.raised(before, "specs/versions.yaml", {"python": "0.2.0"}) == after
