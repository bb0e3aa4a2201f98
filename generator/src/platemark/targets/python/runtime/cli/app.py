"""The commands together, and how each of them ends."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from platemark_images import __spec__ as package
from platemark_images._options import MODES
from platemark_images._runtime.cli.connecting import form
from platemark_images._runtime.cli.failures import tell
from platemark_images._runtime.cli.voice import PROGRAM, Voice

_ENDS = """\b
Exit codes:
  0    success
  1    failure: the service refused or failed, a picture could not be saved
  2    usage: an option, a setting or a file is wrong
  3    invalid request: it breaks rules, or costs more than it may; not sent
  4    the key is missing, or refused
  5    network; of a request for pictures the outcome may be unknown
  8    the task is not finished
  130  interrupted

On a terminal answers are tables, in a pipe JSON with schema_version; errors go to standard error, in a pipe as
{"error": {"code", "message", "hint"}}. NO_COLOR is honoured."""


def run(arguments: Sequence[str]) -> int:
    """Run a command and say what it found; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # no terminal's encoding is a reason to fail
            stream.reconfigure(errors="backslashreplace")
    voice = Voice.of(arguments)
    with voice.hearing():
        try:
            code = _program().main(list(arguments), PROGRAM, standalone_mode=False, obj=voice)
            return code if isinstance(code, int) else 0
        except click.exceptions.NoArgsIsHelpError as error:
            return _without_command(voice, error)
        except (Exception, KeyboardInterrupt) as error:
            return tell(voice, error)


def _without_command(voice: Voice, error: click.UsageError) -> int:
    """People get the help that they came for; it is a mistake all the same."""
    if voice.as_json:
        return tell(voice, click.UsageError("a command is missing", error.ctx))
    voice.progress(error.format_message())
    return error.exit_code


class _Program(click.Group):
    """Commands are made when they are needed: most of a start would be spent on those that are not."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*(mode.command for mode in MODES), *_OTHERS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        mode = next((mode for mode in MODES if mode.command == cmd_name), None)
        if mode is not None:
            from platemark_images._runtime.cli.making import command

            return command(mode)
        return _OTHERS[cmd_name]() if cmd_name in _OTHERS else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=self.list_commands(ctx), ctx=ctx)
        return super().resolve_command(ctx, args)


def _program() -> click.Group:
    made = _Program(PROGRAM, help="Make pictures with image-generation services: every request is checked against their documents "
                                  "before it is sent, and none that may have been billed is sent twice.", epilog=_ENDS,
                    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110})  # fmt: skip
    made.params.append(click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version,
                                    help="Tell the version and which specs it is of, and end."))  # fmt: skip
    made.params.extend(form())
    return made


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        told = {name: getattr(package, name) for name in ("version", "date", "digest", "generator")}
        ctx.obj.say(told, f"{PROGRAM} {package.version}, of specs of {package.date} ({package.digest[:12]}), by {package.generator}")
        ctx.exit()


def _tasks() -> click.Command:
    from platemark_images._runtime.cli.tasks import group

    return group()


def _models() -> click.Command:
    from platemark_images._runtime.cli.catalogue import models

    return models()


def _estimate() -> click.Command:
    from platemark_images._runtime.cli.catalogue import estimate

    return estimate()


def _doctor() -> click.Command:
    from platemark_images._runtime.cli.doctor import command

    return command()


def _batch() -> click.Command:
    from platemark_images._runtime.cli.batches import command

    return command()


def _completion() -> click.Command:
    from click.shell_completion import get_completion_class

    variable = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"

    def complete(shell: str, form: str) -> int:
        found = get_completion_class(shell)
        assert found is not None
        script = found(_program(), {}, PROGRAM, variable).source()
        voice: Voice = click.get_current_context().obj
        voice.as_json = form == "json"  # a script is for a shell, which is no terminal
        voice.say({"shell": shell, "script": script}, script)
        return 0

    return click.Command("completion", callback=complete, params=[
        click.Argument(["shell"], type=click.Choice(["bash", "zsh", "fish", "powershell"]), metavar="SHELL",
                       help="bash, zsh, fish or powershell."),
        click.Option(["--format", "form"], type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to answer."),
    ], help=f'A script that lets a shell complete commands: eval "$({PROGRAM} completion bash)".')  # fmt: skip


_OTHERS: dict[str, Callable[[], Any]] = {
    "task": _tasks, "batch": _batch, "models": _models, "estimate": _estimate, "doctor": _doctor, "completion": _completion,
}  # fmt: skip
"""Commands that are no modes."""
