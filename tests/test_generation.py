"""Generation as a whole: repeatable to the byte, and a family that goes takes only its own files with it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import platemark
from platemark.write import digest

ROOT = Path(__file__).parents[1]
SPECS = ROOT / "specs"
SHARED = {
    "ir/documents.json",
    "docs/README.md",
    "docs/llms.txt",
    "docs/dashscope/README.md",
    "schemas/index.json",
    "schemas/dashscope/errors.json",
    "openapi/dashscope.json",
    "python/README.md",
    *(f"python/examples/{name}.py" for name in ("batch", "cost", "edit_file", "errors", "interleave", "many_async")),
    *(f"python/examples/{name}.py" for name in ("quickstart", "stream", "task")),
    *(f"python/src/platemark_images/{name}" for name in ("__init__.py", "_bodies.py", "_catalog.py", "_options.py")),
    *(f"python/src/platemark_images/{name}" for name in ("models.py", "types.py")),
    *(f"python/src/platemark_images/dashscope/{name}" for name in ("__init__.py", "_provider.py")),
}
"""What may change when a family goes: the lists that ARCHITECTURE.md names."""


def generate(specs: Path) -> dict[str, str]:
    return platemark.generate(platemark.resolve(platemark.load(specs)))


def test_hash_seeds_locales_and_folders_change_no_byte(tmp_path: Path) -> None:
    runs = [("1", "C", tmp_path), ("4242", "C.UTF-8", ROOT)]
    printed: list[str] = []
    for number, (seed, locale, folder) in enumerate(runs):
        out = tmp_path / f"out-{number}"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "LANG": locale, "TZ": "Asia/Shanghai"}
        command = [sys.executable, "-m", "platemark", "generate", "--specs", str(SPECS), "--out", str(out)]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, timeout=300)
        files = sorted(path for path in out.rglob("*") if path.is_file())
        printed.append("\n".join(f"{path.relative_to(out)} {digest(path.read_bytes())}" for path in files))
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) > 100


@pytest.fixture(scope="module")
def everything() -> dict[str, str]:
    return generate(SPECS)


@pytest.mark.parametrize("family", ["wan2.5-i2i-preview", "wan2.7-image", "z-image"])
def test_a_family_that_goes_takes_only_its_own_files(everything: dict[str, str], tmp_path: Path, family: str) -> None:
    specs = tmp_path / "specs"
    shutil.copytree(SPECS, specs)
    (specs / "dashscope" / f"{family}.yaml").unlink()
    left = generate(specs)
    assert set(left) < set(everything)
    assert {path for path, text in left.items() if everything[path] != text} <= SHARED
    stem = family.replace(".", "_").replace("-", "_")
    names = (family, stem, *("wan2.7-image", "z-image-turbo"))
    assert all(any(name in path for name in names) for path in set(everything) - set(left))


def test_the_shared_lists_are_named_where_readers_look() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for path in SHARED:
        assert f"`{path}`" in page or f"`{Path(path).name}`" in page, path
