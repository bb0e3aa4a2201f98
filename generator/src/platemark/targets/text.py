"""What all targets share: JSON as text, and templates in which nothing is quoted by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from platemark.version import GENERATED_BY


def as_json(data: Mapping[str, Any], key: str = "generated_by") -> str:
    """A JSON file that says that it is generated; `key` is where a format has a place of its own for that."""
    return json.dumps({key: GENERATED_BY, **data}, ensure_ascii=False, indent=1) + "\n"


@cache
def environment(target: str) -> Environment:
    """The templates of a target. An unknown name is an error; texts of specs pass a literal filter of the target."""
    return Environment(
        loader=PackageLoader(f"platemark.targets.{target}"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # each target has a literal filter of its own; HTML is not emitted
    )


def render(target: str, template: str, filters: Mapping[str, Callable[..., str]], **values: Any) -> str:
    """A template of a target with its literal filters."""
    made: Any = environment(target)
    made.filters.update(filters)
    return made.get_template(template).render(**values)
