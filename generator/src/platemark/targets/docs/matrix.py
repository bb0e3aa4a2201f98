"""What stands on the index and on the page of a provider: one line for each model, and for each error code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from platemark import ir
from platemark.ir import Family, Ir, Model, Provider
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
    n: str
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
        _most(family, model, "images", "count"), _most(family, model, "n", "range"),
        tuple(_switch(family, model, name) for name in SWITCHES),
        _by_mode(family, model, _size), _price(provider, model),
    )  # fmt: skip


def _most(family: Family, model: Model, name: str, kind: str) -> str:
    """The most that any mode takes; nothing where none does."""
    found = [family.parameter_of(offer, name) for offer in family.by_model[model.id]]
    highs = [said.span(parameter, kind).rpartition(" ")[2] for parameter in found if parameter]
    numbers = [int(high) for high in highs if high.isdigit()]
    return str(max(numbers)) if numbers else "any" if highs else "–"


def _switch(family: Family, model: Model, name: str) -> str:
    """Whether a parameter is taken: in all modes, or in which."""
    offers = family.by_model[model.id]
    having = dict.fromkeys(offer.mode for offer in offers if family.parameter_of(offer, name))
    every = all(family.parameter_of(offer, name) for offer in offers)
    return "yes" if every else ", ".join(having) or "no"


def _by_mode(family: Family, model: Model, say: Any) -> str:
    """A text for each mode; one where all modes agree."""
    found: dict[str, list[str]] = {}
    for offer in family.by_model[model.id]:
        modes = found.setdefault(say(family.parameter_of(offer, "size")), [])
        modes += [] if offer.mode in modes else [offer.mode]
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{text} ({', '.join(modes)})" for text, modes in found.items())


def _size(parameter: ir.Parameter | None) -> str:
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
