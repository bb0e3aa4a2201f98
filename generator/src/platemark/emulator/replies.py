"""What the emulator says: answers and refusals as values, and how they go over the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from platemark import ir
from platemark.rules.judge import Finding
from platemark.wire import skeletons
from platemark.wire.faults import NO_FAULT, Fault


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, a JSON body, a text or the events of a stream, and what was found of the request."""

    status: int
    body: Any = None
    text: str = ""
    events: tuple[bytes, ...] = ()
    verdict: str = ""
    rules: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Fields of the log's entry: `model`, `route`, `mode`, `request_id`, `task_id`."""
    release: Callable[[], None] | None = None
    """Called when the answer was sent, or can't be."""
    fault: Fault = NO_FAULT
    """What goes wrong on its way."""


class Refused(Exception):
    """A request that is not served. `key` is looked up in the spec for code, status and message; without an entry
    there the message is `message`. `rules` are the broken ones, `status` one that no spec decides, `code` what the
    service says if it is not the key's code; `hidden` sends it with status 200."""

    def __init__(
        self,
        key: str,
        message: str = "",
        *,
        rules: tuple[str, ...] = (),
        limits: Mapping[str, Any] | None = None,
        status: int = 0,
        headers: Mapping[str, str] | None = None,
        family: ir.Family | None = None,
        code: str = "",
        hidden: bool = False,
    ) -> None:
        super().__init__(message)
        self.key = key
        self.message = message
        self.rules = rules
        self.limits: Mapping[str, Any] = limits or {}
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.family = family
        self.code = code
        self.hidden = hidden


class Failed(Refused):
    """A request that is taken and comes to nothing: told at once where its answer is awaited, else by its task."""


def broken(finding: Finding, rules: tuple[str, ...], family: ir.Family) -> Refused:
    """A refusal for the first broken rule, naming all of them."""
    rule = finding.rule
    subject = rule.parameter or finding.path or "body"
    return Refused(rule.id, f"{subject}: {rule.sentence}", rules=rules, limits=rule.args, family=family)


def refusal(provider: ir.Provider, refused: Refused, request_id: str) -> Reply:
    """The documented answer to what is refused."""
    values = {**spoken(provider, refused), "request_id": request_id}
    body = skeletons.build(provider.errors.answer, values)
    status = 200 if refused.hidden else int(values["status_code"])
    return Reply(status, body, verdict="reject", rules=refused.rules, headers=refused.headers)


def spoken(provider: ir.Provider, refused: Refused) -> dict[str, Any]:
    """What the service says, by the names of skeletons: the family's entry for the rule, else the provider's, else a
    code of the class that fits, else the entry for any rule. Where an entry has no message, its code may."""
    known = provider.errors.rules
    general = known.get("any", {})
    entry = (refused.family.errors.get(refused.key) if refused.family else None) or known.get(refused.key)
    if refused.code:
        entry = {"code": refused.code}
    entry = entry or _of_class(provider, refused.key) or general
    code = entry.get("code") or general.get("code")
    message = entry.get("message") or provider.errors.codes.get(code or "", {}).get("message")
    values: dict[str, Any] = {
        "message": _filled(str(message), refused.limits) if message else refused.message,
        "status_code": _status(provider, refused, entry, code),
    }
    return values | ({"code": code} if code else {})


_CLASSES: Mapping[str, tuple[str, ...]] = {
    "rate": ("rate",), "concurrency": ("concurrency", "rate"), "quota": ("quota", "rate"), "failure": ("server",),
}  # fmt: skip
"""Classes of codes that fit where no rule of the service names one."""


def _of_class(provider: ir.Provider, key: str) -> Mapping[str, Any] | None:
    codes = provider.errors.codes.items()
    found = (code for class_ in _CLASSES.get(key, ()) for code, about in codes if about.get("class") == class_)
    return next(({"code": code} for code in found), None)


def _status(provider: ir.Provider, refused: Refused, entry: Mapping[str, Any], code: str | None) -> int:
    of_code = provider.errors.codes.get(code or "", {}).get("status")
    fallback = provider.errors.rules.get("any", {}).get("status", 400)
    return int(refused.status or entry.get("status") or of_code or fallback)


def _filled(template: str, limits: Mapping[str, Any]) -> str:
    """A documented message with its `{low}` and `{high}`: a spec's braces reach nothing but the rule's arguments."""
    return re.sub(r"\{(\w+)\}", lambda hit: str(limits.get(hit[1], hit[0])), template)


def merge(base: Any, over: Any) -> Any:
    """One answer laid over another, key by key."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    below, above = cast("dict[str, Any]", base), cast("dict[str, Any]", over)
    return below | {key: merge(below[key], part) if key in below else part for key, part in above.items()}


def encode(data: Any) -> bytes:
    """JSON in ASCII: lone surrogates, which a request may hold, have no other form."""
    return json.dumps(data, separators=(",", ":")).encode("ascii")
