"""``people``: who is in which role, joining with its undo, and what differs from the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_leave import ALICE, CAROL, QUOTED, SHOP, join, named, prepared
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.walk import Walk, assert_same


@pytest.mark.majors("two")
def test_joining_and_what_differs(database: Database, invoke_cli: InProcess, major: int) -> None:
    walk = prepared(Walk(invoke_cli, database))
    assert "Nobody is in the new roles" in walk("people").check().stdout
    before = walk.snapshot()
    named(walk, alice=["app_readonly", "dba"], bob=["app_readonly"])
    found = walk("people", "--json").check().json
    assert [one["name"] for one in found["people"]] == [ALICE, "bob"]
    assert [one["differs"][0]["fix"] for one in found["people"]] == ["flatsplit people --join"] * 2
    assert_same(before, walk.snapshot(), "looking changes nothing")
    assert walk("people", "--join", "--yes").check(2).stderr.count("\n") == 2, "a password is missing"
    joined = join(walk)
    assert "Let in" in joined.stdout
    assert "password of person" not in joined.stdout + joined.stderr
    again = walk("people", "--join", "--yes", "--password-file", str(walk.password_file), "--json").check().json
    assert again["joined"] == 0
    with walk.connect(ALICE) as session:
        session.execute("select * from shop.thing")
        walk("observe").check()
        found = walk("people", "--json").check().json
    alice, bob = found["people"]
    assert alice["connected"] == 1
    assert alice["last_seen"]
    assert not bob["last_seen"]
    assert {one["role"]: one["inherits"] for one in alice["groups"]} == {"app_readonly": True, "dba": major < 16}
    assert all(one["since"] for one in alice["groups"])
    assert [*alice["differs"], *bob["differs"]] == []

    # What each undo says, run in the opposite order, is the way back
    (event,) = database.admin.execute("select details from flatsplit.event where kind = 'joined'").fetchall()
    for statement in reversed(event[0]["statements"]):
        walk.wait_until_gone(ALICE)
        database.execute(statement["undo"])
    assert_same(before, walk.snapshot(), "undone by hand")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_differences_have_a_fix_that_works(database: Database, invoke_cli: InProcess, major: int) -> None:
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly", "dba"], carol=["app_readonly"])
    join(walk)
    database.execute(
        f"grant app_migrator to {QUOTED}; alter role {QUOTED} superuser; create role stray login in role app_user;"
        f"alter role {QUOTED} set role = dba"
    )
    if major >= 16:
        database.execute(f"grant dba to {QUOTED} with inherit true; grant app_readonly to carol with inherit false")
    else:
        database.execute("alter role carol noinherit")
    found = {one["name"]: one["differs"] for one in walk("people", "--json").check().json["people"]}
    assert [one["what"] for one in found["stray"]] == ["is not in [people]"]
    assert [one["what"] for one in found[CAROL]] == ["has the rights of app_readonly only by SET ROLE"]
    assert len(found[ALICE]) == (4 if major >= 16 else 3)
    for each in (*found[ALICE], *found[CAROL]):
        database.execute(each["fix"].partition(";")[0])
    alice, carol, _ = walk("people", "--json").check().json["people"]
    assert alice["differs"] == carol["differs"] == []
    assert "stray" in walk("people").check().stdout


@pytest.mark.slow
def test_who_leaves_and_comes_back(database: Database, invoke_cli: InProcess) -> None:
    """Nobody is told to let in who is leaving, and what the leaving did to the former role is not done to the new."""
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly", "dba"])
    join(walk)
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", f"leave:{ALICE}")
    locked = walk.snapshot()
    ((differs,),) = (one["differs"] for one in walk("people", "--json").check().json["people"])
    assert differs["what"] == "is leaving"
    assert join(walk).exit_code == 0
    assert_same(locked, walk.snapshot(), "who is leaving is not joined")
    assert walk.status()["not_begun"] == []
    walk.next("--walk", f"leave:{ALICE}", "--through", "drop")
    assert walk.status()["not_begun"] == [], "nobody is asked to let in who has left"
    ((differs,),) = (one["differs"] for one in walk("people", "--json").check().json["people"])
    assert differs["what"] == "has left"
    join(walk)
    ((differs),) = (one["differs"] for one in walk("people", "--json").check().json["people"])
    assert differs == []
    back = walk.snapshot()
    assert walk("status", "--json").check(0).json["broken"] == []
    walk("repair", "--yes").check()
    assert_same(back, walk.snapshot(), "repair leaves the new role alone")
    # And may leave again, as anybody may
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", f"leave:{ALICE}", "--through", "drop")
    assert walk("verify").check().exit_code == 0


@pytest.mark.slow
@pytest.mark.majors("two")
def test_an_operator_who_may_not_let_in_somebody(database: Database, invoke_cli: InProcess) -> None:
    """Only a superuser may grant dba. What is printed for one can be run, once the person is there."""
    database.execute(SHOP, database.legacy)
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database).init()
    walk.forward()
    database.execute("alter role dba superuser")
    named(walk, alice=["app_readonly", "dba"])
    said = walk("people", "--join", "--yes", "--password-file", str(walk.password_file)).check(1).stderr
    assert "leave that out for now" in said
    grant = said.partition("have somebody who may run: ")[2]
    assert database.admin.execute("select from pg_roles where rolname = %s", [ALICE]).rowcount == 0
    named(walk, alice=["app_readonly"])
    join(walk)
    database.execute(grant)
    named(walk, alice=["app_readonly", "dba"])
    (alice,) = walk("people", "--json").check().json["people"]
    assert alice["differs"] == []


@pytest.mark.majors("two")
def test_a_team_that_may_not_log_in(database: Database, invoke_cli: InProcess) -> None:
    """Its logins are seen for it, and it is no person who could leave; without them it is what nobody can use."""
    walk = prepared(Walk(invoke_cli, database))
    database.execute(
        f"create role {QUOTED}; grant app_readonly to {QUOTED}; create role carol login in role {QUOTED};"
        f"create role within in role {QUOTED}; create role bob login in role within"
    )
    named(walk, alice=["app_readonly"])

    def team() -> Any:
        (found,) = walk("people", "--json").check().json["people"]
        return found

    assert (team()["through"], team()["differs"], team()["last_seen"]) == (["bob", "carol"], [], None)
    with walk.connect("bob"):
        walk("observe").check()
        assert team()["connected"] == 1
    assert team()["last_seen"]
    assert "bob, carol" in walk("people").check().stdout
    refused = walk("begin", "leave", ALICE, "--yes").check(2).stderr
    assert "flatsplit begin leave bob" in refused
    database.execute(refused.partition("to end the group itself, first: ")[2])
    assert [one["what"] for one in team()["differs"]] == ["may not log in"]
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", f"leave:{ALICE}", "--through", "drop")
