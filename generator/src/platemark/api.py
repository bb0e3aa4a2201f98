"""The public API: from a folder of specs to judgements and generated files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from platemark import lint, source, targets, write
from platemark.ir import Ir
from platemark.problems import Invalid, Problem, did_you_mean, in_order
from platemark.resolution import resolve as _resolve
from platemark.rules.judge import Judgement, judge, route_of
from platemark.spec import shape
from platemark.spec.load import load as _load
from platemark.spec.load import load_sound
from platemark.spec.model import Spec
from platemark.targets.text import as_json
from platemark.version import VERSION
from platemark.wire.scripts import misfits

_PACKAGE = Path(__file__).parent


def find_specs(given: str | Path | None = None) -> Path:
    """The folder of specs: the given one, `$PLATEMARK_SPECS`, `./specs`, this checkout's, or the installed one."""
    if given is not None:
        return Path(given)
    if named := os.environ.get("PLATEMARK_SPECS"):
        return Path(named)
    checkout = _PACKAGE.parent.parent.parent / "specs"
    places = (Path("specs"), checkout, _PACKAGE / "_specs")
    return next((place for place in places if (place / "documents.yaml").is_file()), places[0])


def load(specs: str | Path | None = None) -> Spec:
    """Load a folder of specs. Raises `problems.Invalid` with every problem of reading and shape."""
    return _load(find_specs(specs))


def resolve(spec: Spec) -> Ir:
    """The IR of specs. Raises `problems.Invalid` with every problem that lint finds."""
    lint.require(spec)
    return _resolve(spec)


def problems(specs: str | Path | None = None) -> tuple[Problem, ...]:
    """Everything wrong with a folder of specs: of reading, of shape, and of what those of the right shape mean."""
    spec, found = load_sound(find_specs(specs))
    return in_order([*found, *lint.lint(spec, whole=not found)])


def evaluate(ir: Ir, model: str, body: object, route: str | None = None) -> Judgement:
    """What becomes of a wire body. Without `route`: stream if the body says so, else the first that has its mode.

    Raises KeyError for an unknown model."""
    provider, family, found = ir.find(model)
    return judge(provider, family, found.id, route or route_of(provider, family, found.id, body), body)


def faults(raw: bytes, name: str, ir: Ir) -> Any:
    """The entries of a script of faults, for `emulator.create_app`. Raises `problems.Invalid` with every problem."""
    tree = source.parse(raw, name)
    found = shape.check(tree, "faults")
    if not found:
        found = [
            Problem(wrong.code, wrong.message, tree.place(wrong.path), did_you_mean(wrong.name, wrong.known))
            for wrong in misfits(cast("Any", tree.data), ir)
        ]
    if found:
        raise Invalid(found)
    return tree.data


def generate(ir: Ir, chosen: Iterable[str] | None = None) -> dict[str, str]:
    """Texts of all targets, or of the chosen ones, by path under the output folder."""
    files: dict[str, str] = {}
    for name in chosen or targets.FOLDERS:
        files |= _meta_schemas() if name == "spec" else targets.emit(name, ir)
    return files


def _meta_schemas() -> dict[str, str]:
    """JSON Schema of our own formats, for editors and for readers in other languages."""
    return {
        f"{targets.FOLDERS['spec']}/{name}.schema.json": as_json(shape.schema(name), "$comment")
        for name in sorted(set(shape.NAMES.values()))
    }


def check(ir: Ir, out: str | Path) -> write.Plan:
    """What it would take to bring a generated folder up to date; empty where it is."""
    return write.plan(Path(out), generate(ir), targets.FOLDERS.values())


def about(specs: Path) -> dict[str, Any]:
    """What the manifest says of its origin: the generator's version and the digest of the specs."""
    return {"generated_by": "platemark", "version": VERSION, "specs": source.digest(specs)}
