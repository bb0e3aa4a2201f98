"""Reference pages in Markdown: one for each model and provider, an index, and a guide for language models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from platemark.ir import Evidence, Family, Ir, Model, Offer, Provider
from platemark.targets import Examples, Files
from platemark.targets.docs import conflicts, curl, matrix, said
from platemark.targets.docs.literal import FILTERS
from platemark.targets.docs.pages import Mode, Page
from platemark.targets.docs.proof import prove
from platemark.targets.text import render


def emit(ir: Ir, examples: Examples) -> Files:
    """All pages by path. `examples` are printers of sample calls, by the name of their language.

    Raises ValueError where a page would hold raw HTML, a dead link or a broken table."""
    lines, disputes = matrix.lines(ir), conflicts.listed(ir)
    shared = {"providers": ir.providers, "lines": lines}
    files = {
        "README.md": _render(
            "index.md.j2", **shared, switches=list(matrix.SWITCHES), statuses=said.STATUSES, documents=ir.documents,
            disputes=disputes,
        ),
        "llms.txt": _render("llms.txt.j2", **shared),
    }  # fmt: skip
    for provider in ir.providers:
        files[f"{provider.id}/README.md"] = _provider(ir, provider, lines, disputes)
    for family in ir.families:
        for model in family.models:
            files[f"{family.provider}/{model.id}.md"] = _model(
                ir, ir.provider(family.provider), family, model, examples
            )
    prove(files)
    return files


def _model(ir: Ir, provider: Provider, family: Family, model: Model, examples: Examples) -> str:
    page = Page(ir, provider, family, model, examples)

    def headers(offer: Offer) -> list[str]:
        return _pairs(provider.transport(offer.route).headers, ": ")

    def places(offer: Offer) -> list[str]:
        return said.items(provider.results[offer.result])

    def pictures_in(mode: Mode) -> str:
        return said.span(family.parameter_of(mode.offers[0], "images"), "count")

    return _render(
        "model.md.j2", model=model, family=family, provider=provider, offers=page.offers, modes=page.modes(),
        facts=list(page.facts()), shape=page.shape(), endpoints=list(page.endpoints()),
        disagreements=conflicts.disagreements(ir, provider, family, model),
        documents=conflicts.documents(ir, provider, family, model), answers=family.errors,
        clauses=said.CLAUSES, cited=page.cited, headers=headers, places=places, pictures_in=pictures_in,
    )  # fmt: skip


def _provider(ir: Ir, provider: Provider, lines: list[matrix.Line], disputes: list[conflicts.Listed]) -> str:
    path = f"{provider.id}/README.md"

    def call(template: str) -> str:
        method, _, rest = template.partition(" ")
        return f"{method} {provider.base_path}{rest}"

    def cited(evidence: Evidence) -> str:
        return said.sources(evidence, ir)

    def held(about: str) -> str:
        return conflicts.held_by(provider, about)

    return _render(
        "provider.md.j2", provider=provider, codes=list(matrix.codes(provider)), meanings=said.MEANINGS,
        lines=[line for line in lines if line.provider == provider.id],
        disputes=[each for each in disputes if each.path == path],
        query=curl.query(provider, provider.tasks.query) if provider.tasks else "",
        clauses=said.CLAUSES, items=said.items, pairs=_pairs, call=call, cited=cited, held=held,
    )  # fmt: skip


def _pairs(values: Mapping[str, Any], between: str) -> list[str]:
    """`name: value` and the like."""
    return [f"{name}{between}{said.plain(value)}" for name, value in values.items()]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _render(template: str, **values: Any) -> str:
    """A page; blank lines that conditions left behind become one."""
    text = render("docs", template, {**FILTERS, "json": _json}, **values)
    return "\n".join(_squeezed(text.split("\n"))).rstrip("\n") + "\n"


def _squeezed(lines: list[str]) -> Iterator[str]:
    """Lines, with no two blank ones in a row outside blocks of code."""
    fence, before = "", ""
    for line in lines:
        if fence or line or before:
            yield line
        if not fence and line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        elif line == fence:
            fence = ""
        before = line
