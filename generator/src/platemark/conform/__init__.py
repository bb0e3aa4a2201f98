"""Probes that find where a service and its documents part.

    plan = conform.plan(spec, ["wan2.6-image"])
    report = conform.run(plan, conform.in_process(spec))
    report.named                                             # () : nothing parts

`plan` makes the probes from the rules; `run` sends them through any callable from request to answer, what costs nothing
first and never more than the budget; the report says of each rule, default and size what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from platemark import ir
from platemark.conform.effects import default_questions, size_questions
from platemark.conform.exchange import Answer, Lost, Outcome, Patience, Send, Unsent
from platemark.conform.money import NOTHING, UNLIMITED, Budget, budget
from platemark.conform.planning import Asked, Offered, key_question, rule_questions
from platemark.conform.probes import Plan, Probe, Question, Request
from platemark.conform.running import run
from platemark.conform.senders import IN_PROCESS_KEY, in_process, over_http
from platemark.conform.verdicts import Finding, Report, Verdict

__all__ = [
    "IN_PROCESS_KEY",
    "NOTHING",
    "UNLIMITED",
    "Answer",
    "Budget",
    "Finding",
    "Lost",
    "Outcome",
    "Patience",
    "Plan",
    "Probe",
    "Question",
    "Report",
    "Request",
    "Send",
    "Unsent",
    "Verdict",
    "budget",
    "check",
    "in_process",
    "over_http",
    "plan",
    "run",
]


def plan(
    spec: ir.Ir, models: Iterable[str] | None = None, *, picture: str = "", fetches: bool = False, region: str = ""
) -> Plan:
    """What there is to ask of some models, or of all: ids, or `provider/id`. Raises KeyError for an unknown one.

    `fetches` says that the service fetches the pictures that it is given addresses of: those rules are then probed with
    `picture`, an address that it can reach, or not at all. `region` is the id of the region whose prices hold; without
    it the highest of all regions do."""
    asked = Asked(picture, fetches, region)
    found = [spec.find(name) for name in (spec.models if models is None else models)]
    questions: list[Question] = []
    for provider, family, model in found:
        offers = [Offered(provider, family, model, offer, asked) for offer in family.by_model[model.id]]
        if provider.id not in {question.provider for question in questions}:
            questions.append(key_question(offers[0]))
        questions += [question for offered in offers for question in _of(offered)]
    providers = {provider.id: provider for provider, _, _ in found}
    return Plan(providers, tuple((provider.id, model.id) for provider, _, model in found), tuple(questions))


def _of(offered: Offered) -> Iterator[Question]:
    yield from rule_questions(offered)
    yield from default_questions(offered)
    yield from size_questions(offered)


def check(spec: ir.Ir, send: Send, models: Iterable[str] | None = None, **options: Any) -> Report:
    """Plan and run at once; `options` are those of `run`."""
    return run(plan(spec, models), send, **options)
