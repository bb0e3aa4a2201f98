"""The demo, on a provider that no line of Python knows: emitted client, emulator, every model × mode × route."""

from pathlib import Path

import pytest
from PIL import Image

import platemark
from platemark import demo

EXTRA = Path(__file__).parent / "specs_extra"


def test_a_provider_from_yaml_alone_is_emitted_served_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    known = platemark.resolve(platemark.load(EXTRA))
    said: list[str] = []
    answer = demo.run(known, tmp_path / "out", said.append)
    rows = answer.data["rows"]
    assert answer.code == 0, answer.text
    offers = [(offer.model, offer.mode, offer.route) for family in known.families for offer in family.offers]
    assert sorted((row["model"], row["mode"], row["route"]) for row in rows) == sorted(offers)
    assert all(row["stopped"] for row in rows)
    pictures = list((tmp_path / "out").rglob("*.png"))
    assert len(pictures) > len(rows)
    with Image.open(tmp_path / "out" / "contact-sheet.png") as sheet:
        assert sheet.width > 1000
    assert said[-1].startswith("[" + "█" * 24)
