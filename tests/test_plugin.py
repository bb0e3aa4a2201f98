"""The pytest plugin, as somebody else's tests use it."""

import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from platemark.emulator import Clock
from platemark.testing.plugin import Emulated

MODEL = "wan2.2-t2i-flash"
PATH = "/api/v1/services/aigc/text2image/image-synthesis"
HEADERS = {"Authorization": "Bearer sk-test-plugin", "X-DashScope-Async": "enable"}
BODY = {"model": MODEL, "input": {"prompt": "lantern"}}


def state(emulator: Emulated, task_id: str) -> str:
    answer = httpx2.get(f"{emulator.url}/api/v1/tasks/{task_id}", headers=HEADERS)
    return answer.json()["output"]["task_status"]


def test_it_answers_over_http(emulator: Emulated):
    made = httpx2.post(emulator.url + PATH, json=BODY, headers=HEADERS)
    assert made.status_code == 200
    assert [entry["model"] for entry in emulator.log() if entry["path"] == PATH] == [MODEL]


def test_each_test_has_one_of_its_own(emulator: Emulated):
    assert emulator.log() == []


def test_time_stands_still_until_it_is_advanced(emulator: Emulated, clock: Clock):
    assert emulator.clock is clock
    task_id = httpx2.post(emulator.url + PATH, json=BODY, headers=HEADERS).json()["output"]["task_id"]
    assert state(emulator, task_id) == "PENDING"
    clock.advance(60)
    assert state(emulator, task_id) == "SUCCEEDED"
    clock.advance(24 * 3600)
    assert state(emulator, task_id) == "UNKNOWN"


def test_it_fails_on_demand(emulator: Emulated):
    assert emulator.faults([{"fault": {"status": 503}}]) == emulator.faults() != []
    assert httpx2.post(emulator.url + PATH, json=BODY, headers=HEADERS).status_code == 503
    emulator.reset()
    assert (emulator.faults(), emulator.log()) == ([], [])


def test_a_script_of_faults_that_is_none_is_explained(emulator: Emulated):
    with pytest.raises(ValueError, match="statuss"):
        emulator.faults([{"fault": {"statuss": 503}}])


def test_it_answers_in_process_too(emulator: Emulated):
    import asyncio

    async def ask() -> int:
        async with httpx2.AsyncClient(transport=emulator.transport, base_url="http://emulator") as client:
            return (await client.post(PATH, json=BODY, headers=HEADERS)).status_code

    assert asyncio.run(ask()) == 200


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_pytest_loads_nothing_heavy_with_it():
    heavy = {"hypothesis", "starlette", "yaml", "jsonschema", "platemark.api"}
    code = f"import sys, platemark.testing.plugin as p; print(sorted({heavy!r} & sys.modules.keys()))"
    assert run(code) == "[]\n"


WITHOUT = '''
import sys
import pytest

@pytest.fixture(scope="session", autouse=True)
def bare():
    """As where no extra is installed."""
    sys.modules["starlette"] = None

def test_it(emulator):
    pass
'''


def test_a_missing_extra_is_named(tmp_path: Path):
    (tmp_path / "test_it.py").write_text(WITHOUT, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "platemark.testing.plugin", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert found.returncode == 1
    assert 'pip install "platemark[emulator]"' in found.stdout


def test_hypothesis_is_named_where_it_is_missing():
    code = "import sys; sys.modules['hypothesis'] = None\nfrom platemark import testing\n"
    code += "try: testing.valid_requests\nexcept ModuleNotFoundError as error: print(error)"
    assert run(code) == 'platemark.testing.valid_requests needs Hypothesis: pip install "platemark[testing]"\n'


def test_an_unknown_name_is_no_name():
    from platemark import testing

    with pytest.raises(AttributeError, match="no attribute 'valid_request'"):
        _ = testing.valid_request  # pyright: ignore[reportAttributeAccessIssue]
