"""What code of the README prints, by running it in the package that is being emitted: no text is typed by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

_RUNNER = """
import contextlib, importlib.abc, importlib.util, io, json, sys

given = json.load(sys.stdin)

class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        stem = name.replace(".", "/")
        if f"{stem}/__init__.py" in given["sources"]:
            return importlib.util.spec_from_loader(name, self, is_package=True)
        return importlib.util.spec_from_loader(name, self) if f"{stem}.py" in given["sources"] else None

    def exec_module(self, module):
        stem = module.__name__.replace(".", "/")
        path = f"{stem}/__init__.py" if hasattr(module, "__path__") else f"{stem}.py"
        exec(compile(given["sources"][path], path, "exec"), module.__dict__)

sys.meta_path.insert(0, Finder())
space, said = {}, []
for program in given["programs"]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, "README.md", "exec"), space)
    said.append(out.getvalue())
json.dump(said, sys.stdout)
"""
_KEPT = ("SYSTEMROOT", "PATH")
"""What Python may need to start. Nothing else: settings of whoever emits must not show."""


class Stage:
    """What a text's blocks of code are, and what they print.

    The first time, a template is rendered to learn its `programs`; then they are run, and it is rendered with their
    `outputs`."""

    def __init__(self, outputs: Sequence[str] | None = None) -> None:
        self.programs: list[str] = []
        self._outputs = outputs

    def run(self, code: str) -> str:
        """A block of code whose output is not shown."""
        self.programs.append(code.strip())
        return _fence("python", code)

    def shown(self, code: str) -> str:
        """A block of code, and what it prints."""
        block = self.run(code)
        output = self._outputs[len(self.programs) - 1] if self._outputs is not None else ""
        return f"{block}\n\n{_fence('text', output)}"


def _fence(kind: str, text: str) -> str:
    if "```" in text:
        raise ValueError(f"a block of {kind} would end before its end: {text}")
    return f"```{kind}\n{text.strip()}\n```"


def said(sources: Mapping[str, str], programs: Sequence[str]) -> list[str]:
    """What each program prints, one after the other in one namespace. Raises ValueError when one fails.

    `sources` are Python files by path, below a folder of their own that nobody has to write."""
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", _RUNNER],
        input=json.dumps({"sources": dict(sources), "programs": list(programs)}), encoding="utf-8",
        capture_output=True, check=False, env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )  # fmt: skip
    if done.returncode:
        raise ValueError(f"what the README shows does not run: {done.stderr.strip()}")
    return json.loads(done.stdout)
