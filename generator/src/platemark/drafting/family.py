"""A family's file for what a page says: each fact with its line, and `todo` for all that the page leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platemark.drafting import layers
from platemark.drafting.draft import Reading
from platemark.drafting.services import About
from platemark.drafting.settle import Settled, plain, switch
from platemark.scaffold.blanks import EDITOR, LIMITS, WORK, routes
from platemark.scaffold.pages import page
from platemark.source import Keys
from platemark.spec import todos
from platemark.spec.todos import TODO

_ORDER = (
    "type", "required", "range", "one_of", "fixed", "length", "count", "tokens", "area", "side", "ratio", "default",
    "recommended", "exceptions",
)  # fmt: skip
_HIDDEN = frozenset({"excess", "only_in", "choice", "listed", "present"})
_VALUES = frozenset({"range", "one_of", "fixed", "side", "same_length"})
"""Kinds that make a limit of another kind needless."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A family's file."""

    name: str
    models: tuple[str, ...]
    text: str
    todo: int
    """How many slots it has."""


@dataclass(frozen=True, slots=True)
class Group:
    """Models that one file can hold: of the same modes, sent to the same endpoints."""

    models: tuple[str, ...]
    modes: tuple[str, ...]
    routes: Mapping[str, About]


def groups(found: Reading, models: Sequence[str]) -> list[Group]:
    """The families on a page, of the models asked for. A model of which the page says nothing is in none."""
    made: list[Group] = []
    lines = {model: _lines(found, model) for model in models}
    for model in models:
        if model not in found.described:
            continue
        routes = {each.key: each for each in found.about if each.kind == "route" and each.model == model}
        modes = found.sheet.modes[model]
        fit = (
            i
            for i, g in enumerate(made)
            if g.modes == modes and _agree(g.routes, routes) and _near(lines[g.models[0]], lines[model])
        )
        at = next(fit, None)
        if at is None:
            made.append(Group((model,), modes, routes))
        else:
            made[at] = Group((*made[at].models, model), modes, {**routes, **made[at].routes})
    return made


def _lines(found: Reading, model: str) -> frozenset[int]:
    """Where the page speaks of a model's parameters."""
    return frozenset(line for cell, settled in found.sheet.cells.items() if cell[0] == model for line in settled.lines)


def _near(left: frozenset[int], right: frozenset[int]) -> bool:
    """Whether a page speaks of two models at the same places, mostly."""
    return len(left & right) * 2 >= min(len(left), len(right))


def _agree(left: Mapping[str, About], right: Mapping[str, About]) -> bool:
    return all(left[key].value == right[key].value for key in left.keys() & right.keys())


def drafted(found: Reading, group: Group, name: str, document: str, provider: Mapping[str, Any]) -> Drafted:
    """The file of a family. `name` may be empty: then it is what the models' ids begin with."""
    made = _File(found, group, provider)
    name = name or called(group.models)
    data, notes = made.data(document), made.notes
    return Drafted(name, group.models, page(data, notes), sum(1 for _ in todos.slots(data)))


def called(models: Sequence[str]) -> str:
    """What the ids of models begin with."""
    first, last = min(map(plain, models)), max(map(plain, models))
    same = next((at for at, (left, right) in enumerate(zip(first, last, strict=False)) if left != right), len(first))
    return (first[:same].rstrip("-_.") or models[0]).lower()


class _File:
    def __init__(self, found: Reading, group: Group, provider: Mapping[str, Any]) -> None:
        self.found = found
        self.group = group
        self.provider = provider
        self.like = {
            m: plain(m) for m in group.models if plain(m) != m and plain(m) in group.models and self.same(m, plain(m))
        }
        self.own = [model for model in group.models if model not in self.like]
        self.placed = layers.merged(layers.layers(found.sheet, self.own, group.modes))
        self.notes: dict[Keys, str] = {
            (): f"{EDITOR.format('family')}\nWhat one page says of its models, with the line where it does. {WORK}"
        }

    def same(self, model: str, other: str) -> bool:
        """Whether all that is said of a snapshot is said of the name, too."""
        cells = self.found.sheet.cells
        mine = {key[1:]: value.value for key, value in cells.items() if key[0] == model}
        return mine == {key[1:]: value.value for key, value in cells.items() if key[0] == other}

    def data(self, document: str) -> dict[str, Any]:
        several = len(self.found.names.models) > len(self.group.models)
        told = {key: about.value for key, about in self.group.routes.items()}
        for key, about in self.group.routes.items():
            self.note(("routes", key), f"line {about.line}")
        data: dict[str, Any] = {
            "about": TODO,
            "sources": {document: list(self.group.models) if several else "all"},
            "models": {model: self.model(model) for model in self.group.models},
            "routes": told or routes(self.provider),
            "modes": {mode: self.mode(mode) for mode in self.group.modes},
            "parameters": self.parameters("", "", ("parameters",)) | self.needed() | self.switches(),
        }
        missing = self.unsupported(self.own)
        return data | ({"unsupported": list(missing)} if missing else {})

    def note(self, path: Keys, text: str) -> None:
        self.notes[path] = text

    # ── Models ────────────────────────────────────────────────────────────────────────────────────────────────────

    def model(self, model: str) -> dict[str, Any]:
        path: Keys = ("models", model)
        about = [each for each in self.found.about if each.model == model]
        facts: dict[str, Any] = {"like": self.like[model]} if model in self.like else {}
        facts |= self.alias(about, path)
        routes = [each.key for each in about if each.kind == "route"]
        if routes and set(routes) != set(self.group.routes):
            facts["routes"] = routes
            self.note((*path, "routes"), f"line {next(each.line for each in about if each.kind == 'route')}")
        facts |= self.price(about, path) | self.limits(about, path)
        if model in self.like:
            return facts
        own = [name for name in self.unsupported([model]) if name not in self.unsupported(self.own)]
        if own:
            facts["unsupported"] = own
            self.note((*path, "unsupported"), f"line {self.found.sheet.unsupported[model, own[0]]}")
        if parameters := self.parameters(model, "", (*path, "parameters")):
            facts["parameters"] = parameters
        modes = {mode: self.parameters(model, mode, (*path, "modes", mode, "parameters")) for mode in self.group.modes}
        modes = {mode: {"parameters": parameters} for mode, parameters in modes.items() if parameters}
        return facts | ({"modes": modes} if modes else {})

    def alias(self, about: Iterable[About], path: Keys) -> dict[str, Any]:
        means: dict[str, About] = {}
        for each in about:
            if each.kind == "alias":
                means.setdefault(each.key, each)
        for each in means.values():
            self.note((*path, "alias"), f"line {each.line}")
        return {"alias": {key: each.value for key, each in means.items()}} if means else {}

    def price(self, about: Iterable[About], path: Keys) -> dict[str, Any]:
        """By region; what differs by more than that is still to be said."""
        told = [each for each in about if each.kind == "price"]
        if not told:
            return {}
        by: dict[str, dict[str, str]] = {}
        for each in told:
            amounts = by.setdefault(each.key, {})
            currency = each.value.split(" ")[1]
            if amounts.setdefault(currency, each.value) != each.value:
                self.note((*path, "price"), "; ".join(f"{one.value} (line {one.line})" for one in told))
                return {"price": TODO}
        self.note((*path, "price"), f"line {told[0].line}")
        return {
            "price": {region: next(iter(a.values())) if len(a) == 1 else list(a.values()) for region, a in by.items()}
        }

    def limits(self, about: Iterable[About], path: Keys) -> dict[str, Any]:
        told = {each.kind: each for each in about if each.kind in {"rate", "concurrent"}}
        if not told:
            return {}
        self.note((*path, "limits"), f"line {next(iter(told.values())).line}")
        return {
            "limits": {kind: int(each.value) if each.value.isdecimal() else each.value for kind, each in told.items()}
        }

    def unsupported(self, models: Sequence[str]) -> dict[str, int]:
        """Names that none of some models take, with the line."""
        said = self.found.sheet.unsupported
        return {
            name: line
            for (model, name), line in said.items()
            if model == models[0] and all((m, name) in said for m in models)
        }

    # ── Modes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def mode(self, mode: str) -> dict[str, Any]:
        path: Keys = ("modes", mode)
        made: dict[str, Any] = {"about": TODO}
        if when := self.when(mode):
            made["when"] = when
        results = list(self.provider["results"])
        counted = mode in {"text_to_image", "edit"} and all(self.has(model, mode, "n") for model in self.own)
        made |= {"makes": "n" if counted else TODO, "result": results[0] if len(results) == 1 else TODO}
        parameters = self.parameters("", mode, (*path, "parameters"))
        return made | ({"parameters": parameters} if parameters else {})

    def has(self, model: str, mode: str, parameter: str) -> bool:
        return any(cell[:3] == (model, mode, parameter) for cell in self.found.sheet.cells)

    def when(self, mode: str) -> dict[str, Any]:
        modes = self.group.modes
        named = {switch(name, type_): name for name, type_ in self.found.types.items() if switch(name, type_) in modes}
        if "interleave" in modes:
            return {named["interleave"]: mode == "interleave"}
        if "sequence" in modes and mode == "sequence":
            return {named["sequence"]: True}
        if len(modes) == 1:
            return {}
        pictures = {"images": 0 if mode == "text_to_image" else "1.."}
        return {named["sequence"]: False, **pictures} if "sequence" in modes else pictures

    # ── Parameters ────────────────────────────────────────────────────────────────────────────────────────────────

    def parameters(self, model: str, mode: str, path: Keys) -> dict[str, Any]:
        """The parameters of a layer. Those that the layer only declares are there with their type."""
        told = self.placed.get((model, mode), {})
        found = {name: self.parameter(name, told.get(name, {}), (*path, name), declares=name in declared)
                 for declared in [set(self.declared(model, mode))]
                 for name in dict.fromkeys([*told, *self.declared(model, mode)])}  # fmt: skip
        return {name: facts for name, facts in found.items() if facts}

    def switches(self) -> dict[str, Any]:
        """Parameters that choose a mode, and that the page speaks of only as they are set."""
        told = {cell[2] for cell in self.found.sheet.cells if cell[0] in self.own}
        named = [name for name, type_ in self.found.types.items() if switch(name, type_) in self.group.modes]
        return {name: {"type": "boolean", "default": TODO} for name in named if name not in told}

    def needed(self) -> dict[str, Any]:
        """What the provider requires and the page is silent on."""
        told = {cell[2] for cell in self.found.sheet.cells if cell[0] in self.own} | set(self.unsupported(self.own))
        needed = {
            name: facts
            for name, facts in self.provider["parameters"].items()
            if facts.get("required") and name not in told
        }
        return {
            name: {LIMITS[facts["type"]]: TODO} if facts["type"] in LIMITS else "shared"
            for name, facts in needed.items()
        }

    def declared(self, model: str, mode: str) -> Iterator[str]:
        """The parameters that begin at a layer: at the one that holds all places where they are."""
        for name in dict.fromkeys(cell[2] for cell in self.found.sheet.cells if cell[0] in self.own):
            models = {m for m in self.own if any(self.has(m, o, name) for o in self.group.modes)}
            modes = {o for o in self.group.modes if any(self.has(m, o, name) for m in self.own)}
            of_all = all(self.has(m, o, name) for m in models for o in modes)
            at = "" if len(models) == len(self.own) else "each"
            where = "" if len(modes) == len(self.group.modes) else "each"
            here = (not model if not at else model in models) and (not mode if not where else mode in modes)
            if set(self.placed.get(("", ""), {}).get(name, {})) - _HIDDEN:
                here, of_all = not model and not mode, True
            if here if of_all else (bool(model and mode) and self.has(model, mode, name)):
                yield name

    def parameter(self, name: str, told: Mapping[str, Settled], path: Keys, *, declares: bool) -> Any:
        shared = self.provider["parameters"].get(name, {})
        type_ = self.found.types.get(name, "")
        facts: dict[str, Any] = {"type": type_ or TODO} if declares and not shared else {}
        lines: dict[str, str] = {}
        for kind, settled in sorted(told.items(), key=lambda each: _rank(each[0])):
            if kind in _HIDDEN or not _worth(kind, settled, name, shared):
                continue
            _put(facts, kind.split("."), settled.value)
            lines[kind] = (
                "; ".join(settled.readings) if settled.readings else f"line {', '.join(map(str, settled.lines[:3]))}"
            )
        limit = LIMITS.get(type_)
        if declares and limit and limit not in shared and not self.limited(name, limit):
            facts[limit] = TODO
        if declares and type_ == "list" and not shared:
            facts["items"] = _items(facts)
        if declares and not shared and "default" not in facts and switch(name, type_) in self.group.modes:
            facts["default"] = self.default(name)
        if lines:
            self.note(path, _note(lines))
        elif any(line for line in (s.lines[0] for s in told.values())):
            self.note(path, f"line {next(iter(told.values())).lines[0]}")
        inner = all(
            self.lined(cell, name) for cell in self.found.sheet.cells if cell[2] == name and cell[0] in self.own
        )
        return facts or ("shared" if declares and shared and not inner else {})

    def lined(self, cell: tuple[str, str, str, str], name: str) -> bool:
        """Whether a layer within the family's says something of a parameter in a model's mode."""
        model, mode, *_ = cell
        layers_ = [(model, ""), ("", mode), (model, mode)]
        return any(set(self.placed.get(at, {}).get(name, {})) - _HIDDEN for at in layers_)

    def default(self, name: str) -> Any:
        """Of a parameter that chooses the mode: without one, a request that leaves it out has none."""
        said = (s.value for cell, s in self.found.sheet.cells.items() if cell[2] == name and s.kind == "default")
        return next(said, TODO)

    def limited(self, name: str, limit: str) -> bool:
        """Whether the page gives a parameter a limit of this kind, or one that makes it needless."""
        return any(cell[2] == name and cell[0] in self.own and settled.kind in {limit, *_VALUES}
                   for cell, settled in self.found.sheet.cells.items())  # fmt: skip


def _items(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a list holds, as far as its limits tell: lists that are counted, objects with a field that adds up."""
    told = dict(facts.get("items", {}))
    if "sums_to" in facts:
        fields = {name: {"type": "percent"} for name in facts["sums_to"]}
        return {"type": "object", "fields": {**fields, TODO: {"type": TODO}}, **told}
    return {"type": "list", **told, "items": {"type": TODO}} if "count" in told else {"type": TODO, **told}


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _worth(kind: str, settled: Settled, name: str, shared: Mapping[str, Any]) -> bool:
    """Whether a line says it: that a parameter may be left out, only against the provider."""
    if kind != "required":
        return True
    return name != "images" and settled.value != shared.get("required", False)


def _put(facts: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *outer, last = path
    for key in outer:
        facts = facts.setdefault(key, {})
    facts[last] = value


def _note(lines: Mapping[str, str]) -> str:
    if len(set(lines.values())) == 1:
        return next(iter(lines.values()))
    return "; ".join(f"{kind}: {where}" for kind, where in lines.items())
