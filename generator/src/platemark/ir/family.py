"""What a request may hold: the models of a page, what they offer, and by which rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from platemark.ir.evidence import Conflict, Evidence, Fact, Json, Verdict
from platemark.ir.provider import RouteName
from platemark.rules import expr


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit. `when` and `holds` are None for what is judged by the reader of bodies or can't be told."""

    id: str
    parameter: str
    kind: str
    args: Mapping[str, Json]
    verdict: Verdict
    sentence: str
    evidence: Evidence
    when: expr.Test | None = None
    holds: expr.Test | None = None
    structure: bool = False

    @property
    def judged(self) -> bool:
        """Whether a request alone shows if the rule is kept."""
        return self.structure or self.holds is not None

    def kept(self, values: Mapping[str, Json]) -> bool:
        """Whether values keep it. What the reader of bodies judges, or nobody can tell, counts as kept."""
        if self.when is None or self.holds is None:
            return True
        return not expr.holds(self.when, values) or expr.holds(self.holds, values)

    @property
    def looks_at(self) -> frozenset[str]:
        """The parameters that decide whether it is kept."""
        return frozenset[str]().union(*(expr.references(test) for test in (self.when, self.holds) if test is not None))


@dataclass(frozen=True)
class Parameter:
    """A parameter as one offer has it; `facets` are its facts by key (`range`, `default`, `tokens`, …)."""

    name: str
    type: str
    about: str
    required: bool
    facets: Mapping[str, Json]
    evidence: Mapping[str, Evidence]
    items: Parameter | None = None
    fields: tuple[Parameter, ...] = ()

    @property
    def default(self) -> Json:
        """What the service does when it is left out; None where no document says."""
        return self.facets.get("default")

    @property
    def sent(self) -> bool:
        """Whether the client states the default, because sources differ on it."""
        return self.facets.get("send") == "always"


@dataclass(frozen=True)
class Offer:
    """A model, by a route, in a mode: what it takes, and what it gives back."""

    model: str
    route: RouteName
    mode: str
    about: str
    when: Mapping[str, Json]
    """Parameter: a value, or a span `[low, high]` for how many items a list holds."""
    endpoint: str
    payloads: tuple[str, ...]
    result: str
    makes: str
    parameters: tuple[int, ...]
    rules: tuple[int, ...]
    sets: Mapping[str, Json] = field(default_factory=dict[str, Json])
    note: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Model:
    """One model id, with the facts about it that are not limits of a request."""

    id: str
    like: str
    regions: tuple[Fact, ...]
    aliases: tuple[Fact, ...]
    prices: tuple[Fact, ...]
    limits: tuple[Fact, ...]
    evidence: Evidence
    note: str = ""
    known: tuple[str, ...] = ()
    """Names that mean something to this model, in whatever mode or route: all else is an unknown key."""
    deprecated: tuple[Fact, ...] = ()
    """At most one: a date after which the service has it no more, or True where no document names one."""

    @property
    def deprecation(self) -> str:
        """What is said of a model that will go; empty where no document says so."""
        days = ["" if fact.value is True else f", and gone after {fact.value}" for fact in self.deprecated]
        return f"is deprecated{days[0]}" if days else ""


def picture(index: int) -> str:
    """The address that stands for a picture in samples, counted from 0."""
    return f"https://example.com/picture-{index + 1}.png"


@dataclass(frozen=True)
class Example:
    """A sample of a document: what is given, and what becomes of it."""

    model: str
    mode: str
    given: Mapping[str, Json]
    breaks: str
    becomes: Mapping[str, Json]
    evidence: Evidence

    @property
    def values(self) -> dict[str, Json]:
        """What is given, as values: `images: 2` stands for two pictures."""
        pictures = self.given.get("images")
        if not isinstance(pictures, int):
            return dict(self.given)
        return {**self.given, "images": [picture(index) for index in range(pictures)]}


@dataclass(frozen=True)
class Family:
    """Models that one page documents."""

    name: str
    provider: str
    about: str
    models: tuple[Model, ...]
    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...]
    offers: tuple[Offer, ...]
    examples: tuple[Example, ...]
    conflicts: tuple[Conflict, ...]
    errors: Mapping[str, Json]

    @cached_property
    def by_model(self) -> Mapping[str, tuple[Offer, ...]]:
        """Offers of each model, routes and modes in the order of the spec."""
        found: dict[str, list[Offer]] = {model.id: [] for model in self.models}
        for offer in self.offers:
            found[offer.model].append(offer)
        return {model: tuple(offers) for model, offers in found.items()}

    def routes_of(self, model: str) -> tuple[RouteName, ...]:
        """The routes of a model, in the order of the spec."""
        return tuple({offer.route: True for offer in self.by_model[model]})

    def rules_of(self, offer: Offer) -> tuple[Rule, ...]:
        """The rules of an offer, in the order in which they are told."""
        return tuple([self.rules[index] for index in offer.rules])

    def parameters_of(self, offer: Offer) -> tuple[Parameter, ...]:
        """What an offer takes, those that its transport sets included."""
        return tuple(self.parameters[index] for index in offer.parameters)

    def parameter_of(self, offer: Offer, name: str) -> Parameter | None:
        """A parameter as an offer has it; None where it does not take it."""
        return next((p for p in self.parameters_of(offer) if p.name == name), None)

    def model(self, name: str) -> Model:
        """One of the family's models by its id."""
        return next(model for model in self.models if model.id == name)

    def broken(self, offer: Offer, values: Mapping[str, Json]) -> Iterator[Rule]:
        """The rules of an offer that values break, but for those of structure, in their order."""
        return (rule for rule in self.rules_of(offer) if not rule.kept(values))

    def needs(self, offer: Offer, name: str) -> bool:
        """Whether a request without the parameter is refused: it is required, or its list must hold something."""
        rules = (rule for rule in self.rules_of(offer) if rule.parameter == name and rule.verdict == "reject")
        return any(not rule.kept({}) for rule in rules)

    def address(self, offer: Offer, rule: Rule) -> str:
        """`provider/model/mode/id`, with the route before the id where the routes of the mode differ in it."""
        index = next(index for index in offer.rules if self.rules[index] == rule)
        twins = [o for o in self.by_model[offer.model] if o.mode == offer.mode]
        route = "" if all(index in twin.rules for twin in twins) else f"{offer.route}/"
        return f"{self.provider}/{offer.model}/{offer.mode}/{route}{rule.id}"
