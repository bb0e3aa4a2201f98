"""`batch`: many jobs from a file, with a journal, so that a run that ends at any instant goes on where it was."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from platemark_images._runtime.cli.connecting import again, client, connection, form, pacing, policy, require_key
from platemark_images._runtime.cli.failures import FAILURE, INTERRUPTED, UNFINISHED, Stopped
from platemark_images._runtime.cli.voice import Voice, pairs, table

if TYPE_CHECKING:
    from platemark_images._runtime.batch.results import BatchProgress, BatchResult
    from platemark_images._runtime.client import Client
    from platemark_images._runtime.costs import Money

_BAR = 20


def command() -> click.Command:
    """`batch`."""
    return click.Command("batch", params=[
        click.Argument(["jobs"], required=False, metavar="[FILE]", type=click.Path(exists=True, dir_okay=False),
                       help="Jobs, one a line: .jsonl, .ndjson or .csv. Without it, those that the journal holds."),
        click.Option(["--journal"], default="run.sqlite", show_default=True, type=click.Path(dir_okay=False), metavar="FILE",
                     help="What was sent and what came of it. The same command goes on from there."),
        click.Option(["--out"], type=click.Path(file_okay=False), metavar="DIR",
                     help="Where pictures are saved, named by job.  [a folder beside the journal, named like it]"),
        click.Option(["--concurrency"], type=int, default=8, show_default=True, metavar="N", help="How many jobs at once."),
        click.Option(["--adopt"], multiple=True, metavar="all | JOB=TASK",
                     help="Say which task a job of unknown outcome is; may be repeated. `all` gives each job the task that it must "
                          "be, and saves the pictures of all others under their task ids. Nothing is sent for it."),
        click.Option(["--dry-run"], is_flag=True, help="Send nothing: check all jobs, and say what they may cost. No key is needed."),
        *pacing(), *policy(), *connection(), *form(),
    ], callback=_batch, short_help="Many jobs from a file, with a journal.",
        help="Make pictures for many jobs of one service, and keep a journal: a run that is stopped or killed at any instant "
             "goes on from there, and nothing that may have been billed is sent twice.\n\nA job has `model`, parameters and "
             "options by their names in Python, and, if you like, `id`, `mode`, `route`, `envelope` and `family`; an input "
             "picture is an address or {\"path\": \"…\"}. --max-cost is for all jobs together.\n\nExit code: 0 all are done, "
             "1 some failed or are unknown, 8 some are left for another run.")  # fmt: skip


def _batch(**given: Any) -> int:
    voice: Voice = click.get_current_context().obj
    jobs, adopted = given["jobs"], tuple(given["adopt"])
    if given["dry_run"] and not jobs:
        raise click.UsageError("--dry-run checks the jobs of a file: name it")
    if adopted and jobs:
        raise click.UsageError("--adopt is about jobs that the journal holds: leave the file out")
    with client(voice, {**given, "max_cost": None}) as used:
        if given["dry_run"]:
            return _checked(voice, used, jobs)
        require_key(used, given)
        shown = _Shown(voice)
        try:
            if adopted:
                result = used.adopt(given["journal"], _claims(adopted), concurrency=given["concurrency"], on_progress=shown)
            else:
                result = used.batch(jobs, given["journal"], folder=given["out"], concurrency=given["concurrency"],
                                    max_cost=given["max_cost"], on_progress=shown)  # fmt: skip
        except KeyboardInterrupt:
            back = again(given, "batch", "--journal", given["journal"])
            raise Stopped("interrupted", "interrupted; the journal holds what was sent", INTERRUPTED, f"to go on: {back}") from None
        finally:
            shown.end()
    voice.say(_json(result), _text(voice, result, given))
    return FAILURE if result.failed or result.unknown else UNFINISHED if result.left else 0


def _claims(adopted: tuple[str, ...]) -> Any:
    """`all`, or pairs of job and task."""
    if adopted == ("all",):
        return "all"
    found: dict[str, str] = {}
    for each in adopted:
        job, sign, task = each.rpartition("=")
        if not sign or not job or not task or job in found:
            raise click.UsageError(f"--adopt takes `all` alone, or JOB=TASK once for each job, and not {each!r}")
        found[job] = task
    return found


def _checked(voice: Voice, used: Client, jobs: str) -> int:
    """What a file of jobs would send and may cost."""
    import json

    from platemark_images._runtime.batch import jobs as reading
    from platemark_images._runtime.errors import JobsInvalid

    found, problems = reading.read(jobs, used.service)
    rows, unfit = reading.rows(found, used.service, used.context.settings)
    if problems or unfit:
        raise JobsInvalid([*problems, *unfit])
    costs: list[dict[str, str]] = [json.loads(row.costs) for row in rows]
    shared = [name for name in (costs[0] if costs else {}) if all(name in each for each in costs)]
    sums = {name: sum((Decimal(each[name]) for each in costs), Decimal()) for name in shared}
    models: dict[str, int] = {}
    for row in rows:
        models[row.model] = models.get(row.model, 0) + 1
    told = [{"amount": str(amount), "currency": name} for name, amount in sums.items()]
    cost = " or ".join(f"{amount} {name}" for name, amount in sums.items()) or "no currency has a price for all"
    counted = pairs([*models.items(), ("in all", f"{len(rows)} jobs, at most {cost}")])
    voice.say({"dry_run": True, "jobs": len(rows), "models": models, "costs": told}, counted)
    return 0


class _Shown:
    """Draws how a batch stands, on a terminal and nowhere else."""

    def __init__(self, voice: Voice) -> None:
        self._on = not voice.as_json and sys.stderr.isatty()

    def __call__(self, now: BatchProgress) -> None:
        if not self._on:
            return
        ended = sum(now.counts.get(name, 0) for name in ("done", "failed", "unknown"))
        full = _BAR * ended // max(now.total, 1)
        parts = [f"{ended} of {now.total}", *_counted(now.counts, ("failed", "unknown", "running")), _cost(now.costs),
                 f"{_time(now.eta)} left" if now.eta is not None and ended < now.total else ""]  # fmt: skip
        line = f"[{'#' * full}{'.' * (_BAR - full)}] {', '.join(filter(None, parts))}"
        click.echo(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K", err=True, nl=False)

    def end(self) -> None:
        """Leave the line."""
        if self._on:
            click.echo(err=True)


def _counted(counts: Mapping[Any, int], names: tuple[str, ...]) -> list[str]:
    return [f"{counts[name]} {name}" for name in names if counts.get(name)]


def _cost(costs: tuple[Money, ...]) -> str:
    return f"at most {' or '.join(map(str, costs))}" if costs else ""


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _json(result: BatchResult) -> dict[str, Any]:
    return {
        "complete": result.complete, "counts": dict(result.counts),
        "costs": [{"amount": str(each.amount), "currency": each.currency} for each in result.costs],
        "done": {job: list(map(str, files)) for job, files in result.done.items()},
        "failed": [{"id": each.id, "code": each.code, "message": each.message} for each in result.failed],
        "unknown": [
            {"id": each.id, "model": each.model, "sent": each.sent.isoformat(timespec="seconds"), "message": each.message,
             "candidates": [{"task_id": task.id, "status": task.status,
                             "created": task.created.isoformat() if task.created else None} for task in each.candidates]}
            for each in result.unknown
        ],
        "left": list(result.left), "told": list(result.told), "folder": str(result.folder), "journal": str(result.journal),
    }  # fmt: skip


def _text(voice: Voice, result: BatchResult, given: Mapping[str, Any]) -> str:
    rows = [("jobs", ", ".join(_counted(result.counts, tuple(result.counts)))), ("cost", _cost(result.costs)),
            ("pictures", result.folder), ("journal", result.journal), *(("note", told) for told in result.told)]  # fmt: skip
    failed = table(voice, ("failed", "code", "why"), [(each.id, each.code, each.message) for each in result.failed])
    unknown = table(voice, ("unknown", "sent", "may be"), [
        (each.id, each.sent.astimezone().isoformat(" ", "seconds"), " ".join(task.id for task in each.candidates) or "no task that is listed")
        for each in result.unknown
    ])  # fmt: skip
    claim = again(given, "batch", "--journal", given["journal"], "--adopt", "JOB=TASK") if result.unknown else ""
    return "\n\n".join(filter(None, [pairs(rows), failed, unknown, claim and f"to claim them: {claim}, or --adopt all"]))
