"""Evidence: no fact without a source, no conflict about nothing, no error of a rule that is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from platemark import ir
from platemark.lint import names
from platemark.lint.facts import Facts
from platemark.lint.provider import idle_conflict
from platemark.problems import Problem
from platemark.source import Keys, Tree
from platemark.spec.model import Provider

_OCCASIONS = (
    "any", "auth", "body", "cancel", "concurrency", "failure", "method", "model", "path", "payload", "quota", "rate",
    "route", "route.async", "route.sync", "size", "task", "upload", "upload.expired", "upload.foreign", "upload.header",
    "upload.lost",
)  # fmt: skip
"""What a service refuses besides broken rules."""


def unsourced(facts: Facts) -> Iterator[Problem]:
    """Facts that all sources of the file contradict."""
    for fact, stated in facts.resolver.ledger.unsourced:
        hint = "add `from`; all sources of this file lose the conflict about it"
        yield Problem("no-source", f"no document says `{fact}`", stated.place, hint)


def idle_conflicts(facts: Facts) -> Iterator[Problem]:
    """Conflicts about what no line states: a rule that moved, or a slip in a name."""
    rules = {rule.id for rule in facts.family.rules}
    known = rules | {f"{p.name}.{key}" for p in facts.family.parameters for key in p.facets}
    for key, losing in facts.source.conflicts.items():
        plain = key
        for prefix in (*ir.MODES, *ir.ROUTES):
            plain = plain.removeprefix(f"{prefix}.")
        if key in facts.resolver.ledger.used or _is_path(facts.source.tree, key) or plain in {"routes", "regions"}:
            continue
        yield idle_conflict(key, losing, sorted(known))


def _is_path(tree: Tree, key: str) -> bool:
    """Whether a conflict is about a place in the file: `routes.task`, `errors.n.fixed`, `regions`."""
    head, _, rest = key.partition(".")
    return ((head, rest) if rest else (head,)) in tree.values


def family_errors(facts: Facts) -> Iterator[Problem]:
    """What the service says of each rule: the rule is there, and its limits fill the message."""
    yield from _errors(facts.source.errors, facts.family.rules, facts.source.tree, ("errors",))


def provider_errors(provider: Provider, families: Iterable[ir.Family]) -> Iterator[Problem]:
    """The same of a provider, whose rules are those of all its families."""
    rules = [rule for family in families if family.provider == provider.id for rule in family.rules]
    yield from _errors(provider.data["errors"]["rules"], rules, provider.tree, ("errors", "rules"), _OCCASIONS)


def _errors(
    errors: Mapping[str, Any], rules: Iterable[ir.Rule], tree: Tree, path: Keys, occasions: Iterable[str] = ()
) -> Iterator[Problem]:
    args: dict[str, Mapping[str, Any]] = {**{name: {} for name in occasions}, **{rule.id: rule.args for rule in rules}}
    for rule, error in errors.items():
        if rule not in args:
            yield names.unknown("unknown-rule", rule, tree.place((*path, rule)), args)
        elif "message" in error:
            place = tree.value((*path, rule, "message"))
            yield from names.placeholders(str(error["message"]), args[rule], place)
