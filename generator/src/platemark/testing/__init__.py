"""Hypothesis strategies made from specs: requests that keep every rule, requests that break exactly one, and answers.

Needs the extra `testing`: `pip install "platemark[testing]"`. `platemark.testing.plugin` has the pytest fixtures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from platemark.testing.breaks import Unbreakable
    from platemark.testing.requests import History, Request, Response
    from platemark.testing.strategies import (
        boundary_requests,
        invalid_requests,
        responses,
        task_histories,
        unbreakable,
        valid_requests,
        wire_bodies,
    )

__all__ = [
    "History",
    "Request",
    "Response",
    "Unbreakable",
    "boundary_requests",
    "invalid_requests",
    "responses",
    "task_histories",
    "unbreakable",
    "valid_requests",
    "wire_bodies",
]


def __getattr__(name: str) -> Any:
    """Import Hypothesis at the first use: the pytest plugin of this package loads without it."""
    if name not in __all__:
        raise AttributeError(f"module 'platemark.testing' has no attribute {name!r}")
    try:
        from platemark.testing import breaks, requests, strategies
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise ModuleNotFoundError(
            f'platemark.testing.{name} needs Hypothesis: pip install "platemark[testing]"', name=error.name
        ) from None
    return next(getattr(module, name) for module in (strategies, requests, breaks) if hasattr(module, name))
