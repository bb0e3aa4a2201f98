"""The service's temporary storage as callers use it: nothing is uploaded unless it is asked for here."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from platemark_images._runtime import files, inputs, pictures
from platemark_images._runtime.errors import ConfigurationError

if TYPE_CHECKING:
    from platemark_images._runtime.client import AsyncClient, Client


class Files:
    """The service's temporary storage."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def upload(self, file: Path | bytes | IO[bytes], *, model: str, name: str | None = None) -> inputs.Upload:
        """Store a file for one model; give the result, or its `url`, among the `images` of a call with that model.

        The file keeps until `expires_at`, and only this account and model can use it. Raises ConfigurationError for what
        can't be read or is too large, or where the service has no storage; APIError when the service or its storage
        refuses, ConnectionFailed when one of them can't be reached."""
        data = _data(file)
        talk = files.upload(self._client.context, data, _name(file, name, data), model)
        return self._client.run(talk, self._client.operation("upload", model=model))


class AsyncFiles:
    """The service's temporary storage."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def upload(self, file: Path | bytes | IO[bytes], *, model: str, name: str | None = None) -> inputs.Upload:
        """Store a file for one model; give the result, or its `url`, among the `images` of a call with that model.

        The file keeps until `expires_at`, and only this account and model can use it. Raises ConfigurationError for what
        can't be read or is too large, or where the service has no storage; APIError when the service or its storage
        refuses, ConnectionFailed when one of them can't be reached."""
        data = _data(file)
        talk = files.upload(self._client.context, data, _name(file, name, data), model)
        return await self._client.run(talk, self._client.operation("upload", model=model))


def _data(file: object) -> bytes:
    if isinstance(file, str):
        raise ConfigurationError("upload() takes a pathlib.Path, bytes or an open file: a text is never taken for a path")
    data = inputs.read(file, "upload()")
    if data is None:
        raise ConfigurationError(f"upload() takes a pathlib.Path, bytes or an open file, not {type(file).__name__}")
    return data


def _name(file: object, given: str | None, data: bytes) -> str:
    """A file name that no other file has, reduced to what every address takes; its ending follows the bytes."""
    own = given or (Path(cast("os.PathLike[str]", file)).name if isinstance(file, os.PathLike) else "")
    seen = pictures.sniff(data, len(data))
    stem, dot, ending = own.rpartition(".")
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in (stem if dot else own))[:60]
    end = seen.format.lower() if seen else "".join(c for c in ending if c.isascii() and c.isalnum()) or "bin"
    return f"{sha256(data).hexdigest()[:12]}{'-' if kept else ''}{kept}.{end}"
