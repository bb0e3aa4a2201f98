"""What it costs to get ready: CPU time to import the emitted client and make a client, and to prepare a first request,
against `import dashscope`; and how many distributions come with it.

`nox -s bench` runs it. Each run is a process of its own, runs are interleaved, and medians are compared, all less what
a bare Python costs. The distributions are counted in a fresh virtual environment.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

CLIENT = Path(__file__).parents[1] / "generated" / "python"
RUNS = 7
MADE = "from platemark_images import DashScope; client = DashScope(api_key='sk-test-bench', region='singapore')"
CASES = {
    "bare Python": "pass",
    "import dashscope": "import dashscope",
    "import and make a client": MADE,
    "prepare a first request": f"{MADE}; client.wan2_6_image.prepare('interleave', prompt='a lantern', max_images=3)",
}
MOST = {"import and make a client": 1 / 4, "prepare a first request": 1 / 3}
"""Shares of what `import dashscope` costs."""
MOST_DISTRIBUTIONS = 8
_OWN = {"pip", "setuptools", "wheel"}


def seconds(code: str) -> float:
    """CPU seconds of a Python that runs some code and ends."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def distributions() -> list[str]:
    """What stands in an environment into which nothing but the client was installed."""
    with TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(CLIENT)], check=True)
        listed = subprocess.run([python, "-m", "pip", "list", "--format", "json"], check=True, capture_output=True)
        return sorted(each["name"] for each in json.loads(listed.stdout) if each["name"].lower() not in _OWN)


def main() -> int:
    """Print the table, and fail where a bar is missed."""
    for code in CASES.values():
        seconds(code)  # bytecode is there from now on
    runs: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(RUNS):
        for name, code in CASES.items():
            runs[name].append(seconds(code))
    bare = median(runs["bare Python"])
    costs = {name: median(each) - bare for name, each in runs.items()}
    print("| what | CPU seconds | less a bare Python's | share of `import dashscope` |\n|---|---|---|---|")
    for name, cost in costs.items():
        print(f"| {name} | {cost + bare:.3f} | {cost:.3f} | {cost / costs['import dashscope']:.1%} |")
    print()
    missed = False
    for name, most in MOST.items():
        share = costs[name] / costs["import dashscope"]
        missed |= share > most
        print(f"{'MISSED' if share > most else 'met'}: {name}: {share:.1%} (at most {most:.1%})")
    found = distributions()
    missed |= len(found) > MOST_DISTRIBUTIONS
    told = "MISSED" if len(found) > MOST_DISTRIBUTIONS else "met"
    print(f"{told}: {len(found)} distributions (at most {MOST_DISTRIBUTIONS}): {', '.join(found)}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
