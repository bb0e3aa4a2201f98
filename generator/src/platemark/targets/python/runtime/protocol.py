"""What is said to a service, and when: generators that yield requests and waits, and do no I/O.

A driver sends each request and hands its answer back, or throws `ConnectionFailed` or `OutcomeUnknown` into the
generator. A request for pictures (`paid`) is sent again only when it surely was not accepted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from platemark_images._runtime import errors, pace, telemetry
from platemark_images._runtime.answers import Answer, Outcome, made, may_repeat, outcome, parsed
from platemark_images._runtime.prepare import Prepared
from platemark_images._runtime.service import LOG, Service
from platemark_images._runtime.settings import Settings

T = TypeVar("T")

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses of a question that may be answered a moment later."""


def chance() -> float:
    """A number from 0 to 1 that spreads pauses."""
    import random

    return random.random()


@dataclass(frozen=True, slots=True)
class Context:
    """What the conversations of a client share. `tasks` limits questions about tasks, whoever asks them."""

    service: Service
    settings: Settings
    tasks: pace.Limiter | None = None
    now: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = chance

    def headers(self) -> dict[str, str]:
        """Headers of a question: the key, and what the caller adds."""
        return self.settings.added_to(self.service.headers())

    def but(self, options: Mapping[str, Any]) -> Context:
        """The same with other options."""
        return replace(self, settings=self.settings.but(options))

    def of(self, prepared: Prepared[Any] | None) -> Context:
        """The same with the options of a call."""
        return self if prepared is None else replace(self, settings=prepared.settings)


class Arrived:
    """What has arrived of a file, and what is known of the whole."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._mark = ""
        self._total: int | None = None
        self._taken = False

    @property
    def complete(self) -> bool:
        """Whether the last answer belonged to the file and nothing is missing, as far as the server said how much
        there is."""
        return self._taken and self._total in {None, len(self.data)}

    def headers(self) -> dict[str, str]:
        """What asks for the rest of this very version of the file; for all of it, where nothing tells versions apart."""
        plain = {"Accept-Encoding": "identity"}
        if not (self.data and self._mark):
            return plain
        return {**plain, "Range": f"bytes={len(self.data)}-", "If-Range": self._mark}

    def begin(self, status: int, headers: Mapping[str, str]) -> bool:
        """Take note of the head of an answer; whether its body belongs to the file."""
        self._taken = False
        if status not in (200, 206):
            return False
        span, _, total = headers.get("content-range", "").removeprefix("bytes ").partition("/")
        etag = headers.get("etag", "")
        mark = etag if etag and not etag.startswith("W/") else headers.get("last-modified", "")
        fits = span.partition("-")[0] == str(len(self.data)) and (not self.data or mark in {"", self._mark})
        if status == 200 or not fits:
            self.data.clear()
            self._mark = ""
        if status == 206 and not fits:  # another part than was asked for, or one of another version
            return False
        packed = headers.get("content-encoding", "identity") != "identity"  # lengths and parts are of what is packed
        said = "" if packed else total if status == 206 else headers.get("content-length", "")
        self._mark = "" if packed else mark or self._mark
        self._total = int(said) if said.isascii() and said.isdecimal() else None
        self._taken = True
        return True


@dataclass(frozen=True, slots=True)
class Send:
    """A request to send. `paid`: it may be billed. `form`: fields of a form, the last of which is a file."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    paid: bool = False
    timeout: float = 300.0
    form: tuple[tuple[str, str | bytes], ...] = field(default=(), repr=False)
    name: str = ""
    """The file's name in the form."""

    @property
    def safe(self) -> bool:
        """Whether it changes nothing when it is sent twice. A form does: what it stored once can't be stored again."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Fetch:
    """A file to download, from where `into` ends; what arrives is added to it, even if the rest does not come."""

    url: str
    into: Arrived = field(repr=False)
    timeout: float = 300.0


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause, in seconds."""

    seconds: float


Talk: TypeAlias = Generator["Send | Fetch | Wait", "Answer | None", T]
"""A conversation that ends in a T."""


def paid(context: Context, prepared: Prepared[Any], route: str) -> Send:
    """The request for pictures, with the key. What the service will change, and what is noted, is logged.

    Raises ConfigurationError for what was prepared for another route, or for another address than the key is for."""
    if not prepared.url.startswith(f"{context.service.base_url}/"):
        raise errors.ConfigurationError(f"this was prepared for {prepared.url}, and this client is one of "
                                        f"{context.service.base_url}: a key goes nowhere else")  # fmt: skip
    if prepared.route != route:
        raise errors.ConfigurationError(f"this was prepared for the {prepared.route} route, and is no {route}; "
                                        "send() takes any")  # fmt: skip
    for told in prepared.told:
        LOG.warning("%s: %s", prepared.model, told)
    headers = {**prepared.headers, **context.service.headers(prepared.route)}
    return Send(prepared.method, prepared.url, headers, prepared.body, paid=True, timeout=context.settings.timeout)


def generate(context: Context, prepared: Prepared[Any]) -> Talk[Outcome]:
    """Ask for pictures by a synchronous route."""
    raw = parsed(context.service, (yield from ask(context, paid(context, prepared, "sync"))), paid=True)
    return made(outcome(context.service, prepared.offer.result, raw))


def opening(context: Context, prepared: Prepared[Any]) -> Talk[Answer]:
    """Ask for pictures by a route whose answer may be a stream; of a stream, the answer is its head."""
    return (yield from ask(context, paid(context, prepared, "stream")))


def ask(context: Context, send: Send) -> Talk[Answer]:
    """The answer to a request, which is sent again where that is safe: it was not written as a whole, it only asks, or
    the service refused it with a code that says so."""
    most, attempt, where = context.settings.max_retries, 0, f"{send.method} {send.url.partition('?')[0]}"
    while True:
        headers: Mapping[str, str] = {}
        try:
            answer = yield send
            if answer is None:
                raise TypeError("a driver answers every request")
            why = f"HTTP {answer.status}"
            if not (answer.status in _PASSING if send.safe else may_repeat(context.service.provider, answer)):
                return answer
            headers = answer.headers
        except errors.ConnectionFailed as error:
            if attempt >= most or not (send.safe or error.unsent):
                raise
            answer, why = None, str(error).removeprefix(f"{where}: ")
        pause = pace.again(attempt, headers, context.chance(), time.time) if attempt < most else None
        if pause is None:
            assert answer is not None
            return answer
        attempt += 1
        LOG.info("%s: %s; attempt %d in %.1f s", where, why, attempt + 1, pause)
        telemetry.again(why, pause)
        yield Wait(pause)
