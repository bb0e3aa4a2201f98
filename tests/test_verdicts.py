"""What the evaluator says of requests: the committed vectors, and all that a vector does not show.

`nox -s mutants` runs this first, in this order: a mutant that the vectors see never meets the rest.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import platemark
from platemark.ir import Ir
from platemark.rules import judge, sizes

VECTORS = Path(__file__).parents[1] / "generated" / "vectors"
WAN = "wan2.6-image"
PICTURE = "https://example.com/picture-{}.png"


def test_every_vector_gets_the_verdict_that_it_states(ir: Ir) -> None:
    for path in sorted(VECTORS.rglob("*.json")):
        stated: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for vector in (each for each in stated["vectors"] if each["shown_by"] == "body"):
            found = platemark.evaluate(ir, stated["model"], vector["request"]["body"], vector["route"])
            told = (found.verdict, found.mode, list(found.rules), found.expected)
            assert told == (vector["verdict"], vector["mode"], vector["rules"], vector["expected"]), vector["id"]


def body(model: str = WAN, text: str = "A lantern", images: int = 1, **parameters: Any) -> dict[str, Any]:
    pictures = [{"image": PICTURE.format(index + 1)} for index in range(images)]
    made: dict[str, Any] = {
        "model": model,
        "input": {"messages": [{"role": "user", "content": [{"text": text}, *pictures]}]},
    }
    return {**made, "parameters": parameters} if parameters else made


def found(ir: Ir, sent: object, route: str | None = "sync", model: str = WAN) -> judge.Judgement:
    return platemark.evaluate(ir, model, sent, route)


# ── What is told of a broken rule ─────────────────────────────────────────────────────────────────────────────────

CONTENT = "input.messages[0].content"
TOLD: dict[str, tuple[dict[str, Any], str, list[tuple[str, str, Any, Any]]]] = {
    "range, above": (body(n=9), "sync", [("n.range", "parameters.n", 9, 4)]),
    "range, below": (body(n=0), "sync", [("n.range", "parameters.n", 0, 1)]),
    "range of large numbers": (
        body(seed=2**31), "sync", [("seed.range", "parameters.seed", 2**31, 2**31 - 1)],
    ),
    "range from zero": (body(seed=-1), "sync", [("seed.range", "parameters.seed", -1, 0)]),
    "count of what is missing": (body(images=0), "sync", [("images.count", CONTENT, None, 1)]),
    "fixed": (body(enable_interleave=True, n=2), "task", [("n.fixed", "parameters.n", 2, 1)]),
    "tokens": (body(size="4K"), "sync", [("size.tokens", "parameters.size", "4K", ["1K", "2K"])]),
    "size, too small": (
        body(size="96*96"), "sync", [("size.area", "parameters.size", "96*96", "768*768")],
    ),
    "size, too long": (
        body(size="4096*512"), "sync", [("size.ratio", "parameters.size", "4096*512", "4096*1024")],
    ),
    "size, written otherwise": (
        body(size="1024 X 768"), "sync", [("size.type", "parameters.size", "1024 X 768", "1024*768")],
    ),
    "size, with a sign": (body(size="1024×768"), "sync", [("size.type", "parameters.size", "1024×768", "1024*768")]),
    "size, no size at all": (body(size="large"), "sync", [("size.type", "parameters.size", "large", None)]),
    "rounds": (body(size="1033*1032"), "sync", [("size.rounds", "parameters.size", "1033*1032", "1040*1024")]),
    "type": (body(watermark=1), "sync", [("watermark.type", "parameters.watermark", 1, None)]),
    "of another mode": (body(max_images=2), "sync", [("max_images.only_in", "parameters.max_images", 2, None)]),
    "nothing given": ({}, "sync", [("input.required", "input", None, "input"), ("model", "model", None, WAN)]),
    "another model": (body("wan2.6-t2i"), "sync", [("model", "model", "wan2.6-t2i", WAN)]),
    "another style of body": (
        {"model": WAN, "input": {"prompt": "A lantern"}},
        "sync", [("payload", "input", ["input", "model"], "messages")],
    ),
    "another route": (body(enable_interleave=True), "sync", [("route", "", "sync", "stream or task")]),
    "twice a text": (
        {"model": WAN, "input": {"messages": [
            {"role": "user", "content": [{"text": "a"}, {"text": "b"}, {"image": PICTURE}]},
        ]}},
        "sync", [("prompt.count", f"{CONTENT}[1]", {"text": "b"}, "exactly one")],
    ),
    "a key that nobody knows": (body(mystery=1), "sync", [("unknown", "parameters.mystery", 1, None)]),
}  # fmt: skip


@pytest.mark.parametrize("case", TOLD)
def test_a_finding_says_where_what_and_the_nearest_that_would_do(ir: Ir, case: str) -> None:
    sent, route, wanted = TOLD[case]
    findings = found(ir, sent, route).findings
    assert [(f.rule.id, f.path, f.value, f.nearest) for f in findings] == wanted


def test_too_many_items_and_too_long_a_text_are_told_with_the_limit(ir: Ir) -> None:
    (many,) = found(ir, body(images=5)).findings
    assert (many.rule.id, many.path, len(many.value), many.nearest) == ("images.count", CONTENT, 5, 4)
    (long,) = found(ir, body(text="x" * 2001)).findings
    assert (long.rule.id, long.path, long.nearest) == ("prompt.length", f"{CONTENT}[0].text", 2000)


def test_a_missing_parameter_is_placed_where_it_would_stand(ir: Ir) -> None:
    (finding,) = found(ir, body(enable_interleave=True), "stream").findings
    assert (finding.rule.id, finding.path, finding.rule.verdict) == ("stream.required", "parameters.stream", "note")
    (finding,) = found(ir, {"model": "wan2.2-t2i-flash", "input": {}}, "task", "wan2.2-t2i-flash").findings
    assert (finding.rule.id, finding.path) == ("prompt.required", "input.prompt")


def test_what_can_not_be_read_hides_only_the_rules_that_look_at_it(ir: Ir) -> None:
    sent = {"model": WAN, "input": {"messages": []}, "parameters": {"n": 9}}
    assert found(ir, sent).rules == ("messages.count", "n.range")
    assert found(ir, {**body(text=""), "parameters": 7}).rules == ("parameters.type", "prompt.required")


def test_a_misplaced_parameter_is_judged_where_it_stands(ir: Ir) -> None:
    findings = found(ir, {**body(), "n": 9}).findings
    assert [(f.rule.id, f.path) for f in findings] == [("n.place", "n"), ("n.range", "n")]


def test_another_style_of_the_same_endpoint_is_noted(ir: Ir) -> None:
    model = "qwen_image_edit_plus"
    inner = {name: part for name, part in body(model).items() if name != "model"}
    (finding,) = found(ir, {"model": model, "input": [{"params": inner}]}, "task", model).findings
    assert (finding.rule.id, finding.rule.verdict, finding.path, finding.value, finding.nearest) == (
        "envelope", "note", "input", "params", "object",
    )  # fmt: skip


def test_a_judgement_as_json_keeps_verdicts_apart(ir: Ir) -> None:
    told = found(ir, body(enable_interleave=False, n=9, size="1033*1032", stream=True), "task").json()
    kinds = ("violations", "adjustments", "notes")
    assert {kind: [each["rule"] for each in told[kind]] for kind in kinds} == {
        "violations": ["n.range"],
        "adjustments": ["size.rounds"],
        "notes": ["stream.unsupported"],
    }
    assert {key: value for key, value in told.items() if key not in kinds} == {
        "verdict": "reject",
        "model": WAN,
        "route": "task",
        "mode": "edit",
    }
    (violation,) = told["violations"]
    assert violation.pop("source")[0] == {"document": "wan26-task", "place": "Body: n"}
    assert violation == {
        "rule": "n.range",
        "path": "parameters.n",
        "value": 9,
        "limit": "must be 1 to 4",
        "nearest": 4,
    }


def test_the_gravest_verdict_is_told_and_only_its_rules_where_something_is_refused(ir: Ir) -> None:
    refused = found(ir, body(n=9, watermark=1, size="1033*1032"))
    assert (refused.verdict, refused.rules, refused.expected) == ("reject", ("watermark.type", "n.range"), {})
    adjusted = found(ir, body(size="1033*1032", stream=True, text="x" * 2001), "task")
    assert (adjusted.verdict, adjusted.rules) == ("adjust", ("prompt.length", "size.rounds", "stream.unsupported"))
    assert adjusted.expected == {"size": "1040*1024", "text_length": 2000}


# ── By which route and as which mode ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sent", "model", "route"),
    [
        (body(), WAN, "sync"),
        (body(stream=True), WAN, "sync"),
        (body(enable_interleave=True, stream=True), WAN, "stream"),
        (body(enable_interleave=True, stream=1), WAN, "stream"),
        (body(enable_interleave="yes"), WAN, "sync"),
        ({"model": "qwen-image", "input": {"prompt": "A lantern"}}, "qwen-image", "task"),
        (body("qwen-image", images=0), "qwen-image", "sync"),
        ({"model": "z-image-turbo", "input": {"prompt": "A lantern"}}, "z-image-turbo", "sync"),
        (7, WAN, "sync"),
    ],
)
def test_a_body_without_a_route_is_judged_by_the_one_that_it_means(ir: Ir, sent: Any, model: str, route: str) -> None:
    assert found(ir, sent, None, model).route == route


def test_a_stream_is_meant_only_by_who_says_so_wherever_it_stands_in_the_spec(ir: Ir) -> None:
    provider, family, _ = ir.find(WAN)
    turned = replace(family, offers=tuple(reversed(family.offers)))
    sent = [body(enable_interleave=True, stream=stream) for stream in (True, False, 1)]
    assert [judge.route_of(provider, turned, WAN, each) for each in sent] == ["stream", "task", "task"]
    assert judge.route_of(provider, turned, WAN, body(enable_interleave=True)) == "task"
    assert judge.route_of(provider, turned, WAN, body(stream=True)) == "task"


def test_a_route_that_the_model_does_not_have_is_refused_as_what_it_asks_for(ir: Ir) -> None:
    judged = found(ir, body("wan2.7-image", images=0, enable_sequential=True), "stream", "wan2.7-image")
    (finding,) = judged.findings
    assert (finding.rule.id, finding.path, finding.value, finding.nearest) == ("route", "", "stream", "sync or task")
    assert (judged.model, judged.route, judged.mode) == ("wan2.7-image", "stream", "sequence")
    assert judged.values["enable_sequential"] is True
    assert judged.expected_size == sizes.Expected(None)
    assert judged.offer is not None and judged.offer.mode == "sequence"


def test_every_condition_of_a_mode_counts(ir: Ir) -> None:
    _, family, model = ir.find("wan2.7-image")
    offer = replace(family.by_model[model.id][0], when={"images": [1, None], "enable_sequential": True})
    sent = {"images": [PICTURE], "enable_sequential": True}
    assert judge.choose(family, [offer], sent) is offer
    assert judge.choose(family, [offer], {**sent, "enable_sequential": False}) is None
    assert judge.choose(family, [offer], {**sent, "images": []}) is None


def test_a_judgement_names_its_offer(ir: Ir) -> None:
    offer = found(ir, body(enable_interleave=True), "task").offer
    assert offer is not None and (offer.model, offer.route, offer.mode) == (WAN, "task", "interleave")


def test_a_refused_route_and_style_keep_what_was_read(ir: Ir) -> None:
    judged = found(ir, body(enable_interleave=True, n=1), "sync")
    assert (judged.model, judged.mode, judged.route, judged.rules) == (WAN, "interleave", "sync", ("route",))
    assert judged.values["n"] == 1
    judged = found(ir, {"model": WAN, "input": {"prompt": "A lantern"}, "parameters": {"n": 2}})
    assert (judged.mode, judged.route, judged.rules) == ("edit", "sync", ("payload",))
    assert judged.values["n"] == 2


def test_a_body_may_be_judged_as_an_offer_that_its_values_would_not_choose(ir: Ir) -> None:
    provider, family, model = ir.find(WAN)
    offers = {(offer.route, offer.mode): offer for offer in family.by_model[model.id]}
    interleave = judge.judge_as(provider, family, offers["task", "interleave"], "messages", body(images=2, n=2))
    assert (interleave.mode, interleave.route, interleave.model) == ("interleave", "task", WAN)
    assert interleave.rules == ("images.count", "n.fixed")
    assert interleave.values["n"] == 2
    stream = judge.judge_as(provider, family, offers["stream", "interleave"], "messages", body())
    assert [(f.rule.id, f.path) for f in stream.findings] == [("stream.required", "parameters.stream")]


# ── The size that will come back ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mode", "values", "last", "size"),
    [
        ("edit", {"images": [PICTURE]}, None, sizes.Expected(None)),
        ("edit", {"images": [PICTURE]}, (1000, 1000), sizes.Expected((1280, 1280), approximate=True)),
        ("edit", {"images": [PICTURE], "size": "2K"}, (2000, 1000), sizes.Expected((2912, 1440), approximate=True)),
        ("edit", {"size": "2K"}, None, sizes.Expected((2048, 2048))),
        ("edit", {"size": "4K"}, None, sizes.Expected(None)),
        ("edit", {"size": "1033*1032"}, None, sizes.Expected((1040, 1024), approximate=True)),
        ("edit", {"size": 7}, None, sizes.Expected(None)),
        ("interleave", {}, None, sizes.Expected((1280, 1280))),
        ("interleave", {"images": [PICTURE]}, None, sizes.Expected(None)),
        ("interleave", {"images": [PICTURE]}, (900, 800), sizes.Expected((900, 800))),
        ("interleave", {"images": [PICTURE]}, (3000, 3000), sizes.Expected((1280, 1280), approximate=True)),
        ("interleave", {"size": "1033*1032"}, (9, 9), sizes.Expected((1033, 1032))),
        ("interleave", {"size": "1K"}, None, sizes.Expected(None)),
        ("interleave", {"size": {"area": "1280*1280", "no_image": "1280*1280"}}, None, sizes.Expected(None)),
    ],
)
def test_the_size_that_will_come_back(
    ir: Ir, mode: str, values: dict[str, Any], last: sizes.Size | None, size: sizes.Expected
) -> None:
    _, family, model = ir.find(WAN)
    offer = next(offer for offer in family.by_model[model.id] if offer.mode == mode)
    assert judge.expected(family, offer, values, last) == size


@pytest.mark.parametrize(
    ("facets", "size"),
    [
        ({"like": "last image"}, sizes.Expected((992, 1008), approximate=True)),
        ({}, sizes.Expected((2000, 500))),
    ],
)
def test_a_word_for_a_size_keeps_its_own_ratio_where_it_follows_no_picture(
    ir: Ir, facets: dict[str, Any], size: sizes.Expected
) -> None:
    _, family, model = ir.find(WAN)
    offer = family.by_model[model.id][0]
    parameters = tuple(
        replace(parameter, facets={**facets, "tokens": {"1K": "2000*500"}}) if parameter.name == "size" else parameter
        for parameter in family.parameters
    )
    values = {"size": "1K", "images": [PICTURE]}
    assert judge.expected(replace(family, parameters=parameters), offer, values, (1000, 1001)) == size


def test_without_a_size_nothing_is_expected(ir: Ir) -> None:
    for family in ir.families:
        for offer in family.offers:
            if family.parameter_of(offer, "size") is None:
                assert judge.expected(family, offer, {"size": "1024*1024"}) == sizes.Expected(None)
