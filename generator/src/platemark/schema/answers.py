"""The schemas of what comes back. They are open: a new field or a new word in an answer never breaks a schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.plain import is_map, is_seq
from platemark.schema.modes import standing
from platemark.schema.said import Schema, either
from platemark.wire.answers import TYPES
from platemark.wire.skeletons import EACH, ITEM, is_name, names

RESULT = frozenset({"request_id", "count"})
TASK = frozenset({"request_id", "task_id", "status"})
TASKS = frozenset({"total", "task_id", "status"})
ERROR = frozenset({"request_id", "code", "message", "status_code"})
"""What is always there in a result, about a task, in a list of them, and in an error."""
_OF_HTTP = (405, 413, 429)
"""Statuses of servers and gateways, for which services need no words: wrong method, too large, too often."""


def result_schema(provider: ir.Provider, offer: ir.Offer) -> Schema:
    """The answer that holds the pictures. Of a stream it is one event, where nothing needs to be counted yet; of a
    task, what is laid over the answer to a query."""
    always = RESULT if offer.route != "stream" else frozenset({"request_id"})
    under = [provider.answer] if offer.route != "task" else []
    return _laid(provider, [*under, provider.results[offer.result]], always)


def response_schema(provider: ir.Provider, family: ir.Family, model: str, route: ir.RouteName) -> Schema:
    """What a route answers with: a result, an event of a stream, or a task that was created or is looked at."""
    offers = [offer for offer in family.by_model[model] if offer.route == route]
    results = _distinct(result_schema(provider, offer) for offer in offers)
    about = {"sync": "Answer", "stream": "Data of one event", "task": "Answer to creation and query"}[route]
    title = {"title": f"{about} of {model} by the {route} route"}
    if route != "task":
        return {**title, **either(results)}
    refs = {"anyOf": [{"$ref": "#/$defs/created"}, {"$ref": "#/$defs/task"}]}
    return {**title, **refs, "$defs": {"created": created_schema(provider), "task": task_schema(provider, results)}}


def created_schema(provider: ir.Provider) -> Schema:
    """The answer to the creation of a task. Raises ValueError for a provider without tasks."""
    return {"title": "Task created", **_laid(provider, [_tasks(provider).created], TASK)}


def task_schema(provider: ir.Provider, results: Iterable[Schema]) -> Schema:
    """The answer to a query: a task in any state; one that is done holds one of the results. Raises ValueError
    for a provider without tasks."""
    tasks = _tasks(provider)
    done = standing(tasks.answer, "status", {"enum": list(tasks.states_of("done"))}, True)
    found = {"title": "Task", **_laid(provider, [tasks.answer], TASK)}
    return {**found, "if": done, "then": either(_distinct(results))} if done else found


def list_schema(provider: ir.Provider) -> Schema:
    """The answer to a query for many tasks. Raises ValueError for a provider without tasks."""
    return {
        "title": "Tasks",
        **_laid(provider, [_tasks(provider).list_answer], TASKS),
    }


def upload_schema(provider: ir.Provider) -> Schema:
    """Leave to upload a file. Raises ValueError for a provider without uploads."""
    if provider.uploads is None:
        raise ValueError(f"{provider.id} has no uploads")
    skeletons = [provider.answer, provider.uploads.answer]
    return {"title": "Leave to upload", **_laid(provider, skeletons, names(skeletons))}


def answer_schema(provider: ir.Provider) -> Schema:
    """What lies under every answer, and is all that a cancellation says."""
    return {"title": "Done", **_laid(provider, [provider.answer], RESULT)}


def error_schema(provider: ir.Provider) -> Schema:
    """The envelope of every error."""
    return {"title": "Error", **_laid(provider, [provider.errors.answer], ERROR)}


def errors_schema(provider: ir.Provider, families: Iterable[ir.Family]) -> Schema:
    """The envelope with all that is known of the provider's errors: `x-codes` by code, `x-statuses` by HTTP status."""
    return {
        **error_schema(provider),
        "title": f"Errors of {provider.id}",
        "x-codes": ir.to_json(provider.errors.codes),
        "x-statuses": {str(status): codes for status, codes in error_statuses(provider, families).items()},
    }


def error_statuses(provider: ir.Provider, families: Iterable[ir.Family]) -> dict[int, list[str]]:
    """HTTP status: the codes that come with it, by name; a status may have none, as those of HTTP itself."""
    codes = provider.errors.codes
    found: dict[int, list[str]] = {status: [] for status in _OF_HTTP}
    for code, about in codes.items():
        found.setdefault(int(about["status"]), []).append(code)
    spoken = [*provider.errors.rules.values(), *(rule for family in families for rule in family.errors.values())]
    for said in spoken:
        status = said.get("status") or codes.get(str(said.get("code")), {}).get("status")
        if status:
            listed = found.setdefault(int(status), [])
            listed += [said["code"]] if "code" in said and said["code"] not in listed else []
    return dict(sorted(found.items()))


def _tasks(provider: ir.Provider) -> ir.Tasks:
    if provider.tasks is None:
        raise ValueError(f"{provider.id} has no tasks")
    return provider.tasks


def _distinct(schemas: Iterable[Schema]) -> list[Schema]:
    found: list[Schema] = []
    for schema in schemas:
        found += [schema] if schema not in found else []
    return found


# ── From skeletons ────────────────────────────────────────────────────────────────────────────────────────────────


def _laid(provider: ir.Provider, skeletons: Iterable[Any], always: Collection[str]) -> Schema:
    """The schema of skeletons that are laid over each other."""
    made: dict[str, Any] = {}
    for skeleton in skeletons:
        made = over(made, skeleton or {})
    words = {"code": list(provider.errors.codes), "status": list(provider.tasks.states) if provider.tasks else []}
    return _Answer(always, words).node(made)


def over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """One map laid over another, key by key."""
    made = dict(below)
    for key, part in above.items():
        made[key] = over(made[key], part) if is_map(part) and is_map(made.get(key)) else part
    return made


@dataclass(frozen=True, slots=True)
class _Answer:
    """Skeletons as open schemas. `always` names what is never missing, `words` some values that a name can have."""

    always: Collection[str]
    words: Mapping[str, list[str]]

    def node(self, skeleton: Any, of: str = "") -> Schema:
        if is_map(skeleton):
            parts = {key: part for key, part in skeleton.items() if not key.startswith("$")}
            properties = {key: self.node(part, str(skeleton.get(EACH, of))) for key, part in parts.items()}
            required = [key for key, part in parts.items() if self.is_sure(part)]
            return {"type": "object", "properties": properties, **({"required": required} if required else {})}
        if is_seq(skeleton):
            return {"type": "array", "items": _items([self.node(part, of) for part in skeleton])}
        if skeleton == ITEM:
            return {"type": "string", **({"format": "uri"} if of == "images" else {})}
        if is_name(skeleton):
            name = skeleton[1:]
            words = {"examples": self.words[name]} if self.words.get(name) else {}
            return {"title": name, **({"type": TYPES[name]} if name in TYPES else {}), **words}
        type_ = "boolean" if isinstance(skeleton, bool) else "integer" if isinstance(skeleton, int) else "string"
        return {"type": type_, "examples": [skeleton]}

    def is_sure(self, part: Any) -> bool:
        """Whether a part is always there: it holds a value that is, or the list of what was made."""
        if is_map(part):
            return EACH in part or any(self.is_sure(inner) for inner in part.values())
        if is_seq(part):
            return any(self.is_sure(inner) for inner in part)
        return part == ITEM or (is_name(part) and part[1:] in self.always)


def _items(patterns: list[Schema]) -> Schema:
    """An element of a list. Where there are several kinds, none of their keys is sure."""
    if len(patterns) == 1:
        return patterns[0]
    properties: dict[str, Schema] = {}
    for key, part in (pair for pattern in patterns for pair in pattern.get("properties", {}).items()):
        words = [*properties.get(key, {}).get("examples", []), *part.get("examples", [])]
        properties[key] = {**part, **({"examples": words} if words else {})}
    return {"type": "object", "properties": properties}
