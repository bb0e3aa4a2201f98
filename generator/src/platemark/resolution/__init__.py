"""From specs to IR, in passes: layers are merged, rules lowered, evidence derived."""

from __future__ import annotations

from platemark import ir
from platemark.resolution.family import FamilyResolver
from platemark.resolution.provider import resolve_provider
from platemark.spec.model import Spec

__all__ = ["resolve"]


def resolve(loaded: Spec) -> ir.Ir:
    """The IR of specs whose references hold, which `lint` makes sure of."""
    return resolve_with_ledgers(loaded)[0]


def resolve_with_ledgers(loaded: Spec) -> tuple[ir.Ir, list[FamilyResolver]]:
    """The IR, and the resolvers of its families, whose ledgers know which facts lack a source."""
    sources = {provider.id: provider for provider in loaded.providers}
    providers = {name: resolve_provider(provider, loaded) for name, provider in sources.items()}
    resolvers = [
        FamilyResolver(family, sources[family.provider], providers[family.provider], loaded.documents)
        for family in loaded.families
    ]
    families = tuple(resolver.family() for resolver in resolvers)
    return ir.Ir(loaded.documents, tuple(providers.values()), families, loaded.digest, loaded.versions), resolvers
