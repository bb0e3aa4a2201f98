"""What goes wrong below HTTP, and HTTP clients that can't be had: told in words, and no paid request is lost."""

import asyncio
from collections.abc import Callable, Generator, Iterator
from types import ModuleType
from typing import Any

import httpx2
import pytest

from troubles import KEY, KINDS, PROMPT, asking, play

# ── Transports ────────────────────────────────────────────────────────────────────────────────────────────────────


def transport(kind: str, act: Callable[[httpx2.Request], Any]) -> Any:
    """A transport that does what its owner pleases."""

    class Blocking(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            return act(request)

    class Awaiting(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return act(request)

    return Blocking() if kind == "sync" else Awaiting()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "error", [OSError("gone"), RuntimeError("odd"), KeyError("x"), httpx2.LocalProtocolError("no")], ids=repr
)
def test_what_a_transport_raises_never_hides_a_paid_request(images: ModuleType, kind: str, error: Exception):
    def act(_: httpx2.Request) -> httpx2.Response:
        raise error

    def listing(client: Any) -> Generator[Any, Any, Any]:
        return (yield client.tasks.list())

    where = {"transport": transport(kind, act), "region": "singapore"}
    with pytest.raises(images.OutcomeUnknown, match=type(error).__name__) as caught:
        play(images, kind, asking("sync"), **where)
    assert caught.value.__cause__ is error
    with pytest.raises(images.ConnectionFailed, match=type(error).__name__):
        play(images, kind, listing, max_retries=0, **where)


def test_what_surely_was_not_sent_can_be_sent_again(images: ModuleType):
    def act(request: httpx2.Request) -> httpx2.Response:
        request.extensions["trace"]("http11.send_request_headers.started", {"request": request})
        raise OSError("no descriptor is left")

    client = images.DashScope(KEY, "singapore", transport=transport("sync", act), max_retries=0)
    with pytest.raises(images.ConnectionFailed) as caught:
        client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1)
    assert caught.value.unsent


def test_a_stream_that_breaks_below_http_keeps_what_it_brought(images: ModuleType):
    class Breaking(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            part = '{"output":{"choices":[{"message":{"content":[{"type":"text","text":"Lit."}]}}]}}'
            yield f"event: result\ndata: {part}\n\n".encode()
            raise OSError("the card was pulled")

    def act(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Breaking())

    client = images.DashScope(KEY, "singapore", transport=transport("sync", act))
    with pytest.raises(images.OutcomeUnknown, match="OSError the card") as caught:
        list(client.wan2_6_image.stream("interleave", prompt=PROMPT, max_images=1))
    assert caught.value.arrived == (("texts", "Lit."),)


# ── HTTP clients ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["DashScope", "AsyncDashScope"])
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("HTTP_PROXY=junk://me:hidden@x", "junk.*set are.*HTTP_PROXY"),
        ("HTTPS_PROXY=http://a:port", "Invalid port.*set are.*HTTPS_PROXY"),
        ("ALL_PROXY=socks5://127.0.0.1:1", r"httpx2\[socks\].*set are.*ALL_PROXY"),
        ("SSL_CERT_FILE=/nope", "No such file.*SSL_CERT_FILE=/nope"),
    ],
)
def test_an_environment_without_a_client(
    images: ModuleType, monkeypatch: pytest.MonkeyPatch, kind: str, setting: str, said: str
):
    monkeypatch.setenv(*setting.split("=", 1))
    with pytest.raises(images.ConfigurationError, match=said) as caught:
        getattr(images, kind)(KEY, "singapore").open()
    assert "hidden" not in str(caught.value)


def blocking() -> Any:
    return httpx2.HTTPTransport(verify=False)


HANDED: dict[str, tuple[str, Callable[[], dict[str, Any]], str]] = {
    "both": ("DashScope", lambda: {"http_client": httpx2.Client(), "transport": blocking()}, "can't both be given"),
    "async for sync": ("DashScope", lambda: {"http_client": httpx2.AsyncClient()}, "x2.Client, not httpx2.AsyncClient"),
    "sync for async": ("AsyncDashScope", lambda: {"http_client": httpx2.Client()}, "AsyncClient, not httpx2.Client"),
    "a number": ("DashScope", lambda: {"http_client": 3}, "not int"),
    "a class": ("DashScope", lambda: {"http_client": httpx2.Client}, "not the class"),
    "no transport": ("DashScope", lambda: {"transport": "http"}, "BaseTransport, not str"),
    "a transport that blocks": ("AsyncDashScope", lambda: {"transport": blocking()}, "AsyncBaseTransport, not httpx2"),
}


@pytest.mark.parametrize("case", HANDED)
def test_what_can_not_be_an_http_client(images: ModuleType, case: str):
    kind, given, said = HANDED[case]
    with pytest.raises(images.ConfigurationError, match=said):
        getattr(images, kind)(KEY, "singapore", **given())


def test_closing_is_final_be_it_before_the_first_use(images: ModuleType):
    made = images.DashScope(KEY, "singapore")
    made.close()
    with pytest.raises(images.ConfigurationError, match="was closed"):
        made.tasks.list()
    other = images.AsyncDashScope(KEY, "singapore")

    async def late() -> None:
        await other.close()
        await other.tasks.list()

    with pytest.raises(images.ConfigurationError, match="was closed"):
        asyncio.run(late())


def test_connections_stay_in_their_event_loop(images: ModuleType):
    made = images.AsyncDashScope(
        KEY, "singapore", transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json={}))
    )

    async def ask() -> None:
        await made.tasks.list()

    asyncio.run(ask())
    with pytest.raises(images.ConfigurationError, match="another event loop"):
        asyncio.run(ask())
    asyncio.run(made.close())  # the loop took its connections with it
