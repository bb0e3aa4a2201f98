"""Sample values: both kinds pass for every offer, without a note, and say what they should."""

import pytest

import platemark
from platemark.ir import Ir
from platemark.rules import leaves, samples

KINDS = {"minimal": samples.minimal, "full": samples.full}


@pytest.mark.parametrize("kind", KINDS)
def test_samples_of_every_offer_are_accepted_in_its_mode(ir: Ir, kind: str):
    for family in ir.families:
        for offer in family.offers:
            body = samples.body(ir.provider(family.provider), offer, KINDS[kind](family, offer))
            judgement = platemark.evaluate(ir, offer.model, body, offer.route)
            assert (judgement.verdict, judgement.findings) == ("accept", ())
            assert judgement.mode == offer.mode


def test_full_samples_give_every_parameter_a_value_of_its_own(ir: Ir):
    for family in ir.families:
        for offer in family.offers:
            values = samples.full(family, offer)
            assert set(values) == {parameter.name for parameter in family.parameters_of(offer)}
            for parameter in family.parameters_of(offer):
                free = parameter.name not in samples.fixed(offer) and "fixed" not in parameter.facets
                assert not (free and leaves.equal(values[parameter.name], parameter.default)), parameter.name


def test_minimal_samples_lack_nothing_and_hold_nothing_more(ir: Ir):
    for family in ir.families:
        provider = ir.provider(family.provider)
        for offer in family.offers:
            values = samples.minimal(family, offer)
            for name in samples.given(offer, values):
                rest = {key: value for key, value in values.items() if key != name}
                judged = platemark.evaluate(ir, offer.model, samples.body(provider, offer, rest), offer.route)
                assert judged.verdict == "reject" or judged.mode != offer.mode


def test_a_palette_adds_up_and_boxes_match_the_pictures(ir: Ir):
    _, family, _ = ir.models["wan2.7-image"]
    offer = next(o for o in family.by_model["wan2.7-image"] if o.mode == "edit")
    values = samples.full(family, offer)
    assert sum(leaves.hundredths(color["ratio"]) for color in values["color_palette"]) == 10000
    assert len(values["bbox_list"]) == len(values["images"]) == 2


def test_one_value_at_a_time(ir: Ir):
    _, family, _ = ir.models["qwen-image"]
    offer = family.by_model["qwen-image"][0]
    assert samples.value_for(family, offer, "size") == "1472*1104"
    with pytest.raises(KeyError):
        samples.value_for(family, offer, "images")


def test_what_mode_and_transport_set_is_not_the_callers_to_give(ir: Ir):
    _, family, _ = ir.models["wan2.6-image"]
    offer = next(o for o in family.offers if o.route == "stream")
    values = samples.minimal(family, offer)
    assert values == {"prompt": samples.PROMPT, "enable_interleave": True, "stream": True}
    assert samples.given(offer, values) == {"prompt": samples.PROMPT}
