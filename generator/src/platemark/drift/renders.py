"""What drift found, for people and for machines: text, Markdown, SARIF."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from platemark.drift.report import SEMANTIC, Drift, News, Row
from platemark.version import VERSION

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"changed": "error", "vanished": "error", "moved": "warning", "suspect": "warning"}
_SHOWN = 3
"""So many models are named; more are counted."""


def text(drift: Drift) -> str:
    """A line for each rule that is no longer as it was, each new fact, each document that is not there."""
    lines = [f"{read.id}: {read.status}: {read.why}" for read in drift.documents if read.status != "ok"]
    lines += [_line(row) for row in drift.rows if row.status in SEMANTIC]
    lines += [_fact(news) for news in drift.news]
    return "\n".join([*lines, _summary(drift)])


def _line(row: Row) -> str:
    figures = f": {row.old or 'nothing'} → {row.new or 'nothing'}"
    where = f" ({row.document}:{row.line} {row.place})".rstrip()
    still = f"; still {row.old} on line {', '.join(map(str, row.still))}" if row.still else ""
    why = f"; {row.why}" if row.why else ""
    return f"{row.status} {_subject(row)}{figures}{where}{still}{why}"


def _subject(row: Row) -> str:
    return "/".join(part for part in (whom(row.models), row.mode, row.route, row.id) if part)


def whom(models: Sequence[str]) -> str:
    """The models, the first few by name."""
    more = len(models) - _SHOWN
    return ",".join(models[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _fact(news: News) -> str:
    changed = f": {news.old} → {news.new}" if news.old or news.new else ""
    state = f" is {news.state}" if news.state else ""
    return f"new {news.type} {news.value}{state}{changed} ({news.document}:{news.line})"


def _summary(drift: Drift) -> str:
    counts: dict[str, int] = {}
    for row in drift.rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{said or 'nothing to check'}; {len(drift.news)} new facts; {drift.cosmetic} cosmetic changes"


def markdown(drift: Drift) -> str:
    """Tables for a pull request."""
    return "\n".join([*_markdown(drift)])


def _markdown(drift: Drift) -> Iterator[str]:
    for read in drift.documents:
        if read.status != "ok":
            yield f"**{read.id}** is {read.status}: {read.why}\n"
    rows = [row for row in drift.rows if row.status in SEMANTIC]
    if rows:
        yield "| status | rule | models | mode | old | new | where |\n|---|---|---|---|---|---|---|"
        for row in rows:
            where = f"{row.document}, line {row.line}" + (
                f"; still on {', '.join(map(str, row.still))}" if row.still else ""
            )
            cells = (row.status, f"`{row.id}`", whom(row.models), row.mode, f"`{row.old}`", f"`{row.new}`", where)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield ""
    yield from (f"- {_fact(news)}" for news in drift.news)
    yield f"\n{_summary(drift)}"


def sarif(drift: Drift) -> str:
    """SARIF 2.1.0: a result for each rule that is no longer as it was, at the line of the spec that states it."""
    rows = [row for row in drift.rows if row.status in SEMANTIC]
    results = [_result(row) for row in rows] + [_new(news) for news in drift.news]
    results += [
        {"ruleId": "document", "level": "error", "message": {"text": f"{read.id} is {read.status}: {read.why}"}}
        for read in drift.documents
        if read.status != "ok"
    ]
    rules = [{"id": rule} for rule in dict.fromkeys(result["ruleId"] for result in results)]
    driver = {"name": "platemark", "version": VERSION, "rules": rules}
    return json.dumps(
        {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}, indent=1
    )


def _result(row: Row) -> dict[str, Any]:
    key = json.dumps([row.document, row.id, row.mode, row.route, list(row.models), row.old, row.new])
    found: dict[str, Any] = {
        "ruleId": row.id,
        "level": _LEVELS[row.status],
        "message": {"text": _line(row)},
        "partialFingerprints": {"platemark/v1": key},
    }
    if row.file:
        region = {"startLine": row.spec_line} if row.spec_line else {"startLine": 1}
        found["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": row.file}, "region": region}}]
    return found


def _new(news: News) -> dict[str, Any]:
    return {"ruleId": f"new-{news.type}", "level": "note", "message": {"text": _fact(news)}}
