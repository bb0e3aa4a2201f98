"""What services refuse, fail and cut of their own accord, as marks in a prompt ask the emulator for it."""

from typing import Any

import httpx2
import pytest

from emulation import (
    ASYNC,
    AUTH,
    BASE,
    MULTIMODAL,
    STREAM,
    TASK_MESSAGES,
    TEXT2IMAGE,
    VTRIX,
    messages,
    prompted,
    rules,
    stream_of,
)
from platemark.emulator.marks import Marks, marks
from platemark.ir import Ir

REFUSED = {
    "DataInspectionFailed": "Input data may contain inappropriate content.",
    "IPInfringementSuspect": "Input data is suspected of being involved in IP infringement.",
}
TIMEOUT = {
    "code": "InternalError.Timeout",
    "message": "An internal timeout error has occured during execution, please try again later or contact service "
    "support.",
}


def ended(api: httpx2.Client, created: httpx2.Response) -> dict[str, Any]:
    """The last answer about a task that moves on by questions."""
    assert created.status_code == 200, created.text
    task = created.json()["output"]["task_id"]
    return [api.get(f"{BASE}/tasks/{task}", headers=AUTH) for _ in range(3)][-1].json()


# ── Content ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", REFUSED)
def test_content_is_refused_at_once_where_the_answer_is_awaited(api: httpx2.Client, code: str):
    answer = api.post(MULTIMODAL, headers=AUTH, json=messages("wan2.7-image", f"A cat [[{code}]] on a mat"))
    assert (answer.status_code, rules(answer)) == (400, ["content"])
    assert {**answer.json(), "request_id": ""} == {"code": code, "message": REFUSED[code], "request_id": ""}


@pytest.mark.parametrize("code", REFUSED)
def test_a_task_is_created_and_fails(api: httpx2.Client, code: str):
    created = api.post(TEXT2IMAGE, headers=ASYNC, json=prompted("wan2.2-t2i-flash", f"[[{code}]]"))
    assert created.json()["output"]["task_status"] == "PENDING"
    answer = ended(api, created)
    output = answer["output"]
    assert (output["task_status"], output["code"], output["message"]) == ("FAILED", code, REFUSED[code])
    assert "results" not in output
    assert "usage" not in answer
    assert answer["request_id"] != created.json()["request_id"]


def test_a_stream_tells_of_it_in_an_error_event(api: httpx2.Client):
    body = messages("wan2.6-image", "[[DataInspectionFailed]]", enable_interleave=True, stream=True)
    answer = api.post(MULTIMODAL, headers=STREAM, json=body)
    ((kind, data),) = stream_of(answer.text)
    assert (answer.status_code, kind, data["code"]) == (400, "error", "DataInspectionFailed")


def test_an_error_may_come_with_status_200(api: httpx2.Client):
    mark = "[[DataInspectionFailed 200]]"
    answer = api.post(MULTIMODAL, headers=AUTH, json=messages("wan2.7-image", mark))
    assert (answer.status_code, answer.json()["code"]) == (200, "DataInspectionFailed")
    body = messages("wan2.6-image", mark, enable_interleave=True, stream=True)
    stream = api.post(MULTIMODAL, headers=STREAM, json=body)
    assert stream.status_code == 200
    assert ":HTTP_STATUS/400\n" in stream.text


def test_only_marks_of_the_service_are_marks(ir: Ir):
    dashscope, vtrix = ir.provider("dashscope"), ir.provider("vtrix")
    assert (
        marks(dashscope, "[[InternalError]] [[fail]] [[fail -1]] [[ fail 1]] [fail 1] [[IPInfringementSuspect x]]")
        == Marks()
    )
    assert marks(dashscope, "[[fail 3]] [[fail 1]] [[IPInfringementSuspect]]") == Marks(
        "IPInfringementSuspect", False, 3
    )
    assert marks(vtrix, "[[DataInspectionFailed]] [[fail 2]]") == Marks(failures=2)


# ── Pictures that fail ────────────────────────────────────────────────────────────────────────────────────────────


def test_items_of_a_task_that_succeeded_may_have_failed(api: httpx2.Client):
    answer = ended(api, api.post(TEXT2IMAGE, headers=ASYNC, json=prompted("wan2.2-t2i-flash", "A cat [[fail 3]]", n=4)))
    output = answer["output"]
    assert output["task_status"] == "SUCCEEDED"
    assert [sorted(item) for item in output["results"]].count(["code", "message"]) == 3
    assert [item for item in output["results"] if "code" in item] == [TIMEOUT] * 3
    assert [item["orig_prompt"] for item in output["results"] if "url" in item] == ["A cat [[fail 3]]"]
    assert output["task_metrics"] == {"TOTAL": 4, "SUCCEEDED": 1, "FAILED": 3}
    assert answer["usage"] == {"image_count": 1}


def test_a_task_all_of_whose_pictures_failed_has_failed(api: httpx2.Client):
    output = ended(api, api.post(TEXT2IMAGE, headers=ASYNC, json=prompted("wan2.2-t2i-flash", "[[fail 9]]", n=2)))[
        "output"
    ]
    assert {key: output[key] for key in ("task_status", "code", "message")} == {"task_status": "FAILED", **TIMEOUT}


def test_answers_without_a_place_for_failures_have_fewer_pictures(api: httpx2.Client):
    answer = api.post(MULTIMODAL, headers=AUTH, json=messages("wan2.6-t2i", "[[fail 1]]", n=3)).json()
    assert len(answer["output"]["choices"]) == 2
    assert answer["usage"] == {"image_count": 2, "size": "1280*1280"}
    none = api.post(MULTIMODAL, headers=AUTH, json=messages("qwen-image-max", "[[fail 1]]"))
    assert (none.status_code, none.json()["code"]) == (500, "InternalError.Timeout")


def test_a_gateway_fails_in_its_own_envelope(api: httpx2.Client):
    content = [{"text": "[[fail 1]]"}, {"image": "https://example.com/a.png"}]
    body = {"model": "qwen_image_edit_plus", "input": {"messages": [{"role": "user", "content": content}]}}
    created = api.post(VTRIX, headers=AUTH, json=body).json()
    states = [api.get(f"{VTRIX}/task/{created['id']}", headers=AUTH).json() for _ in range(2)]
    assert [state["status"] for state in states] == ["in_progress", "failed"]
    assert states[-1]["error"]["error_message"]
    assert "output" not in states[-1]


# ── Shapes ────────────────────────────────────────────────────────────────────────────────────────────────────────

ONE = "https://example.com/a.png"
USAGE: dict[str, tuple[dict[str, str], dict[str, Any], dict[str, Any]]] = {
    "several choices": (AUTH, messages("wan2.6-t2i", n=2), {"image_count": 2, "size": "1280*1280"}),
    "one choice, several items": (AUTH, messages("qwen-image-edit-plus", images=(ONE,), n=2),
                                  {"image_count": 2, "width": 1024, "height": 1024}),
    "one picture": (AUTH, messages("qwen-image-max"), {"image_count": 1, "width": 1664, "height": 928}),
    "a picture and a text": (AUTH, messages("z-image-turbo"), {"image_count": 1, "width": 1024, "height": 1536}),
    "a sequence": (AUTH, messages("wan2.7-image", enable_sequential=True, n=3),
                   {"image_count": 3, "size": "2048*2048"}),
    "a size that is adjusted": (AUTH, messages("qwen-image-edit-plus", images=(ONE,), size="1033*1032"),
                                {"image_count": 1, "width": 1040, "height": 1024}),
}  # fmt: skip


@pytest.mark.parametrize("name", USAGE)
def test_usage_has_the_documented_shape(api: httpx2.Client, name: str):
    headers, body, usage = USAGE[name]
    answer = api.post(MULTIMODAL, headers=headers, json=body).json()
    assert answer["usage"] == usage


def test_a_direct_answer_counts_where_the_documents_show_it(api: httpx2.Client):
    output = api.post(MULTIMODAL, headers=AUTH, json=messages("qwen-image-max")).json()["output"]
    assert output["task_metric"] == {"TOTAL": 1, "SUCCEEDED": 1, "FAILED": 0}
    assert "task_metric" not in api.post(MULTIMODAL, headers=AUTH, json=messages("qwen-image-2.0")).json()["output"]


def test_a_task_without_pictures_of_its_own_choice_is_one_choice_each(api: httpx2.Client):
    answer = ended(api, api.post(TASK_MESSAGES, headers=ASYNC, json=messages("wan2.6-t2i", n=3)))
    assert [len(choice["message"]["content"]) for choice in answer["output"]["choices"]] == [1, 1, 1]


def test_a_prompt_that_is_too_long_is_answered_as_it_was_cut(api: httpx2.Client):
    long = "界" * 2000 + "[[DataInspectionFailed]]"
    created = api.post(f"{BASE}/services/aigc/image2image/image-synthesis", headers=ASYNC, json={
        "model": "wan2.5-i2i-preview", "input": {"prompt": long, "images": [ONE]},
        "parameters": {"n": 1, "prompt_extend": True}})  # fmt: skip
    assert rules(created) == ["prompt.length"]
    (item,) = ended(api, created)["output"]["results"]
    assert item["orig_prompt"] == "界" * 2000, "what is cut is not read: a mark there is none"
    assert item["actual_prompt"].startswith("界" * 2000)
