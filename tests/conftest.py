"""What every run of the tests shares: in CI a skipped test has failed, and Hypothesis repeats itself."""

import importlib
import os
import sys
from collections.abc import Generator, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from httpx2 import Client

    from platemark.ir import Ir
    from troubles import Emulator, Side

pytest_plugins = ("platemark.testing.plugin",)  # loaded already where platemark is installed, and not only on the path

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


@pytest.fixture(scope="session")
def platemark_specs(ir: "Ir") -> "Ir":
    """What the plugin's emulators are driven by."""
    return ir


@pytest.fixture(scope="session")
def emitted_python(ir: "Ir") -> dict[str, str]:
    """The Python client's files, by path below its own folder."""
    from platemark import targets

    return {path.removeprefix("python/"): text for path, text in targets.emit("python", ir).items()}


@pytest.fixture(scope="session")
def images(emitted_python: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The emitted package `platemark_images`, imported from a scratch folder."""
    root = tmp_path_factory.mktemp("client")
    for name, text in emitted_python.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(root / "src"))
    return importlib.import_module("platemark_images")


@pytest.fixture(scope="session")
def api(ir: "Ir") -> Iterator["Client"]:
    """A client of an emulator in which only questions move tasks on."""
    from httpx2 import Client

    from platemark.emulator import running

    with running(ir, pace=0) as server, Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def controlled(ir: "Ir") -> Iterator["Emulator"]:
    """An emulator that can be told what to do wrong; whoever uses it clears it."""
    from httpx2 import Client

    from platemark.emulator import running
    from troubles import Emulator

    with running(ir, pace=0, control=True) as server, Client(base_url=server.url, timeout=30) as client:
        yield Emulator(server.url, client)


@pytest.fixture(params=("sync", "async"))
def side(
    request: pytest.FixtureRequest, images: ModuleType, controlled: "Emulator", monkeypatch: pytest.MonkeyPatch
) -> Iterator["Side"]:
    """The client that blocks, and then the one that awaits; neither waits for long before it asks again."""
    from platemark_images._runtime import pace
    from troubles import Side

    monkeypatch.setattr(pace, "FIRST", 0.001)
    monkeypatch.setattr(pace, "MOST", 0.01)
    controlled.client.post("/_control/reset")
    yield Side(images, request.param, controlled)
    controlled.client.delete("/_control/faults")


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
