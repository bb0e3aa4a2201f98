"""Where a page does not say otherwise, but is another, or is written in another way."""

from __future__ import annotations

from dataclasses import replace

from platemark.documents.page import Page
from platemark.drift.report import Row

_FEW, _SHARE = 3, 0.25
"""So many facts, and such a share of all, do not vanish from a page at once."""


NEWLY = "newly stated, as the specs have it"


def believed(rows: list[Row]) -> list[Row]:
    """The rows; where too much has vanished at once, or several addresses have, or too much is newly stated, the page
    only says it otherwise."""
    came = [row for row in rows if row.why == NEWLY]
    if len(came) > max(_FEW, _SHARE * sum(row.status == "confirmed" for row in rows)):
        rows = [replace(row, status="confirmed", new="", why="") if row.why == NEWLY else row for row in rows]
    gone = [row for row in rows if row.status == "vanished"]
    confirmed = sum(row.status == "confirmed" for row in rows)
    all_gone = len(gone) > max(_FEW, confirmed * _SHARE)
    moved = len({row.old for row in gone if row.kind == "route"}) > 1
    why = "so much is no longer found that the page is written in another way"
    return [
        replace(row, status="unchecked", why=why)
        if row.status == "vanished" and (all_gone or (moved and row.kind == "route"))
        else row
        for row in rows
    ]


def another(old: Page, new: Page) -> str:
    """Why a page that can be read is not the one that was: hardly anything of that stands in it."""
    masks = {s.mask for s in old.statements}
    values = old.values
    kept = sum(s.mask in masks for s in new.statements) / max(1, min(len(old.statements), len(new.statements)))
    same = len(values & new.values) / max(1, len(values))
    return "hardly anything of the former page stands in it" if len(values) > 5 and kept < 0.12 and same < 0.35 else ""
