"""What a caller of the emitted client can say: options, sizes, files, costs, what it may ask for."""

import base64
import io
import json
import logging
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from PIL import Image as Drawing

from platemark.emulator import running
from platemark.ir import Ir

KEY = "sk-test-lantern"
PROMPT = "A paper lantern"
ADDRESS = "https://example.com/a.png"


@pytest.fixture
def owner(images: ModuleType) -> Any:
    return images.DashScope(region="singapore")


def png(width: int, height: int, color: int = 2) -> bytes:
    """A picture of a color, or with alpha (6), of any size; only its header matters."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def sent(prepared: Any) -> Any:
    """Addresses of the pictures in a body of messages."""
    content = prepared.json["input"]["messages"][0]["content"]
    return [item["image"] for item in content if "image" in item]


# ── Options ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_left_out_comes_from_the_environment(images: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHSCOPE_REGION", "us-east-1")
    assert images.DashScope().service.base_url == "https://dashscope-us.aliyuncs.com/api/v1"
    monkeypatch.setenv("DASHSCOPE_WORKSPACE", "ws-7")
    assert images.DashScope().service.base_url == "https://ws-7.us-east-1.maas.aliyuncs.com/api/v1"
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "http://127.0.0.1:1/api/v1")
    assert images.DashScope().service.base_url == "http://127.0.0.1:1/api/v1"
    monkeypatch.setenv("DASHSCOPE_BASE_URL", "http://127.0.0.1:2")
    made = images.DashScope()
    assert (made.service.base_url, made.service.region) == ("http://127.0.0.1:2/api/v1", "us-east-1")
    assert made.prepare(model="z-image-turbo", prompt=PROMPT).headers["X-DashScope-WorkSpace"] == "ws-7"


def test_an_address_of_the_environment_before_a_region_is_told(
    images: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("DASHSCOPE_BASE_URL", "http://127.0.0.1:2")
    images.DashScope(region="beijing")
    assert "region='beijing' is not asked" in caplog.text
    with pytest.raises(images.ConfigurationError, match="unknown region 'mars'"):
        images.DashScope(region="mars")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"api_key": 3}, "api_key must be text, not int"),
        ({"api_key": "sk-test\n"}, "line break"),
        ({"base_url": "127.0.0.1:8000"}, r"http\(s\) address"),
        ({"base_url": "http://127.0.0.1:port"}, r"http\(s\) address"),
        ({"base_url": "http://key:secret@127.0.0.1"}, "no user, password"),
        ({"timeout": 0}, "timeout must be a number of seconds above 0"),
        ({"timeout": "5", "max_retries": -1}, "timeout must.*max_retries must be a whole number"),
        ({"validate": "lax"}, "'strict', 'warn' or 'off'"),
        ({"extra_headers": {"X-A": "a\r\nX-B: b"}}, "printable ASCII"),
    ],
    ids=str,
)
def test_options_that_can_not_be(images: ModuleType, given: dict[str, Any], said: str):
    with pytest.raises(images.ConfigurationError, match=said):
        images.DashScope(**{"region": "singapore", **given})


def test_a_client_with_other_options_shares_the_connections(images: ModuleType):
    made = images.DashScope(KEY, "singapore", transport=httpx2.MockTransport(lambda _: httpx2.Response(500)))
    other = made.with_options(timeout=5, validate="warn", ignore={"n.range"})
    assert (other.context.settings.timeout, made.context.settings.timeout) == (5, 300.0)
    assert other.context.tasks is made.context.tasks
    with other:
        pass
    with pytest.raises(images.OutcomeUnknown, match="HTTP 500"):  # and not: this client was closed
        made.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1)


def test_headers_and_parameters_that_no_document_knows(images: ModuleType, owner: Any):
    made = owner.wan2_6_t2i.prepare(
        prompt=PROMPT, n=1, extra_headers={"X-Trace": "a b"}, extra_parameters={"style": ("a", 1)}
    )
    assert made.headers["X-Trace"] == "a b"
    assert made.json["parameters"] == {"n": 1, "style": ["a", 1]}
    assert "-H 'X-Trace: a b'" in made.as_curl()
    with pytest.raises(images.ConfigurationError, match="knows n; give it as an argument"):
        owner.wan2_6_t2i.prepare(prompt=PROMPT, extra_parameters={"n": 9})
    with pytest.raises(images.ConfigurationError, match="the client's own to set"):
        owner.wan2_6_t2i.prepare(prompt=PROMPT, extra_headers={"authorization": "Bearer x"})


# ── Validation ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_says_how_to_go_past_it(images: ModuleType, owner: Any):
    with pytest.raises(images.RequestInvalid) as caught:
        owner.wan2_6_t2i.prepare(prompt=PROMPT, n=9, size="64*64")
    assert 'ignore={"size.area", "n.range"}, or validate="warn"' in str(caught.value)


@pytest.mark.parametrize("ignore", ["n.range", ["dashscope/wan2.6-t2i/text_to_image/n.range"]], ids=("id", "address"))
def test_a_rule_can_be_ignored(images: ModuleType, owner: Any, ignore: Any):
    made = owner.wan2_6_t2i.prepare(prompt=PROMPT, n=9, ignore=ignore)
    assert (made.json["parameters"], [v.rule for v in made.overridden]) == ({"n": 9}, ["n.range"])
    with pytest.raises(images.RequestInvalid) as caught:
        owner.wan2_6_t2i.prepare(prompt=PROMPT, n=9, seed=-1, ignore=ignore)
    assert [v.rule for v in caught.value.violations] == ["seed.range"]


@pytest.mark.parametrize("policy", ["warn", "off"])
def test_broken_rules_can_be_sent(images: ModuleType, caplog: pytest.LogCaptureFixture, policy: str):
    bodies: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(json.loads(request.content))
        return httpx2.Response(400, json={"code": "InvalidParameter", "message": "No."})

    made = images.DashScope(KEY, "singapore", transport=httpx2.MockTransport(answer), validate=policy)
    with pytest.raises(images.APIError, match="No"):
        made.wan2_6_t2i.text_to_image(prompt=PROMPT, n=9)
    assert bodies[0]["parameters"] == {"n": 9}
    assert ("n.range" in caplog.text) == (policy == "warn")


def test_a_text_that_would_be_cut(images: ModuleType, owner: Any):
    made = owner.wan2_6_t2i.prepare(prompt="x" * 2100 + "THE END", n=1)
    assert 'has 2,107 characters, 7 too many, from "THE END"' in made.told[0]
    with pytest.raises(images.RequestInvalid, match=r"prompt\.length"):
        owner.wan2_6_t2i.prepare(prompt="x" * 2101, strict_text=True)


def test_a_snapshot_that_is_newer_than_the_client(images: ModuleType, owner: Any):
    new = "qwen-image-2.0-pro-2027-01-01"
    with pytest.raises(images.ConfigurationError, match="give family= too"):
        owner.prepare(model=new, prompt=PROMPT)
    for family in ("qwen-image-2.0", "qwen-image-2.0-pro"):
        made = owner.prepare(model=new, family=family, prompt=PROMPT)
        assert (made.model, made.json["model"], made.offer.model) == (new, new, "qwen-image-2.0-pro")
    with pytest.raises(images.RequestInvalid, match=r"n\.range"):
        owner.prepare(model=new, family="qwen-image-2.0", prompt=PROMPT, n=9)
    with pytest.raises(images.ConfigurationError, match=r"did you mean qwen-image-2\.0"):
        owner.prepare(model=new, family="qwen-image-2.1", prompt=PROMPT)


# ── Sizes and pictures ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "given", "wire"),
    [
        ("wan2.6-t2i", "16:9", "1696*960"),
        ("wan2.6-t2i", "9 : 16", "960*1696"),
        ("wan2.6-t2i", "1:1", "1280*1280"),
        ("qwen-image-plus", "16:9", "1664*928"),
        ("qwen-image-2.0-pro", "1:1", "2048*2048"),
        ("wan2.7-image", "16:9", "2720*1536"),
        ("wan2.2-t2i-flash", "3:4", "880*1184"),
        ("wan2.6-t2i", "1280 * 1280", "1280*1280"),
        ("wan2.7-image", "2K", "2K"),
    ],
)
def test_a_ratio_is_the_recommended_size_nearest_to_it(owner: Any, model: str, given: str, wire: str):
    made = owner.prepare(model=model, mode="text_to_image", prompt=PROMPT, size=given)
    assert (made.json["parameters"]["size"], made.requested_size) == (wire, given)


def test_pictures_in_every_form(images: ModuleType, owner: Any, tmp_path: Path):
    data = png(512, 512)
    path = tmp_path / "lantern.jpg"  # the bytes say what it is
    path.write_bytes(data)
    uri = "data:image/png;base64," + base64.b64encode(data).decode()
    with path.open("rb") as file:
        made = owner.wan2_7_image.prepare("edit", prompt=PROMPT, images=[ADDRESS, path, data, file, uri])
    assert sent(made) == [ADDRESS, uri, uri, uri, uri]
    drawn = owner.wan2_7_image.prepare("edit", prompt=PROMPT, images=[Drawing.new("RGB", (300, 400))])
    assert sent(drawn)[0].startswith("data:image/png;base64,")
    assert made.as_curl().count("base64,") == 4 and len(repr(made)) < 500


@pytest.mark.parametrize(
    ("picture", "rule"),
    [(png(100, 512), "images.side"), (png(512, 512, 6), "images.alpha"), (png(9000, 512), "images.side")],
    ids=("small", "alpha", "large"),
)
def test_files_are_looked_at_before_they_are_sent(images: ModuleType, owner: Any, picture: bytes, rule: str):
    with pytest.raises(images.RequestInvalid) as caught:
        owner.wan2_6_image.prepare("edit", prompt=PROMPT, images=[picture])
    assert [v.rule for v in caught.value.violations] == [rule]
    assert base64.b64encode(picture).decode()[:30] not in str(caught.value)


def test_files_that_can_not_be_read(images: ModuleType, owner: Any, tmp_path: Path):
    for given, said in (
        (tmp_path / "no.png", r"images\[0\]: .*no.png can't be read: No such file"),
        (b"text", r"images\[0\]: these bytes are not a picture"),
        (io.StringIO("text"), r"images\[0\]: open the file in binary mode"),
    ):
        with pytest.raises(images.ConfigurationError, match=said):
            owner.wan2_6_image.prepare("edit", prompt=PROMPT, images=[given])


def test_a_text_is_never_a_path(images: ModuleType, owner: Any, tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(png(512, 512))
    with pytest.raises(images.RequestInvalid, match=r"images\.schemes"):
        owner.wan2_6_image.prepare("edit", prompt=PROMPT, images=[str(path)])
    assert owner.wan2_6_t2i.prepare(prompt=str(path)).json["input"]["messages"][0]["content"] == [{"text": str(path)}]


# ── Costs, and what there is ──────────────────────────────────────────────────────────────────────────────────────


def test_an_estimate(images: ModuleType, owner: Any):
    found = owner.wan2_6_image.estimate("interleave", prompt=PROMPT)
    assert str(found) == "at most 5 pictures: 1.100 CNY"
    assert str(images.DashScope(region="beijing").wan2_6_t2i.estimate(prompt=PROMPT, n=3).cost("CNY")) == "0.60 CNY"
    dear = owner.z_image_turbo.estimate(prompt=PROMPT, prompt_extend=True)
    assert [str(cost) for cost in dear.costs] == ["0.220 CNY", "0.03 USD"]
    with pytest.raises(images.CostUnknown, match=r"no document names a price of wan2\.6-t2i in ap-southeast-1 in USD"):
        owner.estimate(model="wan2.6-t2i", prompt=PROMPT).cost("USD")


def test_a_request_that_could_cost_too_much_is_not_sent(images: ModuleType, owner: Any):
    assert owner.wan2_6_t2i.prepare(prompt=PROMPT, n=2, max_cost="0.44 CNY").estimate.pictures == 2
    with pytest.raises(images.CostExceeded, match=r"0\.880 CNY .4 pictures: 0\.880 CNY., and max_cost is 0\.50 CNY"):
        owner.wan2_6_t2i.prepare(prompt=PROMPT, max_cost="0.50CNY")
    with pytest.raises(images.CostUnknown):
        owner.wan2_6_t2i.prepare(prompt=PROMPT, max_cost="1 USD")
    careful = owner.with_options(max_cost="0.10 CNY")
    assert str(careful.wan2_6_t2i.estimate(prompt=PROMPT)) == "4 pictures: 0.880 CNY"
    with pytest.raises(images.ConfigurationError, match=r"write it as 2\.00 CNY"):
        owner.wan2_6_t2i.prepare(prompt=PROMPT, max_cost="two")


def test_a_default_that_is_billed_is_told(owner: Any):
    assert owner.wan2_6_t2i.prepare(prompt=PROMPT).told == (
        "n is left out: the service makes 4 pictures, and bills each",
    )
    assert "up to 12 pictures" in owner.wan2_7_image.prepare("sequence", prompt=PROMPT).told[0]
    assert owner.wan2_6_t2i.prepare(prompt=PROMPT, n=4).told == ()


def test_a_region_decides_the_route_and_is_told(images: ModuleType):
    made = images.DashScope(region="eu-central-1", workspace="ws").prepare(model="wan2.6-t2i", prompt=PROMPT, n=1)
    assert made.route == "task"
    away = images.DashScope(region="us-east-1").prepare(model="wan2.6-image", prompt=PROMPT, images=[ADDRESS], n=1)
    assert "no document says that wan2.6-image is in us-east-1" in away.told[0]


def test_which_models_can_do_it(images: ModuleType, owner: Any):
    def able(**wanted: Any) -> set[tuple[str, str]]:
        return {(found.model, found.mode) for found in owner.models.supporting(**wanted)}

    assert able(images=3, n=6, negative_prompt=True) == {
        (m, "edit") for m in ("qwen-image-2.0", "qwen-image-2.0-2026-03-03", "qwen-image-2.0-pro",
                              "qwen-image-2.0-pro-2026-03-03", "qwen-image-edit-max", "qwen-image-edit-plus")
    }  # fmt: skip
    assert able(size="4K") == {("wan2.7-image-pro", "text_to_image")}
    assert able(size="4K", images=1) == set()
    assert able(max_images=3, route="stream") == {("wan2.6-image", "interleave")}
    assert all(mode == "text_to_image" for _, mode in able(mode="text_to_image"))
    with pytest.raises(images.ConfigurationError, match="unknown parameter 'negativ_prompt'; did you mean"):
        owner.models.supporting(negativ_prompt=True)


def test_the_list_of_models(images: ModuleType, owner: Any, ir: Ir):
    dashscope = [m.id for f in ir.families_of("dashscope") for m in f.models]
    assert sorted(model.id for model in owner.models) == sorted(dashscope)
    assert owner.models.get("wan2.6-image").modes == {"edit": ("sync", "task"), "interleave": ("stream", "task")}
    with pytest.raises(images.ConfigurationError, match=r"did you mean wan2\.6-image"):
        owner.models.get("wan2.6-imag")


# ── Against the emulator ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def served(ir: Ir, images: ModuleType) -> Any:
    with (
        running(ir, pace=0, strict=True) as server,
        images.DashScope(KEY, base_url=server.url, poll_interval=0.01) as made,
    ):
        yield made


def test_a_file_is_uploaded_only_when_it_is_asked_for(images: ModuleType, served: Any, tmp_path: Path):
    path = tmp_path / "ä lantern.png"
    path.write_bytes(png(600, 400))
    stored = served.files.upload(path, model="wan2.6-image")
    assert stored.url.startswith("oss://") and stored.expires_at > datetime.now(UTC)
    result = served.wan2_6_image.edit(prompt=PROMPT, images=[stored], n=1)
    assert result.prepared.headers["X-DashScope-OssResourceResolve"] == "enable"
    assert len(result.images) == 1
    with pytest.raises(images.ConfigurationError, match="never taken for a path"):
        served.files.upload(str(path), model="wan2.6-image")


def test_the_life_of_a_task(images: ModuleType, served: Any, tmp_path: Path):
    seen: list[str] = []
    started = served.wan2_6_t2i.submit(prompt=PROMPT, n=2)
    listed = served.tasks.list(model="wan2.6-t2i", page_size=5)
    assert [task.id for task in listed.tasks] == [started.id] and listed.total == 1
    result = started.wait(on_progress=lambda state: seen.append(state.status))
    assert seen[-1] == "SUCCEEDED" and started.status() == "SUCCEEDED"
    again = served.tasks.resume(started.id).wait()
    assert [image.url for image in again.images] == [image.url for image in result.images]
    assert served.tasks.get("t-nobody").meaning == "lost"
    with pytest.raises(images.APIError, match="UnsupportedOperation"):
        started.cancel()
    assert result.images[0].expires_at > datetime.now(UTC)


def test_what_a_result_tells(served: Any, tmp_path: Path):
    result = served.wan2_6_t2i.text_to_image(prompt=PROMPT, n=1, size="1280x1280", seed=7)
    assert (result.requested_size, result.expected_size, result.actual_size) == ("1280x1280", "1280*1280", "1280*1280")
    assert (result.seed, result.images[0].size) == (7, "1280*1280")
    told = served.wan2_6_image.interleave(prompt=PROMPT, max_images=2)
    *pictures, page = told.save(tmp_path)
    assert page.suffix == ".md" and page.read_text().count("![](") == len(pictures) == 2
    assert told.text.startswith(told.texts[0])


def test_what_is_logged(images: ModuleType, served: Any, caplog: pytest.LogCaptureFixture):
    picture = png(512, 512)
    with caplog.at_level(logging.DEBUG, "platemark_images"):
        served.wan2_6_image.edit(prompt=PROMPT, images=[picture])
    assert "n is left out" in caplog.text
    assert KEY not in caplog.text and base64.b64encode(picture).decode()[:20] not in caplog.text


def test_a_refused_parameter_names_the_models_that_take_it(images: ModuleType, owner: Any):
    with pytest.raises(images.RequestInvalid) as caught:
        owner.prepare(model="z-image-turbo", prompt=PROMPT, negative_prompt="fog", max_imags=3)
    typo, negative = sorted(caught.value.hints, reverse=True)
    assert negative.startswith("negative_prompt is taken by ") and "wan2.6-t2i (text_to_image)" in negative
    assert typo == "unknown parameter 'max_imags'; did you mean max_images or images?"
    assert negative in str(caught.value)


def test_a_service_with_one_region_needs_no_choice(images: ModuleType):
    assert images.Vtrix().service.region == "global"


def test_headers_of_the_caller_travel_with_questions_too(images: ModuleType):
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json={"output": {"task_id": "t", "task_status": "RUNNING"}})

    made = images.DashScope(KEY, "singapore", transport=httpx2.MockTransport(answer), extra_headers={"X-Tenant": "a"})
    assert made.tasks.get("t").status == "RUNNING"
    assert asked[0].headers["x-tenant"] == "a"
    with pytest.raises(images.ConfigurationError, match="the client's own to set"):
        made.with_options(extra_headers={"authorization": "Bearer b"}).tasks.get("t")


def test_what_is_doubtful_of_a_call_is_told(images: ModuleType, owner: Any):
    far = owner.wan2_6_t2i.prepare(prompt=PROMPT, n=1, size="9:1")
    assert "size='9:1': the nearest that fits is 1696*960" in far.told[0]
    (near,) = owner.wan2_6_image.prepare("edit", prompt=PROMPT, n=1, images=["http://localhost/a.png"]).told
    assert near.startswith("images[0]: ")
    with pytest.raises(images.RequestInvalid, match=r"pathlib\.Path\('ok\.png'\)"):
        owner.wan2_6_image.prepare("edit", prompt=PROMPT, images=["ok.png"])
    with pytest.raises(images.RequestInvalid, match="put the picture into a list"):
        owner.wan2_6_image.prepare("edit", prompt=PROMPT, images=ADDRESS)
