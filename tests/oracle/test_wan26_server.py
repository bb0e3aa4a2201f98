"""The hand-written wan2.6-image server, its verdicts and its mutations hold together."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import wan26_server as server

HERE = Path(__file__).parent
REQUESTS: list[dict[str, Any]] = json.loads((HERE / "wan26_verdicts.json").read_text("utf-8"))["requests"]
EXAMPLES: list[dict[str, Any]] = json.loads((HERE / "curl_examples.json").read_text("utf-8"))["examples"]
ACCEPTED = next(request for request in REQUESTS if request["verdict"] == "accept")


def answered(request: dict[str, Any], *, mutation: str | None = None, strict: bool = False) -> server.Answer:
    return server.answer(
        request["method"], request["path"], request["headers"], request["body"], mutation=mutation, strict=strict
    )


def verdict(request: dict[str, Any], *, strict: bool) -> str:
    return request["verdict"] if strict else request.get("emulator", request["verdict"])


def with_image(data: bytes) -> dict[str, Any]:
    uri = "data:image/jpeg;base64," + base64.b64encode(data).decode()
    message = {"role": "user", "content": [{"text": "Add a moon"}, {"image": uri}]}
    return ACCEPTED | {"body": {"model": server.MODEL, "input": {"messages": [message]}}}


def test_every_id_is_unique() -> None:
    assert len({request["id"] for request in REQUESTS}) == len(REQUESTS) >= 80
    assert len({example["id"] for example in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("strict", [False, True])
def test_a_refused_request_breaks_exactly_one_rule_and_others_none(strict: bool) -> None:
    wrong = {
        request["id"]: rules
        for request in REQUESTS
        if len(rules := answered(request, strict=strict).rules_broken) != (verdict(request, strict=strict) == "reject")
    }
    assert wrong == {}


def test_the_server_answers_with_the_expected_status_and_lengths() -> None:
    for request in REQUESTS:
        expected, answer = request.get("expected", {}), answered(request)
        assert answer.status == expected.get("status", answer.status), request["id"]
        if "text_length" in expected:
            name = "negative_prompt_length" if request["about"].startswith("negative_prompt") else "text_length"
            assert answer.kept[name] == expected["text_length"], request["id"]


def test_there_are_64_mutations_and_the_requests_show_every_one() -> None:
    unseen = [
        name
        for name, mutation in server.MUTATIONS.items()
        if not any(
            getattr(answered(request), mutation.seen_in) != getattr(answered(request, mutation=name), mutation.seen_in)
            for request in REQUESTS
        )
    ]
    assert len(server.MUTATIONS) == 64
    assert unseen == []


def test_rules_that_the_file_cannot_hold() -> None:
    largest = 10 * 1024 * 1024
    assert answered(with_image(bytes(largest))).status == 200
    assert answered(with_image(bytes(largest + 1))).rules_broken == ("image_bytes",)
    assert answered(ACCEPTED | {"method": "PUT"}) == (405, ("method",), {})
    assert answered(ACCEPTED | {"body": None}).rules_broken == ("body_object",)
    empty = {"messages": [{"role": "user", "content": [{"text": ""}, {"image": "https://pictures.example/a.png"}]}]}
    assert answered(ACCEPTED | {"body": {"model": server.MODEL, "input": empty}}).rules_broken == ("text_not_empty",)


def test_every_check_has_a_request_that_breaks_it() -> None:
    elsewhere = {"method", "body_object", "text_not_empty", "image_bytes"}  # in the test above
    assert {name for request in REQUESTS for name in answered(request, strict=True).rules_broken} | elsewhere == set(
        server.CHECKS
    )


def test_a_strict_server_accepts_the_documents_own_examples() -> None:
    examples = [example for example in EXAMPLES if example["model"] == server.MODEL and example["method"] == "POST"]
    assert {example["id"]: answered(example, strict=True).status for example in examples} == {
        example["id"]: 200 for example in examples
    }
    assert len(examples) == 4


def test_a_task_example_is_polled_by_an_example_that_exists() -> None:
    created = {example["id"]: example for example in EXAMPLES if "created" in example["outcome"]}
    for poll in (example for example in EXAMPLES if example["method"] == "GET"):
        assert poll["outcome"]["images"] == created[poll["outcome"]["of"]]["outcome"]["images"]
