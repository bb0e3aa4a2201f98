"""Documents: each that is cited is known, and each that is known is cited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from platemark.lint import names
from platemark.plain import is_map, is_seq
from platemark.problems import Place, Problem
from platemark.source import Keys, Tree
from platemark.spec.model import Family, Provider, Spec

_WIRE: frozenset[Keys] = frozenset({
    ("payloads",), ("answer",), ("results",), ("tasks", "created"), ("tasks", "answer"), ("tasks", "list_query"),
    ("tasks", "list_answer"), ("errors", "answer"), ("stream", "more"), ("stream", "last"), ("uploads", "answer"),
    ("uploads", "form"),
})  # fmt: skip
"""Parts whose keys are the service's own: `from` means nothing there."""
_OF_NAMES = {"parameters", "fields", "when", "given", "requires"}
"""Maps whose keys are names of parameters."""


def unknown(part: Provider | Family, known: set[str]) -> Iterator[Problem]:
    """Documents that a file cites and nobody lists."""
    for name, place in _cited(part):
        if name not in known:
            yield names.unknown("unknown-document", name, place, known)


def undisputed(part: Provider | Family) -> Iterator[Problem]:
    """Conflicts in which nobody lost."""
    for losing in part.conflicts.values():
        if not losing.readings:
            message = f"the conflict about `{losing.key}` has no reading that lost"
            yield Problem("incomplete", message, losing.place, "name a document, and what it says: {range: 1..8}")


def idle(spec: Spec) -> Iterator[Problem]:
    """Documents that no file cites."""
    cited = {name for part in (*spec.providers, *spec.families) for name, _ in _cited(part)}
    for document in spec.documents:
        if document.id not in cited:
            place = spec.documents_tree.place((document.id,))
            yield Problem("idle-document", f"nothing cites `{document.id}`", place, "cite it, or take it out")


def _cited(part: Provider | Family) -> Iterator[tuple[str, Place]]:
    tree = part.tree
    yield from ((name, tree.place(("sources", name))) for name in part.sources)
    for losing in part.conflicts.values():
        yield from ((name, tree.place(("conflicts", losing.key, name))) for name in losing.readings)
    yield from _below(tree, tree.data, ())


def _below(tree: Tree, data: Any, path: Keys) -> Iterator[tuple[str, Place]]:
    """Every document that a `from`, `evidence` or `unsupported` names, and where."""
    if is_seq(data):
        for index, value in enumerate(data):
            yield from _below(tree, value, (*path, index))
    if not is_map(data) or path in _WIRE:
        return
    names_only = bool(path) and path[-1] in _OF_NAMES
    for key, value in data.items():
        here = (*path, key)
        if names_only or not (key in {"from", "unsupported"} or here == ("evidence",)):
            yield from _below(tree, value, here)
        elif key != "unsupported":
            yield from _named(tree, value, here)
        elif is_map(value):
            yield from ((name, tree.place((*here, name))) for name in value)


def _named(tree: Tree, value: Any, path: Keys) -> Iterator[tuple[str, Place]]:
    """The documents of a `from`: one, several, or one or several by fact."""
    if isinstance(value, str):
        yield value, tree.value(path)
    parts = value.items() if is_map(value) else enumerate(value) if is_seq(value) else ()
    for key, inner in parts:
        yield from _named(tree, inner, (*path, key))
