"""Cited figures of our own pages, changed at random: each is told, as a rule that rests on it, and no other is."""

import random
from pathlib import Path

import pytest

from drift_pages import AURORA, EXTRA, SPECS, Z_IMAGE
from drift_scores import Held, same
from drift_seeds import changed, places, seeded

PAGES = {"aurora-ref.md": (AURORA, EXTRA), "z-image-ref.html": (Z_IMAGE, SPECS)}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_figure_that_a_spec_cites_is_told(tmp_path: Path, name: str, seed: int) -> None:
    page, specs = PAGES[name]
    (tmp_path / name).write_text(page, "utf-8")
    found = list(seeded(Held(specs), [tmp_path / name], 40, seed))
    assert len(found) >= 35
    missed = [each.note for each in found if not each.right]
    assert len(missed) <= 0.02 * len(found), "\n".join(missed)
    besides = [f"{each.id}: {each.extra}" for each in found if each.extra]
    assert len(besides) <= 0.05 * len(found), "\n".join(besides)


@pytest.mark.parametrize("name", PAGES)
def test_a_figure_is_changed_where_it_stands_and_to_another(tmp_path: Path, name: str) -> None:
    page, specs = PAGES[name]
    (tmp_path / name).write_text(page, "utf-8")
    found, _ = places(Held(specs), tmp_path / name)
    assert len(found) >= 6
    for place in found:
        new = changed(place, random.Random(0))
        assert new not in {"", place.atom.printed, *place.others}
        assert same(page[place.start : place.end], place.atom.printed)


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        ("1024*1024", "1024×1024", True),
        ("10", "10 MB", True),
        ("24", "24 hours", True),
        ("1,300", "1300", True),
        ("/api/v1/tasks/{task_id}", "/tasks/{task_id}", True),
        ("0.03", "-0.03", False),
        ("4", "6", False),
        ("1:4", "14", False),
        ("1024*1024", "10241024", False),
        ("10 MB", "10 KB", False),
        ("", "4", False),
        ("true", "false", False),
        ("/tasks/{task_id}", "/tasks{task_id}", False),
    ],
)
def test_two_figures_are_one_or_not(one: str, other: str, are: bool) -> None:
    assert same(one, other) is same(other, one) is are
