"""From a call to the exact request: values are completed, placed into the body, and judged. Nothing is sent here."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from platemark_images._documents import DOCUMENTS
from platemark_images._runtime import inputs, judge, leaves, remarks, sizes, skeletons
from platemark_images._runtime.errors import ConfigurationError, RequestInvalid
from platemark_images._runtime.ir import Family, Offer, Provider, RouteName
from platemark_images._runtime.report import Report, Violation, report, short
from platemark_images._runtime.service import Service, unknown
from platemark_images._runtime.settings import Settings, split

if TYPE_CHECKING:
    from platemark_images._runtime.estimates import Estimate

BodyT = TypeVar("BodyT", covariant=True)


@dataclass(frozen=True)
class Prepared(Generic[BodyT]):
    """A request as it will be sent, with what is known of its outcome. It holds no key.

    `expected_size` is `W*H`, or None where only the service knows (the ratio of a remote picture decides);
    `approximate` where the documents leave it open by a step of 16 pixels. `remarks` are costs that a default brings."""

    model: str
    method: str
    url: str
    headers: Mapping[str, str]
    json: BodyT
    body: bytes = field(repr=False)
    offer: Offer = field(repr=False)
    report: Report = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    """The parameters by their names in the documents, with what mode and route set."""
    estimate: Estimate = field(repr=False)
    settings: Settings = field(repr=False)
    requested_size: str | None = None
    """The size as the caller put it."""
    expected_size: str | None = None
    approximate: bool = False
    remarks: tuple[str, ...] = ()

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

    @property
    def overridden(self) -> tuple[Violation, ...]:
        """Broken rules that `validate` or `ignore` let pass."""
        return self.report.violations

    @property
    def told(self) -> tuple[str, ...]:
        """All that does not stop the request, but is never silent."""
        broken = self.overridden if self.settings.validate != "off" else ()
        return (*map(str, (*broken, *self.report.told)), *self.remarks)

    def __repr__(self) -> str:
        return f"Prepared({self.model}, {self.mode} by {self.route}: {self.method} {self.url} {short(self.json, 200)})"

    def as_curl(self, body: str | None = None) -> str:
        """The request as a line for a shell; the key comes from its environment variable.

        `body` stands in the place of the request's own, such as `@body.json` for that of a file."""
        # Double quotes let the shell put the key in, and are for our own headers alone.
        own = {name for name, value in self.headers.items() if "$" in value and name not in self.settings.extra_headers}
        shown = (f'"{n}: {v}"' if n in own else shlex.quote(f"{n}: {v}") for n, v in self.headers.items())
        headers = " ".join(f"-H {header}" for header in shown)
        data = shlex.quote(self.body.decode() if body is None else body)
        return f"curl -X {self.method} {shlex.quote(self.url)} {headers} -d {data}"


def prepare(
    service: Service,
    settings: Settings,
    model: str,
    values: Mapping[str, object],
    mode: str | None = None,
    route: str | None = None,
    envelope: str | None = None,
    like: str | None = None,
    *,
    bounded: bool = True,
) -> Prepared[Any]:
    """The exact request for a call; `values` are arguments of its method, options among them.

    Without `mode` the values choose it; without `route` it is the first one that the mode has.
    Raises RequestInvalid with every broken rule, ConfigurationError for what is no call of the model at all, and
    CostExceeded or CostUnknown under `max_cost`, if it is `bounded` by it."""
    arguments, options = split(values)
    settings = settings.but(options)
    family, known = service.family(model, like)
    given = _given(family, known, arguments)
    offer = _offer(family, known, given, mode, route or _by_region(service, family, known))
    if "size" in given:
        given["size"] = inputs.size(given["size"], family, offer)
    style = _style(offer, envelope)
    complete = _complete(offer, given, by_mode=mode is not None)
    payload = service.provider.payloads[style]
    _require_lists(family, offer, payload, complete)
    body = skeletons.build(payload, {"model": known, **complete})
    if route is not None and route != offer.route:
        judged = judge.judge(service.provider, family, known, route, body)
    else:
        judged = judge.judge_as(service.provider, family, offer, style, body)
    told = _decided(report(judged, DOCUMENTS), settings, service.provider, arguments)
    extra = _extra(family, known, settings)
    if extra or model != known:
        body = skeletons.build(payload, {"model": model, **complete, **extra})
    size = judge.expected(family, offer, complete, judge.last_picture(complete))
    made = Prepared[Any](
        model, "POST", service.base_url + service.provider.endpoints[offer.endpoint],
        _headers(service, offer, settings, complete), body, _written(body), offer, told, complete,
        _estimate(service, family, offer, complete, model), settings, _requested(arguments),
        sizes.written(size.size) if size.size else None, size.approximate,
        remarks.of_call(service, family, offer, arguments, given, complete),
    )  # fmt: skip
    if bounded:
        _hold(made)
    return made


# ── What was given ────────────────────────────────────────────────────────────────────────────────────────────────


def _given(family: Family, model: str, values: Mapping[str, object]) -> dict[str, Any]:
    """The values that are given, as JSON has them, by the names that the rules know."""
    known = {p.argument or p.name: p for offer in family.by_model[model] for p in offer.parameters}
    given: dict[str, Any] = {}
    for name, value in values.items():
        parameter = known.get(name)
        if value is not None:
            are_pictures = parameter is not None and parameter.type == "images"
            given[parameter.name if parameter else name] = inputs.given(value, name, are_pictures=are_pictures)
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
        raise RequestInvalid(report(judged, DOCUMENTS), hints=inputs.hints(values))


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


def _by_region(service: Service, family: Family, model: str) -> str | None:
    """The only route that a region offers, where the documents say so."""
    route = family.model(model).regions.get(service.region)
    return None if route == "any" else route


def _style(offer: Offer, envelope: str | None) -> str:
    if envelope is not None and envelope not in offer.payloads:
        raise unknown("envelope", envelope, offer.payloads)
    return envelope or offer.payloads[0]


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


def _extra(family: Family, model: str, settings: Settings) -> dict[str, Any]:
    """What no document knows. A parameter that one knows is judged, so it is not let in here."""
    known = [name for name in settings.extra_parameters if name in {*family.model(model).known, "model"}]
    if known:
        raise ConfigurationError(f"extra_parameters: {model} knows {', '.join(known)}; give it as an argument")
    return {name: inputs.plain(value, name, is_picture=False) for name, value in settings.extra_parameters.items()}


def _requested(arguments: Mapping[str, object]) -> str | None:
    size = arguments.get("size")
    if isinstance(size, tuple | list):
        return "*".join(map(str, cast("tuple[object, ...]", size)))
    return None if size is None else str(size)


# ── What becomes of it ────────────────────────────────────────────────────────────────────────────────────────────


def _decided(found: Report, settings: Settings, provider: Provider, arguments: Mapping[str, object]) -> Report:
    """The report, if nothing in it stops the request."""
    address = f"{provider.id}/{found.model}/{found.mode}"
    broken = [
        v for v in found.violations
        if not settings.ignore & {v.rule, f"{address}/{v.rule}", f"{address}/{found.route}/{v.rule}"}
    ]  # fmt: skip
    if settings.strict_text:
        broken += [v for v in found.told if v.rule.endswith(".length")]
    if broken and settings.validate == "strict":
        raise RequestInvalid(found, broken, [*remarks.elsewhere(provider, broken), *inputs.hints(arguments)])
    return found


def _headers(service: Service, offer: Offer, settings: Settings, values: Mapping[str, Any]) -> dict[str, str]:
    uploads = service.provider.uploads
    used = uploads and any(str(each).startswith(f"{uploads.scheme}://") for each in leaves.items(values.get("images")))
    resolved = dict(uploads.header) if uploads and used else {}
    own = {"Content-Type": "application/json", **service.headers(offer.route, masked=True), **resolved}
    return settings.added_to(own)


def _written(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"the request can't be written as JSON: {error}") from None


def _estimate(service: Service, family: Family, offer: Offer, values: Mapping[str, Any], model: str) -> Estimate:
    from platemark_images._runtime.estimates import estimate

    return estimate(family, offer, values, service.region, model)


def _hold(prepared: Prepared[Any]) -> None:
    """Refuse a request that could cost more than it may."""
    if prepared.settings.max_cost is not None:
        from platemark_images._runtime.estimates import hold

        hold(prepared.estimate, prepared.settings.max_cost)
