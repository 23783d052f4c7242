"""The old role's name where no dependency tells of it: other databases, other mappings, what extensions wrote down."""

from __future__ import annotations

import re
from dataclasses import replace

import psycopg
import pytest

from tests.fixtures.databases import Database, MakeDatabase
from tests.support.hazards import CRON, SHOP, doctor, extension, look

DROP = replace(SHOP, retire="drop")
CURIOUS = "CREATE ROLE curious LOGIN IN ROLE pg_read_all_settings"


@pytest.mark.majors("two")
def test_what_extensions_wrote_down_about_who_installed_them(make_database: MakeDatabase, major: int) -> None:
    """Until the role is really dropped and the dump restored."""
    database = make_database()
    config = replace(DROP, legacy_role=database.legacy)
    database.admin.execute(f"ALTER ROLE {database.legacy} SUPERUSER".encode())
    assert "initial-privileges" not in look(database.admin, config)
    database.execute("CREATE EXTENSION pg_stat_statements", database.legacy)
    kept = look(database.admin, config, "restricted-rights")["restricted-rights"]
    assert kept.toml  # calling its routines, and not writing to its views
    assert all("] execute = " in line for line in kept.toml)
    assert "initial-privileges" not in look(database.admin, replace(config, retire="revoke"))
    found = look(database.admin, config).get("initial-privileges")
    if major >= 17:
        assert found is None
        return
    assert found is not None
    assert found.severity == "blocker"
    assert found.objects[0].startswith("extension pg_stat_statements: ")
    assert found.toml == ('[cutover] retire = "revoke"',)
    cure = re.search(r"UPDATE .*?;", found.fix)
    assert cure
    database.admin.execute(cure.group().encode())
    assert "initial-privileges" not in look(database.admin, config)
    row = database.admin.execute("SELECT count(*) FROM pg_init_privs WHERE initprivs::text ~ %s", [database.legacy])
    assert row.fetchone() == (0,)


@pytest.mark.majors("two")
def test_mappings_that_come_back_here(make_database: MakeDatabase) -> None:
    database = make_database()
    database.admin.execute("CREATE EXTENSION postgres_fdw")
    server = "CREATE SERVER {} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({})"
    port = database.cluster.port
    for name, options in (
        ("here", f"port '{port}'"),
        ("socket", f"host '{database.cluster.folder}', port '{port}'"),
        ("other_port", "host 'localhost', port '1'"),
        ("elsewhere", f"host 'db.example.com', port '{port}'"),
    ):
        database.admin.execute(server.format(name, options).encode())
        for role in ("PUBLIC", "CURRENT_USER"):
            options = f"user '{database.legacy}', password 'secret'"
            database.admin.execute(f"CREATE USER MAPPING FOR {role} SERVER {name} OPTIONS ({options})".encode())
    database.admin.execute("CREATE SERVER apart FOREIGN DATA WRAPPER postgres_fdw")
    database.admin.execute("CREATE USER MAPPING FOR PUBLIC SERVER apart OPTIONS (user 'vendor')")
    found = doctor(database, "mappings-log-in-as-legacy")
    assert found is not None
    assert [one.partition(" on server ")[2] for one in found.objects] == [
        *("elsewhere, by another host name", "here", "socket"),
        *("elsewhere, by another host name", "here", "socket"),
    ]
    assert "secret" not in str(found)
    for statement in re.findall(r"ALTER USER MAPPING .*?;", found.fix):
        database.admin.execute(statement.encode())
    assert doctor(database, "mappings-log-in-as-legacy") is None


def test_jobs_of_pg_cron_in_another_database(database: Database, make_database: MakeDatabase) -> None:
    assert doctor(database, "cron-elsewhere") is None
    other = make_database()
    database.admin.execute(f"SET cron.database_name = '{other.name}'".encode())
    assert doctor(database, "cron-elsewhere") is None  # no extension there, and a view of that name is not read
    other.admin.execute(CRON.encode())
    assert doctor(database, "cron-elsewhere") is None
    other.admin.execute(extension("pg_cron", "cron.job").encode())
    other.admin.execute("UPDATE cron.job SET username = %s WHERE username = 'legacy'", [database.legacy])
    found = doctor(database, "cron-elsewhere")
    assert found is not None
    assert found.severity == "warning"
    assert found.objects == ("job 1 nightly: 0 3 * * * in shop", "job 3: * * * * * in shop")
    cure = re.search(r"UPDATE .*?;", found.fix)
    assert cure
    other.admin.execute(cure.group().encode())
    assert doctor(database, "cron-elsewhere") is None


def test_a_database_of_pg_cron_that_cannot_be_looked_at(database: Database, make_database: MakeDatabase) -> None:
    other = make_database()
    database.admin.execute(f"{CURIOUS}; REVOKE CONNECT ON DATABASE {other.name} FROM PUBLIC".encode())
    try:
        with psycopg.connect(database.conninfo("curious"), autocommit=True) as conn:
            conn.execute(f"SET cron.database_name = '{other.name}'".encode())
            found = look(conn, replace(SHOP, legacy_role=database.legacy), "cron-elsewhere")["cron-elsewhere"]
        assert found.severity == "note"
        assert f"In database {other.name}: SELECT jobid" in found.fix
    finally:
        database.admin.execute("DROP ROLE curious")


def test_limits_that_a_superuser_ignores(database: Database) -> None:
    database.admin.execute(f"ALTER ROLE {database.legacy} CONNECTION LIMIT 3".encode())
    database.admin.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 30".encode())
    found = doctor(database, "connection-limits")
    assert found is not None
    assert found.severity == "note"
    database.admin.execute(f"ALTER ROLE {database.legacy} SUPERUSER".encode())
    found = doctor(database, "connection-limits")
    assert found is not None
    assert found.severity == "warning"
    assert found.objects == (f"role {database.legacy}: 3", f"database {database.name}: 30")
    for statement in re.findall(r"ALTER .*?;", found.fix):
        database.admin.execute(statement.encode())
    assert doctor(database, "connection-limits") is None
