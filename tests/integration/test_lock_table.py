"""The server's lock table is everybody's: where others fill it, flatsplit waits for room as it waits for a lock."""

from __future__ import annotations

import itertools
import time
from contextlib import suppress

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.each_wait import at_each_wait
from tests.support.walk import Walk

SMALL = {"max_locks_per_transaction": "10", "max_connections": "12", "max_prepared_transactions": "0"}


class Crowd:
    """A session that holds all the locks there are."""

    def __init__(self, database: Database) -> None:
        self.session = database.connect()

    def fill(self) -> None:
        self.session.execute("begin; select 'of the crowd'")
        with suppress(psycopg.errors.OutOfMemory):
            for number in itertools.count():
                self.session.execute(f"savepoint one; select pg_advisory_xact_lock({number})")
        self.session.execute("rollback to savepoint one")

    def leave(self) -> None:
        self.session.execute("rollback")


@pytest.mark.majors("two")
def test_where_others_fill_the_lock_table(
    fresh_cluster: FreshCluster, make_database: MakeDatabase, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make_database(cluster=fresh_cluster(settings=SMALL))
    database.execute("grant create on schema public to legacy")
    database.execute("create table t (id int); create table free (id int)", "legacy")
    walk = Walk(invoke_cli, database).init(retry_for="10m")
    walk.forward("default-privileges")
    reader, crowd = database.connect("legacy"), Crowd(database)

    def until_patience_ends(number: int) -> None:
        if number == 1:
            crowd.fill()
            reader.execute("rollback")
        elif number == 2:
            now = time.monotonic
            patched.setattr(time, "monotonic", lambda: now() + 3600)

    reader.execute("begin; select from t")
    with monkeypatch.context() as patched:
        at_each_wait(patched, until_patience_ends)
        said = walk.next(exit_code=3).stderr
    first, second = said.splitlines()[-2:]
    assert "no room for a lock for " in first
    assert "table public.t: owner legacy" in first
    assert "out of shared memory" in first
    assert "max_locks_per_transaction" in second
    assert "run the same command again" in second

    told = walk("status").check(1)
    assert "out of shared memory" in told.stderr
    assert "max_locks_per_transaction" in told.stderr
    crowd.leave()

    def until_there_is_room(number: int) -> None:
        if number == 1:
            crowd.fill()
            reader.execute("rollback")
        elif number == 3:
            crowd.leave()

    reader.execute("begin; select from t")
    with monkeypatch.context() as patched:
        at_each_wait(patched, until_there_is_room)
        walk.next()
    assert walk.states()["transfer-ownership"] == "done"
    walk.rollback("--all")
