"""Pictures are read from their first bytes as Pillow reads them, and nothing that is not one ever raises."""

import base64
import io
import random
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from platemark.rules import pictures, specimens
from platemark.rules.pictures import Picture, data_uri, from_data_uri, sniff

WIDTH, HEIGHT = 37, 23  # neither equal nor round, so that a mixed-up pair or order of bytes shows


def made(mode: str, format_: str, width: int = WIDTH, height: int = HEIGHT, **options: Any) -> bytes:
    """A picture that Pillow wrote."""
    image = Image.new(mode, (width, height))
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def noise(format_: str, **options: Any) -> bytes:
    image = Image.frombytes("RGB", (300, 200), random.Random(0).randbytes(300 * 200 * 3))
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def animated(**options: Any) -> bytes:
    first, *others = (Image.new("P", (WIDTH, HEIGHT), color) for color in (0, 1, 2))
    for image in (first, *others):
        image.putpalette(bytes(range(48)))
    out = io.BytesIO()
    first.save(out, "GIF", save_all=True, append_images=others, duration=40, loop=0, disposal=2, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + b"\0\0\0\0"


def segment(code: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(data) + 2) + data


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def bitmap(header: int, bits: int, compression: int, alpha_mask: int, height: int = HEIGHT) -> bytes:
    fields = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, 0, 0, 0, 0, 0)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, alpha_mask)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + header) + (fields + masks).ljust(header, b"\0") + bytes(64)


def tiff(order: str, tags: list[tuple[int, int, int, bytes]], extra: bytes = b"", before: int = 0) -> bytes:
    """A TIFF without its picture: `before` bytes, the first directory, and what its entries point at."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = b"".join(struct.pack(f"{order}HHI", tag, type_, n) + value for tag, type_, n, value in tags)
    return (
        mark
        + struct.pack(f"{order}I", 8 + before)
        + bytes(before)
        + struct.pack(f"{order}H", len(tags))
        + entries
        + extra
    )


def short(order: str, value: int) -> bytes:
    return struct.pack(f"{order}HH", value, 0)


def long(order: str, value: int) -> bytes:
    return struct.pack(f"{order}I", value)


EXIF = segment(0xE1, b"Exif\0\0" + bytes(60_000))
PLAIN_JPEG = made("RGB", "JPEG")

FILES: dict[str, tuple[bytes, str, bool]] = {
    "PNG gray": (made("L", "PNG"), "PNG", False),
    "PNG bits": (made("1", "PNG"), "PNG", False),
    "PNG 16 bits": (made("I;16", "PNG"), "PNG", False),
    "PNG color": (made("RGB", "PNG"), "PNG", False),
    "PNG color, transparent": (made("RGB", "PNG", transparency=(1, 2, 3)), "PNG", True),
    "PNG gray, transparent": (made("L", "PNG", transparency=7), "PNG", True),
    "PNG palette": (made("P", "PNG"), "PNG", False),
    "PNG palette, transparent": (made("P", "PNG", transparency=0), "PNG", True),
    "PNG gray and alpha": (made("LA", "PNG"), "PNG", True),
    "PNG color and alpha": (made("RGBA", "PNG"), "PNG", True),
    "PNG with a profile": (
        made("P", "PNG", transparency=0, icc_profile=random.Random(1).randbytes(90_000)),
        "PNG",
        True,
    ),
    "JPEG": (PLAIN_JPEG, "JPEG", False),
    "JPEG gray": (made("L", "JPEG"), "JPEG", False),
    "JPEG CMYK": (made("CMYK", "JPEG"), "JPEG", False),
    "JPEG progressive": (made("RGB", "JPEG", progressive=True), "JPEG", False),
    "JPEG with a profile": (made("RGB", "JPEG", icc_profile=bytes(150_000)), "JPEG", False),
    "JPEG with much EXIF": (with_segments(PLAIN_JPEG, EXIF, EXIF, EXIF), "JPEG", False),
    "JPEG with fill bytes": (with_segments(PLAIN_JPEG, b"\xff" * 9), "JPEG", False),
    "JPEG with stray bytes": (PLAIN_JPEG[:20] + b"\0\x12\xff\0\x34" + PLAIN_JPEG[20:], "JPEG", False),
    "JPEG with TEM": (with_segments(PLAIN_JPEG, b"\xff\x01"), "JPEG", False),
    "GIF": (made("P", "GIF"), "GIF", False),
    "GIF transparent": (made("P", "GIF", transparency=0), "GIF", True),
    "GIF with a comment": (made("P", "GIF", transparency=0, comment=b"x" * 9_000), "GIF", True),
    "GIF animated": (animated(), "GIF", False),
    "GIF animated, transparent": (animated(transparency=0), "GIF", True),
    "BMP": (made("RGB", "BMP"), "BMP", False),
    "BMP gray": (made("L", "BMP"), "BMP", False),
    "BMP bits": (made("1", "BMP"), "BMP", False),
    "BMP V4, alpha": (bitmap(108, 32, 3, 0xFF000000), "BMP", True),
    "BMP V5, alpha": (bitmap(124, 32, 3, 0xFF000000), "BMP", True),
    "BMP V5, no mask": (bitmap(124, 32, 3, 0), "BMP", False),
    "BMP V5, masks unused": (bitmap(124, 32, 0, 0xFF000000), "BMP", False),
    "BMP V5, 24 bits": (bitmap(124, 24, 0, 0xFF000000), "BMP", False),
    "BMP from the top": (bitmap(40, 24, 0, 0, height=-HEIGHT), "BMP", False),
    "BMP core": (b"BM" + bytes(12) + struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24), "BMP", False),
    "WEBP lossy": (made("RGB", "WEBP"), "WEBP", False),
    "WEBP lossy, alpha": (made("RGBA", "WEBP"), "WEBP", True),
    "WEBP lossless": (made("RGB", "WEBP", lossless=True), "WEBP", False),
    "WEBP lossless, alpha": (made("RGBA", "WEBP", lossless=True), "WEBP", True),
    "WEBP with a profile": (made("RGB", "WEBP", icc_profile=bytes(3_000)), "WEBP", False),
    "WEBP with a profile, alpha": (made("RGBA", "WEBP", icc_profile=bytes(3_000)), "WEBP", True),
    "TIFF": (made("RGB", "TIFF"), "TIFF", False),
    "TIFF gray": (made("L", "TIFF"), "TIFF", False),
    "TIFF alpha": (made("RGBA", "TIFF"), "TIFF", True),
    "TIFF gray and alpha": (made("LA", "TIFF"), "TIFF", True),
    "TIFF compressed": (made("RGBA", "TIFF", compression="tiff_lzw"), "TIFF", True),
    "TIFF big-endian": (made("I;16B", "TIFF"), "TIFF", False),
}


@pytest.mark.parametrize("name", FILES)
def test_a_picture_is_read(name: str):
    data, format_, alpha = FILES[name]
    expected = Picture(format_, WIDTH, HEIGHT, alpha, len(data))
    assert sniff(data, len(data)) == expected
    assert from_data_uri(data_uri(data)) == expected


# Pillow refuses a marker that libjpeg takes.
@pytest.mark.parametrize("name", [name for name in FILES if name != "JPEG with TEM"])
def test_pillow_reads_the_same(name: str):
    data, format_, alpha = FILES[name]
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == (format_, (WIDTH, HEIGHT))
        assert ("A" in image.mode or "transparency" in image.info) == alpha


@pytest.mark.parametrize("name", FILES)
def test_a_cut_picture_is_none_or_the_same(name: str):
    data, _, _ = FILES[name]
    whole = sniff(data, len(data))
    ends = {*range(min(len(data), 400)), *range(0, len(data), 997)}
    found = {end: sniff(data[:end], len(data)) for end in ends}
    assert set(found.values()) <= {None, whole}
    assert found[0] is None
    for end in ends:
        found_in_text = from_data_uri("data:image/png;base64," + base64.b64encode(data[:end]).decode())
        assert found_in_text == (found[end] and sniff(data[:end], end))


@pytest.mark.parametrize("name", ["JPEG with much EXIF", "PNG with a profile"])
def test_a_fact_beyond_the_head_is_not_guessed(name: str):
    data, _, _ = FILES[name]
    assert sniff(data[: 64 << 10], len(data)) is None


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("extras", [(0,), (1,), (2,), (0, 0, 0), (0, 0, 2)], ids=str)
@pytest.mark.parametrize("before", [0, 300_000])
def test_a_tiff_by_hand(order: str, extras: tuple[int, ...], before: int):
    values = struct.pack(f"{order}{len(extras)}H", *extras)
    place = long(order, 8 + before + 2 + 3 * 12) if len(values) > 4 else values.ljust(4, b"\0")
    tags = [(256, 3, 1, short(order, 700)), (257, 4, 1, long(order, 70_000)), (338, 3, len(extras), place)]
    data = tiff(order, tags, values, before)
    expected = Picture("TIFF", 700, 70_000, 1 in extras or 2 in extras, len(data))
    assert sniff(data, len(data)) == from_data_uri(data_uri(data)) == expected


PNG = made("RGB", "PNG")
NO_PICTURES = {
    "nothing": b"",
    "text": b"BM is how this text begins, but it is no bitmap",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>",
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "PNG without IHDR": PNG[:8] + chunk(b"IDAT", bytes(30)) + PNG[8:],
    "PNG without width": PNG[:16] + bytes(4) + PNG[20:],
    "PNG too wide": PNG[:16] + b"\x80\0\0\0" + PNG[20:],
    "PNG of comments": PNG[:33] + chunk(b"tEXt", b"") * 20_000 + PNG[33:],
    "PNG without data": PNG[:33] + chunk(b"IEND", b""),
    "JPEG without frame": b"\xff\xd8" + segment(0xDB, bytes(65)) + segment(0xC4, bytes(30)) + segment(0xDA, bytes(90)),
    "JPEG ended": b"\xff\xd8\xff\xd9" + PLAIN_JPEG,
    "JPEG of fill bytes": with_segments(PLAIN_JPEG, b"\xff" * 20_000),
    "JPEG with lines at the end": b"\xff\xd8" + segment(0xC0, b"\x08\0\0\0\x20\x01\x01\x11\0") + bytes(20),
    "JPEG with a wrong frame": b"\xff\xd8" + segment(0xC0, b"\x08\0\x20\0\x20\x03\x01\x11\0") + bytes(20),
    "GIF without blocks": b"GIF89a" + struct.pack("<HHBBB", 3, 3, 0, 0, 0) + bytes(20),
    "GIF of comments": b"GIF89a" + struct.pack("<HHBBB", 3, 3, 0, 0, 0) + b"!\xfe" + b"\x01x" * 20_000,
    "BMP with an odd header": b"BM" + bytes(12) + struct.pack("<Iii", 41, 3, 3) + bytes(40),
    "BMP to the left": b"BM" + bytes(12) + struct.pack("<Iii", 40, -3, 3) + bytes(40),
    "WEBP of another kind": b"RIFF\0\0\0\0WEBPVP9 " + bytes(40),
    "WEBP without start code": b"RIFF\0\0\0\0WEBPVP8 " + bytes(40),
    "WEBP without signature": b"RIFF\0\0\0\0WEBPVP8L" + bytes(40),
    "WAVE": b"RIFF\0\0\0\0WAVEfmt " + bytes(40),
    "TIFF without width": tiff("<", [(257, 3, 1, short("<", 9))] * 3),
    "TIFF with text for a width": tiff("<", [(256, 2, 1, b"99\0\0"), (257, 3, 1, short("<", 9))]),
    "TIFF with an endless tag": tiff(
        "<", [(256, 3, 1, short("<", 9)), (257, 3, 1, short("<", 9)), (338, 3, 1 << 31, bytes(4))]
    ),
    "TIFF that ends": b"II*\0" + struct.pack("<I", 8) + b"\xff\xff" + bytes(100),
    "TIFF that points away": b"MM\0*" + b"\xff\xff\xff\xff" + bytes(100),
    "BigTIFF": b"II+\0\x08\0\0\0" + bytes(100),
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_no_picture(name: str):
    data = NO_PICTURES[name]
    assert sniff(data, len(data)) is None
    assert from_data_uri("data:image/png;base64," + base64.b64encode(data).decode()) is None


STARTS = [data[:n] for data, _, _ in FILES.values() for n in (3, 12, 20, 34, 60) if len(data) < 3_000]
HOSTILE = st.builds(bytes.__add__, st.sampled_from([b"", *STARTS]), st.binary(max_size=200))


@given(HOSTILE, st.integers())
def test_bytes_never_raise(data: bytes, size: int):
    sound(sniff(data, size))


@given(st.sampled_from([data for data, _, _ in FILES.values() if len(data) < 3_000]), st.data())
def test_damaged_pictures_never_raise(data: bytes, draw: st.DataObject):
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 6))):
        damaged[draw.draw(st.integers(0, min(len(data), 120) - 1))] = draw.draw(st.integers(0, 255))
    sound(sniff(bytes(damaged), len(damaged)))
    text = "data:image/gif;base64," + base64.b64encode(damaged).decode()
    assert from_data_uri(text) == sniff(bytes(damaged), len(damaged))


ANYTHING = st.one_of(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | st.lists(st.text()),
    st.text(),
    st.text().map("data:image/png;base64,".__add__),
    st.text("AQgw+/-_=\n é", max_size=60).map("data:image/png;base64,iVBORw0KGgoAAAANSUhEUg".__add__),
    HOSTILE.map(lambda data: "data:image/jpeg;base64," + base64.b64encode(data).decode()),
)


@given(ANYTHING)
def test_extractors_are_total(value: object):
    found = from_data_uri(value)
    sound(found)
    assert pictures.is_picture(value) is (found is not None)
    assert pictures.picture_format(value) == (found.format if found else "")
    assert pictures.picture_width(value) == (found.width if found else 0)
    assert pictures.picture_height(value) == (found.height if found else 0)
    assert pictures.picture_bytes(value) == (found.bytes if found else 0)
    assert pictures.has_alpha(value) is (found is not None and found.alpha)


def sound(picture: Picture | None) -> None:
    if picture is not None:
        assert picture.format in {"PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"}
        assert 0 < picture.width < 2**31
        assert 0 < picture.height < 2**31


@given(st.integers(0, 8), st.booleans(), st.booleans())
def test_every_base64_is_measured(extra: int, urlsafe: bool, padded: bool):
    data = PNG + b"\xff\xfe\xfb" * 4 + bytes(extra)
    text = (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(data).decode()
    found = from_data_uri("data:image/png;base64," + (text if padded else text.rstrip("=")))
    assert found == Picture("PNG", WIDTH, HEIGHT, False, len(data))


BODY = base64.b64encode(PNG + bytes(-len(PNG) % 3)).decode()
LARGE = base64.b64encode(noise("PNG")).decode().rstrip("=")
BROKEN: dict[str, object] = {
    "no picture type": f"data:text/plain;base64,{BODY}",
    "not base64": f"data:image/png,{BODY}",
    "bytes": f"data:image/png;base64,{BODY}".encode(),
    "an address": "https://example.com/a.png",
    "no data": "data:image/png;base64,",
    "only padding": "data:image/png;base64,==",
    "one character too many": f"data:image/png;base64,{BODY}A",
    "needless padding": f"data:image/png;base64,{BODY}=",
    "too much padding": f"data:image/png;base64,{BODY}====",
    "padding inside": f"data:image/png;base64,{BODY[:60]}QQ=={BODY[60:]}",
    "a space before": f" data:image/png;base64,{BODY}",
    "lines": "data:image/png;base64," + base64.encodebytes(PNG).decode(),
    "many lines": "data:image/png;base64," + base64.encodebytes(noise("PNG")).decode(),
    "a line break after": f"data:image/png;base64,{BODY}\n",
    **{f"{n} line breaks after much": f"data:image/png;base64,{LARGE}" + "\n" * n for n in range(1, 5)},
    "no ASCII": f"data:image/png;base64,{BODY[:40]}é{BODY[41:]}",
    "a lone surrogate": f"data:image/png;base64,{BODY[:40]}\ud800{BODY[41:]}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_no_data_uri_of_a_picture(name: str):
    assert from_data_uri(BROKEN[name]) is None


def test_the_bytes_count_and_not_the_claim():
    assert pictures.picture_format(f"data:image/jpeg;base64,{BODY}") == "PNG"


def test_large_pictures_are_not_decoded(monkeypatch: pytest.MonkeyPatch):
    decode, decoded = pictures._decode, 0

    def counted(text: str, start: int, end: int, at: int, count: int) -> bytes:
        nonlocal decoded
        piece = decode(text, start, end, at, count)
        decoded += len(piece)
        return piece

    monkeypatch.setattr(pictures, "_decode", counted)
    data = FILES["JPEG with much EXIF"][0] + bytes(3_000_000)
    assert from_data_uri(data_uri(data)) == Picture("JPEG", WIDTH, HEIGHT, False, len(data))
    assert decoded < 7_000


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (made("L", "PNG"), "image/png"),
        (PLAIN_JPEG, "image/jpeg"),
        (made("L", "GIF"), "image/gif"),
        (made("L", "BMP"), "image/bmp"),
        (made("L", "WEBP"), "image/webp"),
        (made("L", "TIFF"), "image/tiff"),
    ],
    ids=["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"],
)
def test_a_data_uri_carries_type_and_bytes(data: bytes, mime: str):
    head, _, body = data_uri(data).partition(",")
    assert (head, base64.b64decode(body, validate=True)) == (f"data:{mime};base64", data)
    found = sniff(data, len(data))
    assert found is not None
    assert found.mime == mime


@pytest.mark.parametrize("data", [b"", b"GIF", b"BMW is a text", b"<svg/>", b"\0" * 99], ids=repr)
def test_no_data_uri_is_made_of_other_bytes(data: bytes):
    with pytest.raises(ValueError, match="not a picture in a known format; use one of PNG, JPEG, GIF, BMP, WEBP, TIFF"):
        data_uri(data)


@pytest.mark.parametrize("name", specimens.FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (239, 240), (700, 1000), (8001, 240)])
def test_specimens_are_pictures_of_exactly_that_size(name: str, size: tuple[int, int]) -> None:
    picture = Image.open(io.BytesIO(specimens.FORMATS[name](size)))
    picture.load()
    assert picture.size == size
    assert len(picture.convert("RGBA").getcolors(maxcolors=2) or []) == 1
    found = pictures.from_data_uri(specimens.uri(size, name))
    assert found is not None
    assert (found.width, found.height, found.alpha) == (*size, name == "PNG with alpha")
