"""A step is named by a constant of its walk: its key stands as a literal in its walk and in its templates only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from flatsplit.walks import group, role, split
from flatsplit.walks.group.kind import GROUP
from flatsplit.walks.kind import Kind
from flatsplit.walks.kinds import KINDS
from flatsplit.walks.role.kind import ROLE
from flatsplit.walks.split.kind import SPLIT

ROOT = Path(__file__).parents[2]
COMMANDS = {"cli/commands/verify.py", "cli/command_names.py", "demo/jobs.py", "demo/story.py"}
"""Where ``verify`` is the command of that name."""
COMMON = {"bridge", "change", "close", "drop", "grant", "learn", "lock", "open", "prepare", "retire"}
"""Keys that are words of SQL, of the configuration or of the server as well."""
KEYS = tuple(dict.fromkeys(key for kind in KINDS.values() for key in kind.keys if key not in COMMON))


def in_code(text: str) -> Iterator[str]:
    """Keys that stand as a string of their own in a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and node.value in KEYS:
            yield str(node.value)


def in_template(text: str) -> Iterator[str]:
    """Keys that stand in quotes inside what Jinja runs."""
    for run in re.findall(r"\{[{%].*?[%}]\}", text, re.DOTALL):
        yield from (key for key in re.findall(r"""["']([a-z-]+)["']""", run) if key in KEYS)


def literals() -> Iterator[tuple[str, str]]:
    """(file, key) of each outside its walk and its templates."""
    package, templates = ROOT / "flatsplit", ROOT / "templates"
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if not name.startswith("walks/"):  # a key is unique in its kind only
            yield from ((name, key) for key in in_code(path.read_text()) if key != split.VERIFY or name not in COMMANDS)
    for path in sorted(templates.rglob("*.j2")):
        name = path.relative_to(templates).as_posix()
        if not re.match(r"steps/[a-z]+/", name):
            yield from ((name, key) for key in in_template(path.read_text()))


def test_no_key_stands_outside_its_walk() -> None:
    assert list(literals()) == []


@pytest.mark.parametrize("key", KEYS)
def test_one_that_stood_there_would_be_seen(key: str) -> None:
    assert list(in_code(f'def late(step):\n    """After {key}."""\n    return step in ("{key}",)')) == [key]
    assert list(in_template(f"{key} {{% if step.key == '{key}' %}}{key}{{% endif %}}")) == [key]


def test_what_is_left_out_is_a_key() -> None:
    assert {key for kind in KINDS.values() for key in kind.keys if "-" not in key} >= COMMON


def test_the_kind_has_the_steps_that_its_keys_name_in_their_order() -> None:
    assert SPLIT.keys == split.STEP_KEYS == get_args(split.StepKey)
    for package, kind in ((split, SPLIT), (group, GROUP), (role, ROLE)):
        assert [getattr(package, key.replace("-", "_").upper()) for key in kind.keys] == list(kind.keys)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_step_is_the_file_of_its_name(kind: Kind[Any]) -> None:
    folder, said = ROOT / "flatsplit/walks" / kind.name, ROOT / "templates/steps" / kind.name
    for step in kind.steps:
        assert (folder / f"{step.key.replace('-', '_')}.py").exists(), step.key
    assert {path.name.partition(".")[0] for path in said.glob("*.j2")} <= set(kind.keys)
