"""What `platemark draft` answers: a page in, a first family file out, for each family that the page describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from platemark import write
from platemark.answers import Answer, Usage
from platemark.drafting.draft import Reading, reading
from platemark.drafting.family import Drafted, drafted, groups
from platemark.drafting.stated import stated
from platemark.drift.lexicon import lexicon
from platemark.problems import Invalid, did_you_mean
from platemark.scaffold.blanks import document_id
from platemark.source import is_name
from platemark.spec.load import load_sound
from platemark.spec.model import Provider, Spec

BETWEEN = "---"
"""Stands between two files."""


@dataclass(frozen=True)
class Wanted:
    """A page (several captures of it, where it has them), and what to make of it."""

    files: Sequence[str]
    provider: str
    family: str = ""
    document: str = ""
    models: Sequence[str] = ()
    out: str = ""


def answer(specs: Path, wanted: Wanted) -> Answer:
    """The files, printed or written.

    Raises Usage for a page that is none, for names that are, and rather than overwrite; `problems.Invalid` where the
    provider's file has problems."""
    spec, provider = _provider(specs, wanted.provider)
    if wanted.out and Path(wanted.out).exists():
        raise Usage("exists", f"{wanted.out} is there already", "nothing was written; name another --out")
    # Of the specs, the provider's file alone: what the page says must not come from what we knew.
    known = lexicon(replace(spec, providers=(provider,), families=()))
    found = reading({name: Path(name).read_bytes() for name in wanted.files}, provider.data, known)
    shown = ", ".join(wanted.files)
    if found.page.status != "ok":
        raise Usage(f"document-{found.page.status}", f"{shown}: {found.page.why}", "save the page again")
    files = _files(found, wanted, provider, shown)
    if wanted.out:
        _require_one(files)
        write.put(Path(wanted.out), files[0].text)
    return Answer(_text(files, wanted, specs), _data(found, files, provider))


def _provider(specs: Path, name: str) -> tuple[Spec, Provider]:
    spec, problems = load_sound(specs)
    for provider in spec.providers:
        if provider.id == name:
            return spec, provider
    if (specs / name / "provider.yaml").is_file():
        raise Invalid(
            [p for p in problems if p.place.file.endswith((f"{name}/provider.yaml", "documents.yaml"))] or problems
        )
    hint = did_you_mean(name, [each.id for each in spec.providers]) or f"`platemark new provider {name}` begins one"
    raise Usage("unknown-provider", f"{specs} has no provider called `{name}`", hint)


def _files(found: Reading, wanted: Wanted, provider: Provider, shown: str) -> list[Drafted]:
    models = found.names.models
    for model in wanted.models:
        if model not in models:
            hint = did_you_mean(model, models) or f"it describes {', '.join(models) or 'none'}"
            raise Usage("unknown-model", f"{shown} describes no model called `{model}`", hint)
    if wanted.family and not is_name(wanted.family):
        raise Usage("bad-name", f"`{wanted.family}` can't be a family's name", "names are written like wan2.6-image")
    made = groups(found, wanted.models or models)
    if not made:
        raise Usage("no-models", f"{shown} says nothing of any model's parameters", "is it the reference of a model?")
    files = [
        drafted(found, group, wanted.family, wanted.document or document_id(wanted.family or name), provider.data)
        for group in made
        for name in [group.models[0]]
    ]
    if wanted.family:
        _require_one(files)
    return files


def _require_one(files: Sequence[Drafted]) -> None:
    if len(files) > 1:
        told = "; ".join(" ".join(f"--model {model}" for model in file.models) for file in files)
        raise Usage("several-families", f"the page describes {len(files)} families, a file each", f"one of: {told}")


def _text(files: Sequence[Drafted], wanted: Wanted, specs: Path) -> str:
    if wanted.out:
        (file,) = files
        where = f"in {specs / wanted.provider}, and with its document in documents.yaml"
        return f"wrote {wanted.out}\nhint: {where}, `platemark lint` names the {file.todo} things that are to be said"
    return f"\n{BETWEEN}\n".join(file.text for file in files).rstrip("\n")


def _data(found: Reading, files: Sequence[Drafted], provider: Provider) -> dict[str, Any]:
    facts = list(stated(found, provider.data))
    return {
        "families": [
            {
                "name": file.name,
                "models": list(file.models),
                "todo": file.todo,
                "text": file.text,
                "facts": [
                    {"id": fact.key, "model": fact.model, "mode": fact.mode, "value": fact.value, "line": fact.line}
                    for fact in facts
                    if fact.model in file.models
                ],
            }
            for file in files
        ],
        "damaged": [{"line": line, "text": text} for line, text in found.page.damaged],
    }
