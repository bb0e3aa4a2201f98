"""Files that come and go: pictures are downloaded, inputs are uploaded. Conversations, as in `protocol`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from platemark_images._runtime import errors, pace, skeletons, telemetry
from platemark_images._runtime.answers import Answer, parsed
from platemark_images._runtime.inputs import Upload
from platemark_images._runtime.ir import Uploads
from platemark_images._runtime.protocol import Arrived, Context, Fetch, Send, Talk, Wait, ask
from platemark_images._runtime.service import LOG

_GONE = frozenset({403, 404, 410})
_PASSING = frozenset({200, 206, 408, 416, 429})


def download(context: Context, url: str) -> Talk[bytes]:
    """The bytes of a picture, all of them. What broke off goes on where it ended. The key does not travel there.

    Raises ResultExpired where the picture is no more, ConnectionFailed where it can't be had."""
    into, most, attempt = Arrived(), 0, 0
    while True:
        answer, cause = None, None
        try:
            answer = yield Fetch(url, into, context.settings.timeout)
        except errors.ConnectionFailed as error:
            cause = error
        if answer and into.complete:
            return bytes(into.data)
        if answer and answer.status in _GONE:
            raise errors.ResultExpired("the picture is not there (any more); addresses expire", status=answer.status)
        status = answer.status if answer else None
        problem = f"HTTP {status}, {len(into.data)} bytes" if answer else str(cause)
        if len(into.data) > most:  # what gets on may break off as often as it likes
            most, attempt = len(into.data), 0
        pause, passing = None, status is None or status in _PASSING or status >= 500
        if passing and attempt < context.settings.max_retries:
            pause = pace.again(attempt, answer.headers if answer else {}, context.chance(), time.time)
        if pause is None:
            told = f"a picture could not be downloaded: {problem}; it is kept for a time, so ask for it again"
            raise errors.ConnectionFailed(told, status=status) from cause
        if status == 416:
            into = Arrived()
        attempt += 1
        LOG.info("download: %s; it goes on from byte %d in %.1f s", problem, len(into.data), pause)
        telemetry.again(problem, pause)
        yield Wait(pause)


def upload(context: Context, data: bytes, name: str, model: str) -> Talk[Upload]:
    """A file in the service's temporary storage, for one model. Raises ConfigurationError where there is none.

    What may have been stored is stored again with another leave, and thus under another key."""
    uploads = _uploads(context)
    if uploads.bytes and len(data) > uploads.bytes:
        raise errors.ConfigurationError(f"{name} has {len(data):,} bytes; at most {uploads.bytes:,} can be uploaded")
    attempt = 0
    while True:
        key, send = _form(context, uploads, (yield from _leave(context, uploads, model)), data, name)
        answer, problem = None, ""
        try:
            answer = yield from ask(context, send)
        except errors.ConnectionFailed as error:
            if attempt >= context.settings.max_retries:
                raise
            problem = str(error)
        if answer and 200 <= answer.status < 300:
            expires = datetime.now(UTC) + timedelta(seconds=uploads.keep) if uploads.keep else None
            return Upload(f"{uploads.scheme}://{key}", expires)
        if answer and (answer.status < 500 or attempt >= context.settings.max_retries):
            raise _refused(context, answer, name)
        pause = pace.again(attempt, {}, context.chance(), time.time) or 0.0
        attempt += 1
        problem = problem or f"HTTP {answer.status if answer else ''}"
        LOG.info("upload: %s; it is stored anew in %.1f s", problem, pause)
        telemetry.again(problem, pause)
        yield Wait(pause)


def _form(context: Context, uploads: Uploads, leave: Mapping[str, Any], data: bytes, name: str) -> tuple[str, Send]:
    """Where a file will be, and the form that brings it there."""
    key = uploads.key.replace("{upload_dir}", str(leave.get("upload_dir", ""))).replace("{file_name}", name)
    said: Mapping[str, Any] = {**leave, "key": key, "file": data}
    fields = tuple((field, _said(value, said)) for pair in uploads.form for field, value in pair.items())
    host = str(leave.get("upload_host", ""))
    if not host.startswith(("https://", "http://")):
        raise errors.ConnectionFailed(f"the service names {host!r} as the place for uploads, which is no address")
    return key, Send("POST", host, {}, form=fields, name=name, timeout=context.settings.timeout)


def _refused(context: Context, answer: Answer, name: str) -> errors.APIError:
    """What it means that the storage did not take a file; it answers in words of its own."""
    kind = errors.ServerError if answer.status >= 500 else errors.APIError
    said = context.service.without_secrets(answer.body[:200].decode(errors="replace"))
    return kind(f"the storage did not take {name}: {said}", status=answer.status)


def _leave(context: Context, uploads: Uploads, model: str) -> Talk[Mapping[str, Any]]:
    """Leave to upload, for one model."""
    method, _, path = uploads.policy.partition(" ")
    url = context.service.base_url + path.replace("{model}", quote(model, safe=""))
    send = Send(method, url, context.headers(), timeout=context.settings.timeout)
    raw = parsed(context.service, (yield from ask(context, send)), paid=False)
    return skeletons.find(uploads.answer, raw)[0]


def _said(value: str, said: Mapping[str, Any]) -> str | bytes:
    """A field of the form: what leave to upload brought, or a constant."""
    found = said.get(value[1:], "") if value.startswith("$") else value
    return found if isinstance(found, bytes) else "true" if found is True else "false" if found is False else str(found)


def _uploads(context: Context) -> Uploads:
    uploads = context.service.provider.uploads
    if uploads is None:
        raise errors.ConfigurationError(
            f"{context.service.provider.client} has no storage for files: give them as they are"
        )
    return uploads
