"""A name that is printed after a word of SQL is quoted there: what is printed can be run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import flatsplit

ROOT = Path(flatsplit.__file__).parent
BEFORE_A_NAME = re.compile(
    r"(?:ALTER (?:ROLE|DATABASE|TABLE|POLICY|SUBSCRIPTION|PUBLICATION|SCHEMA|FUNCTION|DEFAULT PRIVILEGES FOR ROLE)|"
    r"CREATE (?:ROLE|POLICY|USER MAPPING FOR)|DROP (?:ROLE|POLICY|OWNED BY)|REASSIGN OWNED BY|GRANT|REVOKE|\bTO|\bFROM|"
    r"\bON|IN DATABASE|IN SCHEMA|OWNER TO|SERVER|RENAME TO|SET ROLE|FOR ROLE|\bTABLE|\bSCHEMA|\bROLE|\bDATABASE) $"
)
WRITES_SQL = {"ident", "name", "role", "format_name", "shown", "grant_word", "_target", "_words"}
"""Functions that make text in SQL of a name or of rights."""
QUOTED = {"table", "operator", "called", "to", "free"}
"""What a helper is given, or keeps, as the text of a name already …"""
WORDS = {"right", "event", "sign_in", "sval"}
"""… and what is no name in SQL: a privilege, an event, a predefined role, a reason in prose."""


def quotes(value: ast.expr) -> bool:
    """Whether an assigned value is text in SQL: written there, or made by what writes SQL."""
    calls = [node.func for node in ast.walk(value) if isinstance(node, ast.Call)]
    called = {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in calls}
    return bool(called & WRITES_SQL) or isinstance(value, ast.JoinedStr | ast.Constant)


def bare(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Values that stand after such a word as they are: no call has made text of them."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        made = {
            name.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and quotes(node.value)
            for target in node.targets
            for name in ast.walk(target)
            if isinstance(name, ast.Name)
        }
        for node in ast.walk(function):
            if not isinstance(node, ast.JoinedStr):
                continue
            before = ""
            for part in node.values:
                if isinstance(part, ast.Constant):
                    before = str(part.value)
                    continue
                value = part.value if isinstance(part, ast.FormattedValue) else part
                name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
                if BEFORE_A_NAME.search(before) and name and name not in made and not name.isupper():
                    yield node.lineno, name
                before = ""


def test_a_name_after_a_word_of_sql_is_quoted() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted(ROOT.rglob("*.py"))
        for line, name in bare(ast.parse(path.read_text()))
        if name not in QUOTED | WORDS
    }
    assert found == set()


def test_a_bare_one_is_found() -> None:
    planted = 'def f(role, context):\n    return f"ALTER ROLE {role} LOGIN; GRANT a TO {context.former};"\n'
    assert [name for _, name in bare(ast.parse(planted))] == ["role", "former"]
    assert not [*bare(ast.parse(planted.replace("{role}", "{ident(role)}").replace("{context.former}", "b")))]
