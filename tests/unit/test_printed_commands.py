"""A command that is printed can be run as it is.

Its options are there, and where several walks are under way, one about steps names its walk.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import flatsplit
from flatsplit.cli.command_names import COMMANDS
from flatsplit.cli.group import main

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


TYPED = re.compile(r"flatsplit ([a-z-]+)\b((?: (?!flatsplit\b)[^`;,()…\n]*)?)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")
TEXTS = [
    ROOT.parent / "README.md",
    *sorted((ROOT.parent / "runbooks/guide").glob("*.md")),
    *sorted((ROOT / "hazards/stories").glob("*.md")),
    *sorted((ROOT.parent / "templates").rglob("*.j2")),
]
"""Texts besides the code in which people are told what to type."""


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command in a text that there is, with its options."""
    for word, rest in TYPED.findall(text):
        if word in COMMANDS:
            yield word, OPTION.findall(rest)


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """The options of each command, those of flatsplit itself among them."""
    # With the names of the help option: a command keeps those of the first context that asks
    context = click.Context(main, **main.context_settings)
    found = {}
    for word in COMMANDS:
        command = main.get_command(context, word)
        assert command is not None
        names = [name for one in command.get_params(context) for name in one.opts]
        found[word] = {*names, *(name for one in main.get_params(context) for name in one.opts)}
    return found


@pytest.fixture(scope="module")
def told() -> list[tuple[str, str, list[str]]]:
    """Each command that is printed somewhere: the file, its name, its options."""
    found = []
    for path in (*sorted(ROOT.rglob("*.py")), *TEXTS):
        text = path.read_text()
        if path.suffix == ".py":
            text = "\n".join(said for _, said in printed(ast.parse(text)))
        found += [(path.name, word, given) for word, given in commands(text)]
    return found


def test_the_options_of_a_printed_command_are_there(
    options: dict[str, set[str]], told: list[tuple[str, str, list[str]]]
) -> None:
    assert [(file, word, one) for file, word, given in told for one in given if one not in options[word]] == []


def test_a_printed_command_has_the_options_that_it_needs(told: list[tuple[str, str, list[str]]]) -> None:
    context, missing = click.Context(main), []
    for file, word, given in told:
        command = main.get_command(context, word)
        assert command is not None
        needs = [one for one in command.params if isinstance(one, click.Option) and one.required]
        missing += [(file, word, one.opts) for one in needs if not set(one.opts) & set(given)]
    assert missing == []


def test_a_printed_option_that_is_not_there_is_found(options: dict[str, set[str]]) -> None:
    said = "run `flatsplit next --until STEP`, or flatsplit rollback --all, as flatsplit verify --yes does"
    assert [*commands(said)] == [("next", ["--until"]), ("rollback", ["--all"]), ("verify", ["--yes"])]
    assert "--until" not in options["next"]
    assert "--yes" not in options["verify"]
