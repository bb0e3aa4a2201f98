"""What a page says of models besides parameters: where requests go, prices, rates, what a name means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platemark.documents import words
from platemark.documents.atoms import Atom
from platemark.documents.page import Statement
from platemark.drafting.scopes import Told, named, of_atom
from platemark.spec.todos import TODO

_SHORT = 48
"""A longer sentence that names no model says something else of a way to call."""


@dataclass(frozen=True, slots=True)
class About:
    """One fact of a model."""

    model: str
    kind: str
    """`route`, `price`, `rate`, `concurrent` or `alias`."""
    key: str
    """The transport; the region, `todo` where none is named; the date of a page."""
    value: str
    """The endpoint's name; money; `5/s`; a number; the id of a model."""
    line: int


def services(said: Sequence[Told], ids: Sequence[str], provider: Mapping[str, Any], dated: str) -> Iterator[About]:
    """Every such fact of a page. `dated`: its day, or `todo`."""
    for about in said:
        if about.statement.zone not in {"response", "errors"} and not about.statement.sample:
            yield from _money(about, ids, provider)
            yield from _rates(about, ids)
    yield from _aliases([about.statement for about in said], ids, dated)
    yield from _routes(said, ids, provider)


# ── Routes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _routes(said: Sequence[Told], ids: Sequence[str], provider: Mapping[str, Any]) -> Iterator[About]:
    """Endpoints whose path stands on the page, by what is said beside them; samples where the text gives none."""
    told = [each for each in said if each.statement.zone not in {"errors"}]
    plain = list(_paths([each for each in told if not each.statement.sample], ids, provider))
    shown = list(_paths([each for each in told if each.statement.sample], ids, provider))
    limited: dict[str, set[str]] = {}
    for transport, holds in _limited(told, ids):
        limited[transport] = limited.get(transport, set(ids)) & set(holds)
    streamed = _streamed(told, provider)
    found: dict[tuple[str, str], About] = {}
    for model in ids:
        mine = [each for each in plain if model in each[0]] + [each for each in plain if not each[0]]
        for _, name, line in mine or [each for each in shown if model in each[0]]:
            for transport in provider["endpoints"][name]["transports"]:
                allowed = model in limited.get(transport if transport == "task" else "sync", ids)
                if allowed and (transport != "stream" or streamed):
                    found.setdefault((model, transport), About(model, "route", transport, name, line))
    yield from found.values()


def _paths(
    said: Iterable[Told], ids: Sequence[str], provider: Mapping[str, Any]
) -> Iterator[tuple[Sequence[str], str, int]]:
    """Models, endpoint, line; no models where the page says none."""
    for about in said:
        for atom in about.statement.atoms:
            name = _endpoint(atom, provider)
            scope = of_atom(atom, about, ids) if name else None
            if name and scope is not None:
                yield scope.models, name, about.statement.line


def _endpoint(atom: Atom, provider: Mapping[str, Any]) -> str:
    """The endpoint that a path is of; pages write it whole, or its last words."""
    ends = [
        name
        for name, made in provider["endpoints"].items()
        if atom.type == "path" and _same(atom.value, str(made["path"]))
    ]
    return ends[0] if len(ends) == 1 else ""


def _same(path: str, of: str) -> bool:
    return path.endswith(of) or (not path.startswith("/") and of.endswith(f"/{path}"))


def _limited(said: Iterable[Told], ids: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Transports that a page gives to some models alone; `sync` stands for all that answer at once."""
    for about in said:
        statement = about.statement
        models = (
            named(ids, [atom.value for atom in statement.atoms if atom.type == "model"])
            or about.scope.models
            or named(ids, statement.models)
        )
        for atom in statement.atoms:
            only = atom.unit == "transport" and (
                words.ONLY.search(statement.text.lower()) or words.UNSUPPORTED.search(statement.text.lower())
            )
            if only and (models or atom.models or len(statement.text) < _SHORT):
                holds = named(ids, atom.models) or models or tuple(ids)
                other = "sync" if atom.value == "task" else "task"
                yield other, tuple(model for model in ids if model not in holds)
        low = statement.text.lower()
        spoken = [route for route in ("task", "sync") if words.ROUTES[route].search(low)]
        if (
            len(spoken) == 1
            and models
            and re.search(r"^only |\balone\b|^仅", low)
            and not any(a.unit == "transport" for a in statement.atoms)
        ):
            yield spoken[0], models


def _streamed(said: Iterable[Told], provider: Mapping[str, Any]) -> bool:
    """Whether the page speaks of the header that asks for a stream."""
    headers = {name.lower() for name in provider.get("transports", {}).get("stream", {}).get("headers", {})}
    return any(
        atom.type == "header" and atom.value.lower() in headers for about in said for atom in about.statement.atoms
    )


# ── Prices, limits, aliases ───────────────────────────────────────────────────────────────────────────────────────


def _money(about: Told, ids: Sequence[str], provider: Mapping[str, Any]) -> Iterator[About]:
    for atom in about.statement.atoms:
        scope = of_atom(atom, about, ids) if atom.type == "money" else None
        if scope is not None:
            amount, currency = atom.value.split(" ")
            value = f"{amount if '.' in amount else f'{amount}.0'} {currency}"
            region = _region(f"{about.statement.column} {about.statement.text}", provider)
            yield from (
                About(model, "price", region, value, about.statement.line)
                for model in scope.models or (ids if len(ids) == 1 else ())
            )


def _region(text: str, provider: Mapping[str, Any]) -> str:
    low = text.lower()
    found = [
        str(made.get("alias", name))
        for name, made in provider["regions"].items()
        if name in low or str(made.get("alias", "\0")) in low
    ]
    return found[0] if len(found) == 1 else TODO


def _rates(about: Told, ids: Sequence[str]) -> Iterator[About]:
    statement = about.statement
    for atom in statement.atoms:
        scope = of_atom(atom, about, ids) if atom.type == "int" and atom.unit in {"rate", "concurrent"} else None
        models = scope.models or (ids if len(ids) == 1 else ()) if scope else ()
        said = f"{statement.text[atom.at :]} {statement.column}".lower()
        per = "min" if re.search(r"min|rpm|分", said) else "s" if re.search(r"sec|qps|rps|/ ?s\b|秒", said) else ""
        if atom.unit == "concurrent" or per:
            value = atom.value if atom.unit == "concurrent" else f"{atom.value}/{per}"
            yield from (About(model, atom.unit, "", value, statement.line) for model in models)


def _aliases(said: Sequence[Statement], ids: Sequence[str], dated: str) -> Iterator[About]:
    """`a` resolves to `b`, or below `a`: the same as `b`."""
    for statement in said:
        models = [atom for atom in statement.atoms if atom.type == "model"]
        means = [atom for atom in models if "alias" in atom.roles and atom.value in ids]
        if not means or statement.sample:
            continue
        meant = means[-1].value
        names = [atom.value for atom in models if atom.at < means[-1].at] or list(statement.models)
        if len(names) == 1 and names[0] in ids and names[0] != meant:
            yield About(names[0], "alias", dated, meant, statement.line)


_MONTHS: Sequence[str] = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(
    r"(?P<year>20\d\d)[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})"
    r"|(?P<name>[A-Z][a-z]{2})[a-z]*\.? (?P<d>\d{1,2}), (?P<y>20\d\d)"
)


def dated(texts: Iterable[str]) -> str:
    """The day on which a page says that it was last changed, else `todo`."""
    for text in texts:
        if re.search(r"updated|更新|validity|有效", text.lower()) and (found := _DAY.search(text)):
            if found["year"]:
                return f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}"
            if found["name"].lower() in _MONTHS:
                return f"{found['y']}-{_MONTHS.index(found['name'].lower()) + 1:02}-{int(found['d']):02}"
    return TODO
