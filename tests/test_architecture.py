"""The design's boundaries, held by reading the source: who may import whom, who does I/O, how long things may get.

Imports inside functions and under TYPE_CHECKING count too. A runtime is part of an emitted client, not of platemark:
it may not import platemark, and only its length is bounded besides.
"""

import ast
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path, PurePath

import pytest

PACKAGE = Path(__file__).parents[1] / "generator" / "src" / "platemark"

CORE = {"schema", "ir", "rules", "wire"}
OUTPUTS = {"write", "targets", "emulator", "testing", "conform", "drift", "diff"}
STAGES = {"source", "spec", "resolution", "lint"}
LEAVES = {"plain", "problems", "version"}

MAY_IMPORT: dict[str, Set[str]] = {
    **dict.fromkeys(LEAVES, frozenset[str]()),
    "source": frozenset[str](),
    "spec": {"source", "ir", "rules", "wire"},  # kinds of rules and faults say how they are written
    "resolution": {"spec", "source", "ir", "rules", "wire"},
    "lint": {"resolution", "spec", "source"} | CORE,  # it evaluates rules
    **dict.fromkeys(CORE, CORE),
    **dict.fromkeys(OUTPUTS, CORE),
    "documents": frozenset[str](),  # pages are read without a spec: the names that it knows are handed over
    "drift": {"documents", "resolution", "spec", "source"} | CORE,  # it patches YAML at a node's own position
    "diff": {"source"} | CORE,  # for the places of what a person accepts
    "update": {"diff", "documents", "drift", "source"} | CORE,  # from what a page says to what callers are told
    "drafting": {"documents", "scaffold", "spec", "source"} | CORE,
    "conform": {"emulator"} | CORE,  # which it can ask in process
    "testing": {"__init__", "emulator"} | CORE,  # it resolves specs, and lends pytest an emulator
    "api": STAGES | CORE | OUTPUTS,
    "__init__": {"api"},
    "demo": {"api", "answers", "commands"} | STAGES | CORE | OUTPUTS,
    "answers": frozenset[str](),
    "scaffold": {"spec", "source"},
    "options": {"answers"},
    "beginning": {"answers", "scaffold", "spec", "source", "write"},
    "probing": {"answers", "commands"} | CORE | OUTPUTS,
    "comparing": {"api", "answers", "commands", "spec"} | CORE | OUTPUTS,
    "commands": {"answers"} | CORE | OUTPUTS,
    "drafts": {"answers", "documents", "drafting", "scaffold"} | STAGES | CORE | OUTPUTS,
    "drifting": {"answers", "documents"} | STAGES | CORE | OUTPUTS,
    "updating": {"answers", "api", "comparing", "documents", "drifting", "update"} | STAGES | CORE | OUTPUTS,
    "cli": {
        "__init__",
        "api",
        "demo",
        "probing",
        "answers",
        "beginning",
        "commands",
        "comparing",
        "drafts",
        "drifting",
        "options",
        "updating",
    }
    | STAGES
    | CORE
    | OUTPUTS,
    "__main__": {"cli"},
}
"""Part of platemark → the parts that it may import, besides itself and the leaves."""

SPEAKS = {"cli", "__main__"}
READS_YAML = {"source"}
DOES_IO = {
    "drafts",
    "drifting",
    "source",
    "write",
    "cli",
    "demo",
    "emulator",
    "testing",
    "conform",
    "probing",
    "drift",
    "beginning",
    "comparing",
    "updating",
}
READS_ITS_RESOURCES = ("spec/*.py", "targets/*.py", "targets/*/emit.py")
REGISTRY = ("targets/__init__.py", "targets/registry.py")

SPEECH = {"print", "exit", "quit", "SystemExit", "sys.exit", "sys.stdout", "sys.stderr", "sys.stdin", "os._exit"}
READING = {"open", "read_text", "read_bytes", "iterdir", "glob", "rglob"}
WRITING = {"write_text", "write_bytes", "mkdir", "unlink", "rmdir", "rmtree", "touch"}

MODULE_LINES = 400
FUNCTION_LINES = 60


@dataclass(frozen=True)
class Module:
    root: Path
    path: PurePath
    tree: ast.Module
    lines: int

    @property
    def part(self) -> str:
        return self.path.parts[0].removesuffix(".py")

    def matches(self, patterns: tuple[str, ...]) -> bool:
        return any(self.path.match(pattern) for pattern in patterns)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full dotted name of all that is imported."""
        package = ["platemark", *self.path.parts[:-1]]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, each.name) for each in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                prefix = ".".join([*base, *([node.module] if node.module else [])])
                yield from ((node.lineno, f"{prefix}.{each.name}") for each in node.names)

    def names(self) -> Iterator[tuple[int, str]]:
        """Line and text of plain names (`print`) and of attributes of plain names (`sys.exit`)."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Name(id=name):
                    yield node.lineno, name
                case ast.Attribute(value=ast.Name(id=owner), attr=name):
                    yield node.lineno, f"{owner}.{name}"

    def calls(self) -> Iterator[tuple[int, str]]:
        """Line and last name of every call: `open` for `open(…)` and for `path.open(…)`."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    yield node.lineno, name


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Parts import only what their row allows, targets never each other, and YAML comes in at one place."""
    allowed = MAY_IMPORT.get(module.part)
    if allowed is None:
        yield 1, f"platemark.{module.part} is a new part: give it a row in MAY_IMPORT, and the design a line"
        return
    for line, name in module.imports():
        top, _, rest = name.partition(".")
        if top == "yaml" and module.part not in READS_YAML:
            yield line, f"imports yaml; only {_list(READS_YAML)} may"
        if top != "platemark" or rest == "__version__":
            continue
        part, _, inner = rest.partition(".")
        if not ((module.root / part).is_dir() or (module.root / f"{part}.py").exists()):
            part = "__init__"  # a name of the public API
        if part not in allowed | LEAVES | {module.part}:
            yield line, f"imports platemark.{part}; {module.part} may import only {_list(allowed | LEAVES)}"
        elif part == module.part == "targets" and not module.matches(REGISTRY):
            target = inner.partition(".")[0]
            if (module.root / "targets" / target / "emit.py").exists() and target not in module.path.parts[:-1]:
                yield line, f"imports target {target}; only the registry may, which hands out what a target needs"


def runtime(module: Module) -> Iterator[tuple[int, str]]:
    """A runtime imports its neighbours, the standard library and the client's dependencies."""
    neighbours = ".".join(["platemark", *module.path.parts[: module.path.parts.index("runtime") + 1]])
    for line, name in module.imports():
        if name.startswith("platemark.") and not name.startswith(f"{neighbours}."):
            yield line, f"imports {name}; a runtime is copied into clients, where there is no platemark"


def speech(module: Module) -> Iterator[tuple[int, str]]:
    """Only the command line prints, reads from standard input, or exits."""
    if module.part not in SPEAKS:
        for line, name in module.names():
            if name in SPEECH:
                yield line, f"uses {name}; only {_list(SPEAKS)} may: return or yield a value instead"


def rim(module: Module) -> Iterator[tuple[int, str]]:
    """Files are read and written at the rim; a target reads its own package's resources, and nothing else."""
    resources = module.matches(READS_ITS_RESOURCES) and not any(
        name in {"os", "io", "pathlib", "pathlib.Path"} or name.startswith("os.") for _, name in module.imports()
    )
    for line, name in module.calls():
        if name in WRITING and module.part not in DOES_IO - {"source"}:
            yield line, f"calls {name}; only {_list(DOES_IO - {'source'})} may write"
        elif name in READING and module.part not in DOES_IO and not (resources and name != "open"):
            allowed = f"{_list(DOES_IO)} may read, and {_list(READS_ITS_RESOURCES)} their importlib.resources"
            yield line, f"calls {name}; only {allowed} (without os and pathlib.Path)"


def size(module: Module) -> Iterator[tuple[int, str]]:
    if module.lines > MODULE_LINES:
        yield MODULE_LINES + 1, f"the module has {module.lines} lines; {MODULE_LINES} are allowed: is there a seam?"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines; {FUNCTION_LINES} are allowed"


def violations(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        text = path.read_text(encoding="utf-8")
        try:
            # The oldest Python that we support must understand it, whichever one runs this.
            tree = ast.parse(text, feature_version=(3, 11))
        except SyntaxError as error:
            yield f"{path}:{error.lineno}: not Python 3.11: {error.msg}"
            continue
        module = Module(root, inside, tree, len(text.splitlines()))
        rules = (runtime, size) if "runtime" in inside.parts else (imports, speech, rim, size)
        for rule in rules:
            yield from (f"{path}:{line}: {message}" for line, message in dict.fromkeys(rule(module)))


def _list(names: Set[str] | tuple[str, ...]) -> str:
    return ", ".join(sorted(names))


def test_the_design_holds():
    found = [line.removeprefix(f"{PACKAGE.parents[2]}/") for line in violations(PACKAGE)]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


FINE = {
    "source.py": "import yaml\nfrom platemark.problems import Problem\ndef read(path): return path.read_bytes()",
    "write.py": "from platemark import __version__\nfrom platemark.ir import IR\ndef write(path): path.write_text('')",
    "ir.py": "from platemark.rules import expr",
    "problems.py": "",
    "rules/expr.py": "",
    "schema.py": "",
    "cli.py": "import sys\nfrom platemark import load, targets, write\nprint(1); sys.exit(2)",
    "targets/__init__.py": "from platemark.targets.go import emit\nfrom .python import emit as other",
    "targets/go/emit.py": "from importlib import resources\nfrom . import naming\nfrom ..printer import P\n"
    "text = resources.files(__package__).joinpath('runtime', 'x.go').read_text()",
    "targets/python/emit.py": "from platemark.targets.python import naming\nfrom platemark.schema import lower",
    "targets/python/runtime/io.py": "from pathlib import Path\nfrom .errors import E\nprint(Path('x').read_text())",
}
WRONG = {
    "rules/expr.py": ("from platemark.source import Tree", "1: imports platemark.source; rules may import only"),
    "ir.py": ("def f():\n    from . import targets", "2: imports platemark.targets; ir may import only"),
    "wire/routes.py": ("from .. import load", "1: imports platemark.__init__; wire may import only"),
    "resolution.py": (
        "from platemark.write import a, b",
        "1: imports platemark.write; resolution may import only ir,",
    ),
    "targets/docs/emit.py": ("from ..go import emit", "1: imports target go; only the registry may"),
    "targets/docs/printer.py": ("import yaml", "1: imports yaml; only source may"),
    "targets/ir/emit.py": ("def f(path):\n    return open(path)", "2: calls open; only"),
    "targets/tools/emit.py": ("from pathlib import Path\nPath('x').read_text()", "2: calls read_text; only"),
    "targets/go/printer.py": ("def f(p): p.write_text('')", "1: calls write_text; only"),
    "targets/java/runtime/a.py": ("import platemark.ir", "1: imports platemark.ir; a runtime is copied"),
    "source.py": ("def f(p): p.write_bytes(b'')", "1: calls write_bytes; only"),
    "emulator/app.py": ("import sys\nprint(1)", "2: uses print; only __main__, cli may"),
    "drift/pin.py": ("import sys\nsys.exit(1)", "2: uses sys.exit; only __main__, cli may"),
    "diff/a.py": ("raise SystemExit(1)", "1: uses SystemExit; only"),
    "extras.py": ("", "1: platemark.extras is a new part: give it a row"),
    "schema.py": ("\n" * 401, "401: the module has 401 lines; 400 are allowed"),
    "testing/a.py": ("def f():\n" + "    f()\n" * 60, "1: f has 61 lines; 60 are allowed"),
    "spec/lint.py": ("type A = int", "1: not Python 3.11"),
}


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_what_the_design_allows_is_found_fine(tmp_path: Path):
    lay(tmp_path, FINE)
    assert list(violations(tmp_path)) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_breach_is_named_with_its_place(tmp_path: Path, name: str):
    text, message = WRONG[name]
    lay(tmp_path, FINE | {name: text})
    found = list(violations(tmp_path))
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path / name}:{message}")


def test_no_package_breaks_nothing(tmp_path: Path):
    assert list(violations(tmp_path / "nothing")) == []
