"""Reading answers, leniently: new fields and words never fail; errors are found wherever a service puts them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from platemark_images._runtime import errors, skeletons
from platemark_images._runtime.ir import Provider
from platemark_images._runtime.pace import retry_after
from platemark_images._runtime.service import Service


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


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


def outcome(service: Service, result: str, raw: Any) -> Outcome:
    """What a finished answer holds, by the result's skeleton; without one, by that which finds most in it."""
    if not result:
        each = [_outcome(service, name, raw) for name in service.provider.results]
        return max(each, key=lambda found: (len(found.parts), len(found.failures)))
    return _outcome(service, result, raw)


def made(found: Outcome, *, is_task: bool = False) -> Outcome:
    """An outcome that holds something. Where it holds nothing, raises APIError by the first failure; without one,
    OutcomeUnknown, or APIError for a task, of which it is known that it was accepted and is over."""
    if found.parts:
        return found
    first, request_id = next(iter(found.failures), None), _text(found.values.get("request_id"))
    nothing = "the answer holds neither a picture nor a text"
    if first is None and not is_task:
        error = errors.OutcomeUnknown(nothing, status=200)
        error.request_id = request_id
        raise error
    first = first or Failure("", nothing)
    raise errors.APIError(first.message, status=200, code=first.code, request_id=request_id)


def _outcome(service: Service, result: str, raw: Any) -> Outcome:
    provider = service.provider
    values, found = skeletons.find(provider.results[result], raw)
    parts = tuple((f.kind, str(f.item)) for f in found if f.kind in {"images", "texts"} and f.item is not None)
    failed = tuple(
        Failure(_text(f.fields.get("code")), service.without_secrets(_text(f.fields.get("message"))))
        for f in found if f.kind == "failures"
    )  # fmt: skip
    shared, _ = skeletons.find(provider.answer, raw)
    # What stands beside each picture, such as the prompt that it was made from, is the same for all but rarely.
    beside = next((f.fields for f in found if f.kind == "images"), dict[str, Any]())
    return Outcome(parts, failed, {**beside, **values, **shared}, raw)


def parsed(service: Service, answer: Answer, *, paid: bool) -> Any:
    """The JSON of an answer. Raises the error that it holds, be it behind HTTP 200.

    An answer that can't be read leaves the outcome of a paid request unknown."""
    data, provider = _json(answer), service.provider
    if answer.status >= 400 or (provider.status_200_too and code_of(provider, data)):
        raise api_error(service, answer, data, paid=paid)
    if isinstance(data, dict) and 200 <= answer.status < 300:
        return cast("dict[str, Any]", data)
    told = f"HTTP {answer.status}, {len(answer.body)} bytes that are not the answer of {provider.client}"
    if 300 <= answer.status < 400:
        leads = service.without_secrets(answer.headers.get("location", "nowhere"))
        raise errors.ConnectionFailed(f"{told}: it leads to {leads}, and a key goes nowhere but to {service.base_url}",
                                      status=answer.status)  # fmt: skip
    if paid:
        raise errors.OutcomeUnknown(told, status=answer.status)
    raise errors.ConnectionFailed(told, status=answer.status)


def _json(answer: Answer) -> Any:
    body = answer.body
    if answer.headers.get("content-type", "").startswith("text/event-stream"):  # an error, told as an event
        body = b"\n".join(line[5:] for line in body.splitlines() if line.startswith(b"data:"))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def code_of(provider: Provider, data: Any) -> str:
    """The code of the error that an answer holds; empty where it holds none."""
    return _text(skeletons.find(provider.error, data)[0].get("code"))


def may_repeat(provider: Provider, answer: Answer) -> bool:
    """Whether the documents say that a refused request was not accepted and may be sent again."""
    return answer.status == 429 and bool(provider.errors.get(code_of(provider, _json(answer)), {}).get("retry"))


def api_error(service: Service, answer: Answer, data: Any, *, paid: bool = False) -> errors.PlatemarkError:
    """The error that an answer means: by the class of its code, else by its status."""
    provider, status = service.provider, answer.status
    values, _ = skeletons.find(provider.error, data)
    code = _text(values.get("code"))
    message = service.without_secrets(message_of(values, data))
    request_id = _text(skeletons.find(provider.answer, data)[0].get("request_id"))
    if paid and status >= 500 and not code:
        told = f"HTTP {status} from something before the service: {message or 'no reason given'}"
        return errors.OutcomeUnknown(told, status=status)
    means = str(provider.errors.get(code, {}).get("class", ""))
    kind = _BY_CLASS.get(means) or _by_status(status)
    if kind is errors.AuthenticationError:
        message = f"{message or 'the key was refused'}; {_places(service)}"
    if kind is errors.RateLimited:
        return _limited(means, message, answer, code, request_id)
    return kind(message, status=status, code=code, request_id=request_id)


def _limited(means: str, message: str, answer: Answer, code: str, request_id: str) -> errors.RateLimited:
    """Too much was asked for: of what, and whether to wait."""
    reason, asked = _REASONS.get(means, "rate"), retry_after(answer.headers, time.time)
    hint = "waiting does not help" if reason == "quota" else "wait and send it again"
    hint = hint if asked is None else f"the service asks to wait for {asked:.0f} s"
    error = errors.RateLimited(f"{message or 'no reason is given'}; {hint}", status=answer.status, code=code,
                               request_id=request_id)  # fmt: skip
    error.reason, error.retry_after = reason, asked
    return error


def _places(service: Service) -> str:
    """What an application asks itself when its key is refused."""
    hosts = ", ".join(f"{region.id} at {region.host}" for region in service.provider.regions if region.host)
    return f"key and region must match: this was {service.base_url}, and there are {hosts}"


_REASONS: Mapping[str, Literal["rate", "concurrency", "quota"]] = {"concurrency": "concurrency", "quota": "quota"}
_BY_CLASS: Mapping[str, type[errors.APIError]] = {
    "auth": errors.AuthenticationError,
    "permission": errors.PermissionDenied,
    "content": errors.ContentRejected,
    "rate": errors.RateLimited,
    "concurrency": errors.RateLimited,
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
