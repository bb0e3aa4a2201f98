"""What a model makes of an accepted request: pictures of the documented size, texts, and the answer that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from platemark import ir
from platemark.emulator.pictures import MOST_PIXELS, Gallery, Recipe
from platemark.emulator.replies import Refused, merge
from platemark.rules import leaves, pictures, sizes
from platemark.rules.judge import Judgement, expected
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

    def given(self, name: str) -> Any:
        """The value that holds: the one that was sent, else the default."""
        parameter = self.family.parameter_of(self.offer, name)
        return self.judgement.values.get(name, parameter.default if parameter else None)


def make(order: Order, gallery: Gallery) -> dict[str, Any]:
    """The values that the skeletons of answers name. Raises Refused for more than can be drawn."""
    size = _size(order, gallery)
    made = _count(order)
    if made > MOST_PICTURES:
        raise Refused("any", f"the emulator makes at most {MOST_PICTURES} pictures a request")
    prompt = _prompt(order)
    extended = order.given("prompt_extend") is True
    seed = order.judgement.values.get("seed")
    recipes = [
        Recipe(order.offer.model, prompt, leaves.integer(seed) if seed is not None else None, i, size)
        for i in range(made)
    ]
    values: dict[str, Any] = {
        "request_id": order.request_id, "model": order.offer.model, "prompt": prompt,
        "images": [f"{order.origin}/pictures/{gallery.hang(recipe, order.account)}.png" for recipe in recipes],
        "texts": _texts(prompt, made), "size": "{}*{}".format(*size), "width": size[0], "height": size[1],
        "count": made, "total": made, "succeeded": made, "failed": 0, "finish_reason": "stop", "finished": True,
    }  # fmt: skip
    if extended:
        values["reasoning"] = "The subject is clear; light, place and composition are open and were added."
    if extended or "prompt" not in skeletons.names(order.provider.results[order.offer.result]):
        # Where an answer repeats the original prompt, it has the actual one only if that is another.
        values["actual_prompt"] = f"{prompt}, in soft daylight, rich in detail, well composed" if extended else prompt
    return values


def result(order: Order, values: Mapping[str, Any]) -> Any:
    """The answer of a route without tasks."""
    made = skeletons.build(order.provider.results[order.offer.result], values)
    return merge(skeletons.build(order.provider.answer, values), made)


def _prompt(order: Order) -> str:
    """The prompt as far as the service reads it."""
    return str(order.judgement.values.get("prompt", ""))[: order.judgement.expected.get("text_length")]


def _count(order: Order) -> int:
    """How many pictures: a number, or a parameter's value. Where it is the most there can be, that many are made."""
    makes = order.offer.makes.removeprefix("..")
    return int(makes) if makes.isdecimal() else max(1, leaves.integer(order.given(makes)))


def _texts(prompt: str, count: int) -> list[str]:
    """A paragraph before each picture and one after the last."""
    subject = " ".join(prompt.split())[:60]
    steps = [f"Step {number}: here is what to do next about “{subject}”." for number in range(1, count + 1)]
    return [*steps, "That is all; the pictures above show each step."]


# ── Sizes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _size(order: Order, gallery: Gallery) -> sizes.Size:
    images = leaves.items(order.judgement.values.get("images"))
    last = _sides(images[-1], gallery) if images else None
    found = expected(order.family, order.offer, order.judgement.values, last).size
    if found is None:
        found = sizes.follow(UNKNOWN_PICTURE[0] * UNKNOWN_PICTURE[1], last) if last else UNKNOWN_PICTURE
    if found[0] * found[1] > MOST_PIXELS:
        raise Refused("any", f"the emulator draws pictures of at most {MOST_PIXELS:,} pixels")
    return found


def _sides(image: object, gallery: Gallery) -> sizes.Size:
    """The sides of an input picture: those of a data URI and of a picture made here are known, nothing is fetched."""
    if not isinstance(image, str):
        return UNKNOWN_PICTURE
    own = gallery.at(image)
    if own:
        return own.size
    found = pictures.from_data_uri(image)
    if found is None:
        return UNKNOWN_PICTURE
    short, long = sorted((found.width, found.height))
    usable = short > 0 and long <= _LONGEST_SIDE and long <= short * _NARROWEST
    return (found.width, found.height) if usable else UNKNOWN_PICTURE
