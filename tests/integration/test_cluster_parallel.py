"""Six databases of one legacy role, walked side by side and killed: REASSIGN OWNED of one reaches for all of them."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database, MakeDatabase
from tests.support import journal
from tests.support.snapshot import snapshot
from tests.support.walk import NEW_ROLES, Walk, assert_same

COUNT = 6
OWNERS = """
select 'database', pg_get_userbyid(datdba) from pg_database where datname = current_database()
union select 'extension', pg_get_userbyid(extowner) from pg_extension where extname = 'citext'
union select 'table', pg_get_userbyid(relowner) from pg_class where relname = 't'
"""


def owners(database: Database) -> set[str]:
    """Who owns the database, the extension and the table."""
    return {str(owner) for _, owner in database.admin.execute(OWNERS).fetchall()}


def together(walks: list[Walk], run: Process, arguments: Callable[[Walk], list[str]], goal: str, seed: int) -> int:
    """The same command in all of them at once, each attempt killed some time on, until all are there."""
    chance = random.Random(seed)
    killed = 0
    for attempt in range(30):
        todo = [walk for walk in walks if journal.states(walk.database.admin)["transfer-ownership"] != goal]
        if not todo:
            break
        started = [run.spawn(*arguments(walk), dsn=walk.database, cwd=walk.run.cwd) for walk in todo]
        for process in started:
            try:
                process.wait(None if attempt > 4 else chance.uniform(0.1, 1.5))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
        said = [process.communicate() for process in started]
        bad = [err for process, (_, err) in zip(started, said, strict=True) if process.returncode not in (0, -9)]
        assert not bad, bad
    assert all(journal.states(walk.database.admin)["transfer-ownership"] == goal for walk in walks)
    return killed


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("names", ["shared", "own"])
def test_parallel_walks_move_their_own_database_alone(
    names: str, make_database: MakeDatabase, tmp_path: Path, run_cli: Process
) -> None:
    walks: list[Walk] = []
    for number in range(COUNT):
        database = make_database()
        database.execute("create extension citext; create table t (name citext)", database.legacy)
        (tmp_path / f"{number}").mkdir()
        own = tuple(f"{role}_{number}" for role in NEW_ROLES)
        roles = NEW_ROLES if names == "shared" else (own[0], own[1], own[2], own[3])
        walks.append(Walk(InProcess(tmp_path / f"{number}"), database, roles=roles))
    start = [snapshot(walk.database.admin) for walk in walks]
    for walk in walks:
        walk.init("--adopt")
    forward = ["next", "--yes", "--through", "transfer-ownership"]
    alone, *others = walks
    alone(*forward).check()
    assert [owners(walk.database) for walk in others] == [{"legacy"}] * len(others)
    killed = together(walks, run_cli, lambda _: forward, "done", seed=1)
    for walk in walks:
        assert owners(walk.database) == {walk.app_migrator}, walk.database.name
        walk("verify").check()
    alone("rollback", "--yes", "--through", "transfer-ownership").check()
    assert [owners(walk.database) for walk in others] == [{walk.app_migrator} for walk in others]
    killed += together(walks, run_cli, lambda _: ["rollback", "--yes", "--all"], "rolled_back", seed=2)
    assert killed, "nobody was killed"
    for walk in walks:
        assert owners(walk.database) == {"legacy"}, walk.database.name
        walk("rollback", "--yes", "--all").check()
    for walk, before in zip(walks, start, strict=True):
        assert_same(before, snapshot(walk.database.admin), walk.database.name)
