"""The strategies of `platemark.testing`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from platemark.problems import did_you_mean
from platemark.testing.answers import Answers, history
from platemark.testing.bodies import PLAIN, edited
from platemark.testing.breaks import Break, Unbreakable
from platemark.testing.plans import Plan
from platemark.testing.requests import History, Request, Response
from platemark.testing.suites import Offered, Specs, broken, suite


def valid_requests(
    model: str, mode: str | None = None, route: str | None = None, spec: Specs = None, *, plain: bool = False
) -> st.SearchStrategy[Request]:
    """Requests that the documents let pass, in any mode and by any route unless one is named.

    Some are changed by the service (text that is cut, sizes that are rounded) or noted; `plain` leaves those out. They
    are constructed, never filtered, and shrink to the least that the mode takes. Raises ValueError for a model, mode or
    route that there is not, naming the nearest."""
    found = suite(spec)
    return _valid(tuple(found.plan(key, plain=plain) for key in found.offers(model, mode, route)))


def invalid_requests(
    model: str, rule: str | None = None, mode: str | None = None, route: str | None = None, spec: Specs = None
) -> st.SearchStrategy[Request]:
    """Requests that break exactly one rule: the named one, or any that refuses requests. `Request.rule` is its id.

    Raises ValueError for a model, mode, route or rule that there is not, naming the nearest, and for a rule that can't
    be broken alone, with the reason."""
    offered = _offered(model, mode, route, spec)
    if rule is None:
        return _any_rule(offered)
    return _one_of(broken(offered, model, rule))


def unbreakable(
    model: str, mode: str | None = None, route: str | None = None, spec: Specs = None
) -> tuple[Unbreakable, ...]:
    """The rules that no request breaks alone, in each mode by each route, with the reason. Errors as above."""
    return tuple(found for each in _offered(model, mode, route, spec) for found in each.unbreakable)


def boundary_requests(
    model: str, mode: str | None = None, route: str | None = None, spec: Specs = None
) -> st.SearchStrategy[Request]:
    """Requests at the very edge of a rule, on either side: `Request.rule` is its id, and `expected` tells the side.

    Rules that only adjust or note have edges, too. Errors as above."""
    return _edges(_offered(model, mode, route, spec))


def wire_bodies(
    model: str, mode: str | None = None, route: str | None = None, spec: Specs = None
) -> st.SearchStrategy[Any]:
    """JSON near a body of the model, edited at random, or not near at all: a reader must answer it, not fall over.

    Errors as above."""
    found = suite(spec)
    plans = tuple(found.plan(key) for key in found.offers(model, mode, route))
    PLAIN.validate()
    return _near(plans) | PLAIN


def responses(
    model: str, mode: str | None = None, route: str | None = None, spec: Specs = None, *, new: bool = True
) -> st.SearchStrategy[Response]:
    """Answers in the documented shapes: results, events, tasks in every state, errors.

    `new` adds, at times, fields and words that no document knows: a client must read on. Errors as above."""
    found = suite(spec)
    plans = [found.plan(key) for key in found.offers(model, mode, route)]
    return _answer(tuple(Answers(plan.provider, plan.family, plan.offer, new) for plan in plans))


def task_histories(provider: str, spec: Specs = None) -> st.SearchStrategy[History]:
    """All that a poller sees of a task, answer by answer, until it is done, failed, canceled or lost, or goes on.

    Raises ValueError for a provider that there is not, or that has no tasks."""
    found = suite(spec).ir
    known = {each.id: each for each in found.providers}
    if provider not in known:
        raise ValueError(f"there is no provider {provider!r}; {did_you_mean(provider, known)}")
    answers = [
        Answers(known[provider], family, offer, new=False)
        for family in found.families_of(provider)
        for offer in family.offers
        if offer.route == "task"
    ]
    if known[provider].tasks is None or not answers:
        having = ", ".join(each.id for each in found.providers if each.tasks)
        raise ValueError(f"{provider} has no tasks; these have: {having}")
    return _history(tuple(answers))


def _offered(model: str, mode: str | None, route: str | None, spec: Specs) -> tuple[Offered, ...]:
    found = suite(spec)
    return tuple(found.offered(key) for key in found.offers(model, mode, route))


@st.composite
def _valid(draw: st.DrawFn, plans: Sequence[Plan]) -> Request:
    return _chosen(draw, plans).request(draw)


@st.composite
def _near(draw: st.DrawFn, plans: Sequence[Plan]) -> Any:
    return edited(draw, _chosen(draw, plans).request(draw).body)


@st.composite
def _one_of(draw: st.DrawFn, ways: Sequence[Sequence[Break]]) -> Request:
    return _chosen(draw, _chosen(draw, ways)).request(draw)


@st.composite
def _any_rule(draw: st.DrawFn, offered: Sequence[Offered]) -> Request:
    return _chosen(draw, _chosen(draw, _chosen(draw, offered).all_ways)).request(draw)


@st.composite
def _edges(draw: st.DrawFn, offered: Sequence[Offered]) -> Request:
    return _chosen(draw, _chosen(draw, _chosen(draw, offered).at_edges)).request(draw)


@st.composite
def _answer(draw: st.DrawFn, answers: Sequence[Answers]) -> Response:
    return _chosen(draw, answers).draw(draw)


@st.composite
def _history(draw: st.DrawFn, answers: Sequence[Answers]) -> History:
    return history(draw, _chosen(draw, answers))


def _chosen(draw: st.DrawFn, among: Sequence[Any]) -> Any:
    return among[draw(st.integers(0, len(among) - 1))] if len(among) > 1 else among[0]
