"""A prepared transaction holds its locks without any session: who waits for one has to be told its name."""

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, configure


@pytest.mark.majors("two")
def test_a_prepared_transaction_is_named(database: Database, invoke_cli: InProcess) -> None:
    database.execute("CREATE TABLE t (id int); CREATE TABLE free (id int)", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward("default-privileges")
    with psycopg.connect(database.dsn) as conn:
        conn.execute("LOCK TABLE t IN ACCESS SHARE MODE")
        conn.execute("PREPARE TRANSACTION 'left behind'")
        conn.rollback()
    configure(walk.config, retry_for="1s")
    said = walk.next(exit_code=3)
    first, second = said.stderr.splitlines()[-2:]
    assert "table public.t" in first
    assert "held by the prepared transaction 'left behind' of postgres, for " in first
    assert "ROLLBACK PREPARED" in second
    told = [line for line in said.stderr.splitlines() if "waiting for a lock" in line]
    assert len(told) == 1, "the same is told again and again"
    database.execute("ROLLBACK PREPARED 'left behind'")
    walk.next()
    assert walk.states()["transfer-ownership"] == "done"
