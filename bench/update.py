"""What `update` costs: CPU for one document with one changed figure, against a cold `generate` plus reading that page.

`nox -s bench` runs it. Each run is a process of its own, runs are interleaved, and medians are compared. A cold
`generate` writes into an empty folder; `update` begins where everything is up to date, and has to write what changed.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
DOCUMENT = "vtrix-edit"
PAGE = ROOT / "tests" / "pages" / f"{DOCUMENT}.md"
CHANGE = ("images: 1 to 6.", "images: 1 to 4.")
RUNS = 5
MOST = 3.0
"""Times the CPU of a cold `generate` plus reading the page."""
_READING = """
import sys, time
from pathlib import Path
from platemark.drift import Capture, Reader
from platemark.spec.load import load
reader, raw = Reader(load(Path("specs"))), Path("page.md").read_bytes()
begun = time.process_time()
page = reader.page([Capture(sys.argv[1], "page.md", raw)])
print(time.process_time() - begun)
assert page.status == "ok"
"""


def platemark(folder: Path, *arguments: str, code: int = 0) -> float:
    """CPU seconds of a command in a folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "platemark", *arguments], cwd=folder, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != code:
        raise RuntimeError(f"{' '.join(arguments)}: {done.returncode}\n{(done.stdout + done.stderr).decode()}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def begun(folder: Path) -> Path:
    """A folder in which everything is up to date, and a page that is not what it was."""
    copytree(ROOT / "specs", folder / "specs")
    platemark(folder, "documents", "pin", DOCUMENT, str(PAGE))
    platemark(folder, "generate")
    text = PAGE.read_text(encoding="utf-8")
    assert text.count(CHANGE[0]) == 1
    (folder / "page.md").write_text(text.replace(*CHANGE), encoding="utf-8")
    return folder


def reading(folder: Path) -> float:
    """CPU seconds of reading the page, once everything is there to read it."""
    done = subprocess.run([sys.executable, "-c", _READING, DOCUMENT], cwd=folder, capture_output=True, check=True)
    return float(done.stdout)


def updating(base: Path, to: Path) -> float:
    """CPU seconds of an update, which must have put the figure everywhere."""
    folder = copytree(base, to)
    seconds = platemark(folder, "update", "--document", f"{DOCUMENT}=page.md", "--report", "report.json", code=1)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert [(each["id"], each["old"], each["new"]) for each in report["applied"]] == [("n.range", "6", "4")]
    assert report["failed"] is None
    platemark(folder, "check")
    return seconds


def told(name: str, runs: Sequence[float]) -> str:
    """A row of the table."""
    return f"| {name} | {median(runs):.3f} | {min(runs):.3f} to {max(runs):.3f} |"


def main() -> int:
    """Print the table, and fail where the bar is missed."""
    with TemporaryDirectory() as scratch:
        base = begun(Path(scratch) / "base")
        cold, page, update = list[float](), list[float](), list[float]()
        for number in range(RUNS):
            cold.append(platemark(base, "generate", "--out", str(Path(scratch) / f"cold-{number}")))
            page.append(reading(base))
            update.append(updating(base, Path(scratch) / f"update-{number}"))
    print(f"| CPU seconds, {RUNS} runs | median | range |\n|---|---|---|")
    for name, runs in (("cold `generate`", cold), ("reading the page", page), ("`update`", update)):
        print(told(name, runs))
    ratio = median(update) / (median(cold) + median(page))
    print(
        f"\n{'MISSED' if ratio > MOST else 'met'}: `update` costs {ratio:.2f} times as much (at most {MOST:.0f} times)"
    )
    return int(ratio > MOST)


if __name__ == "__main__":
    sys.exit(main())
