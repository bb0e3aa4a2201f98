"""Facts about a picture, read from its first bytes: format, sides, alpha channel and size of the file.

Reading is total: bytes that are cut, hostile or of another kind give None, and never an error. No fact is guessed:
where the bytes end before all are known, there is no picture. Emitted clients carry this file as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

_DATA = re.compile(r"data:image/[a-zA-Z0-9.+-]+;base64,")
_MAGIC = 18  # bytes that tell the format: "BM" alone begins many a text, so a bitmap's must show its header's size too
_FIRST = 6 << 10  # bytes decoded at once from a data URI: most headers, and some lines, were the text broken into lines
_STEPS = range(10_000)  # segments, chunks and blocks that are walked: far more than real files have before their data


@dataclass(frozen=True, slots=True)
class Picture:
    """What the header of a picture says.

    Width and height are those stored: an orientation in EXIF, which viewers apply, is not applied. `alpha` says that
    the file has a channel or a color for transparency, not that any point is transparent. `bytes` is the file's size.
    """

    format: str
    width: int
    height: int
    alpha: bool
    bytes: int

    @property
    def mime(self) -> str:
        """The media type."""
        return f"image/{self.format.lower()}"


_NOTHING = Picture("", 0, 0, False, 0)


def sniff(head: bytes, size: int) -> Picture | None:
    """Read the first bytes of a file of `size` bytes; None where they are no known picture, damaged or too few.

    64 KiB are mostly enough, but profiles and EXIF can push the facts further back, and a TIFF may end with them.
    """
    return _read(_Source(head, lambda _at, _count: b""), size)


def from_data_uri(uri: object) -> Picture | None:
    """Read `data:image/…;base64,…`; None for any other value. The type that it claims is not compared with its bytes.

    Both alphabets are taken, with and without padding, but no line breaks. Only the header's pieces and the very end
    are decoded and checked: microseconds for any size, so a cache, which would hash and keep the text, costs more.
    """
    found = _DATA.match(uri) if isinstance(uri, str) else None
    if found is None:
        return None
    text, start = found.string, found.end()
    padding = len(text[-4:]) - len(text[-4:].rstrip("="))
    length = len(text) - start - padding
    if length % 4 == 1 or padding not in {0, -length % 4}:
        return None
    decode = partial(_decode, text, start, start + length)
    head, size = decode(0, _FIRST), length * 3 // 4
    return _read(_Source(head, decode), size) if head and decode(size - 1, 1) else None


def data_uri(data: bytes) -> str:
    """A picture as `data:image/…;base64,…`, typed by its magic bytes, all else unread; ValueError where it has none."""
    name = _format(data[:_MAGIC])
    if name is None:
        raise ValueError(f"these bytes are not a picture in a known format; use one of {', '.join(_FORMATS)}")
    return f"data:image/{name.lower()};base64,{base64.b64encode(data).decode('ascii')}"


def is_picture(value: object) -> bool:
    """Whether a value is a data URI of a picture whose header can be read."""
    return from_data_uri(value) is not None


def picture_format(value: object) -> str:
    """`PNG`, `JPEG`, `GIF`, `BMP`, `WEBP` or `TIFF`, as the bytes show it; nothing when unknown."""
    return (from_data_uri(value) or _NOTHING).format


def picture_width(value: object) -> int:
    """Stored width, in pixels; 0 when unknown."""
    return (from_data_uri(value) or _NOTHING).width


def picture_height(value: object) -> int:
    """Stored height, in pixels; 0 when unknown."""
    return (from_data_uri(value) or _NOTHING).height


def picture_bytes(value: object) -> int:
    """Size of the file, before it was written as base64; 0 when unknown."""
    return (from_data_uri(value) or _NOTHING).bytes


def has_alpha(value: object) -> bool:
    """Whether a picture has a channel or a color for transparency; False when unknown."""
    return (from_data_uri(value) or _NOTHING).alpha


class _Unreadable(Exception):
    """A header ends too early, or says what none can say."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A file, of which the head is at hand and the rest is fetched piece by piece where a header goes on there."""

    head: bytes
    rest: Callable[[int, int], bytes]

    def take(self, at: int, count: int) -> bytes:
        piece = self.head[at : at + count] if at + count <= len(self.head) else self.rest(at, count)
        if len(piece) < count:
            raise _Unreadable
        return piece

    def number(self, at: int, count: int, order: Literal["big", "little"] = "big", *, signed: bool = False) -> int:
        return int.from_bytes(self.take(at, count), order, signed=signed)


def _read(source: _Source, size: int) -> Picture | None:
    try:
        name = _format(source.take(0, _MAGIC))
        if name is None:
            return None
        width, height, alpha = _FORMATS[name][1](source)
    except _Unreadable:
        return None
    return Picture(name, width, height, alpha, size) if 0 < min(width, height) <= max(width, height) < 1 << 31 else None


def _format(magic: bytes) -> str | None:
    return next((name for name, (pattern, _) in _FORMATS.items() if pattern.match(magic)), None)


def _decode(text: str, start: int, end: int, at: int, count: int) -> bytes:
    """`count` decoded bytes from `at`, of the base64 between `start` and `end`: fewer at its end, none if damaged."""
    first, last = start + at // 3 * 4, start + (at + count + 2) // 3 * 4
    piece = text[first : min(last, end)].replace("-", "+").replace("_", "/")
    try:
        data = binascii.a2b_base64(piece + "=" * (-len(piece) % 4), strict_mode=True)
    except ValueError:
        return b""
    return data[at % 3 : at % 3 + count]


def _png(source: _Source) -> tuple[int, int, bool]:
    if source.take(8, 8) != b"\0\0\0\rIHDR":
        raise _Unreadable
    width, height, color = source.number(16, 4), source.number(20, 4), source.number(25, 1)
    if color in {4, 6}:
        return width, height, True
    at = 33
    for _ in _STEPS:  # a transparent color is a chunk of its own, before the data
        kind = source.take(at + 4, 4)
        if kind in {b"tRNS", b"IDAT"}:
            return width, height, kind == b"tRNS"
        at += 12 + source.number(at, 4)
    raise _Unreadable


def _jpeg(source: _Source) -> tuple[int, int, bool]:
    at = 2
    for _ in _STEPS:
        mark, code = source.take(at, 2)
        if mark != 0xFF or code in {0x00, 0xFF}:
            at += 1  # fill bytes are allowed; other stray bytes are not, but decoders skip them too
        elif code == 0x01 or 0xD0 <= code <= 0xD8:
            at += 2  # these stand alone
        elif 0xC0 <= code <= 0xCF and code not in {0xC4, 0xC8, 0xCC}:
            if source.number(at + 2, 2) != 8 + 3 * source.number(at + 9, 1):
                break
            return source.number(at + 7, 2), source.number(at + 5, 2), False
        elif code in {0xD9, 0xDA}:
            break  # the end, or the data, before any frame
        else:
            at += 2 + source.number(at + 2, 2)
    raise _Unreadable


def _gif(source: _Source) -> tuple[int, int, bool]:
    width, height, flags = source.number(6, 2, "little"), source.number(8, 2, "little"), source.number(10, 1)
    at = 13 + (6 << (flags & 7) if flags & 0x80 else 0)
    inside = False  # an extension, which is a row of blocks, each led by its length and the last one empty
    for _ in _STEPS:  # the graphic control before the first frame tells whether a color is transparent
        code = source.number(at, 1)
        if inside:
            at, inside = at + 1 + code, code > 0
        elif code == 0x2C:
            return width, height, False
        elif code != 0x21:
            break
        elif source.number(at + 1, 1) == 0xF9:
            return width, height, source.number(at + 3, 1) & 1 == 1
        else:
            at, inside = at + 2, True
    raise _Unreadable


def _bmp(source: _Source) -> tuple[int, int, bool]:
    header = source.number(14, 4, "little")
    if header == 12:
        return source.number(18, 2, "little"), source.number(20, 2, "little"), False
    width, height = (source.number(at, 4, "little", signed=True) for at in (18, 22))
    # Masks count only with 32 bits and compression 3, and only these headers have one for alpha.
    masks = header in {56, 108, 124} and source.take(28, 6) == b"\x20\0\3\0\0\0"
    return width, abs(height), masks and source.number(66, 4) != 0  # negative: rows from top to bottom


def _webp(source: _Source) -> tuple[int, int, bool]:
    match source.take(12, 4):
        case b"VP8 " if source.take(23, 3) == b"\x9d\x01\x2a":
            return source.number(26, 2, "little") & 0x3FFF, source.number(28, 2, "little") & 0x3FFF, False
        case b"VP8L" if source.take(20, 1) == b"\x2f":
            bits = source.number(21, 4, "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1 == 1
        case b"VP8X":
            return source.number(24, 3, "little") + 1, source.number(27, 3, "little") + 1, source.number(20, 1) & 16 > 0
        case _:
            raise _Unreadable


def _tiff(source: _Source) -> tuple[int, int, bool]:
    order = "little" if source.take(0, 1) == b"I" else "big"
    start = source.number(4, 4, order) + 2
    end = start + 12 * source.number(start - 2, 2, order)
    tags = {source.number(at, 2, order): at for at in range(start, end, 12)}

    def numbers(tag: int) -> list[int]:
        """The values of a tag, SHORT or LONG, which stand in its entry if they fit there."""
        at = tags.get(tag, 0)
        width = {3: 2, 4: 4}.get(source.number(at + 2, 2, order), 0) if at else 0
        count = source.number(at + 4, 4, order) if width else 0
        if count > 0xFF:
            raise _Unreadable
        place = at + 8 if count * width <= 4 else source.number(at + 8, 4, order)
        return [source.number(place + i * width, width, order) for i in range(count)]

    (width, *_), (height, *_) = numbers(256) or [0], numbers(257) or [0]
    return width, height, any(extra in {1, 2} for extra in numbers(338))


_FORMATS: Mapping[str, tuple[re.Pattern[bytes], Callable[[_Source], tuple[int, int, bool]]]] = {
    "PNG": (re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    "JPEG": (re.compile(rb"\xff\xd8\xff"), _jpeg),
    "GIF": (re.compile(rb"GIF8[79]a"), _gif),
    "BMP": (re.compile(rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL), _bmp),
    "WEBP": (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), _webp),
    "TIFF": (re.compile(rb"II\*\0|MM\0\*"), _tiff),
}
NAMES = tuple(_FORMATS)
"""The formats that are told apart."""
