"""What becomes of a request, for people: the judgement with titles and dates of the documents behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from platemark_images._runtime.ir import Document, Source, Verdict
from platemark_images._runtime.judge import Finding, Judgement


@dataclass(frozen=True, slots=True)
class Cited:
    """Where a limit stands: title and date of the document's edition, and the place in it."""

    title: str
    date: str
    place: str

    def __str__(self) -> str:
        return f"{self.title}, {self.date}"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken limit, with the nearest value that keeps it, where that can be told.

    Adjustments and notes have the same shape: there the service goes on, with another value or with this one."""

    rule: str
    path: str
    value: Any
    limit: str
    nearest: Any
    sources: tuple[Cited, ...]
    detail: str = ""
    """Of a text that is too long: how long it is, and what will be cut."""

    def __str__(self) -> str:
        near = "" if self.nearest is None else f"; nearest: {short(self.nearest)}"
        got = self.detail or ("" if self.value is None else f"got {short(self.value)}; ")
        said = "; ".join(str(source) for source in self.sources[:2])
        return f"{self.rule} at {self.path or 'the request'}: {got}{self.limit}{near} [{said}]"

    def __repr__(self) -> str:
        return f"Violation({self})"  # never a whole picture


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on a request: `reject`, `adjust`, `note` or `accept`, and everything behind it."""

    verdict: Verdict
    model: str
    route: str
    mode: str
    violations: tuple[Violation, ...]
    adjustments: tuple[Violation, ...]
    notes: tuple[Violation, ...]
    rules: tuple[str, ...]
    """Ids of the rules that decided: the broken ones of a refusal, else all that was adjusted or noted."""

    @property
    def told(self) -> tuple[Violation, ...]:
        """What does not stop a request, but is never silent."""
        return (*self.adjustments, *self.notes)

    def __bool__(self) -> bool:
        return self.verdict != "reject"


def report(judgement: Judgement, documents: Mapping[str, Document]) -> Report:
    """A judgement with its sources spelled out."""

    def told(verdict: Verdict) -> tuple[Violation, ...]:
        return tuple(_violation(finding, documents) for finding in judgement.of(verdict))

    return Report(
        judgement.verdict, judgement.model, judgement.route, judgement.mode,
        told("reject"), told("adjust"), told("note"), judgement.rules,
    )  # fmt: skip


def _violation(finding: Finding, documents: Mapping[str, Document]) -> Violation:
    rule = finding.rule
    sources = tuple(_cited(source, documents) for source in rule.evidence.sources)
    detail = _cut(finding) if rule.kind == "length" and rule.args.get("high") else ""
    return Violation(rule.id, finding.path, finding.value, rule.sentence, finding.nearest, sources, detail)


def _cut(finding: Finding) -> str:
    """How long a text is, and where the part begins that is too much."""
    text, most = str(finding.value), finding.rule.args["high"]
    return f"has {len(text):,} characters, {len(text) - most:,} too many, from {short(text[most:], 40)}; "


def _cited(source: Source, documents: Mapping[str, Document]) -> Cited:
    document = documents[source.document]
    return Cited(document.title, document.date, source.place)


def short(value: object, most: int = 60) -> str:
    """A value as JSON, for messages: long texts are cut, and of a picture there is its type and length."""
    text = json.dumps(_plain(value), ensure_ascii=False, default=repr)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _plain(value: object) -> object:
    if isinstance(value, str) and value.startswith("data:"):
        head, comma, data = value.partition(",")
        return f"{head[:40]}{comma}…{len(data):,} characters" if comma else value
    if isinstance(value, bytes | bytearray):
        return f"{len(value):,} bytes"
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in cast("list[object]", value)]
    return value
