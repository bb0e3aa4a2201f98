"""Pictures of one colour, of any size in a few hundred bytes: what requests hold that try the limits of pictures.

The bytes are the same everywhere, which a compressor's are not: its versions differ.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from platemark.rules.pictures import data_uri
from platemark.rules.sizes import Size


@lru_cache(maxsize=256)
def uri(size: Size, format_: str = "PNG") -> str:
    """The picture as a data URI; `format_` is a key of `FORMATS`."""
    return data_uri(FORMATS[format_](size))


@lru_cache(maxsize=256)
def png(size: Size, *, alpha: bool = False) -> bytes:
    """A black PNG: one bit a point, or two bytes with an alpha channel, of which every point is clear."""
    width, height = size
    row = 1 + (2 * width if alpha else -(-width // 8))
    head = struct.pack(">IIBBBBB", width, height, *((8, 4) if alpha else (1, 0)), 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", _zeros(row * height)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def gif(size: Size) -> bytes:
    """A black GIF, not animated."""
    codes = _packed(_lzw(size[0] * size[1]))
    blocks = b"".join(bytes((len(codes[at : at + 255]),)) + codes[at : at + 255] for at in range(0, len(codes), 255))
    palette = bytes(3) + b"\xff\xff\xff"
    image = b"," + struct.pack("<HHHHB", 0, 0, *size, 0) + b"\2" + blocks + b"\0"
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + palette + image + b";"


FORMATS: Mapping[str, Callable[[Size], bytes]] = {
    "PNG": png,
    "PNG with alpha": lambda size: png(size, alpha=True),
    "GIF": gif,
}


def _zeros(count: int) -> bytes:
    """So many zero bytes, in zlib's format: one zero, then copies of what stands before, 258 at a time."""
    whole, rest = divmod(count - 1, 258)
    # By RFC 1951's fixed codes: a last block, the literal 0, matches of 258 at distance 1, literals, the end.
    words = [(0b011, 3), (_turned(0b00110000, 8), 8)]
    words += [(_turned(0b11000101, 8), 8), (0, 5)] * whole + [(_turned(0b00110000, 8), 8)] * rest + [(0, 7)]
    return b"\x78\x01" + _packed(words) + struct.pack(">I", _adler(count))


def _adler(count: int) -> int:
    """Adler-32 of so many zeros: the first sum stays 1, the second counts."""
    return (count % 65521) << 16 | 1


def _turned(code: int, width: int) -> int:
    """Huffman codes stand in the stream with their first bit first."""
    return int(f"{code:0{width}b}"[::-1], 2)


def _lzw(points: int) -> Iterator[tuple[int, int]]:
    """Codes for points of the colour 0, with their widths: each is one point longer than the last."""
    clear, end = 4, 5
    yield clear, 3
    while points:
        following, width, length = end + 1, 3, 1
        while points and following < 4095:
            taken = min(length, points)
            yield (0 if taken == 1 else end + taken - 1), width
            points -= taken
            if length > 1:
                following += 1
                width += following > (1 << width) - 1 and width < 12
            length += 1
        yield (clear if points else end), width


def _packed(words: Iterator[tuple[int, int]] | list[tuple[int, int]]) -> bytes:
    """Numbers of so many bits, the lowest bit first."""
    held = width = 0
    made = bytearray()
    for word, bits in words:
        held |= word << width
        width += bits
        while width >= 8:
            made.append(held & 0xFF)
            held >>= 8
            width -= 8
    return bytes(made) + (bytes((held,)) if width else b"")
