"""Old IR, new IR → what changed for callers, each change with its class. Pure; `comparing` reads folders and git."""

from __future__ import annotations

from collections.abc import Mapping

from platemark import ir
from platemark.diff.acknowledged import acknowledge
from platemark.diff.changes import Change, grouped
from platemark.diff.documents import documents
from platemark.diff.models import models
from platemark.diff.providers import providers
from platemark.diff.reports import cell, changelog, entries, markdown, row, text
from platemark.diff.surfaces import Names, surfaces
from platemark.diff.versions import Package, due, packages

__all__ = [
    "Change", "Package", "acknowledge", "cell", "changelog", "compare", "due", "entries", "markdown", "packages", "row",
    "text",
]  # fmt: skip


def compare(old: ir.Ir, new: ir.Ir, names: Mapping[str, tuple[Names, Names]] | None = None) -> tuple[Change, ...]:
    """Every change of meaning, breaking ones first; the same change of several offers is one.

    `names` are, by emitted package, what it calls the classes of models, before and after."""
    called = (each for package, both in (names or {}).items() for each in surfaces(package, *both))
    return grouped([*providers(old, new), *models(old, new), *documents(old, new), *called])
