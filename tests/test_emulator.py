"""The emulator serves every model, mode and route as its spec says, and judges as the evaluator does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest

import platemark
from emulation import KEY, rules, size_of, stream_of
from platemark.emulator import running
from platemark.ir import Family, Ir, Offer, Provider
from platemark.rules import samples
from platemark.rules.judge import expected
from platemark.rules.vectors import vectors
from platemark.wire import skeletons
from platemark.wire.requests import request as wire_request
from test_oracle import READ_OTHERWISE, REQUESTS

HERE = Path(__file__).parent
ORACLE = REQUESTS
Served: TypeAlias = tuple[Ir, httpx2.Client]


@pytest.fixture(scope="module", params=["specs", "tests/specs_extra"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """Specs, and a strict emulator of them in which only questions move tasks on."""
    ir = platemark.resolve(platemark.load(HERE.parent / request.param))
    with running(ir, strict=True, pace=0) as server, httpx2.Client(base_url=server.url, timeout=30) as client:
        yield ir, client


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
    """How many pictures an offer gives for values."""
    name = offer.makes.removeprefix("..")
    if name.isdecimal():
        return int(name)
    parameter = family.parameter_of(offer, name)
    assert parameter
    return values.get(name, parameter.default)


# ── Every model, mode and route ───────────────────────────────────────────────────────────────────────────────────


def test_every_offer_gives_as_many_pictures_as_asked_in_the_size_that_is_expected(served: Served):
    ir, api = served
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


def test_every_vector_is_judged_as_the_evaluator_judges_it(served: Served):
    ir, api = served
    wrong: list[Any] = []
    for provider, family, model in ir.models.values():
        for vector in vectors(provider, family, model.id)[0]:
            sent = vector.request
            answer = api.request(sent["method"], sent["path"], headers=sent["headers"], json=sent["body"])
            found = (answer.headers["X-Platemark-Verdict"], tuple(rules(answer)), answer.status_code >= 400)
            if found != (vector.verdict, vector.rules, vector.verdict == "reject"):
                wrong.append((vector.id, vector.verdict, vector.rules, found))
    assert wrong == []


@pytest.mark.parametrize("case", ORACLE, ids=lambda case: case["id"])
def test_the_oracle_agrees(api: httpx2.Client, case: dict[str, Any]):
    answer = api.request(case["method"], case["path"], headers=case["headers"], json=case["body"])
    verdict = READ_OTHERWISE.get(case["id"], case.get("emulator", case["verdict"]))
    assert answer.headers["X-Platemark-Verdict"] == verdict, (rules(answer), answer.text)
    assert (answer.status_code >= 400) == (verdict == "reject")
