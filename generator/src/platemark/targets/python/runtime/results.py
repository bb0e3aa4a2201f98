"""What a caller gets: pictures, texts and events. One shape for all answers of all services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from platemark_images._runtime import files, writing
from platemark_images._runtime.answers import Failure, Outcome
from platemark_images._runtime.drivers import AsyncDriver, Driver
from platemark_images._runtime.prepare import Prepared
from platemark_images._runtime.protocol import Context
from platemark_images._runtime.report import Violation
from platemark_images._runtime.service import LOG
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
        """Download into a file or, if `path` is a folder or ends with a slash, into a folder; give the file's path.

        Raises ResultExpired when the address has ended, and OSError for what can't be written."""
        return writing.picture(path, self.stem, self.bytes())


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
        """Download into a file or, if `path` is a folder or ends with a slash, into a folder; give the file's path.

        Raises ResultExpired when the address has ended, and OSError for what can't be written."""
        return writing.picture(path, self.stem, await self.bytes())


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

        Where the answer holds texts, a Markdown file with texts and pictures is the last of them. Raises NotAllSaved,
        with what was saved, when some can't be."""
        from concurrent.futures import ThreadPoolExecutor
        from contextvars import copy_context

        into = writing.folder(folder)

        def save(image: Image) -> Path | Exception:
            try:
                return image.save(into)
            except Exception as error:
                return error

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # Each thread in a copy of the caller's context, so that spans lie within those of the caller.
            begun = [pool.submit(copy_context().run, save, image) for image in self.images]
            return writing.all_of(into, self.parts, [each.result() for each in begun])


@dataclass(frozen=True)
class AsyncResult(Answered[RawT, AsyncImage]):
    """Pictures, and what came with them."""

    async def save(self, folder: str | Path) -> list[Path]:
        """Download all pictures into a folder, which is made, several at once; give their paths.

        Where the answer holds texts, a Markdown file with texts and pictures is the last of them. Raises NotAllSaved,
        with what was saved, when some can't be."""
        import asyncio

        into, places = writing.folder(folder), asyncio.Semaphore(_AT_ONCE)

        async def save(image: AsyncImage) -> Path | Exception:
            async with places:
                try:
                    return await image.save(into)
                except Exception as error:
                    return error

        return writing.all_of(into, self.parts, await asyncio.gather(*map(save, self.images)))


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
    _tell_missing(found, prepared)
    about = _size(found.values), source.expires_at, driver, source.context
    parts = tuple(item if stem is None else Image(item, stem, *about) for stem, item in _named(found, task_id))
    return Result(parts, found.failures, found.values, found.raw, prepared, task_id)


def async_result(
    driver: AsyncDriver, source: Source, found: Outcome, prepared: Prepared[Any] | None, task_id: str | None = None
) -> AsyncResult[Any]:
    """An outcome for those who await."""
    _tell_missing(found, prepared)
    about = _size(found.values), source.expires_at, driver, source.context
    parts = tuple(item if stem is None else AsyncImage(item, stem, *about) for stem, item in _named(found, task_id))
    return AsyncResult(parts, found.failures, found.values, found.raw, prepared, task_id)


def _tell_missing(found: Outcome, prepared: Prepared[Any] | None) -> None:
    """Say it where fewer pictures came than were asked for."""
    came = sum(kind == "images" for kind, _ in found.parts)
    if prepared is None or prepared.estimate.at_most or came >= prepared.estimate.pictures:
        return
    failed = "".join(f"; {each.code}: {each.message}" for each in found.failures)
    LOG.warning("%s: %d of %d pictures came%s", prepared.model, came, prepared.estimate.pictures, failed)


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
