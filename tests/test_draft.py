"""A first spec from a page: what the page says, with its lines; `todo` for the rest; nothing else."""

import json
import random
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from outside import draft_bars
from own_specs import ran
from platemark import api, source

ROOT = Path(__file__).parents[1]

MARKDOWN = """
    # Brush 3 reference

    *Last updated: March 9, 2026*

    Draws and repaints.

    ## Call

    `POST /services/aigc/multimodal-generation/generation`

    ## Body

    #### `model`

    *string* (required)

    Set to `brush3-image`.

    #### `text`

    *string* (required)

    What to paint, at most 1,200 characters.

    #### `image`

    *string* (optional)

    Pictures to repaint: [0, 4] images.

    - Formats: PNG, JPEG and WEBP.
    - Width and height between 300 and 6,000 pixels.
    - Up to 12 MB each.

    #### `size`

    *string* (optional)

    Width*height. Total pixels between 640*640 and 1600*1600, aspect ratio [1:3, 3:1]. Default: 1024*1024.

    Recommended:

    - 1024*1024: 1:1
    - 1280*720: 16:9

    #### `n`

    *integer* (optional)

    How many pictures, 1–6. Default: 2.

    #### `grain`

    *integer* (optional)

    Coarse or fine: from 0 to 100.
    """

CHINESE = """
    <html><body><h1>画笔3</h1>
    <p>POST https://dashscope.aliyuncs.com/api/v1/services/aigc/text2image/image-synthesis</p>
    <h2>请求参数</h2>
    <p><b>model</b> <code>string</code> （必选）</p><p>模型名称。</p>
    <ul><li>brush3-t2i</li><li>brush3-t2i-lite</li></ul>
    <p><b>prompt</b> <code>string</code> （必选）</p><p>正向提示词，长度不超过900个字符。</p>
    <p><b>size</b> <code>string</code> （可选）</p>
    <ul><li>brush3-t2i：总像素在 [640*640, 1600*1600] 之间，默认值为 1024*1024。</li>
    <li>brush3-t2i-lite：总像素在 [640*640, 1200*1200] 之间，默认值为 768*768。</li></ul>
    <p><b>n</b> <code>integer</code> （可选）</p><p>取值范围 [1, 4]，默认值为 1。</p>
    <p><b>seed</b> <code>integer</code> （可选）</p><p>随机种子，取值范围 [0, 65535]。</p>
    </body></html>
    """

TEXT = """
    Brush 3 reference

    Request parameters

    model string (required)
    Model name. Set to brush3-image.

    text string (required)
    What to paint. Maximum 1,200 characters.

    size string (optional)
    Width*height. The default is 12801280. Total pixels between 640*640 and 1600*1600.

    n integer (optional)
    How many pictures. Range: 1-6.
    The most is 6.

    seed integer (optional)
    Range: 0-99. And elsewhere: range 0-77.

    Response parameters

    size string
    The size of the picture, from 1*1 to 9*9.
    """


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str) -> str:
        path = tmp_path / name
        path.write_text(dedent(text), encoding="utf-8")
        return str(path)

    return write


def drafted(page: str, *options: str) -> Any:
    """The only family of a page, as a spec reads it."""
    answer = ran("draft", page, "--provider", "dashscope", "--format", "json", *options)
    assert answer.code == 0, answer.err
    (family,) = json.loads(answer.out)["families"]
    return source.parse(family["text"].encode(), "family.yaml").data


def line_of(text: str, needle: str) -> int:
    return next(n for n, line in enumerate(dedent(text).splitlines(), 1) if needle in line)


def test_a_page_in_markdown(written):
    data = drafted(written(MARKDOWN, "brush.md"), "--document", "brush-ref")
    assert data["sources"] == {"brush-ref": "all"}
    assert data["models"] == {"brush3-image": {}}
    assert data["routes"] == {"sync": "multimodal"}
    assert {name: mode["when"] for name, mode in data["modes"].items()} == {
        "text_to_image": {"images": 0},
        "edit": {"images": "1.."},
    }
    assert data["parameters"] == {
        "prompt": {"length": "..1200"},
        "images": {"count": "0..4", "side": "300..6000", "formats": ["PNG", "JPEG", "WEBP"], "bytes": "..12 MB"},
        "size": {
            "area": "640*640..1600*1600",
            "ratio": "1:3..3:1",
            "default": "1024*1024",
            "recommended": ["1024*1024", "1280*720"],
        },
        "n": {"range": "1..6", "default": 2},
        "grain": {"type": "integer", "range": "0..100"},
    }


def test_each_fact_has_its_line(written):
    """As a comment, so that who checks it finds it."""
    out = ran("draft", written(MARKDOWN, "brush.md"), "--provider", "dashscope").out
    length = next(line for line in out.splitlines() if "length: ..1200" in line)
    assert length.endswith(f"# line {line_of(MARKDOWN, '1,200 characters')}")
    assert f"bytes: line {line_of(MARKDOWN, '12 MB')}" in out


def test_a_page_in_chinese_html_with_two_models(written):
    """What differs stands at the model, what they share in the family."""
    data = drafted(written(CHINESE, "brush.html"))
    assert data["routes"] == {"task": "text2image"}
    assert data["modes"].keys() == {"text_to_image"}
    assert data["parameters"]["prompt"] == {"length": "..900"}
    assert data["parameters"]["n"] == {"range": "1..4", "default": 1}
    assert data["parameters"]["seed"] == {"range": "0..65535"}
    sizes = {}
    for model, facts in data["models"].items():
        sizes[model] = {**data["parameters"]["size"], **facts.get("parameters", {}).get("size", {})}
    assert sizes == {
        "brush3-t2i": {"area": "640*640..1600*1600", "default": "1024*1024"},
        "brush3-t2i-lite": {"area": "640*640..1200*1200", "default": "768*768"},
    }


def test_what_cant_be_told_is_left_open(written):
    """A damaged figure, and a page that says two things, are slots with what stands there, never one of them."""
    page = written(TEXT, "brush.txt")
    data = drafted(page)
    assert data["parameters"]["size"] == {"area": "640*640..1600*1600", "default": "todo"}
    assert data["parameters"]["seed"] == {"range": "todo"}
    assert data["parameters"]["n"]["range"] == "1..6"
    assert data["routes"] == {"sync": "todo"}  # the page names no endpoint
    out = ran("draft", page, "--provider", "dashscope").out
    assert f"12801280 (line {line_of(TEXT, '12801280')})" in out
    assert "range: 0..99" in out and "range: 0..77" in out


def test_no_sentence_of_the_page_is_in_the_draft(written):
    out = ran("draft", written(MARKDOWN, "brush.md"), "--provider", "dashscope").out
    for words in ("What to paint", "Pictures to repaint", "Coarse or fine", "How many pictures", "Draws and repaints"):
        assert words not in out


@pytest.mark.parametrize(("text", "name"), [(MARKDOWN, "brush.md"), (CHINESE, "brush.html"), (TEXT, "brush.txt")])
def test_a_draft_lints_up_to_its_slots(written, tmp_path: Path, text: str, name: str):
    page = written(text, name)
    specs = tmp_path / "specs"
    (specs / "dashscope").mkdir(parents=True)
    provider = (ROOT / "specs" / "dashscope" / "provider.yaml").read_bytes()
    (specs / "dashscope" / "provider.yaml").write_bytes(provider)
    listed = (ROOT / "specs" / "documents.yaml").read_text("utf-8")
    line = "brush-ref: {kind: reference, held: false, language: en, date: 2026-03, title: Brush 3}\n"
    (specs / "documents.yaml").write_text(f"{listed}\n{line}", encoding="utf-8")
    out = specs / "dashscope" / "brush3.yaml"
    asked = ("draft", page, "--provider", "dashscope", "--document", "brush-ref", "--specs", str(specs))
    assert ran(*asked, "--out", str(out)).code == 0
    found = api.problems(specs)
    assert {problem.code for problem in found} == {"todo"}
    (family,) = json.loads(ran(*asked, "--format", "json").out)["families"]
    assert len(found) == family["todo"]
    assert ran(*asked, "--out", str(out)).code == 2  # never over what is there


def test_families_of_a_page_are_files_of_their_own(tmp_path: Path):
    """Models that go to different endpoints can't be one family: they are printed apart, and --model chooses."""
    guide = str(ROOT / "tests/oracle/history/image-generation-guide/2026-05-04.md")
    asked = ("draft", guide, "--provider", "dashscope")
    families = json.loads(ran(*asked, "--format", "json").out)["families"]
    assert ["wan2.6-image"] in [family["models"] for family in families]
    assert ran(*asked).out.count("\n---\n") == len(families) - 1
    refused = ran(*asked, "--out", str(tmp_path / "all.yaml"))
    assert refused.code == 2 and "--model wan2.6-image" in refused.err
    assert list(drafted(guide, "--model", "wan2.6-image")["modes"]) == ["edit", "interleave"]


def test_what_a_draft_says_is_what_it_counts(written):
    """The facts of the JSON answer are those of the text, spread over models and modes."""
    answer = ran("draft", written(CHINESE, "brush.html"), "--provider", "dashscope", "--format", "json")
    (family,) = json.loads(answer.out)["families"]
    areas = {fact["model"]: fact["value"] for fact in family["facts"] if fact["id"] == "size.area"}
    assert areas == {"brush3-t2i": "640*640..1600*1600", "brush3-t2i-lite": "640*640..1200*1200"}
    assert all(fact["line"] or fact["id"] == "models" for fact in family["facts"])


@pytest.mark.parametrize(
    ("page", "options", "said"),
    [
        ("Sign in to continue. " * 10, (), "asks to log in"),
        (MARKDOWN, ("--provider", "dashscop"), "did you mean dashscope?"),
        (MARKDOWN, ("--model", "brush4-image"), "did you mean brush3-image?"),
        (MARKDOWN, ("--family", "Brush 3"), "can't be a family's name"),
        ("# Weather\n\n" + "It rains 3 days in the north.\n\n" * 99, (), "says nothing of any model's"),
    ],
)
def test_what_is_no_page_is_named(written, page: str, options: tuple[str, ...], said: str):
    refused = ran("draft", written(page, "page.md"), "--provider", "dashscope", *options)
    assert refused.code == 2
    assert said in refused.err


@pytest.mark.parametrize("seed", range(6))
def test_no_page_raises(written, seed: int):
    """However torn: a draft, or a word on why there is none."""
    drawn = random.Random(seed)
    capture = min((ROOT / "tests/oracle/history/wan26-image-create-task").iterdir())
    lines = capture.read_text("utf-8").splitlines()
    if seed % 2:
        drawn.shuffle(lines)
    torn = [line[: drawn.randrange(len(line) + 1)] if drawn.random() < 0.2 else line for line in lines]
    page = written("\n".join(torn), drawn.choice(["page.md", "page.txt", "page.html"]))
    answer = ran("draft", page, "--provider", "dashscope")
    assert answer.code in {0, 2}
    assert bool(answer.out) == (answer.code == 0) and bool(answer.err) == (answer.code == 2)


def test_the_specs_of_a_page_are_not_looked_at(written, tmp_path: Path):
    """A page of models that we know is read as if we did not: the family's file may be empty, and nothing changes."""
    specs = tmp_path / "specs"
    (specs / "dashscope").mkdir(parents=True)
    for name in ("documents.yaml", "dashscope/provider.yaml"):
        (specs / name).write_bytes((ROOT / "specs" / name).read_bytes())
    page = str(ROOT / "tests/oracle/history/z-image-api-reference/2026-05-04.html")
    asked = ("draft", page, "--provider", "dashscope")
    assert ran(*asked).out == ran(*asked, "--specs", str(specs)).out


@pytest.mark.parametrize(
    "page", ["vtrix-qwen-image-edit-plus", "z-image-api-reference", "wan2-5-image-edit-api-reference"]
)
def test_a_draft_holds_the_bars(page: str):
    """On pages whose specs were written by hand; `nox -s drift_bars` measures all of them."""
    capture = min((ROOT / "tests/oracle/history" / page).iterdir())
    score = draft_bars.score(page, [capture])
    assert score is not None and score.wanted
    assert len(score.found) >= draft_bars.FOUND * len(score.wanted), score.missed
    assert len(score.of("right")) >= draft_bars.RIGHT * len(score.facts)


def test_a_wrong_figure_costs_the_bar(tmp_path: Path):
    """The measure sees what is wrong: a page that says otherwise than the spec is neither found nor right."""
    capture = min((ROOT / "tests/oracle/history/vtrix-qwen-image-edit-plus").iterdir())
    changed = tmp_path / capture.name
    changed.write_text(capture.read_text("utf-8").replace("[1, 6]", "[1, 7]").replace("800 char", "700 char"), "utf-8")
    score = draft_bars.score("vtrix-qwen-image-edit-plus", [changed])
    assert score is not None
    assert {fact.key for fact in score.of("wrong")} == {"n.range", "prompt.length"}
