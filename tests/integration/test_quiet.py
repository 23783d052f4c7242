"""The gates count only time in which somebody watched, and nothing but silence."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from flatsplit.demo.server import Cluster
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.walk import Walk, configure

CRON = timedelta(minutes=5)


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    return begun(database, invoke_cli)


def begun(database: Database, run: InProcess) -> Walk:
    """A cutover whose application has just been switched."""
    database.execute("create table t (a int)", database.legacy)
    walk = Walk(run, database).init(drain="2h", soak="3h", largest_hole="10m")
    walk.forward("enable-login")
    with walk.switched():
        walk.next(exit_code=3)
    return walk


def age(walk: Walk, by: str) -> None:
    """Everything in the journal happened that much earlier."""
    walk.database.execute(
        f"update flatsplit.observation set at = at - interval '{by}', until = until - interval '{by}';"
        f"update flatsplit.counter set at = at - interval '{by}';"
        f"update flatsplit.step set started_at = started_at - interval '{by}',"
        f" finished_at = finished_at - interval '{by}'"
    )


def look(walk: Walk, start: str, end: str, every: str = "5min") -> None:
    """As if ``observe`` had run, for times so long ago."""
    walk.database.execute(
        "insert into flatsplit.observation (at, source, role, database, client, application, state, sessions) "
        "select at, 'look', '', '', '', '', '', 0 from generate_series("
        f"now() - interval '{start}', now() - interval '{end}', interval '{every}') as at"
    )


def seen(walk: Walk, ago: str, database: str) -> None:
    """As if ``observe`` had seen a session of legacy, so long ago."""
    walk.database.execute(
        "insert into flatsplit.observation (at, source, role, database, client, application, state, sessions) "
        f"values (now() - interval '{ago}', 'activity', 'legacy', '{database}', '', 'cron', 'idle', 1)"
    )


def blocked(walk: Walk, gate: str) -> Any:
    """The gate as status shows it; None where it is open."""
    status = walk.status()
    step = next(step for step in status["steps"] if step["key"] == status["next"])
    return next((found for found in step["gates"] if found["key"] == gate), None)


def test_time_that_nobody_watched_does_not_count(walk: Walk) -> None:
    age(walk, "26h")
    found = blocked(walk, "drained")
    assert "0s of it watched" in found["reason"]
    assert "to now (UTC)" in found["reason"]
    assert "flatsplit observe" in found["fix"]
    look(walk, "90min", "0min")
    assert "1h 30m" in blocked(walk, "drained")["reason"]
    look(walk, "4h", "3h")
    assert blocked(walk, "drained") is None


def test_watched_time_counts_and_the_text_names_the_hole(walk: Walk) -> None:
    age(walk, "3h")
    look(walk, "179min", "119min")
    look(walk, "55min", "1min")
    found = blocked(walk, "drained")
    assert "nobody looked from" in found["reason"]
    assert "to now" not in found["reason"]
    configure(walk.config, largest_hole="70m")
    assert blocked(walk, "drained") is None


def test_being_seen_starts_the_time_anew(walk: Walk) -> None:
    seen(walk, "9h", walk.database.name)
    age(walk, "1h")
    look(walk, "10h", "1min")
    assert "switch-connections begun 1h" in blocked(walk, "drained")["reason"], "quiet before it began is not counted"
    age(walk, "2h")
    look(walk, "179min", "1min")
    for database, reason in (("another", None), (walk.database.name, "legacy last seen 30m")):
        seen(walk, "30min", database)
        found = blocked(walk, "drained")
        assert found is None if reason is None else reason in found["reason"], database


def test_seen_is_who_came_since_the_logins_were_enabled(walk: Walk) -> None:
    """Neither who was there before, as with adopted roles, nor flatsplit itself, which logs in to try rights."""
    assert blocked(walk, "seen") is None
    walk.database.execute("update flatsplit.step set started_at = clock_timestamp() where key = 'enable-login'")
    new_roles = ("app_user", "app_migrator")
    assert " and ".join(new_roles) in blocked(walk, "seen")["reason"]
    with ExitStack() as sessions:
        for role in new_roles:
            conninfo = make_conninfo(walk.database.conninfo(role, walk.passwords[role]), application_name="flatsplit")
            sessions.enter_context(psycopg.connect(conninfo))
        assert " and ".join(new_roles) in blocked(walk, "seen")["reason"]
    with walk.switched():
        assert blocked(walk, "seen") is None


@pytest.mark.slow
def test_soak_counts_watched_time_too_and_shows_who_came_back(walk: Walk) -> None:
    walk.next("--waive", "drained", "--waive", "seen", "--reason", "test")
    walk.next()
    age(walk, "4h")
    assert "0s of it watched" in blocked(walk, "soaked")["reason"]
    look(walk, "239min", "1min")
    assert blocked(walk, "soaked") is None
    walk.database.execute("update flatsplit.step set finished_at = now() - interval '1 hour' where key = 'verify'")
    assert "verify done 1h" in blocked(walk, "soaked")["reason"], "and not from when it began"
    age(walk, "3h")
    look(walk, "239min", "1min")
    assert blocked(walk, "soaked") is None
    with walk.connect("legacy"):
        walk("observe").check()
    walk.wait_until_gone("legacy")
    assert "legacy last seen" in blocked(walk, "soaked")["reason"]
    session = [item for item in walk.status()["away"]["items"] if item["what"] == "session"]
    assert session[0]["then"] == "decision"
    # Where legacy is to be the application's role it goes on being used, so that time alone counts
    configure(walk.config, retire="repurpose")
    assert blocked(walk, "soaked") is None
    walk.database.execute("update flatsplit.step set finished_at = now() - interval '1 hour' where key = 'verify'")
    assert "verify done 1h ago; 3h are required" in blocked(walk, "soaked")["reason"]


def test_connected_clients_and_idle_pools_are_told_apart(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    with walk.connect("legacy") as connection:
        connection.execute("begin")
        found = blocked(walk, "drained")
        assert "idle in transaction" in found["reason"]
        assert "switch them to app_user" in found["fix"]
        connection.execute("rollback")
        monkeypatch.setattr("flatsplit.server.sessions.POOLED_AFTER", 0.0)
        found = blocked(walk, "drained")
        assert "all idle" in found["reason"]
        assert "RECONNECT" in found["fix"]
    walk.wait_until_gone("legacy")


# -- statement counters


@pytest.fixture
def counting(fresh_cluster: FreshCluster, make_database: MakeDatabase) -> tuple[Cluster, Database]:
    cluster = fresh_cluster(settings={"shared_preload_libraries": "pg_stat_statements"})
    database = make_database(cluster=cluster)
    database.execute("create extension pg_stat_statements")
    return cluster, database


def grown(walk: Walk, role: str = "legacy") -> int | None:
    """The growth that the last look found."""
    query = "select growth from flatsplit.counter where role = %s order by id desc limit 1"
    row = walk.database.admin.execute(query, [role]).fetchone()
    assert row is not None
    found: int | None = row[0]
    return found


@pytest.mark.majors("two")
def test_a_counter_that_stands_still_bridges_a_hole(
    counting: tuple[Cluster, Database], invoke_cli: InProcess, major: int
) -> None:
    _, database = counting
    walk = begun(database, invoke_cli)
    age(walk, "3h")
    if major >= 14:
        assert blocked(walk, "drained") is None
    else:  # 13 does not say when it was reset
        assert "0s of it watched" in blocked(walk, "drained")["reason"]


def test_a_short_connection_that_no_look_saw_is_noticed(
    counting: tuple[Cluster, Database], invoke_cli: InProcess
) -> None:
    _, database = counting
    walk = begun(database, invoke_cli)
    age(walk, "3h")
    look(walk, "179min", "1min")
    database.execute("select 1", "legacy")
    assert re.search(r"legacy last seen \d+s ago", blocked(walk, "drained")["reason"])
    said = walk("observe").check()
    assert "legacy ran 1 statement since the last look" in said.stdout
    assert grown(walk) == 1
    walk("observe").check()
    assert grown(walk) == 0
    assert "legacy last seen" in blocked(walk, "drained")["reason"]


@pytest.mark.slow
def test_resets_restarts_and_a_missing_extension_leave_it_honest(
    counting: tuple[Cluster, Database], invoke_cli: InProcess
) -> None:
    cluster, database = counting
    walk = begun(database, invoke_cli)
    age(walk, "3h")
    assert blocked(walk, "drained") is None
    database.execute("select pg_stat_statements_reset()")
    assert "0s of it watched" in blocked(walk, "drained")["reason"]
    walk("observe").check()
    assert grown(walk) is None
    age(walk, "3h")
    assert blocked(walk, "drained") is None  # three hours with an equal counter, though not the three before
    cluster.stop()
    cluster.start()
    assert "to now" in blocked(walk, "drained")["reason"]
    walk("observe").check()
    assert grown(walk) is None
    database.execute("drop extension pg_stat_statements")
    assert "pg_stat_statements counts nothing" in walk("observe").check().stderr
    assert blocked(walk, "drained") is not None


@pytest.mark.slow
@pytest.mark.majors("two")
def test_crashes_and_an_extension_that_comes_and_goes_hide_nothing(
    counting: tuple[Cluster, Database], invoke_cli: InProcess
) -> None:
    cluster, database = counting
    walk = begun(database, invoke_cli)
    age(walk, "3h")
    look(walk, "179min", "1min")
    assert blocked(walk, "drained") is None
    # Without the extension nothing is counted; what ran then is found when it is back
    database.execute("drop extension pg_stat_statements")
    walk("observe").check()
    database.execute("select 1", "legacy")
    assert "pg_stat_statements is not installed" in blocked(walk, "rehearsed")["reason"]
    walk("observe").check()
    assert blocked(walk, "drained") is None  # looks alone do not see a session that short
    database.execute("create extension pg_stat_statements")
    assert re.search(r"legacy last seen \d+s ago", blocked(walk, "drained")["reason"])
    walk("observe").check()
    assert grown(walk) == 1
    # A crash loses the counters: what ran since the last look is not known, and the time does not count
    age(walk, "3h")
    database.execute("select 1", "legacy")
    cluster.kill()
    cluster.start()
    assert "to now" in blocked(walk, "drained")["reason"]
    walk("observe").check()
    assert grown(walk) is None
    assert "nobody looked" in blocked(walk, "drained")["reason"]
    # A server that came back without the library
    database.execute("alter system set shared_preload_libraries = plpgsql")
    cluster.restart()
    assert "pg_stat_statements counts nothing" in walk("observe").check().stderr
    assert "the server has not loaded it" in blocked(walk, "rehearsed")["reason"]
    assert "nobody looked" in blocked(walk, "drained")["reason"]
    said = walk("rehearse").check(1)
    assert "add it to shared_preload_libraries" in said.stderr


# -- what is kept


def test_old_days_are_summed_up_and_say_the_same(walk: Walk) -> None:
    walk.database.execute(
        "delete from flatsplit.observation; update flatsplit.step set started_at = now() - interval '10 days' "
        "where key = 'switch-connections'"
    )
    look(walk, "9 days", "0 days")
    walk.database.execute(
        "insert into flatsplit.observation (at, source, role, database, client, application, state, sessions) "
        "select at, 'activity', 'app_user', 'x', '', 'web', 'idle', 3 from generate_series("
        "now() - interval '9 days', now(), interval '5min') as at"
    )
    walk("observe").check()
    row = walk.database.admin.execute(
        "select count(*), sum(looks), max(hole), max(sessions) from flatsplit.observation where until is not null"
    ).fetchone()
    assert row is not None
    count, looks, hole, sessions = row
    assert count in (12, 13, 14)
    assert looks > 2800
    assert hole == CRON
    assert sessions == 3
    assert blocked(walk, "drained") is None
    walk("observe").check()


# -- watch


def test_watch_prints_who_is_there_legacy_first(walk: Walk) -> None:
    with walk.connect("app_user"), walk.connect("legacy"):
        said = walk("watch", "--count", "2", "--interval", "10ms").check().stdout
        assert said.count("1 of 2 sessions is still legacy's") == 2
        assert said.index("\nlegacy ") < said.index("\napp_user ")
        assert [one["role"] for one in walk("watch", "--json", "--count", "1").check().json] == ["app_user", "legacy"]
    walk.wait_until_gone("legacy", "app_user")
    assert "Nobody is connected as legacy." in walk("watch", "--count", "1").check().stdout
    walk("watch", "--interval", "never").check(2)
    walk("watch", "--json").check(2)
