"""A rehearsal executes nothing, lends nobody its rights, and stands in nobody's way."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from flatsplit.config import PURPOSES
from flatsplit.model import versions
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.patience import until
from tests.support.walk import Walk

HOSTILE = """
create table public.side_effects (what text);
create table public.victim (id int primary key, what text);
-- volatile, and lies about it: planning folds it
create function public.attempt(act text) returns text language plpgsql volatile as $$
begin
    execute act;
    return 'did ' || act || ' as ' || current_user;
exception when others then
    return 'no ' || sqlstate;
end $$;
create function public.evil(int) returns int language plpgsql immutable as $$
declare
    act text;
    said text := '';
begin
    foreach act in array array[
        'select set_config(''role'', ''none'', false)', 'reset role', 'set role postgres', 'set role none',
        'reset session authorization', 'set session authorization postgres',
        'alter role legacy superuser', 'grant pg_execute_server_program to legacy',
        'create role intruder superuser login', 'drop table public.victim', 'alter role app_user superuser',
        'insert into public.side_effects values (''x'')', 'copy (select 1) to program ''touch {marker}''',
        'select set_config(''transaction_read_only'', ''off'', false)', 'set transaction read write',
        'create or replace function pg_temp.flatsplit_try(text[], text) returns void language sql as ''select 1''',
        'alter function pg_temp.flatsplit_try security invoker', 'commit', 'rollback',
        'select nextval(''public.counter'')', 'select pg_notify(''public'', ''x'')', 'select lo_create(777)',
        'prepare flatsplit_evil as select 1', 'select pg_advisory_lock(4711)'
    ] loop
        said := said || public.attempt(act) || ';';
    end loop;
    if current_user = 'postgres' then
        insert into public.side_effects values ('became the operator');
    end if;
    return 1;
end $$;
create sequence public.counter;
create function public.evil_trigger() returns trigger language plpgsql as $$
begin
    perform public.attempt('alter role legacy superuser');
    insert into public.side_effects values ('trigger');
    return new;
end $$;
create trigger evil before insert or update or delete on public.victim
    for each row execute function public.evil_trigger();
create function public.slow(int) returns int language plpgsql immutable as $$
begin
    perform set_config('statement_timeout', '0', false);
    perform pg_sleep(60);
    return 1;
end $$;
-- Operators in front of the server's own: found by whoever leaves search_path to the application
create function public.evil_concat(text, text) returns text language plpgsql immutable as $$
begin
    perform public.evil(1);
    return 'SELECT 1';
end $$;
create operator public.|| (leftarg = text, rightarg = text, function = public.evil_concat);
"""

STATEMENTS = """
SELECT public.evil(1);
SELECT * FROM victim WHERE id = evil(2);
INSERT INTO victim VALUES (evil(3), 'x');
UPDATE victim SET what = 'x' WHERE id = evil(4);
DELETE FROM victim WHERE id = $1;
SELECT 'a'::text || 'b'::text;
INSERT INTO victim SELECT evil(g), 'x' FROM generate_series(1, 3) AS g;
EXPLAIN ANALYZE DELETE FROM victim;
COPY (DELETE FROM victim RETURNING *) TO STDOUT;
SELECT 1 FROM victim
"""


def prepared(make_database: MakeDatabase, marker: Path) -> Database:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(HOSTILE.replace("{marker}", str(marker)), "legacy")
    database.execute("insert into public.victim values (1, 'x')")  # as a superuser: its trigger attacks the test only
    database.execute("truncate public.side_effects; alter role legacy nosuperuser")
    database.execute("alter role legacy set search_path = public, pg_catalog", None)
    return database


def untouched(database: Database, marker: Path) -> None:
    ask = database.admin.execute
    assert ask("select count(*) from public.side_effects").fetchone() == (0,)
    assert ask("select count(*) from public.victim").fetchone() == (1,)
    assert ask("select rolname from pg_roles where rolsuper and rolname <> 'dba'").fetchall() == [("postgres",)]
    assert ask(
        "select count(*) from pg_auth_members where roleid = 'pg_execute_server_program'::regrole"
    ).fetchone() == (0,)
    assert ask("select is_called from public.counter").fetchone() == (False,)
    assert ask("select count(*) from pg_largeobject_metadata where oid = 777").fetchone() == (0,)
    assert ask("select count(*) from pg_locks where locktype = 'advisory'").fetchone() == (0,)
    assert ask("select count(*) from pg_proc where proname = 'flatsplit_try'").fetchone() == (0,)
    assert not marker.exists()


@pytest.mark.majors("two")
def test_hostile_code_gains_nothing(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    marker = Path("/tmp") / f"flatsplit-{tmp_path.name}-pwned"
    database = prepared(make_database, marker)
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "hostile.sql"
    file.write_text(STATEMENTS)
    for step in (None, "create-roles", "enable-login"):
        if step:
            walk.next("--through", step)
        found = walk("rehearse", "--file", str(file), "--json").json
        assert len(found["statements"]) == 10
        assert found["statements"][-1]["verdict"] == "allowed"
        untouched(database, marker)


def test_nothing_is_planned_as_a_superuser(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    marker = Path("/tmp") / f"flatsplit-{tmp_path.name}-pwned"
    database = prepared(make_database, marker)
    database.execute("alter role legacy superuser")
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "hostile.sql"
    file.write_text(STATEMENTS)
    found = walk("rehearse", "--file", str(file), "--json").json
    assert found["notes"] == ["nothing was tried as legacy, a superuser: verdicts rest on the catalog alone"]
    assert found["statements"][-1]["verdict"] == "allowed"
    database.execute("alter role legacy nosuperuser")
    untouched(database, marker)


@pytest.mark.slow
def test_a_function_that_does_not_end(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    walk = Walk(invoke_cli, prepared(make_database, marker)).init()
    file = tmp_path / "slow.sql"
    file.write_text("SELECT public.slow(1); SELECT count(*) FROM victim")
    found = walk("rehearse", "--file", str(file), "--json").check(0).json
    verdicts = {each["query"]: each["verdict"] for each in found["statements"]}
    assert verdicts == {"SELECT public.slow(1)": "unknown", "SELECT count(*) FROM victim": "allowed"}


PAUSE = 1815
"""An advisory lock: planning a call of ``pause`` asks for it, and so a rehearsal stops in the middle of a batch."""
RELEASED = "30 seconds"
"""By the server's own clock: nothing waits so long for a lock of whoever has a ``lock_timeout`` of 200 ms."""


def test_nobody_waits(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    """In the middle of a batch no lock is held on what was tried before; and it does not wait for who holds one."""
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(
        "create table public.busy (id int primary key, what text);"
        f"create function public.pause(int) returns int language plpgsql immutable as "
        f"$$ begin perform pg_advisory_xact_lock({PAUSE}); return 1; end $$",
        "legacy",
    )
    walk = Walk(invoke_cli, database).init()
    walk.next("--through", "grant-existing")
    file = tmp_path / "busy.sql"
    before, after = "UPDATE busy SET what = 'a' WHERE id = 1", "DELETE FROM busy WHERE id = 2"
    file.write_text(f"{before}; SELECT public.pause(1); {after}")
    result: list[Any] = []
    runner = threading.Thread(target=lambda: result.append(walk("rehearse", "--file", str(file), "--json")))
    with psycopg.connect(database.dsn) as holder, psycopg.connect(database.dsn, autocommit=True) as watcher:
        holder.execute("select pg_advisory_lock(%s)", [PAUSE])
        holder.commit()
        runner.start()
        try:
            stopped = "select from pg_locks where locktype = 'advisory' and objid = %s and not granted"
            until(lambda: watcher.execute(stopped, [PAUSE]).fetchone() is not None or not runner.is_alive())
            assert runner.is_alive(), "it has tried what stops it"
            # conflicts with every lock: writers, VACUUM, CREATE INDEX and ALTER TABLE would have got theirs, too
            holder.execute("lock table public.busy in access exclusive mode nowait")
            holder.execute("select pg_advisory_unlock(%s)", [PAUSE])
            waits = (
                "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' "
                f"and query_start < now() - '{RELEASED}'::interval"
            )
            while runner.is_alive():
                assert watcher.execute(waits).fetchone() is None, "it waits for a lock"
                runner.join(0.05)
        finally:
            holder.rollback()
            holder.execute("select pg_advisory_unlock_all()")
            runner.join()
    verdicts = {each["query"]: each["verdict"] for each in result[0].check(0).json["statements"]}
    assert (verdicts[before], verdicts[after]) == ("allowed", "allowed"), "reasoned, where the table was locked"


@pytest.mark.majors("two")
def test_an_operator_without_superuser_rights(
    make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path, major: int
) -> None:
    database = make_database()
    database.execute(
        "create role operator login createrole createdb; grant legacy to operator with admin option;"
        "alter schema public owner to legacy;"
        f"grant create on database {database.name} to operator"
    )
    database.execute("create table public.t (id int); create table public.hidden (id int)", "legacy")
    database.operator = "operator"
    walk = Walk(invoke_cli, database, roles=PURPOSES).init()
    file = tmp_path / "statements.sql"
    file.write_text("SELECT * FROM t; TRUNCATE t")
    for step in (None, "create-roles", "grant-existing"):
        if step:
            walk.next("--through", step)
        found = walk("rehearse", "--file", str(file), "--json").check(4).json
        assert found["notes"] == []
        assert {each["query"]: each["verdict"] for each in found["statements"]} == {
            "SELECT * FROM t": "allowed",
            "TRUNCATE t": "denied",
        }
    if major >= 16:  # the membership that it takes for a moment is gone again
        ask = "select count(*) from pg_auth_members where roleid = 'app_user'::regrole and set_option"
        assert database.admin.execute(ask).fetchone() == (0,)


@pytest.mark.slow
@pytest.mark.majors("all")
@pytest.mark.parametrize(("operator", "enabled"), [("postgres", "always"), ("operator", "")])
def test_no_event_trigger_runs_with_the_operators_rights(
    make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path, major: int, operator: str, enabled: str
) -> None:
    """The function that a rehearsal makes fires event triggers; before 17 who is replica still fires some of them."""
    database = make_database()
    database.execute("grant usage, create on schema public to legacy; create table public.ran (as_whom text)")
    database.execute(
        "create table public.t (id int); create function public.fires() returns event_trigger language plpgsql as "
        "$$ begin insert into public.ran values (current_user); end $$",
        "legacy",
    )
    database.execute("grant insert on public.ran to public")
    if operator != "postgres":
        database.execute(f"create role {operator} login createrole; grant legacy to {operator} with admin option")
        database.execute(f"grant create on database {database.name} to {operator}")
        database.operator = operator
    walk = Walk(invoke_cli, database, roles=PURPOSES).init()
    database.execute("create event trigger trap on ddl_command_end execute function public.fires()")
    database.execute(f"alter event trigger trap enable {enabled}; truncate public.ran")
    file = tmp_path / "statements.sql"
    file.write_text("SELECT * FROM t")
    found = walk("rehearse", "--file", str(file), "--json").check(0).json
    assert database.admin.execute("select as_whom from public.ran").fetchall() == []
    assert found["statements"][0]["verdict"] == "allowed"
    hushed = operator == "postgres" and major >= versions.EVENT_TRIGGERS_SETTING
    assert any("event triggers" in note for note in found["notes"]) is not hushed
