"""One name for one change of documents, however often it is found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

from platemark.drift.report import SEMANTIC, Drift

LENGTH = 16


def change_key(drift: Drift, ids: Mapping[str, str]) -> str:
    """Sixteen hexadecimal digits that tell which documents, rules and facts changed, and how; empty for nothing.

    `ids` are the documents by the names that the caller gave them. Lines, places, words and days leave it as it is. So
    does a page that is gone beside pages that changed: it may be back tomorrow, and the change is the same."""
    rows = {
        (row.cited, row.id, *sorted(row.models), row.mode, row.route, row.status, row.old, row.new)
        for row in drift.rows
        if row.status in SEMANTIC
    }
    news = {
        (ids.get(each.document, each.document), each.type, each.value, each.state, each.old, each.new)
        for each in drift.news
    }
    gone = {(ids.get(read.id, read.id), read.status) for read in drift.documents if read.status != "ok"}
    if not (rows or news or gone):
        return ""
    told = {"rules": sorted(rows), "facts": sorted(news), "gone": [] if rows or news else sorted(gone)}
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:LENGTH]
