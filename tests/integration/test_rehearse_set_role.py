"""Applications that become another role with SET ROLE, and routines that do; and bodies that nobody can read."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk, assert_same, toml

TENANT = 'Tenant "a"; %s'
"""A role name that has to be quoted everywhere."""


def shop(make_database: MakeDatabase) -> Database:
    database = make_database()
    tenant = sql.Identifier(TENANT).as_string(None)
    database.execute("grant usage, create on schema public to legacy; create role stranger login")
    database.execute(f"create role {tenant} nologin; create role login_too login; grant {tenant}, login_too to legacy")
    database.execute(
        f"""
        create table public.t (a int);
        grant select on public.t to {tenant}, login_too;
        create function public.as_tenant() returns bigint language sql set role = {tenant} as
            'select count(*) from public.t';
        create function public.switches() returns void language plpgsql as
            $$ begin perform set_config('role', {sql.Literal(TENANT).as_string(None)}, true); end $$;
        """,
        "legacy",
    )
    return database


def rehearse(walk: Walk, rows: list[tuple[str, str]], exit_code: int) -> dict[str, Any]:
    path = walk.run.cwd / "statements.json"
    path.write_text(json.dumps([{"query": query, "calls": 2, "rolname": role} for query, role in rows]))
    found = walk("rehearse", "--file", str(path), "--json").check(exit_code).json
    return {each["query"]: each for each in found["statements"]}


def tried(database: Database, role: str, *statements: str) -> str:
    with psycopg.connect(database.conninfo(role)) as connection:
        try:
            for statement in statements:
                connection.execute(statement.encode())
        except psycopg.Error as error:
            return error.sqlstate or "?"
        finally:
            connection.rollback()
    return ""


@pytest.mark.majors("two")
def test_set_role(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    database = shop(make_database)
    tenant = sql.Identifier(TENANT).as_string(None)
    become = f"SET LOCAL ROLE {tenant}"
    rows = [
        (become, "legacy"),
        ("SELECT count(*) FROM t", TENANT),
        ("SELECT max(a) FROM t", "login_too"),
        ("SELECT min(a) FROM t", "legacy"),
        ("SELECT 'not the application''s'", "stranger"),
        ("SELECT as_tenant()", "legacy"),
        ("SELECT switches()", "legacy"),
        ("SET ROLE stranger", "legacy"),
    ]
    walk = Walk(invoke_cli, database).init()
    origin = walk.snapshot()
    expected = ["denied", "denied", "unknown", "allowed", "denied", "denied", "denied"]
    found = rehearse(walk, rows, 4)
    assert [found[query]["verdict"] for query, role in rows if role != "stranger"] == expected
    walk.next("--through", "enable-login", "--waive", "no-blockers", "--reason", "to see")
    found = rehearse(walk, rows, 4)
    assert [found[query]["verdict"] for query, role in rows if role != "stranger"] == expected
    assert tried(database, "app_user", become) == "42501"
    assert tried(database, "app_user", "select as_tenant()") == "42501"
    # The remedy is a line of the configuration
    remedy = found["SELECT count(*) FROM t"]["remedy"]
    assert remedy == f"[become] app_user = [{toml(TENANT)}]" == found[become]["remedy"]
    section, line = remedy.split(" ", 1)
    walk.config.write_text(f"{walk.config.read_text()}\n{section}\n{line}\n")
    walk("repair", "--yes").check()
    assert [found["verdict"] for found in rehearse(walk, rows[:2], 0).values()] == ["allowed"] * 2
    assert tried(database, "app_user", become, "select count(*) from t") == ""
    assert tried(database, "app_user", "select as_tenant()") == ""
    assert tried(database, "app_user", "select switches()") == ""
    assert f"become {TENANT}, as [become] says" in [
        check["act"] for check in walk("verify", "--json").check(0).json["checks"]
    ]
    if major >= 16:
        query = "select inherit_option, set_option from pg_auth_members where member = 'app_user'::regrole"
        assert database.admin.execute(query).fetchall() == [(False, True)]
    walk.rollback("--all")
    assert_same(origin, walk.snapshot(), "after it all")


LIBRARIES = """
create extension pg_trgm;  create extension lo; create extension tablefunc;
create extension autoinc;
create table public.image (id int default 1, raster lo);
create trigger t_raster before update or delete on public.image for each row execute function lo_manage(raster);
create sequence public.ids;
create table public.counted (id int default 0, n int);
create trigger counts before insert on public.counted for each row execute function autoinc (id, ids);
select lo_create(4711);
"""


@pytest.mark.majors("two")
def test_bodies_that_nobody_can_read(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    database.execute("alter role legacy superuser")
    database.execute(LIBRARIES, "legacy")
    database.execute("alter role legacy nosuperuser")
    # An extension's routines in SQL and PL/pgSQL are read like the application's
    database.execute(
        "create function public.clean() returns void language plpgsql as $$ begin truncate public.counted; end $$; "
        "alter extension lo add function public.clean()"
    )
    walk = Walk(invoke_cli, database).init()
    expected = {
        "SELECT similarity('a', 'b'), 'a' % 'b'": "allowed",
        "INSERT INTO image (raster) VALUES (0)": "allowed",
        "DELETE FROM image": "denied",
        "INSERT INTO counted (n) VALUES (1)": "unknown",
        "SELECT * FROM crosstab('select a, b, c from secret') AS c (a int, b int)": "unknown",
        "SELECT clean()": "denied",
    }
    path = walk.run.cwd / "statements.sql"
    path.write_text(";\n".join(expected))
    found = walk("rehearse", "--file", str(path), "--json").check(4).json
    assert {each["query"]: each["verdict"] for each in found["statements"]} == expected
