"""Commands that ask no service: which models there are, and what a request would cost."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from platemark_images._options import MODES, PROVIDERS
from platemark_images._runtime.cli import showing
from platemark_images._runtime.cli.asking import Command, request, values
from platemark_images._runtime.cli.connecting import client, form, provider, provider_of
from platemark_images._runtime.cli.options import merged, of
from platemark_images._runtime.cli.voice import Voice, pairs, table

if TYPE_CHECKING:
    from platemark_images._runtime.catalog import ModelInfo, Models
    from platemark_images._runtime.prepare import Prepared


def models() -> click.Command:
    """`models`."""
    return click.Command("models", params=[
        click.Argument(["wanted"], nargs=-1, metavar="[MODEL | NAME=VALUE | NAME]...",
                       help="A model, for all that is known of it. With --supporting: values that one request must be able "
                            "to have, names that must be there, and mode= and route=."),
        click.Option(["--supporting"], is_flag=True,
                     help="Only models that can do all of it: --supporting images=3 n=6 negative_prompt"),
        click.Option(["--provider"], type=click.Choice(list(PROVIDERS)), help="Only this service's."),
        *form(),
    ], callback=_models, help="The models, their modes and routes, and which of them can do what is wanted.")  # fmt: skip


def estimate() -> click.Command:
    """`estimate`."""
    made = Command("estimate", params=[
        click.Option(["--mode"], type=click.Choice([mode.name for mode in MODES]), help="[what the values choose]"),
        click.Option(["--route"], type=click.Choice(["sync", "stream", "task"]), help="[the first that the mode has]"),
        *request(None),
    ], callback=_estimate, short_help="How many pictures a request makes, and what it may cost.",
        help="How many pictures a request makes, and what it may cost. Nothing is sent, and neither key nor region is "
             "needed: without a region the highest price of all counts.")  # fmt: skip
    return made


def _models(wanted: tuple[str, ...], supporting: bool, **given: Any) -> int:
    voice: Voice = click.get_current_context().obj
    chosen = [given["provider"]] if given["provider"] else list(PROVIDERS)
    if supporting:
        return _supporting(voice, chosen, wanted)
    if len(wanted) > 1 or any("=" in each for each in wanted):
        raise click.UsageError("one model at a time; what models must be able to do follows --supporting")
    if wanted:
        name = provider_of({"model": wanted[0], "provider": given["provider"]})
        return _one(voice, name, _catalogue(name).get(wanted[0]))
    found = [(name, info) for name in chosen for info in _catalogue(name)]
    rows = [(info.id, name, mode, " ".join(routes)) for name, info in found for mode, routes in info.modes.items()]
    data = {"models": [_known(name, info) for name, info in found]}
    voice.say(data, table(voice, ("model", "service", "mode", "routes"), rows))
    return 0


def _one(voice: Voice, name: str, info: ModelInfo) -> int:
    """All that is known of a model."""
    flags = {
        mode.name: [(flag.flag, " ".join([flag.purpose(info.id), *(text for text, _ in of(flag.limits, info.id))]))
                    for flag in mode.flags if info.id in flag.models]
        for mode in MODES if info.id in mode.models
    }  # fmt: skip
    prices = [("price", f"{row['amount']} {row['currency']} in {row['region']}{_when(row)}") for row in info.prices]
    limits = [("limit", ", ".join(f"{key} {value}" for key, value in row.items())) for row in info.limits]
    rows = [("model", info.id), ("service", name), ("family", info.family), *prices, *limits,
            ("regions", ", ".join(f"{region} ({route})" for region, route in info.regions.items()))]  # fmt: skip
    parts = [pairs(rows)]
    for mode, parameters in flags.items():
        head = voice.heading(f"{mode} by {' or '.join(info.modes[mode])}")
        parts.append(f"{head}\n{pairs((f'--{flag}', about) for flag, about in parameters)}")
    data = {**_known(name, info), "parameters": {mode: dict(found) for mode, found in flags.items()}}
    voice.say(data, "\n\n".join(parts))
    return 0


def _supporting(voice: Voice, chosen: list[str], wanted: tuple[str, ...]) -> int:
    asked = dict(_wanted(each) for each in wanted)
    if not asked:
        raise click.UsageError(
            "--supporting needs what models must be able to do, such as images=3 n=6 negative_prompt"
        )
    found, problems = list[tuple[str, Any]](), list[Exception]()
    from platemark_images._runtime.errors import ConfigurationError

    for name in chosen:
        try:
            found += [(name, ability) for ability in _catalogue(name).supporting(**asked)]
        except ConfigurationError as error:  # a parameter that no model of this service has
            problems.append(error)
    if len(problems) == len(chosen):
        raise problems[0]
    rows = [(each.model, name, each.mode, " ".join(each.routes)) for name, each in found]
    data = {
        "asked": asked,
        "models": [{"model": m, "provider": p, "mode": mode, "routes": routes.split()} for m, p, mode, routes in rows],
    }
    voice.say(data, table(voice, ("model", "service", "mode", "routes"), rows) or "no model can do all of that")
    return 0


def _estimate(**given: Any) -> int:
    voice: Voice = click.get_current_context().obj
    ready = _prepared(voice, given, values(given, merged(MODES)))
    rows = [("model", f"{ready.model}, {ready.mode} by {ready.route}"), ("estimate", ready.estimate),
            ("region", ready.estimate.region or "none: the highest price of all regions"),
            *(("note", told) for told in ready.told)]  # fmt: skip
    voice.say(showing.about(ready), pairs(rows))
    return 0


def _prepared(voice: Voice, given: Mapping[str, Any], asked: Mapping[str, object]) -> Prepared[Any]:
    """The request; without a region or an address, by the prices of all regions."""
    place = provider(provider_of(given))
    named = [name for each in ("region", "base_url") for name in place.environment.get(each, ())]
    anywhere = not (given["region"] or given["base_url"] or any(map(os.environ.get, named)))
    if anywhere:
        given = {**given, "base_url": f"https://{place.regions[0].host or 'localhost'}{place.base_path}"}
    with client(voice, given) as used:
        if anywhere:  # the address only fills the place of one
            used.context = replace(used.context, service=replace(used.service, region=""))
        return used.prepared(given["model"], asked, given["mode"], given["route"], given["envelope"], given["family"])


def _catalogue(name: str) -> Models:
    from platemark_images._runtime.catalog import Models

    return Models(provider(name))


def _known(name: str, info: ModelInfo) -> dict[str, Any]:
    return {
        "model": info.id, "provider": name, "family": info.family,
        "modes": {mode: list(routes) for mode, routes in info.modes.items()},
        "prices": [dict(row) for row in info.prices], "limits": [dict(row) for row in info.limits],
        "regions": dict(info.regions),
    }  # fmt: skip


def _wanted(text: str) -> tuple[str, Any]:
    """`n=6` as the number, `size=2K` as the text, and `negative_prompt` as something that must be there."""
    name, sign, value = text.partition("=")
    try:
        return name.replace("-", "_"), json.loads(value) if sign else True
    except ValueError:
        return name.replace("-", "_"), value


def _when(row: Mapping[str, Any]) -> str:
    held: Mapping[str, Any] = row.get("when") or {}
    return f" ({', '.join(f'{name}={value}' for name, value in held.items())})" if held else ""
