"""From statements to facts, as a spec writes them: for whom, of what, which kind, which value, on which line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platemark.documents import words
from platemark.documents.atoms import Atom
from platemark.documents.page import Statement
from platemark.drafting.scopes import Scope, Told, named, of_atom, series, single
from platemark.spec.todos import TODO

SPANS: Mapping[str, str] = {"size": "area", "ratio": "ratio", "bytes": "bytes"}
"""Type of figures between which a value lies → the kind of limit that they make; what plain numbers make, units say."""
_TESTING = re.compile(r"testing|try|debug|测试|调试|建议设")
_FILES = re.compile(r"\b(?:per|each|side|dimension|width|height)\b|宽|高|边")


_MANY = 99
"""More pictures than this are none: it is a measure of one."""
_CHARACTERS = re.compile(r"\bchar(?:acter)?s?\b|字符|字数")
_PROMPT = re.compile(r"\bprompts?\b|提示词")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a page says."""

    scope: Scope
    parameter: str
    kind: str
    """A key of a parameter's line, with dots for nested ones (`soft.side`)."""
    value: Any
    """As a spec writes it; `todo` where it can't be read."""
    line: int
    rank: int
    """3: where the parameter is defined; 2: in text on it; 1: in passing."""
    introduced: str = ""
    """How its modes are told: `column` (or a line before), `text`, or empty: by words in passing."""
    printed: str = ""
    """What stands there, where it can't be read."""


def facts(about: Told, ids: Sequence[str], types: Mapping[str, str]) -> Iterator[Fact]:
    """What a statement says of parameters. `types` are those of specs, by parameter, as far as they are known."""
    statement = about.statement
    if statement.sample or statement.zone in {"response", "errors"}:
        return
    passing = about.asked or _TESTING.search(statement.text.lower())
    loose = statement.table and not about.named and not statement.own and not _sizes(statement)
    rank = 1 if passing or loose else 3 if about.named else 2
    for atom in statement.atoms:
        if "given" in atom.roles and atom.type == "bool" and atom.of in types:
            yield Fact(Scope(named(ids, statement.models)), atom.of, "mentioned", True, statement.line, rank)
    atoms = [atom for atom in statement.atoms if not atom.roles & {"example", "given"}]
    introduced = "column" if about.scope.modes else _introduces(statement.text, atoms)
    for scope, parameter, kind, value, *printed in _read(atoms, about, ids, types):
        if parameter and scope is not None:
            yield Fact(scope, parameter, kind, value, statement.line, rank, introduced, *printed)


def _introduces(text: str, atoms: Sequence[Atom]) -> str:
    """How the modes of the figures are told: by a `column` or a line before; in the `text`, before a colon or as what
    the figures are `for`; or, where it is empty, by words in passing."""
    modes = {mode for atom in atoms for mode in atom.modes}
    low = text.lower()
    for atom in atoms:
        if atom.type == "model":
            low = low.replace(atom.printed.lower(), " ")
    prefix, colon, _ = low.partition(":")
    if modes and not any(words.MODES[mode].search(low) for mode in modes):
        return "column"
    opened = bool(colon) and len(prefix) < 60 and any(words.MODES[mode].search(prefix) for mode in modes)
    said = rf"(?:in|for|of) (?:the )?(?:\w+ )?(?:{'|'.join(words.MODES[mode].pattern for mode in modes)})"
    return "text" if modes and (opened or re.search(said, low)) else ""


def _sizes(statement: Statement) -> bool:
    """Whether a line or a cell holds nothing but sizes and their ratios."""
    rest = statement.text.lower()
    for atom in statement.atoms:
        rest = rest.replace(atom.printed.lower(), " ")
    words_ = re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]{2,}", rest)
    told = {atom.type for atom in statement.atoms}
    return bool(told) and told <= {"size", "ratio"} and all(words.BESIDES.fullmatch(word) for word in words_)


def _read(
    atoms: Sequence[Atom], about: Told, ids: Sequence[str], types: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    statement = about.statement
    subject = statement.subject
    for low, high in _spans(atoms):
        bound = low or high
        assert bound is not None
        parameter, kind = _span(low, high, about, types)
        if types.get(parameter) == "list" and not about.named:
            continue
        if kind and low and high and _turned(low, high):
            yield of_atom(bound, about, ids), parameter, kind, TODO, f"{low.printed}..{high.printed}"
        elif kind:
            best = any(atom and "recommended" in atom.roles for atom in (low, high))
            soft = "soft." if best and kind in {"side", "count", "area"} else ""
            yield of_atom(bound, about, ids), parameter, f"{soft}{kind}", _written(kind, low, high, bound.unit)
    yield from ((of_atom(atom, about, ids), *fact) for atom in atoms for fact in _alone(atom, about, types))
    yield from _listed(atoms, about, ids, types)
    for atom in atoms:
        kind = _damaged(atom, types.get(subject, ""))
        if kind:
            yield of_atom(atom, about, ids), subject, kind, TODO, atom.printed
    yield from _absent(atoms, about, ids, types)
    scope = Scope(about.scope.models or named(ids, statement.models))
    if (
        subject in types
        and types.get(subject) not in {"images", "size"}
        and (kept := _kept_from(statement.text.lower()))
    ):
        yield scope, subject, "only_in", kept
    if statement.defines and subject in types:
        yield scope, subject, "present", True
    if types.get(subject) == "list" and words.AS_LONG.search(statement.text.lower()) and "images" in types:
        yield scope, subject, "same_length", "images"


def _kept_from(low: str) -> str:
    """The modes that are left where a text says for which one a parameter is not."""
    for mode, left in (("sequence", "single"), ("interleave", "edit")):
        for found in words.MODES[mode].finditer(low):
            if words.AWAY.search(low[found.end() :][:40]):
                return left
    return ""


def _damaged(atom: Atom, type_: str) -> str:
    """Which kind of fact can't be read here."""
    if atom.type != "damaged" or not (type_ == "size" or (type_ == "integer" and "default" in atom.roles)):
        return ""
    return "default" if "default" in atom.roles else "recommended" if atom.roles & {"recommended", "listed"} else "area"


def _absent(
    atoms: Sequence[Atom], about: Told, ids: Sequence[str], types: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    """A parameter that an entry gives to some models alone, or denies to some."""
    text, subject = about.statement.text.lower(), about.statement.subject
    models = named(ids, [f"{a.value}*" if a.value not in ids else a.value for a in atoms if a.type == "model"])
    if (
        not about.named
        or subject not in types
        or not models
        or any(a.type not in {"model", "policy", "name"} for a in atoms)
    ):
        return
    if words.UNSUPPORTED.search(text):
        yield Scope(models), subject, "unsupported", True
    elif words.ONLY.match(text.strip()) and not any(a.unit == "only" for a in atoms):
        yield Scope(tuple(model for model in ids if model not in models)), subject, "unsupported", True


# ── Bounds ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _spans(atoms: Sequence[Atom]) -> Iterator[tuple[Atom | None, Atom | None]]:
    """The least and the most that belong together; one of them where the other is not said."""
    held: Atom | None = None
    for atom in atoms:
        sides = atom.roles & {"low", "high"}
        ends = held is not None and sides == frozenset({"high"})  # `[1, 4], default 4`: both at once
        if (
            len(sides) != 1
            or atom.type not in {"int", *SPANS}
            or ("default" in atom.roles and not ends)
            or "rounds" in atom.roles
        ):
            continue
        if sides == frozenset({"low"}):
            if held:
                yield held, None
            held = atom
        elif held and held.type == atom.type:
            yield held, atom
            held = None
        else:
            yield None, atom
    if held:
        yield held, None


def _span(low: Atom | None, high: Atom | None, about: Told, types: Mapping[str, str]) -> tuple[str, str]:
    """Which parameter two bounds are of, and which kind of limit they make; nothing where that is not sure."""
    bound = high or low
    assert bound is not None
    subject, led, named_ = about.statement.subject, about.led, about.named
    of = bound.of if bound.of in types else subject
    type_ = types.get(of, "")
    unit = bound.unit or (low.unit if low else "")
    match bound.type:
        case "size":
            return (
                ("size", "area") if low and high and type_ in {"size", "images", ""} and types.get("size") else ("", "")
            )
        case "ratio":
            return (of if type_ in {"size", "images"} else "size", "ratio") if low and high else ("", "")
        case "bytes":
            return ("images", "bytes") if high and not low and "images" in types else ("", "")
        case _:
            pass
    if type_ == "text" and not unit and _CHARACTERS.search(about.statement.text.lower()):
        unit = "characters"
    if unit in {"characters", "tokens"}:
        of = of if type_ == "text" else _text(about, types)
        return (of, "length") if high else ("", "")
    if unit in {"rate", "concurrent"}:
        return "", ""
    if unit == "pixels" or (type_ == "size" and low and high):
        of = led if types.get(led) in {"size", "images"} else of if type_ in {"size", "images"} else ""
        return (of, "side") if low and high and int(high.value) >= 64 else ("", "")
    if unit == "outputs":
        return ("n", "range") if low and high and type_ == "integer" else ("", "")
    makes = words.OUTPUT.search(about.statement.text.lower()) and unit != "inputs"
    if type_ in {"images", "list"} and unit == "images" and makes:
        return "", ""
    if unit == "inputs" and "images" in types and not (named_ and type_ in {"list", "integer"}):
        return ("images", "count") if high else ("", "")
    if type_ == "images" and not unit and low and high and int(high.value) > _MANY:
        return (of, "side") if _FILES.search(about.statement.text.lower()) else ("", "")
    if type_ == "images":
        return (of, "count") if high and unit in {"images", ""} and int(high.value) <= _MANY else ("", "")
    if type_ == "" and of in types and unit in {"colors", "boxes", "items", "images"}:
        return (of, "count") if low and high else ("", "")
    if type_ in {"integer", ""} and of in types:
        return (of, "range") if low and high and not unit.startswith("p") else ("", "")
    if type_ == "list":
        return (of, "count" if low else "items.count") if high and unit != "pixels" else ("", "")
    return "", ""


def _text(about: Told, types: Mapping[str, str]) -> str:
    """The prompt, where a text that no entry introduces speaks of it."""
    return (
        "prompt"
        if not about.statement.subject and types.get("prompt") and _PROMPT.search(about.statement.text.lower())
        else ""
    )


def _turned(low: Atom, high: Atom) -> bool:
    """Whether the least is above the most: something is wrong with one of them."""
    return low.type == "int" and int(low.value) > int(high.value)


def _written(kind: str, low: Atom | None, high: Atom | None, unit: str) -> str:
    left, right = (atom.value if atom else "" for atom in (low, high))
    if kind in {"bytes", "length"}:
        left = ""
    if kind == "items.count":
        left = left or "0"
    return f"{left}..{right}{' tokens' if kind == 'length' and unit == 'tokens' else ''}"


# ── Single figures ────────────────────────────────────────────────────────────────────────────────────────────────


def _alone(atom: Atom, about: Told, types: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    subject, text = about.statement.subject, about.statement.text
    of = atom.of if atom.of in types else subject
    type_ = types.get(of, "")
    bound = atom.roles & {"low", "high"}
    match atom.type:
        case "policy" if atom.unit == "presence":
            yield of, "required", atom.value == "required"
        case "policy" if atom.unit == "alpha" and atom.value in {"refused", "ignored"} and "images" in types:
            yield "images", "alpha", atom.value
        case "policy" if atom.unit == "excess" and type_ == "text":
            yield of, "excess", atom.value
        case "policy" if atom.unit == "only" and type_ not in {"images", "size"} and of not in {"prompt", "n"}:
            narrow = atom.value == "single" and words.MODES["text_to_image"].search(text.lower())
            yield of, "only_in", "text_to_image" if narrow else atom.value
        case "name" if "unsupported" in atom.roles:
            yield atom.value, "unsupported", True
        case "bool" if "default" in atom.roles and type_ in {"boolean", ""} and of in types:
            yield of, "default", atom.value == "true"
        case "int" if "rounds" in atom.roles and 1 < int(atom.value) < 256:
            yield "size", "rounds", int(atom.value)
        case "int" if "default" in atom.roles and type_ in {"integer", ""} and of in types and not bound:
            yield of, "default", int(atom.value)
        case "int" if "fixed" in atom.roles and type_ == "integer":
            yield of, "fixed", int(atom.value)
        case "int" if "recommended" in atom.roles and type_ == "list" and not bound:
            yield of, "soft.count", int(atom.value)
        case "int" if (
            atom.unit in {"characters", "tokens"}
            and not bound
            and (of := of if type_ == "text" else _text(about, types))
        ):
            yield of, "length", f"..{atom.value}{' tokens' if atom.unit == 'tokens' else ''}"
        case "size" if type_ == "size" and not bound and words.LAST.search(text) and words.UNSET.search(text.lower()):
            yield of, "default", {"like": "last image", "area": atom.value}
        case "size" | "token" if "default" in atom.roles and type_ == "size" and not bound:
            yield of, "default", atom.value
        case "percent" if (
            type_ == "list" and (found := words.SUMS.search(text)) and float(atom.value.rstrip("%")) == 100
        ):
            yield of, "sums_to", {found["field"].lower(): "100.00%"}
        case _:
            pass


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _listed(
    atoms: Sequence[Atom], about: Told, ids: Sequence[str], types: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    """Formats; sizes that one may choose from, or that are recommended; words for sizes."""
    statement = about.statement
    formats = [atom for atom in atoms if atom.type == "format"]
    if len({a.value for a in formats}) > 1 and "images" in types and not words.OUTPUT.search(statement.text.lower()):
        yield of_atom(formats[0], about, ids), "images", "formats", list(dict.fromkeys(a.value for a in formats))
    if any(atom.type == "damaged" for atom in atoms):
        return
    if types.get(statement.subject) != "size" and (statement.subject or not _sizes(statement)):
        return
    text = f"{about.lead} {statement.text}"
    free = [a for a in atoms if a.type == "size" and not a.roles & {"low", "high"}]
    tokens = [a for a in atoms if a.type == "token"]
    if tokens and len(tokens) == len(free):
        yield (
            of_atom(tokens[0], about, ids),
            "size",
            "tokens",
            {t.value: s.value for t, s in zip(tokens, free, strict=True)},
        )
    elif tokens:
        yield from ((of_atom(t, about, ids), "size", "words", t.value) for t in tokens)
    elif not free and words.CHOICE.search(statement.text.lower()) and statement.subject == "size":
        yield Scope(about.scope.models or named(ids, statement.models)), "size", "choice", True
    elif len(free) == 1 and not _sizes(statement) and len(statement.text) > 40:
        return  # a size in a sentence is no list
    elif free and (_cell(statement, free) or any({"listed", "recommended"} & a.roles for a in free)):
        kind = (
            "recommended"
            if any("recommended" in a.roles for a in free)
            else "one_of"
            if words.CHOICE.search(text.lower())
            else "listed"
        )
        yield of_atom(free[0], about, ids), "size", kind, [a.value for a in free]
    yield from _few(atoms, about, ids)


def _cell(statement: Statement, free: Sequence[Atom]) -> bool:
    """Whether a cell of a table holds sizes alone, none of them as a default."""
    return bool(statement.table) and _sizes(statement) and not any("default" in atom.roles for atom in free)


def _few(atoms: Sequence[Atom], about: Told, ids: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """A word for a size that only some models, or some modes, know: the one that the `only` stands next to."""
    tokens = [atom for atom in atoms if atom.type == "token"]
    for only in (atom for atom in atoms if atom.unit == "only"):
        before = [token for token in tokens if token.at < only.at]
        scope = of_atom(only, about, ids)
        if not before or scope is None:
            continue
        near = about.statement.text[before[-1].at :]
        modes = single([atom.value for atom in atoms if atom.unit == "only"]) or scope.modes
        called = re.search(r"([\w.-]+) only", near)
        models = series(ids, f"{called[1]} series") if called else ()
        yield Scope(models or scope.models, modes), "size", "few", before[-1].value
        return
