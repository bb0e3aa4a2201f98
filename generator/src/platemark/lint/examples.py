"""Examples: what the documents show breaks the rule that it is said to break, or none."""

from __future__ import annotations

from collections.abc import Iterator

from platemark import ir
from platemark.lint import names
from platemark.lint.facts import Facts, together
from platemark.problems import Problem
from platemark.rules import samples, sizes
from platemark.rules.judge import expected


def examples(facts: Facts) -> Iterator[Problem]:
    """All problems of examples, each with every model that has its mode."""
    rules = {rule.id for rule in facts.family.rules}
    found: list[tuple[Problem, str]] = []
    for index, example in enumerate(facts.source.examples):
        if example.breaks and example.breaks not in rules:
            place = facts.source.tree.value(("examples", index, "breaks"))
            yield names.unknown("unknown-rule", example.breaks, place, rules)
            continue
        for resolved in facts.family.examples:
            if resolved.given == example.given and resolved.breaks == example.breaks:
                found += _judged(facts, resolved, index)
    yield from together(found)


def _judged(facts: Facts, example: ir.Example, index: int) -> Iterator[tuple[Problem, str]]:
    offers = facts.family.by_model[example.model]
    offer = next((offer for offer in offers if offer.mode == example.mode), None)
    if offer is None:
        return
    given = {**samples.minimal(facts.family, offer), **example.values}
    place = facts.source.tree.place(("examples", index, "given"))
    broken = {rule.id for rule in facts.family.broken(offer, given) if rule.verdict == "reject"}
    if broken != ({example.breaks} if example.breaks else set[str]()):
        said = f"breaks {', '.join(sorted(broken))}" if broken else "breaks nothing"
        hint = "say what it `breaks`, or mend it" if broken else "take `breaks` out, or mend it"
        yield Problem("bad-example", f"this {said}", place, hint), f"{example.mode} of `{example.model}`"
        return
    size = expected(facts.family, offer, given).size
    became = sizes.written(size) if size else "no size that anyone can tell"
    if "size" in example.becomes and became != example.becomes["size"]:
        place = facts.source.tree.place(("examples", index, "becomes"))
        problem = Problem("bad-example", f"the size becomes {became}", place, "mend the size, `rounds` or `ties`")
        yield problem, f"{example.mode} of `{example.model}`"
