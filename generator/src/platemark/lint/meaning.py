"""What resolved facts mean together: defaults keep their own rules, modes partition requests, nothing is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from platemark import ir
from platemark.problems import Place, Problem, did_you_mean
from platemark.resolution import resolve_with_ledgers
from platemark.resolution.family import FamilyResolver
from platemark.rules import expr, leaves, samples, sizes
from platemark.rules.judge import choose, expected
from platemark.rules.nearest import limits
from platemark.spec.model import Family, Spec


def meaning(spec: Spec) -> list[Problem]:
    """All problems of facts that contradict each other, in any order."""
    resolved, resolvers = resolve_with_ledgers(spec)
    found: list[Problem] = []
    for resolver in resolvers:
        family = next(f for f in resolved.families if (f.provider, f.name) == (resolver.source.provider, resolver.source.name))
        found += _Check(resolver, family).problems()
    return found


class _Check:
    def __init__(self, resolver: FamilyResolver, family: ir.Family) -> None:
        self.resolver = resolver
        self.source: Family = resolver.source
        self.family = family

    def problems(self) -> list[Problem]:
        partition = list(self.partition())
        found = [*partition, *self.unsourced(), *self.idle_conflicts(), *self.errors()]
        for offer in self.family.offers:
            found += self.defaults(offer)
            found += self.sizes(offer)
            found += self.soft(offer)
        return found if found else list(self.examples())

    # ── Where a fact of an offer stands ──────────────────────────────────────────────────────────────────────────

    def place(self, offer: ir.Offer, name: str, key: str) -> Place:
        """The line that stated a fact last: the model's, the mode's, the route's, the family's or the provider's."""
        model, mode = self.source.models[offer.model], self.source.modes[offer.mode]
        own = model.modes.get(offer.mode)
        layers = [own.parameters if own else {}, model.parameters, mode.parameters]
        layers += [self.source.routes[offer.route].parameters, self.source.parameters, self.resolver.provider.parameters]
        holding = [layer[name] for layer in layers if name in layer]
        for layer in holding:
            if key in layer.facts:
                return layer.facts[key].place
            if key in layer.soft:
                return layer.soft[key].place
        return holding[0].place if holding else model.stated.place

    # ── Sources and conflicts ────────────────────────────────────────────────────────────────────────────────────

    def unsourced(self) -> Iterator[Problem]:
        for fact, stated in self.resolver.ledger.unsourced:
            hint = "add `from`; all sources of this file lose the conflict about it"
            yield Problem("no-source", f"no document says `{fact}`", stated.place, hint)

    def idle_conflicts(self) -> Iterator[Problem]:
        rules = {rule.id for rule in self.family.rules}
        facts = {f"{p.name}.{key}" for p in self.family.parameters for key in p.facets}
        for key, losing in self.source.conflicts.items():
            plain = key
            for prefix in (*ir.MODES, *ir.ROUTES):
                plain = plain.removeprefix(f"{prefix}.")
            if key in self.resolver.ledger.used or self.is_path(key) or plain in {"routes", "regions"}:
                continue
            hint = did_you_mean(plain, rules | facts)
            yield Problem("idle-conflict", f"no rule or fact is called `{key}`", losing.place, hint)

    def is_path(self, key: str) -> bool:
        """Whether a conflict is about a place in the file: `routes.task`, `errors.n.fixed`, `regions`."""
        head, _, rest = key.partition(".")
        here: Any = self.source.tree.data
        return isinstance(here, dict) and head in here and (not rest or rest in (here[head] or {}))

    def errors(self) -> Iterator[Problem]:
        rules = {rule.id for rule in self.family.rules}
        for rule in self.source.errors:
            if rule not in rules:
                place = self.source.tree.place(("errors", rule))
                yield Problem("unknown-rule", f"no rule is called `{rule}`", place, did_you_mean(rule, rules))

    # ── Modes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def partition(self) -> Iterator[Problem]:
        """Every request belongs to exactly one mode of its model."""
        for model, offers in self.family.by_model.items():
            modes = list({offer.mode: offer for offer in offers}.values())
            for values in self.combinations(modes):
                chosen = [offer.mode for offer in modes if choose(self.family, [offer], values)]
                if len(chosen) != 1:
                    shown = ", ".join(f"{k}: {len(v) if isinstance(v, list) else _shown(v)}" for k, v in values.items())
                    said = f"belongs to {' and to '.join(chosen)}" if chosen else "belongs to no mode"
                    place = self.source.modes[(chosen or [modes[0].mode])[-1]].place
                    message = f"a request with {{{shown}}} {said} of `{model}`"
                    hint = "counts are open at the top: 1.. instead of 1..4" if not chosen else "tell them apart by `when`"
                    yield Problem("modes-overlap" if chosen else "modes-gap", message, place, hint)
                    break

    def combinations(self, modes: list[ir.Offer]) -> Iterator[dict[str, Any]]:
        wanted: dict[str, list[Any]] = {}
        for offer in modes:
            for name, value in offer.when.items():
                wanted.setdefault(name, []).append(value)
        choices = [[(name, value) for value in self.candidates(name, found)] for name, found in wanted.items()]
        for combination in product(*choices):
            yield dict(combination)

    def candidates(self, name: str, wanted: list[Any]) -> list[Any]:
        if any(isinstance(value, list) for value in wanted):
            bounds = [bound for value in wanted for bound in value if bound is not None]
            return [[""] * count for count in sorted({0, *(b + d for b in bounds for d in (-1, 0, 1) if b + d >= 0)})]
        if any(isinstance(value, bool) for value in wanted):
            return [True, False]
        declared = next((p.facets.get("one_of") for p in self.family.parameters if p.name == name), None)
        return list(declared or dict.fromkeys(wanted))

    # ── Defaults ─────────────────────────────────────────────────────────────────────────────────────────────────

    def defaults(self, offer: ir.Offer) -> Iterator[Problem]:
        parameters = self.family.parameters_of(offer)
        given = {p.name: p.default for p in parameters if p.default not in (None, "random") and not isinstance(p.default, Mapping)}
        values = {**given, **{name: value for name, value in offer.when.items() if not isinstance(value, list)}}
        for rule in self.family.rules_of(offer):
            if rule.parameter not in given or rule.when is None or rule.holds is None or rule.verdict == "note":
                continue
            if expr.holds(rule.when, values) and not expr.holds(rule.holds, values):
                message = f"the default of `{rule.parameter}`, {_shown(given[rule.parameter])}, breaks {rule.id}: {rule.sentence}"
                yield Problem("bad-default", message, self.place(offer, rule.parameter, "default"), rule.sentence)
        for parameter in parameters:
            if parameter.sent and parameter.default is None:
                place = self.place(offer, parameter.name, "send")
                yield Problem("send-nothing", f"`{parameter.name}` has no default to send", place, "add `default`")

    # ── Sizes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def sizes(self, offer: ir.Offer) -> Iterator[Problem]:
        parameter = self.family.parameter_of(offer, "size")
        if parameter is None:
            return
        rules = [r for r in self.family.rules_of(offer) if r.parameter == "size" and r.verdict == "reject" and r.kind != "type"]
        plain = limits(rules)
        if sizes.nearest((1024, 1024), plain) is None:
            yield Problem("empty-domain", f"no size keeps all rules of {offer.mode}", self.place(offer, "size", "area"))
        for size in parameter.facets.get("one_of", ()):
            yield from self.recommended(offer, size, rules, "one_of", should_hold=True)
        for size in parameter.facets.get("recommended", ()):
            yield from self.recommended(offer, size, rules, "recommended", should_hold=True)
        for size in parameter.facets.get("exceptions", ()):
            if size in parameter.facets.get("recommended", ()):
                place = self.place(offer, "size", "exceptions")
                yield Problem("both-lists", f"{size} is recommended and an exception", place, "keep it in one list")
            elif plain.allow(leaves.sides(size)):
                place = self.place(offer, "size", "exceptions")
                yield Problem("idle-exception", f"{size} breaks no rule", place, "move it to `recommended`")

    def recommended(self, offer: ir.Offer, size: str, rules: list[ir.Rule], key: str, should_hold: bool) -> Iterator[Problem]:
        values = {"size": size}
        for rule in rules:
            if rule.when and rule.holds and expr.holds(rule.when, values) and expr.holds(rule.holds, values) != should_hold:
                message = f"{size} breaks {rule.id}: {rule.sentence}"
                place = self.place(offer, "size", key)
                yield Problem("bad-recommended", message, place, "mend the figure, or declare it under `exceptions`")

    def soft(self, offer: ir.Offer) -> Iterator[Problem]:
        """A recommended limit lies within the hard one."""
        rules = {rule.id: rule for rule in self.family.rules_of(offer)}
        for id_, rule in rules.items():
            hard = rules.get(id_.replace(".soft.", "."))
            if ".soft." not in id_ or hard is None or "low" not in rule.args or not isinstance(rule.args["low"], int):
                continue
            low, high = hard.args["low"], hard.args["high"]
            if (low is not None and rule.args["low"] < low) or (high is not None and (rule.args["high"] or high) > high):
                place = self.place(offer, rule.parameter, rule.kind)
                yield Problem("soft-outside", f"`{id_}` reaches beyond {hard.id}: {hard.sentence}", place)

    # ── Examples ─────────────────────────────────────────────────────────────────────────────────────────────────

    def examples(self) -> Iterator[Problem]:
        for index, example in enumerate(self.source.examples):
            place = self.source.tree.place(("examples", index, "given"))
            for resolved in self.family.examples:
                if resolved.given != example.given:
                    continue
                broken = self.broken(resolved)
                wanted = {resolved.breaks} if resolved.breaks else set[str]()
                if broken != wanted:
                    said = f"breaks {', '.join(sorted(broken))}" if broken else "breaks nothing"
                    yield Problem("bad-example", f"with {resolved.model} this {said}", place, "give what it `breaks`, or mend it")

    def broken(self, example: ir.Example) -> set[str]:
        offer = next(o for o in self.family.by_model[example.model] if o.mode == example.mode)
        given = {**samples.minimal(self.family, offer), **example.values}
        rules = [rule for rule in self.family.rules_of(offer) if rule.when and rule.holds and rule.verdict == "reject"]
        found = {r.id for r in rules if r.when and r.holds and expr.holds(r.when, given) and not expr.holds(r.holds, given)}
        size = expected(self.family, offer, given).size
        wanted = example.becomes.get("size")
        return found | ({"size.rounds"} if wanted and size and "{}*{}".format(*size) != wanted else set())


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
