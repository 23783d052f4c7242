"""A subscription stops with its logins: planted, seen, cured; and a walk during which it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from flatsplit.config import RoleNames
from flatsplit.demo.server import Cluster
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.hazards import SHOP, doctor, look
from tests.support.patience import until
from tests.support.walk import Walk, assert_same


@pytest.mark.majors("two")
def test_a_subscription(strict: Cluster, make_database: MakeDatabase, major: int) -> None:
    """Both sides are on one server, as different databases."""
    publisher = make_database(cluster=strict, legacy="feeder")
    publisher.execute("alter role feeder replication; create table t (a int); grant select on t to feeder")
    publisher.execute("create publication news for table t; create role replicating login replication password 'r'")
    publisher.execute("select pg_create_logical_replication_slot('feed', 'pgoutput'); grant select on t to replicating")
    database = make_database(cluster=strict, legacy="feeder")
    database.execute("create table t (a int); create role feeder_migrator")
    assert doctor(database, "subscriptions") is None
    link = f"host={strict.folder} port={strict.port} dbname={publisher.name}"
    by_legacy = f"{link} user=feeder password={publisher.passwords['feeder']}"
    database.execute(
        f"create subscription news connection '{by_legacy}' publication news "
        "with (create_slot = false, slot_name = feed, copy_data = false)"
    )
    database.execute("alter role feeder superuser; alter subscription news owner to feeder")
    database.execute(f"alter role feeder nosuperuser; grant create on database {database.name} to feeder_migrator")
    found = doctor(database, "subscriptions")
    assert found
    assert (found.severity, found.objects) == ("warning", ("news of feeder",))

    def arrived(row: int) -> bool:
        return database.admin.execute("select from t where a = %s", [row]).rowcount == 1

    def logged(text: str) -> Callable[[], bool]:
        written = strict.server_log.stat().st_size
        return lambda: text in strict.server_log.read_bytes()[written:].decode(errors="replace")

    database.execute("alter subscription news owner to postgres")
    publisher.execute("insert into t values (1)")
    until(lambda: arrived(1))
    # The publisher locks its legacy role
    refused = logged('role "feeder" is not permitted to log in')
    publisher.execute("alter role feeder nologin")
    publisher.execute("select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = 'feed'")
    publisher.execute("insert into t values (2)")
    until(refused)
    assert not arrived(2)
    database.execute(f"alter subscription news connection '{link} user=replicating password=r'")
    until(lambda: arrived(2))
    # The new owner may not log in, and then it has no password and is no superuser
    refused = logged('role "feeder_migrator" is not permitted to log in')
    database.execute("alter role feeder_migrator superuser; alter subscription news owner to feeder_migrator")
    database.execute("select pg_terminate_backend(pid) from pg_stat_subscription")  # before 14 it goes on till then
    publisher.execute("insert into t values (3)")
    until(refused)
    assert not arrived(3)
    database.execute("alter role feeder_migrator login")
    until(lambda: arrived(3))
    if major < 16:
        database.execute("alter role feeder_migrator nosuperuser; alter subscription news owner to postgres")
        with pytest.raises(
            psycopg.errors.InsufficientPrivilege, match="The owner of a subscription must be a superuser"
        ):
            database.execute("alter subscription news owner to feeder_migrator")
    else:
        refused = logged("password is required")
        database.execute(f"alter subscription news connection '{link} user=replicating passfile=/nonexistent'")
        database.execute("alter role feeder_migrator nosuperuser; grant insert, select on t to feeder_migrator")
        until(refused)
        publisher.execute("insert into t values (4)")
        assert not arrived(4)
        database.execute(f"alter subscription news connection '{link} user=replicating password=r'")
        database.execute("alter table t owner to feeder_migrator")
        until(lambda: arrived(4))
    stop(database, "news")
    assert doctor(database, "subscriptions") is None
    until(lambda: publisher.admin.execute("select from pg_replication_slots where active").rowcount == 0)
    publisher.execute("select pg_drop_replication_slot('feed')")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_it_goes_on_during_the_walk(
    strict: Cluster, make_database: MakeDatabase, invoke_cli: InProcess, major: int
) -> None:
    """Its worker runs as the owner, so every owner on the way has to be one that may log in."""
    publisher = make_database(cluster=strict, legacy="sender")
    publisher.execute("create table t (a int); create publication steady for table t; alter role sender replication")
    publisher.execute("grant select on t to sender")
    publisher.execute("select pg_create_logical_replication_slot('steady', 'pgoutput')")
    database = make_database(cluster=strict, legacy="taker", legacy_options="" if major >= 16 else "superuser")
    database.execute("create table t (a int); alter table t owner to taker; alter role taker superuser")
    database.execute(
        f"create subscription steady connection 'host={strict.folder} port={strict.port} dbname={publisher.name} "
        f"user=sender password={publisher.passwords['sender']}' publication steady "
        "with (create_slot = false, slot_name = steady, copy_data = false); "
        "alter subscription steady owner to taker"
    )
    if major >= 16:
        database.execute(f"alter role taker nosuperuser; grant create on database {database.name} to taker")
    sent = 0

    def goes_on(when: str) -> None:
        nonlocal sent
        sent += 1
        database.execute("select pg_terminate_backend(pid) from pg_stat_subscription where pid is not null")
        publisher.execute(f"insert into t values ({sent})")
        until(lambda: database.admin.execute("select from t where a = %s", [sent]).rowcount == 1, when)

    goes_on("before")
    written = strict.server_log.stat().st_size
    walk = Walk(invoke_cli, database)
    untouched = walk.snapshot()
    walk.init()
    for key in walk.steps("revoke-legacy"):
        goes_on(key)
    owner = "select subowner::regrole::text from pg_subscription where subname = 'steady'"
    assert database.admin.execute(owner).fetchone() == ("dba",)
    walk.rollback("--through", "enable-login")
    goes_on("back before enable-login")
    walk.rollback("--all")
    goes_on("back")
    assert_same(untouched, walk.snapshot(), "rolled back")
    assert "is not permitted to log in" not in strict.server_log.read_bytes()[written:].decode(errors="replace")
    stop(database, "steady")
    until(lambda: publisher.admin.execute("select from pg_replication_slots where active").rowcount == 0)
    publisher.execute("select pg_drop_replication_slot('steady')")


@pytest.mark.majors("two")
def test_nobody_to_take_it(database: Database, major: int) -> None:
    """Before 16 its owner has to be a superuser, and a worker that starts as one has to be able to log in."""
    database.execute(
        "create subscription quiet connection 'dbname=nowhere' publication p "
        "with (connect = false, slot_name = none, enabled = false); alter role legacy superuser; "
        "alter subscription quiet owner to legacy; create role app_migrator; create role dba superuser"
    )
    assert "superuser-objects" not in look(database.admin, SHOP)
    locked = replace(SHOP, roles=RoleNames(dba_login=False))
    found = look(database.admin, locked)
    assert ("superuser-objects" in found) == (major < 16)
    if major < 16:
        assert found["superuser-objects"].objects == ("subscription quiet",)
    database.execute("alter subscription quiet owner to postgres")
    assert "superuser-objects" not in look(database.admin, locked)


def stop(database: Database, name: str) -> None:
    """Drop a subscription, and leave its slot."""
    database.execute(f"alter subscription {name} disable; alter subscription {name} set (slot_name = none)")
    database.execute(f"drop subscription {name}")
