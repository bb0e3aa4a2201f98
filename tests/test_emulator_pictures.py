"""Downloads from the emulator: whole, in part, of what is still the same picture, and until they expire."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import httpx2
import pytest
from PIL import Image

from emulation import AUTH, MULTIMODAL, messages
from platemark.emulator import Clock, running
from platemark.ir import Ir
from platemark.wire.faults import HEADER

DAY = 24 * 3600


def made(client: httpx2.Client, seed: int = 1, size: str = "512*512") -> str:
    """The address of a new picture."""
    answer = client.post(MULTIMODAL, headers=AUTH, json=messages("z-image-turbo", seed=seed, size=size)).json()
    return answer["output"]["choices"][0]["message"]["content"][0]["image"]


@pytest.fixture(scope="module")
def address(api: httpx2.Client) -> str:
    return made(api)


@pytest.fixture(scope="module")
def whole(api: httpx2.Client, address: str) -> bytes:
    return api.get(address).content


# ── Parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_whole_picture_says_that_it_can_be_had_in_parts(api: httpx2.Client, address: str):
    answer = api.get(address)
    assert (answer.status_code, answer.headers["accept-ranges"]) == (200, "bytes")
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["etag"] == api.get(address).headers["etag"] != api.get(made(api, 2)).headers["etag"]
    assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("bytes=0-", (0, -1)),
        ("bytes=100-", (100, -1)),
        ("bytes=100-199", (100, 199)),
        ("bytes=7-7", (7, 7)),
        ("bytes=100-999999999", (100, -1)),
        ("Bytes=0-99", (0, 99)),
        ("bytes=-100", (-100, -1)),
        ("bytes=-999999999", (0, -1)),
    ],
)
def test_a_part_is_what_was_asked_for(
    api: httpx2.Client, address: str, whole: bytes, asked: str, span: tuple[int, int]
):
    answer = api.get(address, headers={"Range": asked})
    size = len(whole)
    start, end = (position % size for position in span)
    assert answer.status_code == 206
    assert answer.content == whole[start : end + 1]
    assert answer.headers["content-range"] == f"bytes {start}-{end}/{size}"
    assert answer.headers["content-length"] == str(end + 1 - start)
    assert (answer.headers["accept-ranges"], answer.headers["content-type"]) == ("bytes", "image/png")
    assert answer.headers["etag"] == api.get(address).headers["etag"]


@pytest.mark.parametrize("asked", ["bytes={size}-", "bytes={size}-{size}", "bytes=999999999999-", "bytes=-0"])
def test_a_part_behind_the_end_can_not_be_had(api: httpx2.Client, address: str, whole: bytes, asked: str):
    answer = api.get(address, headers={"Range": asked.format(size=len(whole))})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{len(whole)}"


@pytest.mark.parametrize(
    "asked",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=9-5", "bytes=a-b", "bytes=0-1,5-9", "bytes=0-1,",
        "bytes= 0-1", "bytes=+1-5", "items=0-1", "0-1", f"bytes={'9' * 5000}-",
    ],
)  # fmt: skip
def test_what_is_not_one_range_is_not_asked_for(api: httpx2.Client, address: str, whole: bytes, asked: str):
    answer = api.get(address, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, whole)
    assert "content-range" not in answer.headers


def test_ranges_in_two_headers_are_several(api: httpx2.Client, address: str):
    assert api.get(address, headers=[("Range", "bytes=0-1"), ("Range", "bytes=5-9")]).status_code == 200


def test_a_part_is_had_only_of_the_same_picture(api: httpx2.Client, address: str, whole: bytes):
    tag = api.get(address).headers["etag"]
    same = api.get(address, headers={"Range": "bytes=9-", "If-Range": tag})
    assert (same.status_code, same.content) == (206, whole[9:])
    others = (
        f"W/{tag}",
        tag.strip('"'),
        '"other"',
        "Sat, 21 Nov 2026 20:00:00 GMT",
        api.get(made(api, 2)).headers["etag"],
    )
    for other in others:
        answer = api.get(address, headers={"Range": "bytes=9-", "If-Range": other})
        assert (answer.status_code, answer.content) == (200, whole), other
        beyond = api.get(address, headers={"Range": "bytes=999999999-", "If-Range": other})
        assert (beyond.status_code, beyond.content) == (200, whole), other


def test_the_head_of_a_picture_tells_its_length_and_knows_no_parts(api: httpx2.Client, address: str, whole: bytes):
    plain = api.get(address).headers
    for headers in ({}, {"Range": "bytes=9-"}, {"Range": "bytes=999999999-"}):
        answer = api.head(address, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        for name in ("content-length", "content-type", "etag", "accept-ranges"):
            assert answer.headers[name] == plain[name]
    assert api.head("/pictures/0.png", headers={"Range": "bytes=0-"}).status_code == 404
    assert api.get("/pictures/0.png", headers={"Range": "bytes=0-"}).status_code == 404


# ── Faults ────────────────────────────────────────────────────────────────────────────────────────────────────────


def received(client: httpx2.Client, address: str, error: type[Exception], **headers: str) -> tuple[int, bytes]:
    """The status, and what came before the download broke off."""
    held, timeout = b"", httpx2.Timeout(10, read=1 if error is httpx2.ReadTimeout else 10)
    with pytest.raises(error), client.stream("GET", address, headers=headers, timeout=timeout) as answer:
        for part in answer.iter_bytes():
            held += part
    return answer.status_code, held


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("close=after", httpx2.RemoteProtocolError),
        ("hang=after", httpx2.ReadTimeout),
    ],
)
def test_a_part_breaks_off_at_half_of_itself(
    api: httpx2.Client, address: str, whole: bytes, fault: str, error: type[Exception]
):
    half = len(whole) // 2
    assert received(api, address, error, **{HEADER: fault}) == (200, whole[:half])
    more = (len(whole) - half) // 2
    rest = received(api, address, error, **{HEADER: fault, "Range": f"bytes={half}-"})
    assert rest == (206, whole[half : half + more])


@pytest.mark.parametrize("fault", ["reset=before", "close=before", "reset=after"])
def test_a_part_can_be_lost(api: httpx2.Client, address: str, fault: str):
    with pytest.raises(httpx2.TransportError):
        api.get(address, headers={HEADER: fault, "Range": "bytes=9-"})


def test_a_download_that_always_breaks_off_can_be_pieced_together(api: httpx2.Client, address: str, whole: bytes):
    held, tag = b"", api.get(address).headers["etag"]
    while len(held) < len(whole) - 1:
        headers = {HEADER: "close=after", "Range": f"bytes={len(held)}-", "If-Range": tag}
        status, part = received(api, address, httpx2.RemoteProtocolError, **headers)
        assert (status, len(part)) == (206, (len(whole) - len(held)) // 2)
        held += part
    held += api.get(address, headers={"Range": f"bytes={len(held)}-", "If-Range": tag}).content
    assert held == whole
    with Image.open(BytesIO(held)) as image:
        image.load()


@pytest.mark.parametrize(("fault", "status"), [("status=503", 503), ("status=200", 200), ("body=html", 200)])
def test_a_page_of_a_proxy_is_no_part_of_a_picture(api: httpx2.Client, address: str, fault: str, status: int):
    answer = api.get(address, headers={HEADER: fault, "Range": "bytes=9-"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html")
    assert not {"content-range", "accept-ranges", "etag"} & set(answer.headers)


def test_the_log_says_what_became_of_a_range(ir: Ir):
    with running(ir, control=True) as server, httpx2.Client(base_url=server.url) as client:
        picture = made(client)
        for headers in ({}, {"Range": "bytes=9-"}, {"Range": "bytes=999999999-"}, {HEADER: "close=before"}):
            with suppress(httpx2.RemoteProtocolError):
                client.get(picture, headers=headers)
        client.head(picture)
        entries = client.get("/_control/log?after=1").json()["entries"]
        assert [(entry["method"], entry["status"]) for entry in entries] == [
            ("GET", 200), ("GET", 206), ("GET", 416), ("GET", 0), ("HEAD", 200),
        ]  # fmt: skip


# ── Time ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def clock() -> Clock:
    return Clock(lambda: 1_700_000_000.0)


@pytest.fixture
def client(ir: Ir, clock: Clock) -> Iterator[httpx2.Client]:
    with running(ir, clock=clock) as server, httpx2.Client(base_url=server.url) as client:
        yield client


def test_a_picture_expires_when_the_spec_says(client: httpx2.Client, clock: Clock):
    first = made(client, 1)
    clock.advance(3600)
    second = made(client, 2)
    clock.advance(DAY - 3600 - 1)
    assert [client.get(picture).status_code for picture in (first, second)] == [200, 200]
    clock.advance(1)
    expired, unknown = client.get(first), client.get(f"/pictures/{'0' * 32}.png")
    assert (expired.status_code, expired.content) == (unknown.status_code, unknown.content)
    assert expired.status_code == client.head(first).status_code == 404
    assert client.get(first, headers={"Range": "bytes=9-"}).status_code == 404
    assert client.get(second).status_code == 200


def test_a_picture_that_is_made_again_lives_anew(client: httpx2.Client, clock: Clock):
    first = made(client)
    clock.advance(DAY - 1)
    assert made(client) == first
    clock.advance(DAY - 1)
    assert client.get(first).status_code == 200
    clock.advance(1)
    assert client.get(first).status_code == 404


def test_pictures_live_on_where_no_document_says_how_long(ir: Ir, clock: Clock):
    provider = ir.provider("dashscope")
    assert provider.images
    assert provider.images.keep == DAY
    for images in (None, replace(provider.images, keep=0)):
        other = replace(ir, providers=(replace(provider, images=images),))
        with running(other, clock=clock) as server, httpx2.Client(base_url=server.url) as client:
            picture = made(client)
            clock.advance(1000 * DAY)
            assert client.get(picture).status_code == 200
