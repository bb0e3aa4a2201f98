"""Whether the workflow `documents` opens a pull request: once for each change, and never again for one that was closed.

`branch REPORT`: the branch of the change. `decide REPORT REQUESTS`: `open`, `branch` and `title`, as outputs of a step.
`body REPORT MARKDOWN`: what the request says. `files REPORT`: the files of the commit, each with a NUL after it.

REPORT is what `platemark update` wrote as JSON, REQUESTS what `gh pr list` says. It needs nothing but Python.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BRANCH = "platemark/documents-"
_TITLE = 120
_BODY = 60_000
"""GitHub takes 65,536 characters."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to open a request, and why not."""

    open: bool
    why: str


def branch(report: Mapping[str, Any]) -> str:
    """The branch of a change: the same for the same change, on every day."""
    return f"{_BRANCH}{report['change_key']}"


def decide(report: Mapping[str, Any], requests: Iterable[Mapping[str, Any]]) -> Decision:
    """A change is proposed once. One that was merged and is there again has come back, and is proposed again, unless it
    changes no file: then it is a thing that people know of."""
    mine = [each for each in requests if each["headRefName"] == branch(report) and not each["isCrossRepository"]]
    told: Mapping[str, str] = {
        "OPEN": "is open for it",
        "CLOSED": "was closed without a merge",
        **({} if report["written"] else {"MERGED": "has told it, and no file changes"}),
    }
    for state, why in told.items():
        for each in mine:
            if each["state"] == state:
                return Decision(False, f"request {each['number']} {why}")
    return Decision(True, "no request is there for it")


def title(report: Mapping[str, Any]) -> str:
    """The title of the request, on one line."""
    words = "".join(c if c.isprintable() else " " for c in f"Documents: {report['title']}")
    return words if len(words) <= _TITLE else f"{words[: _TITLE - 1]}…"


def body(report: Mapping[str, Any], markdown: str) -> str:
    """What the request says: the report, as far as GitHub takes it, and the key."""
    key = f"<!-- platemark-change-key: {report['change_key']} -->\n"
    if len(markdown) > _BODY:
        markdown = f"{markdown[:_BODY].rpartition(chr(10))[0]}\n\n… The whole report is in the summary of the run.\n"
    return f"{key}{markdown}"


def files(report: Mapping[str, Any]) -> str:
    """The files that the update wrote."""
    return "".join(f"{each['file']}\0" for each in report["written"])


def main(arguments: Sequence[str]) -> int:
    """Print what is asked for."""
    what, name, *more = arguments
    report = json.loads(Path(name).read_text(encoding="utf-8"))
    if what == "branch":
        print(branch(report))
    elif what == "decide":
        found = decide(report, json.loads(Path(more[0]).read_text(encoding="utf-8")))
        print(f"open={str(found.open).lower()}\nbranch={branch(report)}\ntitle={title(report)}")
        print(f"::notice::{found.why}", file=sys.stderr)
    elif what == "body":
        print(body(report, Path(more[0]).read_text(encoding="utf-8")), end="")
    else:
        print(files(report), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
