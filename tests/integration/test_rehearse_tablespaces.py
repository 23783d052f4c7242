"""Where tables and indexes are put: a partition where its parent says, and what names no place where a setting says."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk

QUOTED = '"Far ""away"""'
SCHEMA = f"""
create table parted (a int) partition by list (a) tablespace {QUOTED};
create table near (a int) partition by list (a);
create table plain (a int);
"""
REFUSED = (
    "CREATE TABLE z PARTITION OF parted FOR VALUES IN (1)",
    "CREATE TABLE z (a int)",
    "CREATE TABLE z AS SELECT 1 AS a",
    "CREATE INDEX ON plain (a)",
    "CREATE VIEW z AS SELECT 1 AS a",
    "CREATE TYPE z AS (a int)",
    "CREATE SEQUENCE z",
    "ALTER TABLE plain ADD UNIQUE (a)",
    f"CREATE TABLE z (a int) TABLESPACE {QUOTED}",
    f"CREATE TEMPORARY TABLE x (a int) TABLESPACE {QUOTED}",
    f"CREATE TEMPORARY TABLE w TABLESPACE {QUOTED} AS SELECT 1 AS a",
    f"SET temp_tablespaces = pg_default, {QUOTED}",
    """SELECT pg_tablespace_size('Far "away"')""",
)
FREE = (
    "CREATE TABLE z PARTITION OF parted FOR VALUES IN (1) TABLESPACE pg_default",
    "CREATE TABLE z (a int) TABLESPACE pg_default",
    "CREATE TEMPORARY TABLE y (a int)",
    "ALTER TABLE plain ADD CHECK (a > 0)",
    "CREATE TYPE z AS ENUM ('a')",
    "CREATE TEMPORARY VIEW z AS SELECT 1 AS a",
    "CREATE TEMPORARY TABLE v (a int) TABLESPACE pg_default",
    "SET temp_tablespaces = pg_default",
    "SELECT pg_tablespace_size('pg_default'), pg_database_size(current_database())",
)
UNTOLD = ("SELECT spcname, pg_tablespace_size(oid) FROM pg_tablespace",)
"""Refused where a row of the table is one of those; psql asks it, too."""
SINCE_14 = (f"REINDEX (TABLESPACE {QUOTED}) TABLE plain",)


@pytest.fixture
def database(make_database: MakeDatabase) -> Iterator[Database]:
    """With a tablespace that legacy may no longer use."""
    made = make_database()
    admin = made.admin
    admin.execute("SET allow_in_place_tablespaces = on")
    admin.execute(f"CREATE TABLESPACE {QUOTED} LOCATION ''".encode())
    try:
        made.execute(f"grant usage, create on schema public to legacy; grant create on tablespace {QUOTED} to legacy")
        made.execute(SCHEMA, "legacy")
        made.execute(f"revoke create on tablespace {QUOTED} from legacy")
        yield made
    finally:
        admin.execute("DROP TABLE IF EXISTS parted, near, plain")
        admin.execute(f"DROP TABLESPACE {QUOTED}".encode())


@pytest.mark.majors("two")
def test_where_things_are_put(database: Database, invoke_cli: InProcess, major: int) -> None:
    walk = Walk(invoke_cli, database).init("--schema", "public")
    walk.next("--through", "enable-login")
    database.execute(
        f"alter role app_migrator set default_tablespace = {QUOTED}; grant create on schema public to app_migrator;"
        "alter table parted owner to app_migrator; alter table plain owner to app_migrator"
    )
    refused = REFUSED + (SINCE_14 if major >= 14 else ())
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(refused + FREE + UNTOLD))
    found = walk("rehearse", "--file", str(file), "--as", "app_migrator", "--json").check(4).json["statements"]
    verdicts = {each["query"]: each["verdict"] for each in found}
    assert {query for query, verdict in verdicts.items() if verdict == "denied"} == set(refused)
    assert {query for query, verdict in verdicts.items() if verdict == "allowed"} == set(FREE)
    assert {query for query, verdict in verdicts.items() if verdict == "unknown"} == set(UNTOLD)
    dsn = database.conninfo("app_migrator", walk.passwords["app_migrator"])
    with psycopg.connect(dsn, autocommit=True) as session:
        for statement in refused + UNTOLD:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement.encode())
        for statement in FREE:
            with session.transaction(force_rollback=True):
                session.execute(statement.encode())
