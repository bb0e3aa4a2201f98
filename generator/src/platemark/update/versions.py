"""`versions.yaml` with the versions that changes ask for, put in place of those that stand there."""

from __future__ import annotations

from collections.abc import Mapping

from platemark import source


def raised(text: str, name: str, due: Mapping[str, str]) -> str:
    """The file with these versions, by package; a package that it lacks gets a line. All else stays as it is.

    Raises `problems.Invalid` for a file that can't be read."""
    tree = source.parse(text.encode(), name)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    fresh: list[str] = []
    for package, version in due.items():
        at = tree.values.get((package,))
        if at is None:
            fresh.append(f"{package}: {version}")
        else:
            line = lines[at.line - 1]
            lines[at.line - 1] = line[: at.column - 1] + version + line[at.end_column - 1 :]
    if fresh and lines[-1]:
        lines.append("")
    return newline.join([*lines[:-1], *fresh, lines[-1]])
