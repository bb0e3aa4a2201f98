"""In CI a skip is a failure: a suite that quietly stops testing something must not stay green."""

from pathlib import Path

import pytest

import conftest

pytest_plugins = ["pytester"]

SUITE = """
import pytest

def test_passes():
    pass

@pytest.mark.xfail
def test_known_bug():
    assert False

@pytest.mark.skipif(True, reason="no such tool")
def test_marked():
    pass

def test_inside():
    pytest.skip("no such file")
"""
MODULE = "import pytest; pytest.importorskip('no_such_module')"


@pytest.fixture(params=[(), ("-n2",)], ids=["alone", "xdist"])
def arguments(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(Path(conftest.__file__).read_text(encoding="utf-8"))
    pytester.makepyfile(SUITE)
    return pytester


def test_skips_pass_elsewhere(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]):
    monkeypatch.delenv("CI", raising=False)
    run = suite.runpytest_subprocess(*arguments)
    run.assert_outcomes(passed=1, skipped=2, xfailed=1)
    assert run.ret == pytest.ExitCode.OK


def test_skips_fail_in_ci(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]):
    monkeypatch.setenv("CI", "true")
    run = suite.runpytest_subprocess(*arguments)
    run.assert_outcomes(passed=1, failed=1, errors=1, xfailed=1)
    run.stdout.fnmatch_lines(["unexpected skip in CI: no such file"])
    run.stdout.fnmatch_lines(["unexpected skip in CI: no such tool"])
    assert run.ret == pytest.ExitCode.TESTS_FAILED


def test_a_skipped_module_fails_in_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
):
    monkeypatch.setenv("CI", "true")
    suite.makepyfile(test_module=MODULE)
    run = suite.runpytest_subprocess(*arguments)
    run.stdout.fnmatch_lines(["unexpected skip in CI: could not import 'no_such_module'*"])
    assert run.ret != pytest.ExitCode.OK


def test_an_allowed_skip_passes_in_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
):
    monkeypatch.setenv("CI", "true")
    allowed = "\nALLOWED_SKIPS = frozenset({'no such tool', 'no such file'})\n"
    suite.makeconftest(Path(conftest.__file__).read_text(encoding="utf-8") + allowed)
    run = suite.runpytest_subprocess(*arguments)
    run.assert_outcomes(passed=1, skipped=2, xfailed=1)
    assert run.ret == pytest.ExitCode.OK
