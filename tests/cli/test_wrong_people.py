"""The wrong operator, the wrong schema: told in the words of the mistake."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database

COMMANDS = (
    *(("status",), ("plan",), ("doctor",), ("verify",), ("history",), ("runbook",), ("blast-radius",), ("rehearse",)),
    *(("next", "--yes"), ("rollback", "--yes"), ("repair",), ("observe",), ("approve", "--by", "me")),
)


@pytest.fixture
def begun(database: Database, invoke_cli: InProcess) -> Database:
    database.execute("CREATE TABLE t (id int PRIMARY KEY)", "legacy")
    invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check()
    return database


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_the_old_role_as_operator(begun: Database, invoke_cli: InProcess, arguments: tuple[str, ...]) -> None:
    """It can read the journal, for pg_dump's sake; it was advised to be granted itself."""
    result = invoke_cli(*arguments, dsn=begun.conninfo("legacy")).check(2)
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "error: you are connected as legacy, the role that is to be replaced",
        "  fix: connect as another role: a superuser, or one with CREATEROLE that may act as the application's role",
    ]


def test_a_configuration_about_the_operator(begun: Database, invoke_cli: InProcess) -> None:
    path = invoke_cli.cwd / "flatsplit.toml"
    path.write_text(path.read_text().replace('legacy_role = "legacy"', f'legacy_role = "{begun.operator}"'))
    result = invoke_cli("status", dsn=begun).check(2)
    assert f"you are connected as {begun.operator}, the role that is to be replaced" in result.stderr


def test_a_configuration_with_a_schema_that_is_not_there(database: Database, invoke_cli: InProcess) -> None:
    invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check()
    invoke_cli("forget", "--yes", dsn=database).check()
    path = invoke_cli.cwd / "flatsplit.toml"
    path.write_text(path.read_text().replace('schemas = ["public"]', 'schemas = ["publik"]'))
    result = invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check(2)
    assert "there is no schema 'publik'" in result.stderr
    assert "did you mean public?" in result.stderr
