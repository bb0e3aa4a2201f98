"""What `platemark new` does: a file with a slot for each fact, and a line for each document that it cites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from platemark import source, write
from platemark.answers import Answer, Usage
from platemark.plain import is_map
from platemark.problems import did_you_mean
from platemark.scaffold import blanks, listing
from platemark.scaffold.pages import page
from platemark.spec import shape, todos

DOCUMENTS = "documents.yaml"


@dataclass(frozen=True, slots=True)
class _New:
    """A file that is not there yet, below the folder of specs, and the documents that it cites."""

    path: str
    kind: shape.SchemaName
    text: str
    documents: Sequence[str]


def provider(specs: Path, name: str, documents: Sequence[str]) -> Answer:
    """Begin a provider, and the folder of specs where there is none; without `documents` it cites one, `NAME-ref`.

    Raises Usage for a name that can't be one, and for a file that is there."""
    _require_name(name)
    cited = documents or [blanks.document_id(name)]
    return _written(specs, _New(f"{name}/provider.yaml", "provider", blanks.provider(name, cited), cited))


def family(specs: Path, name: str, provider: str, models: Sequence[str], documents: Sequence[str]) -> Answer:
    """Begin a family of a provider that is there; without `models` it has one, called as the family is.

    Raises Usage as above, and `problems.Invalid` where the provider's file can't be read."""
    _require_name(name)
    there = sorted(path.parent.name for path in specs.glob("*/provider.yaml"))
    if provider not in there:
        hint = did_you_mean(provider, there) or f"`platemark new provider {provider}` begins one"
        raise Usage("unknown-provider", f"{specs} has no provider called `{provider}`", hint)
    found = source.read(specs / provider / "provider.yaml", f"{specs.name}/{provider}/provider.yaml").data
    cited = documents or [blanks.document_id(name)]
    text = blanks.family(name, models, cited, found if is_map(found) else {})
    return _written(specs, _New(f"{provider}/{name}.yaml", "family", text, cited))


def _require_name(name: str) -> None:
    if not source.is_name(name) or name == "provider":
        raise Usage("bad-name", f"`{name}` can't be a name here: it becomes part of paths and of names in code",
                    "names are written like wan2.6-image")  # fmt: skip


def _written(specs: Path, new: _New) -> Answer:
    """Both files are made, and looked at, before either is written."""
    if (specs / new.path).exists():
        hint = "`platemark lint` names what it still lacks; nothing was written"
        raise Usage("exists", f"{specs / new.path} is there already", hint)
    listed, fresh = _listed(specs / DOCUMENTS, new.documents)
    lines_of = page(dict.fromkeys(fresh, blanks.DOCUMENT))
    lacking = _lacking(new.path, new.text, new.kind) + _lacking(DOCUMENTS, lines_of, "documents")
    write.put(specs / new.path, new.text)
    if fresh:
        write.put(specs / DOCUMENTS, listed)
    lines = [f"wrote {specs / new.path}", *(f"listed {name} in {specs / DOCUMENTS}" for name in fresh)]
    lines.append(f"hint: `platemark lint --specs {specs}` names the {lacking} things that are still to be said")
    data = {"written": str(specs / new.path), "documents": list(fresh), "todo": lacking}
    return Answer("\n".join(lines), data)


def _listed(path: Path, documents: Iterable[str]) -> tuple[bytes, list[str]]:
    """The list with the documents that it lacks, and which those are."""
    raw = path.read_bytes() if path.exists() else b""
    fresh: list[str] = []
    for name in dict.fromkeys(documents):
        try:
            made = listing.listed(raw, f"{path.parent.name}/{path.name}", name, blanks.DOCUMENT)
        except ValueError as error:
            raise Usage("no-list", str(error), f"write it yourself: {name}: {{kind: reference, …}}") from None
        fresh += [name] if made != raw else []
        raw = made
    return raw, fresh


def _lacking(name: str, text: str, kind: shape.SchemaName) -> int:
    """How many slots a text has. Raises Usage where it has the wrong shape: an id of the caller's that can't be one."""
    tree = source.parse(text.encode(), name)
    for problem in shape.check(tree, kind):
        if problem.code != "todo":
            raise Usage(problem.code, problem.message, problem.hint)
    return sum(1 for _ in todos.slots(tree.data))
