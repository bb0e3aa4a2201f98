"""Answers of the emulator: what they hold, which pictures they name, and how they stream."""

from typing import Any

import httpx2
import pytest

from emulation import (
    ASYNC,
    AUTH,
    BASE,
    MULTIMODAL,
    STREAM,
    TEXT2IMAGE,
    data_uri,
    messages,
    prompted,
    rules,
    size_of,
    stream_of,
)
from platemark.emulator import running
from platemark.ir import Ir


def test_a_key_that_no_document_knows_passes_with_a_note_unless_strict(ir: Ir, api: httpx2.Client):
    body = messages("qwen-image-2.0", result_format="message")
    passed = api.post(MULTIMODAL, headers=AUTH, json=body)
    assert (passed.status_code, passed.headers["X-Platemark-Verdict"], rules(passed)) == (200, "note", ["unknown"])
    with running(ir, strict=True) as server:
        refused = httpx2.post(f"{server.url}{MULTIMODAL}", headers=AUTH, json=body)
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
def test_sizes_follow_the_last_picture_where_it_is_known(
    api: httpx2.Client, model: str, image: str, parameters: dict[str, Any], size: tuple[int, int]
):
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
