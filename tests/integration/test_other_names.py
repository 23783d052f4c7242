"""Roles and databases that are given other names in the middle: a name is not who it is."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, assert_same

SMALL = "create table t (id serial primary key); create view v as select * from t"


def small(database: Database) -> None:
    database.execute("grant create on schema public to legacy")
    database.execute(SMALL, "legacy")


def begun(database: Database, run: InProcess, upto: str) -> Walk:
    walk = Walk(run, database).init()
    walk.forward(upto)
    return walk


def rename(database: Database, was: str, now: str) -> None:
    database.admin.execute(sql.SQL("alter role {} rename to {}").format(sql.Identifier(was), sql.Identifier(now)))


@pytest.mark.majors("two")
@pytest.mark.parametrize("role", ["legacy", "app_user", "app_migrator"])
def test_a_role_of_the_walk(role: str, database: Database, invoke_cli: InProcess) -> None:
    """Its sessions and rights would go on unseen, under a name that nobody asks for, to the end of the walk."""
    small(database)
    before = Walk(invoke_cli, database).snapshot()
    walk = begun(database, invoke_cli, "enable-login")
    after = walk.snapshot()
    rename(database, role, 'som"ebody')

    for command in (("next", "--yes"), ("rollback", "--yes"), ("repair", "--yes"), ("observe",)):
        refused = walk(*command).check(5)
        whose = "the configuration" if command == ("observe",) else "walk split"
        assert f'role {role} of {whose} has been renamed to som"ebody' in refused.stderr, command
        assert f'ALTER ROLE "som""ebody" RENAME TO "{role}"; ' in refused.stderr, command
    told = walk("status").check(4).stdout.splitlines()
    for said in (told, walk("verify").check(4).stdout.splitlines()):
        assert said[0] == f'broken: role {role} of walk split has been renamed to som"ebody'

    database.execute(told[1].partition("rename it back: ")[2])
    assert_same(after, walk.snapshot(), "and back to its name")
    walk("verify").check()
    walk.forward()
    walk.rollback("--all")
    assert_same(before, walk.snapshot(), "there and back")


def test_another_role_has_the_name_now(database: Database, invoke_cli: InProcess) -> None:
    """The trick of renaming by hand, in the middle of a walk."""
    small(database)
    walk = begun(database, invoke_cli, "transfer-ownership")
    rename(database, "legacy", "people")
    database.execute("create role legacy login")

    refused = walk("next", "--yes").check(5)

    assert "role legacy of walk split has been renamed to people, and legacy is another role now" in refused.stderr
    assert "give that one another name" in refused.stderr
    rename(database, "legacy", "impostor")
    rename(database, "people", "legacy")
    walk.forward()
    walk.rollback("--all")


def test_the_old_role_when_all_is_over(database: Database, invoke_cli: InProcess) -> None:
    """It may be called what it likes, and only the way back wants its name."""
    small(database)
    walk = begun(database, invoke_cli, "revoke-legacy")
    rename(database, "legacy", "zz_do_not_use")

    walk("status").check()
    walk("verify").check()
    refused = walk("rollback", "--yes").check(5)
    assert 'ALTER ROLE "zz_do_not_use" RENAME TO "legacy"' in refused.stderr

    rename(database, "zz_do_not_use", "legacy")
    walk.rollback("--all")


def test_numbers_of_roles_mean_others_in_another_cluster(database: Database, invoke_cli: InProcess) -> None:
    """What was written down elsewhere is not asked: there, a number may be anybody's."""
    small(database)
    walk = begun(database, invoke_cli, "grant-existing")
    database.execute(
        "update flatsplit.snapshot set roles = jsonb_set(roles, '{cluster}', '\"elsewhere\"');"
        "update flatsplit.snapshot set roles = jsonb_set(roles, '{oids,legacy}', '10')"
    )
    walk.step("default-privileges")


@pytest.mark.majors("two")
def test_the_database(database: Database, invoke_cli: InProcess) -> None:
    """With its settings, its rights, and what it says of whose the new roles are."""
    database.execute(f"alter database {database.name} set work_mem = '5MB'")
    small(database)
    before = Walk(invoke_cli, database).snapshot()
    walk = begun(database, invoke_cli, "enable-login")
    was, now = database.name, 'Shop % "2"'

    def called(name: str) -> None:
        database.close()
        with psycopg.connect(database.cluster.conninfo(), autocommit=True) as elsewhere:
            names = map(sql.Identifier, (database.name, name))
            elsewhere.execute(sql.SQL("alter database {} rename to {}").format(*names))
        database.name = name

    called(now)
    walk("status").check()
    walk("verify").check()
    walk.forward()
    walk("verify").check()
    walk.rollback("--all")

    called(was)
    assert_same(before, walk.snapshot(), "there and back")


THIRD = """
create role reporting; create role person login; create role team; create role vendor;
grant legacy to person; grant team to legacy; grant legacy to vendor; grant create on schema public to legacy;
create table w (); alter table w owner to vendor; grant select on w to legacy with grant option;
"""
OURS = """
create table t (id serial primary key, a text); create view v as select * from t;
grant select on t to reporting with grant option; grant select (a) on t to person;
alter default privileges grant select on tables to reporting;
alter default privileges in schema public grant usage on sequences to person;
alter table t enable row level security;
create policy p on t to reporting using (true); create policy q on t to legacy, person using (true);
grant select on w to reporting;
"""
THIRDS = ("reporting", "person", "team", "vendor")


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("after", ["enable-login", "revoke-legacy"])
def test_other_roles_that_the_way_back_speaks_of(after: str, database: Database, invoke_cli: InProcess) -> None:
    """What legacy gave them, and was in, comes back to them under the names that they have then."""
    database.execute(THIRD)
    database.execute(OURS, "legacy")
    walk = Walk(invoke_cli, database)
    before = walk.snapshot()
    walk.init().forward(after)

    for role in THIRDS:
        rename(database, role, f'{role} "2"')
    walk("verify").check()
    walk.rollback("--all")

    for role in THIRDS:
        rename(database, f'{role} "2"', role)
    assert_same(before, walk.snapshot(), "there and back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_other_roles_that_are_gone_by_then(database: Database, invoke_cli: InProcess) -> None:
    """Who left in the weeks between cannot be given anything back, and stops no rollback half-way."""
    database.execute(THIRD)
    database.execute(OURS, "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward()

    for role in ("reporting", "person", "team"):
        database.execute(f"drop owned by {role}; drop role {role}")
    walk("verify").check()
    assert walk("plan", "revoke-legacy").exit_code == 0
    walk.rollback("--all")

    walk.forward()
    walk("verify").check()
    walk.rollback("--all")
    left = "select defaclrole::regrole::text from pg_default_acl where defaclrole <> 'legacy'::regrole"
    assert database.admin.execute(left).fetchall() == []
