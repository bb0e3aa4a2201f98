"""Drift: what became of each rule, once a document that it rests on says otherwise."""

from __future__ import annotations

import re
from typing import Any

import pytest

from drift_pages import AURORA, SPECS, Z_IMAGE, after, as_html, as_text, compared, edited, reader, rows, told
from drift_scores import GONE
from platemark.drift import Unknown

ZH: dict[str, Any] = {"page": Z_IMAGE, "document": "z-image-ref", "file": "page.html", "specs": SPECS}
FORMS = {"html": as_html, "txt": as_text}


# ── Each status ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_that_is_as_it_was_confirms_what_rests_on_it() -> None:
    found = compared(AURORA, AURORA)
    confirmed = {row.id for row in rows(found, "confirmed")}
    assert confirmed >= {
        "prompt.length", "prompt.required", "copies.range", "copies.default", "seed.range", "size.soft.area",
        "size.side", "size.ratio", "size.rounds", "size.tokens", "size.default", "polish.default",
        "inks.count", "inks.sums_to", "images.count", "images.side", "images.formats", "images.bytes",
        "routes.sync", "routes.task",
    }  # fmt: skip
    assert (found.semantic, found.cosmetic, found.news) == (False, 0, ())


def test_rules_of_documents_that_were_not_given_are_unchecked() -> None:
    found = compared(AURORA, AURORA)
    others = {row.status for row in found.rows if row.document != "aurora-ref"}
    assert others == {"unchecked"}
    assert any(row.document == "lumen-guide" and row.id == "copies.range" for row in found.rows)


CHANGED = [
    ("at most 500", "at most 400", "prompt.length", "500", "400"),
    ("string (required)", "string (optional)", "prompt.required", "required", "optional"),
    ("from 1 to 6", "from 1 to 8", "copies.range", "6", "8"),
    ("from 1 to 6", "from 2 to 6", "copies.range", "1", "2"),
    ("The default is 1.", "The default is 2.", "copies.default", "1", "2"),
    ("default is true", "default is false", "polish.default", "true", "false"),
    ("Between 1 and 4 pictures", "Between 1 and 5 pictures", "images.count", "4", "5"),
    ("PNG or JPEG", "PNG or WEBP", "images.formats", "JPEG", "WEBP"),
    ("8 MB", "10 MB", "images.bytes", "8", "10"),
    ("measures 64 to", "measures 128 to", "images.side", "64", "128"),
    ("[0, 99999]", "[0, 65535]", "seed.range", "99999", "65535"),
    ("at least 512*512", "at least 640*640", "size.soft.area", "512*512", "640*640"),
    ("and 3:1", "and 4:1", "size.ratio", "3:1", "4:1"),
    ("multiples of 16", "multiples of 32", "size.rounds", "16", "32"),
    ("default is 1024*1024", "default is 1536*1024", "size.default", "1024*1024", "1536*1024"),
    ("256-3072", "256-4096", "size.side", "3072", "4096"),
    ("1K, 2K", "1K, 4K", "size.tokens", "2K", "4K"),
    ("From 2 to 5 colours", "From 3 to 5 colours", "inks.count", "2", "3"),
    ("100.00%", "90.00%", "inks.sums_to", "100.00", "90.00"),
]


@pytest.mark.parametrize("change", CHANGED, ids=lambda change: f"{change[2]} {change[4]}")
def test_another_figure_is_told_as_its_rule(change: tuple[str, str, str, str, str]) -> None:
    before, words, rule, old, new = change
    found = after((before, words))
    assert told(found) == {("changed", rule, old, new)}
    (row,) = rows(found)
    lines = edited(AURORA, (before, words)).split("\n")
    assert words in "\n".join(lines[row.line - 1 : row.line + 2])
    assert found.semantic


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("change", CHANGED[::3], ids=lambda change: f"{change[2]} {change[4]}")
def test_so_it_is_where_the_page_is_written_otherwise_besides(change: tuple[str, ...], form: str) -> None:
    before, words, rule, old, new = change
    made = FORMS[form](edited(AURORA, (before, words)))
    assert told(compared(AURORA, made, now=f"page.{form}")) == {("changed", rule, old, new)}


@pytest.mark.parametrize(
    ("before", "words", "rule", "old", "new"),
    [
        ("不超过800个", "不超过600个", "prompt.length", "800", "600"),
        ("2048×2048", "3072×3072", "size.area", "2048*2048", "3072*3072"),
        ("介于512×512", "介于768×768", "size.area", "512*512", "768*768"),
        ("1024×1536", "1024×1024", "size.default", "1024*1536", "1024*1024"),
        ("默认值为false", "默认值为true", "prompt_extend.default", "false", "true"),
        ("[0, 2147483647]", "[0, 65535]", "seed.range", "2147483647", "65535"),
    ],
)
def test_chinese_is_read_as_english_is(before: str, words: str, rule: str, old: str, new: str) -> None:
    assert told(after((before, words), **ZH)) == {("changed", rule, old, new)}


def test_what_becomes_of_too_long_a_text_is_a_fact() -> None:
    (row,) = rows(after(("会被截断", "会报错"), **ZH))
    assert (row.status, row.id) == ("changed", "prompt.length")
    assert row.old != row.new


def test_a_figure_that_stands_nowhere_has_vanished() -> None:
    assert told(after((", no larger than 8 MB", ""))) == {("vanished", "images.bytes", "8", "")}


@pytest.mark.parametrize(
    ("before", "words", "rule", "new"),
    [
        ("from 1 to 6", "from 9 to 6", "copies.range", "9"),
        ("1:3 and 3:1", "5:1 and 3:1", "size.ratio", "5:1"),
        ("default is 1024*1024", "default is 1024_1024", "size.default", "1024_1024"),
        ("default is 1024*1024", "default is 10241024", "size.default", "10241024"),
        ("8 MB", "8000000 MB", "images.bytes", "8000000"),
        ("at most 500", "at most 50000000", "prompt.length", "50000000"),
    ],
)
def test_what_can_not_be_meant_is_suspect(before: str, words: str, rule: str, new: str) -> None:
    found = after((before, words))
    assert {(status, id_, new_) for status, id_, _, new_ in told(found)} == {("suspect", rule, new)}
    assert all(row.why for row in rows(found))


def test_a_path_that_lost_a_slash_is_suspect() -> None:
    found = after(("multimodal-generation/generation", "multimodal-generationgeneration"), **ZH)
    assert {row.status for row in rows(found)} == {"suspect"}
    assert {row.id for row in rows(found)} >= {"routes.sync"}


# ── What is cosmetic ──────────────────────────────────────────────────────────────────────────────────────────────


def reordered(page: str) -> str:
    head, *parts = re.split(r"(?m)^(?=### )", page)
    *entries, last = parts
    tail = last[last.index("## sizes") :]
    return head + "".join([last.removesuffix(tail), *reversed(entries)]) + tail


COSMETIC = {
    "reworded": [("What the picture should show. The text holds", "Say what you want to see. The prompt holds")],
    "heading": [("## Parameters", "## What you send"), ("## Sample", "## Try it")],
    "banner": [("# Aurora 1\n", "# Aurora 1\n\nNew: read our blog about lamps, 12 March 2031!\n")],
    "signs": [("at least 512*512", "at least 512 × 512"), ("[0, 99999]", "[0, 99,999]"), ("256-3072", "256 – 3072")],
    "marks": [("at most 500 characters", "at most **500** `characters`"), ("default is true", "default is `true`")],
    "sample": [("A lamp by the sea", "A red fox, 4K, 16:9"), ('"copies": 3, "seed": 4711', '"copies": 5, "seed": 12')],
    "key": [("sk-test-lamp", "sk-test-fox")],
    "example": [("640*480 suits a thumbnail", "800*600 suits a post card")],
    "links": [("Aurora 1 turns a text", "[Aurora 1](https://docs.lumen.example/a/7) turns a text")],
    "item": [("The default is true.", "\n- The default is true.")],
}


@pytest.mark.parametrize("edits", COSMETIC.values(), ids=COSMETIC)
def test_other_words_for_the_same_are_no_drift(edits: list[tuple[str, str]]) -> None:
    found = after(*edits)
    assert (told(found), found.news, found.semantic) == (set(), (), False)


@pytest.mark.parametrize("form", FORMS)
def test_another_form_is_no_drift(form: str) -> None:
    found = compared(AURORA, FORMS[form](AURORA), now=f"page.{form}")
    assert (told(found), found.news) == (set(), ())


def test_another_order_is_no_drift() -> None:
    made = reordered(AURORA)
    assert sorted(made.split("\n")) == sorted(AURORA.split("\n"))
    assert told(compared(AURORA, made)) == set()


def test_other_words_in_chinese_are_no_drift() -> None:
    found = after(
        ("本文介绍", "以下说明"),
        ("首页 9", "首页 10"),
        ("请尽快保存到", "请及时转存到"),
        ("1120*1440", "960*960"),
        **ZH,
    )
    assert (told(found), found.news) == (set(), ())


# ── How places and figures are read ───────────────────────────────────────────────────────────────────────────────

TWICE = edited(AURORA, ("Fetch it soon.", "Fetch it soon. The value of copies runs from 1 to 6."))


def test_one_of_several_places_that_changes_names_those_that_did_not() -> None:
    found = after(("How many pictures you get, from 1 to 6", "How many pictures you get, from 1 to 8"), page=TWICE)
    assert told(found) == {("changed", "copies.range", "6", "8")}
    last = TWICE[: TWICE.index("The value of copies")].count("\n") + 1
    assert [row.still for row in rows(found)] == [(last,)]


def test_places_that_all_change_leave_none_behind() -> None:
    found = compared(TWICE, TWICE.replace("from 1 to 6", "from 1 to 8"))
    assert told(found) == {("changed", "copies.range", "6", "8")}
    assert {row.still for row in rows(found)} == {()}


def test_a_figure_that_several_rules_cite_is_told_for_each() -> None:
    page = AURORA.replace("/v2/pictures", "/v2/paintings")
    found = compared(AURORA, page)
    assert {row.id for row in rows(found)} == {"routes.sync", "routes.task", "endpoints.draw.path"}


GUIDE = """\
# Drawing with Lumen

This guide walks through aurora: how to ask, what a job costs, and how long its pictures are kept for you.

## aurora

### prompt string (required)

Say what you want to see. The guide's readers sent at most 800 characters.

### copies integer (optional)

The number lies between 1 and 6. There is no negative_text: it is not supported.

## jobs

A job and what came of it can be queried for 12 hours. Ask again every 2 seconds, until the job is over.
The addresses of pictures are valid for 48 hours, and are gone after that.
"""


def test_a_reading_that_lost_drifts_on_the_rule_that_won() -> None:
    found = after(("at most 800 characters", "at most 900 characters"), page=GUIDE, document="lumen-guide")
    (row,) = rows(found)
    assert (row.status, row.id, row.old, row.new, row.losing) == ("changed", "prompt.length", "800", "900", True)


def test_the_time_that_things_are_kept_is_told() -> None:
    found = after(("valid for 48 hours", "valid for 24 hours"), page=GUIDE, document="lumen-guide")
    assert told(found) == {("changed", "images.keep", "48", "24")}


def test_the_line_of_an_endpoint_is_a_statement_even_in_a_fence() -> None:
    line = "POST https://dashscope.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation"
    fenced = edited(Z_IMAGE, (f"<p>{line}</p>", f"<pre>{line}</pre>"))
    found = compared(fenced, fenced.replace("generation/generation", "generation/pictures"), **_without_page(ZH))
    assert "routes.sync" in {row.id for row in rows(found)}


def _without_page(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "page"}


def test_a_host_in_a_sample_is_a_fact_where_no_statement_gives_it() -> None:
    line = "<p>POST https://dashscope.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation</p>"
    sample = f"<pre>curl {line[8:-4]} \\\n-d '{{}}'</pre>"
    alone = edited(Z_IMAGE, (line, sample))
    found = compared(alone, alone.replace("dashscope.aliyuncs", "dashscope-cn.aliyuncs"), **_without_page(ZH))
    assert ("changed", "dashscope.aliyuncs.com", "dashscope-cn.aliyuncs.com") in {
        (r.status, r.old, r.new) for r in rows(found)
    }
    both = edited(Z_IMAGE, (line, line + sample))
    made = both.replace("curl https://dashscope.aliyuncs", "curl https://dashscope-cn.aliyuncs")
    assert told(compared(both, made, **_without_page(ZH))) == set()


def test_damage_that_is_repaired_to_the_figure_of_the_spec_confirms_it() -> None:
    damaged = edited(AURORA, ("default is 1024*1024", "default is 1024_1024"))
    found = compared(damaged, AURORA)
    assert told(found) == set()
    assert "size.default" in {row.id for row in rows(found, "confirmed")}


# ── New facts ─────────────────────────────────────────────────────────────────────────────────────────────────────

ENTRY = "### glow integer (optional)\n\nHow bright it is, from 0 to 10.\n\n## sizes"
REQUEST = "<h2>请求参数</h2>"
NEW: dict[str, tuple[tuple[str, str], dict[str, Any], tuple[str, str, str]]] = {
    "parameter": (("## sizes", ENTRY), {}, ("parameter", "glow", "")),
    "model": (("Two models do this: aurora-1 is", "Models: aurora-2, aurora-1 is"), {}, ("model", "aurora-2", "")),
    "snapshot": (
        ("本文介绍 z-image-turbo 的", "本文介绍 z-image-turbo、z-image-turbo-2027-01-05 的"),
        ZH,
        ("snapshot", "z-image-turbo-2027-01-05", ""),
    ),
    "endpoint": (
        (REQUEST, f"<p>POST https://dashscope.aliyuncs.com/api/v1/services/aigc/sketch/generation</p>{REQUEST}"),
        ZH,
        ("endpoint", "/api/v1/services/aigc/sketch/generation", ""),
    ),
    "host": (
        (REQUEST, f"<p>POST https://dashscope-kr.aliyuncs.com/api/v1/tasks</p>{REQUEST}"),
        ZH,
        ("host", "dashscope-kr.aliyuncs.com", ""),
    ),
    "region": ((REQUEST, f"<p>新增地域：ap-northeast-2。</p>{REQUEST}"), ZH, ("region", "ap-northeast-2", "")),
    "notice": (
        ("入参与返回结果，", "入参与返回结果。z-image-turbo 即将下线，"),
        ZH,
        ("model", "z-image-turbo", "deprecated"),
    ),
}


@pytest.mark.parametrize("case", NEW.values(), ids=NEW)
def test_what_no_spec_has_is_a_new_fact(case: tuple[tuple[str, str], dict[str, Any], tuple[str, str, str]]) -> None:
    edit, options, wanted = case
    found = after(edit, **options)
    assert wanted in {(news.type, news.value, news.state) for news in found.news}
    assert all(news.line > 0 for news in found.news)
    assert found.semantic


def test_a_region_goes_by_its_code_and_not_by_its_name() -> None:
    named = edited(Z_IMAGE, ("<h2>请求参数</h2>", "<p>地域：华北2（北京）cn-beijing</p><h2>请求参数</h2>"))
    found = compared(named, named.replace("华北2（北京）", "中国内地"), **_without_page(ZH))
    assert (told(found), found.news) == (set(), ())


def test_what_a_page_states_for_the_first_time_is_told() -> None:
    bare = edited(AURORA, (", no larger than 8 MB", ""))
    assert told(compared(bare, AURORA)) == {("changed", "images.bytes", "", "8 MB")}


def test_a_page_that_was_read_less_well_states_nothing_for_the_first_time() -> None:
    prose = "\n".join(line for line in AURORA.split("\n") if not re.search(r"\d", line) or line.startswith("#"))
    assert not [row for row in rows(compared(prose, AURORA)) if row.kind != "route"]


def test_figures_that_stuck_together_are_suspect_each() -> None:
    found = told(after(("measures 64 to 4096 pixels", "measures 5124096 pixels"), ("at most 500", "at most 400")))
    assert found >= {("changed", "prompt.length", "500", "400")}
    glued = told(compared(edited(AURORA, ("64 to 4096", "512 to 4096")), edited(AURORA, ("64 to 4096", "5124096"))))
    assert {(status, new) for status, _, _, new in glued} == {("suspect", "5124096")}


def test_a_rule_has_one_row_for_all_places_of_a_change() -> None:
    path = "POST https://api.lumen.example.com/v2/pictures"
    twice = edited(AURORA, (path, f"{path}\n\nAgain: at most 500 characters for a prompt."))
    found = compared(twice, twice.replace("at most 500", "at most 400"))
    assert [row.id for row in rows(found)].count("prompt.length") == 1


def test_models_that_make_no_pictures_are_no_news() -> None:
    found = after(("Two models do this: aurora-1 is", "Models: aurora-2-t2v, aurora-3-video, aurora-1 is"))
    assert found.news == ()


def test_models_of_others_are_news_where_a_page_gives_models_a_line_each() -> None:
    listed = "<p>wan2.7-image</p><p>qwen-image</p><p>wan2.6-t2i</p>"
    before = edited(Z_IMAGE, (REQUEST, listed + REQUEST))
    found = compared(before, edited(before, (REQUEST, f"<p>tide/tide-image-2.0</p>{REQUEST}")), **_without_page(ZH))
    assert {(news.type, news.value) for news in found.news} == {("model", "tide/tide-image-2.0")}
    unlisted = after((REQUEST, f"<p>tide/tide-image-2.0</p>{REQUEST}"), **ZH)
    assert unlisted.news == ()


def test_a_parameter_of_other_models_is_news() -> None:
    row = "<tr><td>max_images</td><td>integer</td><td>可选。图片数量上限。</td></tr>"
    cell = "<tr><td>prompt_extend</td>"
    found = after((cell, f"{row}{cell}"), **ZH)
    assert ("parameter", "max_images") in {(news.type, news.value) for news in found.news}


def test_a_region_in_the_name_of_a_host_is_news() -> None:
    found = after(
        (REQUEST, f"<p>POST https://{{WorkspaceId}}.ap-northeast-2.maas.aliyuncs.com/api/v1/tasks</p>{REQUEST}"), **ZH
    )
    assert ("region", "ap-northeast-2") in {(news.type, news.value) for news in found.news}


# ── Pages that are not there ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", GONE)
def test_a_page_that_is_gone_changes_no_rule(name: str) -> None:
    file, raw, statuses = GONE[name]
    found = compared(AURORA, raw, now=file)
    assert found.documents[0].status in statuses
    assert (told(found), found.news, found.semantic) == (set(), (), True)
    assert {row.status for row in found.rows} == {"unchecked"}


def test_another_document_in_its_place_is_unreadable() -> None:
    found = compared(Z_IMAGE, as_html(AURORA), **_without_page(ZH))
    assert found.documents[0].status == "unreadable"
    assert told(found) == set()


# ── Names of documents ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_document_goes_by_its_id_or_by_its_page() -> None:
    known = reader(SPECS)
    assert known.document("wan26-task").id == "wan26-task"
    assert known.document("wan26-image-create-task").id == "wan26-task"


def test_of_several_editions_of_a_page_the_one_in_the_language_of_the_file_is_meant() -> None:
    known = reader(SPECS)
    assert known.document("qwen-image-api").id == "qwen-image"
    assert known.document("qwen-image-api", ("图片的长宽由调用方给出。" * 9).encode()).id == "qwen-image-ref"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(Unknown):
        reader().document("aurora-9")
