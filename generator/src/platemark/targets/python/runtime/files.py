"""Files that come and go: pictures are downloaded, inputs are uploaded. Conversations, as in `protocol`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from platemark_images._runtime import errors, pace, skeletons
from platemark_images._runtime.answers import parsed
from platemark_images._runtime.inputs import Upload
from platemark_images._runtime.ir import Uploads
from platemark_images._runtime.protocol import Arrived, Context, Fetch, Send, Talk, Wait, ask
from platemark_images._runtime.service import LOG

_GONE = frozenset({403, 404, 410})


def download(context: Context, url: str) -> Talk[bytes]:
    """The bytes of a picture, all of them. What broke off goes on where it ended. The key does not travel there.

    Raises ResultExpired where the picture is no more, ConnectionFailed where it can't be had."""
    into, attempt = Arrived(), 0
    while True:
        before, headers, problem = len(into.data), dict[str, str](), ""
        try:
            answer = yield Fetch(url, into, context.settings.timeout)
            assert answer is not None
            if answer.status in _GONE:
                raise errors.ResultExpired("the picture is not there (any more); addresses expire", status=answer.status)
            if answer.status in (200, 206) and into.complete:
                return bytes(into.data)
            problem, headers = f"HTTP {answer.status}, {len(into.data)} bytes", dict(answer.headers)
            if answer.status not in {200, 206, 408, 416, 429} and answer.status < 500:
                raise errors.ConnectionFailed(f"{problem} for a picture", status=answer.status)
            if answer.status == 416:
                into = Arrived()
        except errors.ConnectionFailed as error:
            if error.status is not None:
                raise
            problem = str(error)
        attempt = 0 if len(into.data) > before else attempt
        pause = pace.again(attempt, headers, context.chance(), time.time)
        if attempt >= context.settings.max_retries or pause is None:
            raise errors.ConnectionFailed(f"a picture could not be downloaded: {problem}")
        attempt += 1
        LOG.info("download: %s; it goes on from byte %d in %.1f s", problem, len(into.data), pause)
        yield Wait(pause)


def upload(context: Context, data: bytes, name: str, model: str) -> Talk[Upload]:
    """A file in the service's temporary storage, for one model. Raises ConfigurationError where there is none."""
    uploads = _uploads(context)
    if uploads.bytes and len(data) > uploads.bytes:
        raise errors.ConfigurationError(f"{name} has {len(data):,} bytes; at most {uploads.bytes:,} can be uploaded")
    leave = yield from _leave(context, uploads, model)
    key = uploads.key.replace("{upload_dir}", str(leave.get("upload_dir", ""))).replace("{file_name}", name)
    said: Mapping[str, Any] = {**leave, "key": key, "file": data}
    fields = tuple((field, _said(value, said)) for pair in uploads.form for field, value in pair.items())
    host = str(leave.get("upload_host", ""))
    if not host.startswith(("https://", "http://")):
        raise errors.ConnectionFailed(f"the service names {host!r} as the place for uploads, which is no address")
    answer = yield from ask(context, Send("POST", host, {}, form=fields, name=name, timeout=context.settings.timeout))
    if not 200 <= answer.status < 300:
        raise errors.APIError(f"the storage refused {name}: {answer.body[:200].decode(errors='replace')}",
                              status=answer.status)  # fmt: skip
    expires = datetime.now(UTC) + timedelta(seconds=uploads.keep) if uploads.keep else None
    return Upload(f"{uploads.scheme}://{key}", expires)


def _leave(context: Context, uploads: Uploads, model: str) -> Talk[Mapping[str, Any]]:
    """Leave to upload, for one model."""
    method, _, path = uploads.policy.partition(" ")
    url = context.service.base_url + path.replace("{model}", quote(model, safe=""))
    send = Send(method, url, context.service.headers(), timeout=context.settings.timeout)
    raw = parsed(context.service, (yield from ask(context, send)), paid=False)
    return skeletons.find(uploads.answer, raw)[0]


def _said(value: str, said: Mapping[str, Any]) -> str | bytes:
    """A field of the form: what leave to upload brought, or a constant."""
    found = said.get(value[1:], "") if value.startswith("$") else value
    return found if isinstance(found, bytes) else "true" if found is True else "false" if found is False else str(found)


def _uploads(context: Context) -> Uploads:
    uploads = context.service.provider.uploads
    if uploads is None:
        raise errors.ConfigurationError(f"{context.service.provider.client} has no storage for files: give them as they are")
    return uploads
