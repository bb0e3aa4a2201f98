"""The command line around the pictures: help, catalogue, estimates, completion, the doctor, and where it is started."""

import os
import pty
import re
import subprocess
import sys
import time
from dataclasses import replace
from types import ModuleType
from typing import Any

import click
import pytest

from commanding import KEY, PROMPT, T2I, Run, alone, path_of, place, run, service, started
from platemark.emulator import running
from platemark.ir import Ir
from platemark.targets.python import options
from troubles import Emulator

__all__ = ["place", "run", "service"]  # fixtures


def commands(made: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    """All commands below a group, with their words."""
    found = [(path, made)]
    if isinstance(made, click.Group):
        context = click.Context(made)
        for name in made.list_commands(context):
            found += commands(made.get_command(context, name), (*path, name))
    return found


@pytest.fixture
def program(images: ModuleType) -> Any:
    from platemark_images._runtime.cli import app  # type: ignore[import-not-found]

    return app._program()


# ── Help ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_command_explains_itself(run: Run, program: Any):
    for words, command in commands(program):
        told = run(*words, "--help")
        assert told.code == 0
        assert f"Usage: {' '.join(['platemark-images', *words])}" in told.out
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[0] in told.out
                assert parameter.help, (words, parameter.opts)


def test_help_says_what_the_documents_say(ir: Ir, run: Run):
    told = re.sub(r"\s+", " ", run("generate", "--help").out)
    assert "wan2.2-t2i-flash, wan2.6-t2i Makes `n` pictures (4 when it is left out), and bills as many." in told
    assert "wan2.2-t2i-flash, wan2.6-t2i: Must be 1 to 4. Left out: 4." in told
    assert (
        "--seed N The same seed gives similar, not equal pictures. Must be 0 to 2147483647. Left out: random." in told
    )
    one = re.sub(r"\s+", " ", run("generate", "--model", "z-image-turbo", "--help").out)
    assert "512*512 (262,144 pixels) to 2048*2048" in one
    assert "--negative-prompt" not in one
    assert "wan2.6" not in one


def test_no_parameter_hides_an_option_and_no_mode_a_command(program: Any):
    from platemark_images._options import MODES  # type: ignore[import-not-found]
    from platemark_images._runtime.cli.asking import Parameter  # type: ignore[import-not-found]

    asking = [
        command for _, command in commands(program) if any(isinstance(each, Parameter) for each in command.params)
    ]
    own = {
        option.removeprefix("--").removeprefix("no-")
        for command in asking for each in command.params
        if isinstance(each, click.Option) and not isinstance(each, Parameter)
        for option in (*each.opts, *each.secondary_opts) if option.startswith("--")
    }  # fmt: skip
    assert len(asking) == len(MODES) + 1
    assert own | {"help"} == options.FLAGS
    assert {words[0] for words, _ in commands(program) if words} - {mode.command for mode in MODES} <= options.TAKEN


@pytest.mark.parametrize(
    ("wire", "kind", "flag"),
    [("negative_prompt", "text", "negative-prompt"), ("images", "images", "image"), ("out", "text", "out-value"),
     ("no_save", "boolean", "no-save-value"), ("stops", "text", "stops")],
    ids=lambda value: value,
)  # fmt: skip
def test_a_parameter_that_is_called_like_an_option_gets_another_name(wire: str, kind: str, flag: str):
    assert options._flag(wire, kind) == flag
    assert (options._command("batch"), options._command("virtual_try_on")) == ("batch-mode", "virtual-try-on")


def test_help_starts_without_what_only_requests_need(images: ModuleType):
    heavy = {"httpx2", "asyncio", "sqlite3", "platemark_images._runtime.client", "platemark_images._runtime.prepare"}
    before = f"import atexit; atexit.register(lambda: print([*({heavy!r} & {{*sys.modules}})], file=sys.stderr))"
    assert alone(images, "generate", "--help", before=before).err.strip() == "[]"


# ── Models and estimates ──────────────────────────────────────────────────────────────────────────────────────────


def test_models_are_listed_without_key_or_region(ir: Ir, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    monkeypatch.delenv("DASHSCOPE_BASE_URL")
    assert {each["model"] for each in run("models").data["models"]} == set(ir.models)
    only = run("models", "--provider", "vtrix").data["models"]
    assert {each["provider"] for each in only} == {"vtrix"}
    assert all(name in run("models", "--format", "text").out for name in ir.models)


def test_a_model_is_described(run: Run):
    told = run("models", "wan2.7-image-pro").data
    assert told["modes"]["sequence"] == ["sync", "task"]
    assert "Must be 1 to 12" in told["parameters"]["sequence"]["n"]
    assert {"USD", "CNY"} == {row["currency"] for row in told["prices"]}
    assert "edit by sync or task" in run("models", "wan2.7-image-pro", "--format", "text").out
    assert "wan2.7-image-pro" in run("models", "wan2.7-image-pr").error["message"]


def test_models_that_can_do_something_are_found(images: ModuleType, run: Run):
    with images.DashScope() as client:
        wanted = {each.model for each in client.models.supporting(images=3, n=6, negative_prompt=True)}
    told = run("models", "--supporting", "images=3", "n=6", "negative_prompt", "--provider", "dashscope").data
    assert {each["model"] for each in told["models"]} == wanted != set()
    assert run("models", "--supporting", "n=99", "--format", "text").out == "no model can do all of that\n"
    assert run("models", "--supporting").code == 2


def test_an_estimate_needs_neither_key_nor_region(run: Run, service: Emulator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    monkeypatch.delenv("DASHSCOPE_BASE_URL")
    every = run("estimate", PROMPT, "--model", "wan2.7-image", "--mode", "sequence").data
    assert every["estimate"]["pictures"] == 12
    assert every["estimate"]["at_most"] is True
    assert not every["estimate"]["region"]
    beijing = run("estimate", PROMPT, "--model", "wan2.7-image", "--n", "2", "--region", "cn-beijing").data["estimate"]
    assert beijing["region"] == "cn-beijing"
    assert [(float(cost["amount"]), cost["currency"]) for cost in beijing["costs"]] == [(0.4, "CNY")]
    assert (
        "at most 12 pictures"
        in run("estimate", PROMPT, "--model", "wan2.7-image", "--mode", "sequence", "--format", "text").out
    )
    assert service.log() == []


# ── The doctor ────────────────────────────────────────────────────────────────────────────────────────────────────


def checks(ran: Any) -> dict[str, Any]:
    return {check["name"]: check for check in ran.data["checks"]}


def test_all_is_well(run: Run, service: Emulator):
    done = run("doctor")
    assert (done.code, done.data["ok"]) == (0, True)
    assert {name: check["ok"] for name, check in checks(done).items()} == {
        "key": True, "region": None, "proxy": None, "host": True, "connection": True, "clock": True,
        "key and region": True,
    }  # fmt: skip
    assert [(entry["method"], entry["path"]) for entry in service.log()] == [
        ("GET", "/api/v1/tasks/00000000-0000-0000-0000-000000000000")
    ]


def test_a_missing_key_and_one_of_another_product_are_told_apart(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-sp-test-0123456789")
    plan = run("doctor")
    assert plan.code == 4
    assert "sk-sp-" in checks(plan)["key"]["message"]
    assert "0123456789" not in plan.out
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    missing = run("doctor")
    assert missing.code == 4
    assert "DASHSCOPE_API_KEY is not set" in checks(missing)["key"]["message"]
    assert checks(missing)["connection"]["ok"] is True


def test_a_refused_key_is_looked_for_in_other_regions_when_that_is_wanted(
    ir: Ir, images: ModuleType, run: Run, service: Emulator, monkeypatch: pytest.MonkeyPatch
):
    from platemark_images._runtime.ir import Region  # type: ignore[import-not-found]
    from platemark_images.dashscope import _provider  # type: ignore[import-not-found]

    monkeypatch.delenv("DASHSCOPE_BASE_URL")
    service.script({"fault": {"code": "InvalidApiKey"}})
    with running(ir, pace=0) as other:
        hosts = [url.removeprefix("http://") for url in (service.url, other.url)]
        places = tuple(Region(name, "", host) for name, host in zip(("here", "there"), hosts, strict=True))
        moved = replace(_provider.PROVIDER, hosts={"region": "http://{host}/api/v1"}, regions=places)
        monkeypatch.setattr(_provider, "PROVIDER", moved)
        monkeypatch.setattr(images.DashScope, "_provider", moved)
        refused = run("doctor", "--region", "here")
        assert refused.code == 4
        assert "key and region must match" in checks(refused)["key and region"]["message"]
        assert "--try-regions" in checks(refused)["key and region"]["hint"]
        assert "--region there" in checks(run("doctor", "--region", "here", "--try-regions"))["key and region"]["hint"]


def test_nothing_that_answers_and_no_region_are_told(run: Run, monkeypatch: pytest.MonkeyPatch):
    silent = run("doctor", "--base-url", "http://127.0.0.1:9")
    assert (silent.code, checks(silent)["connection"]["ok"]) == (5, False)
    nowhere = run("doctor", "--base-url", "http://no-such-host.invalid")
    assert (nowhere.code, checks(nowhere)["host"]["ok"]) == (5, False)
    monkeypatch.delenv("DASHSCOPE_BASE_URL")
    unsaid = run("doctor")
    assert (unsaid.code, checks(unsaid)["settings"]["ok"]) == (2, False)
    assert "DASHSCOPE_REGION" in checks(unsaid)["settings"]["hint"]


def test_a_proxy_is_named_without_its_password(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    done = run("doctor")
    assert done.code == 5
    assert "http://127.0.0.1:9" in checks(done)["proxy"]["message"]
    assert "secret" not in done.out


def test_a_wrong_clock_is_told(run: Run, monkeypatch: pytest.MonkeyPatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7200)
    done = run("doctor", "--format", "text")
    assert done.code == 1
    assert re.search(r"WRONG  clock +7,[12]\d\d s fast", done.out)


# ── Where it runs ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_the_extra_it_says_how_to_get_it(images: ModuleType):
    done = alone(images, "--help", before="sys.modules['click'] = None")
    assert (done.code, done.out) == (2, "")
    assert done.err == 'platemark-images needs its extra `cli`: pip install "platemark-images[cli]"\n'


@pytest.mark.parametrize(("extra", "styled"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["color", "no color"])
def test_a_terminal_gets_tables_and_color_unless_it_wants_none(images: ModuleType, extra: dict[str, str], styled: bool):
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with started(images, "models", "--provider", "vtrix", stdout=theirs, env={**environment, **extra}) as process:
        assert process.wait(60) == 0
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    assert "qwen_image_edit_plus" in said
    assert not said.startswith("{")
    assert ("\x1b[" in said) is styled


def test_a_reader_that_has_seen_enough_is_no_failure(images: ModuleType):
    with started(images, "models") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert (process.wait(60), process.stderr.read()) == (0, "")


def test_an_error_of_the_program_is_words_too(run: Run, monkeypatch: pytest.MonkeyPatch):
    from platemark_images._runtime.client import Base  # type: ignore[import-not-found]

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"a wheel came off, and {KEY} was in it")

    monkeypatch.setattr(Base, "prepared", broken)
    done = run(*T2I)
    assert (done.code, done.error["code"]) == (1, "unexpected")
    assert "a wheel came off" in done.error["message"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_shells_are_taught_to_complete(run: Run, shell: str):
    script = run("completion", shell).out
    assert "_PLATEMARK_IMAGES_COMPLETE" in script
    assert run("completion", shell, "--format", "json").data["script"].strip() == script.strip()
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_models_and_options_are_completed(images: ModuleType):
    def completed(words: str, count: int) -> set[str]:
        asked = {"_PLATEMARK_IMAGES_COMPLETE": "zsh_complete", "COMP_WORDS": words, "COMP_CWORD": str(count)}
        lines = alone(images, env={**os.environ, **asked}).out.splitlines()
        return set(lines[1::3])

    assert completed("platemark-images generate --model wan2.6", 3) == {"wan2.6-t2i"}
    assert completed("platemark-images interleave --max", 2) >= {"--max-images", "--max-cost"}
    assert {"generate", "edit", "interleave", "sequence", "task", "doctor"} <= completed("platemark-images ", 1)


def test_the_version_is_told(run: Run, images: ModuleType):
    assert run("--version", "--format", "text").out.startswith(f"platemark-images {images.__version__}, of specs of ")
    told = vars(images.__spec__)
    named = ("version", "date", "digest", "generator")
    assert run("--version").data == {"schema_version": 1, **{name: told[name] for name in named}}


def test_the_distribution_names_the_command_and_its_extra(emitted_python: dict[str, str]):
    import tomllib

    project = tomllib.loads(emitted_python["pyproject.toml"])["project"]
    assert project["scripts"] == {"platemark-images": "platemark_images._runtime.cli:main"}
    assert [re.split(r"[^a-z]", each)[0] for each in project["optional-dependencies"]["cli"]] == ["click"]
    assert not any(each.startswith("click") for each in project["dependencies"])


def test_a_key_with_a_line_break_is_told_as_such(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", f"{KEY}\n")
    done = run("doctor")
    assert (done.code, list(checks(done))) == (4, ["key"])
    assert "no line break" in checks(done)["key"]["hint"]
    refused = run("task", "list")
    assert (refused.code, refused.error["code"]) == (4, "bad_key")
    monkeypatch.setenv("DASHSCOPE_BASE_URL", "nowhere")  # the address is wrong, too, and nothing hides it
    assert run("doctor").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("task", "get", ""), "is not the id of a task"),
        (("task", "wait", ""), "is not the id of a task"),
        (("task", "cancel", ".."), "is not the id of a task"),
        (("task", "list", "--since", "999999d"), "is no moment"),
        (("task", "list", "--since", "0001-01-01T00:00"), "is no moment"),
        (("task", "list", "--timeout", "1e400"), "timeout must be a number of seconds"),
        (("task", "list", "--base-url", "http://["), "http(s) address"),
        ((*T2I, "--extra-parameter", "x=" + "[" * 100_000), "takes JSON"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_a_person_got_wrong_is_no_error_of_the_program(run: Run, arguments: tuple[str, ...], said: str):
    done = run(*arguments)
    assert (done.code, done.error["code"] in {"usage", "configuration_error"}) == (2, True)
    assert said in done.error["message"]


@pytest.mark.parametrize(("proxy", "code"), [("http://[", 5), ("http://127.0.0.1:port", 2), ("ftp://127.0.0.1:9", 2)])
def test_a_proxy_that_is_no_address_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, proxy: str, code: int):
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert run("doctor").code == 2
    assert run("task", "list").code == code


def test_the_package_runs_as_the_command_does(images: ModuleType):
    done = subprocess.run(
        [sys.executable, "-m", "platemark_images", "--version"],
        cwd=path_of(images),
        capture_output=True,
        text=True,
        check=True,
    )
    assert images.__version__ in done.stdout
