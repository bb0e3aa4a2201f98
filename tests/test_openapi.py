"""The emitted OpenAPI documents: valid, complete, and what the emulator does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

import platemark
from platemark import targets
from platemark.emulator import Running, running
from platemark.ir import Endpoint, Family, Ir, Offer, Provider
from platemark.rules import samples
from platemark.rules.judge import judge
from platemark.wire import skeletons

HERE = "urn:openapi"
ROOT = Path(__file__).parents[1]


def emitted(ir: Ir) -> dict[str, Any]:
    texts = targets.emit("openapi", ir)
    return {path.removeprefix("openapi/").removesuffix(".json"): json.loads(text) for path, text in texts.items()}


@pytest.fixture(scope="module")
def dashscope(ir: Ir) -> Any:
    return emitted(ir)["dashscope"]


@pytest.fixture(scope="module", params=["specs", "tests/specs_extra"])
def each(request: pytest.FixtureRequest) -> Ir:
    """The IR of the project's specs, and that of a fictional provider, which is unlike the others."""
    return platemark.resolve(platemark.load(ROOT / request.param))


@pytest.fixture(scope="module")
def documents(each: Ir) -> dict[str, Any]:
    return emitted(each)


@pytest.fixture(scope="module")
def emulator(each: Ir) -> Iterator[Running]:
    with running(each, pace=0) as server:
        yield server


def validator(document: Any, schema: Any) -> Draft202012Validator:
    """A validator of a schema that refers to the document's components."""
    registry = Registry[Any]().with_resource(HERE, Resource(contents=document, specification=DRAFT202012))
    return Draft202012Validator(absolute(schema), registry=registry)


def absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        parts = cast("dict[str, Any]", schema)
        return {key: HERE + part if key == "$ref" else absolute(part) for key, part in parts.items()}
    return [absolute(part) for part in cast("list[Any]", schema)] if isinstance(schema, list) else schema


def offers(ir: Ir) -> Iterator[tuple[Provider, Family, Offer, Endpoint]]:
    for family in ir.families:
        provider = ir.provider(family.provider)
        yield from ((provider, family, offer, provider.endpoint(offer.endpoint)) for offer in family.offers)


def body_of(document: Any, path: str) -> Any:
    return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]


# ── The documents ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_is_one_valid_document_for_each_provider(each: Ir, documents: dict[str, Any]):
    assert documents.keys() == {provider.id for provider in each.providers}
    for document in documents.values():
        validate(document)


def test_every_component_is_a_valid_schema(documents: dict[str, Any]):
    for document in documents.values():
        for schema in document["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)


def test_emission_repeats_itself(ir: Ir):
    assert targets.emit("openapi", ir) == targets.emit("openapi", ir)


def test_addresses_and_the_key_are_the_providers(dashscope: Any):
    urls = [server["url"] for server in dashscope["servers"]]
    assert "https://dashscope-intl.aliyuncs.com/api/v1" in urls
    assert "https://{workspace}.{region}.maas.aliyuncs.com/api/v1" in urls
    assert dashscope["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert dashscope["security"] == [{"key": []}]


def test_headers_choose_the_route(dashscope: Any):
    paths = dashscope["paths"]
    event, upload = paths["/services/aigc/multimodal-generation/generation"]["post"]["parameters"]
    assert (event["name"], event["required"]) == ("X-DashScope-SSE", False)
    assert (upload["name"], upload["required"]) == ("X-DashScope-OssResourceResolve", False)
    task, _ = paths["/services/aigc/image-generation/generation"]["post"]["parameters"]
    assert (task["name"], task["required"]) == ("X-DashScope-Async", True)
    answers = paths["/services/aigc/multimodal-generation/generation"]["post"]["responses"]["200"]["content"]
    assert answers.keys() == {"application/json", "text/event-stream"}


def test_every_code_stands_under_its_status(each: Ir, documents: dict[str, Any]):
    for provider in each.providers:
        responses = documents[provider.id]["components"]["responses"]
        for code, about in provider.errors.codes.items():
            listed = responses[f"error.{about['status']}"]["x-codes"]
            assert {"code": code, **about} in listed


# ── Bodies ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_offer_is_taken_by_one_branch_of_its_endpoint(each: Ir, documents: dict[str, Any]):
    for provider, family, offer, endpoint in offers(each):
        document = documents[provider.id]
        schema = body_of(document, endpoint.path)["schema"]
        check = validator(document, schema)
        for values in (samples.minimal(family, offer), samples.full(family, offer)):
            body = samples.body(provider, offer, values)
            assert check.is_valid(body), (offer.model, offer.mode, offer.route)
            assert not check.is_valid({**body, "model": "another"})
        assert schema["discriminator"]["mapping"].keys() >= {offer.model}


def test_examples_are_requests_that_the_evaluator_accepts(each: Ir, documents: dict[str, Any]):
    for provider, family, offer, endpoint in offers(each):
        content = body_of(documents[provider.id], endpoint.path)
        found = [each["value"] for each in content["examples"].values() if each["value"]["model"] == offer.model]
        assert "accept" in {judge(provider, family, offer.model, offer.route, body).verdict for body in found}


def test_rules_that_no_schema_says_stand_beside(dashscope: Any):
    palette = dashscope["components"]["schemas"]["wan2.7-image.edit"]["x-rules"]
    assert {"color_palette.sums_to", "bbox_list.same_length", "size.area", "size.ratio"} <= {
        rule["id"] for rule in palette
    }


def test_a_task_that_was_created_leads_to_what_can_be_asked_about_it(dashscope: Any):
    created = dashscope["paths"]["/services/aigc/text2image/image-synthesis"]["post"]["responses"]["200"]
    asked = {"parameters": {"task_id": "$response.body#/output/task_id"}}
    assert created["links"] == {name: {"operationId": name, **asked} for name in ("task_query", "task_cancel")}
    answered = dashscope["paths"]["/services/aigc/multimodal-generation/generation"]["post"]["responses"]["200"]
    assert "links" not in answered


# ── What the emulator answers ─────────────────────────────────────────────────────────────────────────────────────


def conforms(document: Any, operation: Any, answer: httpx2.Response) -> None:
    """The answer's status, type and body are what the operation promises."""
    promised = operation["responses"][str(answer.status_code)]
    if "$ref" in promised:
        promised = document["components"]["responses"][promised["$ref"].rpartition("/")[2]]
    type_ = answer.headers["content-type"].partition(";")[0]
    assert type_ in promised["content"], (answer.status_code, type_)
    schema = promised["content"][type_]["schema"]
    if type_ == "text/event-stream":
        inside = schema["properties"]["data"]["contentSchema"]
        for line in answer.text.splitlines():
            if line.startswith("data:"):
                validator(document, inside).validate(json.loads(line.removeprefix("data:")))
    else:
        validator(document, schema).validate(answer.json())


def headers_of(provider: Provider, offer: Offer, key: str = "sk-test-openapi") -> dict[str, str]:
    auth = {provider.auth.header: provider.auth.value.replace("{key}", key)} if key else {}
    return {**auth, **provider.transport(offer.route).headers}


def test_every_answer_of_the_emulator_is_as_promised(each: Ir, documents: dict[str, Any], emulator: Running):
    with httpx2.Client() as client:
        for provider, family, offer, endpoint in offers(each):
            document, url = documents[provider.id], emulator.url + provider.base_path + endpoint.path
            operation = document["paths"][endpoint.path]["post"]
            good = samples.body(provider, offer, samples.full(family, offer))
            headers = headers_of(provider, offer)
            for body, sent in ((good, headers), ({**good, "model": "none"}, headers), ({**good, "input": 1}, headers),
                               ([], headers), (good, headers_of(provider, offer, key=""))):  # fmt: skip
                conforms(document, operation, client.post(url, json=body, headers=sent))


def test_tasks_are_as_promised_in_every_state(each: Ir, documents: dict[str, Any], emulator: Running):
    with httpx2.Client() as client:
        for provider, family, offer, endpoint in offers(each):
            if offer.route != "task" or provider.tasks is None:
                continue
            document, base = documents[provider.id], emulator.url + provider.base_path
            body = samples.body(provider, offer, samples.minimal(family, offer))
            created = client.post(base + endpoint.path, json=body, headers=headers_of(provider, offer)).json()
            id_ = skeletons.find(provider.tasks.created, created)[0]["task_id"]
            path = provider.tasks.query.partition(" ")[2]
            operation = document["paths"][path]["get"]
            seen = set[str]()
            for task_id in (id_, id_, id_, id_, "no-such-task"):
                answer = client.get(base + path.replace("{task_id}", task_id), headers=headers_of(provider, offer))
                conforms(document, operation, answer)
                seen.add(answer.text)
            assert len(seen) > 2


def test_lists_and_cancellations_are_as_promised(each: Ir, documents: dict[str, Any], emulator: Running):
    with httpx2.Client() as client:
        for provider, _, offer, _ in offers(each):
            life, document = provider.tasks, documents[provider.id]
            for address in (life.list, life.cancel) if life and offer.route == "task" else ():
                method, _, path = address.partition(" ")
                for query in ({}, {"page_size": "1"}, {"page_no": "0"}) if address else ():
                    url = emulator.url + provider.base_path + path.replace("{task_id}", "no-such-task")
                    answer = client.request(method, url, params=query, headers=headers_of(provider, offer))
                    conforms(document, document["paths"][path][method.lower()], answer)
