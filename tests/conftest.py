"""What every run of the tests shares: in CI a skipped test has failed, and Hypothesis repeats itself."""

import os
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from platemark.ir import Ir

ALLOWED_SKIPS: frozenset[str] = frozenset()
"""Reasons, word for word, for which a test may be skipped in CI."""

IN_CI = os.environ.get("CI") == "true"

settings.register_profile("default", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=300, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if IN_CI else "default")


@pytest.fixture(scope="session")
def ir() -> "Ir":
    """The IR of the project's own specs."""
    import platemark

    return platemark.resolve(platemark.load())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip that nobody expects in CI into a failure, where it happens: in a worker of xdist too."""
    if not IN_CI or not report.skipped or hasattr(report, "wasxfail"):
        return
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = told.removeprefix("Skipped: ")
    if reason not in ALLOWED_SKIPS:
        report.outcome = "failed"
        report.longrepr = f"unexpected skip in CI: {reason}\nMake it run, or allow its reason in tests/conftest.py."
