"""Specs with one line that says otherwise, for tests of `platemark diff`."""

import re
from pathlib import Path
from shutil import copytree

import platemark
from platemark.ir import Ir

SPECS = Path(__file__).parents[1] / "specs"
EXTRA = Path(__file__).parent / "specs_extra"


def edited(specs: Path, folder: Path, *edits: tuple[str, str, str]) -> Path:
    """A copy of a folder of specs in which texts are replaced: (file, text, text in its place), each found once.

    `key: …text` is the text on the line of that key."""
    made = folder / "specs"
    copytree(specs, made)
    for file, before, after in edits:
        path = made / file
        *line, text = (re.escape(part) for part in before.split("…"))
        wanted = "(" + "[^\\n]*?".join([*line, ""]) + ")" + text
        changed, times = re.subn(wanted, lambda found, after=after: found[1] + after, path.read_text("utf-8"))
        assert times == 1, f"{file} holds {before!r} {times} times"
        path.write_text(changed, "utf-8")
    return made


def resolved(specs: Path) -> Ir:
    """The IR of a folder of specs."""
    return platemark.resolve(platemark.load(specs))
