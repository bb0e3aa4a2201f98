"""The names on a page that nobody has told us of: its models, and the parameters that the provider does not know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from platemark.documents.atoms import Lexicon
from platemark.documents.blocks import Block
from platemark.documents.broken import DEFINITION
from platemark.documents.normal import normal
from platemark.documents.page import Page
from platemark.plain import is_map, is_seq

_ID = re.compile(r"(?<![\w./-])(?=[\w.]*[-_])[a-z][a-z0-9]*(?:\.\d+)?(?:[-_.][a-z0-9]+)+(?![\w/-])")
_GIVEN = re.compile(r"[\"']?\bmodel[\"']?\s*[:=]\s*[\"'](?P<id>[a-z][\w.-]+)[\"']|--model[ =](?P<option>[a-z][\w.-]+)")
_TOLD = re.compile(
    r"(?:model (?:name|id)|模型名称?)[^.。:]{0,30}[.:。]?\s*(?:set to|value:|must be|固定为|设置为)"
    r"\s*[\"']?(?P<id>[a-z][\w.-]+)",
    re.IGNORECASE,
)
_SET = re.compile(r"(?:set (?:it |this )?to|value:|must be|only:?|固定为|设置为|取值为)\s*[\"']?$", re.IGNORECASE)
_ALONE = re.compile(r"[\s\"',;/、，。()]|\bor\b|\band\b|或|和|recommended|推荐|default|默认", re.IGNORECASE)
_COLUMN = re.compile(r"model|模型", re.IGNORECASE)
_STEM = re.compile(r"^[a-z]+(?=\d)|^[a-z]+[-_][a-z]+")
_SPOKEN = re.compile(r"(?<![\w.?&/{-])(?:[a-z]+(?:_[a-z]+)+(?![\w}])(?!_id)|stream(?=\s?=\s?[\"']?(?:true|false)\b))")
_SET_TO = re.compile(r"(?<![\w.?&/{-])(?P<name>[a-z]+(?:_[a-z]+)*) ?= ?[\"']?(?P<value>true|false|\d+)\b")
_BODY = re.compile(r"\{\s*\"model\"\s*:", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Names:
    """What a page calls things."""

    models: tuple[str, ...]
    """Those that it describes, in its order."""
    lexicon: Lexicon
    """The provider's, with the names of the page."""
    types: Mapping[str, str]
    """Parameters that samples send, with the JSON type of what they send."""
    sure: frozenset[str]
    """Those of `models` that stand where nothing but the id of a model of the page does."""
    samples: tuple[tuple[int, Mapping[str, Any]], ...]
    """The request bodies that the page shows, with the line of the code."""


def names(blocks: Sequence[Block], page: Page, lexicon: Lexicon) -> Names:
    """The names on a page, whose statements were read with no more than the provider's `lexicon`."""
    samples = tuple(_samples(blocks))
    seeds = _seeds(blocks, page, lexicon)
    stems = {found[0] for model in seeds if (found := _STEM.match(model))}
    pattern = replace(lexicon, stems=tuple(sorted(stems))).model_pattern()
    models = [*seeds, *(model for model in _described(blocks, pattern) if model not in seeds)]
    sure = frozenset(models)
    models += [id_ for id_ in dict.fromkeys(_introduced(blocks, pattern, models)) if id_ not in models]
    models += [
        id_ for id_ in dict.fromkeys(_told_of(blocks, pattern)) if id_ not in models and _one_of(id_, models, blocks)
    ]
    types = dict(_valued(page)) | {name: json_type(value) for _, body in samples for name, value in _sent(body)}
    types = {name: type_ for name, type_ in types.items() if name not in lexicon.structure}
    found = [*_defined(page, lexicon), *_headed(blocks, lexicon), *types, *_mentioned(page)]
    found = [name for name in dict.fromkeys(found) if name not in {*_placed(page), *models}]
    found = [name for name in found if not _stuck(name, {*found, *lexicon.parameters})]
    return Names(
        tuple(models),
        replace(
            lexicon,
            parameters=lexicon.parameters | frozenset(found),
            words=tuple(sorted({*lexicon.words, *_spoken(found, lexicon)}, key=lambda pair: -len(pair[0]))),
            models=frozenset([*models, *_told_of(blocks, pattern)]),
            stems=tuple(sorted(stems)),
        ),
        types,
        sure,
        samples,
    )


def json_type(value: object) -> str:
    """What JSON Schema calls the type of a value; empty for null and for decimals."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case str():
            return "string"
        case _:
            return "array" if is_seq(value) else "object" if is_map(value) else ""


# ── Models ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _seeds(blocks: Sequence[Block], page: Page, lexicon: Lexicon) -> list[str]:
    """Ids at places where nothing but the id of a model stands."""
    found: dict[str, None] = {}
    for block in blocks:
        for head, cell in zip(block.head, block.cells, strict=False):
            if _COLUMN.search(head):
                found |= dict.fromkeys(_ID.findall(normal(cell)))
        text = normal(block.text)
        found |= dict.fromkeys(told["id"].rstrip(".") for told in _TOLD.finditer(text))
        if block.sort == "heading":
            alone = not _ALONE.sub("", _ID.sub("", text))
            found |= dict.fromkeys(each for each in _ID.findall(text) if alone or _telling(each))
        for given in _GIVEN.finditer(block.text):
            found[given["id"] or given["option"]] = None
    for statement in page.statements:
        if statement.subject == "model" and statement.zone not in {"response", "errors"}:
            ids = _ID.findall(statement.text)
            alone = not _ALONE.sub("", _ID.sub("", statement.text))
            found |= dict.fromkeys(
                ids if alone else [each for each in ids if _SET.search(statement.text.partition(each)[0])]
            )
    known = lexicon.parameters | lexicon.structure
    return [model for model in found if model not in known and not model.endswith(("-model", "-name"))]


def _telling(id_: str) -> bool:
    """Whether it can be nothing but a model's id: no words with a hyphen between."""
    return bool(re.search(r"\d", id_)) or (id_.count("-") > 1 and "-to-" not in id_)


def _introduced(blocks: Iterable[Block], pattern: re.Pattern[str], models: Sequence[str]) -> Iterator[str]:
    """Siblings of the models that a page is known to describe, in the text before its first entry."""
    stems = {base for model in models if "-" in (base := re.sub(r"[-_][a-z0-9.]+$", "", model)) or "_" in base}
    for block in blocks:
        text = normal(block.text)
        if block.sort == "row" or DEFINITION.match(text):
            return
        for found in pattern.finditer(text) if block.sort in {"text", "item"} else ():
            id_ = found[0].rstrip(".-_")
            if any(id_ == stem or id_.startswith(f"{stem}-") for stem in stems):
                yield id_


def _described(blocks: Iterable[Block], pattern: re.Pattern[str]) -> Iterator[str]:
    """Ids that a heading names, or a line that holds little else."""
    for block in blocks:
        text = normal(block.cells[0] if block.cells else block.text)
        found = [each[0].rstrip(".-_") for each in pattern.finditer(text)]
        rest = pattern.sub("", text)
        if found and block.sort != "code" and (block.sort == "heading" or len(_ALONE.sub("", rest)) <= 2):
            yield from (model for model in dict.fromkeys(found) if "-" in model or "_" in model)


def _told_of(blocks: Iterable[Block], pattern: re.Pattern[str]) -> Iterator[str]:
    """Ids that the text names in passing: what it says of them holds for them alone."""
    for block in blocks:
        text = normal(block.text)
        for found in pattern.finditer(text) if block.sort != "code" else ():
            id_ = found[0].rstrip(".-_")
            if re.search(r"[-_].*[-_]|\d.*[-_]", id_) and not re.match(r"\s*(?:series|系列|/)", text[found.end() :]):
                yield id_


def _one_of(id_: str, models: Sequence[str], blocks: Iterable[Block]) -> bool:
    """Whether a page that names a model in passing describes it, too: as a snapshot, or for a rule of its own."""
    ours = any(re.fullmatch(rf"{re.escape(model)}-20\d\d-\d\d-\d\d", id_) for model in models)
    return ours or any(re.search(rf"(?<![\w.-]){re.escape(id_)}: ?\d", normal(block.text)) for block in blocks)


# ── Parameters ────────────────────────────────────────────────────────────────────────────────────────────────────


def _defined(page: Page, lexicon: Lexicon) -> Iterator[str]:
    """Names that an entry of a request is about."""
    for statement in page.statements:
        name = lexicon.fields.get(statement.defines, statement.defines)
        plain = re.fullmatch(r"[a-z][a-z0-9_]*", name) and name not in lexicon.structure | lexicon.others
        if name and plain and statement.zone not in {"response", "errors"} and name != "authorization":
            yield name


def _headed(blocks: Sequence[Block], lexicon: Lexicon) -> Iterator[str]:
    """Headings that are a name, with its type on the line below."""
    for block, below in pairwise(blocks):
        name = normal(block.text).strip(":# ")
        typed = DEFINITION.match(f"{name} {normal(below.text)}")
        own = name not in lexicon.structure | lexicon.fields.keys() and re.fullmatch(r"[a-z][a-z0-9_]*", name)
        if block.sort == "heading" and own and typed and typed["name"] == name:
            yield name


def _stuck(name: str, names: Iterable[str]) -> bool:
    """Whether a word is a name to which others stuck as the page was saved."""
    return any(
        other != name
        and "_" in other
        and (name.startswith(other) or name.endswith(other))
        and len(name) - len(other) > 1
        and name.count("_") == other.count("_")
        for other in names
    )


def _placed(page: Page) -> set[str]:
    """Names that stand in a path are no parameters of a body."""
    paths = [a.value for s in page.statements for a in s.atoms if a.type == "path"]
    return {name for path in paths for name in re.findall(r"\{(\w+)\}", path)}


def _mentioned(page: Page) -> Iterator[str]:
    """Names that the prose on requests uses."""
    for statement in page.statements:
        if not statement.sample and statement.zone not in {"response", "errors"}:
            yield from (name for name in _SPOKEN.findall(statement.text) if not name.endswith("_id"))


def _valued(page: Page) -> Iterator[tuple[str, str]]:
    """What the prose sets a name to: `enable_x=true`."""
    for statement in page.statements:
        for found in _SET_TO.finditer("" if statement.sample else statement.text):
            yield found["name"], "integer" if found["value"].isdigit() else "boolean"


def _spoken(names: Iterable[str], lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """The words in a name, as a text would say them: `max_images` is the maximum number of images."""
    for name in names:
        if name in lexicon.parameters or "_" not in name:
            continue
        yield name.replace("_", " "), name
        if name.startswith("max_"):
            yield f"maximum number of {name[4:].replace('_', ' ')}", name


# ── Samples ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _samples(blocks: Iterable[Block]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The JSON bodies with a `model` in code."""
    decoder = json.JSONDecoder()
    for block in blocks:
        for found in _BODY.finditer(block.text) if block.sort == "code" else ():
            try:
                body, _ = decoder.raw_decode(block.text, found.start())
            except ValueError:
                continue
            if is_map(body):
                yield block.line, body


def sent(body: Mapping[str, Any]) -> list[str]:
    """The names of the parameters in a body."""
    return [name for name, _ in _sent(body)]


def _sent(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The parameters in a body: all keys that hold no more structure."""
    for key, value in body.items():
        if key in {"input", "parameters", "params"} and is_map(value):
            yield from _sent(value)
        elif key in {"input"} and is_seq(value):
            yield from (each for part in value if is_map(part) for each in _sent(part))
        elif key not in {"model", "messages"}:
            yield key, value
