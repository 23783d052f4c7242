"""kill -9 in the middle of somebody's leave, there and back, and at last there: the same command goes on."""

from __future__ import annotations

import pytest

from flatsplit.walks import leave
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.integration.test_leave import ALICE, hers, join, named, prepared
from tests.support.killing import Call, killed
from tests.support.walk import Walk

NAME = f"leave:{ALICE}"
THERE = ("next", "--yes", "--walk", NAME, "--through")
BACK = ("rollback", "--yes", "--walk", NAME, "--through")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_killed_a_few_times(database: Database, run_cli: Process, invoke_cli: InProcess) -> None:
    walk = prepared(Walk(run_cli, database, aside=invoke_cli))
    named(walk, alice=["app_readonly", "dba"], carol=[])
    join(walk)
    hers(database)
    named(walk, alice=["app_readonly", "dba"], carol=["app_readonly"])  # whom she has let in, and that is meant
    calls = (
        Call(("begin", "leave", ALICE, "--yes"), leave.LOCK, "pending"),
        Call((*THERE, leave.LOCK), leave.LOCK, "done"),
        Call((*THERE, leave.HAND_OVER), leave.HAND_OVER, "done"),
        Call((*BACK, leave.HAND_OVER), leave.HAND_OVER, "rolled_back"),
        Call((*BACK, leave.LOCK), leave.LOCK, None),
    )
    killed(walk, run_cli, "leave", calls, seed=20261128, kills=6)
