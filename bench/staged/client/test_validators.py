"""The committed client judges the committed vectors: what kills mutants of its validators.

What follows the vectors is no vector: a file of 10 MB, formats that we can't draw, bodies that break two rules.
"""

import base64
import gc
import importlib
import io
import json
from pathlib import Path

import pytest
from PIL import Image

import platemark_images
from platemark_images._catalog import MODELS
from platemark_images._runtime.ir import size_follows

# Import here, and not in each of the workers that are forked from this process, nor let them sweep what it holds.
OFFERS = {
    offer.check: offer
    for provider in sorted(set(MODELS.values()))
    for family in sorted(set(importlib.import_module(provider).PROVIDER.models.values()))
    for offer in importlib.import_module(family).FAMILY.offers
}.values()
FILES = [json.loads(path.read_text("utf-8")) for path in sorted(Path("generated/vectors").rglob("*.json"))]
GROUPS = {}
"""Vectors by what they are for: mutants of a validator meet those that reach it."""
for file in FILES:
    for each in file["vectors"]:
        if each["shown_by"] == "body":
            GROUPS.setdefault((file["model"], each["route"], each["mode"]), []).append(each)
gc.freeze()


@pytest.mark.parametrize("group", GROUPS, ids="/".join)
def test_every_vector_gets_the_verdict_that_it_states(group):
    model, route, mode = group
    for vector in GROUPS[group]:
        told = platemark_images.validate(model, route, vector["request"]["body"])
        found = (told.verdict, told.mode, list(told.rules))
        assert found == (vector["verdict"], mode, vector["rules"]), vector["id"]


def broken(offer, **values):
    return {rule.id for rule in offer.check(values)}


def limited(kind):
    """Offers and their rules of one kind."""
    found = [(offer, rule) for offer in OFFERS for rule in offer.rules if rule.kind == kind]
    assert found
    return found


def test_bounds_of_areas_are_exact_whatever_the_ratio():
    for offer, rule in limited("area"):
        low, high = rule.args["low"], rule.args["high"]
        for area, outside in ((low - 1, True), (low, False), (high, False), (high + 1, True)):
            for width in (width for width in range(1, 2000) if area % width == 0 and area // width <= 999_999):
                found = broken(offer, size=f"{width}*{area // width}")
                assert (rule.id in found) == outside, (offer.model, width, area)


def drawn(format_, size=(512, 512)):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, format_)
    return file.getvalue()


def uri(data, format_="png"):
    return f"data:image/{format_.lower()};base64,{base64.b64encode(data).decode()}"


def test_files_may_have_just_so_many_bytes():
    png = drawn("PNG")
    for high in {rule.args["high"] for _, rule in limited("bytes")}:
        fits, larger = (uri(png + bytes(size - len(png))) for size in (high, high + 1))
        for offer, rule in limited("bytes"):
            if rule.args["high"] == high:
                assert rule.id not in broken(offer, images=[fits])
                assert rule.id in broken(offer, images=[larger])
                assert rule.id in broken(offer, images=[uri(png), larger])


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF"])
def test_a_format_is_taken_if_it_is_listed(format_):
    for offer, rule in limited("formats"):
        found = broken(offer, images=[uri(drawn(format_), format_)])
        assert (rule.id in found) == (format_ not in rule.args["among"]), offer.model


def test_a_parameter_is_held_to_its_type_whatever_mode_it_would_choose():
    for offer, rule in limited("type"):
        if rule.id == f"{rule.parameter}.type" and not rule.structure:
            assert rule.id in broken(offer, **{rule.parameter: 1.5}), offer.model
            assert rule.id not in broken(offer)


def test_what_is_no_list_of_texts_breaks_the_rule_on_types_alone():
    for offer in OFFERS:
        if any(parameter.name == "images" for parameter in offer.parameters):
            for wrong in (7, "https://example.com/a.png", {}):
                assert broken(offer, images=wrong) & {"images.type", "images.count"} == {"images.type"}, offer.model
            assert "images.schemes" not in broken(offer, images=[7])


def test_a_body_without_a_route_is_judged_by_the_one_that_it_means():
    body = {"model": "wan2.6-image", "input": {}, "parameters": {"enable_interleave": True, "stream": True}}
    assert platemark_images.validate("wan2.6-image", None, body).route == "stream"
    assert platemark_images.validate("wan2.6-image", "task", body).route == "task"


def test_a_model_that_two_services_sell_is_told_by_its_service(monkeypatch):
    monkeypatch.setitem(MODELS, "dashscope/wan2.6-image", MODELS["wan2.6-image"])
    told = platemark_images.validate("dashscope/wan2.6-image", "sync", {})
    assert (told.model, told.rules) == ("wan2.6-image", ("input.required", "model"))


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(platemark_images.ConfigurationError, match=r"unknown model .*did you mean wan2\.6-image"):
        platemark_images.validate("wan2.6-imag", "sync", {})


def test_a_default_that_follows_a_picture_is_read_as_it_is_printed():
    told = size_follows({"area": 9, "at_most": True, "alone": (3, 3)})
    assert (told.area, told.at_most, told.alone) == (9, True, (3, 3))
