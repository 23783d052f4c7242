"""kill -9 in the middle of a group's walk, there and back: the same command goes on, on every major."""

from __future__ import annotations

import pytest

from flatsplit.walks import group
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support.grouping import declare
from tests.support.killing import Call, killed
from tests.support.walk import Walk

NAME = "group:app_user"
THERE = ("next", "--yes", "--walk", NAME, "--through")
BACK = ("rollback", "--yes", "--walk", NAME, "--through")


def there_and_back(walk: Walk, run: Process, *, seed: int, kills: int) -> None:
    """As far as every statement has its way back: the password that is forgotten at the end has none."""
    passwords = ("--password-file", str(walk.password_file))
    moved = ("--waive", "seen", "--reason", "nobody moves in a test of kills")
    calls = (
        Call(("begin", "group", "app_user", "--yes"), group.CREATE_LOGINS, "pending"),
        Call((*THERE, group.CREATE_LOGINS), group.CREATE_LOGINS, "done"),
        Call((*THERE, group.OPEN_LOGINS, *passwords), group.OPEN_LOGINS, "done"),
        Call((*THERE, group.SWITCH_CONNECTIONS, *moved), group.SWITCH_CONNECTIONS, "done"),
        Call((*THERE, group.CLOSE_GROUP), group.CLOSE_GROUP, "done"),
        Call((*BACK, group.CLOSE_GROUP), group.CLOSE_GROUP, "rolled_back"),
        Call((*BACK, group.OPEN_LOGINS), group.OPEN_LOGINS, "rolled_back"),
        Call((*BACK, group.CREATE_LOGINS), group.CREATE_LOGINS, None),
    )
    killed(walk, run, "group", calls, seed=seed, kills=kills)


def prepared(database: Database, run: Process, aside: InProcess) -> Walk:
    database.execute("create table thing (id int primary key)", database.legacy)
    database.execute(f"alter role {database.legacy} set work_mem = '7MB'")
    walk = Walk(run, database, aside=aside).init()
    walk.forward()
    declare(walk, "app_user", ['Web %s "a"', "web\nb"])
    return walk


@pytest.mark.slow
@pytest.mark.majors("all")
def test_killed_many_times(database: Database, run_cli: Process, invoke_cli: InProcess, kills: int) -> None:
    there_and_back(prepared(database, run_cli, invoke_cli), run_cli, seed=20240306, kills=kills)
