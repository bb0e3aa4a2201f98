"""What becomes of prepared requests and of results: where they may be sent, what is saved, what is told."""

import asyncio
import logging
import shlex
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from PIL import Image as Drawing

KEY = "sk-test-lantern"
PROMPT = "A paper lantern"
_DRAWN = BytesIO()
Drawing.new("RGB", (2, 3)).save(_DRAWN, "PNG")
PNG = _DRAWN.getvalue()


class Service:
    """Answers with so many pictures, of which some are not where they should be."""

    def __init__(self, count: int, gone: tuple[int, ...] = (), texts: bool = False, data: bytes = PNG) -> None:
        self.count, self.gone, self.texts, self.data = count, gone, texts, data
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.method == "GET":
            number = int(request.url.path.strip("/"))
            return httpx2.Response(404) if number in self.gone else httpx2.Response(200, content=self.data)
        content: list[Any] = [{"image": f"https://pictures.example/{n}"} for n in range(1, self.count + 1)]
        if self.texts:
            content = [part for image in content for part in ({"type": "text", "text": "A step."}, image)]
        choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        return httpx2.Response(200, json={"output": {"choices": [choice]}, "request_id": "r-1"})

    @property
    def posts(self) -> int:
        return sum(request.method == "POST" for request in self.requests)


Made = Callable[..., tuple[Any, Service]]


@pytest.fixture
def made(images: ModuleType) -> Made:
    def make(*given: Any, **about: Any) -> tuple[Any, Service]:
        service = Service(*given, **about)
        return images.DashScope(KEY, "beijing", transport=httpx2.MockTransport(service), max_retries=0), service

    return make


# ── Where a prepared request may go ───────────────────────────────────────────────────────────────────────────────


def test_a_request_of_another_route_is_not_sent(images: ModuleType, made: Made):
    client, service = made(1)
    prepared = client.wan2_6_t2i.prepare(prompt=PROMPT, n=1)
    with pytest.raises(images.ConfigurationError, match="prepared for the sync route, and is no task"):
        client.start(prepared)
    with pytest.raises(images.ConfigurationError, match="is no stream"):
        list(client.events(prepared))
    assert service.requests == []
    assert len(client.send(prepared).images) == 1


def test_a_key_goes_nowhere_but_to_its_own_service(images: ModuleType, made: Made):
    client, service = made(1)
    elsewhere = images.DashScope(region="singapore").wan2_6_t2i.prepare(prompt=PROMPT, n=1)
    other = images.Vtrix().qwen_image_edit_plus.prepare(prompt=PROMPT, images=["https://example.com/a.png"])
    for prepared in (elsewhere, other):
        with pytest.raises(images.ConfigurationError, match="a key goes nowhere else"):
            client.send(prepared)
    assert service.requests == []


@pytest.mark.parametrize("value", ["$(id)", 'a"$HOME', "`id`", "a'b"])
def test_a_shell_runs_nothing_of_a_curl_line(images: ModuleType, value: str):
    owner = images.DashScope(region="beijing")
    words = shlex.split(owner.wan2_6_t2i.prepare(prompt=f"{value} lantern", extra_headers={"X-A": value}).as_curl())
    assert f"X-A: {value}" in words
    line = owner.wan2_6_t2i.prepare(prompt=PROMPT, extra_headers={"X-A": value}).as_curl()
    assert shlex.quote(f"X-A: {value}") in line and '"Authorization: Bearer $DASHSCOPE_API_KEY"' in line


# ── What is counted ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("model", ["wan2_6_t2i", "qwen_image_plus", "qwen_image_2_0_pro"])
def test_no_text_that_is_too_long_passes_where_that_is_wanted(images: ModuleType, model: str):
    owner = getattr(images.DashScope(region="beijing"), model)
    modes = ("text_to_image",) if model == "qwen_image_2_0_pro" else ()
    assert owner.prepare(*modes, prompt="x" * 5300).told
    with pytest.raises(images.RequestInvalid, match=r"prompt\..*length"):
        owner.prepare(*modes, prompt="x" * 5300, strict_text=True)


@pytest.mark.parametrize("n", ["4", [4], 4.5, True, -1])
def test_a_count_that_can_not_be_read_counts_as_the_most(images: ModuleType, n: Any):
    owner = images.DashScope(region="beijing", validate="off")
    assert str(owner.wan2_6_t2i.estimate(prompt=PROMPT, n=n)) == "at most 4 pictures: 0.80 CNY"
    with pytest.raises(images.CostExceeded):
        owner.wan2_6_t2i.prepare(prompt=PROMPT, n=n, max_cost="0.50 CNY")


def test_pictures_that_do_not_come_are_told(made: Made, caplog: pytest.LogCaptureFixture):
    client, _ = made(3)
    assert len(client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=4).images) == 3
    assert "wan2.6-t2i: 3 of 4 pictures came" in caplog.text


# ── What is saved ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_can_be_saved_is(images: ModuleType, made: Made, tmp_path: Path):
    client, _ = made(3, gone=(2,))
    result = client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=3)
    with pytest.raises(
        images.NotAllSaved, match=r"1 of 3 pictures could not be saved.*picture 2: the picture is not"
    ) as e:
        result.save(tmp_path)
    assert [path.name for path in e.value.saved] == ["r-1-01.png", "r-1-03.png"]
    assert isinstance(e.value.problems[2], images.ResultExpired)
    assert sorted(tmp_path.iterdir()) == sorted(e.value.saved)


def test_the_async_client_saves_what_can_be_saved(images: ModuleType, tmp_path: Path):
    async def save() -> None:
        transport = httpx2.MockTransport(Service(2, gone=(1,)))
        async with images.AsyncDashScope(KEY, "beijing", transport=transport, max_retries=0) as client:
            result = await client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=2)
            with pytest.raises(images.NotAllSaved) as caught:
                await result.save(tmp_path)
            assert [path.name for path in caught.value.saved] == ["r-1-02.png"]

    asyncio.run(save())


def test_a_picture_that_is_lost_stands_in_the_page_by_its_address(images: ModuleType, made: Made, tmp_path: Path):
    client, _ = made(2, gone=(1,), texts=True)
    result = client.wan2_6_image.interleave(prompt=PROMPT, max_images=2)
    with pytest.raises(images.NotAllSaved) as caught:
        result.save(tmp_path)
    page = caught.value.saved[-1]
    assert page.suffix == ".md" and "![](https://pictures.example/1)" in page.read_text()


def test_one_picture_that_is_gone_is_its_own_error(images: ModuleType, made: Made, tmp_path: Path):
    client, _ = made(1, gone=(1,))
    with pytest.raises(images.ResultExpired):
        client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1).save(tmp_path)


def test_an_empty_path_is_here_and_not_the_root(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    client, _ = made(1)
    result = client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1)
    (path,) = result.save("")
    assert path.resolve().parent == tmp_path
    with pytest.raises(TypeError):
        result.save(None)


def test_files_have_the_rights_that_new_files_have(made: Made, tmp_path: Path):
    client, _ = made(1)
    (path,) = client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1).save(tmp_path)
    beside = tmp_path / "beside"
    beside.touch()
    assert path.stat().st_mode == beside.stat().st_mode


def test_what_is_no_picture_or_of_another_kind_is_told(made: Made, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    client, _ = made(1, data=b"<html>")
    with caplog.at_level(logging.WARNING, "platemark_images"):
        (path,) = client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1).save(tmp_path)
        assert path.suffix == ".bin" and "is no picture in a known format" in caplog.text
        client, _ = made(1)
        image = client.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1).images[0]
        image.save(tmp_path / "a.jpg")
    assert "a.jpg: the picture is PNG, whatever the ending says" in caplog.text
