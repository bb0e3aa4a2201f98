"""What holds of every request that the strategies draw: evaluator, emulator, emitted client and schema agree on it.

`nox -s properties` draws more of them than the tests do.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

import platemark
from platemark import schema
from platemark.emulator.direct import Direct
from platemark.ir import Family, Offer, Provider, RouteName
from platemark.rules import leaves, sizes
from platemark.testing import Request, boundary_requests, invalid_requests, unbreakable, valid_requests, wire_bodies
from platemark.wire import skeletons

IR = platemark.resolve(platemark.load())
EXAMPLES = int(os.environ.get("PLATEMARK_EXAMPLES", "12"))
"""How many requests are drawn of each offer and kind."""

bounded = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Case:
    """A model, by a route, in a mode. A snapshot has the rules of its base, so that one of the two is enough."""

    provider: Provider
    family: Family
    offer: Offer

    @property
    def name(self) -> tuple[str, str, str]:
        return self.offer.model, self.offer.mode, self.offer.route


def offers() -> Iterator[Case]:
    for provider, family, model in IR.models.values():
        for offer in family.by_model[model.id] if not model.like else ():
            yield Case(provider, family, offer)


CASES = list(offers())
every_offer = pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.name))


@cache
def validator(model: str, route: RouteName) -> tuple[Draft202012Validator, dict[str, Any]]:
    provider, family, _ = IR.find(model)
    found = schema.request_schema(provider, family, model, route)
    return Draft202012Validator(found), found


def schema_accepts(request: Request) -> bool:
    return validator(request.model, request.route)[0].is_valid(request.body)


def beyond_schemas(request: Request) -> set[str]:
    """Rules that the schema lists beside itself."""
    listed = validator(request.model, request.route)[1].get("x-rules", ())
    return {rule["id"] for rule in listed if request.mode in rule["modes"]}


@pytest.fixture(scope="module")
def direct() -> Direct:
    return Direct(IR, strict=True)


def sent(direct: Direct, request: Request) -> Any:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return direct.answer(request.method, request.path, headers, json.dumps(request.body).encode())


@every_offer
def test_what_keeps_every_rule_is_accepted_everywhere(case: Case, direct: Direct, images: ModuleType):
    @bounded
    @given(valid_requests(*case.name, spec=IR))
    def accepted(request: Request) -> None:
        judgement, reply = request.judgement, sent(direct, request)
        assert judgement.verdict != "reject", judgement.rules
        assert (judgement.mode, judgement.route) == (request.mode, request.route)
        assert (reply.status, reply.verdict) == (200, judgement.verdict), reply.body
        client = images.validate(request.model, request.route, request.body)
        assert (client.verdict, client.mode, client.rules) == (judgement.verdict, request.mode, judgement.rules)
        assert schema_accepts(request)

    accepted()


@every_offer
def test_what_is_plain_is_neither_changed_nor_noted(case: Case):
    @bounded
    @given(valid_requests(*case.name, spec=IR, plain=True))
    def plain(request: Request) -> None:
        assert request.expected["verdict"] == "accept", request.expected

    plain()


@every_offer
def test_what_breaks_a_rule_breaks_that_rule_alone(case: Case, direct: Direct, images: ModuleType):
    @settings(bounded, max_examples=3 * EXAMPLES)
    @given(invalid_requests(case.offer.model, None, case.offer.mode, case.offer.route, spec=IR))
    def refused(request: Request) -> None:
        assert request.judgement.rules == (request.rule,)
        client = images.validate(request.model, request.route, request.body)
        assert (client.verdict, client.rules) == ("reject", (request.rule,))
        reply = sent(direct, request)
        assert reply.status >= 400
        assert reply.rules == (request.rule,)
        if request.rule != "route":
            assert schema_accepts(request) == (request.rule in beyond_schemas(request))

    refused()


@every_offer
def test_edges_have_two_sides(case: Case):
    @bounded
    @given(boundary_requests(*case.name, spec=IR))
    def at_the_edge(request: Request) -> None:
        judgement = request.judgement
        if judgement.verdict == "reject":
            assert judgement.rules == (request.rule,)

    at_the_edge()


@every_offer
def test_a_reader_of_bodies_answers_whatever_comes(case: Case, direct: Direct, images: ModuleType):
    model, mode, route = case.name
    alone = {found.rule for found in unbreakable(model, mode, route, spec=IR)}

    @settings(bounded, max_examples=2 * EXAMPLES)
    @given(wire_bodies(model, mode, route, spec=IR), valid_requests(model, mode, route, spec=IR))
    def answered(body: Any, like: Request) -> None:
        ours = platemark.evaluate(IR, model, body, route)
        theirs = images.validate(model, route, body)
        assert (theirs.verdict, theirs.mode, theirs.rules) == (ours.verdict, ours.mode, ours.rules)
        headers = {name.lower(): value for name, value in like.headers.items()}
        reply = direct.answer("POST", like.path, headers, json.dumps(body).encode())
        assert reply.status < 500
        # What is listed as unbreakable is not broken alone by chance, either.
        if ours.mode == mode and ours.verdict == "reject" and len(ours.rules) == 1:
            assert not alone & set(ours.rules)

    answered()


# ── Sizes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

SIZED = [case for case in CASES if case.family.parameter_of(case.offer, "size")]


def drawn(direct: Direct, case: Case, request: Request) -> list[sizes.Size | None]:
    """The sizes of the pictures that the emulator makes."""
    reply = sent(direct, request)
    body = reply.body
    tasks = case.provider.tasks
    if case.offer.route == "stream":
        lines = b"".join(reply.events).decode().splitlines()
        body = [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]
    elif case.offer.route == "task" and tasks:
        headers = {name.lower(): value for name, value in request.headers.items()}
        task_id = skeletons.find(tasks.created, reply.body)[0]["task_id"]
        path = case.provider.base_path + tasks.query.partition(" ")[2].replace("{task_id}", task_id)
        for _ in tasks.states:
            body = direct.answer("GET", path, headers, b"").body
    found = [
        element
        for answer in (body if isinstance(body, list) else [body])
        for element in skeletons.find(case.provider.results[case.offer.result], answer)[1]
    ]
    return [direct.picture(element.item) for element in found if element.kind == "images"]


@pytest.mark.parametrize("case", SIZED, ids=lambda case: "/".join(case.name))
def test_the_emulator_draws_the_size_that_is_expected(case: Case, direct: Direct):
    @bounded
    @given(valid_requests(*case.name, spec=IR))
    def as_expected(request: Request) -> None:
        found = drawn(direct, case, request)
        assert found
        assert len(set(found)) == 1
        predicted = request.judgement.expected.get("size")
        if predicted is not None:
            assert found[0] == leaves.sides(predicted)
        size = request.values.get("size")
        step = (case.family.parameter_of(case.offer, "size") or case.family.parameters[0]).facets.get("rounds", 1)
        if leaves.is_size(size) and found[0]:
            assert all(side % step == 0 for side in found[0])
            assert all(2 * abs(made - asked) <= step for made, asked in zip(found[0], leaves.sides(size), strict=True))

    as_expected()
