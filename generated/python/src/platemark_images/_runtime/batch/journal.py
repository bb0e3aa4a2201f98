"""The journal of a batch: a SQLite file in which every job stands, and how it stands, before and after it is sent.

It holds prompts, addresses and file names; neither a key nor the bytes of a picture. One process has it at a time, by a
lock that the system takes away when the process ends. What is written is on the disk when a method returns.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from platemark_images._runtime.errors import JournalError

if TYPE_CHECKING:
    import sqlite3
    from typing import Self

StateName: TypeAlias = Literal["waiting", "sending", "running", "made", "done", "failed", "unknown"]

STATES: tuple[StateName, ...] = ("waiting", "sending", "running", "made", "done", "failed", "unknown")
_FROM: Mapping[StateName, tuple[StateName, ...]] = {
    "waiting": ("sending",),
    "sending": ("waiting",),
    "running": ("sending", "unknown"),
    "made": ("sending", "running"),
    "done": ("made",),
    "failed": ("sending", "running", "made"),
    "unknown": ("sending",),
}
"""What a job may have been before: nothing leads from `unknown` back to where it would be sent."""

SCHEMA_VERSION = 1
_APPLICATION = 0x504C4D4B  # PLMK
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE jobs (
  position INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  model TEXT NOT NULL,
  route TEXT NOT NULL,
  content TEXT NOT NULL,
  base TEXT NOT NULL,
  inputs TEXT NOT NULL,
  costs TEXT NOT NULL,
  shape TEXT NOT NULL,
  state TEXT NOT NULL,
  spent INTEGER NOT NULL DEFAULT 0,
  sent REAL,
  noticed REAL,
  task_id TEXT UNIQUE,
  made TEXT,
  files TEXT,
  code TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT ''
);
CREATE INDEX states ON jobs (state);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the journal has it. Texts that hold JSON are so named; moments are seconds since 1970."""

    id: str
    model: str
    route: str
    content: str
    """JSON: what the caller asked for."""
    base: str
    """The folder from which paths of input pictures lead."""
    inputs: str
    """JSON: the SHA-256 of each input file, by its path."""
    costs: str
    """JSON: the most that it may cost, by currency."""
    shape: str
    """In which shape its answer comes."""
    state: StateName = "waiting"
    spent: int = 0
    """1 from when it is sent on, unless it surely was not accepted."""
    sent: float | None = None
    noticed: float | None = None
    """When its outcome was given up as unknown."""
    task_id: str | None = None
    made: str | None = None
    """JSON: kind and address, or text, of each part of the answer."""
    files: str | None = None
    """JSON: names of its files."""
    code: str = ""
    message: str = ""

    @property
    def amounts(self) -> Mapping[str, str]:
        """The most that it may cost, by currency."""
        return cast("Mapping[str, str]", json.loads(self.costs))


_COLUMNS = ", ".join(column.name for column in fields(Row))


class Journal:
    """An open journal. Threads may share it."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Open a journal, or begin one. Raises JournalError where another process has it, or where it is none."""
        import sqlite3

        self.path = path
        self._lock = threading.Lock()
        if not create and not path.exists():
            raise JournalError(f"there is no journal {path}")
        with _told(path):
            # A lock that SQLite keeps ends with its process, however that ends.
            self._db = sqlite3.connect(path, timeout=0.5, isolation_level=None, check_same_thread=False)
        try:
            with _told(path):
                self._open()
        except BaseException:
            self._db.close()
            raise

    def _open(self) -> None:
        run = self._db.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        application, version = (int(run(f"PRAGMA {name}").fetchone()[0]) for name in ("application_id", "user_version"))
        empty = run("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if not empty and application != _APPLICATION:
            raise JournalError(f"{self.path} is a database of something else: name another file")
        if not empty and version != SCHEMA_VERSION:
            raise JournalError(f"{self.path} was written by another version of this package: its schema is {version}, and this "
                               f"one knows {SCHEMA_VERSION}")  # fmt: skip
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA fullfsync = ON")
        run("BEGIN EXCLUSIVE")
        if empty:
            for statement in filter(str.strip, _TABLES.split(";")):
                run(statement)
            run(f"PRAGMA application_id = {_APPLICATION}")
            run(f"PRAGMA user_version = {SCHEMA_VERSION}")
        run("COMMIT")

    def settle(self, about: Mapping[str, str]) -> Mapping[str, str]:
        """What the journal is about, by name: what it says already counts, the rest is written."""
        with self._writing() as run:
            run.executemany("INSERT OR IGNORE INTO about VALUES (?, ?)", list(about.items()))
            return dict(run.execute("SELECT name, value FROM about").fetchall())

    def give_up(self, now: float) -> int:
        """Jobs that were being sent when the last process ended become `unknown`; how many they are."""
        with self._writing() as run:
            return run.execute(
                "UPDATE jobs SET state = 'unknown', noticed = ?, message = ? WHERE state = 'sending'",
                (now, "the process ended before an answer came"),
            ).rowcount

    def add(self, rows: Iterable[Row]) -> None:
        """Add jobs, all of them or none."""
        with self._writing() as run:
            _insert(run, rows)

    def move(self, bases: Mapping[str, str]) -> None:
        """Say for jobs from which folder the paths of their pictures lead now."""
        with self._writing() as run:
            run.executemany("UPDATE jobs SET base = ? WHERE id = ?", [(base, name) for name, base in bases.items()])

    def note(self, job: str, state: StateName, **columns: object) -> None:
        """A job comes into another state, with other columns of its row. Raises JournalError for a step that is none."""
        with self._writing() as run:
            self._step(run, job, state, columns)

    def adopt(self, pairs: Mapping[str, str], rows: Iterable[Row]) -> None:
        """Give tasks to jobs that were unknown, and add the jobs of tasks that are nobody's: all of it or nothing, since
        who is no longer unknown leads to no candidates."""
        with self._writing() as run:
            for job, task in pairs.items():
                self._step(run, job, "running", {"task_id": task, "message": ""})
            _insert(run, rows)

    def row(self, job: str) -> Row | None:
        """A job by its id."""
        return next(iter(self._rows("WHERE id = ?", job)), None)

    def rows(self, *states: StateName) -> list[Row]:
        """The jobs in these states, in the order in which they came."""
        return self._rows(f"WHERE state IN ({', '.join('?' for _ in states)}) ORDER BY position", *states)

    def names(self, state: StateName) -> list[tuple[str, str, str]]:
        """Id, model and route of the jobs in a state, in the order in which they came."""
        return self._ask("SELECT id, model, route FROM jobs WHERE state = ? ORDER BY position", state)

    def contents(self) -> dict[str, tuple[str, str]]:
        """Content and base of every job, by its id."""
        return {job: (content, base) for job, content, base in self._ask("SELECT id, content, base FROM jobs")}

    def counts(self) -> dict[StateName, int]:
        """How many jobs are in each state."""
        found = dict(self._ask("SELECT state, count(*) FROM jobs GROUP BY state"))
        return {state: found.get(state, 0) for state in STATES}

    def costs(self) -> list[str]:
        """The costs of what was sent, as rows have them."""
        return [costs for (costs,) in self._ask("SELECT costs FROM jobs WHERE spent = 1")]

    def tasks(self) -> set[str]:
        """The ids of all tasks that belong to a job."""
        return {task for (task,) in self._ask("SELECT task_id FROM jobs WHERE task_id IS NOT NULL")}

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, _told(self.path):
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _step(self, run: sqlite3.Connection, job: str, state: StateName, columns: Mapping[str, object]) -> None:
        sets = "".join(f", {name} = ?" for name in columns)
        allowed = _FROM[state]
        done = run.execute(
            f"UPDATE jobs SET state = ?{sets} WHERE id = ? AND state IN ({', '.join('?' for _ in allowed)})",
            (state, *columns.values(), job, *allowed),
        )
        if done.rowcount != 1:
            raise JournalError(f"{self.path}: job {job} can't become {state} now")

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection, None, None]:
        """A transaction: it is on the disk when the block ends, or nothing of it is."""
        with self._lock, _told(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(Exception):  # a full disk has ended the transaction by itself
                    self._db.execute("ROLLBACK")
                raise

    def _ask(self, query: str, *values: object) -> list[Any]:
        with self._lock, _told(self.path):
            return self._db.execute(query, values).fetchall()

    def _rows(self, where: str, *values: object) -> list[Row]:
        return [Row(*found) for found in self._ask(f"SELECT {_COLUMNS} FROM jobs {where}", *values)]


def _insert(run: sqlite3.Connection, rows: Iterable[Row]) -> None:
    marks = ", ".join("?" for _ in fields(Row))
    values = [tuple(getattr(row, column.name) for column in fields(Row)) for row in rows]
    run.executemany(f"INSERT INTO jobs ({_COLUMNS}) VALUES ({marks})", values)


def discard(path: Path) -> None:
    """Remove a journal in which nothing stands yet."""
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{ending}")


@contextmanager
def _told(path: Path) -> Generator[None, None, None]:
    """What SQLite complains about, in words that say what to do."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        if "locked" in said:
            raise JournalError(f"{path} is open in another process: one at a time may work on a journal") from error
        if "not a database" in said or "malformed" in said:
            raise JournalError(f"{path} is no journal, or it is damaged ({said}): name another file") from error
        if "full" in said or "disk I/O" in said:
            raise JournalError(f"{path} can't be written: {said}. Make room, and start the batch again: it goes on where "
                               "it stopped") from error  # fmt: skip
        raise JournalError(f"{path} can't be used: {said}") from error
