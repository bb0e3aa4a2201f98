"""The named parts of a document: a body for each model and mode, unions of them by model, answers, and errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platemark import schema
from platemark.ir import Endpoint, Family, Offer, Provider
from platemark.rules import samples
from platemark.schema import Schema

_ANSWERS = {"sync": "result", "stream": "event", "task": "outcome"}


def ref(name: str, kind: str = "schemas") -> Schema:
    """A reference to a named part of the document."""
    return {"$ref": f"#/components/{kind}/{name}"}


@dataclass(frozen=True)
class Body:
    """What an offer takes, by the name of its component."""

    name: str
    family: Family
    offer: Offer


def bodies(provider: Provider, families: Iterable[Family]) -> tuple[list[Body], dict[str, Schema]]:
    """All offers, and the components of their bodies. A mode whose routes take the same body has one component."""
    made: list[Body] = []
    schemas: dict[str, Schema] = {}
    for family in families:
        for offer in family.offers:
            found = schema.mode_schema(provider, family, offer)
            short = f"{offer.model}.{offer.mode}"
            name = short if schemas.setdefault(short, found) == found else f"{offer.model}.{offer.route}.{offer.mode}"
            schemas[name] = found
            made.append(Body(name, family, offer))
    return made, schemas


def served(endpoint: Endpoint, made: Iterable[Body]) -> list[Body]:
    """The bodies that are sent to an endpoint."""
    return [body for body in made if body.offer.endpoint == endpoint.id]


def union(endpoint: Endpoint, made: Sequence[Body]) -> tuple[Schema, dict[str, Schema]]:
    """The body of an endpoint, told apart by model, and a component for each model that has several modes there."""
    by_model: dict[str, list[str]] = {}
    for body in made:
        names = by_model.setdefault(body.offer.model, [])
        names += [body.name] if body.name not in names else []
    unions = {_union(model, endpoint): names for model, names in by_model.items() if len(names) > 1}
    named = {model: _union(model, endpoint) if len(names) > 1 else names[0] for model, names in by_model.items()}
    whole = {
        "oneOf": [ref(name) for name in named.values()],
        "discriminator": {
            "propertyName": "model",
            "mapping": {model: ref(name)["$ref"] for model, name in named.items()},
        },
    }
    return whole, {name: {"title": name, "oneOf": [ref(part) for part in parts]} for name, parts in unions.items()}


def _union(model: str, endpoint: Endpoint) -> str:
    return f"{model}.any.{endpoint.id}"


def examples(provider: Provider, made: Iterable[Body]) -> dict[str, Any]:
    """The smallest request of every body."""
    return {
        body.name: {
            "summary": f"{body.offer.model}: {body.offer.about}",
            "value": samples.body(provider, body.offer, samples.minimal(body.family, body.offer)),
        }
        for body in made
    }


def answers(provider: Provider, made: Iterable[Body]) -> dict[str, Schema]:
    """The components of all that comes back with success, and of an error."""
    found: dict[str, Schema] = {"error": schema.error_schema(provider)}
    done: list[str] = []
    for body in made:
        name = result_name(body.offer)
        found[name] = {"title": name, **schema.result_schema(provider, body.offer)}
        done += [name] if body.offer.route == "task" and name not in done else []
    if provider.tasks:
        found["created"] = schema.created_schema(provider)
        found["task"] = schema.task_schema(provider, [ref(name) for name in done])
        found |= {"tasks": schema.list_schema(provider)} if provider.tasks.list else {}
        found |= {"done": schema.answer_schema(provider)} if provider.tasks.cancel else {}
    return found | ({"leave": schema.upload_schema(provider)} if provider.uploads else {})


def result_name(offer: Offer) -> str:
    """Of a stream each event is an answer; the result of a task is laid over another answer."""
    return f"{_ANSWERS[offer.route]}.{offer.result}"


def errors(provider: Provider, families: Sequence[Family]) -> dict[str, Mapping[str, Any]]:
    """The responses of every status that is not a success, with what their codes mean; where there are streams, each
    also as it answers a request for one."""
    made: dict[str, Mapping[str, Any]] = {}
    for status, codes in schema.error_statuses(provider, families).items():
        known = [{"code": code, **provider.errors.codes.get(code, {})} for code in codes]
        plain = {"application/json": {"schema": ref("error")}}
        about = {"description": ", ".join(codes) or "The request was refused", **({"x-codes": known} if known else {})}
        made[f"error.{status}"] = {**about, "content": plain}
        if provider.stream:
            made[f"error.{status}.event"] = {**about, "content": {**plain, **events([ref("error")])}}
    return made


def events(each: list[Schema]) -> Schema:
    """The content of a stream: OpenAPI 3.1 has no word for its items, and tools take the schema for that of an event,
    whose data hold one of the schemas."""
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"anyOf": each}}
    about = {"title": "Event", "description": "One of the server-sent events"}
    return {
        "text/event-stream": {
            "schema": {**about, "type": "object", "properties": {"data": data}, "required": ["data"]},
        }
    }
