"""One skeleton builds a body, reads it, renders an answer and finds the pictures in one."""

from typing import Any

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
