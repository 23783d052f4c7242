"""Code that asks for the old role by name: what is said of a statement, and what the server then does as app_user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk, configure

SCHEMA = """
create table public.u (a int);
insert into public.u values (1);
create view public.member as select * from public.u where pg_has_role('legacy', 'MEMBER');
create view public.over_it as select * from public.member;
create view public.me as select * from public.u where current_user = 'legacy';
create view public.listed as select * from public.u where session_user in ('legacy', 'other');
create view public.alike as select * from public.u where current_user like 'leg%';
create view public.cast_ as select * from public.u where pg_has_role('legacy'::text::regrole, 'USAGE');
create view public.tested as select case current_user when 'legacy' then 1 end as one from public.u;
create view public.either as select * from public.u
    where pg_has_role('legacy', 'MEMBER') or current_user = 'app_user';
create view public.each_ as select * from public.u where current_user in ('legacy', 'app_user');
create view public.other as select * from public.u where current_user <> 'nobody' and 'legacy' <> 'x';
create function public.mine() returns bool language sql stable as $$select pg_has_role('legacy', 'member')$$;
create function public.guard() returns trigger language plpgsql as $$
begin
    if not pg_has_role('legacy', 'MEMBER') then
        raise 'not you';
    end if;
    return new;
end$$;
create table public.guarded (a int);
create trigger guard before insert on public.guarded for each row when (new.a > 0) execute function public.guard();
create function public.lenient() returns trigger language plpgsql as $$
begin
    if current_user = 'legacy' then return new; else raise notice 'left out'; end if;
    return null;
end$$;
create table public.kept (a int);
create trigger lenient before insert on public.kept for each row execute function public.lenient();
create function public.otherwise() returns int language plpgsql as $$
begin
    if current_user = 'legacy' then return 1; elsif 1 = 2 then return 2; else raise 'not you'; end if;
end$$;
create function public.caught() returns int language plpgsql as $$
begin
    if current_user <> 'legacy' then raise 'not you'; end if;
    return 1;
exception when others then return 2;
end$$;
create function public.asserted() returns int language plpgsql as $$
begin
    assert session_user = 'legacy', 'not you';
    return 1;
end$$;
create function public.said() returns int language plpgsql as $$
begin
    if current_user <> 'legacy' then raise notice 'somebody else'; end if;
    return 1;
end$$;
create function public.freed() returns int language plpgsql as $$
begin
    if current_user not in ('legacy', 'app_user') then raise 'not you'; end if;
    return 1;
end$$;
create table public.checked (a int check (pg_has_role('legacy', 'MEMBER')));
create table public.valued (a int, b text default case when current_user = 'legacy' then 'owner' end);
create table public.fired (a int);
create function public.nothing() returns trigger language plpgsql as $$begin return null; end$$;
create trigger fired before insert on public.fired
    for each row when (current_user <> 'legacy') execute function public.nothing();
create table public.ruled (a int);
create rule ruled as on insert to public.ruled where not pg_has_role('legacy', 'MEMBER') do instead nothing;
"""

SAID = {
    # statement → verdict, and what the reason names
    "SELECT * FROM member": ("silent", "view public.member"),
    "SELECT * FROM over_it": ("silent", "view public.member"),
    "SELECT * FROM me": ("silent", "view public.me"),
    "SELECT * FROM listed": ("silent", "view public.listed"),
    "SELECT * FROM alike": ("silent", "view public.alike"),
    "SELECT * FROM cast_": ("silent", "view public.cast_"),
    "SELECT * FROM tested": ("silent", "view public.tested"),
    "SELECT * FROM either": ("allowed", ""),
    "SELECT * FROM each_": ("allowed", ""),
    "SELECT * FROM other": ("allowed", ""),
    "SELECT a FROM u WHERE pg_has_role(current_user, 'legacy', 'MEMBER')": ("silent", "pg_has_role('legacy', …)"),
    "SELECT * FROM u WHERE mine()": ("silent", "function public.mine()"),
    "SELECT has_table_privilege('legacy', 'u', 'SELECT')": ("silent", "has_table_privilege"),
    "INSERT INTO guarded VALUES (1)": ("denied", "trigger guard of public.guarded: function public.guard()"),
    "INSERT INTO kept VALUES (1)": ("silent", "function public.lenient(), line 2"),
    "SELECT otherwise()": ("unknown", "function public.otherwise()"),
    "SELECT caught()": ("unknown", "function public.caught()"),
    "SELECT asserted()": ("denied", "function public.asserted()"),
    "SELECT said()": ("silent", "function public.said()"),
    "SELECT freed()": ("allowed", ""),
    "INSERT INTO checked VALUES (1)": ("denied", "constraint checked_check of public.checked"),
    "INSERT INTO valued (a) VALUES (1)": ("silent", "default b of public.valued"),
    "INSERT INTO valued VALUES (1, 'x')": ("allowed", ""),
    "INSERT INTO fired VALUES (1)": ("silent", "trigger fired of public.fired"),
    "INSERT INTO ruled VALUES (1)": ("silent", "rule ruled of public.ruled"),
    "UPDATE guarded SET a = 2": ("allowed", ""),
}


def planted(make_database: MakeDatabase) -> Database:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    return database


def rehearse(walk: Walk, file: Path, *arguments: str) -> dict[str, Any]:
    found = walk("rehearse", "--file", str(file), "--json", *arguments).check(4).json
    return {each["query"]: each for each in found["statements"]}


def answer(database: Database, role: str, query: str) -> object:
    """What the server says to it; what was inserted too."""
    with psycopg.connect(database.conninfo(role)) as connection:
        try:
            cursor = connection.execute(query.encode())
            rows = cursor.fetchall() if cursor.description else cursor.rowcount
            if query.startswith("INSERT"):
                table = query.split()[2]
                return rows, connection.execute(f"SELECT * FROM {table}".encode()).fetchall()
            return rows
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            connection.rollback()


@pytest.mark.majors("two")
def test_names_in_code(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = planted(make_database)
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "names.sql"
    file.write_text(";\n".join(SAID))
    before = {query: answer(database, "legacy", query) for query in SAID}
    for _ in range(2):  # reasoned, then as the role itself
        found = rehearse(walk, file)
        wrong = [
            f"{query}: {found[query]['verdict']}: {found[query]['reason']}"
            for query, (verdict, reason) in SAID.items()
            if found[query]["verdict"] != verdict or reason not in found[query]["reason"]
        ]
        assert "\n".join(wrong) == ""
        walk.next("--through", "enable-login", "--waive", "no-blockers", "--waive", "rehearsed", "--reason", "to see")
    for query, (verdict, _) in SAID.items():
        after = answer(database, "app_user", query)
        if verdict == "denied":
            assert after in ("P0001", "P0004", "23514"), query
        elif verdict == "allowed":
            assert after == before[query], query
        elif verdict == "silent" and "has_table_privilege" not in query and "said()" not in query:
            assert after != before[query], query


@pytest.mark.majors("two")
def test_dropping_it_fails_whoever_asks(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = planted(make_database)
    database.execute("create view public.raises as select 'legacy'::text::regrole as role", "legacy")
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "names.sql"
    file.write_text("SELECT * FROM raises; SELECT * FROM me")
    assert rehearse(walk, file)["SELECT * FROM raises"]["verdict"] == "allowed"
    configure(walk.config, retire="drop")
    assert rehearse(walk, file)["SELECT * FROM raises"]["verdict"] == "denied"
