"""What the vendor's SDK and our client send for the same call, and where `differential.yaml` says that they part.
The list holds both ways: what is not in it, and what is in it and does not occur, are problems.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml
from recording import MOMENT, OFFERS, PROVIDER, Bench, Sent, sdk

from platemark.ir import Family, Offer
from platemark.rules import samples

LISTED = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
ANY, NOTHING = "any", "(nothing)"

METHODS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("sync", "messages"): ("ImageGeneration.call", "MultiModalConversation.call"),
    ("stream", "messages"): ("ImageGeneration.call", "MultiModalConversation.call"),
    ("task", "messages"): ("ImageGeneration.async_call",),
    ("task", "prompt"): ("ImageSynthesis.async_call",),
}
"""Route and payload → the methods of the SDK's classes that send it."""

TASKED = next((family, offer) for family, offer in OFFERS if offer.route == "task")
"""What tasks are made by, where it is all the same."""

# ── Calls ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Call:
    """The same call in the words of either side, which may be for a task that is there already."""

    name: str
    theirs: Callable[[str], Any]
    ours: Callable[[Bench, str], object]
    traits: frozenset[str]
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    stated: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Defaults that our client sends although they are not given."""
    of_a_task: bool = False


def generations() -> Iterator[Call]:
    """The least and the most that every offer takes, by every method that sends its payload."""
    for family, offer in OFFERS:
        for sample, draw in (("least", samples.minimal), ("most", samples.full)):
            for method in METHODS[offer.route, offer.payloads[0]]:
                yield _generation(family, offer, method, draw(family, offer), sample)


def _generation(family: Family, offer: Offer, method: str, values: Mapping[str, Any], sample: str) -> Call:
    body = samples.body(PROVIDER, offer, values)
    words = {"model": offer.model, **body["input"], **body.get("parameters", {})}
    stated = {p.name: p.default for p in family.parameters_of(offer) if p.sent and p.name not in values}
    has = {
        "has no parameters": not body.get("parameters") and not stated,
        "states a default": bool(stated),
        "gives stream": "stream" in words,
        "answers JSON": offer.route != "stream",
        "answers events": offer.route == "stream",
    }
    return Call(
        f"{method}-{offer.model}-{offer.mode}-{offer.route}-{sample}",
        lambda _: _asked(method, words),
        lambda bench, _: ask_ours(bench, offer, samples.given(offer, values)),
        frozenset({method.partition(".")[0], offer.route, "has a body", *(trait for trait in has if has[trait])}),
        {"model": offer.model, **samples.fixed(offer), **values},
        stated,
    )


def _asked(method: str, words: Mapping[str, Any]) -> Any:
    """The SDK's answer; the last one of a stream. It changes what it is given, so it gets a copy."""
    name, _, verb = method.partition(".")
    answer = getattr(sdk(name), verb)(**json.loads(json.dumps(words)))
    return list(answer)[-1] if words.get("stream") else answer


def ask_ours(bench: Bench, offer: Offer, given: Mapping[str, Any]) -> Any:
    """The offer's pictures, or the task that makes them, by the method of our client that its route has."""
    client = bench.ours
    match offer.route:
        case "sync":
            return client.generate(model=offer.model, mode=offer.mode, route="sync", **given)
        case "stream":
            return list(client.stream(model=offer.model, mode=offer.mode, **given))
        case "task":
            return client.submit(model=offer.model, mode=offer.mode, **given)


def life_of_tasks() -> Iterator[Call]:
    """What is asked of a task, by every class of the SDK that has tasks."""
    until = datetime.fromtimestamp(MOMENT, timezone(timedelta(hours=8)))
    since = until - timedelta(hours=3)
    window = {"start_time": f"{since:%Y%m%d%H%M%S}", "end_time": f"{until:%Y%m%d%H%M%S}"}
    some: dict[str, Any] = {"status": "PENDING", "page_size": 3}
    model = TASKED[1].model
    for name in ("ImageSynthesis", "ImageGeneration"):
        yield _of_a_task(name, "fetch", lambda api, task: api.fetch(task), lambda tasks, task: tasks.get(task))
        yield _of_a_task(name, "cancel", lambda api, task: api.cancel(task), lambda tasks, task: tasks.cancel(task))
        yield _of_a_task(
            name, "list", lambda api, _: api.list(**window, **some, model_name=model, page_no=1),
            lambda tasks, _: tasks.list(since=since, until=until, **some, model=model, page=1),
        )  # fmt: skip


def _of_a_task(name: str, verb: str, theirs: Callable[[Any, str], Any], ours: Callable[[Any, str], object]) -> Call:
    traits = frozenset({name, verb, "answers JSON"})
    return Call(
        f"{name}.{verb}",
        lambda task: theirs(sdk(name), task),
        lambda bench, task: ours(bench.ours.tasks, task),
        traits,
        of_a_task=True,
    )


def prompt_that_names_a_file(file: str) -> Call:
    """A call whose prompt is the name of a file of this machine."""
    family, offer = next((family, offer) for family, offer in OFFERS if offer.route == "sync")
    call = _generation(family, offer, "ImageGeneration.call", {**samples.minimal(family, offer), "prompt": file}, file)
    return replace(call, traits=call.traits | {"the prompt names a file"})


# ── Deviations ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Deviation:
    """What is known to differ: places of a request, and what either side has there, in calls that have all `traits`."""

    id: str
    traits: frozenset[str]
    places: Mapping[str, tuple[Any, Any]]
    why: str
    sources: tuple[str, ...]

    def at(self, call: Call) -> dict[str, tuple[Any, Any]]:
        """Its places in a call, and what both sides send there. `$name` is what the call gives for a name."""
        values = {**call.values, **call.stated}
        found: dict[str, tuple[Any, Any]] = {}
        for place, pair in self.places.items():
            for name in call.stated if "$stated" in place else ("",):
                known = {"$stated": values.get(name), **{f"${each}": value for each, value in values.items()}}
                theirs, ours = (known.get(side, side) if isinstance(side, str) else side for side in pair)
                found[place.replace("$stated", name)] = theirs, ours
        return found


def _deviation(name: str, data: Mapping[str, Any]) -> Deviation:
    places = {place: (pair.get("sdk", NOTHING), pair.get("ours", NOTHING)) for place, pair in data["places"].items()}
    cited = data["from"] if isinstance(data["from"], list) else [data["from"]]
    return Deviation(name, frozenset(data.get("when", ())), places, data["why"], tuple(cited))


DEVIATIONS = tuple(_deviation(name, data) for name, data in LISTED["deviations"].items())


def listed(call: Call) -> tuple[Deviation, ...]:
    """The deviations that a call must show."""
    return tuple(each for each in DEVIATIONS if each.traits <= call.traits)


def problems(call: Call, theirs: list[Sent], ours: list[Sent]) -> list[str]:
    """What differs and is not listed, and what is listed and does not differ so."""
    found = _differences(theirs, ours)
    expected = [(place, pair, each.id) for each in listed(call) for place, pair in each.at(call).items()]
    wrong = [f"{place}: the SDK sends {pair[0]!r}, our client {pair[1]!r}, which is not listed"
             for place, pair in found.items() if place not in {each for each, _, _ in expected}]  # fmt: skip
    for place, pair, name in expected:
        now = found.get(place)
        if now is None:
            wrong.append(f"{place}: {name} is listed, and both sides agree")
        elif not all(map(_is, now, pair)):
            wrong.append(f"{place}: {name} is listed as {pair[0]!r} and {pair[1]!r}, and is {now[0]!r} and {now[1]!r}")
    return wrong


def _is(actual: Any, said: Any) -> bool:
    """Whether something is what the list says, to the type: 1 is neither true nor 1.0 on the wire."""
    return actual != NOTHING if said == ANY else json.dumps(actual, sort_keys=True) == json.dumps(said, sort_keys=True)


def _differences(theirs: list[Sent], ours: list[Sent]) -> dict[str, tuple[Any, Any]]:
    """The places in which the last requests of both sides differ, and what was asked before them."""
    one, other = _places(theirs), _places(ours)
    pairs = {place: (one.get(place, NOTHING), other.get(place, NOTHING)) for place in {**one, **other}}
    return {place: pair for place, pair in pairs.items() if not _is(*pair) and place not in LISTED["not_compared"]}


def _places(sent: list[Sent]) -> dict[str, Any]:
    """Every place of the last request, and what stands there; objects and lists stand for their presence only."""
    *before, last = sent
    headers = {f"header {name}": value for name, value in last.headers.items()}
    query = {f"query {name}": value for name, value in last.query.items()}
    body = {} if last.body is None else dict(_leaves("body", last.body))
    asked = {"before": [f"{each.method} {each.path}" for each in before]} if before else {}
    return {**asked, "method": last.method, "path": last.path, **query, **headers, **body}


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case dict():
            yield place, {}
            for name, part in value.items():
                yield from _leaves(f"{place}.{name}", part)
        case list():
            yield place, []
            for index, part in enumerate(value):
                yield from _leaves(f"{place}[{index}]", part)
        case _:
            yield place, value
