"""A model: the facts about it that are not limits of a request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from platemark import ir
from platemark.plain import each
from platemark.resolution.evidence import Ledger
from platemark.spec import model as spec


class ModelResolver:
    """Resolves the models of one family."""

    def __init__(self, provider: spec.Provider, regions: tuple[ir.Region, ...], ledger: Ledger) -> None:
        self.provider = provider
        self.regions = regions
        self.ledger = ledger

    def model(self, model: spec.Model, known: tuple[str, ...]) -> ir.Model:
        """The model with its facts; `known` are the names that mean something to it."""
        return ir.Model(
            id=model.id,
            like=model.like,
            aliases=tuple(self.aliases(model)),
            regions=tuple(self.in_regions(model)),
            prices=tuple(self.prices(model)),
            limits=tuple(self.limits(model)),
            evidence=self.ledger.of("models", model.stated, model.id),
            note=model.note,
            known=known,
            deprecated=tuple(self.deprecated(model)),
        )

    def aliases(self, model: spec.Model) -> Iterator[ir.Fact]:
        for date, snapshot in _value(model, "alias", {}).items():
            value = {"as_of": date, "means": snapshot}
            yield ir.Fact(f"alias.{date}", value, self.evidence(model, "alias", snapshot))

    def deprecated(self, model: spec.Model) -> Iterator[ir.Fact]:
        if value := _value(model, "deprecated", None):
            yield ir.Fact("deprecated", value, self.evidence(model, "deprecated", value))

    def in_regions(self, model: spec.Model) -> Iterator[ir.Fact]:
        for alias, route in _value(model, "regions", {}).items():
            value = {"region": self.region(alias), "route": route}
            yield ir.Fact(f"regions.{alias}", value, self.evidence(model, "regions", alias))

    def limits(self, model: spec.Model) -> Iterator[ir.Fact]:
        for row in each(_value(model, "limits", [])):
            yield ir.Fact("limits", row, self.evidence(model, "limits", row))

    def prices(self, model: spec.Model) -> Iterator[ir.Fact]:
        for row in each(_value(model, "price", [])):
            places = {alias: amounts for alias, amounts in row.items() if alias != "when"}
            for alias, amounts in places.items():
                for money in each(amounts):
                    amount, currency = money.split()
                    key = f"price.{currency}" if f"price.{currency}" in model.facts else "price"
                    value = {
                        "region": self.region(alias),
                        "amount": amount,
                        "currency": currency,
                        "when": row.get("when", {}),
                    }
                    yield ir.Fact(f"price.{alias}.{currency}", value, self.evidence(model, key, amount))

    def region(self, alias: str) -> str:
        """The vendor's id of a region; a name that the provider does not list stands for itself."""
        return next((region.id for region in self.regions if alias in {region.id, region.alias}), alias)

    def evidence(self, model: spec.Model, key: str, shown: Any) -> ir.Evidence:
        """Who states a fact: those that its line names, or those that speak for all facts of this sort."""
        stated = model.facts[key]
        sources = stated.sources or self.provider.evidence.get(key.partition(".")[0])
        return self.ledger.of(key, replace(stated, value=shown, sources=sources), model.id)


def _value(model: spec.Model, key: str, default: Any) -> Any:
    return model.facts[key].value if key in model.facts else default
