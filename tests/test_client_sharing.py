"""One client for many: threads, tasks of an event loop that are canceled, the rate of an account, proxies."""

import asyncio
import json
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platemark.wire.faults import HEADER
from troubles import KEY, PROMPT, Emulator, Side, answering, asking, reply, resetting, serving

MOST, SECONDS = 20, 1.0
DELAYS = st.lists(st.floats(0, 0.5), max_size=120)
ANSWER = {
    "output": {
        "choices": [{"finish_reason": "stop", "message": {"content": [{"image": "https://example.com/1.png"}]}}]
    },
    "request_id": "r-1",
}
WHOLE = reply("200 OK", json.dumps(ANSWER).encode(), "Content-Type: application/json")


@pytest.fixture
def emulator(controlled: Emulator) -> Iterator[Emulator]:
    controlled.client.post("/_control/reset")
    yield controlled
    controlled.client.delete("/_control/faults")


# ── The rate of an account ────────────────────────────────────────────────────────────────────────────────────────


@given(delays=DELAYS)
def test_no_second_has_more_questions_than_the_rate_allows(images: ModuleType, delays: list[float]):
    from platemark_images._runtime.pace import Limiter

    limiter, now, moments = Limiter(MOST, SECONDS), 0.0, list[float]()
    for delay in delays:
        now += delay
        lately = sum(moment > now - SECONDS for moment in moments)
        wait = limiter.reserve(now)
        moments.append(now + wait)
        assert wait >= 0
        assert (wait == 0) is (lately < MOST)  # nobody waits without need
    assert moments == sorted(moments)
    assert all(later - earlier >= SECONDS - 1e-9 for earlier, later in zip(moments, moments[MOST:], strict=False))


def test_threads_share_a_rate(images: ModuleType):
    from platemark_images._runtime.pace import Limiter

    limiter = Limiter(MOST, SECONDS)
    with ThreadPoolExecutor(8) as pool:
        waits = sorted(pool.map(limiter.reserve, [0.0] * 400))
    assert waits == [SECONDS * (number // MOST) for number in range(400)]


def test_clients_with_other_options_share_a_rate(images: ModuleType):
    from platemark_images._runtime import lives
    from platemark_images._runtime.protocol import Send, Wait

    first = images.DashScope(api_key=KEY, region="singapore")
    second = first.with_options(timeout=5, max_retries=0)
    for _ in range(MOST):
        assert isinstance(next(lives.query(first.context, "t-1")), Send)
    held = next(lives.query(second.context, "t-1"))
    assert isinstance(held, Wait)
    assert 0 < held.seconds <= SECONDS
    assert isinstance(next(lives.query(images.DashScope(api_key=KEY, region="singapore").context, "t-1")), Send)


# ── Threads ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_eight_threads_share_a_client(images: ModuleType, emulator: Emulator):
    with images.DashScope(api_key=KEY, base_url=emulator.url, poll_interval=0.001) as client:

        def work(number: int) -> tuple[str, int]:
            asked = {"prompt": f"{PROMPT} {number}", "n": 1, "route": "task" if number % 8 == 0 else "sync"}
            [image] = client.wan2_6_t2i.text_to_image(**asked).images
            return image.url, len(image.bytes())

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(work, range(40)))
    assert len({url for url, _ in found}) == 40
    assert all(size > 1000 for _, size in found)
    assert emulator.posts == 40


# ── Tasks of an event loop ────────────────────────────────────────────────────────────────────────────────────────


async def streamed(client: Any, fault: str) -> None:
    async for _ in client.wan2_6_image.stream(prompt=PROMPT, max_images=2, extra_headers={HEADER: fault}):
        pass


async def made(client: Any, fault: str, route: str = "sync") -> Any:
    headers = {"extra_headers": {HEADER: fault}} if fault else {}
    return await client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1, route=route, **headers)


CANCELED: dict[str, Callable[[Any], Any]] = {
    "before the answer": lambda client: made(client, "hang=before, accepted"),
    "within the answer": lambda client: made(client, "hang=after"),
    "within a stream": lambda client: streamed(client, "cut=3, hang=after"),
    "between two questions": lambda client: made(client, "", route="task"),
}


@pytest.mark.parametrize("where", CANCELED)
def test_who_is_canceled_leaves_the_client_usable(
    images: ModuleType, emulator: Emulator, where: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "platemark_images")
    emulator.script({"when": {"route": "task"}, "fault": {"task": "stuck"}})

    async def act() -> None:
        # One connection: what is not given back is missed at once.
        limits = httpx2.Limits(max_connections=1)
        transport = httpx2.AsyncHTTPTransport(verify=False, limits=limits)
        options = {"base_url": emulator.url, "transport": transport, "timeout": 5, "poll_interval": 0.001}
        async with images.AsyncDashScope(api_key=KEY, **options) as client:
            for number in range(3):
                doomed = asyncio.create_task(CANCELED[where](client))
                while await asyncio.to_thread(lambda: emulator.posts) <= number:
                    await asyncio.sleep(0.005)
                doomed.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await doomed
            assert (await made(client, "")).images

    asyncio.run(asyncio.wait_for(act(), 20))
    assert emulator.posts == 4
    assert "again" not in caplog.text


def test_many_tasks_of_one_loop_share_a_client(images: ModuleType, emulator: Emulator):
    async def act() -> list[str]:
        async with images.AsyncDashScope(api_key=KEY, base_url=emulator.url) as client:
            found = await asyncio.gather(*(
                client.wan2_6_t2i.text_to_image(prompt=f"{PROMPT} {number}", n=1) for number in range(24)
            ))  # fmt: skip
            return [image.url for result in found for image in result.images]

    assert len(set(asyncio.run(act()))) == 24
    assert emulator.posts == 24


def test_who_leaves_a_stream_early_gives_the_connection_back(side: Side):
    def first(client: Any) -> Generator[Any, Any, Any]:
        for _ in range(3):
            yield taken(client)
        return (yield from asking("sync")(client))

    def taken(client: Any) -> Any:
        stream = client.wan2_6_image.stream(prompt=PROMPT, max_images=2)
        if side.kind == "sync":
            next(stream)
            return stream.close()

        async def one() -> None:
            await anext(stream)
            await stream.aclose()

        return one()

    limits = httpx2.Limits(max_connections=1)
    transport = (httpx2.HTTPTransport if side.kind == "sync" else httpx2.AsyncHTTPTransport)(
        verify=False, limits=limits
    )
    assert side.play(first, transport=transport, timeout=5).images
    assert side.emulator.posts == 4


# ── Proxies ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def test_a_proxy_of_the_environment_is_used(side: Side, environment: pytest.MonkeyPatch):
    with serving(answering(WHOLE)) as proxy:
        environment.setenv("HTTP_PROXY", proxy.url)
        found = side.play(asking("sync"), base_url="http://images.example/api/v1", transport=None)
    [image] = found.images
    assert image.url == "https://example.com/1.png"
    [head] = [heard.partition(b"\r\n")[0] for heard in proxy.heard]
    path = b"/api/v1/services/aigc/multimodal-generation/generation"
    assert head == b"POST http://images.example" + path + b" HTTP/1.1"


def test_hosts_that_need_no_proxy_get_none(side: Side, environment: pytest.MonkeyPatch):
    with serving(answering(WHOLE)) as proxy:
        environment.setenv("HTTP_PROXY", proxy.url)
        environment.setenv("NO_PROXY", "127.0.0.1")
        assert side.play(asking("sync"), transport=None).images
    assert proxy.heard == []


REFUSAL = reply("407 Proxy Authentication Required", b"")


@pytest.mark.parametrize(
    "manners", [answering(REFUSAL), resetting(10), answering(b"")], ids=["refuses", "resets", "closes"]
)
def test_a_proxy_that_opens_no_way_learns_no_key_and_the_request_is_unsent(
    side: Side, environment: pytest.MonkeyPatch, manners: Any
):
    with serving(manners) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(side.images.ConnectionFailed) as caught:
            side.play(asking("sync"), base_url="https://images.example/api/v1", transport=None)
    assert caught.value.unsent
    assert [heard[:28] for heard in proxy.heard] == [b"CONNECT images.example:443 H"] * 3
    assert KEY.encode() not in b"".join(proxy.heard)
