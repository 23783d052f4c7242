"""CONTRIBUTING.md says what is there: its picture is drawn from the contract, and each file that it names exists."""

from __future__ import annotations

import ast
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


LISTS = {
    "A gate": "Waivable",
    "A kind of walk": "KINDS",
    "A migration of the journal": "HEAD",
    "A purpose": "ROWS",
    "A command": "COMMANDS",
    "An object kind": "SOURCES",
    "A PostgreSQL major": "NEWEST_TESTED",
}
"""For each recipe the name of what gets another entry."""


def homes(name: str) -> list[str]:
    """The modules that define it."""
    found = []
    for path in sorted((ROOT / "flatsplit").rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                found.append(path.relative_to(ROOT).as_posix())
    return found


@pytest.mark.parametrize("recipe", LISTS)
def test_a_recipe_names_the_file_that_has_the_list(recipe: str) -> None:
    """Who follows it finds the place. It had moved on for two of them."""
    paragraph = next(part for part in PAGE.read_text().split("\n\n") if part.startswith(f"**{recipe}"))
    assert [home for home in homes(LISTS[recipe]) if f"`{home}`" in paragraph]
