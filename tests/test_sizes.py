"""Predicted and nearest sizes, in integers."""

from fractions import Fraction

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
