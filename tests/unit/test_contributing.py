"""CONTRIBUTING.md says what is there: its picture is drawn from the contract, and each file that it names exists."""

from __future__ import annotations

import os
import re

import pytest

from tests.support.house import PAGE, ROOT, drawn, layers, with_picture

VARIABLE = re.compile(r"WORD|KEY|KIND")


def test_the_picture_is_the_contract() -> None:
    """FLATSPLIT_UPDATE_GOLDEN=1 draws it anew."""
    page = PAGE.read_text()
    if os.environ.get("FLATSPLIT_UPDATE_GOLDEN"):
        PAGE.write_text(with_picture(page))
        return
    assert page == with_picture(page), "run this with FLATSPLIT_UPDATE_GOLDEN=1"


def test_every_room_says_what_it_is_for() -> None:
    assert drawn().count("| `flatsplit/") == sum(map(len, layers()))
    assert "|  |" not in drawn()


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`((?:flatsplit|tests|templates|runbooks|\.ci)/[^`\s]*)`", PAGE.read_text())))
)
def test_what_is_named_exists(name: str) -> None:
    folder, found = ROOT, [ROOT / name]
    if VARIABLE.search(name):
        found = list(folder.glob(VARIABLE.sub("*", name)))
    assert found
    assert all(path.exists() for path in found)
