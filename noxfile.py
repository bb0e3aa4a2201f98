"""Each check is a session: `python -m nox -s tests`. They need Python 3.11 or later with pip, and nothing else."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

ROOT = Path(__file__).parent
CLIENT = ROOT / "generated" / "python"
OUTSIDE = ROOT / "tests" / "outside"
BENCH = ROOT / "bench"
OURS = ("generator", "tests", "bench", ".github/scripts", "noxfile.py")
DEPENDENCIES: list[str] = nox.project.load_toml(ROOT / "pyproject.toml")["project"]["dependencies"]
RUFF = next(each for each in DEPENDENCIES if each.startswith("ruff=="))
SCHEMATHESIS = "schemathesis==4.32.5"
VENDORS = "dashscope==2.0.2"
PRE_COMMIT = "pre-commit==4.7.0"

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["tests", "lint", "types", "check"]
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True
nox.options.error_on_missing_interpreters = True


@nox.session
def demo(session: nox.Session) -> None:
    """Ask the emulator for every picture there is, with the emitted client."""
    session.install("-e", f"{ROOT}[emulator]", "-e", f"{CLIENT}")
    session.run("python", "-m", "platemark", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; what follows `--` goes to pytest."""
    session.install("-e", f"{ROOT}[dev]", "-e", f"{CLIENT}[cli,pydantic]")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def properties(session: nox.Session) -> None:
    """Draw more requests than the tests do: `-- 500` of each offer and kind, 200 unless said."""
    session.install("-e", f"{ROOT}[dev]", "-e", f"{CLIENT}[cli,pydantic]")
    examples, *options = session.posargs or ["200"]
    files = ("tests/test_properties.py", "tests/test_properties_tasks.py")
    session.run("pytest", "-n", "auto", *files, *options, env={"PLATEMARK_EXAMPLES": examples})


@nox.session
def lint(session: nox.Session) -> None:
    """Lint our code by our settings, and the emitted client by its own."""
    session.install(RUFF)
    session.run("ruff", "check", *OURS)
    session.run("ruff", "format", "--check", *OURS)
    with session.chdir(CLIENT):
        session.run("ruff", "check", "--config", "pyproject.toml")
        session.run("ruff", "format", "--check", "--config", "pyproject.toml")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types: strict for the generator and the emitted client."""
    session.install("-e", f"{ROOT}[dev]", "-e", f"{CLIENT}[cli,pydantic]")
    session.run("basedpyright", *session.posargs)


@nox.session
def check(session: nox.Session) -> None:
    """Hold the specs against their rules, and generated/ against the specs."""
    session.install("-e", f"{ROOT}")
    session.run("python", "-m", "platemark", "lint")
    session.run("python", "-m", "platemark", "check")


@nox.session
def sdk(session: nox.Session) -> None:
    """Hold the emulator against the vendor's own Python SDK."""
    session.install("-e", f"{ROOT}[emulator,testing]", VENDORS, "pytest>=9.0")
    session.run("pytest", str(OUTSIDE / "test_dashscope_sdk.py"), *session.posargs)


@nox.session
def differential(session: nox.Session) -> None:
    """Hold what our client sends against what the vendor's SDK sends; `-- --table` prints where they part."""
    session.install("-e", f"{ROOT}[emulator,testing]", "-e", f"{CLIENT}", VENDORS, "pytest>=9.0")
    if "--table" in session.posargs:
        session.run("python", str(OUTSIDE / "new_client.py"))
    else:
        session.run("pytest", str(OUTSIDE / "test_differential.py"), *session.posargs)
    if not session.posargs:  # apart: the SDK reads its settings as it is imported
        session.run("pytest", str(OUTSIDE / "test_migration.py"))


@nox.session
def fuzz(session: nox.Session) -> None:
    """Hold the emulator against the OpenAPI documents, by Schemathesis; `-- --long` takes minutes."""
    session.install("-e", f"{ROOT}[emulator]", SCHEMATHESIS)
    session.run("python", str(OUTSIDE / "fuzz.py"), *session.posargs)


@nox.session
def hooks(session: nox.Session) -> None:
    """Run the pre-commit hooks and the GitHub action, as they install themselves, in a repository of own specs."""
    session.install(PRE_COMMIT)
    session.run("python", str(OUTSIDE / "hooks.py"))


@nox.session
def soak(session: nox.Session) -> None:
    """Load the emulator for half an hour, or `-- --minutes N`, and hold its memory against its bounds."""
    session.install("-e", f"{ROOT}[emulator]", "httpx2>=2.10", "psutil==7.2.2")
    session.run("python", str(OUTSIDE / "soak.py"), *session.posargs)


@nox.session
def kill(session: nox.Session) -> None:
    """Kill a batch of 1,000 jobs 200 times, and see that nothing is sent twice or lost (some five minutes)."""
    session.install("-e", f"{ROOT}[emulator]", "-e", f"{CLIENT}")
    session.run("python", str(OUTSIDE / "kill.py"), *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Time imports of the client, our strategies against a hand-written one and Schemathesis, and `update`."""
    session.install("-e", f"{ROOT}[documents,testing]", SCHEMATHESIS, str(CLIENT), VENDORS)
    session.run("python", str(BENCH / "imports.py"))
    session.run("python", str(BENCH / "examples.py"))
    session.run("python", str(BENCH / "update.py"))


@nox.session
def mutants(session: nox.Session) -> None:
    """Mutate the evaluator and the emitted validators, and see what the tests let pass; `-- client` is one of both."""
    session.install("-e", f"{ROOT}[dev]", "mutmut==3.8.1")
    session.run("python", str(BENCH / "mutants.py"), *session.posargs)


@nox.session
def conform_sweep(session: nox.Session) -> None:
    """Change each figure of the specs by its smallest step: `conform` must name it (some 20 minutes on two cores)."""
    session.install("-e", f"{ROOT}[testing]")
    session.run("python", str(BENCH / "conform_sweep.py"), *session.posargs)


@nox.session
def drift_bars(session: nox.Session) -> None:
    """Measure how well drift reads documents: `-- DIR` with the pages as they were pinned; `--help` has the rest."""
    session.install("-e", f"{ROOT}[documents]")
    session.run("python", str(OUTSIDE / "drift_bars.py"), *session.posargs)
    folders = [*session.posargs[:1], str(ROOT / "tests" / "oracle" / "history")]
    session.run("python", str(OUTSIDE / "draft_bars.py"), *folders)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build both distributions, and use their wheels where there is nothing else."""
    session.install("build", "virtualenv")
    with TemporaryDirectory() as scratch:
        dist, venv, empty = (Path(scratch, name) for name in ("dist", "venv", "empty"))
        for project in (ROOT, CLIENT):
            session.run("python", "-m", "build", "--outdir", str(dist), str(project))
        (platemark,) = dist.glob("platemark-*.whl")
        (client,) = dist.glob("platemark_images-*.whl")

        session.run("python", "-m", "virtualenv", "--quiet", str(venv))
        python = str(venv / ("Scripts" if os.name == "nt" else "bin") / "python")
        session.run(python, "-m", "pip", "install", f"{platemark}[emulator]", str(client), external=True)

        empty.mkdir()
        with session.chdir(empty):
            session.run(python, "-I", str(ROOT / "tests" / "wheel_smoke.py"), external=True)
