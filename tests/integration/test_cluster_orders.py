"""Two databases of one cluster, one legacy role: every order of going forward and back in the two.

After every command each application works with whatever it logs in as then, and when both are back nothing is left.

Thinned in two ways. A command takes a stretch of steps: those between whose ends no application logs in as somebody
else, and nothing of the cluster changes but memberships, go together, and the short walk takes the smaller ones. And
orders that lead to the same facts of the cluster and of both databases go on alike, so each such state is left once by
each command; where the way to one leads over another again, the facts must be those that it led to before, whatever
the journals and baselines say that differ by then.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support import journal
from tests.support.snapshot import Snapshot, difference, snapshot
from tests.support.walk import NEW_ROLES, Walk

OWN = ("second_user", "second_migrator", "second_readonly", "second_dba")
SMALL = ("create-roles", "default-privileges", "transfer-ownership", "verify", "lock-legacy", "revoke-legacy")
LARGE = ("transfer-ownership", "verify", "lock-legacy", "revoke-legacy")
"""The last step of each stretch that one command takes."""
COMMANDS = ((0, ">"), (0, "<"), (1, ">"), (1, "<"))
GATES = [word for gate in ("rehearsed", "seen", "drained", "soaked") for word in ("--waive", gate)]


@dataclass
class Pair:
    """Both walks, with the way from state to state."""

    walks: tuple[Walk, Walk]
    start: Snapshot
    stretches: tuple[str, ...] = SMALL
    ways: dict[Any, dict[tuple[int, str], Any]] = field(default_factory=dict)
    commands: int = 0
    past: list[str] = field(default_factory=list)
    facts: dict[Any, frozenset[Any]] = field(default_factory=dict)

    @property
    def switched(self) -> int:
        """How many stretches are done where the application logs in as app_user."""
        return self.stretches.index("verify") + 1

    def phase(self, which: int) -> int:
        """How many stretches are done."""
        states = journal.states(self.walks[which].database.admin)
        return sum(states[key] == "done" for key in self.stretches)

    def state(self) -> Any:
        """How far both are, and all that can be seen of it in either database."""
        found = frozenset(
            (number, what, *fact)
            for number, walk in enumerate(self.walks)
            for what, facts in snapshot(walk.database.admin).items()
            for fact in facts
        )
        state = self.phase(0), self.phase(1), hash(found)
        self.facts[state] = found
        return state

    def run(self, command: tuple[int, str]) -> str:
        """One command; where it stands then, and every promise held."""
        which, direction = command
        walk = self.walks[which]
        before = self.phase(which)
        self.commands += 1
        self.past.append(f"{'AB'[which]}{direction}")
        tried = " ".join(self.past)
        if direction == ">":
            both = min(self.phase(0), self.phase(1)) >= self.switched
            waived = [*GATES, *(["--waive", "elsewhere"] if both else []), "--reason", "a test"]
            passwords = ("--password-file", str(walk.password_file))
            said = walk("next", "--yes", *passwords, "--through", self.stretches[before], *waived)
            allowed = {0} if both or before < self.switched else {0, 3}
            assert said.exit_code in allowed, f"{tried}: {said.stdout}{said.stderr}"
        else:
            first = STEP_KEYS.index(self.stretches[before - 2]) + 1 if before > 1 else 0
            said = walk("rollback", "--yes", "--through", STEP_KEYS[first])
            assert said.exit_code in (0, 5), f"{tried}: {said.stdout}{said.stderr}"
            if said.exit_code == 5:  # legacy was locked for both, and its application would have nowhere to go
                assert "take lock-legacy back there first" in said.stderr, f"{tried}: {said.stderr}"
        where = f"{tried} → {self.phase(0)}, {self.phase(1)}"
        self.check(where)
        return where

    def check(self, where: str) -> None:
        phases = self.phase(0), self.phase(1)
        for walk, phase in zip(self.walks, phases, strict=True):
            if phase < self.switched:
                self.works(walk.database, "legacy", owner=True, where=where)
            else:
                self.works(walk.database, walk.app_user, owner=False, where=where)
                self.works(walk.database, walk.app_migrator, owner=True, where=where)
        if not any(phases):
            left = difference(self.start, snapshot(self.walks[0].database.admin))
            assert not left, f"{where}: " + "\n".join(left)

    def works(self, database: Database, role: str, *, owner: bool, where: str) -> None:
        try:
            with psycopg.connect(database.conninfo(role), autocommit=True) as connection:
                connection.execute("insert into public.t default values")
                connection.execute("delete from public.t")
                if owner:
                    connection.execute("alter table public.t set (fillfactor = 90)")
                    connection.execute("alter table public.t reset (fillfactor)")
        except psycopg.Error as error:
            raise AssertionError(f"{where}: {role} in {database.name}: {error}") from None

    def explore(self, longest: int, most: int = 10_000) -> set[Any]:
        """Leave every state that fewer commands lead to by each command, or as many as ``most`` do; the states seen.

        Where it began is found again by going back to the same phases; what is there then begins as well.
        """
        here = self.state()
        begin, origins = here[:2], [here]
        while self.commands < most:
            way = self._way(here, self._distances(origins), longest) or self._towards(begin)
            if not way and here in origins:
                break
            origins += [here] if not way else []
            for command in way:
                where = self.run(command)
                there = self.state()
                known = self.ways.setdefault(here, {}).setdefault(command, there)
                other = sorted(self.facts[known] ^ self.facts[there], key=repr)
                assert not other, f"{where}: the same command in the same state did something else: {other}"
                here = there
        return set(self._distances(origins))

    def _towards(self, phases: tuple[int, int]) -> list[tuple[int, str]]:
        """One command on the way to these phases, the one that was left further behind first."""
        apart = [(self.phase(which) - phases[which], which) for which in (0, 1)]
        return [(which, "<" if by > 0 else ">") for by, which in sorted(apart) if by][:1]

    def _distances(self, origins: list[Any]) -> dict[Any, int]:
        """How many commands lead to each state that is known."""
        found, queue = dict.fromkeys(origins, 0), deque(origins)
        while queue:
            state = queue.popleft()
            for there in self.ways.get(state, {}).values():
                if there not in found:
                    found[there] = found[state] + 1
                    queue.append(there)
        return found

    def _way(self, here: Any, distances: dict[Any, int], longest: int) -> list[tuple[int, str]]:
        """Commands to the nearest state with one that was not tried, and that one; none where all were."""
        seen, queue = {here}, deque([(here, list[tuple[int, str]]())])
        while queue:
            state, way = queue.popleft()
            ways = self.ways.get(state, {})
            if distances[state] < longest:
                for which, direction in COMMANDS:
                    at_its_end = state[which] == (len(self.stretches) if direction == ">" else 0)
                    if not at_its_end and (which, direction) not in ways:
                        return [*way, (which, direction)]
            for command, there in ways.items():
                if there not in seen:
                    seen.add(there)
                    queue.append((there, [*way, command]))
        return []


@pytest.fixture(params=["shared", "own"])
def pair(request: pytest.FixtureRequest, make_database: MakeDatabase, tmp_path: Path) -> Pair:
    """Two small databases of one legacy role, with walks that share their roles or have each their own."""
    walks = []
    for name, roles in (("first", NEW_ROLES), ("second", NEW_ROLES if request.param == "shared" else OWN)):
        database = make_database()
        database.execute("create table t (id serial primary key)", database.legacy)
        database.execute("create role team; grant team to legacy" if name == "first" else "grant select on t to team")
        (tmp_path / name).mkdir()
        walks.append((Walk(InProcess(tmp_path / name), database, roles=roles), database))
    first, second = walks
    start = snapshot(first[1].admin)
    for walk, _ in walks:
        walk.init("--adopt")
    return Pair((first[0], second[0]), start)


def back(pair: Pair) -> None:
    """All the way, the first one first unless it has to wait for the other to let legacy log in again."""
    while any(pair.phase(which) for which in (0, 1)):
        for which in (0, 1):
            if pair.phase(which):
                pair.run((which, "<"))


@pytest.mark.slow
def test_orders_of_the_two_walks(pair: Pair) -> None:
    pair.explore(4, most=16)
    back(pair)


@pytest.mark.whole
@pytest.mark.majors("two")
def test_every_order_of_the_two_walks(pair: Pair) -> None:
    """Up to six commands, and from there on: every state that they lead to, left in every direction."""
    pair.stretches = LARGE
    seen = pair.explore(6)
    seen |= pair.explore(2 * len(LARGE))
    reached = {state[:2] for state in seen}
    assert reached >= {*product(range(pair.switched + 1), repeat=2), (len(LARGE), len(LARGE))}
    back(pair)
    print(f"{len(seen)} states, {pair.commands} commands")
