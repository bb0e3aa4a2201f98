"""What a new file needs: its keys, with `todo` for each fact that only a document can say, and comments that help."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from platemark.plain import is_map
from platemark.scaffold.pages import Notes, page
from platemark.spec.todos import TODO

DOCUMENT: Mapping[str, Any] = {"kind": "reference", "held": TODO, "language": TODO, "date": TODO, "title": TODO}
"""A document of which nothing is known yet."""
LIMITS: Mapping[str, str] = {"text": "length", "integer": "range", "images": "count", "list": "count", "size": "area"}
"""Type of a parameter: the limit that documents most often give it."""
WORK = (
    "`platemark lint` names every `todo`:\n"
    "say it as the documents do, or take its line out. What no document says has no line."
)
EDITOR = "yaml-language-server: $schema=../../generated/spec/{}.schema.json"


def document_id(name: str) -> str:
    """The id of the reference of a provider or family, where none is given: `wan2.6` → `wan2-6-ref`."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return f"{'-'.join(words)}-ref" if words and words[0][0].isalpha() else f"doc-{'-'.join(words)}-ref"


def provider(name: str, documents: Sequence[str]) -> str:
    """A provider's file, as small as one can be: a single endpoint, which answers at once."""
    client = "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))
    sound = client if client[:1].isalpha() else TODO
    variable = "_".join(re.findall(r"[A-Z0-9]+", name.upper()))
    data: dict[str, Any] = {
        "about": TODO,
        "client": sound,
        "sources": dict.fromkeys(documents, TODO),
        "auth": {"header": TODO, "value": TODO, "env": f"{variable}_API_KEY" if sound != TODO else TODO},
        "hosts": {"region": "https://{host}"},
        "regions": {TODO: {"host": TODO}},
        "endpoints": {"images": {"path": TODO, "payload": "body", "transports": ["sync"]}},
        "transports": {"sync": {}},
        "payloads": {"body": {"model": "$model", TODO: "$prompt", "$others": True}},
        "results": {"pictures": {TODO: [{"$each": "images", TODO: "$item"}]}},
        "errors": {
            "answer": {TODO: "$message"},
            "codes": {TODO: {"status": TODO}},
            "rules": {"any": {"code": TODO}, "auth": {"code": TODO}, "model": {"code": TODO}},
        },
        "parameters": {"prompt": {"type": "text", "required": True, "about": TODO}},
    }
    return page(data, _of_provider(sound))


def _of_provider(client: str) -> Notes:
    return {
        (): f"{EDITOR.format('provider')}\n"
            f"How the service is reached, and what it answers. {WORK}",
        ("client",): f"the emitted classes {client} and Async{client}" if client != TODO else "",
        ("sources",): "document: its section, or all",
        ("auth",): "the header, and what it holds: Bearer {key}",
        ("hosts",): "may end in a path: https://{host}/v1",
        ("regions",): "the vendor's id of a region; alias: a plain name",
        ("endpoints",): "paths are appended to the base address",
        ("transports",): "also task (say under `tasks` how one lives), and stream (`stream`)",
        ("payloads",): "the body with $names; $others is every other parameter",
        ("results",): "what comes back: where each picture's address stands",
        ("errors",): "the answer to a refused request, and which code is for what",
        ("parameters",): "what families share: types, and what each is for",
    }  # fmt: skip


def family(name: str, models: Sequence[str], documents: Sequence[str], provider: Mapping[str, Any]) -> str:
    """A family's file: one mode, and every parameter of its provider, whose file as data is `provider`."""
    results = [result for result in provider.get("results", {}) if result != TODO]
    mode = {"about": TODO, "makes": TODO, "result": results[0] if len(results) == 1 else TODO}
    data: dict[str, Any] = {
        "about": TODO,
        "sources": dict.fromkeys(documents, TODO),
        "models": {model: dict[str, Any]() for model in models or [name]},
        "routes": routes(provider),
        "modes": {"text_to_image": mode},
        "parameters": {key: _line(facts) for key, facts in provider.get("parameters", {}).items()} or {TODO: TODO},
    }
    first = (models or [name])[0]
    notes: Notes = {
        (): f"{EDITOR.format('family')}\n"
            f"What one page says of its models. {WORK}",
        ("sources",): "document: its section; a line that not all of them say has `from`",
        ("models",): "an id each; {like: ID} for a snapshot with the same facts",
        ("models", first): "price: {region: 0.20 EUR}, limits: {rate: 5/s, concurrent: 5}",
        ("routes",): "transport: endpoint of the provider",
        ("modes",): "also edit, sequence, interleave, each chosen by `when: {images: 1..}`",
        ("modes", "text_to_image", "makes"): "how many pictures come: a number, or a parameter",
        ("parameters",): "`shared`: as the provider has it; take out what these models do not take",
    }  # fmt: skip
    return page(data, notes)


def routes(provider: Mapping[str, Any]) -> dict[str, str]:
    """The transports of the only endpoint; where there are several, which one is to be said."""
    endpoints: dict[str, Any] = {name: made for name, made in provider.get("endpoints", {}).items() if name != TODO}
    if len(endpoints) != 1:
        return {"sync": TODO}
    ((name, made),) = endpoints.items()
    transports: list[str] = [each for each in made.get("transports", ()) if each != TODO]
    return dict.fromkeys(transports or ["sync"], name)


def _line(facts: Any) -> dict[str, str] | str:
    """A slot for the limit that parameters of this type mostly have, unless the provider gives it."""
    kind = LIMITS.get(str(facts.get("type"))) if is_map(facts) else None
    return {kind: TODO} if kind and kind not in facts else "shared"
