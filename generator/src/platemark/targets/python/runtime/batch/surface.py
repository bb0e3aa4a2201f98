"""Batches as clients offer them: two thin runners of the same conversations, by threads or by tasks of an event loop."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from platemark_images._runtime import errors, leaves, lives
from platemark_images._runtime.batch import claims, jobs
from platemark_images._runtime.batch.bounds import Ledger
from platemark_images._runtime.batch.journal import Journal, discard
from platemark_images._runtime.batch.life import live
from platemark_images._runtime.batch.results import BatchProgress, BatchResult, FailedJob, UnknownJob
from platemark_images._runtime.batch.run import Run
from platemark_images._runtime.protocol import Context, Talk

if TYPE_CHECKING:
    from platemark_images._runtime.client import AsyncClient, Client
    from platemark_images._runtime.lives import Listed

Where: TypeAlias = "str | os.PathLike[str]"
OnProgress: TypeAlias = "Callable[[BatchProgress], object] | None"


# ── The two runners ───────────────────────────────────────────────────────────────────────────────────────────────


def batch(
    client: Client, given: jobs.Jobs | None, journal: Where, folder: Where | None, concurrency: int,
    max_cost: str | None, on_progress: OnProgress,
) -> BatchResult:  # fmt: skip
    """What `Client.batch` does."""
    run = opened(client.context, given, journal, folder, concurrency, max_cost, on_progress)
    with run.journal:
        _work(client, run, concurrency)
        return client.run(_result(run))


def adopt(
    client: Client, journal: Where, adopted: claims.Claims, concurrency: int, on_progress: OnProgress
) -> BatchResult:
    """What `Client.adopt` does."""
    with _known(client.context, journal, concurrency, on_progress) as found:
        told = client.run(claims.adopt(client.context, found, adopted))
        run = _adopting(client.context, found, told, on_progress)
        _work(client, run, concurrency)
        return client.run(_result(run))


async def batch_async(
    client: AsyncClient, given: jobs.Jobs | None, journal: Where, folder: Where | None, concurrency: int,
    max_cost: str | None, on_progress: OnProgress,
) -> BatchResult:  # fmt: skip
    """What `AsyncClient.batch` does."""
    import asyncio

    run = await asyncio.to_thread(
        opened, client.context, given, journal, folder, concurrency, max_cost, on_progress
    )  # fmt: skip
    with run.journal:
        await _work_async(client, run, concurrency)
        return await client.run(_result(run))


async def adopt_async(
    client: AsyncClient, journal: Where, adopted: claims.Claims, concurrency: int, on_progress: OnProgress
) -> BatchResult:
    """What `AsyncClient.adopt` does."""
    with _known(client.context, journal, concurrency, on_progress) as found:
        told = await client.run(claims.adopt(client.context, found, adopted))
        run = _adopting(client.context, found, told, on_progress)
        await _work_async(client, run, concurrency)
        return await client.run(_result(run))


def _work(client: Client, run: Run, concurrency: int) -> None:
    """Hold the conversations of a batch in threads."""
    from concurrent.futures import ThreadPoolExecutor

    client.open()  # a process that is killed meanwhile has nothing under way

    def worker() -> None:
        try:
            while (talk := run.next(live)) is not None:
                client.run(talk)
        except BaseException as error:
            run.abandon(error)
            raise

    with ThreadPoolExecutor(concurrency, "batch") as pool:
        workers = [pool.submit(worker) for _ in range(concurrency)]
        try:
            ended = [each.exception() for each in workers]
        except BaseException as error:  # such as Ctrl-C: what is being sent is still noted
            run.abandon(error)
            raise
    run.finish()
    if problem := next(filter(None, ended), None):
        raise problem


async def _work_async(client: AsyncClient, run: Run, concurrency: int) -> None:
    """Hold the conversations of a batch in tasks of the event loop."""
    import asyncio

    client.open()

    async def worker() -> None:
        try:
            while (talk := run.next(live)) is not None:
                await client.run(talk)
        except BaseException as error:
            run.abandon(error)
            raise

    workers = [asyncio.ensure_future(worker()) for _ in range(concurrency)]
    try:
        await asyncio.wait(workers)
    except BaseException as error:  # canceled: what is being sent is still noted
        run.abandon(error)
        await asyncio.wait(workers)
        raise
    run.finish()
    if problem := next(filter(None, (each.exception() for each in workers)), None):
        raise problem


# ── Beginning and end ─────────────────────────────────────────────────────────────────────────────────────────────


def opened(
    context: Context, given: jobs.Jobs | None, journal: Where, folder: Where | None, concurrency: int,
    max_cost: str | None, on_progress: OnProgress,
) -> Run:  # fmt: skip
    """A batch that is ready to run: all jobs are in its journal, and can be sent. Nothing was sent.

    Raises JobsInvalid, CostUnknown, ConfigurationError and JournalError; a journal that is new is removed then."""
    _ready(context, concurrency, on_progress, journal=journal, folder="." if folder is None else folder)
    path = Path(journal)
    found, problems = jobs.read(given, context.service) if given is not None else ([], [])
    Ledger(max_cost, ())
    new = not path.exists()
    if not new or given is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    kept = Journal(path, create=given is not None)
    try:
        place = _settled(context, kept, folder)
        _add(context, kept, found, place, problems)
        kept.give_up(_seconds())
        ledger = Ledger(max_cost, [json.loads(costs) for costs in kept.costs()])
        for row in kept.rows("waiting") if max_cost is not None else ():
            ledger.require(row.amounts, f"{row.model} (job {row.id})")
        _make(place)
        _clean(kept, place)
        return Run(context, kept, place, ledger, on_progress)
    except BaseException:
        kept.close()
        if new:
            discard(path)
        raise


def _seconds() -> float:
    """Seconds since 1970."""
    return datetime.now(UTC).timestamp()


def _ready(context: Context, concurrency: int, on_progress: OnProgress, **places: object) -> None:
    """Raise ConfigurationError for what no batch can begin with, such as no key."""
    context.service.headers()
    lives.require_plain(on_progress)
    for name, place in places.items():
        if not isinstance(place, str | os.PathLike):
            raise errors.ConfigurationError(f"{name} must be a path, not {place!r:.80}")
    if not leaves.is_integer(concurrency) or not 1 <= concurrency <= 100:
        raise errors.ConfigurationError(f"concurrency must be 1 to 100, not {concurrency!r}")


def _settled(context: Context, journal: Journal, folder: Where | None) -> Path:
    """The folder of the pictures, which lies where it lay from the journal. Raises ConfigurationError for a journal of
    another service, or of another folder."""
    beside = journal.path.resolve().parent
    wanted = Path(folder) if folder is not None else beside / journal.path.stem
    provider, address = context.service.provider.id, context.service.base_url
    relative = os.path.relpath(wanted.resolve(), beside)
    found = journal.settle({"provider": provider, "base_url": address, "folder": relative})
    if (found["provider"], found["base_url"]) != (provider, address):
        raise errors.ConfigurationError(f"{journal.path} belongs to {found['provider']} at {found['base_url']}, and not to {address}")
    if folder is not None and found["folder"] != relative:
        raise errors.ConfigurationError(f"{journal.path} has its pictures in {beside / found['folder']}: leave folder out, or "
                                        "begin another journal")  # fmt: skip
    return beside / found["folder"]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.ConfigurationError(f"{folder} can't be a folder for pictures: {error.strerror or error}") from None


def _add(context: Context, journal: Journal, found: list[jobs.Job], folder: Path, problems: list[str]) -> None:
    """Add the jobs that are new. Raises JobsInvalid with the problems so far, and all that can't be added."""
    known = journal.contents()
    folded = {job.casefold(): job for job in known}
    new, moved = list[jobs.Job](), dict[str, str]()
    taken = {name.casefold() for name in (os.listdir(folder) if folder.is_dir() else ())}
    for job in found:
        content, base = known.get(job.id, ("", ""))
        other = folded.get(job.id.casefold(), job.id)
        if not content and other == job.id:
            ours = f"{jobs.stem(job.id)}-01.".casefold()
            if any(name.startswith(ours) for name in taken):
                problems.append(f"{job.where}: {folder} has pictures that are named {jobs.stem(job.id)}: name another folder")
            new.append(job)
        elif other != job.id:
            problems.append(f"{job.where}: id {job.id!r} and id {other!r} of the journal are the same file name on many systems")
        elif content != job.content:
            problems.append(f"{job.where}: id {job.id!r} stands in {journal.path} for another request: it has {content:.200}, "
                            f"and here it is {job.content:.200}")  # fmt: skip
        elif base != job.base:
            moved[job.id] = job.base
    rows, unfit = jobs.rows(new, context.service, context.settings)
    if problems or unfit:
        raise errors.JobsInvalid([*problems, *unfit])
    journal.add(rows)
    journal.move(moved)


def _clean(journal: Journal, folder: Path) -> None:
    """Remove what a process that was killed had begun to write."""
    for row in journal.rows("made"):
        for left in folder.glob(f".{glob.escape(jobs.stem(row.id))}-*"):
            left.unlink(missing_ok=True)


def _known(context: Context, journal: Where, concurrency: int, on_progress: OnProgress) -> Journal:
    """A journal that is there. Raises JournalError where it is not."""
    _ready(context, concurrency, on_progress, journal=journal)
    kept = Journal(Path(journal), create=False)
    try:
        _settled(context, kept, None)
        kept.give_up(_seconds())
    except BaseException:
        kept.close()
        raise
    return kept


def _adopting(context: Context, journal: Journal, told: list[str], on_progress: OnProgress) -> Run:
    """What waits for the tasks that were adopted; nothing is sent."""
    folder = _settled(context, journal, None)
    _make(folder)
    _clean(journal, folder)
    ledger = Ledger(None, [json.loads(costs) for costs in journal.costs()])
    run = Run(context, journal, folder, ledger, on_progress, sends=False)
    for each in told:
        run.tell(each)
    return run


def _result(run: Run) -> Talk[BatchResult]:
    """What came of a batch, with the candidates of unknown jobs."""
    journal = run.journal
    unknown = journal.rows("unknown")
    candidates: Mapping[str, tuple[Listed, ...]] = {}
    if unknown:
        try:
            candidates = yield from claims.candidates(run.context, unknown, journal.tasks())
        except errors.PlatemarkError as error:
            run.tell(f"which tasks the unknown jobs may be could not be listed: {error}")
    done = journal.rows("done")
    return BatchResult(
        journal.counts(), run.ledger.sums,
        {row.id: tuple(run.folder / name for name in json.loads(row.files or "[]")) for row in done},
        tuple(FailedJob(row.id, row.code, row.message) for row in journal.rows("failed")),
        tuple(UnknownJob(row.id, row.model, datetime.fromtimestamp(row.sent or 0.0, UTC), row.message,
                         candidates.get(row.id, ())) for row in unknown),
        tuple(row.id for row in journal.rows("waiting", "sending", "running", "made")),
        (*run.told, *(f"{row.id}: {row.message}" for row in done if row.message)),
        run.folder, journal.path,
    )  # fmt: skip
