"""What an emitted package calls its models: a class that goes breaks who names it, though requests stay the same.

Models that differ in nothing share a class, so that a limit that is loosened can take one away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from platemark.diff.changes import Fact, Found, Spot, found

Names = Mapping[tuple[str, str], str]
"""A provider and a model: the name of its class, with the module that it is imported from."""


def surfaces(package: str, old: Names, new: Names) -> Iterator[Found]:
    """Classes of models that stay, which are called otherwise."""
    kept = {*new.values()}
    for (provider, model), name in old.items():
        now = new.get((provider, model))
        if now is not None and name not in kept:
            fact = Fact(Spot(provider, model), f"{package}.{name}", "class")
            told = f"the class `{name}` of the {package} client is gone: `{model}` is a `{now}` now"
            yield found(fact, "removed", "breaking", (name, now), told)
