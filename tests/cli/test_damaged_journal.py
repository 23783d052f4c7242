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
        ("ALTER TABLE flatsplit.event RENAME kind TO other", ("history",), "column e.kind does not exist"),
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


def test_a_schema_that_was_given_away_without_its_tables(database: Database, invoke_cli: InProcess) -> None:
    """Whose the tables are is what matters: to be a member of oneself helps nobody."""
    database.execute("CREATE ROLE heir LOGIN CREATEROLE; GRANT CREATE ON DATABASE " + database.name + " TO heir")
    invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check()
    database.execute("ALTER SCHEMA flatsplit OWNER TO heir")

    refused = invoke_cli("status", dsn=database.conninfo("heir")).check(1)

    assert "heir may not read the tracking schema, which belongs to postgres" in refused.stderr
    assert 'GRANT "postgres" TO "heir"' in refused.stderr


def test_a_journal_that_is_not_where_it_was(database: Database, invoke_cli: InProcess) -> None:
    """To begin anew would take what is half done for how it was: no rollback would lead back to the beginning."""
    init = ("init", "--legacy-role", "legacy", "--yes")
    invoke_cli(*init, dsn=database).check()
    invoke_cli("next", "--yes", dsn=database).check()
    database.execute("ALTER SCHEMA flatsplit RENAME TO kept")
    for command in (("status",), ("next", "--yes"), init, (*init, "--adopt")):
        first, second = invoke_cli(*command, dsn=database).check(1).stderr.splitlines()
        assert first == "error: the tracking schema of this database is called kept now"
        assert second == '  fix: ALTER SCHEMA "kept" RENAME TO flatsplit;'

    database.execute("DROP SCHEMA kept CASCADE")
    for command in (("status",), init):
        first, second = invoke_cli(*command, dsn=database).check(1).stderr.splitlines()
        assert "flatsplit has made app_" in first
        assert "restore the schema flatsplit" in second


@pytest.mark.slow
def test_columns_that_are_gone(database: Database, invoke_cli: InProcess) -> None:
    """Some tables are asked about under an alias, some by a look that nobody expects to fail."""
    database.execute("CREATE TABLE t (id int)", "legacy")
    invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check()
    invoke_cli("next", "--yes", dsn=database).check()
    columns = """
        SELECT c.table_name, max(c.column_name) FROM information_schema.columns AS c
        WHERE c.table_schema = 'flatsplit' AND c.table_name <> 'alembic_version' GROUP BY 1 ORDER BY 1
    """
    odd = []
    for table, column in database.admin.execute(columns).fetchall():
        database.execute(f'ALTER TABLE flatsplit."{table}" RENAME "{column}" TO elsewhere')
        for command in (("status",), ("history",), ("observe",)):
            if "unexpected" in (said := invoke_cli(*command, dsn=database)).stderr:
                odd.append((table, column, command, said.stderr))
        database.execute(f'ALTER TABLE flatsplit."{table}" RENAME elsewhere TO "{column}"')
    assert not odd, odd
