"""What a run has found so far, line by line on disk, so that one that was interrupted sends only what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from platemark.conform.exchange import Outcome
from platemark.conform.probes import Plan, Probe
from platemark.plain import is_map

SCHEMA_VERSION = 1
_KIND = "platemark conform"


class OtherJournal(Exception):
    """The file is no journal, or that of another plan or service."""


@dataclass(frozen=True)
class Known:
    """What a journal holds: outcomes by the digests of their requests, and what they and all others cost.

    Only what told something counts as known; what got lost, or met a limit, is asked again."""

    outcomes: Mapping[str, Outcome] = field(default_factory=dict[str, Outcome])
    spent: Decimal = Decimal(0)


def read(path: Path, plan: Plan, target: str) -> Known:
    """The journal of a plan and a target; nothing where there is no file yet. Raises OtherJournal and OSError.

    A last line that was not written to its end counts as not written."""
    if not path.exists():
        return Known()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    first = _parsed(lines[0]) if lines else None
    if lines and (not is_map(first) or first.get("journal") != _KIND):
        raise OtherJournal(f"{path} is no journal of `platemark conform`; name another file, or none that exists")
    if lines and first != _head(plan, target):
        raise OtherJournal(
            f"{path} belongs to other specs, other models or another service; name another file to begin anew"
        )
    found: dict[str, Outcome] = {}
    spent = Decimal(0)
    for row in map(_parsed, lines[1:]):
        if is_map(row) and is_map(row.get("outcome")):
            outcome = _outcome(row["outcome"])
            spent += outcome.spent
            if outcome.kind != "unclear":
                found[str(row["request"])] = outcome
    return Known(found, spent)


def writer(path: Path, plan: Plan, target: str) -> Callable[[Probe, Outcome], None]:
    """Writes an outcome as soon as it is known. Raises OSError."""
    new = not path.exists() or path.stat().st_size == 0
    torn = not new and not path.read_bytes().endswith(b"\n")

    def write(row: Mapping[str, Any], before: str = "") -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{before}{json.dumps(row)}\n")

    if new:
        write(_head(plan, target))
    elif torn:
        write({}, before="\n")
    return lambda probe, outcome: write({"probe": probe.id, "request": probe.key, "outcome": told(outcome)})


def _head(plan: Plan, target: str) -> dict[str, Any]:
    return {"journal": _KIND, "schema_version": SCHEMA_VERSION, "plan": plan.digest, "target": target}


def told(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain data; what is empty is left out."""
    held = {
        "kind": outcome.kind, "status": outcome.status, "code": outcome.code, "message": outcome.message,
        "request_id": outcome.request_id, "why": outcome.why, "pictures": outcome.pictures,
        "extended": outcome.extended,
        "size": list(outcome.size) if outcome.size else None, "tries": outcome.tries, "spent": str(outcome.spent),
    }  # fmt: skip
    return {key: value for key, value in held.items() if value not in (None, "")}


def _outcome(row: Mapping[str, Any]) -> Outcome:
    size = row.get("size")
    rest = {key: value for key, value in row.items() if key not in {"size", "spent"}}
    return Outcome(**rest, size=(size[0], size[1]) if size else None, spent=Decimal(row["spent"]))


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
