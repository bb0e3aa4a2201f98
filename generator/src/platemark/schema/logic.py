"""Tests rewritten in the light of what is known, so that a schema says no condition that its own type implies."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from platemark.rules.expr import (
    ALWAYS,
    All,
    Alpha,
    AnyOf,
    Between,
    Equal,
    Every,
    Given,
    Is,
    Measured,
    Multiple,
    Node,
    Not,
    Number,
    OneOf,
    Only,
    PictureIn,
    Product,
    SchemeIn,
    Test,
    Total,
)

NEVER = AnyOf(())

_WIDER: Mapping[str, str] = {
    "size": "text",
    "token": "text",
    "color": "text",
    "percent": "text",
    "picture": "text",
    "box": "list",
}
"""Formats that are a narrower form of another."""


def conjuncts(test: Test) -> list[Test]:
    """The tests that must all hold."""
    match test:
        case All(tests):
            return [atom for part in tests for atom in conjuncts(part)]
        case _:
            return [test]


def simplified(test: Test, facts: Collection[Test]) -> Test:
    """An equal test, given that the facts hold."""
    if test in facts:
        return ALWAYS
    match test:
        case Is(of, format_):
            return next((known for fact in facts if (known := _told(fact, of, format_)) is not None), test)
        case Not(inner):
            inside = simplified(inner, facts)
            return NEVER if inside == ALWAYS else ALWAYS if inside == NEVER else Not(inside)
        case All(tests):
            parts = [part for each in tests for part in conjuncts(simplified(each, facts))]
            return NEVER if NEVER in parts else parts[0] if len(parts) == 1 else All(tuple(parts))
        case AnyOf(tests):
            parts = [part for each in tests if (part := simplified(each, facts)) != NEVER]
            return ALWAYS if ALWAYS in parts else parts[0] if len(parts) == 1 else AnyOf(tuple(parts))
        case _:
            return test


def _told(fact: Test, of: str, format_: str) -> Test | None:
    """What a fact about the same value tells of its having a format; None when nothing."""
    if not isinstance(fact, Is) or fact.of != of:
        return None
    if format_ in (fact.format, _WIDER.get(fact.format)):
        return ALWAYS
    return None if _WIDER.get(format_) == fact.format else NEVER


def references(node: Node) -> set[str]:
    """The references of a test, fields spelled out; what is said of the items of a list is about the list."""
    match node:
        case Number():
            return set()
        case Measured(_, of) | Given(of) | Is(of) | OneOf(of) | SchemeIn(of) | PictureIn(of) | Alpha(of) | Only(of):
            return {of}
        case Every(over, inner) | Total(over, inner):
            return {over, *(ref for ref in references(inner) if not ref.startswith("@"))}
        case Not(inner) | Multiple(inner):
            return references(inner)
        case Product(left, right) | Equal(left, right):
            return references(left) | references(right)
        case Between(low, term, high):
            return references(term).union(*(references(bound) for bound in (low, high) if bound is not None))
        case All(tests) | AnyOf(tests):
            return set[str]().union(*(references(part) for part in tests))
