"""Running the emitted command line, in this process or in one of its own, against an emulator under control."""

import base64
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from emulation import data_uri
from platemark.emulator import running
from platemark.ir import Ir
from troubles import Emulator

KEY = "sk-test-lantern-0123456789"
PROMPT = "A paper lantern that says 'Open late'"
T2I = ("generate", PROMPT, "--model", "wan2.6-t2i")
FAST = ("--poll-interval", "0.01")


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)["error"]


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def service(ir: Ir) -> Iterator[Emulator]:
    with running(ir, pace=0, control=True) as server, httpx2.Client(base_url=server.url, timeout=30) as client:
        yield Emulator(server.url, client)


@pytest.fixture(autouse=True)
def place(service: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder, an environment with a key and the emulator's address, and an emulator without faults."""
    for name in [name for name in os.environ if name.startswith(("DASHSCOPE_", "VTRIX_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("DASHSCOPE_BASE_URL", service.url)
    monkeypatch.chdir(tmp_path)
    service.client.post("/_control/reset")
    yield
    service.client.delete("/_control/faults")


@pytest.fixture
def run(images: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process. Whatever it says, it says no key and no picture."""
    from platemark_images._runtime import pace  # type: ignore[import-not-found]
    from platemark_images._runtime.cli import app  # type: ignore[import-not-found]

    monkeypatch.setattr(pace, "FIRST", 0.001)

    def call(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = app.run(arguments)
        said = capsys.readouterr()
        for text in (said.out, said.err):
            assert KEY not in text
            assert not re.search(r"base64,[A-Za-z0-9+/]{8}", text)
            assert "Traceback" not in text
        return Ran(code, said.out, said.err)

    return call


def path_of(images: ModuleType) -> str:
    return str(Path(str(images.__file__)).parents[1])


def started(images: ModuleType, *arguments: str, before: str = "", **options: Any) -> subprocess.Popen[str]:
    """The same as a process of its own."""
    begin = f"import sys; sys.path.insert(0, {path_of(images)!r})"
    code = f"{begin}\n{before}\nfrom platemark_images._runtime.cli import main; main()"
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], **given)


def alone(images: ModuleType, *arguments: str, before: str = "", **options: Any) -> Ran:
    with started(images, *arguments, before=before, **options) as process:
        out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    made = tmp_path / "in.png"
    made.write_bytes(base64.b64decode(data_uri(512, 512).partition(",")[2]))
    return made
