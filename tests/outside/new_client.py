"""What the SDK's new client, `dashscope.Client().images.generate`, does with a model, measured, and ours beside it.

As a program it prints that, and the list of `differential.yaml`, as Markdown: `nox -s differential -- --table`.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from differential import ANY, DEVIATIONS, LISTED, NOTHING, ask_ours
from recording import OFFERS, PROVIDER, Bench, Recorder, Sent, bench, sdk

from platemark.ir import Offer
from platemark.rules import samples
from platemark_images import PlatemarkError

PICTURE = "https://example.com/lantern.png"
WRONG = {"n": 99, "seed": -5}
BAD_GATEWAY = 502
ENDPOINTS = {endpoint.path: endpoint.id for endpoint in PROVIDER.endpoints}


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a client does with a model: the endpoint that it takes, what becomes of a picture (`none`: the model takes
    none), whether values out of every range are sent, and how often one paid request is posted on HTTP 502."""

    endpoint: str
    pictures: str
    unchecked: bool
    posts: int


def listed() -> dict[str, Conduct]:
    """What `differential.yaml` says of the SDK's new client, by model."""
    return {model: Conduct(**data) for model, data in LISTED["new_client"].items()}


def documented(model: str) -> tuple[Offer, ...]:
    """What a model offers to one who gives it a picture, or does not where it takes none."""
    found = [(offer, "images" in samples.minimal(family, offer)) for family, offer in OFFERS if offer.model == model]
    return tuple(offer for offer, takes in found if takes == takes_pictures(model))


def takes_pictures(model: str) -> bool:
    """Whether some mode of a model is about pictures that it is given."""
    return any("images" in samples.minimal(family, offer) for family, offer in OFFERS if offer.model == model)


def endpoints(model: str) -> tuple[str, ...]:
    """Where the documents say that such a request goes."""
    return tuple(dict.fromkeys(offer.endpoint for offer in documented(model)))


# ── Measuring ─────────────────────────────────────────────────────────────────────────────────────────────────────


def theirs(bench: Bench) -> dict[str, Conduct]:
    """What the SDK's new client does with every listed model."""

    def ask(model: str, given: Mapping[str, Any]) -> None:
        pictures = [PICTURE] if takes_pictures(model) else None
        with suppress(sdk("DashScopeError")):  # of the endpoint that is the wrong one
            bench.new.images.generate(
                model=model, prompt=samples.PROMPT, image_urls=pictures, poll_interval=0.01, **given
            )

    return dict(_conducts(bench.recorder, ask))


def ours(bench: Bench) -> dict[str, Conduct]:
    """What our client does with the same models."""

    def ask(model: str, given: Mapping[str, Any]) -> None:
        pictures = {"images": [PICTURE]} if takes_pictures(model) else {}
        with suppress(PlatemarkError):  # of a refusal, and of the answer that is none
            ask_ours(bench, documented(model)[0], {"prompt": samples.PROMPT, **pictures, **given})

    return dict(_conducts(bench.recorder, ask))


def _conducts(recorder: Recorder, ask: Callable[[str, Mapping[str, Any]], None]) -> Iterator[tuple[str, Conduct]]:
    models = list(listed())
    plain = recorder.of(lambda: [ask(model, {}) for model in models])
    wrong = recorder.of(lambda: [ask(model, WRONG) for model in models])
    with recorder.failing(BAD_GATEWAY), ThreadPoolExecutor(len(models)) as pool:  # they wait between two posts
        failed = recorder.of(lambda: list(pool.map(lambda model: ask(model, {}), models)))
    for model in models:
        asked = _paid(plain, model)[0]
        endpoint = ENDPOINTS.get(asked.path, asked.path)
        travels = "sent" if PICTURE in str(asked.body) else "dropped"
        unchecked = any(WRONG.items() <= sent.body["parameters"].items() for sent in _paid(wrong, model))
        pictures = travels if takes_pictures(model) else "none"
        yield model, Conduct(endpoint, pictures, unchecked, len(_paid(failed, model)))


def _paid(sent: Iterable[Sent], model: str) -> list[Sent]:
    return [each for each in sent if each.method == "POST" and each.body and each.body["model"] == model]


# ── Printing ──────────────────────────────────────────────────────────────────────────────────────────────────────


_OF_MODELS = (
    "Model", "Documented endpoint", "`Client.images` posts to", "Picture", "`n=99, seed=-5`", "POSTs on 502", "Ours",
)  # fmt: skip
_OF_DEVIATIONS = ("Deviation", "Where", "The SDK sends", "We send", "In requests", "Why")


def tables(measured: Mapping[str, Conduct], beside: Mapping[str, Conduct]) -> str:
    """What was measured of the new client and of ours, and the list of deviations, as Markdown."""
    astray = sum(conduct.endpoint not in endpoints(model) for model, conduct in measured.items())
    rows = [_row(model, conduct, beside[model]) for model, conduct in measured.items()]
    told = f"`{LISTED['sdk']}`: `Client().images.generate` sends {astray} of {len(rows)} models to a wrong endpoint."
    apart = "Where the older classes of the same version and our client part:"
    return "\n\n".join([told, _table(_OF_MODELS, rows), apart, _table(_OF_DEVIATIONS, [*_deviations()])])


def _row(model: str, theirs: Conduct, ours: Conduct) -> Sequence[str]:
    right = theirs.endpoint in endpoints(model)
    checked = {True: "sent", False: "refused before sending"}
    picture = f"picture {ours.pictures}" if ours.pictures != "none" else ""
    posts = f"{ours.posts} POST"
    return (
        f"`{model}`",
        ", ".join(map(_place, endpoints(model))),
        _place(theirs.endpoint) + ("" if right else " **(wrong)**"),
        "–" if theirs.pictures == "none" else theirs.pictures,
        checked[theirs.unchecked],
        str(theirs.posts),
        ", ".join(filter(None, (_place(ours.endpoint), picture, checked[ours.unchecked], posts))),
    )


def _place(endpoint: str) -> str:
    """An endpoint by the part of its path that tells it from the others."""
    return f"`{PROVIDER.endpoint(endpoint).path.split('/')[-2]}`"


def _deviations() -> Iterator[Sequence[str]]:
    for each in DEVIATIONS:
        for place, pair in each.places.items():
            theirs, ours = map(_shown, pair)
            yield f"`{each.id}`", f"`{place}`", theirs, ours, ", ".join(sorted(each.traits)) or "all", each.why


def _shown(side: Any) -> str:
    if side in (ANY, NOTHING):
        return {ANY: "…", NOTHING: "–"}[side]
    return f"`{side if isinstance(side, str) else json.dumps(side)}`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    logging.disable()  # what our client tells of costs and defaults is not asked for here
    with bench() as standing:
        print(tables(theirs(standing), ours(standing)))
