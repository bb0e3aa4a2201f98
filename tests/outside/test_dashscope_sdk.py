"""The vendor's own Python SDK against the emulator: what it sends by the documents completes, the rest is refused in
their words. `nox -s sdk` installs it. Which models there are, and what each takes, come from the specs.
"""

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from PIL import Image

import platemark
from platemark.emulator import Clock, running
from platemark.ir import Family, Offer
from platemark.rules import leaves, samples
from platemark.rules.judge import expected

KEY = "sk-test-sdk"
MOMENT = 1_800_000_000.0
ZONE = timezone(timedelta(hours=8))

DONE, STOPPED, LOST = "SUCCEEDED", "CANCELED", "UNKNOWN"
PICTURE = "https://example.com/lantern.png"

IR = platemark.resolve(platemark.load())
PROVIDER = IR.provider("dashscope")
OFFERS = [(family, offer) for family in IR.families_of(PROVIDER.id) for offer in family.offers]
MODELS = {offer.model: family for family, offer in OFFERS}
PATHS = {endpoint.id: endpoint.path for endpoint in PROVIDER.endpoints}


# ── The SDK, and what it is asked ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Bench:
    """The SDK's new client, pointed at the same emulator as its classes, whose clock only tests put forward."""

    client: Any
    clock: Clock

    def wait(self, api: Any, created: Any) -> Any:
        """A task's end, which the clock brings, so that nothing is polled for."""
        assert (created.status_code, created.output.task_status) == (200, "PENDING"), created
        self.clock.advance(60)
        return api.wait(created)


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    clock = Clock(lambda: MOMENT)
    with pytest.MonkeyPatch.context() as patch, running(IR, clock=clock) as server:
        base = server.url + PROVIDER.base_path
        patch.setenv("DASHSCOPE_HTTP_BASE_URL", base)
        patch.setenv("DASHSCOPE_API_KEY", KEY)
        new = importlib.import_module("dashscope")  # it reads its settings as it is imported
        with closing(new.Client(api_key=KEY, base_url=base)) as client:
            yield Bench(client, clock)


def sdk(name: str) -> Any:
    """A class of the SDK, from the module that the documents' samples import it from. Only after `bench`."""
    modules = {"ImageGeneration": "aigc.image_generation", "ImageSynthesis": "aigc.image_synthesis",
               "MultiModalConversation": "aigc.multimodal_conversation", "APIStatusError": "v2.errors"}  # fmt: skip
    return getattr(importlib.import_module(f"dashscope.{modules[name]}"), name)


@dataclass(frozen=True, slots=True)
class Call:
    """A request for an offer, in the words of the SDK's methods, and the pictures that it must bring."""

    words: Mapping[str, Any]
    pictures: int
    size: tuple[int, int] | None
    """None where the documents leave it open."""


def call_of(family: Family, offer: Offer, values: Mapping[str, Any], last: tuple[int, int] | None = None) -> Call:
    """`last` is the size of the last input picture, where it is known."""
    body = samples.body(PROVIDER, offer, values)
    judgement = platemark.evaluate(IR, offer.model, body, offer.route)
    assert judgement.verdict != "reject"
    makes = offer.makes.removeprefix("..")
    counted = family.parameter_of(offer, makes)
    pictures = leaves.integer(values.get(makes, counted.default)) if counted else int(makes)
    size = expected(family, offer, values, last)
    words = {"model": offer.model, **body["input"], **body.get("parameters", {})}
    return Call(words, pictures, None if size.approximate else size.size)


def calls(*routes: str, payload: str) -> list[Any]:
    """The least and the most that is taken by every offer of these routes whose endpoint has that payload."""
    return [
        pytest.param(call_of(family, offer, sample(family, offer)), id=f"{offer.model}-{offer.mode}-{name}")
        for family, offer in OFFERS
        if offer.route in routes and payload in offer.payloads
        for name, sample in (("least", samples.minimal), ("most", samples.full))
    ]


def chosen(output: Any) -> list[str]:
    """The pictures of an answer that has choices."""
    items = [item for choice in output.choices for item in choice.message.content]
    return [item["image"] for item in items if "image" in item]


def require(addresses: Iterable[str], call: Call) -> None:
    """As many pictures as were asked for, in the size that was promised, can be downloaded."""
    found: list[tuple[int, int]] = []
    for address in addresses:
        with urlopen(address) as response, Image.open(BytesIO(response.read())) as image:
            image.load()
            assert image.format == "PNG"
            found.append(image.size)
    assert found == [call.size or found[0]] * call.pictures


# ── The classes that the documents use ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("api", ["ImageGeneration", "MultiModalConversation"])
@pytest.mark.parametrize("call", calls("sync", payload="messages"))
def test_a_call_brings_pictures(bench: Bench, api: str, call: Call):
    answer = sdk(api).call(**call.words)
    assert answer.status_code == 200, answer
    require(chosen(answer.output), call)


@pytest.mark.parametrize("call", calls("stream", payload="messages"))
def test_a_stream_brings_texts_and_pictures(bench: Bench, call: Call):
    events = list(sdk("ImageGeneration").call(**call.words))
    assert {event.status_code for event in events} == {200}, events
    assert [event.output.choices[0].finish_reason for event in events] == ["null"] * (len(events) - 1) + ["stop"]
    items = [item for event in events for choice in event.output.choices for item in choice.message.content]
    assert {item["type"] for item in items} == {"text", "image"}
    require((picture for event in events for picture in chosen(event.output)), call)


@pytest.mark.parametrize("call", calls("task", payload="messages"))
def test_a_task_of_messages_brings_pictures(bench: Bench, call: Call):
    api = sdk("ImageGeneration")
    answer = bench.wait(api, api.async_call(**call.words))
    assert (answer.status_code, answer.output.task_status) == (200, DONE), answer
    require(chosen(answer.output), call)


@pytest.mark.parametrize("call", calls("task", payload="prompt"))
def test_a_task_of_a_prompt_brings_pictures(bench: Bench, call: Call):
    api = sdk("ImageSynthesis")
    answer = bench.wait(api, api.async_call(**call.words))
    assert (answer.status_code, answer.output.task_status) == (200, DONE), answer
    assert answer.usage.image_count == call.pictures
    require([result.url for result in answer.output.results], call)


@pytest.mark.parametrize("call", calls("task", payload="prompt")[::2])  # it sleeps a second between two polls
def test_a_call_that_polls_brings_pictures(bench: Bench, call: Call):
    answer = sdk("ImageSynthesis").call(**call.words)
    assert (answer.status_code, answer.output.task_status) == (200, DONE), answer
    require([result.url for result in answer.output.results], call)


@pytest.mark.parametrize("call", calls("task", payload="prompt"))
def test_what_has_only_tasks_refuses_a_synchronous_call(bench: Bench, call: Call):
    answer = sdk("ImageSynthesis").sync_call(**call.words)
    assert (answer.status_code, answer.code, answer.message) == documented("route.sync")


@pytest.mark.parametrize("route", ["sync", "task"])
def test_a_picture_of_this_machine_is_uploaded(bench: Bench, tmp_path: Path, route: str):
    api, payload = {"sync": ("MultiModalConversation", "messages"), "task": ("ImageSynthesis", "prompt")}[route]
    family, offer = next(
        (family, offer)
        for family, offer in OFFERS
        if (offer.route, offer.mode, offer.payloads) == (route, "edit", (payload,))
    )
    values = samples.minimal(family, offer)
    call = call_of(family, offer, values, (640, 480))
    file = tmp_path / "lantern.png"
    Image.new("RGB", (640, 480)).save(file)
    words = json.loads(json.dumps(call.words).replace(values["images"][-1], file.as_uri()))
    if route == "task":
        answer = bench.wait(sdk(api), sdk(api).async_call(**words))
        pictures = [result.url for result in answer.output.results]
    else:
        answer = sdk(api).call(**words)
        pictures = chosen(answer.output)
    require(pictures, call)


@pytest.mark.parametrize("api", ["ImageSynthesis", "ImageGeneration"])
def test_a_task_is_fetched_listed_and_canceled(bench: Bench, api: str):
    tasks = sdk(api)
    payload = {"ImageSynthesis": "prompt", "ImageGeneration": "messages"}[api]
    (call,) = calls("task", payload=payload)[0].values
    created = tasks.async_call(**call.words)
    stopped = tasks.cancel(created)
    assert (stopped.status_code, bool(stopped.request_id)) == (200, True)
    assert tasks.fetch(created).output.task_status == tasks.wait(created.output.task_id).output.task_status == STOPPED

    day = datetime.fromtimestamp(bench.clock.now(), ZONE).strftime("%Y%m%d")
    found = tasks.list(
        start_time=f"{day}000000", end_time=f"{day}235959", model_name=call.words["model"], status=STOPPED, page_size=1
    )
    assert found.status_code == 200
    assert [(row["task_id"], row["status"]) for row in found.output["data"]] == [(created.output.task_id, STOPPED)]

    again = tasks.cancel(created)
    assert (again.status_code, again.code) == documented("cancel")[:2]
    assert tasks.fetch("no-such-task").output.task_status == LOST


def test_a_task_is_forgotten_when_its_time_is_over(bench: Bench):
    assert PROVIDER.tasks
    tasks = sdk("ImageSynthesis")
    (call,) = calls("task", payload="prompt")[0].values
    created = tasks.async_call(**call.words)
    bench.clock.advance(PROVIDER.tasks.keep)
    assert tasks.wait(created).output.task_status == LOST


def test_a_key_is_needed(bench: Bench):
    (call,) = calls("task", payload="prompt")[0].values
    answer = sdk("ImageSynthesis").async_call(**call.words, api_key=" ")
    assert (answer.status_code, answer.code, answer.message) == documented("auth")


# ── The new client ────────────────────────────────────────────────────────────────────────────────────────────────

OF_MESSAGES = ("wan2.6-t2i", "wan2.6-image")
"""Models that begin so are sent to the synchronous endpoint by the new client; it sends all others to text2image."""

ARRIVES = {"wan2.6-t2i", "wan2.6-image", "qwen-image-plus", "qwen-image", "wan2.2-t2i-flash"}
MISSES = {"wan2.7-image-pro", "qwen-image-2.0-pro", "qwen-image-max", "qwen-image-edit-plus", "z-image-turbo",
          "wan2.5-i2i-preview"}  # fmt: skip


def reached(model: str) -> tuple[str, Offer | None]:
    """The endpoint that the new client picks for a model, and what the model offers there."""
    route, name = ("sync", "multimodal") if model.startswith(OF_MESSAGES) else ("task", "text2image")
    offers = MODELS[model].by_model[model]
    return name, next((offer for offer in offers if (offer.route, offer.endpoint) == (route, name)), None)


def test_the_new_client_reaches_some_models_and_misses_others():
    arrives = {model for model in MODELS if reached(model)[1]}
    assert (ARRIVES - arrives, MISSES & arrives) == (set(), set())
    assert MODELS.keys() >= MISSES


@pytest.mark.parametrize("model", [model for model in MODELS if reached(model)[1]])
def test_the_new_client_brings_pictures(bench: Bench, model: str):
    offer = reached(model)[1]
    assert offer
    values = samples.minimal(MODELS[model], offer)
    call = call_of(MODELS[model], offer, values)
    job = bench.client.images.generate(
        model=model, prompt=samples.PROMPT, image_urls=values.get("images"), poll_interval=0.01
    )
    assert job.succeeded, job
    require(job.image_urls, call)


@pytest.mark.parametrize("model", [model for model in MODELS if not reached(model)[1]])
def test_the_new_client_is_told_that_it_took_the_wrong_endpoint(bench: Bench, model: str):
    has_tasks = any(offer.route == "task" for offer in MODELS[model].by_model[model])
    with pytest.raises(sdk("APIStatusError")) as caught:
        bench.client.images.generate(model=model, prompt=samples.PROMPT, image_urls=[PICTURE], poll_interval=0.01)
    told = (caught.value.status_code, caught.value.code, caught.value.message)
    assert told == documented("route" if has_tasks else "route.async")


# ── What the documents say of a refusal ───────────────────────────────────────────────────────────────────────────


def documented(rule: str) -> tuple[int, str, str]:
    """Status, code and message that the spec of the provider has for a broken rule."""
    said = PROVIDER.errors.rules[rule]
    return PROVIDER.errors.codes[said["code"]]["status"], said["code"], said.get("message", "")
