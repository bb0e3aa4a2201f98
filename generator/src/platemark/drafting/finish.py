"""What follows from what a page says: which modes take pictures, what a list of sizes is, which defaults can be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from platemark.drafting.settle import Settled, Sheet
from platemark.rules import values
from platemark.spec.todos import TODO

_Slots = Mapping[str, Settled]
_TOKEN = re.compile(r"\d+K")


def finished(sheet: Sheet, aliases: Mapping[str, str]) -> Sheet:
    """The sheet without what can't hold beside the rest of it. What a name means (`aliases`) is as the name is, in all
    of which the page says nothing of its own."""
    sheet = replace(sheet, cells={**_meant(sheet, aliases), **sheet.cells})
    cells: dict[tuple[str, str, str, str], Settled] = {}
    for model in sheet.models:
        for mode in sheet.modes[model]:
            for parameter, slots in _slots(sheet, model, mode).items():
                for slot, settled in _kept(parameter, slots, mode, sheet, model).items():
                    cells[model, mode, parameter, slot] = settled
    return replace(sheet, cells=cells)


def _meant(sheet: Sheet, aliases: Mapping[str, str]) -> dict[tuple[str, str, str, str], Settled]:
    return {
        (aliases[model], mode, parameter, slot): settled
        for (model, mode, parameter, slot), settled in sheet.cells.items()
        if model in aliases
        and mode in sheet.modes.get(aliases[model], ())
        and (aliases[model], parameter) not in sheet.unsupported
    }


def _slots(sheet: Sheet, model: str, mode: str) -> dict[str, dict[str, Settled]]:
    found: dict[str, dict[str, Settled]] = {}
    for (m, o, parameter, slot), settled in sheet.cells.items():
        if (m, o) == (model, mode):
            found.setdefault(parameter, {})[slot] = settled
    return found


def _kept(parameter: str, slots: _Slots, mode: str, sheet: Sheet, model: str) -> _Slots:
    kept = dict(slots)
    if parameter == "images" and mode == "text_to_image":
        return {}
    if "same_length" in kept and mode == "text_to_image":  # as long as a list of which there is nothing
        return {}
    if parameter == "images" and "count" in kept:
        kept["count"] = _counted(kept["count"], kept.get("required"), mode, sheet.modes[model])
    if "values" in kept and kept["values"].kind == "fixed":
        kept.pop("default", None)  # what is fixed is its own default
    if parameter == "size":
        kept = _sized(kept, sheet, model, mode)
    return kept


def _counted(count: Settled, required: Settled | None, mode: str, modes: Sequence[str]) -> Settled:
    """How many pictures: where a mode is chosen by there being any, at least one."""
    low, high = str(count.value).split("..") if ".." in str(count.value) else ("", "")
    chosen = mode == "edit" and ("text_to_image" in modes or modes == ("edit",))
    needed = chosen or bool(required and required.value)
    if not high or (low and not (chosen and low == "0")):
        return count
    return replace(count, value=f"{1 if needed else 0}..{high}")


# ── Sizes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sized(slots: dict[str, Settled], sheet: Sheet, model: str, mode: str) -> dict[str, Settled]:
    kept = dict(slots)
    default, words = kept.get("default"), kept.get("tokens")
    elsewhere = [s for (m, _, p, slot), s in sheet.cells.items() if (m, p, slot) == (model, "size", "tokens")]
    if (
        default
        and _TOKEN.fullmatch(str(default.value))
        and elsewhere
        and (not words or default.value not in words.value)
    ):
        kept.pop("default")  # the default of a mode that knows the word
    listed, choice = kept.pop("listed", None), kept.pop("choice", None)
    if listed and listed.value == TODO:
        return {"recommended": replace(listed, kind="recommended"), **kept}
    if listed and choice and "values" not in kept:
        kept["values"], listed = replace(listed, kind="one_of"), None
    if listed and not ({"values", "recommended"} & kept.keys()) and _its_own(listed.value, kept):
        free = {"area", "side"} & kept.keys()
        kept |= _recommended(listed, kept) if free else {"values": _either(listed)}
    elif "recommended" in kept and kept["recommended"].value != TODO:
        said = kept.pop("recommended")
        told = _recommended(said, kept)
        kept |= told if _its_own(said.value, kept) or "exceptions" not in told else {}
    return kept


def _either(listed: Settled) -> Settled:
    """Sizes of which nothing tells whether there are others."""
    reading = f"one of, or recommended: {', '.join(listed.value)} (line {listed.lines[0]})"
    return replace(listed, kind="one_of", value=TODO, readings=(reading,))


def _its_own(sizes: Sequence[str], slots: _Slots) -> bool:
    """Whether a list can be of the sizes of a model: one that lacks the default is another model's."""
    default = slots["default"].value if "default" in slots else None
    return not (isinstance(default, str) and "*" in default) or default in sizes


def _recommended(listed: Settled, slots: _Slots) -> dict[str, Settled]:
    """Sizes that keep the limits, and those that a page recommends against them."""
    limits = {
        kind: slots[kind].value for kind in ("area", "side", "ratio") if kind in slots and slots[kind].value != TODO
    }
    good = [size for size in listed.value if _keeps(size, limits)]
    bad = [size for size in listed.value if size not in good]
    found = {"recommended": replace(listed, kind="recommended", value=good)} if good else {}
    return found | ({"exceptions": replace(listed, kind="exceptions", value=bad)} if bad else {})


def _keeps(size: str, limits: Mapping[str, Any]) -> bool:
    width, height = (int(side) for side in size.split("*"))
    for kind, value in limits.items():
        if kind == "ratio":
            (a, b), (c, d) = values.ratio(str(value))
            if not a * height <= width * b or not width * d <= c * height:
                return False
            continue
        low, high = values.area(str(value)) if kind == "area" else values.span(str(value))
        for measure in (width * height,) if kind == "area" else (width, height):
            if (low is not None and measure < low) or (high is not None and measure > high):
                return False
    return True
