"""Where several walks are under way, a command about steps names its walk, or it would be refused as it is printed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import flatsplit

ROOT = Path(flatsplit.__file__).parent
ABOUT_STEPS = re.compile(r"flatsplit (?:next|plan|approve|rollback|runbook)\b(?! --walk| --tenant)")
"""A command that is refused without ``--walk`` where several walks are under way. ``$``: a value follows it."""
NOBODY_ELSE = {
    "cli/views/init.py": "init has just begun the only walk there is",
    "render/bundle.py": "the name of what wrote the pages, and no command to type",
    "model/walks.py": "it is where the walk is added",
}
DEMO = "demo/"
"""The demo types its commands itself and has one walk at a time."""


def printed(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a module that are not docstrings; a blank and ``$`` where a value is filled in as an option."""
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "$" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents | within:
            yield node.lineno, node.value


def without_walk(text: str) -> bool:
    """Whether a text has such a command that names no walk."""
    return bool(ABOUT_STEPS.search(re.sub(r"(flatsplit \w+) \$", r"\1 --walk $", text)))


def test_a_command_about_steps_names_its_walk() -> None:
    found = {
        str(path.relative_to(ROOT)): (line, text)
        for path in sorted(ROOT.rglob("*.py"))
        for line, text in printed(ast.parse(path.read_text()))
        if without_walk(text) and not str(path.relative_to(ROOT)).startswith(DEMO)
    }
    assert {file: at for file, at in found.items() if file not in NOBODY_ELSE} == {}


def test_what_would_be_refused_is_found() -> None:
    for text in ("run `flatsplit next`", "flatsplit rollback --all", "flatsplit plan $STEP"):
        assert without_walk(text.replace("$STEP", "STEP"))
    for text in (
        "flatsplit next $ takes it",
        "flatsplit next --walk trail",
        "flatsplit planned it",
        "flatsplit status",
    ):
        assert not without_walk(text)
