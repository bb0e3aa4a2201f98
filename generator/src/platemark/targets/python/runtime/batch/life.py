"""The life of a job, as one conversation: it is sent, waited for and downloaded, and noted before and after each step.

A job is `waiting`; it is `sending` from before its request is written until its answer is noted; then it is `running`, a
task, or `made`, and `done` when its files are on the disk. What was sent and not answered is `unknown`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from platemark_images._runtime import errors, files, lives, protocol, writing
from platemark_images._runtime.answers import Outcome
from platemark_images._runtime.batch import jobs
from platemark_images._runtime.batch.journal import Row, StateName
from platemark_images._runtime.batch.run import Run
from platemark_images._runtime.prepare import Prepared
from platemark_images._runtime.protocol import Context, Talk, Wait


def live(run: Run, row: Row) -> Talk[None]:
    """A job from where it stands to where it ends, or to where this run can't bring it further."""
    found: Row | None = row
    if found.state == "waiting":
        found = yield from _sent(run, found)
    if found and found.state == "running":
        found = yield from _awaited(run, found)
    if found and found.state == "made":
        yield from _saved(run, found)


# ── Sending ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _sent(run: Run, row: Row) -> Talk[Row | None]:
    """Send the request of a job: again only where it surely was not accepted."""
    context = run.context
    try:
        prepared, _ = jobs.prepared(row.content, row.base, context.service, context.settings, json.loads(row.inputs))
    except errors.PlatemarkError as error:
        run.tell(f"{row.id} was left waiting: {error}")
        return None
    once = context.of(prepared).but({"max_retries": 0})
    if not run.reserve(row):
        return None
    while True:
        while (pause := run.pause()) > 0:
            yield Wait(pause)
        if run.stopped:
            run.give_back(row)
            return None
        began = context.now()
        run.note(row.id, "waiting", "sending", sent=time.time(), spent=1)
        try:
            found = yield from _posted(once, prepared)
        except errors.PlatemarkError as error:
            if not _refused(run, row, error, began):
                return None
            if (pause := run.again(row)) > 0:
                yield Wait(pause)
            continue
        run.passed()
        return _accepted(run, row, found)


def _posted(context: Context, prepared: Prepared[Any]) -> Talk[lives.State | Outcome]:
    """Send a request once."""
    if prepared.route == "task":
        return (yield from lives.submit(context, prepared))
    return (yield from protocol.generate(context, prepared))


def _accepted(run: Run, row: Row, found: lives.State | Outcome) -> Row:
    """Note what came back."""
    try:
        if isinstance(found, Outcome):
            return _made(run, row, "sending", found)
        run.note(row.id, "sending", "running", task_id=found.task_id)
    except errors.JournalError:
        run.lost(row.id, f"pictures {found.parts}" if isinstance(found, Outcome) else f"task {found.task_id}")
        raise
    return replace(row, state="running", task_id=found.task_id)


def _refused(run: Run, row: Row, error: errors.PlatemarkError, began: float) -> bool:
    """Note why a request came to nothing; whether it may be sent again."""
    if isinstance(error, errors.OutcomeUnknown):
        run.note(row.id, "sending", "unknown", noticed=time.time(), message=str(error))
        return False
    passes = _passes(run.context, error)
    if passes is None:
        accepted = error.status is None or not 400 <= error.status < 500
        run.note(row.id, "sending", "failed", spent=int(accepted), code=_code(error), message=str(error))
        if not accepted:
            run.give_back(row)
        return False
    run.note(row.id, "sending", "waiting", spent=0, sent=None)
    asked = error.retry_after if isinstance(error, errors.RateLimited) else None
    if passes and run.hindered(began, asked):
        return True
    run.stop(str(error))
    run.give_back(row)
    return False


def _passes(context: Context, error: errors.PlatemarkError) -> bool | None:
    """Whether what hinders every job passes by itself; None for what is this job's own matter."""
    if isinstance(error, errors.ConnectionFailed):
        return error.unsent
    if isinstance(error, errors.RateLimited):
        known = context.service.provider.errors.get(error.code, {})
        return True if known.get("retry") else False if error.reason == "quota" else None
    return False if isinstance(error, errors.AuthenticationError | errors.ConfigurationError) else None


# ── What was accepted ─────────────────────────────────────────────────────────────────────────────────────────────


def _awaited(run: Run, row: Row) -> Talk[Row | None]:
    """Wait for a task."""
    context = run.context.but(jobs.options(row.content))
    try:
        done = yield from lives.finish(context, row.task_id or "", row.shape, None)
    except errors.TaskFailed as error:
        if error.state == "lost" and _is_kept(context, row):
            return _left(run, row, f"{error}, though it is kept for longer: is the key that of another account?")
        run.note(row.id, "running", "failed", code=error.code or error.state, message=str(error))
    except errors.APIError as error:
        if error.status != 200:
            return _left(run, row, error)
        # a task that is done, and made nothing
        run.note(row.id, "running", "failed", code=_code(error), message=str(error))
    except errors.PlatemarkError as error:
        return _left(run, row, error)
    else:
        return _made(run, row, "running", done.outcome)
    return None


def _is_kept(context: Context, row: Row) -> bool:
    """Whether the service should still know the task of a job."""
    tasks = context.service.provider.tasks
    return tasks is not None and time.time() - (row.sent or 0.0) < tasks.keep


def _left(run: Run, row: Row, error: errors.PlatemarkError | str) -> None:
    """What a run could not bring to its end; the next one goes on with it."""
    if isinstance(error, errors.AuthenticationError):
        run.stop(str(error))
    run.tell(f"{row.id} is not over: {error}")


def _made(run: Run, row: Row, before: StateName, found: Outcome) -> Row:
    """Note where the pictures of a job lie, and which of them failed."""
    failed = "; ".join(f"{each.code}: {each.message}" for each in found.failures)
    message = f"{len(found.failures)} of its pictures failed: {failed}" if failed else ""
    made = json.dumps(found.parts)
    run.note(row.id, before, "made", made=made, message=message)
    return replace(row, state="made", made=made)


def _saved(run: Run, row: Row) -> Talk[None]:
    """Download the pictures of a job."""
    context, stem = run.context.but(jobs.options(row.content)), jobs.stem(row.id)
    parts: list[tuple[str, str]] = json.loads(row.made or "[]")
    paths = list[Path]()
    try:
        for kind, item in parts:
            if kind == "images":
                data = yield from files.download(context, item)
                paths.append(_written(run.folder, f"{stem}-{len(paths) + 1:02}", data))
    except errors.ResultExpired as error:
        run.note(row.id, "made", "failed", code="ResultExpired", message=str(error), files=_names(paths))
        return
    except errors.ConnectionFailed as error:
        _left(run, row, error)
        return
    if any(kind == "texts" for kind, _ in parts):
        left = iter(paths)
        lines = [item if kind == "texts" else f"![]({next(left).name})" for kind, item in parts]
        page = "\n\n".join(lines).encode() + b"\n"
        paths.append(_written(run.folder, f"{stem}.md", page, is_picture=False))
    run.note(row.id, "made", "done", files=_names(paths))


def _written(folder: Path, name: str, data: bytes, *, is_picture: bool = True) -> Path:
    """Write a picture under a name that gets its ending from its bytes, or a page under its own."""
    try:
        return writing.picture(f"{folder}/", name, data) if is_picture else writing.write(folder / name, data)
    except OSError as error:
        raise errors.JournalError(f"{folder} can't be written: {error.strerror or error}. Make room, and start the batch "
                                  "again: it goes on where it stopped") from error  # fmt: skip


def _code(error: errors.PlatemarkError) -> str:
    return error.code or type(error).__name__


def _names(paths: Iterable[Path]) -> str:
    return json.dumps([path.name for path in paths])
