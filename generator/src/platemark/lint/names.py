"""Names: which there are, and which come too close to each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from platemark.problems import Code, Place, Problem, did_you_mean
from platemark.source import Keys
from platemark.spec.model import Family, Layers, Provider, Spec

ROW_KEYS = ("route", "region")
"""What a row of prices or limits may hang on, besides parameters."""


def unknown(code: Code, name: str, place: Place, known: Iterable[str]) -> Problem:
    """A name that nothing has; the code says what of."""
    what = code.removeprefix("unknown-").replace("-", " ")
    return Problem(code, f"no {what} is called `{name}`", place, did_you_mean(name, known))


def placeholders(text: str, known: Iterable[str], place: Place) -> Iterator[Problem]:
    """Names in braces that nothing fills in."""
    for name in re.findall(r"\{(\w*)\}", text):
        if name not in known:
            hint = did_you_mean(name, known) or "nothing can be filled in here"
            yield Problem("unknown-placeholder", f"nothing fills in `{{{name}}}`", place, hint)


def layers(family: Family) -> Iterator[tuple[Keys, Layers]]:
    """Every layer of parameters in a file, and its path."""
    yield ("parameters",), family.parameters
    yield from ((("routes", route.name, "parameters"), route.parameters) for route in family.routes.values())
    yield from ((("modes", mode.name, "parameters"), mode.parameters) for mode in family.modes.values())
    for model in family.models.values():
        yield ("models", model.id, "parameters"), model.parameters
        for mode in model.modes.values():
            yield ("models", model.id, "modes", mode.name, "parameters"), mode.parameters


def set_by_transports(provider: Provider) -> set[str]:
    """The parameters that no caller gives, since a transport sets them."""
    return {name for transport in provider.data["transports"].values() for name in transport.get("parameters", {})}


def parameters(family: Family, provider: Provider) -> set[str]:
    """Every name that a line of the family, or a transport, gives a meaning."""
    return {name for _, layer in layers(family) for name in layer} | set_by_transports(provider)


def region_names(regions: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Ids and plain names."""
    return {name for id_, region in regions.items() for name in (id_, region.get("alias", id_))}


def same_names(spec: Spec) -> Iterator[Problem]:
    """Ids become file names and identifiers, so those that differ in punctuation or case only are the same."""
    seen: dict[tuple[str, ...], str] = {}

    def twice(name: str, place: Place, hint: str, *within: str) -> Iterator[Problem]:
        key = (*within, re.sub(r"[^a-z0-9]+", "_", name.lower()))
        if key in seen:
            same = f"`{name}` and `{seen[key]}` would get the same name in code"
            message = same if name != seen[key] else f"there is another `{name}`"
            yield Problem("same-name", message, place, hint)
        seen.setdefault(key, name)

    for provider in spec.providers:
        at = provider.tree.place
        yield from twice(provider.id, at(()), "rename the folder of one", "provider")
        yield from twice(provider.data["client"], at(("client",)), "each provider has a client of its own", "client")
        for id_, region in provider.data["regions"].items():
            for name in dict.fromkeys((id_, region.get("alias", id_))):
                place = at(("regions", id_))
                yield from twice(
                    name, place, "each region has an id and a plain name of its own", provider.id, "region"
                )
    for family in spec.families:
        hint = "a model stands in one family, once"
        yield from twice(family.name, family.tree.place(()), "rename the file of one", family.provider, "family")
        for model in family.models.values():
            yield from twice(model.id, model.stated.place, hint, family.provider, "model")
