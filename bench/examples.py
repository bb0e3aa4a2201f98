"""How many accepted requests to wan2.6-image a second of CPU time gives: ours, one written by hand, and Schemathesis'.

`nox -s bench` runs it. Each run is a process of its own: a warm-up that is not timed, then as many examples for each,
without a database and with the run's number as seed. Runs are interleaved, and medians compared. Schemathesis gets its
best case: a document of this model's bodies alone, no headers to make, and a body is accepted if any route of its
endpoint accepts it. What the service would round or cut counts as accepted, as everywhere.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import platemark
from platemark.ir import Ir

MODEL = "wan2.6-image"
OPENAPI = Path(__file__).parents[1] / "generated" / "openapi" / "dashscope.json"
RUNS, EXAMPLES, WARM_UP = 5, 1000, 20
LEAST_SHARE = 1.0
LEAST_RATIOS = {"schemathesis": 4.0, "handwritten": 0.8}
"""How many accepted examples ours gives for each of theirs."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A body, and the routes by which it may be meant."""

    routes: tuple[str, ...]
    body: Any


@dataclass(frozen=True, slots=True)
class Run:
    """What one process made: examples, those that were accepted, different ones of these, and seconds of CPU time."""

    examples: int
    accepted: int
    distinct: int
    seconds: float

    @property
    def speed(self) -> float:
        """Accepted examples a second."""
        return self.accepted / self.seconds

    @property
    def share(self) -> float:
        """The part of the examples that was accepted."""
        return self.accepted / self.examples


def ours() -> st.SearchStrategy[Sent]:
    """What `platemark.testing` makes from the specs."""
    requests = import_module("platemark.testing").valid_requests(MODEL)
    return requests.map(lambda request: Sent((request.route,), request.body))


def handwritten() -> st.SearchStrategy[Sent]:
    """What `bench/handwritten.py` makes."""
    requests = import_module("handwritten").requests()
    return requests.map(lambda request: Sent((request.route,), request.body))


def schemathesis() -> st.SearchStrategy[Sent]:
    """What Schemathesis' engine makes of our OpenAPI document, narrowed to the bodies of this model."""
    document = json.loads(OPENAPI.read_text("utf-8"))
    routes = {"multimodal": ("sync", "stream"), "image_generation": ("task",)}
    paths = {f"/{endpoint}": {"post": _operation(f"{MODEL}.any.{endpoint}")} for endpoint in routes}
    narrow = {**{key: document[key] for key in ("openapi", "info", "components")}, "paths": paths}
    schema = import_module("schemathesis").openapi.from_dict(narrow)
    made = [
        schema[f"/{endpoint}"]["POST"].as_strategy().map(lambda case, ways=ways: Sent(ways, case.body))
        for endpoint, ways in routes.items()
    ]
    return st.one_of(made)


def _operation(schema: str) -> dict[str, Any]:
    body = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"required": True, "content": body}, "responses": {"200": {"description": "OK"}}}


ENGINES: dict[str, Callable[[], st.SearchStrategy[Sent]]] = {
    "platemark": ours,
    "handwritten": handwritten,
    "schemathesis": schemathesis,
}


def draw(strategy: st.SearchStrategy[Sent], count: int, number: int) -> list[Sent]:
    """So many examples of a strategy."""
    made: list[Sent] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(strategy)
    def keep(sent: Sent) -> None:
        made.append(sent)

    keep()
    return made


def run(engine: str, number: int) -> Run:
    """Draw from one engine in this process."""
    strategy = ENGINES[engine]()
    draw(strategy, WARM_UP, number)
    start = time.process_time()
    made = draw(strategy, EXAMPLES, number)
    seconds = time.process_time() - start
    ir = platemark.resolve(platemark.load())
    fine = [sent for sent in made if accepted(ir, sent)]
    distinct = {json.dumps((sent.routes, sent.body), sort_keys=True) for sent in fine}
    return Run(len(made), len(fine), len(distinct), seconds)


def accepted(ir: Ir, sent: Sent) -> bool:
    """Whether the evaluator accepts a body by one of its routes."""
    return any(platemark.evaluate(ir, MODEL, sent.body, route).verdict != "reject" for route in sent.routes)


def run_apart(engine: str, number: int) -> Run:
    """Draw from one engine in a process of its own. Raises CalledProcessError where it fails."""
    command = [sys.executable, __file__, "--engine", engine, "--number", str(number)]
    return Run(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def report(runs: dict[str, list[Run]]) -> Iterable[str]:
    """The table, as Markdown."""
    yield "| engine | examples | accepted | distinct | CPU seconds | accepted a second | distinct a second |"
    yield "|---|---|---|---|---|---|---|"
    for engine, made in runs.items():
        examples = sum(r.examples for r in made)
        shares = (sum(r.accepted for r in made) / examples, sum(r.distinct for r in made) / examples)
        seconds = median(r.seconds for r in made)
        speeds = (median(r.speed for r in made), median(r.distinct / r.seconds for r in made))
        yield (
            f"| {engine} | {median(r.examples for r in made):g} | {shares[0]:.1%} | {shares[1]:.1%} | {seconds:.2f} "
            f"| {speeds[0]:.0f} | {speeds[1]:.0f} |"
        )


def bars(runs: dict[str, list[Run]]) -> Iterable[tuple[str, bool]]:
    """Each bar in words, and whether it is met."""
    speeds = {engine: median(r.speed for r in made) for engine, made in runs.items()}
    share = min(r.share for r in runs["platemark"])
    yield f"ours accepted: {share:.1%} (at least {LEAST_SHARE:.0%})", share >= LEAST_SHARE
    for engine, least in LEAST_RATIOS.items():
        ratio = speeds["platemark"] / speeds[engine] if speeds[engine] else float("inf")
        yield f"ours to {engine}: {ratio:.2f} (at least {least})", ratio >= least


def main() -> int:
    """Run all engines in turn and compare; with `--engine`, run one and print what came of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--number", type=int, default=1)
    given_ = parser.parse_args()
    if given_.engine:
        made = run(given_.engine, given_.number)
        print(json.dumps(asdict(made)))
        return 0
    runs: dict[str, list[Run]] = {engine: [] for engine in ENGINES}
    for number in range(1, RUNS + 1):
        for engine, made in runs.items():
            made.append(run_apart(engine, number))
    print(*report(runs), sep="\n", end="\n\n")
    told = list(bars(runs))
    print(*(f"{'met' if met else 'MISSED'}: {text}" for text, met in told), sep="\n")
    return 0 if all(met for _, met in told) else 1


if __name__ == "__main__":
    sys.exit(main())
