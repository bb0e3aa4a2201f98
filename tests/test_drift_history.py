"""A sample of the labelled page histories; `nox -s drift_bars` measures all of them."""

import json
from pathlib import Path

import pytest

from drift_scores import HISTORIES, ROOT, Held, Transition, histories


@pytest.fixture(scope="module")
def transitions() -> list[Transition]:
    held = Held(ROOT / "specs")
    return [each for folder in HISTORIES for each in histories(held, folder, every=5)]


def test_the_sample_has_transitions_of_each_sort(transitions: list[Transition]) -> None:
    assert len(transitions) >= 60
    assert {each.wanted for each in transitions} == {True, False}
    assert len({each.page for each in transitions}) >= 16


def test_what_a_maintainer_had_to_see_is_reported(transitions: list[Transition]) -> None:
    wanted = [each for each in transitions if each.wanted]
    missed = [each.note for each in wanted if not each.reported]
    assert len(missed) <= 0.05 * len(wanted), "\n".join(missed)


def test_what_is_reported_had_to_be_seen(transitions: list[Transition]) -> None:
    reported = [each for each in transitions if each.reported]
    false = [each.note for each in reported if not each.wanted]
    assert len(false) <= 0.10 * len(reported), "\n".join(false)


@pytest.mark.parametrize("folder", HISTORIES, ids=lambda folder: folder.name)
def test_each_capture_is_labelled_once(folder: Path) -> None:
    data = json.loads((folder / "labels.json").read_text("utf-8"))
    labelled = [(each["page"], each["to"]) for each in data["transitions"]]
    kept = sorted((path.parent.name, path.name) for path in folder.glob("*/*"))
    first = {page: min(name for folder, name in kept if folder == page) for page, _ in kept}
    assert sorted(labelled) == [each for each in kept if each[1] != first[each[0]]]
