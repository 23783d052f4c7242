"""Whatever somebody does by hand, at whatever step: status and verify tell it alike, and what they print mends it.

The oracle is the server: what app_user and app_readonly may do, before and after.
"""

from __future__ import annotations

import os
import random
from typing import Any

import psycopg
import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.hand_deeds import OTHERS, WORLD, deed, may
from tests.support.snapshot import Snapshot, difference
from tests.support.special import quoted
from tests.support.walk import Walk

SEEDS = [int(seed) for seed in os.environ.get("FLATSPLIT_SEEDS", "1 14").split()]
"""Ten seconds each. More of them find more: FLATSPLIT_SEEDS="4 5 6"."""
DEEDS = 8
MERELY_NEW = {"schema-outside", "created-by-another"}
"""What people have to decide about and is nobody's breach."""
OURS = {"app_user", "app_migrator", "app_readonly", "dba", "legacy"}


def taken_from_others(before: Snapshot, deed: Snapshot, mended: Snapshot) -> list[str]:
    """What mending has changed about other roles and is not as it was before the deed."""
    undone = {{"+": "-", "-": "+"}[line[0]] + line[1:] for line in difference(before, deed)}
    return [
        line
        for line in difference(deed, mended)
        if line not in undone
        and OURS.isdisjoint(part.removeprefix("by ") for part in line.partition(": ")[2].split(" | "))
    ]


def run(database: Database, statements: str) -> bool:
    """Whether the server takes them; as nobody in particular afterwards."""
    try:
        database.execute(f"begin; set local search_path = public; {statements}; commit")
    except psycopg.Error:
        database.execute("rollback")
        return False
    finally:
        database.execute("reset role")
    return True


def look(walk: Walk) -> tuple[Any, Any]:
    """What status and verify say as JSON. Where one of them calls something broken, the other one tells it."""
    status, verify = walk("status", "--json"), walk("verify", "--json")
    assert {status.exit_code, verify.exit_code} <= {0, 4}, status.stderr + verify.stderr
    said, found = status.json, verify.json
    assert (verify.exit_code == 0) == found["ok"]
    if status.exit_code == 4:
        assert verify.exit_code == 4, (said["broken"], said["surplus"])
    if verify.exit_code == 4:
        decide = [item for item in said["away"]["items"] if item["then"] == "decision"]
        told = status.exit_code == 4 or said["catch_up"]
        assert told or (decide and {one["id"] for one in found["strays"]} <= MERELY_NEW), found
    assert bool(said["catch_up"]) == bool(found["drift"])
    assert [one["sql"] for one in said["surplus"]] == [one["sql"] for one in found["surplus"]]
    return said, found


def mend(walk: Walk, said: Any, found: Any) -> None:
    """Do what is printed, as it is printed."""
    for one in said["surplus"]:
        walk.database.execute(one["sql"])
    for stray in found["strays"]:
        for statement in stray["sql"]:
            assert statement in stray["fix"]
            walk.database.execute(statement)
    for one in found["broken"]:
        walk.database.execute(one["fix"])
    walk("repair", "--yes", "--generate-passwords", str(walk.run.cwd / "new.toml")).check()


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", SEEDS)
def test_each_is_told_and_mended(make_database: MakeDatabase, invoke_cli: InProcess, seed: int) -> None:
    chance = random.Random(seed)
    database = make_database()
    database.execute(
        f"grant create on database {quoted(database.name)} to legacy; grant create on schema public to legacy"
    )
    database.execute(OTHERS)
    database.execute(WORLD, "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward(chance.choice(STEP_KEYS[1:]))
    before = may(database.admin)
    done: list[str] = [f"after {walk.next_step()}"]
    for number in range(DEEDS):
        statements = deed(chance, number).format(database=quoted(database.name))
        there = walk.snapshot()
        if not run(database, statements):
            continue
        done.append(statements)
        try:
            before = told_and_mended(walk, before, there)
        except AssertionError as error:
            error.add_note("\n".join(done))
            raise


def told_and_mended(walk: Walk, before: dict[str, bool], there: Snapshot) -> dict[str, bool]:
    """Hold that a deed that changed what the roles may do is told, and that what is printed brings that back, and takes
    nothing of anybody else's. What they may do then.
    """
    changed = {act for act, can in may(walk.database.admin).items() if before.get(act, can) != can}
    for step, act in (("enable-login", " create schema "), ("transfer-ownership", " its own ")):
        if walk.states()[step] != "done":  # only then it is promised
            changed = {one for one in changed if act not in one}
    deed_done = walk.snapshot()
    said, found = look(walk)
    assert not changed or not found["ok"], changed
    if found["ok"]:
        return may(walk.database.admin)
    mend(walk, said, found)
    _, left = look(walk)
    assert left["ok"] or {one["id"] for one in left["strays"]} <= MERELY_NEW, left
    assert not left["drift"]
    now = may(walk.database.admin)
    lost = {act: can for act, can in now.items() if before.get(act, can) != can and " create schema " not in act}
    assert not lost, lost
    assert taken_from_others(there, deed_done, walk.snapshot()) == []
    return now
