"""What doctor prints as SQL or as a line of configuration is taken as it is printed: the finding is gone."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.proposed import pasted
from tests.support.walk import Walk, assert_same, configure

PLANTED = """
create table public.hidden (a int);
alter table public.hidden enable row level security;
alter table public.hidden owner to legacy;
create table public."Odd ""one" (a int);
alter table public."Odd ""one" enable row level security;
create policy as_before on public."Odd ""one" as restrictive to "pg_monitor";
create policy as_before1 on public."Odd ""one" with check (true);
alter table public."Odd ""one" owner to legacy;
create table public."denied %" (a int);
alter table public."denied %" enable row level security;
create policy "no one" on public."denied %" as restrictive using (false);
create policy anyone on public."denied %" using (true);
alter table public."denied %" owner to legacy;
grant select on public."denied %" to pg_monitor;
insert into public."denied %" values (1);
create table public.nobodys (a int);
insert into public.nobodys values (1);
alter table public.nobodys enable row level security;
create policy shut on public.nobodys as restrictive for select using (false);
alter table public.nobodys owner to legacy;
create function public."mine %" ("A" int) returns bool language sql as 'select true';
alter function public."mine %" owner to legacy;
revoke execute on function public."mine %" from public;
create table public.guarded (a int);
alter table public.guarded owner to legacy;
alter table public.guarded enable row level security;
create policy own on public.guarded using (public."mine %"(a));
create view public.through as select public."mine %"(a) from public.guarded;
alter view public.through owner to legacy;
create type public."Pair %" as (a int);
create function public."same %" (public."Pair %", public."Pair %") returns bool language sql as 'select true';
alter function public."same %" owner to legacy;
revoke execute on function public."same %" from public;
create operator public.=== (leftarg = public."Pair %", rightarg = public."Pair %", function = public."same %");
create table public.pairs (p public."Pair %");
alter table public.pairs owner to legacy;
grant execute on function pg_catalog.pg_read_file(text) to legacy;
grant pg_signal_backend to legacy;
"""


def findings(walk: Walk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = walk("doctor", "--json").json["findings"]
    for each in found:
        for line in each["toml"]:  # a person reads the same names
            assert line.partition("] ")[2] in each["fix"], each
    return found


def take(walk: Walk, found: list[dict[str, Any]]) -> set[str]:
    """Do what they print, and paste what doctor ends with; the ids of those that print something."""
    block = walk("doctor", "--json").json["toml"]
    assert block in walk("doctor").stdout
    for each in found:
        for statement in each["sql"]:
            walk.database.admin.execute(statement.encode())
    walk.config.write_text(pasted(walk.config.read_text(), block))
    return {each["id"] for each in found if each["sql"] or each["toml"]}


@pytest.mark.majors("two")
def test_taken_as_printed_they_are_gone(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute(PLANTED)
    if major < 16:
        database.execute("alter role legacy noinherit")
    walk = Walk(invoke_cli, database, decided=False).init()
    taken = take(walk, findings(walk))
    expected = {"rls-zero-rows", "policy-rights", "view-routines", "restricted-rights", "legacy-predefined-roles"}
    expected.add("reader-operators")
    assert taken == expected | ({"bridge-noinherit"} if major < 16 else set())
    assert not taken & {each["id"] for each in findings(walk)}

    before = walk.snapshot()
    walk.next("--through", "enable-login")
    for role, table, rows in (("app_user", "denied %", 1), ("app_user", "nobodys", 1), ("pg_monitor", "denied %", 0)):
        with database.connect() as connection:
            connection.execute(f"set role {role}")
            assert len(connection.execute(f'select from public."{table}"').fetchall()) == rows, (role, table)
    walk("rollback", "--all", "--yes").check()
    assert_same(before, walk.snapshot(), "the way back")


@pytest.mark.majors("two")
def test_what_an_operator_lacks(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute("create role team; grant team to legacy")
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()
    taken = take(walk, findings(walk))
    assert ("memberships-out-of-reach" in taken) is (major >= 16)
    assert "operator-monitor" in taken
    assert not taken & {each["id"] for each in findings(walk)}


SYSTEM = """
create function pg_catalog.add_days(date, int) returns date language sql as 'select $1 + $2';
create function pg_catalog.nvl(anyelement, anyelement) returns anyelement language sql as 'select coalesce($1, $2)';
create aggregate pg_catalog."all %" (int) (sfunc = int4pl, stype = int);
create view information_schema."Odd ""one" as select 1 as a;
create view information_schema.open as select 1 as a;
create view information_schema.shown as select 1 as a;
create table public.below (a int);
create view information_schema.written as select a from public.below;
alter table public.below owner to legacy;
create domain information_schema.day as date;
create domain information_schema.closed as date;
revoke execute on function pg_catalog.add_days, pg_catalog."all %" from public;
revoke usage on type information_schema.closed from public;
grant select, insert, update, delete on information_schema.open to public;
grant select on information_schema.shown, information_schema.written to public;
alter function pg_catalog.add_days owner to legacy;
alter function pg_catalog.nvl owner to legacy;
alter aggregate pg_catalog."all %" (int) owner to legacy;
alter view information_schema."Odd ""one" owner to legacy;
alter view information_schema.open owner to legacy;
alter view information_schema.shown owner to legacy;
alter view information_schema.written owner to legacy;
alter domain information_schema.day owner to legacy;
alter domain information_schema.closed owner to legacy;
"""
EXTRA = "create schema extra authorization legacy; create table extra.t (a int); alter table extra.t owner to legacy"
USES = (
    "select add_days(current_date, 1)",
    'select pg_catalog."all %"(1)',
    'select a from information_schema."Odd ""one"',
    "create temporary table days (a information_schema.closed, b information_schema.day)",
    "select nvl(a, 1) from information_schema.open",
    "insert into information_schema.written values (1)",
    "delete from information_schema.written",
)
NEEDLESS = """
select c.oid::regclass::text from pg_class as c where c.relkind = 'v' and c.oid >= 16384
and has_table_privilege('app_user', c.oid, 'INSERT') and not has_table_privilege('public', c.oid, 'INSERT')
and pg_relation_is_updatable(c.oid, true) & 8 = 0
"""


@pytest.mark.majors("two")
def test_what_stands_in_schemas_of_the_servers_own(database: Database, invoke_cli: InProcess, major: int) -> None:
    """They cannot be in scope; by name the application gets what is closed there, and nothing is said of the rest."""
    database.execute(SYSTEM)
    walk = Walk(invoke_cli, database).init()
    database.execute(EXTRA)
    [found] = [each for each in findings(walk) if each["id"] == "outside-scope"]
    assert {each.partition(" ")[2] for each in found["objects"]} == {
        *("extra.t", 'information_schema.Odd "one', "information_schema.closed", "information_schema.written"),
        *("pg_catalog.add_days(date, integer)", "pg_catalog.all %(integer)"),
    }
    before = walk.snapshot()
    assert take(walk, [found]) == {"outside-scope"}
    assert "outside-scope" not in {each["id"] for each in findings(walk)}
    walk.next("--through", "enable-login")
    with database.connect("app_user") as session:
        for statement in (*USES, "select from extra.t"):
            session.execute(statement.encode())
    assert database.admin.execute(NEEDLESS).fetchall() == []
    with database.connect("app_migrator") as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("create table pg_catalog.mine (a int)")
    walk("rollback", "--all", "--yes").check()
    assert_same(before, walk.snapshot(), "the way back")


NAMED = """
create table public.by_name (who name default current_user);
alter table public.by_name enable row level security;
create policy mine on public.by_name using (who = current_user);
create policy as_before on public.by_name as restrictive for delete using (who is not null);
alter table public.by_name owner to legacy;
create table public.held (who name);
alter table public.held enable row level security;
alter table public.held force row level security;
create policy mine on public.held using (who = current_user);
alter table public.held owner to legacy;
create function public.asks() returns boolean language sql as $$ select pg_has_role('legacy', 'MEMBER') $$;
create function public.refuses() returns event_trigger language plpgsql as $$ begin raise 'no'; end $$;
create event trigger "the ""trap" on ddl_command_start when tag in ('ALTER DEFAULT PRIVILEGES')
    execute function public.refuses();
create function public.gives() returns event_trigger language plpgsql as $$
begin
    execute 'alter table nobodys owner to legacy';
end $$;
create event trigger gives on ddl_command_end when tag in ('CREATE TYPE') execute function public.gives();
create role "Holds it";
create table public.theirs (a int);
alter table public.theirs owner to "Holds it";
grant "Holds it" to legacy;
alter role legacy set role = 'Holds it';
"""
SETTLED = {
    *("policies-ask-who", "legacy-by-name", "event-trigger-refuses", "event-trigger-hands-over", "legacy-acts-as"),
    *("valid-until", "database-kept", "temp-revoked"),
}


@pytest.mark.majors("two")
def test_what_names_the_old_role(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute(NAMED)
    database.execute(
        f"alter role legacy valid until '2100-01-01'; revoke temporary on database {database.name} from public;"
        f"alter database {database.name} owner to legacy"
    )
    walk = Walk(invoke_cli, database, decided=False).init()
    configure(walk.config, retire="drop", database_owner="keep")
    assert take(walk, findings(walk)) >= SETTLED
    left = {each["id"]: each for each in findings(walk) if each["id"] in SETTLED}
    assert left["policies-ask-who"]["objects"] == ["mine on public.held"]  # whose owner is under its policies, too
    assert left["policies-ask-who"]["sql"] == []
    assert left["legacy-by-name"]["severity"] == "warning"
    assert set(left) == {"policies-ask-who", "legacy-by-name"}

    before = walk.snapshot()
    walk.next("--through", "enable-login", "--waive", "no-blockers", "--reason", "only the forced one is left")
    walk("rollback", "--all", "--yes").check()
    assert_same(before, walk.snapshot(), "the way back")
