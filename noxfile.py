"""Each check is a session: `python -m nox -s tests`. They need Python 3.11 or later with pip, and nothing else."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

ROOT = Path(__file__).parent
CLIENT = ROOT / "generated" / "python"
OURS = ("generator", "tests", "noxfile.py")
DEPENDENCIES: list[str] = nox.project.load_toml(ROOT / "pyproject.toml")["project"]["dependencies"]
RUFF = next(each for each in DEPENDENCIES if each.startswith("ruff=="))

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
    session.install("-e", f"{ROOT}[dev]", "-e", f"{CLIENT}[pydantic]")
    session.run("pytest", "-n", "auto", *session.posargs)


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
    session.install("-e", f"{ROOT}[dev]", "-e", f"{CLIENT}[pydantic]")
    session.run("basedpyright", *session.posargs)


@nox.session
def check(session: nox.Session) -> None:
    """Hold the specs against their rules, and generated/ against the specs."""
    session.install("-e", f"{ROOT}")
    session.run("python", "-m", "platemark", "lint")
    session.run("python", "-m", "platemark", "check")


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
