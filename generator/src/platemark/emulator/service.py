"""One provider's service: from path, headers and body of a request to its reply. No I/O, nothing of any one model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from platemark import ir
from platemark.emulator.answers import Order, make, result
from platemark.emulator.bodies import read_json
from platemark.emulator.pictures import Gallery
from platemark.emulator.replies import Refused, Reply, broken, refusal
from platemark.emulator.streams import event, events
from platemark.emulator.tasks import Desk
from platemark.problems import nearest
from platemark.rules.judge import Judgement, judge
from platemark.wire import skeletons
from platemark.wire.routes import Generation, Routes, Target, TaskCall, WrongMethod

_KEY = "{key}"


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in; names of headers are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    origin: str


class Service:
    """What answers in a provider's place."""

    def __init__(
        self,
        spec: ir.Ir,
        provider: ir.Provider,
        gallery: Gallery,
        desk: Desk | None,
        new_id: Callable[[], str],
        *,
        strict: bool,
    ) -> None:
        self.provider = provider
        self.routes = Routes(provider)
        self._gallery = gallery
        self._desk = desk
        self._new_id = new_id
        self._strict = strict
        self._families = {model.id: family for family in spec.families_of(provider.id) for model in family.models}
        self._model_paths = {e.id: _model_paths(provider, e) for e in provider.endpoints}
        self._key = re.compile(r"\S+".join(map(re.escape, provider.auth.value.split(_KEY))), re.IGNORECASE)

    def answer(self, target: Target | None, call: Call) -> Reply:
        """The reply to a request whose address was matched to `target`; a refusal is one, too."""
        request_id = self._new_id()
        try:
            if target is None:
                raise Refused("path", f"nothing is served at {call.path[:200]}", status=404)
            if isinstance(target, WrongMethod):
                raise Refused(
                    "method",
                    f"use {' or '.join(target.allowed)} here",
                    status=405,
                    headers={"Allow": ", ".join(target.allowed)},
                )
            account = self._account(call.headers)
            if isinstance(target, TaskCall):
                return self._about_task(target, account, call.query, request_id)
            return self._generate(target, account, call, request_id)
        except Refused as refused:
            reply = refusal(self.provider, refused, request_id)
            if isinstance(target, Generation) and target.route == "stream":
                return replace(reply, events=(event(self.provider, 1, "error", reply.status, reply.body),))
            return reply

    def _account(self, headers: Mapping[str, str]) -> str:
        """The key is the account: any will do, but none won't."""
        auth = self.provider.auth
        given = headers.get(auth.header.lower(), "")
        if not self._key.fullmatch(given):
            raise Refused("auth", f"send a key in {auth.header}, as {auth.value}", rules=("auth",))
        return f"{self.provider.id}\0{given}"

    def _about_task(self, target: TaskCall, account: str, query: Mapping[str, str], request_id: str) -> Reply:
        desk = cast("Desk", self._desk)  # only a provider with tasks has addresses for them
        match target.action:
            case "query":
                return desk.query(account, target.task_id, request_id)
            case "cancel":
                return desk.cancel(account, target.task_id, request_id)
            case "list":
                return desk.list(account, query)

    # ── Generation ────────────────────────────────────────────────────────────────────────────────────────────────

    def _generate(self, target: Generation, account: str, call: Call, request_id: str) -> Reply:
        body = read_json(call.body, call.headers.get("content-type", ""))
        family, model = self._model(target, body)
        self._require_route(target, family, model)
        judgement = self._tolerate(judge(self.provider, family, model, target.route, body))
        offer = judgement.offer
        if judgement.verdict == "reject" or offer is None:
            raise broken(judgement.of("reject")[0], judgement.rules, family)
        if offer.endpoint != target.endpoint.id:
            raise _mismatch("route", family, f"{model} is not served at this endpoint")
        order = Order(self.provider, family, offer, judgement, account, call.origin, request_id)
        values = make(order, self._gallery)
        reply = Reply(200, verdict=judgement.verdict, rules=judgement.rules)
        match target.route:
            case "sync":
                return replace(reply, body=result(order, values))
            case "stream":
                return replace(reply, events=events(order, values))
            case "task":
                made = skeletons.build(self.provider.results[offer.result], values)
                return replace(reply, body=cast("Desk", self._desk).open(account, model, request_id, made))

    def _model(self, target: Generation, body: Any) -> tuple[ir.Family, str]:
        """The model that the body names, wherever the endpoint's payloads have it."""
        if not isinstance(body, dict):
            raise Refused("body.type", "the body must be a JSON object", rules=("body.type",))
        found = [named for path in self._model_paths[target.endpoint.id] if (named := _at(body, path)) is not None]
        name = found[0] if found else None
        if isinstance(name, str) and name in self._families:
            return self._families[name], name
        if not isinstance(name, str):
            raise Refused("model", "the body names no model", rules=("model",))
        close = nearest(name, self._families) if len(name) < 100 else ""
        hint = f"; did you mean {close}?" if close else ""
        raise Refused("model", f"there is no model {name[:100]}{hint}", rules=("model",))

    def _require_route(self, target: Generation, family: ir.Family, model: str) -> None:
        """Refuse what endpoint and headers, or endpoint and model, rule out before the body is judged."""
        offers = [offer for offer in family.by_model[model] if offer.route == target.route]
        if target.fault:
            raise _mismatch(target.fault, family, f"this endpoint does not go by {target.route}")
        if target.route == "task" and not offers:
            raise _mismatch("route.async", family, f"{model} has no tasks")
        if offers and all(offer.endpoint != target.endpoint.id for offer in offers):
            raise _mismatch("route", family, f"{model} is not served at this endpoint")

    def _tolerate(self, judgement: Judgement) -> Judgement:
        """Services pass keys that no document knows, and so does this one with a note, unless it is strict."""
        if self._strict or not any(finding.rule.kind == "unknown" for finding in judgement.findings):
            return judgement
        findings = tuple(
            replace(finding, rule=replace(finding.rule, verdict="note")) if finding.rule.kind == "unknown" else finding
            for finding in judgement.findings
        )
        return replace(judgement, findings=findings)


def _mismatch(key: str, family: ir.Family, message: str) -> Refused:
    return Refused(key, message, rules=("route",), family=family)


def _model_paths(provider: ir.Provider, endpoint: ir.Endpoint) -> tuple[tuple[str | int, ...], ...]:
    """Where the payloads of an endpoint have their model, as keys and positions."""
    found = [skeletons.place(provider.payloads[name], "model") for name in endpoint.payloads]
    parts = [re.findall(r"[^.\[\]]+", path) for path in dict.fromkeys(found) if path]
    return tuple(tuple(int(part) if part.isdecimal() else part for part in path) for path in parts)


def _at(body: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        if isinstance(body, dict) and isinstance(part, str):
            body = cast("dict[str, Any]", body).get(part)
        elif isinstance(body, list) and isinstance(part, int) and part < len(cast("list[Any]", body)):
            body = cast("list[Any]", body)[part]
        else:
            return None
    return body
