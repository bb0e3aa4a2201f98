"""A batch that is killed again and again: nothing is sent twice, nothing that came back is lost, every picture is kept.

`nox -s kill` runs 1,000 jobs on task routes against an emulator in a process of its own, and kills the batch with
SIGKILL at 200 random instants. What happened is read from the emulator's log. Exits with 1 if a bar is missed.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

KEY = "sk-test-kill"
PACE = 0.15
"""Seconds in each of the two states that a task waits in, so that it takes 300 ms."""
FAULTS = [{"when": {"method": "POST"}, "fault": {"latency": "12 ms"}}]
"""A request for pictures is accepted at once and answered later, so that many kills fall in between."""
POLL = 0.3
AT_ONCE = 8
ANSWERS_IN = 0.020
UNKNOWN = 0.15
KINDS: tuple[dict[str, Any], ...] = (
    {"model": "wan2.2-t2i-flash", "size": "512*512", "n": 1},
    {"model": "qwen-image"},
    {"model": "qwen-image-plus"},
    {"model": "wan2.5-i2i-preview", "images": ["https://example.com/a.png"], "n": 1},
)
"""Models whose tasks tell the prompt that they were given, by which each is known to be a job's."""


# ── The three processes ───────────────────────────────────────────────────────────────────────────────────────────


def serve() -> None:
    """The emulator, until it is ended."""
    import platemark
    from platemark import emulator

    spec = platemark.resolve(platemark.load())
    emulator.serve(spec, pace=PACE, control=True, faults=FAULTS, ready=lambda url: print(url, flush=True))


def work(url: str, folder: Path, *, adopts: bool) -> None:
    """The batch, which is what gets killed."""
    from platemark_images import DashScope

    with DashScope(KEY, base_url=url, poll_interval=POLL) as client:
        if adopts:
            found = client.adopt(folder / "run.sqlite", "all")
        else:
            found = client.batch(folder / "jobs.jsonl", folder / "run.sqlite", concurrency=AT_ONCE)
    unknown = {job.id: [task.id for task in job.candidates] for job in found.unknown}
    print(json.dumps({"counts": found.counts, "unknown": unknown, "told": found.told}))


@contextmanager
def served() -> Iterator[str]:
    """An emulator's address."""
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


# ── The bars ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Watch:
    """What was seen of a run, from outside."""

    url: str
    folder: Path
    kills: int = 0
    lives: int = 0
    seconds: float = 0.0
    entries: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The emulator's log, which holds the last 10,000 entries: it is read after every kill."""
    tasks: dict[str, str] = field(default_factory=dict[str, str])
    """Every task id that stood in the journal at some time, with its job."""
    moved: list[str] = field(default_factory=list[str])
    """What the journal said otherwise later."""

    def look(self) -> None:
        """Read on in the log, and in the journal of a process that was killed."""
        last = self.entries[-1]["n"] if self.entries else 0
        found = httpx2.get(f"{self.url}/_control/log", params={"after": last}, timeout=30).json()["entries"]
        assert not self.entries or not found or found[0]["n"] == last + 1, "the log ran over"
        self.entries += found
        held = {task: job for job, task in self.rows("SELECT id, task_id FROM jobs WHERE task_id IS NOT NULL")}
        self.moved += [f"{task} of {job}" for task, job in self.tasks.items() if held.get(task) != job]
        self.tasks |= held

    def rows(self, query: str) -> list[Any]:
        path = self.folder / "run.sqlite"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path)) as journal:
            known = journal.execute("SELECT count(*) FROM sqlite_master WHERE name = 'jobs'").fetchone()[0]
            return journal.execute(query).fetchall() if known else []

    @property
    def posts(self) -> list[dict[str, Any]]:
        """The requests for pictures that arrived whole."""
        return [e for e in self.entries if e["method"] == "POST" and "/services/" in e["path"] and e["model"]]


@dataclass(frozen=True)
class Line:
    """A row of the table: what is held, what was found, and whether that is enough."""

    what: str
    found: str
    good: bool = True


def killed(watch: Watch, jobs: int, kills: int, chance: random.Random) -> Any:
    """Start the batch and kill it until it was killed so often; then let it end, and give what it says.

    How long it may live is drawn anew each time, and on the average so long that the kills spread over all the jobs."""
    command, began, mean = [sys.executable, __file__, "work", watch.url, str(watch.folder)], time.monotonic(), 1.0
    while watch.kills < kills:
        watch.lives += 1
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, said = process.communicate(timeout=chance.uniform(0, 2 * mean))
            assert process.returncode == 0, said
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            watch.kills += 1
        watch.look()
        ahead = len(watch.posts) / jobs > 0.95 * watch.kills / kills
        mean *= 0.6 if ahead else 1.25
    found = ended(command)
    watch.look()
    watch.seconds = time.monotonic() - began
    return found


def ended(command: list[str]) -> Any:
    """What a process says that may go on to its end."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def results(client: httpx2.Client, watch: Watch) -> dict[str, tuple[str, list[str]]]:
    """Prompt, and addresses of pictures, of every task that the emulator began."""
    found: dict[str, tuple[str, list[str]]] = {}
    for task in (entry["task_id"] for entry in watch.posts if entry["task_id"]):
        output = client.get(f"/api/v1/tasks/{task}").json()["output"]
        pictures = output["results"]
        found[task] = pictures[0]["orig_prompt"], [each["url"] for each in pictures]
    return found


def judged(watch: Watch, jobs: int, kills: int, told: Any, adopted: Any) -> Iterator[Line]:
    """Every bar, with what was found."""
    with httpx2.Client(base_url=watch.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as client:
        made = results(client, watch)
        drawn = {url: sha256(client.get(url).content).hexdigest() for _, urls in made.values() for url in urls}
    job_of = {task: prompt.split(":")[0] for task, (prompt, _) in made.items()}
    times = Counter(job_of.values())
    unknown, counts = told["unknown"], Counter(told["counts"])
    accepted = {job: task for task, job in job_of.items() if job in unknown}
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in (watch.folder / "run").iterdir()}
    wrong = [
        job for task, job in job_of.items()
        if (name := f"{job}-01.png") in files and files[name] != drawn[made[task][1][0]]
    ]  # fmt: skip
    others = [task for task in made if f"{task}-01.png" in files]

    yield Line("jobs, kills, processes", f"{jobs}, {watch.kills}, {watch.lives + 1}", watch.kills == kills)
    yield Line("seconds", f"{watch.seconds:.0f}")
    statuses = Counter(entry["status"] for entry in watch.posts)
    yield Line("requests for pictures by status", str(dict(statuses)), set(statuses) == {200})
    yield Line("jobs with more than one", str(sum(n > 1 for n in times.values())), max(times.values()) == 1)
    over = counts["done"] + counts["failed"] + counts["unknown"]
    yield Line("done, failed, unknown", f"{counts['done']}, {counts['failed']}, {counts['unknown']}", over == jobs)
    share = len(unknown) / jobs
    yield Line(
        "unknown", f"{share:.1%} (at most {UNKNOWN:.0%})", share <= UNKNOWN and len(unknown) == counts["unknown"]
    )
    told_of = sum(accepted[job] in unknown[job] for job in accepted)
    yield Line("unknown and accepted; listed", f"{len(accepted)}; {told_of}", told_of == len(accepted))
    sizes = [len(listed) for listed in unknown.values()] or [0]
    yield Line("candidates of an unknown job", f"{median(sizes):.0f} (median), {max(sizes)} (most)")
    lost = [task for task in watch.tasks if f"{watch.tasks[task]}-01.png" not in files]
    yield Line("task ids that reached the journal", str(len(watch.tasks)))
    yield Line("of them lost, or of another job later", f"{len(lost)}, {len(watch.moved)}", not (lost or watch.moved))
    yield Line(
        "adopted by their jobs; by themselves",
        f"{adopted['counts']['done'] - counts['done'] - len(others)}; {len(others)}",
    )
    yield Line(
        "pictures made; files", f"{len(drawn)}; {len(files)}", Counter(drawn.values()) == Counter(files.values())
    )
    yield Line("jobs with a picture of another", str(len(wrong)), not wrong)


def quickness(url: str) -> float:
    """Seconds in which the emulator answers a POST, the median of 30 one after another, for another account."""
    body = {"model": KINDS[0]["model"], "input": {"prompt": "How fast?"}, "parameters": {"size": "512*512", "n": 1}}
    headers = {"Authorization": "Bearer sk-test-quick", "X-DashScope-Async": "enable"}
    taken: list[float] = []
    with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
        for _ in range(30):
            began = time.perf_counter()
            client.post("/api/v1/services/aigc/text2image/image-synthesis", json=body).raise_for_status()
            taken.append(time.perf_counter() - began)
        client.delete("/_control/log")
    return median(taken)


def rehearse(folder: Path, jobs: int, kills: int, seed: int) -> list[Line]:
    """The whole of it: what was held, and what was found."""
    asked = [
        {"id": f"job-{n:04}", "prompt": f"job-{n:04}: a paper lantern", **KINDS[n % len(KINDS)]} for n in range(jobs)
    ]
    (folder / "jobs.jsonl").write_text("".join(f"{json.dumps(job)}\n" for job in asked), encoding="utf-8")
    with served() as url:
        fast = quickness(url)
        watch = Watch(url, folder)
        told = killed(watch, jobs, kills, random.Random(seed))
        adopted = ended([sys.executable, __file__, "adopt", url, str(folder)])
        watch.look()
        lines = list(judged(watch, jobs, kills, told, adopted))
    return [Line("the emulator answers a POST in", f"{fast * 1000:.1f} ms", fast <= ANSWERS_IN), *lines]


def main() -> int:
    if sys.argv[1:2] == ["serve"]:
        serve()
        return 0
    if sys.argv[1:2] in (["work"], ["adopt"]):
        work(sys.argv[2], Path(sys.argv[3]), adopts=sys.argv[1] == "adopt")
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        lines = rehearse(Path(folder), options.jobs, options.kills, options.seed)
    wide = max(len(line.what) for line in lines)
    print(f"seed {options.seed}")
    for line in lines:
        print(f"{line.what:{wide}}  {line.found}{'' if line.good else '   MISSED'}")
    return 0 if all(line.good for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
