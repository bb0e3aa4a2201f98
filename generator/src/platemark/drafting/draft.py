"""What a page says, as a value: its names, and what holds of each parameter in each model and mode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from platemark.documents.atoms import Lexicon
from platemark.documents.page import Page
from platemark.documents.read import blocks, read, together
from platemark.drafting import scopes, tables
from platemark.drafting.facts import Fact, facts
from platemark.drafting.finish import finished
from platemark.drafting.names import Names, json_type, names, sent
from platemark.drafting.scopes import Scope
from platemark.drafting.services import About, dated, services
from platemark.drafting.settle import Sheet, sheet

TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "integer",
    "boolean": "boolean",
    "array": "list",
    "object": "object",
}
"""What pages call types → what specs do."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A page, read without any spec of its models."""

    page: Page
    names: Names
    types: Mapping[str, str]
    """Of each parameter, as a spec writes it; empty where the page does not say."""
    facts: tuple[Fact, ...]
    sheet: Sheet
    about: tuple[About, ...]
    """What is said of models besides parameters."""

    @property
    def described(self) -> tuple[str, ...]:
        """The models of which the page says enough for a file: something of those that it lists, more of others."""
        told: dict[str, set[str]] = {model: set() for model in self.names.models}
        for model, _, parameter, slot in self.sheet.cells:
            told[model] |= {parameter} if slot != "excess" else set()
        for model, parameter in self.sheet.unsupported:
            told[model].add(parameter)
        return tuple(model for model in told if len(told[model]) > (model not in self.names.sure))


def reading(captures: Mapping[str, bytes], provider: Mapping[str, Any], lexicon: Lexicon) -> Reading:
    """What a page says. `captures`: file → its bytes; `provider`: its file's data, whose names are `lexicon`."""
    parts = [block for name, raw in captures.items() for block in blocks(raw, name)]
    found = names(parts, together([read(raw, name, lexicon) for name, raw in captures.items()]), lexicon)
    pages = [read(raw, name, found.lexicon) for name, raw in captures.items()]
    page = together(pages)
    ids = tuple(dict.fromkeys([*found.models, *tables.described(page.statements)]))
    types = _types(page, found, provider)
    told = [
        each
        for name, capture in zip(captures, pages, strict=True)
        for each in scopes.told(
            tables.assigned(capture.statements, ids), ids, {b.line: b.sort for b in blocks(captures[name], name)}
        )
    ]
    said = [fact for each in told for fact in facts(each, ids, types)]
    types = _inferred(types, said)
    said = [*(fact for each in told for fact in facts(each, ids, types)), *_shown(found, types)]
    about = tuple(services(told, ids, provider, dated(block.text for block in parts)))
    return Reading(
        page,
        replace(found, models=ids),
        types,
        tuple(said),
        finished(
            sheet(said, ids, types, provider["parameters"].keys()),
            {f.model: f.value for f in about if f.kind == "alias"},
        ),
        about,
    )


def _shown(found: Names, types: Mapping[str, str]) -> Iterator[Fact]:
    """The parameters that samples send: those models take them."""
    for line, body in found.samples:
        for name in sent(body):
            if name in types and body.get("model") in found.models:
                yield Fact(Scope((str(body["model"]),)), name, "present", True, line, 3)


def _inferred(types: Mapping[str, str], said: Sequence[Fact]) -> dict[str, str]:
    """What is counted or bounded tells the type of a parameter that nothing defines."""
    found = dict(types)
    for fact in said:
        if found.get(fact.parameter) == "" and fact.rank > 1:
            told = {"range": "integer", "count": "list"}.get(fact.kind, "")
            told = json_type(fact.value) if fact.kind == "default" else told
            found[fact.parameter] = told
    return found


def _types(page: Page, found: Names, provider: Mapping[str, Any]) -> dict[str, str]:
    """Parameters and their types: the provider's, else as the page defines them, else as its samples send them."""
    types: dict[str, str] = {name: str(facts.get("type", "")) for name, facts in provider["parameters"].items()}
    carried = {name for made in provider["transports"].values() for name in made.get("parameters", {})}
    for statement in page.statements:
        if statement.subject in found.lexicon.parameters - carried:
            told = next((TYPES.get(atom.value, "") for atom in statement.atoms if atom.type == "type"), "")
            types[statement.subject] = types.get(statement.subject) or told
    for name in sorted(found.lexicon.parameters - carried):
        types[name] = types.get(name) or TYPES.get(found.types.get(name, ""), "")
    return types
