"""Roles, owners of databases and settings are the cluster's: what a walk of one database does to them at one moment."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from flatsplit import ddl
from flatsplit.connection import open_session
from flatsplit.cutover.init import init
from flatsplit.cutover.survey import InitRequest, survey
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.patience import until
from tests.support.snapshot import snapshot
from tests.support.walk import NEW_ROLES, Walk, assert_same

OWNER = "select pg_get_userbyid(datdba) from pg_database where datname = %s"
ATTRIBUTES = (
    "select rolconnlimit, rolvaliduntil is null, rolcanlogin, rolcreatedb from pg_roles where rolname = 'legacy'"
)


def owner(database: Database) -> str:
    row = database.admin.execute(OWNER, [database.name]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.majors("all")
def test_reassign_owned_gives_back_what_it_took_and_nothing_else(make_database: MakeDatabase) -> None:
    """A sibling moves while the statement runs, another database is made after it was planned."""
    here, planned, sibling = (make_database() for _ in range(3))
    here.execute("create role heir; create extension citext", None)
    here.execute("update pg_extension set extowner = 'legacy'::regrole where extname = 'citext'")
    text = ddl.reassign_owned("legacy", "heir", ())
    late = make_database(name='fs_late "$flatsplit$ %')
    planned.execute(f'grant connect, temporary on database "{planned.name}" to heir with grant option')
    sibling.execute(f'alter database "{sibling.name}" owner to heir')
    before = snapshot(here.admin)["privilege"]
    with here.admin.transaction():
        here.execute(text)
    assert [owner(each) for each in (here, planned, sibling, late)] == ["heir", "legacy", "heir", "legacy"]
    moved = f'grant connect, temporary on database "{here.name}"'
    assert moved
    assert {fact for fact in snapshot(here.admin)["privilege"] if planned.name in fact} == {
        fact for fact in before if planned.name in fact
    }
    with here.admin.transaction(), here.admin.transaction():  # in a savepoint, as psql's ON_ERROR_ROLLBACK makes them
        here.execute(ddl.reassign_owned("heir", "legacy", ()))
    assert [owner(each) for each in (here, planned, sibling, late)] == ["legacy", "legacy", "heir", "legacy"]


@pytest.mark.majors("two")
def test_what_others_set_on_legacy_meanwhile_survives_a_lock_by_hand(database: Database, invoke_cli: InProcess) -> None:
    database.execute("create role third; create schema theirs authorization third")
    walk = Walk(invoke_cli, database).init()
    walk.forward("verify")
    database.execute(
        "create table theirs.t (); grant usage on schema theirs to legacy; grant select on theirs.t to legacy"
    )
    database.execute("alter table theirs.t owner to third")
    database.execute("alter role legacy connection limit 7 valid until '2030-01-01'; alter role legacy nologin")
    walk.next()
    assert walk.status()["steps"][7]["by_hand"]
    walk.next()
    assert walk.next_step() is None
    walk.rollback()
    assert database.admin.execute(ATTRIBUTES).fetchone() == (7, False, False, False)
    assert database.admin.execute("select has_table_privilege('legacy', 'theirs.t', 'select')").fetchone() == (True,)
    walk.rollback()
    assert database.admin.execute(ATTRIBUTES).fetchone() == (7, False, True, False)


@pytest.mark.majors("two")
def test_legacys_settings_for_the_database_go_with_it_and_come_back(database: Database, invoke_cli: InProcess) -> None:
    database.execute("alter role legacy set work_mem = '8MB'; alter role legacy in database template1 set jit = off")
    database.execute(f"alter role legacy in database {database.name} set statement_timeout = '3s'")
    start = snapshot(database.admin)
    walk = Walk(invoke_cli, database).init()
    assert "legacy-elsewhere" not in walk("doctor", "--json").stdout
    walk.forward()
    left = {fact[1:] for fact in snapshot(database.admin)["setting"] if fact[0] == "legacy"}
    assert left == {("(all databases)", "work_mem=8MB"), ("template1", "jit=off")}
    assert {fact[2] for fact in snapshot(database.admin)["setting"] if fact[0] == "app_user"} == {
        "work_mem=8MB",
        "statement_timeout=3s",
    }
    walk("verify").check()
    assert walk("status", "--json").json["catch_up"] == []
    walk.rollback("--all")
    assert_same(start, snapshot(database.admin), "back")


@pytest.mark.parametrize("retire", ["revoke", "repurpose"])
def test_the_gate_names_three_databases_and_a_count(
    retire: str, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    others = sorted(make_database().name for _ in range(5))
    walk = Walk(invoke_cli, make_database(), retire=retire).init()
    walk.forward("verify")
    said = walk.next(exit_code=3)
    assert f"legacy owns or may do something in {', '.join(others[:3])} and 2 more" in said.stdout + said.stderr


@pytest.mark.majors("two")
def test_a_copy_from_a_template_is_not_written_to(database: Database, invoke_cli: InProcess) -> None:
    """A database that is made from a walked one brings its journal along."""
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    name = f"{database.name}_copy"
    database.close()
    with psycopg.connect(database.cluster.conninfo(), autocommit=True) as maintenance:
        maintenance.execute(f"create database {name} template {database.name}")
    copy = Walk(invoke_cli, Database(database.cluster, name, "legacy", "postgres"))
    for command in (["observe"], ["next", "--yes"], ["rollback", "--yes"], ["repair", "--yes"], ["rehearse"]):
        said = copy(*command)
        assert said.exit_code == 6 or "copy of the database" in said.stderr, command
        assert "flatsplit forget" in said.stderr
    count = copy.database.admin.execute("select count(*) from flatsplit.observation").fetchone()
    assert count == database.admin.execute("select count(*) from flatsplit.observation").fetchone()
    copy("forget", "--yes").check()
    copy.database.close()


def test_many_databases_are_begun_at_once_by_one_process(make_database: MakeDatabase, tmp_path: Path) -> None:
    databases = [make_database() for _ in range(4)]
    failed: list[BaseException] = []
    ready = threading.Barrier(len(databases))

    def begin(database: Database) -> None:
        try:
            with open_session(database.dsn) as session:
                request = InitRequest(legacy_role="legacy", config_path=tmp_path / f"{database.name}.toml", adopt=True)
                found = survey(session, request)
                ready.wait(30)
                init(session, found)
        except BaseException as error:
            failed.append(error)
            ready.abort()

    threads = [threading.Thread(target=begin, args=[database]) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed, failed
    for database in databases:
        said = database.admin.execute(
            "select legacy_role, database_oid = (select oid from pg_database "
            "where datname = current_database()) from flatsplit.cutover"
        ).fetchall()
        assert said == [("legacy", True)]


@pytest.mark.majors("two")
def test_two_walks_make_the_same_roles_at_once(make_database: MakeDatabase, tmp_path: Path) -> None:
    """Each plans to create what is not there; who comes second finds it done."""
    walks = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        walks.append(Walk(InProcess(tmp_path / name), make_database()).init("--adopt"))
    first, second = walks
    blocker = first.database.connect()
    blocker.execute("begin; create role app_readonly")  # the second one's plan does not see it
    stopped = "select exists (select from pg_stat_activity where %s = any (pg_blocking_pids(pid)))"

    def commit() -> None:
        until(lambda: admin.execute(stopped, [blocker.info.backend_pid]).fetchone() == (True,), "the second one")
        blocker.execute("commit")

    admin = first.database.connect()
    step = threading.Thread(target=commit)
    step.start()
    second.next()
    step.join()
    assert second.next_step() == "grant-existing"
    first.next()
    for walk in walks:
        walk.forward("enable-login")
        walk("verify").check()
    assert second.database.admin.execute(
        "select count(*) from pg_roles where rolname = any (%s)", [list(NEW_ROLES)]
    ).fetchone() == (4,)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_two_operators_do_not_make_each_other_administrators(
    make_database: MakeDatabase, tmp_path: Path, major: int
) -> None:
    """Each may administer legacy and walks a database of its own; who made a role administers it, and nobody else."""
    walks = []
    for name, roles in (("first", NEW_ROLES), ("second", NEW_ROLES)):
        database = make_database()
        if name == "first":
            for operator in ("op_first", "op_second"):
                database.execute(
                    f"create role {operator} login createrole createdb; grant legacy to {operator} with admin option"
                )
        database.execute("create table t ()", database.legacy)
        database.execute(f"grant create on database {database.name} to op_{name}")
        database.execute("alter schema public owner to legacy")
        folder = tmp_path / name
        folder.mkdir()
        database.operator = f"op_{name}"
        walks.append(Walk(InProcess(folder), database, roles=roles).init("--adopt"))
    first, second = walks
    first.forward("verify")
    for _ in ("lock-legacy", "revoke-legacy"):  # the last of them makes legacy's members those of the new roles
        first.next("--waive", "elsewhere", "--reason", "the second one's database stands still")
    members = """
        select roleid::regrole::text, admin_option from pg_auth_members
        where member = 'op_second'::regrole and roleid::regrole::text = any (%s)
    """
    assert first.database.admin.execute(members, [list(NEW_ROLES)]).fetchall() == [("app_user", False)]
    if major >= 16:  # what takes ADMIN on roles, the one who made them gives
        for role in NEW_ROLES:
            first.database.execute(f"grant {role} to op_second with admin option")
    second.forward("transfer-ownership")
    second("verify").check()
    second.rollback("--all")
    assert first("status", "--json").json["catch_up"] == []


@pytest.mark.majors("two")
def test_a_role_that_is_used_elsewhere_since_a_moment_stays(make_database: MakeDatabase, tmp_path: Path) -> None:
    """The plan drops it, and DROP ROLE waits for a transaction of another database that gives it a right there."""
    walks = []
    for name in ("first", "second"):
        database = make_database()
        database.execute("create table t ()", database.legacy)
        (tmp_path / name).mkdir()
        walks.append(Walk(InProcess(tmp_path / name), database))
    first, second = walks
    start = snapshot(first.database.admin)
    for walk in (first, second):
        walk.init("--adopt").next()
    second.rollback("--all")

    database = second.database
    user = database.connect()
    user.execute("begin; grant select on public.t to app_readonly")
    said = []
    back = threading.Thread(target=lambda: said.append(first("rollback", "--yes", "--all")))
    back.start()
    asked = "select from pg_roles where rolname = 'dba'"
    while back.is_alive() and database.admin.execute(asked).rowcount:
        back.join(0.01)  # the others go while this one waits
    user.execute("commit")
    back.join(60)
    assert "role app_readonly stays: another database has begun to use it meanwhile" in said[0].check().stderr
    mark = "select shobj_description(oid, 'pg_authid') from pg_roles where rolname = 'app_readonly'"
    assert database.admin.execute(mark).fetchone() == (f'made by flatsplit for database "{database.name}"',)

    second.next()
    second.rollback("--all")
    assert_same(start, snapshot(first.database.admin), "when both are back")
