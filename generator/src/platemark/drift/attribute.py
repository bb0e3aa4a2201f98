"""Which claims of the specs a figure of a page supports."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from platemark.documents.atoms import Atom
from platemark.documents.page import Statement
from platemark.drift.claims import Claim, Figure

_TYPES: dict[str, frozenset[str]] = {
    "range": frozenset({"int"}),
    "fixed": frozenset({"int", "bool", "size", "word"}),
    "count": frozenset({"int"}),
    "side": frozenset({"int"}),
    "length": frozenset({"int", "policy"}),
    "area": frozenset({"size", "int"}),
    "ratio": frozenset({"ratio"}),
    "tokens": frozenset({"token", "size"}),
    "formats": frozenset({"format"}),
    "bytes": frozenset({"bytes"}),
    "rounds": frozenset({"int"}),
    "alpha": frozenset({"policy"}),
    "required": frozenset({"policy"}),
    "type": frozenset({"type"}),
    "one_of": frozenset({"size", "int"}),
    "recommended": frozenset({"size"}),
    "exceptions": frozenset({"size"}),
    "sums_to": frozenset({"percent"}),
    "price": frozenset({"money"}),
    "alias": frozenset({"model"}),
    "model": frozenset({"model"}),
    "route": frozenset({"path", "host", "header", "region", "word", "policy", "model"}),
    "state": frozenset({"state"}),
    "retention": frozenset({"time"}),
    "poll": frozenset({"time"}),
    "zone": frozenset({"zone"}),
    "error": frozenset({"code", "int", "message"}),
    "limit": frozenset({"int"}),
    "unsupported": frozenset({"name"}),
    "only_in": frozenset({"policy"}),
    "schemes": frozenset({"scheme"}),
    "requires": frozenset[str](),
    "same_length": frozenset[str](),
}
"""Which types of figures a claim of a kind has; kinds that are not here take any."""
_FAMILIES = {"length": "excess", "alpha": "alpha", "required": "presence", "only_in": "only", "route": "transport"}
"""Which policies speak of a kind."""
_LEAST = 1.0
_NEAR = 2.0
"""How much worse than the best a claim of another kind may fit a figure that speaks of both."""


def fits(claim: Claim, atom: Atom, statement: Statement, *, exact: bool = True) -> float | None:
    """How well a figure of a statement supports a claim; None where it can't. Not `exact`: whatever its value."""
    kind = claim.reads or claim.kind
    if atom.type not in _TYPES.get(kind, frozenset({atom.type})):
        return None
    if atom.type == "policy" and atom.unit != _FAMILIES.get(kind) and not _header(claim, atom, statement):
        return None
    figure = _figure(claim, atom)
    if kind == "error":
        return 6.0 if claim.figures[0].value in {statement.subject, atom.value} else None
    if atom.unit == "status" or atom.type == "message" or (claim.id == "models" and not exact):
        return None
    if not exact and claim.figures and atom.type != "policy" and atom.type not in {f.type for f in claim.figures}:
        return None
    if exact and figure is None and atom.type != "policy" and not _routed(claim, atom):
        return None
    score = _subject(claim, atom, statement)
    if score is None:
        return None
    for part in (_role(kind, claim, atom, figure), _scope(claim, atom, statement), _unit(kind, claim, atom)):
        if part is None:
            return None
        score += part
    if statement.zone == "response" and claim.parameter and statement.subject != claim.parameter:
        score -= 3
    return score


def _figure(claim: Claim, atom: Atom) -> Figure | None:
    alike = [
        f
        for f in claim.figures
        if f.type == atom.type
        and (f.value.lower() == atom.value.lower() or (f.type == "path" and ends(atom.value, f.value)))
    ]
    sides = [f for f in alike if f.side and f.side in atom.roles]
    return next(iter([*sides, *alike]), None)


def _header(claim: Claim, atom: Atom, statement: Statement) -> bool:
    """Whether an entry says if a header of ours is required."""
    return atom.unit == "presence" and any(f.type == "header" and f.value == statement.subject for f in claim.figures)


_BASE = re.compile(r"(?:/[\w-]+)?(?:/v\d+)?")


def ends(path: str, of: str) -> bool:
    """Pages write paths with the base before them, or without, or only their last words."""
    based = path.endswith(of) and _BASE.fullmatch(path.removesuffix(of))
    return bool(based) or (not path.startswith("/") and of.endswith(path))


def _routed(claim: Claim, atom: Atom) -> bool:
    """Whether a model is named where a page says how its requests travel."""
    return (
        atom.type == "model"
        and claim.id.startswith("routes.")
        and bool(atom.routes)
        and concerns(claim.models, (atom.value,))
    )


def _subject(claim: Claim, atom: Atom, statement: Statement) -> float | None:
    if atom.unit == "texts":
        return 3.0 if claim.id == "prompt.count" else None
    if atom.type == "format" and ("output" in atom.roles) == bool(claim.parameter):
        return None
    if not claim.parameter:
        return 1.0
    if (atom.of or statement.subject) == claim.parameter:
        return 4.0
    if atom.type == "name":
        return 4.0 if atom.value == claim.parameter else None
    if atom.unit in {"images", "outputs"} and claim.makes:
        return 2.5 if atom.unit == "images" else 3.5
    telling = atom.type in {"size", "ratio", "token", "format", "bytes"} or atom.unit in {"characters", "tokens"}
    if claim.parameter == "images" and (
        atom.type in {"format", "bytes", "scheme"} or atom.unit in {"images", "inputs", "pixels", "alpha"}
    ):
        return 3.0
    if claim.parameter == "size" and atom.type in {"size", "ratio", "token"}:
        return 3.0
    return 0.0 if telling or not statement.subject else None


def _role(kind: str, claim: Claim, atom: Atom, figure: Figure | None) -> float | None:
    roles = atom.roles
    default = "default" in roles
    match kind:
        case "default":
            return 3.0 if default else (-1.5 if not roles & {"low", "high", "listed", "fixed", "rounds"} else None)
        case "recommended" | "exceptions":
            if roles & {"low", "high"}:
                return None
            return 2.0 if roles & {"recommended"} else 1.0 if roles & {"listed"} else None
        case "one_of":
            return 2.0 if roles & {"listed"} else None if default or roles & {"low", "high"} else 0.5
        case "tokens":
            return 1.0 if atom.type == "token" else None if roles & {"low", "high"} else 0.5
        case "rounds":
            return 2.0 if "rounds" in roles else None
        case "retention":
            return None if "poll" in roles else 2.0 if roles & {"keep", "high"} else -0.5
        case "poll":
            return 2.0 if "poll" in roles else None
        case "alias":
            return 3.0 if "alias" in roles else 0.0
        case _:
            pass
    if kind in {"range", "count", "side", "area", "ratio", "length", "bytes", "fixed"} and atom.type != "policy":
        if default and not roles & {"low", "high"}:
            return None
        if "rounds" in roles:
            return None
        if figure is not None and figure.side and roles & {"low", "high"} and figure.side not in roles:
            return None
        bounded = bool(roles & {"low", "high", "fixed"})
        return 2.0 if bounded else 0.0
    return 1.0


def _unit(kind: str, claim: Claim, atom: Atom) -> float | None:
    if atom.type != "int":
        return 0.0
    unit = atom.unit
    if kind == "limit":
        return 3.0 if unit and unit == claim.unit else None
    if unit in {"rate", "concurrent"}:
        return None
    if kind == "length":
        return 2.0 if unit == claim.unit else None if unit else 0.0
    if unit in {"characters", "tokens"}:
        return None
    if kind == "side":
        return 1.0 if unit == "pixels" else None if unit else 0.0
    if unit == "pixels":
        return None
    if (unit == "outputs" and not claim.makes) or (unit == "inputs" and claim.makes):
        return None
    if kind == "count" and claim.parameter == "images":
        return 1.5 if unit in {"images", "inputs"} else 0.0
    if unit in {"colors", "boxes"}:
        return 1.5 if kind == "count" else None
    return 0.0


def _scope(claim: Claim, atom: Atom, statement: Statement) -> float | None:
    score = 0.0
    if atom.type == "model" and claim.kind == "alias" and claim.id == "alias":
        score += 2.0 if concerns(claim.models, statement.models) else 0.0
    elif atom.models:
        if not concerns(claim.models, atom.models):
            return None
        score += 3.0 - 0.01 * len(claim.models)
    elif statement.own and not concerns(claim.models, statement.models):
        return None
    elif statement.models:
        score += 2.0 if concerns(claim.models, statement.models) else -2.0
    if claim.kind in {"only_in", "unsupported"}:
        return score
    if atom.modes and claim.modes and not claim.all_modes and claim.parameter:
        if not _modes(claim, atom.modes):
            return None
        score += 1.5
    if atom.routes and claim.routes and not claim.all_routes and claim.kind != "route":
        score += 1.0 if set(atom.routes) & set(claim.routes) else -1.0
    return score


def _modes(claim: Claim, modes: Iterable[str]) -> bool:
    said = set(modes)
    if "single" in said:
        said |= {"text_to_image", "edit"}
    return bool(said & set(claim.modes))


def concerns(models: Sequence[str], named: Sequence[str]) -> bool:
    """Whether a page that names these models, or families of them, speaks of one of ours."""
    for name in named:
        stem = name.rstrip("*")
        for model in models:
            if model == stem or (name.endswith("*") and model.startswith(stem)) or _snapshot(model, stem):
                return True
    return False


def _snapshot(model: str, of: str) -> bool:
    return model.startswith(f"{of}-2")


class Ledger:
    """The claims about one document, by what could support them."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.claims = claims
        self.by_figure: dict[tuple[str, str], list[Claim]] = defaultdict(list)
        self.by_kind: dict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            for figure in claim.figures:
                self.by_figure[figure.type, figure.value].append(claim)
            self.by_kind[claim.reads or claim.kind].append(claim)

    def supported(self, atom: Atom, statement: Statement) -> list[tuple[float, Claim]]:
        """The claims that a figure supports, the best first: all that are nearly as good as the best. Where it fits
        none of the models that are named, their names may stand for those that begin so."""
        near = self.by_kind["route"] if atom.type in {"path", "model"} else []
        near = [*self.by_figure[atom.type, atom.value], *near]
        if atom.type == "policy":
            near = [claim for kind in _FAMILIES for claim in self.by_kind[kind]]
        found = _best(self.scored(near, atom, statement, exact=True))
        if found or not atom.models:
            return found
        wider = replace(atom, models=tuple(f"{name.rstrip('*')}*" for name in atom.models))
        return _best(self.scored(near, wider, statement, exact=True))

    def concerned(self, atom: Atom, statement: Statement) -> list[tuple[float, Claim]]:
        """The claims that a figure speaks of, whatever it says."""
        return [(score, claim) for score, claim in self.spoken_of(atom, statement) if score >= 4]

    def spoken_of(self, atom: Atom, statement: Statement) -> list[tuple[float, Claim]]:
        """The same, however weakly it fits."""
        return _best(self.scored(self.claims, atom, statement, exact=False))

    def scored(
        self, claims: Iterable[Claim], atom: Atom, statement: Statement, *, exact: bool
    ) -> Iterator[tuple[float, Claim]]:
        for claim in dict.fromkeys(claims):
            score = fits(claim, atom, statement, exact=exact)
            if score is not None and score >= _LEAST:
                yield score, claim


def _best(scored: Iterable[tuple[float, Claim]]) -> list[tuple[float, Claim]]:
    """All claims as good as the best, of each kind: a figure may be a member and the default at once."""
    found = sorted(scored, key=lambda each: -each[0])
    if not found:
        return []
    top = found[0][0]
    tops: dict[str, float] = {}
    for score, claim in found:
        tops.setdefault(claim.kind, score)
    return [(score, claim) for score, claim in found if score >= tops[claim.kind] - 0.6 and score >= top - _NEAR]
