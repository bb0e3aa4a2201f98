"""The emitted client at work, against the emulator and against answers made by hand."""

import asyncio
import base64
import inspect
import json
import logging
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from platemark.emulator import running
from platemark.ir import Family, Ir, Offer
from platemark.rules import pictures, samples
from platemark.targets.python import naming

KEY = "sk-test-lantern"
PROMPT = "A paper lantern that says 'Open late'"
Reply = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture(scope="module")
def emulator(ir: Ir) -> Iterator[str]:
    with running(ir, pace=0) as server:
        yield server.url


@pytest.fixture(autouse=True)
def no_waiting(images: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from platemark_images._runtime import pace  # type: ignore[import-not-found]

    monkeypatch.setattr(pace, "FIRST", 0.001)


class Recorder:
    """A service that answers as it is told, and remembers what it was asked."""

    def __init__(self, *replies: httpx2.Response | Exception) -> None:
        self.replies = list(replies)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def posts(self) -> int:
        return sum(request.method == "POST" for request in self.requests)


def client(images: ModuleType, service: Recorder, **options: Any) -> Any:
    given = {"api_key": KEY, "region": "singapore", "poll_interval": 0.001, **options}
    return images.DashScope(transport=httpx2.MockTransport(service), **given)


def method(owner: Any, family: Family, offer: Offer) -> tuple[Any, dict[str, Any]]:
    """The method of a mode, and the route to give it where there is a choice."""
    model = getattr(owner, naming.identifier(offer.model, naming.CLIENT))
    several = len({twin.route for twin in family.by_model[offer.model] if twin.mode == offer.mode}) > 1
    return getattr(model, offer.mode), {"route": offer.route} if several else {}


# ── Every model, mode and route ───────────────────────────────────────────────────────────────────────────────────


def test_every_offer_makes_pictures_of_the_predicted_size(ir: Ir, images: ModuleType, emulator: str, tmp_path: Path):
    for family in ir.families:
        owner = getattr(images, ir.provider(family.provider).client)(KEY, base_url=emulator, poll_interval=0.001)
        with owner:
            for offer in family.offers:
                call, route = method(owner, family, offer)
                result = call(**samples.given(offer, samples.minimal(family, offer)), **route)
                paths = result.save(tmp_path / offer.model / offer.route / offer.mode)
                drawn = [pictures.sniff(data, len(data)) for data in map(Path.read_bytes, paths) if data[:1] == b"\x89"]
                assert len(drawn) == len(result.images) > 0
                if result.expected_size:
                    assert {f"{p.width}*{p.height}" for p in drawn if p} == {result.expected_size}, offer


def test_the_async_client_does_the_same(ir: Ir, images: ModuleType, emulator: str):
    async def ask(provider: Any, family: Family, offer: Offer) -> None:
        async with getattr(images, f"Async{provider.client}")(KEY, base_url=emulator, poll_interval=0.001) as owner:
            call, route = method(owner, family, offer)
            result = await call(**samples.given(offer, samples.full(family, offer)), **route)
            assert result.images and result.images[0].url.startswith(emulator)

    async def everything() -> None:
        await asyncio.gather(
            *(
                ask(ir.provider(f.provider), f, offer)
                for f in ir.families
                for offer in f.offers
                if offer.model == f.models[0].id
            )
        )

    asyncio.run(everything())


def test_both_clients_have_one_surface(ir: Ir, images: ModuleType):
    for provider in ir.providers:
        names = [naming.identifier(m.id, naming.CLIENT) for f in ir.families_of(provider.id) for m in f.models]
        for name in names:
            pair = [getattr(getattr(images, kind)(base_url="http://127.0.0.1:9"), name) for kind in
                    (provider.client, f"Async{provider.client}")]  # fmt: skip
            signatures = [
                {m: list(inspect.signature(getattr(owner, m)).parameters) for m in dir(owner) if not m.startswith("_")}
                for owner in pair
            ]
            assert signatures[0] == signatures[1]


# ── Before anything is sent ───────────────────────────────────────────────────────────────────────────────────────


def test_a_closed_client_says_so(images: ModuleType):
    made = client(images, Recorder(httpx2.Response(200, json=ANSWER)))
    with made:
        made.wan2_6_t2i.text_to_image(prompt=PROMPT)
    with pytest.raises(images.ConfigurationError, match="was closed"):
        made.wan2_6_t2i.text_to_image(prompt=PROMPT)


def test_neither_region_nor_address_lists_the_regions(images: ModuleType):
    with pytest.raises(images.ConfigurationError, match=r"ap-southeast-1 \(singapore\)"):
        images.DashScope(api_key=KEY)
    with pytest.raises(images.ConfigurationError, match="unknown region 'mars'"):
        images.DashScope(api_key=KEY, region="mars")
    with pytest.raises(images.ConfigurationError, match="workspace"):
        images.DashScope(api_key=KEY, region="frankfurt")


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({"region": "beijing"}, "https://dashscope.aliyuncs.com/api/v1"),
        ({"region": "eu-central-1", "workspace": "ws-1"}, "https://ws-1.eu-central-1.maas.aliyuncs.com/api/v1"),
        ({"base_url": "http://127.0.0.1:8000/"}, "http://127.0.0.1:8000/api/v1"),
        ({"base_url": "http://127.0.0.1:8000/proxy"}, "http://127.0.0.1:8000/proxy/api/v1"),
        ({"base_url": "https://dashscope.aliyuncs.com/compatible-mode/v1"}, "https://dashscope.aliyuncs.com/api/v1"),
    ],
    ids=("region", "workspace", "address", "address with a path", "address of another interface"),
)
def test_addresses(images: ModuleType, options: dict[str, str], url: str):
    assert images.DashScope(**options).service.base_url == url


def test_no_key_is_told_before_a_request(images: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    service = Recorder(httpx2.Response(200, json={}))
    with pytest.raises(images.ConfigurationError, match="set DASHSCOPE_API_KEY"):
        client(images, service, api_key=None).wan2_6_t2i.text_to_image(prompt=PROMPT)
    assert service.requests == []


def test_all_broken_rules_are_told_and_nothing_is_sent(images: ModuleType):
    service = Recorder(httpx2.Response(200, json={}))
    with pytest.raises(images.RequestInvalid) as caught:
        client(images, service).wan2_6_image.edit(prompt=PROMPT, images=[], size="100x100", n=9)
    found = {violation.rule: violation for violation in caught.value.violations}
    assert list(found) == ["images.count", "size.area", "n.range"]
    assert (found["n.range"].value, found["n.range"].nearest) == (9, 4)
    assert found["size.area"].value == "100*100"
    assert found["n.range"].sources[0].title and found["n.range"].sources[0].date
    assert "n.range at parameters.n: got 9; must be 1 to 4; nearest: 4" in str(caught.value)
    assert service.requests == []


def test_a_route_that_a_model_lacks_is_a_broken_rule(images: ModuleType):
    owner = images.DashScope(region="singapore")
    with pytest.raises(images.RequestInvalid, match="route at the request"):
        owner.prepare(model="z-image-turbo", route="task", prompt=PROMPT)
    with pytest.raises(images.ConfigurationError, match="did you mean text_to_image"):
        owner.prepare(model="z-image-turbo", mode="text_to_imag", prompt=PROMPT)
    with pytest.raises(images.ConfigurationError, match="contradicts edit"):
        owner.prepare(model="wan2.6-image", mode="edit", prompt=PROMPT, enable_interleave=True)


def test_a_prepared_request_is_exact_and_holds_no_key(images: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    owner = images.DashScope(region="singapore")
    made = owner.wan2_7_image_pro.prepare("edit", prompt=PROMPT, images=("https://example.com/a.png",), size="2K")
    assert made.url == "https://dashscope-intl.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation"
    assert json.loads(made.body) == made.json
    assert made.json["parameters"] == {"size": "2K", "n": 1, "enable_sequential": False}
    assert made.expected_size is None  # the ratio of a remote picture decides
    words = shlex.split(made.as_curl())
    assert json.loads(words[words.index("-d") + 1]) == made.json
    assert "Authorization: Bearer $DASHSCOPE_API_KEY" in words
    assert KEY not in repr((owner, owner.service, made, made.as_curl()))


def test_only_what_was_given_is_sent(images: ModuleType):
    owner = images.DashScope(region="singapore")
    assert "parameters" not in owner.wan2_6_t2i.prepare(prompt=PROMPT).json
    assert owner.qwen_image_max.prepare(prompt=PROMPT).json["parameters"] == {"size": "1664*928"}
    stream = owner.wan2_6_image.prepare("interleave", prompt=PROMPT)
    assert stream.json["parameters"] == {"enable_interleave": True, "stream": True}
    assert stream.headers["X-DashScope-SSE"] == "enable"


@pytest.mark.parametrize("size", ["1024*1536", "1024x1536", "1024 X 1536", "1024×1536", (1024, 1536)], ids=str)
def test_sizes_as_people_write_them(images: ModuleType, size: object):
    made = images.DashScope(region="singapore").z_image_turbo.prepare(prompt=PROMPT, size=size)
    assert made.json["parameters"]["size"] == made.expected_size == "1024*1536"


def test_a_prompt_that_looks_like_a_size_stays_as_it_is(images: ModuleType):
    prepared = images.DashScope(region="beijing").wan2_6_t2i.prepare(prompt="16x16")
    assert prepared.json["input"]["messages"][0]["content"] == [{"text": "16x16"}]


@pytest.mark.parametrize("given", ["https://img.example/a.png", 5, {"https://img.example/a.png"}, b"PNG"])
@pytest.mark.parametrize("model", ["wan2_6_image", "wan2_5_i2i_preview"])
def test_pictures_that_are_no_list_are_refused_as_a_whole(images: ModuleType, model: str, given: object):
    with pytest.raises(images.RequestInvalid) as refused:
        getattr(images.DashScope(region="beijing"), model).prepare("edit", prompt=PROMPT, images=given)
    assert [violation.rule for violation in refused.value.violations] == ["images.type"]


def test_one_address_is_no_list_for_a_type_checker(images: ModuleType):
    signature = inspect.signature(images.DashScope(region="beijing").wan2_6_image.edit)
    assert signature.parameters["images"].annotation == "Pictures"


def test_no_repr_shows_a_whole_picture(images: ModuleType):
    model = images.DashScope(region="beijing").wan2_6_image
    picture = "data:image/png;base64," + "A" * 9000
    assert len(repr(model.prepare("edit", prompt=PROMPT, images=[picture]))) < 500
    with pytest.raises(images.RequestInvalid) as refused:
        model.prepare("edit", prompt=PROMPT, images=[picture] * 5)
    assert len(repr(refused.value.report)) < 1000


def test_a_picture_on_disk_becomes_an_address(images: ModuleType):
    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    address = images.data_uri(png)
    assert address == "data:image/png;base64," + base64.b64encode(png).decode()
    with pytest.raises(ValueError, match="not a picture"):
        images.data_uri(b"text")


def test_the_envelope_can_be_chosen(images: ModuleType):
    owner = images.Vtrix(region="global").qwen_image_edit_plus
    given = {"prompt": PROMPT, "images": ["https://example.com/a.png"]}
    assert isinstance(owner.prepare(**given).json["input"], dict)
    other = owner.prepare(**given, envelope="params")
    assert isinstance(other.json["input"], list)
    assert [note.rule for note in other.notes] == ["envelope"]


def test_what_the_service_changes_is_told_and_logged(images: ModuleType, caplog: pytest.LogCaptureFixture):
    service = Recorder(httpx2.Response(200, json=ANSWER))
    with caplog.at_level(logging.WARNING, "platemark_images"):
        result = client(images, service).wan2_6_t2i.text_to_image(prompt="x" * 2101)
    assert [told.rule for told in result.adjustments] == ["prompt.length"]
    assert "prompt.length" in caplog.text
    assert KEY not in caplog.text


# ── Answers ───────────────────────────────────────────────────────────────────────────────────────────────────────

PICTURE = {"image": "https://example.com/out.png"}
CHOICE = {"finish_reason": "stop", "message": {"role": "assistant", "content": [PICTURE]}}
ANSWER = {
    "output": {"choices": [CHOICE, CHOICE]},
    "usage": {"image_count": 2},
    "request_id": "r-1",
    "new": {"field": 1},
}


def test_a_result_holds_all_choices_and_ignores_what_is_new(images: ModuleType):
    service = Recorder(httpx2.Response(200, json=ANSWER))
    result = client(images, service).wan2_6_t2i.text_to_image(prompt=PROMPT, n=2)
    assert [image.url for image in result.images] == [PICTURE["image"]] * 2
    assert (result.request_id, result.usage, result.raw) == ("r-1", {"image_count": 2}, ANSWER)
    assert service.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("status", "body", "name"),
    [
        (401, {"code": "InvalidApiKey", "message": "No."}, "AuthenticationError"),
        (403, {"code": "AccessDenied", "message": "No."}, "PermissionDenied"),
        (404, {"code": "ModelNotFound", "message": "No."}, "NotFound"),
        (429, {"code": "Throttling.AllocationQuota", "message": "No."}, "RateLimited"),
        (400, {"code": "DataInspectionFailed", "message": "No."}, "ContentRejected"),
        (400, {"code": "InvalidParameter", "message": "No."}, "APIError"),
        (500, {"code": "InternalError", "message": "No."}, "ServerError"),
        (503, "<html>", "OutcomeUnknown"),
        (504, "<html>", "OutcomeUnknown"),
        (200, {"code": "Throttling.RateQuota", "message": "No."}, "RateLimited"),
        (200, "not json", "OutcomeUnknown"),
        (302, "", "ConnectionFailed"),
    ],
)
def test_errors_of_the_service(images: ModuleType, status: int, body: object, name: str):
    reply = httpx2.Response(status, json=body) if isinstance(body, dict) else httpx2.Response(status, text=str(body))
    service = Recorder(reply)
    with pytest.raises(images.PlatemarkError) as caught:
        client(images, service).wan2_6_t2i.text_to_image(prompt=PROMPT)
    assert type(caught.value).__name__ == name
    assert service.posts == 1
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "name", "posts"),
    [
        (httpx2.ConnectError("refused"), "ConnectionFailed", 3),
        (httpx2.ConnectTimeout("slow"), "ConnectionFailed", 3),
        (httpx2.ReadTimeout("slow"), "OutcomeUnknown", 1),
        (httpx2.ReadError("reset"), "OutcomeUnknown", 1),
        (httpx2.RemoteProtocolError("cut"), "OutcomeUnknown", 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_only_what_was_not_sent_is_sent_again(images: ModuleType, error: Exception, name: str, posts: int):
    service = Recorder(error)
    with pytest.raises(images.PlatemarkError) as caught:
        client(images, service).wan2_6_t2i.text_to_image(prompt=PROMPT)
    assert (type(caught.value).__name__, service.posts) == (name, posts)


# ── Tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def task(status: str, **more: object) -> httpx2.Response:
    output = {"task_id": "t-1", "task_status": status, **more}
    return httpx2.Response(200, json={"output": output, "request_id": "r-2"})


def test_a_task_survives_a_failed_query_and_ends(images: ModuleType):
    done = task("SUCCEEDED", choices=[CHOICE])
    service = Recorder(task("PENDING"), task("RUNNING"), httpx2.ReadTimeout("slow"), httpx2.Response(503), done)
    started = client(images, service).wan2_6_t2i.submit(prompt=PROMPT)
    result = started.wait()
    assert (started.id, result.task_id, len(result.images), service.posts) == ("t-1", "t-1", 1, 1)
    assert service.requests[0].headers["x-dashscope-async"] == "enable"


@pytest.mark.parametrize(("word", "state"), [("FAILED", "failed"), ("CANCELED", "canceled"), ("UNKNOWN", "lost")])
def test_a_task_that_ends_otherwise(images: ModuleType, word: str, state: str):
    service = Recorder(task("PENDING"), task(word, code="InternalError", message="No luck."))
    with pytest.raises(images.TaskFailed, match="No luck") as caught:
        client(images, service).wan2_6_t2i.text_to_image(prompt=PROMPT, route="task")
    assert (caught.value.task_id, caught.value.state, caught.value.code) == ("t-1", state, "InternalError")


@pytest.mark.parametrize("error", ["boom", {"code": 7, "error_message": "boom"}, {"code": 7, "message": "boom"}])
def test_a_gateway_may_word_the_error_of_a_task_in_several_ways(images: ModuleType, error: object):
    def answer(request: httpx2.Request) -> httpx2.Response:
        state = {"status": "in_progress"} if request.method == "POST" else {"status": "failed", "error": error}
        return httpx2.Response(200, json={"id": "t-1", **state})

    client = images.Vtrix("sk-test-errors", poll_interval=0.001, transport=httpx2.MockTransport(answer))
    with pytest.raises(images.TaskFailed, match="boom"):
        client.qwen_image_edit_plus.edit(prompt="a", images=["https://example.com/a.png"])


def test_a_task_that_takes_too_long_tells_its_id(images: ModuleType):
    service = Recorder(task("PENDING"))
    with pytest.raises(images.TaskTimeout) as caught:
        client(images, service, task_timeout=0.05).wan2_6_t2i.submit(prompt=PROMPT).wait()
    assert caught.value.task_id == "t-1"


def test_failed_pictures_are_kept_beside_the_good_ones(images: ModuleType):
    results = [{"url": "https://example.com/1.png"}, {"code": "InternalError", "message": "No luck."}]
    service = Recorder(task("PENDING"), task("SUCCEEDED", results=results))
    result = client(images, service).wan2_2_t2i_flash.text_to_image(prompt=PROMPT, n=2)
    assert len(result.images) == 1
    assert [(failure.code, failure.message) for failure in result.failures] == [("InternalError", "No luck.")]


# ── Streams and files ─────────────────────────────────────────────────────────────────────────────────────────────


def event(content: list[dict[str, str]], reason: str) -> str:
    choice = {"finish_reason": reason, "message": {"role": "assistant", "content": content}}
    data = json.dumps({"output": {"choices": [choice], "finished": True}, "request_id": "r-3"})
    return f"id:1\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n"


EVENTS = [
    event([{"type": "text", "text": "First "}], "null"),
    event([{"type": "text", "text": "fold."}], "null"),
    event([{"type": "image", "image": "https://example.com/1.png"}], "null"),
    event([{"type": "text", "text": "Done."}], "stop"),
]


def streamed(events: list[str]) -> httpx2.Response:
    return httpx2.Response(200, text="".join(events), headers={"Content-Type": "text/event-stream"})


def test_a_stream_yields_pieces_and_its_result_paragraphs(images: ModuleType):
    service = Recorder(streamed(EVENTS))
    owner = client(images, service).wan2_6_image
    kinds = [type(piece).__name__ for piece in owner.stream(prompt=PROMPT)]
    assert kinds == ["TextDelta", "TextDelta", "ImageArrived", "TextDelta"]
    result = owner.interleave(prompt=PROMPT)
    assert result.texts == ("First fold.", "Done.")
    assert [image.url for image in result.images] == ["https://example.com/1.png"]


def test_pictures_of_two_streams_keep_apart(images: ModuleType):
    other = [text.replace("1.png", "2.png") for text in EVENTS]
    service = Recorder(*map(streamed, (EVENTS, other)))
    owner = client(images, service).wan2_6_image
    pieces = [piece for _ in range(2) for piece in owner.stream(prompt=PROMPT)]
    assert len({piece.image.stem for piece in pieces if hasattr(piece, "image")}) == 2


def test_a_stream_that_breaks_off_is_no_result(images: ModuleType):
    service = Recorder(streamed(EVENTS[:2]))
    with pytest.raises(images.OutcomeUnknown, match="ended early"):
        client(images, service).wan2_6_image.interleave(prompt=PROMPT)
    assert service.posts == 1


def test_an_error_in_a_stream(images: ModuleType):
    data = json.dumps({"code": "DataInspectionFailed", "message": "No.", "request_id": "r-4"})
    text = f"id:1\nevent:error\n:HTTP_STATUS/400\ndata:{data}\n\n"
    with pytest.raises(images.ContentRejected) as caught:
        client(images, Recorder(streamed([text]))).wan2_6_image.interleave(prompt=PROMPT)
    assert (caught.value.status, caught.value.request_id) == (400, "r-4")


def test_the_key_does_not_travel_to_pictures(images: ModuleType, tmp_path: Path):
    service = Recorder(httpx2.Response(200, json=ANSWER), httpx2.Response(200, content=b"\x89PNG\r\n\x1a\n"))
    result = client(images, service).wan2_6_t2i.text_to_image(prompt=PROMPT)
    path = result.images[0].save(tmp_path / "one.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "authorization" not in service.requests[-1].headers


def test_an_expired_picture(images: ModuleType):
    service = Recorder(httpx2.Response(200, json=ANSWER), httpx2.Response(403, text="<Error/>"))
    result = client(images, service).wan2_6_t2i.text_to_image(prompt=PROMPT)
    with pytest.raises(images.NotFound, match="expire"):
        result.images[0].bytes()
