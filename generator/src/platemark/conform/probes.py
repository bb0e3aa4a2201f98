"""What is asked of a service: probes, the questions that they settle, and the plan that holds them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from typing import Literal, TypeAlias

from platemark import ir
from platemark.rules.sizes import Size

Side: TypeAlias = Literal["outside", "inside", "control"]
"""`outside` breaks a rule alone and should be refused; `inside` keeps it; a control is what both are varied from."""

About: TypeAlias = Literal["rule", "default", "size"]


@dataclass(frozen=True, slots=True)
class Request:
    """An exchange with a service. `address` is a path from the root of its host, or a whole address elsewhere.

    The key is no part of it: who sends adds it where `keyed` says so. `first` bounds how many bytes of the answer are
    wanted; 0: all."""

    method: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes = b""
    keyed: bool = True
    first: int = 0

    @property
    def digest(self) -> str:
        """The same for the same request."""
        head = "\n".join((self.method, self.address, str(self.keyed), *(f"{k}:{v}" for k, v in self.headers.items())))
        return sha256(head.encode() + b"\n\n" + self.content).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Expect:
    """What should come of a request, as far as an answer shows it; None where nothing is expected."""

    accepted: bool
    pictures: int | None = None
    size: Size | None = None
    within: int = 0
    """By how many pixels a side may differ, where the documents leave it open."""
    like: Size | None = None
    """A picture whose ratio should come back."""
    extended: bool | None = None
    """Whether the answer tells a rewritten prompt."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that tells something about one fact of one offer.

    `most` is how many pictures it could make at worst, `prices` the highest price of one by currency."""

    id: str
    provider: str
    model: str
    route: ir.RouteName
    mode: str
    address: str
    side: Side
    asks: str
    request: Request
    key: str
    """The digest of the request: probes that send the same share an outcome."""
    result: str
    """The skeleton of the answer."""
    expect: Expect
    most: int
    prices: Mapping[str, Decimal]
    given: bool = True
    """Whether the request holds a value of the parameter that it asks about."""

    def cost(self, currency: str) -> Decimal | None:
        """What it could cost at worst; None where no price in that currency is known."""
        if self.most == 0:
            return Decimal(0)
        price = self.prices.get(currency)
        return None if price is None else price * self.most


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a fact holds: a rule, a default or what becomes of a size, in one offer, and the probes that tell.

    `base` is the cheapest request of the offer, `own` the cheapest that holds a value of the parameter, `explicit` what
    a default is compared with, `needs` the parameters that come along with its own. `untried` is why nothing tells,
    `left_out` what is not tried."""

    provider: str
    model: str
    route: ir.RouteName
    mode: str
    fact: str
    address: str
    says: str
    about: About
    probes: tuple[Probe, ...] = ()
    base: Probe | None = None
    own: Probe | None = None
    explicit: Probe | None = None
    needs: tuple[str, ...] = ()
    untried: str = ""
    left_out: str = ""

    @property
    def id(self) -> str:
        """`model/route/mode/fact`."""
        return f"{self.model}/{self.route}/{self.mode}/{self.fact}"

    def side(self, side: Side) -> Iterator[Probe]:
        """The probes of one side."""
        return (probe for probe in self.probes if probe.side == side)


@dataclass(frozen=True)
class Plan:
    """All that is asked, in the order of the specs. It is made once, and can be run against any service."""

    providers: Mapping[str, ir.Provider]
    models: tuple[tuple[str, str], ...]
    """Provider and model."""
    questions: tuple[Question, ...]

    @cached_property
    def outside(self) -> tuple[Probe, ...]:
        """Probes that cost nothing where the specs are right."""
        return tuple(probe for question in self.questions for probe in question.side("outside"))

    @cached_property
    def inside(self) -> tuple[Probe, ...]:
        """Probes that make pictures, each offer's cheapest request before all that is varied from it."""
        found: dict[str, Probe] = {}
        for question in self.questions:
            for probe in (*((question.base,) if question.base else ()), *question.side("inside")):
                found.setdefault(probe.id, probe)
        return tuple(found.values())

    @cached_property
    def digest(self) -> str:
        """The same for the same plan: what a journal belongs to."""
        made = sha256()
        for probe in (*self.outside, *self.inside):
            made.update(f"{probe.id} {probe.key} {probe.expect}\n".encode())
        return made.hexdigest()[:32]
