"""From a call to the exact request: values are completed, placed into the body, and judged. Nothing is sent here."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar, cast

from platemark_images._documents import DOCUMENTS
from platemark_images._runtime import judge, leaves, pictures, sizes, skeletons
from platemark_images._runtime.errors import ConfigurationError, RequestInvalid
from platemark_images._runtime.ir import Family, Offer, RouteName
from platemark_images._runtime.report import Report, Violation, report, short
from platemark_images._runtime.service import Service, unknown

BodyT = TypeVar("BodyT", covariant=True)

Size: TypeAlias = "str | tuple[int, int]"
"""`W*H`, `WxH` or `(W, H)`, in pixels."""

_CROSS = re.compile(r"\s*[x×]\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Prepared(Generic[BodyT]):
    """A request as it will be sent, with what is known of its outcome. It holds no key.

    `expected_size` is `W*H`, or None where only the service knows (the ratio of a remote picture decides);
    `approximate` where the documents leave it open by a step of 16 pixels."""

    method: str
    url: str
    headers: Mapping[str, str]
    json: BodyT
    body: bytes = field(repr=False)
    offer: Offer = field(repr=False)
    report: Report = field(repr=False)
    expected_size: str | None = None
    approximate: bool = False

    @property
    def model(self) -> str:
        return self.offer.model

    @property
    def mode(self) -> str:
        return self.offer.mode

    @property
    def route(self) -> RouteName:
        return self.offer.route

    @property
    def adjustments(self) -> tuple[Violation, ...]:
        """What the service will change: a text that it cuts, a size that it rounds."""
        return self.report.adjustments

    @property
    def notes(self) -> tuple[Violation, ...]:
        """What is accepted, but should be known."""
        return self.report.notes

    def __repr__(self) -> str:
        return f"Prepared({self.model}, {self.mode} by {self.route}: {self.method} {self.url} {short(self.json, 200)})"

    def as_curl(self) -> str:
        """The request as a line for a shell; the key comes from its environment variable."""
        # Double quotes let the shell put the key in; no other header holds a character that means something in them.
        headers = " ".join(f'-H "{name}: {value}"' for name, value in self.headers.items())
        return f"curl -X {self.method} {shlex.quote(self.url)} {headers} -d {shlex.quote(self.body.decode())}"


def prepare(
    service: Service,
    model: str,
    values: Mapping[str, object],
    mode: str | None = None,
    route: str | None = None,
    envelope: str | None = None,
) -> Prepared[Any]:
    """The exact request for a call.

    Without `mode` the values choose it; without `route` it is the first one that the mode has.
    Raises RequestInvalid with every broken rule, and ConfigurationError for what is no call of the model at all."""
    family = service.family(model)
    given = _given(family, model, values)
    offer = _offer(family, model, given, mode, route)
    style = envelope or offer.payloads[0]
    if style not in offer.payloads:
        raise unknown("envelope", style, offer.payloads)
    complete = _complete(offer, given, by_mode=mode is not None)
    _require_lists(family, offer, service.provider.payloads[style], complete)
    body = skeletons.build(service.provider.payloads[style], {"model": model, **complete})
    if route is not None and route != offer.route:
        judged = judge.judge(service.provider, family, model, route, body)
    else:
        judged = judge.judge_as(service.provider, family, offer, style, body)
    told = report(judged, DOCUMENTS)
    if not told:
        raise RequestInvalid(told)
    size = judge.expected(family, offer, complete, _last_side(complete))
    return Prepared(
        "POST",
        service.base_url + service.provider.endpoints[offer.endpoint],
        {"Content-Type": "application/json", **service.headers(offer.route, masked=True)},
        body,
        json.dumps(body, allow_nan=False).encode(),
        offer,
        told,
        "{}*{}".format(*size.size) if size.size else None,
        size.approximate,
    )


def _given(family: Family, model: str, values: Mapping[str, object]) -> dict[str, Any]:
    """The values that are given, as JSON has them, by the names that the rules know."""
    known = {p.argument or p.name: p for offer in family.by_model[model] for p in offer.parameters}
    given: dict[str, Any] = {}
    for name, value in values.items():
        parameter = known.get(name)
        if value is not None:
            plain = _size(value) if parameter and parameter.type == "size" else value
            given[parameter.name if parameter else name] = _plain(plain)
    return given


def _require_lists(family: Family, offer: Offer, skeleton: Any, values: Mapping[str, object]) -> None:
    """Refuse what is no list where the body has an element per item: a text would come apart into its letters."""
    wrong = {name for name in skeletons.repeated(skeleton) if name in values and not leaves.is_list(values[name])}
    findings = tuple(
        judge.Finding(rule, skeletons.place(skeleton, rule.parameter) or "", values[rule.parameter])
        for rule in family.rules_of(offer)
        if rule.kind == "type" and rule.parameter in wrong
    )
    if findings:
        size = sizes.Expected(None)
        judged = judge.Judgement(offer.model, offer.route, offer.mode, findings, values, size, offer)
        raise RequestInvalid(report(judged, DOCUMENTS))


def _offer(family: Family, model: str, given: Mapping[str, Any], mode: str | None, route: str | None) -> Offer:
    """The offer that is meant. One of another route stands for a route that is not there: judging will say so."""
    offers = family.by_model[model]
    if mode is not None:
        modes = tuple(dict.fromkeys(offer.mode for offer in offers))
        if mode not in modes:
            raise unknown(f"{model} mode", mode, modes)
        fitting = [offer for offer in offers if offer.mode == mode]
    else:
        fitting = [offer for offer in offers if judge.choose(family, (offer,), given)] or list(offers)
    return next((offer for offer in fitting if offer.route == route), fitting[0])


def _complete(offer: Offer, given: Mapping[str, Any], *, by_mode: bool) -> dict[str, Any]:
    """The values with what mode and transport set, and with the defaults that the client states."""
    constants = offer.constants if by_mode else offer.sets
    for name, value in constants.items():
        if name in given and not leaves.equal(given[name], value):
            raise ConfigurationError(f"{name}={given[name]!r} contradicts {offer.mode} by the {offer.route} route")
    stated = {p.name: p.default for p in offer.parameters if p.sent and p.name not in given}
    merged = {**stated, **given, **constants}
    ordered = dict.fromkeys([*(p.name for p in offer.parameters if p.name in merged), *merged])
    return {name: merged[name] for name in ordered}


def _size(value: object) -> object:
    """A size as it is written, where it was given as `(1024, 768)` or `1024x768`; all else as it is."""
    if isinstance(value, tuple):
        pair = cast("tuple[object, ...]", value)
        if len(pair) == 2 and all(leaves.is_integer(side) for side in pair):
            return "{}*{}".format(*pair)
    if isinstance(value, str):
        crossed = _CROSS.sub("*", value)
        return crossed if leaves.is_size(crossed) else value
    return cast("object", value)


def _plain(value: object) -> Any:
    """A value as JSON has it: tuples and other sequences are lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in cast("Mapping[object, object]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [_plain(part) for part in cast("Sequence[object]", value)]
    return value


def _last_side(values: Mapping[str, object]) -> sizes.Size | None:
    """Width and height of the last input picture, where the request itself holds it."""
    held = leaves.items(values.get("images"))
    found = pictures.from_data_uri(held[-1]) if held else None
    return (found.width, found.height) if found else None
