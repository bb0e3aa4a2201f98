"""What a draft states, fact by fact: of which model, in which mode, with which id, on which line of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platemark.drafting.draft import Reading
from platemark.plain import is_map
from platemark.spec.todos import TODO


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact of one model, and of one mode where it belongs to one."""

    model: str
    mode: str
    key: str
    """As rules are called: `n.range`, `size.default`, `routes.task`."""
    value: Any
    """As a spec writes it; `todo` where the page can't be read, or says two things."""
    line: int
    figure: tuple[str, str] = ("", "")
    """Its type and value as a page prints it, of what is no parameter."""


def stated(found: Reading, provider: Mapping[str, Any]) -> Iterator[Stated]:
    """Every fact of a draft: of the models that it has."""
    models = found.described
    for (model, mode, parameter, _), settled in found.sheet.cells.items():
        if (
            model not in models
            or settled.kind in {"excess", "present", "choice"}
            or (parameter == "images" and settled.kind == "required")
        ):
            continue
        unread = is_map(settled.value) and TODO in settled.value.values()
        value = TODO if unread else settled.value
        yield Stated(model, mode, f"{parameter}.{settled.kind}", value, settled.lines[0])
        if settled.kind == "fixed":  # it is its own default
            yield Stated(model, mode, f"{parameter}.default", settled.value, settled.lines[0])
    for (model, parameter), (modes, line) in found.sheet.only.items():
        if model not in models:
            continue
        for mode in found.sheet.modes[model]:
            if mode not in modes:
                yield Stated(model, mode, f"{parameter}.only_in", list(modes), line)
    for (model, name), line in found.sheet.unsupported.items():
        if model not in models:
            continue
        for mode in found.sheet.modes[model]:
            yield Stated(model, mode, f"{name}.unsupported", name, line)
    for about in (each for each in found.about if each.model in models):
        match about.kind:
            case "route":
                path = str(provider["endpoints"][about.value]["path"])
                yield Stated(about.model, "", f"routes.{about.key}", about.value, about.line, ("path", path))
            case "price":
                amount, currency = about.value.split(" ")
                said = [a for a in found.about if (a.kind, a.model, a.key) == ("price", about.model, about.key)]
                if len({a.value for a in said if a.value.endswith(currency)}) > 1:  # by what, is still to be said
                    continue
                shown = f"{amount.rstrip('0').rstrip('.')} {currency}"
                yield Stated(
                    about.model, "", f"price.{about.key}.{currency}", about.value, about.line, ("money", shown)
                )
            case "alias":
                yield Stated(about.model, "", "alias", about.value, about.line, ("model", about.value))
            case _:
                yield Stated(
                    about.model, "", f"limits.{about.kind}", about.value, about.line, ("int", about.value.split("/")[0])
                )
    for model in models:
        yield Stated(model, "", "models", model, 0, ("model", model))
