"""Whoever acts with a role's power is that role: sessions of members, from the first look to the end of the walk."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.thinned import slow_but
from tests.support.walk import Walk, assert_same

THING = "create table thing (id int primary key)"
STRANGE = '"v:ö%s-one"'


def gate(walk: Walk, key: str) -> Any:
    """The gate of the next step as status shows it; None where it is open."""
    status = walk.status()
    step = next(step for step in status["steps"] if step["key"] == status["next"])
    return next((found for found in step["gates"] if found["key"] == key), None)


def finding(walk: Walk, id_: str) -> Any:
    """What doctor says of one hazard; None where it is silent."""
    findings = walk("doctor", "--json").json["findings"]
    return next((each for each in findings if each["id"] == id_), None)


def observed(walk: Walk) -> dict[str, list[str]]:
    """Whose sessions observe sees, and as whom each acts."""
    return {each["role"]: each["acts_as"] for each in walk("observe", "--json").check().json}


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    """Logins that a secrets manager makes in legacy, which itself never connects."""
    database.execute(THING, database.legacy)
    database.execute(f"create role vault login createrole; grant {database.legacy} to vault with admin option")
    database.execute(f"create role {STRANGE} login in role {database.legacy}", "vault")
    return Walk(invoke_cli, database)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_logins_made_in_legacy(walk: Walk) -> None:
    database, legacy = walk.database, walk.database.legacy
    walk.init()
    before = walk.snapshot()
    maker = finding(walk, "legacy-makers")
    assert (maker["severity"], maker["objects"]) == ("warning", ["vault"])
    told = finding(walk, "legacy-members")
    assert told["severity"] == "warning"
    assert "become app_user's" in told["fix"]
    walk.forward("enable-login")

    session = database.connect("v:ö%s-one")
    with walk.switched():
        assert observed(walk)["v:ö%s-one"] == [legacy]
        said = walk.next(exit_code=3)
        assert "drained" in said.stdout
        assert "v:ö%s-one, a member of legacy" in said.stdout
    session.execute("alter table thing add column more int")

    fix = gate(walk, "drained")["fix"]
    database.execute(fix[fix.index("GRANT ") : fix.rindex(";") + 1])
    session.execute("insert into thing values (1)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("drop table thing")
    assert observed(walk)["v:ö%s-one"] == ["app_user"]

    given = maker["fix"].partition("After create-roles: ")[2].partition(" Let it")[0]
    database.execute(given)
    database.execute('create role "v-two" login in role app_user', "vault")
    with database.connect("v-two"), database.connect("app_migrator", walk.passwords["app_migrator"]):
        walk.next()
    walk.next("--through", "verify")

    # A login that was overlooked
    database.execute(f"grant {legacy} to vault with admin option")
    database.execute(f'create role "v-late" login in role {legacy}', "vault")
    late = database.connect("v-late")
    assert "v-late" in gate(walk, "soaked")["reason"]
    late.close()
    walk.wait_until_gone("v-late")
    walk.forward()
    with database.connect("v-late") as late:
        late.execute("insert into thing values (2)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            late.execute("drop table thing")
    assert walk("verify").exit_code == 0

    session.close()
    walk.wait_until_gone("v:ö%s-one")
    walk.rollback("--all")
    database.execute('drop role "v-two"; drop role "v-late"')
    database.execute(f"grant {legacy} to {STRANGE}")
    assert {row for row in before if "member" not in str(row)} == {
        row for row in walk.snapshot() if "member" not in str(row)
    }


@pytest.mark.majors("two")
@pytest.mark.parametrize("retire", slow_but(["revoke", "repurpose", "drop"], "revoke"))
def test_members_keep_what_they_need(database: Database, invoke_cli: InProcess, retire: str) -> None:
    """A live session of each goes on through all steps; who changes the structure can go on doing so."""
    legacy = database.legacy
    database.execute(THING, legacy)
    database.execute(
        f"create role web login; create role team nologin; create role alice login in role team; "
        f"grant {legacy} to web, team; create role idler login noinherit; grant {legacy} to idler"
    )
    walk = Walk(invoke_cli, database, retire=retire).init()
    with walk.config.open("a") as file:
        file.write('\n[members]\nteam = "app_migrator"\n')
    before = walk.snapshot()
    walk.forward("enable-login")
    live = {name: database.connect(name) for name in ("web", "alice")}
    for key in ("switch-connections", "verify", "lock-legacy", "revoke-legacy"):
        if key == "switch-connections":
            with walk.switched():
                walk.next("--waive", "drained", "--reason", "a test")
        else:
            walk.next("--waive", "soaked", "--reason", "a test")
        live["web"].execute("select count(*) from thing; insert into thing select count(*) from thing")
        live["alice"].execute("alter table thing add column more int; alter table thing drop column more")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        live["web"].execute("drop table thing")
    assert walk("verify").exit_code == 0
    for session in live.values():
        session.close()
    if retire != "drop":
        walk.wait_until_gone("web", "alice")
        walk.rollback("--all")
        assert_same(before, walk.snapshot(), "after rollback")


@pytest.mark.majors("two")
def test_a_rollback_sees_members(database: Database, invoke_cli: InProcess) -> None:
    database.execute(THING, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    database.execute(
        "create role team in role app_user; create role twin login in role team;"
        "create role giver; grant app_user to giver with admin option;"
        "set role giver; grant app_user to team; reset role"
    )
    with database.connect("twin") as session:
        said = walk.rollback("--all", exit_code=5)
        assert "twin, a member of app_user, is still connected" in said.stderr
        session.execute("select from thing")
        database.execute(said.stderr.partition("'s again: ")[2])  # whoever gave which of its memberships
        walk.rollback("--all")
        session.execute("select from thing")


@pytest.mark.majors("two")
def test_members_of_the_new_roles_are_the_new_roles(database: Database, invoke_cli: InProcess) -> None:
    """Twins and deployers; not the operator, superusers, monitors, nor legacy over its bridge."""
    legacy = database.legacy
    database.execute(THING, legacy)
    walk = Walk(invoke_cli, database).init()
    assert finding(walk, "legacy-members") is finding(walk, "legacy-makers") is finding(walk, "roles-circle") is None
    walk.forward("enable-login")
    database.execute(
        "create role twin_a login in role app_user; create role deploy login; grant app_migrator to deploy;"
        f"create role boss superuser login; grant {legacy}, app_user, app_migrator to boss;"
        "create role monitor login in role pg_monitor; create role bystander login"
    )
    others = [database.connect(name) for name in ("boss", "monitor", "bystander")]
    with database.connect(legacy, walk.database.passwords.get(legacy)):
        assert observed(walk) == {legacy: [legacy]}
        assert "app_user and app_migrator have not been seen" in gate(walk, "seen")["reason"]
    with database.connect("twin_a"), database.connect("deploy"):
        assert observed(walk) == {"twin_a": ["app_user"], "deploy": ["app_migrator"]}
    walk.wait_until_gone(legacy)
    walk.next()
    for session in others:
        session.close()


@pytest.mark.majors("two")
def test_a_session_whose_role_is_gone(database: Database, invoke_cli: InProcess) -> None:
    """What it began as legacy it goes on with."""
    legacy = database.legacy
    database.execute(THING, legacy)
    database.execute(f"create role gone login in role {legacy}; alter role gone set role = {legacy}")
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    with database.connect("gone") as session:
        database.execute("drop role gone")
        session.execute("alter table thing add column more int")
        assert observed(walk) == {"a dropped role": [legacy]}
        with walk.switched():
            assert "a dropped role" in walk.next(exit_code=3).stdout
        database.execute(gate(walk, "drained")["fix"].rpartition("or: ")[2])
    walk.forward()
    # Once the old role can do nothing any more, it is not the old role's: somebody else's login was dropped
    database.execute("create role leased login in role app_user; alter role leased set role = app_user")
    with database.connect("leased") as session:
        database.execute("drop role leased")
        session.execute("select * from thing")
        assert observed(walk) == {"a dropped role": []}
        assert not any(legacy in one["text"] for one in walk("status", "--json").check().json["away"]["items"])


CIRCLES = {
    "directly": ("create role app_migrator login; grant {legacy} to app_migrator", "app_migrator in legacy"),
    "over others": (
        "create role app_migrator; create role crew; grant {legacy} to crew; grant crew to app_migrator",
        "app_migrator in crew in legacy",
    ),
    "app_user": ("create role app_user login; grant {legacy} to app_user", "app_user in legacy"),
    "dba": (
        "create role app_migrator; create role dba; create role crew; grant crew to {legacy}; grant dba to crew",
        None,
    ),
    "a group": (
        "create role app_migrator; create role crew; grant crew to {legacy}; grant app_migrator to crew",
        "crew in app_migrator",
    ),
}


@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", slow_but(CIRCLES, "app_user"))
def test_circles_are_foreseen(database: Database, invoke_cli: InProcess, kind: str) -> None:
    """Before the first step, with a way out that can be taken as printed; and back from there to how it was then."""
    made, expected = CIRCLES[kind]
    database.execute(THING, database.legacy)
    database.execute(made.format(legacy=database.legacy))
    walk = Walk(invoke_cli, database).init("--adopt")
    told = finding(walk, "roles-circle")
    if expected is not None:
        assert told["objects"] == [expected.replace("legacy", database.legacy)]
        assert "roles-circle" in str(gate(walk, "no-blockers")) or gate(walk, "no-blockers")
        fix = told["fix"]
        database.execute(fix[fix.index("REVOKE") : fix.index(";") + 1])
    elif told is not None:
        fix = told["fix"]
        database.execute(fix[fix.index("REVOKE") : fix.index(";") + 1])
    assert finding(walk, "roles-circle") is None
    before = walk.snapshot()
    walk.forward("enable-login")
    walk.rollback()
    walk.rollback("--all")
    assert_same(before, walk.snapshot(), "after rollback")
