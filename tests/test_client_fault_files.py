"""What the emitted client makes of faults on the way of files: pictures come down, inputs go up."""

import logging
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from platemark.rules import specimens
from troubles import KEY, PROMPT, Act, Side, answering, asking, reply, serving, silence, watching

PICTURES = {"path": "/pictures/*"}
STORE = {"path": "/uploads/*"}
LEAVE = {"path": "/api/v1/uploads"}
DATA = bytes(range(256)) * 8
ETAG, OTHER = 'ETag: "one"', 'ETag: "two"'


def downloaded(client: Any) -> Generator[Any, Any, bytes]:
    """Make a picture and download it."""
    [image] = (yield from asking("sync")(client)).images
    return (yield image.bytes())


def fetched(address: str) -> Act:
    """Download what lies at an address."""

    def act(client: Any) -> Generator[Any, Any, bytes]:
        from platemark_images._runtime import files

        return (yield client.run(files.download(client.context, address)))

    return act


def ranges(heard: list[bytes]) -> list[tuple[str, str]]:
    """`Range` and `If-Range` of each request."""
    found = [dict(re.findall(r"(?im)^(range|if-range): (.*)\r$", head.decode().lower())) for head in heard]
    return [(each.get("range", ""), each.get("if-range", "")) for each in found]


# ── Downloads from the emulator ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "times", "statuses"),
    [
        ({"close": "after"}, 1, [200, 206]),
        ({"reset": "after"}, 1, [200, 206]),
        ({"close": "after"}, 5, [200, 206, 206, 206, 206, 206]),  # as long as it gets on
        ({"reset": "before"}, 2, [0, 0, 200]),
        ({"hang": "after"}, 1, [200, 206]),
        ({"status": 503}, 2, [503, 503, 200]),
        ({"status": 429, "retry_after": 0}, 1, [429, 200]),
    ],
    ids=str,
)
def test_what_breaks_off_goes_on_where_it_ended(
    side: Side, fault: dict[str, Any], times: int, statuses: list[int], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "platemark_images")
    whole = side.play(downloaded)
    [first] = {entry["path"] for entry in side.emulator.log("/pictures/")}
    side.emulator.client.delete("/_control/log")
    side.emulator.script({"when": PICTURES, "times": times, "fault": fault})
    assert side.play(downloaded, timeout=0.3) == whole
    assert [entry["status"] for entry in side.emulator.log(first)] == statuses
    assert len([line for line in caplog.messages if line.startswith("download: ")]) == times
    assert side.emulator.posts == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 404}, ("ResultExpired", 404, 1)),
        ({"status": 403, "body": "html"}, ("ResultExpired", 403, 1)),
        ({"status": 410}, ("ResultExpired", 410, 1)),
        ({"status": 500}, ("ConnectionFailed", 500, 3)),
        ({"status": 429, "retry_after": 3600}, ("ConnectionFailed", 429, 1)),
        ({"status": 400}, ("ConnectionFailed", 400, 1)),
        ({"reset": "before"}, ("ConnectionFailed", None, 3)),
        ({"hang": "before"}, ("ConnectionFailed", None, 3)),
    ],
    ids=str,
)
def test_a_picture_that_can_not_be_had(
    side: Side, fault: dict[str, Any], expected: tuple[str, int | None, int], tmp_path: Path
):
    side.emulator.script({"when": PICTURES, "fault": fault})

    def saved(client: Any) -> Generator[Any, Any, Any]:
        result = yield from asking("sync")(client)
        return (yield result.save(tmp_path))

    with pytest.raises(side.images.PlatemarkError) as caught:
        side.play(saved, timeout=0.2 if "hang" in fault else 10)
    asked = len(side.emulator.log("/pictures/"))
    assert (type(caught.value).__name__, caught.value.status, asked) == expected
    assert ("expire" if expected[0] == "ResultExpired" else "ask for it again") in str(caught.value)
    assert side.emulator.posts == 1
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_has_expired(side: Side):
    def late(client: Any) -> Generator[Any, Any, Any]:
        result = yield from asking("sync")(client)
        assert side.emulator.client.post("/_control/clock", json={"advance": 90_000}).status_code == 200
        return (yield result.images[0].bytes())

    with pytest.raises(side.images.ResultExpired, match="addresses expire") as caught:
        side.play(late)
    assert isinstance(caught.value, side.images.NotFound)
    assert caught.value.status == 404


# ── Downloads from servers of another mind ────────────────────────────────────────────────────────────────────────


def part(begin: int, *lines: str, data: bytes = DATA) -> bytes:
    return reply(
        "206 Partial Content", data[begin:], f"Content-Range: bytes {begin}-{len(data) - 1}/{len(data)}", *lines
    )


def half(*lines: str, data: bytes = DATA) -> bytes:
    """The first half of a file, which claims to be all of it."""
    return reply("200 OK", data[: len(data) // 2], *lines, length=len(data))


MIDDLE = len(DATA) // 2
CHANGED = DATA[::-1]
RESUMED = (f"bytes={MIDDLE}-", '"one"')
NOTHING = ("", "")
MODIFIED = "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("replies", "expected", "asked"),
    [
        ((half(ETAG), part(MIDDLE, ETAG)), DATA, [NOTHING, RESUMED]),
        ((half(ETAG), part(MIDDLE)), DATA, [NOTHING, RESUMED]),
        ((half(MODIFIED), part(MIDDLE, MODIFIED)), DATA,
         [NOTHING, (f"bytes={MIDDLE}-", "sat, 21 nov 2026 10:00:00 gmt")]),
        ((half(ETAG), reply("200 OK", CHANGED, OTHER)), CHANGED, [NOTHING, RESUMED]),
        ((half(ETAG), part(MIDDLE, OTHER, data=CHANGED), reply("200 OK", CHANGED, OTHER)), CHANGED,
         [NOTHING, RESUMED, NOTHING]),
        ((half(), reply("200 OK", DATA)), DATA, [NOTHING, NOTHING]),
        ((half('ETag: W/"one"'), reply("200 OK", DATA)), DATA, [NOTHING, NOTHING]),
        ((half(ETAG), reply("416 Range Not Satisfiable", b""), reply("200 OK", DATA)), DATA,
         [NOTHING, RESUMED, NOTHING]),
        ((half(ETAG), part(7, ETAG), reply("200 OK", DATA)), DATA, [NOTHING, RESUMED, NOTHING]),
        ((half(ETAG), reply("206 Partial Content", b"?"), reply("200 OK", DATA)), DATA, [NOTHING, RESUMED, NOTHING]),
        ((half(ETAG), reply("503 Busy", b"<html>"), part(MIDDLE, ETAG)), DATA, [NOTHING, RESUMED, RESUMED]),
        ((b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + DATA,), DATA, [NOTHING]),
        ((reply("206 Partial Content", DATA, f"Content-Range: bytes 0-{len(DATA) - 1}/{len(DATA)}"),), DATA, [NOTHING]),
    ],
    ids=("same version", "no version told again", "by date", "other version", "other version as a part", "no version",
         "weak version", "no such part", "another part", "no part told", "busy between", "no length", "all as a part"),
)  # fmt: skip
def test_the_whole_file_is_right(side: Side, replies: tuple[bytes, ...], expected: bytes, asked: list[tuple[str, str]]):
    with serving(answering(*replies)) as server:
        assert side.play(fetched(f"{server.url}/1.png"), base_url="http://127.0.0.1:9") == expected
    assert ranges(server.heard) == asked
    assert all(KEY.encode() not in head for head in server.heard)


@pytest.mark.parametrize(
    "replies",
    [
        (reply("200 OK", DATA, length=len(DATA) + 1),),
        (half(),),
        (half(), reply("200 OK", DATA[:9], length=len(DATA))),
        (reply("206 Partial Content", DATA),),
        (reply("206 Partial Content", DATA, "Content-Range: bytes 5-9/*"),),
    ],
    ids=(
        "too long a length",
        "half, for ever",
        "half or less, for ever",
        "a part of nothing",
        "a part that nobody asked for",
    ),
)
def test_a_file_that_is_never_whole_is_none(side: Side, replies: tuple[bytes, ...]):
    with (
        serving(answering(*replies)) as server,
        pytest.raises(side.images.ConnectionFailed, match="could not be downloaded") as caught,
    ):
        side.play(fetched(f"{server.url}/1.png?signature=abc"), base_url="http://127.0.0.1:9")
    assert len(server.heard) <= 4
    assert "signature" not in str(caught.value)


def test_a_server_that_begins_anew_is_not_asked_for_ever(side: Side):
    """Lengths that rise and fall are no progress."""
    lengths = [10, 20] * 20
    replies = [reply("200 OK", DATA[:length], ETAG, length=len(DATA)) for length in lengths]
    with serving(answering(*replies)) as server, pytest.raises(side.images.ConnectionFailed):
        side.play(fetched(f"{server.url}/1.png"), base_url="http://127.0.0.1:9")
    assert len(server.heard) == 4


def test_a_download_where_nobody_listens(side: Side):
    with silence() as address, pytest.raises(side.images.ConnectionFailed, match="ConnectError"):
        side.play(fetched(f"{address}/1.png"), base_url="http://127.0.0.1:9")


def test_a_download_follows_redirects_without_the_key(side: Side):
    with serving(answering(reply("200 OK", DATA))) as there:
        moved = reply("302 Found", b"", f"Location: {there.url}/2.png")
        with serving(answering(moved)) as here:
            assert side.play(fetched(f"{here.url}/1.png"), base_url=here.url) == DATA
    assert KEY.encode() not in b"".join(here.heard + there.heard)


# ── Uploads ───────────────────────────────────────────────────────────────────────────────────────────────────────


def uploaded(client: Any) -> Generator[Any, Any, Any]:
    return (yield client.files.upload(specimens.png((512, 512)), model="qwen-image-2.0"))


def forms(side: Side) -> int:
    """How many forms came to the storage."""
    return sum(entry["method"] == "POST" for entry in side.emulator.log("/uploads/"))


@pytest.mark.parametrize(
    ("when", "fault", "leaves"),
    [
        (LEAVE, {"status": 503}, 3),
        (LEAVE, {"reset": "before"}, 3),
        (LEAVE, {"status": 429, "retry_after": 0}, 3),
        (STORE, {"status": 503}, 3),
        (STORE, {"reset": "before"}, 3),
        (STORE, {"reset": "before", "accepted": True}, 3),
        (STORE, {"hang": "before"}, 3),
    ],
    ids=str,
)
def test_an_upload_that_fails_for_a_moment_is_done_again(
    side: Side, when: dict[str, Any], fault: dict[str, Any], leaves: int
):
    side.emulator.script({"when": when, "times": 2, "fault": fault})

    def used(client: Any) -> Generator[Any, Any, Any]:
        upload = yield from uploaded(client)
        return (yield client.qwen_image_2_0.edit(prompt=PROMPT, images=[upload]))

    assert side.play(used, timeout=0.3 if "hang" in fault else 10).images
    assert len(side.emulator.log("/api/v1/uploads")) == leaves
    assert forms(side) == (3 if when is STORE else 1)
    assert side.emulator.posts == 1


@pytest.mark.parametrize(
    ("when", "fault", "expected"),
    [
        (LEAVE, {"status": 401}, ("AuthenticationError", 401, 0)),
        (LEAVE, {"status": 403}, ("PermissionDenied", 403, 0)),
        (LEAVE, {"status": 503}, ("ServerError", 503, 0)),
        (LEAVE, {"body": "html"}, ("ConnectionFailed", 200, 0)),
        (STORE, {"status": 403}, ("APIError", 403, 1)),
        (STORE, {"status": 503}, ("ServerError", 503, 3)),
        (STORE, {"status": 302, "location": "http://127.0.0.1:9/"}, ("APIError", 302, 1)),
        (STORE, {"reset": "before"}, ("ConnectionFailed", None, 3)),
    ],
    ids=str,
)
def test_an_upload_that_fails(
    side: Side, when: dict[str, Any], fault: dict[str, Any], expected: tuple[str, int | None, int]
):
    side.emulator.script({"when": when, "fault": fault})
    with pytest.raises(side.images.PlatemarkError) as caught:
        side.play(uploaded)
    assert (type(caught.value).__name__, caught.value.status, forms(side)) == expected
    if when is STORE and caught.value.status:
        assert re.search(r"the storage did not take [0-9a-f]{12}\.png", str(caught.value))
    assert side.emulator.posts == 0


def test_leave_that_expires_before_the_form_comes(side: Side):
    def late(request: httpx2.Request) -> None:
        if request.url.path.startswith("/uploads/"):
            assert "authorization" not in request.headers
            side.emulator.client.post("/_control/clock", json={"advance": 301})

    with pytest.raises(side.images.APIError, match="expired") as caught:
        side.play(uploaded, transport=watching(side.kind, late))
    assert caught.value.status in {400, 403}
    assert forms(side) == 1
