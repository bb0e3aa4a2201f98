"""Uploads: leave to upload, the form that comes with it, and the address that a request then uses.

A store remembers the last 10,000 leaves and the last 10,000 files, and of a file what its header says: no bytes are
kept. Keys that this emulator never gave leave for stand for files elsewhere, of which it knows nothing.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.emulator.clock import Clock
from platemark.emulator.recent import forget_oldest
from platemark.emulator.replies import Refused, Reply, merge
from platemark.rules.pictures import Picture, sniff
from platemark.wire import skeletons
from platemark.wire.routes import held

KEPT = 10_000
MOST_BYTES = 32 << 20
"""The largest file that is taken, where the service takes larger ones."""

_ROOT = "platemark-instant"
_MOST_KEY = 1024


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave to upload: who may, for which model, since when, and what the form must say."""

    account: str
    model: str
    since: float
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was uploaded: whose it is, for which model, since when, and what its header says."""

    account: str
    model: str
    since: float
    picture: Picture | None


class Store:
    """The uploads of one service."""

    def __init__(self, provider: ir.Provider, uploads: ir.Uploads, clock: Clock, new_id: Callable[[], str]) -> None:
        self.spec = uploads
        self.most_bytes = min(uploads.bytes or MOST_BYTES, MOST_BYTES)
        self._provider = provider
        self._clock = clock
        self._new_id = new_id
        self._secret = secrets.token_bytes(32)
        self._form = {n: part[1:] for field in uploads.form for n, part in field.items() if skeletons.is_name(part)}
        """Field of the form: what it says of the leave, of the key, or of the file."""
        self._proof = [name for name in self._form.values() if name in skeletons.names(uploads.answer)]
        self._leaves: OrderedDict[tuple[str, ...], Leave] = OrderedDict()
        self._files: OrderedDict[str, Upload] = OrderedDict()

    def leave(self, account: str, model: str, host: str, request_id: str) -> Reply:
        """Leave to upload a file for a model; the form goes to `host`."""
        now = self._clock.now()
        folder = f"{_ROOT}/{self._new_id()}"
        until = now + self.spec.expires if self.spec.expires else None
        document = {"until": until, "bytes": self.most_bytes, "folder": folder}
        policy = base64.b64encode(json.dumps(document).encode()).decode()
        said = {
            "policy": policy, "signature": self._signature(policy), "upload_dir": folder, "upload_host": host,
            "access_key": "platemark-emulator", "object_acl": "private", "forbid_overwrite": "true",
            "expires_in": self.spec.expires, "max_megabytes": max(1, self.most_bytes >> 20),
            "capacity_megabytes": 999_999_999,
        }  # fmt: skip
        self._leaves[self._token(said)] = Leave(account, model, now, said)
        forget_oldest(self._leaves, KEPT)
        values = {**said, "request_id": request_id}
        body = merge(skeletons.build(self._provider.answer, values), skeletons.build(self.spec.answer, values))
        return Reply(200, body, about={"model": model, "request_id": request_id})

    def take(self, fields: Sequence[tuple[str, str | None]], data: bytes) -> Reply:
        """A form: its fields in order, None for the file, whose bytes are `data`. Raises Refused for one that no leave
        covers, that is larger than allowed, or whose key is taken."""
        given = {self._form[name]: text for name, text in fields if name in self._form and text is not None}
        leave = self._leaves.get(self._token(given))
        if leave is None:
            said = "the form does not say what the leave to upload says"
            raise Refused("upload", said, rules=("upload",), status=403)
        if self.spec.expires and self._clock.now() - leave.since >= self.spec.expires:
            raise Refused("upload.expired", "the leave to upload has expired", rules=("upload.expired",))
        file = next((name for name, part in self._form.items() if part == "file"), "")
        if not fields or fields[-1] != (file, None):
            raise Refused("upload", f"the last field of the form must be {file}, a file", rules=("upload",))
        if len(data) > self.most_bytes:
            raise Refused("size", f"the file is larger than {self.most_bytes:,} bytes", rules=("size",), status=413)
        self._keep(given.get("key", ""), leave, data)
        return Reply(200, about={"model": leave.model})

    def find(self, account: str, model: str, address: str, headers: Mapping[str, str]) -> Picture | None:
        """What is known of an upload that a request uses. Raises Refused where the request may not: without the header
        that it takes, with another's file or another model's, one that is lost, or that never came."""
        key = address.partition("://")[2]
        if not held(self.spec.header, {name: value.strip().lower() for name, value in headers.items()}):
            said = ", ".join(f"{name}: {value}" for name, value in self.spec.header.items())
            raise _unusable("header", f"an address that begins with {self.spec.scheme}:// needs {said}")
        if f"{_ROOT}/" not in key:
            return None
        found = self._files.get(key)
        if found is None or (self.spec.keep and self._clock.now() - found.since >= self.spec.keep):
            raise _unusable("lost", f"there is no upload {key[:200]}, or no longer")
        if (found.account, found.model) != (account, model):
            raise _unusable("foreign", f"{key[:200]} was uploaded for another account or another model")
        return found.picture

    def uses(self, address: str) -> bool:
        """Whether an address is one of uploads."""
        return address.startswith(f"{self.spec.scheme}://")

    def forget(self) -> None:
        """Drop all leaves and files."""
        self._leaves.clear()
        self._files.clear()

    def _keep(self, key: str, leave: Leave, data: bytes) -> None:
        folder = self.spec.key.partition("{file_name}")[0].format_map(leave.said)
        if not (key.startswith(folder) and len(folder) < len(key) <= _MOST_KEY):
            raise Refused(
                "upload", f"the key must begin with {folder}, and name the file", rules=("upload",), status=403
            )
        if key in self._files:
            raise Refused("upload", f"there is a file {key} already", rules=("upload",))
        self._files[key] = Upload(leave.account, leave.model, self._clock.now(), sniff(data, len(data)))
        forget_oldest(self._files, KEPT)

    def _token(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """What a form has to say of the leave that covers it."""
        return tuple(str(values.get(name, "")) for name in self._proof)

    def _signature(self, policy: str) -> str:
        return base64.b64encode(hmac.digest(self._secret, policy.encode(), "sha1")).decode()


def _unusable(why: str, message: str) -> Refused:
    return Refused(f"upload.{why}", message, rules=(f"upload.{why}",))
