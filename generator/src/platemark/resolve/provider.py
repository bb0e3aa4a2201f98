"""A provider: mostly data that is taken over as it is, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from platemark import ir
from platemark.resolve.evidence import Ledger, conflict
from platemark.spec import model as spec
from platemark.spec.model import Stated


def resolve_provider(provider: spec.Provider, loaded: spec.Spec) -> ir.Provider:
    data = provider.data
    ledger = Ledger(loaded.documents, provider.sources, provider.conflicts)

    def evidence(subject: str, *path: str, fact: str = "") -> ir.Evidence:
        here: Any = data
        for key in path:
            here = here[key]
        documents = here.get("from") if isinstance(here, dict) else None
        named = (documents,) if isinstance(documents, str) else tuple(documents) if documents else None
        return ledger.of(fact or ".".join(path), Stated(subject, provider.tree.place(path), "provider", named), subject)

    errors, tasks = data["errors"], data.get("tasks")
    return ir.Provider(
        provider.id, data["about"], data["client"],
        ir.Auth(**{key: value for key, value in data["auth"].items() if key != "from"}),
        data["hosts"],
        tuple(ir.Region(name, r.get("alias", ""), r.get("host", ""), evidence(r.get("host", name), "regions", name))
              for name, r in data["regions"].items()),
        tuple(ir.Endpoint(name, e["path"], _tuple(e["payload"]), tuple(e["transports"]), evidence(e["path"], "endpoints", name))
              for name, e in data["endpoints"].items()),
        tuple(ir.Transport(cast("ir.RouteName", name), t.get("headers", {}), t.get("parameters", {}))
              for name, t in data["transports"].items()),
        data["payloads"], data.get("answer", {}), data["results"], data.get("images", {}), data.get("stream", {}),
        _tasks(tasks, provider, ledger) if tasks else None,
        ir.Errors(errors["answer"], errors["codes"], errors["rules"], errors.get("status_200_too", False)),
        data.get("uploads", {}),
        tuple(conflict(losing) for losing in provider.conflicts.values()),
        tuple(family.name for family in loaded.families if family.provider == provider.id),
    )  # fmt: skip


def _tasks(tasks: Mapping[str, Any], provider: spec.Provider, ledger: Ledger) -> ir.Tasks:
    froms = tasks.get("from", {})
    whole = _tuple(froms) if isinstance(froms, str | list) else None
    evidence = {
        key: ledger.of(f"tasks.{key}", Stated(tasks[key] if isinstance(tasks[key], str) else key,
                                              provider.tree.place(("tasks", key)), "provider",
                                              _tuple(froms[key]) if isinstance(froms, dict) and key in froms else whole), key)
        for key in tasks if key != "from"
    }  # fmt: skip
    return ir.Tasks(
        tasks["created"], tasks["answer"], tasks["query"], tasks["states"], tasks.get("list", ""), tasks.get("list_answer"),
        tasks.get("cancel", ""), tuple(tasks.get("cancelable", ())), _seconds(tasks.get("poll", "10 s")),
        _seconds(tasks["keep"]) if "keep" in tasks else 0, tasks.get("limits", {}).get("rate", ""), evidence,
    )  # fmt: skip


def _tuple(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _seconds(text: str) -> int:
    number, unit = text.split()
    return int(number) * {"s": 1, "min": 60, "h": 3600}[unit]
