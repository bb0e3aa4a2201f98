"""Faults that the emulator can be asked for: one vocabulary for the request header and for scripts of `scripts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from platemark import ir

HEADER = "X-Platemark-Fault"
MOST_SECONDS = 60

Scope: TypeAlias = Literal["any", "service", "generation", "task", "stream"]
"""Which requests a fault can be done to: any one, all but those for files, generations, or those by one route."""
Point: TypeAlias = Literal["", "before", "after"]


@dataclass(frozen=True, slots=True)
class Switch:
    """One fault: what it does, its values in words and as JSON Schema, and to which requests it can be done."""

    name: str
    about: str
    values: str
    written: Mapping[str, Any]
    scope: Scope = "any"


_SECONDS = {"type": ["number", "string"], "minimum": 0, "maximum": MOST_SECONDS,
            "pattern": r"^[0-9]{1,6}(\.[0-9]{1,6})?( ?(s|ms))?$"}  # fmt: skip
_POINT = {"enum": ["before", "after"]}
_TRUE = {"const": True}
TOKEN = {"type": "string", "pattern": r"^[\x21-\x7e]{1,200}$"}

SWITCHES: tuple[Switch, ...] = (
    Switch("latency", "time before the head of the answer; what was asked for is done by then",
           f"seconds, 0 to {MOST_SECONDS}: `2`, `2.5 s`, `200 ms`", _SECONDS),
    Switch("pause", "time before each event of a stream, and before each eighth of any other body",
           f"seconds, 0 to {MOST_SECONDS}", _SECONDS),
    Switch("reset", "the connection is reset (TCP RST) before a byte of the answer, or halfway through its body",
           "`before`, `after`", _POINT),
    Switch("close", "the connection is closed before a byte of the answer, or halfway through what was promised",
           "`before`, `after`", _POINT),
    Switch("hang", "nothing comes, or nothing after half of the body, until the caller leaves or the server stops",
           "`before`, `after`", _POINT),
    Switch("accepted", "what was asked for is done and counts, although the answer is an error or never comes",
           "`true`", _TRUE),
    Switch("status", "the answer is an error: the first documented code with this status, else the page of a proxy",
           "200 to 599", {"type": "integer", "minimum": 200, "maximum": 599}),
    Switch("code", "the answer is this error, with its documented status; beside `task`, `failures` or `cut`, the "
           "error of the task, of the items, or of an event that ends the stream", "a documented error code", TOKEN,
           "service"),
    Switch("retry_after", "the header Retry-After",
           "whole seconds, 0 to 86400", {"type": "integer", "minimum": 0, "maximum": 86_400}),
    Switch("location", "where an answer with a status of 300 to 399 leads; without it, to /", "an address", TOKEN),
    Switch("body", "the page of a proxy; the first half of the body, as if it were whole; or nothing",
           "`html`, `half`, `empty`", {"enum": ["html", "half", "empty"]}),
    Switch("content_type", "the answer under another Content-Type", "a media type",
           {"type": "string", "pattern": r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(; ?[A-Za-z0-9-]+=[A-Za-z0-9-]+)?$"}),
    Switch("corrupt", "bytes in the middle of the body are others", "`true`", _TRUE),
    Switch("extra", "fields and list elements that no document knows, in every object and list of the answer",
           "`true`", _TRUE),
    Switch("cut", "the stream ends after so many events",
           "0 to 10000", {"type": "integer", "minimum": 0, "maximum": 10_000}, "stream"),
    Switch("tear", "the stream ends in the middle of this event, counted from 1",
           "1 to 10000", {"type": "integer", "minimum": 1, "maximum": 10_000}, "stream"),
    Switch("task", "how the task ends: `stuck` in its last waiting state, in a state of the service's or in one by "
           "meaning (`failed`, `canceled`, `lost`); `new` passes through a state that no document knows",
           "`stuck`, `new`, a meaning, or a state such as `FAILED`", TOKEN, "task"),
    Switch("failures", "so many pictures fail; the answer tells of each, where it has a place for that",
           "1 to 100", {"type": "integer", "minimum": 1, "maximum": 100}, "generation"),
)  # fmt: skip
"""Every fault there is, as the header and scripts name them."""
NAMES = tuple(switch.name for switch in SWITCHES)
TIMES = ("latency", "pause")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one answer; all fields together. Times are seconds; see SWITCHES for the meanings."""

    latency: float = 0
    pause: float = 0
    reset: Point = ""
    close: Point = ""
    hang: Point = ""
    accepted: bool = False
    status: int = 0
    code: str = ""
    retry_after: int | None = None
    location: str = ""
    body: Literal["", "html", "half", "empty"] = ""
    content_type: str = ""
    corrupt: bool = False
    extra: bool = False
    cut: int | None = None
    tear: int | None = None
    task: str = ""
    failures: int = 0

    @property
    def ends(self) -> Point:
        """Where the answer breaks off, if it does: before its first byte, or halfway."""
        return self.reset or self.close or self.hang

    @property
    def refuses(self) -> bool:
        """Whether an error is answered in place of what was asked for."""
        of_a_part = self.task or self.failures or self.cut is not None or self.tear is not None
        return bool(self.status or (self.code and not of_a_part))

    @property
    def spares(self) -> bool:
        """Whether what was asked for is not done at all."""
        return not self.accepted and (self.ends == "before" or self.refuses)

    @property
    def scopes(self) -> frozenset[Scope]:
        """What a request has to be for all of this to be done to it."""
        return frozenset(switch.scope for switch in SWITCHES if getattr(self, switch.name) != _DEFAULTS[switch.name])

    def __str__(self) -> str:
        """As the header says it."""
        held = {name: getattr(self, name) for name in NAMES}
        return ", ".join(f"{name}={_text(value)}" for name, value in held.items() if value != _DEFAULTS[name])


_DEFAULTS: Mapping[str, Any] = {each.name: each.default for each in fields(Fault)}
NO_FAULT = Fault()


def read(data: Mapping[str, Any]) -> Fault:
    """The fault of data that the schema approved, which takes 503.0 for an integer."""
    made: dict[str, Any] = {
        name: seconds(value) if name in TIMES else int(value) if isinstance(value, float) else value
        for name, value in data.items()
    }
    return Fault(**made)


def seconds(value: float | str) -> float:
    """Seconds as they are written: 2, 2.5, `2.5 s`, `200 ms`."""
    if not isinstance(value, str):
        return value
    number = float(value.rstrip(" ms"))
    return number / 1000 if value.endswith("ms") else number


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


# ── By what a service knows ───────────────────────────────────────────────────────────────────────────────────────

STUCK, NEW, _MEANINGS = "stuck", "new", ("failed", "canceled", "lost")
NEW_STATE = "X-PLATEMARK-NEW"


def task_words(provider: ir.Provider) -> tuple[str, ...]:
    """What `task` can say of a service: its own words for states but those of success, and what needs none."""
    if provider.tasks is None:
        return ()
    own = [word for word, means in provider.tasks.states.items() if means != "done"]
    return tuple(dict.fromkeys((STUCK, NEW, *_MEANINGS, *own)))


def walk_of(tasks: ir.Tasks, fate: str = "") -> tuple[tuple[str, ...], int | None]:
    """The states that a task goes through, and how many of them it reaches, if it never comes to its last one.

    `fate` is a word of `task_words`. A state without a word is empty: then nothing is known of the task."""
    waiting, done = tasks.states_of("waiting"), tasks.states_of("done")[:1]
    meaning = tasks.states.get(fate, fate)
    if fate == NEW:
        return (*waiting, NEW_STATE, *done), None
    if meaning in _MEANINGS:
        word = fate if fate in tasks.states else (*tasks.states_of(meaning), "")[0]
        return (*waiting, word), None
    reached = len(waiting) if fate == STUCK else waiting.index(fate) + 1 if fate in waiting else None
    return (*waiting, *done), reached


def settled(fault: Fault, provider: ir.Provider) -> tuple[Fault, str]:
    """The fault with the code that fits its status, and what the service can't do of it: empty if it can.

    A status that no documented code has is a proxy's, and so is its page; a service without codes answers by status."""
    codes = provider.errors.codes
    if fault.code and fault.code not in codes:
        return fault, f"code: {provider.id} has no error {fault.code}; known: {', '.join(codes) or 'none'}"
    if fault.task and fault.task not in task_words(provider):
        return fault, f"task: {provider.id} knows {', '.join(task_words(provider))}"
    if not fault.refuses or fault.code:
        return fault, ""
    fitting = [code for code, about in codes.items() if about.get("status") == fault.status]
    if fault.status < 300:
        fitting = server_errors(provider)
    if fitting:
        return replace(fault, code=fitting[0]), ""
    spoken = not codes and not 300 <= fault.status < 400
    return (fault if spoken else replace(fault, body=fault.body or "html")), ""


def server_errors(provider: ir.Provider) -> list[str]:
    """The codes of errors that are the service's own."""
    return [code for code, about in provider.errors.codes.items() if about.get("class") == "server"]
