"""The jobs of a batch: read from JSON Lines, from CSV or from mappings, named, and as the journal keeps them.

Nothing is sent here. What is wrong with jobs is collected, each with its place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias, cast

from platemark_images._runtime import inputs
from platemark_images._runtime.batch.journal import Row
from platemark_images._runtime.errors import ConfigurationError, PlatemarkError, RequestInvalid
from platemark_images._runtime.prepare import Prepared, prepare
from platemark_images._runtime.service import Service
from platemark_images._runtime.settings import OPTIONS, Settings

Jobs: TypeAlias = "Iterable[Mapping[str, object]] | str | os.PathLike[str]"
"""Mappings, or a file that ends with `.jsonl`, `.ndjson` or `.csv`."""

_NAMED = ("model", "mode", "route", "envelope", "family")
_LONGEST = 200
"""Characters of an id: it becomes part of a file's name."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was given: what is asked for as JSON, and where it stood. `base` is where its paths begin."""

    id: str
    content: str
    base: str
    where: str


class _Wrong(Exception):
    """What is wrong with a job."""


def read(jobs: Jobs, service: Service) -> tuple[list[Job], list[str]]:
    """All jobs, with ids: given ones, or the digest of what is asked for with the number of its occurrence; and what is
    no job, with its place. Raises ConfigurationError for a file that can't be read."""
    base, given = _given(jobs, service)
    found, problems = list[Job](), list[str]()
    occurrences, ids, folded = dict[str, int](), dict[str, Job](), dict[str, Job]()
    for where, row in given:
        try:
            if isinstance(row, _Wrong):
                raise row
            content = _content(row)
            digest = sha256(content.encode()).hexdigest()[:16]
            occurrences[digest] = occurrences.get(digest, 0) + 1
            job = Job(_id(row.get("id"), f"{digest}-{occurrences[digest]}"), content, base, where)
            before = ids.get(job.id) or folded.get(job.id.casefold())
            if before is not None:
                raise _Wrong(_twice(job, before))
            ids[job.id] = folded[job.id.casefold()] = job
            found.append(job)
        except _Wrong as wrong:
            problems.append(f"{where}: {wrong}")
    return found, problems


def _twice(job: Job, before: Job) -> str:
    if job.id != before.id:
        return f"id {job.id!r} and id {before.id!r} at {before.where} are one and the same file name on many systems"
    same = "the same request" if job.content == before.content else "another request"
    return f"id {job.id!r} is taken at {before.where}, by {same}"


def _id(given: object, derived: str) -> str:
    if given is None or given == "":
        return derived
    name = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    if not isinstance(name, str) or not name.isprintable() or name != name.strip() or len(name) > _LONGEST:
        raise _Wrong(f"id must be a printable text of at most {_LONGEST} characters, not {given!r:.80}")
    return name


def stem(job: str) -> str:
    """How the names of a job's files begin: its id, reduced to what every file system takes; different for each id."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in job)
    plain = kept == job and not job.startswith(".") and len(job) <= 80
    return job if plain else f"{kept.lstrip('.')[:60]}-{sha256(job.encode()).hexdigest()[:12]}"


# ── From files ────────────────────────────────────────────────────────────────────────────────────────────────────

_Rows: TypeAlias = "Iterator[tuple[str, Mapping[str, object] | _Wrong]]"


def _given(jobs: Jobs, service: Service) -> tuple[str, _Rows]:
    """Where paths begin, and each job with its place."""
    if not isinstance(cast("object", jobs), Iterable | os.PathLike):
        raise ConfigurationError(f"jobs must be mappings, or a file that holds them, not {jobs!r:.80}")
    if not isinstance(jobs, str | os.PathLike):
        return str(Path.cwd()), ((f"job {i}", _mapping(each)) for i, each in enumerate(jobs, 1))
    path = Path(jobs)
    readers: Mapping[str, Callable[[str, str], _Rows]] = {
        ".jsonl": _lines, ".ndjson": _lines, ".csv": lambda text, name: _table(text, name, service),
    }  # fmt: skip
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ConfigurationError(f"{path}: jobs are read from .jsonl, .ndjson and .csv")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    return str(path.resolve().parent), reader(text, path.name)


def _mapping(value: object) -> Mapping[str, object] | _Wrong:
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value)
    return _Wrong(f"a job is a mapping with `model`, not {value!r:.80}")


def _lines(text: str, name: str) -> _Rows:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found = _mapping(json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant))
            except (ValueError, RecursionError) as error:
                found = _Wrong(f"no JSON object: {error}")
            yield f"{name}:{number}", found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands there twice")
    return found


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON")


def _table(text: str, name: str, service: Service) -> _Rows:
    """Rows of a CSV file. An empty cell is left out; a cell of a text is taken as it is, any other as JSON."""
    import csv
    import io

    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = [cell.strip() for cell in next(rows, list[str]())]
        if wrong := next((cell for cell in head if head.count(cell) > 1 or not cell), None) if head else "":
            yield f"{name}:1", _Wrong(f"column {wrong!r} stands there twice")
            return
        if "" in head or not head:
            yield f"{name}:1", _Wrong("the first line must name every column")
            return
        for cells in rows:
            where = f"{name}:{rows.line_num}"
            if len(cells) > len(head):
                yield where, _Wrong(f"{len(cells)} cells, and {len(head)} columns")
            elif any(cells):
                yield where, _cells({k: v for k, v in zip(head, cells, strict=False) if v}, service)
    except csv.Error as error:
        yield f"{name}:{rows.line_num}", _Wrong(f"no CSV: {error}")


def _cells(row: Mapping[str, str], service: Service) -> Mapping[str, object]:
    """A row as JSON would have it, by the types of its model's parameters."""
    try:
        family, model = service.family(row.get("model", ""), row.get("family"))
    except ConfigurationError:
        return row  # preparing it will say so, with the nearest names
    types = {p.argument or p.name: p.type for offer in family.by_model[model] for p in offer.parameters}
    return {name: _cell(text, types.get(name), name) for name, text in row.items()}


def _cell(text: str, kind: str | None, name: str) -> object:
    if name == "id" or name in _NAMED or kind in {"text", "size"} or (kind is None and name not in OPTIONS):
        return text
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return [text] if kind == "images" else text


# ── As the journal keeps them ─────────────────────────────────────────────────────────────────────────────────────


def _content(row: Mapping[str, object]) -> str:
    """What a job asks for, as JSON in one spelling."""
    if not isinstance(row.get("model"), str) or not row["model"]:
        raise _Wrong("`model` is missing")
    if wrong := [name for name in _NAMED if row.get(name) is not None and not isinstance(row[name], str)]:
        raise _Wrong(f"{', '.join(wrong)} must be text")
    if "extra_headers" in row:
        raise _Wrong(
            "extra_headers may hold secrets, which no journal keeps: give them to the client, by with_options()"
        )
    kept = {str(name): _kept(value, str(name)) for name, value in row.items() if name != "id" and value is not None}
    try:
        return json.dumps(kept, allow_nan=False, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except ValueError as error:
        raise _Wrong(f"it can't be written as JSON: {error}") from None


def _kept(value: object, where: str) -> object:
    """A value as JSON; files by their path. What would be lost with the process, or is a picture itself, is refused."""
    match value:
        case str() if value.startswith("data:"):
            raise _Wrong(f'{where}: a journal holds no pictures: save it, and give {{"path": …}} or a pathlib.Path')
        case None | bool() | int() | float() | str():
            return value
        case os.PathLike():
            return {"path": os.fspath(cast("os.PathLike[str]", value))}
        case inputs.Upload():
            return value.url
        case Mapping():
            pairs = cast("Mapping[object, object]", value).items()
            return {str(name): _kept(each, f"{where}.{name}") for name, each in pairs}
        case set() | frozenset():
            return sorted(map(str, cast("Collection[object]", value)))
        case list() | tuple():
            return [_kept(each, f"{where}[{i}]") for i, each in enumerate(cast("Collection[object]", value))]
        case _:
            raise _Wrong(f"{where}: {type(value).__name__} is gone with its process, and a batch goes on without it: save "
                         "the picture, and give {\"path\": …} or a pathlib.Path")  # fmt: skip


def options(content: str) -> dict[str, Any]:
    """The options among what a job asks for."""
    return {name: value for name, value in json.loads(content).items() if name in OPTIONS}


def prepared(
    content: str, base: str, service: Service, settings: Settings, digests: Mapping[str, str] | None = None
) -> tuple[Prepared[Any], dict[str, str]]:
    """The exact request of a job, and the SHA-256 of each input file; the task route is taken where a mode has it.

    Raises what `prepare` raises, and ConfigurationError for a file that can't be read or has other `digests`."""
    asked: dict[str, Any] = json.loads(content)
    model, mode, route, envelope, family = (asked.pop(name, None) for name in _NAMED)
    seen = dict[str, str]()
    values = {name: _loaded(value, base, seen) for name, value in asked.items()}
    if digests is not None and (changed := [path for path, digest in seen.items() if digests.get(path) != digest]):
        raise ConfigurationError(f"{', '.join(changed)} changed since the job came into the journal")

    def made(by: str | None) -> Prepared[Any]:
        return prepare(service, settings, model, values, mode, by, envelope, family)

    found = made(route)
    if route is None and found.route != "task" and service.has_tasks(found.model, found.mode, family):
        try:
            found = made("task")
        except RequestInvalid:  # the other route takes what tasks refuse
            if found.route == "stream":
                raise
    if found.route == "stream":
        raise ConfigurationError(f"{model} ({found.mode}): a stream can't be resumed, so a batch does not go by it")
    return found, seen


def _loaded(value: object, base: str, seen: dict[str, str]) -> object:
    """A value with the bytes of files in place of `{"path": …}`."""
    if isinstance(value, list):
        return [_loaded(each, base, seen) for each in cast("list[object]", value)]
    if isinstance(value, dict) and list(cast("dict[str, object]", value)) == ["path"]:
        path = cast("dict[str, object]", value)["path"]
        if not isinstance(path, str):
            raise ConfigurationError(f"path must be text, not {path!r}")
        data = inputs.read(Path(base, path), "path") or b""
        seen[path] = sha256(data).hexdigest()
        return data
    return cast("object", value)


def rows(new: Iterable[Job], service: Service, settings: Settings) -> tuple[list[Row], list[str]]:
    """New jobs for the journal, each of them prepared; and what can't be sent, with its place."""
    found, problems = list[Row](), list[str]()
    for job in new:
        try:
            made, digests = prepared(job.content, job.base, service, settings)
            costs = {currency: str(price * made.estimate.pictures) for currency, price in made.estimate.prices.items()}
            found.append(Row(job.id, made.model, made.route, job.content, job.base, json.dumps(digests),
                             json.dumps(costs), made.offer.result))  # fmt: skip
        except PlatemarkError as error:
            problems.append(f"{job.where}: {error}")
    return found, problems
