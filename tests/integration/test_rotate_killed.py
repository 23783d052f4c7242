"""kill -9 in the middle of a rotation, there and back: the same command goes on, with the same password."""

from __future__ import annotations

import pytest

from flatsplit.walks import rotate
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support.killing import Call, killed
from tests.support.rotating import twins
from tests.support.walk import Walk

NAME = "rotate:app_user"
THERE = ("next", "--yes", "--walk", NAME, "--through")
LOGINS = ('Web %s "a"', "web\nb")


def there_and_back(walk: Walk, run: Process, *, seed: int, kills: int) -> None:
    """As far as every statement has its way back: the password that is forgotten at the end has none."""
    passwords = ("--password-file", str(walk.password_file))
    moved = (*passwords, "--waive", "seen", "--reason", "nobody moves in a test of kills")
    back = ("rollback", "--yes", "--walk", NAME, "--through")
    calls = (
        Call(("begin", "rotate", "app_user", "--yes"), rotate.PREPARE, "pending"),
        Call((*THERE, rotate.PREPARE), rotate.PREPARE, "done"),
        Call((*THERE, rotate.OPEN, *passwords), rotate.OPEN, "done"),
        Call((*THERE, rotate.SWITCH_CONNECTIONS, *moved), rotate.SWITCH_CONNECTIONS, "done"),
        Call((*THERE, rotate.CLOSE), rotate.CLOSE, "done"),
        Call((*back, rotate.CLOSE), rotate.CLOSE, "rolled_back"),
        Call((*back, rotate.OPEN), rotate.OPEN, "rolled_back"),
        Call((*back, rotate.PREPARE), rotate.PREPARE, None),
    )
    killed(walk, run, rotate.NAME, calls, seed=seed, kills=kills)


@pytest.mark.slow
@pytest.mark.majors("all")
def test_killed_many_times(database: Database, run_cli: Process, invoke_cli: InProcess, kills: int) -> None:
    there_and_back(twins(Walk(run_cli, database, aside=invoke_cli), LOGINS), run_cli, seed=20240402, kills=kills)
