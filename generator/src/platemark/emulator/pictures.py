"""Pictures: remembered as recipes, drawn when they are downloaded.

A gallery remembers the last 50,000 recipes, with the first 300 characters of their prompts; older ones are forgotten,
as if they had expired.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from io import BytesIO
from math import inf
from textwrap import wrap
from typing import TYPE_CHECKING

from platemark.emulator.clock import Clock
from platemark.emulator.recent import forget_oldest
from platemark.rules.sizes import Size

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

KEPT = 50_000
MOST_PIXELS = 1 << 26
"""The largest picture that is drawn: 8192*8192."""

_SHOWN = 300
_ADDRESS = re.compile(r"https?://[^/?#]+/pictures/([0-9a-f]{32})\.png")


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a picture is drawn from: the same recipe gives the same bytes."""

    model: str
    prompt: str
    seed: int | None
    index: int
    size: Size

    def digest(self, secret: str = "") -> bytes:
        text = "\0".join((secret, self.model, self.prompt, str(self.seed), str(self.index), "{}*{}".format(*self.size)))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Gallery:
    """The recipes of the pictures that were made, by an id that only who knows the key of the account could guess."""

    def __init__(self, clock: Clock, kept: int = KEPT) -> None:
        self._clock = clock
        self._kept = kept
        self._recipes: OrderedDict[str, tuple[Recipe, float]] = OrderedDict()
        """Id: a recipe, and the time from which on it is expired."""

    def hang(self, recipe: Recipe, account: str, keep: int = 0) -> str:
        """Remember a recipe for `keep` seconds, 0 without end; its id. One that hangs already begins anew."""
        name = recipe.digest(account).hex()
        shown = Recipe(recipe.model, recipe.prompt[:_SHOWN], recipe.seed, recipe.index, recipe.size)
        self._recipes[name] = shown, self._clock.now() + (keep or inf)
        self._recipes.move_to_end(name)
        forget_oldest(self._recipes, self._kept)
        return name

    def find(self, name: str) -> Recipe | None:
        """The recipe of an id, unless it has expired."""
        recipe, until = self._recipes.get(name, (None, inf))
        return recipe if self._clock.now() < until else None

    def forget(self) -> None:
        """Drop all recipes."""
        self._recipes.clear()

    def at(self, address: str) -> Recipe | None:
        """The picture that an address of this emulator names, however the emulator is called."""
        found = _ADDRESS.fullmatch(address)
        return self.find(found[1]) if found else None


# ── Drawing ───────────────────────────────────────────────────────────────────────────────────────────────────────

_INK, _PAPER, _TONES = 255, 254, 240
"""Entries of the palette: the text, what it stands on, and before them the tones of the background."""


def draw(recipe: Recipe) -> bytes:
    """A PNG of exactly the recipe's size: a soft ground, a plate's edge, and prompt and model to be read.

    One byte a pixel and rows that repeat, so that 4096*4096 take a fraction of a second."""
    from PIL import Image, ImageDraw

    width, height = recipe.size
    seed = recipe.digest()
    column = bytes(row * _TONES // height for row in range(height))
    ground = Image.frombytes("P", (1, height), column)
    # Its annotations name NumPy's arrays, too, which need not be here.
    image = ground.resize((width, height), Image.Resampling.NEAREST)  # pyright: ignore[reportUnknownMemberType]
    image.putpalette(_palette(seed))
    pen = ImageDraw.Draw(image)
    pen.fontmode = "1"  # a palette has no tones between ink and paper
    _shapes(pen, recipe.size, seed)
    _caption(pen, recipe)
    made = BytesIO()
    image.save(made, "PNG", compress_level=1)
    return made.getvalue()


def _palette(seed: bytes) -> list[int]:
    """From one colour of the seed to another, then paper and ink."""
    above, below = seed[:3], seed[3:6]
    tones = [
        (a // 2 + 64) + ((b // 2 + 64) - (a // 2 + 64)) * tone // _TONES
        for tone in range(_TONES)
        for a, b in zip(above, below, strict=True)
    ]
    return tones + [0] * 3 * (_PAPER - _TONES) + [250, 248, 240] + [24, 24, 32]


def _shapes(pen: ImageDraw, size: Size, seed: bytes) -> None:
    """A few discs in tones of the ground, and the edge that a plate leaves."""
    width, height = size
    short = min(size)
    for x, y, r in zip(seed[4:8], seed[8:12], seed[12:16], strict=True):
        radius = short // 10 + short * r // 1024
        centre = width * x // 255, height * y // 255
        box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
        pen.ellipse(box, fill=(x + y + r) % _TONES)
    if edge := short // 64:
        pen.rectangle((edge, edge, width - 1 - edge, height - 1 - edge), outline=_PAPER, width=max(1, edge // 4))


def _caption(pen: ImageDraw, recipe: Recipe) -> None:
    """Model, size and prompt on a paper strip, as large as the strip allows."""
    width, height = recipe.size
    font_size = max(8, min(width // 18, height // 12))
    margin = font_size // 2
    font = _font(font_size)
    columns = max(4, int((width - 2 * margin) / (font_size * 0.54)))
    line = font_size * 5 // 4
    lines = caption(recipe, columns, (height - 2 * margin) // line - 1)
    top = height - margin - line * len(lines)
    pen.rectangle((0, top - margin, width, height), fill=_PAPER)
    for index, text in enumerate(lines):
        pen.text((margin, top + index * line), _printable(text), fill=_INK, font=font)


def caption(recipe: Recipe, columns: int, room: int) -> list[str]:
    """Lines of at most so many columns: model and size, then as much of the prompt as there is room for."""
    title = "{} #{} {}*{}".format(recipe.model, recipe.index + 1, *recipe.size)
    titles = wrap(title, columns, max_lines=2, placeholder=" …", break_on_hyphens=False)
    rows = max(1, min(5, room - len(titles)))
    return [*titles, *wrap(_printable(recipe.prompt), columns, max_lines=rows, placeholder=" …")]


def _printable(text: str) -> str:
    """Text that a font can be asked for: neither surrogates nor anything that moves the pen."""
    return "".join(char if char.isprintable() else " " for char in text)


@lru_cache(maxsize=32)
def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType and can't draw text; its wheels on PyPI can")
    return found
