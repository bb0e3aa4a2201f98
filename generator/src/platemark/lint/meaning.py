"""What resolved facts mean together: defaults keep their own rules, modes partition requests, nothing is empty."""

from __future__ import annotations

from platemark.lint.evidence import family_errors, idle_conflicts, provider_errors, unsourced
from platemark.lint.examples import examples
from platemark.lint.facts import Facts
from platemark.lint.modes import partition
from platemark.lint.values import values
from platemark.problems import Problem
from platemark.resolution import resolve_with_ledgers
from platemark.spec.model import Spec


def meaning(spec: Spec, *, whole: bool) -> list[Problem]:
    """All problems of facts that contradict each other, in any order. `whole`: no family of a provider is missing."""
    resolved, resolvers = resolve_with_ledgers(spec)
    found: list[Problem] = []
    for resolver, family in zip(resolvers, resolved.families, strict=True):
        found += _of_family(Facts(resolver, family))
    if whole:
        for provider in spec.providers:
            found += provider_errors(provider, resolved.families)
    return found


def _of_family(facts: Facts) -> list[Problem]:
    found = [*partition(facts), *unsourced(facts), *idle_conflicts(facts), *family_errors(facts), *values(facts)]
    return found or list(examples(facts))  # an example is judged by rules that make sense
