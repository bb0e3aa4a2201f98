"""A family: its routes, modes, models and parameters refer to each other and to the provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from platemark.lint import names, parameters
from platemark.lint.names import ROW_KEYS, unknown
from platemark.lint.provider import codes
from platemark.plain import each, is_map
from platemark.problems import Code, Place, Problem, did_you_mean
from platemark.rules.kinds import KINDS
from platemark.rules.sentences import NOUNS
from platemark.rules.values import shown
from platemark.source import Keys
from platemark.spec.model import Family, Layers, Mode, Model, Provider, Stated
from platemark.wire import skeletons


class FamilyCheck:
    """The names in a family's file."""

    def __init__(self, family: Family, provider: Provider) -> None:
        self.family = family
        self.provider = provider
        self.data = provider.data
        self.layers: list[tuple[Keys, Layers]] = list(names.layers(family))
        known = sorted(names.parameters(family, provider))
        self.types = {name: self.type_of(name) for name in known}

    def at(self, *path: str | int) -> Place:
        return self.family.tree.place(path)

    def type_of(self, name: str) -> str:
        return parameters.type_of(name, self.provider, [layer for _, layer in self.layers])

    def problems(self) -> Iterator[Problem]:
        """Everything wrong with the names in the file."""
        yield from self.routes()
        yield from self.places()
        yield from self.modes()
        for model in self.family.models.values():
            yield from self.model(model)
        yield from self.parameters()
        yield from self.two_types()
        yield from self.stated_twice()
        yield from self.examples()
        yield from self.conflicts()
        yield from codes(self.family.errors, self.data["errors"]["codes"], self.family.tree, ("errors",))

    # ── Routes and modes ─────────────────────────────────────────────────────────────────────────────────────────

    def routes(self) -> Iterator[Problem]:
        family = self.family
        if not family.routes:
            yield Problem(
                "no-route", "no route leads here", self.at("routes"), "name an endpoint: sync, stream or task"
            )
        yield from parameters.froms(family.tree, ("routes",))
        for route in family.routes.values():
            endpoint = self.data["endpoints"].get(route.endpoint)
            if endpoint is None:
                yield unknown("unknown-endpoint", route.endpoint, route.stated.place, self.data["endpoints"])
            elif route.name not in endpoint["transports"]:
                message = f"`{route.endpoint}` has no {route.name} transport"
                yield Problem("bad-route", message, route.stated.place, f"it has: {', '.join(endpoint['transports'])}")
            yield from self.result(route.result, "routes", route.name, "result")

    def places(self) -> Iterator[Problem]:
        """Every parameter stands somewhere in each body that is sent."""
        endpoints = [self.data["endpoints"].get(route.endpoint, {}) for route in self.family.routes.values()]
        used = dict.fromkeys(payload for endpoint in endpoints for payload in each(endpoint.get("payload", ())))
        for payload in used:
            skeleton = self.data["payloads"].get(payload)
            if skeleton is None or skeletons.takes_others(skeleton):
                continue
            for path, layer in self.layers:
                for name in layer.keys() - {*skeletons.names(skeleton)}:
                    message = f"`{name}` has no place in the payload `{payload}`"
                    yield Problem(
                        "no-place", message, self.at(*path, name), f"name it in `{payload}`, or add `$others` there"
                    )

    def modes(self) -> Iterator[Problem]:
        family = self.family
        for mode in family.modes.values():
            yield from self.mode(mode, "modes", mode.name)
            for name, value in mode.when.items():
                yield from self.when(name, value, "modes", mode.name, "when", name)
            if not (mode.result or family.result or all(route.result for route in family.routes.values())):
                yield Problem("no-result", f"nothing says what `{mode.name}` gives back", mode.place, "add `result`")
        yield from self.makes(family.makes, "makes")
        yield from self.result(family.result, "result")

    def mode(self, mode: Mode, *path: str) -> Iterator[Problem]:
        yield from self.known("unknown-route", mode.routes, self.family.routes, *path, "routes")
        yield from self.result(mode.result, *path, "result")
        yield from self.makes(mode.makes, *path, "makes")

    def known(self, code: Code, used: tuple[str, ...], known: Any, *path: str) -> Iterator[Problem]:
        for index, name in enumerate(used):
            if name not in known:
                yield unknown(code, name, self.family.tree.value((*path, index)), known)

    def result(self, name: str, *path: str) -> Iterator[Problem]:
        if name and name not in self.data["results"]:
            yield unknown("unknown-result", name, self.family.tree.value(path), self.data["results"])

    def makes(self, makes: str, *path: str) -> Iterator[Problem]:
        name = makes.removeprefix("..")
        if not name or name.isdigit():
            return
        if name not in self.types:
            yield unknown("unknown-parameter", name, self.family.tree.value(path), self.types)
        elif self.types[name] not in {"integer", ""}:
            message = f"`makes` is a number of pictures, and `{name}` is {NOUNS[self.types[name]]}"
            yield Problem("wrong-kind", message, self.family.tree.value(path), "name an integer, such as n")

    def when(self, name: str, value: Any, *path: str | int) -> Iterator[Problem]:
        """What a mode or a row hangs on: a truth, a word of a list of words, or how many items a list holds."""
        place = self.family.tree.value(path)
        if name not in self.types:
            yield unknown("unknown-parameter", name, self.at(*path), self.types)
            return
        type_, counts = self.types[name], not isinstance(value, bool) and (isinstance(value, int) or ".." in value)
        words = [word for _, layer in self.layers if name in layer for word in self.words(layer, name)]
        if type_ in {"images", "list"}:
            if not counts:
                hint = "write 0, 1.. or 2..4"
                yield Problem("wrong-when", f"`{name}` is a list: say how many items it holds", place, hint)
            else:
                yield from parameters.reversed_("count", Stated(value, place))
        elif type_ == "boolean":
            if not isinstance(value, bool):
                yield Problem("wrong-when", f"`{name}` is true or false, never `{value}`", place)
        elif type_ not in {"text", "size"} or not words:
            message = f"`{name}` can't tell cases apart: it is {NOUNS.get(type_, 'of no known type')}"
            yield Problem("wrong-when", message, place, "choose by a list, a truth, or a text with `one_of`")
        elif value not in words:
            yield Problem("wrong-when", f"`{name}` is never `{shown(value)}`", place, did_you_mean(str(value), words))

    def words(self, layer: Layers, name: str) -> list[str]:
        facts = layer[name].facts
        found = [
            *(facts["one_of"].value if "one_of" in facts else ()),
            *([facts["fixed"].value] if "fixed" in facts else ()),
        ]
        return [word for word in found if isinstance(word, str)]

    # ── Models ───────────────────────────────────────────────────────────────────────────────────────────────────

    def model(self, model: Model) -> Iterator[Problem]:
        family, path = self.family, ("models", model.id)
        if model.like == model.id:
            hint = "name the model with the facts, or state them here"
            yield Problem("like-of-like", f"`{model.id}` is like itself", self.at(*path, "like"), hint)
        elif model.like and model.like not in family.models:
            yield unknown("unknown-model", model.like, self.at(*path, "like"), set(family.models) - {model.id})
        elif model.like and family.models[model.like].like:
            message = f"`{model.like}` is itself like another model"
            yield Problem("like-of-like", message, self.at(*path, "like"), "name the model with the facts")
        yield from self.known("unknown-route", model.routes, family.routes, *path, "routes")
        for mode in model.modes.values():
            if mode.name not in family.modes:
                yield unknown("unknown-mode", mode.name, mode.place, family.modes)
            yield from self.mode(mode, *path, "modes", mode.name)
        if not self.reached(model):
            hint = "a route of the model, of one of its modes and of the family must be the same"
            yield Problem("no-route", f"no route leads to `{model.id}`", model.stated.place, hint)
        regions = names.region_names(self.data["regions"])
        for region in model.facts["regions"].value if "regions" in model.facts else ():
            if region not in regions:
                yield unknown("unknown-region", region, self.at(*path, "regions", region), regions)
        for key in ("price", "limits"):
            if key in model.facts:
                yield from self.rows(model.facts[key].value, regions if key == "price" else set(), *path, key)
        yield from parameters.froms(family.tree, path)

    def reached(self, model: Model) -> bool:
        """Whether some mode of a model can be asked for by some route; what is unknown counts as one."""
        base = self.family.models.get(model.like, model)
        routes = {*(model.routes or base.routes or self.family.routes)}
        own = [model.modes.get(mode.name) or base.modes.get(mode.name) for mode in self.family.modes.values()]
        wanted = [
            (line and line.routes) or mode.routes for line, mode in zip(own, self.family.modes.values(), strict=True)
        ]
        return any(not named or routes & {*named} for named in wanted)

    def rows(self, value: Any, regions: set[str], *path: str) -> Iterator[Problem]:
        """Rows of prices by region, or of limits; each may hang on parameters, a route or a region."""
        for index, row in enumerate(each(value)):
            here = path if is_map(value) else (*path, index)
            for name in row if regions else ():
                if name != "when" and name not in regions:
                    yield unknown("unknown-region", name, self.at(*here, name), regions)
            for name, wanted in row.get("when", {}).items():
                yield from self.row_when(name, wanted, *here, "when", name)

    def row_when(self, name: str, value: Any, *path: str | int) -> Iterator[Problem]:
        regions = names.region_names(self.data["regions"])
        if name in ROW_KEYS and name not in self.types:
            known, code = (self.family.routes, "unknown-route") if name == "route" else (regions, "unknown-region")
            if value not in known:
                yield unknown(code, shown(value), self.family.tree.value(path), known)
        elif name not in self.types:
            yield unknown("unknown-parameter", name, self.at(*path), [*self.types, *ROW_KEYS])
        else:
            yield from self.when(name, value, *path)

    # ── Parameters ───────────────────────────────────────────────────────────────────────────────────────────────

    def parameters(self) -> Iterator[Problem]:
        for path, layer in self.layers:
            for name, facts in layer.items():
                base = self.provider.parameters.get(name)
                if not facts.facts and not facts.soft and facts.whole is None and base is None:
                    hint = did_you_mean(name, self.provider.parameters)
                    yield Problem("unknown-shared", f"the provider has no parameter `{name}`", facts.place, hint)
                elif not self.types[name]:
                    yield Problem("no-type", f"nothing says what type `{name}` is", facts.place, "add `type`")
                yield from parameters.line(name, facts, self.types[name])
                yield from parameters.others(name, facts, self.types)
                yield from parameters.froms(self.family.tree, (*path, name))

    def two_types(self) -> Iterator[Problem]:
        """A name means one thing in a family: what is known of it would fit the one type only."""
        for _, layer in self.layers:
            for name, facts in layer.items():
                if "type" in facts.facts and facts.facts["type"].value != self.types[name]:
                    message = f"`{name}` is {NOUNS[self.types[name]]} elsewhere in this file"
                    yield Problem("two-types", message, facts.facts["type"].place, f"type: {self.types[name]}")

    def stated_twice(self) -> Iterator[Problem]:
        """A route and a mode are axes of their own: the order in which they are laid must not matter."""
        for route in self.family.routes.values():
            for mode in self.family.modes.values():
                for name in set(route.parameters) & set(mode.parameters):
                    for key in set(route.parameters[name].facts) & set(mode.parameters[name].facts):
                        message = f"`{name}.{key}` is stated by the route `{route.name}` and by the mode `{mode.name}`"
                        place = mode.parameters[name].facts[key].place
                        yield Problem("stated-twice", message, place, "state it in one of the two")
        family = self.family
        for part in (family, *family.routes.values(), *family.modes.values(), *family.models.values()):
            for name in set(part.parameters) & set(part.unsupported):
                message = f"`{name}` is a parameter here, and unsupported"
                yield Problem("stated-twice", message, part.unsupported[name].place, "keep one of the two")

    # ── Examples and conflicts ───────────────────────────────────────────────────────────────────────────────────

    def examples(self) -> Iterator[Problem]:
        for index, example in enumerate(self.family.examples):
            if example.mode and example.mode not in self.family.modes:
                yield unknown("unknown-mode", example.mode, self.at("examples", index, "mode"), self.family.modes)
            for name in example.given:
                if name not in self.types:
                    place = self.at("examples", index, "given", name)
                    yield unknown("unknown-parameter", name, place, self.types)

    def conflicts(self) -> Iterator[Problem]:
        """A reading that lost is written as the rule would be, so it must be one of this parameter."""
        for key, losing in self.family.conflicts.items():
            name = next((part for part in key.split(".") if part in self.types), "")
            for document, reading in losing.readings.items():
                for kind, value in reading.items() if is_map(reading) else ():
                    stated = Stated(value, self.at("conflicts", key, document, kind))
                    on = KINDS[kind].on if kind in KINDS else ()
                    if name and on and self.types[name] not in {*on, ""}:
                        message = f"`{kind}` can't be said of {NOUNS[self.types[name]]}"
                        yield Problem("wrong-kind", message, stated.place, f"it is said of {' and '.join(on)}")
                    yield from parameters.reversed_(kind, stated)
