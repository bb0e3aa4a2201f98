"""Options that all commands share, and the client that they make."""

from __future__ import annotations

import importlib
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from platemark_images._catalog import MODELS
from platemark_images._options import PROVIDERS
from platemark_images._runtime.cli.failures import BadKey, NoKey
from platemark_images._runtime.cli.voice import PROGRAM, Voice
from platemark_images._runtime.errors import ConfigurationError
from platemark_images._runtime.settings import OPTIONS, Settings

if TYPE_CHECKING:
    from platemark_images._runtime.client import Client
    from platemark_images._runtime.ir import Provider

_USUAL = Settings()


class Pair(click.ParamType[tuple[str, str]]):
    """`NAME=VALUE`, or with another sign between."""

    name = "pair"

    def __init__(self, sign: str) -> None:
        self._sign = sign

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The two parts."""
        name, sign, rest = str(value).partition(self._sign)
        if not sign or not name.strip():
            self.fail(f"{value!r} is not NAME{self._sign}VALUE", param, ctx)
        return name.strip(), rest.strip()


def form() -> list[click.Parameter]:
    """How to answer; every command has these."""
    return [
        click.Option(["--format"], type=click.Choice(["text", "json"]), expose_value=False,
                     help="How to answer.  [text on a terminal, json in a pipe]"),
        click.Option(["--verbose", "-v"], is_flag=True, expose_value=False, help="Tell of attempts and waits, too."),
    ]  # fmt: skip


def connection() -> list[click.Parameter]:
    """Which service, where, and as whom."""
    return [
        click.Option(["--provider"], type=click.Choice(list(PROVIDERS)),
                     help=f"The service.  [that of the model; without one {next(iter(PROVIDERS))}]"),
        click.Option(["--region"], help="Where the service runs; the key must be of the same region."),
        click.Option(["--base-url"], metavar="URL", help="An address to ask in place of a region's."),
        click.Option(["--workspace"], metavar="ID", help="A workspace, where the service has them."),
        click.Option(["--api-key-env"], metavar="NAME", help="The variable that holds the key.  [that of the service]"),
        click.Option(["--api-key"], metavar="KEY", hidden=True),
        click.Option(["--timeout"], type=float, metavar="SECONDS", help=f"For an answer.  [{_USUAL.timeout:g}]"),
        click.Option(["--max-retries"], type=int, metavar="N",
                     help="How often a request is sent again that surely was not accepted, or that only asks.  "
                          f"[{_USUAL.max_retries}]"),
        click.Option(["--extra-header"], type=Pair(":"), multiple=True, metavar="NAME:VALUE", help="May be repeated."),
    ]  # fmt: skip


def pacing() -> list[click.Parameter]:
    """How long to wait for a task."""
    return [
        click.Option(["--task-timeout"], type=float, metavar="SECONDS",
                     help=f"For a task to be done; it goes on after that.  [{_USUAL.task_timeout:g}]"),
        click.Option(["--poll-interval"], type=float, metavar="SECONDS",
                     help=f"Before the first question about a task; then longer and longer.  [{_USUAL.poll_interval:g}]"),
    ]  # fmt: skip


def waiting() -> list[click.Parameter]:
    """How long to wait for a task, and where its pictures go."""
    return [
        *pacing(),
        click.Option(["--out"], default=".", type=click.Path(file_okay=False), metavar="DIR", show_default=True,
                     help="Where pictures are saved, and the Markdown file of an illustrated text."),
        click.Option(["--save/--no-save"], default=True, help="Whether to download at all: addresses end after a time."),
    ]  # fmt: skip


def policy() -> list[click.Parameter]:
    """What becomes of a request that breaks rules or costs much."""
    return [
        click.Option(["--validate"], type=click.Choice(["strict", "warn", "off"]),
                     help=f"What a broken rule does.  [{_USUAL.validate}]"),
        click.Option(["--ignore"], multiple=True, metavar="RULE", help="A rule that may be broken; may be repeated."),
        click.Option(["--strict-text"], is_flag=True, default=None, help="Refuse a text that the service would cut."),
        click.Option(["--max-cost"], metavar="SUM", help='Refuse what could cost more, such as "2.00 CNY".'),
        click.Option(["--extra-parameter"], type=Pair("="), multiple=True, metavar="NAME=JSON",
                     help="A parameter that no document knows; may be repeated."),
    ]  # fmt: skip


def provider_of(given: Mapping[str, Any]) -> str:
    """The service: the one that is named, or that of the model or of its family, or the first."""
    if given.get("provider"):
        return given["provider"]
    for name in (given.get("model"), given.get("family")):
        if name in MODELS:
            module = MODELS[name].rpartition(".")[0]
            return next(id for id, place in PROVIDERS.items() if place.module == module)
    if (like := given.get("family")) and given.get("model"):
        return next((id for id in PROVIDERS if _has_family(id, like)), next(iter(PROVIDERS)))
    if (model := given.get("model")) is not None and not given.get("family"):
        from platemark_images._runtime.service import unknown

        error = unknown("model", model, MODELS)
        raise click.UsageError(f"{error}; for a snapshot that is newer than this client, give --family too")
    return next(iter(PROVIDERS))


def provider(name: str) -> Provider:
    """What is known of a service."""
    return importlib.import_module(f"{PROVIDERS[name].module}._provider").PROVIDER


def client(voice: Voice, given: Mapping[str, Any]) -> Client:
    """A client of the service that is meant. Nothing is connected yet."""
    place = PROVIDERS[provider_of(given)]
    options = {name: value for name, value in given.items() if name in OPTIONS and value not in (None, ())}
    options |= {"extra_headers": dict(given["extra_header"])} if given.get("extra_header") else {}
    if given.get("extra_parameter"):
        options["extra_parameters"] = {name: parsed(text, name) for name, text in given["extra_parameter"]}

    def make(key: str | None) -> Client:
        kind = getattr(importlib.import_module(place.module), place.client)
        return kind(key, given.get("region"), given.get("base_url"), given.get("workspace"), **options)

    try:
        made = make(_key(voice, given))
    except NoKey:
        raise
    except ConfigurationError as error:
        make("")  # without a key it goes wrong too, unless the key is what is wrong
        raise BadKey(str(error)) from None
    if made.service.key:
        voice.secrets.add(made.service.key)
    return made


def require_key(used: Client, given: Mapping[str, Any]) -> None:
    """Refuse to go on without a key, before anything is sent."""
    if not used.service.key:
        raise NoKey(f"no key: set {used.service.provider.env}, or name another variable by --api-key-env")


def parsed(text: str, what: str) -> Any:
    """JSON from the command line, or from a file by `@file`."""
    source = read(text)
    try:
        return json.loads(source)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{what} takes JSON, and this is none: {error}") from None


def read(text: str) -> str:
    """A text; `@file` stands for a file's, `-` for standard input's, and `@@…` for a text that begins with `@`.

    The line break at the end of a file is no part of the text."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise click.UsageError("an argument holds bytes that are no UTF-8 text")
    if text.startswith("@@"):
        return text[1:]
    if text != "-" and not text.startswith("@"):
        return text
    try:
        with click.open_file("-" if text == "-" else text[1:], encoding="utf-8") as file:
            return file.read().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise click.UsageError(f"{text[1:] or text}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{text.removeprefix('@')} holds bytes that are no UTF-8 text") from None


def again(given: Mapping[str, Any], *words: str) -> str:
    """A command that comes back to the same service, with what was given by hand."""
    kept = ("provider", "region", "base_url", "workspace", "api_key_env")
    named = [part for name in kept if given.get(name) for part in (f"--{name.replace('_', '-')}", str(given[name]))]
    if not given.get("provider") and provider_of(given) != next(iter(PROVIDERS)):
        named += ["--provider", provider_of(given)]
    return shlex.join([PROGRAM, *words, *named])


def flags(given: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Some options as they were given, for a command to come back with."""
    return [part for name in names if given.get(name) for part in (f"--{name}", str(given[name]))]


def _key(voice: Voice, given: Mapping[str, Any]) -> str | None:
    if given.get("api_key"):
        voice.secrets.add(given["api_key"])
        voice.note("a key on the command line stands in the list of processes and in the shell's history; "
                   "put it into a variable, which --api-key-env can name")  # fmt: skip
        return given["api_key"]
    name = given.get("api_key_env")
    if name and not os.environ.get(name):
        raise NoKey(f"--api-key-env: the variable {name} is not set")
    return os.environ[name] if name else None


def _has_family(name: str, like: str) -> bool:
    from platemark_images._runtime.service import family

    found = provider(name)
    return any(family(found, model).name == like for model in found.models)
