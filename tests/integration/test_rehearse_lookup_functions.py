"""The server's own functions and statements that look at more than EXECUTE: said as the server does."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.notices import notices
from tests.support.walk import Walk

SCHEMA = """
create table public.t (a int primary key deferrable, b int[]);
create index t_brin on public.t using brin (a);
create index t_gin on public.t using gin (b);
create schema hidden;
create table hidden.h (a int primary key deferrable);
create type public.pair as (a int);
create function public.f(int) returns int language sql as 'select 1';
create table public.logged (a int);
create function public.logs() returns trigger language plpgsql as $$
declare n bigint;
begin
    n := count(*) from old join new using (a);
    return null;
end $$;
create trigger logs after update on public.logged referencing old table as old new table as new
for each statement execute function public.logs();
"""
REFUSED = (
    "SELECT brin_summarize_new_values('t_brin')",
    "SELECT brin_summarize_range('public.t_brin', 0)",
    "SELECT brin_desummarize_range('t_brin', 0)",
    "SELECT gin_clean_pending_list('t_gin')",
    "SELECT set_config('session_replication_role', 'replica', false)",
    "SELECT set_config('Log_Statement', 'all', true)",
    "SELECT query_to_xml('select * from hidden.h', true, true, '')",
    "SELECT table_to_xml('hidden.h', true, true, '')",
    "SELECT schema_to_xml('hidden', true, true, '')",
    "SELECT subconninfo FROM pg_subscription",
    "SELECT s.* FROM pg_subscription AS s",
    "SELECT currtid2('hidden.h', '(0,1)')",
    "SELECT schema_to_xmlschema('hidden', true, true, '')",
    "SET CONSTRAINTS hidden.h_pkey DEFERRED",
    "REINDEX INDEX t_brin",
    "SELECT to_regclass('hidden.h')",
    "SELECT has_table_privilege('hidden.h', 'SELECT')",
    "UPDATE pg_database SET datname = datname",
    "REINDEX SCHEMA hidden",
    "COMMENT ON COLUMN pair.a IS 'x'",
)
FREE = (
    "SELECT set_config('work_mem', '1MB', false)",
    "SELECT query_to_xml('select * from t', true, true, '')",
    "SELECT table_to_xml('t', true, true, '')",
    "SELECT s.subname, count(*) FROM pg_subscription AS s WHERE subenabled GROUP BY 1",
    "SELECT schema_to_xml('public', true, true, '')",
    "SET CONSTRAINTS t_pkey DEFERRED",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "SELECT to_regclass('t'), has_table_privilege('public.t', 'SELECT')",
    "UPDATE pg_settings SET setting = '1MB' WHERE name = 'work_mem'",
    "DROP CAST IF EXISTS (text AS text)",
    "DROP FUNCTION IF EXISTS f(text)",
    "UPDATE logged SET a = 1",
    "DROP TEXT SEARCH PARSER IF EXISTS nobody.is_there",
)


LESS = ("SELECT database_to_xmlschema(true, true, '')",)


@pytest.mark.majors("two")
def test_functions_that_ask_for_more(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(REFUSED + FREE + LESS))
    for _ in range(2):
        found = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
        verdicts = {each["query"]: each["verdict"] for each in found}
        assert {query for query, verdict in verdicts.items() if verdict in ("denied", "migrator")} == set(REFUSED)
        assert {query for query, verdict in verdicts.items() if verdict == "allowed"} == set(FREE)
        assert {query for query, verdict in verdicts.items() if verdict == "silent"} == set(LESS)
        walk.next("--through", "enable-login")
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"]), autocommit=True) as session:
        for statement in REFUSED:
            with suppress(psycopg.errors.FeatureNotSupported), pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement.encode())
        for statement in FREE:
            with suppress(psycopg.errors.FeatureNotSupported):  # a server that was built without libxml
                session.execute(statement.encode())


READING = """
create schema hidden;
create table hidden.h (a int);
create function public.stays() returns setof int language sql stable as 'select a from hidden.h';
create function public.changes() returns setof int language sql volatile as 'select a from hidden.h';
create function public.empty() returns setof int language sql stable as 'select 1';
"""
EXPLAINED = {
    "EXPLAIN SELECT * FROM stays()": ("unknown", "denied"),
    "EXPLAIN (COSTS OFF) SELECT 1 FROM (SELECT * FROM stays()) s": ("unknown", "denied"),
    "EXPLAIN SELECT * FROM changes()": ("allowed", "allowed"),
    "EXPLAIN SELECT * FROM empty()": ("allowed", "allowed"),
    "EXPLAIN ANALYZE SELECT * FROM changes()": ("denied", "denied"),
}
"""Before the role exists, and once it can be tried."""


@pytest.mark.majors("two")
def test_explaining_what_becomes_part_of_the_query(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(READING, "legacy")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(EXPLAINED))
    for turn in range(2):
        found = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
        assert {each["query"]: each["verdict"] for each in found} == {
            query: expected[turn] for query, expected in EXPLAINED.items()
        }
        walk.next("--through", "enable-login")
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"]), autocommit=True) as session:
        for statement, (_, verdict) in EXPLAINED.items():
            state = ""
            try:
                session.execute(statement.encode())
            except psycopg.Error as error:
                state = error.sqlstate or "?"
            assert state == ("42501" if verdict == "denied" else ""), statement


UPKEEP = {
    # statement: what becomes of it as app_user, and as app_migrator, which owns the database here
    "VACUUM pg_class": ("silent", "allowed"),
    "ANALYZE pg_catalog.pg_am": ("silent", "allowed"),
    "ANALYZE pg_authid": ("silent", "silent"),
    "REINDEX TABLE pg_am": ("denied", "denied"),
    "CLUSTER pg_am USING pg_am_oid_index": ("denied", "denied"),
    "SELECT nextval('mine')": ("allowed", "allowed"),
}


@pytest.mark.majors("two")
def test_upkeep_of_the_servers_own(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute("create table public.t (a int)", "legacy")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    walk.next("--through", "enable-login")
    database.execute(f'alter database "{database.name}" owner to app_migrator')
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(("CREATE TEMPORARY SEQUENCE mine", *UPKEEP)))
    for turn, role in enumerate(("app_user", "app_migrator")):
        found = walk("rehearse", "--file", str(file), "--as", role, "--json").check(4).json["statements"]
        verdicts = {each["query"]: each["verdict"] for each in found}
        assert {query: verdicts[query] for query in UPKEEP} == {query: each[turn] for query, each in UPKEEP.items()}
        with (
            psycopg.connect(database.conninfo(role, walk.passwords[role]), autocommit=True) as session,
            notices(session) as warnings,
        ):
            session.execute("CREATE TEMPORARY SEQUENCE mine")
            for statement, each in UPKEEP.items():
                warnings.clear()
                state = ""
                try:
                    session.execute(statement.encode())
                except psycopg.Error as error:
                    state = error.sqlstate or "?"
                assert state == ("42501" if each[turn] == "denied" else ""), statement
                assert bool(warnings) == (each[turn] == "silent"), (statement, warnings)


@pytest.mark.majors("two")
def test_cluster_of_whatever_was_clustered(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute("create table t (a int primary key); create table u (a int primary key)", "legacy")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    walk.next("--through", "enable-login")
    file = invoke_cli.cwd / "statements.sql"
    file.write_text("CLUSTER")

    def verdicts() -> list[str]:
        found = [walk("rehearse", "--file", str(file), "--as", role, "--json") for role in ("app_user", "app_migrator")]
        return [each.json["statements"][0]["verdict"] for each in found]

    assert verdicts() == ["allowed", "allowed"]
    database.execute("cluster t using t_pkey", "legacy")
    assert verdicts() == ["silent", "allowed"]
    before = database.admin.execute("select pg_relation_filenode('t')").fetchall()
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"]), autocommit=True) as session:
        session.execute("CLUSTER")
    assert database.admin.execute("select pg_relation_filenode('t')").fetchall() == before
