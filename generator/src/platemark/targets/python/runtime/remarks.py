"""What a caller is told of a request besides its rules: what a default costs, where a model is, who else could do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from platemark_images._runtime import inputs, leaves
from platemark_images._runtime.errors import ConfigurationError
from platemark_images._runtime.ir import Family, Offer, Provider
from platemark_images._runtime.report import Violation
from platemark_images._runtime.service import Service

_NOT_TAKEN = ("unknown", ".unsupported", ".only_in")
"""Ends of the ids of rules that a parameter breaks by being there."""


def of_call(
    service: Service, family: Family, offer: Offer, arguments: Mapping[str, object], given: Mapping[str, Any],
    complete: Mapping[str, Any],
) -> tuple[str, ...]:  # fmt: skip
    """What no rule says of a call. `arguments` are as the caller put them, `given` as the rules know them, `complete` with
    what mode and route set."""
    ratio = inputs.ratio_told(arguments.get("size"), given.get("size"))
    told = [*_where(service, family, offer), *_billed(family, offer, given), *([ratio] if ratio else [])]
    return (*told, *inputs.remarks(complete, service.base_url))


def elsewhere(provider: Provider, broken: Iterable[Violation]) -> list[str]:
    """Which models take the parameters that this one does not."""
    from platemark_images._runtime.catalog import Models

    hints: list[str] = []
    for name in dict.fromkeys(v.path.rpartition(".")[2] for v in broken if v.rule.endswith(_NOT_TAKEN)):
        wanted: dict[str, Any] = {name: True}
        try:
            able = Models(provider).supporting(**wanted)
        except ConfigurationError as error:
            hints.append(str(error))
            continue
        hints.append(f"{name} is taken by {', '.join(dict.fromkeys(f'{a.model} ({a.mode})' for a in able))}")
    return hints


def _where(service: Service, family: Family, offer: Offer) -> list[str]:
    """Whether the model is in the region, where the documents say in which it is."""
    regions = family.model(offer.model).regions
    if not service.region or not regions or service.region in regions:
        return []
    return [f"no document says that {offer.model} is in {service.region}; it is in {', '.join(regions)}"]


def _billed(family: Family, offer: Offer, given: Mapping[str, Any]) -> list[str]:
    """What a default brings that is billed."""
    name = offer.makes.removeprefix("..")
    parameter = family.parameter_of(offer, name)
    if parameter is None or name in given or not leaves.is_integer(parameter.default) or parameter.default < 2:
        return []
    most = "up to " if offer.makes.startswith("..") else ""
    return [
        f"{parameter.argument or name} is left out: the service makes {most}{parameter.default} pictures, and bills each"
    ]
