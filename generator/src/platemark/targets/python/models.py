"""Data models of wire bodies and answers, made by datamodel-code-generator in process from lowered schemas.

`types.py` (TypedDicts) is for type checkers alone; `models.py` (pydantic) judges each body by the emitted rules too,
since a schema can't say them all.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from platemark import ir as model
from platemark.plain import is_map, is_seq
from platemark.schema.lowered import answer_models, request_models
from platemark.targets import PACKAGE
from platemark.targets.python.printer import docstring, literal
from platemark.targets.python.surface import Types, key

if TYPE_CHECKING:
    from datamodel_code_generator.config import GenerateConfig
    from datamodel_code_generator.enums import DataModelType

Schemas = dict[str, Any]

_HEADER = "#"
"""What the generator puts in front instead of a text of its own; it is taken off again."""
_TYPING = re.compile(r"^from typing import (.*)$", re.MULTILINE)
BODY = f"{PACKAGE}._runtime.bodies.Body"
_TITLES = {"title", "format"}
"""What would become a class or a type of its own, where it says nothing about a plain value."""
_BOUNDS = {"description", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"}
"""What no TypedDict and no plain item of a list can say; there it would become a wrapper for nothing. Rules say it."""


def names(ir: model.Ir) -> dict[str, Types]:
    """By service, the types of the bodies and answers of each offer."""
    found: dict[str, Types] = {}
    for provider in ir.providers:
        offers = [(family, offer) for family in ir.families_of(provider.id) for offer in family.offers]
        bodies = {key(offer): tuple(request_models(provider, family, offer)) for family, offer in offers}
        answers = {key(offer): (_finished(answer_models(provider, offer)),) for _, offer in offers}
        found[provider.id] = Types(bodies, answers)
    return found


def modules(ir: model.Ir, generated: str) -> dict[str, str]:
    """`types.py`, `models.py`, and the table that tells which offer a model of a body belongs to."""
    from datamodel_code_generator.enums import DataModelType

    bodies: Schemas = {}
    answers: Schemas = {}
    offers: dict[str, tuple[str, str, str]] = {}
    for name, (provider, family, found) in ir.models.items():
        for offer in family.by_model[found.id]:
            made = request_models(provider, family, offer)
            bodies |= made
            offers |= dict.fromkeys(made, (name, offer.mode, offer.route))
            answers |= answer_models(provider, offer)
    if clash := bodies.keys() & answers.keys():
        raise ValueError(f"a body and an answer would both be called {', '.join(sorted(clash))}")
    union = " | ".join(bodies)
    types = _TYPING.sub(_with_alias, _generate({**bodies, **answers}, DataModelType.TypingTypedDict), count=1)
    head = docstring(f"Wire bodies and answers, for type checkers.\n\n{generated}")
    about = docstring(f"Which model, mode and route a body belongs to, by the name of its type.\n\n{generated}")
    return {
        "types.py": f'{head}\n\n{types}\n\nBody: TypeAlias = {union}\n"""Any wire body."""\n',
        "models.py": docstring(
            "Wire bodies as pydantic models, judged by the rules of the documents when they are made.\n\n"
            f"They need the extra `pydantic`; no request needs them.\n\n{generated}"
        ) + "\n\n" + _generate(bodies, DataModelType.PydanticV2BaseModel, dict.fromkeys(bodies, BODY)),
        "_bodies.py": f"{about}\n\nOFFERS = {literal(offers)}\n",
    }  # fmt: skip


def _finished(answers: Mapping[str, Any]) -> str:
    """The answer with the pictures: of a task, not the one to its creation."""
    return list(answers)[-1]


def _generate(schemas: Schemas, kind: DataModelType, bases: dict[str, str] | None = None) -> str:
    """Models of schemas by title. Any warning of the generator is an error, and so is anything but models."""
    from datamodel_code_generator import generate

    dropped = _TITLES if bases else _TITLES | _BOUNDS
    schema = {"$defs": {title: _titled(part, dropped) for title, part in schemas.items()}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = generate(json.dumps(schema), config=_config(kind, bases))
    if not isinstance(made, str):
        raise TypeError("datamodel-code-generator made several modules of one schema")
    _require(made, _titles(schema))
    return made.removeprefix(_HEADER).lstrip()


def _with_alias(line: re.Match[str]) -> str:
    return f"from typing import {', '.join(sorted({*line[1].split(', '), 'TypeAlias'}))}"


def _config(kind: DataModelType, bases: dict[str, str] | None) -> GenerateConfig:
    from datamodel_code_generator.config import GenerateConfig
    from datamodel_code_generator.enums import InputFileType
    from datamodel_code_generator.format import PythonVersion

    return GenerateConfig(
        input_file_type=InputFileType.JsonSchema,
        output_model_type=kind,
        target_python_version=PythonVersion.PY_311,
        use_annotated=True,
        field_constraints=True,
        strict_nullable=True,
        enum_field_as_literal="all",  # pyright: ignore[reportArgumentType]
        use_title_as_name=True,
        skip_root_model=True,
        use_closed_typed_dict=False,
        use_union_operator=True,
        use_standard_collections=True,
        disable_timestamp=True,
        formatters=[],
        allow_remote_refs=False,
        base_class_map={**bases} if bases else None,
        extra_fields="allow" if bases else None,  # the rules judge unknown keys: some are noted, and none is dropped
        custom_file_header=_HEADER,
    )


def _titled(schema: Any, dropped: set[str]) -> Any:
    """The schema with titles on objects alone: a titled text would become a class that wraps it."""
    if is_seq(schema):
        return [_titled(part, dropped) for part in schema]
    if not is_map(schema):
        return schema
    below = {"items": dropped | _BOUNDS, "anyOf": dropped}
    made: Schemas = {}
    for name, part in schema.items():
        if name == "properties":
            made[name] = {key: _titled(inner, dropped) for key, inner in part.items()}
        elif name != "additionalProperties" and (schema.get("type") == "object" or name not in dropped):
            made[name] = _titled(part, below[name]) if name in below else part
    return made


def _titles(schema: Any) -> set[str]:
    """Titles of all objects of a schema."""
    found: set[str] = set()
    if is_map(schema):
        if schema.get("type") == "object" and "title" in schema:
            found.add(str(schema["title"]))
        schema = list(schema.values())
    return found.union(*(_titles(part) for part in schema)) if is_seq(schema) else found


def _require(text: str, titles: Collection[str]) -> None:
    """Only imports and the classes that the schema names, with nothing in them that runs."""
    for node in ast.parse(text).body:
        match node:
            case ast.Import() | ast.ImportFrom():
                continue
            case ast.ClassDef(name=name) if name in titles and all(
                isinstance(part, ast.AnnAssign | ast.Assign | ast.Pass) for part in node.body
            ):
                continue
            case _:
                raise ValueError(f"datamodel-code-generator made more than models: {ast.unparse(node)[:100]}")
