"""Lint beyond shape: do names refer to something, and do the facts make sense together? All problems in one run."""

from __future__ import annotations

from dataclasses import replace

from platemark.lint import documents
from platemark.lint.family import FamilyCheck
from platemark.lint.meaning import meaning
from platemark.lint.names import same_names
from platemark.lint.provider import ProviderCheck
from platemark.problems import Code, Invalid, Problem, in_order
from platemark.spec.model import Spec

_HARMLESS: frozenset[Code] = frozenset({"unknown-document", "idle-document", "idle-fact", "same-name", "stated-twice"})
"""Problems that do not keep the facts of a file from being resolved."""


def lint(spec: Spec, *, whole: bool = True) -> tuple[Problem, ...]:
    """Everything wrong with specs of the right shape. What a file means is looked at once its own names hold.

    Without `whole` some files are missing, so that what only they may use is not called idle."""
    found = _references(spec, whole=whole)
    unsound = {problem.place.file for problem in found if problem.code not in _HARMLESS}
    providers = tuple(provider for provider in spec.providers if provider.tree.file not in unsound)
    reached = {provider.id for provider in providers}
    families = tuple(f for f in spec.families if f.tree.file not in unsound and f.provider in reached)
    whole = whole and families == spec.families
    found += meaning(replace(spec, providers=providers, families=families), whole=whole)
    if whole:
        found += documents.idle(spec)
    return in_order(found)


def require(spec: Spec) -> None:
    """Raise `Invalid` where lint finds problems. What nothing uses keeps nobody from using the rest."""
    if found := lint(spec, whole=False):
        raise Invalid(found)


def _references(spec: Spec, *, whole: bool) -> list[Problem]:
    known = {document.id for document in spec.documents}
    found = list(same_names(spec))
    for part in (*spec.providers, *spec.families):
        found += (*documents.unknown(part, known), *documents.undisputed(part))
    for provider in spec.providers:
        families = [family for family in spec.families if family.provider == provider.id]
        found += (p for p in ProviderCheck(provider, families).problems() if whole or p.code != "unknown-parameter")
        for family in families:
            found += FamilyCheck(family, provider).problems()
    return found
