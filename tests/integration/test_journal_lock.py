"""One operator at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from flatsplit.connection import LOCK_KEYS, open_session, operator_lock
from flatsplit.errors import Exit, OperatorBusy
from tests.fixtures.databases import ROOT, Database, MakeDatabase

HOLD = """
import sys, time
from flatsplit.connection import open_session, operator_lock
with open_session(sys.argv[1]) as session, operator_lock(session):
    print("held", flush=True)
    session.driver.execute("SELECT pg_sleep(1.5)")
    time.sleep(100)
"""


def test_the_second_operator_is_told_who_the_first_one_is(database: Database) -> None:
    database.execute("CREATE ROLE anna LOGIN SUPERUSER")
    with open_session(database.conninfo("anna")) as first, open_session(database.dsn) as second, operator_lock(first):
        began = time.monotonic()
        with pytest.raises(OperatorBusy) as busy, operator_lock(second, wait_seconds=0.3):
            pass
        assert 0.3 <= time.monotonic() - began < 8  # and not the ten seconds of a patient one
        pid = first.driver.info.backend_pid
    assert "flatsplit of anna from this machine, connected since 20" in busy.value.what
    assert f"(server process {pid})" in busy.value.what
    assert busy.value.fix == f"wait until it is done; if it is dead: SELECT pg_terminate_backend({pid})"
    assert busy.value.exit_code is Exit.WAITING


def test_an_operator_without_superuser_rights_is_told_as_much_as_the_server_tells(database: Database) -> None:
    database.execute("CREATE ROLE ben LOGIN")
    with open_session(database.dsn) as first, open_session(database.conninfo("ben")) as second, operator_lock(first):
        with pytest.raises(OperatorBusy) as busy, operator_lock(second, wait_seconds=0):
            pass
        pid = first.driver.info.backend_pid
    assert f"of postgres (server process {pid})" in busy.value.what


def test_it_is_free_again_afterwards(database: Database) -> None:
    with open_session(database.dsn) as first, open_session(database.dsn) as second:
        for _ in range(2):
            with operator_lock(first):
                pass
            with operator_lock(second, wait_seconds=0):
                pass

        def fail() -> None:
            with operator_lock(first):
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        with operator_lock(second, wait_seconds=0):
            pass


def test_it_outlives_transactions(database: Database) -> None:
    with open_session(database.dsn) as first, open_session(database.dsn) as second, operator_lock(first):
        with first.transaction():
            first.driver.execute("SELECT 1")
        with pytest.raises(OperatorBusy), operator_lock(second, wait_seconds=0):
            pass


def test_it_is_waited_for(database: Database) -> None:
    with open_session(database.dsn) as first, open_session(database.dsn) as second:
        held = operator_lock(first)
        held.__enter__()
        timer = threading.Timer(0.5, held.__exit__, (None, None, None))
        timer.start()
        with operator_lock(second, wait_seconds=10):
            pass
        timer.join()


def test_it_is_of_one_database(make_database: MakeDatabase) -> None:
    one, other = make_database(), make_database()
    with (
        open_session(one.dsn) as first,
        open_session(other.dsn) as second,
        operator_lock(first),
        operator_lock(second, wait_seconds=0),
    ):
        pass


def test_it_does_not_meet_the_locks_of_migration_tools(database: Database) -> None:
    with open_session(database.dsn) as first:
        # the bigint of the same 64 bits is another lock
        database.admin.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEYS[0] << 32 | LOCK_KEYS[1],))
        with operator_lock(first, wait_seconds=0):
            pass


@pytest.mark.majors("two")
def test_a_killed_operator_does_not_keep_it(database: Database) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, database.dsn], stdout=subprocess.PIPE, env=environment, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        time.sleep(0.1)
        holder.send_signal(signal.SIGKILL)  # in the middle of a statement, which the server first finishes
        with open_session(database.dsn) as mine, operator_lock(mine):
            pass


def test_a_lost_connection_is_no_error_at_the_end(database: Database) -> None:
    with open_session(database.dsn) as first, operator_lock(first):
        database.admin.execute("SELECT pg_terminate_backend(%s)", (first.driver.info.backend_pid,))
    with open_session(database.dsn) as second, operator_lock(second):
        pass
