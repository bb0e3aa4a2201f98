"""What a strict type checker says of calls of the emitted client: wrong ones are errors that name the place."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

HEAD = """
from pathlib import Path
import platemark_images
from platemark_images import AsyncDashScope, DashScope, Vtrix

client = DashScope(api_key="sk-test-types", region="singapore")
other = AsyncDashScope(api_key="sk-test-types", region="singapore")
gateway = Vtrix(api_key="sk-test-types", region="global")
url = "https://example.com/a.png"
mixed: list[Path | str] = [Path("a.png"), url]
"""

RIGHT = {
    "a mode's own parameters": 'client.wan2_6_image.edit(prompt="a", images=[url], n=2)',
    "a file and an address": 'client.wan2_6_image.edit(prompt="a", images=[Path("a.png"), url])',
    "a list of both": 'client.wan2_6_image.edit(prompt="a", images=mixed)',
    "options of a call": 'client.wan2_6_t2i.text_to_image(prompt="a", timeout=5, ignore={"n.range"}, max_cost="1 CNY")',
    "a size in numbers": 'client.wan2_6_t2i.text_to_image(prompt="a", size=(1280, 1280))',
    "a ratio": 'client.wan2_6_t2i.text_to_image(prompt="a", size="16:9")',
    "a route that is there": 'client.wan2_6_t2i.text_to_image(prompt="a", route="task")',
    "a verb with its mode": 'client.wan2_6_image.submit("interleave", prompt="a", max_images=3)',
    "a verb of the only mode": 'client.wan2_6_t2i.prepare(prompt="a", n=1)',
    "a parameter that is left out": 'client.wan2_6_t2i.text_to_image(prompt="a", negative_prompt=None)',
    "options of a client": 'DashScope(region="singapore", max_retries=0, validate="warn")',
    "derived clients": 'client.with_options(timeout=3).wan2_6_t2i.text_to_image(prompt="a")',
    "a model at run time": 'client.generate(model="wan2.6-t2i", prompt="a", size="1280*1280")',
    "an envelope": 'gateway.qwen_image_edit_plus.edit(prompt="a", images=[url], envelope="params")',
}
"""What it is: a line that is fine."""

WRONG = {
    "a parameter of another mode": (
        'client.wan2_6_image.edit(prompt="a", images=[url], max_images=3)',
        ('No parameter named "max_images"',),
    ),
    "a parameter of another model": (
        'client.z_image_turbo.text_to_image(prompt="a", negative_prompt="b")',
        ('No parameter named "negative_prompt"',),
    ),
    "the same, awaited": (
        'other.z_image_turbo.text_to_image(prompt="a", negative_prompt="b")',
        ('No parameter named "negative_prompt"',),
    ),
    "nothing to make": ("client.wan2_6_t2i.text_to_image()", ('Argument missing for parameter "prompt"',)),
    "nothing to edit": ('client.wan2_6_image.edit(prompt="a")', ('Argument missing for parameter "images"',)),
    "a text for pictures": (
        'client.wan2_6_image.edit(prompt="a", images=url)',
        ('"Pictures"', '"images"', '"list[str]"'),
    ),
    "a literal that is none": (
        'client.wan2_6_image.interleave(prompt="a", n=2)',
        ('"Literal[2]"', '"Literal[1] | None"', '"n"'),
    ),
    "a word for a number": (
        'client.wan2_6_t2i.text_to_image(prompt="a", n="2")',
        ("\"Literal['2']\"", '"int | None"', '"n"'),
    ),
    "a route that a mode lacks": (
        'client.wan2_6_t2i.text_to_image(prompt="a", route="stream")',
        ("\"Literal['stream']\"", '"route"'),
    ),
    "a route of a model that has one": (
        'client.z_image_turbo.text_to_image(prompt="a", route="task")',
        ('No parameter named "route"',),
    ),
    "an option that is none": (
        'client.wan2_6_t2i.text_to_image(prompt="a", time_out=5)',
        ('No parameter named "time_out"',),
    ),
    "an option's literal": (
        'client.wan2_6_t2i.text_to_image(prompt="a", validate="lenient")',
        ("\"Literal['lenient']\"", '"validate"'),
    ),
    "an option of a client": ('DashScope(region="singapore", retries=3)', ('No parameter named "retries"',)),
    "an option of a derived client": ('client.with_options(validate="never")', ("\"Literal['never']\"", '"validate"')),
    "a value of a verb": (
        'client.wan2_6_t2i.submit(prompt="a", n="2")',
        ("\"Literal['2']\"", '"int | None"', '"n"'),
    ),
    "a name of a verb": (
        'client.wan2_6_t2i.prepare(prompt="a", negativ_prompt="b")',
        ('No parameter named "negativ_prompt"',),
    ),
    "a mode of a verb": (
        'client.wan2_6_image.prepare("sequence", prompt="a")',
        ("Literal['sequence']", '"mode"', '"prepare"'),
    ),
    "a parameter of another mode in a verb": (
        'client.wan2_6_image.estimate("edit", prompt="a", images=[url], max_images=3)',
        ('"mode"', '"estimate"'),
    ),
    "a verb that a model lacks": ('client.z_image_turbo.submit(prompt="a")', ('Cannot access attribute "submit"',)),
    "a model that is not there": (
        'client.wan9_image.edit(prompt="a", images=[url])',
        ('Cannot access attribute "wan9_image"',),
    ),
    "an envelope that is none": (
        'gateway.qwen_image_edit_plus.edit(prompt="a", images=[url], envelope="letter")',
        ("\"Literal['letter']\"", '"envelope"'),
    ),
    "a colour without its share": (
        'client.wan2_7_image.text_to_image(prompt="a", color_palette=[{"hex": "#FFFFFF"}])',
        ('"ratio"',),
    ),
    "a picture that may be missing": (
        'client.wan2_6_t2i.text_to_image(prompt="a").actual_prompt.upper()',
        ('"upper" is not a known attribute of "None"',),
    ),
}
"""What is wrong: the line, and what the error says."""

TYPES = {
    'client.wan2_6_t2i.text_to_image(prompt="a").images[0].save("out/")': "Path",
    'client.wan2_6_image.interleave(prompt="a").text': "str",
    'client.wan2_6_t2i.estimate(prompt="a").pictures': "int",
    'client.wan2_6_t2i.submit(prompt="a").id': "str",
    'client.wan2_6_t2i.prepare(prompt="a").route': "Literal['sync', 'stream', 'task']",
    'client.tasks.get("t").meaning': "str",
    "client.models.supporting(n=2)[0].model": "str",
    "platemark_images.__spec__.digest": "str",
    'other.wan2_6_t2i.text_to_image(prompt="a")': (
        "CoroutineType[Any, Any, AsyncResult[Wan26T2iSyncTextToImageAnswer | Wan26T2iTaskTextToImageAnswer]]"
    ),
}
"""An expression: its type."""


@pytest.fixture(scope="module")
def said(images: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Every line: what basedpyright says of it, in one run over all."""
    folder = tmp_path_factory.mktemp("types")
    lines = [*RIGHT.values(), *(line for line, _ in WRONG.values()), *(f"reveal_type({line})" for line in TYPES)]
    text = HEAD + "".join(f"{line}\n" for line in lines)
    (folder / "calls.py").write_text(text, encoding="utf-8")
    settings = {
        "include": ["calls.py"], "typeCheckingMode": "strict", "pythonVersion": "3.11",
        "reportUnusedCoroutine": "none", "extraPaths": [str(Path(str(images.__file__)).parents[1])],
    }  # fmt: skip
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)],
        capture_output=True, encoding="utf-8", check=False, cwd=folder,
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for each in json.loads(done.stdout)["generalDiagnostics"]:
        line = text.splitlines()[each["range"]["start"]["line"]]
        found.setdefault(line, []).append(each["message"])
    return found


@pytest.mark.parametrize("line", RIGHT.values(), ids=RIGHT.keys())
def test_what_is_right_passes(said: dict[str, list[str]], line: str):
    assert said.get(line, []) == []


@pytest.mark.parametrize(("line", "parts"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_an_error_that_names_the_place(said: dict[str, list[str]], line: str, parts: tuple[str, ...]):
    told = "\n".join(said.get(line, ["nothing"]))
    assert [part for part in parts if part not in told] == [], told


@pytest.mark.parametrize(("line", "kind"), TYPES.items())
def test_what_comes_back_has_its_type(said: dict[str, list[str]], line: str, kind: str):
    assert said[f"reveal_type({line})"] == [f'Type of "{line}" is "{kind}"']


def test_nothing_else_is_said(said: dict[str, list[str]]):
    """So the lines above are wrong by what they show, and not by what stands around them."""
    lines = {line for line, _ in WRONG.values()} | {f"reveal_type({line})" for line in TYPES}
    assert {line: told for line, told in said.items() if line not in lines} == {}
