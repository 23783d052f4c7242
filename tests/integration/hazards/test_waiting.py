"""Traps in who waits for whom: what an ALTER that waits for its lock does to the application."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from flatsplit.config import Locks
from tests.fixtures.databases import Database
from tests.support.hazards import SHOP, look
from tests.support.patience import until


@pytest.fixture
def shop(database: Database) -> Database:
    """Two tables of legacy's, and who is to own them."""
    database.execute("create table t (a int); create table u (a int); create role app_migrator")
    database.execute("alter table t owner to legacy; alter table u owner to legacy")
    return database


@contextmanager
def in_background(conn: psycopg.Connection[Any], statement: str) -> Iterator[Future[Any]]:
    """Run a statement in a thread, and let it end with the block."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(conn.execute, statement.encode())


def wait_for_lock(database: Database, *connections: psycopg.Connection[Any]) -> None:
    """Until all of these sessions wait for a lock of a table."""
    waiting = "select count(distinct pid) from pg_locks where not granted and pid = any (%s)"
    pids = [conn.info.backend_pid for conn in connections]
    until(lambda: database.admin.execute(waiting, [pids]).fetchone() == (len(pids),), "the wait for a lock")


@pytest.mark.majors("two")
@pytest.mark.parametrize(
    ("setting", "error"),
    [("lock_timeout", psycopg.errors.LockNotAvailable), ("statement_timeout", psycopg.errors.QueryCanceled)],
)
def test_an_application_that_gives_up_first(
    shop: Database, setting: str, error: type[psycopg.Error], major: int
) -> None:
    """A report reads, ALTER waits for it within its budget, and every new reader waits behind both."""
    budget = replace(SHOP, locks=Locks(lock_timeout=timedelta(milliseconds=500)))
    assert "short-timeouts" not in look(shop.admin, budget, "short-timeouts")
    shop.execute(f"alter role legacy set {setting} = '150ms'")
    assert look(shop.admin, budget)["short-timeouts"].objects == (f"{setting} = 150ms of role legacy",)
    with (
        shop.connect(autocommit=False) as report,
        shop.connect() as mover,
        shop.connect("legacy") as hasty,
    ):
        report.execute("select * from t")
        with in_background(mover, "alter table t owner to app_migrator") as moved:
            wait_for_lock(shop, mover)
            with pytest.raises(error):
                hasty.execute("select * from t")
            # The fix: a budget below half of the application's timeout, or no such timeout
            shop.execute(f"alter role legacy reset {setting}; grant app_migrator to legacy")
            assert "short-timeouts" not in look(shop.admin, budget, "short-timeouts")
            with shop.connect("legacy") as patient, in_background(patient, "select * from t") as read:
                wait_for_lock(shop, mover, patient)
                report.rollback()
                assert read.result().fetchall() == []
            moved.result()


@pytest.mark.majors("two")
@pytest.mark.parametrize(("budget", "victim"), [(10_000, "the application"), (40, "flatsplit")])
def test_who_is_ended_in_a_deadlock(shop: Database, budget: int, victim: str, major: int) -> None:
    """The mover has one table and wants the other, which the application has that wants the first."""
    config = replace(SHOP, locks=Locks(lock_timeout=timedelta(milliseconds=budget)))
    shop.execute(f"alter database {shop.name} set deadlock_timeout = '150ms'; grant app_migrator to legacy")
    with shop.connect() as judge:
        assert ("lock-budget" in look(judge, config)) == (victim == "the application")
    with shop.connect("legacy", autocommit=False) as application, shop.connect(autocommit=False) as mover:
        mover.execute(f"set lock_timeout = {budget}; alter table t owner to app_migrator".encode())
        application.execute("select * from u")
        with in_background(mover, "alter table u owner to app_migrator") as moved:
            if victim == "the application":
                wait_for_lock(shop, mover)
                until(lambda: long_enough(shop, mover), "the mover's own look for deadlocks")
                with pytest.raises(psycopg.errors.DeadlockDetected):
                    application.execute("select * from t")
                application.rollback()
                moved.result()
            else:
                with in_background(application, "select * from t") as read:
                    with pytest.raises(psycopg.errors.LockNotAvailable):
                        moved.result()
                    mover.rollback()
                    assert read.result().fetchall() == []


def long_enough(database: Database, conn: psycopg.Connection[Any]) -> bool:
    """Whether this session has waited for longer than deadlock_timeout, so that it will not look any more."""
    since = "select clock_timestamp() - query_start > '300ms' from pg_stat_activity where pid = %s"
    return database.admin.execute(since, [conn.info.backend_pid]).fetchone() == (True,)
