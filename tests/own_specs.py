"""Specs of one's own, as somebody begins them with `platemark new` and fills them in."""

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platemark import cli

FILLED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "documents.yaml": (
        ("held: todo, language: todo, date: todo, title: todo", "held: true, language: en, date: 2026-10, title: Acme"),
    ),
    "acme/provider.yaml": (
        ("about: todo\nclient", "about: Acme draws lamps\nclient"),
        ("acme-ref: todo", "acme-ref: all"),
        ("header: todo, value: todo", 'header: Authorization, value: "Bearer {key}"'),
        ("todo: {host: todo}", "north-1: {host: api.acme.example}"),
        ("path: todo", "path: /images"),
        ("todo: $prompt", "prompt: $prompt"),
        ("todo: [{$each: images, todo: $item}]", "data: [{$each: images, url: $item}]"),
        ("todo: $message", "message: $message"),
        ("todo: {status: todo}", "wrong: {status: 400}\n    no_key: {status: 401, class: auth}"),
        ("any: {code: todo}", "any: {code: wrong}"),
        ("auth: {code: todo}", "auth: {code: no_key}"),
        ("model: {code: todo}", "model: {code: wrong}"),
        ("about: todo", "about: What to draw"),
    ),
    "acme/acme-1.yaml": (
        ("about: todo\nsources", "about: Acme 1 draws lamps\nsources"),
        ("acme-1-ref: todo", "acme-1-ref: acme-1"),
        ("    about: todo", "    about: Draw what the words say"),
        ("makes: todo", "makes: 1"),
        ("length: todo", "length: ..20"),
    ),
}
"""What somebody says in place of each `todo`, in the order of the file."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def ran(*arguments: str) -> Ran:
    """Run `platemark` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(arguments)
    return Ran(code, out.getvalue(), err.getvalue())


def fill(specs: Path) -> None:
    """Say what is still to be said."""
    for name, said in FILLED.items():
        text = (specs / name).read_text(encoding="utf-8")
        for slot, fact in said:
            assert slot in text, (name, slot)
            text = text.replace(slot, fact)
        (specs / name).write_text(text, encoding="utf-8")


def begin(folder: Path) -> Path:
    """A provider with a family, in a new folder of specs."""
    specs = folder / "specs"
    assert ran("new", "provider", "acme", "--specs", str(specs)).code == 0
    assert ran("new", "model", "acme-1", "--provider", "acme", "--specs", str(specs)).code == 0
    return specs
