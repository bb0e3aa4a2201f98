"""What a caller gets: pictures, texts, tasks and events. One shape for all answers of all services."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from platemark_images._runtime import pictures, protocol
from platemark_images._runtime.answers import Failure, Outcome
from platemark_images._runtime.drivers import AsyncDriver, Driver
from platemark_images._runtime.prepare import Prepared
from platemark_images._runtime.report import Violation

RawT = TypeVar("RawT", covariant=True)
ImageT = TypeVar("ImageT", "Image", "AsyncImage")


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that lies at an address for a time, mostly a day."""

    url: str
    stem: str
    """A file name without its ending, the same whenever the same answer is saved."""
    _driver: Driver = field(repr=False, compare=False)

    def bytes(self) -> bytes:
        """Download the file. Raises NotFound when the address has expired."""
        return self._driver.run(protocol.download(self.url))

    def save(self, path: str | Path) -> Path:
        """Download into a file or, if `path` is a folder or ends with a slash, into a folder; give the file's path."""
        return write(path, self.stem, self.bytes())


@dataclass(frozen=True, slots=True)
class AsyncImage:
    """A picture that lies at an address for a time, mostly a day."""

    url: str
    stem: str
    """A file name without its ending, the same whenever the same answer is saved."""
    _driver: AsyncDriver = field(repr=False, compare=False)

    async def bytes(self) -> bytes:
        """Download the file. Raises NotFound when the address has expired."""
        return await self._driver.run(protocol.download(self.url))

    async def save(self, path: str | Path) -> Path:
        """Download into a file or, if `path` is a folder or ends with a slash, into a folder; give the file's path."""
        return write(path, self.stem, await self.bytes())


@dataclass(frozen=True)
class Answered(Generic[RawT, ImageT]):
    """What both kinds of results hold."""

    parts: tuple[ImageT | str, ...]
    """Pictures and texts in reading order."""
    failures: tuple[Failure, ...]
    """Pictures that could not be made, beside the good ones."""
    values: Mapping[str, Any] = field(repr=False)
    """What else the answer says, by the names of the service's skeleton."""
    raw: RawT = field(repr=False)
    """The answer as it came; of a stream, its last event."""
    prepared: Prepared[Any] | None = field(default=None, repr=False)
    """The request; None for a task that was resumed by its id."""
    task_id: str | None = None

    @property
    def images(self) -> tuple[ImageT, ...]:
        return tuple(part for part in self.parts if not isinstance(part, str))

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if isinstance(part, str))

    @property
    def request_id(self) -> str:
        """The service's id of the request, which its support asks for; empty where it gives none."""
        return str(self.values.get("request_id", ""))

    @property
    def usage(self) -> Mapping[str, Any]:
        """What is billed, as the service puts it."""
        raw = cast("Any", self.raw)
        return raw.get("usage") or {}

    @property
    def actual_prompt(self) -> str | None:
        """The prompt after the service rewrote it, where it tells."""
        found = self.values.get("actual_prompt")
        return None if found is None else str(found)

    @property
    def expected_size(self) -> str | None:
        """`W*H` of the pictures, as the documents predict it; None where they can't."""
        return self.prepared.expected_size if self.prepared else None

    @property
    def adjustments(self) -> tuple[Violation, ...]:
        """What the service changed: a text that it cut, a size that it rounded."""
        return self.prepared.adjustments if self.prepared else ()

    @property
    def notes(self) -> tuple[Violation, ...]:
        """What was accepted, but should be known."""
        return self.prepared.notes if self.prepared else ()


@dataclass(frozen=True)
class Result(Answered[RawT, Image]):
    """Pictures, and what came with them."""

    def save(self, folder: str | Path) -> list[Path]:
        """Download all pictures into a folder, which is made; give their paths."""
        return [image.save(f"{folder}/") for image in self.images]


@dataclass(frozen=True)
class AsyncResult(Answered[RawT, AsyncImage]):
    """Pictures, and what came with them."""

    async def save(self, folder: str | Path) -> list[Path]:
        """Download all pictures into a folder, which is made; give their paths."""
        return [await image.save(f"{folder}/") for image in self.images]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text that a stream brought."""

    text: str


@dataclass(frozen=True, slots=True)
class ImageArrived(Generic[ImageT]):
    """A picture that a stream brought."""

    image: ImageT


def result(driver: Driver, found: Outcome, prepared: Prepared[Any] | None, task_id: str | None = None) -> Result[Any]:
    """An outcome for those who block."""
    stem = _stem(found, task_id)
    parts = tuple(
        item if kind == "texts" else Image(item, f"{stem}-{n:02}", driver) for n, kind, item in _counted(found)
    )
    return Result(parts, found.failures, found.values, found.raw, prepared, task_id)


def async_result(
    driver: AsyncDriver, found: Outcome, prepared: Prepared[Any] | None, task_id: str | None = None
) -> AsyncResult[Any]:
    """An outcome for those who await."""
    stem = _stem(found, task_id)
    parts = tuple(
        item if kind == "texts" else AsyncImage(item, f"{stem}-{n:02}", driver) for n, kind, item in _counted(found)
    )
    return AsyncResult(parts, found.failures, found.values, found.raw, prepared, task_id)


def _counted(found: Outcome) -> list[tuple[int, str, str]]:
    """Each part with the number of pictures up to it."""
    count, made = 0, list[tuple[int, str, str]]()
    for kind, item in found.parts:
        count += kind == "images"
        made.append((count, kind, item))
    return made


def event_stem(number: int, address: str) -> str:
    """A name for a picture of a stream, which a picture of another stream does not have."""
    from hashlib import sha256

    return f"event-{number:04}-{sha256(address.encode()).hexdigest()[:8]}"


def _stem(found: Outcome, task_id: str | None) -> str:
    """A name from the answer's id, reduced to what every file system takes."""
    from hashlib import sha256

    name = task_id or str(found.values.get("request_id", "")) or sha256(repr(found.parts).encode()).hexdigest()[:16]
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:80]


def write(path: str | Path, stem: str, data: bytes) -> Path:
    """Write a picture as a whole or not at all; its ending follows its bytes."""
    target = Path(path)
    if target.is_dir() or str(path).endswith(("/", os.sep)):
        seen = pictures.sniff(data, len(data))
        target = target / f"{stem}.{seen.format.lower() if seen else 'bin'}"
    target.parent.mkdir(parents=True, exist_ok=True)
    import tempfile

    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{stem}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target
