"""kill -9 in the middle of the walk trail, there and back: the same command goes on, and no migration notices."""

from __future__ import annotations

import pytest

from flatsplit.walks import trail
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support.killing import Call, killed
from tests.support.walk import Walk

NAME = "trail"
THERE = ("next", "--yes", "--walk", NAME, "--through")
BACK = ("rollback", "--yes", "--walk", NAME, "--through")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_killed_at_random_moments(database: Database, run_cli: Process, invoke_cli: InProcess) -> None:
    database.execute("create table payments (id int); alter table payments owner to legacy")
    walk = Walk(run_cli, database, aside=invoke_cli).init()

    def migrates() -> None:
        with database.connect(database.legacy, autocommit=False) as conn:
            conn.execute("create table made (id int)")
            conn.rollback()

    calls = (
        Call(("begin", NAME, "--yes"), trail.LOG_DDL, "pending"),
        Call((*THERE, trail.LOG_DDL), trail.LOG_DDL, "done", migrates),
        Call((*THERE, trail.RECORD_DDL), trail.RECORD_DDL, "done", migrates),
        Call((*BACK, trail.RECORD_DDL), trail.RECORD_DDL, "rolled_back", migrates),
        Call((*BACK, trail.LOG_DDL), trail.LOG_DDL, None, migrates),
    )
    killed(walk, run_cli, NAME, calls, seed=20261128, kills=12)
