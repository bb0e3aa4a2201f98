"""The vendor's older classes and our client make the same call: endpoint, headers and body agree, but for what
`differential.yaml` lists, and there in every call that it is listed for. `nox -s differential` installs the SDK.
"""

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import new_client
import pytest
from differential import (
    DEVIATIONS,
    LISTED,
    TASKED,
    Call,
    ask_ours,
    generations,
    life_of_tasks,
    listed,
    problems,
    prompt_that_names_a_file,
)
from recording import IR, Bench, Sent, bench, sdk

from platemark.rules import samples

CALLS = list(generations())
LIFE = list(life_of_tasks())
FILE = "a lantern of this machine"


@pytest.fixture(scope="session")
def both() -> Iterator[Bench]:
    with bench() as standing:
        yield standing


def started(both: Bench) -> str:
    """The id of a new task."""
    family, offer = TASKED
    return ask_ours(both, offer, samples.minimal(family, offer)).id


def completed(answer: Any) -> None:
    assert answer.status_code == 200, answer


def require_agreement(both: Bench, call: Call) -> None:
    """Each side asks of a task of its own."""
    one, other = (started(both), started(both)) if call.of_a_task else ("", "")
    theirs = both.recorder.of(lambda: completed(call.theirs(one)))
    ours = both.recorder.of(lambda: call.ours(both, other))
    assert problems(call, nameless(theirs, one), nameless(ours, other)) == []


def nameless(sent: list[Sent], task: str) -> list[Sent]:
    """Requests without the id of a task, which is another one on either side."""
    return [replace(each, path=each.path.replace(task, "{task_id}")) for each in sent] if task else sent


# ── The same calls ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_both_send_the_same_request(both: Bench, call: Call):
    require_agreement(both, call)


@pytest.mark.parametrize("call", LIFE, ids=lambda call: call.name)
def test_both_ask_the_same_of_a_task(both: Bench, call: Call):
    require_agreement(both, call)


def test_only_the_sdk_uploads_a_file_that_a_prompt_names(both: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / FILE).write_text("not for anybody else", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    require_agreement(both, prompt_that_names_a_file(FILE))


@pytest.mark.parametrize("name", ["ImageSynthesis", "ImageGeneration"])
def test_a_task_that_one_has_made_is_read_by_the_other(both: Bench, name: str):
    call = next(call for call in CALLS if {name, "task"} <= call.traits)
    created = call.theirs("")
    assert (created.status_code, created.output.task_status) == (200, "PENDING")
    while (answer := sdk(name).fetch(created)).output.task_status in {"PENDING", "RUNNING"}:
        pass  # only questions move it on
    assert answer.output.task_status == "SUCCEEDED"
    result = both.ours.tasks.resume(created.output.task_id, model=call.values["model"]).wait()
    assert [image.url for image in result.images] == addresses(answer.output)


def addresses(output: Any) -> list[str]:
    """The pictures of a task, as the SDK reads them."""
    if output.get("results"):
        return [each["url"] for each in output["results"]]
    items = [item for choice in output["choices"] for item in choice["message"]["content"]]
    return [item["image"] for item in items if "image" in item]


# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_deviation_is_for_some_call():
    shown = {each.id for call in [*CALLS, *LIFE, prompt_that_names_a_file(FILE)] for each in listed(call)}
    assert [each.id for each in DEVIATIONS if each.id not in shown] == []


def test_every_deviation_has_a_document():
    known = {document.id for document in IR.documents}
    assert [each.id for each in DEVIATIONS if not each.sources or set(each.sources) - known] == []


def test_the_version_is_the_one_that_is_installed():
    name, _, number = LISTED["sdk"].partition(" ")
    assert version(name) == number


def test_the_list_holds_both_ways(both: Bench):
    call = CALLS[0]
    theirs, ours = both.recorder.of(lambda: call.theirs("")), both.recorder.of(lambda: call.ours(both, ""))
    assert problems(call, theirs, ours) == []
    more = [replace(sent, headers={**sent.headers, "x-more": "1"}) for sent in ours]
    assert problems(call, theirs, more) == [
        "header x-more: the SDK sends '(nothing)', our client '1', which is not listed"
    ]
    assert sorted(problems(call, theirs, theirs)) == sorted(
        f"{place}: {each.id} is listed, and both sides agree" for each in listed(call) for place in each.at(call)
    )


# ── The new client ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_new_client_does_what_is_listed(both: Bench):
    assert new_client.theirs(both) == new_client.listed()


def test_ours_takes_the_documented_endpoint_refuses_what_is_out_of_range_and_posts_once(both: Bench):
    for model, conduct in new_client.ours(both).items():
        assert conduct.endpoint in new_client.endpoints(model)
        assert (conduct.pictures != "dropped", conduct.unchecked, conduct.posts) == (True, False, 1), model
