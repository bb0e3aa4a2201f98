"""`platemark documents pin` and `platemark drift`: the lock, what is given, formats, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from drift_pages import AURORA, EXTRA, as_html, edited, laid, ran
from drift_scores import GONE
from platemark.rules.kinds import KINDS

CHANGED = edited(AURORA, ("from 1 to 6", "from 1 to 8"))
STATUSES = {"confirmed", "changed", "vanished", "moved", "suspect", "unchecked"}
SORTS = {"model", "parameter", "endpoint", "host", "region", "error", "snapshot"}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    copytree(EXTRA, tmp_path / "specs")
    return tmp_path / "specs"


@pytest.fixture
def pinned(specs: Path, tmp_path: Path) -> Path:
    """Specs with a lock that holds one document."""
    done = ran("documents", "pin", "aurora-ref", laid(tmp_path, "old.md", AURORA), "--specs", specs)
    assert (done.code, done.err) == (0, "")
    return specs


def drift(specs: Path, *arguments: str | Path) -> Any:
    return ran("drift", *arguments, "--specs", specs)


# ── The lock ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_pinned_is_told_and_confirmed_by_the_same_file(pinned: Path, tmp_path: Path) -> None:
    asked = drift(pinned, "--document", f"aurora-ref={tmp_path / 'old.md'}", "--format", "json")
    straight = drift(
        pinned, "--document", f"aurora-ref={tmp_path / 'old.md'}", "--against-document",
        f"aurora-ref={tmp_path / 'old.md'}", "--format", "json",
    )  # fmt: skip
    assert (asked.code, asked.data["cosmetic"], asked.data["facts"]) == (0, 0, [])
    assert {row["status"] for row in asked.data["rules"] if row["document"] == "aurora-ref"} == {
        "confirmed",
        "unchecked",
    }

    def by_rule(data: Any) -> list[tuple[str, ...]]:
        return [(row["id"], row["status"], row["document"], str(row["models"])) for row in data["rules"]]

    assert by_rule(asked.data) == by_rule(straight.data)


def test_against_the_lock_a_change_is_told_as_it_is_against_the_file(pinned: Path, tmp_path: Path) -> None:
    new = laid(tmp_path, "new.md", CHANGED)
    given = ("--document", f"aurora-ref={new}", "--format", "json")
    answers = drift(pinned, *given), drift(pinned, *given, "--against-document", f"aurora-ref={tmp_path / 'old.md'}")
    told = [
        [(row["id"], row["old"], row["new"], row["line"]) for row in answer.data["rules"] if row["status"] == "changed"]
        for answer in answers
    ]
    assert told[0] == told[1] == [("copies.range", "6", "8", CHANGED[: CHANGED.index("from 1 to 8")].count("\n") + 1)]


def test_no_prose_stands_in_a_lock(pinned: Path) -> None:
    lock = re.sub(r"\W+", " ", (pinned / "documents.lock").read_text("utf-8")).lower()
    # Headings that specs cite are in it, and addresses, which are facts.
    page = re.findall(r"[a-z]{2,}", re.sub(r"(?m)^#.*$|https://\S+", "", AURORA).lower())
    runs = {" ".join(page[at : at + 4]) for at in range(len(page) - 3)}
    assert len(runs) > 150
    assert [run for run in runs if f" {run} " in lock] == []
    assert "thumbnail" not in lock


def test_a_lock_is_the_same_whenever_it_is_written(pinned: Path, tmp_path: Path) -> None:
    before = (pinned / "documents.lock").read_bytes()
    assert ran("documents", "pin", "aurora-ref", tmp_path / "old.md", "--specs", pinned).code == 0
    assert (pinned / "documents.lock").read_bytes() == before
    data = json.loads(before)
    assert data["schema_version"] == 1
    assert set(data["documents"]) == {"aurora-ref"}


def test_pinning_a_document_leaves_the_others(pinned: Path, tmp_path: Path) -> None:
    other = laid(tmp_path, "guide.html", as_html(AURORA))
    assert ran("documents", "pin", "lumen-guide", other, "--specs", pinned).code == 0
    assert set(json.loads((pinned / "documents.lock").read_text("utf-8"))["documents"]) == {"aurora-ref", "lumen-guide"}


def test_what_can_not_be_read_is_told_when_a_page_is_pinned(specs: Path, tmp_path: Path) -> None:
    damaged = laid(tmp_path, "page.md", edited(AURORA, ("default is 1024*1024", "default is 1024_1024")))
    done = ran("documents", "pin", "aurora-ref", damaged, "--specs", specs, "--format", "json")
    assert done.code == 0
    line = AURORA[: AURORA.index("Width and height, written")].count("\n") + 1  # where its paragraph begins
    assert done.data["damaged"] == [{"line": line, "text": "1024_1024"}]


@pytest.mark.parametrize("name", sorted(set(GONE) - {"another page"}))
def test_a_page_that_is_none_is_not_pinned(specs: Path, tmp_path: Path, name: str) -> None:
    file, raw, _ = GONE[name]
    done = ran("documents", "pin", "aurora-ref", laid(tmp_path, file, raw), "--specs", specs)
    assert (done.code, done.out) == (2, "")
    assert not (specs / "documents.lock").exists()


def test_several_captures_of_a_page_are_one_document(specs: Path, tmp_path: Path) -> None:
    tail = AURORA[AURORA.index("### size") :]
    first, second = laid(tmp_path, "a.md", AURORA), laid(tmp_path, "b.md", "# Aurora 1\n\n" + tail)
    assert ran("documents", "pin", "aurora-ref", first, second, "--specs", specs).code == 0
    assert len(json.loads((specs / "documents.lock").read_text("utf-8"))["documents"]["aurora-ref"]["files"]) == 2
    both = drift(specs, "--document", f"aurora-ref={first}", "--document", f"aurora-ref={second}", "--format", "json")
    assert (both.code, both.data["cosmetic"]) == (0, 0)
    alone = drift(specs, "--document", f"aurora-ref={laid(tmp_path, 'c.md', CHANGED)}", "--format", "json")
    assert [row["id"] for row in alone.data["rules"] if row["status"] == "changed"] == ["copies.range"]


def test_without_a_document_the_lock_is_held_against_the_specs(pinned: Path) -> None:
    """A page that leaves out what specs cite it for is told, fact by fact."""
    answer = drift(pinned, "--format", "json")
    assert answer.code == 1
    standing = {row["id"] for row in answer.data["rules"] if row["status"] == "confirmed"}
    assert standing >= {"copies.range", "size.default", "prompt.length"}
    missing = {row["id"] for row in answer.data["rules"] if row["status"] == "vanished"}
    assert missing


def test_every_figure_that_our_specs_cite_stands_in_our_lock() -> None:
    answer = drift(Path(__file__).parents[1] / "specs", "--format", "json")
    assert answer.code == 0
    assert sum(row["status"] == "confirmed" for row in answer.data["rules"]) > 300


# ── Formats ───────────────────────────────────────────────────────────────────────────────────────────────────────


def answered(specs: Path, folder: Path, form: str, page: str = CHANGED) -> Any:
    new = laid(folder, "new.md", page)
    return drift(specs, "--document", f"aurora-ref={new}", "--format", form)


def test_json_has_the_shape_that_is_promised(pinned: Path, tmp_path: Path) -> None:
    page = edited(CHANGED, ("## sizes", "### glow integer (optional)\n\nHow bright, from 0 to 10.\n\n## sizes"))
    answer = answered(pinned, tmp_path, "json", page)
    data = answer.data
    assert answer.code == 1
    assert set(data) >= {"schema_version", "documents", "rules", "facts", "cosmetic"}
    assert (data["schema_version"], data["documents"]) == (1, [{"id": "aurora-ref", "status": "ok"}])
    assert isinstance(data["cosmetic"], int)
    promised = {
        "id",
        "models",
        "mode",
        "route",
        "parameter",
        "kind",
        "status",
        "document",
        "place",
        "old",
        "new",
        "line",
    }
    for row in data["rules"]:
        assert promised <= set(row) <= promised | {"still", "why"}
        assert row["status"] in STATUSES
        assert isinstance(row["line"], int)
        assert isinstance(row["models"], list)
    (row,) = [row for row in data["rules"] if row["status"] == "changed"]
    assert {name: row[name] for name in promised - {"line", "place"}} == {
        "id": "copies.range", "models": ["aurora-1", "aurora-1-fast"], "mode": "", "route": "", "parameter": "copies",
        "kind": "range", "status": "changed", "document": "aurora-ref", "old": "6", "new": "8",
    }  # fmt: skip
    assert "copies" in row["place"]
    (fact,) = data["facts"]
    assert (fact["type"], fact["value"], fact["document"]) == ("parameter", "glow", "aurora-ref")
    assert fact["type"] in SORTS


def test_kinds_are_those_of_the_table_and_a_few_that_are_no_rules(pinned: Path, tmp_path: Path) -> None:
    kinds = {row["kind"] for row in answered(pinned, tmp_path, "json").data["rules"]}
    assert {"range", "default", "route", "price", "retention", "state"} <= kinds
    assert {"range", "length", "area", "formats"} <= kinds & set(KINDS)


def test_a_document_is_called_as_it_was_asked_for(pinned: Path, tmp_path: Path) -> None:
    new = laid(tmp_path, "new.md", CHANGED)
    data = drift(pinned, "--document", f"aurora-1={new}", "--format", "json").data
    assert data["documents"] == [{"id": "aurora-1", "status": "ok"}]
    assert {row["document"] for row in data["rules"] if row["status"] == "changed"} == {"aurora-1"}


def test_text_is_a_line_for_each_change_and_a_summary(pinned: Path, tmp_path: Path) -> None:
    *lines, summary = answered(pinned, tmp_path, "text").out.splitlines()
    assert len(lines) == 1
    assert re.search(r"changed aurora-1,aurora-1-fast/copies\.range: 6 → 8 \(aurora-ref:\d+ ", lines[0])
    assert "1 changed" in summary


def test_markdown_is_a_table_for_a_pull_request(pinned: Path, tmp_path: Path) -> None:
    lines = answered(pinned, tmp_path, "markdown").out.splitlines()
    at = lines.index("|---|---|---|---|---|---|---|")
    assert lines[at - 1].count("|") == lines[at + 1].count("|") == 8
    assert "`copies.range`" in lines[at + 1]
    assert "| `6` | `8` |" in lines[at + 1]


def test_sarif_points_at_the_line_of_the_spec(pinned: Path, tmp_path: Path) -> None:
    page = edited(CHANGED, ("## sizes", "### glow integer (optional)\n\nHow bright, from 0 to 10.\n\n## sizes"))
    data = answered(pinned, tmp_path, "sarif", page).data
    assert (data["version"], data["$schema"].rpartition("/")[2]) == ("2.1.0", "sarif-2.1.0.json")
    (run,) = data["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert run["tool"]["driver"]["name"] == "platemark"
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert result["ruleId"] in rules
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
    result = next(result for result in run["results"] if result["ruleId"] == "copies.range")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "specs/lumen/aurora.yaml"
    spec = (pinned / "lumen" / "aurora.yaml").read_text("utf-8").splitlines()
    assert "range: 1..6" in spec[place["region"]["startLine"] - 1]
    assert all(isinstance(value, str) for value in result["partialFingerprints"].values())


@pytest.mark.parametrize("form", ["text", "json", "markdown", "sarif"])
def test_a_page_that_is_gone_is_told_in_each_format(pinned: Path, tmp_path: Path, form: str) -> None:
    file, raw, _ = GONE["404"]
    answer = drift(pinned, "--document", f"aurora-ref={laid(tmp_path, file, raw)}", "--format", form)
    assert answer.code == 1
    assert "missing" in answer.out


# ── Exit codes, and what can't be carried out ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "words", "code"),
    [
        ("from 1 to 6", "from 1 to 8", 1),
        ("from 1 to 6", "from 8 to 6", 1),
        ("Fetch it soon.", "Fetch it at once.", 0),
        ("A lamp by the sea", "A red fox", 0),
    ],
)
def test_it_exits_with_1_where_somebody_must_look(
    pinned: Path, tmp_path: Path, before: str, words: str, code: int
) -> None:
    assert answered(pinned, tmp_path, "text", edited(AURORA, (before, words))).code == code


def test_a_page_is_read_by_what_is_in_it_where_its_name_does_not_say(pinned: Path, tmp_path: Path) -> None:
    new = laid(tmp_path, "saved", as_html(CHANGED))
    assert "copies.range: 6 → 8" in drift(pinned, "--document", f"aurora-ref={new}").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--document", "aurora-ref"], "names no document and file"),
        (["--document", "=page.md"], "names no document and file"),
        (["--document", "aurora-reff=PAGE"], "aurora-ref"),
        (["--document", "aurora-ref=nowhere.md"], "nowhere.md"),
        (["--document", "lumen-guide=PAGE"], "not pinned"),
        (["--against-document", "aurora-ref=PAGE", "--document", "lumen-guide=PAGE"], "against"),
    ],
)
def test_what_can_not_be_carried_out_is_said(pinned: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    page = str(laid(tmp_path, "page.md", AURORA))
    done = drift(pinned, *[argument.replace("PAGE", page) for argument in arguments])
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_nothing_pinned_is_said(specs: Path) -> None:
    done = drift(specs)
    assert (done.code, done.out) == (2, "")
    assert "documents pin" in done.err


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 99}', "null", '{"schema_version": 1}'])
def test_a_lock_that_is_none_is_said(specs: Path, tmp_path: Path, text: str) -> None:
    (specs / "documents.lock").write_text(text, "utf-8")
    done = drift(specs, "--document", f"aurora-ref={laid(tmp_path, 'a.md', AURORA)}")
    assert (done.code, done.out) == (2, "")
    assert "documents.lock" in done.err
