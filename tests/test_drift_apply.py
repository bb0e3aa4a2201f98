"""`platemark drift --apply`: a figure in place of another where the documents decide, and nothing else."""

from __future__ import annotations

import difflib
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from drift_pages import AURORA, EXTRA, edited, laid, ran

SPEC = "lumen/aurora.yaml"
TWICE = edited(AURORA, ("Fetch it soon.", "Fetch it soon. A prompt is at most 500 characters long."))


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    copytree(EXTRA, tmp_path / "specs")
    return tmp_path / "specs"


def texts(specs: Path) -> dict[str, bytes]:
    return {path.relative_to(specs).as_posix(): path.read_bytes() for path in specs.rglob("*.yaml")}


def applied(specs: Path, *edits: tuple[str, str], page: str = AURORA, form: str = "json") -> Any:
    old, new = laid(specs.parent, "old.md", page), laid(specs.parent, "new.md", edited(page, *edits))
    given = ("--document", f"aurora-ref={new}", "--against-document", f"aurora-ref={old}")
    return ran("drift", *given, "--apply", "--specs", specs, "--format", form)


def lines_changed(before: dict[str, bytes], after: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """File, line before and line after of each line that is another; their number must be the same."""
    found: list[tuple[str, str, str]] = []
    assert set(before) == set(after)
    for name, raw in before.items():
        one, two = raw.decode().split("\n"), after[name].decode().split("\n")
        assert len(one) == len(two), "".join(difflib.unified_diff(one, two))
        found += [(name, a.strip(), b.strip()) for a, b in zip(one, two, strict=True) if a != b]
    return found


@pytest.mark.parametrize(
    ("edits", "lines"),
    [
        ([("at most 500", "at most 400")], [("prompt: {length: ..500}", "prompt: {length: ..400}")]),
        ([("8 MB", "10 MB")], [("bytes: ..8 MB", "bytes: ..10 MB")]),
        ([("measures 64 to", "measures 128 to")], [("side: 64..4096", "side: 128..4096")]),
        ([("measures 64 to 4096", "measures 128 to 2048")], [("side: 64..4096", "side: 128..2048")]),
        ([("PNG or JPEG", "PNG or WEBP")], [("formats: [PNG, JPEG]", "formats: [PNG, WEBP]")]),
        ([("default is true", "default is false")], [("default: true", "default: false")]),
        ([("and 3:1", "and 4:1")], [("ratio: 1:3..3:1", "ratio: 1:3..4:1")]),
        ([("256-3072", "256-4096")], [("side: 256..3072", "side: 256..4096")]),
        ([("256-1536", "256-2048")], [("size: {side: 256..1536}", "size: {side: 256..2048}")]),
        (
            [("at most 500", "at most 400"), ("From 2 to 5 colours", "From 2 to 6 colours")],
            [("prompt: {length: ..500}", "prompt: {length: ..400}"), ("count: 2..5", "count: 2..6")],
        ),
    ],
)
def test_the_figure_changes_and_nothing_else(
    specs: Path, edits: list[tuple[str, str]], lines: list[tuple[str, str]]
) -> None:
    before = texts(specs)
    answer = applied(specs, *edits)
    assert lines_changed(before, texts(specs)) == [(SPEC, *line) for line in lines]
    assert (answer.code, answer.data["left"], answer.data["problems"]) == (0, [], [])
    for each in answer.data["applied"]:
        line = (specs / SPEC).read_text("utf-8").split("\n")[each["line"] - 1]
        assert (each["file"], each["new"] in line) == (f"specs/{SPEC}", True)


def test_comments_quotes_and_layout_stay(specs: Path) -> None:
    path = specs / SPEC
    text = path.read_text("utf-8")
    odd = "  prompt:   {  length:   ..500  }   # 500 is theirs: ..500, not ours\n\n\n  # ..500 too"
    path.write_text(edited(text, ("  prompt: {length: ..500}", odd)), "utf-8")
    before = texts(specs)
    assert applied(specs, ("at most 500", "at most 400")).code == 0
    ((_, old, new),) = lines_changed(before, texts(specs))
    assert old.startswith("prompt:   {  length:   ..500  }")
    assert new == "prompt:   {  length:   ..400  }   # 500 is theirs: ..500, not ours"


def test_what_was_applied_and_pinned_is_drift_no_more(specs: Path) -> None:
    assert applied(specs, ("at most 500", "at most 400")).code == 0
    assert ran("documents", "pin", "aurora-ref", specs.parent / "new.md", "--specs", specs).code == 0
    answer = ran("drift", "--document", f"aurora-ref={specs.parent / 'new.md'}", "--specs", specs, "--format", "json")
    assert answer.code == 0
    assert "prompt.length" in {row["id"] for row in answer.data["rules"] if row["status"] == "confirmed"}


LEFT = {
    "suspect": (AURORA, [("at most 500", "at most 50000000")], "prompt.length"),
    "least above most": (AURORA, [("measures 64 to", "measures 5000 to")], "images.side"),
    "damaged": (AURORA, [("default is 1024*1024", "default is 1024_1024")], "size.default"),
    "vanished": (AURORA, [(", no larger than 8 MB", "")], "images.bytes"),
    "one of two places": (TWICE, [("The text holds at most 500", "The text holds at most 400")], "prompt.length"),
    "required": (AURORA, [("string (required)", "string (optional)")], "prompt.required"),
}


@pytest.mark.parametrize("case", LEFT.values(), ids=LEFT)
def test_what_is_not_decided_is_left_with_the_reason(specs: Path, case: tuple[str, list[tuple[str, str]], str]) -> None:
    page, edits, rule = case
    before = texts(specs)
    answer = applied(specs, *edits, page=page)
    assert texts(specs) == before
    assert (answer.code, answer.data["applied"]) == (1, [])
    assert rule in {each["id"] for each in answer.data["left"]}
    assert all(each["why"] for each in answer.data["left"])


def test_what_is_left_keeps_nothing_else_from_being_applied(specs: Path) -> None:
    before = texts(specs)
    answer = applied(specs, ("at most 500", "at most 400"), ("measures 64 to", "measures 5000 to"))
    assert lines_changed(before, texts(specs)) == [(SPEC, "prompt: {length: ..500}", "prompt: {length: ..400}")]
    assert [each["id"] for each in answer.data["left"]] == ["images.side"]
    assert answer.code == 1


def test_nothing_is_written_that_would_not_lint(specs: Path) -> None:
    before = texts(specs)
    answer = applied(specs, ("from 1 to 6", "from 1 to 8"))  # an example of the spec says that 7 is refused
    assert texts(specs) == before
    assert answer.code == 1
    assert answer.data["problems"]
    assert "nothing was written" in applied(specs, ("from 1 to 6", "from 1 to 8"), form="text").out


def test_a_guide_does_not_overrule_a_reference_that_was_not_given(specs: Path) -> None:
    guide = AURORA.replace("at most 500", "at most 800")
    old, new = laid(specs.parent, "a.md", guide), laid(specs.parent, "b.md", edited(guide, ("8 MB", "10 MB")))
    before = texts(specs)
    given = ("--document", f"lumen-guide={new}", "--against-document", f"lumen-guide={old}")
    answer = ran("drift", *given, "--apply", "--specs", specs, "--format", "json")
    assert texts(specs) == before
    assert [(each["id"], "aurora-ref" in each["why"]) for each in answer.data["left"]] == [("images.bytes", True)]


def test_documents_that_part_are_left(specs: Path) -> None:
    old = laid(specs.parent, "a.md", AURORA)
    new = laid(specs.parent, "b.md", edited(AURORA, ("8 MB", "10 MB")))
    guide = laid(specs.parent, "guide.md", AURORA.replace("at most 500", "at most 800"))
    before = texts(specs)
    given = (
        "--document", f"aurora-ref={new}", "--against-document", f"aurora-ref={old}",
        "--document", f"lumen-guide={guide}", "--against-document", f"lumen-guide={guide}",
    )  # fmt: skip
    answer = ran("drift", *given, "--apply", "--specs", specs, "--format", "json")
    assert texts(specs) == before
    assert [(each["id"], "lumen-guide" in each["why"]) for each in answer.data["left"]] == [("images.bytes", True)]


def test_a_new_fact_is_for_a_person(specs: Path) -> None:
    before = texts(specs)
    answer = applied(specs, ("## sizes", "### glow integer (optional)\n\nHow bright, from 0 to 10.\n\n## sizes"))
    assert texts(specs) == before
    assert (answer.code, [each["value"] for each in answer.data["facts"]]) == (1, ["glow"])


def test_nothing_to_apply_is_said(specs: Path) -> None:
    answer = applied(specs, ("Fetch it soon.", "Fetch it at once."), form="text")
    assert (answer.code, answer.out.strip()) == (0, "nothing to apply")
