"""What a model makes of an accepted request: pictures of the documented size, texts, and the answer that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from platemark import ir
from platemark.emulator.pictures import MOST_PIXELS, Gallery, Recipe
from platemark.emulator.replies import Failed, Refused, merge, spoken
from platemark.rules import costs, leaves, pictures, sizes
from platemark.rules.judge import Judgement, expected
from platemark.rules.pictures import Picture
from platemark.wire import skeletons

UNKNOWN_PICTURE: sizes.Size = (1024, 1024)
"""What a picture counts as that would have to be fetched, or whose sides no service takes."""

MOST_PICTURES = 100

_LONGEST_SIDE, _NARROWEST = 16_384, 512


@dataclass(frozen=True, slots=True)
class Order:
    """An accepted request: what was asked, of whom, and where the caller reaches this emulator."""

    provider: ir.Provider
    family: ir.Family
    offer: ir.Offer
    judgement: Judgement
    account: str
    origin: str
    request_id: str
    failures: int = 0
    """How many of the pictures fail, the last ones first."""
    uploads: Mapping[str, Picture | None] = field(default_factory=dict[str, "Picture | None"])
    """What is known of the uploads that the request uses, by their addresses."""
    failure: str = ""
    """The code of pictures that fail, if it is not the service's first one for a failure of its own."""

    @property
    def prompt(self) -> str:
        """The prompt as far as the service reads it."""
        return str(self.judgement.values.get("prompt", ""))[: self.judgement.expected.get("text_length")]

    @property
    def count(self) -> int:
        """How many pictures: a number, or a parameter's value. Where it is the most there can be, that many are made.

        Raises Refused for more than can be drawn."""
        made = costs.made(self.family, self.offer, self.judgement.values).pictures
        if made > MOST_PICTURES:
            raise Refused("any", f"the emulator makes at most {MOST_PICTURES} pictures a request")
        return made

    @property
    def succeeding(self) -> int:
        """How many pictures don't fail. Raises Failed where all do."""
        if self.failures >= self.count:
            raise _failed(self)
        return self.count - self.failures

    def given(self, name: str) -> Any:
        """The value that holds: the one that was sent, else the default."""
        parameter = self.family.parameter_of(self.offer, name)
        return self.judgement.values.get(name, parameter.default if parameter else None)


def make(order: Order, gallery: Gallery) -> dict[str, Any]:
    """The values that the skeletons of answers name. Raises Refused for what can't be drawn, Failed if all fails."""
    size = _size(order, gallery)
    made, total, prompt = order.succeeding, order.count, order.prompt
    extended = order.given("prompt_extend") is True
    seed = order.judgement.values.get("seed")
    keep = order.provider.images.keep if order.provider.images else 0
    recipes = [
        Recipe(order.offer.model, prompt, leaves.integer(seed) if seed is not None else None, i, size)
        for i in range(made)
    ]
    values: dict[str, Any] = {
        "request_id": order.request_id, "model": order.offer.model, "prompt": prompt,
        "images": [f"{order.origin}/pictures/{gallery.hang(recipe, order.account, keep)}.png" for recipe in recipes],
        "texts": _texts(prompt, made), "size": "{}*{}".format(*size), "width": size[0], "height": size[1],
        "count": made, "total": total, "succeeded": made, "failed": total - made,
        "finish_reason": "stop", "finished": True,
    }  # fmt: skip
    if made < total:
        values["failures"] = [spoken(order.provider, _failed(order))] * (total - made)
    if extended:
        values["reasoning"] = "The subject is clear; light, place and composition are open and were added."
    if extended or "prompt" not in skeletons.names(order.provider.results[order.offer.result]):
        # Where an answer repeats the original prompt, it has the actual one only if that is another.
        values["actual_prompt"] = f"{prompt}, in soft daylight, rich in detail, well composed" if extended else prompt
    return values


def _failed(order: Order) -> Failed:
    return Failed("failure", "the picture could not be made", rules=("failure",), code=order.failure)


def result(order: Order, values: Mapping[str, Any]) -> Any:
    """The answer of a route without tasks."""
    made = skeletons.build(order.provider.results[order.offer.result], values)
    return merge(skeletons.build(order.provider.answer, values), made)


def _texts(prompt: str, count: int) -> list[str]:
    """A paragraph before each picture and one after the last."""
    subject = " ".join(prompt.split())[:60]
    steps = [f"Step {number}: here is what to do next about “{subject}”." for number in range(1, count + 1)]
    return [*steps, "That is all; the pictures above show each step."]


# ── Sizes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _size(order: Order, gallery: Gallery) -> sizes.Size:
    images = leaves.items(order.judgement.values.get("images"))
    last = _sides(order, images[-1], gallery) if images else None
    found = expected(order.family, order.offer, order.judgement.values, last).size
    if found is None:
        found = sizes.follow(UNKNOWN_PICTURE[0] * UNKNOWN_PICTURE[1], last) if last else UNKNOWN_PICTURE
    if found[0] * found[1] > MOST_PIXELS:
        raise Refused("any", f"the emulator draws pictures of at most {MOST_PIXELS:,} pixels")
    return found


def _sides(order: Order, image: object, gallery: Gallery) -> sizes.Size:
    """The sides of an input picture: those of a data URI, of an upload and of a picture made here are known, nothing is
    fetched."""
    if not isinstance(image, str):
        return UNKNOWN_PICTURE
    own = gallery.at(image)
    if own:
        return own.size
    found = order.uploads.get(image) or pictures.from_data_uri(image)
    if found is None:
        return UNKNOWN_PICTURE
    short, long = sorted((found.width, found.height))
    usable = short > 0 and long <= _LONGEST_SIDE and long <= short * _NARROWEST
    return (found.width, found.height) if usable else UNKNOWN_PICTURE
