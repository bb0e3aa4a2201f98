"""What came of a request: pictures are downloaded, as many as can be, and all of it is told, whatever failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platemark_images._runtime.cli import showing
from platemark_images._runtime.cli.failures import FAILURE, INTERRUPTED, meaning
from platemark_images._runtime.cli.voice import Voice, pairs, table

if TYPE_CHECKING:
    from concurrent.futures import Future

    from platemark_images._runtime.prepare import Prepared
    from platemark_images._runtime.results import Image, Result

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture, where it lies now, and what went wrong with it."""

    image: Image
    path: Path | None = None
    problem: str = ""
    code: int = 0


def saved(voice: Voice, result: Result[Any], given: Mapping[str, Any], ready: Prepared[Any] | None) -> int:
    """Download the pictures unless that is not wanted, and tell all; the code to exit with."""
    kept = _download(result, given["out"]) if given["save"] else [Kept(image) for image in result.images]
    codes = [each.code for each in kept if each.code] + ([FAILURE] if result.failures else [])
    page = None
    if given["save"]:
        try:
            page = _page(result, kept, given["out"])
        except OSError as error:
            codes.append(FAILURE)
            voice.note(f"the Markdown file could not be written: {meaning(error)[1]['message']}")
    told = _json(result, kept, page, ready)
    voice.say(told, _text(voice, result, kept, page))
    return max(codes, default=0)


def _download(result: Result[Any], folder: str) -> list[Kept]:
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(_AT_ONCE)
    waiting = [(image, pool.submit(image.save, f"{folder}/")) for image in result.images]
    try:
        return [_kept(image, future) for image, future in waiting]
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        done = [(image, future) for image, future in waiting if future.done() and not future.cancelled()]
        kept = {id(image): _kept(image, future) for image, future in done}
        lost = "interrupted before it was downloaded"
        return [kept.get(id(image), Kept(image, problem=lost, code=INTERRUPTED)) for image in result.images]
    finally:
        pool.shutdown(wait=False)


def _kept(image: Image, future: Future[Path]) -> Kept:
    try:
        return Kept(image, future.result())
    except Exception as error:  # whatever it is, the address is told
        code, said = meaning(error)
        return Kept(image, problem=said["message"], code=code)


def _page(result: Result[Any], kept: list[Kept], folder: str) -> Path | None:
    """The Markdown file of an illustrated text; a picture that is no file stands there by its address."""
    from platemark_images._runtime.writing import page

    made = page(folder, result.parts, [each.path or each.image.url for each in kept])
    return made[0] if made else None


def _json(result: Result[Any], kept: list[Kept], page: Path | None, ready: Prepared[Any] | None) -> dict[str, Any]:
    told = {
        "task_id": result.task_id,
        "request_id": result.request_id,
        "images": [
            {"url": each.image.url, "file": str(each.path) if each.path else None, "size": each.image.size,
             "expires_at": each.image.expires_at.isoformat(timespec="seconds") if each.image.expires_at else None,
             **({"error": each.problem} if each.problem else {})}
            for each in kept
        ],
        "texts": list(result.texts),
        "markdown": str(page) if page else None,
        "failures": [{"code": each.code, "message": each.message} for each in result.failures],
        "actual_prompt": result.actual_prompt,
        "actual_size": result.actual_size,
        "usage": dict(result.usage),
    }  # fmt: skip
    return {**showing.about(ready), **told} if ready else told


def _text(voice: Voice, result: Result[Any], kept: list[Kept], page: Path | None) -> str:
    rows = [
        (number, each.path or each.image.url, each.image.size or "", each.problem and f"not saved: {each.problem}")
        for number, each in enumerate(kept, 1)
    ]
    more = [
        ("text", page or result.text),
        ("failed", "; ".join(f"{each.message} ({each.code})" for each in result.failures)),
        ("prompt used", result.actual_prompt),
        ("request", result.request_id),
        ("task", result.task_id),
    ]
    return "\n".join(filter(None, [table(voice, ("", "picture", "size", "problem"), rows), pairs(more)]))
