"""From what holds in each model and mode to the layers of a family's file: each fact once, where it holds for most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from platemark.drafting.settle import Settled, Sheet

Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A fact in a layer: of the family (neither), a mode, a model, or a model's mode."""

    model: str
    mode: str
    parameter: str
    kind: str
    settled: Settled


def layers(sheet: Sheet, models: Sequence[str], modes: Sequence[str]) -> list[Line]:
    """Every fact of some models that share their modes."""
    found: dict[tuple[str, str], dict[Cell, Settled]] = {}
    for (model, mode, parameter, _), settled in sheet.cells.items():
        if model in models and mode in modes:
            found.setdefault((parameter, settled.kind), {})[model, mode] = settled
    if "text_to_image" in modes and len(modes) > 1:
        found |= {key: _lifted(key[1], cells, models) for key, cells in found.items() if key[0] == "images"}
    return [
        Line(model, mode, parameter, kind, settled)
        for (parameter, kind), cells in found.items()
        for (model, mode), settled in _placed(cells, models, modes)
    ]


def _lifted(kind: str, cells: Mapping[Cell, Settled], models: Sequence[str]) -> dict[Cell, Settled]:
    """Where modes are chosen by whether there are pictures, that takes them out of one, and lifts their least count."""
    found = dict(cells)
    for model in models:
        edit = cells.get((model, "edit"))
        if edit is not None:
            count = str(edit.value)
            edit = replace(edit, value=f"0..{count[3:]}") if kind == "count" and count.startswith("1..") else edit
            found |= {(model, "edit"): edit, (model, "text_to_image"): edit}
    return found


def _placed(
    cells: Mapping[Cell, Settled], models: Sequence[str], modes: Sequence[str]
) -> Iterator[tuple[Cell, Settled]]:
    """Where each value stands: as far out as the fact holds, and again where it differs."""
    everywhere = [(model, mode) for model in models for mode in modes]
    if all(cell in cells for cell in everywhere):
        yield from _split(cells, ("", ""), everywhere, models, modes)
        return
    whole_modes = [mode for mode in modes if all((model, mode) in cells for model in models)]
    if len(cells) == len(whole_modes) * len(models):
        for mode in whole_modes:
            yield from _split(cells, ("", mode), [(model, mode) for model in models], models, ())
        return
    for model in models:
        mine = [(model, mode) for mode in modes if (model, mode) in cells]
        if len(mine) == len(modes):
            yield from _split(cells, (model, ""), mine, (), modes)
        else:
            yield from ((cell, cells[cell]) for cell in mine)


def _split(
    cells: Mapping[Cell, Settled], at: Cell, over: Sequence[Cell], models: Sequence[str], modes: Sequence[str]
) -> Iterator[tuple[Cell, Settled]]:
    """The value of most at one layer; then those of whole modes, of whole models, and of a model's mode."""
    base = _most(cells, over)
    yield at, base
    others = [cell for cell in over if not _same(cells[cell], base)]
    for mode in modes if models else ():
        column = [cell for cell in over if cell[1] == mode]
        if column and all(cell in others and _same(cells[cell], cells[column[0]]) for cell in column):
            yield ("", mode), cells[column[0]]
            others = [cell for cell in others if cell not in column]
    for model in models if modes else ():
        row = [cell for cell in over if cell[0] == model]
        if all(cell in others and _same(cells[cell], cells[row[0]]) for cell in row):
            yield (model, ""), cells[row[0]]
            others = [cell for cell in others if cell not in row]
    yield from ((cell, cells[cell]) for cell in others)


def _most(cells: Mapping[Cell, Settled], over: Iterable[Cell]) -> Settled:
    counted = Counter(_value(cells[cell]) for cell in over)
    return next(cells[cell] for cell in over if _value(cells[cell]) == counted.most_common(1)[0][0])


def _same(left: Settled, right: Settled) -> bool:
    return _value(left) == _value(right)


def _value(settled: Settled) -> str:
    return repr((settled.value, settled.readings))


def merged(lines: Iterable[Line]) -> dict[Cell, dict[str, dict[str, Any]]]:
    """Layer → parameter → kind → what is settled."""
    found: dict[Cell, dict[str, dict[str, Any]]] = {}
    for line in lines:
        found.setdefault((line.model, line.mode), {}).setdefault(line.parameter, {})[line.kind] = line.settled
    return found
