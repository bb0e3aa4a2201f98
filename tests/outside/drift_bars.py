"""How well drift reads documents, measured: single figures, cosmetic rewrites, page histories, pages that are gone.

    python tests/outside/drift_bars.py DIR [--changes FILE …] [--history DIR …] [--seeded 500] [--rewrites 40]

`nox -s drift_bars -- DIR` runs it. DIR holds the pages as they were pinned, each named after its document; what of them
changes is told by tests/oracle, or by files and folders of the same form. Every miss is listed. Exits with 1 if a bar
is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

from drift_scores import HISTORIES, ORACLE, ROOT, Held, Outcome, Transition, changes, gone, histories, rewrites
from drift_seeds import seeded
from platemark.drift import Capture

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the table: how many of how many, and which share is wanted."""

    name: str
    right: int
    of: int
    least: float
    besides: str = ""

    @property
    def kept(self) -> bool:
        return self.of > 0 and self.right >= self.least * self.of

    def line(self) -> str:
        share = f"{self.right / self.of:7.1%}" if self.of else "      –"
        verdict = "ok" if self.kept else "MISSED" if self.of else "NOTHING MEASURED"
        return (
            f"{self.name:34} {self.right:5} of {self.of:5} {share}  bar {self.least:4.0%}  {verdict:6}  {self.besides}"
        )


def main() -> int:
    asked = _asked()
    held = Held(ROOT / "specs")
    paths = sorted(asked.folder.glob("*.txt"))
    if not paths:
        print(f"{asked.folder} holds no *.txt", file=sys.stderr)
        return 2
    bars = [*_figures(held, asked), *_rewritten(held, asked), *_history(held, asked), *_lost(held, paths)]
    print("\n" + "\n".join(bar.line() for bar in bars))
    return 0 if all(bar.kept for bar in bars) else 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How well drift reads documents, measured")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--changes", type=Path, nargs="+", default=sorted(ORACLE.glob("drift*.json")), metavar="FILE")
    parser.add_argument("--history", type=Path, nargs="+", default=HISTORIES, metavar="DIR")
    parser.add_argument("--seeded", type=int, default=500, help="so many figures are changed at random")
    parser.add_argument("--rewrites", type=int, default=40, help="so many rewrites of each document")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn at random")
    return parser.parse_args()


# ── What is measured ──────────────────────────────────────────────────────────────────────────────────────────────


def _figures(held: Held, asked: argparse.Namespace) -> Iterator[Bar]:
    listed = [each for file in asked.changes for each in _timed("listed changes", changes(held, asked.folder, file))]
    by_wanted = {wanted: [each for each in listed if each.wanted == wanted] for wanted in _WANTED}
    _told("Listed changes of one figure", listed)
    for wanted, (name, least) in _WANTED.items():
        yield _bar(name, by_wanted[wanted], least)
    if asked.seeded:
        paths = sorted(asked.folder.glob("*.txt"))
        drawn = _timed("random changes", seeded(held, paths, asked.seeded, asked.seed))
        _told(f"Random changes of one figure, seed {asked.seed}", drawn)
        yield _bar("random figures: a rule of theirs", drawn, 0.98)


_WANTED = {
    "changed": ("figures: right rule, old and new", 0.98),
    "suspect": ("suspect: flagged, not applied", 1.0),
    "example": ("examples: silent", 0.98),
    "confirmed": ("repairs: confirmed", 0.98),
}


def _rewritten(held: Held, asked: argparse.Namespace) -> Iterator[Bar]:
    if asked.rewrites:
        found = _timed("rewrites", rewrites(held, asked.folder, asked.rewrites))
        _told("Cosmetic rewrites", found)
        yield _bar("rewrites: no rule changed", found, 0.98)


def _history(held: Held, asked: argparse.Namespace) -> Iterator[Bar]:
    for folder in asked.history:
        found = _timed(f"history {folder.name}", histories(held, folder))
        print(f"\nTransitions of {folder.name}: {len(found)}")
        print("\n".join(f"  {each.note}" for each in found if each.note))
        labelled = [change for each in found for change in each.changes]
        _told(f"Labelled changes of {folder.name}", labelled)
        yield from _recall(found)
        kinds = sum(change.right for change in labelled)
        print(f"  {kinds} of {len(labelled)} labelled changes were told with their figures (no bar)")


def _recall(found: Sequence[Transition]) -> Iterator[Bar]:
    both = sum(each.wanted and each.reported for each in found)
    yield Bar("histories: recall", both, sum(each.wanted for each in found), 0.95)
    yield Bar("histories: precision", both, sum(each.reported for each in found), 0.90)


def _lost(held: Held, paths: Sequence[Path]) -> Iterator[Bar]:
    captures = [Capture(path.name.partition(".")[0], path.name, path.read_bytes()) for path in paths]
    found = list(gone(held, captures))
    _told("Pages that are gone", found)
    yield _bar("gone pages: missing, no rule changed", found, 1.0)


# ── How it is told ────────────────────────────────────────────────────────────────────────────────────────────────


def _timed(name: str, outcomes: Iterable[_T]) -> list[_T]:
    began = time.monotonic()
    found = list(outcomes)
    print(f"{name}: {len(found)} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return found


def _bar(name: str, found: Sequence[Outcome], least: float) -> Bar:
    more, part = sum(bool(each.extra) for each in found), sum(each.right and not each.whole for each in found)
    besides = [f"{more} tell more" if more else "", f"{part} not for all of it" if part else ""]
    return Bar(name, sum(each.right for each in found), len(found), least, ", ".join(filter(None, besides)))


def _told(title: str, found: Sequence[Outcome]) -> None:
    """Every miss, what was told besides, and how many were right by document and by kind."""
    print(f"\n{title}: {sum(each.right for each in found)} of {len(found)}")
    for each in found:
        if not each.right:
            print(f"  {each.id} {each.kind}: {each.note}")
    for each in found:
        if each.right and each.extra:
            print(f"  besides, {each.id}: {'; '.join(each.extra[:3])}")
    for sort in ("document", "kind"):
        of = Counter(str(getattr(each, sort)) for each in found)
        right = Counter(str(getattr(each, sort)) for each in found if each.right)
        if 1 < len(of) <= 40:
            print(f"  by {sort}: " + ", ".join(f"{name} {right[name]}/{count}" for name, count in of.most_common()))


if __name__ == "__main__":
    sys.exit(main())
