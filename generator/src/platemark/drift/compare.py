"""Two captures of a document: which statements of them are the same, and which figures are others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from platemark.documents.atoms import Atom
from platemark.documents.page import Page, Statement

ALIKE = 0.45
"""From which share of common words on two statements about the same thing are one."""
NAMES = frozenset({"host", "path", "header", "model", "region"})
"""What is a fact in samples, too."""
MEMBERS = frozenset({"size", "format", "state", "token", "name"})
"""What lists hold: a member may be gone from one list and stay in another."""
IGNORED = frozenset({"example", "given"})


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that is another, or is no more, or is new."""

    old: Atom | None
    new: Atom | None
    before: Statement | None
    after: Statement | None
    role: bool = False
    """Whether only the word `default` went from one figure to the other, and both stayed."""

    @property
    def context(self) -> Statement:
        """The statement in which it stood, or stands."""
        found = self.before or self.after
        assert found is not None
        return found

    @property
    def line(self) -> int:
        """Where a reader of the new capture finds it; of the old one where it is gone."""
        return (self.after or self.context).line


@dataclass(frozen=True)
class Comparison:
    """What came of it. `pairs` are statements by their positions."""

    old: Page
    new: Page
    pairs: dict[int, int]
    changes: tuple[Change, ...]
    cosmetic: int


@dataclass
class _Matching:
    old: Sequence[Statement]
    new: Sequence[Statement]
    pairs: dict[int, int] = field(default_factory=dict[int, int])
    taken: set[int] = field(default_factory=set[int])

    def take(self, left: int, right: int) -> None:
        self.pairs[left] = right
        self.taken.add(right)

    def in_order(self) -> None:
        """Pair what stands in the same order, and what a few changed figures stand between."""
        key = [[(s.digest, s.subject, s.table > 0) for s in side] for side in (self.old, self.new)]
        for tag, a, b, c, d in SequenceMatcher(None, key[0], key[1], autojunk=False).get_opcodes():
            if tag == "equal":
                for left, right in zip(range(a, b), range(c, d), strict=True):
                    self.take(left, right)
            elif tag == "replace" and b - a == d - c:
                for left, right in zip(range(a, b), range(c, d), strict=True):
                    if (
                        self.old[left].mask == self.new[right].mask
                        and self.old[left].subject == self.new[right].subject
                    ):
                        self.take(left, right)

    def by(self, key: Callable[[Statement], Hashable]) -> None:
        """Pair what has the same key, in order."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for index, statement in enumerate(self.new):
            if index not in self.taken:
                waiting[key(statement)].append(index)
        for index, statement in enumerate(self.old):
            if index not in self.pairs and waiting.get(key(statement)):
                self.take(index, waiting[key(statement)].pop(0))

    def alike(self) -> None:
        """Pair what says nearly the same of the same thing, the most alike first."""
        rest = [i for i in range(len(self.old)) if i not in self.pairs]
        free = [i for i in range(len(self.new)) if i not in self.taken]
        by_subject: dict[str, list[int]] = defaultdict(list)
        for index in free:
            by_subject[self.new[index].subject].append(index)
        scored = [
            (likeness(self.old[left], self.new[right]), -abs(left - right), left, right)
            for left in rest
            for right in by_subject[self.old[left].subject]
        ]
        for score, _, left, right in sorted(scored, reverse=True):
            if score >= ALIKE and left not in self.pairs and right not in self.taken:
                self.take(left, right)


def likeness(left: Statement, right: Statement) -> float:
    """How like two statements are, from 0 to some 1.5: their words, what they define, the types of their figures."""
    if left.sample != right.sample or bool(left.defines) != bool(right.defines):
        return 0
    mine, yours = ({a.value for a in s.atoms if a.type == "model"} for s in (left, right))
    if mine and yours and not mine & yours:
        return 0
    common = len(left.words & right.words) / (len(left.words | right.words) or 1)
    if left.defines and left.defines == right.defines:
        return 1 + common
    shapes = Counter(_shape(left)), Counter(_shape(right))
    whole = sum((shapes[0] | shapes[1]).values())
    same = sum((shapes[0] & shapes[1]).values()) / whole if whole else 0
    return common + 0.3 * same + (0.25 if whole and left.values & right.values else 0)


def _shape(statement: Statement) -> Iterator[str]:
    return (f"{atom.type}{atom.unit}" for atom in statement.atoms)


def compare(old: Page, new: Page) -> Comparison:
    """Which figures differ between two captures. What is only worded, ordered or laid out otherwise is cosmetic."""
    matching = _Matching(old.statements, new.statements)
    matching.in_order()
    same = sum(old.statements[left].digest == new.statements[right].digest for left, right in matching.pairs.items())
    matching.by(lambda s: (s.digest, s.subject, s.chapter))
    matching.by(lambda s: (s.digest, s.subject))
    matching.by(lambda s: (s.mask, s.subject, s.chapter, len(s.atoms)))
    matching.by(lambda s: (s.mask, s.subject, len(s.atoms)))
    matching.alike()
    matching.by(lambda s: s.digest)
    balance = _Balance(old, new)
    found = [
        change
        for left, right in sorted(matching.pairs.items())
        for change in _changes(old.statements[left], new.statements[right])
    ]
    found += _defaults(old, new, matching.pairs)
    lost = [s for i, s in enumerate(old.statements) if i not in matching.pairs]
    came = [s for i, s in enumerate(new.statements) if i not in matching.taken]
    back = {right: left for left, right in matching.pairs.items()}
    found += [
        Change(a, None, s, _beside(i, a, old.statements, matching.pairs, new.statements))
        for i, s in enumerate(old.statements)
        if i not in matching.pairs
        for a in s.atoms
    ]
    found += [
        Change(None, a, _beside(i, a, new.statements, back, old.statements), s)
        for i, s in enumerate(new.statements)
        if i not in matching.taken
        for a in s.atoms
    ]
    changes = tuple(change for change in _joined(found) if balance.real(change))
    cosmetic = max(0, len(lost) + len(came) + len(matching.pairs) - same - len(changes))
    return Comparison(old, new, matching.pairs, changes, cosmetic)


def _beside(
    index: int, atom: Atom, here: Sequence[Statement], pairs: Mapping[int, int], there: Sequence[Statement]
) -> Statement | None:
    """For a member of a list that only one capture has: the statement beside it in the other."""
    if atom.type not in MEMBERS or not (atom.roles & {"listed"} or atom.type == "state"):
        return None
    for near in (index - 1, index + 1):
        twin = pairs.get(near)
        alike = twin is not None and here[near].subject == here[index].subject
        if alike and twin is not None and any(a.type == atom.type for a in there[twin].atoms):
            return there[twin]
    return None


def _changes(before: Statement, after: Statement) -> Iterator[Change]:
    """The figures of one statement against those of another: those that are equal first, the others in order."""
    mine = [atom for atom in before.atoms if counts(atom, before)]
    yours = [atom for atom in after.atoms if counts(atom, after)]
    if before.mask == after.mask and [a.type for a in mine] == [a.type for a in yours]:
        yield from (Change(a, b, before, after) for a, b in zip(mine, yours, strict=True) if _key(a) != _key(b))
        return
    matcher = SequenceMatcher(None, [_key(a) for a in mine], [_key(a) for a in yours], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        left, right = mine[a:b], yours[c:d]
        for old, new in _paired(left, right):
            if not _stays(old, new, after) and not _stays(new, old, before):
                yield Change(old, new, before, after)


def _stays(atom: Atom | None, instead: Atom | None, there: Statement) -> bool:
    """Whether a figure without another in its place stands in the other statement yet, though as an example."""
    return atom is not None and instead is None and any(_key(atom) == _key(a) for a in there.atoms)


def _defaults(old: Page, new: Page, pairs: dict[int, int]) -> Iterator[Change]:
    """Where the word `default` went from one figure to another, and both stay."""
    gone: list[tuple[Atom, Statement]] = []
    came: list[tuple[Atom, Statement]] = []
    for left, right in sorted(pairs.items()):
        before, after = old.statements[left], new.statements[right]
        mine = {_key(a): a for a in before.atoms if counts(a, before)}
        for atom in after.atoms:
            was = mine.get(_key(atom))
            if was is not None and counts(atom, after) and ("default" in was.roles) != ("default" in atom.roles):
                (gone if "default" in was.roles else came).append(
                    (was, before) if "default" in was.roles else (atom, after)
                )
    for atom, before in gone:
        about = (atom.type, before.subject, before.models, atom.models)
        twin = next((e for e in came if (e[0].type, e[1].subject, e[1].models, e[0].models) == about), None)
        if twin:
            came.remove(twin)
            alone = frozenset({"default"})
            yield Change(replace(atom, roles=alone), replace(twin[0], roles=alone), before, twin[1], role=True)


def counts(atom: Atom, statement: Statement) -> bool:
    """Whether a figure is a fact: in samples only what names a place or a model is."""
    return (not statement.sample or atom.type in NAMES) and not (
        atom.roles & IGNORED and not atom.roles & {"default", "poll"}
    )


def _key(atom: Atom) -> tuple[str, str, str]:
    return atom.type, atom.value, atom.unit if atom.type == "policy" else ""


def _paired(left: list[Atom], right: list[Atom]) -> Iterator[tuple[Atom | None, Atom | None]]:
    free = list(right)
    for old in left:
        new = next((a for a in free if a.type == old.type and (a.type != "policy" or a.unit == old.unit)), None)
        new = new or next((a for a in free if {a.type, old.type} & {"damaged"} or (old.type, a.type) in _KIN), None)
        if new:
            free.remove(new)
        yield old, new
    yield from ((None, new) for new in free)


_KIN = {
    ("word", "bool"),
    ("bool", "word"),
    ("bytes", "int"),
    ("int", "bytes"),
    ("size", "int"),
    ("int", "size"),
    ("time", "int"),
    ("int", "time"),
    ("token", "size"),
    ("size", "token"),
    ("ratio", "int"),
    ("int", "ratio"),
    ("ratio", "size"),
}
"""Types of figures that may stand for each other where one was damaged."""


def _joined(changes: list[Change]) -> list[Change]:
    """A figure that is gone here and another that is new there, of one subject and role, are one change."""
    found: list[Change] = []
    waiting = [c for c in changes if c.old is None]
    for change in changes:
        if change.old is None:
            continue
        twin = next((c for c in waiting if _twins(change, c)), None) if change.new is None else None
        if twin is not None:
            waiting.remove(twin)
        elif change.new is None:  # what can't be read may stand for several
            twin = next((c for c in changes if _spoils(c, change)), None)
        found.append(change if twin is None else Change(change.old, twin.new, change.before, twin.after))
    return found + waiting


def _spoils(came: Change, gone: Change) -> bool:
    """Whether a figure that can't be read has the digits of one that is gone."""
    old, new = gone.old, came.new
    return (
        old is not None
        and new is not None
        and new.type == "damaged"
        and gone.context.subject == came.context.subject
        and holds(new.value, old.value)
    )


def holds(spoilt: str, value: str) -> bool:
    """Whether what can't be read has the digits of a figure, and more."""
    digits = ["".join(sign for sign in text if sign.isdecimal()) for text in (spoilt, value)]
    return len(digits[1]) > 1 and digits[1] in digits[0]


def _twins(gone: Change, came: Change) -> bool:
    old, new = gone.old, came.new
    assert old is not None and new is not None
    return (
        old.type == new.type
        and old.value != new.value
        and old.unit == new.unit
        and (old.type in NAMES or gone.context.subject == came.context.subject)
        and gone.context.sample == came.context.sample
        and _role(old) == _role(new)
        and (old.models == new.models or not old.models or not new.models)
    )


def _role(atom: Atom) -> frozenset[str]:
    return atom.roles & {"default", "low", "high", "recommended", "listed", "keep", "rounds"}


class _Balance:
    """How often figures stand in both captures: where none is rarer and none more frequent, nothing changed."""

    def __init__(self, old: Page, new: Page) -> None:
        self.old, self.new = self.counted(old), self.counted(new)
        self.said_before, self.said_after = self.said(old), self.said(new)

    def counted(self, page: Page) -> Counter[tuple[str, ...]]:
        return Counter(
            key for s in page.statements for atom in s.atoms if counts(atom, s) for key in self.keys(atom, s)
        )

    def keys(self, atom: Atom, statement: Statement) -> Iterator[tuple[str, ...]]:
        about = "" if atom.type in NAMES or atom.type in {"state", "code"} else statement.subject
        yield (about, atom.type, atom.unit if atom.type == "policy" else "", atom.value)
        if "default" in atom.roles:
            yield (about, "default", atom.type, atom.value)
        yield from ((about, side, atom.type, atom.value) for side in ("low", "high") if side in atom.roles)

    def said(self, page: Page) -> dict[tuple[str, str], list[tuple[str, ...]]]:
        """Which statements say a figure, by the models that they are about."""
        found: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
        for statement in page.statements:
            if not statement.sample:
                for atom in statement.atoms:
                    found[atom.type, atom.value].append(atom.models or statement.models)
        return found

    def given(self, change: Change) -> bool:
        """Whether a statement gives what stands in a sample, for the models of the sample."""
        atom, said = (change.old, self.said_before) if change.old is not None else (change.new, self.said_after)
        assert atom is not None
        mine = change.context.models
        return atom.type == "model" or any(
            not who or not mine or set(who) & set(mine) for who in said[atom.type, atom.value]
        )

    def real(self, change: Change) -> bool:
        """Whether the old figure is rarer, and the new one more frequent; what a statement gives, no sample changes."""
        old, new = change.old, change.new
        if change.context.sample and (old is None or new is None or self.given(change)):
            return False
        if change.role and old is not None and new is not None:
            return self.redefaulted(old, new, change.context.subject)
        rarer = old is None or self.moved(old, change.before or change.context, less=True)
        more = new is None or self.moved(new, change.after or change.context, less=False)
        if old is None or new is None:
            return rarer and more and not self.known(old, new)
        return rarer and more

    def redefaulted(self, old: Atom, new: Atom, subject: str) -> bool:
        """Whether the old figure is called the default less often now, and the new one more often."""
        left, right = (subject, "default", old.type, old.value), (subject, "default", new.type, new.value)
        return self.new[left] < self.old[left] and self.new[right] > self.old[right]

    def known(self, old: Atom | None, new: Atom | None) -> bool:
        """Whether the other capture says the figure somewhere of anything: then it was only said more often."""
        atom = old or new
        if atom is not None and atom.type == "path":
            said = self.said_after if old is not None else self.said_before
            return any(t == "path" and (v.endswith(atom.value) or atom.value.endswith(v)) for t, v in said)
        if old is not None:
            return (old.type, old.value) in self.said_after and not (old.type in MEMBERS and old.roles & {"listed"})
        assert new is not None
        listed = new.type in MEMBERS - {"state"} and "listed" in new.roles  # a state is one wherever it is named
        return (new.type, new.value) in self.said_before and not listed

    def moved(self, atom: Atom, statement: Statement, *, less: bool) -> bool:
        sign = 1 if less else -1
        return any(sign * (self.old[key] - self.new[key]) > 0 for key in self.keys(atom, statement))
