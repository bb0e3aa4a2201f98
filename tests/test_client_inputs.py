"""What a caller can get wrong before anything is sent is told in words: options, addresses, names, pictures."""

import base64
import io
import logging
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image as Drawing

KEY = "sk-test-lantern"
PROMPT = "A paper lantern"
ADDRESS = "https://example.com/a.png"
SINGAPORE = "https://dashscope-intl.aliyuncs.com/api/v1"


@pytest.fixture
def owner(images: ModuleType) -> Any:
    return images.DashScope(KEY, "singapore")


# ── Options ───────────────────────────────────────────────────────────────────────────────────────────────────────


def cyclic() -> dict[str, Any]:
    held: dict[str, Any] = {}
    held["again"] = [held]
    return held


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"extra_headers": ["X-A"]}, "extra_headers must be a mapping"),
        ({"extra_headers": {"X A": "a"}}, "'X A' can't be the name"),
        ({"extra_headers": {3: "a"}}, "3 can't be the name"),
        ({"extra_headers": {"X-A": " a"}}, "without spaces around"),
        *(({"extra_headers": {name: "a"}}, f"{name} is for the HTTP client")
          for name in ("Host", "content-length", "Transfer-Encoding", "Connection")),
        ({"extra_parameters": [1]}, "extra_parameters must be a mapping"),
        ({"extra_parameters": {1: 1}}, "a name must be text, not 1"),
        ({"timeout": float("inf")}, "timeout must.*at most 1,000,000"),
        ({"task_timeout": 1e7}, "task_timeout must.*at most 1,000,000"),
        ({"poll_interval": float("nan")}, "poll_interval must"),
        ({"strict_text": "yes"}, "strict_text must be True or False"),
        ({"max_cost": "2 yuan"}, r"write it as 2\.00 CNY"),
        ({"max_cost": 2}, r"max_cost.*2\.00 CNY"),
        ({"ignore": 5}, "ignore must be a collection"),
        ({"ignore": [b"n.range"]}, "ignore must be a collection"),
        ({"ignore": [["n.range"]]}, "ignore must be a collection"),
    ],
    ids=str,
)  # fmt: skip
def test_options_that_can_not_be(images: ModuleType, owner: Any, given: dict[str, Any], said: str):
    for ask in (lambda: images.DashScope(region="singapore", **given), lambda: owner.with_options(**given),
                lambda: owner.wan2_6_t2i.prepare(prompt=PROMPT, n=1, **given)):  # fmt: skip
        with pytest.raises(images.ConfigurationError, match=said):
            ask()


def test_an_option_that_there_is_not(images: ModuleType, owner: Any):
    with pytest.raises(TypeError, match=r"'max_retrys'; did you mean max_retries\?"):
        images.DashScope(region="singapore", max_retrys=1)
    with pytest.raises(TypeError, match="unknown option 'foo'; there are extra_headers, "):
        owner.with_options(foo=None)


def test_a_parameter_that_holds_itself(images: ModuleType, owner: Any):
    with pytest.raises(images.ConfigurationError, match="style holds itself"):
        owner.wan2_6_t2i.prepare(prompt=PROMPT, n=1, extra_parameters={"style": cyclic()})


def test_a_call_adds_to_what_its_client_sends_and_ignores(owner: Any):
    client = owner.with_options(extra_headers={"X-Team": "a", "X-Trace": "1"}, ignore={"n.range"})
    made = client.wan2_6_t2i.prepare(prompt=PROMPT, n=9, seed=-1, extra_headers={"x-trace": "2"}, ignore="seed.range")
    assert {name: made.headers[name] for name in made.headers if name.lower().startswith("x-t")} == {
        "X-Team": "a",
        "x-trace": "2",
    }
    assert {v.rule for v in made.overridden} == {"n.range", "seed.range"}
    assert client.context.settings.ignore == {"n.range"}


# ── Services ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("address", "region"),
    [(SINGAPORE, "ap-southeast-1"), ("https://ws-7.eu-central-1.maas.aliyuncs.com/api/v1", "eu-central-1"),
     ("https://pictures.example.com/api/v1", "")],
)  # fmt: skip
def test_an_address_tells_the_region(images: ModuleType, address: str, region: str):
    assert images.DashScope(base_url=address).service.region == region


def test_an_address_and_a_region_that_contradict(
    images: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    said = r"is in ap-southeast-1 \(singapore\), and region says cn-beijing \(beijing\)"
    with pytest.raises(images.ConfigurationError, match=said):
        images.DashScope(base_url=SINGAPORE, region="beijing")
    assert images.DashScope(base_url=SINGAPORE, region="singapore").service.region == "ap-southeast-1"
    monkeypatch.setenv("DASHSCOPE_REGION", "beijing")
    assert (
        images.DashScope(base_url=SINGAPORE).service.region == "ap-southeast-1"
    )  # what is given goes before what is around
    assert "and region says cn-beijing (beijing), by the environment" in caplog.text
    monkeypatch.setenv("DASHSCOPE_BASE_URL", SINGAPORE)
    with pytest.raises(images.ConfigurationError, match=said):
        images.DashScope()


@pytest.mark.parametrize("address", ["http://[::1", "http://[zz]/", "http://a b/", "http://a/\n", " http://a/"])
def test_what_is_no_address(images: ModuleType, address: str):
    with pytest.raises(images.ConfigurationError, match="base_url must be an"):
        images.DashScope(base_url=address)


def test_a_completed_address_is_a_warning(images: ModuleType, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        images.DashScope(base_url="https://gate.example.com/compatible-mode/v1")
    assert "using https://gate.example.com/compatible-mode/v1/api/v1" in caplog.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"model": None}, "model must be text, not None"),
        ({"model": ["wan2.6-t2i"]}, "model must be text, not list"),
        ({"model": "wan2.6-t2i", "mode": 3}, "mode must be text, not int"),
        ({"model": "wan2.6-t2i-2030", "family": 3}, "family must be text, not int"),
        ({"model": "wan2.6-t2i", "family": "z-image-turbo"}, "wan2.6-t2i is of the family .*not of 'z-image-turbo'"),
    ],
    ids=str,
)
def test_names_that_can_not_be(images: ModuleType, owner: Any, given: dict[str, Any], said: str):
    with pytest.raises(images.ConfigurationError, match=said):
        owner.prepare(prompt=PROMPT, **given)
    assert owner.prepare(model="wan2.6-t2i", family="wan2.6-t2i", prompt=PROMPT, n=1)


# ── Pictures and sizes ────────────────────────────────────────────────────────────────────────────────────────────


class Named:
    def __fspath__(self) -> bytes:
        return b"/nope/a.png"


class Broken:
    def read(self) -> bytes:
        raise RuntimeError("odd")


class Awaited:
    async def read(self) -> bytes:
        return b""


def closed() -> io.BytesIO:
    held = io.BytesIO(b"x")
    held.close()
    return held


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (closed, "this BytesIO can't be read: .*closed file"),
        (lambda: Path("a\0b"), r"'a\\x00b' can't be read: .*null byte"),
        (lambda: Drawing.new("RGB", (0, 0)), "this Image can't be read"),
        (Broken, "this Broken can't be read: odd"),
        (Named, "this Named can't be read: No such file"),
        (lambda: Path(os.devnull), "null is empty"),
        (io.BytesIO, r"has no bytes left; was it read before\?"),
    ],
)
def test_files_that_can_not_be_read(images: ModuleType, owner: Any, make: Callable[[], Any], said: str):
    with pytest.raises(images.ConfigurationError, match=rf"images\[1\]: .*{said}"):
        owner.wan2_6_image.prepare("edit", prompt=PROMPT, images=[ADDRESS, make()])


def png(width: int = 512, height: int = 512) -> bytes:
    held = io.BytesIO()
    Drawing.new("RGB", (width, height)).save(held, format="PNG")
    return held.getvalue()


def uri(data: bytes, claim: str = "image/png") -> str:
    return f"data:{claim};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        ("http://localhost:8000/a.png", "the service can't reach localhost"),
        ("https://192.168.1.9/a.png", "the service can't reach 192.168.1.9"),
        ("http://[fe80::1]/a.png", "the service can't reach fe80::1"),
        ("http://nas/a.png", "the service can't reach nas"),
        ("https://example.com/a b.png", "a space or a line break"),
        (uri(png(), "image/jpeg"), "claims to be image/jpeg, and its data are image/png"),
        (uri(b"no picture at all"), "no picture can be read"),
        (ADDRESS, ""),
        ("https://8.8.8.8/a.png", ""),
        (uri(png()), ""),
        ("oss://dashscope-instant/a.png", ""),
    ],
)
def test_what_is_doubtful_about_pictures(images: ModuleType, picture: str, said: str):
    from platemark_images._runtime import inputs

    found = inputs.remarks({"images": [ADDRESS, picture]}, SINGAPORE)
    assert (said in found[0] and found[0].startswith("images[1]: ")) if said else not found
    near = inputs.remarks({"images": [picture]}, "http://127.0.0.1:8000/api/v1")
    assert bool(near) == (bool(said) and "reach" not in said)


ALONE = ["images: put the picture into a list, be it the only one"]
PATH = "a str is an address, never a path: for a file, give pathlib.Path"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["ok.png"], [f"images[0]: {PATH}('ok.png')"]),
        (
            ["file:///a/ok.png"],
            ["images[0]: a str is an address, never a path: for a file, give pathlib.Path('/a/ok.png')"],
        ),
        (
            ["HTTP://A.COM/b.png"],
            ["images[0]: an address begins with its scheme in small letters, as 'http://A.COM/b.png'"],
        ),
        (Path("ok.png"), ALONE),
        (b"...", ALONE),
        (ADDRESS, ALONE),
        ([ADDRESS, Path("ok.png"), "ftp://a/b.png", ""], []),
        (None, []),
    ],
    ids=str,
)
def test_what_may_have_been_meant(images: ModuleType, given: Any, said: list[str]):
    from platemark_images._runtime import inputs

    assert inputs.hints({"images": given}) == said


@pytest.mark.parametrize(
    ("requested", "size", "said"),
    [
        ("9999:1", "2688*672", "size='9999:1': the nearest that fits is 2688*672, which is 4:1"),
        ("1:20", "512*2048", "size='1:20': the nearest that fits is 512*2048, which is 1:4"),
        ("16:9", "1696*960", None),
        ("1024x768", "1024*768", None),
        ((16, 9), "16*9", None),
        ("16:9", "16:9", None),
    ],
)
def test_a_size_far_from_its_ratio(images: ModuleType, requested: Any, size: str, said: str | None):
    from platemark_images._runtime import inputs

    assert inputs.ratio_told(requested, size) == said
