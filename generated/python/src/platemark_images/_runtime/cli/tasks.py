"""Commands about tasks: how one stands, waiting for it, canceling it, and which there are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from platemark_images._runtime.cli import making
from platemark_images._runtime.cli.connecting import again, client, connection, form, require_key, waiting
from platemark_images._runtime.cli.failures import FAILURE, UNFINISHED
from platemark_images._runtime.cli.voice import Voice, pairs, table

_AGO = re.compile(r"([0-9]{1,6})\s*(s|min|m|h|d)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_EXIT = {"done": 0, "waiting": UNFINISHED}


class Moment(click.ParamType[datetime]):
    """A moment: `2026-11-21T18:00`, in the local zone unless it names one; or so long ago, such as `2h`."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, with its zone."""
        ago = _AGO.fullmatch(str(value).strip())
        try:
            if ago:
                return datetime.now(UTC) - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
            return datetime.fromisoformat(str(value)).astimezone()
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no moment: 2026-11-21T18:00, or 2h for two hours ago", param, ctx)


def group() -> click.Group:
    """All of them."""
    one = [click.Argument(["task_id"], metavar="ID", help="The task.")]
    shape = [
        click.Option(["--model"], metavar="MODEL", help="Whose task it is, which says in which shape it answers."),
        click.Option(["--mode"], metavar="MODE", help="Its mode, where that matters for the shape."),
    ]
    filters = [
        click.Option(["--model"], metavar="MODEL", help="Only tasks of this model."),
        click.Option(["--status"], metavar="WORD", help="Only tasks of this status, in the service's word."),
        click.Option(["--since"], type=Moment(), metavar="MOMENT", help="Such as 2026-11-21T18:00 (local time), or 2h for two hours ago."),
        click.Option(["--until"], type=Moment(), metavar="MOMENT", help="The same; the present unless given."),
        click.Option(["--page"], type=int, metavar="N", help="Counted from 1."),
        click.Option(["--page-size"], type=int, metavar="N", help="How many tasks a page holds."),
    ]  # fmt: skip
    shared = [*connection(), *form()]
    return click.Group("task", help="Tasks that were started before, be it by another program.", commands=[
        click.Command("get", params=[*one, *shared], callback=_get,
                      help="How a task stands. Exit code: 0 done, 8 not finished, 1 failed, canceled or unknown."),
        click.Command("wait", params=[*one, *shape, *waiting(), *shared], callback=_wait,
                      help="Wait for a task and save its pictures. Exit code 8 when it takes too long."),
        click.Command("cancel", params=[*one, *shared], callback=_cancel,
                      help="Cancel a task. Services mostly cancel only what has not begun."),
        click.Command("list", params=[*filters, *shared], callback=_list,
                      help="The account's tasks, the latest first. Services bound how far --since and --until may lie apart."),
    ])  # fmt: skip


def _voice() -> Voice:
    return click.get_current_context().obj


def _get(task_id: str, **given: Any) -> int:
    voice = _voice()
    with client(voice, given) as used:
        require_key(used, given)
        state = used.tasks.get(task_id)
    ended = state.ended.isoformat() if state.ended else None
    hint = {"waiting": "to wait for it", "done": "to save its pictures"}.get(state.meaning)
    if hint:
        voice.progress(f"{hint}: {again(given, 'task', 'wait', task_id)}")
    data = {"task_id": task_id, "status": state.status, "meaning": state.meaning, "ended": ended, "answer": state.raw}
    lost = "the service does not know it (any more)" if state.meaning == "lost" else ""
    voice.say(
        data, pairs([("task", task_id), ("status", state.status), ("meaning", lost or state.meaning), ("ended", ended)])
    )
    return _EXIT.get(state.meaning, FAILURE)


def _wait(task_id: str, **given: Any) -> int:
    voice = _voice()
    with client(voice, given) as used:
        require_key(used, given)
        task = used.tasks.resume(task_id, model=given["model"], mode=given["mode"])
        return making.wait(voice, task, given, None, making.come_back(given, task_id))


def _cancel(task_id: str, **given: Any) -> int:
    voice = _voice()
    with client(voice, given) as used:
        require_key(used, given)
        used.tasks.cancel(task_id)
    voice.say({"task_id": task_id, "canceled": True}, f"task {task_id} is canceled")
    return 0


def _list(**given: Any) -> int:
    voice = _voice()
    wanted: Mapping[str, Any] = {
        name: given[name] for name in ("model", "status", "since", "until", "page", "page_size")
    }
    with client(voice, {**given, "model": None, "provider": given["provider"]}) as used:
        require_key(used, given)
        page = used.tasks.list(**wanted)
    rows = [(each.id, each.status, each.model, each.created) for each in page.tasks]
    shown = table(voice, ("task", "status", "model", "created"),
                  [(i, s, m, c.astimezone().isoformat(" ", "seconds") if c else "") for i, s, m, c in rows])  # fmt: skip
    data = {
        "tasks": [{"task_id": i, "status": s, "model": m, "created": c.isoformat() if c else None} for i, s, m, c in rows],
        "total": page.total, "page": page.page, "pages": page.pages,
    }  # fmt: skip
    more = f"page {page.page} of {page.pages}, {page.total} tasks" if page.pages > 1 else ""
    voice.say(data, "\n".join(filter(None, [shown or "no tasks", more])))
    return 0
