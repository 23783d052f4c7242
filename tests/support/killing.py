"""Kills commands of a walk with SIGKILL at random moments, and checks that the same command then completes."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.fixtures.cli import Process
from tests.fixtures.databases import Database
from tests.support import journal
from tests.support.operators import OPERATOR, OperatorsWalk
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


def struck(walk: Walk, run: Process, chance: random.Random, arguments: Sequence[str], *, within: int) -> bool:
    """Whether the command was killed: a moment after it had put a drawn number of marks, fewer than ``within``, into
    the journal. It may be over before.
    """
    admin = walk.database.admin
    upto = journal.marks(admin) + chance.randrange(within)
    dsn: str | Database = walk.database.conninfo(OPERATOR) if isinstance(walk, OperatorsWalk) else walk.database
    process = run.spawn(*arguments, dsn=dsn)
    hit = False
    while process.poll() is None:
        if journal.at_work(admin) and journal.marks(admin) >= upto:
            time.sleep(chance.uniform(0, 0.02))
            process.kill()
            hit |= process.wait() == -signal.SIGKILL
        time.sleep(0.002)
    process.communicate()
    return hit


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
            hit += struck(walk, run, chance, call.arguments, within=leaves + 1)
            if not through(call):
                walk.quick(*call.arguments).check()
            if call.after:
                call.after()
            assert_same(wanted, walk.snapshot(), f"{' '.join(call.arguments)}, killed and called again")
            assert not journal.problems(database.admin)
    walk.quick("verify").check()
