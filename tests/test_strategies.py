"""The strategies themselves: what they reach, to what they shrink, what they discard (nothing), and what they say of
names that there are not."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import platemark
from platemark import schema
from platemark.ir import Family, Provider
from platemark.rules import domains, leaves
from platemark.rules.nearest import limits
from platemark.testing import (
    History,
    Request,
    Response,
    boundary_requests,
    invalid_requests,
    responses,
    task_histories,
    unbreakable,
    valid_requests,
    wire_bodies,
)

IR = platemark.resolve(platemark.load())
EXTRA = platemark.resolve(platemark.load("tests/specs_extra"))
GENERATED = settings(
    max_examples=60, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
FOUND = settings(GENERATED, max_examples=10_000, derandomize=True)
SHRUNK = settings(FOUND, phases=[Phase.generate, Phase.shrink])

WAN26 = "wan2.6-image"
T = TypeVar("T")


def reached(strategy: st.SearchStrategy[Request], wanted: Callable[[Request], bool]) -> Request:
    """The first request of its kind among 10,000 draws, the same at every run."""
    return find(strategy, wanted, settings=FOUND)


def least(strategy: st.SearchStrategy[Request], wanted: Callable[[Request], bool]) -> Request:
    """The smallest request of its kind."""
    return find(strategy, wanted, settings=SHRUNK)


# ── What is reached ───────────────────────────────────────────────────────────────────────────────────────────────


def pixels(request: Request) -> int:
    return leaves.width(request.values.get("size")) * leaves.height(request.values.get("size"))


def cross(request: Request) -> tuple[int, int]:
    return leaves.sides(request.values.get("size"))


SEVERAL_CODE_POINTS = "👩\u200d🎨"
EDIT: dict[str, Callable[[Request], bool]] = {
    "the least area": lambda r: pixels(r) == 768 * 768,
    "the greatest area": lambda r: pixels(r) == 2048 * 2048,
    "the last height beside an odd width": lambda r: (
        cross(r)[0] % 16 != 0 and pixels(r) <= 2048**2 < pixels(r) + cross(r)[0] and cross(r)[0] < 2000
    ),
    "the first height beside an odd width": lambda r: (
        cross(r)[0] % 16 != 0 and pixels(r) - cross(r)[0] < 768**2 <= pixels(r)
    ),
    "the narrowest ratio": lambda r: 0 < cross(r)[0] * 4 == cross(r)[1],
    "the widest ratio": lambda r: cross(r)[0] == 4 * cross(r)[1] > 0,
    "a size that is rounded": lambda r: any(side % 16 for side in cross(r)),
    "a tie of rounding": lambda r: any(side % 16 == 8 for side in cross(r)),
    "the word 1K": lambda r: r.values.get("size") == "1K",
    "the word 2K": lambda r: r.values.get("size") == "2K",
    "a recommended size": lambda r: r.values.get("size") == "1344*576",
    "n of 1": lambda r: r.values.get("n") == 1,
    "n of 4": lambda r: r.values.get("n") == 4,
    "an integer as 1.0": lambda r: isinstance(r.values.get("n"), float),
    "the greatest seed": lambda r: r.values.get("seed") == 2**31 - 1,
    "a prompt of one letter": lambda r: len(r.values["prompt"]) == 1,
    "exactly 2,000 Chinese letters": lambda r: len(r.values["prompt"]) == 2000 and r.values["prompt"].isalpha(),
    "exactly 2,000 code points of emoji": lambda r: (
        len(r.values["prompt"]) == 2000 and SEVERAL_CODE_POINTS in r.values["prompt"]
    ),
    "a prompt that is cut": lambda r: len(r.values["prompt"]) > 2000,
    "an empty negative prompt": lambda r: r.values.get("negative_prompt") == "",
    "one picture": lambda r: len(r.values["images"]) == 1,
    "four pictures": lambda r: len(r.values["images"]) == 4,
    "an embedded picture": lambda r: any(url.startswith("data:") for url in r.values["images"]),
    "an uploaded picture": lambda r: any(url.startswith("oss:") for url in r.values["images"]),
    "no parameters at all": lambda r: "parameters" not in r.body,
    "the mode's own choice left out": lambda r: "enable_interleave" not in r.values,
    "the mode's own choice sent": lambda r: r.values.get("enable_interleave") is False,
}  # fmt: skip
WAN27: dict[str, Callable[[Request], bool]] = {
    "a palette of three": lambda r: len(r.values.get("color_palette", ())) == 3,
    "a palette of ten": lambda r: len(r.values.get("color_palette", ())) == 10,
    "uneven shares": lambda r: any(share["ratio"] == "0.00%" for share in r.values.get("color_palette", ())),
    "nine pictures": lambda r: len(r.values.get("images", ())) == 9,
    "boxes for each of several pictures": lambda r: len(r.values.get("bbox_list", ())) > 1,
    "no box for a picture": lambda r: [] in r.values.get("bbox_list", ()),
    "two boxes for a picture": lambda r: any(len(boxes) == 2 for boxes in r.values.get("bbox_list", ())),
}
EXCEPTIONS = ["1472*1104", "1104*1472", "1696*960", "960*1696"]


@pytest.mark.parametrize("name", EDIT)
def test_edits_reach(name: str):
    assert EDIT[name](reached(valid_requests(WAN26, "edit", "sync", spec=IR), EDIT[name]))


@pytest.mark.parametrize("name", WAN27)
def test_palettes_and_boxes_reach(name: str):
    assert WAN27[name](reached(valid_requests("wan2.7-image", "edit", spec=IR), WAN27[name]))


@pytest.mark.parametrize("size", EXCEPTIONS)
def test_sizes_that_documents_recommend_against_their_own_limits_are_reached(size: str):
    reached(valid_requests("wan2.6-t2i", spec=IR), lambda r: r.values.get("size") == size)


def test_no_pictures_and_an_empty_list_of_them_are_reached():
    interleaved = valid_requests(WAN26, "interleave", "task", spec=IR)
    assert least(interleaved, lambda r: "images" not in r.values).values.keys() == {"prompt", "enable_interleave"}
    assert reached(interleaved, lambda r: r.values.get("images") == []).body["input"]["messages"][0]["content"]
    assert reached(interleaved, lambda r: len(r.values.get("images", ())) == 1)


def test_every_mode_and_route_is_drawn():
    seen: Counter[tuple[str, str]] = Counter()

    @GENERATED
    @given(valid_requests(WAN26, spec=IR))
    def draw(request: Request) -> None:
        seen[request.mode, request.route] += 1

    draw()
    assert seen.keys() == {("edit", "sync"), ("edit", "task"), ("interleave", "stream"), ("interleave", "task")}


@pytest.mark.parametrize("model", ["wan2.6-image", "wan2.5-i2i-preview", "wan2.6-t2i", "z-image-turbo", "wan2.7-image"])
def test_both_edges_of_an_area_are_drawn_at_their_tightest(model: str):
    _, family, found = IR.find(model)
    for offer in family.by_model[found.id]:
        inside = {"{}*{}".format(*size) for size in domains.area_edges(limits(family.rules_of(offer)))[0]}
        assert len(inside) == 2
        for size in inside:
            reached(
                valid_requests(model, offer.mode, offer.route, spec=IR),
                lambda r, size=size: r.values.get("size") == size,
            )


# ── To what they shrink ───────────────────────────────────────────────────────────────────────────────────────────

LEAST: list[tuple[str, Callable[[Request], bool], dict[str, Any]]] = [
    ("anything", lambda _: True, {"prompt": "lantern", "images": ["https://example.com/picture-1.png"]}),
    ("n of more than one", lambda r: r.values.get("n", 0) > 1,
     {"prompt": "lantern", "images": ["https://example.com/picture-1.png"], "n": 2}),
    ("two pictures", lambda r: len(r.values["images"]) > 1,
     {"prompt": "lantern", "images": ["https://example.com/picture-1.png"] * 2}),
    ("watermark and seed", lambda r: r.values.get("watermark") is True and "seed" in r.values,
     {"prompt": "lantern", "images": ["https://example.com/picture-1.png"], "watermark": True, "seed": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wanted", "values"), LEAST, ids=[row[0] for row in LEAST])
def test_requests_shrink_to_what_matters(name: str, wanted: Callable[[Request], bool], values: dict[str, Any]):
    assert least(valid_requests(WAN26, "edit", "sync", spec=IR), wanted).values == values


def test_broken_requests_shrink_too():
    found = least(invalid_requests(WAN26, "n.range", "edit", "sync", spec=IR), lambda _: True)
    assert found.values == {"prompt": "lantern", "images": ["https://example.com/picture-1.png"], "n": 0}
    far = least(invalid_requests(WAN26, "n.range", "edit", "sync", spec=IR), lambda r: r.values["n"] > 99)
    assert far.values["n"] == 100


def test_they_are_short_to_read():
    found = least(
        invalid_requests(WAN26, "size.area", "edit", "sync", spec=IR), lambda r: r.values["size"] == "1985*2113"
    )
    assert repr(found).startswith("Request('wan2.6-image', sync/edit, prompt='lantern', images=[")
    assert "rule='size.area'" in repr(found)
    long = reached(valid_requests(WAN26, spec=IR), lambda r: len(r.values["prompt"]) == 2000)
    assert len(repr(long)) < 400
    assert len(repr(valid_requests(WAN26, spec=IR))) < 400


# ── What they leave out ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [valid_requests, invalid_requests, boundary_requests])
def test_nothing_is_discarded(make: Callable[..., st.SearchStrategy[Request]]):
    made = used = 0

    def count(request: Request) -> Request:
        nonlocal made
        made += 1
        return request

    @settings(GENERATED, max_examples=150)
    @given(make("wan2.7-image", spec=IR).map(count))
    def use(_: Request) -> None:
        nonlocal used
        used += 1

    use()
    assert made == used >= 150


def test_two_draws_share_nothing_that_can_change():
    @GENERATED
    @given(valid_requests("wan2.7-image", "edit", spec=IR))
    def spoil(request: Request) -> None:
        assert "spoilt" not in json.dumps(request.body)
        for value in request.values.values():
            if isinstance(value, list):
                value.append("spoilt")

    spoil()


# ── One rule at a time ────────────────────────────────────────────────────────────────────────────────────────────


ONE_OF_EACH = [m.id for _, family, m in IR.models.values() if not m.like]


@pytest.mark.parametrize("model", ONE_OF_EACH)
def test_every_rule_that_refuses_is_broken_alone_or_listed_with_its_reason(model: str):
    provider, family, found = IR.find(model)
    for offer in family.by_model[found.id]:
        at = (offer.mode, offer.route)
        listed = {each.rule: each for each in unbreakable(model, *at, spec=IR)}
        refusing = {rule.id: rule for rule in family.rules_of(offer) if rule.verdict == "reject"}
        assert listed.keys() <= refusing.keys()
        for name, each in listed.items():
            assert refused_for_that_reason(provider, family, refusing[name], each.reason)
        alone = [name for name in refusing if name not in listed]
        for some in (alone[start : start + 10] for start in range(0, len(alone), 10)):
            for request in first_of(st.tuples(*(invalid_requests(model, name, *at, spec=IR) for name in some))):
                assert request.rule in some
                assert request.judgement.rules == (request.rule,)


def refused_for_that_reason(provider: Provider, family: Family, rule: Any, reason: str) -> bool:
    """Whether a reason is one that holds of the rule."""
    if reason.startswith("can't be told"):
        return not rule.judged
    if reason.startswith("the mode has every route"):
        return rule.kind == "route"
    if reason.startswith("the endpoint takes every style"):
        return rule.kind == "payload"
    if reason.startswith("what would show it is too large"):
        return rule.kind == "bytes"
    known = {r.id for r in family.rules} | {offer.mode for offer in family.offers}
    named = [word.strip(",") for word in reason.split() if word.strip(",") in known]
    return rule.judged and bool(named) and rule.id not in named and provider.id == family.provider


def first_of(strategy: st.SearchStrategy[T]) -> T:
    drawn: list[T] = []

    @settings(GENERATED, max_examples=1)
    @given(strategy)
    def draw(found: T) -> None:
        drawn.append(found)

    draw()
    return drawn[0]


def test_what_cant_be_broken_alone_says_why():
    reasons = {(found.mode, found.route, found.rule): found.reason for found in unbreakable("wan2.7-image", spec=IR)}
    assert reasons["edit", "sync", "input.required"] == "what would break it belongs to text_to_image"
    assert reasons["edit", "task", "thinking_mode.place"] == "what breaks it breaks thinking_mode.only_in, too"
    with pytest.raises(ValueError, match=r"thinking_mode\.place can't be broken alone: what breaks it breaks"):
        invalid_requests("wan2.7-image", "thinking_mode.place", "edit", spec=IR)


def test_limits_are_broken_far_outside_too():
    found = reached(invalid_requests(WAN26, "size.area", "edit", spec=IR), lambda r: pixels(r) > 8 * 2048**2)
    assert found.judgement.rules == ("size.area",)
    found = reached(invalid_requests(WAN26, "images.count", "edit", spec=IR), lambda r: len(r.values["images"]) > 5)
    assert found.judgement.rules == ("images.count",)


def test_boundaries_have_both_sides():
    sizes = {"768*768", "1985*2113"}
    for size in sizes:
        reached(
            boundary_requests(WAN26, "edit", spec=IR),
            lambda r, size=size: r.rule == "size.area" and r.values["size"] == size,
        )
    cut = reached(
        boundary_requests(WAN26, "edit", spec=IR),
        lambda r: r.rule == "prompt.length" and r.expected["rules"] == ["prompt.length"],
    )
    assert len(cut.values["prompt"]) == 2001


# ── Names ─────────────────────────────────────────────────────────────────────────────────────────────────────────

WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: valid_requests("wan2.6-imag", spec=IR), "there is no model 'wan2.6-imag'; did you mean wan2.6-image?"),
    (lambda: valid_requests("vtrix/nothing", spec=IR), "there is no model 'vtrix/nothing'; "),
    (lambda: valid_requests(WAN26, "edits", spec=IR), "wan2.6-image: there is no mode 'edits'; did you mean edit?"),
    (lambda: valid_requests(WAN26, route="syn", spec=IR), "wan2.6-image: there is no route 'syn'; did you mean sync?"),
    (lambda: valid_requests(WAN26, "interleave", "sync", spec=IR),
     "wan2.6-image has no interleave by the sync route; interleave goes by stream or task"),
    (lambda: invalid_requests(WAN26, "n.rang", spec=IR),
     "wan2.6-image: there is no rule 'n.rang'; did you mean n.range?"),
    (lambda: invalid_requests(WAN26, "prompt.length", spec=IR), "wan2.6-image: prompt.length refuses no request; "),
    (lambda: unbreakable("x", spec=IR), "there is no model 'x'; known: "),
    (lambda: task_histories("dashscop", spec=IR), "there is no provider 'dashscop'; did you mean dashscope?"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[row[1][:50] for row in WRONG])
def test_a_wrong_name_gets_the_nearest(call: Callable[[], object], message: str):
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value).startswith(message)


def test_a_model_is_named_with_its_provider_too():
    assert first_of(valid_requests("vtrix/qwen_image_edit_plus", spec=IR)).path.startswith("/model/v1/")


def test_specs_come_from_a_folder_or_by_themselves():
    assert first_of(valid_requests("aurora-1", spec="tests/specs_extra")).path == "/v2/pictures"
    assert first_of(valid_requests(WAN26)).path == first_of(valid_requests(WAN26, spec=IR)).path


# ── Other specs: other kinds of rules at work ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("model", ["aurora-1", "aurora-1-fast"])
def test_any_specs_will_do(model: str):
    @GENERATED
    @given(
        valid_requests(model, spec=EXTRA),
        valid_requests(model, spec=EXTRA, plain=True),
        invalid_requests(model, spec=EXTRA),
    )
    def hold(valid: Request, plain: Request, invalid: Request) -> None:
        assert valid.judgement.verdict != "reject", valid.judgement.rules
        assert plain.judgement.verdict == "accept", plain.judgement.rules
        assert invalid.judgement.rules == (invalid.rule,)

    hold()


def test_what_a_parameter_needs_comes_with_it():
    inked = reached(valid_requests("aurora-1", "text_to_image", "sync", spec=EXTRA), lambda r: "inks" in r.values)
    assert inked.values["polish"] is False
    assert sum(leaves.hundredths(ink["share"]) for ink in inked.values["inks"]) == 10_000


# ── Bodies and answers ────────────────────────────────────────────────────────────────────────────────────────────


@settings(GENERATED, max_examples=200)
@given(wire_bodies(WAN26, spec=IR))
def test_bodies_are_json(body: Any):
    assert json.loads(json.dumps(body)) == body


@pytest.mark.parametrize("shape", [dict, list, str, type(None)])
def test_bodies_have_many_shapes(shape: type):
    find(wire_bodies(WAN26, spec=IR), lambda body: type(body) is shape, settings=FOUND)


@pytest.mark.parametrize("model", [model.id for _, _, model in IR.models.values() if not model.like])
def test_answers_have_the_documented_shape(model: str):
    provider, family, _ = IR.find(model)
    error = Draft202012Validator(schema.error_schema(provider))
    known = {
        r: Draft202012Validator(schema.response_schema(provider, family, model, r)) for r in family.routes_of(model)
    }

    @GENERATED
    @given(responses(model, spec=IR))
    def hold(response: Response) -> None:
        validator = error if response.kind == "error" else known[response.route]
        assert [found.message for found in validator.iter_errors(response.body)] == []

    hold()


def test_answers_of_a_later_version_are_drawn_only_where_they_are_wanted():
    def later(response: Response) -> bool:
        return "x_new_field" in json.dumps(response.body) or "NOT_YET_DOCUMENTED" in json.dumps(response.body)

    find(responses(WAN26, spec=IR), later, settings=FOUND)

    @GENERATED
    @given(responses(WAN26, spec=IR, new=False))
    def documented(response: Response) -> None:
        assert not later(response)

    documented()


@pytest.mark.parametrize("provider", ["dashscope", "vtrix"])
def test_histories_are_legal(provider: str):
    tasks = IR.provider(provider).tasks
    assert tasks is not None
    words = {**tasks.states, "": "lost"}
    order = ["waiting", "done", "failed", "canceled", "lost"]

    @settings(GENERATED, max_examples=200)
    @given(task_histories(provider, spec=IR))
    def legal(history: History) -> None:
        meanings = [words[state] for state in history.states]
        assert len(history.answers) == len(history.states)
        assert (history.answers[0].kind, meanings[0]) == ("created", "waiting")
        assert meanings == sorted(meanings, key=order.index)
        assert len({*meanings} - {"waiting", "lost"}) <= 1
        waiting = [state for state in history.states if words[state] == "waiting"]
        assert waiting == sorted(waiting, key=list(tasks.states).index)
        if "canceled" in meanings:
            assert waiting[-1] in tasks.cancelable
        for state, answer in zip(history.states, history.answers, strict=True):
            assert state in json.dumps(answer.body) or answer.status == 404

    legal()


@pytest.mark.parametrize("meaning", ["done", "failed", "canceled", "lost"])
def test_histories_end_in_every_way(meaning: str):
    tasks = IR.provider("dashscope").tasks
    assert tasks is not None
    (state,) = tasks.states_of(meaning)
    find(task_histories("dashscope", spec=IR), lambda history: history.states[-1] == state, settings=FOUND)
