"""The main job, shown: specs → client → every picture, from an emulator on this machine.

The client is the emitted one, fresh from the specs; it is told nothing but the address of the emulator.
"""

from __future__ import annotations

import base64
import importlib
import io
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

from platemark import api, ir, targets, write
from platemark.answers import Answer, Usage
from platemark.commands import table
from platemark.rules import samples
from platemark.rules.vectors import Vector, vectors
from platemark.wire.reading import read

KEY = "sk-test-demo"
PACKAGE = "platemark_images"
_AT_ONCE = 8
Job: TypeAlias = "tuple[ir.Family, ir.Offer, Vector | None]"
_THUMB = 240


@dataclass(frozen=True)
class Row:
    """One call: what was asked, what the client predicted, and what came back."""

    model: str
    mode: str
    route: str
    asked: str
    predicted: str
    came: str
    seconds: float
    pictures: tuple[Path, ...] = ()
    error: str = ""
    stopped: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.error)


def run(known: ir.Ir, out: Path, say: Callable[[str], None]) -> Answer:
    """Emit, serve, ask for every model × mode × route, and save what comes to `out`."""
    try:
        from platemark.emulator import running
    except ImportError as error:
        hint = 'python -m pip install "platemark[emulator]" platemark-images'
        raise Usage("missing-extra", f"the demo needs the emulator ({error})", hint) from None
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        stale = _emit(known, Path(scratch), say)
        with running(known, pace=0) as server, _emitted(Path(scratch) / "python" / "src") as client:
            rows = list(_calls(known, server.url, client, out, say))
    sheet = _contact_sheet([picture for row in rows for picture in row.pictures], out / "contact-sheet.png")
    return _answer(rows, stale, sheet)


def _emit(known: ir.Ir, scratch: Path, say: Callable[[str], None]) -> list[str]:
    """Write everything to a scratch folder; the paths that differ from `generated/`, where there is one."""
    say("generating clients, schemas, pages and vectors …")
    files = api.generate(known)
    folders = list(targets.FOLDERS.values())
    write.apply(scratch, files, write.plan(scratch, files, folders), folders, {})
    committed = Path("generated")
    printed = write.read_manifest(committed).get("files", {})
    if {f"ir/{provider.id}/provider.json" for provider in known.providers} - printed.keys():
        return []  # printed from other specs, or not at all
    plan = write.plan(committed, files, folders)
    return [*plan.added, *plan.changed, *plan.removed]


@contextmanager
def _emitted(source: Path) -> Generator[Any]:
    """The emitted client, imported from where it was written and from nowhere else."""
    ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE}
    for name in ours:
        del sys.modules[name]
    sys.path.insert(0, str(source))
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(source))
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        sys.modules.update(ours)


# ── Calls ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _calls(known: ir.Ir, url: str, package: Any, out: Path, say: Callable[[str], None]) -> Iterator[Row]:
    """Every offer, several at once: most of the time goes into waiting for tasks."""
    total, done = sum(len(family.offers) for family in known.families), count(1)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for provider in known.providers:
            with getattr(package, provider.client)(api_key=KEY, base_url=url + provider.base_path) as client:
                ask = partial(_ask, client, package, provider, out)
                for row in pool.map(ask, _jobs(known, provider)):
                    say(f"{_bar(next(done), total)} {row.model} · {row.mode} · {row.route}")
                    yield row


def _ask(client: Any, package: Any, provider: ir.Provider, out: Path, job: Job) -> Row:
    """One call as it should be, and one that should be stopped."""
    family, offer, wrong = job
    row = _call(client, package, family, offer, out)
    stopped, missed = _stop(client, package, provider, (family, offer), wrong)
    return replace(row, stopped=stopped, error=row.error or missed)


def _jobs(known: ir.Ir, provider: ir.Provider) -> Iterator[Job]:
    for family in known.families_of(provider.id):
        for model, offers in family.by_model.items():
            wrong = _wrong_requests(provider, family, model)
            yield from ((family, offer, wrong.get((offer.route, offer.mode))) for offer in offers)


def _bar(done: int, of: int) -> str:
    width = 24
    return f"[{'█' * (done * width // of)}{'·' * (width - done * width // of)}] {done}/{of}"


def _call(client: Any, package: Any, family: ir.Family, offer: ir.Offer, out: Path) -> Row:
    values = _values(family, offer)
    began = time.monotonic()
    error = came = predicted = ""
    saved: list[Path] = []
    try:
        prepared = client.prepare(model=offer.model, mode=offer.mode, route=offer.route, **samples.given(offer, values))
        predicted = prepared.expected_size or ""
        result = client.send(prepared)
        saved = result.save(out / offer.model / f"{offer.mode}-{offer.route}")
        saved = [path for path in saved if path.suffix == ".png"]
        sizes = [_size_of(path) for path in saved]
        came = f"{len(saved)} × {', '.join(dict.fromkeys(sizes))}"
        if not saved or (predicted and set(sizes) != {predicted}):
            error = f"came as {came}" if saved else "no picture came"
    except package.PlatemarkError as failure:
        error = f"{type(failure).__name__}: {failure}"
    asked, seconds = str(values.get("size", "")), time.monotonic() - began
    return Row(offer.model, offer.mode, offer.route, asked, predicted, came, seconds, tuple(saved), error)


def _values(family: ir.Family, offer: ir.Offer) -> dict[str, Any]:
    """A small request: two pictures at most, input pictures whose size the client can see."""
    values = samples.minimal(family, offer)
    for name in (offer.makes.removeprefix(".."), "size"):
        if family.parameter_of(offer, name) and name not in values:
            values[name] = samples.value_for(family, offer, name)
    if "images" in values:
        values["images"] = [_picture(index) for index in range(len(values["images"]))]
    return values


def _picture(index: int) -> str:
    """An input picture, wider than high, as a data URI."""
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (960, 640), (184, 216 - 40 * index, 203)).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


_TELLING = ("range", "fixed", "area", "side", "one_of", "only_in", "count")
"""Kinds of rules that a caller of a method is most likely to break."""


def _wrong_requests(provider: ir.Provider, family: ir.Family, model: str) -> dict[tuple[str, str], Vector]:
    """For each route and mode of a model, a request that breaks one rule."""
    kinds = {
        rule.id: _TELLING.index(rule.kind) for rule in family.rules if rule.kind in _TELLING and not rule.structure
    }
    found, _ = vectors(provider, family, model)
    telling = [v for v in found if v.verdict == "reject" and v.shown_by == "body" and set(v.rules) <= set(kinds)]
    return {(v.route, v.mode): v for v in sorted(telling, key=lambda v: -kinds[v.rules[0]])}


def _stop(
    client: Any, package: Any, provider: ir.Provider, tried: tuple[ir.Family, ir.Offer], wrong: Vector | None
) -> tuple[str, str]:
    """The rule that stopped a wrong request before it was sent, or what went wrong if none did."""
    if wrong is None:
        return "", "no wrong request to try"
    family, offer = tried
    skeleton = provider.payloads[offer.payloads[0]]
    values = read(skeleton, wrong.request["body"], family.model(offer.model).known).values
    given = samples.given(offer, {name: value for name, value in values.items() if name != "model"})
    try:
        client.generate(model=offer.model, mode=offer.mode, route=offer.route, **given)
    except package.RequestInvalid as stopped:
        rules = [violation.rule for violation in stopped.violations]
        return ", ".join(rules), "" if rules == list(wrong.rules) else f"stopped by {rules}, not {wrong.rules}"
    except package.PlatemarkError as failure:
        return "", f"{wrong.id} was sent: {failure}"
    return "", f"{wrong.id} was sent"


# ── What is shown ─────────────────────────────────────────────────────────────────────────────────────────────────


def _size_of(path: Path) -> str:
    from PIL import Image

    with Image.open(path) as picture:
        return f"{picture.width}*{picture.height}"


def _contact_sheet(pictures: list[Path], path: Path) -> Path | None:
    """All pictures at a glance, each with its model, mode and route."""
    from PIL import Image, ImageDraw

    if not pictures:
        return None
    columns = 6
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (_THUMB + 16) + 16, rows * (_THUMB + 56) + 16), "white")
    pen = ImageDraw.Draw(sheet)
    for index, found in enumerate(pictures):
        left, top = 16 + index % columns * (_THUMB + 16), 16 + index // columns * (_THUMB + 56)
        with Image.open(found) as picture:
            small = picture.convert("RGB")
            small.thumbnail((_THUMB, _THUMB))
            sheet.paste(small, (left + (_THUMB - small.width) // 2, top + (_THUMB - small.height) // 2))
        pen.text((left, top + _THUMB + 6), found.parent.parent.name, fill="black")
        pen.text((left, top + _THUMB + 22), found.parent.name, fill="gray")
    sheet.save(path, compress_level=6)
    return path


def _answer(rows: Iterable[Row], stale: list[str], sheet: Path | None) -> Answer:
    rows = tuple(rows)
    cells = [
        (r.model, r.mode, r.route, r.asked or "–", r.predicted or "open", r.came or "–", r.stopped or "–", r.error)
        for r in rows
    ]
    head = ("model", "mode", "route", "asked for", "predicted", "came back", "stopped before sending", "")
    failed = [row for row in rows if row.failed]
    lines = [table(head, cells), ""]
    lines.append(f"{len(rows) - len(failed)} of {len(rows)} calls came back as predicted")
    if sheet:
        lines.append(f"all pictures at a glance: {sheet}")
    if stale:
        lines.append(
            f"generated/ differs from the specs in {len(stale)} files, such as {stale[0]}: `platemark generate`"
        )
    data = {
        "rows": [
            {"model": r.model, "mode": r.mode, "route": r.route, "predicted": r.predicted, "came": r.came,
             "stopped": r.stopped, "error": r.error}
            for r in rows
        ],
        "stale": stale,
    }  # fmt: skip
    return Answer("\n".join(lines), data, 1 if failed or stale else 0)
