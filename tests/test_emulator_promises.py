"""Whatever the emulator answers, to whatever is asked of it, is what the OpenAPI documents promise."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import platemark
from platemark.emulator import Clock, Running, running
from platemark.ir import Endpoint, Family, Ir, Offer, Provider
from platemark.rules import samples
from platemark.wire import skeletons
from platemark.wire.routes import leave_call
from test_openapi import conforms, emitted, headers_of, offers

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module", params=["specs", "tests/specs_extra"])
def each(request: pytest.FixtureRequest) -> Ir:
    return platemark.resolve(platemark.load(ROOT / request.param))


@pytest.fixture(scope="module")
def documents(each: Ir) -> dict[str, Any]:
    return emitted(each)


@pytest.fixture(scope="module")
def emulator(each: Ir) -> Iterator[Running]:
    with running(each, pace=0) as server:
        yield server


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30) as made:
        yield made


def marked(provider: Provider, family: Family, offer: Offer, mark: str) -> Any:
    return samples.body(provider, offer, {**samples.minimal(family, offer), "prompt": f"A lamp {mark}"})


def marks(provider: Provider) -> list[str]:
    """Every mark that means something to a service."""
    codes = [code for code, about in provider.errors.codes.items() if about.get("class") == "content"]
    plain = [f"[[{code} 200]]" for code in codes if provider.errors.status_200_too]
    return ["[[fail 1]]", "[[fail 99]]", *(f"[[{code}]]" for code in codes), *plain]


def of_tasks(ir: Ir) -> Iterator[tuple[Provider, Family, Offer, Endpoint]]:
    """The first offer of each provider that makes tasks."""
    seen = set[str]()
    for provider, family, offer, endpoint in offers(ir):
        if offer.route == "task" and provider.tasks and provider.id not in seen:
            seen.add(provider.id)
            yield provider, family, offer, endpoint


def test_refused_and_failed_content(each: Ir, documents: dict[str, Any], emulator: Running, client: httpx2.Client):
    for provider, family, offer, endpoint in offers(each):
        document, base = documents[provider.id], emulator.url + provider.base_path
        headers = headers_of(provider, offer)
        for mark in marks(provider):
            answer = client.post(base + endpoint.path, json=marked(provider, family, offer, mark), headers=headers)
            conforms(document, document["paths"][endpoint.path]["post"], answer)
            if offer.route != "task" or not provider.tasks:
                continue
            task = skeletons.find(provider.tasks.created, answer.json())[0]["task_id"]
            path = provider.tasks.query.partition(" ")[2]
            for _ in provider.tasks.states:
                answer = client.get(base + path.replace("{task_id}", task), headers=headers)
                conforms(document, document["paths"][path]["get"], answer)
            found, elements = skeletons.find(provider.tasks.answer, answer.json())
            assert provider.tasks.states[found["status"]] in {"done", "failed"}, (offer.model, mark, elements)


def test_lists_with_tasks_in_every_state(each: Ir, documents: dict[str, Any], emulator: Running, client: httpx2.Client):
    for provider, family, offer, endpoint in of_tasks(each):
        life, document, base = provider.tasks, documents[provider.id], emulator.url + provider.base_path
        headers = headers_of(provider, offer, "sk-test-lists")
        assert life
        tasks: list[str] = []
        for mark in ("", "[[fail 99]]", ""):
            created = client.post(base + endpoint.path, json=marked(provider, family, offer, mark), headers=headers)
            tasks.append(skeletons.find(life.created, created.json())[0]["task_id"])
        for task in tasks[:2] * len(life.states):
            client.get(base + life.query.partition(" ")[2].replace("{task_id}", task), headers=headers)
        if life.cancel:
            method, _, path = life.cancel.partition(" ")
            for _ in range(2):  # canceled, and not again
                answer = client.request(method, base + path.replace("{task_id}", tasks[2]), headers=headers)
                conforms(document, document["paths"][path][method.lower()], answer)
        if life.list:
            path = life.list.partition(" ")[2]
            operation = document["paths"][path]["get"]
            answer = client.get(base + path, headers=headers)
            conforms(document, operation, answer)
            ((name, (pattern,)),) = ((key, part) for key, part in life.list_answer.items() if isinstance(part, list))
            (state,) = (key for key, part in pattern.items() if part == "$status")
            rows = answer.json()[name]
            assert [life.states[row[state]] for row in rows] == ["canceled", "failed", "done"]
            known = document["components"]["schemas"]["tasks"]["properties"][name]["items"]["properties"]
            assert all(set(row) <= set(known) for row in rows)
            assert set(rows[1]) == set(known), "what is over has all fields"
            assert {each["name"] for each in operation["parameters"]} == set(life.list_query)


def test_every_filter_of_a_list_narrows_it(ir: Ir, client: httpx2.Client):
    provider, family, offer, endpoint = next(of_tasks(ir))
    assert provider.tasks
    clock = Clock(lambda: 1_700_000_000.0)
    headers = headers_of(provider, offer)
    with running(ir, clock=clock, pace=3600) as server:
        base = server.url + provider.base_path
        for _ in range(2):
            client.post(base + endpoint.path, json=marked(provider, family, offer, ""), headers=headers)
            clock.advance(60)
        address = base + provider.tasks.list.partition(" ")[2]
        last = client.get(address, headers=headers).json()["data"][0]
        narrow = {
            "$task_id": last["task_id"], "$status": "SUCCEEDED", "$model": "none", "$page": "2", "$page_size": "1",
            "$since": "20231115061401", "$until": "20231115061401",
        }  # fmt: skip
        for name, meaning in provider.tasks.list_query.items():
            rows = client.get(address, params={name: narrow[meaning]}, headers=headers).json()["data"]
            assert len(rows) < 2, name


def test_wrong_methods_large_bodies_and_requests_that_come_too_often(
    each: Ir, documents: dict[str, Any], emulator: Running, client: httpx2.Client
):
    seen = set[str]()
    with running(each, limits=True, quota=0) as limited:
        for provider, family, offer, endpoint in offers(each):
            document, headers = documents[provider.id], headers_of(provider, offer)
            operation = document["paths"][endpoint.path]["post"]
            address = provider.base_path + endpoint.path
            answer = client.post(limited.url + address, json=marked(provider, family, offer, ""), headers=headers)
            assert answer.status_code == 429
            conforms(document, operation, answer)
            if endpoint.path in seen:
                continue
            seen.add(endpoint.path)
            wrong = client.put(emulator.url + address, headers=headers)
            assert wrong.status_code == 405
            conforms(document, operation, wrong)
            large = client.post(emulator.url + address, content=bytes((32 << 20) + 1), headers=headers)
            assert large.status_code == 413
            conforms(document, operation, large)


def test_leave_to_upload(each: Ir, documents: dict[str, Any], emulator: Running, client: httpx2.Client):
    for provider in each.providers:
        if provider.uploads is None:
            assert not any("uploads" in path for path in documents[provider.id]["paths"])
            continue
        method, path, leave = leave_call(provider.uploads.policy)
        operation = documents[provider.id]["paths"][path][method.lower()]
        address = emulator.url + provider.base_path + path
        auth = {provider.auth.header: provider.auth.value.replace("{key}", "sk-test-leave")}
        model = each.families_of(provider.id)[0].models[0].id
        for query, headers in (
            ({**leave.wanted, leave.model: model}, auth),
            ({**leave.wanted, leave.model: "none"}, auth),
            ({leave.model: model}, auth),
            ({**leave.wanted, leave.model: model}, {}),
        ):
            conforms(documents[provider.id], operation, client.request(method, address, params=query, headers=headers))
        assert {each["name"] for each in operation["parameters"]} == {*leave.wanted, leave.model}
