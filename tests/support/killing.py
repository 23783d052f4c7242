"""Kills commands of a walk with SIGKILL at random moments, and checks that the same command then completes."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.fixtures.cli import Process
from tests.support import journal
from tests.support.walk import Walk, assert_same


class Call(NamedTuple):
    """A command, and the step and its state by which it is known to be complete; state None: the walk has ended."""

    arguments: tuple[str, ...]
    step: str
    state: str | None
    after: Callable[[], object] | None = None
    """What people do once the command is complete."""
    more: Callable[[], bool] | None = None
    """A further condition for being complete, for a command that makes special roles with the step."""


def killed(walk: Walk, run: Process, kind: str, calls: Sequence[Call], *, seed: int, kills: int) -> None:
    """Run these commands again and again until ``kills`` of them were killed.

    After each command the database has to be as it was when the same command ran undisturbed.
    """
    database, chance, hit = walk.database, random.Random(seed), 0

    def through(call: Call) -> bool:
        there = journal.states(database.admin, kind).get(call.step) == call.state
        return there and (call.more is None or call.more())

    expected, marks = [], []
    for call in calls:
        before = journal.marks(database.admin)
        walk.quick(*call.arguments).check()
        if call.after:
            call.after()
        assert through(call)
        expected.append(walk.snapshot())
        marks.append(journal.marks(database.admin) - before)

    rounds = 0
    while hit < kills:
        rounds += 1
        assert rounds <= 4 + kills, f"{hit} of {kills}: hardly any attempt is killed"
        for call, wanted, leaves in zip(calls, expected, marks, strict=True):
            upto = journal.marks(database.admin) + chance.randrange(leaves + 1)
            process = run.spawn(*call.arguments, dsn=database)
            while process.poll() is None:
                if journal.at_work(database.admin) and journal.marks(database.admin) >= upto:
                    time.sleep(chance.uniform(0, 0.02))
                    process.kill()
                    hit += process.wait() == -signal.SIGKILL
                time.sleep(0.002)
            process.communicate()
            if not through(call):
                walk.quick(*call.arguments).check()
            if call.after:
                call.after()
            assert_same(wanted, walk.snapshot(), f"{' '.join(call.arguments)}, killed and called again")
            assert not journal.problems(database.admin)
    walk.quick("verify").check()
