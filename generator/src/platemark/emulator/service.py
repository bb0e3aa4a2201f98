"""One provider's service: from path, headers and body of a request to its reply. No I/O, nothing of any one model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from platemark import ir
from platemark.emulator.answers import Order, make, result
from platemark.emulator.bodies import read_json
from platemark.emulator.limits import Limits, Place
from platemark.emulator.marks import Marks, marks
from platemark.emulator.pictures import Gallery
from platemark.emulator.replies import Failed, Refused, Reply, broken, refusal, spoken
from platemark.emulator.streams import event, events
from platemark.emulator.tasks import Desk
from platemark.emulator.uploads import Store
from platemark.problems import nearest
from platemark.rules import leaves
from platemark.rules.judge import Judgement, judge
from platemark.rules.pictures import Picture
from platemark.wire import skeletons
from platemark.wire.faults import NO_FAULT, Fault
from platemark.wire.routes import Generation, Leave, Routes, Target, TaskCall, WrongMethod
from platemark.wire.scripts import Asked

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
    fault: Fault = NO_FAULT
    """What shall go wrong; only `failing` does what is about the connection and the bytes."""


class Service:
    """What answers in a provider's place."""

    def __init__(
        self,
        spec: ir.Ir,
        provider: ir.Provider,
        *,
        gallery: Gallery,
        desk: Desk | None,
        store: Store | None,
        limits: Limits,
        new_id: Callable[[], str],
        strict: bool,
    ) -> None:
        self.provider = provider
        self.routes = Routes(provider)
        self._gallery = gallery
        self._desk = desk
        self._store = store
        self._limits = limits
        self._new_id = new_id
        self._strict = strict
        self._families = {model.id: family for family in spec.families_of(provider.id) for model in family.models}
        self._model_paths = {e.id: _model_paths(provider, e) for e in provider.endpoints}
        self._key = re.compile(r"(\S+)".join(map(re.escape, provider.auth.value.split(_KEY))), re.IGNORECASE)

    def answer(self, target: Target | None, call: Call) -> Reply:
        """The reply to a request whose address was matched to `target`; a refusal is one, too."""
        request_id = self._new_id()
        about: dict[str, Any] = {"request_id": request_id}
        try:
            reply = self._spared(target, call) if call.fault.spares else self._reply(target, call, about)
        except Refused as refused:
            reply = self._refusal(target, refused, request_id)
        if call.fault.refuses:
            wanted = self._refusal(target, _asked_for(call.fault), request_id)
            done = {"verdict": reply.verdict, **reply.about}
            reply = replace(wanted, verdict="", rules=(), about=done, release=reply.release)
        return replace(reply, about={**about, **reply.about})

    def asked(self, target: Target | None, call: Call) -> Asked:
        """What a script of faults looks at. A request that can't be read has no model and no mode."""
        about = Asked(call.method, call.path, self._key_of(call.headers))
        if not isinstance(target, Generation):
            return about
        about = replace(about, route=target.route)
        try:
            body = read_json(call.body, call.headers.get("content-type", ""))
            family, model = self._model(target, body)
        except Refused:
            return about
        return replace(about, model=model, mode=lambda: judge(self.provider, family, model, target.route, body).mode)

    def _spared(self, target: Target | None, call: Call) -> Reply:
        """In place of an answer where nothing is done."""
        asked = self.asked(target, call)
        return Reply(200, about={"model": asked.model, "route": asked.route})

    def _refusal(self, target: Target | None, refused: Refused, request_id: str) -> Reply:
        """A refusal, in the form in which the answer is awaited."""
        reply = refusal(self.provider, refused, request_id)
        if not (isinstance(target, Generation) and target.route == "stream"):
            return reply
        status = spoken(self.provider, refused)["status_code"]
        return replace(reply, events=(event(self.provider, 1, "error", status, reply.body),))

    def _reply(self, target: Target | None, call: Call, about: dict[str, Any]) -> Reply:
        """Raises Refused. `about` takes what is found out on the way."""
        if target is None:
            raise Refused("path", f"nothing is served at {call.path[:200]}", status=404)
        if isinstance(target, WrongMethod):
            allowed = {"Allow": ", ".join(target.allowed)}
            raise Refused("method", f"use {' or '.join(target.allowed)} here", status=405, headers=allowed)
        account = self._account(call.headers)
        match target:
            case TaskCall():
                about["task_id"] = target.task_id
                return self._about_task(target, account, call.query, about["request_id"])
            case Leave():
                return self._leave(target, account, call, about["request_id"])
            case Generation():
                return self._generate(target, account, call, about)

    def take(self, fields: Sequence[tuple[str, str | None]], data: bytes) -> Reply:
        """The reply to the form of an upload."""
        about = {"request_id": self._new_id()}
        try:
            reply = cast("Store", self._store).take(fields, data)  # who has no uploads has no address for them
        except Refused as refused:
            reply = refusal(self.provider, refused, about["request_id"])
        return replace(reply, about={**about, **reply.about})

    @property
    def most_bytes(self) -> int:
        """The largest file that is taken."""
        return self._store.most_bytes if self._store else 0

    def forget(self) -> None:
        """Drop all tasks, uploads and counters."""
        for kept in (self._desk, self._store, self._limits):
            if kept:
                kept.forget()

    def _account(self, headers: Mapping[str, str]) -> str:
        """The key is the account: any will do, but none won't."""
        auth = self.provider.auth
        if not self._key_of(headers):
            raise Refused("auth", f"send a key in {auth.header}, as {auth.value}", rules=("auth",))
        return f"{self.provider.id}\0{headers[auth.header.lower()]}"

    def _key_of(self, headers: Mapping[str, str]) -> str:
        found = self._key.fullmatch(headers.get(self.provider.auth.header.lower(), ""))
        return found[1] if found else ""

    def _about_task(self, target: TaskCall, account: str, query: Mapping[str, str], request_id: str) -> Reply:
        desk = cast("Desk", self._desk)  # only a provider with tasks has addresses for them
        self._limits.ask(desk.rate, account, target.action)
        match target.action:
            case "query":
                return desk.query(account, target.task_id, request_id)
            case "cancel":
                return desk.cancel(account, target.task_id, request_id)
            case "list":
                return desk.list(account, query)

    # ── Generation ────────────────────────────────────────────────────────────────────────────────────────────────

    def _leave(self, target: Leave, account: str, call: Call, request_id: str) -> Reply:
        """Leave to upload. Raises Refused for a query that names no model, or asks for something else."""
        store = cast("Store", self._store)  # only a provider with uploads has an address for them
        wrong = next((name for name, text in target.wanted.items() if call.query.get(name) != text), None)
        if wrong is not None:
            raise Refused("any", f"{wrong}: must be {target.wanted[wrong]}")
        model = call.query.get(target.model, "")
        self._family(model)
        self._limits.ask(store.spec.rate, account, "upload", model)
        return store.leave(account, model, f"{call.origin}/uploads/{self.provider.id}", request_id)

    def _generate(self, target: Generation, account: str, call: Call, about: dict[str, Any]) -> Reply:
        body = read_json(call.body, call.headers.get("content-type", ""))
        family, model = self._model(target, body)
        about |= {"model": model, "route": target.route}
        self._require_route(target, family, model)
        place = self._limits.begin(account, family.model(model), target.route)
        try:
            judgement = self._tolerate(judge(self.provider, family, model, target.route, body))
            about["mode"] = judgement.mode
            offer = judgement.offer
            if judgement.verdict == "reject" or offer is None:
                raise broken(judgement.of("reject")[0], judgement.rules, family)
            if offer.endpoint != target.endpoint.id:
                raise _mismatch("route", family, f"{model} is not served at this endpoint")
            uploads = self._uploads(account, model, judgement, call)
            order = Order(
                self.provider, family, offer, judgement, account, call.origin, about["request_id"], 0, uploads
            )
            reply = self._answer(order, call, place, about)
        except Refused:
            place.free()
            raise
        return replace(reply, release=place.free, verdict=judgement.verdict, rules=judgement.rules)

    def _answer(self, order: Order, call: Call, place: Place, about: dict[str, Any]) -> Reply:
        """What comes of an accepted request. Raises Refused; a task tells of its failure itself."""
        asked, fault = marks(self.provider, order.prompt), call.fault
        order = replace(order, failures=max(fault.failures, asked.failures), failure=fault.code)
        made: Any
        try:
            values = self._made(order, asked, fault)
            if order.offer.route == "sync":
                return Reply(200, result(order, values))
            if order.offer.route == "stream":
                return Reply(200, events=self._ended(events(order, values), fault))
            made = skeletons.build(self.provider.results[order.offer.result], values)
        except Failed as failed:
            if order.offer.route != "task":
                raise
            made = failed
        desk = cast("Desk", self._desk)  # what can't be served without one is refused at the start
        path = self.provider.endpoint(order.offer.endpoint).path.strip("/").replace("/", ":")
        call_ = f"{path}:{order.offer.model}"
        task = desk.open(order.account, order.offer.model, call_, order.request_id, made, fate=fault.task)
        place.hold(lambda: desk.working(task))
        about["task_id"] = task.id
        return Reply(200, desk.created(task))

    def _made(self, order: Order, asked: Marks, fault: Fault) -> dict[str, Any]:
        """The values of the answer. Raises Failed for what comes to nothing, and Refused for what is too much."""
        if asked.code:
            why = "the content was refused"
            raise Failed("content", why, rules=("content",), code=asked.code, hidden=asked.plain)
        if order.offer.route == "task" and self._dooms(fault):
            raise _asked_for(fault)
        values = make(order, self._gallery)
        self._limits.spend(order.account, order.succeeding)  # what fails is not billed
        return values

    def _dooms(self, fault: Fault) -> bool:
        """Whether a fault is that a task fails."""
        tasks = self.provider.tasks
        return tasks is not None and tasks.states.get(fault.task, fault.task) == "failed"

    def _ended(self, made: tuple[bytes, ...], fault: Fault) -> tuple[bytes, ...]:
        """The events of a stream; one that is cut with a code tells so in its last event."""
        if fault.cut is None or not fault.code:
            return made
        refused = _asked_for(fault)
        said = spoken(self.provider, refused)
        body = skeletons.build(self.provider.errors.answer, said)
        return (*made[: fault.cut], event(self.provider, fault.cut + 1, "error", said["status_code"], body))

    def _uploads(self, account: str, model: str, judgement: Judgement, call: Call) -> dict[str, Picture | None]:
        """What is known of the uploads among the pictures. Raises Refused for one that may not be used."""
        store = self._store
        if store is None:
            return {}
        images = [image for image in leaves.items(judgement.values.get("images")) if isinstance(image, str)]
        return {image: store.find(account, model, image, call.headers) for image in images if store.uses(image)}

    def _model(self, target: Generation, body: Any) -> tuple[ir.Family, str]:
        """The model that the body names, wherever the endpoint's payloads have it."""
        if not isinstance(body, dict):
            raise Refused("body.type", "the body must be a JSON object", rules=("body.type",))
        found = [named for path in self._model_paths[target.endpoint.id] if (named := _at(body, path)) is not None]
        name = found[0] if found else None
        return self._family(name), str(name)

    def _family(self, name: Any) -> ir.Family:
        """The family of a model. Raises Refused (rule `model`) for one that nobody knows."""
        if isinstance(name, str) and name in self._families:
            return self._families[name]
        if not isinstance(name, str) or not name:
            raise Refused("model", "the request names no model", rules=("model",))
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


def _asked_for(fault: Fault) -> Failed:
    """The error that a fault asks for; one below 300 is sent with that status, but does not speak of it."""
    status = fault.status if fault.status >= 300 else 0
    hidden = 0 < fault.status < 300
    return Failed("failure", "the emulator was asked for this error", code=fault.code, status=status, hidden=hidden)


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
