"""Lint beyond shape: do references hold, and do the facts make sense together? All problems in one run."""

from __future__ import annotations

from platemark.lint.meaning import meaning
from platemark.lint.references import references
from platemark.problems import Invalid, Problem, in_order
from platemark.spec.model import Spec


def lint(spec: Spec) -> tuple[Problem, ...]:
    """Everything wrong with specs of the right shape. What they mean is looked at once their references hold."""
    return in_order(references(spec) or meaning(spec))


def require(spec: Spec) -> None:
    """Raise `Invalid` where lint finds problems."""
    if found := lint(spec):
        raise Invalid(found)
