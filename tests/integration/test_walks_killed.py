"""kill -9 in the middle of another kind of walk, beside a split that is under way: the same command goes on."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support import deputy, journal
from tests.support.walk import Walk, assert_same

FLAT = """
create role reporting login;
create table thing (id int primary key); grant select on thing to reporting; alter table thing owner to legacy;
"""
NAME = "deputy:reporting"
COMMANDS: tuple[tuple[tuple[str, ...], str, str | None], ...] = (
    (("begin", "deputy", "reporting", "--yes"), deputy.MAKE, "pending"),
    (("next", "--yes", "--walk", NAME, "--through", deputy.MAKE), deputy.MAKE, "done"),
    (("next", "--yes", "--walk", NAME, "--through", deputy.HUSH), deputy.HUSH, "done"),
    (("rollback", "--yes", "--walk", NAME, "--through", deputy.HUSH), deputy.HUSH, "rolled_back"),
    (("rollback", "--yes", "--walk", NAME, "--through", deputy.MAKE), deputy.MAKE, None),
)
"""What is called, and the state of which step says that it is through; None: the walk is over."""


def reached(database: Database, step: str, state: str | None) -> bool:
    return journal.states(database.admin, "deputy").get(step) == state


def killed(walk: Walk, run: Process, *, seed: int, kills: int) -> None:
    """There and back until so many attempts were killed, each time held against a walk that nobody disturbed."""
    database, chance, hit = walk.database, random.Random(seed), 0

    def invite() -> None:
        database.execute("alter role reporting_deputy connection limit 5")

    expected, marks = [], []
    for arguments, step, state in COMMANDS:
        before = journal.marks(database.admin)
        walk.quick(*arguments).check()
        if arguments[-1] == deputy.MAKE and state == "done":
            invite()
        assert reached(database, step, state)
        expected.append(walk.snapshot())
        marks.append(journal.marks(database.admin) - before)

    rounds = 0
    while hit < kills:
        rounds += 1
        assert rounds <= 4 + kills, f"{hit} of {kills}: hardly any attempt is killed"
        for (arguments, step, state), wanted, leaves in zip(COMMANDS, expected, marks, strict=True):
            upto = journal.marks(database.admin) + chance.randrange(leaves + 1)
            process = run.spawn(*arguments, dsn=database)
            while process.poll() is None:
                if journal.at_work(database.admin) and journal.marks(database.admin) >= upto:
                    time.sleep(chance.uniform(0, 0.02))
                    process.kill()
                    hit += process.wait() == -signal.SIGKILL
                time.sleep(0.002)
            process.communicate()
            if not reached(database, step, state):
                walk.quick(*arguments).check()
            if arguments[-1] == deputy.MAKE and state == "done":
                invite()
            assert_same(wanted, walk.snapshot(), f"{' '.join(arguments)}, killed and called again")
            assert not journal.problems(database.admin)
    walk.quick("verify").check()
    assert walk.states()["grant-existing"] == "done"


def prepared(database: Database, run: Process, aside: InProcess) -> Walk:
    database.execute(FLAT)
    run.module = deputy.__name__
    walk = Walk(run, database, aside=aside).init()
    walk.forward("grant-existing")
    return walk


def test_killed_a_few_times(database: Database, run_cli: Process, invoke_cli: InProcess) -> None:
    with deputy.known():
        killed(prepared(database, run_cli, invoke_cli), run_cli, seed=20240303, kills=2)


@pytest.mark.slow
def test_killed_many_times(database: Database, run_cli: Process, invoke_cli: InProcess, kills: int) -> None:
    with deputy.known():
        killed(prepared(database, run_cli, invoke_cli), run_cli, seed=20240304, kills=kills)
