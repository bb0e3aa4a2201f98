"""The strict YAML loader: YAML 1.2's core types, places of everything, and the same words with either parser."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from platemark import source
from platemark.problems import Invalid, Problem

SPECS = Path(__file__).parents[1] / "specs"
LOADERS = {"libyaml": yaml.CLoader, "python": yaml.Loader}


@pytest.fixture(autouse=True, params=LOADERS)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with libyaml and with PyYAML's own parser."""
    monkeypatch.setattr(source, "_LOADER", LOADERS[request.param])


def parse(text: str | bytes) -> source.Tree:
    return source.parse(text if isinstance(text, bytes) else text.encode(), "specs/acme/lamp.yaml")


def problems(text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(Invalid) as caught:
        parse(text)
    return caught.value.problems


def codes(text: str | bytes) -> list[tuple[str, int, int]]:
    return [(problem.code, problem.place.line, problem.place.column) for problem in problems(text)]


# ── What scalars mean ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("16:9", "16:9"),
        ("1:4..4:1", "1:4..4:1"),
        ("on", "on"),
        ("yes", "yes"),
        ("NO", "NO"),
        ("2026-03-18", "2026-03-18"),
        ("010", 10),
        ("0o10", 8),
        ("0x10", 16),
        ("-0", 0),
        ("+7", 7),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ('"true"', "true"),
        ('"0.5"', "0.5"),
        ("1..4", "1..4"),
        ("0.20 CNY", "0.20 CNY"),
        ("1.2.3", "1.2.3"),
        ("100.00%", "100.00%"),
        ("9007199254740991", 2**53 - 1),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
        ("画一盏灯 🏮", "画一盏灯 🏮"),
    ],
)
def test_scalars_are_core_types_of_yaml_1_2(written: str, meant: Any) -> None:
    found: Any = parse(f"key: {written}").data
    assert found == {"key": meant}
    assert type(found["key"]) is type(meant)


@pytest.mark.parametrize("written", ["5", "true", "null", "1.5", "~", "0x1f"])
def test_keys_are_text(written: str) -> None:
    assert parse(f"{written}: x").data == {written: "x"}


@pytest.mark.parametrize("written", ["0.5", ".5", "5.", "1e3", "-1.5E-7", ".inf", "-.INF", ".nan"])
def test_decimals_carry_a_unit(written: str) -> None:
    assert codes(f"key: {written}") == [("no-floats", 1, 6)]


@pytest.mark.parametrize(
    "written", ["9007199254740992", "-9007199254740992", "9" * 5000, "0x" + "f" * 5000], ids=lambda text: text[:20]
)
def test_integers_are_those_that_every_json_reader_keeps(written: str) -> None:
    assert codes(f"key: {written}") == [("too-big", 1, 6)]


# ── What is refused ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x 1\nb: *x", [("no-anchors", 1, 4), ("no-anchors", 2, 4)]),
        ("a: *nowhere", [("no-anchors", 1, 4)]),
        ("&x a: 1", [("no-anchors", 1, 1)]),
        ("a: &x [*x]", [("no-anchors", 1, 4), ("no-anchors", 1, 8)]),
        ("*x : 1", [("bad-key", 1, 1), ("no-anchors", 1, 1)]),
        ("a: !!str 5", [("no-tags", 1, 4)]),
        ("a: !!python/name:os.system x", [("no-tags", 1, 4)]),
        ("!!str a: 1", [("no-tags", 1, 1)]),
        ("a: {<<: {b: 1}}", [("no-merge", 1, 5)]),
        ("a: 1\nb: 2\na: 3", [("twice", 3, 1)]),
        ("a: {b: 1, b: {c: 1}}", [("twice", 1, 11)]),
        ("a: 1\n'a': 2", [("twice", 2, 1)]),
        ("[a]: 1", [("bad-key", 1, 1)]),
        ("{a: 1}: {b: 2}", [("bad-key", 1, 1)]),
        ("? {a: 1}\n: 2", [("bad-key", 1, 3)]),
        ("a: 1\n---\nb: 2", [("several-documents", 2, 1)]),
        ("a: 1\n\tb: 2", [("not-yaml", 2, 1)]),
        ("a: [1, 2", [("not-yaml", 1, 9)]),
        ("a: 'b", [("not-yaml", 1, 6)]),
        ("a: b: c", [("not-yaml", 1, 5)]),
        ("a: 1\n b: 2", [("not-yaml", 2, 3)]),
        ("a: @b", [("not-yaml", 1, 4)]),
        ("a: 0.5\nb: &x 1\nb: 2", [("no-floats", 1, 4), ("no-anchors", 2, 4), ("twice", 3, 1)]),
    ],
)
def test_each_problem_has_its_code_and_its_place(text: str, found: list[tuple[str, int, int]]) -> None:
    assert codes(text) == found


def test_a_quoted_merge_key_is_a_key() -> None:
    assert parse('"<<": 1').data == {"<<": 1}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("levels", [source.DEPTH + 1, 50_000])
def test_depth_is_bounded_before_anything_is_composed(opening: str, levels: int) -> None:
    found = {problem.code for problem in problems(opening * levels)}
    assert found - {"bad-key"} == {"too-deep"}


def test_the_greatest_depth_is_fine() -> None:
    parse("[" * source.DEPTH + "]" * source.DEPTH)


def test_size_is_bounded() -> None:
    parse(b"a: " + b"x" * (source.SIZE - 3))
    assert codes(b"a: " + b"x" * (source.SIZE - 2)) == [("too-large", 1, 1)]


def test_a_bomb_of_aliases_is_refused_unread() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30))]
    assert {problem.code for problem in problems("\n".join(lines))} == {"no-anchors"}


# ── Characters and lines ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_change_neither_data_nor_places(start: bytes, end: str) -> None:
    text = end.join(["a: 1", "画: [x,", "  0.5]", ""])
    (problem,) = problems(start + text.encode())
    assert (problem.code, problem.place.line, problem.place.column, problem.place.text) == ("no-floats", 3, 3, "  0.5]")
    tree = parse(start + text.replace("0.5", "5").encode())
    assert tree.data == {"a": 1, "画": ["x", 5]}
    assert tree.place(("画",)).text == "画: [x,"


@pytest.mark.parametrize(
    "character", ["\0", "\x07", "\x0b", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ufeff", "\ufffe"]
)
def test_characters_that_nobody_sees_are_refused(character: str) -> None:
    assert codes(f"a: 1\nb: x{character}y") == [("hidden-character", 2, 5)]


def test_bytes_that_are_no_utf_8_are_shown_where_they_are() -> None:
    (problem,) = problems("a: 1\nbé: ".encode() + b"\xff\xfe")
    assert problem.render().splitlines() == [
        "specs/acme/lamp.yaml:2:5: not-utf-8: the byte 0xff is not UTF-8",
        r"  2 | bé: \xff\xfe",
        "    |     ^^^^",
        "  hint: save the file as UTF-8",
    ]
    assert codes("a: 1".encode("utf-16")) == [("not-utf-8", 1, 1)]


def test_marks_stand_under_what_they_mean() -> None:
    (problem,) = problems("画一盏灯: 0.5")
    assert problem.render().splitlines()[1:3] == ["  1 | 画一盏灯: 0.5", "    |           ^^^"]


def test_a_very_long_line_is_shown_in_part() -> None:
    (problem,) = problems(f"{'a' * 500}: [0.5, {'b' * 500}]")
    head, shown, mark, _ = problem.render().splitlines()
    assert head.startswith("specs/acme/lamp.yaml:1:504: no-floats")
    assert len(shown) < 180
    assert shown[mark.index("^") :][: mark.count("^")] == "0.5"


# ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_key_and_value_knows_where_it_stands() -> None:
    tree = parse("a:\n  b: {c: [x, y]}\n  d: |\n    text\n")
    at = {path: (place.line, place.column) for path, place in tree.values.items()}
    assert at[("a", "b", "c", 1)] == (2, 14)
    assert (tree.place(("a", "b")).line, tree.place(("a", "b")).column) == (2, 3)
    assert (tree.value(("a", "b")).line, tree.value(("a", "b")).column) == (2, 6)
    assert tree.place(("a", "b", "c", 9)) == tree.place(("a", "b", "c"))
    assert tree.place(("z",)) == tree.place(())
    assert at[("a", "d")] == (3, 6)


def test_both_parsers_see_the_same_in_our_specs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = source.read_folder(SPECS)
    monkeypatch.setattr(source, "_LOADER", yaml.Loader)
    assert source.read_folder(SPECS) == found


# ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "provider.yaml").write_text("a: 1")
    (tmp_path / "acme" / "lamp.yaml").mkdir()  # a folder is no file
    (tmp_path / "acme" / "torch.yml").write_text("a: 1")
    trees, found = source.read_folder(tmp_path)
    assert list(trees) == ["acme/provider.yaml"]
    assert {(Path(p.place.file).name, p.code) for p in found} == {
        ("documents.yaml", "unreadable"),
        ("lamp.yaml", "unreadable"),
        ("torch.yml", "stray-file"),
    }


@pytest.mark.parametrize("name", ["a b", ".hidden", "Lamp", "-x", "é", "x" * 81, "x\ny"])
def test_file_names_become_paths_and_names_so_they_are_held_to_a_form(name: str) -> None:
    for path in (Path("acme", f"{name}.yaml"), Path(name, "lamp.yaml")):
        with pytest.raises(Invalid, match="bad-name"):
            source.read(path, f"specs/{path.as_posix()}")


def test_the_digest_changes_with_every_byte_and_every_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x: 1")
    first = source.digest(tmp_path)
    (tmp_path / "a.yaml").write_text("x: 2")
    second = source.digest(tmp_path)
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert len({first, second, source.digest(tmp_path)}) == 3
