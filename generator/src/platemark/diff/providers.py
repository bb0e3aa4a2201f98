"""A service as both specs have it: key by key, and for each key what its change means for who calls the service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from platemark import ir
from platemark.diff.changes import Fact, Found, Impact, Spot, Word, found, resourced
from platemark.diff.skeletons import flat, moved
from platemark.plain import is_map
from platemark.rules.values import rate

B: Impact = "breaking"
C: Impact = "compatible"
D: Impact = "documentation"

_Sort: TypeAlias = Literal["fact", "room", "refusal", "leave", "travel", "wording"]


@dataclass(frozen=True, slots=True)
class _Policy:
    """What is said of the keys that `path` matches, and what it means when one comes, goes or changes.

    `sort`: a `room` has a figure of which more is looser; a `refusal` is tighter where it is there, a `leave` where it
    is not; `travel` is how requests travel; `wording` is for people."""

    path: str
    kind: str
    added: Impact
    removed: Impact
    changed: Impact
    sort: _Sort = "fact"


_POLICIES = (
    _Policy("about", "about", D, D, D, "wording"),
    _Policy("client", "client", B, B, B),
    _Policy("auth.note", "note", D, D, D, "wording"),
    _Policy("auth.refused.*", "auth", B, C, C, "refusal"),
    _Policy("auth.workspace", "auth", C, B, B),
    _Policy("auth.*", "auth", B, B, B),
    _Policy("environment.**", "environment", C, B, C),
    _Policy("hosts.*", "host", C, B, B, "travel"),
    _Policy("regions.*", "region", C, B, B),
    _Policy("regions.*.host", "host", C, B, B, "travel"),
    _Policy("regions.*.alias", "region", C, B, B),
    _Policy("transports.*", "route", C, B, B),
    _Policy("transports.*.headers.*", "route", B, B, B, "travel"),
    _Policy("images.format", "format", C, C, B),
    _Policy("images.keep", "retention", C, C, C, "room"),
    _Policy("images", "retention", C, C, C),
    _Policy("stream.**", "stream", C, B, B),
    _Policy("tasks", "task", C, B, B),
    _Policy("tasks.query", "route", C, B, B, "travel"),
    _Policy("tasks.list", "route", C, B, B, "travel"),
    _Policy("tasks.cancel", "route", C, B, B, "travel"),
    _Policy("tasks.list_query.*", "task", C, B, B),
    _Policy("tasks.list_window", "task", B, C, B, "room"),
    _Policy("tasks.states.*", "state", C, C, B),
    _Policy("tasks.cancelable.*", "state", C, B, B, "leave"),
    _Policy("tasks.poll", "poll", C, C, C),
    _Policy("tasks.zone", "task", C, B, B),
    _Policy("tasks.rate", "limits", C, C, C, "room"),
    _Policy("tasks.keep", "retention", C, C, C, "room"),
    _Policy("errors.codes.*", "error", C, C, B),
    _Policy("errors.codes.*.retry", "error", C, C, C),
    _Policy("errors.codes.*.message", "error", D, D, D, "wording"),
    _Policy("errors.codes.*.note", "error", D, D, D, "wording"),
    _Policy("errors.codes.*.*", "error", B, B, B),
    _Policy("errors.rules.*", "error", C, C, B),
    _Policy("errors.rules.*.message", "error", D, D, D, "wording"),
    _Policy("errors.rules.*.*", "error", B, B, B),
    _Policy("errors.status_200_too", "error", B, C, B),
    _Policy("uploads", "upload", C, B, B),
    _Policy("uploads.bytes", "upload", B, C, B, "room"),
    _Policy("uploads.expires", "retention", C, C, C, "room"),
    _Policy("uploads.keep", "retention", C, C, C, "room"),
    _Policy("uploads.rate", "limits", C, C, C, "room"),
    _Policy("uploads.**", "upload", B, B, B, "travel"),
)
"""The first that matches holds: `*` is one name, `**` any below."""

_MATCHES = [
    (re.compile(re.escape(p.path).replace(r"\*\*", ".+").replace(r"\*", "[^/]+").replace(r"\.", "/") + "$"), p)
    for p in _POLICIES
]
"""Names of codes hold dots, so the parts of a path are told apart by slashes."""


def providers(old: ir.Ir, new: ir.Ir) -> Iterator[Found]:
    """Every change of the services, but for their models."""
    before, after = ({provider.id: provider for provider in spec.providers} for spec in (old, new))
    for id_ in dict.fromkeys([*before, *after]):
        spot = Spot(id_)
        if id_ not in after:
            yield found(Fact(spot, "provider", "provider"), "removed", B, (id_, None), f"`{id_}` is gone")
        elif id_ not in before:
            told = f"`{id_}` is new: {after[id_].about}"
            yield found(Fact(spot, "provider", "provider"), "added", C, (None, id_), told)
        else:
            yield from _provider(spot, before[id_], after[id_])


def _provider(spot: Spot, old: ir.Provider, new: ir.Provider) -> Iterator[Found]:
    cited = _evidence(old) | _evidence(new)
    yield from _walk(spot, _facts(old), _facts(new), (), cited)
    for name, one, other in zip(_answers(old), _answers(old).values(), _answers(new).values(), strict=True):
        if one is not None and other is not None:
            yield from moved(Fact(spot, name, "answer"), one, other)
    before, after = _evidence(old), _evidence(new)
    for path in [path for path in before if path in after]:
        fact = Fact(spot, ".".join(path), path[0].removesuffix("s"))
        yield from resourced(fact, before[path], after[path])


def _answers(provider: ir.Provider) -> dict[str, ir.Json]:
    tasks, uploads = provider.tasks, provider.uploads
    return {
        "answer": provider.answer,
        "tasks.created": tasks and tasks.created,
        "tasks.answer": tasks and tasks.answer,
        "tasks.list_answer": tasks and tasks.list_answer,
        "errors.answer": provider.errors.answer,
        "uploads.answer": uploads and uploads.answer,
    }


def _evidence(provider: ir.Provider) -> dict[tuple[str, ...], ir.Evidence]:
    found = {("regions", region.id): region.evidence for region in provider.regions}
    found |= {("endpoints", endpoint.id): endpoint.evidence for endpoint in provider.endpoints}
    for name, part in (("images", provider.images), ("tasks", provider.tasks)):
        found |= {(name, key): evidence for key, evidence in (part.evidence.items() if part else ())}
    return found


# ── As keys and values ────────────────────────────────────────────────────────────────────────────────────────────


def _facts(provider: ir.Provider) -> dict[str, Any]:
    """What a provider says, but for skeletons, endpoints and models, which are told offer by offer."""
    auth, tasks, uploads = provider.auth, provider.tasks, provider.uploads
    said: dict[str, Any] = ir.to_json(auth)
    return {
        "about": provider.about,
        "client": provider.client,
        "auth": {**said, "refused": dict.fromkeys(auth.refused, True)},
        "environment": {name: {v: at for at, v in enumerate(names)} for name, names in provider.environment.items()},
        "hosts": dict(provider.hosts),
        "regions": {r.id: _without({"alias": r.alias, "host": r.host}) for r in provider.regions},
        "transports": {
            t.name: {"headers": {name.casefold(): value for name, value in t.headers.items()}}
            for t in provider.transports
        },
        **({"images": _without(ir.to_json(provider.images), "evidence")} if provider.images else {}),
        "stream": flat(provider.stream),
        **({"tasks": _tasks(tasks)} if tasks else {}),
        "errors": {
            "codes": {code: dict(said) for code, said in provider.errors.codes.items()},
            "rules": {rule: dict(said) for rule, said in provider.errors.rules.items()},
            **({"status_200_too": True} if provider.errors.status_200_too else {}),
        },
        **({"uploads": _uploads(uploads)} if uploads else {}),
    }


def _tasks(tasks: ir.Tasks) -> dict[str, Any]:
    said = _without(ir.to_json(tasks), "created", "answer", "list_answer", "evidence")
    lists = {"states": dict(tasks.states), "list_query": dict(tasks.list_query)}
    return {**said, **lists, "cancelable": dict.fromkeys(tasks.cancelable, True)}


def _uploads(uploads: ir.Uploads) -> dict[str, Any]:
    said = _without(ir.to_json(uploads), "answer")
    return {**said, "form": flat(uploads.form), "header": dict(uploads.header)}


def _without(said: Mapping[str, Any] | None, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in (said or {}).items() if key not in keys and value not in ("", 0, None)}


_TIMES = ("keep", "poll", "expires", "list_window")
_UNITS = (("h", 3600), ("min", 60), ("s", 1))
_BYTES = (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10))
_NOTHING = object()
"""Where one of the two says nothing."""

# ── What differs ──────────────────────────────────────────────────────────────────────────────────────────────────


def _walk(
    spot: Spot, old: Any, new: Any, path: tuple[str, ...], cited: Mapping[tuple[str, ...], ir.Evidence]
) -> Iterator[Found]:
    """Each key that came, went or changed; of one that came or went as a whole, nothing of what is below."""
    if is_map(old) and is_map(new):
        for key in dict.fromkeys([*old, *new]):
            yield from _walk(spot, old.get(key, _NOTHING), new.get(key, _NOTHING), (*path, key), cited)
    elif old != new:
        policy = _policy(path)
        word = _word(policy, old, new)
        impact = policy.added if old is _NOTHING else policy.removed if new is _NOTHING else policy.changed
        evidence = next((cited[path[:end]] for end in (2, 1) if path[:end] in cited), None)
        fact, said = Fact(spot, ".".join(path), policy.kind), (_written(path, old), _written(path, new))
        yield found(fact, word, C if word == "loosened" else impact, said, _sentence(path, old, new), evidence)


def _policy(path: tuple[str, ...]) -> _Policy:
    """Raises StopIteration for a key of which no policy says what its change means; a test asks for each."""
    joined = "/".join(path)
    return next(policy for pattern, policy in _MATCHES if pattern.match(joined))


def _word(policy: _Policy, old: Any, new: Any) -> Word:
    fresh, gone = old is _NOTHING, new is _NOTHING
    match policy.sort:
        case "wording":
            return "documentation only"
        case "refusal" | "leave" if fresh or gone:
            return "tightened" if fresh == (policy.sort == "refusal") else "loosened"
        case "travel" if not (fresh or gone):
            return "route changed"
        case "room" if not (fresh or gone):
            return "loosened" if _more(old, new) else "tightened"
        case _:
            return "added" if fresh else "removed" if gone else "changed"


def _more(old: Any, new: Any) -> bool:
    if isinstance(old, int):
        return new > old
    (a, b), (c, d) = rate(old), rate(new)
    return c * b > a * d


def _written(path: tuple[str, ...], value: Any) -> Any:
    """As a spec writes it."""
    if value is _NOTHING:
        return None
    units = _UNITS if path[-1] in _TIMES else _BYTES if path[-1] == "bytes" else ()
    if not units or is_map(value):
        return value
    number, unit = next((value // size, unit) for unit, size in units if value % size == 0)
    return f"{'..' if units is _BYTES else ''}{number} {unit}"


def _sentence(path: tuple[str, ...], old: Any, new: Any) -> str:
    name, before, after = f"`{'.'.join(path)}`", _shown(path, old), _shown(path, new)
    if old is _NOTHING:
        return f"{name} is new{after and f': {after}'}"
    if new is _NOTHING:
        return f"{name} is gone{before and f': it was {before}'}"
    return f"{name} is {after}; before: {before}" if before else f"{name} is another"


def _shown(path: tuple[str, ...], value: Any) -> str:
    """On one line; empty where the name says it all."""
    named = value is _NOTHING or value is True or is_map(value) or path[0] == "environment"
    return "" if named else f"`{_written(path, value)}`"
