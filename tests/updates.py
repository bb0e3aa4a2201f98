"""A repository of specs whose documents are pinned, and pages of it that say otherwise, for tests of `update`."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

from own_specs import Ran, ran

HERE = Path(__file__).parent
PAGE = HERE / "pages" / "aurora-1.md"
DOCUMENT = "aurora-ref"
PACKAGE = "lumen_images"

FEWER = ("draw: 1 to 6.", "draw: 1 to 4.")
"""A limit that is tighter: of the page, and in its place."""
DOUBTFUL = ("side is 256 to 3072", "side is 5120 to 3072")
"""A least above the most: nobody means it."""
NEW = ("| `inks` |", "| `glow` | integer | How bright the picture is: 0 to 10. Default: 5. |\n| `inks` |")
"""A parameter that no spec has."""
REWORDED = ("What Lumen says of Aurora 1", "All that Lumen has to say about its model Aurora 1")

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A lamp.\n\n## [0.1.0] - 2031-01-01\n\n- The first.\n"


def begin(folder: Path) -> None:
    """Specs, a changelog, the lock and all that is generated, in a folder."""
    copytree(HERE / "specs_extra", folder / "specs")
    (folder / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    specs = ["--specs", str(folder / "specs")]
    assert ran("documents", "pin", DOCUMENT, str(PAGE), *specs).code == 0
    assert ran("generate", "--out", str(folder / "generated"), "--package", PACKAGE, *specs).code == 0


def page(*edits: tuple[str, str]) -> str:
    """The page, with texts in place of others that stand in it once."""
    text = PAGE.read_text(encoding="utf-8")
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def updated(name: str = DOCUMENT, *options: str) -> tuple[Ran, Any]:
    """`platemark update` with `page.md` of this folder, in this folder; and what it answers as data."""
    done = ran("update", "--document", f"{name}=page.md", "--format", "json", *options)
    return done, json.loads(done.out) if done.out else None


def held(folder: Path) -> Mapping[str, bytes]:
    """All files of a folder but those that git keeps, with what they hold."""
    files: Iterable[Path] = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
