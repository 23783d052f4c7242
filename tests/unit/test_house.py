"""One meaning, one home: where a reader looks first, it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import flatsplit
from flatsplit.cli.group import COMMANDS

ROOMS = ("cutover", "cli/commands", "cli/views")
ROOT = Path(flatsplit.__file__).parent


def words(room: str) -> set[str]:
    return {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("command", [word for word in COMMANDS if word != "demo"])  # which has a room of its own
def test_the_word_that_is_typed_is_the_word_of_the_file(command: str) -> None:
    word = command.replace("-", "_")
    assert [room for room in ROOMS if word not in words(room)] == []


def test_every_file_among_the_commands_is_one() -> None:
    assert words("cli/commands") == {name.replace("-", "_") for name in COMMANDS}


NUMBERED = re.compile(r"\b(?:major|version|server_version)\s*(?:[<>]=?|==)\s*\d")


def test_a_major_is_asked_for_by_name() -> None:
    """What it can, and not its number: that stands in one file."""
    numbered = [path.relative_to(ROOT) for path in ROOT.rglob("*.py") if NUMBERED.search(path.read_text())]
    assert numbered == []
