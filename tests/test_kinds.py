"""Every kind of rule, a row each: how it is written, what keeps it, what breaks it, and what it means in plain Python.

A new kind is one entry in `rules/kinds.py` and one row here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platemark.rules import expr, leaves, specimens
from platemark.rules.edges import ABSENT
from platemark.rules.kinds import KINDS
from platemark.rules.meanings import Subject
from platemark.rules.narrowing import Domain
from platemark.testing.values import of_count, table


@dataclass(frozen=True)
class Row:
    """`means` says of a well-typed value whether it keeps the rule; `beside` are other parameters of the request."""

    kind: str
    type: str
    written: Any
    keeps: list[Any]
    breaks: list[Any]
    means: Callable[[Any], bool] | None = None
    beside: dict[str, Any] = field(default_factory=dict[str, Any])


def sides(size: str) -> tuple[int, int]:
    width, _, height = size.partition("*")
    return int(width), int(height)


PICTURES = ["https://example.com/a.png", "data:image/png;base64,iVBORw0KGgo="]


def drawn(width: int, height: int, format_: str = "PNG") -> str:
    return specimens.uri((width, height), format_)


ROWS = [
    Row("type", "integer", "integer", [1, 1.0, ABSENT], [True, "1", 1.5, None]),
    Row("type", "size", "size", ["1024*1024"], ["1024x1024", "1024*1024\n", "01*1", 1024, "2K"]),
    Row("required", "text", True, ["a", " "], ["", ABSENT]),
    Row("range", "integer", "1..4", [1, 4, 4.0, ABSENT], [0, 5], lambda v: v in (1, 2, 3, 4)),
    Row("one_of", "size", ["1664*928", "928*1664"], ["928*1664"], ["1664*929"],
        lambda v: v in ("1664*928", "928*1664")),
    Row("fixed", "integer", 1, [1, 1.0], [2, 0], lambda v: v == 1),
    Row("fixed", "boolean", False, [False], [True], lambda v: v is False),
    Row("length", "text", "..3", ["", "abc", "🏮🏮🏮"], ["abcd", "🏮🏮🏮🏮"], lambda v: len(list(v)) < 4),
    Row("count", "images", "1..2", [PICTURES], [ABSENT, [], PICTURES * 2], lambda v: len(v) in (1, 2)),
    Row("schemes", "images", ["https", "data"], [PICTURES], [["a.png"], ["http://example.com/a.png"], ["file:///a.png"]]),
    Row("area", "size", "768*768..2048*2048", ["768*768", "2048*2048", "1*589824"], ["767*769", "1985*2113"],
        lambda v: 768**2 <= sides(v)[0] * sides(v)[1] <= 2048**2),
    Row("side", "size", "512..2048", ["512*2048"], ["511*1024", "1024*2049"],
        lambda v: all(512 <= s <= 2048 for s in sides(v))),
    Row("ratio", "size", "1:4..4:1", ["100*400", "400*100"], ["99*400", "401*100"],
        lambda v: sides(v)[0] * 4 >= sides(v)[1] and sides(v)[0] <= 4 * sides(v)[1]),
    Row("tokens", "size", {"1K": "1024*1024", "2K": "2048*2048"}, ["1K", "2K", "7*7"], ["4K"]),
    Row("rounds", "size", 16, ["1024*16"], ["1033*1032", "1024*8"], lambda v: all(s % 16 == 0 for s in sides(v))),
    Row("side", "images", "240..8000", [PICTURES, [drawn(240, 8000)]],
        [[drawn(239, 240)], [*PICTURES, drawn(8001, 240)]]),
    Row("ratio", "images", "1:8..8:1", [PICTURES, [drawn(8, 1)]], [[drawn(9, 1)], [drawn(10, 81)]]),
    Row("formats", "images", ["JPG", "PNG"], [PICTURES, [drawn(9, 9)]], [[drawn(9, 9, "GIF")]]),
    Row("alpha", "images", "refused", [PICTURES, [drawn(9, 9)]], [[drawn(9, 9, "PNG with alpha")]]),
    Row("bytes", "images", "..1 KB", [PICTURES, [drawn(240, 240)]], [[drawn(1920, 1080)]]),
    Row("same_length", "list", "images", [[[], []]], [[[]], [[], [], []]], lambda v: len(v) == 2, {"images": PICTURES}),
    Row("sums_to", "list", {"ratio": "100.00%"}, [[{"ratio": "23.51%"}, {"ratio": "76.49%"}]],
        [[{"ratio": "99.99%"}], []]),
    Row("requires", "boolean", {"prompt_extend": True}, [ABSENT], [True, False], None, {"prompt_extend": False}),
    Row("unsupported", "integer", "this model", [ABSENT], [1, None]),
    Row("only_in", "integer", ["interleave"], [ABSENT], [1, None]),
]  # fmt: skip

DRAWN = {
    "integer": st.integers(-3, 9),
    "boolean": st.booleans(),
    "text": st.text(max_size=8),
    "size": st.tuples(st.integers(1, 3000), st.integers(1, 3000)).map("{0[0]}*{0[1]}".format)
    | st.sampled_from(["1664*928", "928*1664", "768*768", "2048*2048", "512*512", "1040*1024"]),
    "images": st.lists(st.sampled_from(PICTURES), max_size=4),
    "list": st.lists(st.just([]), max_size=4),
}


def kept(row: Row, value: Any) -> bool:
    """What the lowered rule says of a request with this value."""
    kind = KINDS[row.kind]
    lowered = kind.lower(Subject("it", row.type), kind.parse(row.written))
    assert lowered is not None
    when, holds = lowered
    values = row.beside if value is ABSENT else {**row.beside, "it": value}
    return not expr.holds(when, values) or expr.holds(holds, values)


def test_every_kind_has_a_row() -> None:
    judged = {kind.name for kind in KINDS.values() if not kind.structure}
    assert {row.kind for row in ROWS} == judged


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.type}")
class TestEachKind:
    def test_keeps_what_it_should(self, row: Row) -> None:
        assert [value for value in row.keeps if not kept(row, value)] == []

    def test_breaks_what_it_should(self, row: Row) -> None:
        assert [value for value in row.breaks if kept(row, value)] == []

    def test_leaves_wrong_types_to_the_rule_on_types(self, row: Row) -> None:
        if row.kind not in {"type", "required", "unsupported", "only_in", "requires"}:
            wrong = [7.5, {}, [1], "?"] if row.type != "text" else [7.5, {}, [1]]
            fitting = {"images": [], "list": [[1]]}.get(row.type, [])
            assert [value for value in wrong if value not in fitting and not kept(row, value)] == []

    def test_says_it_in_words(self, row: Row) -> None:
        sentence = KINDS[row.kind].sentence(KINDS[row.kind].parse(row.written))
        assert sentence
        assert not sentence.endswith(".")


@pytest.mark.parametrize("row", [row for row in ROWS if row.means], ids=lambda row: f"{row.kind}-{row.type}")
def test_the_tree_means_what_plain_python_means(row: Row) -> None:
    assert row.means is not None
    means = row.means

    @given(DRAWN[row.type])
    def agrees(value: Any) -> None:
        assert kept(row, value) == means(value)

    agrees()


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.type in DRAWN and row.kind != "rounds"], ids=lambda row: f"{row.kind}-{row.type}"
)
def test_a_step_goes_one_way(row: Row) -> None:
    steps = KINDS[row.kind].steps(row.written)
    own = st.sampled_from([*row.keeps, *row.breaks])

    @given(own | DRAWN[row.type])
    def goes(value: Any) -> None:
        now = kept(row, value)
        assert [step for step in steps.tighter if kept(replace(row, written=step), value) and not now] == []
        assert [step for step in steps.looser if now and not kept(replace(row, written=step), value)] == []

    if row.written not in (1, False):  # `required: false` is no rule, and a lone value has no neighbours
        goes()


STEPS = [
    ("range", "1..4", ["2..4", "1..3"], ["0..4", "1..5"]),
    ("count", "0..4", ["1..4", "0..3"], ["0..5"]),
    ("area", "2*3..", ["7.."], ["5.."]),
    ("ratio", "1:4..4:1", ["100:399..4:1", "1:4..399:100"], ["100:401..4:1", "1:4..401:100"]),
    ("one_of", [1, 2], [[2], [1]], [[1, 2, 0], [1, 2, 3]]),
    ("tokens", {"2K": "2048*2048"}, [], [{"2K": "2048*2048", "1K": "1024*1024"}]),
    ("schemes", ["https"], [], [["https", "http"], ["https", "data"], ["https", "oss"]]),
    ("rounds", 16, [17], [15]),
]


@pytest.mark.parametrize(("kind", "written", "tighter", "looser"), STEPS, ids=[step[0] for step in STEPS])
def test_steps_are_the_smallest(kind: str, written: Any, tighter: list[Any], looser: list[Any]) -> None:
    steps = KINDS[kind].steps(written)
    assert ([*steps.tighter], [*steps.looser]) == (tighter, looser)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.type}")
def test_what_is_parsed_can_be_spelled(row: Row) -> None:
    kind = KINDS[row.kind]
    assert kind.parse(kind.spell(kind.parse(row.written))) == kind.parse(row.written)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind != "rounds"], ids=lambda row: f"{row.kind}-{row.type}")
def test_a_step_is_seen_to_go_its_way(row: Row) -> None:
    kind = KINDS[row.kind]
    now, steps = kind.parse(row.written), kind.steps(row.written)
    if row.kind == "required":  # without the word there is no rule, so the two are not compared
        return
    assert kind.compare(now, now) == "same"
    assert {kind.compare(now, kind.parse(step)) for step in steps.tighter} <= {"tighter"}
    assert {kind.compare(now, kind.parse(step)) for step in steps.looser} <= {"looser"}


DIRECTIONS = [
    ("range", "1..4", "2..5", "other"),
    ("range", "1..", "1..4", "tighter"),
    ("length", "..800", "..800 tokens", "other"),
    ("ratio", "1:4..4:1", "2:8..8:2", "same"),
    ("area", "768*768..2048*2048", "589824..4194304", "same"),
    ("tokens", {"1K": "1024*1024"}, {"1K": "1280*1280"}, "other"),
    ("rounds", 16, 8, "looser"),
    ("rounds", 16, 32, "tighter"),
    ("rounds", 16, 24, "other"),
    ("formats", ["PNG", "JPEG"], ["JPEG", "PNG"], "same"),
    ("alpha", "refused", "ignored", "looser"),
    ("bytes", "..10 MB", "..10240 KB", "same"),
    ("same_length", "images", "boxes", "other"),
    ("sums_to", {"share": "100.00%"}, {"share": "50.00%"}, "other"),
    ("requires", {"a": 1}, {"a": 1, "b": 2}, "tighter"),
    ("requires", {"a": 1}, {"a": True}, "other"),
    ("one_of", [1], [True], "other"),
    ("type", "text", "integer", "other"),
]


@pytest.mark.parametrize(("kind", "old", "new", "direction"), DIRECTIONS)
def test_of_two_limits_one_is_tighter(kind: str, old: Any, new: Any, direction: str) -> None:
    back = {"tighter": "looser", "looser": "tighter"}
    one, other = KINDS[kind].parse(old), KINDS[kind].parse(new)
    assert KINDS[kind].compare(one, other) == direction
    assert KINDS[kind].compare(other, one) == back.get(direction, direction)


def test_a_range_a_list_and_a_single_value_are_compared_by_what_they_hold() -> None:
    limits = [("range", "1..3"), ("one_of", [1, 2, 3]), ("one_of", [1, 3]), ("fixed", 3)]
    args = [KINDS[kind].parse(written) for kind, written in limits]
    compared = [KINDS["range"].compare(args[0], other) for other in args]
    assert compared == ["same", "same", "tighter", "tighter"]
    assert KINDS["fixed"].compare(args[3], args[2]) == "looser"
    assert KINDS["one_of"].compare(args[2], KINDS["range"].parse("2..9")) == "other"
    assert KINDS["one_of"].compare(args[1], KINDS["range"].parse("1..")) == "looser"


@st.composite
def by(draw: st.DrawFn, make: Callable[[st.DrawFn], Any]) -> Any:
    return make(draw)


DOMAINS = {
    "images": Domain("images", schemes=("http", "https", "data")),
    "list": Domain("list", items=Domain("object", fields={"ratio": Domain("percent", needed=True)})),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.type}")
def test_what_a_narrowed_domain_holds_keeps_the_rule(row: Row) -> None:
    kind = KINDS[row.kind]
    args = kind.parse(row.written)
    narrowed = kind.narrow(DOMAINS.get(row.type, Domain(row.type)), args)
    if narrowed.barred:
        assert not kept(row, row.breaks[0])
        return
    beside = {**row.beside, **narrowed.needs}
    held = leaves.count(beside.get(narrowed.as_many_as))

    if narrowed.as_many_as:
        make = by(lambda draw: of_count(narrowed)(draw, held))
    else:
        possible = table(narrowed, optional=not narrowed.needed)
        make = by(possible.draw)

    @given(make)
    def keeps(value: Any) -> None:
        assert kept(replace(row, beside=beside), value)

    keeps()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.type}")
def test_what_lies_beyond_breaks_the_rule(row: Row) -> None:
    kind = KINDS[row.kind]
    args = kind.parse(row.written)
    tables = [table(part, optional=False) for part in kind.beyond(DOMAINS.get(row.type, Domain(row.type)), args)]

    @given(st.sampled_from(tables).flatmap(lambda outside: by(outside.draw)) if tables else st.none())
    def breaks(value: Any) -> None:
        assert not tables or not kept(row, value)

    breaks()


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=10))
def test_shares_are_added_exactly(shares: list[int]) -> None:
    row = next(row for row in ROWS if row.kind == "sums_to")
    items = [{"ratio": f"{share // 100}.{share % 100:02}%"} for share in shares]
    assert kept(row, items) == (sum(shares) == 10_000)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=6))
def test_leaves_are_total(value: object) -> None:
    for test in leaves.FORMATS.values():
        assert isinstance(test(value), bool)
    for measured in expr.MEASURES.values():
        assert isinstance(measured(value), int)
    assert isinstance(leaves.scheme(value), str)
