"""What a stolen password could do: held against the server's own answers, and against what then happens."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit.catalog import read_state
from flatsplit.rights.exposure import Exposure, exposures
from flatsplit.server.blast_radius_facts import surroundings
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk
from tests.support.world import trap_world

_COUNTS = """
with relation as (
  select c.oid, c.relkind, c.relowner, n.oid as namespace
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid >= 16384 and n.nspname !~ '^(pg_|information_schema|flatsplit$)'
    and has_schema_privilege(%(role)s::name, n.oid, 'usage')
), routine as (
  select p.oid, p.prosecdef, p.proowner from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.oid >= 16384 and n.nspname <> 'flatsplit' and has_schema_privilege(%(role)s::name, n.oid, 'usage')
), schema as (
  select oid from pg_namespace where (oid >= 16384 or nspname = 'public') and nspname !~ '^(pg_|flatsplit$)'
)
select
  (select count(*) from relation where relkind = any ('{r,p,f,v,m}')
    and has_any_column_privilege(%(role)s::name, oid, 'select')) as read,
  (select count(*) from relation where relkind = any ('{r,p,f,v}')
    and (has_any_column_privilege(%(role)s::name, oid, 'insert, update')
         or has_table_privilege(%(role)s::name, oid, 'delete'))) as write,
  (select count(*) from relation where relkind = any ('{r,p,f}')
    and has_table_privilege(%(role)s::name, oid, 'truncate')) as truncate,
  (select count(*) from relation where relkind = any ('{r,p,f}')
    and has_table_privilege(%(role)s::name, oid, 'trigger')) as trigger,
  (select count(*) from relation where relkind = any ('{r,p,f,v,m,S}')
    and (pg_has_role(%(role)s::name, relowner, 'member')
         or pg_has_role(%(role)s::name, (select nspowner from pg_namespace where oid = namespace), 'member'))
    and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = relation.oid
                    and deptype = 'e')) as drop,
  (select count(*) from routine where prosecdef and has_function_privilege(%(role)s::name, oid, 'execute')
    and not pg_has_role(%(role)s::name, proowner, 'member')) as definers,
  (select count(*) from schema where has_schema_privilege(%(role)s::name, oid, 'create')) as create,
  (select count(*) from pg_roles where rolname not in (%(role)s, 'pg_database_owner')
    and pg_has_role(%(role)s::name, oid, 'member')) as become,
  has_database_privilege(%(role)s::name, current_database(), 'connect')::int as connect,
  has_database_privilege(%(role)s::name, current_database(), 'create')::int as create_schema,
  has_database_privilege(%(role)s::name, current_database(), 'temp')::int as temporary,
  (select count(*) from pg_database where datallowconn and datname <> current_database()
    and has_database_privilege(%(role)s::name, oid, 'connect')) as databases,
  (pg_has_role(%(role)s::name, 'pg_execute_server_program', 'member'))::int as programs
"""


def truth(conn: psycopg.Connection[Any], role: str) -> dict[str, int]:
    """The server's own answers."""
    cursor = conn.execute(_COUNTS, {"role": role})
    row = cursor.fetchone()
    assert row is not None
    assert cursor.description is not None
    return {column.name: value for column, value in zip(cursor.description, row, strict=True)}


def judged(conn: psycopg.Connection[Any], *roles: str) -> dict[str, Exposure]:
    return {found.role: found for found in exposures(read_state(conn), surroundings(conn), roles)}


def counts(found: Exposure) -> dict[str, int]:
    return {ability.key: ability.count for ability in found.abilities}


def compare(conn: psycopg.Connection[Any], *roles: str) -> None:
    for role, found in judged(conn, *roles).items():
        expected = truth(conn, role)
        mine = counts(found)
        assert {key: mine[key] for key in expected} == expected, role


@pytest.mark.majors("two")
def test_it_says_what_the_server_says(database: Database) -> None:
    cast = trap_world(database.admin)
    compare(database.admin, cast.legacy, *cast.others, "postgres")
    assert counts(judged(database.admin, cast.legacy)["legacy"])["drop"] > 10


def test_rights_from_predefined_roles_and_from_public(database: Database) -> None:
    database.execute("create table t (a int, b int); create table u (); grant select (a) on t to public", "legacy")
    database.execute("create role snoop login; create role hand login; grant pg_write_all_data to hand")
    database.execute("grant pg_read_all_data, pg_execute_server_program, pg_read_server_files to snoop")
    compare(database.admin, "snoop", "hand")
    found = judged(database.admin, "snoop", "hand")
    assert counts(found["snoop"]) | {"programs": 1, "files": 1, "read": 2, "write": 0} == counts(found["snoop"])
    assert counts(found["hand"]) | {"programs": 0, "read": 1, "write": 2, "truncate": 0} == counts(found["hand"])
    assert found["snoop"].abilities[0].text == "yes"


@pytest.mark.majors("all")
def test_admin_option_is_as_good_as_the_role(database: Database, major: int) -> None:
    database.execute("create role boss createrole login; create role clerk login; create role group_")
    database.execute("create table t ()", "legacy")
    database.execute("grant legacy to clerk with admin option" + (", inherit false, set false" * (major >= 16)))
    assert counts(judged(database.admin, "clerk")["clerk"])["drop"] == 1
    boss = counts(judged(database.admin, "boss")["boss"])
    # Before 16 CREATEROLE can take any role that is no superuser, and so run programs on the server
    assert (boss["programs"], boss["drop"] > 0) == ((1, True) if major < 16 else (0, False))
    assert boss["createrole"] == 1


def test_a_table_in_a_schema_that_cannot_be_entered_is_out_of_reach(database: Database) -> None:
    database.execute("create schema closed; create table closed.t (); grant all on closed.t to public", "legacy")
    database.execute("create role stranger login")
    found = counts(judged(database.admin, "stranger")["stranger"])
    assert (found["read"], found["write"], found["truncate"], found["trigger"]) == (0, 0, 0, 0)


def test_row_security_bounds_what_is_read(database: Database) -> None:
    database.execute(
        "create table open_ (a int); insert into open_ select generate_series(1, 70);"
        "create table bound as table open_; alter table bound enable row level security;"
        "create policy p on bound for select to public using (a = 1);"
        "create table dark as table open_; alter table dark enable row level security;"
        "grant select on all tables in schema public to public; analyze",
        "legacy",
    )
    database.execute("create role reader login; create role seer login bypassrls")
    found = judged(database.admin, "legacy", "reader", "seer")
    rows = {role: (counts(one)["rows"], counts(one)["rls"]) for role, one in found.items()}
    assert rows == {"legacy": (210, 0), "reader": (70, 2), "seer": (210, 0)}
    line = found["reader"].ability("rls")
    assert line is not None
    assert line.names == ("table public.bound (1 policy)", "table public.dark (no row)")


def test_what_is_foretold_comes_true(database: Database, invoke_cli: InProcess) -> None:
    cast = trap_world(database.admin)
    walk = Walk(invoke_cli, database).init()
    foretold = walk("blast-radius", "--json").check().json
    assert not foretold["complete"]
    assert set(foretold["today"]) == {cast.legacy}
    assert foretold["today"]["legacy"]["abilities"]["drop_database"]["can"]
    walk.forward()
    found = walk("blast-radius", "--json").check().json
    assert found["complete"]
    assert found["today"] == found["after"] == foretold["after"]
    compare(database.admin, *walk.roles, cast.legacy)
    user = found["today"]["app_user"]["abilities"]
    assert [key for key in ("drop", "truncate", "create", "programs", "become") if user[key]["can"]] == []
    assert user["definers"]["names"]


def test_before_init_it_needs_a_name_only_and_writes_nothing(database: Database, invoke_cli: InProcess) -> None:
    database.execute('create table "a | b" ()', "legacy")
    said = invoke_cli("blast-radius", "--legacy-role", "legacy", dsn=database).check().stdout
    assert "today" in said
    assert "app_user" in said
    assert not (invoke_cli.cwd / "flatsplit.toml").exists()
    assert database.admin.execute("select 1 from pg_namespace where nspname = 'flatsplit'").fetchone() is None
    refused = invoke_cli("blast-radius", dsn=database).check(1)
    assert "flatsplit.toml" in refused.stderr
    refused = invoke_cli("blast-radius", "--legacy-role", "legasy", dsn=database).check(2)
    assert "did you mean legacy?" in refused.stderr


@pytest.mark.majors("two")
@pytest.mark.parametrize("options", ["", "SUPERUSER"])
def test_whoever_looks_needs_no_operators_rights(
    make_database: MakeDatabase, invoke_cli: InProcess, options: str
) -> None:
    """Somebody else, and the old role itself, are told the same as a superuser. But dba will be what they can make."""
    database = make_database(legacy_options=options)
    database.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)", "legacy")
    database.execute("CREATE ROLE onlooker LOGIN; ANALYZE")
    found = [
        invoke_cli("blast-radius", "--legacy-role", "legacy", "--json", dsn=dsn).check().json
        for dsn in (database, database.conninfo("onlooker"), database.conninfo("legacy"))
    ]
    for one in found[1:]:
        assert one["today"] == found[0]["today"]
        assert one["after"]["app_user"] == found[0]["after"]["app_user"]
    refused = invoke_cli("blast-radius", "--legacy-role", "nobody", dsn=database.conninfo("onlooker")).check(2)
    assert "there is no role 'nobody'" in refused.stderr


def test_it_works_from_the_file_alone_and_in_the_middle_of_a_walk(database: Database, invoke_cli: InProcess) -> None:
    database.execute("create table t ()", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk("forget", "--yes").check()
    assert "all 1" in walk("blast-radius").check().stdout
    (walk.config).unlink()
    walk.init()
    walk.forward("enable-login")
    said = walk("blast-radius", "--compare").check().stdout
    assert "change rows of tables and views" in said
    refused = walk("blast-radius", "--legacy-role", "legacy").check(2)
    assert "leave --legacy-role out" in refused.stderr


def test_hostile_names(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    odd = 'ro"le\n| x'
    database = make_database(legacy=odd)
    routine = "create function {}() returns int language sql security definer as 'select 1'"
    database.admin.execute(sql.SQL("create table {} ()").format(sql.Identifier('t"\n|')))
    database.admin.execute(sql.SQL(routine).format(sql.Identifier("f'\n")))
    said = invoke_cli("blast-radius", "--legacy-role", odd, dsn=database).check().stdout
    assert 'ro"le' in said
    found = invoke_cli("blast-radius", "--legacy-role", odd, "--json", dsn=database).check().json
    assert found["today"][odd]["abilities"]["definers"]["count"] == 1


def test_the_runbook_shows_before_and_after(database: Database, invoke_cli: InProcess) -> None:
    database.execute("create table t ()", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk("runbook").check()
    text = (invoke_cli.cwd / "runbook" / "runbook.md").read_text()
    assert "## What a stolen password could do" in text
    assert "| `legacy` today | `legacy` after | `app_user` after |" in text


def test_who_else_holds_the_power(database: Database) -> None:
    """Logins that act as the role, directly or over others; not groups, strangers, or who has no use of it."""
    database.execute("create role crew nologin in role legacy; create role web login in role crew")
    database.execute("create role stranger login; create role empty nologin in role legacy")
    found = judged(database.admin, "legacy", "stranger", "crew")
    told = {role: one.ability("members") for role, one in found.items()}
    assert {role: one.names for role, one in told.items() if one} == {
        "legacy": ("web",),
        "stranger": (),
        "crew": ("web",),
    }
