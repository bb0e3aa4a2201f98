"""Does `conform` notice each smallest change? Every limit and default of every offer, changed one at a time.

    python bench/conform_sweep.py [--model M …] [--workers 2] [--write]

An emulator of specs with just that change is probed without a budget: `conform` must name exactly that fact. What no
probe shows, no request of a large corpus may show either: such changes stand in `unshown.yaml`, with the reason, which
`--write` writes anew. The unchanged specs must be found without fault. Exit code 1 where less than 99 % are named.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

import platemark
from platemark import conform, ir
from platemark.emulator.direct import Direct, content
from platemark.resolution.changes import Change, changed, changes
from platemark.rules.vectors import vectors

UNSHOWN = Path(__file__).parent / "unshown.yaml"
BAR = 0.99

Found: TypeAlias = Literal["named", "others named", "missed", "unshown"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one change: `named` are the facts that conform named."""

    change: str
    fact: str
    found: Found
    named: tuple[str, ...] = ()
    reason: str = ""


@cache
def specs() -> tuple[Any, ir.Ir]:
    """The specs, once a process."""
    spec = platemark.load()
    return spec, platemark.resolve(spec)


@cache
def plan(model: str) -> conform.Plan:
    """What conform asks of a model."""
    return conform.plan(specs()[1], [model])


def of_model(model: str) -> list[Change]:
    """Every smallest change of a model."""
    _, family, _ = specs()[1].find(model)
    return [change for offer in family.by_model[model] for change in changes(family, offer)]


def probed(model: str, numbers: Iterable[int]) -> list[Result]:
    """Probe emulators of some of a model's changes."""
    every = of_model(model)
    return [_probed(model, every[number]) for number in numbers]


def _probed(model: str, change: Change) -> Result:
    spec, plain = specs()
    other = changed(spec, plain, change)
    fact = f"{model}/{change.offer.route}/{change.offer.mode}/{change.fact}"
    named = conform.run(plan(model), conform.in_process(other)).named
    if named == (fact,):
        return Result(change.name, fact, "named", named)
    if named:
        return Result(change.name, fact, "others named", named)
    shown = differing(model, other)
    return Result(change.name, fact, "missed" if shown else "unshown", reason=shown or _reason(model, fact))


def _reason(model: str, fact: str) -> str:
    """Why conform does not probe a fact, as it says itself."""
    found = next((question for question in plan(model).questions if question.id == fact), None)
    return (found.untried or found.left_out if found else "") or "no answer of the service shows it"


# ── What any request shows ────────────────────────────────────────────────────────────────────────────────────────


def differing(model: str, other: ir.Ir) -> str:
    """A request of the corpus that two emulators answer otherwise; nothing where there is none."""
    for name, told in _answers(model, other):
        if told != _plain(model)[name]:
            return name
    return ""


@cache
def _plain(model: str) -> Mapping[str, str]:
    return dict(_answers(model, specs()[1]))


def _answers(model: str, of: ir.Ir) -> Iterator[tuple[str, str]]:
    """What an emulator makes of every vector of a model, without what differs from run to run."""
    served = Direct(of)
    for vector in _corpus(model):
        sent = vector.request
        headers = {name.lower(): value for name, value in sent["headers"].items()}
        reply = served.answer(sent["method"], sent["path"], headers, json.dumps(sent["body"]).encode())
        if reply.status >= 400:  # in what words, is nobody's promise
            yield vector.id, str(reply.status)
            continue
        told = f"{reply.status} {_same(content(reply).decode())}"
        if task := re.search(r'"task_id":"([^"]+)"', content(reply).decode()):
            told += "".join(_state(served, model, task[1], headers) for _ in range(3))
        yield vector.id, told


@cache
def _corpus(model: str) -> tuple[Any, ...]:
    provider, family, _ = specs()[1].find(model)
    return tuple(vectors(provider, family, model)[0])


def _state(served: Direct, model: str, task: str, headers: Mapping[str, str]) -> str:
    provider, _, _ = specs()[1].find(model)
    assert provider.tasks
    method, _, path = provider.tasks.query.partition(" ")
    reply = served.answer(method, provider.base_path + path.replace("{task_id}", task), headers, b"")
    return _same(content(reply).decode())


def _same(text: str) -> str:
    """An answer without ids and times; a picture's address tells nothing but that it is there."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    return re.sub(r'("(?:\w*time|created_at)":)("[^"]*"|[\d.]+)', r"\1T", text)


# ── The whole sweep ───────────────────────────────────────────────────────────────────────────────────────────────


def main() -> int:
    """Sweep, tell, compare."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--model", action="append")
    given.add_argument("--workers", type=int, default=2)
    given.add_argument("--write", action="store_true")
    asked = given.parse_args()
    models = asked.model or list(specs()[1].models)
    started = time.monotonic()
    loud = [name for model in models for name in conform.run(plan(model), conform.in_process(specs()[1])).named]
    results = _swept(models, asked.workers)
    return _told(results, loud, time.monotonic() - started, write=asked.write, whole=not asked.model)


def _swept(models: list[str], workers: int) -> list[Result]:
    chunks = [
        (model, range(first, min(first + 20, count)))
        for model in models
        for count in (len(of_model(model)),)
        for first in range(0, count, 20)
    ]
    with ProcessPoolExecutor(workers) as pool:
        results: list[Result] = []
        for found in pool.map(probed, *zip(*chunks, strict=True)):
            results += found
            for result in found:
                if result.found in {"others named", "missed"}:
                    print(f"{result.found}: {result.change}: {', '.join(result.named) or result.reason}", flush=True)
        return results


def _told(results: list[Result], loud: list[str], seconds: float, *, write: bool, whole: bool) -> int:
    counted = Counter(result.found for result in results)
    shown = len(results) - counted["unshown"]
    share = counted["named"] / shown if shown else 1.0
    for name in loud:
        print(f"named on unchanged specs: {name}")
    unshown = {result.change: result.reason for result in results if result.found == "unshown"}
    if write:
        UNSHOWN.write_text(written(unshown), encoding="utf-8")
    stale = whole and unshown != read()
    if stale:
        print(f"{UNSHOWN.name} is not what was found: look at it, and run with --write")
    print(f"{len(results)} changes in {seconds:.0f} s: {dict(counted)}; {share:.2%} of the {shown} that show are named")
    return int(share < BAR or bool(loud) or stale)


def written(unshown: Mapping[str, str]) -> str:
    """The list as YAML: reason, fact, changes."""
    tree: dict[str, list[str]] = {}
    for change, reason in unshown.items():
        tree.setdefault(reason, []).append(change)
    about = "# Changes that no request shows, by the reason. Written by bench/conform_sweep.py --write.\n"
    return about + yaml.safe_dump(tree, allow_unicode=True, width=1000, sort_keys=False)


def read() -> dict[str, str]:
    """The list as it stands, by change."""
    tree: dict[str, list[str]] = yaml.safe_load(UNSHOWN.read_text("utf-8")) if UNSHOWN.is_file() else {}
    return {change: reason for reason, those in tree.items() for change in those}


if __name__ == "__main__":
    sys.exit(main())
