"""What stands on the index and on the page of a provider: one line for each model, and for each error code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from platemark.ir import Family, Ir, Model, Offer, Parameter, Provider
from platemark.targets.docs import said

SWITCHES = ("negative_prompt", "prompt_extend", "seed", "watermark")


@dataclass(frozen=True)
class Line:
    """A model in the matrix of capabilities."""

    provider: str
    model: str
    about: str
    modes: tuple[str, ...]
    routes: tuple[str, ...]
    pictures_in: str
    pictures_out: str
    switches: tuple[str, ...]
    sizes: str
    price: str

    @property
    def path(self) -> str:
        return f"{self.provider}/{self.model}.md"


def lines(whole: Ir) -> list[Line]:
    """Every model, in the order of the specs."""
    return [
        _line(whole.provider(family.provider), family, model) for family in whole.families for model in family.models
    ]


def _line(provider: Provider, family: Family, model: Model) -> Line:
    offers = family.by_model[model.id]
    modes = tuple(dict.fromkeys(offer.mode for offer in offers))
    return Line(
        provider.id, model.id, family.about, modes, tuple(dict.fromkeys(offer.route for offer in offers)),
        _most_in(family, offers), _most_out(family, offers),
        tuple(_switch(family, model, name) for name in SWITCHES),
        _by_mode(family, model, _size), _price(provider, model),
    )  # fmt: skip


def of_type(family: Family, offer: Offer, type_: str) -> Parameter | None:
    """The parameter that holds the pictures, or the size, whatever its name."""
    return next((each for each in family.parameters_of(offer) if each.type == type_), None)


def _most_in(family: Family, offers: Iterable[Offer]) -> str:
    taken = [of_type(family, offer, "images") for offer in offers]
    return _highest(said.span(parameter, "count") for parameter in taken if parameter)


def _most_out(family: Family, offers: Iterable[Offer]) -> str:
    """The most pictures of one request: a number, or the range of the parameter that says how many."""
    counts = [offer.makes.removeprefix("..") for offer in offers]
    asked = [family.parameter_of(offer, count) for offer, count in zip(offers, counts, strict=True)]
    return _highest(
        said.span(parameter, "range") if parameter else count for parameter, count in zip(asked, counts, strict=True)
    )


def _highest(spans: Iterable[str]) -> str:
    ends = [span.rpartition(" ")[2] for span in spans]
    numbers = [int(end) for end in ends if end.isdigit()]
    return str(max(numbers)) if numbers else "any" if ends else "–"


def _switch(family: Family, model: Model, name: str) -> str:
    """Whether a parameter is taken: in all modes, or in which."""
    offers = family.by_model[model.id]
    having = dict.fromkeys(offer.mode for offer in offers if family.parameter_of(offer, name))
    every = all(family.parameter_of(offer, name) for offer in offers)
    return "yes" if every else ", ".join(having) or "no"


def _by_mode(family: Family, model: Model, say: Callable[[Parameter | None], str]) -> str:
    """A text for each mode; one where all modes agree."""
    found: dict[str, list[str]] = {}
    for offer in family.by_model[model.id]:
        modes = found.setdefault(say(of_type(family, offer, "size")), [])
        modes += [] if offer.mode in modes else [offer.mode]
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{text} ({', '.join(modes)})" for text, modes in found.items())


def _size(parameter: Parameter | None) -> str:
    if parameter is None:
        return "none"
    facets = parameter.facets
    parts = [str(facets["area"]).replace("..", " to ")] if "area" in facets else []
    parts += [f"sides {said.span(parameter, 'side')}"] if "side" in facets else []
    parts += [f"ratio {facets['ratio'].replace('..', ' to ')}"] if "ratio" in facets else []
    parts += [", ".join(facets["one_of"])] if "one_of" in facets else []
    parts += [", ".join(facets["tokens"])] if "tokens" in facets else []
    return ", ".join(parts) or "any"


def _price(provider: Provider, model: Model) -> str:
    names = {region.id: region.alias or region.id for region in provider.regions}
    found: list[str] = []
    for fact in model.prices:
        value = cast("Mapping[str, Any]", fact.value)
        when = f" where {said.conditions(value['when'])}" if value["when"] else ""
        found.append(f"{value['amount']} {value['currency']} {names.get(value['region'], value['region'])}{when}")
    return "; ".join(found) or "not known"


def codes(provider: Provider) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Error codes by status, then by name."""
    yield from sorted(provider.errors.codes.items(), key=lambda each: (each[1]["status"], each[0]))
