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
    if named := named_specs(given):
        return named
    checkout = _PACKAGE.parent.parent.parent / "specs"
    places = (Path("specs"), checkout, _PACKAGE / "_specs")
    return next((place for place in places if (place / "documents.yaml").is_file()), places[0])


def named_specs(given: str | Path | None = None) -> Path | None:
    """The folder of specs that somebody named: the given one, or `$PLATEMARK_SPECS`."""
    named = os.environ.get("PLATEMARK_SPECS") if given is None else given
    return Path(named) if named else None


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


def generate(ir: Ir, chosen: Iterable[str] | None = None, package: str = targets.PACKAGE) -> dict[str, str]:
    """Texts of all targets, or of the chosen ones, by path under the output folder.

    `package` is what the emitted Python package is called. Raises `targets.python.naming.NamingError` where that can't
    be its name, or where the specs would give two things of a target the same name."""
    files: dict[str, str] = {}
    for name in chosen or targets.FOLDERS:
        files |= _meta_schemas() if name == "spec" else targets.emit(name, ir, package)
    return files


def _meta_schemas() -> dict[str, str]:
    """JSON Schema of our own formats, for editors and for readers in other languages."""
    return {
        f"{targets.FOLDERS['spec']}/{name}.schema.json": as_json(shape.schema(name), "$comment")
        for name in sorted(set(shape.NAMES.values()))
    }


def check(ir: Ir, out: str | Path) -> write.Plan:
    """What it would take to bring a generated folder up to date; empty where it is. Raises NamingError, as above."""
    return write.plan(Path(out), generate(ir, package=package_of(out)), targets.FOLDERS.values())


def package_of(out: str | Path) -> str:
    """What the Python package of a generated folder is called, as its manifest remembers."""
    return str(write.read_manifest(Path(out)).get("package", targets.PACKAGE))


def about(ir: Ir, package: str = targets.PACKAGE) -> dict[str, Any]:
    """What the manifest says: the generator's version, the digest of the specs, and the name of the Python package."""
    return {"generated_by": "platemark", "version": VERSION, "specs": ir.digest, "package": package}
