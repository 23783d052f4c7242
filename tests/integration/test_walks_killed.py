"""kill -9 in the middle of another kind of walk, beside a split that is under way: the same command goes on."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support import deputy
from tests.support.killing import Call, killed
from tests.support.walk import Walk

FLAT = """
create role reporting login;
create table thing (id int primary key); grant select on thing to reporting; alter table thing owner to legacy;
"""
NAME = "deputy:reporting"


def there_and_back(walk: Walk, run: Process, *, seed: int, kills: int) -> None:
    """Beside a split that stays where it is."""

    def invite() -> None:
        walk.database.execute("alter role reporting_deputy connection limit 5")

    there, back = ("next", "--yes", "--walk", NAME, "--through"), ("rollback", "--yes", "--walk", NAME, "--through")
    calls = (
        Call(("begin", "deputy", "reporting", "--yes"), deputy.MAKE, "pending"),
        Call((*there, deputy.MAKE), deputy.MAKE, "done", invite),
        Call((*there, deputy.HUSH), deputy.HUSH, "done"),
        Call((*back, deputy.HUSH), deputy.HUSH, "rolled_back"),
        Call((*back, deputy.MAKE), deputy.MAKE, None),
    )
    killed(walk, run, "deputy", calls, seed=seed, kills=kills)
    assert walk.states()["grant-existing"] == "done"


def prepared(database: Database, run: Process, aside: InProcess) -> Walk:
    database.execute(FLAT)
    run.module = deputy.__name__
    walk = Walk(run, database, aside=aside).init()
    walk.forward("grant-existing")
    return walk


@pytest.mark.slow
def test_killed_many_times(database: Database, run_cli: Process, invoke_cli: InProcess, kills: int) -> None:
    with deputy.known():
        there_and_back(prepared(database, run_cli, invoke_cli), run_cli, seed=20240304, kills=kills)
