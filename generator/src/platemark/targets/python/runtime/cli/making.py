"""Commands that make pictures: one for each mode. The request is prepared, shown or sent, and its pictures are saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import click

from platemark_images._options import MODES
from platemark_images._runtime.cli import saving, showing
from platemark_images._runtime.cli.asking import Command, request, values
from platemark_images._runtime.cli.connecting import again, client, flags, require_key, waiting
from platemark_images._runtime.cli.failures import INTERRUPTED, Stopped, meaning
from platemark_images._runtime.cli.options import Mode
from platemark_images._runtime.cli.voice import Voice

if TYPE_CHECKING:
    from platemark_images._runtime.client import Client
    from platemark_images._runtime.lives import State
    from platemark_images._runtime.prepare import Prepared
    from platemark_images._runtime.tasks import Task


def command(mode: Mode) -> click.Command:
    """The command of a mode."""
    own = [
        click.Option(["--route"], type=click.Choice(["sync", "stream", "task"]),
                     help="How the request travels.  [task where the model has it, since a task that is interrupted is not "
                          "lost: `task wait` comes back to it; else the model's own]"),
        click.Option(["--upload"], is_flag=True, help="Put files into the service's temporary storage, and send their addresses."),
        click.Option(["--submit"], is_flag=True, help="Start the task, give its id, and end."),
        click.Option(["--dry-run"], is_flag=True, help="Send nothing: show the exact request, its cost and the size to come. "
                                                       "No key is needed."),
        click.Option(["--body"], type=click.Path(dir_okay=False), metavar="FILE", help="Write the body of a dry run into a file."),
    ]  # fmt: skip

    def callback(**given: Any) -> int:
        return _make(click.get_current_context().obj, mode, given)

    made = Command(
        mode.command,
        params=request(mode, [*own, *waiting()]),
        callback=callback,
        help=f"{mode.about}\n\nThe pictures are saved, and described by a table on a terminal and by JSON in a pipe.",
        short_help=mode.about,
    )
    made.mode = mode
    return made


def _make(voice: Voice, mode: Mode, given: Mapping[str, Any]) -> int:
    """Prepare the request, and do with it what is wanted."""
    if given["submit"] and given["route"] not in (None, "task"):
        raise click.UsageError(f"--submit starts a task, and --route {given['route']} is none")
    if given["dry_run"] and given["upload"]:
        raise click.UsageError("--dry-run sends nothing, and so uploads nothing: leave --upload out")
    if given["body"] and not given["dry_run"]:
        raise click.UsageError("--body belongs to --dry-run")
    _require_mode(mode, given["model"])
    with client(voice, given) as used:
        asked = values(given, mode.flags)
        chosen = "task" if given["submit"] else given["route"]

        def prepared(what: Mapping[str, object]) -> Prepared[Any]:
            return _prepared(used, mode, given, what, chosen)

        if given["dry_run"]:
            return showing.dry_run(voice, prepared(asked), given["body"])
        if given["upload"]:
            prepared(_uploaded(used, mode, asked, given, really=False))
            require_key(used, given)
            asked = _uploaded(used, mode, asked, given, really=True)
        ready = prepared(asked)
        require_key(used, given)
        voice.progress(f"{ready.model}: {ready.mode} by {ready.route}, {ready.estimate}")
        return _sent(voice, used, ready, given)


def _require_mode(mode: Mode, model: str) -> None:
    """Refuse a model that can't do it, and name what it can, and who can."""
    others = [each.command for each in MODES if model in each.models]
    if others and mode.command not in others:
        raise click.UsageError(f"{model} has no `{mode.command}`, but {', '.join(others)}; `{mode.command}` is done by "
                               f"{', '.join(dict.fromkeys(mode.models))}")  # fmt: skip


def _prepared(
    used: Client, mode: Mode, given: Mapping[str, Any], what: Mapping[str, object], route: str | None
) -> Prepared[Any]:
    """The request; unless a route is chosen, by the task route, where the mode has it here and it takes the request."""
    from platemark_images._runtime.errors import RequestInvalid

    model, family = given["model"], given["family"]
    if route is not None or not used.service.has_tasks(model, mode.name, family):
        return used.prepared(model, what, mode.name, route, given["envelope"], family)
    try:
        return used.prepared(model, what, mode.name, "task", given["envelope"], family)
    except RequestInvalid as refused:
        try:
            return used.prepared(model, what, mode.name, None, given["envelope"], family)
        except RequestInvalid:
            raise refused from None


def _uploaded(
    used: Client, mode: Mode, asked: Mapping[str, object], given: Mapping[str, Any], *, really: bool
) -> dict[str, object]:
    """The values with files as uploads; unless `really`, with addresses that stand for them, to be judged first."""
    from pathlib import Path

    from platemark_images._runtime.inputs import Upload

    uploads = used.service.provider.uploads
    if uploads is None:
        raise click.UsageError(f"{used.service.provider.client} has no storage for files: leave --upload out")

    def one(item: object) -> object:
        if not isinstance(item, Path):
            return item
        return used.files.upload(item, model=given["model"]) if really else Upload(f"{uploads.scheme}://{item.name}", None)

    taken = {flag.name for flag in mode.flags if flag.kind == "images"}
    return {name: list(map(one, cast("list[object]", value))) if name in taken else value for name, value in asked.items()}


def _sent(voice: Voice, used: Client, ready: Prepared[Any], given: Mapping[str, Any]) -> int:
    """Send the request and save what comes."""
    from platemark_images._runtime.tasks import Task

    try:
        sent = used.start(ready) if ready.route == "task" else used.send(ready)
    except KeyboardInterrupt:
        listed = f"`{again(given, 'task', 'list', '--since', '1h')}` may show it" if ready.route == "task" else ""
        raise Stopped("interrupted", "interrupted while the request was on its way: it may have been accepted, and billed",
                      INTERRUPTED, listed) from None  # fmt: skip
    if not isinstance(sent, Task):
        return saving.saved(voice, sent, given, ready)
    back = come_back(given, sent.id)
    if given["submit"]:
        voice.progress(f"to wait for it: {back}")
        voice.say({"task_id": sent.id, "model": ready.model, "mode": ready.mode, "wait": back}, sent.id)
        return 0
    return wait(voice, sent, given, ready, back)


def come_back(given: Mapping[str, Any], task_id: str) -> str:
    """The command that waits for a task. Without the model its shape is found out, as of one that is new."""
    kept = [name for name in ("model", "out") if given.get(name) not in (None, ".")]
    return again(given, "task", "wait", task_id, *flags(given, [] if given.get("family") else kept))


def wait(voice: Voice, task: Task[Any], given: Mapping[str, Any], ready: Prepared[Any] | None, back: str) -> int:
    """Wait for a task and save its pictures. Whatever stops the waiting, the task id is told."""
    from platemark_images._runtime.errors import ConnectionFailed, RateLimited, ServerError, TaskTimeout

    seen = [""]

    def on_progress(state: State) -> None:
        if state.status != seen[0]:
            seen[0] = state.status
            voice.progress(f"task {state.task_id}: {state.status}")

    voice.progress(f"task {task.id}: started" if ready else f"task {task.id}")
    try:
        result = task.wait(on_progress=on_progress)
    except KeyboardInterrupt:
        raise Stopped("interrupted", f"interrupted; task {task.id} goes on", INTERRUPTED, back, task_id=task.id) from None
    except (TaskTimeout, ConnectionFailed, ServerError, RateLimited) as error:
        code, said = meaning(error)
        message = str(error) if isinstance(error, TaskTimeout) else f"task {task.id} goes on, but asking about it failed: {error}"
        raise Stopped(said["code"], message, code, back, task_id=task.id) from None
    return saving.saved(voice, result, given, ready)
