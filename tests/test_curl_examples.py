"""The documents' own curl examples get the answers that the documents promise."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from emulation import rules

FILE = Path(__file__).parent / "oracle" / "curl_examples.json"
EXAMPLES: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["examples"]
CREATES = [example for example in EXAMPLES if example["method"] == "POST"]
POLLS = {example["outcome"]["of"]: example for example in EXAMPLES if example["method"] == "GET"}


def found(path: str, data: Any) -> list[Any]:
    """What a JSON path of names, positions and `[*]` leads to."""
    here = [data]
    for name, index in re.findall(r"\.(\w+)|\[(\d+|\*)\]", path):
        if name:
            here = [each[name] for each in here if name in each]
        else:
            here = [item for each in here for item in (each if index == "*" else each[int(index) : int(index) + 1])]
    return here


def sent(api: httpx2.Client, example: dict[str, Any], task_id: str = "") -> httpx2.Response:
    path = example["path"].replace("{task_id}", task_id)
    return api.request(example["method"], path, headers=example["headers"], json=example.get("body"))


@pytest.mark.parametrize("example", CREATES, ids=lambda example: example["id"])
def test_it_is_answered_as_documented(api: httpx2.Client, example: dict[str, Any]) -> None:
    outcome = example["outcome"]
    response = sent(api, example)
    assert response.status_code == outcome["status"], response.text
    if "task_id" in outcome:
        (task_id,) = found(outcome["task_id"], response.json())
        assert found(outcome["task_status"], response.json()) == [outcome["created"]]
        poll = POLLS.get(
            example["id"], {"method": "GET", "path": "/api/v1/tasks/{task_id}", "headers": example["headers"]}
        )
        for _ in range(3):
            response = sent(api, poll, task_id)
        assert found(outcome["task_status"], response.json()) == [outcome["finished"]]
    pictures = found(outcome["images"], response.json())
    assert 1 <= len(pictures) <= outcome.get("count_at_most", outcome.get("count"))
    assert len(pictures) == outcome.get("count", len(pictures))
    assert all(api.get(picture).headers["content-type"] == "image/png" for picture in pictures)
    if "texts" in outcome:
        assert found(outcome["texts"], response.json())


def test_a_negative_prompt_in_the_wrong_place_is_told(api: httpx2.Client) -> None:
    """One page's sample has it under `parameters`, where its own table does not (conflict `negative_prompt.place`)."""
    example = next(example for example in CREATES if example["id"] == "qwen-image-plus/task")
    assert "negative_prompt" in example["body"]["parameters"]
    response = sent(api, example)
    assert response.headers["X-Platemark-Verdict"] == "note"
    assert rules(response) == ["negative_prompt.place"]
