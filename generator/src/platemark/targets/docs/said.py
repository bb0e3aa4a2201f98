"""Facts in words: plain text, which the templates' filters make inert."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from platemark import ir
from platemark.ir import Conflict, Evidence, Offer, Parameter, Rule
from platemark.plain import is_seq
from platemark.rules import values
from platemark.rules.expr import Is, nodes
from platemark.rules.sentences import NOUNS

VERDICTS: Mapping[str, str] = {"reject": "rejected", "adjust": "adjusted", "note": "noted", "accept": "accepted"}
MEANINGS: Mapping[str, str] = {
    "waiting": "go on polling", "done": "the pictures are in the answer", "failed": "it failed",
    "canceled": "it was canceled", "lost": "no such task: stop",
}  # fmt: skip
CLAUSES: Mapping[str, str] = {
    "error": "a source shows the service's own error",
    "newest": "the newest vendor reference of the model states it",
    "silence": "the newest vendor reference is silent, and an older one allows it",
    "third-party": "no vendor source speaks, a third party does",
    "compatible": "both readings can be true",
    "unresolved": "nothing decides yet",
}
STATUSES: Mapping[str, str] = {
    "agreed": "several documents that we hold say so", "stated": "one document that we hold says so",
    "external": "only documents that we do not hold say so", "conflict": "sources disagree, and a clause decided",
    "unresolved": "sources disagree, and nothing decided yet",
}  # fmt: skip


def broken(rule: Rule) -> str:
    """What becomes of a request that breaks a rule."""
    verdict = VERDICTS[rule.verdict]
    if not rule.judged:
        return f"{verdict}, by the service alone: a request does not show it"
    told = rule.holds is not None and any(part == Is("@", "picture") for part in nodes(rule.holds))
    return f"{verdict}; in a request, it shows in data URIs only" if told else verdict


def sources(evidence: Evidence, documents: ir.Ir) -> str:
    """Who says so: document, date and place."""
    found = (f"{s.document} ({documents.document(s.document).date}; {s.place})" for s in evidence.sources)
    return ", ".join(found)


def default(parameter: Parameter) -> str:
    """What the service does when the parameter is left out."""
    if isinstance(parameter.default, Mapping):
        return follows(cast("Mapping[str, Any]", parameter.default))
    if parameter.default is None:
        return "none stated" if not parameter.required else "–"
    return plain(parameter.default) + (" (the client always states it)" if parameter.sent else "")


def follows(value: Mapping[str, Any]) -> str:
    """A size that follows the last input picture."""
    area = str(value["area"])
    about = f"at most {area.removeprefix('..')}" if area.startswith("..") else f"about {area}"
    alone = f"; without pictures {value['no_image']}" if "no_image" in value else ""
    return f"the ratio of the last picture, {about} in area{alone}"


def plain(value: Any) -> str:
    """A value as JSON, texts bare; a list of plain values with commas."""
    if is_seq(value) and all(isinstance(part, str | int) for part in value):
        return ", ".join(plain(part) for part in value)
    return value if isinstance(value, str) else json.dumps(ir.to_json(value), ensure_ascii=False)


def reading(says: Any) -> str:
    """What a losing document says."""
    if isinstance(says, Mapping):
        return ", ".join(f"{key} {plain(value)}" for key, value in cast("Mapping[str, Any]", says).items())
    return plain(says)


def conditions(when: Mapping[str, Any]) -> str:
    """The values by which a mode, a price or a limit is chosen."""
    return " and ".join(_condition(name, value) for name, value in when.items())


def _condition(name: str, value: Any) -> str:
    if not isinstance(value, list):
        return f"{name} = {plain(value)}"
    low, high = cast("list[int | None]", value)
    if high == 0:
        return f"no {name}"
    return f"{low} or more {name}" if high is None else f"{low or 0} to {high} {name}"


def makes(offer: Offer, parameter: Parameter | None) -> str:
    """How many pictures come back, each of which is billed, and what happens when nobody says how many."""
    at_most = offer.makes.startswith("..")
    name = offer.makes.removeprefix("..")
    if name.isdigit():
        return f"{'at most ' if at_most else ''}{name}"
    unsaid = "" if parameter is None or parameter.default is None else f"; left out: {plain(parameter.default)}"
    return f"{'at most ' if at_most else ''}{name}{unsaid}"


def span(parameter: Parameter | None, kind: str) -> str:
    """How many: `1 to 4`, or the one value that is allowed; nothing where the parameter does not exist."""
    if parameter is None:
        return "–"
    if "fixed" in parameter.facets:
        return plain(parameter.facets["fixed"])
    if kind not in parameter.facets:
        return "any"
    low, high = values.span(parameter.facets[kind])
    return f"{low or 0}" if low == high else f"{low or 0} to {high}" if high is not None else f"{low} or more"


def limits(rules: Iterable[Rule]) -> str:
    """The limits of a parameter, in the kinds' sentences; those of its parts with the part's name in front."""
    found: list[str] = []
    for rule in rules:
        if rule.structure or (rule.kind in {"type", "required"} and rule.id.count(".") == 1):
            continue
        part = rule.id.removeprefix(f"{rule.parameter}.").rpartition(".")[0].removeprefix("soft").strip(".")
        noted = " (noted)" if rule.verdict == "note" and not rule.sentence.startswith("recommended") else ""
        found.append(f"{_part(part)}{rule.sentence}{noted}")
    return "; ".join(dict.fromkeys(found)) or "–"


def _part(path: str) -> str:
    """`items.hex` is the `hex` of each item."""
    inner = path.removeprefix("items").removeprefix(".")
    return "" if not path else f"each item: {inner}{' ' if inner else ''}" if path.startswith("items") else f"{inner} "


def type_of(parameter: Parameter) -> str:
    return NOUNS[parameter.type] + (" or a word" if "tokens" in parameter.facets else "")


def outcome(conflict: Conflict) -> str:
    """What becomes of a request that only a losing reading allows."""
    if conflict.clause == "compatible":
        return "both are honoured"
    return f"what only a losing reading allows is {VERDICTS[conflict.verdict]}"


def items(skeleton: Any, path: str = "") -> list[str]:
    """Where the pictures, and the texts between them, stand in an answer."""
    if skeleton == "$item":
        return [path]
    if isinstance(skeleton, list):
        found: list[str] = []
        for part in cast("list[Any]", skeleton):
            repeated = isinstance(part, dict) and "$each" in part
            found += items(part, f"{path}[{'*' if repeated else 0}]")
        return found
    if isinstance(skeleton, dict):
        parts = cast("dict[str, Any]", skeleton).items()
        return [place for key, part in parts for place in items(part, f"{path}.{key}" if path else key)]
    return []
