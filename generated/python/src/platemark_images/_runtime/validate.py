"""Judging wire bodies that someone else built."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from platemark_images._catalog import MODELS
from platemark_images._documents import DOCUMENTS
from platemark_images._runtime import judge, service
from platemark_images._runtime.ir import Provider
from platemark_images._runtime.report import Report, report

if TYPE_CHECKING:
    from platemark_images.types import Body


def validate(model: str, route: str | None, body: Body | object) -> Report:
    """Judge a wire body by the rules of the documents; nothing is sent.

    Without `route` (`sync`, `stream`, `task`) it is the one that the body was meant for. An id that two services sell
    is told apart as `provider/model`. Raises ConfigurationError for an unknown model."""
    if model not in MODELS:
        raise service.unknown("model", model, MODELS)
    provider = cast("Provider", importlib.import_module(MODELS[model]).PROVIDER)
    name = model.removeprefix(f"{provider.id}/")
    family = service.family(provider, name)
    chosen = route or judge.route_of(provider, family, name, body)
    return report(judge.judge(provider, family, name, chosen, body), DOCUMENTS)
