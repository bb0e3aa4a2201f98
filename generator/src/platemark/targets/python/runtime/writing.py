"""Files that results are saved as: whole or not at all, in folders that are made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from platemark_images._runtime import errors, pictures
from platemark_images._runtime.service import LOG

if TYPE_CHECKING:
    from platemark_images._runtime.pictures import Picture


def folder(path: str | Path) -> Path:
    """A folder, which is made. Raises OSError where it can't be."""
    made = Path(path)
    made.mkdir(parents=True, exist_ok=True)
    return made


def picture(path: str | Path, stem: str, data: bytes) -> Path:
    """Write a picture into a file or, if `path` is a folder or ends with a slash, into a folder under a name of its own.

    The ending follows the bytes; where it does not, or they are no picture, that is told."""
    seen = pictures.sniff(data, len(data))
    target = Path(path)
    if target.is_dir() or str(path).endswith(("/", os.sep)):
        target = target / f"{stem}.{seen.format.lower() if seen else 'bin'}"
    if seen is None:
        LOG.warning("%s: what was downloaded is no picture in a known format (%d bytes)", target, len(data))
    elif target.suffix and not _fits(target.suffix, seen):
        LOG.warning("%s: the picture is %s, whatever the ending says", target, seen.format)
    return write(target, data)


def _fits(suffix: str, seen: Picture) -> bool:
    own = suffix[1:].upper()
    return {"JPG": "JPEG", "TIF": "TIFF"}.get(own, own) == seen.format


def write(target: Path, data: bytes) -> Path:
    """Write a file as a whole or not at all, in a folder that is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.parent / f".{target.stem[:60]}-{os.urandom(6).hex()}"
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a power cut leaves a name without its bytes
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return target


def page(into: str | Path, parts: Iterable[object], places: Sequence[Path | str]) -> list[Path]:
    """A Markdown file of texts and pictures in reading order, beside the pictures; none where there is no text.

    A picture that is no file stands there by its address."""
    parts = list(parts)
    if not any(isinstance(part, str) for part in parts):
        return []
    names = (place.name if isinstance(place, Path) else place for place in places)
    lines = [part if isinstance(part, str) else f"![]({next(names)})" for part in parts]
    stem = next((place.stem.rpartition("-")[0] for place in places if isinstance(place, Path)), "text")
    return [write(Path(into) / f"{stem}.md", "\n\n".join(lines).encode() + b"\n")]


def all_of(into: Path, parts: Iterable[object], saved: Sequence[Path | Exception]) -> list[Path]:
    """The files of a result. Raises what went wrong with its only picture, and NotAllSaved for some of several."""
    parts = list(parts)
    images = [part for part in parts if not isinstance(part, str)]
    problems = {number: each for number, each in enumerate(saved, 1) if isinstance(each, Exception)}
    if problems and len(saved) == 1:
        raise problems[1]
    paths = [each for each in saved if isinstance(each, Path)]
    places = [each if isinstance(each, Path) else str(getattr(image, "url", "")) for image, each in zip(images, saved, strict=True)]
    paths += page(into, parts, places)
    if problems:
        raise errors.NotAllSaved(paths, problems, len(saved))
    return paths
