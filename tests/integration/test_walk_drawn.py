"""Whatever odd database is drawn by lot: refused before anything has changed, or walked to the end and back exactly.

Nothing stops in the middle but a gate, which says what it waits for and is waived here.
"""

from __future__ import annotations

import os
import re
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.drawn import PLAIN_SETTINGS, Drawn
from tests.support.each_wait import at_each_wait
from tests.support.old_roles import decide
from tests.support.operators import OPERATOR
from tests.support.snapshot import Snapshot
from tests.support.walk import Walk, assert_same

pytestmark = pytest.mark.usefixtures("partial_looks")

SEEDS = [int(seed) for seed in os.environ.get("FLATSPLIT_SEEDS", "103 291 324 1263 1813").split()]
"""Twenty seconds each. More of them find more: FLATSPLIT_SEEDS="1 2 3"; from 10000 on with rare things, too,
from 20000 on with any attributes of the old role as well.
"""
SWITCH = "switch-connections"
SOMEBODY_ELSE = re.compile(r"have (?:the owner or )?a superuser run: (.*)$", re.MULTILINE)
BY_OTHERS = ("operator-statements", "operator-way-back")
THERE = "select from pg_roles where rolname = %s"


class Course(Walk):
    """A walk that waives the gates that are closed, one after the other, and remembers which."""

    waived: set[str]
    told: set[str]
    """Statements that doctor said somebody else would have to run."""
    drawn: Drawn
    holder: psycopg.Connection[Any]

    def __call__(self, *arguments: str) -> Result:
        """As the operator, and while somebody holds a lock."""
        if self.drawn.busy and arguments[0] in ("next", "rollback"):
            self.holder.execute("begin; lock table f.t in access share mode")
        try:
            return self.run(*arguments, dsn=self.database.conninfo(OPERATOR if self.drawn.operator else None))
        finally:
            self.let_go()

    def let_go(self) -> None:
        """The lock is free."""
        self.holder.execute("rollback")

    def snapshot(self) -> Snapshot:
        """Before 16 a grantor may be gone, and the operator is on record in its place after the way back."""
        found = super().snapshot()
        if self.drawn.major < 16:
            gone = [fact for fact in found["member"] if fact[2].startswith("unknown")]
            named = [(role, member, self.database.operator, options) for role, member, _, options in gone]
            found["member"] = found["member"].difference(gone).union(named)
            if self.drawn.operator:  # only a superuser can give it another's name
                found["member"] = frozenset((role, member, options) for role, member, _, options in found["member"])
        return found

    def begun(self, **config: object) -> Result | None:
        """Init; what it says where it refuses."""
        try:
            self.init(**config)
        except AssertionError:
            refused = self("init", "--legacy-role", self.database.legacy, "--yes")
            assert refused.exit_code in (1, 2, 5), refused.stderr
            return refused
        return None

    def take(self, *arguments: str) -> Result:
        """``next``, with what is closed waived; an error is none of its answers once something has changed."""
        while True:
            waivers = [word for gate in sorted(self.waived) for word in ("--waive", gate)]
            said = ["--reason", "a test"] if waivers else []
            result = self("next", "--yes", "--password-file", str(self.password_file), *arguments, *waivers, *said)
            if self.helped(result):
                continue
            if result.exit_code != 3:
                return result
            closed = {one for step in self.status()["steps"] for one in step["blocked_by"]} - self.waived
            if not closed and self.drawn.retire == "drop" and "waiting for elsewhere" in result.stdout:
                if "there are temporary objects" not in result.stdout:
                    return result  # not to be waived
                self.drawn.close()
                continue
            assert closed, f"waits for nothing that can be seen: {result.stdout}{result.stderr}"
            self.waived |= closed

    def rollback(self, *arguments: str, exit_code: int = 0) -> Result:
        while self.helped(result := self("rollback", "--yes", *arguments), back=True):
            pass
        return result.check(exit_code)

    def helped(self, result: Result, *, back: bool = False) -> bool:
        """Whether it stopped at a statement that somebody else has to run, as doctor said before: now it is run."""
        if not (printed := SOMEBODY_ELSE.search(result.stderr)):
            return False
        # doctor prints the statements, and says that a rollback stops at their undo
        words = _words(printed[1])
        told = self.told if back else [one for one in self.told if words <= _words(one)]
        assert told, f"not told before: {result.stderr}"
        self.database.psql(printed[1])
        return True


def _words(statement: str) -> set[str]:
    """What tells a statement from others: one about a single object is part of one about several."""
    return {*re.sub("[,;]", " ", statement).split()}


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", SEEDS)
def test_refused_before_or_there_and_back(
    seed: int,
    major: int,
    fresh_cluster: FreshCluster,
    make_database: MakeDatabase,
    invoke_cli: InProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn, closely = Drawn.by_lot(seed, major), seed % 3 == 0
    database = drawn.make(fresh_cluster, make_database)
    print(drawn)  # a failure shows it
    walk = Course(invoke_cli, database)
    walk.drawn, walk.waived, walk.told = drawn, set(), set()
    walk.holder = database.connect(options=PLAIN_SETTINGS)
    at_each_wait(monkeypatch, lambda _: walk.let_go())
    untouched = walk.snapshot()
    try:
        if (refused := walk.begun(retire=drawn.retire, database_owner=drawn.database_owner)) is not None:
            assert_same(untouched, walk.snapshot(), f"refused, and yet something was changed: {refused.stderr}")
            assert len(refused.stderr.splitlines()) == 2, refused.stderr
            return
        decide(walk, drawn.kind)
        assert_same(untouched, walk.snapshot(), "init changed something outside its own schema")
        told = walk("doctor", "--json")
        walk.told = {one for each in told.json["findings"] if each["id"] in BY_OTHERS for one in each["objects"]}
        first = walk.take("--through", STEP_KEYS[0])
        if first.exit_code == 5:
            blockers = [one["id"] for one in told.json["findings"] if one["severity"] == "blocker"]
            assert blockers
            assert_same(untouched, walk.snapshot(), "refused, and yet something was changed")
            return
        first.check()
        taken = [walk.snapshot()]
        # A role that is dropped does not come back
        for key in STEP_KEYS[1:-1] if drawn.retire == "drop" and closely else STEP_KEYS[1:]:
            with walk.switched() if key == SWITCH else nullcontext():
                result = walk.take("--through", key)
            if result.exit_code != 3:
                result.check()
                taken += [walk.snapshot()] if closely else []
        verified = walk("verify")
        if not walk.waived - {"elsewhere"}:
            verified.check()
        if database.admin.execute(THERE, [database.legacy]).fetchone() is None:
            there = walk.snapshot()
            walk.rollback("--all", exit_code=5)
            assert_same(there, walk.snapshot(), "past the point of no return, and yet something was changed")
            return
        while closely and len(taken) > 1:
            walk.rollback()
            taken.pop()
            assert_same(taken[-1], walk.snapshot(), f"back to {STEP_KEYS[len(taken) - 1]}")
        walk.rollback("--all")
        assert_same(untouched, walk.snapshot(), "rolled back everything in one call")
    finally:
        drawn.close()
