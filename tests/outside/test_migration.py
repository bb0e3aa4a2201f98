"""The README's table "from the `dashscope` SDK": what stands on either side is there, and takes what is shown."""

import ast
import importlib
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import platemark_images

README = Path(__file__).parents[2] / "generated" / "python" / "README.md"
SECTION = README.read_text(encoding="utf-8").partition("## From the `dashscope` SDK")[2].partition("\n## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| `")]
SHAPES = frozenset({"response", "result", "image", "error", "task", "job", "Path"})
"""Names that stand for a value which only an answer brings; the differential and the client's own tests hold those."""

SDK: Any = importlib.import_module("dashscope")
MODULES = (
    "aigc.image_generation", "aigc.image_synthesis", "aigc.multimodal_conversation", "v2.errors", "v2.resources.images",
)  # fmt: skip
THEIRS: Mapping[str, Any] = {
    **{k: v for name in MODULES for k, v in vars(importlib.import_module(f"dashscope.{name}")).items()},
    "dashscope": SDK,
    "client": SDK.Client(api_key="sk-test-migration", region="cn-beijing", workspace="ws-test"),
}
OURS: Mapping[str, Any] = {
    **{name: getattr(platemark_images, name) for name in platemark_images.__all__},
    "client": platemark_images.DashScope(api_key="sk-test-migration", region="beijing"),
}


def spans(cell: str) -> list[str]:
    """Code of a cell as Python; what stands for a model and its mode are ones of which all exist."""
    found = re.findall(r"`([^`]+)`", cell)
    filled = [
        each.replace("…", "...").replace("<model>", "wan2_6_t2i").replace("<mode>", "text_to_image") for each in found
    ]
    streams = [each.replace("wan2_6_t2i.stream", "wan2_6_image.stream") for each in filled]
    return [each.partition(": ")[2] or each if each.startswith("except") else each for each in streams]


def tree(text: str) -> ast.expr:
    """An expression, or the arguments of one."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return ast.parse(f"dict({text})", mode="eval").body


def problems(node: ast.expr, known: Mapping[str, Any]) -> list[str]:
    """Names that are not there, and arguments that are not taken."""
    found: list[str] = []
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute | ast.Name) and (path := dotted(each)) and path[0] in known:
            try:
                value = resolved(path, known)
            except AttributeError as error:
                found.append(str(error))
                continue
            calls = [c for c in ast.walk(node) if isinstance(c, ast.Call) and c.func is each]
            found += [f"{'.'.join(path)}: {told}" for call in calls if (told := refused(value, call))]
    return found


def dotted(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    return [*dotted(node.value), node.attr] if isinstance(node, ast.Attribute) and dotted(node.value) else []


def resolved(path: list[str], known: Mapping[str, Any]) -> Any:
    value = known[path[0]]
    for name in path[1:]:
        fields = getattr(value, "model_fields", {}) if inspect.isclass(value) else {}
        value = fields[name] if name in fields else getattr(value, name)
    return value


def refused(function: Any, call: ast.Call) -> str:
    named = {keyword.arg: None for keyword in call.keywords if keyword.arg}
    try:
        given = [None for argument in call.args if not (isinstance(argument, ast.Constant) and argument.value is ...)]
        inspect.signature(function).bind_partial(*given, **named)
    except TypeError as error:
        return str(error)
    return ""


def test_the_table_is_long_enough_to_be_one():
    assert len(ROWS) > 15


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_both_sides_are_there(row: list[str]):
    theirs, ours = row
    for cell, known in ((theirs, THEIRS), (ours, OURS)):
        for text in spans(cell):
            node = tree(text)
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            assert problems(node, known) == [], text
            loose = {"model", "prompt", "task_id", "dict", "job", "task", "region"} | SHAPES
            assert names <= loose | known.keys(), text
