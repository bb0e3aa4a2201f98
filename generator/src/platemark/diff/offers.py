"""Modes and routes of a model, and what an offer that stays says besides its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from platemark.diff.changes import Fact, Found, Impact, Spot, Word, found, resourced, reworded
from platemark.diff.parameters import parameters
from platemark.diff.sides import Side
from platemark.diff.skeletons import moved

_Sides = Mapping[tuple[str, str], Side]
"""By mode and route."""


def offers(spot: Spot, old: _Sides, new: _Sides) -> Iterator[Found]:
    """Every change of a model's modes, routes and offers."""
    modes = [list(dict.fromkeys(mode for mode, _ in sides)) for sides in (old, new)]
    for mode in dict.fromkeys([*modes[0], *modes[1]]):
        at = Spot(spot.provider, spot.model, mode)
        if mode not in modes[1]:
            yield found(Fact(at, "mode", "mode"), "removed", "breaking", (mode, None), f"`{mode}` is gone")
        elif mode not in modes[0]:
            about = next(side.offer.about for (name, _), side in new.items() if name == mode)
            yield found(Fact(at, "mode", "mode"), "added", "compatible", (None, mode), f"`{mode}` is new: {about}")
        else:
            yield from _routes(_by_route(old, mode), _by_route(new, mode))


def _by_route(sides: _Sides, mode: str) -> dict[str, Side]:
    return {route: side for (name, route), side in sides.items() if name == mode}


def _routes(old: Mapping[str, Side], new: Mapping[str, Side]) -> Iterator[Found]:
    for route in dict.fromkeys([*old, *new]):
        if route not in new:
            said, told, side = (_path(old[route]), None), f"requests go by `{route}` no more", old[route]
            yield found(Fact(side.spot, "route", "route"), "removed", "breaking", said, told, side.offer.evidence)
        elif route not in old:
            said, told, side = (None, _path(new[route])), f"requests may go by `{route}`, too", new[route]
            yield found(Fact(side.spot, "route", "route"), "added", "compatible", said, told, side.offer.evidence)
        else:
            yield from parameters(old[route], new[route])
            yield from _offer(old[route], new[route])


def _path(side: Side) -> str:
    return f"{side.provider.base_path}{side.provider.endpoint(side.offer.endpoint).path}"


def _offer(old: Side, new: Side) -> Iterator[Found]:
    spot, was, now, evidence = new.spot, old.offer, new.offer, new.offer.evidence
    if (said := (_path(old), _path(new)))[0] != said[1]:
        told = f"requests go to {said[1]}; before: {said[0]}"
        yield found(Fact(spot, "route", "route"), "route changed", "breaking", said, told, evidence)
    else:
        yield from resourced(Fact(spot, "route", "route"), was.evidence, evidence)
    if was.makes != now.makes:
        told = f"it makes, and bills, {_made(now.makes)}; before: {_made(was.makes)}"
        yield found(Fact(spot, "makes", "makes"), "changed", "breaking", (was.makes, now.makes), told)
    if was.when != now.when:
        told = "other requests are of this mode than before"
        yield found(Fact(spot, "when", "mode"), "changed", "breaking", (dict(was.when), dict(now.when)), told)
    yield from _styles(old, new)
    yield from moved(Fact(spot, "result", "result"), old.provider.results[was.result], new.provider.results[now.result])
    yield from reworded(Fact(spot, "mode.about", "about"), was.about, now.about, "the mode is described otherwise")
    yield from reworded(Fact(spot, "mode.note", "note"), was.note, now.note, "the note on the mode says something else")


def _styles(old: Side, new: Side) -> Iterator[Found]:
    """Styles of the body that the endpoint takes, by what they are and not by their names."""
    before, after = list(old.skeletons.values()), list(new.skeletons.values())
    if before == after or len(before) == len(after) == 1:
        return  # what another style asks of a body is told rule by rule
    gone = any(style not in after for style in before)
    word: Word = "changed" if gone and len(before) <= len(after) else "tightened" if gone else "loosened"
    told = f"a body is written as {', '.join(new.skeletons)}; before: {', '.join(old.skeletons)}"
    impact: Impact = "breaking" if gone else "compatible"
    yield found(Fact(new.spot, "payload", "payload"), word, impact, ([*old.skeletons], [*new.skeletons]), told)


def _made(makes: str) -> str:
    at_most = "at most " if makes.startswith("..") else ""
    name = makes.removeprefix("..")
    return f"{at_most}{name if name.isdecimal() else f'`{name}`'} pictures"
