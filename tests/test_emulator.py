"""The emulator answers as the documents say, over loopback, for every model, mode and route."""

import base64
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import platemark
from platemark.emulator import CannotListen, Clock, Unservable, create_app, running
from platemark.emulator.pictures import Gallery, Recipe, draw
from platemark.ir import Family, Ir, Offer, Provider
from platemark.rules import samples
from platemark.rules.judge import expected, judge
from platemark.rules.vectors import vectors
from platemark.wire import skeletons
from platemark.wire.requests import request as wire_request

KEY = "sk-test-emulator"
BASE = "/api/v1"
MULTIMODAL = f"{BASE}/services/aigc/multimodal-generation/generation"
TASK_MESSAGES = f"{BASE}/services/aigc/image-generation/generation"
TEXT2IMAGE = f"{BASE}/services/aigc/text2image/image-synthesis"
VTRIX = "/model/v1/generation"
AUTH = {"Authorization": f"Bearer {KEY}"}
ASYNC = {**AUTH, "X-DashScope-Async": "enable"}
STREAM = {**AUTH, "x-dashscope-sse": "Enable"}
ORACLE = json.loads((Path(__file__).parent / "oracle" / "requests.json").read_text("utf-8"))["requests"]
UNDECIDED = {
    "wan2.6-image/edit/image-data-gif": "what a data URI holds is not judged yet",
    "wan2.6-image/edit/image-data-200px": "what a data URI holds is not judged yet",
    "qwen_image_edit_plus/image-data-200px": "what a data URI holds is not judged yet",
}


@pytest.fixture(scope="module")
def api(ir: Ir) -> Iterator[httpx2.Client]:
    """An emulator in which only questions move tasks on."""
    with running(ir, pace=0) as server, httpx2.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def strict(ir: Ir) -> Iterator[httpx2.Client]:
    with running(ir, strict=True) as server, httpx2.Client(base_url=server.url, timeout=30) as client:
        yield client


def messages(
    model: str, prompt: str = "A paper lantern", images: tuple[str, ...] = (), **parameters: Any
) -> dict[str, Any]:
    content = [{"text": prompt}, *({"image": image} for image in images)]
    return {"model": model, "input": {"messages": [{"role": "user", "content": content}]}, "parameters": parameters}


def prompted(model: str, prompt: str = "A paper lantern", **parameters: Any) -> dict[str, Any]:
    return {"model": model, "input": {"prompt": prompt}, "parameters": parameters}


def rules(response: httpx2.Response) -> list[str]:
    return [rule for rule in response.headers.get("X-Platemark-Rules", "").split(",") if rule]


def size_of(client: httpx2.Client, address: str) -> tuple[int, int]:
    response = client.get(address)
    assert response.headers["content-type"] == "image/png"
    with Image.open(BytesIO(response.content)) as image:
        image.load()
        assert image.format == "PNG"
        return image.size


def data_uri(width: int, height: int) -> str:
    made = BytesIO()
    Image.new("RGB", (width, height)).save(made, "PNG")
    return "data:image/png;base64," + base64.b64encode(made.getvalue()).decode()


def stream_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Kind and data of each event."""
    events: list[tuple[str, dict[str, Any]]] = []
    for index, block in enumerate(text.removesuffix("\n\n").split("\n\n")):
        number, kind, status, data = block.split("\n")
        assert number == f"id:{index + 1}"
        assert status.startswith(":HTTP_STATUS/")
        events.append((kind.removeprefix("event:"), json.loads(data.removeprefix("data:"))))
    return events


def finish(
    client: httpx2.Client, provider: Provider, created: dict[str, Any], headers: dict[str, str]
) -> dict[str, Any]:
    """Ask for a task until it is done; its last answer."""
    assert provider.tasks
    values, _ = skeletons.find(provider.tasks.created, created)
    path = provider.base_path + provider.tasks.query.partition(" ")[2].replace("{task_id}", values["task_id"])
    seen: list[str] = []
    for _ in range(len(provider.tasks.states)):
        answer = client.get(path, headers=headers).json()
        seen.append(skeletons.find(provider.tasks.answer, answer)[0]["status"])
        if seen[-1] in provider.tasks.states_of("done"):
            assert seen == [*provider.tasks.states_of("waiting"), seen[-1]]
            return answer
    raise AssertionError(seen)


def complete(client: httpx2.Client, provider: Provider, offer: Offer, body: Any) -> list[dict[str, Any]]:
    """Send a body by an offer's route; the answers that come back, several for a stream."""
    sent = wire_request(provider, offer.endpoint, offer.route, body, KEY)
    response = client.request(sent["method"], sent["path"], headers=sent["headers"], json=body)
    assert response.status_code == 200, response.text
    assert response.headers["X-Platemark-Verdict"] == "accept", rules(response)
    if offer.route == "stream":
        return [data for _, data in stream_of(response.text)]
    answer = response.json()
    return [answer if offer.route == "sync" else finish(client, provider, answer, sent["headers"])]


def pictures_in(provider: Provider, offer: Offer, answers: list[dict[str, Any]]) -> list[str]:
    found = [skeletons.find(provider.results[offer.result], answer)[1] for answer in answers]
    return [element.item for elements in found for element in elements if element.kind == "images"]


def wanted(family: Family, offer: Offer, values: dict[str, Any]) -> int:
    name = offer.makes.removeprefix("..")
    if name.isdecimal():
        return int(name)
    parameter = family.parameter_of(offer, name)
    return values.get(name, parameter and parameter.default)


# ── Every model, mode and route ───────────────────────────────────────────────────────────────────────────────────


def test_every_offer_gives_as_many_pictures_as_asked_in_the_size_that_is_expected(ir: Ir, api: httpx2.Client):
    sizes: set[tuple[str, tuple[int, int]]] = set()
    for family in ir.families:
        provider = ir.provider(family.provider)
        for offer in family.offers:
            for values in (samples.minimal(family, offer), samples.full(family, offer)):
                answers = complete(api, provider, offer, samples.body(provider, offer, values))
                pictures = pictures_in(provider, offer, answers)
                assert len(pictures) == wanted(family, offer, values), (offer.model, offer.mode, offer.route)
                size = expected(family, offer, values, (1024, 1024)).size or (1024, 1024)
                sizes.add((pictures[0], size))
    for picture, size in sizes:
        assert size_of(api, picture) == size


def test_every_vector_is_judged_as_the_evaluator_judges_it(ir: Ir, strict: httpx2.Client):
    wrong: list[Any] = []
    for provider, family, model in ir.models.values():
        for vector in vectors(provider, family, model.id)[0]:
            sent = vector.request
            answer = strict.request(sent["method"], sent["path"], headers=sent["headers"], json=sent["body"])
            found = (answer.headers["X-Platemark-Verdict"], tuple(rules(answer)), answer.status_code >= 400)
            if found != (vector.verdict, vector.rules, vector.verdict == "reject"):
                wrong.append((vector.id, vector.verdict, vector.rules, found))
    assert wrong == []


@pytest.mark.parametrize("case", ORACLE, ids=lambda case: case["id"])
def test_the_oracle_agrees(api: httpx2.Client, case: dict[str, Any]):
    answer = api.request(case["method"], case["path"], headers=case["headers"], json=case["body"])
    verdict = case.get("emulator", case["verdict"])
    agrees = answer.headers["X-Platemark-Verdict"] == verdict and (answer.status_code >= 400) == (verdict == "reject")
    assert agrees or case["id"] in UNDECIDED, (
        verdict,
        answer.headers["X-Platemark-Verdict"],
        rules(answer),
        answer.text,
    )


# ── Refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────

URL_ERROR = ("InvalidParameter", "url error, please check url！", ["route"])
NO_ASYNC = ("AccessDenied", "current user api does not support asynchronous calls", ["route"])
NO_SYNC = ("AccessDenied", "current user api does not support synchronous calls", ["route"])
REFUSALS: dict[str, tuple[str, dict[str, str], Any, int, tuple[str, str | None, list[str]]]] = {
    "no key": (MULTIMODAL, {}, messages("z-image-turbo"), 401, ("InvalidApiKey", "No API-key provided.", ["auth"])),
    "an empty key": (
        MULTIMODAL, {"Authorization": "Bearer"}, messages("z-image-turbo"), 401, ("InvalidApiKey", "No API-key provided.", ["auth"]),
    ),
    "an unknown model": (MULTIMODAL, AUTH, messages("wan2.7-imag"), 404, ("ModelNotFound", None, ["model"])),
    "no model": (MULTIMODAL, AUTH, {"input": {}}, 404, ("ModelNotFound", None, ["model"])),
    "a task of a model without tasks": (TASK_MESSAGES, ASYNC, messages("z-image-turbo"), 403, NO_ASYNC),
    "a task at a synchronous endpoint": (MULTIMODAL, ASYNC, messages("wan2.7-image"), 403, NO_ASYNC),
    "a task endpoint without its header": (TASK_MESSAGES, AUTH, messages("wan2.7-image"), 403, NO_SYNC),
    "a task endpoint with the other header": (TASK_MESSAGES, STREAM, messages("wan2.7-image"), 403, NO_SYNC),
    "the wrong task endpoint": (TEXT2IMAGE, ASYNC, prompted("wan2.7-image"), 400, URL_ERROR),
    "a model without a synchronous route": (MULTIMODAL, AUTH, messages("wan2.2-t2i-flash"), 400, URL_ERROR),
    "a mode of another route": (MULTIMODAL, AUTH, messages("wan2.6-image", enable_interleave=True), 400, URL_ERROR),
    "the wrong payload": (MULTIMODAL, AUTH, prompted("qwen-image-plus"), 400, (*URL_ERROR[:2], ["payload"])),
    "two messages": (
        MULTIMODAL, AUTH, {"model": "z-image-turbo", "input": {"messages": messages("")["input"]["messages"] * 2}}, 400,
        ("InvalidParameter", "messages length only support 1", ["messages.count"]),
    ),
    "an empty prompt": (MULTIMODAL, AUTH, messages("z-image-turbo", ""), 400, ("InvalidParameter", "lack of image or text", ["prompt.required"])),
    "n out of range": (MULTIMODAL, AUTH, messages("wan2.6-t2i", n=5), 400, ("InvalidParameter", "Range of n should be [1, 4]", ["n.range"])),
    "a message of the family's own": (
        MULTIMODAL, AUTH, messages("qwen-image-max", n=2), 400, ("InvalidParameter", "num_images_per_prompt must be 1", ["n.fixed"]),
    ),
    "a status of the family's own": (MULTIMODAL, AUTH, messages("z-image-turbo", n=1), 400, ("InvalidParameter", None, ["n.unsupported"])),
    "a rule without a message": (
        MULTIMODAL, AUTH, messages("wan2.7-image", size="8*8"), 400, ("InvalidParameter", None, ["size.area"]),
    ),
    "several rules": (
        MULTIMODAL, AUTH, messages("wan2.6-t2i", n=9, seed=-1), 400, ("InvalidParameter", "Range of n should be [1, 4]", ["n.range", "seed.range"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_the_documented_one(api: httpx2.Client, name: str):
    path, headers, body, status, (code, message, broken) = REFUSALS[name]
    answer = api.post(path, headers=headers, json=body)
    said = json.loads(answer.text.partition("data:")[2]) if headers is STREAM else answer.json()
    assert (answer.status_code, said["code"], rules(answer)) == (status, code, broken)
    assert said["message"] == message if message else said["message"]
    assert set(said) == {"code", "message", "request_id"}
    assert answer.headers["X-Platemark-Verdict"] == "reject"


def test_a_message_without_documented_words_is_the_rules_sentence(api: httpx2.Client):
    answer = api.post(MULTIMODAL, headers=AUTH, json=messages("wan2.7-image", size="8*8"))
    assert answer.json()["message"].startswith("size: width times height must be ")


def test_an_unknown_model_is_told_the_nearest_one(api: httpx2.Client):
    assert (
        "did you mean wan2.7-image?"
        in api.post(MULTIMODAL, headers=AUTH, json=messages("wan2.7-imag")).json()["message"]
    )


def test_the_gateway_refuses_in_its_own_envelope(api: httpx2.Client):
    answer = api.post(VTRIX, headers=AUTH, json={"model": "qwen_image_edit_plus"})
    assert answer.status_code == 400
    assert answer.json()["status"] == "failed"
    assert answer.json()["error"]["code"] == 400
    assert api.post(VTRIX, json={}).json()["error"]["code"] == 401
    assert api.post(VTRIX, headers=AUTH, json={"model": "x"}).status_code == 404
    assert api.get(f"{VTRIX}/task/nothing", headers=AUTH).status_code == 404


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"", {}), (b"{", {}), (b"[]", {}), (b"null", {}), (b'{"model": NaN}', {}), (b'{"n": 1' + b"0" * 5000 + b"}", {}),
        (b"[" * 100_000, {}), (b"[" * 900 + b"]" * 900, {}), (b'{"model":"\xff"}', {}), ('{"model":"x"}'.encode("utf-16"), {}),
        (b"\xef\xbb\xbf{}", {}), (b"model=x", {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"{}", {"Content-Type": "application/json; charset=latin-1"}), (b"{}", {"Content-Type": "\xe9"}),
    ],
    ids=["nothing", "cut", "a list", "null", "NaN", "a huge number", "bottomless", "deep", "no UTF-8", "UTF-16", "a mark", "a form",
         "latin-1", "no type"],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(api: httpx2.Client, content: bytes, headers: dict[str, str]):
    sent = {**AUTH, **({name: value.encode("latin-1") for name, value in headers.items()})}
    answer = api.post(MULTIMODAL, headers=sent, content=content)
    assert (answer.status_code, answer.json()["code"], rules(answer)) == (400, "InvalidParameter", ["body.type"])


def test_a_body_may_have_as_many_levels_as_the_documents_need_and_no_more(api: httpx2.Client):
    deep: Any = "x"
    for _ in range(63):
        deep = [deep]
    assert (
        api.post(MULTIMODAL, headers=AUTH, json=messages("wan2.6-t2i", odd=deep)).json()["code"] == "InvalidParameter"
    )
    assert api.post(MULTIMODAL, headers=AUTH, json=messages("wan2.6-t2i", odd=deep[0])).status_code == 200


def test_a_body_that_is_too_large_is_refused(api: httpx2.Client):
    answer = api.post(MULTIMODAL, headers=AUTH, content=b" " * (33 << 20))
    assert (answer.status_code, answer.json()["code"]) == (413, "InvalidParameter")


def test_unknown_paths_are_not_found_in_the_envelope_of_their_service(api: httpx2.Client):
    assert api.post("/nothing").status_code == 404
    assert api.post(f"{BASE}/nothing").json()["code"] == "InvalidParameter"
    assert api.post("/model/v1/nothing").json()["error"]["code"] == 404
    assert api.post("/model/v10/generation").headers["content-type"].startswith("text/plain")
    wrong = api.get(MULTIMODAL, headers=AUTH)
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "POST")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["model", "input", "messages", "text", "$each", "n"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(data=st.data())
def test_whatever_stands_in_a_body_nothing_breaks(api: httpx2.Client, data: st.DataObject):
    """A valid request in which one part, at any depth, is something else."""
    case = data.draw(st.sampled_from([c for c in ORACLE if c["verdict"] == "accept"]))
    body = json.loads(json.dumps(case["body"]))
    node, key = {"body": body}, "body"
    while isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans()):
        node, key = (
            node[key],
            data.draw(st.sampled_from(list(node[key]) if isinstance(node[key], dict) else range(len(node[key])))),
        )
    node[key] = data.draw(JSON)
    answer = api.post(case["path"], headers=case["headers"], json=body)
    assert answer.status_code in {200, 400, 403, 404}
    assert answer.headers["X-Platemark-Verdict"] in {"accept", "note", "adjust", "reject"}


@given(content=st.binary(max_size=200), value=st.binary(min_size=1, max_size=30))
def test_whatever_stands_in_a_header_nothing_breaks(api: httpx2.Client, content: bytes, value: bytes):
    value = bytes(byte for byte in value if byte >= 0x20 and byte != 0x7F).strip() or b"x"
    for name in ("Authorization", "Content-Type", "X-DashScope-Async", "Host"):
        answer = api.post(
            MULTIMODAL, headers={**{k: v.encode() for k, v in AUTH.items()}, name: value}, content=content
        )
        assert answer.status_code in {400, 401, 403, 404}


@given(
    path=st.text(max_size=30),
    query=st.dictionaries(st.sampled_from(["page_no", "status", "start_time"]), st.text(max_size=16)),
)
def test_whatever_stands_in_a_path_nothing_breaks(api: httpx2.Client, path: str, query: dict[str, str]):
    address = f"{BASE}/tasks/{quote(path, safe='', errors='replace')}"
    answers = [
        api.get(address, headers=AUTH),
        api.post(f"{address}/cancel", headers=AUTH),
        api.get(f"{BASE}/tasks", headers=AUTH, params=query),
    ]
    assert all(answer.status_code < 500 for answer in answers)


# ── Answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_no_document_knows_passes_with_a_note_unless_strict(api: httpx2.Client, strict: httpx2.Client):
    body = messages("qwen-image-2.0", result_format="message")
    passed = api.post(MULTIMODAL, headers=AUTH, json=body)
    assert (passed.status_code, passed.headers["X-Platemark-Verdict"], rules(passed)) == (200, "note", ["unknown"])
    refused = strict.post(MULTIMODAL, headers=AUTH, json=body)
    assert (refused.status_code, rules(refused)) == (400, ["unknown"])


def test_what_is_adjusted_is_named(api: httpx2.Client):
    answer = api.post(
        MULTIMODAL,
        headers=AUTH,
        json=messages("qwen-image-edit-plus", images=("https://example.com/a.png",), size="1033*1032"),
    )
    assert (answer.headers["X-Platemark-Verdict"], rules(answer)) == ("adjust", ["size.rounds"])
    content = answer.json()["output"]["choices"][0]["message"]["content"]
    assert size_of(api, content[0]["image"]) == (1040, 1024)


def test_a_prompt_is_read_as_far_as_the_service_reads_it(api: httpx2.Client):
    created = api.post(TEXT2IMAGE, headers=ASYNC, json=prompted("wan2.2-t2i-flash", "龙" * 501, prompt_extend=False))
    assert rules(created) == ["prompt.length"]
    path = f"{BASE}/tasks/{created.json()['output']['task_id']}"
    answers = [api.get(path, headers=AUTH).json() for _ in range(3)]
    assert answers[-1]["output"]["results"][0]["orig_prompt"] == "龙" * 500


def test_several_choices_or_one_with_several_pictures(api: httpx2.Client):
    many = api.post(MULTIMODAL, headers=AUTH, json=messages("wan2.6-t2i", n=3)).json()
    assert [len(choice["message"]["content"]) for choice in many["output"]["choices"]] == [1, 1, 1]
    assert many["usage"] == {"image_count": 3, "size": "1280*1280"}
    one = api.post(MULTIMODAL, headers=AUTH, json=messages("qwen-image-2.0", n=3)).json()
    assert [len(choice["message"]["content"]) for choice in one["output"]["choices"]] == [3]
    assert one["usage"] == {"image_count": 3, "width": 2048, "height": 2048}


@pytest.mark.parametrize("extended", [True, False])
def test_a_rewritten_prompt_is_told(api: httpx2.Client, extended: bool):
    answer = api.post(MULTIMODAL, headers=AUTH, json=messages("z-image-turbo", "A cat", prompt_extend=extended)).json()
    message = answer["output"]["choices"][0]["message"]
    assert [list(item) for item in message["content"]] == [["image"], ["text"]]
    assert (message["content"][1]["text"] != "A cat") is extended
    assert ("reasoning_content" in message) is extended
    created = api.post(TEXT2IMAGE, headers=ASYNC, json=prompted("qwen-image", "A cat", prompt_extend=extended)).json()
    answers = [api.get(f"{BASE}/tasks/{created['output']['task_id']}", headers=AUTH).json() for _ in range(3)]
    assert ("actual_prompt" in answers[-1]["output"]["results"][0]) is extended


def test_the_same_request_gives_the_same_pictures_and_another_seed_others(api: httpx2.Client):
    def picture(headers: dict[str, str] = AUTH, **parameters: Any) -> str:
        answer = api.post(MULTIMODAL, headers=headers, json=messages("z-image-turbo", **parameters)).json()
        return answer["output"]["choices"][0]["message"]["content"][0]["image"]

    assert picture(seed=1) == picture(seed=1)
    other = {"Authorization": "Bearer sk-test-other"}
    addresses = {picture(seed=1), picture(seed=2), picture(size="1024*1024", seed=1), picture(other, seed=1)}
    assert len(addresses) == 4
    assert (
        api.get(picture(seed=1)).content == api.get(picture(seed=1)).content == api.get(picture(other, seed=1)).content
    )
    assert api.get("/pictures/0.png").status_code == 404


@pytest.mark.parametrize(
    ("model", "image", "parameters", "size"),
    [
        ("qwen-image-edit", data_uri(400, 800), {}, (720, 1456)),
        ("qwen-image-edit", "https://example.com/wide.png", {}, (1024, 1024)),
        ("qwen-image-2.0", data_uri(1600, 900), {}, (1360, 768)),
        ("wan2.7-image", data_uri(300, 300), {"size": "1K"}, (1024, 1024)),
        ("wan2.6-image", data_uri(800, 400), {"size": "2K"}, (2912, 1440)),
        ("qwen-image-edit", "data:image/png;base64,AAAA", {}, (1024, 1024)),
    ],
)
def test_sizes_follow_the_last_picture_where_it_is_known(api: httpx2.Client, model: str, image: str, parameters: dict[str, Any], size: tuple[int, int]):  # fmt: skip
    answer = api.post(MULTIMODAL, headers=AUTH, json=messages(model, images=(data_uri(512, 512), image), **parameters))
    first = answer.json()["output"]["choices"][0]["message"]["content"][0]["image"]
    assert size_of(api, first) == size
    again = api.post(MULTIMODAL, headers=AUTH, json=messages("qwen-image-2.0", images=(first,))).json()
    width, height = size_of(api, again["output"]["choices"][0]["message"]["content"][0]["image"])
    assert abs(width / height - size[0] / size[1]) < 0.06, "the emulator knows the size of its own pictures"


# ── Streams ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stream_brings_texts_in_pieces_and_pictures_whole(api: httpx2.Client):
    body = messages("wan2.6-image", enable_interleave=True, stream=True, max_images=2)
    answer = api.post(MULTIMODAL, headers=STREAM, json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = stream_of(answer.text)
    assert {kind for kind, _ in events} == {"result"}
    choices = [data["output"]["choices"][0] for _, data in events]
    assert [choice["finish_reason"] for choice in choices] == ["null"] * (len(choices) - 1) + ["stop"]
    items = [choice["message"]["content"] for choice in choices]
    assert items.pop() == []
    kinds = [item["type"] for (item,) in items]
    assert kinds.count("image") == 2
    assert kinds[0] == kinds[-1] == "text"
    assert kinds.count("text") > 3
    assert events[-1][1]["usage"]["image_count"] == 2


def test_the_bytes_of_an_event_are_those_of_the_documents(api: httpx2.Client):
    answer = api.post(MULTIMODAL, headers=STREAM, json=messages("wan2.6-image", enable_interleave=True, stream=True))
    first = answer.content.split(b"\n\n")[0]
    assert first.startswith(b'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"request_id":"')
    assert answer.content.endswith(b"}\n\n")
    assert b"\r" not in answer.content


def test_an_error_of_a_stream_is_an_event_with_its_status(api: httpx2.Client):
    answer = api.post(
        MULTIMODAL, headers=STREAM, json=messages("wan2.6-image", enable_interleave=True, stream=True, n=2)
    )
    assert answer.status_code == 400
    assert answer.content.startswith(b'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"InvalidParameter"')


# ── Tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Desk:
    """A client of a task service whose clock stands still."""

    def __init__(self, client: httpx2.Client, clock: Clock) -> None:
        self.client = client
        self.clock = clock

    def create(self, model: str = "wan2.2-t2i-flash", headers: dict[str, str] = ASYNC) -> str:
        answer = self.client.post(
            TEXT2IMAGE, headers=headers, json=prompted(model, n=1) if "qwen" not in model else prompted(model)
        ).json()
        assert answer["output"]["task_status"] == "PENDING"
        return answer["output"]["task_id"]

    def query(self, task: str, headers: dict[str, str] = AUTH) -> dict[str, Any]:
        answer = self.client.get(f"{BASE}/tasks/{task}", headers=headers)
        assert answer.status_code == 200
        return answer.json()["output"]

    def list(self, **filters: Any) -> dict[str, Any]:
        return self.client.get(f"{BASE}/tasks/", headers=AUTH, params=filters).json()


@pytest.fixture
def desk(ir: Ir) -> Iterator[Desk]:
    clock = Clock(lambda: 1_700_000_000.0)
    with running(ir, clock=clock, pace=60) as server, httpx2.Client(base_url=server.url) as client:
        yield Desk(client, clock)


def test_a_task_is_moved_on_by_questions(desk: Desk):
    task = desk.create()
    assert [desk.query(task)["task_status"] for _ in range(4)] == ["PENDING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]


def test_a_task_is_moved_on_by_time(desk: Desk):
    task = desk.create()
    desk.clock.advance(61)
    running = desk.query(task)
    assert (running["task_status"], running["scheduled_time"]) == ("RUNNING", "2023-11-15 06:14:20.000")
    assert "results" not in running
    assert "end_time" not in running
    desk.clock.advance(60)
    done = desk.query(task)
    assert done["task_status"] == "SUCCEEDED"
    assert (done["submit_time"], done["end_time"]) == ("2023-11-15 06:13:20.000", "2023-11-15 06:15:20.000")
    assert done["task_metrics"] == {"TOTAL": 1, "SUCCEEDED": 1, "FAILED": 0}


def test_a_task_expires_and_belongs_to_its_key(desk: Desk):
    task = desk.create()
    assert desk.query(task, {"Authorization": "Bearer sk-test-other"}) == {"task_id": task, "task_status": "UNKNOWN"}
    assert desk.query("no-such-task")["task_status"] == "UNKNOWN"
    desk.clock.advance(24 * 3600 - 1)
    assert desk.query(task)["task_status"] == "SUCCEEDED"
    desk.clock.advance(1)
    assert desk.query(task)["task_status"] == "UNKNOWN"
    assert desk.list()["total"] == 0


def test_only_a_pending_task_can_be_canceled(desk: Desk):
    task = desk.create()
    path = f"{BASE}/tasks/{task}/cancel"
    assert set(desk.client.post(path, headers=AUTH).json()) == {"request_id"}
    assert desk.query(task)["task_status"] == "CANCELED"
    again = desk.client.post(path, headers=AUTH)
    assert (again.status_code, again.json()["code"]) == (400, "UnsupportedOperation")
    desk.clock.advance(1000)
    assert desk.query(task)["task_status"] == "CANCELED"
    assert "results" not in desk.query(task)


def test_tasks_are_listed_by_page_and_filter(desk: Desk):
    tasks = [desk.create() for _ in range(3)]
    desk.clock.advance(100)
    tasks.append(desk.create("qwen-image"))
    page = desk.list(page_size=3)
    assert {key: value for key, value in page.items() if key != "data"} == {
        "total": 4,
        "total_page": 2,
        "page_no": 1,
        "page_size": 3,
    }
    assert [row["task_id"] for row in page["data"]] == tasks[:0:-1]
    assert [row["task_id"] for row in desk.list(page_size=3, page_no=2)["data"]] == tasks[:1]
    assert [row["task_id"] for row in desk.list(model_name="qwen-image")["data"]] == tasks[3:]
    assert [row["status"] for row in desk.list(status="RUNNING")["data"]] == ["RUNNING"] * 3
    assert desk.list(task_id=tasks[0])["data"][0]["start_time"] == 1_700_000_060_000
    assert desk.list(start_time="20231115061330")["total"] == 1
    assert desk.list(end_time="20231115061330")["total"] == 3


@pytest.mark.parametrize("query", [{"page_no": "0"}, {"page_size": "x"}, {"page_size": "²"}, {"page_no": ""}, {"start_time": "yesterday"}, {"end_time": "20231315061330"}])  # fmt: skip
def test_a_list_that_is_asked_for_badly_is_refused(desk: Desk, query: dict[str, str]):
    assert desk.list(**query)["code"] == "InvalidParameter"


# ── A service that nobody wrote code for ──────────────────────────────────────────────────────────────────────────

ATELIER = {
    "documents.yaml": "manual: {page: manual, kind: reference, held: true, language: en, date: 2026-01, publisher: Atelier, title: Manual}\n",
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
    with running(platemark.resolve(platemark.load(specs)), pace=0) as server:
        with httpx2.Client(base_url=server.url, headers={"X-Api-Key": KEY}) as client:
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


# ── The server itself ─────────────────────────────────────────────────────────────────────────────────────────────


def test_it_says_what_it_is(api: httpx2.Client):
    about = api.get("/").json()
    assert about["service"] == "platemark emulator"
    assert [provider["id"] for provider in about["providers"]] == ["dashscope", "vtrix"]
    assert "z-image-turbo" in about["providers"][0]["models"]


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
    from dataclasses import replace

    twin = replace(ir.providers[0], id="twin")
    with pytest.raises(Unservable, match="dashscope and twin both answer"):
        create_app(replace(ir, providers=(*ir.providers, twin)))


def test_what_a_hook_gives_is_sent_instead(ir: Ir):
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response

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


def test_a_gallery_forgets_the_oldest():
    gallery = Gallery(2)
    first, second, third = (gallery.hang(Recipe("m", "p", seed, 0, (16, 16)), "key") for seed in range(3))
    assert gallery.find(first) is None
    assert gallery.at(f"http://localhost:1/pictures/{second}.png") is not None
    assert gallery.at(f"http://localhost:1/pictures/{third}.png?x=1") is None


def test_the_emulator_judges_as_the_evaluator_does(ir: Ir, strict: httpx2.Client):
    provider, family, model = ir.models["wan2.7-image"]
    body = messages(model.id, size="8*8", n=9, color_palette=[{"hex": "#FFFFFF"}])
    assert rules(strict.post(MULTIMODAL, headers=AUTH, json=body)) == list(
        judge(provider, family, model.id, "sync", body).rules
    )
