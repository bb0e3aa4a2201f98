"""What griffe says of two emitted clients, held against what `platemark diff` says of their specs.

griffe compares names and signatures: modules, classes, methods, their parameters and defaults, fields of types. It
does not look at annotations, so a narrowed `Literal` is nothing to it. A keyword that is gone from a method which takes
`**options` is nothing either, but the field of the body's type that went with it is. Limits stand in no signature.
"""

from collections.abc import Callable
from pathlib import Path

import griffe
import pytest

from diffing import EXTRA, edited, resolved
from platemark import targets
from platemark.comparing import compare
from platemark.ir import Ir

LUMEN, SERVICE = "lumen/aurora.yaml", "lumen/provider.yaml"
Package = griffe.Object | griffe.Alias

EDITS: dict[str, tuple[tuple[str, str, str], bool, bool]] = {
    # An edit; does griffe see that it breaks callers, and that undoing it does?
    "a parameter": ((LUMEN, "  polish:\n", "  glow: {type: integer, about: How bright}\n  polish:\n"), False, True),
    "a required parameter": (
        (LUMEN, "  polish:\n", "  glow: {type: integer, about: How bright, required: true}\n  polish:\n"), True, True,
    ),
    "a parameter that becomes required": ((LUMEN, "or a word\n", "or a word\n    required: true\n"), True, False),
    "a model's name": ((LUMEN, "  aurora-1-fast:\n", "  aurora-1-quick:\n"), True, True),
    "a model": ((LUMEN, "\nroutes: {sync", "  aurora-1-late: {like: aurora-1}\n\nroutes: {sync"), False, True),
    "a route": ((LUMEN, "routes: {sync: draw, task: draw}", "routes: {sync: draw}"), True, False),
    "a default that the client states": (
        (LUMEN, "    default: noon\n", "    default: noon\n    send: always\n"), True, True,
    ),
    "where the pictures are": ((SERVICE, "{$each: images, href:", "{$each: images, url:"), True, True),
    "the client's name": ((SERVICE, "client: Lumen", "client: Lumens"), True, True),
    "models that become alike": (
        (LUMEN, "      size: {side: 256..1536}\n",
         "      size:\n        tokens: {1K: 1024*1024, 2K: 2048*2048}\n        from: {tokens: aurora-ref}\n"),
        True, False,
    ),
    "a list of values": ((LUMEN, "one_of: [dawn, noon, dusk]", "one_of: [dawn, noon]"), False, False),
    "a range": ((LUMEN, "side: 256..3072", "side: 512..3072"), False, False),
}  # fmt: skip
"""The last two break callers one way by our word; griffe can't know."""


def emitted(ir: Ir, folder: Path) -> Package:
    """The public API of the Python client."""
    for path, text in targets.emit("python", ir).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    loader = griffe.GriffeLoader(search_paths=[folder / "python" / "src"], allow_inspection=False)
    package = loader.load("platemark_images")
    loader.resolve_aliases(implicit=True)
    return package


def breakages(old: Package, new: Package) -> list[str]:
    """What griffe calls breaking; modules of rules are data that the runtime reads, which no page tells callers of."""
    found = griffe.find_breaking_changes(old, new)
    return [f"{each.kind.value}: {each.obj.path}" for each in found if ".rules." not in each.obj.path]


@pytest.fixture(scope="module")
def lumen() -> Ir:
    return resolved(EXTRA)


@pytest.fixture(scope="module")
def client(lumen: Ir, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return emitted(lumen, tmp_path_factory.mktemp("old"))


@pytest.fixture
def both(lumen: Ir, client: Package, tmp_path: Path) -> Callable[[tuple[str, str, str]], tuple[Ir, Package]]:
    def change(edit: tuple[str, str, str]) -> tuple[Ir, Package]:
        other = resolved(edited(EXTRA, tmp_path, edit))
        return other, emitted(other, tmp_path / "generated")

    return change


@pytest.mark.parametrize("name", EDITS)
def test_griffe_does_not_contradict_us(
    name: str, lumen: Ir, client: Package, both: Callable[[tuple[str, str, str]], tuple[Ir, Package]]
) -> None:
    edit, forth, back = EDITS[name]
    ir, package = both(edit)
    for (old, new), (was, now), seen in (
        ((lumen, ir), (client, package), forth),
        ((ir, lumen), (package, client), back),
    ):
        broken = breakages(was, now)
        assert bool(broken) == seen, broken
        if broken:
            assert "breaking" in {change.impact for change in compare(old, new)}, broken
