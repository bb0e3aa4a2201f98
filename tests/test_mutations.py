"""The emitted vectors against a hand-written service, and 64 ways to get one of its rules wrong."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from platemark.ir import Ir
from platemark.rules.vectors import Vector, vectors

MODEL = "wan2.6-image"


@pytest.fixture(scope="module")
def server() -> Iterator[ModuleType]:
    folder = str(Path(__file__).parent / "oracle")
    sys.path.insert(0, folder)
    import wan26_server  # pyright: ignore[reportMissingImports]

    yield wan26_server
    sys.path.remove(folder)


@pytest.fixture(scope="module")
def tried(ir: Ir) -> list[Vector]:
    provider, family, _ = ir.find(MODEL)
    return vectors(provider, family, MODEL)[0]


def answered(server: ModuleType, vector: Vector, mutation: str | None = None) -> Any:
    sent = vector.request
    return server.answer(sent["method"], sent["path"], sent["headers"], sent["body"], mutation=mutation, strict=True)


def right(answer: Any, vector: Vector) -> bool:
    """Whether a service does what the vector says; a text that is cut is as long as it says."""
    if (answer.status >= 400) != (vector.verdict == "reject"):
        return False
    cut = vector.expected.get("text_length")
    return cut is None or cut in answer.kept.values()


def test_the_service_is_called_right(server: ModuleType, tried: list[Vector]) -> None:
    """But where it knows less than a strict service would: keys beside `content` and beside a picture's address."""
    wrong = [vector for vector in tried if not right(answered(server, vector), vector)]
    assert {vector.rules[0].rpartition(".")[2] for vector in wrong} == {"unknown", "place"}
    assert len(wrong) < 0.15 * len(tried)


def test_every_mutation_is_seen(server: ModuleType, tried: list[Vector]) -> None:
    good = [vector for vector in tried if right(answered(server, vector), vector)]
    unseen = [
        name for name in server.MUTATIONS if all(right(answered(server, vector, name), vector) for vector in good)
    ]
    assert len(server.MUTATIONS) == 64
    assert unseen == []
