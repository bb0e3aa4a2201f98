"""Vectors: made from the rules, judged by the evaluator, held to their own schema."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry

from platemark import evaluate, targets
from platemark.ir import Ir
from platemark.spec import shape

NOT_ALONE = {
    "place": "a name that the model does not take breaks `unsupported` or `only_in` wherever it stands",
    "bytes": "a vector would be as large as the file",
    "route": "every route and endpoint that there is belongs to the model",
    "payload": "every payload style that there is belongs to the endpoint",
}
"""Kinds of rules that some model can't break alone, and why; all others are broken by a vector of every model."""


@pytest.fixture(scope="module")
def files(ir: Ir) -> dict[str, dict[str, Any]]:
    return {path: json.loads(text) for path, text in targets.emit("vectors", ir).items()}


def test_every_model_has_vectors(ir: Ir, files: dict[str, Any]) -> None:
    assert {f["model"] for f in files.values()} == {m.id for family in ir.families for m in family.models}


def test_they_have_the_published_shape(files: dict[str, Any]) -> None:
    validator = Draft202012Validator(shape.schema("vectors"), registry=Registry())
    for found in files.values():
        validator.validate(found)


def test_the_evaluator_agrees_with_each(ir: Ir, files: dict[str, Any]) -> None:
    for found in files.values():
        for vector in (v for v in found["vectors"] if v["shown_by"] == "body"):
            judgement = evaluate(ir, found["model"], vector["request"]["body"], vector["route"])
            assert (judgement.verdict, list(judgement.rules)) == (vector["verdict"], vector["rules"]), vector["id"]


def test_a_negative_breaks_exactly_one_rule(files: dict[str, Any]) -> None:
    negatives = [
        v for found in files.values() for v in found["vectors"] if v["verdict"] == "reject" and "example" not in v["id"]
    ]
    assert negatives
    assert all(len(vector["rules"]) == 1 for vector in negatives)


def test_every_judged_rule_is_broken_alone_or_listed_with_its_reason(ir: Ir, files: dict[str, Any]) -> None:
    for family in ir.families:
        for model, offers in family.by_model.items():
            found = files[f"vectors/{family.provider}/{model}.json"]
            broken = {rule for vector in found["vectors"] for rule in vector["rules"]}
            listed = {entry["rule"] for entry in found["unbreakable"]}
            for rule in {rule.id: rule for offer in offers for rule in family.rules_of(offer)}.values():
                assert (rule.id in broken) != (rule.id in listed), (model, rule.id)
                assert rule.id in broken or not rule.judged or rule.kind in NOT_ALONE, (model, rule.id)


def test_ids_are_unique(files: dict[str, Any]) -> None:
    for found in files.values():
        ids = [vector["id"] for vector in found["vectors"]]
        assert len(ids) == len(set(ids))


def test_pixel_areas_are_tried_at_their_tightest(files: dict[str, Any]) -> None:
    sizes = {
        vector["request"]["body"]["parameters"].get("size")
        for vector in files["vectors/dashscope/wan2.6-image.json"]["vectors"]
        if "size.area" in vector["rules"]
    }
    assert {"767*769", "1985*2113"} <= sizes
