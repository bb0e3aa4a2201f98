"""Answers, as their skeletons have them: what stands at another place, or nowhere, for who reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from platemark import ir
from platemark.diff.changes import Fact, Found, found
from platemark.plain import is_map, is_seq
from platemark.wire.skeletons import EACH


def moved(answer: Fact, old: ir.Json, new: ir.Json) -> Iterator[Found]:
    """What an answer holds no more, or holds otherwise, breaks who reads it; what it holds besides does not."""
    before, after = flat(old), flat(new)
    for path in dict.fromkeys([*before, *after]):
        one, other = before.get(path), after.get(path)
        fact = replace(answer, rule=f"{answer.rule}.{path}")
        if other is None:
            yield found(fact, "removed", "breaking", (one, None), f"answers hold `{path}` no more")
        elif one is None:
            yield found(fact, "added", "compatible", (None, other), f"answers hold `{path}`, too")
        elif one != other:
            told = f"`{path}` of answers holds `{other}`; before: `{one}`"
            yield found(fact, "changed", "breaking", (one, other), told)


def flat(skeleton: ir.Json, path: str = "") -> Mapping[str, ir.Json]:
    """What stands where, by dotted path; the element of a list that is repeated is called after what it repeats."""
    if is_map(skeleton):
        parts = {f"{path}.{key}".removeprefix("."): part for key, part in skeleton.items()}
    elif is_seq(skeleton):
        parts = {f"{path}[{_element(part, index)}]": part for index, part in enumerate(skeleton)}
    else:
        return {path: skeleton} if path else {}
    return {at: value for name, part in parts.items() for at, value in flat(part, name).items()}


def _element(part: ir.Json, index: int) -> str:
    return str(part[EACH]) if is_map(part) and EACH in part else str(index)
