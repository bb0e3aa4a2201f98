"""Random changes of figures that specs cite: each in one place of one document, with the rules that rest on it."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drift_scores import Held, Outcome, said, same, semantic, told
from platemark.documents.atoms import Atom
from platemark.documents.page import Statement
from platemark.drift import Capture
from platemark.drift.attribute import Ledger
from platemark.drift.claims import Claim
from platemark.drift.compare import counts
from platemark.drift.scopes import scoped

_LINES = 6
"""So many lines of a file a statement may reach over."""
_FORMATS = ("AVIF", "HEIC", "ICO", "SVG", "PSD")
_STATES = ("HALTED", "DELAYED", "EXPIRED", "REJECTED")


@dataclass(frozen=True, slots=True)
class Place:
    """A cited figure in the text of a file, from one position to another, and the claims that it supports."""

    file: Capture
    start: int
    end: int
    atom: Atom
    others: frozenset[str]
    """Figures of the same line, which the new one must not become."""
    claims: tuple[Claim, ...]


def places(held: Held, path: Path) -> tuple[list[Place], int]:
    """The cited figures of a document that can be found in its file for sure, and how many can't."""
    raw = path.read_bytes()
    file = Capture(path.name.partition(".")[0], path.name, raw)
    claims = held.about(held.document(file.document, raw).id)
    page, ledger = scoped(held.page([held.keep(file)]), claims), Ledger(claims)
    by_line: dict[int, list[tuple[Statement, Atom]]] = defaultdict(list)
    for statement in page.statements:
        by_line[statement.line] += [(statement, atom) for atom in statement.atoms]
    ends = dict(zip(sorted(by_line), sorted(by_line)[1:], strict=False))
    lines = raw.decode().split("\n")
    found: list[Place] = []
    lost = 0
    for line, atoms in by_line.items():
        last = min(ends.get(line, len(lines) + 1) - 1, line + _LINES, len(lines))
        start = sum(len(each) + 1 for each in lines[: line - 1])
        text = "\n".join(lines[line - 1 : max(last, line)])
        values = frozenset(atom.value for _, atom in atoms)
        for statement, atom in atoms:
            about = tuple(claim for _, claim in ledger.supported(atom, statement) if _states(claim, atom))
            if not about or statement.sample or not counts(atom, statement) or atom.type not in _CHANGES:
                continue
            at = _at(text, atom, [other for _, other in atoms])
            if at is None:
                lost += 1
            else:
                found.append(Place(file, start + at[0], start + at[1], atom, values, about))
    return found, lost


def _states(claim: Claim, atom: Atom) -> bool:
    """Whether a claim is about the figure; that a model is named somewhere is none."""
    return bool(claim.figures) and (atom.type != "model" or claim.id == "alias")


def _at(text: str, atom: Atom, atoms: Sequence[Atom]) -> tuple[int, int] | None:
    """Where a figure stands, if the text has it as often as the page that was read."""
    alike = [each for each in atoms if each.printed == atom.printed]
    body = re.escape(atom.printed).replace(r"\*", r"\s*[*×]\s*").replace(r"\ ", r"\s?")
    body = re.sub(r"(?<=\d)(?=(?:\d{3})+(?!\d))", ",?", body) if atom.type == "int" else body
    hits = [m.span() for m in re.finditer(rf"(?<![\w.*×-]){body}(?![\w*×]|[.:-]\w)", text, re.ASCII)]
    return hits[next(i for i, each in enumerate(alike) if each is atom)] if len(hits) == len(alike) else None


# ── What a figure becomes ─────────────────────────────────────────────────────────────────────────────────────────


def _number(text: str, draw: random.Random, factors: Sequence[float], least: int = 1) -> str:
    """The first number of a text multiplied, with as many decimals."""
    found = re.search(r"\d+(?:\.(\d+))?", text)
    assert found is not None
    decimals = len(found[1] or "")
    value = max(float(found[0]) * draw.choice(factors), least if not decimals else 10**-decimals)
    return f"{text[: found.start()]}{value:.{decimals}f}{text[found.end() :]}"


def _integer(atom: Atom, draw: random.Random) -> str:
    value = int(atom.value)
    step = draw.choice((1, 1, 2, max(1, value // 4)))
    # Away from the other bound, so that the least stays below the most.
    down = "low" in atom.roles and value > step
    return str(value - step if down else value + step)


def _size(atom: Atom, draw: random.Random) -> str:
    factor = draw.choice((0.75, 0.5) if "low" in atom.roles else (1.25, 1.5))
    return "*".join(str(max(64, int(int(side) * factor) // 16 * 16)) for side in atom.value.split("*"))


def _ratio(atom: Atom, draw: random.Random) -> str:
    left, right = map(int, atom.value.split(":"))
    step = draw.choice((1, 2, 3))
    return f"{left}:{right + step}" if left <= right else f"{left + step}:{right}"


def _within(atom: Atom, value: str) -> str:
    """What a page prints, with another value in it."""
    return atom.printed.replace(atom.value, value)


_CHANGES: Mapping[str, Callable[[Atom, random.Random], str]] = {
    "int": _integer,
    "size": _size,
    "ratio": _ratio,
    "token": lambda atom, draw: f"{int(atom.value[:-1]) + draw.choice((2, 3, 4))}K",
    "percent": lambda atom, draw: _number(atom.printed, draw, (0.5, 0.8)),
    "money": lambda atom, draw: _number(atom.printed, draw, (1.5, 2, 3)),
    "time": lambda atom, draw: _number(atom.printed, draw, (2, 3)),
    "bytes": lambda atom, draw: _number(atom.printed, draw, (2, 3, 1.5)),
    "bool": lambda atom, _: {"true": "false", "false": "true", "True": "False", "False": "True"}[atom.printed],
    "format": lambda _, draw: draw.choice(_FORMATS),
    "model": lambda atom, draw: f"{atom.printed.partition('-20')[0]}-2027-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}",
    "path": lambda atom, draw: _within(
        atom, re.sub(r"(?<=[a-z])(?=/?$|/?\{)", f"-{draw.choice(('next', 'plus', 'two'))}", atom.value, count=1)
    ),
    "host": lambda atom, draw: f"{draw.choice(('new', 'next', 'eu'))}-{atom.printed}",
    "state": lambda atom, draw: _within(
        atom, draw.choice(_STATES) if atom.value.isupper() else draw.choice(_STATES).lower()
    ),
    "header": lambda atom, draw: f"{atom.printed}-{draw.choice(('Mode', 'Next', 'V'))}",
    "region": lambda atom, draw: f"{atom.value.split('-')[0]}-{draw.choice(('hohhot', 'chengdu', 'nanjing'))}",
}  # fmt: skip
"""Types of figures and what takes the place of one."""


def changed(place: Place, draw: random.Random) -> str:
    """Another figure of its type, unlike all others of its line; empty where a few tries find none."""
    for _ in range(8):
        new = _CHANGES[place.atom.type](place.atom, draw)
        if new != place.atom.printed and new not in place.others:
            return new
    return ""


# ── Held against what drift says ──────────────────────────────────────────────────────────────────────────────────


def seeded(held: Held, paths: Sequence[Path], count: int, seed: int) -> Iterator[Outcome]:
    """So many cited figures, each changed at random: all rules that rest on it are told, and no other."""
    draw = random.Random(seed)
    found = [place for path in paths for place in places(held, path)[0]]
    for number in range(count):
        place = draw.choice(found)
        new = changed(place, draw)
        if new:
            yield _outcome(held, place, new, number)


def _outcome(held: Held, place: Place, new: str, number: int) -> Outcome:
    text = place.file.raw.decode()
    made = text[: place.start] + new + text[place.end :]
    report = held.against(place.file, made.encode())
    rows = semantic(report)
    named = {(row.id, row.kind, row.models) for row in rows if _told(row.old, row.new, place.atom, new)}
    missing = [claim for claim in place.claims if (claim.id, claim.kind, claim.models) not in named]
    wanted = {(claim.id, claim.kind, claim.models) for claim in place.claims}
    extra = tuple(told(row) for row in rows if (row.id, row.kind, row.models) not in wanted)
    right = len(missing) < len(place.claims)
    line = text.count("\n", 0, place.start) + 1
    wants = "; ".join(f"{claim.id} {','.join(claim.models[:2])}" for claim in missing[:3])
    note = f"{place.file.file}:{line} {text[place.start : place.end]!r} → {new!r}: wanted {wants}; got {said(report)}"
    return Outcome(
        f"seed {number}", place.file.document, place.atom.type, right, "" if right else note, extra, not missing
    )


def _told(old: str, new: str, atom: Atom, text: str) -> bool:
    return same(old, atom.value) or same(old, atom.printed) or same(new, text)
