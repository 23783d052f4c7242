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
from tests.support.administrators import PRINTED
from tests.support.drawn import KINDS
from tests.support.hand_deeds import OTHERS, PEOPLE, WORLD, deed, may
from tests.support.old_roles import OWNER, decide, hand_to_owner, log_in_as_member
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.snapshot import Snapshot, difference
from tests.support.special import quoted
from tests.support.walk import Walk, write_line

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


def print_followed(walk: Walk, statements: list[str], fix: str, acts: list[str] | None = None) -> None:
    """Run what is printed, by whom it says: the operator, a superuser, or one of the roles that it ``acts`` as."""
    others = "have a superuser run: ", "as a superuser, or a member of "
    operator = OPERATOR if isinstance(walk, OperatorsWalk) and not fix.startswith(others) else None
    for statement in statements:
        if acts is not None and operator and len(set(acts)) == 1:
            walk.database.execute(f"set role {quoted(acts[0])}; {statement}")
            walk.database.execute("reset role")
        else:
            walk.database.execute(statement, None if acts is not None else operator)


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
        print_followed(walk, [one["sql"]], "", one["acts"])
    for stray in found["strays"]:
        for statement in stray["sql"]:
            assert statement in stray["fix"]
        print_followed(walk, stray["sql"], stray["fix"])
        if stray["id"] == "schema-outside":
            write_line(walk.config, stray["fix"])
    for one in found["broken"]:
        print_followed(walk, [one["fix"]], one["fix"])
    ask = ("repair", "--yes", "--generate-passwords", str(walk.run.cwd / "new.toml"))
    for _ in range(6):  # one refusal after the other names what somebody else has to run
        repaired = walk(*ask)
        if not repaired.exit_code:
            return
        printed = PRINTED.search(repaired.stderr)
        assert printed is not None, repaired.stderr
        walk.database.execute(printed[1])
    repaired.check()


WORLDS: dict[str, tuple[str, str, bool]] = {
    "superuser": ("superuser", "", False),
    "bypassrls": ("bypassrls", "", False),
    "makers": ("makers", "", False),
    "members": ("members", "", False),
    "owner": ("owner", "", False),
    "createrole": ("plain", "createrole", False),
    "small-host": ("plain", "small-host", False),
    "elsewhere": ("plain", "", True),
    "members-createrole": ("members", "createrole", False),
}
"""By name: the kind of old role, the shape of the operator ("" for a superuser), and whether another database of the
cluster uses the same roles.
"""


def made(make_database: MakeDatabase, invoke_cli: InProcess, world: str) -> Walk:
    """The walk over a database of such a world, before its first step."""
    kind, operator, elsewhere = WORLDS[world]
    database = make_database(legacy_options=KINDS[kind])
    database.execute(
        f"grant create on database {quoted(database.name)} to legacy; grant create on schema public to legacy"
    )
    database.execute(OTHERS)
    database.execute(WORLD, "legacy")
    if kind == "owner":
        hand_to_owner(database)
    if kind == "members":
        log_in_as_member(database)
    if operator:
        make_operator(database, SHAPES[operator], reach=(*PEOPLE, *((OWNER,) if kind == "owner" else ())))
        as_if_granted_by_operator(database)
    walk = (OperatorsWalk if operator else Walk)(invoke_cli, database)
    if elsewhere:
        other = make_database()
        other.execute("create table its_own (a int); alter table its_own owner to legacy")
        Walk(invoke_cli, other).init().forward("enable-login")
        walk.config.unlink()
    walk.init(*(["--adopt"] if elsewhere else []))
    decide(walk, kind)
    return walk


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("world", WORLDS)
def test_in_any_world(make_database: MakeDatabase, invoke_cli: InProcess, world: str, seed: int) -> None:
    """Other kinds of old role, an operator without superuser rights, and another database beside."""
    chance = random.Random(f"{world} {seed}")
    walk = made(make_database, invoke_cli, world)
    walk.forward(chance.choice(STEP_KEYS[1:]))
    deeds_told(walk, chance)


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
    deeds_told(walk, chance)


def deeds_told(walk: Walk, chance: random.Random) -> None:
    """Hold the law for some deeds, one after the other."""
    database = walk.database
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
    elsewhere = [one for one in left["strays"] if one["fix"].startswith("A walk of database ")]
    assert all(not one["sql"] for one in elsewhere)
    assert left["ok"] or all(one in elsewhere for one in left["strays"]), left
    assert not left["drift"]
    now = may(walk.database.admin)
    lost = {act: can for act, can in now.items() if before.get(act, can) != can and " create schema " not in act}
    assert not lost, lost
    assert taken_from_others(there, deed_done, walk.snapshot()) == []
    return now
