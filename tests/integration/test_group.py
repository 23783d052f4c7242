"""The walk of a group: a role of the split stops logging in itself, others log in for it, and nobody notices."""

from __future__ import annotations

import pytest

from flatsplit.walks.group import context as group_context
from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database
from tests.support import journal
from tests.support.grouping import declare, ignored
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.snapshot import difference
from tests.support.traffic import Traffic
from tests.support.walk import Walk, assert_same, configure

pytestmark = pytest.mark.usefixtures("partial_looks")

SHOP = """
create schema shop; create table shop.thing (id int generated always as identity primary key, name text);
create view shop.things as select * from shop.thing;
create function shop.count() returns bigint language sql stable as 'select count(*) from shop.thing';
"""
KEYS = ("create-logins", "open-logins", "switch-connections", "close-group", "forget-password")


def split(walk: Walk) -> Walk:
    """The split, done, of an application with a search_path of its own."""
    database = walk.database
    database.execute(SHOP, database.legacy)
    database.execute(f"alter role {database.legacy} in database {database.name} set search_path = shop, public")
    database.execute(f"alter role {database.legacy} set work_mem = '7MB'")
    database.execute(f"alter role {database.legacy} connection limit 30")
    walk.init()
    walk.forward()
    return walk


def two_lines(result: Result, code: int) -> str:
    result.check(code)
    lines = result.stderr.splitlines()
    assert len(lines) == 2, lines
    return result.stderr


def waiting(walk: Walk, name: str) -> list[str]:
    """The closed gates of the next step."""
    found = walk("status", "--json", "--walk", name).json["walks"]
    (blocked,) = [each["blocked_by"] for each in found if each["walk"] == name]
    return list(blocked)


def states(walk: Walk) -> list[str]:
    return list(journal.states(walk.database.admin, "group").values())


@pytest.mark.majors("two")
def test_there_and_back(database: Database, invoke_cli: InProcess) -> None:
    walk = split(Walk(invoke_cli, database))
    declare(walk, "app_user", ["app_user_a", "app_user_b"], connection_limit=9)
    before = walk.snapshot()
    walk("begin", "group", "app_user", "--yes").check()
    assert not difference(before, walk.snapshot()), "begin takes no step"
    walk.next("--walk", "group:app_user")
    made = walk.snapshot()
    roles = "select rolname, rolcanlogin, rolconnlimit from pg_roles where rolname like 'app_user%' order by 1"
    assert database.admin.execute(roles).fetchall() == [
        ("app_user", True, 30),
        ("app_user_a", False, 9),
        ("app_user_b", False, 9),
    ]
    walk.next()
    opened = walk.snapshot()
    assert [row[1] for row in database.admin.execute(roles)] == [True, True, False]
    walk.next(exit_code=3)
    assert waiting(walk, "group:app_user") == ["seen"]
    # Times count from the beginning of this step, and from the end of the one before
    configure(walk.config, drain="1h", soak="1h", largest_hole="1d")
    earlier = "update flatsplit.step set started_at = started_at - interval '9 hours' where key = %s"
    database.admin.execute(earlier, ["open-logins"])
    assert waiting(walk, "group:app_user") == ["seen", "drained"]
    configure(walk.config, drain="0s")
    with walk.connect("app_user") as old, walk.connect("app_user_a") as app:
        starts = "select current_user, session_user, current_setting('search_path'), current_setting('work_mem')"
        acts_as, acted = ("app_user_a", "had the rights of") if ignored(walk) else ("app_user", "acted as")
        assert app.execute(starts).fetchone() == (acts_as, "app_user_a", "shop, public", "7MB")
        app.execute("insert into thing (name) values ('a')")
        assert "1 session of app_user itself" in walk.next(exit_code=3).stdout
        assert f"gate acts: open, app_user_a logged in and {acted} app_user" in walk.next(exit_code=3).stderr
        old.close()
        walk.wait_until_gone("app_user")
        walk.next()
        database.admin.execute(earlier, ["switch-connections"])
        database.execute("delete from flatsplit.observation where source = 'login'")
        assert waiting(walk, "group:app_user") == ["soaked"]
        configure(walk.config, soak="0s")
        walk.next()
        assert [row[1] for row in database.admin.execute(roles)] == [False, True, False]
        app.execute("insert into thing (name) values ('still there')")
        assert walk("verify", "--password-file", str(walk.password_file)).check().exit_code == 0
        assert walk("status", "--json").check().json["broken"] == []
    walk.next()
    done = walk.snapshot()
    assert database.admin.execute(
        "select rolname::text from pg_authid where rolname like 'app_user%' and rolpassword is not null"
    ).fetchall() == [("app_user_a",)]
    assert walk("verify").check().exit_code == 0
    assert states(walk) == ["done"] * 5

    # Somebody lets the group in again: that is drift, and repair shuts it
    database.execute("alter role app_user login")
    assert "app_user came back to life" in walk("verify").check(4).stdout
    walk("repair", "--walk", "group:app_user").check()
    assert_same(done, walk.snapshot(), "repaired")

    assert "began later and stands on app_user" in two_lines(walk("rollback", "--yes", "--walk", "split"), 5)
    walk.wait_until_gone("app_user_a")
    for expected, when in ((None, "forget"), (None, "close"), (opened, ""), (made, "open"), (before, "create")):
        if when == "open":
            with walk.connect("app_user_a"):
                said = two_lines(walk("rollback", "--yes", "--walk", "group:app_user"), 5)
                assert "app_user_a is still connected" in said
            walk.wait_until_gone("app_user_a")
        walk("rollback", "--yes", "--walk", "group:app_user").check()
        if when == "close":
            # Its password is gone for good: it has to be given another one
            walk("verify").check(4)
            walk("repair", "--walk", "group:app_user", "--password-file", str(walk.password_file)).check()
        if expected is not None:
            assert_same(expected, walk.snapshot(), f"{when} taken back")
    walk.rollback("--all", "--walk", "split")
    assert not journal.problems(database.admin)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_group_of_migrators_owns_what_its_logins_create(database: Database, invoke_cli: InProcess) -> None:
    """Three logins with names that hurt, beside another group's walk; what they make is at once everybody's."""
    walk = split(Walk(invoke_cli, database, roles=("app_user", 'Mig "%s" :x', "app_readonly", "dba")))
    logins = ["Ci: 'bot' %", "deploy\nnow", "ü" * 31]
    declare(walk, "app_migrator", logins)
    declare(walk, "app_readonly", ["reports"])
    before = walk.snapshot()
    group = walk.app_migrator
    name = f"group:{group}"
    assert "called" not in two_lines(walk("begin", "group", "app_migrator", "--yes"), 2)
    walk("begin", "group", group, "--yes").check()
    walk("begin", "group", "app_readonly", "--yes").check()
    walk.next("--walk", "group:app_readonly")
    if ignored(walk):  # what they create would be their own, and nothing but another release helps
        told = walk.next("--walk", name, exit_code=5).stderr
        waived = ("--waive", "no-blockers", "--reason", "a test")
        told += walk.next("--walk", name, "--through", "switch-connections", *waived, exit_code=3).stdout
        assert "acts" in waiting(walk, name)
        assert told.count("pdate the server to") == 2
        assert "as_group" not in told
        walk("rollback", "--yes", "--all", "--walk", name).check()
        walk("rollback", "--yes", "--all", "--walk", "group:app_readonly").check()
        assert_same(before, walk.snapshot(), "both groups taken back")
        return
    walk.next("--walk", name)
    walk.next("--walk", name)
    with walk.connect(logins[0]) as first, walk.connect(logins[2]) as third:
        first.execute("create table made (id int primary key); insert into made values (1)")
        third.execute("alter table made add note text")
        owner = "select tableowner from pg_tables where tablename = 'made'"
        assert database.admin.execute(owner).fetchone() == (group,)
        with walk.connect("app_user") as app:
            app.execute("update made set note = 'mine'")
        first.execute("drop table made")
        walk.wait_until_gone("app_user")
        walk.next("--walk", name)
        page = walk("runbook", "--walk", name, "--out", "book").check()
        assert page.exit_code == 0
        written = (walk.run.cwd / "book" / "runbook.md").read_text()
        assert "Close the group" in written
        assert "Create the four roles" not in written
        steps = "".join(path.read_text() for path in sorted((walk.run.cwd / "book").glob("0?-*.md")))
        assert "Ci: 'bot' %" in steps
        walk.next("--walk", name)
    walk("verify", "--password-file", str(walk.password_file)).check()
    walk.wait_until_gone(*logins)
    walk("rollback", "--yes", "--all", "--walk", name).check()
    walk("rollback", "--yes", "--all", "--walk", "group:app_readonly").check()
    assert_same(before, walk.snapshot(), "both groups taken back")
    assert not journal.problems(database.admin)


@pytest.mark.slow
def test_what_speaks_against_it(database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk(invoke_cli, database)
    database.execute(SHOP, database.legacy)
    walk.init()
    declare(walk, "app_user", ["a", "b"])
    walk.forward("enable-login")
    assert "split is under way over the same roles" in two_lines(walk("begin", "group", "app_user", "--yes"), 5)
    walk.forward()

    def refused(role: str) -> str:
        return two_lines(walk("begin", "group", role, "--yes"), 2)

    assert "none of the roles" in refused("legacy")
    assert "people become" in refused("dba")
    assert "[group.app_migrator]" in refused("app_migrator")
    declare(walk, "app_migrator", ["deploy"], as_group=False)
    assert "as_group = true" in refused("app_migrator")
    database.execute("create role a superuser")
    assert "a is a superuser" in refused("app_user")
    database.execute("drop role a; create role a; grant a to app_user")
    fix = refused("app_user")
    assert "app_user is a member of a" in fix
    database.execute(fix.partition("fix: ")[2])
    database.execute("create subscription s connection 'dbname=nowhere' publication p with (connect = false)")
    database.execute("alter role app_user superuser; alter subscription s owner to app_user")
    database.execute("alter role app_user nosuperuser")
    assert "subscription s belongs to app_user" in refused("app_user")
    database.execute("alter subscription s owner to postgres; alter subscription s set (slot_name = none)")
    database.execute("drop subscription s")

    # A login that was there before keeps what it had; one that the walk made goes
    before = walk.snapshot()
    walk("begin", "group", "app_user", "--yes").check()
    if not ignored(walk):  # the list of releases gets this one
        with monkeypatch.context() as patch:
            patch.setattr(group_context, "IGNORING", {database.admin.info.server_version})
            told = two_lines(walk("next", "--yes", "--walk", "group:app_user"), 5)
            assert "would not let logins begin as app_user" in told
            assert "or write as_group = false under [group.app_user]" in told
            assert "role-setting-ignored" in walk("doctor", "--json").check(5).stdout
    walk.next("--walk", "group:app_user")
    walk.next()
    text = walk.config.read_text()
    walk.config.write_text(text.replace("[group.app_user]", "[group.app_readonly]"))
    assert "has no section [group.app_user]" in two_lines(walk("status"), 1)
    walk.config.write_text(text)
    # Somebody resets the setting: what a login creates would be its own, and the gate says so
    database.execute(f"alter role a in database {database.name} reset role")
    walk("repair", "--walk", "group:app_user").check()
    walk("rollback", "--yes", "--all", "--walk", "group:app_user").check()
    assert_same(before, walk.snapshot(), "taken back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_nobody_notices(database: Database, invoke_cli: InProcess) -> None:
    """By an operator who is no superuser: the application works on, through pools that move one after the other."""
    database.execute(SHOP, database.legacy)
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database).init()
    walk.forward()
    declare(walk, "app_user", ["app_user_a", "app_user_b"])
    before = walk.snapshot()
    scripts = (
        ("insert into shop.thing (name) values ('x')", "select count(*) from shop.things"),
        ("select shop.count()", "update shop.thing set name = 'y' where id = 1"),
    )
    as_role = database.conninfo("app_user", walk.passwords["app_user"])
    as_login = database.conninfo("app_user_a", walk.passwords["app_user_a"])
    walk("begin", "group", "app_user", "--yes").check()
    with Traffic(as_role, scripts, workers=2) as old:
        walk.next("--walk", "group:app_user")
        walk.next()
        with Traffic(as_login, scripts, workers=2) as new:
            old.check()
            walk.next(exit_code=3)
            old.__exit__()
            walk.wait_until_gone("app_user")
            walk.next()
            walk.next()
            new.check()
            walk("rollback", "--yes").check()
            walk.next()
            walk("verify").check()
            new.check()
    old.check()
    new.check()
    walk.wait_until_gone("app_user_a")
    walk("rollback", "--yes", "--all", "--walk", "group:app_user").check()
    assert_same(before, walk.snapshot(), "taken back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_the_way_back_asks_for_no_password(database: Database, invoke_cli: InProcess) -> None:
    """What was forgotten does not come back, and nothing waits in the middle for somebody to think of a new one."""
    walk = Walk(invoke_cli, database)
    before = walk.snapshot()
    walk.init()
    walk.forward()
    declare(walk, "app_user", ["app_user_a"])
    walk("begin", "group", "app_user", "--yes").check()
    waived = [word for gate in ("seen", "drained", "acts", "soaked") for word in ("--waive", gate)]
    walk.next("--through", "forget-password", *waived, "--reason", "a test")
    walk.quick("rollback", "--yes", "--all", "--walk", "group:app_user").check()
    told = walk("status").check(4).stdout
    assert "app_user has no password any more: wanted again is role app_user: LOGIN with a password" in told
    assert "fix: flatsplit repair --generate-passwords FILE" in told
    walk.quick("rollback", "--yes", "--all").check()
    assert_same(before, walk.snapshot(), "both walks taken back")
