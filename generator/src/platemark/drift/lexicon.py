"""The names that specs know, for who reads their documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from platemark.documents.atoms import Lexicon
from platemark.plain import is_map, is_seq
from platemark.spec.model import Spec

_STEM = re.compile(r"^[a-z]+(?=[-_]?\d)|^[a-z]+[-_][a-z]+")


def lexicon(spec: Spec) -> Lexicon:
    """The names of the specs' parameters, models, states, error codes and paths."""
    parameters: dict[str, None] = {}
    models: dict[str, None] = {}
    fields: dict[str, str] = {}
    states: set[str] = set()
    codes: set[str] = set()
    structure: set[str] = set()
    said: dict[str, str] = {}
    for provider in spec.providers:
        data = provider.data
        for name, facts in data["parameters"].items():
            parameters[name] = None
            said |= {str(words): name for words in facts.get("known_as", ())}
        for payload in data["payloads"].values():
            fields |= {key: name for key, name in _fields(payload) if name not in {key, "others"}}
            structure |= set(_keys(payload))
        states |= set(data.get("tasks", {}).get("states", {}))
        structure |= set(data.get("tasks", {}).get("list_query", {}))
        codes |= set(data.get("errors", {}).get("codes", {}))
    for family in spec.families:
        for facts in _parameters(family.tree.data):
            parameters |= dict.fromkeys(facts)
            said |= {str(w): name for name, value in facts.items() if is_map(value) for w in value.get("known_as", ())}
        models |= dict.fromkeys(family.models)
    stems = {found[0] for model in models if (found := _STEM.match(model))}
    return Lexicon(
        parameters=frozenset(parameters),
        words=tuple(sorted(said.items(), key=lambda pair: -len(pair[0]))),
        models=frozenset(models),
        stems=tuple(sorted(stems)),
        states=frozenset(states),
        codes=frozenset(codes),
        structure=frozenset(structure) - frozenset(parameters),
        fields=fields,
        others=frozenset(name for family in spec.families for name in _absent(family.tree.data))
        - frozenset(parameters),
    )


def sections(spec: Spec) -> frozenset[str]:
    """The headings that specs cite."""
    return frozenset(
        place for file in (*spec.providers, *spec.families) for places in file.sources.values() for place in places
    )


def _parameters(data: Any) -> Iterator[dict[str, Any]]:
    if is_map(data):
        for key, value in data.items():
            if key == "parameters" and is_map(value):
                yield value
            yield from _parameters(value)


def _absent(data: Any) -> Iterator[str]:
    if is_map(data):
        for key, value in data.items():
            if key == "unsupported":
                yield from (str(name) for names in (value.values() if is_map(value) else [value]) for name in names)
            yield from _absent(value)


def _fields(skeleton: Any) -> Iterator[tuple[str, str]]:
    """Which key of a body holds which parameter: `text: $prompt`, `{$each: images, image: $item}`."""
    if is_map(skeleton):
        each = skeleton.get("$each")
        for key, value in skeleton.items():
            if value == "$item" and each:
                yield key, str(each)
            elif isinstance(value, str) and value.startswith("$") and not key.startswith("$"):
                yield key, value[1:]
            yield from _fields(value)
    elif is_seq(skeleton):
        for part in skeleton:
            yield from _fields(part)


def _keys(skeleton: Any) -> Iterator[str]:
    if is_map(skeleton):
        for key, value in skeleton.items():
            if not key.startswith("$"):
                yield key
            yield from _keys(value)
    elif is_seq(skeleton):
        for part in skeleton:
            yield from _keys(part)
