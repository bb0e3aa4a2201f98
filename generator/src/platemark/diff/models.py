"""Models that came, went or were renamed, and what changed of those that stay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from platemark import ir
from platemark.diff.changes import Fact, Found, Spot, found, reworded
from platemark.diff.facts import facts
from platemark.diff.offers import offers
from platemark.diff.sides import Side

_Key = tuple[str, str]
"""A provider and a model."""


def models(old: ir.Ir, new: ir.Ir) -> Iterator[Found]:
    """Every change of the models of the providers that both specs have."""
    before, after = _all(old), _all(new)
    shared = {provider.id for provider in old.providers} & {provider.id for provider in new.providers}
    gone = [key for key in before if key not in after and key[0] in shared]
    come = [key for key in after if key not in before and key[0] in shared]
    renamed = _renamed(old, new, before, after, gone=gone, come=come)
    for key in gone:
        if key in renamed:
            told = f"`{key[1]}` is called `{renamed[key][1]}` now"
            said = key[1], renamed[key][1]
            yield found(Fact(Spot(*renamed[key]), "model", "model"), "renamed", "breaking", said, told)
        else:
            told = f"`{key[1]}` is gone"
            yield found(Fact(Spot(*key), "model", "model"), "removed", "breaking", (key[1], None), told)
    for key in come:
        if key not in renamed.values():
            told = f"`{key[1]}` is new: {after[key].about}"
            evidence = after[key].model(key[1]).evidence
            yield found(Fact(Spot(*key), "model", "model"), "added", "compatible", (None, key[1]), told, evidence)
    for key in before:
        if (other := renamed.get(key, key)) in after:
            yield from _model(old, new, before[key], after[other], (key[1], other[1]))


def _all(spec: ir.Ir) -> dict[_Key, ir.Family]:
    return {(family.provider, model.id): family for family in spec.families for model in family.models}


# ── Renamed ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _renamed(
    old: ir.Ir,
    new: ir.Ir,
    before: Mapping[_Key, ir.Family],
    after: Mapping[_Key, ir.Family],
    *,
    gone: list[_Key],
    come: list[_Key],
) -> dict[_Key, _Key]:
    """Models that went while one that is alike in every request came: only where there is no other pair to choose."""
    left = _by_looks(old, before, gone)
    right = _by_looks(new, after, come)
    pairs = ((keys, right.get(looks, [])) for looks, keys in left.items())
    return {keys[0]: others[0] for keys, others in pairs if len(keys) == len(others) == 1}


def _by_looks(spec: ir.Ir, families: Mapping[_Key, ir.Family], keys: list[_Key]) -> dict[str, list[_Key]]:
    found: dict[str, list[_Key]] = {}
    for key in keys:
        found.setdefault(_looks(spec.provider(key[0]), families[key], key[1]), []).append(key)
    return found


def _looks(provider: ir.Provider, family: ir.Family, model: str) -> str:
    """All that a request to a model meets, but for its name."""
    offers = [
        (
            provider.id, offer.route, offer.mode, provider.endpoint(offer.endpoint).path, offer.makes, offer.result,
            [(p.name, p.type, p.required, p.facets) for p in family.parameters_of(offer)],
            [(r.id, r.kind, r.args, r.verdict) for r in family.rules_of(offer) if r.kind != "model"],
        )
        for offer in family.by_model[model]
    ]  # fmt: skip
    return json.dumps(ir.to_json(offers), sort_keys=True)


# ── A model that both have ────────────────────────────────────────────────────────────────────────────────────────


def _model(old: ir.Ir, new: ir.Ir, was: ir.Family, now: ir.Family, names: tuple[str, str]) -> Iterator[Found]:
    spot = Spot(now.provider, names[1])
    yield from facts(spot, was.model(names[0]), now.model(names[1]))
    providers = old.provider(was.provider), new.provider(now.provider)
    sides = [
        {(offer.mode, offer.route): Side(provider, family, offer) for offer in family.by_model[name]}
        for provider, family, name in zip(providers, (was, now), names, strict=True)
    ]
    yield from offers(spot, *sides)
    yield from reworded(Fact(spot, "about", "about"), was.about, now.about, "the models are described otherwise")
