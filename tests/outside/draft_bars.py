"""What `platemark draft` finds on pages whose specs were written by hand, and how much of what it states is right.

    python tests/outside/draft_bars.py DIR …

Each folder holds captures of pages, called as in `specs/documents.yaml` (`page`), or folders called so, of which the
first capture is taken. A page is read with its provider's file alone: no spec of its models is looked at. Then what was
read is held against the specs' claims. What they have no line for was judged by hand: `tests/oracle/draft.json`.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from platemark import api
from platemark.documents import read as reader
from platemark.documents.normal import normal
from platemark.drafting.draft import reading
from platemark.drafting.stated import Stated, stated
from platemark.drift.attribute import Ledger
from platemark.drift.claims import Claim, Figure, claims, figures
from platemark.drift.lexicon import lexicon, sections
from platemark.drift.scopes import scoped
from platemark.spec.model import Spec
from platemark.spec.todos import TODO

ROOT = Path(__file__).parents[2]
JUDGED = ROOT / "tests" / "oracle" / "draft.json"
FOUND, RIGHT = 0.85, 0.95
SHOWN = frozenset({"int", "size", "ratio", "token", "percent", "bytes", "money", "path", "model", "format"})
"""Figures that a page shows as they are; the others are said in words."""


@dataclass(frozen=True)
class Score:
    """Of one page."""

    page: str
    wanted: tuple[Claim, ...]
    found: tuple[Claim, ...]
    facts: tuple[tuple[Stated, str], ...]
    """Each with `right`, `wrong` or, where neither the specs nor a person says, `unjudged`."""

    @property
    def missed(self) -> list[Claim]:
        return [claim for claim in self.wanted if claim not in self.found]

    def of(self, verdict: str) -> list[Stated]:
        return [fact for fact, told in self.facts if told == verdict]


@cache
def specs() -> Spec:
    return api.load(ROOT / "specs")


def captures(folder: Path) -> dict[str, list[Path]]:
    """Page → its captures; of a history the first."""
    pages = sorted({document.page for document in specs().documents if document.page}, key=len, reverse=True)
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        page = next((page for page in pages if path.name.startswith(page)), "")
        if page and path.is_dir():
            found[path.name].append(min(each for each in path.iterdir() if each.is_file()))
        elif page and path.is_file():
            found[page].append(path)
    return dict(found)


def score(page: str, files: Sequence[Path]) -> Score | None:
    """How the draft of a page compares; None for a page that no family's spec cites, or that describes no model."""
    cited = _cited(page, files)
    known = [claim for claim in _claims() if claim.family]
    mine = [claim for claim in known if claim.document in cited]
    if not mine:
        return None
    provider = next(p for p in specs().providers if p.id == mine[0].provider)
    alone = replace(specs(), providers=(provider,), families=())  # no spec of the models of this page, or of any other
    found = reading({path.name: path.read_bytes() for path in files}, provider.data, lexicon(alone))
    facts = list(stated(found, provider.data))
    if not facts:
        return None  # it says nothing of parameters: `draft` answers so
    text = _text(files)
    told = _told(files, mine)
    several = len({claim.family for claim in mine}) > 1  # whose figures may be those of another family
    wanted = tuple(c for c in mine if _limit(c) and _said(c, text, told) and (c in told or not several))
    judged = _judged().get(page, {})
    return Score(
        page,
        wanted,
        tuple(claim for claim in wanted if _found(claim, facts, mine)),
        tuple((fact, _verdict(fact, known, judged)) for fact in facts if fact.value != TODO),
    )


@cache
def _claims() -> tuple[Claim, ...]:
    return tuple(claims(specs()))


@cache
def _judged() -> Mapping[str, Mapping[str, str]]:
    """Page → fact → `right` or `wrong`, as a person judged it."""
    return json.loads(JUDGED.read_text(encoding="utf-8"))["pages"]


def _cited(page: str, files: Sequence[Path]) -> set[str]:
    """The documents that are editions of a page, in its language where it has several."""
    name, _, last = page.rpartition("-")
    name, language = (name, last) if last in {"en", "zh"} else (page, "")
    editions = {document.id: document.language for document in specs().documents if document.page == name}
    return {id_ for id_, told in editions.items() if not language or told == language} or set(editions)


def _text(files: Sequence[Path]) -> str:
    parts = (block.text for path in files for block in reader.blocks(path.read_bytes(), path.name))
    return normal("\n".join(parts))


def _limit(claim: Claim) -> bool:
    """Whether a claim is a limit that a page may print: types are none, nor is that a parameter may be left out."""
    return (
        bool(claim.figures)
        and claim.kind != "type"
        and not ((claim.kind == "required" and not claim.value) or claim.parameter == "stream")
    )


def _told(files: Sequence[Path], mine: Sequence[Claim]) -> set[Claim]:
    """The claims that `drift` finds on the page, knowing the specs of its models."""
    ledger, found = Ledger(mine), set[Claim]()
    for path in files:
        page = reader.read(path.read_bytes(), path.name, lexicon(specs()), sections(specs()))
        for statement in scoped(page, mine).statements:
            for atom in statement.atoms:
                found |= {claim for _, claim in ledger.supported(atom, statement)}
    return found


def _said(claim: Claim, text: str, told: set[Claim]) -> bool:
    """Whether the page prints the figures of a claim, whatever the place; what is said in words, `drift` must find."""
    telling = [f for f in claim.figures if f.type in SHOWN and not (f.type == "int" and len(f.value) < 3)]
    words = len(telling) == len(claim.figures) or claim in told
    models = any(_printed(Figure("model", model), text) for model in claim.models)
    return models and words and all(_printed(figure, text) and not _damaged(figure, text) for figure in claim.figures)


def _damaged(figure: Figure, text: str) -> bool:
    """Whether the page lost the sign between the sides of a size."""
    return figure.type == "size" and bool(re.search(rf"(?<!\d){figure.value.replace('*', '')}(?!\d)", text))


def _printed(figure: Figure, text: str) -> bool:
    if figure.type == "model":
        return bool(re.search(rf"(?<![\w.-]){re.escape(figure.value)}(?![\w-]|\.\w)", text))
    value = re.escape(figure.value.split(" ")[0] if figure.type in {"bytes", "money"} else figure.value)
    if figure.type == "money":
        value = value + "0*"
    if figure.type == "percent":
        value = value.replace(r"\.00", r"(?:\.0+)?")
    return figure.type not in SHOWN or bool(re.search(rf"(?<![\d.]){value}(?![\d]|\.\d)", text))


# ── One claim, one fact ───────────────────────────────────────────────────────────────────────────────────────────


def _found(claim: Claim, facts: Iterable[Stated], known: Sequence[Claim]) -> bool:
    """Whether the draft says the same, of all that it has of whom the claim concerns."""
    cells = [fact for fact in facts if fact.key in _keys(claim) and _concerns(claim, fact)]
    others = [each for each in known if each.id == claim.id and each is not claim]  # which say otherwise of some
    equal = [fact for fact in cells if _equal(claim, fact)]
    return bool(equal) and all(
        any(_concerns(each, fact) and _equal(each, fact) for each in others) for fact in cells if fact not in equal
    )


def _keys(claim: Claim) -> set[str]:
    kind = claim.reads or claim.kind
    return {claim.id, f"{claim.parameter}.{kind}"} if claim.losing and claim.parameter else {claim.id}


def _concerns(claim: Claim, fact: Stated) -> bool:
    return fact.model in claim.models and (not claim.modes or not fact.mode or fact.mode in claim.modes)


def _equal(claim: Claim, fact: Stated) -> bool:
    if fact.value == TODO:
        return False
    kind = fact.key.rpartition(".")[2]
    if kind == "same_length":
        return claim.value == fact.value
    said = [Figure(*fact.figure)] if fact.figure[0] else figures(kind, fact.value)
    if kind == "only_in":
        said = [Figure("policy", mode) for mode in fact.value]
    return _plain(claim.figures) == _plain(said)


def _plain(said: Iterable[Figure]) -> set[tuple[str, str]]:
    return {(figure.type, figure.value.replace(".00%", "%")) for figure in said}


def _verdict(fact: Stated, known: Sequence[Claim], judged: Mapping[str, str]) -> str:
    near = [claim for claim in known if fact.key in _keys(claim) and _concerns(claim, fact)]
    if any(_equal(claim, fact) for claim in near):
        return "right"
    return judged.get(f"{fact.model} {fact.key} = {_written(fact.value)}", "wrong" if near else "unjudged")


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value


def lines(scores: Sequence[Score]) -> Iterator[str]:
    """A line for each page, and one for all."""
    for each in scores:
        yield _line(each.page, [each])
    yield _line("all", scores)


def _line(name: str, scores: Sequence[Score]) -> str:
    wanted, found = sum(len(s.wanted) for s in scores), sum(len(s.found) for s in scores)
    told = {v: sum(len(s.of(v)) for s in scores) for v in ("right", "wrong", "unjudged")}
    return (
        f"{name:48} found {found:4}/{wanted:4} {found / max(1, wanted):6.1%}   "
        f"right {told['right']:4}/{sum(told.values()):4} {told['right'] / max(1, sum(told.values())):6.1%}"
    )


def main(folders: Sequence[str]) -> int:
    scores = [s for folder in folders for page, files in captures(Path(folder)).items() if (s := score(page, files))]
    print("\n".join(lines(scores)))
    if "-v" in sys.argv:
        for each in scores:
            print(f"\n{each.page}")
            for claim in each.missed:
                print("  missed ", claim.id, claim.value, *claim.models, *(() if claim.all_modes else claim.modes))
            for verdict in ("wrong", "unjudged"):
                for key, value, line in dict.fromkeys((f.key, _written(f.value), f.line) for f in each.of(verdict)):
                    who = {(f.model, f.mode) for f in each.of(verdict) if (f.key, _written(f.value)) == (key, value)}
                    print(" ", verdict, key, value, f"line {line}", *sorted(who)[:4])
    good = all(len(s.found) >= FOUND * len(s.wanted) and len(s.of("right")) >= RIGHT * len(s.facts) for s in scores)
    return 0 if scores and good else 1


if __name__ == "__main__":
    sys.exit(main([each for each in sys.argv[1:] if each != "-v"]))
