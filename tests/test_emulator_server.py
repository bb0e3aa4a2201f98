"""The emulator as a server: of any provider, on any port, with its clock and its hook."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import httpx2
import pytest
from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

import platemark
from emulation import KEY, MULTIMODAL, size_of
from platemark.emulator import CannotListen, Clock, Unservable, create_app, running
from platemark.emulator.pictures import Gallery, Recipe, caption, draw
from platemark.ir import Ir

ATELIER = {
    "documents.yaml": """
manual:
  {page: manual, kind: reference, held: true, language: en, date: 2026-01, publisher: Atelier, title: Manual}
""",
    "atelier/provider.yaml": """
about: A service that does not exist
client: Atelier
sources: {manual: all}
auth: {header: X-Api-Key, value: "{key}", env: ATELIER_API_KEY}
hosts: {region: "https://{host}/v3"}
regions: {main: {host: atelier.example.com}}
endpoints:
  draw: {path: /draw, payload: flat, transports: [sync]}
  queue: {path: /queue, payload: flat, transports: [task]}
transports: {sync: {}, task: {}}
payloads:
  flat: {model: $model, text: $prompt, $others: true}
results:
  links: {links: [{$each: images, href: $item}], made: $count}
tasks:
  created: {ticket: $task_id, state: $status}
  answer: {ticket: $task_id, state: $status}
  query: GET /tickets/{task_id}
  cancel: POST /tickets/{task_id}/stop
  states: {queued: waiting, ok: done, bad: failed}
errors:
  answer: {problem: {kind: $code, says: $message}}
  codes: {bad_key: {status: 403}, bad_request: {status: 422}, no_model: {status: 410}}
  rules:
    any: {code: bad_request}
    auth: {code: bad_key, message: No key.}
    model: {code: no_model}
parameters:
  prompt: {type: text, required: true, about: What to draw}
  size: {type: size, about: How large}
  n: {type: integer, about: How many}
""",
    "atelier/sketch.yaml": """
about: A model that does not exist
sources: {manual: all}
models: {sketch-1: {}}
routes: {sync: draw, task: queue}
modes:
  text_to_image: {about: Draw, makes: n, result: links}
parameters:
  prompt: {length: ..20}
  size: {side: 64..512, default: 128*96}
  n: {range: 1..3, default: 2}
""",
}


@pytest.fixture(scope="module")
def atelier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    specs = tmp_path_factory.mktemp("specs")
    for name, text in ATELIER.items():
        (specs / name).parent.mkdir(exist_ok=True)
        (specs / name).write_text(text, encoding="utf-8")
    ir = platemark.resolve(platemark.load(specs))
    headers = {"X-Api-Key": KEY}
    with running(ir, pace=0) as server, httpx2.Client(base_url=server.url, headers=headers) as client:
        yield client


def test_a_third_provider_is_served_from_its_spec_alone(atelier: httpx2.Client):
    body = {"model": "sketch-1", "text": "A kite"}
    answer = atelier.post("/v3/draw", json=body).json()
    assert answer["made"] == 2
    assert size_of(atelier, answer["links"][0]["href"]) == (128, 96)
    created = atelier.post("/v3/queue", json=body).json()
    assert created["state"] == "queued"
    states = [atelier.get(f"/v3/tickets/{created['ticket']}").json() for _ in range(2)]
    assert [state["state"] for state in states] == ["queued", "ok"]
    assert len(states[1]["links"]) == 2
    waiting = atelier.post("/v3/queue", json=body).json()["ticket"]
    assert atelier.post(f"/v3/tickets/{waiting}/stop").json() == {}
    assert atelier.get(f"/v3/tickets/{waiting}").json()["state"] == "bad"


def test_a_third_provider_refuses_in_its_own_words(atelier: httpx2.Client):
    body = {"model": "sketch-1", "text": "A kite"}
    refused = atelier.post("/v3/draw", json={**body, "n": 4})
    assert (refused.status_code, refused.json()) == (
        422,
        {"problem": {"kind": "bad_request", "says": "n: must be 1 to 3"}},
    )
    keyless = atelier.post("/v3/draw", json=body, headers={"X-Api-Key": ""})
    assert (keyless.status_code, keyless.json()) == (403, {"problem": {"kind": "bad_key", "says": "No key."}})
    assert atelier.post("/v3/draw", json={**body, "model": "sketch-2"}).status_code == 410
    assert atelier.get("/v3/tickets/none").status_code == 404


def test_it_says_what_it_is(api: httpx2.Client):
    about = api.get("/").json()
    assert about["service"] == "platemark emulator"
    assert [provider["id"] for provider in about["providers"]] == ["dashscope", "vtrix"]
    assert "z-image-turbo" in about["providers"][0]["models"]


@pytest.mark.parametrize("path", ["/api/v1/%0A", "/model/v1/generation/task/%0Ano", "/api/v1/tasks/%0A/cancel/"])
def test_a_path_with_a_line_break_is_answered_by_its_service(api: httpx2.Client, path: str):
    answer = api.get(path, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.status_code in {404, 405}


def test_the_clock_is_set_from_outside_only_where_that_is_wanted(ir: Ir, api: httpx2.Client):
    assert api.get("/_control/clock").status_code == 404
    with running(ir, control=True, clock=Clock(lambda: 5.0)) as server:
        assert httpx2.post(f"{server.url}/_control/clock", json={"advance": 60}).json() == {"now": 65.0}
        for wrong in ({"advance": -1}, {"advance": 1e99}, {}, [], {"advance": "soon"}):
            assert httpx2.post(f"{server.url}/_control/clock", json=wrong).status_code == 400
        assert httpx2.get(f"{server.url}/_control/clock").json() == {"now": 65.0}


def test_a_port_that_is_taken_is_named(ir: Ir, api: httpx2.Client):
    port = api.base_url.port
    assert port
    with pytest.raises(CannotListen, match=f"port {port}"), running(ir, port=port):
        pass


def test_providers_that_share_an_address_are_not_served_together(ir: Ir):
    twin = replace(ir.providers[0], id="twin")
    with pytest.raises(Unservable, match="dashscope and twin both answer"):
        create_app(replace(ir, providers=(*ir.providers, twin)))


def test_what_a_hook_gives_is_sent_instead(ir: Ir):
    async def teapot(request: Request) -> Response | None:
        return PlainTextResponse("short and stout", 418) if "X-Fault" in request.headers else None

    with running(ir, hook=teapot) as server:
        assert httpx2.post(f"{server.url}{MULTIMODAL}", headers={"X-Fault": "teapot"}).status_code == 418
        assert httpx2.post(f"{server.url}{MULTIMODAL}").status_code == 401


def test_a_picture_is_a_small_file_of_exactly_its_size():
    for size in [(4096, 4096), (16, 16), (1, 999), (2048, 512)]:
        made = draw(Recipe("a-model", "A lantern \ud800\n\t龙 \x1b[31m", None, 0, size))
        with Image.open(BytesIO(made)) as image:
            image.load()
            assert image.size == size
        assert len(made) < 1 << 20


def test_a_caption_names_model_and_size_in_full():
    lines = caption(Recipe("qwen-image-2.0-pro-2026-03-03", "A lantern " * 99, None, 1, (2688, 1536)), 33, 6)
    assert " ".join(lines[:2]) == "qwen-image-2.0-pro-2026-03-03 #2 2688*1536"
    assert len(lines) == 6
    assert max(map(len, lines)) <= 33


def test_a_gallery_forgets_the_oldest():
    gallery = Gallery(Clock(), 2)
    first, second, third = (gallery.hang(Recipe("m", "p", seed, 0, (16, 16)), "key") for seed in range(3))
    assert gallery.find(first) is None
    assert gallery.at(f"http://localhost:1/pictures/{second}.png") is not None
    assert gallery.at(f"http://localhost:1/pictures/{third}.png?x=1") is None
