"""The emitted JSON Schemas mean what the evaluator means, wherever a schema can say it."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from shutil import copytree
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

import platemark
from platemark import schema, targets
from platemark.ir import Family, Ir, Offer, Provider, RouteName, to_json
from platemark.rules import samples
from platemark.rules.judge import judge
from platemark.rules.vectors import vectors
from platemark.schema import answer_models, request_models
from platemark.wire import skeletons

SPECS = Path(__file__).parents[1] / "specs"
EXTRA = Path(__file__).parent / "specs_extra"
ORACLE = json.loads((Path(__file__).parent / "oracle" / "requests.json").read_text(encoding="utf-8"))["requests"]


@pytest.fixture(scope="module")
def texts(ir: Ir) -> dict[str, str]:
    return targets.emit("jsonschema", ir)


@pytest.fixture(scope="module")
def files(texts: dict[str, str]) -> dict[str, Any]:
    return {path: json.loads(text) for path, text in texts.items()}


def routes(ir: Ir) -> Iterator[tuple[Provider, Family, str, RouteName]]:
    """Every model by every route. A snapshot has the rules of its base, so that one of the two is enough."""
    for provider, family, model in ir.models.values():
        for route in family.routes_of(model.id) if not model.like else ():
            yield provider, family, model.id, route


def disagreement(at: tuple[Provider, Family, str], route: str, request: Any, body: Any) -> str:
    """What a schema and the evaluator say differently of a body; nothing where they agree.

    A request that breaks only rules under `x-rules` is one that the schema has to accept."""
    judgement = judge(*at, route, body)
    beside = {rule["id"] for rule in request.get("x-rules", ()) if judgement.mode in rule["modes"]}
    broken = {finding.rule.id for finding in judgement.of("reject")}
    accepted = Draft202012Validator(request).is_valid(body)
    if accepted == (broken <= beside):
        return ""
    return (
        f"{at[2]} by {route}: {'accepted' if accepted else 'refused'} against {broken or 'nothing'}: {json.dumps(body)}"
    )


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_model_and_route_has_a_request_and_a_response(ir: Ir, files: dict[str, Any]):
    wanted = {
        f"schemas/{provider.id}/{model.id}.{offer.route}.{kind}.json"
        for provider, family, model in ir.models.values()
        for offer in family.by_model[model.id]
        for kind in ("request", "response")
    }
    errors = {f"schemas/{provider.id}/errors.json" for provider in ir.providers}
    assert files.keys() == {*wanted, *errors, "schemas/index.json"}
    index = files["schemas/index.json"]
    assert {f"schemas/{row[kind]}" for row in index["schemas"] for kind in ("request", "response")} == wanted


def test_every_file_is_a_valid_schema_that_says_that_it_is_generated(files: dict[str, Any]):
    ids: list[str] = []
    for path, found in files.items():
        if path != "schemas/index.json":
            Draft202012Validator.check_schema(found)
            assert "platemark generate" in found["$comment"]
            assert found["$schema"] == schema.DIALECT
            ids.append(found["$id"])
    assert len(set(ids)) == len(files) - 1
    assert all(re.fullmatch(r"urn:platemark:[\w.:-]+", id_) for id_ in ids)


def test_references_stay_inside_a_file(files: dict[str, Any]):
    for path, found in files.items():
        for ref in (node["$ref"] for node in nodes(found) if "$ref" in node):
            assert ref.removeprefix("#/$defs/") in found["$defs"], path


def test_emission_repeats_itself(texts: dict[str, str]):
    assert texts == targets.emit("jsonschema", platemark.resolve(platemark.load(SPECS)))


def test_a_family_that_goes_takes_only_its_own_files(texts: dict[str, str], tmp_path: Path):
    copytree(SPECS, tmp_path / "specs")
    (tmp_path / "specs" / "dashscope" / "wan2.6-t2i.yaml").unlink()
    less = targets.emit("jsonschema", platemark.resolve(platemark.load(tmp_path / "specs")))
    assert {path for path in texts if path not in less} == {
        f"schemas/dashscope/wan2.6-t2i.{route}.{kind}.json"
        for route in ("sync", "task")
        for kind in ("request", "response")
    }
    shared = {"schemas/index.json", "schemas/dashscope/errors.json"}
    assert all(less[path] == texts[path] for path in less if path not in shared)


# ── Limits and where they come from ───────────────────────────────────────────────────────────────────────────────


def nodes(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield cast("dict[str, Any]", data)
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from nodes(part)


def test_every_limit_names_its_sources(ir: Ir, files: dict[str, Any]):
    documents = {document.id for document in ir.documents}
    limits = {"minimum", "maximum", "enum", "pattern", "minLength", "type"}
    for path, found in files.items():
        if path.endswith(".request.json"):
            for node in nodes(found):
                named = node.get("title") and node.get("title") != "model" and "x-source" not in node
                if named and limits & node.keys() and not node.get("deprecated") and node["type"] != "object":
                    pytest.fail(f"{path}: {node['title']} has limits without a source")
                for source in node.get("x-source", ()):
                    assert source["document"] in documents


def test_every_rule_is_said_or_stands_beside(ir: Ir, files: dict[str, Any]):
    for provider, family, model, route in routes(ir):
        found = files[f"schemas/{provider.id}/{model}.{route}.request.json"]
        stated = {
            rule for node in nodes(found) for source in node.get("x-source", ()) for rule in source.get("rules", ())
        }
        beside = {rule["id"] for key in ("x-rules", "x-untold") for rule in found.get(key, ())}
        for offer in (offer for offer in family.by_model[model] if offer.route == route):
            for rule in family.rules_of(offer):
                absent = rule.kind in {"only_in", "unsupported"}
                assert rule.structure or absent or rule.id in stated | beside, (model, route, rule.id)


def test_a_rule_beside_a_schema_carries_its_meaning(ir: Ir, files: dict[str, Any]):
    found = files["schemas/dashscope/wan2.6-image.sync.request.json"]
    area = next(rule for rule in found["x-rules"] if rule["id"] == "size.area")
    family = ir.models["wan2.6-image"][1]
    rule = next(r for r in family.rules_of(family.by_model["wan2.6-image"][0]) if r.id == "size.area")
    assert (area["when"], area["holds"]) == (to_json(rule.when), to_json(rule.holds))
    assert area["modes"] == ["edit"]
    assert area["verdict"] == "reject"


def test_what_only_adjusts_is_told_and_not_asserted(files: dict[str, Any]):
    found = files["schemas/dashscope/wan2.6-t2i.sync.request.json"]
    texts = [node for node in nodes(found) if "prompt.length" in node.get("x-adjusts", ())]
    assert texts
    assert all("maxLength" not in node for node in texts)
    assert all("the rest is cut off" in node["description"] for node in texts)


# ── The same verdicts ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_oracle_agrees(ir: Ir, files: dict[str, Any]):
    wrong: list[str] = []
    judged = 0
    for case in ORACLE:
        provider, family, model = ir.models.get(case["model"], (None, None, None))
        if provider is None or family is None or model is None:
            continue
        found = files.get(f"schemas/{provider.id}/{model.id}.{case['route']}.request.json")
        if found is not None:
            judged += 1
            wrong += [disagreement((provider, family, model.id), case["route"], found, case["body"])]
    assert judged > 150
    assert [line for line in wrong if line] == []


ODD = (None, True, False, 1.0, 1.5, -1, 10**12, "", "2K", "9K", "1024*1024", "1024*1024\n", [], {},
       ["https://example.com/a.png"], [[[1, 2, 3, 4.5]]], [{"hex": "#ABCDEF", "ratio": "100.00%"}])  # fmt: skip


def mutated(family: Family, offer: Offer, body: Any) -> Iterator[Any]:
    """Bodies that differ from a good one in one place."""
    twice = {r.parameter for r in family.rules_of(offer) if r.kind == "place" and r.verdict == "note"} & keys(body)
    for path, value in list(places(body)):
        for odd in ODD:
            yield changed(body, path, odd)
        yield removed(body, path)
        if isinstance(value, dict):
            # Which of two values counts that a tolerant service is given is nobody's rule.
            names = {*family.model(offer.model).known, "no_such_key", "text", "image", "model", "input"} - twice
            for name in sorted(names):
                yield from (changed(body, (*path, name), odd) for odd in (True, 2, "text"))
        if isinstance(value, list):
            for times in (1, 2, 3, 4, 9, 10) if value else ():
                yield changed(body, path, value[-1:] * times)
                yield changed(body, path, [*value, *value[-1:] * times])


def keys(data: Any) -> set[str]:
    return {key for path, _ in places(data) for key in path if isinstance(key, str)}


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Paths and values; of a list its first element stands for all."""
    yield path, data
    pairs = data.items() if isinstance(data, dict) else enumerate(data[:1]) if isinstance(data, list) else ()
    for key, part in pairs:
        yield from places(part, (*path, key))


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    made = deepcopy(body)
    here = made
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return made


def removed(body: Any, path: tuple[Any, ...]) -> Any:
    if not path:
        return None
    made = deepcopy(body)
    here = made
    for key in path[:-1]:
        here = here[key]
    del here[path[-1]]
    return made


def good(provider: Provider, family: Family, offer: Offer) -> Iterator[Any]:
    """The smallest body and one with every parameter, in every style that the endpoint takes."""
    for values in (samples.minimal(family, offer), samples.full(family, offer)):
        given = {"model": offer.model, **values, **samples.fixed(offer)}
        yield from (skeletons.build(provider.payloads[name], given) for name in offer.payloads)


def distinct() -> Iterator[Any]:
    """Models and routes whose requests differ in more than their names; those of a fictional provider among them."""
    seen: set[str] = set()
    for specs in (SPECS, EXTRA):
        for provider, family, model, route in routes(platemark.resolve(platemark.load(specs))):
            request = schema.request_schema(provider, family, model, route)
            text = json.dumps([request, provider.id]).replace(request["title"], "").replace(f'"{model}', '"')
            if text not in seen:
                yield pytest.param((provider, family, model), route, id=f"{model}-{route}")
            seen.add(text)


@pytest.mark.parametrize(("at", "route"), list(distinct()))
def test_every_small_change_of_a_good_body_is_judged_alike(at: tuple[Provider, Family, str], route: RouteName):
    provider, family, model = at
    request = schema.request_schema(provider, family, model, route)
    tried: dict[str, Any] = {}
    for offer in family.by_model[model]:
        for body in good(provider, family, offer):
            assert offer.route != route or Draft202012Validator(request).is_valid(body)
            tried |= {json.dumps(each): each for each in mutated(family, offer, body)}
    wrong = (disagreement(at, route, request, each) for each in tried.values())
    assert [found for found in wrong if found] == []


@pytest.mark.parametrize("specs", [SPECS, EXTRA], ids=["specs", "extra"])
def test_the_vectors_agree(specs: Path):
    ir = platemark.resolve(platemark.load(specs))
    wrong: list[str] = []
    for provider, family, model in (found for found in ir.models.values() if not found[2].like):
        by_route = {r: schema.request_schema(provider, family, model.id, r) for r in family.routes_of(model.id)}
        for vector in (v for v in vectors(provider, family, model.id)[0] if v.shown_by == "body"):
            if request := by_route.get(cast("RouteName", vector.route)):
                wrong += [disagreement((provider, family, model.id), vector.route, request, vector.request["body"])]
    assert len(wrong) > 50
    assert [found for found in wrong if found] == []


# ── The lowered profile ───────────────────────────────────────────────────────────────────────────────────────────


def test_lowered_schemas_are_plain_and_titled_once(ir: Ir):
    titles: list[str] = []
    for provider, family, offer in ((ir.provider(f.provider), f, o) for f in ir.families for o in f.offers):
        for title, found in {**request_models(provider, family, offer), **answer_models(provider, offer)}.items():
            Draft202012Validator.check_schema(found)
            assert (found["title"], found["type"]) == (title, "object")
            below = list(nodes({"": {key: part for key, part in found.items() if key != "properties"}}))
            assert not any({"if", "not", "allOf", "contains", "default", "$ref"} & node.keys() for node in below)
            titles += [node["title"] for node in nodes(found) if isinstance(node.get("title"), str)]
    assert len(titles) == len(set(titles))


def test_lowered_schemas_take_good_bodies_and_refuse_unknown_keys(ir: Ir):
    for provider, family, offer in ((ir.provider(f.provider), f, o) for f in ir.families for o in f.offers):
        checks = [Draft202012Validator(found) for found in request_models(provider, family, offer).values()]
        for body in good(provider, family, offer):
            assert any(check.is_valid(body) for check in checks)
            assert not any(check.is_valid({**body, "no_such_key": 1}) for check in checks)
