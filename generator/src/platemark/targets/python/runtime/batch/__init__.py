"""Thousands of requests that outlive their process: a journal holds each of them before and after it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from os import PathLike

    from platemark_images._runtime.batch.claims import Claims
    from platemark_images._runtime.batch.jobs import Jobs
    from platemark_images._runtime.batch.results import BatchProgress, BatchResult
    from platemark_images._runtime.client import AsyncClient, Client


class Batches:
    """What a client that blocks can do with a journal."""

    def batch(
        self, jobs: Jobs | None, journal: str | PathLike[str] = "run.sqlite", *,
        folder: str | PathLike[str] | None = None, concurrency: int = 8, max_cost: str | None = None,
        on_progress: Callable[[BatchProgress], object] | None = None,
    ) -> BatchResult:  # fmt: skip
        """Make pictures for many jobs, and keep a journal, so that a process that ends at any instant goes on from there.

        `jobs`: mappings, or a file (`.jsonl`, `.csv`), of `model`, parameters and options, and, if you like, `id`, `mode`,
        `route`, `envelope` and `family`; None goes on with what the journal holds. Jobs that it holds already are not
        sent again; the same id with another content is refused. An input picture is an address or a file: a
        `pathlib.Path`, or `{"path": …}`, which leads from the folder of the jobs' file. The task route is taken where
        a mode has it. `folder`: where pictures go, named by job; left out, beside the journal and named like it.
        `concurrency`: 1 to 100 jobs at once, and of each model no more, and no faster, than its documents say.
        `max_cost`: `12.00 CNY`, for all jobs of the journal together; a job counts from when it is sent, and goes on to
        count when it fails later or its outcome is unknown; what does not fit stays waiting. `on_progress` gets a
        BatchProgress, at most four a second. It is called in any of the threads, one at a time.

        A job whose answer never came is `unknown`, and never sent again: `adopt` says which task it is. A service that
        wants to be left alone is, by all; when the quota is used up or the key refused, nothing more is sent.

        Raises JobsInvalid with all bad jobs, and CostUnknown, before anything is sent; JournalError when another process
        has the journal or it can't be written."""
        from platemark_images._runtime.batch import surface

        return surface.batch(cast("Client", self), jobs, journal, folder, concurrency, max_cost, on_progress)

    def adopt(
        self, journal: str | PathLike[str], claims: Claims, *, concurrency: int = 8,
        on_progress: Callable[[BatchProgress], object] | None = None,
    ) -> BatchResult:  # fmt: skip
        """Say which tasks the unknown jobs of a journal are, and save their pictures. Nothing is sent for it.

        `claims`: pairs of job and task id; or `all`: each candidate goes to the job that it must be, by the prompt that
        it tells or by being alone in its time, and every other one is saved as a job that is named by its task id, so
        that every picture that was made is there once. The result tells which is which.

        Raises ConfigurationError with every claim that can't be, JournalError as `batch` does."""
        from platemark_images._runtime.batch import surface

        return surface.adopt(cast("Client", self), journal, claims, concurrency, on_progress)


class AsyncBatches:
    """What a client that awaits can do with a journal."""

    async def batch(
        self, jobs: Jobs | None, journal: str | PathLike[str] = "run.sqlite", *,
        folder: str | PathLike[str] | None = None, concurrency: int = 8, max_cost: str | None = None,
        on_progress: Callable[[BatchProgress], object] | None = None,
    ) -> BatchResult:  # fmt: skip
        """Make pictures for many jobs, and keep a journal, so that a process that ends at any instant goes on from there.

        `jobs`: mappings, or a file (`.jsonl`, `.csv`), of `model`, parameters and options, and, if you like, `id`, `mode`,
        `route`, `envelope` and `family`; None goes on with what the journal holds. Jobs that it holds already are not
        sent again; the same id with another content is refused. An input picture is an address or a file: a
        `pathlib.Path`, or `{"path": …}`, which leads from the folder of the jobs' file. The task route is taken where
        a mode has it. `folder`: where pictures go, named by job; left out, beside the journal and named like it.
        `concurrency`: 1 to 100 jobs at once, and of each model no more, and no faster, than its documents say.
        `max_cost`: `12.00 CNY`, for all jobs of the journal together; a job counts from when it is sent, and goes on to
        count when it fails later or its outcome is unknown; what does not fit stays waiting. `on_progress` gets a
        BatchProgress, at most four a second. The journal is
        written from the event loop, which takes milliseconds.

        A job whose answer never came is `unknown`, and never sent again: `adopt` says which task it is. A service that
        wants to be left alone is, by all; when the quota is used up or the key refused, nothing more is sent.

        Raises JobsInvalid with all bad jobs, and CostUnknown, before anything is sent; JournalError when another process
        has the journal or it can't be written."""
        from platemark_images._runtime.batch import surface

        return await surface.batch_async(cast("AsyncClient", self), jobs, journal, folder, concurrency, max_cost, on_progress)

    async def adopt(
        self, journal: str | PathLike[str], claims: Claims, *, concurrency: int = 8,
        on_progress: Callable[[BatchProgress], object] | None = None,
    ) -> BatchResult:  # fmt: skip
        """Say which tasks the unknown jobs of a journal are, and save their pictures. Nothing is sent for it.

        `claims`: pairs of job and task id; or `all`: each candidate goes to the job that it must be, by the prompt that
        it tells or by being alone in its time, and every other one is saved as a job that is named by its task id, so
        that every picture that was made is there once. The result tells which is which.

        Raises ConfigurationError with every claim that can't be, JournalError as `batch` does."""
        from platemark_images._runtime.batch import surface

        return await surface.adopt_async(cast("AsyncClient", self), journal, claims, concurrency, on_progress)
