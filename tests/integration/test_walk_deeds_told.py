"""What somebody does by hand to the roles of a walk after the split, at whatever step: status and verify tell it alike,
what they print brings back what there was, the next step is not in its way, and all of it goes back.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Sequence

import pytest

from flatsplit.model import UNWAIVABLE
from flatsplit.walks import group, leave, role
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.integration.test_deeds_told import look, mend, run
from tests.support.grouping import declare as declare_group
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.snapshot import difference
from tests.support.special import SCHEMAS, declare, flat, quoted
from tests.support.walk import Walk, assert_same, toml
from tests.support.walk_deeds import Deed, of_any, of_leaver, of_login, of_special

SEEDS = [int(seed) for seed in os.environ.get("FLATSPLIT_SEEDS", "1 2 3").split()]
"""A quarter of a minute each. More of them find more: FLATSPLIT_SEEDS="4 5 6"."""
DEEDS = int(os.environ.get("FLATSPLIT_DEEDS", "9"))
TWINS, WORKER = ('Web %s "a"', "web b"), 'Night: "job" %s'
JOBS = {
    "role": {"like": "app_user", "learn": "0s", "connection_limit": 5, "settings": {"work_mem": "8MB"}},
    "grants": {"select": ["public.jobs"], "insert": ["public.jobs"], "usage": ["public.jobs_id_seq"]},
}
GROUP = (group.CREATE_LOGINS, group.OPEN_LOGINS, group.SWITCH_CONNECTIONS, group.CLOSE_GROUP)
ROLE = (role.CREATE_ROLE, role.BRIDGE, role.OPEN, role.SWITCH_CONNECTIONS, role.LEARN, role.GRANT, role.NARROW)
ROTATE = ("prepare", "open", "switch-connections", "close")
LEAVE = (leave.LOCK, leave.HAND_OVER)
PERSON = 'Ali "ce" %'
OPERATORS = ("", "createrole")
"""Shapes of the operator; "" is a superuser."""
WALKS: dict[str, tuple[str, ...]] = {
    "group:app_user": GROUP,
    f"role:{WORKER}": ROLE,
    "rotate:app_user": ROTATE,
    f"leave:{PERSON}": LEAVE,
}


def ahead(walk: Walk, name: str, upto: str) -> None:
    """So far, with what is closed waived."""
    waived: list[str] = []
    while True:
        asked = ("next", "--yes", "--walk", name, "--through", upto, "--password-file", str(walk.password_file))
        result = walk(*asked, *waived, *(("--reason", "a test") if waived else ()))
        if result.exit_code != 3:
            result.check()
            return
        closed = {one["walk"]: one for one in walk.status()["walks"]}[name]["blocked_by"]
        more = [gate for gate in closed if gate not in UNWAIVABLE and gate not in waived]
        assert more, result.stdout
        waived += [word for gate in more for word in ("--waive", gate)]


def deeds(name: str, done: Sequence[str], database: str, *, options: bool) -> list[Deed]:
    """All that is drawn from, of a walk of which these steps are done."""
    if name == f"role:{WORKER}":
        bridged = role.BRIDGE in done and role.NARROW not in done
        special = of_special(quoted(WORKER), "app_user", bridged=bridged, granted=role.GRANT in done, options=options)
        return [*of_any(quoted(WORKER), database, lets_in=role.OPEN in done), *special]
    if name == f"leave:{PERSON}":
        return [*of_leaver(quoted(PERSON), handed=leave.HAND_OVER in done)]
    open_ = {TWINS[0]} if group.OPEN_LOGINS in done else set()
    if name == "rotate:app_user":
        open_ = {*TWINS[:1], *(TWINS[1:] if "open" in done else ())} - ({TWINS[0]} if "close" in done else set())
    found: list[Deed] = []
    for login in TWINS:
        found += of_any(quoted(login), database, lets_in=login in open_)
        found += of_login(quoted(login), "app_user", database, options=options)
    # While they are rotated, whatever is done to the one is wanted of the other, too
    return [one for one in found if not (one.undo and name == "rotate:app_user")]


@pytest.mark.slow
@pytest.mark.share(4)
@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("name", WALKS)
def test_each_is_told_and_mended(
    make_database: MakeDatabase, invoke_cli: InProcess, major: int, name: str, operator: str, seed: int
) -> None:
    chance = random.Random(f"{name} {operator}{seed}")
    database = make_database()
    flat(database)
    database.execute("create role stranger login")
    if operator:
        make_operator(database, SHAPES[operator], reach=("stranger",))
        as_if_granted_by_operator(database)
    walk = (OperatorsWalk if operator else Walk)(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward()
    declare_group(walk, "app_user", TWINS, connection_limit=5)
    declare(walk, WORKER, JOBS)
    if name == "rotate:app_user":
        walk("begin", "group", "app_user", "--yes").check()
        ahead(walk, "group:app_user", group.FORGET_PASSWORD)
    if name == f"leave:{PERSON}":
        walk.config.write_text(f'{walk.config.read_text()}\n[people]\n{toml(PERSON)} = ["app_readonly"]\n')
        walk("people", "--join", "--yes", "--generate-passwords", str(walk.run.cwd / "new.toml")).check()
        database.execute("create table hers (id serial); create view seen as select id from jobs")
        hers = "alter table hers owner to {0}; alter view seen owner to {0}; grant select on jobs to {0}"
        database.execute(hers.format(quoted(PERSON)))
    before = walk.snapshot()
    walk("begin", *name.split(":", 1), "--yes").check()
    keys = WALKS[name]
    upto = keys.index(chance.choice(keys))
    ahead(walk, name, keys[upto])
    drawn = deeds(name, keys[: upto + 1], quoted(database.name), options=major >= 16)
    for one in chance.sample(drawn, min(DEEDS, len(drawn))):
        if operator and major >= 16 and re.match(r"revoke (?:\w+ option for )?app_user from ", one.sql):
            one = one._replace(sql=f"{one.sql} granted by {quoted(OPERATOR)}")  # whose grant it is
        try:
            told_and_mended(walk, name, one)
        except AssertionError as error:
            error.add_note(f"after {keys[upto]}: {one.sql}")
            raise
    walk("rollback", "--all", "--yes", "--walk", name).check()
    assert_same(before, walk.snapshot(), "all taken back")


def told_and_mended(walk: Walk, name: str, deed: Deed) -> None:
    """Hold that what breaks a promise is told, in what status prints too, and undone by doing what is printed; and that
    what breaks none is let be.
    """
    there = walk.snapshot()
    assert run(walk.database, deed.sql), "the server does not take it"
    assert difference(there, walk.snapshot()), "it changes nothing"
    said, found = look(walk)
    if name == f"leave:{PERSON}":  # nobody is asked to write down who is leaving
        assert "other_owners" not in json.dumps([said["away"], found["strays"]])
        assert not any(one["toml"] for one in found["strays"])
    planned = walk("next", "--dry-run", "--yes", "--walk", name, "--password-file", str(walk.password_file))
    assert planned.exit_code in (0, 3, 5), planned.stderr
    if deed.undo:
        assert found["ok"], [said["broken"], said["surplus"], found["strays"]]
        walk.database.execute(deed.undo)
    else:
        assert not found["ok"], "it is not told"
        (walk.run.cwd / "new.toml").unlink(missing_ok=True)
        mend(walk, said, found)
        _, left = look(walk)
        assert left["ok"], left
        walk.database.execute(deed.rest)
    assert_same(there, walk.snapshot(), "done what is printed")
