"""What is decided about an error of the server is decided by its code: its text is in the server's language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "flatsplit"
ADVICE = "connection/failures.py"
"""Chooses nothing but the second line of an error; what libpq says without a server has no code."""
TEXTS = {"message_primary", "message_detail", "message_hint"}
SEARCHES = {"search", "match", "fullmatch", "findall", "startswith", "endswith", "find", "index"}
OURS = ("TOML", "Unicode", "OSError", "NoBody", "Unparsable", "Scan")
"""Errors that are no server's."""


def _is_text(node: ast.AST, errors: set[str]) -> bool:
    """Whether it is the text of an error."""
    if isinstance(node, ast.Attribute):
        return node.attr in TEXTS
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "repr"):
        return any(isinstance(argument, ast.Name) and argument.id in errors for argument in node.args)
    return False


def decided(source: str) -> Iterator[int]:
    """Lines that compare the text of an error with something, or search it."""
    tree = ast.parse(source)
    errors: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler) or node.name is None or node.type is None:
            continue
        if not any(word in ast.unparse(node.type) for word in OURS):
            errors.add(node.name)
    for node in ast.walk(tree):
        searches = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SEARCHES
        if not searches and not isinstance(node, ast.Compare):
            continue
        assert isinstance(node, ast.expr)
        if any(_is_text(each, errors) for each in ast.walk(node)):
            yield node.lineno


def test_nothing_is_decided_by_a_text() -> None:
    sources = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in PACKAGE.rglob("*.py")}
    found = {name: [*decided(source)] for name, source in sources.items() if "str(" in source or "message_" in source}
    assert {file for file, lines in found.items() if lines} <= {ADVICE}


@pytest.mark.parametrize(
    "line",
    [
        'if "tuple concurrently" in str(error): pass',
        'if error.diag.message_primary == "must be owner": pass',
        're.search(r"denied for (.*)", error.diag.message_primary)',
        'str(error).startswith("ERROR")',
    ],
)
def test_one_that_is_would_be_seen(line: str) -> None:
    assert [*decided(f"try:\n    run()\nexcept psycopg.Error as error:\n    {line}\n")] == [4]
