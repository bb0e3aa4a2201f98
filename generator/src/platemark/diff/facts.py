"""What is said of a model besides its limits: where it can be had, what it costs, how often, and until when.

The service changes these for everybody, whichever specs a client was printed from; so all but regions are compatible.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from platemark import ir
from platemark.diff.changes import Fact, Found, Impact, Spot, Word, found, resourced, reworded
from platemark.rules import values


def facts(spot: Spot, was: ir.Model, now: ir.Model) -> Iterator[Found]:
    """Every change of a model's facts."""
    yield from _regions(spot, was, now)
    yield from _alias(spot, was, now)
    yield from _prices(spot, was, now)
    yield from _rates(spot, was, now)
    yield from _deprecation(spot, was, now)
    yield from reworded(Fact(spot, "note", "note"), was.note, now.note, "the note on the model says something else")
    yield from reworded(
        Fact(spot, "like", "like"), was.like, now.like, "the spec takes the model's facts from elsewhere"
    )
    yield from resourced(Fact(spot, "model", "model"), was.evidence, now.evidence)


def _regions(spot: Spot, was: ir.Model, now: ir.Model) -> Iterator[Found]:
    """Without a list of regions, none is a limit: the documents do not say where the model can be had."""
    before, after = _by_id(was.regions), _by_id(now.regions)
    if bool(before) != bool(after):
        listed = ", ".join(fact.value["region"] for fact in [*before.values(), *after.values()])
        said, evidence = ([*before] or None, [*after] or None), [fact.evidence for fact in after.values()]
        if after:
            told = f"it can be had in {listed}; before, no document named regions"
            yield found(Fact(spot, "regions", "region"), "tightened", "breaking", said, told, *evidence)
        else:
            told = f"no document names regions any more; before: {listed}"
            yield found(Fact(spot, "regions", "region"), "loosened", "compatible", said, told)
        return
    for id_ in dict.fromkeys([*before, *after]):
        yield from _region(spot, id_, before.get(id_), after.get(id_))


def _region(spot: Spot, id_: str, was: ir.Fact | None, now: ir.Fact | None) -> Iterator[Found]:
    said = was and was.value["route"], now and now.value["route"]
    if now is None and was is not None:
        told = f"it can be had in {was.value['region']} no more"
        yield found(Fact(spot, id_, "region"), "removed", "breaking", said, told, was.evidence)
    elif was is None and now is not None:
        told = f"it can be had in {now.value['region']}, too"
        yield found(Fact(spot, id_, "region"), "added", "compatible", said, told, now.evidence)
    elif was is not None and now is not None and said[0] != said[1]:
        looser = said[1] == "any"
        word: Word = "loosened" if looser else "tightened" if said[0] == "any" else "route changed"
        told = f"in {now.value['region']} it goes by {_route(now)}; before: {_route(was)}"
        yield found(Fact(spot, id_, "region"), word, "compatible" if looser else "breaking", said, told, now.evidence)
    elif was is not None and now is not None:
        yield from resourced(Fact(spot, id_, "region"), was.evidence, now.evidence)


def _route(fact: ir.Fact) -> str:
    return "any route" if fact.value["route"] == "any" else f"`{fact.value['route']}` alone"


def _by_id(listed: tuple[ir.Fact, ...]) -> dict[str, ir.Fact]:
    return {fact.id: fact for fact in listed}


def _alias(spot: Spot, was: ir.Model, now: ir.Model) -> Iterator[Found]:
    before, after = ([fact.value for fact in model.aliases] for model in (was, now))
    said = _latest(before), _latest(after)
    cited = [fact.evidence for fact in now.aliases or was.aliases]
    if said[0] != said[1]:
        told = f"`{spot.model}` means {_snapshot(said[1])} now; before: {_snapshot(said[0])}"
        word: Word = "added" if said[0] is None else "removed" if said[1] is None else "changed"
        yield found(Fact(spot, "alias", "alias"), word, "compatible", said, told, *cited)
    elif before != after:
        told = "what the name meant in the past is told otherwise"
        yield found(Fact(spot, "alias", "alias"), "documentation only", "documentation", (before, after), told, *cited)


def _latest(meanings: list[ir.Json]) -> str | None:
    return max(meanings, key=lambda value: value["as_of"])["means"] if meanings else None


def _snapshot(name: str | None) -> str:
    return f"`{name}`" if name else "no known snapshot"


def _prices(spot: Spot, was: ir.Model, now: ir.Model) -> Iterator[Found]:
    before, after = _rows(was.prices), _rows(now.prices)
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        fact = other or one
        assert fact is not None
        said = _sum(one), _sum(other)
        if said[0] == said[1]:
            yield from resourced(Fact(spot, fact.id, "price"), one and one.evidence, other and other.evidence)
            continue
        word: Word = "added" if one is None else "removed" if other is None else "changed"
        where = f"{fact.value['region']}{_given(fact.value['when'], ', ')}"
        told = f"a picture costs {said[1] or 'nothing that is stated'} in {where}; before: {said[0] or 'unsaid'}"
        yield found(Fact(spot, fact.id, "price"), word, "compatible", said, told, fact.evidence)


def _sum(price: ir.Fact | None) -> str | None:
    return f"{price.value['amount']} {price.value['currency']}" if price else None


def _rows(prices: tuple[ir.Fact, ...]) -> dict[str, ir.Fact]:
    return {f"{fact.id} {json.dumps(fact.value['when'], sort_keys=True)}": fact for fact in prices}


def _given(when: dict[str, ir.Json], before: str) -> str:
    return "".join(f"{before}{name}: {values.shown(value)}" for name, value in when.items())


def _rates(spot: Spot, was: ir.Model, now: ir.Model) -> Iterator[Found]:
    before, after = _by_key(was), _by_key(now)
    cited = [fact.evidence for fact in now.limits or was.limits]
    for key in dict.fromkeys([*before, *after]):
        said = before.get(key), after.get(key)
        if said[0] == said[1]:
            continue
        name, given = key
        word: Word = "added" if said[0] is None else "removed" if said[1] is None else _pace(said[0], said[1])
        told = f"{'requests' if name == 'rate' else 'tasks at once'}{given}: {said[1] or 'unsaid'}; before: "
        yield found(
            Fact(spot, f"limits.{name}", "limits"), word, "compatible", said, f"{told}{said[0] or 'unsaid'}", *cited
        )


def _by_key(model: ir.Model) -> dict[tuple[str, str], str | int]:
    return {
        (key, _given(fact.value.get("when", {}), ", ")): value
        for fact in model.limits
        for key, value in fact.value.items()
        if key != "when"
    }


def _pace(was: str | int, now: str | int) -> Word:
    (a, b), (c, d) = ((each, 1) if isinstance(each, int) else values.rate(each) for each in (was, now))
    return "tightened" if c * b < a * d else "loosened" if c * b > a * d else "changed"


def _deprecation(spot: Spot, was: ir.Model, now: ir.Model) -> Iterator[Found]:
    before, after = ([fact.value for fact in model.deprecated] for model in (was, now))
    if before != after:
        cited = [fact.evidence for fact in now.deprecated or was.deprecated]
        said = before[0] if before else None, after[0] if after else None
        word: Word = "deprecated" if after else "changed"
        impact: Impact = "compatible"
        told = f"`{spot.model}` {now.deprecation or 'is deprecated no more'}"
        yield found(Fact(spot, "deprecated", "deprecated"), word, impact, said, told, *cited)
