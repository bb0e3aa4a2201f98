"""Jobs whose outcome is unknown, and the tasks that they may be: candidates are listed, and a person claims them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from platemark_images._runtime import errors, lives
from platemark_images._runtime.answers import outcome
from platemark_images._runtime.batch.journal import Journal, Row
from platemark_images._runtime.lives import Listed, State
from platemark_images._runtime.protocol import Context, Talk

Claims: TypeAlias = "Mapping[str, str] | Literal['all']"

SLACK = timedelta(seconds=60)
"""How far the clock of the service may be from ours."""


@dataclass(frozen=True, slots=True)
class Span:
    """Moments between which a task may have been created."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime | None) -> bool:
        return moment is None or self.since <= moment <= self.until


def span_of(row: Row) -> Span:
    """When the task of a job was created, if it was: from when it was sent to when its answer was given up."""
    sent = row.sent or 0.0
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in (sent, max(sent, row.noticed or sent)))
    return Span(first - SLACK, last + SLACK)


# ── Candidates ────────────────────────────────────────────────────────────────────────────────────────────────────


def candidates(context: Context, rows: Sequence[Row], known: set[str]) -> Talk[dict[str, tuple[Listed, ...]]]:
    """The tasks that each of these jobs may be, the oldest first: of its model and its time, and of no other job.

    Raises ConfigurationError where the service does not list tasks, and what the service answers otherwise."""
    found = dict[str, tuple[Listed, ...]]()
    for model in dict.fromkeys(row.model for row in rows):
        spans = {row.id: span_of(row) for row in rows if row.model == model and row.route == "task"}
        tasks = dict[str, Listed]()
        for span in _pieces(context, _joined(spans.values())):
            for task in (yield from _listed(context, model, span)):
                if task.id not in known:
                    tasks[task.id] = task
        ordered = sorted(tasks.values(), key=lambda task: (task.created or datetime.min.replace(tzinfo=UTC), task.id))
        for job, span in spans.items():
            found[job] = tuple(task for task in ordered if span.holds(task.created))
    return found


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same moments in spans that lie apart."""
    made = list[Span]()
    for span in sorted(spans, key=lambda each: each.since):
        if made and span.since <= made[-1].until:
            made[-1] = Span(made[-1].since, max(made[-1].until, span.until))
        else:
            made.append(span)
    return made


def _pieces(context: Context, spans: Iterable[Span]) -> list[Span]:
    """The same, no longer than a list may span, and without what the service does not keep any more."""
    tasks = context.service.provider.tasks
    longest = timedelta(seconds=tasks.window if tasks and tasks.window else 86_400 * 365)
    kept = datetime.now(UTC) - timedelta(seconds=tasks.keep if tasks and tasks.keep else 86_400 * 365)
    made = list[Span]()
    for span in spans:
        since = max(span.since, kept)
        while since < span.until:
            made.append(Span(since, min(span.until, since + longest)))
            since += longest
    return made


def _listed(context: Context, model: str, span: Span) -> Talk[list[Listed]]:
    """All pages of a list."""
    found, number = list[Listed](), 1
    while True:
        wanted = {"model": model, "since": span.since, "until": span.until, "page": number}
        page = yield from lives.listed(context, wanted)
        found += page.tasks
        if not page.tasks or number >= page.pages:
            return found
        number += 1


# ── Claims ────────────────────────────────────────────────────────────────────────────────────────────────────────


def adopt(context: Context, journal: Journal, claims: Claims) -> Talk[list[str]]:
    """Give tasks to jobs whose outcome is unknown, by the pairs of a person; or, for `all`, each candidate to the job
    that it must be, and every other one to a job of its own under its task id. What was told is returned.

    Raises ConfigurationError with every claim that can't be."""
    unknown = {row.id: row for row in journal.rows("unknown")}
    known = journal.tasks()
    if claims != "all":
        yield from _checked(context, journal, claims, unknown, known)
        journal.adopt(claims, ())
        return []
    found = yield from candidates(context, list(unknown.values()), known)
    tasks = {task.id: task for listed in found.values() for task in listed}
    prompts = dict[str, str | None]()
    for task in tasks.values():
        prompts[task.id] = yield from _prompt(context, task)
    pairs = paired(found, {job: _asked(row) for job, row in unknown.items()}, prompts)
    owners = {task.id: job for job, listed in found.items() for task in listed}
    rest = [task for name, task in tasks.items() if name not in pairs.values()]
    journal.adopt(pairs, [_orphan(unknown[owners[task.id]], task, journal) for task in rest])
    return _said(pairs, rest, [job for job in unknown if job not in pairs])


def paired(
    found: Mapping[str, Sequence[Listed]], asked: Mapping[str, str], prompts: Mapping[str, str | None]
) -> dict[str, str]:
    """Which task each job must be: the only one that tells the job's own prompt, where tasks tell theirs and no other
    job has it; else the only one of its time that belongs to no other job's time."""
    made = dict[str, str]()
    fits = {
        job: [t.id for t in listed if prompts.get(t.id) in {None, asked[job]}] for job, listed in found.items()
    }  # fmt: skip
    for exact in (True, False):
        open_ = {
            job: [t for t in tasks if t not in made.values() and not (exact and prompts.get(t) is None)]
            for job, tasks in fits.items() if job not in made
        }  # fmt: skip
        for job, tasks in open_.items():
            if len(tasks) == 1 and sum(tasks[0] in others for others in open_.values()) == 1:
                made[job] = tasks[0]
    return made


def _checked(
    context: Context, journal: Journal, claims: Mapping[str, str], unknown: Mapping[str, Row], known: set[str]
) -> Talk[None]:
    """Raise ConfigurationError with every claim that can't be."""
    problems = list[str]()
    for job, task in claims.items():
        row = unknown.get(job) or journal.row(job)
        if row is None:
            problems.append(f"there is no job {job!r}")
        elif row.state != "unknown":
            problems.append(f"job {job} is {row.state}, and only one that is unknown can be given a task")
        elif task in known or list(claims.values()).count(task) > 1:
            problems.append(f"task {task} belongs to another job")
        elif (yield from lives.query(context, task)).meaning == "lost":
            problems.append(f"the service knows no task {task} (any more)")
    if problems:
        raise errors.ConfigurationError("; ".join(problems))


def _prompt(context: Context, task: Listed) -> Talk[str | None]:
    """The prompt that a task was given, where its answer tells: of a task that goes on, when it is over."""
    state: State = yield from lives.query(context, task.id)
    if state.meaning == "waiting":
        try:
            state = yield from lives.wait(context, task.id, None)
        except errors.TaskFailed:
            return None
    told = outcome(context.service, "", state.raw).values.get("prompt")
    return None if told is None else str(told)


def _asked(row: Row) -> str:
    return str(json.loads(row.content).get("prompt", ""))


def _orphan(like: Row, task: Listed, journal: Journal) -> Row:
    """A job for a task that nobody claims, which is named after it."""
    if journal.row(task.id) is not None:
        raise errors.ConfigurationError(f"a job has the id {task.id} of a task: claim the candidates one by one")
    asked = json.loads(like.content)
    content = json.dumps({name: asked[name] for name in ("model", "family") if name in asked})
    sent = task.created.timestamp() if task.created else like.sent
    return replace(like, id=task.id, content=content, inputs="{}", costs="{}", state="running", spent=0, sent=sent,
                   noticed=None, task_id=task.id, shape="", message="")  # fmt: skip


def _said(pairs: Mapping[str, str], rest: Sequence[Listed], left: Sequence[str]) -> list[str]:
    """What was adopted, for people."""
    told = [f"job {job} is task {task}" for job, task in pairs.items()]
    if rest:
        told.append(f"{len(rest)} tasks could be of several jobs, or of none: they are jobs of their own, named by task id: "
                    f"{', '.join(task.id for task in rest)}")  # fmt: skip
    if left:
        told.append(f"no task is surely that of {len(left)} jobs: {', '.join(left)}")
    return told
