"""The nearest value that would keep a broken rule, for messages: never sent in its place.

Emitted clients carry this file as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from platemark_images._runtime.ir import Rule
from platemark_images._runtime import leaves, sizes


def limits(rules: Iterable[Rule], of: str = "size") -> sizes.Limits:
    """All that limits an explicit size in one offer, or the sides of its pictures."""
    found = {rule.kind: rule.args for rule in rules if rule.id == f"{of}.{rule.kind}" and rule.verdict == "reject"}
    area, side, ratio = found.get("area"), found.get("side"), found.get("ratio")
    among = found.get("one_of") or found.get("fixed")
    return sizes.Limits(
        (area["low"] or 1, area["high"] or 10**12) if area else None,
        (side["low"] or 1, side["high"] or 10**6) if side else None,
        ((ratio["low"][0], ratio["low"][1]), (ratio["high"][0], ratio["high"][1])) if ratio else None,
        tuple(leaves.sides(size) for size in among["among"]) if among else (),
    )


def nearest(rule: Rule, rules: Iterable[Rule], value: Any) -> Any:
    """The nearest valid value, or None where there is none or it can't be told."""
    args = rule.args
    if rule.parameter == "size" and rule.kind in {"area", "side", "ratio", "one_of", "type"}:
        return _nearest_size(limits(rules), value)
    match rule.kind:
        case "range":
            return min(max(leaves.integer(value), args["low"] or 0), _top(args["high"]))
        case "fixed" | "one_of" | "tokens":
            return args["among"][0] if len(args["among"]) == 1 else list(args["among"])
        case "count" if rule.id.count(".") == 1:
            return min(max(leaves.count(value), args["low"] or 0), _top(args["high"]))
        case "length":
            return args["high"]
        case "rounds":
            width, height = (sizes.rounded(side, args["step"]) for side in leaves.sides(value))
            return sizes.written((width, height))
        case _:
            return None


def _top(high: int | None) -> int:
    return 2**63 if high is None else high


def _nearest_size(allowed: sizes.Limits, value: Any) -> str | None:
    """`1024x1024`, `1024 × 1024` and `1024*1024` mean the same to a person."""
    text = str(value).lower().replace("×", "*").replace("x", "*").replace(" ", "")
    pair = leaves.sides(text)
    found = sizes.nearest(pair, allowed) if pair[0] else None
    return sizes.written(found) if found else None
