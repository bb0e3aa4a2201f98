"""Stands in for tests/conftest.py where mutants are tested: specs are read once, and resolved by the mutant."""

import gc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import platemark
from platemark.ir import Ir

settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mutants")

SPEC = platemark.load("specs")
"""Read when tests are collected, which is before a worker is forked for each mutant."""


@settings(max_examples=1)
@given(st.text())
def draw_a_text(_: str) -> None:
    """The first text that Hypothesis draws has it read Unicode's tables."""


draw_a_text()
gc.freeze()


@pytest.fixture(scope="session")
def ir() -> Ir:
    return platemark.resolve(SPEC)
