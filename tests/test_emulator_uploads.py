"""Temporary uploads: leave, form, and an address that only the right request may use."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import platemark
from emulation import ASYNC, AUTH, BASE, MULTIMODAL, TASK_MESSAGES, messages, rules, size_of
from platemark.emulator import Clock, running
from platemark.emulator.replies import Refused
from platemark.emulator.uploads import KEPT, Store
from platemark.ir import Ir
from platemark.wire import skeletons

MODEL = "qwen-image-2.0"
RESOLVE = {**AUTH, "X-DashScope-OssResourceResolve": "enable"}
OTHER = {**RESOLVE, "Authorization": "Bearer sk-test-other"}
LEAVE = f"{BASE}/uploads?action=getPolicy&model={MODEL}"
INSPECTION = "InvalidParameter.DataInspection"


def png(width: int, height: int) -> bytes:
    made = BytesIO()
    Image.new("L", (width, height)).save(made, "PNG")
    return made.getvalue()


@dataclass(frozen=True)
class Uploader:
    """A caller that knows no more than the spec says."""

    ir: Ir
    client: httpx2.Client
    clock: Clock

    def leave(self, model: str = MODEL, headers: dict[str, str] = AUTH) -> dict[str, Any]:
        uploads = self.ir.provider("dashscope").uploads
        assert uploads
        address = uploads.policy.removeprefix("GET ").replace("{model}", model)
        answer = self.client.get(f"{BASE}{address}", headers=headers)
        assert answer.status_code == 200, answer.text
        return skeletons.find(uploads.answer, answer.json())[0]

    def form(self, said: dict[str, Any], name: str = "cat.png", data: bytes = b"") -> list[tuple[str, Any]]:
        """The parts of the form, in the order of the spec: texts, and the file as (name, bytes)."""
        uploads = self.ir.provider("dashscope").uploads
        assert uploads
        values = {
            **said,
            "key": uploads.key.format_map({**said, "file_name": name}),
            "file": (name, data or png(800, 400)),
        }
        return [pair for field in uploads.form for pair in skeletons.build(dict(field), values).items()]

    def post(self, said: dict[str, Any], parts: list[tuple[str, Any]]) -> httpx2.Response:
        """Multipart by hand: the order of the fields is what is tested."""
        return self.client.post(said["upload_host"], content=multipart(parts), headers=FORM)

    def upload(self, data: bytes = b"", model: str = MODEL) -> str:
        said = self.leave(model)
        parts = self.form(said, data=data)
        answer = self.post(said, parts)
        assert (answer.status_code, answer.content) == (200, b"")
        return f"oss://{dict(parts)['key']}"

    def use(self, address: str, headers: dict[str, str] = RESOLVE, model: str = MODEL) -> httpx2.Response:
        return self.client.post(MULTIMODAL, headers=headers, json=messages(model, images=(address,)))


FORM = {"Content-Type": "multipart/form-data; boundary=plate"}


def multipart(parts: list[tuple[str, Any]]) -> bytes:
    made = b""
    for name, value in parts:
        file, data = value if isinstance(value, tuple) else ("", value.encode())
        said = f'; filename="{file}"\r\nContent-Type: application/octet-stream' if file else ""
        made += f'--plate\r\nContent-Disposition: form-data; name="{name}"{said}\r\n\r\n'.encode() + data + b"\r\n"
    return made + b"--plate--\r\n"


@pytest.fixture(scope="module")
def uploader(ir: Ir) -> Iterator[Uploader]:
    clock = Clock(lambda: 1_700_000_000.0)
    with running(ir, clock=clock) as server, httpx2.Client(base_url=server.url, timeout=30) as client:
        yield Uploader(ir, client, clock)


def test_leave_to_upload_is_the_documented_answer(uploader: Uploader):
    answer = uploader.client.get(LEAVE, headers=AUTH).json()
    assert set(answer) == {"request_id", "data"}
    data = answer["data"]
    assert set(data) == {
        "policy", "signature", "upload_dir", "upload_host", "expire_in_seconds", "max_file_size_mb",
        "capacity_limit_mb", "oss_access_key_id", "x_oss_object_acl", "x_oss_forbid_overwrite",
    }  # fmt: skip
    assert data["upload_host"].startswith(str(uploader.client.base_url))
    assert (data["expire_in_seconds"], data["x_oss_object_acl"]) == (300, "private")
    assert b"sk-test" not in base64.b64decode(data["policy"])


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("action=getPolicy", 404, "ModelNotFound"),
        ("action=getPolicy&model=none", 404, "ModelNotFound"),
        ("action=get&model=wan2.7-image", 400, "InvalidParameter"),
        ("model=wan2.7-image", 400, "InvalidParameter"),
    ],
)
def test_leave_is_asked_for_as_documented(uploader: Uploader, query: str, status: int, code: str):
    answer = uploader.client.get(f"{BASE}/uploads?{query}", headers=AUTH)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert uploader.client.get(LEAVE).status_code == 401
    assert uploader.client.post(LEAVE, headers=AUTH).status_code == 405


def test_an_upload_decides_the_size_as_any_last_picture_does(uploader: Uploader):
    answer = uploader.use(uploader.upload(png(1600, 900)))
    assert answer.status_code == 200, answer.text
    assert size_of(uploader.client, answer.json()["output"]["choices"][0]["message"]["content"][0]["image"]) == (
        1360,
        768,
    )
    unknown = uploader.use(uploader.upload(b"no picture"))
    assert size_of(uploader.client, unknown.json()["output"]["choices"][0]["message"]["content"][0]["image"]) == (
        1024,
        1024,
    )


def refusal(answer: httpx2.Response) -> tuple[int, str, str, list[str]]:
    return (answer.status_code, answer.json()["code"], answer.json()["message"], rules(answer))


NO_HEADER = (
    400,
    INSPECTION,
    "The media format is not supported or incorrect for the data inspection.",
    ["upload.header"],
)
FOREIGN = (400, INSPECTION, "Don't have authorization to access the media resource during the data inspection process.",
           ["upload.foreign"])  # fmt: skip
LOST = (
    400,
    INSPECTION,
    "Failed to find the requested media resource during the data inspection process.",
    ["upload.lost"],
)


def test_who_may_not_use_an_upload_is_refused(uploader: Uploader):
    address = uploader.upload()
    assert uploader.use(address).status_code == 200
    assert refusal(uploader.use(address, AUTH)) == NO_HEADER
    assert refusal(uploader.use(address, {**RESOLVE, "X-DashScope-OssResourceResolve": "disable"})) == NO_HEADER
    assert refusal(uploader.use(address, OTHER)) == FOREIGN
    assert refusal(uploader.use(address, model="qwen-image-2.0-pro")) == FOREIGN
    assert refusal(uploader.use(address.replace("cat", "dog"))) == LOST
    body = messages("wan2.7-image", images=(uploader.upload(model="wan2.7-image"),), n=1)
    task = uploader.client.post(TASK_MESSAGES, headers={**ASYNC, **RESOLVE}, json=body)
    assert task.json()["output"]["task_status"] == "PENDING"
    assert refusal(uploader.client.post(TASK_MESSAGES, headers=ASYNC, json=body)) == NO_HEADER


def test_an_upload_lives_two_days(uploader: Uploader):
    address = uploader.upload()
    uploader.clock.advance(48 * 3600 - 1)
    assert uploader.use(address).status_code == 200
    uploader.clock.advance(1)
    assert refusal(uploader.use(address)) == LOST


def test_keys_that_were_not_given_out_here_stand_for_files_elsewhere(uploader: Uploader):
    assert uploader.use("oss://another-bucket/cat.png").status_code == 200
    assert refusal(uploader.use("oss://another-bucket/cat.png", AUTH)) == NO_HEADER


# ── Forms ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_leave_expires(uploader: Uploader):
    said = uploader.leave()
    uploader.clock.advance(300)
    assert refusal(uploader.post(said, uploader.form(said))) == (
        403, "AccessDenied", "Invalid according to Policy: Policy expired.", ["upload.expired"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["OSSAccessKeyId", "Signature", "policy", "x-oss-object-acl", "x-oss-forbid-overwrite"]
)
def test_a_form_must_say_what_the_leave_says(uploader: Uploader, name: str):
    said = uploader.leave()
    parts = uploader.form(said)
    for wrong in (
        [part for part in parts if part[0] != name],
        [(n, "x" if n == name else value) for n, value in parts],
    ):
        answer = uploader.post(said, wrong)
        assert (answer.status_code, rules(answer)) == (403, ["upload"])
    assert uploader.post(said, parts).status_code == 200


def test_the_file_comes_last_and_once(uploader: Uploader):
    said = uploader.leave()
    parts = uploader.form(said)
    for wrong in (parts[-1:] + parts[:-1], parts[:-1], [*parts, parts[-1]], [*parts, ("more", "x")]):
        assert uploader.post(said, wrong).status_code == 400
    assert uploader.post(said, [*parts[-2::-1], parts[-1]]).status_code == 200, "all else may come in any order"


def test_a_key_lies_in_its_folder_and_is_taken_once(uploader: Uploader):
    said = uploader.leave()
    for key in (
        "elsewhere/cat.png",
        f"{said['upload_dir']}",
        f"{said['upload_dir']}/",
        f"{said['upload_dir']}x/cat.png",
    ):
        parts = [(name, key if name == "key" else value) for name, value in uploader.form(said)]
        assert uploader.post(said, parts).status_code == 403, key
    assert uploader.post(said, uploader.form(said)).status_code == 200
    assert uploader.post(said, uploader.form(said)).status_code == 400, "nothing is overwritten"
    assert uploader.post(said, uploader.form(said, "dog.png")).status_code == 200


def test_a_file_has_the_size_that_the_leave_says_at_most(ir: Ir):
    provider = ir.provider("dashscope")
    assert provider.uploads
    small = replace(provider, uploads=replace(provider.uploads, bytes=1 << 20))
    spec = replace(ir, providers=(small, *(each for each in ir.providers if each.id != "dashscope")))
    with running(spec) as server, httpx2.Client(base_url=server.url) as client:
        caller = Uploader(spec, client, Clock())
        said = caller.leave()
        assert said["max_megabytes"] == 1
        fits, over = bytes(1 << 20), bytes((1 << 20) + 1)
        assert caller.post(said, caller.form(said, data=over)).status_code == 413
        assert caller.post(said, caller.form(said, data=fits)).status_code == 200
        assert caller.post(said, caller.form(said, "b.png", bytes(4 << 20))).status_code == 413, "the body itself"


@pytest.mark.parametrize(
    ("content", "type_"),
    [
        (b"", "multipart/form-data; boundary=plate"),
        (b"--plate", "multipart/form-data; boundary=plate"),
        (b"--plate--\r\n", "multipart/form-data"),
        (b"--plate--\r\n", ""),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"--plate\r\nContent-Disposition: form-data\r\n\r\nx\r\n--plate--\r\n", "multipart/form-data; boundary=plate"),
        (multipart([("key", "x" * (70 << 10))]), "multipart/form-data; boundary=plate"),
        (multipart([(f"f{n}", "x") for n in range(40)]), "multipart/form-data; boundary=plate"),
    ],
)
def test_what_is_no_form_is_refused(uploader: Uploader, content: bytes, type_: str):
    headers = {"Content-Type": type_} if type_ else {}
    answer = uploader.client.post("/uploads/dashscope", content=content, headers=headers)
    assert (answer.status_code, rules(answer)) in [(400, ["upload"]), (403, ["upload"])]


@given(content=st.binary(max_size=300), type_=st.binary(max_size=60))
def test_whatever_is_posted_as_a_form_nothing_breaks(uploader: Uploader, content: bytes, type_: bytes):
    type_ = bytes(byte for byte in type_ if byte >= 0x20 and byte != 0x7F).strip()
    for sent in (b"multipart/form-data; boundary=plate", b"multipart/form-data; " + type_):
        body = b'--plate\r\nContent-Disposition: form-data; name="' + content + b"\r\n--plate--\r\n"
        answer = uploader.client.post("/uploads/dashscope", content=body, headers={b"Content-Type": sent.strip()})
        assert answer.status_code in {400, 403}


def test_another_service_with_another_form_is_served_from_its_spec_alone():
    extra = platemark.resolve(platemark.load(Path(__file__).parent / "specs_extra"))
    auth = {"X-Lumen-Key": "sk-test-lumen"}
    with running(extra) as server, httpx2.Client(base_url=server.url) as client:
        said = client.get("/v2/files?for=aurora-1", headers=auth).json()["send"]
        assert set(said) == {"to", "pass", "under", "room"}
        key = f"{said['room']}+cat.png"
        parts = [("under", said["under"]), ("pass", said["pass"]), ("name", key), ("data", ("cat.png", png(640, 320)))]
        assert client.post(said["to"], content=multipart(parts), headers=FORM).status_code == 200
        body = {"model": "aurora-1", "text": "at night", "pictures": [{"kind": "source", "href": f"oss://{key}"}]}
        headers = {**auth, "X-Lumen-Mode": "wait"}
        assert client.post("/v2/pictures", headers=headers, json=body).status_code == 422
        answer = client.post("/v2/pictures", headers={**headers, "X-Lumen-Files": "mine"}, json=body).json()
        (picture,) = answer["data"]["pictures"]
        assert (picture["w"], picture["h"]) == (640, 320)


def test_only_services_with_uploads_take_them(uploader: Uploader):
    assert uploader.client.post("/uploads/vtrix", content=b"", headers=FORM).status_code == 404
    assert uploader.client.post("/uploads/none", content=b"", headers=FORM).status_code == 404


def test_a_store_keeps_no_bytes_and_forgets_the_oldest(ir: Ir):
    provider = ir.provider("dashscope")
    assert provider.uploads
    numbers = iter(range(10**9))
    store = Store(provider, provider.uploads, Clock(lambda: 0.0), lambda: str(next(numbers)))
    keys: list[str] = []
    for _ in range(KEPT + 1):
        said = skeletons.find(provider.uploads.answer, store.leave("a", MODEL, "http://host", "r").body)[0]
        keys.append(f"{said['upload_dir']}/a.png")
        form = skeletons.build({key: part for field in provider.uploads.form for key, part in field.items()},
                               {**said, "key": keys[-1]})  # fmt: skip
        store.take([*form.items(), ("file", None)], png(2, 3))
    headers = {"x-dashscope-ossresourceresolve": "enable"}
    with pytest.raises(Refused, match="no upload"):
        store.find("a", MODEL, f"oss://{keys[0]}", headers)
    found = store.find("a", MODEL, f"oss://{keys[1]}", headers)
    assert found
    assert (found.width, found.height) == (2, 3)
    assert (len(store._files), len(store._leaves)) == (KEPT, KEPT)
