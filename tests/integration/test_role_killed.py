"""kill -9 in the middle of a special role's walk, there and back: the same command goes on."""

from __future__ import annotations

import pytest

from flatsplit.walks import role
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support.killing import Call, killed
from tests.support.special import NO_SECRETS, SCHEMAS, declare, flat
from tests.support.walk import Walk

NAME = "role:app_export"
THERE = ("next", "--yes", "--walk", NAME, "--through")
BACK = ("rollback", "--yes", "--walk", NAME, "--through")


def there_and_back(walk: Walk, run: Process, *, seed: int, kills: int) -> None:
    passwords = ("--password-file", str(walk.password_file))
    calls = (
        Call(("begin", "role", "app_export", "--yes", "--through", role.CREATE_ROLE), role.CREATE_ROLE, "done"),
        Call((*THERE, role.GRANT), role.GRANT, "done"),
        Call((*THERE, role.OPEN, *passwords), role.OPEN, "done"),
        Call((*BACK, role.OPEN), role.OPEN, "rolled_back"),
        Call((*BACK, role.GRANT), role.GRANT, "rolled_back"),
        Call((*BACK, role.CREATE_ROLE), role.CREATE_ROLE, None),
    )
    killed(walk, run, role.NAME, calls, seed=seed, kills=kills)


def prepared(database: Database, run: Process, aside: InProcess) -> Walk:
    flat(database)
    walk = Walk(run, database, aside=aside).init(schemas=list(SCHEMAS))
    walk.forward()
    declare(walk, "app_export", NO_SECRETS)
    return walk


@pytest.mark.slow
@pytest.mark.majors("all")
def test_killed_many_times(database: Database, run_cli: Process, invoke_cli: InProcess, kills: int) -> None:
    there_and_back(prepared(database, run_cli, invoke_cli), run_cli, seed=20240308, kills=kills)
