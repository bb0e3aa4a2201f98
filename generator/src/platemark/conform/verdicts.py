"""From the outcomes of probes to what is said of each fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal, TypeAlias

from platemark.conform.exchange import Outcome
from platemark.conform.money import Budget
from platemark.conform.probes import Plan, Probe, Question
from platemark.rules import sizes

Verdict: TypeAlias = Literal["confirmed", "stricter", "looser", "differs", "not probed"]
DIFFERENT: frozenset[Verdict] = frozenset({"stricter", "looser", "differs"})
"""Verdicts that part from the specs. A service that is stricter at one edge and looser at another `differs`, and so
does one that does something else when a parameter is left out, or with a size."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A probe and what became of it; no outcome where it was not sent, and why."""

    probe: Probe
    outcome: Outcome | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one question: the verdict, the reason in words, and everything behind it."""

    question: Question
    verdict: Verdict
    reason: str
    seen: tuple[Seen, ...]

    @property
    def request_ids(self) -> tuple[str, ...]:
        """By which the service's people find what was sent."""
        ids = (seen.outcome.request_id for seen in self.seen if seen.outcome)
        return tuple(dict.fromkeys(each for each in ids if each))


@dataclass(frozen=True)
class Report:
    """All findings, in the order of the plan, and what they cost."""

    plan: Plan
    findings: tuple[Finding, ...]
    budget: Budget
    spent: Decimal
    sent: int
    """How many different requests were sent, in this run and those that it goes on with."""
    unchecked: Mapping[str, str]
    """Models, as `provider/model`, of which nothing was found, and why."""

    @cached_property
    def differences(self) -> tuple[Finding, ...]:
        """Where the service and its documents part."""
        return tuple(finding for finding in self.findings if finding.verdict in DIFFERENT)

    @property
    def named(self) -> tuple[str, ...]:
        """Ids of the questions that parted: `model/route/mode/fact`."""
        return tuple(finding.question.id for finding in self.differences)

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each verdict."""
        counted = Counter(finding.verdict for finding in self.findings)
        verdicts: tuple[Verdict, ...] = ("confirmed", "stricter", "looser", "differs", "not probed")
        return {verdict: counted[verdict] for verdict in verdicts}


def report(
    plan: Plan, outcomes: Mapping[str, Outcome], unsent: Mapping[str, str], budget: Budget, spent: Decimal
) -> Report:
    """What outcomes say of a plan's questions."""
    judge = _Judge(outcomes, unsent)
    findings = tuple(judge.finding(question) for question in plan.questions)
    findings = tuple(_after(finding, findings) for finding in findings)
    return Report(plan, findings, budget, spent, len(outcomes), dict(_unchecked(plan, findings)))


def unmet(probe: Probe, outcome: Outcome) -> str:
    """What came otherwise than expected of an accepted request; nothing where all is as it should be."""
    expect = probe.expect
    if outcome.kind != "accepted":
        return "it is refused" if outcome.kind == "refused" and expect.accepted else ""
    if expect.pictures is not None and outcome.pictures != expect.pictures:
        return f"{_pictures(outcome.pictures)} came instead of {expect.pictures}"
    if expect.extended is not None and outcome.extended is not None and outcome.extended != expect.extended:
        return "the prompt was rewritten" if outcome.extended else "the prompt was not rewritten"
    if outcome.size is None:
        return ""
    written = sizes.written(outcome.size)
    if expect.size and any(abs(a - b) > expect.within for a, b in zip(outcome.size, expect.size, strict=True)):
        return f"{written} came instead of {sizes.written(expect.size)}"
    if expect.like and not _alike(outcome.size, expect.like):
        return f"{written} came, whose ratio is not that of {sizes.written(expect.like)}"
    return ""


def _pictures(count: int) -> str:
    return f"{count} picture{'' if count == 1 else 's'}"


def _alike(size: sizes.Size, picture: sizes.Size) -> bool:
    """The same ratio, as nearly as multiples of 16 can keep it."""
    (width, height), (wide, high) = size, picture
    return abs(width * high - height * wide) <= sizes.GRID * (wide + high)


class _Judge:
    def __init__(self, outcomes: Mapping[str, Outcome], unsent: Mapping[str, str]) -> None:
        self._outcomes = outcomes
        self._unsent = unsent

    def seen(self, probe: Probe) -> Seen:
        outcome = self._outcomes.get(probe.key)
        return Seen(probe, outcome, "" if outcome else self._unsent.get(probe.id, "not sent"))

    def kind(self, probe: Probe | None) -> str:
        """What became of a probe; nothing where nobody knows."""
        outcome = self._outcomes.get(probe.key) if probe else None
        return outcome.kind if outcome else ""

    def finding(self, question: Question) -> Finding:
        """The verdict on a question."""
        if question.untried:
            return Finding(question, "not probed", question.untried, ())
        seen = tuple(self.seen(probe) for probe in question.probes)
        verdict, reason = self._of_rule(question, seen) if question.about == "rule" else self._of_effect(question, seen)
        if question.left_out and verdict == "confirmed":
            reason = "; ".join(filter(None, (reason, f"not tried: {question.left_out}")))
        return Finding(question, verdict, reason, seen)

    # ── Rules ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _of_rule(self, question: Question, seen: tuple[Seen, ...]) -> tuple[Verdict, str]:
        outside = [each for each in seen if each.probe.side == "outside"]
        inside = [each for each in seen if each.probe.side == "inside"]
        taken = [each for each in outside if each.outcome and each.outcome.kind == "accepted"]
        refused = [each for each in inside if each.outcome and each.outcome.kind == "refused"]
        masked = self._masked(question, inside)
        stricter = [] if masked and not _some(inside, "accepted") else refused
        odd = [
            each
            for each in inside
            if each.outcome and each.outcome.kind == "accepted" and unmet(each.probe, each.outcome)
        ]
        if taken and stricter:
            return "differs", f"accepted: {_asked(taken)}; refused: {_asked(stricter)}"
        if taken:
            return "looser", f"accepted: {_asked(taken)}"
        if stricter:
            return "stricter", f"refused: {_asked(stricter)}"
        if odd:
            return "differs", "; ".join(
                f"{each.probe.asks}: {unmet(each.probe, each.outcome)}" for each in odd if each.outcome
            )
        return self._kept(outside, inside, masked)

    def _kept(self, outside: list[Seen], inside: list[Seen], masked: str) -> tuple[Verdict, str]:
        """Nothing speaks against the rule: what speaks for it?"""
        shut = [each for each in outside if each.outcome and each.outcome.kind == "refused"]
        taken = _some(inside, "accepted")
        if masked and not taken:
            return "not probed", masked
        gaps = [each for each in (*outside, *inside) if each not in shut and each not in taken]
        if not shut and not taken:
            return "not probed", _why(gaps)
        sides = [] if (shut or not outside) and (taken or not inside) else ["only outside" if shut else "only inside"]
        return "confirmed", "; ".join([*sides, *([_why(gaps)] if gaps else [])])

    def _masked(self, question: Question, inside: list[Seen]) -> str:
        """Why refusals say nothing of this rule: what they are varied from is refused, too."""
        for control in (question.own, question.base):
            if control is None or self.kind(control) != "refused":
                continue
            if control is question.base or not _same_as_all(control, inside):
                outcome = self._outcomes[control.key]
                return f"what the probes are varied from is refused ({control.asks}): {outcome.said}"
        return ""

    # ── Defaults and sizes ────────────────────────────────────────────────────────────────────────────────────────

    def _of_effect(self, question: Question, seen: tuple[Seen, ...]) -> tuple[Verdict, str]:
        answered = [(e, e.outcome) for e in seen if e.outcome and e.outcome.kind != "unclear"]
        taken = [(e, o) for e, o in answered if e.probe.side == "outside" and o.kind == "accepted"]
        odd = [(e, unmet(e.probe, o)) for e, o in answered if unmet(e.probe, o)]
        if taken and self.kind(question.explicit) != "accepted":
            return "differs", f"accepted: {_asked([each for each, _ in taken])}"
        if question.about == "size":
            odd = [(e, why) for e, why in odd if e.outcome and e.outcome.kind == "accepted"]
        if odd:
            return self._odd(question, odd)
        shown = [e for e, o in answered if not _blind(e.probe, o) and (o.kind == "accepted") == e.probe.expect.accepted]
        if not shown:
            return "not probed", _why([e for e in seen if e not in shown])
        gaps = [each for each in seen if each not in shown]
        return "confirmed", _why(gaps) if gaps else ""

    def _odd(self, question: Question, odd: list[tuple[Seen, str]]) -> tuple[Verdict, str]:
        """What came otherwise is the default's doing only where giving the default in words does something else."""
        words = "; ".join(f"{each.probe.asks}: {why}" for each, why in odd)
        refused = any(each.outcome and each.outcome.kind == "refused" for each, _ in odd)
        if refused and self.kind(question.base) != "accepted":
            return "not probed", f"what the probes are varied from is not accepted; {words}"
        explicit = self._outcomes.get(question.explicit.key) if question.explicit else None
        if explicit is None or question.explicit is None:
            return "differs", words
        if explicit.kind != "accepted":
            return "not probed", f"{words}; and the default can't be given in words: {explicit.said or explicit.why}"
        if not refused and all(_same(each.outcome, explicit) for each, _ in odd if each.outcome):
            return "confirmed", f"it does what {question.explicit.asks} does, though {words}"
        return "differs", words


def _same_as_all(control: Probe, inside: list[Seen]) -> bool:
    """Whether a control is no more than the only probe itself, so that it tells nothing apart."""
    return bool(inside) and all(each.probe.key == control.key for each in inside)


def _same(left: Outcome, right: Outcome) -> bool:
    return (left.pictures, left.extended) == (right.pictures, right.extended) and (
        left.size == right.size or right.size is None
    )


def _blind(probe: Probe, outcome: Outcome) -> bool:
    """Whether an accepted request was to show a size, and its picture could not be had."""
    return bool(outcome.kind == "accepted" and (probe.expect.size or probe.expect.like) and outcome.size is None)


def _some(seen: list[Seen], kind: str) -> list[Seen]:
    return [each for each in seen if each.outcome and each.outcome.kind == kind]


def _asked(seen: list[Seen]) -> str:
    return "; ".join(each.probe.asks for each in seen)


def _why(seen: list[Seen]) -> str:
    """Why probes tell nothing, each reason once."""
    reasons = Counter(_reason(each) for each in seen)
    return "; ".join(f"{count} of the probes: {reason}" for reason, count in reasons.items())


def _reason(seen: Seen) -> str:
    outcome = seen.outcome
    if outcome is None:
        return seen.why
    if outcome.kind == "unclear":
        return f"{outcome.why} ({outcome.said})" if outcome.said else outcome.why
    if outcome.kind == "refused":
        return f"refused ({outcome.said})"
    return "its picture could not be had"


def _after(finding: Finding, findings: tuple[Finding, ...]) -> Finding:
    """What another finding explains is not said twice.

    Halves say something only of a grid that is as stated. Where several rules of a parameter seem stricter, those are
    whose probes differ least from one that is accepted."""
    question = finding.question
    if finding.verdict == "stricter":
        better = [
            f for f in findings if f.verdict == "stricter" and _beside(f, question) and _shown(f) > _shown(finding)
        ]
        if better:
            why = f"{better[0].question.fact} explains it: {finding.reason}"
            return Finding(question, "not probed", why, finding.seen)
        return finding
    if question.fact != "size.ties" or finding.verdict == "not probed":
        return finding
    grid = question.id.replace("size.ties", "size.rounds")
    other = next((f for f in findings if f.question.id == grid), None)
    if other is None or other.verdict == "confirmed":
        return finding
    return Finding(question, "not probed", "the grid itself is not as stated", finding.seen)


def _beside(finding: Finding, question: Question) -> bool:
    """Whether a finding is about the same parameter of the same offer, or about one that comes along with it."""
    other = finding.question
    if (other.model, other.route, other.mode) != (question.model, question.route, question.mode):
        return False
    return other.fact.partition(".")[0] in {question.fact.partition(".")[0], *question.needs}


def _shown(finding: Finding) -> int:
    """How sure it is that the very rule refuses: another value of the parameter is accepted, none is, or neither."""
    taken = [
        each
        for each in finding.seen
        if each.probe.side == "inside" and each.outcome and each.outcome.kind == "accepted"
    ]
    return 2 if any(each.probe.given for each in taken) else 1 if taken else 0


def _unchecked(plan: Plan, findings: tuple[Finding, ...]) -> Iterator[tuple[str, str]]:
    """Models of which no probe told anything."""
    for provider, model in plan.models:
        own = [f for f in findings if (f.question.provider, f.question.model) == (provider, model)]
        own = [finding for finding in own if finding.question.fact != "auth"]
        if own and all(finding.verdict == "not probed" for finding in own):
            tried = (finding for finding in own if finding.seen)
            reason = next((finding.reason for finding in tried), "nothing of it can be probed")
            yield f"{provider}/{model}", reason
