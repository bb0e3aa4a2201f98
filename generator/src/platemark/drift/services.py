"""What a provider's file claims: addresses, headers, hosts, states, how long things live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from platemark import ir
from platemark.documents.atoms import templated
from platemark.drift.claims import Claim, Figure
from platemark.plain import each, is_map, is_seq
from platemark.spec.model import Provider

_Fact: TypeAlias = "tuple[tuple[str, ...], str, tuple[Figure, ...]]"
"""The path of a line, the kind of its fact, and the figures in it."""
_SECONDS = {"s": 1, "min": 60, "h": 3600}


def of_provider(provider: Provider, known: ir.Ir) -> Iterator[Claim]:
    """Every claim of a provider's file about a document."""
    for path, kind, figures in _facts(provider.data):
        for document in _documents(provider, path):
            yield Claim(
                ".".join(path), kind, "", document, ".".join(path), figures, provider.tree.get(path),
                "poll" if path == ("tasks", "poll") else kind,
                unit="rate" if kind == "limit" else "", models=_models(provider, known, path), provider=provider.id,
                path=path, file=provider.tree.file, line=provider.tree.place(path).line,
                sources=_documents(provider, path),
            )  # fmt: skip
    yield from _losing(provider, known)
    yield from _structure(provider, known)


def _structure(provider: Provider, known: ir.Ir) -> Iterator[Claim]:
    """What the skeletons of bodies say: constants, and how often an element stands in its list."""
    for name, endpoint in provider.data["endpoints"].items():
        path = ("endpoints", name, "path")
        payload = provider.data["payloads"][each(endpoint["payload"])[0]]
        facts = [("role.fixed", "fixed", "", tuple(Figure("word", word) for word in _constants(payload, "role")))]
        if _listed(payload, "$prompt"):
            facts.append(("prompt.count", "count", "prompt", (Figure("int", "1"),)))
        for id_, kind, parameter, figures in facts:
            partly = [name for name, places in provider.sources.items() if places != ("all",)]  # those show requests
            cited = dict.fromkeys([*_documents(provider, path), *partly])
            for document in cited if figures else ():
                yield Claim(
                    id_, kind, parameter, document, ".".join(path), figures, None, kind,
                    models=_models(provider, known, path), provider=provider.id, file=provider.tree.file,
                    path=("payloads", each(endpoint["payload"])[0]),
                )  # fmt: skip


def _listed(skeleton: Any, name: str, *, inside: bool = False) -> bool:
    if is_map(skeleton):
        return any(_listed(value, name, inside=inside) for value in skeleton.values())
    if is_seq(skeleton):
        return any(_listed(part, name, inside=True) for part in skeleton)
    return inside and skeleton == name


def _facts(data: dict[str, Any]) -> Iterator[_Fact]:
    for name, endpoint in data["endpoints"].items():
        yield ("endpoints", name, "path"), "route", (Figure("path", templated(endpoint["path"])),)
    for name, region in data["regions"].items():
        hosts = (Figure("host", region["host"]),) if "host" in region else ()
        yield ("regions", name), "route", (*hosts, Figure("region", name))
    for name, transport in data["transports"].items():
        headers = tuple(
            figure
            for header, value in transport.get("headers", {}).items()
            for figure in (Figure("header", header), Figure("word", value))
        )
        if headers:
            yield ("transports", name, "headers"), "route", headers
    yield (
        ("auth", "value"),
        "route",
        (Figure("word", str(data["auth"]["value"]).partition(" ")[0]),),
    )
    tasks = data.get("tasks", {})
    for name in ("query", "list", "cancel"):
        if name in tasks:
            yield ("tasks", name), "route", (Figure("path", templated(str(tasks[name]).split()[1])),)
    if "states" in tasks:
        yield ("tasks", "states"), "state", tuple(Figure("state", word) for word in tasks["states"])
    for name, kind in (("keep", "retention"), ("poll", "default")):
        if name in tasks:
            yield ("tasks", name), kind, (_time(tasks[name]),)
    if "zone" in tasks:
        yield ("tasks", "zone"), "zone", (Figure("zone", _zone(tasks["zone"])),)
    images = data.get("images", {})
    if "keep" in images:
        yield ("images", "keep"), "retention", (_time(images["keep"]),)
    if "format" in images:
        yield ("images", "format"), "formats", (Figure("format", images["format"]),)
    for code, about in data.get("errors", {}).get("codes", {}).items():
        status = (Figure("int", str(about["status"])),) if "status" in about else ()
        yield ("errors", "codes", code), "error", (Figure("code", code), *status)
    if "rate" in tasks.get("limits", {}):
        yield ("tasks", "limits"), "limit", (Figure("int", tasks["limits"]["rate"].partition("/")[0]),)
    uploads = data.get("uploads", {})
    if "rate" in uploads:
        yield ("uploads", "rate"), "limit", (Figure("int", uploads["rate"].partition("/")[0]),)
    if "bytes" in uploads:
        yield ("uploads", "bytes"), "bytes", (Figure("bytes", str(uploads["bytes"]).removeprefix("..")),)
    if "policy" in uploads:
        yield ("uploads", "policy"), "route", (Figure("path", str(uploads["policy"]).split()[1].partition("?")[0]),)
    if "header" in uploads:
        yield ("uploads", "header"), "route", tuple(Figure("header", name) for name in uploads["header"])
    if "keep" in uploads:
        yield ("uploads", "keep"), "retention", (_time(uploads["keep"]),)


def _constants(skeleton: Any, name: str) -> Iterator[str]:
    if is_map(skeleton):
        for key, value in skeleton.items():
            if key == name and isinstance(value, str) and not value.startswith("$"):
                yield value
            yield from _constants(value, name)
    elif is_seq(skeleton):
        for part in skeleton:
            yield from _constants(part, name)


def _time(text: str) -> Figure:
    number, unit = str(text).split()
    return Figure("time", str(int(number) * _SECONDS[unit]))


def _zone(text: str) -> str:
    """`+08:00` as pages write it."""
    hours = text.partition(":")[0]
    return f"UTC{hours[0]}{int(hours[1:])}"


def _documents(provider: Provider, path: tuple[str, ...]) -> tuple[str, ...]:
    """Who says so: the nearest `from` above the line, else the sources of the file."""
    for depth in range(len(path), 0, -1):
        here = provider.tree.get(path[:depth])
        said = here.get("from") if is_map(here) else None
        if is_map(said):
            if path[depth : depth + 1] and path[depth] in said:
                return each(said[path[depth]])
        elif said:
            return each(said)
    return tuple(provider.sources)


def _models(provider: Provider, known: ir.Ir, path: tuple[str, ...]) -> tuple[str, ...]:
    """The models that a fact concerns: those of an endpoint, of a route, or all."""
    found: dict[str, None] = {}
    for family in known.families_of(provider.id):
        for offer in family.offers:
            match path:
                case ("endpoints", name, *_):
                    fits = name == offer.endpoint
                case ("transports", name, *_):
                    fits = name == offer.route
                case ("tasks", *_):
                    fits = offer.route == "task"
                case _:
                    fits = True
            if fits:
                found[offer.model] = None
    return tuple(found)


def _losing(provider: Provider, known: ir.Ir) -> Iterator[Claim]:
    kinds = {
        "regions": "route",
        "hosts": "route",
        "tasks.poll": "poll",
        "tasks.query": "route",
        "transports.stream.headers": "route",
    }
    for about, conflict in provider.conflicts.items():
        if about not in kinds:
            continue
        for document, says in conflict.readings.items():
            found = tuple(_said(kinds[about], str(says)))
            if found:
                path = ("conflicts", about, document)
                claim = Claim(
                    about,
                    kinds[about],
                    "",
                    document,
                    about,
                    found,
                    says,
                    kinds[about],
                    losing=True,
                    provider=provider.id,
                    path=path,
                )
                yield replace(claim, file=provider.tree.file, models=_models(provider, known, tuple(about.split("."))))


def _said(kind: str, text: str) -> Iterator[Figure]:
    for word in text.replace(",", " ").split():
        if word.startswith("X-"):
            yield Figure("header", word)
        elif word.startswith("/"):
            yield Figure("path", templated(word))
        elif "." in word and kind == "route" and not word.endswith("."):
            yield Figure("host", word)
    if kind == "poll" and text[:1].isdigit():
        yield _time(" ".join(text.split(",", maxsplit=1)[0].split()[:2]))
