"""Pytest fixtures: an emulator of one's own for each test, and its clock.

Pytest loads this module wherever platemark is installed: it imports nothing heavy before a fixture is used.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from httpx2 import ASGITransport
    from starlette.applications import Starlette

    from platemark.emulator import Clock
    from platemark.ir import Ir
    from platemark.testing.suites import Specs

_START = 1_800_000_000.0
"""When tests begin, in seconds since 1970: the same moment at every run."""
_SECONDS = 30


class Emulated:
    """An emulator of all services of some specs, over HTTP and in process. Its time stands still until `clock` is
    advanced, so tasks move on when they are asked for."""

    def __init__(self, specs: Ir, clock: Clock) -> None:
        from platemark.emulator import create_app

        self.clock = clock
        self.app: Starlette = create_app(specs, control=True, clock=clock)
        """The ASGI application."""
        self._open = ExitStack()

    @cached_property
    def url(self) -> str:
        """Its address on a free port of this machine, without a slash at the end. It listens from the first use on."""
        from platemark.emulator import running_app

        return self._open.enter_context(running_app(self.app)).url

    @property
    def transport(self) -> ASGITransport:
        """For `httpx2.AsyncClient(transport=…)`: requests reach the application without a socket."""
        try:
            from httpx2 import ASGITransport
        except ModuleNotFoundError:
            pytest.fail("emulator.transport needs httpx2: pip install httpx2", pytrace=False)
        return ASGITransport(app=self.app)

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        """What came in and what became of it: the entries with numbers above `after`, the oldest first."""
        return self._control("GET", f"log?after={after}")["entries"]

    def faults(self, script: Any = None) -> list[Any]:
        """The script of faults that is at work; with `script`, a new one, as `platemark schema faults` says.

        Raises ValueError, with all that is wrong, for a script that is none."""
        found = self._control("GET", "faults") if script is None else self._control("POST", "faults", script)
        return found["faults"]

    def reset(self) -> None:
        """Forget tasks, pictures, log and faults; the clock stays where it is."""
        self._control("POST", "reset")

    def close(self) -> None:
        """Stop listening."""
        self._open.close()

    def _control(self, method: str, what: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_control/{what}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with urlopen(request, timeout=_SECONDS) as answer:
                return json.load(answer)
        except HTTPError as refused:
            raise ValueError(refused.read().decode()) from None


@pytest.fixture(scope="session")
def platemark_specs() -> Specs:
    """The specs that emulators are driven by: resolved ones, a folder, or None for platemark's own. Override it."""
    return None


@pytest.fixture(scope="session")
def platemark_ir(platemark_specs: Specs) -> Ir:
    """Those specs, resolved once."""
    from platemark import load, resolve
    from platemark.ir import Ir

    return platemark_specs if isinstance(platemark_specs, Ir) else resolve(load(platemark_specs))


@pytest.fixture
def platemark_clock() -> Clock:
    """The time of this test's emulator, which stands still until it is advanced."""
    _require_emulator()
    from platemark.emulator import Clock

    return Clock(lambda: _START)


@pytest.fixture
def platemark_emulator(platemark_ir: Ir, platemark_clock: Clock) -> Generator[Emulated]:
    """An emulator that belongs to this test."""
    found = Emulated(platemark_ir, platemark_clock)
    yield found
    found.close()


@pytest.fixture
def emulator(platemark_emulator: Emulated) -> Emulated:
    """Short for `platemark_emulator`, unless a conftest has another one."""
    return platemark_emulator


@pytest.fixture
def clock(platemark_clock: Clock) -> Clock:
    """Short for `platemark_clock`, unless a conftest has another one."""
    return platemark_clock


def _require_emulator() -> None:
    try:
        import platemark.emulator  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ModuleNotFoundError as error:
        pytest.fail(f'the emulator needs {error.name}: pip install "platemark[emulator]"', pytrace=False)
