"""A report, and a plan, as people and as machines read them: text, Markdown, JSON, and JUnit's XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as Xml

from platemark.conform.journal import told
from platemark.conform.money import Budget
from platemark.conform.probes import Plan, Probe
from platemark.conform.verdicts import DIFFERENT, Finding, Report, Seen


def as_data(report: Report, target: str) -> dict[str, Any]:
    """A report as plain data, by the schema `conformance` but for its version."""
    return {
        "target": target,
        "budget": _money(report.budget),
        "spent": str(report.spent),
        "requests": report.sent,
        "counts": report.counts,
        "unchecked": dict(report.unchecked),
        "findings": [_finding(finding) for finding in report.findings],
    }


def _money(budget: Budget) -> dict[str, str] | None:
    return None if budget.amount is None else {"amount": str(budget.amount), "currency": budget.currency}


def _finding(finding: Finding) -> dict[str, Any]:
    question = finding.question
    return {
        "address": question.address, "provider": question.provider, "model": question.model, "route": question.route,
        "mode": question.mode, "fact": question.fact, "about": question.about, "says": question.says,
        "verdict": finding.verdict, "reason": finding.reason, "request_ids": list(finding.request_ids),
        "probes": [_seen(seen) for seen in finding.seen],
    }  # fmt: skip


def _seen(seen: Seen) -> dict[str, Any]:
    probe = seen.probe
    found: dict[str, Any] = {"id": probe.id, "side": probe.side, "asks": probe.asks}
    return found | ({"outcome": told(seen.outcome)} if seen.outcome else {"unsent": seen.why})


# ── Text and Markdown ─────────────────────────────────────────────────────────────────────────────────────────────


def summary(report: Report, target: str) -> Iterator[str]:
    """What matters of a report, a line each."""
    for finding in report.differences:
        question = finding.question
        yield f"{finding.verdict}: {question.address} ({question.route}): {question.says}; {finding.reason}"
        if finding.request_ids:
            yield f"  request ids: {', '.join(finding.request_ids[:4])}"
    for model, reason in report.unchecked.items():
        yield f"could not be checked: {model}: {reason}"
    counted = ", ".join(f"{count} {verdict}" for verdict, count in report.counts.items() if count)
    yield f"{target}: {counted}; {report.sent} requests, {cost(report)}"


def cost(report: Report) -> str:
    """What was spent, in words."""
    if report.budget.free:
        return "no budget kept"
    return f"{Budget(report.spent, report.budget.currency)} spent of {report.budget}"


def markdown(report: Report, target: str) -> str:
    """A report as a page: what parts first, then what could not be checked, then everything by model."""
    lines = [f"# Conformance of {_cell(target)}", ""]
    counted = ", ".join(f"{count} {verdict}" for verdict, count in report.counts.items())
    lines += [f"{counted}. {report.sent} requests; {cost(report)}.", ""]
    for model, reason in report.unchecked.items():
        lines += [f"**{model} could not be checked**: {_cell(reason)}", ""]
    lines += ["## Where service and documents part", "", *_table(report.differences or ()), ""]
    for provider, model in report.plan.models:
        own = [f for f in report.findings if (f.question.provider, f.question.model) == (provider, model)]
        lines += [f"## {provider}/{model}", "", *_table(own), ""]
    return "\n".join(lines)


def _table(findings: Iterable[Finding]) -> Iterator[str]:
    rows = [
        (f.question.address, f.question.route, f.verdict, f.question.says, f.reason, ", ".join(f.request_ids[:3]))
        for f in findings
    ]
    if not rows:
        yield "Nowhere."
        return
    yield "| fact | route | verdict | documents say | why | request ids |"
    yield "|---|---|---|---|---|---|"
    yield from ("| " + " | ".join(map(_cell, row)) + " |" for row in rows)


def _cell(text: str) -> str:
    """Text that neither ends a cell nor means anything: what services say is not ours."""
    plain = " ".join(text.split())
    for sign in "\\|`*_<>[]":
        plain = plain.replace(sign, f"\\{sign}")
    return plain


# ── JUnit ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def junit(report: Report, target: str) -> str:
    """A test case for each fact: failed where it parts, skipped where nothing tells; in error what can't be checked."""
    root = Xml.Element("testsuites", name=f"platemark conform {_xml(target)}")
    suites: dict[tuple[str, ...], list[Finding]] = {}
    for finding in report.findings:
        question = finding.question
        suites.setdefault((question.provider, question.model, question.mode, question.route), []).append(finding)
    for names, findings in suites.items():
        suite = Xml.SubElement(root, "testsuite", {"name": "/".join(names), **_tally(findings)})
        for finding in findings:
            _case(suite, finding)
    for model, reason in report.unchecked.items():
        suite = Xml.SubElement(root, "testsuite", name=model, tests="1", failures="0", skipped="0", errors="1")
        case = Xml.SubElement(suite, "testcase", classname=model, name="checked")
        Xml.SubElement(case, "error", message=_xml(reason))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _tally(findings: list[Finding]) -> dict[str, str]:
    failed = sum(finding.verdict in DIFFERENT for finding in findings)
    skipped = sum(finding.verdict == "not probed" for finding in findings)
    return {"tests": str(len(findings)), "failures": str(failed), "skipped": str(skipped), "errors": "0"}


def _case(suite: Xml.Element, finding: Finding) -> None:
    question = finding.question
    case = Xml.SubElement(
        suite, "testcase", classname=f"{question.model}.{question.mode}.{question.route}", name=question.fact
    )
    if finding.verdict in DIFFERENT:
        failure = Xml.SubElement(case, "failure", type=finding.verdict, message=_xml(finding.reason))
        failure.text = _xml(f"{question.says}\nrequest ids: {', '.join(finding.request_ids)}")
    elif finding.verdict == "not probed":
        Xml.SubElement(case, "skipped", message=_xml(finding.reason))


def _xml(text: str) -> str:
    """Text without the characters that XML has no form for."""
    return "".join(
        c if c in "\t\n" or (" " <= c <= "\ud7ff") or ("\ue000" <= c <= "\ufffd") or c > "\uffff" else "�" for c in text
    )


# ── Plans ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def planned(plan: Plan, currency: str) -> dict[str, Any]:
    """A plan as plain data: every probe, and what each could cost at worst."""
    return {
        "models": [_costs(plan, model, currency) for model in plan.models],
        "probes": [
            {"id": p.id, "address": p.address, "side": p.side, "asks": p.asks, "pictures": p.most,
             "cost": {name: str(p.prices[name] * p.most) for name in sorted(p.prices)}}
            for p in (*plan.outside, *plan.inside)
        ],
        "not_probed": [
            {"address": q.address, "route": q.route, "reason": q.untried} for q in plan.questions if q.untried
        ],
    }  # fmt: skip


def _costs(plan: Plan, model: tuple[str, str], currency: str) -> dict[str, Any]:
    def total(probes: Iterable[Probe]) -> str | None:
        costs = [p.cost(currency) for p in {p.key: p for p in probes if (p.provider, p.model) == model}.values()]
        return None if None in costs else str(sum((c for c in costs if c is not None), Decimal(0)))

    outside = {p.key for p in plan.outside if (p.provider, p.model) == model}
    inside = {p.key for p in plan.inside if (p.provider, p.model) == model}
    return {
        "model": "/".join(model), "outside": len(outside), "inside": len(inside), "currency": currency,
        "inside_cost": total(plan.inside), "outside_cost": total(plan.outside),
    }  # fmt: skip


def plan_rows(data: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """A plan by model: how many requests of each kind, and what they could cost."""
    return [
        (
            row["model"], str(row["outside"]), str(row["inside"]), _sum(row["inside_cost"], row["currency"]),
            _sum(row["outside_cost"], row["currency"]),
        )
        for row in data["models"]
    ]  # fmt: skip


def _sum(amount: str | None, currency: str) -> str:
    return "unknown" if amount is None else f"{amount} {currency}"
