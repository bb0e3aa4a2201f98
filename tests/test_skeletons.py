"""One skeleton builds a body, reads it, renders an answer and finds the pictures in one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platemark.wire import skeletons
from platemark.wire.reading import read

MESSAGES: dict[str, Any] = {
    "model": "$model",
    "input": {
        "messages": [{"role": "user", "content": [{"text": "$prompt"}, {"$each": "images", "image": "$item"}]}],
    },
    "parameters": "$others",
}
FLAT: dict[str, Any] = {"model": "$model", "text": "$prompt", "$others": True}
TYPED: dict[str, Any] = {
    "model": "$model",
    "items": [{"kind": "words", "value": "$prompt"}, {"$each": "images", "kind": "picture", "value": "$item"}],
    "options": "$others",
}

texts = st.text(max_size=20)
values = st.fixed_dictionaries(
    {"model": texts, "prompt": texts},
    optional={"images": st.lists(texts, min_size=1, max_size=4), "n": st.integers(), "size": texts},
)
skeleton = st.sampled_from([MESSAGES, TYPED])


@given(skeleton, values)
def test_what_is_built_reads_back(shape: dict[str, Any], given: dict[str, Any]) -> None:
    reading = read(shape, skeletons.build(shape, given), {"prompt", "images", "n", "size"})
    assert reading.values == given
    assert not reading.faults


@given(values.filter(lambda v: "images" not in v))
def test_other_parameters_may_stand_beside_the_named_ones(given: dict[str, Any]) -> None:
    reading = read(FLAT, skeletons.build(FLAT, given), {"prompt", "n", "size"})
    assert reading.values == given
    assert not reading.faults


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["model", "input", "messages", "role", "x"]), inner)
    ),
    max_leaves=20,
)


@given(skeleton, json_values)
def test_any_body_can_be_read(shape: dict[str, Any], body: object) -> None:
    read(shape, body, {"prompt", "images", "n"})
    skeletons.find(shape, body)


def test_every_fault_of_a_body_is_found_at_once() -> None:
    body = {
        "model": "m",
        "n": 2,
        "input": {"messages": [{"role": "system", "content": [{"text": "a"}, {"text": "b"}, {"sound": "c"}]}]},
        "parameters": {"mystery": 1},
    }
    reading = read(MESSAGES, body, {"prompt", "images", "n"})
    assert [(fault.rule, fault.path) for fault in reading.faults] == [
        ("role.fixed", "input.messages[0].role"),
        ("prompt.count", "input.messages[0].content[1]"),
        ("content.shape", "input.messages[0].content[2]"),
        ("unknown", "parameters.mystery"),
        ("n.place", "n"),
    ]


def test_what_a_fault_hides_is_not_judged() -> None:
    reading = read(MESSAGES, {"model": "m", "input": 5}, {"prompt", "images", "n"})
    assert [fault.rule for fault in reading.faults] == ["input.type"]
    assert reading.unread == {"prompt", "images"}


MANY_CHOICES = {"choices": [{"$each": "images", "message": {"content": [{"image": "$item"}]}}]}
ONE_CHOICE = {"choices": [{"message": {"content": [{"$each": "images", "image": "$item"}]}}]}


@given(
    st.lists(texts, max_size=5),
    st.sampled_from([MANY_CHOICES, ONE_CHOICE]),
    st.sampled_from([MANY_CHOICES, ONE_CHOICE]),
)
def test_no_picture_is_lost_whichever_way_an_answer_holds_them(images: list[str], made: Any, known: Any) -> None:
    _, found = skeletons.find(known, skeletons.build(made, {"images": images}))
    assert [each.item for each in found] == images


def test_elements_of_two_kinds_stand_in_reading_order() -> None:
    shape = {
        "content": [
            {"$each": "texts", "type": "text", "text": "$item"},
            {"$each": "images", "type": "image", "image": "$item"},
        ]
    }
    answer = skeletons.build(shape, {"texts": ["one", "two", "three"], "images": ["a", "b"]})
    _, found = skeletons.find(shape, answer)
    assert [(each.kind, each.item) for each in found] == [
        ("texts", "one"), ("images", "a"), ("texts", "two"), ("images", "b"), ("texts", "three"),
    ]  # fmt: skip


def test_new_fields_of_an_answer_never_fail() -> None:
    values, found = skeletons.find(
        ONE_CHOICE, {"choices": [{"message": {"content": [{"image": "u", "new": 1}]}, "x": []}], "y": 2}
    )
    assert [each.item for each in found] == ["u"]
    assert values == {}


OTHERS = {"a": {"b": [{"$others": True}]}, "c": "$c"}


@pytest.mark.parametrize(
    ("shape", "name", "path"),
    [
        (MESSAGES, "prompt", "input.messages[0].content[0].text"), (MESSAGES, "images", "input.messages[0].content"),
        (MESSAGES, "model", "model"), (MESSAGES, "size", None), (FLAT, "prompt", "text"), (OTHERS, "c", "c"),
    ],
)  # fmt: skip
def test_where_a_parameter_stands(shape: dict[str, Any], name: str, path: str | None) -> None:
    assert skeletons.place(shape, name) == path


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        (MESSAGES, "parameters"),
        (FLAT, ""),
        (OTHERS, "a.b[0]"),
        ({"a": ["$x", {"b": "$others"}]}, "a[0].b"),
        ({}, ""),
        (["$x"], ""),
    ],
)
def test_where_the_parameters_stand_that_are_not_named(shape: dict[str, Any], path: str) -> None:
    assert skeletons.others(shape) == path


def test_what_a_skeleton_names() -> None:
    assert skeletons.names(TYPED) == ["model", "prompt", "images"]
    assert skeletons.repeated(TYPED) == {"images"}
    assert skeletons.repeated({"a": [{"$each": "x", "b": [{"$each": "y", "c": "$item"}]}]}) == {"x", "y"}
    assert skeletons.takes_others(MESSAGES) and skeletons.takes_others(OTHERS)
    assert not skeletons.takes_others({"a": ["$x"]})
    assert skeletons.holds_item(TYPED) and not skeletons.holds_item(FLAT)


def test_a_skeleton_without_what_a_model_does_not_have() -> None:
    assert skeletons.narrow(MESSAGES, {"prompt"}) == {
        "model": "$model",
        "input": {"messages": [{"role": "user", "content": [{"text": "$prompt"}]}]},
        "parameters": "$others",
    }
    assert skeletons.narrow({"a": ["$b", {"b": "$b"}, {"c": "$c"}], "b": "$b"}, {"c"}) == {"a": ["$b", {"c": "$c"}]}


@pytest.mark.parametrize(
    ("part", "may"),
    [
        ("$a", True), ("$others", True), ("a", False), (1, False), ([], False), ({}, False),
        ([{"$each": "a", "b": "$item"}], True), ([{"$each": "a", "b": "$item"}, {"c": "$c"}], False),
        ({"b": [{"$each": "a", "b": "$item"}]}, True), ({"b": "$b"}, False), ({"b": "b"}, False), ([1], False),
    ],
)  # fmt: skip
def test_what_may_be_left_out(part: object, may: bool) -> None:
    assert skeletons.may_miss(part) is may


@pytest.mark.parametrize(
    ("body", "score"),
    [
        ({"model": "m"}, 1), ({"model": "m", "x": 1}, 1), ({"model": "m", "input": {}}, 2), ({"input": 7}, 0),
        ({"input": {"messages": []}}, 3), ({"input": {"messages": [{"role": "x"}]}}, 4), (7, -1), ([], -1),
        ({"input": {"messages": [{"content": [{"text": 1}]}]}}, 6),
    ],
)  # fmt: skip
def test_how_much_a_body_is_like_a_skeleton(body: object, score: int) -> None:
    assert skeletons.resembles(MESSAGES, body) == score


def test_what_is_built() -> None:
    assert skeletons.build(MESSAGES, {"prompt": "a", "images": ["u", "v"], "n": None}) == {
        "input": {"messages": [{"role": "user", "content": [{"text": "a"}, {"image": "u"}, {"image": "v"}]}]},
        "parameters": {"n": None},
    }
    assert skeletons.build({"a": "$a"}, {}) == {}
    assert skeletons.build(FLAT, {"prompt": "a", "n": 1}) == {"text": "a", "n": 1}
    assert skeletons.build(OTHERS, {"c": 1, "n": 2}) == {"a": {"b": [{"n": 2}]}, "c": 1}
    assert skeletons.build({"a": {"b": "$b"}, "c": {"d": 1}, "e": {}}, {}) == {"c": {"d": 1}, "e": {}}


def test_an_element_with_fields_of_its_own_takes_them_from_its_item() -> None:
    shape = [{"$each": "tasks", "id": "$id", "of": "$user", "more": "$others"}]
    values = {"tasks": [{"id": 1}, {"user": "b"}], "user": "a", "n": 7}
    made = [{"id": 1, "of": "a"}, {"of": "b"}]
    assert [
        {key: part for key, part in each.items() if key != "more"} for each in skeletons.build(shape, values)
    ] == made
    assert all(each["more"]["n"] == 7 for each in skeletons.build(shape, values))


def test_repeated_elements_take_turns() -> None:
    shape = [{"$each": "x", "a": "$item"}, {"$each": "y", "b": "$item"}]
    assert skeletons.build(shape, {"x": [1, 2, 3], "y": [4]}) == [{"a": 1}, {"b": 4}, {"a": 2}, {"a": 3}]


RESULTS = {
    "id": "$id",
    "results": [
        {"$each": "images", "url": "$item", "note": "$note"},
        {"$each": "failures", "code": "$code", "message": "$message"},
    ],
}


def test_found_are_pictures_and_failures_with_their_own_fields() -> None:
    answer = {
        "id": 1,
        "results": [
            {"url": "u", "note": "n"},
            {"code": "c", "message": "m"},
            {"code": "c"},
            {"message": "m"},
            7,
            {"$each": "x", "url": "v"},
        ],
    }
    values, found = skeletons.find(RESULTS, answer)
    assert values == {"id": 1}
    assert [(each.kind, each.item, each.fields) for each in found] == [
        ("images", "u", {"note": "n"}),
        ("failures", None, {"code": "c", "message": "m"}),
        ("images", "v", {}),
    ]


def test_found_is_what_stands_deep_in_an_element_or_in_a_plain_list() -> None:
    _, found = skeletons.find(MANY_CHOICES, skeletons.build(MANY_CHOICES, {"images": ["u"]}))
    assert found == [skeletons.Found("images", "u", {})]
    assert skeletons.find({"a": [{"b": "$b"}]}, {"a": [{"b": 1}]}) == ({"b": 1}, [])
    assert skeletons.find({"a": [{"b": "$b"}]}, {"a": 7}) == ({}, [])
    assert skeletons.find([{"a": ["$item"]}], [{"a": [5]}])[1] == [skeletons.Found("", 5, {})]


def test_the_first_value_of_a_field_counts_and_null_is_none() -> None:
    values, _ = skeletons.find({"a": "$x", "b": "$x", "c": "$y"}, {"a": None, "b": 2, "c": 3})
    assert values == {"x": 2, "y": 3}
    values, _ = skeletons.find({"a": "$x", "b": "$x"}, {"a": 1, "b": 2})
    assert values == {"x": 1}


def test_elements_with_other_constants_are_of_another_kind() -> None:
    shape = [
        {"$each": "texts", "type": "text", "value": "$item"},
        {"$each": "images", "type": "image", "value": "$item"},
    ]
    _, found = skeletons.find(shape, [{"type": "image", "value": "u"}, {"value": "w"}, {"type": "sound", "value": "s"}])
    assert [(each.kind, each.item) for each in found] == [("images", "u"), ("texts", "w"), ("images", "w")]


# ── What a body says, and where it leaves its skeleton ────────────────────────────────────────────────────────────

KNOWN = ("prompt", "images", "n", "size")
CONTENT = "input.messages[0].content"


def messages(*content: object, **more: object) -> dict[str, Any]:
    return {"model": "m", "input": {"messages": [{"role": "user", "content": list(content)}]}, **more}


LEAVES: dict[str, tuple[object, list[tuple[str, str, object]], set[str]]] = {
    "no object": ([], [("body.type", "", [])], {"model", "prompt", "images", "n", "size"}),
    "nothing": ({}, [("input.required", "input", None)], {"prompt", "images"}),
    "no messages": ({"input": {}}, [("messages.required", "input.messages", None)], {"prompt", "images"}),
    "messages of another type": (
        {"input": {"messages": 1}}, [("messages.type", "input.messages", 1)], {"prompt", "images"},
    ),
    "no message": ({"input": {"messages": []}}, [("messages.count", "input.messages", 0)], {"prompt", "images"}),
    "a message of another type": (
        {"input": {"messages": [7]}}, [("messages.type", "input.messages[0]", 7)], {"prompt", "images"},
    ),
    "no role": (
        {"input": {"messages": [{"content": [{"text": "a"}]}]}},
        [("role.required", "input.messages[0].role", None)], set(),
    ),
    "no content": (
        {"input": {"messages": [{"role": "user"}]}}, [("content.required", CONTENT, None)], {"prompt", "images"},
    ),
    "parameters of another type": (
        messages({"text": "a"}, parameters=7), [("parameters.type", "parameters", 7)], {"n", "size"},
    ),
    "an unknown key in an element": (
        messages({"text": "a", "x": 1}), [("unknown", f"{CONTENT}[0].x", 1)], set(),
    ),
    "an unknown key in a message": (
        {"input": {"messages": [{"role": "user", "content": [], "x": 1}]}},
        [("unknown", "input.messages[0].x", 1)], set(),
    ),
    "a known key in another place": (
        messages({"text": "a"}, size="1*1"), [("size.place", "size", "1*1")], set(),
    ),
    "a named key among the others": (
        messages({"text": "a"}, parameters={"prompt": "b", "n": 1}),
        [("prompt.place", "parameters.prompt", "b")], set(),
    ),
    "no element of any kind": (messages(7), [("content.shape", f"{CONTENT}[0]", 7)], set()),
    "an element of two kinds": (
        messages({"text": "a", "image": "u"}), [("content.shape", f"{CONTENT}[0]", {"text": "a", "image": "u"})], set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LEAVES)
def test_where_a_body_leaves_its_skeleton(case: str) -> None:
    body, faults, unread = LEAVES[case]
    reading = read(MESSAGES, body, KNOWN)
    assert [(fault.rule, fault.path, fault.value) for fault in reading.faults] == faults
    assert reading.unread == unread


def test_a_misplaced_parameter_is_read_where_it_stands() -> None:
    reading = read(MESSAGES, messages({"text": "a"}, size="1*1"), KNOWN)
    assert (reading.values["size"], reading.paths["size"]) == ("1*1", "size")


def test_two_messages_are_one_fault_and_the_first_is_read() -> None:
    message = {"role": "user", "content": [{"text": "a"}, {"image": "u"}, {"image": "v"}]}
    reading = read(MESSAGES, {"model": "m", "input": {"messages": [message, 7]}, "parameters": {"n": 1}}, KNOWN)
    assert [(fault.rule, fault.path, fault.value) for fault in reading.faults] == [
        ("messages.count", "input.messages", 2)
    ]
    assert reading.values == {"model": "m", "prompt": "a", "images": ["u", "v"], "n": 1}
    assert reading.paths == {"model": "model", "prompt": f"{CONTENT}[0].text", "images": CONTENT, "n": "parameters.n"}
    assert reading.unread == set()


def test_what_is_in_two_places_counts_where_it_stood_first() -> None:
    reading = read(MESSAGES, messages({"text": "a"}, parameters={"n": 1}, n=2), KNOWN)
    assert (reading.values["n"], reading.paths["n"]) == (1, "parameters.n")
    assert [fault.rule for fault in reading.faults] == ["n.place"]


ONE_KIND = {"items": [{"$each": "images", "kind": "picture", "of": "me", "value": "$item"}], "flag": 1}


@pytest.mark.parametrize(
    ("element", "faults"),
    [
        ({"kind": "picture", "of": "me", "value": "u"}, []),
        ({"kind": "sound", "of": "me", "value": "u"}, [("kind.fixed", "items[0].kind", "sound")]),
        ({"of": "me", "value": "u"}, [("kind.required", "items[0].kind", None)]),
        ({"kind": 7, "value": "u"}, [("kind.fixed", "items[0].kind", 7), ("of.required", "items[0].of", None)]),
        ({"kind": "picture", "of": "me"}, [("items.shape", "items[0]", {"kind": "picture", "of": "me"})]),
        (
            {"kind": "picture", "of": "me", "$each": "images"},
            [("items.shape", "items[0]", {"kind": "picture", "of": "me", "$each": "images"})],
        ),
    ],
)
def test_constants_of_the_only_kind_are_told_by_name(
    element: dict[str, Any], faults: list[tuple[str, str, object]]
) -> None:
    reading = read(ONE_KIND, {"items": [element], "flag": 1}, ("images",))
    assert [(fault.rule, fault.path, fault.value) for fault in reading.faults] == faults


@pytest.mark.parametrize(("flag", "is_it"), [(1, True), (1.0, True), (True, False), (2, False)])
def test_a_constant_is_equal_as_json_has_it(flag: object, is_it: bool) -> None:
    faults = read(ONE_KIND, {"flag": flag}, ("images",)).faults
    assert [(fault.rule, fault.path, fault.value) for fault in faults] == (
        [] if is_it else [("flag.fixed", "flag", flag)]
    )


def test_names_of_skeletons_mean_nothing_in_a_body() -> None:
    assert read({"$others": True, "a": "$x"}, {"n": 2, "a": 1}, ("x", "n")).values == {"n": 2, "x": 1}
    faults = read(FLAT, {"model": "m", "$others": 5}, ("prompt",)).faults
    assert [(fault.rule, fault.path, fault.value) for fault in faults] == [("unknown", "$others", 5)]


def test_a_skeleton_is_told_by_what_it_is_and_not_by_what_it_holds() -> None:
    first, second = {"a": "$x"}, {"a": "$y"}
    assert read(first, {"a": 1}, ("x", "y")).values == {"x": 1}
    assert read(second, {"a": 1}, ("x", "y")).values == {"y": 1}
    assert read(first, {"a": 1}, ("y",)).values == {}


def test_elements_of_one_kind_may_lack_fields_that_tell_several_kinds_apart() -> None:
    tasks = {"data": [{"$each": "tasks", "id": "$task_id", "ended": "$ended"}]}
    _, found = skeletons.find(tasks, {"data": [{"id": "t-1"}, {"id": "t-2", "ended": "now"}]})
    assert [(each.kind, each.fields) for each in found] == [
        ("tasks", {"task_id": "t-1"}),
        ("tasks", {"task_id": "t-2", "ended": "now"}),
    ]
    failed = {"$each": "failures", "code": "$code", "message": "$said"}
    failures = {"data": [{"$each": "images", "url": "$item"}, failed]}
    assert skeletons.find(failures, {"data": [{"code": "a"}]})[1] == []
