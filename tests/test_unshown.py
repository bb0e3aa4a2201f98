"""The changes that no request shows, which `nox -s conform_sweep` wrote down: a sample of them is looked at again."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from platemark.ir import Ir
from platemark.resolution.changes import changed, changes


@pytest.fixture(scope="module")
def sweep() -> Iterator[ModuleType]:
    folder = str(Path(__file__).parents[1] / "bench")
    sys.path.insert(0, folder)
    import conform_sweep  # pyright: ignore[reportMissingImports]

    yield conform_sweep
    sys.path.remove(folder)


def test_each_is_a_change_that_there_is(ir: Ir, sweep: ModuleType) -> None:
    every = {change.name for family in ir.families for offer in family.offers for change in changes(family, offer)}
    listed = sweep.read()
    assert listed
    assert {*listed} - every == set()
    assert "" not in {*listed.values()}


@pytest.mark.parametrize("model", ["z-image-turbo", "wan2.2-t2i-flash"])
def test_no_request_shows_them(sweep: ModuleType, model: str) -> None:
    spec, plain = sweep.specs()
    listed = sweep.read()
    for change in sweep.of_model(model):
        if change.name in listed:
            assert sweep.differing(model, changed(spec, plain, change)) == "", change.name
