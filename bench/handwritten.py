"""Requests to wan2.6-image as one would write them by hand, for speed and for breadth: what ours is measured against.

Every value is constructed; nothing is filtered, and nothing is read from the specs. One bit mask says which optional
keys are there, since `fixed_dictionaries` takes several choices for each key.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

MODEL = "wan2.6-image"
LANTERN = "一盏纸灯 paper lantern 🏮 "
LETTERS = "abcxyzABCXYZ 0189.,!?'\"\\/<>&{}$*#\n\téß一盏纸灯あ한م\u200d🏮👩\U00020000"


@dataclass(frozen=True, slots=True)
class Request:
    """A wire body, and how it travels."""

    route: str
    mode: str
    body: dict[str, Any]


def texts(least: int, most: int) -> st.SearchStrategy[str]:
    """Short texts of any letters, and texts of every length up to the limit, in code points."""
    whole = LANTERN * (most // len(LANTERN) + 1)
    return st.text(LETTERS, min_size=least, max_size=40) | st.integers(least, most).map(lambda length: whole[:length])


PROMPTS = texts(1, 2000)
NEGATIVE_PROMPTS = texts(0, 500)


def png(width: int, height: int) -> str:
    """A black picture without an alpha channel, as a data URI."""
    rows = zlib.compress((b"\0" + bytes(3 * width)) * height)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


ADDRESSES = (
    "https://example.com/a.png",
    "http://example.com/b.jpg?x=1&y=2",
    "https://example.com/灯笼.webp",
    "oss://bucket/c.bmp",
    png(240, 240),
    png(1000, 300),
)
PICTURES = st.sampled_from(ADDRESSES)
FOUR_PICTURES = st.lists(PICTURES, min_size=1, max_size=4)
NO_OR_ONE_PICTURE = st.lists(PICTURES, max_size=1)

LEAST_AREA = 768 * 768
EDIT_SIZES = st.sampled_from(
    ("1K", "2K", "768*768", "2048*2048", "1280*1280", "384*1536", "1536*384", "4096*1024", "1024*4096", "720*1280")
)
INTERLEAVE_SIZES = st.sampled_from(
    ("768*768", "1280*1280", "384*1536", "1536*384", "2560*640", "640*2560", "720*1280", "1280*720", "960*1280")
)
EDIT_WIDTHS = st.integers(384, 4096)
INTERLEAVE_WIDTHS = st.integers(384, 2560)

FOURS = st.integers(1, 4)
FIVES = st.integers(1, 5)
SEEDS = st.integers(0, 2147483647)
BOOLEANS = st.booleans()
EDIT_KEYS = st.integers(0, 0xFF)
INTERLEAVE_KEYS = st.integers(0, 0x3F)


@st.composite
def sizes(draw: st.DrawFn, widths: st.SearchStrategy[int], most: int) -> str:
    """`W*H` with an area up to `most` pixels and a ratio of 1:4 to 4:1, both ends included."""
    width = draw(widths)
    low = max(-(-LEAST_AREA // width), -(-width // 4))
    return f"{width}*{draw(st.integers(low, min(most // width, 4 * width)))}"


ANY_EDIT_SIZE = EDIT_SIZES | sizes(EDIT_WIDTHS, 2048 * 2048)
ANY_INTERLEAVE_SIZE = INTERLEAVE_SIZES | sizes(INTERLEAVE_WIDTHS, 1280 * 1280)


def _body(prompt: str, pictures: Sequence[str], parameters: dict[str, Any]) -> dict[str, Any]:
    content = [{"text": prompt}, *({"image": picture} for picture in pictures)]
    body: dict[str, Any] = {"model": MODEL, "input": {"messages": [{"role": "user", "content": content}]}}
    if parameters:
        body["parameters"] = parameters
    return body


@st.composite
def edits(draw: st.DrawFn, route: str) -> Request:
    """Requests that change one to four pictures."""
    keys = draw(EDIT_KEYS)
    parameters: dict[str, Any] = {}
    if keys & 1:
        parameters["negative_prompt"] = draw(NEGATIVE_PROMPTS)
    if keys & 2:
        parameters["size"] = draw(ANY_EDIT_SIZE)
    if keys & 4:
        parameters["n"] = draw(FOURS)
    if keys & 8:
        parameters["seed"] = draw(SEEDS)
    if keys & 16:
        parameters["watermark"] = draw(BOOLEANS)
    if keys & 32:
        parameters["prompt_extend"] = draw(BOOLEANS)
    if keys & 64:
        parameters["enable_interleave"] = False
    if keys & 128 and route == "sync":
        parameters["stream"] = False
    return Request(route, "edit", _body(draw(PROMPTS), draw(FOUR_PICTURES), parameters))


@st.composite
def interleaves(draw: st.DrawFn, route: str) -> Request:
    """Requests for an illustrated text, with one picture or none."""
    keys = draw(INTERLEAVE_KEYS)
    parameters: dict[str, Any] = {"enable_interleave": True}
    if route == "stream":
        parameters["stream"] = True
    if keys & 1:
        parameters["negative_prompt"] = draw(NEGATIVE_PROMPTS)
    if keys & 2:
        parameters["size"] = draw(ANY_INTERLEAVE_SIZE)
    if keys & 4:
        parameters["n"] = 1
    if keys & 8:
        parameters["seed"] = draw(SEEDS)
    if keys & 16:
        parameters["watermark"] = draw(BOOLEANS)
    if keys & 32:
        parameters["max_images"] = draw(FIVES)
    return Request(route, "interleave", _body(draw(PROMPTS), draw(NO_OR_ONE_PICTURE), parameters))


def requests() -> st.SearchStrategy[Request]:
    """Valid requests of both modes, by every route of each."""
    return st.one_of(edits("sync"), edits("task"), interleaves("stream"), interleaves("task"))
