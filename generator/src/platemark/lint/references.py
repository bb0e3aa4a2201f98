"""Names that specs use: each must be known, stand where it can, and stand once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platemark.problems import Place, Problem, did_you_mean
from platemark.rules import kinds, values
from platemark.source import Keys
from platemark.spec.model import Family, Layer, Losing, Mode, Provider, Spec, Stated
from platemark.wire import answers, skeletons

_SLOT = ("range", "one_of", "fixed")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_ANSWER_NAMES = {*answers.LISTS, *answers.TYPES}
"""What an answer can hold."""


def references(spec: Spec) -> list[Problem]:
    """All problems of names, in any order."""
    known = {document.id for document in spec.documents}
    providers = {provider.id: provider for provider in spec.providers}
    found = [problem for provider in spec.providers for problem in _ProviderCheck(provider, known).problems()]
    for family in spec.families:
        found += _FamilyCheck(family, providers[family.provider], known).problems()
    found += _twice(spec)
    found += _idle_documents(spec, known)
    return found


def _unknown(what: str, name: str, place: Place, known: Iterable[str]) -> Problem:
    return Problem(f"unknown-{what}", f"no {what} is called `{name}`", place, did_you_mean(name, known))


def _twice(spec: Spec) -> Iterator[Problem]:
    """Ids become file names and identifiers, so those that differ in punctuation or case only are the same."""
    seen: dict[tuple[str, str], str] = {}
    for family in spec.families:
        for model in family.models.values():
            key = (family.provider, re.sub(r"[^a-z0-9]+", "_", model.id.lower()))
            if key in seen:
                message = f"`{model.id}` and `{seen[key]}` would get the same name in code"
                yield Problem("same-name", message, model.stated.place, "a model stands in one family, once")
            seen[key] = model.id


def _idle_documents(spec: Spec, known: set[str]) -> Iterator[Problem]:
    cited = {d for part in (*spec.providers, *spec.families) for d in part.sources}
    cited |= {
        d for part in (*spec.providers, *spec.families) for losing in part.conflicts.values() for d in losing.readings
    }
    for part in (*spec.providers, *spec.families):
        cited |= {document for document, _ in _cited(part.tree.data, ())}
    for document in sorted(known - cited):
        place = spec.documents_tree.place((document,))
        yield Problem("idle-document", f"nothing cites `{document}`", place, "cite it, or take it out")


def _cited(data: Any, path: Keys) -> Iterator[tuple[str, Keys]]:
    """Every document that a `from` or `evidence` names, and where."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in {"from", "evidence"}:
                yield from _named(value, (*path, key))
            else:
                yield from _cited(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _cited(value, (*path, index))


def _named(value: Any, path: Keys) -> Iterator[tuple[str, Keys]]:
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, list):
        for index, name in enumerate(value):
            yield name, (*path, index)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _named(inner, (*path, key))


@dataclass(frozen=True)
class _DocumentCheck:
    part: Provider | Family
    known: set[str]

    def problems(self) -> Iterator[Problem]:
        tree = self.part.tree
        named = [*((name, ("sources", name)) for name in self.part.sources), *_cited(tree.data, ())]
        for losing in self.part.conflicts.values():
            named += [(document, ("conflicts", losing.key, document)) for document in losing.readings]
        for name, path in named:
            if name not in self.known:
                place = tree.place(path) if path[0] in {"sources", "conflicts"} else tree.value(path)
                yield _unknown("document", name, place, self.known)


class _ProviderCheck:
    def __init__(self, provider: Provider, documents: set[str]) -> None:
        self.provider = provider
        self.data = provider.data
        self.documents = documents

    def at(self, *path: str | int) -> Place:
        return self.provider.tree.place(path)

    def problems(self) -> Iterator[Problem]:
        yield from _DocumentCheck(self.provider, self.documents).problems()
        yield from self.endpoints()
        for name, layer in self.provider.parameters.items():
            yield from _parameter(name, layer, "")
        for part in ("payloads", "results"):
            for name, skeleton in self.data[part].items():
                yield from self.skeleton(skeleton, part, name)
        yield from self.regions()
        if "task" in self.data["transports"] and "tasks" not in self.data:
            message = "there is a task transport, but nothing says how a task lives"
            yield Problem("no-tasks", message, self.at("transports", "task"), "add `tasks`")
        if "stream" in self.data["transports"] and "stream" not in self.data:
            message = "there is a stream transport, but nothing says what an event looks like"
            yield Problem("no-stream", message, self.at("transports", "stream"), "add `stream`")
        yield from _codes(
            self.data["errors"]["rules"], self.data["errors"]["codes"], self.provider.tree, ("errors", "rules")
        )
        yield from self.conflicts()

    def endpoints(self) -> Iterator[Problem]:
        for name, endpoint in self.data["endpoints"].items():
            payloads = endpoint["payload"]
            for payload in [payloads] if isinstance(payloads, str) else payloads:
                if payload not in self.data["payloads"]:
                    yield _unknown("payload", payload, self.at("endpoints", name, "payload"), self.data["payloads"])
            for transport in endpoint["transports"]:
                if transport not in self.data["transports"]:
                    yield _unknown(
                        "transport", transport, self.at("endpoints", name, "transports"), self.data["transports"]
                    )

    def regions(self) -> Iterator[Problem]:
        for name, region in self.data["regions"].items():
            if "host" not in region and "workspace" not in self.data["hosts"]:
                message = f"`{name}` has no host, and there are no workspace hosts"
                yield Problem("no-host", message, self.at("regions", name), "give it a `host`")

    def skeleton(self, skeleton: Any, *path: str | int) -> Iterator[Problem]:
        """Keys of skeletons become rule ids and header values; `$each` repeats an element around its `$item`."""
        if isinstance(skeleton, list):
            for index, part in enumerate(skeleton):
                yield from self.skeleton(part, *path, index)
        if isinstance(skeleton, str) and skeleton.startswith("$") and path[0] == "results":
            name = skeleton[1:]
            if name not in _ANSWER_NAMES and name != "item":
                yield _unknown("answer-field", name, self.provider.tree.value(path), _ANSWER_NAMES)
        if not isinstance(skeleton, dict):
            return
        for key, part in skeleton.items():
            if not key.startswith("$") and not _KEY.fullmatch(key):
                yield Problem(
                    "bad-name", f"`{key}` can't be a key of a skeleton", self.at(*path, key), "letters, digits, _"
                )
            yield from self.skeleton(part, *path, key)
        if skeletons.EACH in skeleton and path[0] == "payloads" and skeletons.ITEM not in str(skeleton):
            message = "an element that repeats has no `$item`"
            yield Problem("no-item", message, self.at(*path, skeletons.EACH), "say where the item stands")

    def conflicts(self) -> Iterator[Problem]:
        for key, losing in self.provider.conflicts.items():
            head = key.partition(".")[0]
            if (
                head not in self.data
                and head not in self.data["parameters"]
                and head not in str(self.data["transports"])
            ):
                yield _idle(key, losing, [*self.data, *self.data["parameters"]])


def _idle(key: str, losing: Losing, known: Iterable[str]) -> Problem:
    return Problem("idle-conflict", f"no rule or fact is called `{key}`", losing.place, did_you_mean(key, known))


def _codes(rules: Mapping[str, Any], codes: Mapping[str, Any], tree: Any, path: Keys) -> Iterator[Problem]:
    for rule, error in rules.items():
        if "code" in error and error["code"] not in codes:
            yield _unknown("code", error["code"], tree.value((*path, rule, "code")), codes)
        if "code" not in error and "status" not in error:
            yield Problem("no-status", f"`{rule}` has neither a code nor a status", tree.place((*path, rule)))


class _FamilyCheck:
    def __init__(self, family: Family, provider: Provider, documents: set[str]) -> None:
        self.family = family
        self.provider = provider
        self.data = provider.data
        self.documents = documents
        self.names = self.all_names()

    def at(self, *path: str | int) -> Place:
        return self.family.tree.place(path)

    def layers(self) -> Iterator[tuple[str, Mapping[str, Layer]]]:
        """Every layer of parameters in the file, under a name for messages."""
        family = self.family
        yield "family", family.parameters
        yield from ((f"route {route.name}", route.parameters) for route in family.routes.values())
        yield from ((f"mode {mode.name}", mode.parameters) for mode in family.modes.values())
        for model in family.models.values():
            yield model.id, model.parameters
            yield from ((f"{model.id}, {mode.name}", mode.parameters) for mode in model.modes.values())

    def all_names(self) -> set[str]:
        return {name for _, layer in self.layers() for name in layer}

    def problems(self) -> Iterator[Problem]:
        yield from _DocumentCheck(self.family, self.documents).problems()
        yield from self.routes()
        yield from self.modes()
        yield from self.models()
        yield from self.parameters()
        yield from self.stated_twice()
        yield from _codes(self.family.errors, self.data["errors"]["codes"], self.family.tree, ("errors",))

    def routes(self) -> Iterator[Problem]:
        for route in self.family.routes.values():
            endpoint = self.data["endpoints"].get(route.endpoint)
            if endpoint is None:
                yield _unknown("endpoint", route.endpoint, route.stated.place, self.data["endpoints"])
            elif route.name not in endpoint["transports"]:
                message = f"`{route.endpoint}` has no {route.name} transport"
                yield Problem("bad-route", message, route.stated.place, f"it has: {', '.join(endpoint['transports'])}")
            if route.result and route.result not in self.data["results"]:
                yield _unknown("result", route.result, self.at("routes", route.name, "result"), self.data["results"])

    def modes(self) -> Iterator[Problem]:
        family = self.family
        modes: list[tuple[Keys, Mode]] = [(("modes", mode.name), mode) for mode in family.modes.values()]
        for model in family.models.values():
            for mode in model.modes.values():
                modes.append((("models", model.id, "modes", mode.name), mode))
                if mode.name not in family.modes:
                    yield _unknown("mode", mode.name, mode.place, family.modes)
        for path, mode in modes:
            for name in mode.when:
                if name not in self.names:
                    yield _unknown("parameter", name, self.at(*path, "when", name), self.names)
            for route in mode.routes:
                if route not in family.routes:
                    yield _unknown("route", route, self.at(*path, "routes"), family.routes)
            if mode.result and mode.result not in self.data["results"]:
                yield _unknown("result", mode.result, self.at(*path, "result"), self.data["results"])
            yield from self.makes(mode.makes, *path, "makes")
        yield from self.makes(family.makes, "makes")
        if family.result and family.result not in self.data["results"]:
            yield _unknown("result", family.result, self.at("result"), self.data["results"])
        for mode in family.modes.values():
            if not (mode.result or family.result or all(route.result for route in family.routes.values())):
                yield Problem("no-result", f"nothing says what `{mode.name}` gives back", mode.place, "add `result`")

    def makes(self, makes: str, *path: str | int) -> Iterator[Problem]:
        name = makes.removeprefix("..")
        if name and not name.isdigit() and name not in self.names:
            yield _unknown("parameter", name, self.family.tree.value(path), self.names)

    def models(self) -> Iterator[Problem]:
        family = self.family
        regions = {a for name, r in self.data["regions"].items() for a in (name, r.get("alias", name))}
        for model in family.models.values():
            if model.like and (model.like not in family.models or model.like == model.id):
                yield _unknown(
                    "model", model.like, self.at("models", model.id, "like"), set(family.models) - {model.id}
                )
            elif model.like and family.models[model.like].like:
                message = f"`{model.like}` is itself like another model"
                yield Problem(
                    "like-of-like", message, self.at("models", model.id, "like"), "name the model with the facts"
                )
            for route in model.routes:
                if route not in family.routes:
                    yield _unknown("route", route, self.at("models", model.id, "routes"), family.routes)
            for key in ("regions", "price"):
                rows = model.facts[key].value if key in model.facts else {}
                for row in rows if isinstance(rows, list) else [rows]:
                    for name in row:
                        if name != "when" and name not in regions:
                            yield _unknown("region", name, self.at("models", model.id, key, name), regions)

    def parameters(self) -> Iterator[Problem]:
        for _, layer in self.layers():
            for name, facts in layer.items():
                base = self.provider.parameters.get(name)
                type_ = self.type_of(name)
                if not facts.facts and not facts.soft and facts.whole is None and base is None:
                    hint = did_you_mean(name, self.provider.parameters)
                    yield Problem("unknown-shared", f"the provider has no parameter `{name}`", facts.place, hint)
                elif not type_:
                    yield Problem("no-type", f"nothing says what type `{name}` is", facts.place, "add `type`")
                yield from _parameter(name, facts, type_)
                for key in ("same_length", "requires"):
                    if key in facts.facts:
                        yield from self.others(key, facts.facts[key])

    def others(self, key: str, stated: Stated) -> Iterator[Problem]:
        for name in [stated.value] if key == "same_length" else stated.value:
            if name not in self.names:
                yield _unknown("parameter", name, stated.place, self.names)

    def type_of(self, name: str) -> str:
        layers = [self.provider.parameters, *(layer for _, layer in self.layers())]
        return next((str(ly[name].facts["type"].value) for ly in layers if name in ly and "type" in ly[name].facts), "")

    def stated_twice(self) -> Iterator[Problem]:
        """A route and a mode are axes of their own: the order in which they are laid must not matter."""
        for route in self.family.routes.values():
            for mode in self.family.modes.values():
                for name in set(route.parameters) & set(mode.parameters):
                    for key in set(route.parameters[name].facts) & set(mode.parameters[name].facts):
                        message = f"`{name}.{key}` is stated by the route `{route.name}` and by the mode `{mode.name}`"
                        place = mode.parameters[name].facts[key].place
                        yield Problem("stated-twice", message, place, "state it in one of the two")


def _parameter(name: str, layer: Layer, type_: str) -> Iterator[Problem]:
    """What can be said of one line on its own."""
    type_ = str(layer.facts["type"].value) if "type" in layer.facts else type_
    slots = [key for key in layer.facts if key in _SLOT]
    if len(slots) > 1:
        message = f"`{name}` has both `{slots[0]}` and `{slots[1]}`"
        yield Problem("one-slot", message, layer.facts[slots[1]].place, "keep one of range, one_of and fixed")
    for key, stated in (*layer.facts.items(), *((key, stated) for key, stated in layer.soft.items())):
        kind = kinds.KINDS.get(key)
        if kind and type_ and kind.on and type_ not in kind.on:
            message = f"`{key}` can't limit {kinds.NOUNS[type_]}"
            yield Problem("wrong-kind", message, stated.place, f"it limits: {', '.join(kind.on)}")
        if _reversed(key, stated.value):
            yield Problem("empty-domain", f"nothing lies between the bounds of `{key}`", stated.place, "low..high")
    if layer.items:
        yield from _parameter(f"{name}.items", layer.items, "")
    for field, inner in layer.fields.items():
        yield from _parameter(f"{name}.{field}", inner, "")


def _reversed(key: str, value: Any) -> bool:
    if key in {"range", "count", "side"}:
        low, high = values.span(value)
    elif key == "length":
        low, high = values.span(value.removesuffix(" tokens"))
    elif key == "area":
        low, high = values.area(value)
    elif key == "ratio":
        (a, b), (c, d) = values.ratio(value)
        low, high = a * d, c * b
    else:
        return False
    return low is not None and high is not None and low > high
