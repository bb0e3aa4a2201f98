"""Writing: planned, atomic, and nothing that was edited by hand is lost."""

from pathlib import Path

import pytest

from platemark import write

FOLDERS = ["a", "b"]
FILES = {"a/one.txt": "1\n", "a/deep/two.txt": "2\n", "b/three.txt": "3\n"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    put(folder, FILES)
    return folder


def put(folder: Path, files: dict[str, str], folders: list[str] = FOLDERS) -> write.Plan:
    plan = write.plan(folder, files, folders)
    write.apply(folder, files, plan, folders, {"version": "1"})
    return plan


def test_a_second_run_has_nothing_to_do(out: Path) -> None:
    assert write.plan(out, FILES, FOLDERS).empty


def test_what_is_no_longer_emitted_goes_and_empty_folders_with_it(out: Path) -> None:
    plan = put(out, {"a/one.txt": "1\n", "b/three.txt": "3\n"})
    assert plan.removed == ("a/deep/two.txt",)
    assert not (out / "a" / "deep").exists()


def test_files_that_nobody_emitted_stay(out: Path) -> None:
    (out / "a" / "deep" / "mine.pyc").write_text("x")
    put(out, {"b/three.txt": "3\n"})
    assert (out / "a" / "deep" / "mine.pyc").exists()


@pytest.mark.parametrize("wanted", [FILES | {"a/one.txt": "new\n"}, {"b/three.txt": "3\n"}])
def test_hand_edits_are_named(out: Path, wanted: dict[str, str]) -> None:
    (out / "a" / "one.txt").write_text("edited\n")
    assert write.plan(out, wanted, FOLDERS).edited == ("a/one.txt",)


def test_a_file_that_already_is_as_wanted_was_not_edited(out: Path) -> None:
    (out / "a" / "one.txt").write_text("new\n")
    assert write.plan(out, FILES | {"a/one.txt": "new\n"}, FOLDERS).edited == ()


def test_a_folder_of_somebody_else_is_foreign(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not touch")
    assert write.plan(tmp_path, FILES, FOLDERS).foreign


def test_one_part_leaves_the_manifest_of_the_others(out: Path) -> None:
    put(out, {"a/one.txt": "1\n"}, ["a"])
    assert set(write.read_manifest(out)["files"]) == {"a/one.txt", "b/three.txt"}
    assert (out / "b" / "three.txt").exists()


def test_a_damaged_manifest_loses_nothing(out: Path) -> None:
    (out / write.MANIFEST).write_text("{")
    plan = write.plan(out, {"a/one.txt": "other\n"}, FOLDERS)
    assert plan.foreign
    assert plan.removed == ()


def test_links_never_lead_out(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "a").symlink_to(elsewhere)
    plan = write.plan(out, FILES, FOLDERS)
    with pytest.raises(ValueError, match="is not inside"):
        write.apply(out, FILES, plan, FOLDERS, {})
    assert list(elsewhere.iterdir()) == []
