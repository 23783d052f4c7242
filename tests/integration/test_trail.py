"""The walk ``trail``: structural changes leave a trail, it goes there and back exactly, and never stands in the way."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database
from tests.fixtures.servers import tool
from tests.support import journal
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator
from tests.support.snapshot import difference
from tests.support.walk import Walk, assert_same

FLAT = """
create table payments (id int primary key, "Total ""%"" : €" numeric); create table gone (id int);
alter table payments owner to legacy; alter table gone owner to legacy;
"""


LOGGED = """
select r.rolname::text, v from pg_db_role_setting as s join pg_roles as r on r.oid = s.setrole, unnest(s.setconfig) as v
where s.setdatabase = (select oid from pg_database where datname = current_database()) and v like 'log_statement=%'
"""


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    """A database whose application has moved: the roles log in."""
    database.execute(FLAT)
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    return walk


@pytest.fixture
def young(database: Database, invoke_cli: InProcess) -> Walk:
    """One in which nothing has happened yet: legacy does everything."""
    database.execute(FLAT)
    return begun(Walk(invoke_cli, database).init())


def trail(walk: Walk, *arguments: str) -> Result:
    return walk(*arguments, "--walk", "trail")


def begun(walk: Walk) -> Walk:
    walk("begin", "trail", "--yes").check()
    trail(walk, "next", "--yes", "--through", "record-ddl").check()
    return walk


def rows(walk: Walk) -> list[tuple[str, ...]]:
    query = "select login, role, tag, kind, identity from flatsplit.ddl order by at, identity"
    found = walk.database.admin.execute(query)
    return [tuple(row) for row in found.fetchall()]


@pytest.mark.majors("all")
def test_there_and_back_exactly(walk: Walk) -> None:
    database = psycopg.sql.Identifier(walk.database.name).as_string(None)
    walk.database.execute("alter role app_migrator set log_statement = 'mod'")
    walk.database.execute(f"alter role dba in database {database} set log_statement = 'none'")
    before = walk.snapshot()
    walk("begin", "trail", "--yes").check()
    assert not difference(before, walk.snapshot()), "begin takes no step"
    trail(walk, "next", "--yes").check()
    logged = walk.database.admin.execute(LOGGED).fetchall()
    assert dict(logged) == {
        **dict.fromkeys(["app_user", "app_readonly", "dba", "legacy"], "log_statement=ddl"),
        "app_migrator": "log_statement=mod",
    }, "what logs more already does so still"
    trail(walk, "next", "--yes").check()
    assert walk("verify", "--json").check().json["drift"] == []
    full = walk.snapshot()
    trail(walk, "rollback", "--yes").check()
    trail(walk, "next", "--yes").check()
    assert_same(full, walk.snapshot(), "again")
    assert "recorded already" in walk("begin", "trail", "--yes").check(2).stderr
    trail(walk, "rollback", "--yes", "--all").check()
    assert_same(before, walk.snapshot(), "taken back")
    assert not journal.problems(walk.database.admin)


@pytest.mark.majors("two")
def test_who_names_whoever_did_it(walk: Walk) -> None:
    begun(walk)
    with walk.connect("app_migrator") as migrator:
        walk("observe").check()
        migrator.execute("create table made (id serial primary key); drop table made")
        migrator.execute("""create schema "We""ird %:"; create table "We""ird %:"."in" (id int)""")
        migrator.execute("""drop schema "We""ird %:" cascade""")
        with migrator.transaction(force_rollback=True):
            migrator.execute("drop table payments")
        migrator.execute("grant select on gone to app_readonly")
        migrator.execute("drop table gone")
    with walk.connect("app_user") as user:
        user.execute("create temp table mine (id int primary key, b text); drop table mine")
    found = walk("who", "DROP TABLE gone", "--json").json
    (act,) = [each for each in found["acts"] if each["source"] == "flatsplit.ddl"]
    assert (act["login"], act["outcome"]) == ("app_migrator", "done")
    assert (act["act"], act["object"]) == ("DROP TABLE", "public.gone")
    assert found["sources"][0]["name"] == "flatsplit.ddl"
    inside = walk("who", '''DROP TABLE "We""ird %:"."in"''', "--json").json["acts"]
    assert [each["act"] for each in inside] == ["DROP TABLE"]
    assert walk("who", "DROP TABLE payments", "--json").json["acts"] == []
    own = [each for each in walk("who", "flatsplit.ddl", "--json").json["acts"] if each["source"] == "journal"]
    assert ("CREATE TABLE", "done") in [(each["act"], each["outcome"]) for each in own], "of every walk"
    everything = walk("who").stdout
    assert "acts of flatsplit's own" in everything
    assert "log_statement is none" not in everything
    assert not [row for row in rows(walk) if row[0] == "app_user"], "temporary tables leave nothing"


BROKEN = {
    "dropped": "drop table flatsplit.ddl",
    "renamed": "alter table flatsplit.ddl rename to others",
    "given away": "alter table flatsplit.ddl owner to legacy",
    "a view": "alter table flatsplit.ddl rename to others; create view flatsplit.ddl as select * from flatsplit.others",
    "a column gone": "alter table flatsplit.ddl drop column xid",
    "a trigger": "create trigger t before insert on flatsplit.ddl for each row execute function "
    "pg_catalog.suppress_redundant_updates_trigger()",
    "full": "alter table flatsplit.ddl add check (tag = 'never') not valid",
    "a column more": "alter table flatsplit.ddl add column why text not null default ''; "
    "alter table flatsplit.ddl alter column why drop default",
}
ALTERED = BROKEN | {
    "another type": "alter table flatsplit.ddl alter column pid type text",
    "emptied by a crash": "alter table flatsplit.ddl set unlogged",
    "policies": "alter table flatsplit.ddl enable row level security",
    "a rule": "create rule nothing as on insert to flatsplit.ddl do instead nothing",
    "read by others": "alter table flatsplit.ddl owner to legacy; revoke select on flatsplit.ddl from public",
}
ROWLESS = {"dropped", "renamed", "a view", "a column gone", "another type"}
"""Those whose rows are lost, or not read by `who` any more: they stay where they are."""


@pytest.mark.majors("two")
@pytest.mark.parametrize("how", BROKEN)
def test_a_recorder_that_fails_blocks_nobody(young: Walk, how: str) -> None:
    young.database.execute(BROKEN[how])
    with young.connect(young.database.legacy) as migrator:
        warnings: list[str] = []
        migrator.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
        migrator.execute("create table made (id int)")
        migrator.execute("drop table made")
    assert len(warnings) == 2
    assert all(warning.startswith("flatsplit recorded nothing of ") for warning in warnings)
    with young.connect(young.database.legacy) as user:
        user.execute("create temp table mine (id int)")


@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.majors("two")
@pytest.mark.parametrize("how", ALTERED)
def test_what_became_of_its_table_is_told_and_repaired(young: Walk, how: str) -> None:
    young.database.execute("create table made (id int)")
    before = rows(young)
    young.database.execute(ALTERED[how])
    assert young("status", "--json").check(4).json["broken"]
    young("verify", "--json").check(4)
    young("repair", "--yes").check()
    for command in ("status", "verify"):
        young(command).check()
    kept = rows(young)
    assert [row for row in before if row not in kept] == ([] if how not in ROWLESS else before)
    young.database.execute("create table another (id int)", young.database.legacy)
    assert rows(young)[-1][-1] == "public.another"
    aside = young.database.admin.execute("select to_regclass('flatsplit.ddl_1')::text").fetchone()
    assert (aside != (None,)) == (how in ROWLESS - {"dropped", "renamed"})


@pytest.mark.majors("two")
def test_nobody_waits_for_a_table_that_is_locked(young: Walk) -> None:
    with young.connect(young.database.legacy) as migrator, young.database.admin.transaction():
        young.database.admin.execute("lock table flatsplit.ddl")
        migrator.execute("create table made (id int)")
    assert young.database.admin.execute("select to_regclass('made')").fetchone() != (None,)


@pytest.mark.majors("two")
def test_what_was_changed_by_hand_is_drift(young: Walk) -> None:
    full = young.snapshot()
    young.database.execute("alter event trigger flatsplit_record_drops disable")
    young.database.execute("drop event trigger flatsplit_record_commands; drop function flatsplit.record_commands()")
    role, database = (
        psycopg.sql.Identifier(name).as_string(None) for name in (young.database.legacy, young.database.name)
    )
    young.database.execute(f"alter role {role} in database {database} reset log_statement")
    drift = young("verify", "--json").check(4).json["drift"]
    assert len(drift) == 4, drift
    young("repair", "--walk", "trail").check()
    assert_same(full, young.snapshot(), "repaired")


@pytest.mark.majors("two")
def test_old_rows_go_and_forget_takes_everything(young: Walk, tmp_path: Path) -> None:
    young.database.execute("create table made (id int)")
    young.database.execute("create table another (id int)")
    young.database.execute("update flatsplit.ddl set at = at - interval '401 days' where identity = 'public.made'")
    young("observe").check()
    assert "public.made" not in [row[-1] for row in rows(young)]
    kept = rows(young)
    assert kept
    # The walks are begun and not finished, so without --yes it is asked for in vain anyhow
    file = tmp_path / "journal.jsonl"
    young("forget", "--yes", "--export", str(file)).check()
    told = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    assert [one["row"]["identity"] for one in told if one["table"] == "ddl"] == [row[-1] for row in kept]
    assert young.database.admin.execute("select count(*) from pg_event_trigger").fetchone() == (0,)
    assert young.database.admin.execute("select to_regnamespace('flatsplit')").fetchone() == (None,)


@pytest.mark.majors("two")
def test_whoever_may_dump_the_database_still_does(young: Walk, tmp_path: Path) -> None:
    young.database.execute("create table made (id int)", young.database.legacy)
    dump = tmp_path / "dump"
    young.database.execute("alter database :db owner to legacy".replace(":db", quoted(young.database.name)))
    subprocess.run(
        [tool("pg_dump"), "-Fc", "-f", str(dump), young.database.conninfo(young.database.legacy)],
        check=True,
        capture_output=True,
    )
    assert dump.stat().st_size


@pytest.mark.majors("two")
def test_an_operator_who_may_not_is_told_who_may(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute(FLAT)
    make_operator(database, SHAPES["createrole"], reach=(database.legacy,))
    walk = OperatorsWalk(invoke_cli, database).init()
    before = walk.snapshot()
    walk("begin", "trail", "--yes").check()
    waiting = trail(walk, "next", "--yes").check(3).stdout
    assert "may not set log_statement for legacy" in waiting
    wanted = f"ALTER ROLE {quoted(database.legacy)} IN DATABASE {quoted(database.name)} SET"
    if major >= 15:
        wanted = f"GRANT SET ON PARAMETER {quoted('log_statement')} TO {quoted(OPERATOR)};"
    assert f"have a superuser run: {wanted}" in waiting
    assert trail(walk, "status", "--json").json["walks"][1]["blocked_by"] == ["allowed"]
    if major >= 15:
        database.execute(wanted)
    else:
        database.execute(f"{wanted} log_statement = 'ddl'")
    trail(walk, "next", "--yes").check()
    assert "may not create event triggers, which takes a superuser" in trail(walk, "next", "--yes").check(3).stdout
    # The superuser runs the step's file
    walk("runbook", "--walk", "trail", "--out", "book").check()
    (script,) = (walk.run.cwd / "book").glob("*record-ddl.sql")
    database.psql(script)
    trail(walk, "next", "--yes").check()
    database.execute("create table made (id int)", database.legacy)
    walk("observe").check()
    found = walk("who", "CREATE TABLE made", "--json").json["acts"]
    assert [(act["login"], act["outcome"]) for act in found] == [(database.legacy, "done")]
    # Back: what is a superuser's, a superuser ends
    assert "superuser" in trail(walk, "rollback", "--yes").check(1).stderr
    walk("runbook", "--walk", "trail", "--out", "back").check()
    (script,) = (walk.run.cwd / "back").glob("*record-ddl.rollback.sql")
    database.psql(script)
    trail(walk, "rollback", "--yes").check()
    if major < 15:
        database.execute(f"{wanted.removesuffix('SET')} RESET log_statement")
    trail(walk, "rollback", "--yes").check()
    database.execute("drop table made")
    if major >= 15:
        database.execute(f"REVOKE SET ON PARAMETER log_statement FROM {quoted(OPERATOR)}")
    assert_same(before, walk.snapshot(), "there and back")


def quoted(name: str) -> str:
    return psycopg.sql.Identifier(name).as_string(None)


@pytest.mark.majors("two")
def test_it_is_no_hazard_of_its_own_and_keeps_no_text(young: Walk) -> None:
    young.database.execute("create role neighbour password 'geheim'; create table made (id int); drop role neighbour")
    assert "geheim" not in str(rows(young))
    assert [row[2] for row in rows(young)] == ["CREATE TABLE"]
    triggers = {"event-trigger-code", "event-triggers", "event-trigger-refuses"}
    told = {one["id"] for one in young("doctor", "--json").json["findings"]}
    assert not triggers & told
    # Of somebody's own in the same place it is one
    young.database.execute("alter function flatsplit.record_drops() owner to legacy")
    told = {one["id"] for one in young("doctor", "--json").json["findings"]}
    assert "event-trigger-code" in told
