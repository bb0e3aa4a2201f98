"""Own specs in an own folder: begun with `new`, filled in, and printed as a package of another name that works."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import platemark
from own_specs import begin, fill, ran
from platemark import source
from platemark.emulator import running
from platemark.scaffold.blanks import DOCUMENT
from platemark.scaffold.listing import listed
from platemark.scaffold.pages import page
from platemark.spec.todos import TODO, slots
from platemark.targets.python import naming

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("specs/*/*.yaml")), *sorted(ROOT.glob("tests/specs_extra/*/*.yaml"))]


def problems(specs: Path) -> list[dict[str, object]]:
    return json.loads(ran("lint", "--specs", str(specs), "--format", "json").out)["problems"]


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of specs that was begun in an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLATEMARK_SPECS", raising=False)
    return begin(tmp_path)


# ── From nothing to a picture ─────────────────────────────────────────────────────────────────────────────────────


def test_what_is_new_lacks_nothing_but_what_is_marked(begun: Path):
    """Each slot is named, with its place and a hint, and nothing else is wrong."""
    found = problems(begun)
    marked = [
        (f"specs/{path.relative_to(begun).as_posix()}", number, column + 1)
        for path in begun.rglob("*.yaml")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for column in range(len(line.partition("#")[0]))
        if line[column:].startswith("todo")
    ]
    assert sorted((p["file"], p["line"], p["column"]) for p in found) == sorted(marked)
    assert {p["code"] for p in found} == {TODO}
    assert all(p["hint"] for p in found)
    assert ran("list").code == 2  # nothing is resolved before all is said


def test_a_package_of_ones_own_makes_a_picture(begun: Path, tmp_path: Path):
    fill(begun)
    assert ran("lint").out == "no problems\n"
    assert ran("generate", "--package", "my_images").code == 0
    assert ran("check").out == "up to date\n"  # the folder remembers the name
    out = tmp_path / "generated"
    texts = {path: path.read_text(encoding="utf-8") for path in out.rglob("*") if path.is_file()}
    assert [path for path, text in texts.items() if "platemark_images" in text or "platemark-images" in text] == []
    assert 'name = "my-images"' in texts[out / "python" / "pyproject.toml"]
    ir = platemark.resolve(platemark.load(begun))
    code = (
        "import my_images\n"
        "from my_images import Acme, RequestInvalid\n"
        "with Acme() as client:\n"
        "    print(client.acme_1.text_to_image(prompt='a lamp').save('pictures'))\n"
        "    try:\n"
        "        client.acme_1.text_to_image(prompt='a lamp' * 4)\n"
        "    except RequestInvalid as error:\n"
        "        print(error.violations[0].rule)\n"
        "print(my_images.__spec__.digest)\n"
    )
    with running(ir) as server:
        placed = code.replace("Acme()", f"Acme(base_url={server.url!r})")
        run = as_user(tmp_path, "-c", placed, ACME_API_KEY="sk-test-own")
    saved, rule, digest = run.stdout.splitlines()
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 1, saved
    assert (rule, digest) == ("prompt.length", json.loads((out / "MANIFEST.json").read_text("utf-8"))["specs"])
    told = as_user(tmp_path, "-m", "my_images", "--version", "--format", "text").stdout
    assert told.startswith("my-images ")
    assert f"specs of 2026-10 ({digest[:12]})" in told
    assert "my-images" in as_user(tmp_path, "-m", "my_images", "completion", "--help").stdout


def as_user(folder: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """What Python says to somebody who has nothing but the emitted package."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    environment = {**kept, "PYTHONPATH": str(folder / "generated" / "python" / "src"), "PYTHONUTF8": "1", **more}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


# ── Nothing is lost ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_there_is_never_written_over(begun: Path):
    before = {path: path.read_bytes() for path in begun.rglob("*.yaml")}
    for again in (("provider", "acme", "--document", "new-ref"), ("model", "acme-1", "--provider", "acme")):
        done = ran("new", *again)
        assert (done.code, done.out) == (2, "")
        assert "is there already" in done.err
    assert {path: path.read_bytes() for path in begun.rglob("*.yaml")} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("provider", "../acme"), "can't be a name here"),
        (("provider", "provider"), "can't be a name here"),
        (("model", "x", "--provider", "acm"), "did you mean acme?"),
        (("model", "x", "--provider", "zebra"), "known: acme"),
        (("model", "x", "--provider", "acme", "--model", "a b"), "a lowercase letter or digit first"),
        (("model", "x", "--provider", "acme", "--document", "A"), "lowercase letters, digits and -"),
        (("model", "x"), "--provider"),
        (("modle", "x"), "did you mean model?"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_name_is_told_and_nothing_written(begun: Path, arguments: tuple[str, ...], said: str):
    before = sorted(begun.parent.rglob("*"))
    done = ran("new", *arguments)
    assert done.code == 2
    assert said in done.err
    assert sorted(begun.parent.rglob("*")) == before


def test_a_model_takes_what_its_provider_has(tmp_path: Path):
    """Its routes, its parameters with slots for their limits; and documents by their ids."""
    specs = tmp_path / "specs"
    for name in ("documents.yaml", "lumen/provider.yaml"):
        (specs / name).parent.mkdir(parents=True, exist_ok=True)
        (specs / name).write_bytes((ROOT / "tests" / "specs_extra" / name).read_bytes())
    begin = ("new", "model", "borealis", "--provider", "lumen", "--model", "borealis-2", "--model", "borealis-2-fast")
    done = ran(*begin, "--document", "aurora-ref", "--document", "borealis-ref", "--specs", str(specs))
    assert (done.code, done.err) == (0, "")
    made = source.read(specs / "lumen" / "borealis.yaml", "specs/lumen/borealis.yaml")
    assert list(made.get(("models",))) == ["borealis-2", "borealis-2-fast"]
    assert made.get(("routes",)) == {"sync": "draw", "task": "draw"}
    assert list(made.get(("parameters",))) == ["prompt", "images", "seed"]
    assert made.get(("parameters", "prompt")) == {"length": TODO}
    assert made.get(("sources",)) == {"aurora-ref": TODO, "borealis-ref": TODO}
    before, after = ((path / "documents.yaml").read_text("utf-8") for path in (ROOT / "tests" / "specs_extra", specs))
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert [line.partition(":")[0] for line in added] == ["borealis-ref"]
    assert after.replace(f"{added[0]}\n", "") == before
    assert {p["code"] for p in problems(specs) if "borealis" in str(p["file"])} == {TODO}


LISTS = {
    "": "{new}",
    "# none yet\n": "# none yet\n{new}",
    "# none\n\n{}\n": "# none\n{new}",
    "# A\na: {kind: reference}\n\n# B\nb: {kind: code}": "# A\na: {kind: reference}\n{new}\n# B\nb: {kind: code}",
    "b: {kind: code}": "b: {kind: code}\n{new}",
    "a-ref:\n  kind: reference\n# more\nb: {kind: code}\n": "a-ref:\n  kind: reference\n{new}# more\nb: {kind: code}\n",
    "a-ref: {kind: reference}\r\nb: {kind: code}\r\n": "a-ref: {kind: reference}\r\n{new}b: {kind: code}\r\n",
}
"""A list of documents, and where a new reference stands in it; every other byte stays."""


@pytest.mark.parametrize("before", LISTS)
def test_a_document_is_listed_after_its_kind(before: str):
    made = listed(before.encode(), "documents.yaml", "new-ref", DOCUMENT).decode()
    newline = "\r\n" if "\r" in before else "\n"
    line = page({"new-ref": DOCUMENT}).rstrip("\n") + newline
    wanted = LISTS[before].replace("{new}", line)
    assert made == wanted if before else made.endswith(f"\n\n{wanted}")
    assert listed(made.encode(), "documents.yaml", "new-ref", DOCUMENT).decode() == made


@pytest.mark.parametrize(
    ("before", "said"), [("{a-ref: {kind: reference}}", "no line for each"), ("- a\n", "no map of documents")]
)
def test_a_list_without_lines_is_left_alone(before: str, said: str):
    with pytest.raises(ValueError, match=said):
        listed(before.encode(), "documents.yaml", "new-ref", DOCUMENT)


# ── Names of packages ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "near"),
    [("my-images", "my_images"), ("My_Images", "my_images"), ("9lives", "lives"), ("a__b", "a_b"), ("x.y", "x_y"),
     ("é", ""), ("json", "json_client"), ("class", "class_client"), ("httpx2", "httpx2_client"),
     ("platemark", "platemark_client")],
)  # fmt: skip
def test_what_can_be_no_package_names_one_that_can(name: str, near: str):
    with pytest.raises(naming.NamingError) as told:
        naming.package(name)
    assert told.value.near == near
    assert not near or naming.package(near) == near


def test_a_wrong_package_is_told_before_anything_is_written(begun: Path, tmp_path: Path):
    fill(begun)
    done = ran("generate", "--package", "my-images")
    assert (done.code, (tmp_path / "generated").exists()) == (2, False)
    assert "did you mean my_images?" in done.err


# ── Printing ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_our_own_specs_survive_being_printed(path: Path):
    data = source.read(path, "x").data
    assert isinstance(data, dict)
    text = page(data)
    assert source.parse(text.encode(), "x").data == data
    assert page(source.parse(text.encode(), "x").data) == text  # type: ignore[arg-type]
    assert max(len(line) for line in text.splitlines() if "[" in line or "{" in line) <= 120


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.sampled_from(["1..4", "yes", "on", "16:9", "0x10", "~", "- a", "#x", "a: b", "{key}", "*a", "&b", "!c", "1.5"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), below, max_size=4),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["about", "models", "modes", "errors", "$others", "a b"]), VALUES, min_size=1))
def test_whatever_is_printed_reads_as_it_was(data: dict[str, object]):
    assert source.parse(page(data).encode(), "x").data == data


def test_comments_stand_where_they_say():
    notes = {(): "first\nsecond", ("about",): "what", ("models", "a"): "an id", ("routes",): "x" * 100}
    text = page({"about": "Lamps", "models": {"a": {}, "b": {"like": "a"}}, "routes": {"sync": "draw"}}, notes)
    assert text == (
        "# first\n# second\n"
        f"{'about: Lamps'.ljust(45)}# what\n\n"
        f"models:\n{'  a: {}'.ljust(45)}# an id\n  b: {{like: a}}\n\n"
        f"# {'x' * 100}\nroutes: {{sync: draw}}\n"
    )


def test_slots_are_values_and_names():
    data = {
        "about": TODO,
        "models": {TODO: {"like": TODO}},
        "sources": {TODO: TODO},
        "list": ["a", TODO],
        "note": "todo it",
    }
    assert list(slots(data)) == [
        ("about",), ("models", TODO), ("models", TODO, "like"), ("sources", TODO), ("list", 1),
    ]  # fmt: skip
