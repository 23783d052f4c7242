"""An application that logs in as one role and owns everything as another, by SET ROLE or a setting of its login."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_members import finding
from tests.support.thinned import slow_but
from tests.support.walk import Walk, assert_same

OWNER = '"Cube:admin%s"'
NAME = "Cube:admin%s"


def cube(database: Database, kind: str) -> None:
    """A schema and what is in it, all of a group's."""
    legacy = database.legacy
    noinherit = "noinherit" if kind == "noinherit" else ""
    database.execute(f"create role {OWNER} nologin; alter role {legacy} {noinherit or 'inherit'}")
    database.execute(f"grant {OWNER} to {legacy}; create schema cube authorization {OWNER}")
    if kind == "setting":
        database.execute(f"alter role {legacy} in database {database.name} set role = {OWNER}")
    database.execute("create role reader nologin")
    database.execute(
        f"set role {OWNER}; create table cube.dataset (id serial primary key, a int); "
        "create view cube.seen as select * from cube.dataset; create function cube.f() returns int "
        "language sql as 'select 1'; revoke execute on function cube.f() from public; "
        "grant select on cube.dataset to reader; grant usage on schema cube to reader; "
        "alter default privileges in schema cube grant select on tables to reader",
        legacy,
    )


def decided(walk: Walk, owners: str) -> None:
    """With the line under [cutover] that init asks for."""
    text = walk.config.read_text()
    walk.config.write_text(text.replace("retire = ", f"owners = {owners}\nretire = ", 1))


@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", slow_but(["set role", "setting", "noinherit"], "setting"))
def test_owners_move_like_legacys_own(database: Database, invoke_cli: InProcess, kind: str) -> None:
    cube(database, kind)
    walk = Walk(invoke_cli, database).init()
    assert walk.schemas() == ["cube"]
    told = finding(walk, "legacy-acts-as")
    assert (told["severity"], NAME in told["title"]) == ("blocker", True)
    assert finding(walk, "third-role-objects") is None, "whose they are is asked once"
    walk.next(exit_code=5)
    decided(walk, f'["{NAME}"]')
    assert finding(walk, "legacy-acts-as") is None
    before = walk.snapshot()

    session = database.connect(database.legacy)
    work = f"set role {OWNER}; select * from cube.seen; insert into cube.dataset (a) values (1); select cube.f()"
    for key in walk.steps("enable-login"):
        session.execute(work)
        session.execute(f"create table cube.late_{key.replace('-', '_')} (a int)")
        session.execute("alter table cube.dataset add column more int; alter table cube.dataset drop column more")
    session.close()
    walk.wait_until_gone(database.legacy)
    with database.connect("app_user", walk.passwords["app_user"]) as app:
        app.execute("select * from cube.seen; insert into cube.dataset (a) values (1); select cube.f()")
        app.execute("insert into cube.late_enable_login values (1); select * from cube.late_create_roles")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("drop table cube.dataset")
    with database.connect("app_migrator", walk.passwords["app_migrator"]) as migrator:
        migrator.execute("create table cube.made (id serial); alter table cube.dataset add column x int")
        migrator.execute("alter table cube.dataset drop column x")
    readers = "select has_table_privilege('reader', 'cube.made', 'select')"
    assert database.admin.execute(readers).fetchone() == (True,)
    walk.forward()
    assert walk("verify").exit_code == 0
    owned = "select count(*) from pg_class where relnamespace = 'cube'::regnamespace and pg_get_userbyid(relowner) = %s"
    assert database.admin.execute(owned, ["app_migrator"]).fetchone() != (0,)
    assert database.admin.execute(owned, [NAME]).fetchone() == (0,)
    walk.rollback("--all")
    late = [
        row[0]
        for row in database.admin.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'cube'::regnamespace "
            "and (relname like 'late%' or relname = 'made')"
        )
    ]
    assert len(late) == 6
    assert database.admin.execute(owned, [NAME]).fetchone() != (0,)
    database.execute(f"drop table {', '.join(f'cube.{name}' for name in late)}")
    assert_same(before, walk.snapshot(), "after rollback")


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", ["set role", "noinherit"])
def test_owners_that_stay(database: Database, invoke_cli: InProcess, kind: str) -> None:
    """What is there, and what a migration makes as the owner afterwards, app_user can use."""
    cube(database, kind)
    walk = Walk(invoke_cli, database).init()
    decided(walk, "[]")
    assert finding(walk, "legacy-acts-as") is None
    before = walk.snapshot()
    walk.forward("enable-login")
    with database.connect("app_migrator", walk.passwords["app_migrator"]) as migrator:
        migrator.execute(f"set role {OWNER}; create table cube.made (id serial primary key, a int)")
    with database.connect("app_user", walk.passwords["app_user"]) as app:
        app.execute("select * from cube.seen; insert into cube.dataset (a) values (1); select cube.f()")
        app.execute("insert into cube.made (a) values (1); select * from cube.made")
    shown = walk("verify").check().stdout
    assert re.search(r"app_user +can +read tables and views +3 +ok", shown)
    assert re.search(r"app_user +can +use sequences +2 +ok", shown)
    walk.forward()
    with database.connect("app_user", walk.passwords["app_user"]) as app:
        app.execute("insert into cube.made (a) values (1); select * from cube.seen")
    walk.wait_until_gone("app_user", "app_migrator")
    walk.rollback("--all")
    database.execute("drop table cube.made")
    assert_same(before, walk.snapshot(), "after rollback")


def test_a_plain_group_is_no_owner(database: Database, invoke_cli: InProcess) -> None:
    """Legacy owns more itself; a superuser, a monitor and a group that owns nothing are nobody's business."""
    database.execute("create table a (a int); create table b (a int)", database.legacy)
    database.execute(
        f"create role crew; grant crew, pg_monitor to {database.legacy}; create table c (a int); "
        f"alter table c owner to crew; create role boss superuser; grant boss to {database.legacy}"
    )
    walk = Walk(invoke_cli, database).init()
    assert finding(walk, "legacy-acts-as") is None
    assert "owners" not in walk.config.read_text()
