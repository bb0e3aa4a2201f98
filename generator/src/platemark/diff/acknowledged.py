"""Changes that a person accepts: by id, with a reason, and for as long as they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from platemark.diff.changes import Change
from platemark.problems import Problem, nearest
from platemark.source import Tree


def acknowledge(changes: Sequence[Change], listed: Tree | None, today: str) -> tuple[tuple[Change, ...], list[Problem]]:
    """The changes, those accepted with their reasons; and what is wrong with the list.

    `today` is written `2026-12-31`, and may be the last day of an `until`."""
    data: Any = listed.data if listed else {}
    valid = {id_: said["reason"] for id_, said in data.items() if said.get("until", today) >= today}
    accepted = tuple(change.accepted(valid[change.id]) if change.id in valid else change for change in changes)
    return accepted, list(_problems(changes, listed, valid)) if listed else []


def _problems(changes: Sequence[Change], listed: Tree, valid: dict[str, str]) -> Iterator[Problem]:
    known = {change.id for change in changes}
    data: Any = listed.data
    for id_, said in data.items():
        if id_ not in known:
            close = nearest(id_, known)
            hint = f"did you mean {close}?" if close else "take it out: it speaks for no other change"
            yield Problem("idle-acknowledgement", f"nothing here changes as `{id_}` says", listed.place((id_,)), hint)
        elif id_ not in valid:
            message = f"`{id_}` was accepted until {said['until']}"
            hint = "give it a later day, or undo the change"
            yield Problem("expired-acknowledgement", message, listed.value((id_, "until")), hint)
