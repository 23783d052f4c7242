"""What a rehearsal proposes, put into the configuration, makes the statement work, and rolls back like the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.snapshot import snapshot
from tests.support.walk import Walk, assert_same, toml

ODD = 'we"ird.\nT; DROP TABLE x --'
QUOTED = '"' + ODD.replace('"', '""') + '"'

SCHEMA = f"""
create table public.sessions (id serial, data text);
create schema {QUOTED};
create table {QUOTED}.{QUOTED} (id serial, {QUOTED} text);
create function {QUOTED}.{QUOTED}(int) returns int language sql as 'select 1';
create materialized view public.totals as select count(*) from public.sessions;
create table public.visits (id serial);
"""

STATEMENTS = (
    "TRUNCATE sessions",
    f"TRUNCATE {QUOTED}.{QUOTED}",
    "SELECT setval('sessions_id_seq', 3)",
    f"INSERT INTO {QUOTED}.{QUOTED} ({QUOTED}) VALUES ('x')",
    f"SELECT {QUOTED}.{QUOTED}(1)",
)
OWNERS = "TRUNCATE visits RESTART IDENTITY"
"""What no grant makes work, although a part of it could be granted."""


@pytest.mark.slow
@pytest.mark.majors("two")
def test_remedies(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path, major: int) -> None:
    database = make_database()
    database.execute(f"alter database {database.name} owner to legacy; grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    before = snapshot(database.admin)
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "statements.sql"
    statements = (*STATEMENTS, "REFRESH MATERIALIZED VIEW totals") if major >= 17 else STATEMENTS
    file.write_text(";\n".join((*statements, OWNERS)))

    def rehearse() -> dict[str, Any]:
        found = walk("rehearse", "--file", str(file), "--json").check(4).json
        return {each["query"]: each for each in found["statements"]} | {"grants": found["grants"]}

    found = rehearse()
    proposed = found.pop("grants")["app_user"]
    assert {query for query, each in found.items() if each["verdict"] == "allowed"} == set(STATEMENTS[3:])
    lines = [f"{key} = {toml(names)}" for key, names in proposed.items()]
    walk.config.write_text(walk.config.read_text() + "\n[grants.app_user]\n" + "\n".join(lines) + "\n")
    assert {query for query, each in found.items() if each["toml"]} == set(statements) - set(STATEMENTS[3:])
    granted = rehearse()
    assert granted.pop("grants") == {}
    assert {query for query, each in granted.items() if each["verdict"] != "allowed"} == {OWNERS}
    assert granted[OWNERS]["remedy"] == found[OWNERS]["remedy"]
    assert "grants-unmatched" not in str(walk("doctor", "--json").json)
    walk.forward("enable-login")
    assert {query for query, each in rehearse().items() if each.get("verdict", "allowed") != "allowed"} == {OWNERS}
    with psycopg.connect(database.conninfo("app_user"), autocommit=True) as application:
        for statement in statements:
            application.execute(statement.encode())
    checks = walk("verify", "--json").check(0).json["checks"]
    assert [each for each in checks if each["act"] == "truncate, as [grants] says" and each["ok"]]
    database.execute("revoke truncate on public.sessions from app_user")
    assert not walk("verify", "--json").check(4).json["ok"]
    walk("repair", "--yes").check()
    walk.rollback("--all")
    assert_same(before, snapshot(database.admin), "after the way back")


def test_a_name_that_means_nothing_is_told(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    walk = Walk(invoke_cli, make_database()).init()
    grants = '[grants.app_user]\ntruncate = ["public.tpyo"]\nset = ["log_min_messages", "My.own", "wrok_mem"]\n'
    walk.config.write_text(f"{walk.config.read_text()}\n{grants}")
    found = [each for each in walk("doctor", "--json").json["findings"] if each["id"] == "grants-unmatched"]
    known = () if major >= 15 else ("log_min_messages", "my.own")
    assert found[0]["objects"] == [
        "[grants.app_user] truncate: public.tpyo",
        *(f"[grants.app_user] set: {name}" for name in (*known, "wrok_mem")),
    ]


def test_for_other_roles_and_on_record(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "migration.sql"
    file.write_text(
        "ALTER TABLE sessions ADD note text; CREATE INDEX ON sessions (data); CREATE TABLE more (id int);"
        "DROP TABLE IF EXISTS sessions; TRUNCATE sessions; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "REFRESH MATERIALIZED VIEW totals; VACUUM sessions; INSERT INTO sessions VALUES (1)"
    )
    for _ in range(2):
        found = walk("rehearse", "--file", str(file), "--as", "app_migrator", "--json").check(0).json
        assert found["summary"]["allowed"] == 9
        readonly = walk("rehearse", "--file", str(file), "--as", "app_readonly", "--json").check(4).json["summary"]
        assert readonly == {"allowed": 0, "denied": 3, "silent": 1, "migrator": 5, "unknown": 0}
        walk.next("--through", "enable-login")
    event = [each for each in walk("history", "--json").json if each.get("kind") == "rehearsed"][-1]
    assert event["details"]["summary"]["migrator"] == 5
    assert "as app_readonly: 3 denied" in event["message"]
    text = walk("rehearse", "--file", str(file)).check(4).stdout
    assert "remedy for all of them: the migration tool's work: run it as app_migrator" in text
    assert "9 distinct statements from SQL file" in text


MAINTENANCE = (
    "VACUUM sessions",
    "ANALYZE sessions",
    "REINDEX TABLE sessions",
    "REINDEX TABLE CONCURRENTLY sessions",
    "REINDEX INDEX sessions_pkey",
    "REINDEX INDEX CONCURRENTLY sessions_pkey",
    "CLUSTER sessions USING sessions_pkey",
    "REFRESH MATERIALIZED VIEW totals",
)


@pytest.mark.majors("two")
def test_what_a_function_can_do_for_it(
    make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path, major: int
) -> None:
    """Where a function of app_migrator's is proposed, it works; where a job alone is, no function does."""
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(
        "create table sessions (id int primary key); create materialized view totals as select 1 as a", "legacy"
    )
    walk = Walk(invoke_cli, database).init()
    walk.next("--through", "enable-login")
    file = tmp_path / "statements.sql"
    file.write_text(";\n".join(MAINTENANCE))
    found = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
    assert {each["query"] for each in found} == set(MAINTENANCE)
    if major >= 17:
        assert all(each["toml"] for each in found)
        return
    for each in found:
        database.execute(
            "create or replace function does_it() returns void language plpgsql security definer "
            f"set search_path = public, pg_temp as $$ begin execute '{each['query']}'; end $$",
            "app_migrator",
        )
        proposed = "SECURITY DEFINER function" in each["remedy"]
        with walk.connect("app_user") as session:
            try:
                session.execute("select does_it()")
                works = True
            except psycopg.errors.ActiveSqlTransaction:
                works = False
        assert works is proposed, each
        assert "a job that runs it as app_migrator" in each["remedy"]
