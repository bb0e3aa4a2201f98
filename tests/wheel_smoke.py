"""What a user does first, with nothing but the two wheels: list, validate, serve, and one picture.

`nox -s wheel` runs this by the Python of an empty environment, in an empty folder; pytest does not collect it.
"""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import platemark
import platemark_images

MODEL = "wan2.6-t2i"
SIZE = (1280, 1280)
BODY = {
    "model": MODEL,
    "input": {"messages": [{"role": "user", "content": [{"text": "A paper lantern on a wet street"}]}]},
    "parameters": {"size": "1280*1280", "n": 1},
}
# The wheel's own specs are to be found, and no key of the caller's is to be used.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("PLATEMARK_", "DASHSCOPE_", "PYTHON"))
}
SECONDS = 60


def command() -> str:
    """The console script of this very environment."""
    found = shutil.which("platemark", path=Path(sys.executable).parent)
    assert found, "the wheel installed no `platemark` command"
    return found


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command(), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=ENVIRONMENT,
        timeout=SECONDS,
        check=False,
    )


def check_from_wheels() -> None:
    for package in (platemark, platemark_images):
        where = Path(str(package.__file__)).resolve()
        assert where.is_relative_to(Path(sys.prefix).resolve()), f"{package.__name__} is imported from {where}"
    assert not any(Path.cwd().iterdir()), "this folder is meant to be empty"


def check_list() -> None:
    done = run("list")
    assert done.returncode == 0, done.stderr
    assert MODEL in done.stdout, done.stdout


def check_validate() -> None:
    good = run("validate", MODEL, "-", stdin=json.dumps(BODY))
    assert good.returncode == 0, good.stdout + good.stderr
    wrong = run("validate", MODEL, "-", stdin=json.dumps(BODY | {"parameters": {"n": 99}}))
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    assert "n.range" in wrong.stdout, wrong.stdout


@contextmanager
def served() -> Iterator[str]:
    """The address of an emulator that runs meanwhile."""
    with subprocess.Popen(
        [command(), "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, encoding="utf-8", env=ENVIRONMENT
    ) as server:
        assert server.stdout
        late = Timer(SECONDS, server.kill)
        late.start()
        try:
            line = server.stdout.readline()
            address = re.search(r"http://\S+", line)
            assert address, f"serve's first line names no address: {line!r}"
            yield address[0].rstrip("/.,")
        finally:
            late.cancel()
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()


def check_a_picture() -> None:
    with served() as address:
        client = platemark_images.DashScope(base_url=address, api_key="sk-test-wheel")
        result = client.wan2_6_t2i.text_to_image(prompt="A paper lantern on a wet street", size="1280*1280", n=1)
        result.save("out/")
    (picture,) = Path("out").glob("*.png")
    header = picture.read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n\x1a\n"), header
    assert struct.unpack(">II", header[16:24]) == SIZE, header


def main() -> None:
    for step in (check_from_wheels, check_list, check_validate, check_a_picture):
        step()
        print(f"{step.__name__}: ok", flush=True)


if __name__ == "__main__":
    main()
