"""Plan → added, changed, removed; apply it, or report it. Nothing that was edited by hand is lost."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from platemark.plain import is_map

MANIFEST = "MANIFEST.json"


@dataclass(frozen=True)
class Plan:
    """What it takes to bring a folder in line with what was emitted."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[str, ...]
    """Files that differ from what was written last: they would be overwritten or removed."""
    foreign: bool
    """The folder holds files and no manifest: it is not ours."""

    @property
    def empty(self) -> bool:
        """Whether the folder is up to date."""
        return not (self.added or self.changed or self.removed)


def digest(text: str | bytes) -> str:
    """SHA-256 in hexadecimal; of a text, that of its UTF-8."""
    return sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def plan(out: Path, files: Mapping[str, str], folders: Iterable[str]) -> Plan:
    """Compare a folder with `files`; only what stands in `folders` is looked at."""
    manifest, ours = read_manifest(out), set(folders)
    old = {path: sha for path, sha in manifest.get("files", {}).items() if path.split("/")[0] in ours}
    there = {path: _digest_of(out / path) for path in {*old, *files}}
    wanted = {path: digest(text) for path, text in files.items()}
    return Plan(
        added=tuple(sorted(path for path in wanted if there[path] is None)),
        changed=tuple(sorted(path for path in wanted if there[path] not in (None, wanted[path]))),
        removed=tuple(sorted(path for path in old if path not in wanted and there[path] is not None)),
        edited=tuple(sorted(path for path, now in there.items() if _edited(now, old.get(path), wanted.get(path)))),
        foreign=not manifest and out.is_dir() and any(out.iterdir()),
    )


def _edited(now: str | None, written: str | None, wanted: str | None) -> bool:
    return now is not None and now not in (written, wanted)


def apply(out: Path, files: Mapping[str, str], made: Plan, folders: Iterable[str], about: Mapping[str, Any]) -> None:
    """Carry a plan out. Each file is replaced as a whole, the manifest last, so that a stop in between is mended by the
    next run."""
    for path in (*made.added, *made.changed):
        put(_inside(out, path), files[path])
    for path in made.removed:
        target = _inside(out, path)
        target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: others live there
            for parent in target.parents:
                if parent == out:
                    break
                parent.rmdir()
    ours = set(folders)
    kept = {path: sha for path, sha in read_manifest(out).get("files", {}).items() if path.split("/")[0] not in ours}
    listed = {**kept, **{path: digest(text) for path, text in files.items()}}
    put(out / MANIFEST, json.dumps({**about, "files": dict(sorted(listed.items()))}, indent=1) + "\n")


def read_manifest(out: Path) -> dict[str, Any]:
    """What was written last; nothing where there is none, or where it is damaged."""
    try:
        found = json.loads((out / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if is_map(found) and is_map(found.get("files")) else {}


def _inside(out: Path, path: str) -> Path:
    """A path below `out` that no link leads elsewhere; ids are validated, so this is a second lock."""
    target = out / path
    if not target.resolve().is_relative_to(out.resolve()):
        raise ValueError(f"{path} is not inside {out}")
    return target


def _digest_of(path: Path) -> str | None:
    try:
        return digest(path.read_bytes())
    except OSError:
        return None


class Torn(Exception):
    """Files that could not be put back after a stop."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        super().__init__(", ".join(map(str, paths)))


@contextlib.contextmanager
def whole(paths: Iterable[Path]) -> Generator[None]:
    """What is written to these paths within is written as a whole: where something stops it, all is as it was before.

    Raises Torn, from what stopped it, where a file can't be put back."""
    before = {path: path.read_bytes() if path.is_file() else None for path in paths if not path.is_dir()}
    folders = {folder for path in before for folder in path.parents if not folder.is_dir()}
    try:
        yield
    except BaseException as stop:
        if torn := [path for path, raw in before.items() if not _put_back(path, raw)]:
            raise Torn(torn) from stop
        for folder in sorted(folders, reverse=True):
            with contextlib.suppress(OSError):  # it was not made yet
                folder.rmdir()
        raise


def _put_back(path: Path, raw: bytes | None) -> bool:
    try:
        if raw is None:
            path.unlink(missing_ok=True)
        elif not path.is_file() or path.read_bytes() != raw:
            put(path, raw)
    except OSError:
        return False
    return True


def put(path: Path, text: str | bytes) -> None:
    """Write a file as a whole, or not at all, with the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".platemark-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
