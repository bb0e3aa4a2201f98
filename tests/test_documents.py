"""Reading pages: what stands in them, whatever they are written in."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platemark.documents import html, lock, markdown, text
from platemark.documents.atoms import Lexicon
from platemark.documents.blocks import Block
from platemark.documents.normal import normal
from platemark.documents.page import Page
from platemark.documents.read import LEAST, read

LEXICON = Lexicon(
    parameters=frozenset({"prompt", "size", "n", "seed", "negative_prompt", "images"}),
    words=(("output resolution", "size"), ("输出分辨率", "size")),
    models=frozenset({"lamp-1", "lamp-1-fast"}),
    stems=("lamp-1",),
    states=frozenset({"READY"}),
    codes=frozenset({"BadPrompt"}),
)
FILLER = "This page says how the lamp models are asked to draw, and what their answers hold. " * 32
"""So long that no reader takes the page for a notice that it is gone."""


def page(body: str, name: str = "page.txt", encoding: str = "utf-8") -> Page:
    return read(f"{FILLER}\n\n{body}\n".encode(encoding), name, LEXICON)


def figures(found: Page, type_: str, subject: str | None = None) -> list[str]:
    return [
        atom.value
        for statement in found.statements
        for atom in statement.atoms
        if atom.type == type_ and (subject is None or statement.subject == subject)
    ]


def roles(found: Page, value: str) -> set[str]:
    return {role for s in found.statements for atom in s.atoms if atom.value == value for role in atom.roles}


def rows(blocks: list[Block]) -> list[tuple[str, ...]]:
    return [block.cells for block in blocks if block.sort == "row"]


# ── HTML ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_frames_a_page_in_html_is_no_part_of_it() -> None:
    found = html.blocks(
        "<html><head><title>9*9</title><style>.a{width:7px}</style></head><body><nav>Up to 3 links</nav>"
        "<header>Sale: 4 CNY</header><script>var n = 5</script><main><h2>Size</h2><p>Up to <b>6</b> pictures.</p>"
        "</main><form>8</form><footer>since 2019</footer></body></html>"
    )
    assert [(block.sort, block.text) for block in found] == [("heading", "Size"), ("text", "Up to 6 pictures.")]


def test_words_in_marks_stay_one_sentence_and_blocks_part() -> None:
    found = html.blocks(
        "<div><p>from <code>512</code>*<em>512</em> to <a href='#x'>1024</a>*1024</p><div>then</div>x</div>"
    )
    assert [block.text for block in found] == ["from 512*512 to 1024*1024", "then", "x"]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("<p><b>size</b><i>string</i>（可选）</p>", "size string（可选）"),
        ("<p><strong>n</strong><code>integer</code></p>", "n integer"),
        ("<p><span class='name'>seed</span><span class='type'>integer</span></p>", "seed integer"),
        ("<p>set<code>n</code>to 2</p>", "set n to 2"),
        ("<p>both be non<b>e</b></p>", "both be none"),
        ("<p><span class='k'>10</span><span class='k'>24</span></p>", "1024"),
        ("<p>at most 2048<sup>2</sup> pixels</p>", "at most 2048^2 pixels"),
    ],
)
def test_only_what_markup_alone_parts_is_two_words(written: str, read_as: str) -> None:
    assert [block.text for block in html.blocks(written)] == [read_as]


def test_a_note_in_an_aside_is_read_and_a_list_of_links_is_not() -> None:
    found = html.blocks(
        "<aside class='callout'><p>Only <code>512*512</code>.</p></aside>"
        "<aside><ul><li><a href='#1'>Sizes up to 9</a></li><li><a href='#2'>Prices</a></li></ul></aside>"
    )
    assert [block.text for block in found] == ["Only 512*512."]


def test_cells_that_span_rows_and_columns_stand_in_each() -> None:
    found = html.blocks(
        "<table><tr><th>Model</th><th>Size</th><th>n</th></tr>"
        "<tr><td rowspan='2'>lamp-1</td><td>1024*1024</td><td>1-4</td></tr>"
        "<tr><td colspan='2'>any</td></tr></table>"
    )
    assert rows(found) == [("lamp-1", "1024*1024", "1-4"), ("lamp-1", "any", "any")]
    assert found[0].head == ("Model", "Size", "n")


@pytest.mark.parametrize("span", ["0", "-3", "x", "", "100000"])
def test_a_span_that_is_nonsense_breaks_nothing(span: str) -> None:
    found = html.blocks(f"<table><tr><th>a</th></tr><tr><td colspan='{span}' rowspan='{span}'>7</td></tr></table>")
    assert found[0].cells[0] == "7"
    assert len(found[0].cells) <= 200


def test_a_table_that_only_lays_out_is_read_through() -> None:
    found = html.blocks("<table><tr><td><h3>Size</h3><p>Up to 6.</p></td><td><pre>n=1\nm=2</pre></td></tr></table>")
    assert [(block.sort, block.text) for block in found] == [
        ("heading", "Size"), ("text", "Up to 6."), ("code", "n=1\nm=2"),
    ]  # fmt: skip


def test_what_is_folded_away_counts() -> None:
    found = html.blocks("<details><summary>seed integer</summary><p>0 to 99</p></details>")
    assert [(block.sort, block.text) for block in found] == [("heading", "seed integer"), ("text", "0 to 99")]


@pytest.mark.parametrize("source", ["", " ", "</td>", "<!-- 4 -->", "<![CDATA[4]]>", "<?php 4 ?>"])
def test_nothing_but_marks_is_nothing(source: str) -> None:
    assert html.blocks(source) == []


def test_xhtml_that_declares_its_encoding_is_read() -> None:
    found = html.blocks('<?xml version="1.0" encoding="gbk"?>\n<html><body><p>one</p></body></html>')
    assert [(block.text, block.line) for block in found] == [("one", 2)]


def test_lines_are_those_of_the_file() -> None:
    found = html.blocks("<p>\none</p>\n\n<p>two</p>\n<ul>\n<li>three</li>\n</ul>")
    assert [(block.text, block.line) for block in found] == [("one", 1), ("two", 4), ("three", 6)]


@pytest.mark.parametrize(
    "written",
    [
        "512&times;512",
        "512 &#215; 512",
        "512&nbsp;&#42;&nbsp;512",
        "512×512",
        "512 x 512",
        "５１２＊５１２",
        "512\u200b*512",
        "512²",
    ],
)
def test_a_size_is_one_however_it_is_written(written: str) -> None:
    assert "512*512" in figures(page(f"<p>The size is at least {written} pixels.</p>", "page.html"), "size")


# ── Markdown ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_star_between_figures_is_no_emphasis() -> None:
    found = page("Sizes run from 512*512 to 2048*2048.\n\n- default: **1024\\*1024**\n", "page.md")
    assert figures(found, "size") == ["512*512", "2048*2048", "1024*1024"]


def test_markdown_has_tables_items_headings_code_and_html() -> None:
    found = markdown.blocks(
        "---\ntitle: 9\n---\n# Lamp\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~~\nn=1\n~~~\n\n"
        "<table><tr><th>c</th></tr><tr><td>3</td></tr></table>\n"
    )
    assert [(block.sort, block.text) for block in found] == [
        ("heading", "Lamp"), ("item", "one"), ("item", "two"), ("row", "1 | 2"), ("code", "n=1"), ("row", "3"),
    ]  # fmt: skip
    assert found[0].line == 4


def test_a_component_that_names_a_parameter_begins_its_entry() -> None:
    found = page(
        '<ParamField body="seed" type="integer" required>\n  From 0 to 99.\n</ParamField>\n\n'
        "<Note>\n  Be kind.\n</Note>\n",
        "page.mdx",
    )
    assert figures(found, "int", "seed") == ["0", "99"]
    assert "required" in figures(found, "policy", "seed")


def test_an_exported_page_introduces_parameters_by_name_and_type() -> None:
    found = page(
        "**input** `object` （必选）\n\n属性\n\n**prompt**`string`**（必选）**\n\n长度不超过800个字符。\n\n"
        "**negative\\_prompt** `_string_` （可选）\n\n长度不超过500个字符，超出时报错，不再截断。\n\n"
        "**n** `integer` （选填）\n\n取值范围为1~4张，默认为`2`。\n",
        "page.md",
    )
    assert figures(found, "int", "prompt") == ["800"]
    assert figures(found, "int", "negative_prompt") == ["500"]
    assert figures(found, "policy", "negative_prompt") == ["optional", "refused"]
    assert figures(found, "int", "n") == ["1", "4", "2"]
    assert roles(found, "2") == {"default"}


def test_paragraphs_of_markdown_are_not_joined() -> None:
    found = page("图像格式：png\n\nlamp-1-fast\n\n宽高均在\\[512, 1440\\]像素之间\n", "page.md")
    assert [s.models for s in found.statements if "1440" in {a.value for a in s.atoms}] == [("lamp-1-fast",)]


# ── Plain text ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_table_that_was_joined_into_one_line_has_its_rows_again() -> None:
    found = text.blocks("| Model | n | | --- | --- | | lamp-1 | 1-4 | | lamp-1-fast | 1 |")
    assert rows(found) == [("lamp-1", "1-4"), ("lamp-1-fast", "1")]
    assert found[0].head == ("Model", "n")


def test_code_without_fences_is_told_from_prose() -> None:
    found = text.blocks(
        "Ask like this:\n\ncurl --location 'https://lamp.example.com/v1/draw' \\\n--data '{\n  \"n\": 7\n}'\n\n"
        "The answer holds 2 pictures."
    )
    assert [block.sort for block in found] == ["text", "code", "text"]
    assert '"n": 7' in found[1].text
    assert found[2].line == 8


def test_figures_in_samples_are_examples() -> None:
    found = page("curl --location 'https://lamp.example.com/v1/draw' \\\n--data '{\n  \"seed\": 77\n}'\n")
    assert "77" not in figures(found, "int")


def test_a_name_that_stuck_to_the_line_before_stands_apart() -> None:
    found = page("What the picture should show.seed\ninteger(optional)From 0 to 99.\n")
    assert figures(found, "int", "seed") == ["0", "99"]


def test_a_sentence_that_was_broken_off_is_one() -> None:
    found = page("The size is from 512*512\nto 2048*2048.\n")
    assert {"low"} <= roles(found, "512*512")
    assert {"high"} <= roles(found, "2048*2048")


# ── What figures are for ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sentence", "value", "wanted"),
    [
        ("The size defaults to 1024*1024.", "1024*1024", {"default"}),
        ("输出分辨率的默认值为1024*1024。", "1024*1024", {"default"}),
        ("The prompt holds at most 800 characters.", "800", {"high"}),
        ("提示词不超过800个字符。", "800", {"high"}),
        ("At least 3 pictures.", "3", {"low"}),
        ("至少3张图片。", "3", {"low"}),
        ("Links are valid for 24 hours.", "86400", {"keep"}),
        ("链接有效期为24小时。", "86400", {"keep"}),
        ("Links Are Valid For 24 Hours.", "86400", {"keep"}),
        ("Query every 10 seconds.", "10", {"poll"}),
        ("Sides are multiples of 16.", "16", {"rounds"}),
        ("For example, 640*480.", "640*480", {"example"}),
        ("例如640*480。", "640*480", {"example"}),
    ],
)
def test_the_words_around_a_figure_say_what_it_is_for(sentence: str, value: str, wanted: set[str]) -> None:
    assert wanted <= roles(page(sentence), value)


@pytest.mark.parametrize("sentence", ["from 1 to 4", "1-4", "[1, 4]", "between 1 and 4", "1~4", "取值范围为1至4"])
def test_a_span_has_a_least_and_a_most(sentence: str) -> None:
    found = page(f"n integer (optional)\n\nThe value is {sentence}.\n")
    assert "low" in roles(found, "1")
    assert "high" in roles(found, "4")


def test_spans_of_long_figures_are_no_ids() -> None:
    found = page("The size is 1280*1280-1440*1440 pixels. A prompt holds 1000-2000 characters.\n")
    assert figures(found, "size") == ["1280*1280", "1440*1440"]
    assert figures(found, "int") == ["1000", "2000"]


def test_signs_that_were_taken_for_emphasis_come_in_pairs() -> None:
    found = page("Pixels: \\[768_768, 1280_1280\\], ratio 1:4 to 4:1.\n", "page.md")
    assert figures(found, "size") == ["768*768", "1280*1280"]
    assert {printed for _, printed in found.damaged} == {"768_768", "1280_1280"}


def test_blanks_around_a_host_are_none() -> None:
    found = page("`POST https:// {WorkspaceId}.eu-central-1.maas.lamps.com /api/v1/draw/pictures`\n", "page.md")
    assert figures(found, "host") == ["{workspaceid}.eu-central-1.maas.lamps.com"]
    assert figures(found, "path") == ["/api/v1/draw/pictures"]
    assert figures(found, "code") == []


@pytest.mark.parametrize(
    ("written", "type_", "values"),
    [
        ("结果地址的域名为lamps-{标识}.oss.lamps.com。", "host", ["lamps-{标识}.oss.lamps.com"]),
        ("请求/api/v1/draw/pictures接口。", "path", ["/api/v1/draw/pictures"]),
        ("报错BadPrompt时请重试，Model.AccessDenied同。", "code", ["BadPrompt", "Model.AccessDenied"]),
        ("使用lamp-1模型，或lamp-1-fast。", "model", ["lamp-1", "lamp-1-fast"]),
        ("One to five pictures, in one to two minutes.", "int", ["1", "5"]),
        ("Bodies of up to 16 MiB.", "bytes", ["16 MB"]),
        ("Ask for /api/v1/tasks/gen_Zt07mWc93D next.", "path", ["/api/v1/tasks/{id}"]),
        ("华北2（北京）", "int", []),
    ],
)
def test_figures_are_told_from_the_words_around_them(written: str, type_: str, values: list[str]) -> None:
    assert figures(page(f"{written}\n"), type_) == values


def test_headings_below_the_name_of_an_error_are_its_messages() -> None:
    found = page(
        "## 400-BadPrompt\n\n### prompt must hold \\[1, 9\\] words. / prompt is empty\n\n**原因：** 见上。\n\n"
        "### 429 Too.Many\n\nMessage: slow down。请稍后重试。\n\n## Other things\n\n### Not a message\n",
        "page.md",
    )
    assert figures(found, "message", "BadPrompt") == ["prompt must hold [1, 9] words", "prompt is empty"]
    assert figures(found, "message", "Too.Many") == ["slow down"]


def test_ids_of_requests_are_no_figures() -> None:
    found = page("The id of the request is 7574ee8f-38a3-4b1e-9280-11c33ab46e51.\n")
    assert [atom for statement in found.statements[32:] for atom in statement.atoms] == []


@pytest.mark.parametrize("written", ["1024_1024", "10241024", "768768", "512*00512"])
def test_a_figure_that_was_damaged_is_no_fact(written: str) -> None:
    found = page(f"The size is at most {written} pixels.\n")
    assert [printed for _, printed in found.damaged] == [written]
    assert not set(figures(found, "size") + figures(found, "int")) & {written, "1024*1024", "768*768"}


@pytest.mark.parametrize(
    ("text_", "wanted"),
    [
        ("1,300 tokens", "1300 tokens"),
        ("“a” – b", '"a" - b'),
        ("２ × ３", "2*3"),
        ("a\u200bb\u00adc", "abc"),
        ("**x** `y`", "x y"),
    ],
)
def test_one_way_to_write_what_pages_write_in_many(text_: str, wanted: str) -> None:
    assert normal(text_) == wanted


@given(st.text(max_size=200))
def test_normal_text_is_normal(given_: str) -> None:
    once = normal(given_)
    assert not re.search(r"[^\S\n]{2}|[\u200b\u00ad×]", once)


# ── The lock ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        "The size is from 512*512 to 2048*2048 for lamp-1, and defaults to 1024*1024.",
        "n integer (optional)\n\nFrom 1 to 4. The default is 1.\n\nLinks are valid for 24 hours.",
        "| Model | Sizes |\n| --- | --- |\n| lamp-1 | 512*512, 1024_1024 |\n| lamp-1-fast | 768*768 |",
        "POST https://api.lamp.com/v1/draw\n\ncurl https://api.lamp.com/v1/draw \\\n-H 'X-Lamp-Mode: wait'\n",
    ],
)
def test_what_a_lock_keeps_is_the_page_but_for_its_headings(body: str) -> None:
    found = page(body)
    kept = lock.page(json.loads(lock.dumped({"lamp": lock.entry(found, [b"x"], ())}))["documents"]["lamp"])
    assert kept.statements == tuple(replace(statement, section="") for statement in found.statements)
    assert found.statements


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_CHINESE = (
    "本页说明如何请求模型绘图、各参数的限制以及返回结果。" * 6
    + "图片链接的有效期为24小时，输出分辨率的默认值为1024*1024。"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_text_is_read_in_the_encodings_that_pages_have(encoding: str) -> None:
    found = read(_CHINESE.encode(encoding), "page.txt", LEXICON)
    assert (figures(found, "time"), figures(found, "size")) == (["86400"], ["1024*1024"])


def test_an_encoding_that_a_page_declares_is_used() -> None:
    body = f'<html><head><meta charset="windows-1252"></head><body><p>{FILLER}</p><p>café: 512×512</p></body></html>'
    assert figures(read(body.encode("windows-1252"), "page.html", LEXICON), "size") == ["512*512"]


@pytest.mark.parametrize("name", ["undefined", "nonsense-9", "base64", "idna"])
def test_an_encoding_that_is_none_breaks_nothing(name: str) -> None:
    raw = f'<html><head><meta charset="{name}"></head><body><p>{FILLER}</p>'.encode() + b"\xff"
    assert read(raw, "page.html", LEXICON).status in {"ok", "unreadable"}
    saved = f"MIME-Version: 1.0\r\nContent-Type: text/html; charset={name}\r\n\r\n<html><body>{FILLER}".encode()
    assert read(saved, "page.mhtml", LEXICON).status == "ok"


@pytest.mark.parametrize("suffix", ["mht", "mhtml"])
def test_a_page_that_a_browser_saved_whole_is_unpacked(suffix: str) -> None:
    saved = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=cut; type=text/html\r\n\r\n--cut\r\n"
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        f"<html><body><p>{FILLER}</p><p>The size is at most 512=C3=97512.</p></body></html>\r\n--cut\r\n"
        "Content-Type: text/css\r\n\r\np { width: 999px }\r\n--cut--\r\n"
    )
    assert figures(read(saved.encode(), f"page.{suffix}", LEXICON), "size") == ["512*512"]


@pytest.mark.parametrize("raw", [b"%PDF-1.7 ...", b"PK\x03\x04rest", b"\x89PNG\r\n", b"\xff\xd8\xff\xe0", b"a\0b" * 99])
def test_what_is_no_text_is_unreadable(raw: bytes) -> None:
    assert read(raw, "page.html", LEXICON).status == "unreadable"


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \n" * 500,
        "x" * (LEAST - 1),
        "<html><body><h1>404</h1><p>Page not found. " + "Try the search. " * 20 + "</p></body></html>",
        "<html><body><p>Please sign in with your password to go on. " + "We keep it safe. " * 20 + "</p></body></html>",
        "<html><body><p>请登录后查看，可扫码或输入验证码。" + "谢谢您的支持与理解。" * 20 + "</p></body></html>",
    ],
)
def test_a_page_that_is_not_there_is_missing(body: str) -> None:
    found = read(body.encode(), "page.html", LEXICON)
    assert (found.status, found.statements) == ("missing", ())
    assert found.why


@given(st.binary(max_size=400), st.sampled_from(["txt", "html", "md", "mdx", "mhtml", "pdf", ""]))
def test_no_bytes_raise(raw: bytes, suffix: str) -> None:
    assert read(raw, f"page.{suffix}", LEXICON).status in {"ok", "missing", "unreadable"}


_PIECES = st.sampled_from(
    [
        *(
            "<table>",
            "<tr><td>",
            "</td>",
            "<!--",
            "<pre>",
            "&times;",
            '<ParamField body="n">',
            "\x00",
            "https://a.b.com/v1/x",
        ),
        *(
            "| a | b |\n",
            "|---|---|\n",
            "```\n",
            "# n\n",
            "- ",
            "curl -X POST \\\n",
            "{\n",
            "}\n",
            "\n\n",
            "；",
            "默认值为",
        ),
        *("512*512", "1024_1024", "size integer", " to ", "[1, 4]", "24 hours", "deprecated", "lamp-1"),
    ]
)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=12)), max_size=60), st.sampled_from(["txt", "html", "md", "mdx"]))
def test_no_text_raises(pieces: list[str], suffix: str) -> None:
    body = (FILLER + "\n\n" + "".join(pieces)).encode("utf-8", "surrogatepass")
    assert read(body, f"page.{suffix}", LEXICON).status in {"ok", "missing", "unreadable"}
