"""What a caller gets: pictures, texts and events. One shape for all answers of all services."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from platemark_images._runtime import files, pictures
from platemark_images._runtime.answers import Failure, Outcome
from platemark_images._runtime.drivers import AsyncDriver, Driver
from platemark_images._runtime.prepare import Prepared
from platemark_images._runtime.protocol import Context
from platemark_images._runtime.report import Violation
from platemark_images._runtime.telemetry import Operation

RawT = TypeVar("RawT", covariant=True)
ImageT = TypeVar("ImageT", "Image", "AsyncImage")

_AT_ONCE = 4  # downloads of one result


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that lies at an address for a time, mostly a day."""

    url: str
    stem: str
    """A file name without its ending, the same whenever the same answer is saved."""
    size: str | None
    """`W*H` as the answer tells it; None where it does not."""
    expires_at: datetime | None
    """When the address ends at the latest; None where no document says."""
    _driver: Driver = field(repr=False, compare=False)
    _context: Context = field(repr=False, compare=False)

    def bytes(self) -> bytes:
        """Download the file, all of it: what breaks off is resumed. Raises ResultExpired when the address has ended."""
        return self._driver.run(files.download(self._context, self.url), Operation("download", self._context.service))

    def save(self, path: str | Path) -> Path:
        """Download into a file or, if `path` is a folder or ends with a slash, into a folder; give the file's path."""
        return write(path, self.stem, self.bytes())


@dataclass(frozen=True, slots=True)
class AsyncImage:
    """A picture that lies at an address for a time, mostly a day."""

    url: str
    stem: str
    """A file name without its ending, the same whenever the same answer is saved."""
    size: str | None
    """`W*H` as the answer tells it; None where it does not."""
    expires_at: datetime | None
    """When the address ends at the latest; None where no document says."""
    _driver: AsyncDriver = field(repr=False, compare=False)
    _context: Context = field(repr=False, compare=False)

    async def bytes(self) -> bytes:
        """Download the file, all of it: what breaks off is resumed. Raises ResultExpired when the address has ended."""
        return await self._driver.run(files.download(self._context, self.url), Operation("download", self._context.service))

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
    def text(self) -> str:
        """All texts, in paragraphs."""
        return "\n\n".join(self.texts)

    @property
    def request_id(self) -> str:
        """The service's id of the request, which its support asks for; empty where it gives none."""
        return str(self.values.get("request_id", ""))

    @property
    def usage(self) -> Mapping[str, Any]:
        """What is billed, as the service puts it."""
        found = cast("dict[str, Any]", self.raw).get("usage")
        return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}

    @property
    def seed(self) -> int | None:
        """The seed that was asked for; None where the service chose one."""
        return self.prepared.values.get("seed") if self.prepared else None

    @property
    def actual_prompt(self) -> str | None:
        """The prompt after the service rewrote it, where it tells."""
        found = self.values.get("actual_prompt")
        return None if found is None else str(found)

    @property
    def requested_size(self) -> str | None:
        """The size as the caller put it."""
        return self.prepared.requested_size if self.prepared else None

    @property
    def expected_size(self) -> str | None:
        """`W*H` of the pictures, as the documents predict it; None where they can't."""
        return self.prepared.expected_size if self.prepared else None

    @property
    def actual_size(self) -> str | None:
        """`W*H` of the pictures, as the answer tells it; None where it does not."""
        return _size(self.values)

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
        """Download all pictures into a folder, which is made, several at once; give their paths.

        Where the answer holds texts, a Markdown file with texts and pictures is the last of them."""
        from concurrent.futures import ThreadPoolExecutor
        from contextvars import copy_context

        def save(image: Image) -> Path:
            return image.save(f"{folder}/")

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # Each thread in a copy of the caller's context, so that spans lie within those of the caller.
            begun = [pool.submit(copy_context().run, save, image) for image in self.images]
            paths = [each.result() for each in begun]
        return paths + page(folder, self.parts, paths)


@dataclass(frozen=True)
class AsyncResult(Answered[RawT, AsyncImage]):
    """Pictures, and what came with them."""

    async def save(self, folder: str | Path) -> list[Path]:
        """Download all pictures into a folder, which is made, several at once; give their paths.

        Where the answer holds texts, a Markdown file with texts and pictures is the last of them."""
        import asyncio

        places = asyncio.Semaphore(_AT_ONCE)

        async def save(image: AsyncImage) -> Path:
            async with places:
                return await image.save(f"{folder}/")

        paths = list(await asyncio.gather(*map(save, self.images)))
        return paths + page(folder, self.parts, paths)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text that a stream brought."""

    text: str


@dataclass(frozen=True, slots=True)
class ImageArrived(Generic[ImageT]):
    """A picture that a stream brought."""

    image: ImageT


@dataclass(frozen=True, slots=True)
class Source:
    """Where results come from: when their pictures end, and what their files are called."""

    context: Context
    ended: datetime | None = None
    """When the service was done; None for now."""

    @property
    def expires_at(self) -> datetime | None:
        keep = self.context.service.provider.keep
        return (self.ended or datetime.now(UTC)) + timedelta(seconds=keep) if keep else None


def result(
    driver: Driver, source: Source, found: Outcome, prepared: Prepared[Any] | None, task_id: str | None = None
) -> Result[Any]:
    """An outcome for those who block."""
    about = _size(found.values), source.expires_at, driver, source.context
    parts = tuple(item if stem is None else Image(item, stem, *about) for stem, item in _named(found, task_id))
    return Result(parts, found.failures, found.values, found.raw, prepared, task_id)


def async_result(
    driver: AsyncDriver, source: Source, found: Outcome, prepared: Prepared[Any] | None, task_id: str | None = None
) -> AsyncResult[Any]:
    """An outcome for those who await."""
    about = _size(found.values), source.expires_at, driver, source.context
    parts = tuple(item if stem is None else AsyncImage(item, stem, *about) for stem, item in _named(found, task_id))
    return AsyncResult(parts, found.failures, found.values, found.raw, prepared, task_id)


def _named(found: Outcome, task_id: str | None) -> list[tuple[str | None, str]]:
    """Each part, pictures with the name of their file."""
    stem, count = _stem(found, task_id), 0
    made = list[tuple[str | None, str]]()
    for kind, item in found.parts:
        count += kind == "images"
        made.append((f"{stem}-{count:02}" if kind == "images" else None, item))
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


def _size(values: Mapping[str, Any]) -> str | None:
    """`W*H` from an answer, which has it as text or as two numbers."""
    if size := values.get("size"):
        return str(size)
    width, height = values.get("width"), values.get("height")
    return f"{width}*{height}" if width and height else None


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
            file.flush()
            os.fsync(file.fileno())  # else a power cut leaves a name without its bytes
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


def page(folder: str | Path, parts: Iterable[object], paths: Sequence[Path | str]) -> list[Path]:
    """A Markdown file of texts and pictures in reading order, beside the pictures; none where there is no text.

    A picture that is no file stands there by its address."""
    parts = list(parts)
    if not any(isinstance(part, str) for part in parts):
        return []
    names = (place.name if isinstance(place, Path) else place for place in paths)
    lines = [part if isinstance(part, str) else f"![]({next(names)})" for part in parts]
    stem = next((place.stem.rpartition("-")[0] for place in paths if isinstance(place, Path)), "text")
    return [write(Path(folder) / f"{stem}.md", stem, "\n\n".join(lines).encode() + b"\n")]
