"""Scripts of faults, and faults as a header writes them.

A header is `latency=2.5, status=503`; a script is a list of `{when: …, skip: 1, times: 2, fault: {…}}`. Both are read
into the same `Fault`. Reading is pure: what is wrong is returned, all of it, each with its path in the data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal, cast

from platemark import ir
from platemark.plain import is_map
from platemark.problems import nearest
from platemark.wire.faults import MOST_SECONDS, SWITCHES, TIMES, TOKEN, Fault, read, seconds, task_words

MOST_ENTRIES = 1000
_VALUES: Mapping[str | int, str] = {switch.name: switch.values.replace("`", "") for switch in SWITCHES}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a script looks at. Only a request for pictures has a model, a route and a mode; mode is told when needed."""

    method: str
    path: str
    account: str = ""
    """The key."""
    model: str = ""
    route: str = ""
    mode: Callable[[], str] = lambda: ""
    served: bool = True
    """Whether a service answers; pictures and uploads are files."""

    def suits(self, fault: Fault) -> bool:
        """Whether the fault can be done to this request."""
        kinds = {"any", self.route, "service" if self.served else "", "generation" if self.route else ""}
        return fault.scopes <= kinds


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a script: the fault of some requests. `skip` of those that match pass first, then `times` are hit."""

    fault: Fault
    when: Mapping[str, str] = field(default_factory=dict[str, str])
    skip: int = 0
    times: int | None = None

    def matches(self, asked: Asked) -> bool:
        """Whether this is about the request. `*` in a path stands for any text."""
        plain = ("method", "account", "model", "route")
        return (
            asked.suits(self.fault)
            and all(self.when.get(name, getattr(asked, name)) == getattr(asked, name) for name in plain)
            and fnmatchcase(asked.path, self.when.get("path", "*"))
            and ("mode" not in self.when or self.when["mode"] == asked.mode())
        )

    def left(self, seen: int) -> int | None:
        """How many requests it will still hit after it has seen some that match; None: there is no end."""
        return None if self.times is None else max(0, self.times - max(0, seen - self.skip))

    def hits(self, seen: int) -> bool:
        """Whether the next request that matches is hit, when it has seen so many."""
        return seen >= self.skip and self.left(seen) != 0


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is wrong at a path of a script: a name that nothing has, with those there are, or what does not fit."""

    path: tuple[str | int, ...]
    message: str
    name: str = ""
    known: tuple[str, ...] = ()
    code: Literal["unknown-model", "unknown-route", "unknown-mode", "unknown-code", "unknown-state", "bad-value"] = (
        "bad-value"
    )


@cache
def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a script."""
    when = {
        "model": {"description": "Its id.", **TOKEN},
        "route": {"description": "How the request travels.", "enum": ["sync", "stream", "task"]},
        "mode": {"description": "What the model is asked to do.", **TOKEN},
        "method": {"description": "Such as POST.", "type": "string", "pattern": "^[A-Z]{1,20}$"},
        "path": {
            "description": "Such as /api/v1/tasks/*; * stands for any text.",
            "type": "string",
            "pattern": "^[/*]",
        },
        "account": {"description": "The key that the caller sends.", **TOKEN},
    }
    faults = {s.name: {"description": f"{s.about[0].upper()}{s.about[1:]}.", **s.written} for s in SWITCHES}
    entry = {
        "when": {"description": "Which requests; all, if it is left out.", **_object(when)},
        "skip": {"description": "How many matching requests pass first.", "type": "integer", "minimum": 0},
        "times": {
            "description": "How many are hit then; without end, if it is left out.",
            "type": "integer",
            "minimum": 1,
        },
        "fault": {"description": "What goes wrong.", "minProperties": 1, **_object(faults)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:platemark:faults",
        "title": "A script of faults",
        "description": "A list of faults, each with the requests that it is for.",
        "type": "array",
        "maxItems": MOST_ENTRIES,
        "items": {**_object(entry), "required": ["fault"]},
    }


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def departures(data: Any) -> list[Misfit]:
    """Where data is no script, by the schema; empty where it is one."""
    from jsonschema import Draft202012Validator

    found: list[Misfit] = []
    errors: Iterator[Any] = cast("Any", Draft202012Validator(schema())).iter_errors(data)
    for error in errors:
        names = [str(key) for key in error.schema.get("properties", ())] if is_map(error.schema) else []
        unknown = error.instance.keys() - set(names) if error.validator == "additionalProperties" else ()
        path = tuple(error.absolute_path)
        found += [Misfit((*path, key), "is not known", key, tuple(names)) for key in sorted(unknown)]
        wanted = _VALUES.get(path[-1] if path else "")
        message = f"must be {wanted}, not {_shown(error.instance)}" if wanted else error.message[:200]
        found += [] if unknown else [Misfit(path, message)]
    return sorted(found, key=lambda each: [f"{part:04}" if isinstance(part, int) else part for part in each.path])


def misfits(data: list[dict[str, Any]], known: ir.Ir) -> Iterator[Misfit]:
    """What a script of the right shape says of things that do not exist, or that do not go together."""
    codes = {code for provider in known.providers for code in provider.errors.codes}
    words = {word for provider in known.providers for word in task_words(provider)}
    modes = {offer.mode for family in known.families for offer in family.offers}
    for index, entry in enumerate(data):
        when, fault = entry.get("when", {}), entry["fault"]
        yield from _unknown(when, "model", {model.id for f in known.families for model in f.models}, (index, "when"))
        yield from _unknown(when, "mode", modes, (index, "when"))
        yield from _unknown(fault, "code", codes, (index, "fault"))
        yield from _unknown(fault, "task", words, (index, "fault"), "state")
        yield from (replace(each, path=(index, "fault", *each.path)) for each in clashes(fault))


def _unknown(
    data: Mapping[str, Any], key: str, known: set[str], path: tuple[str | int, ...], what: str = ""
) -> Iterator[Misfit]:
    code: Any = f"unknown-{what or key}"
    if key in data and data[key] not in known:
        yield Misfit((*path, key), f"no {what or key} is called `{data[key]}`", data[key], tuple(sorted(known)), code)


def clashes(fault: Mapping[str, Any]) -> Iterator[Misfit]:
    """What in one fault, of the right shape, does not go together."""
    lines = [name for name, value in fault.items() if isinstance(value, str) and "\n" in value]
    yield from (Misfit((name,), "must be one line") for name in lines)  # Python's `$` lets a last line break pass
    for name in TIMES:
        if name in fault and not 0 <= seconds(fault[name]) <= MOST_SECONDS:
            yield Misfit((name,), f"must be 0 to {MOST_SECONDS} seconds")
    for group in (("reset", "close", "hang"), ("cut", "tear"), ("task", "failures")):
        first, *more = [name for name in group if name in fault] or [""]
        yield from (
            Misfit((name,), f"can't be beside `{first}`: an answer has one of {', '.join(group)}") for name in more
        )
    if "location" in fault and not 300 <= fault.get("status", 0) < 400:
        yield Misfit(("location",), "needs a `status` of 300 to 399")
    if "status" in fault:
        parts = [name for name in ("task", "failures", "cut", "tear") if name in fault]
        yield from (Misfit((name,), "can't be beside `status`, which is answered in its place") for name in parts)
    if "code" in fault and "tear" in fault:
        yield Misfit(("code",), "can't be beside `tear`: the stream ends before anything is said; `cut` takes a code")
    if "accepted" in fault and not (read(fault).refuses or read(fault).ends):
        yield Misfit(("accepted",), "says nothing without `status`, `code`, `reset`, `close` or `hang`")


def entries(data: list[dict[str, Any]]) -> tuple[Entry, ...]:
    """The script of data that the schema approved."""
    return tuple(
        Entry(read(e["fault"]), e.get("when", {}), int(e.get("skip", 0)), int(e["times"]) if "times" in e else None)
        for e in data
    )


def from_header(text: str) -> tuple[dict[str, Any], list[Misfit]]:
    """The data of one fault as a header writes it, and what is wrong with it."""
    data: dict[str, Any] = {}
    wrong: list[Misfit] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name in data:
            wrong.append(Misfit((name,), "stands here twice"))
        data[name] = _value(value) if equals else True
    wrong += [replace(found, path=found.path[2:]) for found in departures([{"fault": data}])]
    return data, wrong or list(clashes(data))


def told(found: Misfit) -> str:
    """One thing that is wrong, in a line: where, what, and the nearest name that works."""
    at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in found.path).lstrip(".")
    close = nearest(found.name, found.known) if found.name else ""
    return f"{at or 'the fault'}: {found.message}" + (f"; did you mean {close}?" if close else "")


def _value(text: str) -> Any:
    """A header's text as YAML would take it."""
    if re.fullmatch("[0-9]{1,15}", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text)


def _shown(value: Any) -> str:
    return json.dumps(value)[:60]
