"""What the Python target emits: straight rules, typed signatures, names, and nothing that a text could break out of."""

import ast
import contextlib
import dataclasses
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruff import find_ruff_bin

import platemark
from platemark import source, targets
from platemark.ir import Ir
from platemark.rules import expr, samples
from platemark.schema.lowered import request_models
from platemark.targets import Call
from platemark.targets.python import naming
from platemark.targets.python.example import example
from platemark.targets.python.printer import Printer, docstring, literal

ORACLE = json.loads((Path(__file__).parent / "oracle" / "requests.json").read_text(encoding="utf-8"))["requests"]
JUNK = (
    None, True, False, 0, 1, 5, 1.0, 2.5, "", "1K", "9K", "100*100", "1024*1024", [], {}, [1], ["https://a/b.png"],
    {"a": 1}, "a" * 900,
)  # fmt: skip
HOSTILE = ('"""\nimport os', "\\", 'ends with "', "x'); exit() #", "a\x00b", "\u2028", "{{ 7 }}", "`id`", "\ud800")


# ── Verdicts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def difference(ir: Ir, images: ModuleType, model: str, route: str | None, body: object) -> str:
    """How the client's verdict differs from the reference evaluator's; nothing when they agree in every part."""
    wanted, found = platemark.evaluate(ir, model, body, route), images.validate(model, route, body)
    ours = (wanted.verdict, wanted.route, wanted.mode, wanted.rules)
    theirs = (found.verdict, found.route, found.mode, found.rules)
    broken = [(f.rule.id, f.path, f.value, f.nearest) for f in wanted.of("reject")]
    told = [(v.rule, v.path, v.value, v.nearest) for v in found.violations]
    return "" if ours == theirs and broken == told else f"{model} {route} {body}: {ours} is not {theirs}"


def test_the_client_judges_the_oracle_as_the_evaluator_does(ir: Ir, images: ModuleType):
    known = [request for request in ORACLE if request["model"] in ir.models]
    routes = [(r, route) for r in known for route in (r["route"], None)]
    found = [difference(ir, images, request["model"], route, request["body"]) for request, route in routes]
    assert len(known) > 150
    assert [line for line in found if line] == []


def mutants(body: Any, rng: random.Random) -> Any:
    """A body with some of its values replaced, dropped or added."""
    if rng.random() < 0.15:
        return rng.choice(JUNK)
    if isinstance(body, dict):
        made = {key: mutants(value, rng) for key, value in body.items() if rng.random() > 0.05}
        extra = rng.choice(("n", "size", "seed", "foo", "stream", "max_images", "negative_prompt", "images"))
        return made | ({extra: rng.choice(JUNK)} if rng.random() < 0.1 else {})
    return [mutants(value, rng) for value in body] if isinstance(body, list) else body


def test_the_client_judges_damaged_bodies_as_the_evaluator_does(ir: Ir, images: ModuleType):
    rng = random.Random(7)
    found: list[str] = []
    for family in ir.families:
        provider = ir.provider(family.provider)
        for offer in family.offers:
            for values in (samples.minimal(family, offer), samples.full(family, offer)):
                body = samples.body(provider, offer, values)
                tried = [(offer.route, body)]
                tried += [(rng.choice([offer.route, None, "sync", "task"]), mutants(body, rng)) for _ in range(15)]
                found += [difference(ir, images, offer.model, route, each) for route, each in tried]
    assert [line for line in found if line] == []


def test_the_client_passes_the_vectors(ir: Ir, images: ModuleType):
    assert misjudged(ir, images) == []


def misjudged(ir: Ir, images: ModuleType) -> list[str]:
    """Vectors that the client judges otherwise."""
    return [
        f"{found['model']} {vector['id']}"
        for text in targets.emit("vectors", ir).values()
        for found in [json.loads(text)]
        for vector in found["vectors"]
        if vector["shown_by"] == "body"
        for told in [images.validate(found["model"], vector["route"], vector["request"]["body"])]
        if (told.verdict, list(told.rules)) != (vector["verdict"], vector["rules"])
    ]


def test_a_provider_that_nobody_foresaw_gets_a_client_that_passes_its_vectors(tmp_path: Path):
    """The fictional provider's client, in a process of its own: there, the package has another service in it."""
    extra = platemark.resolve(platemark.load(Path(__file__).parent / "specs_extra"))
    write(tmp_path, targets.emit("python", extra) | targets.emit("vectors", extra))
    code = (
        "import json, pathlib, sys; sys.path.insert(0, 'python/src'); import platemark_images as p\n"
        "files = [json.loads(f.read_text()) for f in pathlib.Path('vectors').rglob('*.json')]\n"
        "found = [(f['model'], v) for f in files for v in f['vectors'] if v['shown_by'] == 'body']\n"
        "pairs = [(v, p.validate(model, v['route'], v['request']['body'])) for model, v in found]\n"
        "wrong = [v['id'] for v, r in pairs if (v['verdict'], v['rules']) != (r.verdict, list(r.rules))]\n"
        "print(len(pairs) > 100, wrong)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def test_the_package_tells_which_specs_it_is_of(ir: Ir, images: ModuleType):
    told: Any = images.__spec__
    assert (told.version, told.generator) == (images.__version__, f"platemark {platemark.__version__}")
    assert (told.date, told.digest) == (ir.date, ir.digest)
    assert ir.digest == source.digest(Path(__file__).parents[1] / "specs")  # as the manifest says
    assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", ir.date)
    assert isinstance(told, ModuleSpec)  # and what Python needs of it is still there
    assert (resources.files(images) / "py.typed").is_file()
    assert "__spec__" not in images.__all__  # a star would put it in place of the importer's own


def test_specs_without_dates_are_undated(ir: Ir):
    documents = tuple(dataclasses.replace(document, date="undated") for document in ir.documents)
    assert dataclasses.replace(ir, documents=documents).date == "undated"
    dated = (*documents, *(dataclasses.replace(documents[0], date=date) for date in ("2026-08", "2026-08-02")))
    assert dataclasses.replace(ir, documents=dated).date == "2026-08-02"


def test_an_unknown_model_names_the_nearest(images: ModuleType):
    with pytest.raises(images.ConfigurationError, match=r"did you mean wan2\.6-image"):
        images.validate("wan2.6-imag", "sync", {})


# ── Printing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rules_are_printed_as_people_write_them():
    printer = Printer()
    in_range = expr.Between(expr.Number(1), expr.Measured("integer", "n"), expr.Number(4))
    assert printer.broken(expr.Is("n", "integer"), in_range) == "is_integer(n) and not 1 <= integer(n) <= 4"
    every = expr.Every("images", expr.SchemeIn("@", ("http", "https")))
    assert printer.broken(expr.ALWAYS, every) == 'any(scheme(item) not in ("http", "https") for item in items(images))'
    assert printer.broken(expr.ALWAYS, expr.Not(expr.Given("n"))) == '"n" in values'
    assert printer.broken(expr.ALWAYS, expr.ALWAYS) is None
    assert printer.names == {"n": "n", "images": "images"}


def test_printed_conditions_mean_what_the_tests_mean(ir: Ir):
    """Every rule of every family, printed and evaluated, on values of all kinds."""
    from platemark.rules import leaves, pictures, specimens

    values: dict[str, Any] = {"n": 3, "size": "1024*1024", "images": ["https://a/b.png", 1], "prompt": "x"}
    worlds: list[dict[str, Any]] = [{}, values, *({**values, name: junk} for name in values for junk in JUNK)]
    shown = (specimens.uri(size, name) for name in specimens.FORMATS for size in [(500, 500), (239, 240), (600, 5200)])
    worlds += [{**values, "images": [picture]} for picture in shown]
    for family in ir.families:
        for rule in family.rules:
            if rule.when is None or rule.holds is None:
                continue
            printer = Printer()
            condition = printer.broken(rule.when, rule.holds) or "False"
            code = compile(condition, rule.id, "eval")
            for world in worlds:
                scope = {
                    **vars(pictures),
                    **vars(leaves),
                    "values": world,
                    **{v: world.get(k) for k, v in printer.names.items()},
                }
                wanted = expr.holds(rule.when, world) and not expr.holds(rule.holds, world)
                assert bool(eval(code, scope)) is wanted, (condition, world)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(text: str):
    assert ast.literal_eval(literal(text)) == text
    tree = ast.parse(f"{docstring(text)}\nx = 1")
    assert [type(node) for node in tree.body] == [ast.Expr, ast.Assign]


def test_a_hostile_spec_adds_no_statement(ir: Ir, emitted_python: dict[str, str]):
    family = ir.families[-1]
    evil = 'x"""\nimport os  # {{ 7 }} \\'
    model = dataclasses.replace(family.models[0], note=evil)
    parameters = tuple(dataclasses.replace(p, about=evil) for p in family.parameters)
    rules = tuple(dataclasses.replace(r, sentence=evil) for r in family.rules)
    changed = dataclasses.replace(family, about=evil, models=(model,), parameters=parameters, rules=rules)
    files = targets.emit("python", dataclasses.replace(ir, families=(*ir.families[:-1], changed)))
    for path, text in files.items():
        if path.endswith(".py"):
            was = ast.parse(emitted_python[path.removeprefix("python/")])
            # What is said alike of several models stands there once, so texts decide how many there are.
            kinds = (ast.Constant, ast.Tuple, ast.Load) if path.endswith("/_options.py") else ()
            trees = [
                [shape(node) for node in ast.walk(tree) if not isinstance(node, kinds)]
                for tree in (ast.parse(text), was)
            ]
            assert trees[0] == trees[1], path


def shape(node: ast.AST) -> tuple[str, str]:
    return type(node).__name__, getattr(node, "name", "") or getattr(node, "id", "")


# ── Names ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_names_never_get_a_number():
    assert naming.identifier("qwen-image-2.0-pro") == "qwen_image_2_0_pro"
    assert naming.identifier("class") == "class_"
    assert naming.identifier("3d") == "m_3d"
    assert naming.class_name("wan2.6-image", "edit") == "Wan26ImageEdit"
    assert naming.argument("route") == "route_"
    with pytest.raises(naming.NamingError, match=r"'a-b' and 'a\.b' would both be called a_b"):
        naming.distinct(["a-b", "a.b"], naming.identifier)
    with pytest.raises(naming.NamingError, match="no letter or digit"):
        naming.identifier("---")


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_emission_is_deterministic(ir: Ir, emitted_python: dict[str, str]):
    again = {path.removeprefix("python/"): text for path, text in targets.emit("python", ir).items()}
    assert again == emitted_python


def test_a_family_less_changes_only_shared_lists(ir: Ir, emitted_python: dict[str, str]):
    left = [family for family in ir.families if family.name != "z-image"]
    providers = tuple(
        dataclasses.replace(p, families=tuple(n for n in p.families if n != "z-image")) for p in ir.providers
    )
    files = targets.emit("python", dataclasses.replace(ir, families=tuple(left), providers=providers))
    now = {path.removeprefix("python/").removeprefix("src/platemark_images/"): text for path, text in files.items()}
    was = {path.removeprefix("src/platemark_images/"): text for path, text in emitted_python.items()}
    gone = {"dashscope/z_image.py", "dashscope/rules/z_image.py"}
    shared = {"_bodies.py", "_catalog.py", "_options.py", "models.py", "types.py"}
    shared |= {"dashscope/__init__.py", "dashscope/_provider.py"}
    changed = {path for path, text in now.items() if was.get(path) != text}
    assert {path for path in was if path not in now} == gone
    assert changed == shared | {"README.md"}


def test_importing_the_package_is_light(images: ModuleType):
    """No HTTP client, no data models, no event loop before they are needed; the key's request is prepared without."""
    heavy = ("httpx2", "pydantic", "asyncio", "typing_extensions", "platemark_images.types", "platemark_images.models")
    code = (
        "import sys, platemark_images as p\n"
        "c = p.DashScope(region='singapore')\n"
        "c.prepare(model='wan2.6-t2i', prompt='A lantern')\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    path = str(Path(str(images.__file__)).parents[1])
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {path!r})\n{code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_public_signatures_hide_nothing_behind_any(emitted_python: dict[str, str]):
    for path, text in emitted_python.items():
        if path.endswith(".py") and path.startswith(("src/platemark_images/dashscope/", "src/platemark_images/vtrix/")):
            assert list(leaks(ast.parse(text))) == [], path


def leaks(tree: ast.Module) -> Iterator[str]:
    """Arguments and results of public functions that are typed Any; the bodies of overloads are hidden by these."""
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        functions = [node for node in owner.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        overloaded = {f.name for f in functions if any(ast.unparse(d) == "overload" for d in f.decorator_list)}
        for function in functions:
            if function.name in overloaded and not function.decorator_list:
                continue
            hints = [a.annotation for a in (*function.args.args, *function.args.kwonlyargs) if a.annotation]
            hints += [function.returns] if function.returns else []
            yield from (function.name for hint in hints if "Any" in ast.unparse(hint).replace("[", " ").split())


def test_emitted_python_is_clean(emitted_python: dict[str, str], tmp_path: Path):
    """By the client's own configuration of the linter, which is parsed by this too."""
    write(tmp_path, emitted_python)
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [find_ruff_bin(), *command, "."], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


# ── Data models ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_sample_is_a_model_that_dumps_to_what_is_sent(ir: Ir, images: ModuleType):
    from platemark_images import models  # type: ignore[import-not-found]

    for family in ir.families:
        provider = ir.provider(family.provider)
        client = getattr(images, provider.client)(base_url="http://127.0.0.1:9")
        for offer in family.offers:
            made = getattr(models, next(iter(request_models(provider, family, offer))))
            for values in (samples.minimal(family, offer), samples.full(family, offer)):
                given = samples.given(offer, values)
                sent = client.prepare(model=offer.model, mode=offer.mode, route=offer.route, **given).json
                assert made.model_validate(sent).wire() == sent
                assert platemark.evaluate(ir, offer.model, sent, offer.route).verdict == "accept"


def test_each_accepted_vector_is_a_model(ir: Ir, images: ModuleType):
    from platemark_images import models  # type: ignore[import-not-found]
    from platemark_images._bodies import OFFERS  # type: ignore[import-not-found]

    by_offer: dict[tuple[str, str, str], list[Any]] = {}
    for name, offer in OFFERS.items():
        by_offer.setdefault(offer, []).append(getattr(models, name))
    for text in targets.emit("vectors", ir).values():
        found = json.loads(text)
        for vector in (v for v in found["vectors"] if v["verdict"] != "reject"):
            body = vector["request"]["body"]
            assert body in dumps(by_offer[found["model"], vector["mode"], vector["route"]], body), vector["id"]


def dumps(made: list[Any], body: Any) -> Iterator[Any]:
    """What comes out of each model that takes a body: an endpoint with two envelopes has one for each."""
    for each in made:
        with contextlib.suppress(ValueError):
            yield each.model_validate(body).wire()


def test_a_model_keeps_the_rules_that_no_schema_says(images: ModuleType):
    from platemark_images import models  # type: ignore[import-not-found]

    content = [{"text": "A lantern"}, {"image": "https://example.com/a.png"}]
    body = {"model": "wan2.6-image", "input": {"messages": [{"role": "user", "content": content}]}}
    assert models.Wan26ImageSyncEditRequest.model_validate(body).wire() == body
    with pytest.raises(ValueError, match=r"size\.area at parameters\.size"):
        models.Wan26ImageSyncEditRequest.model_validate({**body, "parameters": {"size": "100*100"}})


# ── Examples ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_examples_are_python_and_name_what_exists(ir: Ir, images: ModuleType):
    for family in ir.families:
        for offer in family.offers:
            values = samples.given(offer, samples.minimal(family, offer))
            text = example(Call(ir.provider(family.provider), family, offer, values))
            ast.parse(text)
            call = text.split("client.")[1].split("(")[0]
            assert call == f"{naming.identifier(offer.model, naming.CLIENT)}.{offer.mode}"
