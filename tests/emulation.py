"""What the emulator's tests ask with, and what they read of its answers."""

import base64
import json
from io import BytesIO
from typing import Any

import httpx2
from PIL import Image

KEY = "sk-test-emulator"
BASE = "/api/v1"
MULTIMODAL = f"{BASE}/services/aigc/multimodal-generation/generation"
TASK_MESSAGES = f"{BASE}/services/aigc/image-generation/generation"
TEXT2IMAGE = f"{BASE}/services/aigc/text2image/image-synthesis"
VTRIX = "/model/v1/generation"
AUTH = {"Authorization": f"Bearer {KEY}"}
ASYNC = {**AUTH, "X-DashScope-Async": "enable"}
STREAM = {**AUTH, "x-dashscope-sse": "Enable"}


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
