"""kill -9 of flatsplit at random moments: calling the same command again is all that it takes.

An undisturbed walk on the same database comes first; it gives the snapshots to compare with, and tells how many marks
each command leaves in the journal, so that the blows fall while it works: after the first mark, or the fifth, however
long the machine takes for it.
"""

import random
import signal
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support import journal
from tests.support.snapshot import Snapshot
from tests.support.walk import Walk, assert_same
from tests.support.world import trap_world


class Attempts:
    """Takes steps forward and back, with or without being killed while at it."""

    def __init__(self, walk: Walk, run: Process, seed: int) -> None:
        self.walk = walk
        self.run = run
        self.random = random.Random(seed)
        self.lasts: dict[tuple[str, bool], float] = {}
        """Seconds that the step took when nobody disturbed it."""
        self.leaves: dict[tuple[str, bool], int] = {}
        """Marks in the journal that it left then."""
        self.killed = 0

    def command(self, key: str, *, forward: bool) -> list[str]:
        """What takes this step, or takes it back, by name: so that doing it twice does nothing more."""
        passwords = ("--password-file", str(self.walk.password_file))
        return ["next", "--yes", *passwords, "--through", key] if forward else ["rollback", "--yes", "--through", key]

    def sessions(self, key: str, *, forward: bool) -> AbstractContextManager[None]:
        return self.walk.switched() if forward and key == "switch-connections" else nullcontext()

    def undisturbed(self, key: str, *, forward: bool) -> None:
        began, marks = time.monotonic(), journal.marks(self.walk.database.admin)
        with self.sessions(key, forward=forward):
            self.run(*self.command(key, forward=forward), dsn=self.walk.database).check()
        # As long back as forward, unless told otherwise
        self.lasts[key, forward] = self.lasts[key, False] = time.monotonic() - began
        self.leaves[key, forward] = self.leaves[key, False] = journal.marks(self.walk.database.admin) - marks

    def disturbed(self, key: str, blows: int, *, forward: bool) -> None:
        """Attempt the step and kill the attempt, so many times; then let it finish."""
        with self.sessions(key, forward=forward):
            for _ in range(blows):
                if self.done(key, forward=forward):
                    return
                marks = journal.marks(self.walk.database.admin) + self.random.randrange(self.leaves[key, forward])
                process = self.run.spawn(*self.command(key, forward=forward), dsn=self.walk.database)
                while process.poll() is None:
                    if journal.at_work(self.walk.database.admin) and journal.marks(self.walk.database.admin) >= marks:
                        time.sleep(self.random.uniform(0, 0.03))  # somewhere in the next transaction
                        process.kill()
                        self.killed += process.wait() == -signal.SIGKILL
                    time.sleep(0.002)
                process.communicate()
            if not self.done(key, forward=forward):
                self.walk.quick(*self.command(key, forward=forward)).check()

    def done(self, key: str, *, forward: bool) -> bool:
        # Without a process of its own for each look: there are hundreds
        state = journal.states(self.walk.database.admin)[key]
        return state in ({"done"} if forward else {"rolled_back", "pending"})


def killed_all_the_way(
    walk: Walk, run: Process, *, seed: int, blows: int, kills: int, keys: Sequence[str] = STEP_KEYS
) -> None:
    """There and back, each step killed up to ``blows`` times, again and again until so many attempts were killed."""
    attempts = Attempts(walk, run, seed)
    before = walk.snapshot()
    expected: dict[str, Snapshot] = {}
    for key in keys:
        attempts.undisturbed(key, forward=True)
        expected[key] = walk.snapshot()
    moved = journal.moved(walk.database.admin)
    walk.quick("rollback", "--yes", "--all").check()

    rounds = 0
    while attempts.killed < kills:
        rounds += 1
        assert rounds <= 4 + kills // 10, f"{attempts.killed} of {kills}: hardly any attempt is killed"
        for key in keys:
            attempts.disturbed(key, blows, forward=True)
            assert attempts.done(key, forward=True)
            assert_same(expected[key], walk.snapshot(), f"{key}, killed and taken up again")
            assert not journal.problems(walk.database.admin)
        assert journal.moved(walk.database.admin) == moved, "the journal has lost, or made up, a change of owner"
        walk.quick("history", "--json").check()
        if keys == STEP_KEYS:
            walk.quick("verify").check()
        for place, key in reversed(list(enumerate(keys))):
            attempts.disturbed(key, blows, forward=False)
            wanted = expected[keys[place - 1]] if place else before
            assert_same(wanted, walk.snapshot(), f"rollback of {key}, killed and taken up again")
            assert not journal.problems(walk.database.admin)
        assert not journal.moved(walk.database.admin)


def test_killed_a_few_times(database: Database, run_cli: Process, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy)

    walk = Walk(run_cli, database, aside=invoke_cli).init()
    killed_all_the_way(walk, run_cli, seed=20240229, blows=1, kills=2, keys=STEP_KEYS[:4])


@pytest.mark.slow
def test_killed_many_times(database: Database, run_cli: Process, invoke_cli: InProcess, kills: int) -> None:
    trap_world(database.admin, database.legacy)

    killed_all_the_way(Walk(run_cli, database, aside=invoke_cli).init(), run_cli, seed=20240301, blows=4, kills=kills)


@pytest.mark.slow
def test_a_second_operator_is_refused_with_the_name_of_the_first(
    database: Database, run_cli: Process, invoke_cli: InProcess
) -> None:
    """The first waits for a lock that somebody holds; the second hears who the first is."""
    trap_world(database.admin, database.legacy)
    walk = Walk(run_cli, database, aside=invoke_cli).init()
    walk.forward("default-privileges")
    with database.connect(autocommit=False) as reporting:
        reporting.execute("select from shop.orders")
        first = run_cli.spawn("next", "--yes", dsn=database)
        while not database.admin.execute("select from pg_locks where locktype = 'advisory' and granted").rowcount:
            assert first.poll() is None
            time.sleep(0.02)

        second = run_cli("next", "--yes", dsn=database)

        assert second.exit_code == 3
        assert first.poll() is None
        assert database.operator in second.stderr
        reporting.rollback()
    assert first.wait(60) == 0
    assert walk.states()["transfer-ownership"] == "done"
