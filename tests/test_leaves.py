"""Leaves on values at their edges, and the tree above them as data."""

from typing import Any

import pytest

from platemark.rules import expr, leaves, meanings, pictures
from platemark.rules.expr import All, Between, Equal, Every, Is, Measured, Number, OneOf, Only, Product, Total
from platemark.rules.meanings import Subject

FORMATS: dict[str, tuple[list[Any], list[Any]]] = {
    "integer": ([0, -1, 1.0, 2**80], [True, 1.5, "1", None, float("inf")]),
    "boolean": ([True, False], [0, 1, "true", None]),
    "text": (["", "a"], [0, None, []]),
    "list": ([[], [1]], [(), {}, "a", None]),
    "object": ([{}, {"a": 1}], [[], "a", None]),
    "size": (["1*1", "999999*10"], ["0*1", "1*0", "1000000*1", "1*1 ", "1*1\n", "1x1", "1*1*1", "１*1", 1]),
    "token": (["1K", "999K"], ["0K", "1000K", "1k", "K", "1K\n", 1]),
    "color": (["#00fFaA"], ["#00ffa", "#00ffaaa", "00ffaa", "#00ffag", "#00ffaa\n", 0]),
    "percent": (["0.00%", "100.50%"], ["1.5%", "1.500%", "1000.00%", "1.50", "1,50%", "1.50%\n", 1.5]),
    "box": ([[0, 0, 1, 1], [0, 0, 1.0, 1]], [[0, 0, 1], [0, 0, 1, 1, 1], [0, 0, 1, "1"], (0, 0, 1, 1), "0011"]),
}


def test_formats_are_all_tried() -> None:
    assert FORMATS.keys() == leaves.FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_takes_what_it_should_and_no_more(name: str) -> None:
    takes, refuses = FORMATS[name]
    test = leaves.FORMATS[name]
    assert [value for value in takes if not test(value)] == []
    assert [value for value in refuses if test(value)] == []


@pytest.mark.parametrize(
    ("name", "value", "measured"),
    [
        ("integer", 7, 7), ("integer", 7.0, 7), ("integer", True, 0), ("integer", 7.5, 0), ("integer", "7", 0),
        ("points", "灯🏮", 2), ("points", "", 0), ("points", [1, 2], 0),
        ("count", [1, 2], 2), ("count", [], 0), ("count", "ab", 0),
        ("width", "12*34", 12), ("height", "12*34", 34), ("width", "12*034", 0), ("height", 12, 0),
        ("hundredths", "23.51%", 2351), ("hundredths", "100.00%", 10000), ("hundredths", "0.07%", 7),
        ("hundredths", "7%", 0), ("hundredths", 7, 0),
    ],
)  # fmt: skip
def test_measures(name: expr.Measure, value: object, measured: int) -> None:
    assert expr.MEASURES[name](value) == measured


@pytest.mark.parametrize(
    ("address", "scheme"),
    [
        ("http://h", "http"), ("https://h/a b", "https"), ("oss://bucket/k", "oss"),
        ("data:image/png;base64,AA==", "data"), ("https://", ""), ("https:///a", ""), ("HTTPS://h", ""),
        (" http://h", ""), ("file:///a", ""), ("a.png", ""), ("data:image/png,AA", ""), ("", ""), (7, ""), (None, ""),
    ],
)  # fmt: skip
def test_schemes(address: object, scheme: str) -> None:
    assert leaves.scheme(address) == scheme


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True), (1, 2, False), ("a", "a", True), ("1", 1, False), (True, True, True), (True, 1, False),
        (1, True, False), (False, 0, False), (0, False, False), (None, None, True), (None, False, False),
        ([1], [1], True),
    ],
)  # fmt: skip
def test_equality_is_that_of_json(left: object, right: object, same: bool) -> None:
    assert leaves.equal(left, right) is same


def test_fields_and_items_of_what_has_none() -> None:
    assert leaves.items([1]) == [1]
    assert leaves.items("ab") == leaves.items(None) == []
    assert leaves.has({"a": None}, "a")
    assert not leaves.has({"a": None}, "b")
    assert not leaves.has(["a"], "a")
    assert leaves.field({"a": 7}, "a") == 7
    assert leaves.field({"a": 7}, "b") is leaves.field("a", "a") is None
    assert leaves.only({"a": 1}, ["a", "b"])
    assert leaves.only("c", ["a"])
    assert not leaves.only({"a": 1, "c": 1}, ["a", "b"])


SUM = Equal(Total("shares", Measured("hundredths", "@.ratio")), Number(10_000))
AREA = Between(Number(6), Product(Measured("width", "size"), Measured("height", "size")), None)


@pytest.mark.parametrize(
    ("test", "values", "held"),
    [
        (SUM, {"shares": [{"ratio": "40.00%"}, {"ratio": "60.00%"}]}, True),
        (SUM, {"shares": [{"ratio": "40.00%"}, {"ratio": "60.01%"}]}, False),
        (SUM, {"shares": "100.00%"}, False),
        (AREA, {"size": "2*3"}, True),
        (AREA, {"size": "5*1"}, False),
        (Every("it", OneOf("@.a", (1,))), {"it": [{"a": 1}, {"a": 1.0}]}, True),
        (Every("it", OneOf("@.a", (1,))), {"it": [{"a": 1}, {}]}, False),
        (Is("it.a", "integer"), {"it": {"a": 1}}, True),
        (Is("it.a", "integer"), {"it": {"b": 1}}, False),
        (Is("it.a", "integer"), {"it.a": 1}, True),
        (expr.Given("it.a"), {"it": {"a": None}}, True),
        (expr.Given("it.a"), {"it": 7}, False),
        (Only("it", ("a",)), {"it": {"a": 1}}, True),
        (Only("it", ("a",)), {"it": {"a": 1, "b": 1}}, False),
        (All(()), {}, True),
        (expr.AnyOf(()), {}, False),
    ],
)
def test_trees_hold_of_values(test: expr.Test, values: dict[str, Any], held: bool) -> None:
    assert expr.holds(test, values) is held


def test_nodes_are_the_tree_from_its_top() -> None:
    width, height = Measured("width", "size"), Measured("height", "size")
    assert [*expr.nodes(All((AREA, Is("n", "integer"))))] == [
        All((AREA, Is("n", "integer"))), AREA, Number(6), Product(width, height), width, height, Is("n", "integer"),
    ]  # fmt: skip


def test_references_are_parameters_whole_and_never_items() -> None:
    assert expr.references(All((SUM, AREA, Is("box.left", "integer")))) == {"shares", "size", "box"}


def test_what_a_parameter_needs_may_be_a_default() -> None:
    at = Subject("inks", "list", defaults={"polish": True, "shade": "dusk"})
    when, needs = meanings.requires(at, {"of": {"polish": True, "shade": "dawn"}})
    assert expr.holds(when, {"inks": []})
    assert not expr.holds(when, {})
    held = [
        expr.holds(needs, values)
        for values in (
            {"shade": "dawn"},
            {"shade": "dawn", "polish": True},
            {"shade": "dawn", "polish": False},
            {"shade": "dawn", "polish": 1},
            {"shade": "dusk"},
            {},
        )
    ]
    assert held == [True, True, False, False, False, False]


@pytest.mark.parametrize(("low", "high", "kept"), [(1, 2, [1, 2]), (None, 1, [0, 1]), (2, None, [2, 3])])
def test_a_missing_bound_bounds_nothing(low: int | None, high: int | None, kept: list[int]) -> None:
    _, holds = meanings.measured("integer", "integer")(Subject("n", "integer"), {"low": low, "high": high})
    assert [n for n in range(4) if expr.holds(holds, {"n": n})] == kept


def test_a_ratio_is_multiplied_crosswise() -> None:
    _, holds = meanings.ratio(Subject("size", "size"), {"low": [1, 2], "high": [3, 1]})
    held = [expr.holds(holds, {"size": size}) for size in ("5*10", "4*9", "30*10", "31*10")]
    assert held == [True, False, True, False]


def test_a_rule_on_files_is_none_where_nothing_is_refused() -> None:
    at = Subject("images", "images")
    lowered = meanings.formats(at, {"among": ["JPG", "PNG"]})
    assert lowered is not None
    assert expr.PictureIn("@", ("JPEG", "PNG")) in expr.nodes(lowered[1])
    assert meanings.formats(at, {"among": [*pictures.NAMES]}) is None
    assert meanings.formats(at, {"among": ["JPG", *pictures.NAMES]}) is None
    assert meanings.alpha(at, {"is": "refused"}) is not None
    assert meanings.alpha(at, {"is": "ignored"}) is None


def test_a_tree_as_data_names_each_node_and_its_parts() -> None:
    assert expr.to_json(All((AREA, OneOf("n", (1, True))))) == {
        "is": "All",
        "tests": [
            {
                "is": "Between",
                "low": {"is": "Number", "value": 6},
                "term": {
                    "is": "Product",
                    "left": {"is": "Measured", "measure": "width", "of": "size"},
                    "right": {"is": "Measured", "measure": "height", "of": "size"},
                },
                "high": None,
            },
            {"is": "OneOf", "of": "n", "values": [1, True]},
        ],
    }
