"""What the commands answer: pure functions from the IR to text and data. Only `cli` prints."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from platemark import ir
from platemark.answers import Answer, Usage
from platemark.plain import is_map, is_seq
from platemark.problems import Problem, nearest
from platemark.rules.judge import Finding, Judgement
from platemark.write import Plan


def find_model(known: ir.Ir, name: str) -> tuple[ir.Provider, ir.Family, ir.Model]:
    """A model by its id, or by `provider/id`."""
    with contextlib.suppress(KeyError):
        return known.find(name)
    models = known.models
    close = nearest(name, models)
    hint = f"did you mean {close}?" if close else "`platemark list` shows all models"
    raise Usage("unknown-model", f"no model is called `{name}`", hint)


# ── list, show, explain ───────────────────────────────────────────────────────────────────────────────────────────


def list_models(known: ir.Ir) -> Answer:
    """Every model, with its modes and routes."""
    rows = [
        {
            "model": model.id,
            "provider": family.provider,
            "family": family.name,
            "modes": _unique(offer.mode for offer in family.by_model[model.id]),
            "routes": _unique(offer.route for offer in family.by_model[model.id]),
        }
        for family in known.families
        for model in family.models
    ]
    cells = [(r["model"], r["provider"], ", ".join(r["modes"]), ", ".join(r["routes"])) for r in rows]
    return Answer(table(("model", "provider", "modes", "routes"), cells), {"models": rows})


def show(known: ir.Ir, name: str) -> Answer:
    """What a model takes, by mode and route, and the facts about it. Raises Usage for an unknown model."""
    provider, family, model = find_model(known, name)
    lines = [f"{model.id} · {provider.id}", family.about, ""]
    modes: dict[str, Any] = {}
    for offer in family.by_model[model.id]:
        rows = list(_parameters(family, offer))
        modes.setdefault(offer.mode, {})[offer.route] = rows
        lines += [f"{offer.mode} by {offer.route}: POST {provider.base_path}{provider.endpoint(offer.endpoint).path}"]
        lines += [f"  when {_when(offer)}"] if offer.when else []
        shown = [(r["parameter"], r["type"], _shown(r["default"]), "; ".join(r["limits"])) for r in rows]
        lines += [*_indented(table(("parameter", "type", "default", "limits"), shown)), ""]
    facts = {
        "aliases": [fact.value for fact in model.aliases],
        "prices": [fact.value for fact in model.prices],
        "limits": [fact.value for fact in model.limits],
        "regions": [fact.value for fact in model.regions],
        "deprecated": [fact.value for fact in model.deprecated],
    }
    lines += [f"{key}: {'; '.join(_words(value) for value in values)}" for key, values in facts.items() if values]
    data = {
        "model": model.id,
        "provider": provider.id,
        "family": family.name,
        "about": family.about,
        "modes": modes,
        **facts,
    }
    return Answer("\n".join(lines), data)


def _parameters(family: ir.Family, offer: ir.Offer) -> Iterator[dict[str, Any]]:
    rules = family.rules_of(offer)
    for parameter in family.parameters_of(offer):
        limits = [r.sentence for r in rules if r.parameter == parameter.name and not r.structure and r.kind != "type"]
        yield {
            "parameter": parameter.name, "type": parameter.type, "required": family.needs(offer, parameter.name),
            "default": parameter.default, "limits": limits,
        }  # fmt: skip


def explain(known: ir.Ir, name: str, parameter: str | None) -> Answer:
    """The rules of a model, or of one parameter, with who says so. Raises Usage for a name that is not there."""
    _, family, model = find_model(known, name)
    found: dict[str, dict[str, Any]] = {}
    rules = [rule for offer in family.by_model[model.id] for rule in family.rules_of(offer)]
    names = _unique(name for rule in rules for name in (rule.parameter, rule.id) if name)
    if parameter is not None and parameter not in names:
        close = nearest(parameter, names)
        hint = f"did you mean {close}?" if close else f"known: {', '.join(names)}"
        raise Usage("unknown-parameter", f"{model.id} has no parameter or rule called `{parameter}`", hint)
    for offer in family.by_model[model.id]:
        for rule in family.rules_of(offer):
            if parameter in (None, rule.parameter, rule.id):
                found.setdefault(family.address(offer, rule), _explained(known, family, offer, rule))
    lines = [line for address, row in found.items() for line in (*_explanation(address, row), "")]
    return Answer("\n".join(lines), {"model": model.id, "rules": list(found.values())})


def _explained(known: ir.Ir, family: ir.Family, offer: ir.Offer, rule: ir.Rule) -> dict[str, Any]:
    conflict = rule.evidence.conflict
    return {
        "address": family.address(offer, rule), "rule": rule.id, "limit": rule.sentence, "verdict": rule.verdict,
        "judged": rule.judged, "status": rule.evidence.status,
        "sources": [
            {"document": s.document, "title": known.document(s.document).title, "date": known.document(s.document).date,
             "place": s.place, "figures": list(s.figures)}
            for s in rule.evidence.sources
        ],
        "conflict": ir.to_json(conflict) if conflict else None,
    }  # fmt: skip


def _explanation(address: str, row: Mapping[str, Any]) -> Iterator[str]:
    unjudged = "" if row["judged"] else " (can't be told from a request)"
    yield f"{address}: {row['limit']} → {row['verdict']}{unjudged}"
    yield f"  {row['status']}"
    for source in row["sources"]:
        yield f"  {source['document']}: {source['title']}, {source['date']} · {source['place']}"
    if conflict := row["conflict"]:
        for loser in conflict["losers"]:
            yield f"  but {loser['document']} says: {_words(loser['says'])}"
        yield f"  decided ({conflict['clause']}): {conflict['because']}"


# ── lint, validate, generate, check ───────────────────────────────────────────────────────────────────────────────


def problems(found: Iterable[Problem]) -> Answer:
    """All that is wrong with the specs."""
    found = tuple(found)
    text = "\n\n".join(problem.render() for problem in found) or "no problems"
    return Answer(text, {"problems": [problem.json() for problem in found]}, 1 if found else 0)


def validated(judgement: Judgement) -> Answer:
    """A verdict, and every finding with its limit and the nearest value that works."""
    lines = [f"{judgement.verdict}: {judgement.model}, {judgement.mode} by {judgement.route}"]
    lines += [f"  {_finding(finding)}" for finding in judgement.findings]
    if size := judgement.expected.get("size"):
        lines.append(f"  expected size: {size}")
    return Answer("\n".join(lines), judgement.json(), 1 if judgement.verdict == "reject" else 0)


def _finding(finding: Finding) -> str:
    rule = finding.rule
    near = "" if finding.nearest is None else f"; nearest: {_words(finding.nearest)}"
    cited = ", ".join(source.document for source in rule.evidence.sources)
    at = finding.path or "the request"
    given = ", not" if rule.verdict == "reject" else "; given"
    found = "" if finding.value is None else f"{given} {_brief(finding.value)}"
    return f"{rule.verdict} {rule.id}: {at} {rule.sentence}{found}{near} ({cited})"


def planned(plan: Plan, written: bool) -> Answer:
    """What changed, or what would have to."""
    rows = {"added": plan.added, "changed": plan.changed, "removed": plan.removed}
    lines = [f"{word} {path}" for word, paths in rows.items() for path in paths]
    if lines and not written:
        lines.append("hint: `platemark generate` brings it up to date")
    text = "\n".join(lines) or "up to date"
    return Answer(text, {key: list(paths) for key, paths in rows.items()}, 0 if written or plan.empty else 1)


def refused(plan: Plan, out: str) -> Answer:
    """Why nothing was written."""
    if plan.foreign:
        text = f"{out} holds files and no MANIFEST.json: nothing was written\nhint: choose an empty folder, or --force"
        return Answer(text, {"foreign": out}, 1)
    lines = [f"edited by hand: {path}" for path in plan.edited]
    text = "\n".join([*lines, "nothing was written", "hint: change the specs instead, or overwrite with --force"])
    return Answer(text, {"edited": list(plan.edited)}, 1)


# ── Text ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    """Columns as wide as their widest cell."""
    cells = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _when(offer: ir.Offer) -> str:
    return ", ".join(f"{name}: {_span(v) if is_seq(v) else _shown(v)}" for name, v in offer.when.items())


def _span(bounds: Sequence[int | None]) -> str:
    low, high = bounds
    return str(low) if low == high else f"{low or 0}..{'' if high is None else high}"


def _shown(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else _words(value)


def _words(value: Any) -> str:
    if is_map(value):
        return ", ".join(f"{key}: {_words(part)}" for key, part in value.items() if part not in (None, "", {}))
    if is_seq(value):
        return ", ".join(_words(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _brief(value: Any) -> str:
    """A value of a request on one line, as JSON: never a whole picture."""
    shown = json.dumps(value, ensure_ascii=False)
    many = len(value) if isinstance(value, str) else len(shown)
    return shown if len(shown) <= 80 else f"{shown[:60]}… ({many} characters)"
