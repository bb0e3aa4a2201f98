"""A parameter's layers, laid over each other key by key: later ones win."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from platemark.rules.kinds import SLOT
from platemark.spec import model as spec
from platemark.spec.model import Layer, Stated


@dataclass
class Merged:
    """A parameter while its layers are laid: each fact with the line that stated it last."""

    facts: dict[str, Stated] = field(default_factory=dict[str, Stated])
    soft: dict[str, Stated] = field(default_factory=dict[str, Stated])
    items: Merged | None = None
    fields: dict[str, Merged] = field(default_factory=dict[str, "Merged"])

    def lay(self, layer: Layer, first: bool = False) -> None:
        """Lay a layer over this one. The first layer of a file speaks for what the provider left without a source."""
        if first and layer.whole:
            self.facts = {k: replace(f, sources=f.sources or layer.whole) for k, f in self.facts.items()}
        if any(key in layer.facts for key in SLOT):
            self.facts = {key: fact for key, fact in self.facts.items() if key not in SLOT}
        for key, fact in layer.facts.items():
            old = self.facts.get(key)
            grown = old is not None and key == "tokens"
            self.facts[key] = replace(fact, value={**old.value, **fact.value}) if old and grown else fact
        if "fixed" in layer.facts and "default" not in layer.facts:
            self.facts["default"] = layer.facts["fixed"]
        self.soft |= layer.soft
        if layer.items:
            self.items = Merged()
            self.items.lay(layer.items)
        for name, inner in layer.fields.items():
            self.fields[name] = Merged()
            self.fields[name].lay(inner)

    def value(self, key: str, default: Any = None) -> Any:
        """What a fact says, or the default where no line states it."""
        return self.facts[key].value if key in self.facts else default


def merge(name: str, base: spec.Layers, layers: list[spec.Layers]) -> Merged:
    """A parameter's facts, later layers over earlier ones."""
    merged = Merged()
    if name in base:
        merged.lay(base[name])
    first = True
    for layer in layers:
        if name in layer:
            merged.lay(layer[name], first)
            first = False
    return merged
