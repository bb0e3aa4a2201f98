"""Which models there are, and which of them can do something: asked of the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from platemark_images._runtime import inputs, judge, leaves
from platemark_images._runtime.ir import Family, Offer, Provider, RouteName
from platemark_images._runtime.service import family, unknown


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model: its modes with the routes of each, and what documents say of prices, rates and regions."""

    id: str
    family: str
    modes: Mapping[str, tuple[RouteName, ...]]
    prices: tuple[Mapping[str, Any], ...] = field(repr=False)
    """Rows with `region`, `amount`, `currency` and `when`, the values of parameters that it holds for."""
    limits: tuple[Mapping[str, Any], ...] = field(repr=False)
    regions: Mapping[str, str] = field(repr=False)
    """Region: the only route that it offers, or `any`. Empty where no document says."""


@dataclass(frozen=True, slots=True)
class Ability:
    """A model that can do what was asked for, the mode that does it, and the routes by which it does."""

    model: str
    mode: str
    routes: tuple[RouteName, ...]


class Models:
    """The models of a service."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __iter__(self) -> Iterator[ModelInfo]:
        return (self.get(name) for name in self._provider.models)

    def list(self) -> tuple[ModelInfo, ...]:
        """All of them, in the order of the documents' families."""
        return tuple(self)

    def get(self, model: str) -> ModelInfo:
        """One of them. Raises ConfigurationError for an unknown id, naming the nearest ones."""
        if model not in self._provider.models:
            raise unknown("model", model, self._provider.models)
        found = family(self._provider, model)
        facts, offers = found.model(model), found.by_model[model]
        modes: dict[str, tuple[RouteName, ...]] = {}
        for offer in offers:
            modes[offer.mode] = (*modes.get(offer.mode, ()), offer.route)
        return ModelInfo(model, found.name, modes, facts.prices, facts.limits, facts.regions)

    def supporting(
        self, *, mode: str | None = None, route: RouteName | None = None, **wanted: object
    ) -> tuple[Ability, ...]:
        """The models that take all of this in one request: a value that each parameter must be able to have, `True`
        for a parameter that need only be there, and for `images` how many: `supporting(images=3, n=6)`.

        Raises ConfigurationError for a parameter that no model has."""
        found: dict[tuple[str, str], tuple[RouteName, ...]] = {}
        names = set[str]()
        for model in self._provider.models:
            rules = family(self._provider, model)
            for offer in rules.by_model[model]:
                named = {p.argument or p.name: p.name for p in offer.parameters}
                names |= named.keys()
                if mode in {None, offer.mode} and route in {None, offer.route} and _takes(rules, offer, named, wanted):
                    found[model, offer.mode] = (*found.get((model, offer.mode), ()), offer.route)
        for name in wanted:
            if name not in names:
                raise unknown("parameter", name, sorted(names))
        return tuple(Ability(model, mode, routes) for (model, mode), routes in found.items())


def _takes(rules: Family, offer: Offer, named: Mapping[str, str], wanted: Mapping[str, object]) -> bool:
    """Whether a request of this offer can have all that is wanted."""
    if not named.keys() >= wanted.keys():
        return False
    given = {named[name]: _example(rules, offer, named[name], value) for name, value in wanted.items()}
    present = {name for name, value in wanted.items() if value is True}
    asked = {named[name] for name in wanted if name not in present or _is_boolean(rules, offer, named[name])}
    constants = offer.constants
    if any(name in asked and not leaves.equal(given[name], value) for name, value in constants.items()):
        return False
    values = {name: value for name, value in given.items() if name in asked} | dict(constants)
    if "images" in asked and judge.choose(rules, (offer,), values) is None:
        return False
    return not any(rule.parameter in asked and rule.verdict == "reject" for rule in rules.broken(offer, values))


def _is_boolean(rules: Family, offer: Offer, name: str) -> bool:
    parameter = rules.parameter_of(offer, name)
    return parameter is not None and parameter.type == "boolean"


def _example(rules: Family, offer: Offer, name: str, value: object) -> Any:
    """A value as a request has it; a number of pictures stands for so many."""
    parameter = rules.parameter_of(offer, name)
    if parameter is not None and parameter.type == "images" and leaves.is_integer(value):
        return [f"https://example.com/{index}.png" for index in range(leaves.integer(value))]
    if name == "size":
        return inputs.size(value, rules, offer)
    return inputs.plain(value, name, is_picture=False)
