"""Refusals of the emulator: the documented ones, and never an error of its own, whatever is sent."""

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulation import (
    ASYNC,
    AUTH,
    BASE,
    KEY,
    MULTIMODAL,
    STREAM,
    TASK_MESSAGES,
    TEXT2IMAGE,
    VTRIX,
    messages,
    prompted,
    rules,
)

ORACLE = json.loads((Path(__file__).parent / "oracle" / "requests.json").read_text("utf-8"))["requests"]
URL_ERROR = ("InvalidParameter", "url error, please check url！", ["route"])
NO_ASYNC = ("AccessDenied", "current user api does not support asynchronous calls", ["route"])
NO_SYNC = ("AccessDenied", "current user api does not support synchronous calls", ["route"])
INVALID = "InvalidParameter"
NO_KEY = ("InvalidApiKey", "No API-key provided.", ["auth"])
N_RANGE = "Range of n should be [1, 4]"
ONE_MESSAGE = messages("")["input"]["messages"]
REFUSALS: dict[str, tuple[str, dict[str, str], Any, int, tuple[str, str | None, list[str]]]] = {
    "no key": (MULTIMODAL, {}, messages("z-image-turbo"), 401, NO_KEY),
    "an empty key": (MULTIMODAL, {"Authorization": "Bearer"}, messages("z-image-turbo"), 401, NO_KEY),
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
    "two messages": (MULTIMODAL, AUTH, {"model": "z-image-turbo", "input": {"messages": ONE_MESSAGE * 2}}, 400,
                     (INVALID, "messages length only support 1", ["messages.count"])),
    "an empty prompt": (MULTIMODAL, AUTH, messages("z-image-turbo", ""), 400,
                        (INVALID, "lack of image or text", ["prompt.required"])),
    "n out of range": (MULTIMODAL, AUTH, messages("wan2.6-t2i", n=5), 400, (INVALID, N_RANGE, ["n.range"])),
    "a message of the family's own": (MULTIMODAL, AUTH, messages("qwen-image-max", n=2), 400,
                                      (INVALID, "num_images_per_prompt must be 1", ["n.fixed"])),
    "a status of the family's own": (MULTIMODAL, AUTH, messages("z-image-turbo", n=1), 400,
                                     (INVALID, None, ["n.unsupported"])),
    "a rule without a message": (MULTIMODAL, AUTH, messages("wan2.7-image", size="8*8"), 400,
                                 (INVALID, None, ["size.area"])),
    "several rules": (MULTIMODAL, AUTH, messages("wan2.6-t2i", n=9, seed=-1), 400,
                      (INVALID, N_RANGE, ["n.range", "seed.range"])),
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


RAW_AUTH = {name.encode(): value.encode() for name, value in AUTH.items()}
NO_OBJECTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", ""),
    "cut": (b"{", ""),
    "a list": (b"[]", ""),
    "null": (b"null", ""),
    "NaN": (b'{"model": NaN}', ""),
    "a huge number": (b'{"n": 1' + b"0" * 5000 + b"}", ""),
    "bottomless": (b"[" * 100_000, ""),
    "deep": (b"[" * 900 + b"]" * 900, ""),
    "no UTF-8": (b'{"model":"\xff"}', ""),
    "UTF-16": ('{"a":1}'.encode("utf-16"), ""),
    "a mark": (b"\xef\xbb\xbf{}", ""),
    "a form": (b"model=x", "application/x-www-form-urlencoded"),
    "latin-1": (b"{}", "application/json; charset=latin-1"),
    "no type": (b"{}", "\xe9"),
}


@pytest.mark.parametrize("name", NO_OBJECTS)
def test_a_body_that_is_no_json_object_is_refused(api: httpx2.Client, name: str):
    content, media = NO_OBJECTS[name]
    typed = {b"Content-Type": media.encode("latin-1")} if media else {}
    answer = api.post(MULTIMODAL, headers={**RAW_AUTH, **typed}, content=content)
    assert (answer.status_code, answer.json()["code"], rules(answer)) == (400, INVALID, ["body.type"])


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


KEYS = st.sampled_from(["model", "input", "messages", "text", "$each", "n"])
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
ACCEPTED = [case for case in ORACLE if case["verdict"] == "accept"]


@given(data=st.data())
def test_whatever_stands_in_a_body_nothing_breaks(api: httpx2.Client, data: st.DataObject):
    """A valid request in which one part, at any depth, is something else."""
    case = data.draw(st.sampled_from(ACCEPTED))
    root: Any = [json.loads(json.dumps(case["body"]))]
    node, key = root, 0
    while isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans()):
        node = node[key]
        key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
    node[key] = data.draw(JSON)
    answer = api.post(case["path"], headers=case["headers"], json=root[0])
    assert answer.status_code in {200, 400, 403, 404}
    assert answer.headers["X-Platemark-Verdict"] in {"accept", "note", "adjust", "reject"}


@given(content=st.binary(max_size=200), value=st.binary(min_size=1, max_size=30))
def test_whatever_stands_in_a_header_nothing_breaks(api: httpx2.Client, content: bytes, value: bytes):
    value = bytes(byte for byte in value if byte >= 0x20 and byte != 0x7F).strip() or b"x"
    for name in (b"Authorization", b"Content-Type", b"X-DashScope-Async", b"Host"):
        answer = api.post(MULTIMODAL, headers={**RAW_AUTH, name: value}, content=content)
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


ODD = (
    "%00",
    "%0a",
    "%0d%0a",
    "%ed%a0%80",
    "%ff",
    "%2f",
    "..",
    "//",
    "%",
    "{task_id}",
    "%e2%80%ae",
    "a" * 9000,
    ";",
    "?",
    "&=",
    "+",
)


@given(
    parts=st.lists(st.sampled_from([*ODD, "tasks", "cancel", "uploads", "services/aigc", "x"]), max_size=4),
    query=st.lists(
        st.sampled_from([*ODD, "page_no", "status", "start_time", "action=getPolicy", "model", "=", "1"]), max_size=6
    ),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW"]),
)
def test_whatever_stands_in_an_address_nothing_breaks(
    api: httpx2.Client, parts: list[str], query: list[str], method: str
):
    """The bytes of the address as they are: no client puts them right."""
    port = api.base_url.port
    assert port
    for base in (BASE, "/model/v1", "/pictures", "/uploads", ""):
        target = f"{base}/{'/'.join(parts)}?{''.join(query)}"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\r\n"
            line.sendall(head.encode())
            answer = line.makefile("rb").read()
        status = int(answer.split(b" ", 2)[1])
        assert status in {200, 400, 401, 403, 404, 405}, (target, answer)
