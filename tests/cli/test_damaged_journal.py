"""A journal that somebody tampered with: said as what it is, and nothing is done on the strength of it."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database


@pytest.mark.parametrize(
    ("damage", "command", "what"),
    [
        ("DELETE FROM flatsplit.step WHERE key = 'verify'", ("status",), "has lost the step verify"),
        ("DELETE FROM flatsplit.step WHERE key = 'verify'", ("next", "--yes"), "has lost the step verify"),
        ("DELETE FROM flatsplit.step WHERE key = 'verify'", ("rollback", "--yes"), "has lost the step verify"),
        ("TRUNCATE flatsplit.baseline", ("next", "--yes"), "has no baseline"),
        ("DROP TABLE flatsplit.event", ("history",), 'relation "flatsplit.event" does not exist'),
        ("DROP TABLE flatsplit.observation", ("observe",), 'relation "flatsplit.observation" does not exist'),
        ("ALTER TABLE flatsplit.step RENAME state TO other", ("plan",), "column step.state does not exist"),
    ],
)
def test_two_lines(database: Database, invoke_cli: InProcess, damage: str, command: tuple[str, ...], what: str) -> None:
    database.execute("CREATE TABLE t (id int)", "legacy")
    invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check()
    invoke_cli("next", "--yes", dsn=database).check()
    database.execute(damage)
    result = invoke_cli(*command, dsn=database).check(1)
    first, second = result.stderr.splitlines()
    assert what in first
    assert "unexpected" not in first
    assert "restore it from a backup" in second
