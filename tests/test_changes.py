"""Specs in which one figure says otherwise."""

from dataclasses import replace

import pytest

from platemark import ir as ir_
from platemark.api import load
from platemark.resolution.changes import Change, changed, changes
from platemark.rules.judge import judge
from platemark.rules.vectors import vectors
from platemark.spec.model import Spec


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


def held(ir: ir_.Ir, offer: ir_.Offer) -> tuple[object, ...]:
    """All that an offer takes, without the positions in its family's tables."""
    _, family, _ = ir.find(offer.model)
    found = next(o for o in family.by_model[offer.model] if (o.route, o.mode) == (offer.route, offer.mode))
    return family.rules_of(found), family.parameters_of(found), replace(found, rules=(), parameters=())


def test_each_changes_its_own_offer_and_nothing_else(spec: Spec, ir: ir_.Ir) -> None:
    _, family, _ = ir.find("wan2.6-image")
    for offer in family.offers:
        others = [other for other in family.offers if other is not offer]
        for change in changes(family, offer):
            other = changed(spec, ir, change)
            assert held(other, offer) != held(ir, offer), change.name
            assert [o.mode for o in others if held(other, o) != held(ir, o)] == [], change.name


def test_names_tell_them_apart(ir: ir_.Ir) -> None:
    names = [change.name for family in ir.families for offer in family.offers for change in changes(family, offer)]
    assert len(names) == len({*names})


def test_every_judged_rule_that_refuses_has_one(ir: ir_.Ir) -> None:
    for family in ir.families:
        for offer in family.offers:
            moved = {change.fact for change in changes(family, offer)}
            refusing = {rule.id for rule in family.rules_of(offer) if rule.judged and rule.verdict == "reject"}
            assert refusing <= moved


def verdicts(ir: ir_.Ir, model: str, route: str, bodies: list[object]) -> list[str]:
    provider, family, _ = ir.find(model)
    return [judge(provider, family, model, route, body).verdict for body in bodies]


@pytest.mark.parametrize(
    ("fact", "direction"),
    [("n.range", "tighter"), ("n.range", "looser"), ("max_images.only_in", "looser"), ("role.fixed", "looser")],
)
def test_tighter_refuses_more_and_looser_accepts_more(spec: Spec, ir: ir_.Ir, fact: str, direction: str) -> None:
    provider, family, model = ir.find("wan2.6-image")
    offer = next(o for o in family.offers if (o.route, o.mode) == ("sync", "edit"))
    bodies = [v.request["body"] for v in vectors(provider, family, model.id)[0] if v.route == "sync"]
    before = verdicts(ir, model.id, "sync", bodies)
    chosen: list[Change] = [c for c in changes(family, offer) if (c.fact, c.direction) == (fact, direction)]
    assert chosen
    for change in chosen:
        after = verdicts(changed(spec, ir, change), model.id, "sync", bodies)
        moved = [(a == "reject") for a, b in zip(after, before, strict=True) if (a == "reject") != (b == "reject")]
        assert {*moved} == {direction == "tighter"}, change.name
