"""Input pictures for probes: a service can fetch none from this machine, so they travel as data URIs."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

from platemark.rules.pictures import data_uri
from platemark.rules.sizes import Size

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@lru_cache(maxsize=64)
def plain(size: Size) -> str:
    """A white picture of exactly that size, in a few hundred bytes, as a data URI."""
    width, height = size
    rows = (b"\0" + b"\xff" * -(-width // 8)) * height
    return data_uri(_head(size) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b""))


def head(size: Size) -> bytes:
    """As many first bytes of a PNG of that size as say so: it ends where its points would begin."""
    return _head(size) + _chunk(b"IDAT", b"")


def _head(size: Size) -> bytes:
    return _SIGNATURE + _chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
