"""Reading answers, leniently: new fields and words never fail; errors are found wherever a service puts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from platemark_images._runtime import errors, skeletons
from platemark_images._runtime.ir import Provider


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture that could not be made, beside others that could."""

    code: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What an answer holds: addresses of pictures (`url`) and texts in reading order, and the rest by name."""

    parts: tuple[tuple[str, str], ...]
    """`images` or `texts`, with the address or the text."""
    failures: tuple[Failure, ...]
    values: Mapping[str, Any]
    raw: Any = field(repr=False)


def outcome(provider: Provider, result: str, raw: Any) -> Outcome:
    """What a finished answer holds, by the result's skeleton."""
    values, found = skeletons.find(provider.results[result], raw)
    parts = tuple((f.kind, str(f.item)) for f in found if f.kind in {"images", "texts"} and f.item is not None)
    failed = tuple(
        Failure(str(f.fields.get("code", "")), str(f.fields.get("message", ""))) for f in found if f.kind == "failures"
    )
    shared, _ = skeletons.find(provider.answer, raw)
    # What stands beside each picture, such as the prompt that it was made from, is the same for all but rarely.
    beside = next((f.fields for f in found if f.kind == "images"), dict[str, Any]())
    return Outcome(parts, failed, {**beside, **values, **shared}, raw)


def parsed(provider: Provider, answer: Answer, *, paid: bool) -> Any:
    """The JSON of an answer. Raises the error that it holds, be it behind HTTP 200.

    An answer that can't be read leaves the outcome of a paid request unknown."""
    try:
        data: Any = json.loads(answer.body)
    except ValueError:
        data = None
    if answer.status >= 400 or (provider.status_200_too and _code(provider, data)):
        raise api_error(provider, answer.status, data, paid=paid)
    if not isinstance(data, dict) or not 200 <= answer.status < 300:
        told = f"HTTP {answer.status}, {len(answer.body)} bytes that are not the answer of {provider.client}"
        raise errors.OutcomeUnknown(told) if paid and answer.status < 300 else errors.ConnectionFailed(told)
    return cast("dict[str, Any]", data)


def api_error(provider: Provider, status: int, data: Any, *, paid: bool = False) -> errors.PlatemarkError:
    """The error that an answer means: by the class of its code, else by its status."""
    values, _ = skeletons.find(provider.error, data)
    code = str(values.get("code", ""))
    message, request_id = message_of(values, data), _text(skeletons.find(provider.answer, data)[0].get("request_id"))
    if paid and status in {502, 504} and not code:
        return errors.OutcomeUnknown(f"HTTP {status} from a gateway before the service: {message or 'no reason given'}")
    kind = _BY_CLASS.get(provider.error_classes.get(code, "")) or _by_status(status)
    if kind is errors.AuthenticationError:
        message = f"{message or 'the key was refused'}; key and region must match"
    return kind(message, status=status, code=code, request_id=request_id)


_BY_CLASS: Mapping[str, type[errors.APIError]] = {
    "auth": errors.AuthenticationError,
    "permission": errors.PermissionDenied,
    "content": errors.ContentRejected,
    "rate": errors.RateLimited,
    "quota": errors.RateLimited,
    "server": errors.ServerError,
}
_BY_STATUS: Mapping[int, type[errors.APIError]] = {
    401: errors.AuthenticationError,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    429: errors.RateLimited,
}


def _by_status(status: int) -> type[errors.APIError]:
    return _BY_STATUS.get(status, errors.ServerError if status >= 500 else errors.APIError)


def _code(provider: Provider, data: Any) -> str:
    return _text(skeletons.find(provider.error, data)[0].get("code"))


def message_of(values: Mapping[str, Any], data: Any) -> str:
    """The message where the skeleton says, or where services like to put it instead."""
    if found := _text(values.get("message")):
        return found
    body = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    error = body.get("error")
    inner = cast("dict[str, Any]", error).get("message") if isinstance(error, dict) else error
    return _text(inner) or _text(body.get("message"))


def _text(value: object) -> str:
    return "" if value is None else str(value)
