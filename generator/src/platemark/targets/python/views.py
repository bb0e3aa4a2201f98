"""What the package's shared files say, by spec: lists of models, exports, the service's data, the README's table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.rules.values import rate
from platemark.targets import PACKAGE
from platemark.targets.python import naming, surface
from platemark.targets.python.printer import Code, literal

IMPORTS: Mapping[str, tuple[str, ...]] = {
    "collections.abc": ("AsyncIterator", "Iterator", "Sequence"),
    "typing": ("TYPE_CHECKING", "Any", "Literal", "TypeAlias", "TypedDict", "overload"),
    f"{PACKAGE}._runtime.cli.options": ("Flag", "Mode", "Place"),
    f"{PACKAGE}._runtime.client": ("AsyncClient", "AsyncEvent", "Client", "Event"),
    f"{PACKAGE}._runtime.estimates": ("Estimate",),
    f"{PACKAGE}._runtime.inputs": ("Pictures", "Size"),
    f"{PACKAGE}._runtime.ir": (
        "Document", "Evidence", "Family", "Model", "Offer", "Parameter", "Provider", "Region", "Rule", "Source",
        "Stream", "Tasks", "Uploads", "Values",
    ),
    f"{PACKAGE}._runtime.prepare": ("Prepared",),
    f"{PACKAGE}._runtime.results": ("AsyncResult", "Result"),
    f"{PACKAGE}._runtime.settings": ("Options",),
    f"{PACKAGE}._runtime.tasks": ("AsyncTask", "Task"),
}  # fmt: skip
"""Module: names that emitted modules may need from it."""
TYPE_IMPORTS: Mapping[str, tuple[str, ...]] = {
    "typing": ("NotRequired", "Required", "Unpack"), PACKAGE: ("types",),
}  # fmt: skip
"""The same, for types alone."""

_PUBLIC: Mapping[str, tuple[str, ...]] = {
    "_runtime.errors": (
        "APIError", "AuthenticationError", "ConfigurationError", "ConnectionFailed", "ContentRejected", "CostExceeded",
        "CostUnknown", "JobsInvalid", "JournalError", "NotAllSaved", "NotFound", "OutcomeUnknown", "PermissionDenied",
        "PlatemarkError", "RateLimited", "RequestInvalid", "ResultExpired", "ServerError", "TaskFailed", "TaskTimeout",
    ),
    "_runtime.batch.results": ("BatchProgress", "BatchResult", "FailedJob", "UnknownJob"),
    "_runtime.catalog": ("Ability", "ModelInfo"),
    "_runtime.costs": ("Money",),
    "_runtime.estimates": ("Estimate",),
    "_runtime.inputs": ("Picture", "Pictures", "Size", "Upload"),
    "_runtime.lives": ("Listed", "Page", "State"),
    "_runtime.pictures": ("data_uri",),
    "_runtime.prepare": ("Prepared",),
    "_runtime.settings": ("Options", "Validate"),
    "_runtime.tasks": ("AsyncTask", "Task"),
    "_runtime.report": ("Cited", "Report", "Violation"),
    "_runtime.results": ("AsyncImage", "AsyncResult", "Image", "ImageArrived", "Result", "TextDelta"),
    "_runtime.validate": ("validate",),
}  # fmt: skip

KINDS: tuple[Mapping[str, Any], ...] = (
    {
        "prefix": "", "client": "Client", "result": "Result", "def": "def", "await": "",
        "about": "A client that blocks.",
        "prepare": {"def": "def", "returns": "Prepared", "call": "prepared"},
        "estimate": {"def": "def", "returns": "Estimate", "call": "prepared.estimate"},
        "submit": {"def": "def", "returns": "Task", "call": "self._client.start(prepared)"},
        "stream": {"def": "def", "returns": "Iterator[Event]", "call": "self._client.events(prepared)"},
    },
    {
        "prefix": "Async", "client": "AsyncClient", "result": "AsyncResult", "def": "async def", "await": "await ",
        "about": "A client that awaits.",
        "prepare": {"def": "def", "returns": "Prepared", "call": "prepared"},
        "estimate": {"def": "def", "returns": "Estimate", "call": "prepared.estimate"},
        "submit": {"def": "async def", "returns": "AsyncTask", "call": "await self._client.start(prepared)"},
        "stream": {"def": "def", "returns": "AsyncIterator[AsyncEvent]", "call": "self._client.events(prepared)"},
    },
)  # fmt: skip
"""The two clients, which differ in these words alone."""
VERBS: tuple[Mapping[str, str], ...] = (
    {"name": "prepare", "route": "", "typed": "Body",
     "doc": "The exact request of a mode, judged but not sent; no key is needed.\n\n"
            "Raises RequestInvalid with every broken rule."},
    {"name": "estimate", "route": "", "typed": "",
     "doc": "How many pictures a request of a mode makes, and what it may cost. Nothing is sent; no key is needed.\n\n"
            "Raises RequestInvalid with every broken rule."},
    {"name": "submit", "route": "task", "typed": "Answer",
     "doc": "Start a task and come back at once.\n\nRaises RequestInvalid before anything is sent."},
    {"name": "stream", "route": "stream", "typed": "",
     "doc": "Texts and pictures as they arrive.\n\nRaises RequestInvalid before anything is sent."},
)  # fmt: skip
"""What else a model's modes can do, besides making pictures at once."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model as an attribute of its client."""

    id: str
    attribute: str
    class_name: str
    module: str
    about: str


def models(spec: ir.Ir, provider: ir.Provider, modules: Mapping[str, str]) -> list[Listed]:
    """Every model of a service. Raises NamingError when two would be the same attribute."""
    families = spec.families_of(provider.id)
    attributes = naming.distinct((m.id for f in families for m in f.models), _attribute)
    root = f"{PACKAGE}.{naming.identifier(provider.id)}"
    return [
        Listed(name, attributes[name], naming.class_name(group[0]), f"{root}.{modules[family.name]}",
               f"{family.about}.")
        for family in families for group in surface.alike(family) for name in group
    ]  # fmt: skip


def _attribute(model: str) -> str:
    return naming.identifier(model, naming.CLIENT)


def exports(spec: ir.Ir, folders: Mapping[str, str]) -> dict[str, str]:
    """Public name: its module, below the package."""
    clients = [provider.client for provider in spec.providers]
    naming.distinct(clients, naming.class_name)
    own = {f"{kind['prefix']}{p.client}": folders[p.id] for p in spec.providers for kind in KINDS}
    shared = {name: module for module, names in _PUBLIC.items() for name in names}
    if both := own.keys() & shared.keys():
        raise naming.NamingError(f"a client can't be called {', '.join(sorted(both))}: the package has that already")
    return {**own, **shared}


def provider(found: ir.Provider, module: str, modules: Mapping[str, str], spec: ir.Ir) -> Code:
    """A service's data as Python; `module` is its own."""
    kept = ("status", "class", "retry")
    codes = {code: {k: facts[k] for k in kept if k in facts} for code, facts in found.errors.codes.items()}
    families = spec.families_of(found.id)
    where = {m.id: f"{module}.rules.{modules[f.name]}" for f in families for m in f.models}
    given = {
        "id": literal(found.id), "client": literal(found.client), "header": literal(found.auth.header),
        "credential": literal(found.auth.value), "env": literal(found.auth.env), "hosts": literal(dict(found.hosts)),
        "base_path": literal(found.base_path),
        "regions": f"({''.join(_region(region) for region in found.regions)})",
        "endpoints": literal({e.id: e.path for e in found.endpoints}),
        "headers": literal({t.name: dict(t.headers) for t in found.transports}),
        "payloads": literal(dict(found.payloads)), "answer": literal(found.answer),
        "results": literal(dict(found.results)),
        "error": literal(found.errors.answer), "errors": literal(codes),
        "status_200_too": literal(found.errors.status_200_too),
        "tasks": _tasks(found.tasks) if found.tasks else "None",
        "stream": _stream(found.stream) if found.stream else "None", "models": literal(where),
        "workspace": literal(found.auth.workspace), "environment": literal(environment(found)),
        "uploads": _uploads(found.uploads) if found.uploads else "None",
        "keep": literal(found.images.keep if found.images else 0), "refused": literal(found.auth.refused),
    }  # fmt: skip
    return Code(f"Provider({', '.join(f'{key}={text}' for key, text in given.items())},)")


def _region(region: ir.Region) -> str:
    return f"Region({literal(region.id)}, {literal(region.alias)}, {literal(region.host)}), "


def _tasks(tasks: ir.Tasks) -> str:
    parts = [tasks.created, tasks.answer, tasks.query, dict(tasks.states), tasks.poll, tasks.keep, tasks.list,
             dict(tasks.list_query), tasks.list_answer, tasks.cancel, rate(tasks.rate) if tasks.rate else None,
             tasks.zone, tasks.list_window]  # fmt: skip
    return f"Tasks({', '.join(literal(part) for part in parts)})"


def environment(found: ir.Provider) -> dict[str, tuple[str, ...]]:
    """What may be left out, with the key first."""
    return {"api_key": (found.auth.env,), **found.environment}


def _uploads(uploads: ir.Uploads) -> str:
    parts = [uploads.policy, uploads.answer, uploads.form, uploads.key, uploads.scheme, dict(uploads.header),
             uploads.keep, uploads.bytes]  # fmt: skip
    return f"Uploads({', '.join(literal(part) for part in parts)})"


def _stream(stream: Mapping[str, Any]) -> str:
    """The last answer is known by what says `more` until then; other fields that it has prove nothing."""
    last = {name: value for name, value in stream["last"].items() if name in stream.get("more", stream["last"])}
    parts = [stream.get("error", ""), last]
    return f"Stream({', '.join(literal(part) for part in parts)})"


def table(spec: ir.Ir) -> list[tuple[str, str, str, str]]:
    """Client, model, attribute and modes of all models."""
    return [
        (p.client, model.id, _attribute(model.id), ", ".join(dict.fromkeys(o.mode for o in family.by_model[model.id])))
        for p, family, model in spec.models.values()
    ]
