"""Questions that a refusal can't answer: what a service does when a parameter is left out, and what it makes of sizes.

A default shows in how many pictures come, how large, or in which mode; the others are listed with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from platemark import ir
from platemark.conform.bases import Values
from platemark.conform.planning import Offered, brief
from platemark.conform.probes import Expect, Probe, Question
from platemark.plain import is_map
from platemark.rules import domains, leaves, sizes, specimens
from platemark.rules.judge import expected, judge
from platemark.rules.nearest import limits
from platemark.wire import skeletons

UNSEEN = "nothing in an answer shows it"
CHOSEN = "this mode is chosen by giving it"


def default_questions(offered: Offered) -> Iterator[Question]:
    """A question for every default that is not also the only value."""
    for parameter in offered.family.parameters_of(offered.offer):
        default = parameter.default
        if default is None or "fixed" in parameter.facets:
            continue
        fact, says = f"{parameter.name}.default", f"{parameter.name} left out means {_said(default)}"
        name = parameter.name
        if name == offered.bases.counted:
            yield _count(offered, parameter, fact, says)
        elif name == "size":
            yield _size(offered, parameter, fact, says)
        elif name in offered.offer.when:
            yield _mode(offered, parameter, fact, says)
        elif name == "prompt_extend" and _tells_extension(offered):
            yield _extension(offered, parameter, fact, says)
        else:
            yield offered.question(fact, says, untried=UNSEEN)


def _said(default: Any) -> str:
    return ", ".join(f"{key} {part}" for key, part in default.items()) if is_map(default) else brief(default)


def _without(values: Values, name: str) -> Values:
    return {key: value for key, value in values.items() if key != name}


def _count(offered: Offered, parameter: ir.Parameter, fact: str, says: str) -> Question:
    """As many pictures come as the default says."""
    values = _without(offered.bases.least, parameter.name)
    expect = Expect(True, pictures=leaves.integer(parameter.default))
    probe = offered.probe(f"{fact}/inside-1", "inside", f"{parameter.name} left out", values, expect)
    explicit = _given(offered, fact, parameter, values, True)
    return offered.question(fact, says, probes=(probe,), explicit=explicit)


# ── Modes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _mode(offered: Offered, parameter: ir.Parameter, fact: str, says: str) -> Question:
    """Left out, a request is served in the mode of the default: what only that mode takes, and what only others do."""
    name, chosen = parameter.name, leaves.equal(offered.offer.when[parameter.name], parameter.default)
    values = _without(offered.bases.least, name)
    if not chosen:
        made = judge(
            offered.provider, offered.family, offered.offer.model, offered.offer.route, offered.bases.body(values)
        )
        if made.verdict != "reject":
            return offered.question(fact, says, untried=CHOSEN)
        asks = f"{name} left out of a request that needs it"
        probe = offered.probe(f"{fact}/outside-1", "outside", asks, values, Expect(False), wide=True)
        return offered.question(fact, says, probes=(probe,), explicit=_given(offered, fact, parameter, values, False))
    probes = [offered.probe(f"{fact}/inside-1", "inside", f"{name} left out", values, Expect(True), wide=True)]
    if telling := _telling(offered, parameter):
        other, given = telling
        asks = f"{name} left out beside {other}={brief(given[other])}, which only this mode takes"
        probes.append(offered.probe(f"{fact}/inside-2", "inside", asks, _without(given, name), Expect(True), wide=True))
    explicit = _given(offered, fact, parameter, values, True)
    return offered.question(fact, says, probes=tuple(probes), explicit=explicit)


def _given(offered: Offered, fact: str, parameter: ir.Parameter, values: Values, accepted: bool) -> Probe:
    """The request with the default in words."""
    asks, given = f"{parameter.name}={brief(parameter.default)}", {**values, parameter.name: parameter.default}
    return offered.probe(f"{fact}/explicit", "control", asks, given, Expect(accepted), wide=not accepted)


def _telling(offered: Offered, chooser: ir.Parameter) -> tuple[str, Values] | None:
    """A parameter with which the request would be refused in the mode of another value."""
    for parameter in offered.family.parameters_of(offered.offer):
        values = offered.bases.holding(parameter.name)
        if parameter.name == chooser.name or values is None:
            continue
        other = {**values, chooser.name: not chooser.default}
        body = offered.bases.body(other)
        made = judge(offered.provider, offered.family, offered.offer.model, offered.offer.route, body)
        if made.verdict == "reject" and made.rules != ("route",):
            return parameter.name, values
    return None


# ── Rewritten prompts ─────────────────────────────────────────────────────────────────────────────────────────────


def _tells_extension(offered: Offered) -> bool:
    """Whether answers tell a rewritten prompt: by its reasons, or beside the original one."""
    names = set(skeletons.names(offered.provider.results[offered.offer.result]))
    return "reasoning" in names or {"prompt", "actual_prompt"} <= names


def _extension(offered: Offered, parameter: ir.Parameter, fact: str, says: str) -> Question:
    name, values = parameter.name, _without(offered.bases.least, parameter.name)
    expect = Expect(True, extended=parameter.default is True)
    probe = offered.probe(f"{fact}/inside-1", "inside", f"{name} left out", values, expect)
    return offered.question(fact, says, probes=(probe,), explicit=_given(offered, fact, parameter, values, True))


# ── Sizes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def size_questions(offered: Offered) -> Iterator[Question]:
    """What becomes of explicit sizes, and of words for sizes beside a picture."""
    parameter = offered.parameter("size")
    if parameter is None:
        return
    facets = parameter.facets
    if "rounds" in facets:
        yield _rounds(offered, facets["rounds"])
        yield _ties(offered, facets["rounds"])
    elif not {"one_of", "fixed"} & facets.keys():
        yield _exact(offered)
    if facets.get("like") and facets.get("tokens"):
        yield _like(offered, next(iter(facets["tokens"])))


def _explicit(offered: Offered, fact: str, number: int, size: sizes.Size) -> Any:
    values = {**offered.bases.least, "size": sizes.written(size)}
    found = expected(offered.family, offered.offer, values)
    return offered.probe(
        f"{fact}/inside-{number}", "inside", f"size={sizes.written(size)}", values, Expect(True, size=found.size)
    )


def _room(offered: Offered) -> sizes.Limits:
    return domains.clear(limits(offered.bases.rules), "")


def _rounds(offered: Offered, step: int) -> Question:
    """Sizes beside the grid, one of them by a pixel, and one on it."""
    room = _room(offered)
    beside = [size for size in domains.off_grid(room, step) if not any(sizes.is_tie(side, step) for side in size)]
    on = sizes.nearest((1024, 1024), room)
    tried: list[sizes.Size] = sorted({*beside[:2], *beside[-1:], *([on] if on else [])})
    probes = tuple(_explicit(offered, "size.rounds", number, size) for number, size in enumerate(tried, 1))
    says = f"size is rounded to multiples of {step}"
    return offered.question("size.rounds", says, about="size", probes=probes)


def _ties(offered: Offered, step: int) -> Question:
    """A size of which one side lies halfway above an even multiple, and the other halfway above an odd one."""
    room = _room(offered)
    near = sizes.nearest((1024, 1024), room) or (1024, 1024)
    base = near[0] // (2 * step) * 2 * step
    tried = ((base + step // 2, base + step + step // 2), (base + step // 2, base - step + step // 2))
    size = next((size for size in tried if room.allow(size) and sizes.is_tie(size[0], step)), None)
    says = "of two multiples equally near, size becomes the even one"
    if size is None:
        return offered.question("size.ties", says, about="size", untried="no allowed size lies halfway")
    return offered.question("size.ties", says, about="size", probes=(_explicit(offered, "size.ties", 1, size),))


def _exact(offered: Offered) -> Question:
    """A size that is no multiple of anything comes as it was asked for."""
    room = _room(offered)
    near = sizes.nearest((1024, 1024), room)
    size = (near[0] + 1, near[1] - 1) if near else None
    says = "size comes as it is given"
    if size is None or not room.allow(size):
        return offered.question("size.exact", says, about="size", untried="no odd size is allowed")
    return offered.question("size.exact", says, about="size", probes=(_explicit(offered, "size.exact", 1, size),))


def _like(offered: Offered, word: str) -> Question:
    """The ratio of the last picture comes back."""
    bases = offered.bases
    says, held = "a word for size keeps the ratio of the last picture", bases.holding("images")
    if held is None:
        return offered.question("size.like", says, about="size", untried="this mode takes no picture")
    values = {**held, "images": [*held["images"][:-1], specimens.uri(bases.wide_size)], "size": word}
    asks = f"size={word} beside a picture of {sizes.written(bases.wide_size)}"
    expect = Expect(True, like=bases.wide_size)
    probe = offered.probe("size.like/inside-1", "inside", asks, values, expect)
    return offered.question("size.like", says, about="size", probes=(probe,))


def _size(offered: Offered, parameter: ir.Parameter, fact: str, says: str) -> Question:
    """The picture that comes when no size is given: compared with the same size given, where it can be given."""
    bases, default = offered.bases, parameter.default
    probes: list[Probe] = []
    for number, picture in enumerate(_tried_pictures(offered, parameter), 1):
        values = _with_picture(bases.least, bases.holding("images"), picture)
        if values is None or not bases.accepts(values):
            continue
        found = expected(offered.family, offered.offer, values, picture)
        if found.size is None:
            continue
        within = 0 if _sure(found, picture) else sizes.GRID
        beside = f" beside a picture of {sizes.written(picture)}" if picture else ""
        expect = Expect(True, size=found.size, within=within)
        probes.append(offered.probe(f"{fact}/inside-{number}", "inside", f"size left out{beside}", values, expect))
    if not probes:
        return offered.question(fact, says, untried="its size can't be foretold")
    if is_map(default):  # pictures stand in the probes, and their refusal says nothing of sizes
        return offered.question(fact, says, about="size", probes=tuple(probes))
    explicit = _given(offered, fact, parameter, bases.least, True)
    return offered.question(fact, says, probes=tuple(probes), explicit=replace(explicit, expect=probes[0].expect))


def _tried_pictures(offered: Offered, parameter: ir.Parameter) -> tuple[sizes.Size | None, ...]:
    """Sizes of the last input picture that tell: none, and where the size follows it, a large one and a wide one."""
    bases, default = offered.bases, parameter.default
    if not is_map(default):
        return (bases.square_size if bases.least.get("images") else None,)
    area = ir.size_follows(default).area
    return None, bases.large_size(area), bases.wide_size


def _with_picture(least: Values, held: Mapping[str, Any] | None, picture: sizes.Size | None) -> Values | None:
    if picture is None:
        return None if least.get("images") else least
    if held is None:
        return None
    values = dict(least) if least.get("images") else dict(held)
    return {**values, "images": [*values["images"][:-1], specimens.uri(picture)]}


def _sure(found: sizes.Expected, picture: sizes.Size | None) -> bool:
    """Whether nothing is left open: not a tie, nor a ratio that no multiple of 16 keeps."""
    if not found.approximate or found.size is None or picture is None:
        return not found.approximate
    (width, height), (wide, high) = found.size, picture
    return width == height and wide == high
