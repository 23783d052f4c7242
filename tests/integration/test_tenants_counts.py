"""Who is no tenant sees the same rows at every moment of the walk over tenants, there and back, whoever owned them.

Each role logs in and counts without a pause, the application works beside it, and some calls are killed in their
middle.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flatsplit.walks.tenants import STEP_KEYS
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import MakeDatabase
from tests.support import journal
from tests.support.counting import Counting
from tests.support.killing import struck
from tests.support.old_roles import decide, log_in_as_member
from tests.support.operators import SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.tenanted import CONFIG, UNPROVED, WAIVED
from tests.support.tenants import ROWS, SHOP
from tests.support.traffic import Traffic
from tests.support.walk import Walk, assert_same

OPTIONS = {"superuser": "SUPERUSER", "bypassrls": "BYPASSRLS"}
SQUARES = [
    *((kind, False) for kind in ("plain", "superuser", "bypassrls", "members")),
    ("plain", True),
    ("members", True),
]
"""Of old role and operator: a superuser of old, or one with BYPASSRLS, is only walked away from by a superuser."""
WALKED = STEP_KEYS[: STEP_KEYS.index("tenant-proof") + 1]
TABLES = ("accounts", "customers", "orders", "lines", "notes", "categories", "events", "events_old", "drafts", "plans")
COUNTED = {
    "app_user": (*TABLES, "users", "open_orders"),
    "app_readonly": (*TABLES, "users", "open_orders"),
    "app_migrator": (*TABLES, "users", "open_orders"),
    "auditor": ("orders", "events_old", "open_orders"),
    "nightly": ("orders", "events", "lines"),
}
"""``nightly`` reads as a member of a group."""
OTHERS = """
create role auditor login; create role readers; create role nightly login in role readers;
grant select on orders, events_old, open_orders to auditor; grant select on orders, events, lines to readers
"""
WORK = (
    ("insert into lines (order_id, what) values (3, 'new')", "delete from lines where what = 'new'"),
    ("update orders set total = total where id = 3",),
    (
        "insert into events values (2, '2030-01-01', 'new')",
        "update events set account_id = 3 where body = 'new'",
        "delete from events where body = 'new'",
    ),
    ("select o.id from orders o join lines l on l.order_id = o.id where o.account_id = 2 for update of o",),
)
"""What the application does, a transaction each; nothing of it stays."""


def split_from(kind: str, make_database: MakeDatabase, run: InProcess, *, by_operator: bool) -> Walk:
    """The shop, after its split from such an old role."""
    database = make_database(legacy_options=OPTIONS.get(kind, ""))
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role; {OTHERS}")
    if kind == "members":
        log_in_as_member(database)
    if by_operator:
        make_operator(database, SHAPES["createrole"])
        as_if_granted_by_operator(database)
    walk = (OperatorsWalk if by_operator else Walk)(run, database).init()
    decide(walk, kind)
    walk.forward()
    walk.config.write_text(walk.config.read_text() + CONFIG)
    return walk


@contextmanager
def watched(walk: Walk) -> Iterator[Counting]:
    """Everybody who is no tenant counts, and the application works."""

    def starts(role: str) -> str:
        return walk.database.conninfo(role, walk.passwords.get(role))

    with (
        Traffic(starts("app_user"), WORK, workers=2) as work,
        Counting({role: (starts(role), relations) for role, relations in COUNTED.items()}) as counting,
    ):
        yield counting
    work.check()


def there_and_back(walk: Walk, run: Process, chance: random.Random) -> int:
    """How many calls were killed."""
    run.cwd = walk.run.cwd
    hit = 0
    walk("begin", "tenants", "--yes").check()
    stops = [walk.snapshot()]
    with watched(walk) as counting:
        for key in WALKED:
            arguments = ("next", "--yes", "--walk", "tenants", "--through", key, *WAIVED, *UNPROVED)
            hit += chance.random() < 0.5 and struck(walk, run, chance, arguments, within=6)
            counting.check(f"in {key}")
            walk(*arguments).check()
            counting.check(f"after {key}")
            stops.append(walk.snapshot())
        walk("tenants", "--prove", "--rows").check()
        for key in reversed(WALKED):
            stops.pop()
            back = ("rollback", "--yes", "--walk", "tenants", "--through", key)
            hit += chance.random() < 0.5 and struck(walk, run, chance, back, within=6)
            counting.check(f"on the way back from {key}")
            if journal.states(walk.database.admin, "tenants").get(key) in ("done", "running"):
                walk(*back).check()
            counting.check(f"back from {key}")
            assert_same(stops[-1], walk.snapshot(), f"back from {key}")
    assert not journal.problems(walk.database.admin)
    return hit


@pytest.mark.slow
@pytest.mark.majors("two")
def test_nobody_loses_or_gains_a_row_meanwhile(
    major: int, make_database: MakeDatabase, invoke_cli: InProcess, run_cli: Process
) -> None:
    walk = split_from("members", make_database, invoke_cli, by_operator=True)
    assert there_and_back(walk, run_cli, random.Random(major)) > 1, "hardly any call was killed"


@pytest.mark.whole
@pytest.mark.majors("all")
@pytest.mark.parametrize(("kind", "by_operator"), SQUARES)
def test_whoever_owned_them(
    kind: str, by_operator: bool, major: int, make_database: MakeDatabase, invoke_cli: InProcess, run_cli: Process
) -> None:
    walk = split_from(kind, make_database, invoke_cli, by_operator=by_operator)
    there_and_back(walk, run_cli, random.Random(f"{kind} {major} {by_operator}"))


def test_the_count_sees_a_row_that_is_lost_for_a_moment(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """Row-level security is turned on before the policy is extended, and the policy is extended at once."""
    walk = split_from("plain", make_database, invoke_cli, by_operator=False)
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-policies", *WAIVED).check()
    named = "app_user, app_readonly, auditor, readers"
    with watched(walk) as counting:
        counting.check("before")
        walk.database.execute(f"alter policy everyone on orders to {named.replace('auditor, ', '')}")
        walk.database.execute("alter table orders enable row level security")
        counting.wait()
        walk.database.execute(f"alter policy everyone on orders to {named}")
        with pytest.raises(AssertionError, match="auditor"):
            counting.check("after")
