"""The row of a claim, and its figures as people compare them."""

from __future__ import annotations

import re

from platemark.documents.atoms import Atom
from platemark.drift.claims import Claim
from platemark.drift.report import Row, Status


def row_of(
    claim: Claim,
    status: Status,
    *,
    line: int = 0,
    place: str = "",
    old: str = "",
    new: str = "",
    still: tuple[int, ...] = (),
    why: str = "",
    side: str = "",
) -> Row:
    return Row(
        id=claim.id, kind=claim.kind, parameter=claim.parameter, models=claim.models,
        mode="" if claim.all_modes else ",".join(claim.modes), route="" if claim.all_routes else ",".join(claim.routes),
        status=status, document=claim.document, place=place or claim.place, old=old, new=new, line=line, still=still,
        why=why or claim.why,
        file=claim.file, path=claim.path, losing=claim.losing, cited=claim.document, side=side, spec_line=claim.line,
    )  # fmt: skip


def printed(atom: Atom | None, other: Atom | None) -> str:
    """A figure as people compare it: without its unit, where both have the same."""
    if atom is None:
        return ""
    if atom.type in {"time", "bytes", "money", "percent"}:
        mine, yours = _parts(atom), _parts(other) if other is not None else ("", "")
        return mine[0] if other is None or mine[1] == yours[1] else " ".join(mine).strip()
    if atom.type in {"damaged", "path", "host", "type"}:
        return (atom.printed or atom.value).rstrip(".")
    return atom.value


def _parts(atom: Atom) -> tuple[str, str]:

    found = re.search(r"\d+(?:\.\d+)?", atom.printed or atom.value)
    if not found:
        return atom.value, ""
    unit = (atom.printed or atom.value).replace(found[0], "").strip(" -").lower()
    return found[0], unit[:1] if atom.type == "time" else unit
