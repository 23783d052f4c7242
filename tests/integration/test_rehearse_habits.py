"""Habits of applications: what they do at each start, what their routines do for them, what servers keep of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.walk import Walk

STATISTICS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
    "max_prepared_transactions": "3",
}

# Nobody needs a privilege for these, and servers from 17 on hide names in them
FREE = (
    ("BEGIN", "SAVEPOINT one", "ROLLBACK TO SAVEPOINT one", "RELEASE one", "COMMIT"),
    ("BEGIN", "SAVEPOINT two", "ROLLBACK TO two", "RELEASE SAVEPOINT two", "ROLLBACK"),
    ("BEGIN", "DECLARE c CURSOR FOR SELECT 1", "FETCH 5 FROM c", "MOVE FORWARD 2 IN c", "CLOSE c", "COMMIT"),
    ("BEGIN", "INSERT INTO t VALUES (1)", "PREPARE TRANSACTION 'first'", "COMMIT PREPARED 'first'"),
    ("BEGIN", "INSERT INTO t VALUES (1)", "PREPARE TRANSACTION 'second'", "ROLLBACK PREPARED 'second'"),
    ("PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE p", "DEALLOCATE ALL"),
    ("SET search_path = public, pg_catalog", "SET work_mem = '1MB'", "SET TIME ZONE 'UTC'", "RESET ALL"),
    ("LISTEN c", "NOTIFY c, 'x'", "UNLISTEN c", "SELECT * FROM t WHERE a IN (1, 2, 3)"),
)


@pytest.mark.majors("all")
def test_what_needs_no_privilege(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess, major: int
) -> None:
    database = make_database(cluster=fresh_cluster(settings=STATISTICS))
    database.execute("grant usage, create on schema public to legacy; create extension pg_stat_statements")
    database.execute("create table public.t (a int)", "legacy")
    database.execute("select pg_stat_statements_reset()")
    with psycopg.connect(database.conninfo("legacy"), autocommit=True) as application:
        for session in FREE:
            for statement in session:
                application.execute(statement.encode())
    walk = Walk(invoke_cli, database).init()
    found = walk("rehearse", "--json").check(0).json
    assert [each for each in found["statements"] if each["verdict"] != "allowed"] == []
    assert found["notes"] == []
    walk.next("--through", "enable-login")
    found = walk("rehearse", "--json").check(0).json
    assert [each for each in found["statements"] if each["verdict"] != "allowed"] == []


SCHEMA = """
create schema queue;
create table queue.jobs (id serial primary key, name text);
create table queue.archive (id int);
create table queue.audit (id int);
create table queue.lists (name text);
create function queue.make(text) returns void language plpgsql as $$
begin
    execute format('create table queue.%I (id int)', 'list_' || $1);
    insert into queue.lists values ($1);
end $$;
create function queue.drop(text) returns void language plpgsql as $$
begin
    if exists (select from queue.lists where name = $1) then
        execute format('drop table if exists queue.%I', 'list_' || $1);
    end if;
end $$;
create function queue.widen(text) returns void language plpgsql as $$
begin execute format('alter table queue.%I add more int', 'list_' || $1); end $$;
create function queue.scratch(text) returns void language plpgsql as $$
begin
    execute format('create temp table %I (id int)', $1);
    execute format('drop table %I', $1);
end $$;
create function queue.clear() returns void language plpgsql as $$ begin truncate queue.jobs; end $$;
"""


def working(make_database: MakeDatabase) -> Database:
    database = make_database()
    database.execute(f"alter database {database.name} owner to legacy; grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    database.execute("select queue.make('a'), queue.make('b')", "legacy")
    return database


def rehearse(walk: Walk, *statements: str, exit_code: int = 4) -> dict[str, Any]:
    file = walk.run.cwd / "statements.sql"
    file.write_text(";\n".join(statements))
    found = walk("rehearse", "--file", str(file), "--json").check(exit_code).json
    return {each["query"]: each for each in found["statements"]}


@pytest.mark.majors("two")
def test_explain_runs_nothing_unless_told(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    database = working(make_database)
    walk = Walk(invoke_cli, database).init()
    call = "SELECT queue.clear()"
    harmless = ("EXPLAIN", "EXPLAIN (VERBOSE)", "EXPLAIN (ANALYZE off)", "EXPLAIN (ANALYZE, ANALYZE false)")
    runs = ("EXPLAIN ANALYZE", "EXPLAIN (ANALYZE, VERBOSE)", "EXPLAIN (ANALYZE 1)", "EXPLAIN (ANALYZE on)")
    statements = [f"{how} {call}" for how in (*harmless, *runs)]
    before = rehearse(walk, *statements)
    walk.next("--through", "enable-login")
    for found in (before, rehearse(walk, *statements)):
        assert {found[f"{how} {call}"]["verdict"] for how in harmless} == {"allowed"}
        assert {found[f"{how} {call}"]["verdict"] for how in runs} == {"denied"}
    with psycopg.connect(database.conninfo("app_user"), autocommit=True) as application:
        for how in harmless:
            application.execute(f"{how} {call}")
        for how in runs:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(f"{how} {call}")


def test_one_remedy_for_all_that_is_missing(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = working(make_database)
    walk = Walk(invoke_cli, database).init()
    walk.next("--through", "enable-login")
    statement = "TRUNCATE queue.jobs, queue.archive, queue.audit"
    remedy = rehearse(walk, statement)[statement]["remedy"]
    assert remedy == '[grants.app_user] truncate = ["queue.jobs", "queue.archive", "queue.audit"]'
    also = "SELECT last_value FROM queue.jobs_id_seq; SELECT last_value FROM queue.jobs_id_seq WHERE is_called"
    rehearse(walk, statement, also)
    shown = walk("rehearse", "--file", str(walk.run.cwd / "statements.sql")).check(4).stdout
    section = shown[shown.index("[grants.app_user]\n") :].split("\n")[:3]
    assert section == [
        "[grants.app_user]",
        'select = ["queue.jobs_id_seq"]',
        'truncate = ["queue.archive", "queue.audit", "queue.jobs"]',
    ]
    whole = walk("rehearse", "--file", str(walk.run.cwd / "statements.sql"), "--json").check(4).json
    assert whole["grants"] == {"app_user": tomllib.loads("\n".join(section))["grants"]["app_user"]}
    walk.config.write_text(walk.config.read_text() + "\n" + "\n".join(section) + "\n")
    walk("repair", "--yes").check()
    assert {each["verdict"] for each in rehearse(walk, statement, also, exit_code=0).values()} == {"allowed"}
    database.execute(f"{also}; {statement}", "app_user")


def test_what_routines_do_to_tables_of_any_name(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = working(make_database)
    walk = Walk(invoke_cli, database).init()
    calls = [f"SELECT queue.{name}('a')" for name in ("make", "drop", "widen", "scratch")]
    before = rehearse(walk, *calls)
    walk.next("--through", "enable-login")
    for found in (before, rehearse(walk, *calls)):
        for call in calls[:3]:
            assert found[call]["verdict"] == "denied"
            assert "flatsplit:hole" not in str(found[call])
            assert found[call]["remedy"].startswith(
                f"make queue.{call[13:-5]}(text) SECURITY DEFINER with a search_path"
            )
        assert found[calls[3]]["verdict"] == "unknown"  # of a temporary table it may
    for call in calls[:3]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute(call.replace("make('a')", "make('c')"), "app_user")
    database.execute(calls[3], "app_user")
    # The remedy, taken
    for name in ("make", "drop", "widen"):
        path = "set search_path = pg_catalog, pg_temp"
        database.execute(f"alter function queue.{name}(text) security definer {path}", "app_migrator")
    assert {each["verdict"] for each in rehearse(walk, *calls[:3], exit_code=0).values()} == {"allowed"}
    database.execute("; ".join((calls[2], calls[1], calls[0].replace("'a'", "'c'"))), "app_user")


def test_what_an_application_does_at_each_start(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    walk = Walk(invoke_cli, working(make_database)).init()
    file = Path(walk.run.cwd / "export.csv")
    file.write_text(
        "query,calls,toplevel\n"
        "CREATE TABLE IF NOT EXISTS queue.jobs (id int),22,t\n"
        "CREATE OR REPLACE FUNCTION queue.f() RETURNS int LANGUAGE sql AS 'SELECT 1',21,t\n"
        "CREATE TABLE IF NOT EXISTS queue.more (id int),1,t\n"
        "ALTER TABLE queue.jobs ADD x int,2,t\n"
        "CREATE INDEX IF NOT EXISTS i ON queue.jobs (id),23,f\n"
    )
    whole = walk("rehearse", "--file", str(file), "--json").check(4).json
    assert any("with the log of an ordinary day" in note for note in whole["notes"])
    found = whole["statements"]
    assert {each["verdict"] for each in found} == {"migrator"}
    said = sorted(each["calls"] for each in found if "whenever it starts" in each["remedy"])
    assert said == [21, 22]


def test_which_sequence_setval_means(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """Also of an identity column, which has no default; and where only the table beside it tells."""
    database = working(make_database)
    database.execute("create table queue.a (id int generated by default as identity); select 1", "legacy")
    walk = Walk(invoke_cli, database).init()
    named = "SELECT setval(pg_get_serial_sequence('\"queue\".\"a\"','id'), coalesce(max(id), 1)) FROM queue.a"
    hidden = "SELECT setval(pg_get_serial_sequence($1,$2), coalesce(max(id), $3)) FROM queue.jobs"
    for _ in range(2):
        found = rehearse(walk, named, hidden)
        assert found[named]["remedy"] == '[grants.app_user] update = ["queue.a_id_seq"]'
        assert found[named]["object"] == "queue.a_id_seq"
        remedy = '[grants.app_user] update = ["queue.a_id_seq", "queue.jobs_id_seq"]'  # whichever it is
        assert found[hidden]["remedy"] == remedy
        walk.next("--through", "enable-login")
    walk.config.write_text(walk.config.read_text() + '\n[grants.app_user]\nupdate = ["queue.a_id_seq"]\n')
    walk("repair", "--yes").check()
    assert rehearse(walk, named, exit_code=0)[named]["verdict"] == "allowed"
    database.execute(named, "app_user")


def test_drop_if_exists_of_another_overload(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = working(make_database)
    walk = Walk(invoke_cli, database).init()
    harmless = "DROP FUNCTION IF EXISTS queue.make(text, int)"
    refused = ("DROP FUNCTION IF EXISTS queue.make(text)", "DROP FUNCTION IF EXISTS queue.make")
    walk.next("--through", "enable-login")
    found = rehearse(walk, harmless, *refused)
    assert found[harmless]["verdict"] == "allowed"
    assert {found[each]["verdict"] for each in refused} == {"migrator"}
    database.execute(harmless, "app_user")
    for each in refused:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute(each, "app_user")


@pytest.mark.majors("two")
def test_a_schema_per_tenant(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    """Sessions set search_path for themselves, so statements name no schema."""
    database = make_database()
    database.execute("grant usage, create on schema public to legacy; create schema other")
    database.execute(f"grant create on database {database.name} to legacy")
    for tenant in ("acme", "umbrella"):
        database.execute(f"create schema {tenant}; create table {tenant}.users (id serial, name text)", "legacy")
    walk = Walk(invoke_cli, database).init("--schema", "acme", "--schema", "umbrella", "--schema", "public")
    file = walk.run.cwd / "export.csv"
    work = ("SELECT name FROM users", "INSERT INTO users (name) VALUES ('x')", "DELETE FROM users WHERE name = 'x'")
    file.write_text("query,calls,toplevel\n" + "".join(f'"{each}",5,t\n' for each in (*work, "SELECT 1 FROM missing")))
    for _ in range(2):
        found = walk("rehearse", "--file", str(file), "--json").check(0).json["statements"]
        said = {each["query"]: each["verdict"] for each in found}
        assert said == {**dict.fromkeys(work, "allowed"), "SELECT 1 FROM missing": "unknown"}
        walk.next("--through", "enable-login")
    for tenant in ("acme", "umbrella"):
        database.execute("; ".join((f"set search_path = {tenant}, public", *work)), "app_user")


def test_expressions_inside_routines(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess
) -> None:
    """pg_stat_statements keeps them as they stand there, without SELECT."""
    database = make_database(cluster=fresh_cluster(settings=STATISTICS))
    database.execute("grant usage, create on schema public to legacy; create extension pg_stat_statements")
    body = "declare n int; begin if exists (select from t) then n := (select count(*) from t); end if; return n; end"
    database.execute(f"create table t (a int); create function f() returns int language plpgsql as '{body}'", "legacy")
    database.execute("insert into t values (1)", "legacy")
    database.execute("select pg_stat_statements_reset()")
    database.execute("select f()", "legacy")
    walk = Walk(invoke_cli, database).init()
    for _ in range(2):
        found = walk("rehearse", "--json").check(0).json["statements"]
        assert {each["verdict"] for each in found} == {"allowed"}
        assert len([each for each in found if " from t)" in each["query"]]) == 2
        walk.next("--through", "enable-login")
