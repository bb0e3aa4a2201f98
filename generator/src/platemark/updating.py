"""`platemark update`: drift → apply → lint → diff → versions → generate → changelog → lock. All is written, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platemark import api, comparing, diff, drifting, source, targets, update, write
from platemark.answers import SCHEMA_VERSION, Answer, Usage
from platemark.documents import lock
from platemark.drift import Reader, drift
from platemark.drift.apply import patch
from platemark.ir import Ir
from platemark.spec.load import load
from platemark.update import Failure, Update, reports

CHANGELOG = "CHANGELOG.md"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is given, and where everything goes. Documents are written `ID=FILE`."""

    documents: Sequence[str]
    against: Sequence[str] = ()
    out: Path | None = Path("generated")
    """None where nothing that is generated is kept."""
    package: str | None = None
    """Of the Python client; without it, as `out` remembers."""
    changelog: Path | None = None
    """Without it, the one beside the folder of specs, where there is one."""
    reports: Sequence[Path] = ()
    """Files that the report goes to, by their suffix: `.md` or `.json`."""
    dry: bool = False
    form: str = "text"


@dataclass(frozen=True)
class _Made:
    """What came of the steps, and what is to be written for it."""

    update: Update
    files: Mapping[Path, bytes]
    output: _Output | None = None


@dataclass(frozen=True)
class _Output:
    """The output folder as it is to be."""

    folder: Path
    files: Mapping[str, str]
    plan: write.Plan
    about: Mapping[str, Any]


def run(specs: Path, wanted: Wanted) -> Answer:
    """Bring everything in line with the documents that were given, and say what that took. Exit code 0 where none says
    anything else, 1 where one does, whether or not it could be put into the specs.

    Raises Usage, `problems.Invalid` for specs that do not load, and `NamingError`; then nothing is written."""
    _require(wanted)
    made = _made(specs, wanted)
    if wanted.dry or made.update.failure:
        made = replace(made, files={}, output=None)
    found = replace(made.update, dry=wanted.dry)
    told = {path: _report(found, path.suffix) for path in wanted.reports}
    _write({**made.files, **told}, made.output)
    shown = reports.markdown(found) if wanted.form == "markdown" else reports.text(found)
    return Answer(shown, found.json(), 1 if found.drift.semantic else 0)


def _require(wanted: Wanted) -> None:
    if not wanted.documents:
        raise Usage("usage", "no document is given", "--document ID=FILE, such as qwen-image-api=page.html")
    for path in wanted.reports:
        if path.suffix not in {".md", ".json"}:
            raise Usage("usage", f"--report {path} is neither .md nor .json", "name a file that ends in one of them")


def _report(found: Update, suffix: str) -> bytes:
    if suffix == ".md":
        return f"{reports.markdown(found)}\n".encode()
    return (json.dumps({"schema_version": SCHEMA_VERSION, **found.json()}, indent=1) + "\n").encode()


# ── The steps ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _made(specs: Path, wanted: Wanted) -> _Made:
    reader, held = Reader(load(specs)), drifting.held_documents(specs)
    before = api.resolve(reader.spec)
    new, old = drifting.captures(reader, drifting.Asked(wanted.documents, wanted.against), held)
    found = drift(reader, new, old, held)
    ids = {name: reader.document(name, captures[0].raw).id for name, captures in new.items()}
    made = Update(update.change_key(found, ids), found)
    if not found.semantic:
        return _Made(made, {})
    patched = patch(reader.spec, drifting.texts(specs), found.rows)
    pins = tuple(update.pin(reader, name, new[name], old=old.get(name, ()), held=held, found=found) for name in new)
    made = replace(made, patch=patched, pins=pins)
    entries = {pin.document: pin.entry for pin in pins if pin.entry is not None}
    texts = {path: text.encode() for path, text in _in(specs, patched.files).items()}
    files = {**texts, specs / drifting.LOCK: lock.dumped({**held, **entries}).encode()} if entries else texts
    if not patched.files:
        return _listed(_Made(made, files))
    return _followed(specs, wanted, _Made(made, files), before)


def _followed(specs: Path, wanted: Wanted, made: _Made, before: Ir) -> _Made:
    """What follows from other specs: changes for callers, versions, output, entries of the changelog."""
    patched = made.update.patch.files
    spec, problems = drifting.linted(specs, patched)
    if problems:
        return _failed(made, Failure("lint", "the patched specs would not lint", problems))
    after = api.resolve(spec)
    today = datetime.now(UTC).date().isoformat()
    changes, _ = diff.acknowledge(comparing.compare(before, after), spec.acknowledged, today)
    due = {p.name: p.due for p in diff.packages(before, after, changes, targets.PACKAGES) if p.due != p.old}
    files = dict(made.files)
    if due:
        name = f"{specs.name}/{source.VERSIONS}"
        text = update.raised(drifting.texts(specs).get(name, ""), name, due)
        files[specs / source.VERSIONS] = text.encode()
        after = api.resolve(drifting.linted(specs, {**patched, name: text})[0])
    packages = diff.packages(before, after, changes, targets.PACKAGES)
    made = replace(made, update=replace(made.update, changes=changes, packages=packages))
    package = wanted.package or (api.package_of(wanted.out) if wanted.out else targets.PACKAGE)
    generated = api.generate(after, package=package)
    output = None
    if wanted.out:
        plan = write.plan(wanted.out, generated, targets.FOLDERS.values())
        if why := _unwritable(plan, wanted.out):
            return _failed(made, Failure("generate", why))
        output = _Output(wanted.out, generated, plan, api.about(after, package))
    changelog = wanted.changelog or _beside(specs) / CHANGELOG
    if changes and (wanted.changelog or changelog.is_file()):
        text = changelog.read_bytes().decode() if changelog.is_file() else ""
        files[changelog] = update.entered(text, diff.entries(changes)).encode()
    return _listed(replace(made, files=files, output=output))


def _beside(specs: Path) -> Path:
    return specs.resolve().parent if specs.name in {"", ".."} else specs.parent


def _in(specs: Path, files: Mapping[str, str]) -> dict[Path, str]:
    return {specs / name.partition("/")[2]: text for name, text in files.items()}


def _failed(made: _Made, failure: Failure) -> _Made:
    return _Made(replace(made.update, failure=failure), {})


def _unwritable(plan: write.Plan, out: Path) -> str:
    if plan.foreign:
        return f"{out} holds files and no {write.MANIFEST}; name an empty folder with --out"
    if plan.edited:
        return f"edited by hand: {', '.join(plan.edited)}; `platemark generate --force` overwrites them"
    return ""


# ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _listed(made: _Made) -> _Made:
    """The same, with what becomes of each file."""
    written: dict[Path, Any] = {}
    for path, raw in made.files.items():
        there = path.read_bytes() if path.is_file() else None
        if there != raw:
            written[path] = "added" if there is None else "changed"
    if made.output:
        plan, out = made.output.plan, made.output.folder
        for word, paths in (("added", plan.added), ("changed", plan.changed), ("removed", plan.removed)):
            written |= {out / path: word for path in paths}
        if not plan.empty:
            written[out / write.MANIFEST] = "changed" if (out / write.MANIFEST).is_file() else "added"
    return replace(made, update=replace(made.update, written=written))


def _write(files: Mapping[Path, bytes], output: _Output | None) -> None:
    paths = [*files]
    if output:
        plan = output.plan
        paths += [output.folder / name for name in (*plan.added, *plan.changed, *plan.removed, write.MANIFEST)]
    try:
        with write.whole(paths):
            if output:
                write.apply(output.folder, output.files, output.plan, targets.FOLDERS.values(), output.about)
            for path, raw in files.items():
                write.put(path, raw)
    except write.Torn as torn:
        raise Usage("torn", f"{torn.__cause__}; and these files could not be put back: {torn}",
                    "put them back by hand: `git status` shows them") from None  # fmt: skip
    except OSError as error:
        at = error.filename2 or error.filename or "a file"
        raise Usage("unwritable", f"{at}: {error.strerror or error}; every file is as it was") from None
