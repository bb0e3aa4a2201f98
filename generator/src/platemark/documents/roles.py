"""What a figure is for, by the words around it, and whom it concerns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from platemark.documents import words
from platemark.documents.atoms import Atom, Lexicon, family_or_model

_CLAUSE = re.compile(r"[;。,，(\[]|(?<![\d])\.(?=\s)|\bvs\b")
_TO = re.compile(r"^\s*(?:-|~|to|and|至|到|和|,)\s*$")
_SPAN = re.compile(r"^\s*(?:-|~|to|至|到)\s*$")
_BETWEEN = re.compile(
    r"(?:between|from|range|in|within|为|在|范围|介于)\s*(?:is|of|为|是|:|from|between)?\s*[\[(]?\s*$|[\[(]\s*$"
)
_CLOSED = re.compile(r"^\s*[\])]|^\s*(?:之间|范围|像素|pixels?|px)")
_ASIDE = re.compile(r"\([^)]*\)")
_NUMBERED = re.compile(r"(?:method|step|style|figure|version|table|note|http|chapter|方法|步骤|图|表|方式)\s*$")
"""What a number only counts off."""
_GIVEN = re.compile(r"(?P<name>[a-z_][\w.]*)=[\"']?$|\"\s*:\s*\"?$")


def with_roles(atoms: Sequence[Atom], text: str, scope: str, lexicon: Lexicon, *, default: bool) -> list[Atom]:
    """The figures of a sentence with roles, units and concerns; and its policies. `scope` introduces the sentence."""
    low, before = text.lower(), scope.lower()
    found = [
        replace(atom, roles=_roles(atom, low, before, default), unit=_unit(atom, low))
        for atom in atoms
        if not (atom.type == "int" and _NUMBERED.search(low[: atom.at][-12:]))
    ]
    found = _spans(found, low)
    found = [replace(atom, roles=atom.roles | _listed(atom, found, before)) for atom in found]
    found += _policies(_without_ids(low, atoms), lexicon)
    groups = list(_groups(found, text, scope, lexicon))
    plain = lexicon.parameters - frozenset(lexicon.fields.values())  # those are words of every page
    names = "|".join(sorted(map(re.escape, plain), key=len, reverse=True)) or "(?!)"
    named = re.compile(
        rf"(?<![\w-])(?P<name>{names})(?![\w-]) ?"
        r"(?:is|are|supports?|up to|at most|from|in|取值|为|支持|can be|must be|:|\(|\s)*$"
    )
    return [_concerned(atom, low, before, named, groups) for atom in sorted(found, key=lambda atom: atom.at)]


def _roles(atom: Atom, low: str, scope: str, default: bool) -> frozenset[str]:
    start, end = atom.at, atom.at + len(atom.printed)
    before, after = low[max(0, start - words.NEAR) : start], low[end : end + 24]
    found = {role for role, pattern in words.BEFORE.items() if pattern.search(before)}
    found |= {role for role, pattern in words.AFTER.items() if pattern.search(after)}
    if words.BEFORE["recommended"].search(_ASIDE.sub("", scope)) or words.BEFORE["recommended"].search(low[:start]):
        found.add("recommended")
    if default and atom.type not in {"model", "policy"}:
        found.add("default")
    if atom.type == "bool" and re.match(r"^\s*[:(-]?\s*(?:the )?(?:default|默认)", after):
        found.add("default")
    if _GIVEN.search(before):
        found.add("given")
    if atom.type == "model" and words.SAME.search(low):
        found.add("alias")
    for role, types in _ONLY.items():
        if atom.type not in types:
            found.discard(role)
    if atom.type in {"host", "path", "header", "model", "region"}:
        found -= {"example", "high", "low"}
    return frozenset(found)


_ONLY = {"keep": {"time"}, "poll": {"time"}, "alias": {"model"}, "rounds": {"int"}, "output": {"format"}}
"""Roles that figures of some types alone can have."""


def _unit(atom: Atom, low: str) -> str:
    if atom.type != "int" or atom.unit:
        return atom.unit
    after = low[atom.at + len(atom.printed) :][:40]
    # Of `1-6 images` and `between 240 and 8000 pixels` the unit stands behind the second figure.
    after = re.sub(r"^\s*(?:-|~|to|and|至|到|和|,)\s*\d+", "", after)
    after = re.sub(r"^\s*[\])]", "", after)
    return next((unit for unit, pattern in words.UNITS.items() if pattern.search(after)), "")


def _spans(atoms: list[Atom], low: str) -> list[Atom]:
    """Two figures of one type with a dash, a `to` or brackets between: the least and the most."""
    found = list(atoms)
    for index in range(len(found) - 1):
        left, right = found[index], found[index + 1]
        between = low[left.at + len(left.printed) : right.at]
        if left.type != right.type or left.type not in {"int", "size", "ratio", "bytes"}:
            continue
        dashed = bool(_SPAN.match(between))
        framed = bool(_TO.match(between)) and bool(
            _BETWEEN.search(low[: left.at][-24:]) or _CLOSED.search(low[right.at + len(right.printed) :])
        )
        if dashed or framed:
            found[index] = replace(left, roles=(left.roles - {"high", "fixed"}) | {"low"})
            found[index + 1] = replace(right, roles=(right.roles - {"low", "fixed"}) | {"high"})
    return found


def _listed(atom: Atom, atoms: Sequence[Atom], scope: str) -> frozenset[str]:
    """A figure that is one of several of its type, or is labelled by a ratio, is a member of a list."""
    bound = atom.roles & {"low", "high"}
    alike = [other for other in atoms if other.type == atom.type and not other.roles & {"low", "high", "default"}]
    labelled = atom.type == "size" and any(other.type == "ratio" for other in atoms)
    introduced = atom.type == "size" and re.search(r"resolution|aspect|size|分辨率|宽高比|尺寸", scope)
    several = len(alike) > 1 and atom.type in {"size", "format", "state", "token", "model"}
    return frozenset({"listed"}) if not bound and (several or labelled or introduced) else frozenset()


def _policies(low: str, lexicon: Lexicon) -> Iterator[Atom]:
    """What a sentence says of how a service behaves: each is a fact, like a figure."""
    told: set[str] = set()
    for family, value, pattern in words.POLICIES:
        if family not in told and (found := pattern.search(low)):
            told.add(family)
            yield Atom("policy", value, family, at=found.start(), printed=found[0])
    if found := re.fullmatch(r"\W*(required|optional|必选|必填|可选|选填)\W*", low):
        yield Atom(
            "policy",
            "optional" if words.OPTIONAL.search(low) else "required",
            "presence",
            at=found.start(1),
            printed=found[1],
        )
    for value, pattern in words.TRANSPORT:
        if found := pattern.search(low):
            yield Atom("policy", value, "transport", at=found.start(), printed=found[0])
    if words.ONLY.search(low):
        for mode, pattern in words.MODES.items():
            for found in pattern.finditer(low):
                near = low[max(0, found.start() - 32) : found.start()], low[found.end() : found.end() + 12]
                if words.ONLY.search(near[0]) or re.match(r"^\s*(?:mode|模式)?\s*only", near[1]):
                    yield Atom("policy", mode, "only", at=found.start(), printed=found[0])
                    break
    for found in words.UNSUPPORTED.finditer(low):
        before, after = re.split(r"[.;。]", low[: found.start()])[-1][-60:], re.split(r"[.;。]", low[found.end() :])[0]
        told_of = after if re.match(r"do|请勿|不支持|不可", found[0]) and "supported" not in found[0] else before
        start = found.end() if told_of is after else found.start() - len(before)
        for name in lexicon.parameters | lexicon.others:
            if at := re.search(rf"(?<![\w=]){re.escape(name)}(?![\w=])|^{re.escape(name)}(?=,)", told_of):
                yield Atom("name", name, roles=frozenset({"unsupported"}), at=start + at.start(), printed=name)


def _groups(
    atoms: Sequence[Atom], text: str, scope: str, lexicon: Lexicon
) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    """Where a sentence names models, modes and routes: from, to, which of the three, and whom."""
    models = [atom for atom in atoms if atom.type == "model"]
    run: list[Atom] = []
    for atom in models:
        apart = run and not re.fullmatch(
            r"(?:\s|,|/|、|and|or|和|与|及|或|series|models?|系列|\(|\)|the)*",
            text[run[-1].at + len(run[-1].printed) : atom.at].lower(),
        )
        if apart:
            yield _run(run, text, lexicon)
            run = []
        run.append(atom)
    if run:
        yield _run(run, text, lexicon)
    low = _without_ids(text.lower(), models)
    yield from _said(low, "modes", words.MODES)
    yield from _said(low, "routes", words.ROUTES)


def _without_ids(low: str, atoms: Iterable[Atom]) -> str:
    """A text in which what stands in the id of a model is no word."""
    for atom in atoms:
        if atom.type == "model":
            low = low[: atom.at] + "\0" * len(atom.printed) + low[atom.at + len(atom.printed) :]
    return low


def _run(run: Sequence[Atom], text: str, lexicon: Lexicon) -> tuple[int, int, str, tuple[str, ...]]:
    last = run[-1]
    return run[0].at, last.at + len(last.printed), "models", tuple(family_or_model(atom, text, lexicon) for atom in run)


def _said(
    low: str, axis: str, patterns: Mapping[str, re.Pattern[str]]
) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    for name, pattern in patterns.items():
        for found in pattern.finditer(low):
            yield *found.span(), axis, (name,)


def _concerned(
    atom: Atom, low: str, scope: str, named: re.Pattern[str], groups: Sequence[tuple[int, int, str, tuple[str, ...]]]
) -> Atom:
    """Of several that a sentence names, a figure concerns the nearest; where it names none, what introduces it says."""
    end = atom.at + len(atom.printed)
    said: dict[str, tuple[str, ...]] = {}
    for axis in ("models", "modes", "routes"):
        near = [(_distance(atom.at, end, start, stop, low), who) for start, stop, of, who in groups if of == axis]
        if atom.type == "model" and axis == "models":
            continue
        if near and min(near)[0] < _FAR:
            said[axis] = min(near)[1]
        elif axis != "models":
            patterns = words.MODES if axis == "modes" else words.ROUTES
            said[axis] = tuple(name for name, pattern in patterns.items() if pattern.search(scope))[:1]
    given = _GIVEN.search(low[max(0, atom.at - 40) : atom.at]) or named.search(low[max(0, atom.at - 32) : atom.at])
    return replace(
        atom,
        of=(given["name"] or "") if given else "",
        models=said.get("models", ()),
        modes=said.get("modes", ()),
        routes=said.get("routes", ()),
    )


_FAR = 400
_APART = 120
"""What is named so many characters behind a figure has nothing to do with it."""


def _distance(at: int, end: int, start: int, stop: int, low: str) -> int:
    """How far a name stands from a figure. One in the parentheses right behind it, or after `for`, is nearest."""
    if re.search(r"(?:differences? (?:from|to)|compared (?:to|with)|unlike|与|相比)\s*$", low[:start]):
        return _FAR  # it is only held against another
    if start >= end:
        between = low[end:start]
        if low[stop : stop + 1] == ":":  # it introduces what follows
            return _FAR + len(between)
        if re.fullmatch(r"\s*\(\s*|[^,;.()]{0,20}\b(?:for|of|in)\s+(?:the )?", between):
            return 0
        if re.search(r"\b(?:vs|than|unlike)\b", between):
            return _FAR + len(between)
        if len(between) < 56 and re.fullmatch(r"[^,;.()]*\b(?:for|in)\s+(?:the )?", between):
            return 2
        return (40 if len(between) < _APART else _FAR) + len(between) + 40 * bool(_CLAUSE.search(between))
    between = low[stop:at]
    if ")" in between and re.search(r"\((?:vs|than|unlike)\b[^()]*$", low[:start]):
        return _FAR + len(between)  # it is only compared with, in parentheses
    if between.startswith(":"):
        return len(between) // 4
    return max(1, len(between)) + 60 * len(re.findall(r"[;。]|\bvs\b", between))
