"""Lint beyond shape."""

from __future__ import annotations

from platemark.problems import Problem
from platemark.spec.model import Spec


def require(spec: Spec) -> None:
    """Raise `Invalid` where lint finds problems."""
    del spec


def lint(spec: Spec) -> list[Problem]:
    del spec
    return []
