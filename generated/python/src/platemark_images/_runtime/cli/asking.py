"""Parameters of the service as options, with what the documents say of them as help; and their values."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from platemark_images._catalog import MODELS
from platemark_images._options import MODES
from platemark_images._runtime.cli.connecting import connection, form, parsed, policy, read
from platemark_images._runtime.cli.options import Flag, Mode, merged, of

_PROMPT = "prompt"
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "integer": {"type": int, "metavar": "N"},
    "images": {"multiple": True, "metavar": "PICTURE"},
    "size": {"metavar": "SIZE"},
    "json": {"metavar": "JSON"},
}
_TAKES = {
    "images": "May be repeated: an address, or the path of a file, which is sent within the request (--upload: into the "
              "service's temporary storage first).",
    "size": "`W*H`, `WxH`, or a ratio such as 16:9 for the recommended size nearest to it.",
    "json": "@FILE reads it from a file.",
    "text": "@FILE reads it from a file, - from standard input.",
}  # fmt: skip
_MOST = 420
"""Letters that an option's limits may take where they differ by model; more are told for one model at a time."""


class Command(click.Command):
    """A command whose help is about one model, where `--model` names it."""

    mode: Mode | None = None
    _model: str | None = None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        pairs = [*itertools.pairwise(args), *(each.split("=", 1) for each in args if "=" in each)]
        named = [pair[1] for pair in pairs if pair[0] == "--model"]
        self._model = named[-1] if named and named[-1] in MODELS else None
        return super().parse_args(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        kept = self.params
        try:
            self.params = [shown for each in kept if (shown := _about(each, self._model)) is not None]
            return super().get_help(ctx)
        finally:
            self.params = kept

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The service's parameters first, each with its limits; then the program's own options."""
        shown = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        ours = [each for each in shown if not isinstance(each, Parameter)]
        for title, options in (("Parameters", [each for each in shown if each not in ours]), ("Options", ours)):
            with formatter.section(title):
                formatter.write_dl([record for each in options if (record := each.get_help_record(ctx))])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.mode is not None:
            with formatter.section("Models"):
                for text, models in of(self.mode.makes, self._model):
                    names = ", ".join([self._model] if self._model else models)
                    formatter.write(_filled(names, formatter, 0))
                    formatter.write(_filled(text, formatter, 2))
        super().format_epilog(ctx, formatter)


class Parameter(click.Option):
    """A parameter of the service."""

    def __init__(self, flag: Flag) -> None:
        names = [
            f"--{flag.flag}/--no-{flag.flag}" if flag.kind == "boolean" else f"--{flag.flag}",
            f"value_{flag.name}",
        ]
        more = {"default": None} if flag.kind == "boolean" else _KINDS.get(flag.kind, {})
        super().__init__(names, help=flag.purpose(None), **more)
        self.flag = flag


def request(mode: Mode | None, own: Iterable[click.Parameter] = ()) -> list[click.Parameter]:
    """What a request is made of: the model, its parameters, and what may become of it; `own` are a command's own."""
    shown = MODES if mode is None else (mode,)
    known = tuple(dict.fromkeys(name for each in shown for name in each.models))
    taken = merged(MODES) if mode is None else mode.flags

    def complete(_context: click.Context, _parameter: click.Parameter, start: str) -> list[str]:
        return [name for name in known if name.startswith(start)]

    prompt = [click.Argument(["text"], metavar="[PROMPT]", required=False, help=f"The same as --{_PROMPT}.")]
    return [
        *(prompt if any(flag.flag == _PROMPT for flag in taken) else []),
        click.Option(["--model"], required=True, metavar="MODEL", shell_complete=complete,
                     help="Who makes it; with --help: what this one takes."),
        click.Option(["--family"], metavar="NAME", help="Whose rules hold, for a model that is newer than this client: a "
                                                        "family's name or a model's."),
        *(Parameter(flag) for flag in taken),
        click.Option(["--envelope"], metavar="NAME", help="The style of the body, where the service takes several."),
        *own, *policy(), *connection(), *form(),
    ]  # fmt: skip


def values(given: Mapping[str, Any], taken: Iterable[Flag]) -> dict[str, object]:
    """The parameters that were given, by the names that the client knows; files as paths."""
    found: dict[str, object] = {}
    if given.get("text") is not None and given.get(f"value_{_PROMPT}") is not None:
        raise click.UsageError(f"the prompt is there twice: as PROMPT and as --{_PROMPT}")
    for flag in taken:
        value = given.get(f"value_{flag.name}")
        if flag.flag == _PROMPT and value is None:
            value = given.get("text")
        if value is not None and value != ():
            found[flag.name] = _value(flag, value)
    return found


def _value(flag: Flag, value: Any) -> object:
    match flag.kind:
        case "images":
            return [_picture(each) for each in value]
        case "text":
            return read(value)
        case "json":
            return parsed(value, f"--{flag.flag}")
        case "any":
            try:
                return parsed(value, f"--{flag.flag}")
            except click.UsageError:
                return value
        case _:
            return value


def _picture(text: str) -> str | Path:
    """A file that is there is a path; all else must be an address, which the rules judge."""
    if "://" in text or text.startswith("data:"):
        return text
    path = Path(text)
    if path.is_file():
        return path
    raise click.UsageError(f"{text!r} is neither a file that is there nor an address")


# ── Help ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _filled(text: str, formatter: click.HelpFormatter, indent: int) -> str:
    """Lines in which no model's name is broken at a hyphen."""
    space = " " * (formatter.current_indent + indent)
    return (
        textwrap.fill(text, formatter.width, initial_indent=space, subsequent_indent=space, break_on_hyphens=False)
        + "\n"
    )


def _about(parameter: click.Parameter, model: str | None) -> click.Parameter | None:
    """A parameter with its limits as help; None where the model does not take it."""
    if not isinstance(parameter, Parameter):
        return parameter
    flag = parameter.flag
    if model and flag.limits and model not in flag.models:
        return None
    shown = Parameter(flag)
    shown.help = " ".join(filter(None, [flag.purpose(model), _TAKES.get(flag.kind, ""), _limits(flag, model)]))
    return shown


def _limits(flag: Flag, model: str | None) -> str:
    groups = of(flag.limits, model)
    if not groups:
        return "Limits and default differ by model and mode."
    if len(groups) == 1:
        return groups[0][0] if model or len(groups[0][1]) > 2 else " ".join([groups[0][0], f"({_some(groups[0][1])})"])
    told = " ".join(f"{_some(models)}: {text}" for text, models in groups)
    return told if len(told) <= _MOST else "Limits and default differ: --model MODEL --help tells them."


def _some(models: tuple[str, ...]) -> str:
    names = tuple(dict.fromkeys(models))
    return ", ".join(names) if len(names) < 4 else f"{', '.join(names[:2])} and {len(names) - 2} more"
