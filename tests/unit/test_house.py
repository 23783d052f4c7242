"""The structure of the code: each thing is in the one place where a reader looks first."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import flatsplit
from flatsplit import ddl
from flatsplit.cli.command_names import COMMANDS
from tests.mutations import FAULTS

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


SEVERAL = {
    "Context": "what the steps of a kind of walk work towards: the folder of the kind says whose it is",
}
"""Public names of classes that stand several times, and why."""


def test_the_name_of_a_class_stands_once() -> None:
    """Whoever reads it anywhere knows which one is meant: the name says the noun."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in homes.items() if len(where) > 1 and name not in SEVERAL} == {}
    assert all(len(homes[name]) > 1 for name in SEVERAL)


USED_ELSEWHERE = {"render_hazards", "render_states", "observation"}
"""What writes pages of runbooks/, which tests renew; and a table that the metadata hands out."""


def test_what_stands_at_the_top_of_a_file_is_used() -> None:
    """In the same file where its name begins with _, anywhere in flatsplit otherwise."""
    trees = {path: ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}
    loads = {path: set(loaded(tree)) for path, tree in trees.items()}
    anywhere = frozenset[str]().union(*loads.values())
    unused = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in trees.items()
        for name in defined(tree)
        if name not in (loads[path] if name.startswith("_") else anywhere | USED_ELSEWHERE)
    }
    assert unused == set()


def loaded(tree: ast.Module) -> Iterator[str]:
    """All names that are read, also as attributes, and words that may be looked up."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def defined(tree: ast.Module) -> Iterator[str]:
    """Functions, classes and values of a module. What is decorated is registered somewhere."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from () if node.decorator_list else (node.name,)
            continue
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name) and each.id[:2] != "__")


def test_a_function_that_belongs_to_a_role_is_made_in_one_place() -> None:
    """What may run the application's code: one search_path and the same refusals for all that ask as another."""
    made = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+(?:pg_temp\b|\{)", re.IGNORECASE)
    files = (path for pattern in ("*.py", "*.sql") for path in ROOT.rglob(pattern))
    homes = {str(path.relative_to(ROOT)) for path in files if made.search(path.read_text())}
    assert homes - {"ddl/recorder/__init__.py"} == {"ddl/owned_function.py"}  # which stays, and is its owner's
    text = ddl.OwnedFunction("f", "a text", "void", "BEGIN END").create()
    assert "SECURITY DEFINER SET search_path = pg_catalog, pg_temp" in text


LONGEST = 350
"""Lines of a file; one that grows beyond wants another room."""


def test_no_file_is_too_long_to_be_read_in_one_go() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in ROOT.rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}
    assert max(lengths.values()) > LONGEST / 2, "what is counted are lines"


DATA = {
    "support/world.py": "objects of every kind with every right, part by part: SQL that is read as a list",
}
"""Files of the tests that hold data, and what it is."""


def test_no_test_is_too_long_to_be_read_in_one_go() -> None:
    folder = Path(__file__).parents[1]
    lengths = {path.relative_to(folder).as_posix(): len(path.read_text().splitlines()) for path in folder.rglob("*.py")}
    assert {name for name, lines in lengths.items() if lines > LONGEST} == DATA.keys()


def test_the_contract_of_kinds_of_walk_names_all_of_them() -> None:
    """What kinds have in common may import no kind: a new package, or a new file beside the packages, is named too."""
    settings = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())
    (contract,) = (one for one in settings["tool"]["importlinter"]["contracts"] if "knows none of them" in one["name"])
    entries = {path.stem for path in (ROOT / "walks").iterdir()} - {"__init__", "__pycache__", "kinds"}
    kinds = {path.name for path in (ROOT / "walks").iterdir() if (path / "__init__.py").exists()}
    assert set(contract["forbidden_modules"]) == {f"flatsplit.walks.{kind}" for kind in kinds}
    common = {f"flatsplit.walks.{name}" for name in entries - kinds}
    assert set(contract["source_modules"]) == {"flatsplit.planning", *common}


def test_no_test_fails_for_slowly_drawn_examples() -> None:
    """A list of suppressed health checks replaces that of the profile (tests/conftest.py), so it names this one too."""
    lists = re.compile(r"suppress_health_check=\[([^]]*)\]")
    tests = Path(__file__).parents[1]
    wrong = [
        path.relative_to(tests)
        for path in tests.rglob("*.py")
        for found in lists.findall(path.read_text())
        if "too_slow" not in found
    ]
    assert wrong == []


def test_each_fault_can_still_be_planted() -> None:
    """``python -m tests.mutations`` runs too long to be run each time."""
    assert [fault for fault in FAULTS if (ROOT / fault.file).read_text().count(fault.line) != 1] == []
