"""``status`` after a pause: what changed, what the next step takes care of, what a person has to decide."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.walk import Walk


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    database.execute("create table t (id serial); create table doomed ()", "legacy")
    return Walk(invoke_cli, database).init()


def away(walk: Walk) -> list[Any]:
    found = walk.status()["away"]
    assert found is not None
    return list(found["items"])


def texts(walk: Walk) -> dict[str, str]:
    return {item["text"]: item["then"] for item in away(walk)}


@pytest.mark.slow
@pytest.mark.majors("two")
def test_nothing_changed_after_each_step(walk: Walk) -> None:
    assert away(walk) == []
    while (key := walk.next_step()) is not None:
        walk.step(key)
        assert away(walk) == [], key
        # Walks elsewhere look into the journal themselves: here it is seen that status says the same
        status = walk.status()
        assert {step["key"]: step["state"] for step in status["steps"]} == walk.states()
        assert status["next"] == walk.next_step()
    walk.rollback("--all")
    assert away(walk) == []
    assert "While you were away" not in walk("status").check().stdout


def test_objects_that_appeared_and_vanished(walk: Walk) -> None:
    walk.forward("grant-existing")
    database = walk.database
    database.execute("create table late (id serial); create schema aside; create table aside.t (); drop table doomed",
                     "legacy")  # fmt: skip
    database.execute('create role "o""ther"; create schema elsewhere authorization "o""ther"; create table theirs ();'
                     'alter table theirs owner to "o""ther"')  # fmt: skip
    assert texts(walk) == {
        "1 object of legacy appeared": "catch-up",
        "2 objects of legacy appeared outside the schemas in scope": "decision",
        '1 object of o"ther appeared in schemas in scope': "decision",
        '1 object of o"ther appeared': "note",
        "1 object of legacy vanished": "note",
        "role appeared": "note",
    }
    said = walk("status").check().stdout
    assert "While you were away (since grant-existing" in said
    assert said.index("to decide:") < said.index("then: the next step")
    walk.next()
    # What nobody has decided about goes on being told
    assert texts(walk) == {
        "1 object of legacy appeared outside the schemas in scope": "decision",
        '1 object of o"ther appeared in schemas in scope': "decision",
    }


def test_what_has_all_its_rights_waits_for_nothing(walk: Walk) -> None:
    """The migration tool's own tables get theirs by default privileges; a table that lost one is somebody's to mend."""
    walk.forward("transfer-ownership")
    walk.database.execute("set role app_migrator; create table fresh (id int); reset role")
    assert texts(walk) == {"1 object of app_migrator appeared": "note"}
    assert "takes care" not in walk("status").check().stdout
    assert "Nothing to repair" in walk("repair", "--yes").check().stdout
    walk.database.execute("revoke select on fresh from app_user")
    assert texts(walk) == {"1 object of app_migrator appeared": "catch-up"}
    walk("repair", "--yes").check()


def test_roles_members_and_settings(walk: Walk) -> None:
    walk.forward("create-roles")
    walk.database.execute(
        "create role newcomer; grant pg_monitor to legacy; alter role legacy createdb;"
        "alter role legacy set statement_timeout = '1s'; alter role legacy set app.secret = 'hush-hush'"
    )
    found = texts(walk)
    assert set(found) >= {"role appeared", "membership appeared", "settings appeared", "legacy changed: createdb is on"}
    names = {name for item in away(walk) for name in item["names"]}
    assert {"newcomer", "legacy in pg_monitor", "statement_timeout of legacy"} <= names
    row = walk.database.admin.execute("select string_agg(roles::text, '') from flatsplit.snapshot").fetchone()
    assert row is not None
    assert "hush-hush" not in row[0]
    walk.next()
    walk.database.execute("alter role legacy reset app.secret; drop role newcomer")
    assert set(texts(walk)) == {"setting vanished", "role vanished"}


def test_legacy_that_may_log_in_again_is_a_decision(walk: Walk) -> None:
    walk.forward("lock-legacy")
    walk.database.execute("alter role legacy login")
    found = [item for item in away(walk) if item["what"] == "role"]
    assert [(item["text"], item["then"]) for item in found] == [("legacy changed: login is on", "decision")]


def test_a_restart_and_another_version_of_the_tool(
    fresh_cluster: FreshCluster, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    cluster = fresh_cluster()
    database = make_database(cluster=cluster)
    database.execute("create table t ()", "legacy")
    walk = Walk(invoke_cli, database).init()
    cluster.stop()
    cluster.start()
    database.execute("""update flatsplit.snapshot set server = server || '{"flatsplit": "0.0.9"}'""")
    found = texts(walk)
    assert any(text.startswith("the server was restarted") for text in found)
    assert any(text.startswith("flatsplit ") and text.endswith("it was 0.0.9") for text in found)
    database.execute("""update flatsplit.snapshot set server = server || '{"timeline": 99}'""")
    assert any("failover" in text and then == "decision" for text, then in texts(walk).items())


def test_a_journal_without_snapshots_says_nothing(walk: Walk) -> None:
    walk.database.execute("delete from flatsplit.snapshot")
    assert walk.status()["away"] is None
    walk("status").check()
    walk.forward("enable-login")
    walk("verify").check()


def test_init_on_an_older_journal_begins_to_remember(walk: Walk) -> None:
    walk.forward("create-roles")
    walk.database.execute("delete from flatsplit.snapshot")
    walk("init", "--legacy-role", "legacy", "--yes").check()
    assert away(walk) == []
