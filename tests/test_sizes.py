"""Predicted and nearest sizes, in integers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platemark.rules import domains, sizes
from platemark.rules.sizes import Follows, Limits

sides = st.integers(1, 8192)
pairs = st.tuples(sides, sides)


def test_the_documents_one_example_of_rounding() -> None:
    assert sizes.round_size((1033, 1032), 16) == sizes.Expected((1040, 1024), approximate=True)


@given(sides)
def test_rounding_goes_to_the_nearest_multiple_and_halves_to_the_even_one(side: int) -> None:
    assert sizes.rounded(side, 16) == 16 * round(Fraction(side, 16))


@given(st.integers(512 * 512, 4096 * 4096), st.tuples(st.integers(64, 4096), st.integers(64, 4096)))
def test_a_size_that_follows_a_picture_is_on_the_grid_and_near_in_area(area: int, picture: tuple[int, int]) -> None:
    width, height = sizes.follow(area, picture)
    assert width % 16 == 0 == height % 16
    assert abs(width * height - area) <= 16 * (width + height)


def test_a_small_picture_keeps_its_own_size_where_the_area_is_only_a_bound() -> None:
    follows = Follows(1280 * 1280, at_most=True, alone=(1280, 1280))
    assert sizes.expect(follows, 1, (1000, 900)).size == (1000, 900)
    assert sizes.expect(follows, 0, None).size == (1280, 1280)
    assert sizes.expect(follows, 1, None).size is None


limits = st.builds(
    Limits,
    area=st.none() | st.tuples(st.integers(1, 10**6), st.integers(10**6, 10**7)),
    side=st.none() | st.tuples(st.integers(1, 512), st.integers(512, 4096)),
    ratio=st.none() | st.sampled_from([((1, 4), (4, 1)), ((1, 8), (8, 1))]),
)


@given(pairs, limits)
def test_the_nearest_size_is_allowed(size: tuple[int, int], allowed: Limits) -> None:
    found = sizes.nearest(size, allowed)
    assert found is None or allowed.allow(found)
    if allowed.allow(size):
        assert found is not None


@given(limits)
def test_edges_lie_inside_and_just_outside_one_limit_only(allowed: Limits) -> None:
    for inside, outside in (domains.area_edges(allowed), domains.side_edges(allowed), domains.ratio_edges(allowed)):
        assert all(allowed.allow(size) for size in inside)
        assert not any(allowed.allow(size) for size in outside)


WAN = Limits(area=(768 * 768, 2048 * 2048), ratio=((1, 4), (4, 1)))
SIDES = Limits(side=(512, 2048))
LISTED = Limits(among=((1664, 928), (928, 1664), (1328, 1328)))
QWEN = Limits(among=(*LISTED.among, (1472, 1104), (1104, 1472)))


@pytest.mark.parametrize(
    ("limits", "size", "allowed"),
    [
        (WAN, (768, 768), True), (WAN, (767, 769), False), (WAN, (2048, 2048), True), (WAN, (1985, 2113), False),
        (WAN, (384, 1536), True), (WAN, (1536, 384), True), (WAN, (400, 1601), False), (WAN, (1601, 400), False),
        (SIDES, (512, 2048), True), (SIDES, (511, 512), False), (SIDES, (512, 2049), False),
        (LISTED, (928, 1664), True), (LISTED, (928, 928), False),
        (Limits(), (1, 10**6), True),
        (Limits(side=(512, 2048), exceptions=((100, 100),)), (100, 100), True),
        (Limits(side=(512, 2048), exceptions=((100, 100),)), (100, 101), False),
        (Limits(side=(512, 2048), exceptions=((100, 100),)), (600, 600), True),
        (Limits(among=((1, 1),), exceptions=((2, 2),)), (2, 2), True),
        (Limits(among=((1, 1),), exceptions=((2, 2),)), (3, 3), False),
    ],
)  # fmt: skip
def test_limits_are_inclusive(limits: Limits, size: sizes.Size, allowed: bool) -> None:
    assert limits.allow(size) is allowed


@pytest.mark.parametrize(
    ("limits", "size", "nearest"),
    [
        (WAN, (1000, 1000), (1000, 1000)),
        (WAN, (100, 100), (768, 768)),
        (WAN, (4000, 4000), (2048, 2048)),
        (WAN, (4096, 512), (4096, 1024)),
        (WAN, (512, 4096), (1024, 4096)),
        (WAN, (30, 10), (1328, 448)),
        (WAN, (9000, 1), (4096, 1024)),
        (SIDES, (100, 3000), (512, 2048)),
        (SIDES, (3000, 100), (2048, 512)),
        (LISTED, (1600, 900), (1664, 928)),
        (LISTED, (900, 1600), (928, 1664)),
        (LISTED, (1, 1), (1328, 1328)),
        (QWEN, (100, 1000), (928, 1664)),
        (QWEN, (1300, 1700), (1328, 1328)),
        (WAN, (100, 400), (384, 1536)),
        (WAN, (400, 100), (1536, 384)),
        (Limits(), (1, 7), (1, 7)),
        (Limits(ratio=((1, 4), (4, 1))), (25, 100), (25, 100)),
        (Limits(ratio=((1, 4), (4, 1))), (100, 25), (100, 25)),
        (Limits(), (7, 9), (7, 9)),
        (Limits(side=(512, 1024), area=(1, 10)), (600, 600), None),
    ],
)
def test_the_nearest_size(limits: Limits, size: sizes.Size, nearest: sizes.Size | None) -> None:
    assert sizes.nearest(size, limits) == nearest


@pytest.mark.parametrize(
    ("area", "picture", "size"),
    [
        (1280 * 1280, (1000, 1000), (1280, 1280)),
        (2048 * 2048, (2000, 1000), (2912, 1440)),
        (2048 * 2048, (1000, 2000), (1440, 2912)),
        (1280 * 1280, (16, 9), (1712, 960)),
        (300, (1000, 10), (160, 16)),
        (1000 * 1000, (1001, 1000), (1008, 992)),
        (1000 * 1000, (1000, 1001), (992, 1008)),
    ],
)
def test_a_size_that_follows_a_picture(area: int, picture: sizes.Size, size: sizes.Size) -> None:
    assert sizes.follow(area, picture) == size


def test_what_comes_back() -> None:
    assert sizes.written((12, 34)) == "12*34"
    assert sizes.expect((1033, 1032), 0, None) == sizes.Expected((1033, 1032))
    assert sizes.expect((1033, 1033), 0, None, 16) == sizes.Expected((1040, 1040))
    assert sizes.expect((1032, 1033), 2, (5, 5), 16) == sizes.Expected((1024, 1040), approximate=True)
    follows = Follows(1280 * 1280, alone=(1280, 1280))
    assert sizes.expect(follows, 1, (100, 100)) == sizes.Expected((1280, 1280), approximate=True)
    bound = Follows(1280 * 1280, at_most=True)
    assert sizes.expect(bound, 0, None) == sizes.Expected(None)
    assert sizes.expect(bound, 1, (1280, 1280)) == sizes.Expected((1280, 1280))
    assert sizes.expect(bound, 1, (1280, 1281)).approximate
    assert sizes.expect(bound, 1, (640, 2000)) == sizes.Expected((640, 2000))


@pytest.mark.parametrize("size", [(10, 100), (100, 10)])
def test_a_size_is_brought_no_further_into_the_ratio_than_it_must(size: sizes.Size) -> None:
    found = sizes.nearest(size, Limits(ratio=((1, 4), (4, 1))))
    assert found is not None
    assert min(found) - 25 in (0, 1)
    assert max(found) == 100
