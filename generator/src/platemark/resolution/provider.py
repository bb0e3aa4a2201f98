"""A provider: mostly data that is taken over as it is, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from platemark import ir
from platemark.plain import each, is_map
from platemark.resolution.evidence import Ledger, conflict
from platemark.rules.values import most_bytes
from platemark.spec import model as spec
from platemark.spec.model import Stated

_SKELETONS = {"created", "answer", "list_query", "list_answer"}
_SECONDS = {"s": 1, "min": 60, "h": 3600}


def resolve_provider(provider: spec.Provider, loaded: spec.Spec) -> ir.Provider:
    """A provider as data, each of its places and tasks with who says so."""
    data = provider.data
    facts = _Facts(provider, Ledger(loaded.documents, provider.sources, provider.conflicts))
    errors = data["errors"]
    return ir.Provider(
        id=provider.id,
        about=data["about"],
        client=data["client"],
        auth=_auth(data["auth"]),
        hosts=data["hosts"],
        regions=tuple(facts.region(name, region) for name, region in data["regions"].items()),
        endpoints=tuple(facts.endpoint(name, endpoint) for name, endpoint in data["endpoints"].items()),
        transports=tuple(
            ir.Transport(cast("ir.RouteName", name), transport.get("headers", {}), transport.get("parameters", {}))
            for name, transport in data["transports"].items()
        ),
        payloads=data["payloads"],
        answer=data.get("answer", {}),
        results=data["results"],
        images=facts.images(data["images"]) if data.get("images") else None,
        stream=data.get("stream", {}),
        tasks=facts.tasks(data["tasks"]) if data.get("tasks") else None,
        errors=ir.Errors(errors["answer"], errors["codes"], errors["rules"], errors.get("status_200_too", False)),
        uploads=_uploads(data["uploads"]) if data.get("uploads") else None,
        conflicts=tuple(conflict(losing) for losing in provider.conflicts.values()),
        families=tuple(family.name for family in loaded.families if family.provider == provider.id),
        environment={name: tuple(each(v)) for name, v in data.get("environment", {}).items() if name != "from"},
    )


class _Facts:
    """The parts of a provider that stand with evidence."""

    def __init__(self, provider: spec.Provider, ledger: Ledger) -> None:
        self.provider = provider
        self.ledger = ledger

    def region(self, name: str, region: Mapping[str, Any]) -> ir.Region:
        host = region.get("host", "")
        evidence = self.evidence(("regions", name), region.get("host", name), region.get("from"))
        return ir.Region(name, region.get("alias", ""), host, evidence)

    def endpoint(self, name: str, endpoint: Mapping[str, Any]) -> ir.Endpoint:
        evidence = self.evidence(("endpoints", name), endpoint["path"], endpoint.get("from"))
        return ir.Endpoint(name, endpoint["path"], each(endpoint["payload"]), tuple(endpoint["transports"]), evidence)

    def images(self, images: Mapping[str, Any]) -> ir.Images:
        keep = _seconds(images["keep"]) if "keep" in images else 0
        return ir.Images(images["format"], keep, self.by_key("images", images))

    def tasks(self, tasks: Mapping[str, Any]) -> ir.Tasks:
        return ir.Tasks(
            created=tasks["created"],
            answer=tasks["answer"],
            query=tasks["query"],
            states=tasks["states"],
            list=tasks.get("list", ""),
            list_window=_seconds(tasks["list_window"]) if "list_window" in tasks else 0,
            list_query=tasks.get("list_query", {}),
            list_answer=tasks.get("list_answer"),
            cancel=tasks.get("cancel", ""),
            cancelable=tuple(tasks.get("cancelable", ())),
            poll=_seconds(tasks.get("poll", "10 s")),
            keep=_seconds(tasks["keep"]) if "keep" in tasks else 0,
            zone=tasks.get("zone", ""),
            rate=tasks.get("limits", {}).get("rate", ""),
            evidence=self.by_key("tasks", tasks),
        )

    def by_key(self, part: str, said: Mapping[str, Any]) -> dict[str, ir.Evidence]:
        """Who says each key of a part, whose `from` is for all of them, or has documents by key."""
        froms = said.get("from", {})
        return {
            key: self.evidence(
                (part, key),
                key if key in _SKELETONS else value,
                froms.get(key) if is_map(froms) else froms,
                subject=key,
            )
            for key, value in said.items()
            if key != "from"
        }

    def evidence(self, path: tuple[str, str], shown: str, documents: Any, *, subject: str = "") -> ir.Evidence:
        """Who says what stands at `path`: the `documents` that its line names, or all; `shown` stands in them."""
        sources = each(documents) if documents else None
        stated = Stated(shown, self.provider.tree.place(path), "provider", sources)
        return self.ledger.of(".".join(path), stated, subject or shown)


def _auth(data: Mapping[str, Any]) -> ir.Auth:
    said = {key: value for key, value in data.items() if key not in {"from", "refused"}}
    return ir.Auth(**said, refused=tuple(data.get("refused", ())))


def _uploads(data: Mapping[str, Any]) -> ir.Uploads:
    return ir.Uploads(
        policy=data["policy"],
        answer=data["answer"],
        form=tuple(data["form"]),
        key=data["key"],
        scheme=data["scheme"],
        header=data["header"],
        expires=_seconds(data["expires"]) if "expires" in data else 0,
        keep=_seconds(data["keep"]) if "keep" in data else 0,
        bytes=most_bytes(data["bytes"]) if "bytes" in data else 0,
        rate=data.get("rate", ""),
    )


def _seconds(text: str) -> int:
    number, unit = text.split()
    return int(number) * _SECONDS[unit]
