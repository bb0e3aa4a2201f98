"""What `documents pin` and `drift` answer: files in, a report or a lock or patched specs out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from platemark import write
from platemark.answers import Answer, Usage
from platemark.documents import lock
from platemark.drift import Capture, Drift, Reader, Unknown, drift, held_in_lock, pinned, renders
from platemark.drift.apply import Patch, patch
from platemark.problems import Problem, did_you_mean
from platemark.spec.load import load, load_sound
from platemark.spec.model import Spec

LOCK = "documents.lock"
Captures: TypeAlias = "dict[str, list[Capture]]"


@dataclass(frozen=True)
class Asked:
    """Which documents are held against what: `ID=FILE`, and how to answer."""

    documents: Sequence[str]
    against: Sequence[str]
    form: str = "text"
    apply: bool = False


def pin(specs: Path, name: str, files: Sequence[str]) -> Answer:
    """Write what a document says into the lock. Raises Usage for an unknown document, and for a page that is none."""
    reader = Reader(load(specs))
    captures = [Capture(name, file, _bytes(file)) for file in files]
    document = _known(reader, name, captures[0].raw)
    page, entry = pinned(reader, captures, document)
    if page.status != "ok":
        raise Usage(
            f"document-{page.status}", f"{', '.join(files)}: {page.why}; nothing was pinned", "save the page again"
        )
    held = {**held_documents(specs), document: entry}
    write.put(specs / LOCK, lock.dumped(held))
    figures = sum(len(statement.atoms) for statement in page.statements)
    lines = [f"{document}: {len(page.statements)} statements, {figures} figures, in {specs / LOCK}"]
    lines += [f"  line {line}: `{printed}` can't be read" for line, printed in page.damaged]
    damaged = [{"line": line, "text": printed} for line, printed in page.damaged]
    return Answer(
        "\n".join(lines),
        {"document": document, "statements": len(page.statements), "figures": figures, "damaged": damaged},
    )


def held_documents(specs: Path) -> dict[str, Any]:
    """What is pinned. Raises Usage for a lock that can't be read."""
    path = specs / LOCK
    if not path.is_file():
        return {}
    try:
        return lock.loaded(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Usage("bad-lock", f"{path}: {error}", "pin the documents again") from None


def found(specs: Path, asked: Asked) -> Drift:
    """What changed in the documents that were given; without any, whether specs and lock agree.

    Raises Usage for a name or a file that is none, and `problems.Invalid` for specs that do not load."""
    reader = Reader(load(specs))
    held = held_documents(specs)
    if not asked.documents:
        if not held:
            raise Usage(
                "nothing-pinned",
                f"{specs / LOCK} holds no document",
                "`platemark documents pin ID FILE`, or name --document ID=FILE",
            )
        return held_in_lock(reader, held)
    new, old = captures(reader, asked, held)
    return drift(reader, new, old, held)


def captures(reader: Reader, asked: Asked, held: Mapping[str, Any]) -> tuple[Captures, Captures]:
    """The documents that were given, as they are now and as they were, by the names that the caller gave them.

    Raises Usage for a name or a file that is none, and for a document that has nothing to be held against."""
    new, old = _captures(asked.documents), _captures(asked.against)
    for name in old:
        if name not in new:
            raise Usage("usage", f"--against-document {name} has no --document {name} to be held against it")
    called: dict[str, str] = {}
    for name, captures in new.items():
        document = _known(reader, name, captures[0].raw)
        if (other := called.setdefault(document, name)) != name:
            raise Usage("usage", f"{other} and {name} are one document", f"--document {name}=… for each of its parts")
        if name not in old and document not in held:
            raise Usage("not-pinned", f"{name} is not pinned, and nothing was given to hold it against",
                        f"`platemark documents pin {name} FILE`, or --against-document {name}=FILE")  # fmt: skip
    return new, old


def answer(specs: Path, asked: Asked) -> Answer:
    """The report, and with `apply` the specs patched."""
    result = found(specs, asked)
    if asked.apply:
        return _applied(specs, result)
    written = {"text": renders.text, "markdown": renders.markdown, "sarif": renders.sarif}.get(asked.form, renders.text)
    return Answer(written(result), result.json(), 1 if result.semantic else 0)


def texts(specs: Path) -> dict[str, str]:
    """The files of a folder of specs, by the names that problems and claims give them."""
    files = [*specs.glob("*.yaml"), *specs.glob("*/*.yaml")]
    return {f"{specs.name}/{path.relative_to(specs).as_posix()}": path.read_bytes().decode() for path in files}


def patched(specs: Path, result: Drift) -> tuple[Patch, list[Problem]]:
    """The specs as the documents now want them, and what lint says of them."""
    made = patch(load(specs), texts(specs), result.rows)
    return made, linted(specs, made.files)[1]


def linted(specs: Path, files: Mapping[str, str]) -> tuple[Spec, list[Problem]]:
    """The specs as they would load if these files stood in them, and what would be wrong with them."""
    from platemark import lint

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / specs.name
        for name, text in {**texts(specs), **files}.items():
            write.put(copy / name.partition("/")[2], text)
        spec, problems = load_sound(copy)
        return spec, [*problems, *lint.lint(spec, whole=not problems)]


def _applied(specs: Path, result: Drift) -> Answer:
    made, problems = patched(specs, result)
    lines = [*map(str, made.edits), *(f"left: {left}" for left in made.left)]
    lines += [f"left: new {news.type} {news.value} ({news.document}:{news.line})" for news in result.news]
    data: dict[str, Any] = {
        **result.json(),
        **made.json(),
        "problems": [problem.json() for problem in problems],
    }
    if problems:
        lines = [
            *(problem.render() for problem in problems),
            "nothing was written: the patched specs would not lint",
            *lines,
        ]
        return Answer("\n".join(lines), data, 1)
    for name, text in made.files.items():
        write.put(specs / name.partition("/")[2], text)
    left = bool(made.left or result.news) or any(read.status != "ok" for read in result.documents)
    return Answer("\n".join(lines) or "nothing to apply", data, 1 if left else 0)


def _captures(given: Sequence[str]) -> Captures:
    found: Captures = {}
    for text in given:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise Usage(
                "usage", f"`{text}` names no document and file", "write ID=FILE, such as qwen-image-api=page.html"
            )
        found.setdefault(name, []).append(Capture(name, file, _bytes(file)))
    return found


def _bytes(file: str) -> bytes:
    return Path(file).read_bytes()


def _known(reader: Reader, name: str, raw: bytes) -> str:
    try:
        return reader.document(name, raw).id
    except Unknown:
        names = [word for document in reader.spec.documents for word in (document.id, document.page) if word]
        hint = did_you_mean(name, names) or "documents.yaml lists them, by id and by page"
        raise Usage("unknown-document", f"no document is called `{name}`", hint) from None
