"""A family: for each model × route × mode, its parameters merged, its rules lowered, its evidence derived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

from platemark import ir
from platemark.plain import each, is_map, is_seq
from platemark.resolution.evidence import Ledger, conflict
from platemark.resolution.layers import Merged, merge
from platemark.resolution.lowering import lower_parameter, lower_structure
from platemark.resolution.models import ModelResolver
from platemark.rules import kinds, meanings
from platemark.rules.values import span
from platemark.spec import model as spec
from platemark.spec.model import Layer, Stated


@dataclass(frozen=True)
class Slot:
    """One model × route × mode, with the layers that speak of it."""

    model: spec.Model
    route: spec.Route
    mode: spec.Mode
    layers: list[spec.Layers]
    unsupported: Mapping[str, Stated]

    @property
    def own(self) -> spec.Mode | None:
        """What the model's own line says of the mode."""
        return self.model.modes.get(self.mode.name)

    @property
    def makes(self) -> str:
        """How many pictures come back."""
        return (self.own and self.own.makes) or self.mode.makes

    @property
    def result(self) -> str:
        """The skeleton of the answer."""
        return (self.own and self.own.result) or self.mode.result or self.route.result

    def names(self) -> list[str]:
        """The parameters that it takes; a list that the mode says is empty is none."""
        found = [name for layer in self.layers for name in layer]
        gone = {name for name, value in self.mode.when.items() if not isinstance(value, bool) and value == 0}
        return [name for name in dict.fromkeys(found) if name not in self.unsupported and name not in gone]


Revise: TypeAlias = "Callable[[Slot, dict[str, Merged]], None]"
"""Has the last word on the parameters of an offer, before they are lowered."""


class FamilyResolver:
    """Resolves one family. Rules and parameters go into tables; offers keep their positions."""

    def __init__(
        self,
        family: spec.Family,
        provider: spec.Provider,
        ir_provider: ir.Provider,
        documents: tuple[ir.Document, ...],
        revise: Revise | None = None,
    ) -> None:
        self.source = family
        self.revise = revise
        self.provider = provider
        self.ir_provider = ir_provider
        self.ledger = Ledger(documents, family.sources, family.conflicts, provider.conflicts)
        self.rules: dict[str, tuple[int, ir.Rule]] = {}
        self.parameters: dict[str, tuple[int, ir.Parameter]] = {}

    def family(self) -> ir.Family:
        """The family, resolved."""
        models = {name: self.like(model) for name, model in self.source.models.items()}
        slots = {name: list(self.slots(model)) for name, model in models.items()}
        known = {name: self.known(slots[name]) for name in models}
        # Offers first: they fill the tables.
        offers = tuple(self.offer(slot, slots[name]) for name in models for slot in slots[name])
        resolver = ModelResolver(self.provider, self.ir_provider.regions, self.ledger)
        return ir.Family(
            name=self.source.name,
            provider=self.source.provider,
            about=self.source.about,
            models=tuple(resolver.model(model, known[name]) for name, model in models.items()),
            parameters=tuple(parameter for _, parameter in self.parameters.values()),
            rules=tuple(rule for _, rule in self.rules.values()),
            offers=offers,
            examples=tuple(example for name in models for example in self.examples(models[name], slots[name])),
            conflicts=tuple(conflict(losing) for losing in self.source.conflicts.values()),
            errors=self.source.errors,
        )

    def like(self, model: spec.Model) -> spec.Model:
        """A snapshot is its base under another id; what its own line says wins."""
        if not model.like:
            return model
        base = self.like(self.source.models[model.like])
        inherited = {key: fact for key, fact in base.facts.items() if key not in {"alias", "deprecated"}}
        return replace(
            model,
            routes=model.routes or base.routes,
            parameters={**base.parameters, **model.parameters},
            unsupported={**base.unsupported, **model.unsupported},
            modes={**base.modes, **model.modes},
            facts={**inherited, **model.facts},
            note=model.note or base.note,
        )

    def slots(self, model: spec.Model) -> Iterator[Slot]:
        """Every route × mode of a model, in the order of the spec."""
        family = self.source
        for mode in family.modes.values():
            own = model.modes.get(mode.name)
            routes = (own and own.routes) or mode.routes or model.routes or tuple(family.routes)
            for name, route in family.routes.items():
                if name not in routes or (model.routes and name not in model.routes):
                    continue
                stages = [family, route, mode, model, *([own] if own else [])]
                layers = [stage.parameters for stage in stages]
                unsupported = {name: stated for stage in stages for name, stated in stage.unsupported.items()}
                yield Slot(model, route, mode, layers, unsupported)

    def known(self, slots: list[Slot]) -> tuple[str, ...]:
        names = [
            name for slot in slots for name in [*slot.names(), *slot.unsupported, *self.sets(slot), *slot.mode.when]
        ]
        return tuple(dict.fromkeys(names))

    def sets(self, slot: Slot) -> Mapping[str, Any]:
        """The parameters that the transport sets."""
        return self.ir_provider.transport(slot.route.name).parameters

    def offer(self, slot: Slot, twins: list[Slot]) -> ir.Offer:
        merged = {name: merge(name, self.provider.parameters, slot.layers) for name in slot.names()}
        for name, value in self.sets(slot).items():
            merged[name] = self.set_by_transport(name, value)
        self.narrow(slot, merged)
        if self.revise:
            self.revise(slot, merged)
        defaults = {name: parts.value("default") for name, parts in merged.items()}
        rules: list[ir.Rule] = []
        parameters: list[int] = []
        for name, parts in merged.items():
            parameters.append(self.keep_parameter(self.parameter(name, parts)))
            rules += lower_parameter(name, parts, defaults, self.ledger)
        rules += self.absent(slot, merged, twins)
        endpoint = self.ir_provider.endpoint(slot.route.endpoint)
        skeletons = [self.ir_provider.payloads[name] for name in endpoint.payloads]
        known = self.known(twins)
        routes = self.routes_of(slot, twins)
        rules += lower_structure(slot.model.id, endpoint, skeletons, known, routes=routes, ledger=self.ledger)
        return ir.Offer(
            model=slot.model.id,
            route=cast("ir.RouteName", slot.route.name),
            mode=slot.mode.name,
            about=slot.mode.about,
            when={name: _span(value) for name, value in slot.mode.when.items()},
            endpoint=endpoint.id,
            payloads=endpoint.payloads,
            result=slot.result or self.source.result,
            makes=slot.makes or self.source.makes or "1",
            parameters=tuple(parameters),
            rules=tuple(dict.fromkeys(self.keep_rule(rule) for rule in rules)),
            sets=self.sets(slot),
            note=slot.mode.note,
            evidence=self.ledger.of(f"routes.{slot.route.name}", slot.route.stated, slot.route.endpoint),
        )

    def routes_of(self, slot: Slot, twins: list[Slot]) -> list[str]:
        return [twin.route.name for twin in twins if twin.mode.name == slot.mode.name]

    def set_by_transport(self, name: str, value: Any) -> Merged:
        stated = Stated(value, self.source.tree.place(("routes",)), "provider", self.transport_sources(name))
        kind = "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "text"
        facts = {"type": kind, "required": True, "fixed": value}
        return Merged({key: replace(stated, value=fact) for key, fact in facts.items()})

    def transport_sources(self, name: str) -> tuple[str, ...]:
        for transport in self.provider.data["transports"].values():
            if name in transport.get("parameters", {}) and "from" in transport:
                return each(transport["from"])
        return tuple(self.provider.sources)

    def narrow(self, slot: Slot, merged: dict[str, Merged]) -> None:
        """A mode's `when` lifts the least number of items that a list holds there."""
        for name, value in slot.mode.when.items():
            held = _span(value)
            low = held[0] if is_seq(held) else None
            if low and name in merged and "count" in merged[name].facts:
                fact = merged[name].facts["count"]
                least, most = span(fact.value)
                narrowed = f"{max(low, least or 0)}..{'' if most is None else most}"
                merged[name].facts["count"] = replace(fact, value=narrowed)

    def absent(self, slot: Slot, merged: Mapping[str, Merged], twins: list[Slot]) -> Iterator[ir.Rule]:
        """Names that this offer does not take, but another mode does, or the documents say that nobody does."""
        elsewhere: dict[str, list[str]] = {}
        for twin in twins:
            for name in [*twin.names(), *self.sets(twin)]:
                by_route = name in twin.route.parameters or name in self.sets(twin)
                where = f"the {twin.route.name} route" if by_route else twin.mode.name
                if where not in {slot.mode.name, f"the {slot.route.name} route"}:
                    elsewhere.setdefault(name, []).append(where)
        chosen = set(slot.mode.when)
        for name in dict.fromkeys([*elsewhere, *slot.unsupported]):
            if name in merged or name in chosen:
                continue
            if name in elsewhere and (name not in slot.unsupported or slot.unsupported[name].layer.startswith("mode")):
                args = {"modes": list(dict.fromkeys(elsewhere[name]))}
                twin = next(t for t in twins if name in [*t.names(), *self.sets(t)] and name not in t.unsupported)
                facts = merge(name, self.provider.parameters, twin.layers).facts
                facts = facts or self.set_by_transport(name, True).facts
                stated = slot.unsupported.get(name) or facts.get("type") or next(iter(facts.values()))
                yield from self.absence(name, "only_in", args, replace(stated, value=args["modes"]))
            elif name in slot.unsupported:
                whose = slot.model.id if slot.unsupported[name].layer == "model" else "this model"
                args = {"for": whose, "type": merge(name, self.provider.parameters, []).value("type", "text")}
                yield from self.absence(name, "unsupported", args, slot.unsupported[name])

    def absence(self, name: str, kind: str, args: Mapping[str, Any], stated: Stated) -> Iterator[ir.Rule]:
        evidence = self.ledger.of(f"{name}.{kind}", stated, name)
        when, holds = kinds.KINDS[kind].lower(meanings.Subject(name, ""), args) or (None, None)
        sentence = kinds.KINDS[kind].sentence(args)
        rule = ir.Rule(f"{name}.{kind}", name, kind, args, "reject", sentence, evidence, when, holds)
        if evidence.conflict is not None and evidence.conflict.verdict == "note":
            yield replace(rule, verdict="note")
            yield from self.tolerated(name, evidence.conflict, stated)
        else:
            yield rule

    def tolerated(self, name: str, conflict: ir.Conflict, stated: Stated) -> Iterator[ir.Rule]:
        """A request that only a losing reading allows is judged by that reading."""
        merged = merge(name, self.provider.parameters, [])
        for loser in conflict.losers:
            if is_map(loser.says):
                facts = {key: replace(stated, value=v, sources=(loser.document,)) for key, v in loser.says.items()}
                merged.lay(Layer(stated.place, facts))
                merged.facts = {k: replace(f, sources=(loser.document,)) for k, f in merged.facts.items()}
        yield from (rule for rule in lower_parameter(name, merged, {}, self.ledger) if rule.kind != "required")

    # ── Tables ────────────────────────────────────────────────────────────────────────────────────────────────────

    def keep_rule(self, rule: ir.Rule) -> int:
        return self.rules.setdefault(repr(rule), (len(self.rules), rule))[0]

    def keep_parameter(self, parameter: ir.Parameter) -> int:
        return self.parameters.setdefault(repr(parameter), (len(self.parameters), parameter))[0]

    def parameter(self, name: str, merged: Merged, path: str = "") -> ir.Parameter:
        path = path or name
        facets = {key: fact.value for key, fact in merged.facts.items() if key not in {"type", "about", "required"}}
        if merged.soft:
            facets["soft"] = {key: fact.value for key, fact in merged.soft.items()}
        evidence = {
            key: self.ledger.of(f"{path}.{key}", fact, name)
            for key, fact in merged.facts.items()
            if key not in {"about", "send", "excess"}
        }
        return ir.Parameter(
            name=name,
            type=merged.value("type", "text"),
            about=merged.value("about", ""),
            required=bool(merged.value("required", False)),
            facets=facets,
            evidence=evidence,
            items=self.parameter("items", merged.items, f"{path}.items") if merged.items else None,
            fields=tuple(self.parameter(field, parts, f"{path}.{field}") for field, parts in merged.fields.items()),
        )

    def examples(self, model: spec.Model, slots: list[Slot]) -> Iterator[ir.Example]:
        modes = list(dict.fromkeys(slot.mode.name for slot in slots))
        for example in self.source.examples:
            mode = example.mode or modes[0]
            evidence = self.ledger.of("examples", example.stated, mode)
            yield ir.Example(model.id, mode, example.given, example.breaks, example.becomes, evidence)


def _span(value: Any) -> Any:
    """How many items a list holds, as `[low, high]`; any other value as it is."""
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and ".." in value)):
        return value
    return list(span(value))
