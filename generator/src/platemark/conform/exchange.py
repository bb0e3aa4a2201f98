"""What comes back of a probe: its answer read to the end, be it at once, in events or by a task."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from platemark import ir
from platemark.conform.probes import Probe, Request
from platemark.plain import is_map
from platemark.rules import leaves, pictures, sizes
from platemark.wire import skeletons

Kind: TypeAlias = Literal["accepted", "refused", "unclear"]
HEAD = 1 << 16
"""How many bytes of a picture are read: its sides stand among the first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service says to one request; names of headers are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


class Unsent(Exception):
    """Nothing was sent: the service can't be reached."""


class Lost(Exception):
    """It was sent, and nobody knows what became of it."""


Send: TypeAlias = Callable[[Request], Answer]
"""Carries one request to a service. Raises Unsent and Lost."""

Wait: TypeAlias = Callable[[float], None]
"""Lets so many seconds pass."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a probe. `unclear` says nothing of a rule: `why` tells what got in the way.

    `why` is one of content, auth, permission, quota, rate, server, unreachable, lost, slow, or what can't be read."""

    kind: Kind
    status: int = 0
    code: str = ""
    message: str = ""
    request_id: str = ""
    why: str = ""
    pictures: int = 0
    size: sizes.Size | None = None
    extended: bool | None = None
    tries: int = 1
    spent: Decimal = Decimal(0)

    @property
    def said(self) -> str:
        """The service's own words on a line."""
        return f"{self.status} {self.code} {self.message}".strip().replace("  ", " ")[:200]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what: seconds between questions about a task, from the first to the service's own pace,
    seconds for a task in all, pauses when there was too much, and tries when the service fails."""

    first: float = 1.0
    task: float = 900.0
    most_pauses: int = 10
    longest_pause: float = 60.0
    tries: int = 3


class Exchange:
    """Asks one service, and reads its answers by the skeletons of its spec alone."""

    def __init__(self, provider: ir.Provider, send: Send, wait: Wait, patience: Patience) -> None:
        self._provider = provider
        self._send = send
        self._wait = wait
        self._patience = patience

    def ask(self, probe: Probe) -> Outcome:
        """Send a probe, again where that is safe, and wait for what it asked for."""
        pauses = failures = 0
        while True:
            outcome = self._once(probe, pauses)
            if outcome.why in {"rate", "concurrency"} and pauses < self._patience.most_pauses:
                pauses += 1
            elif outcome.why in {"server", "unreachable"} and failures + 1 < self._patience.tries:
                failures += 1
                self._wait(min(2.0**failures, self._patience.longest_pause))
            else:
                return replace(_asked_for(probe, outcome), tries=1 + pauses + failures)

    def _once(self, probe: Probe, pauses: int) -> Outcome:
        try:
            answer = self._send(probe.request)
        except Unsent as error:
            return Outcome("unclear", why="unreachable", message=str(error))
        except Lost as error:
            return Outcome("unclear", why="lost", message=str(error))
        if answer.status == 429:
            self._wait(self._pause(answer, pauses))
        return self._read(probe, answer)

    def _pause(self, answer: Answer, tries: int) -> float:
        text = answer.headers.get("retry-after", "")
        asked = float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 2.0**tries
        return min(asked, self._patience.longest_pause)

    # ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, probe: Probe, answer: Answer) -> Outcome:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return self._stream(probe, answer)
        data = parsed(answer.body)
        if refusal := self._refusal(answer.status, data):
            return refusal
        if probe.route == "task":
            return self._task(probe, answer.status, data)
        return self._accepted(probe, answer.status, [data])

    def _refusal(self, status: int, data: Any) -> Outcome | None:
        """What an error means; None for what is none. Some services answer 200 with an error in the body."""
        errors = self._provider.errors
        values, _ = skeletons.find(errors.answer, data)
        code = str(values.get("code", ""))
        if 200 <= status < 300 and not (errors.status_200_too and code):
            return None
        if not is_map(data) and not 400 <= status < 500:
            return Outcome("unclear", status, why="server" if status >= 500 else "no JSON", message=_text(data))
        why = class_of(self._provider, status, code)
        request_id = str(values.get("request_id", ""))
        message = str(values.get("message", "")) or _text(data)
        return Outcome("unclear" if why else "refused", status, code, message, request_id, why)

    def _accepted(self, probe: Probe, status: int, answers: list[Any]) -> Outcome:
        """How many pictures an answer, or the events of one, hold, how large the first is, and what is told of it."""
        provider = self._provider
        found: list[skeletons.Found] = []
        values: dict[str, Any] = {}
        for data in answers:
            told, items = _found(provider, probe.result, data)
            values |= told | skeletons.find(provider.answer, data)[0]
            found += items
        images = [item.item for item in found if item.kind == "images" and isinstance(item.item, str)]
        failed = [item for item in found if item.kind == "failures"]
        wanted = probe.expect.size is not None or probe.expect.like is not None
        size = self._size(images[0]) if images and wanted else None
        if not images and failed:
            code = str(failed[0].fields.get("code", ""))
            return Outcome("unclear", status, code, why=class_of(provider, 400, code) or "failed pictures")
        if not images:
            return Outcome("unclear", status, why="no picture in the answer", message=_text(answers[-1]))
        extended = (
            "reasoning" in values
            if "reasoning" in _names(provider, probe.result)
            else any("actual_prompt" in each for each in (values, *(item.fields for item in found)))
        )
        request_id = str(values.get("request_id", ""))
        billed = max(len(images), leaves.integer(values.get("count")))
        return Outcome("accepted", status, request_id=request_id, pictures=billed, size=size, extended=extended)

    def _size(self, address: str) -> sizes.Size | None:
        """The sides of a picture, from its first bytes; None where it can't be had."""
        try:
            answer = self._send(Request("GET", address, keyed=False, first=HEAD))
        except (Unsent, Lost):
            return None
        found = pictures.sniff(answer.body, max(HEAD, len(answer.body))) if answer.status == 200 else None
        return (found.width, found.height) if found else None

    # ── Streams and tasks ─────────────────────────────────────────────────────────────────────────────────────────

    def _stream(self, probe: Probe, answer: Answer) -> Outcome:
        events = list(_events(self._provider, answer.body.decode("utf-8", "replace")))
        for kind, status, data in events:
            if kind == self._provider.stream.get("error") or status >= 400:
                worst = status if status >= 400 else 500
                return self._refusal(worst, data) or Outcome("unclear", worst, why="server", message=_text(data))
        return self._accepted(probe, answer.status, [data for _, _, data in events] or [None])

    def _task(self, probe: Probe, status: int, data: Any) -> Outcome:
        tasks = self._provider.tasks
        values, _ = skeletons.find(tasks.created, data) if tasks else ({}, [])
        task_id = str(values.get("task_id", ""))
        if tasks is None or not task_id:
            return Outcome("unclear", status, why="no task in the answer", message=_text(data))
        pause, waited, missed = self._patience.first, 0.0, 0
        while waited < self._patience.task and missed < 5:
            self._wait(pause)
            waited, pause = waited + max(pause, 0.01), min(pause * 2, float(tasks.poll))
            state = self._query(tasks, task_id)
            if state is None:
                missed += 1
                continue
            missed = 0
            meaning, told, answer = state
            if meaning == "done":
                return self._accepted(probe, status, [answer])
            if meaning != "waiting":
                return self._ended(probe, meaning, told)
        return Outcome("unclear", status, why="slow" if missed < 5 else "lost", message=f"task {task_id}")

    def _query(self, tasks: ir.Tasks, task_id: str) -> tuple[str, Mapping[str, Any], Any] | None:
        method, _, path = tasks.query.partition(" ")
        address = self._provider.base_path + path.replace("{task_id}", quote(task_id, safe=""))
        try:
            answer = self._send(Request(method, address))
        except (Unsent, Lost):
            return None
        if answer.status == 429:
            self._wait(self._pause(answer, 0))
        data = parsed(answer.body)
        if answer.status != 200 or not is_map(data):
            return None
        values, _ = skeletons.find(tasks.answer, data)
        # A word that no document knows: the task goes on, until patience ends.
        return tasks.states.get(str(values.get("status", "")), "waiting"), values, data

    def _ended(self, probe: Probe, meaning: str, values: Mapping[str, Any]) -> Outcome:
        """A task that failed: by a rule that is looked at late, or by what says nothing of rules."""
        code = str(values.get("code", ""))
        message, request_id = str(values.get("message", "")), str(values.get("request_id", ""))
        status = leaves.integer(self._provider.errors.codes.get(code, {}).get("status")) or 400
        why = class_of(self._provider, status, code) if meaning == "failed" else f"task {meaning}"
        return Outcome("unclear" if why else "refused", status, code, message, request_id, why)


def _asked_for(probe: Probe, outcome: Outcome) -> Outcome:
    """A refusal where the probe is about just that: a key that is missing, or a route that the model does not have."""
    fact = probe.address.rpartition("/")[2]
    asked = not probe.request.keyed if outcome.why == "auth" else (fact, outcome.why) == ("route", "permission")
    return replace(outcome, kind="refused", why="") if asked else outcome


def class_of(provider: ir.Provider, status: int, code: str) -> str:
    """What an error that says nothing of a rule is about: content, auth, permission, rate, quota or server."""
    known = provider.errors.codes.get(code)
    if known is not None and known.get("class"):
        return str(known["class"])
    by_status = {401: "auth", 403: "permission", 408: "server", 429: "rate"}
    return "server" if status >= 500 else by_status.get(status, "")


def parsed(body: bytes) -> Any:
    """JSON, or the text that it is not."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body[:300].decode("utf-8", "replace")


def _text(data: Any) -> str:
    return (data if isinstance(data, str) else json.dumps(data, ensure_ascii=False))[:200]


def _names(provider: ir.Provider, result: str) -> list[str]:
    return skeletons.names(provider.results[result])


def _found(provider: ir.Provider, result: str, data: Any) -> tuple[dict[str, Any], list[skeletons.Found]]:
    """What the mode's own skeleton finds, or another one where that finds no picture."""
    own = skeletons.find(provider.results[result], data)
    if any(item.kind == "images" for item in own[1]):
        return own
    others = (skeletons.find(skeleton, data) for skeleton in provider.results.values())
    return next((found for found in others if any(item.kind == "images" for item in found[1])), own)


def _events(provider: ir.Provider, text: str) -> Any:
    """Kind, status and data of each event. The status stands in a comment, which readers of events drop."""
    before, _, after = str(provider.stream.get("status", "")).partition("{status}")
    for block in text.replace("\r\n", "\n").split("\n\n"):
        kind, status, data = "", 200, list[str]()
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            number = line.removeprefix(before).removesuffix(after)
            if before and line.startswith(before) and number.isdigit():
                status = int(number)
            elif name == "data":
                data.append(value.removeprefix(" "))
            elif name == "event":
                kind = value.strip()
        if data:
            yield kind, status, parsed("\n".join(data).encode())
