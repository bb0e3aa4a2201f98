"""The nearest value that would keep a rule, by the rule's kind and arguments."""

from typing import Any

import pytest

from platemark.ir import Evidence, Rule, Verdict
from platemark.rules.nearest import limits, nearest
from platemark.rules.sizes import Limits

NOBODY = Evidence((), "stated")


def rule(id_: str, verdict: Verdict = "reject", **args: Any) -> Rule:
    return Rule(id_, id_.partition(".")[0], id_.rpartition(".")[2], args, verdict, "", NOBODY)


AREA = rule("size.area", low=768 * 768, high=2048 * 2048)
SIDE = rule("size.side", low=512, high=1440)
RATIO = rule("size.ratio", low=[1, 4], high=[4, 1])
LISTED = rule("size.one_of", among=["1664*928", "928*1664"])


def test_limits_are_of_the_hard_rules_on_whole_sizes() -> None:
    soft = rule("size.soft.area", "note", low=1, high=9)
    noted = rule("size.side", "note", low=1, high=9)
    of_pictures = rule("images.side", low=240, high=8000)
    assert limits([AREA, RATIO, soft, noted, of_pictures]) == Limits(
        area=(768 * 768, 2048 * 2048), ratio=((1, 4), (4, 1))
    )
    assert limits([AREA, of_pictures], "images") == Limits(side=(240, 8000))
    assert limits([SIDE]) == Limits(side=(512, 1440))
    assert limits([LISTED]) == Limits(among=((1664, 928), (928, 1664)))
    assert limits([rule("size.fixed", among=["928*928"])]) == Limits(among=((928, 928),))
    assert limits([]) == Limits()


@pytest.mark.parametrize("kind", ["area", "side"])
def test_a_missing_bound_leaves_every_size_that_can_be_written(kind: str) -> None:
    assert limits([rule(f"size.{kind}", low=None, high=9)]).allow((1, 1))
    assert not limits([rule(f"size.{kind}", low=None, high=9)]).allow((10, 10))
    assert limits([rule(f"size.{kind}", low=9, high=None)]).allow((999_999, 999_999))
    assert not limits([rule(f"size.{kind}", low=9, high=None)]).allow((1, 2))


@pytest.mark.parametrize(
    ("broken", "value", "found"),
    [
        (AREA, "100*100", "768*768"),
        (SIDE, "100*3000", "512*1440"),
        (RATIO, "4096*512", "4096*1024"),
        (LISTED, "1664*929", "1664*928"),
        (LISTED, "tall", None),
        (rule("size.type", type="size"), " 928 X 1000 ", "928*1000"),
        (rule("size.type", type="size"), 7, None),
        (rule("size.tokens", among=["1K", "2K"]), "4K", ["1K", "2K"]),
        (rule("size.tokens", among=["2K"]), "4K", "2K"),
        (rule("size.rounds", "adjust", step=16), "1033*1032", "1040*1024"),
        (rule("n.range", low=1, high=4), 9, 4),
        (rule("n.range", low=1, high=4), 0, 1),
        (rule("n.range", low=None, high=4), 9, 4),
        (rule("n.range", low=None, high=-4), 9, -4),
        (rule("n.range", low=200, high=None), 7, 200),
        (rule("n.fixed", among=[1]), 2, 1),
        (rule("n.one_of", among=[1, 4]), 2, [1, 4]),
        (rule("images.count", low=1, high=3), [1, 2, 3, 4], 3),
        (rule("images.count", low=1, high=3), None, 1),
        (rule("images.count", low=200, high=None), [], 200),
        (rule("images.items.count", low=1, high=3), [1, 2, 3, 4], None),
        (rule("images.side", low=240, high=8000), ["u"], None),
        (rule("prompt.length", "adjust", low=None, high=2000), "long", 2000),
        (rule("prompt.required", required=True), None, None),
        (rule("watermark.type", type="boolean"), 1, None),
    ],
)
def test_the_nearest_value(broken: Rule, value: Any, found: Any) -> None:
    rules = [broken, *([AREA] if broken is RATIO else [])]
    assert nearest(broken, rules, value) == found


def test_the_nearest_value_of_a_list_is_no_part_of_the_rule() -> None:
    broken = rule("n.one_of", among=[1, 4])
    nearest(broken, [broken], 2).append(9)
    assert broken.args["among"] == [1, 4]
