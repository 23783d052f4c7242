"""Who is no tenant sees the same rows at every moment of the walk over tenants, there and back, whoever owned them.

Each role logs in and counts without a pause, the application works beside it, and some calls are killed in their
middle.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from flatsplit.config import format_name
from flatsplit.ddl import ident
from flatsplit.demo.server import Cluster
from flatsplit.walks.tenants import STEP_KEYS
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support import journal
from tests.support.counting import Counting
from tests.support.killing import struck
from tests.support.named_otherwise import Named
from tests.support.old_roles import decide, hand_to_owner, log_in_as_member
from tests.support.operators import SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.tenanted import UNPROVED, WAIVED
from tests.support.tenants import ROWS, SHOP
from tests.support.traffic import Traffic
from tests.support.walk import NEW_ROLES, Walk, assert_same, toml

OPTIONS = {"superuser": "SUPERUSER", "bypassrls": "BYPASSRLS"}
SQUARES = [
    *((kind, False) for kind in ("plain", "superuser", "bootstrap", "bypassrls", "members", "owner")),
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
    "deputy": ("orders", "events", "lines"),
}
"""``nightly`` reads as a member of a group, ``deputy`` as one that becomes it and inherits nothing from it."""
OTHERS = """
create role auditor login; create role readers; create role nightly login in role readers;
create role deputy login noinherit in role readers; alter role deputy set role to readers;
grant select on orders, events_old, open_orders to auditor; grant select on orders, events, lines to readers
"""
NAMES = (*TABLES, "users", "open_orders", "account_id", "auditor", "readers", "nightly", "deputy", *NEW_ROLES[:3])
"""What may be called otherwise, besides the old role and the schema."""
ODD = """
role = 'M {key} "%'
group = 'Alle "%s"'
schema = 'T:"%'
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


@dataclass
class MakeWorld:
    """What a world is made with."""

    database: MakeDatabase
    run: InProcess
    request: pytest.FixtureRequest

    def fresh(self, superuser: str) -> Cluster:
        """A cluster whose first superuser is called so."""
        start: FreshCluster = self.request.getfixturevalue("fresh_cluster")
        return start(superuser=superuser)


@pytest.fixture
def make_world(make_database: MakeDatabase, invoke_cli: InProcess, request: pytest.FixtureRequest) -> MakeWorld:
    return MakeWorld(make_database, invoke_cli, request)


@dataclass
class World:
    """The shop after its split, what things are called in it, and another database of the cluster."""

    walk: Walk
    named: Named
    other: Database

    @contextmanager
    def watched(self) -> Iterator[Counting]:
        """Everybody who is no tenant counts, in both databases, and the application works."""
        walk = self.walk

        def starts(role: str, database: Database = walk.database) -> str:
            return database.conninfo(self.named(role), walk.passwords.get(self.named(role)))

        looks: dict[str, tuple[str, Sequence[str]]] = {
            role: (starts(role), [*map(self.named, relations)]) for role, relations in COUNTED.items()
        }
        looks |= {f"{role} elsewhere": (starts(role, self.other), ["theirs"]) for role in ("app_user", "nightly")}
        work = [[self.named.sql(statement) for statement in script] for script in WORK]
        with Traffic(starts("app_user"), work, workers=2) as traffic, Counting(looks) as counting:
            yield counting
        traffic.check()


def split_from(kind: str, make: MakeWorld, *, by_operator: bool = False, chance: random.Random | None = None) -> World:
    """The shop, after its split from such an old role. ``chance``: with other names, drawn."""
    named = Named.hostile(chance, NAMES) if chance else Named()
    legacy = 'Old "%s" :x' if chance and kind != "bootstrap" else "legacy"  # initdb takes no such name
    cluster = make.fresh(superuser=legacy) if kind == "bootstrap" else None
    database = make.database(
        legacy=legacy,
        legacy_options=OPTIONS.get(kind, ""),
        cluster=cluster,
        operator="operator" if cluster else "postgres",
    )
    other = make.database(legacy="neighbour", cluster=cluster, operator="operator" if cluster else "postgres")
    old, schema = ident(legacy), 'S"%:\n' if chance else "public"
    if chance:
        database.execute(f"create schema {ident(schema)} authorization {old}")
        database.execute(f"alter database {ident(database.name)} set search_path = {ident(schema)}")
    where = f"set search_path = {ident(schema)}; set role {old};"
    database.execute(f"{where} {named.sql(SHOP + ROWS)} reset role; {named.sql(OTHERS)}; reset search_path")
    if schema != "public":
        database.execute(f"grant usage on schema {ident(schema)} to {named.sql('auditor, readers, nightly, deputy')}")
    if kind == "members":
        log_in_as_member(database)
    if kind == "owner":
        hand_to_owner(database)
    if by_operator:
        make_operator(database, SHAPES["createrole"])
        as_if_granted_by_operator(database)
    walk = (OperatorsWalk if by_operator else Walk)(make.run, database, roles=tuple(map(named, NEW_ROLES))).init()
    decide(walk, kind)
    walk.forward()
    said = {name: toml(format_name(schema, named(name))) for name in ("accounts", "plans")}
    text = f"\n[tenants]\nroot = {said['accounts']}\nkey = {toml([named('account_id')])}\n{ODD if chance else ''}"
    walk.config.write_text(f"{walk.config.read_text()}{text}[tenants.tables]\nshared = [{said['plans']}]\n")
    other.execute("create table theirs (id int); insert into theirs values (1), (2)")
    other.execute(f"grant select on theirs to {named.sql('app_user, readers')}")
    return World(walk, named, other)


def there_and_back(world: World, run: Process, chance: random.Random) -> int:
    """How many calls were killed."""
    walk, hit = world.walk, 0
    run.cwd = walk.run.cwd
    walk("begin", "tenants", "--yes").check()
    stops = [walk.snapshot()]
    with world.watched() as counting:
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
def test_nobody_loses_or_gains_a_row_meanwhile(make_world: MakeWorld, run_cli: Process, major: int) -> None:
    world = split_from("members", make_world, by_operator=True, chance=random.Random(major))
    assert there_and_back(world, run_cli, random.Random(major)) > 1, "hardly any call was killed"


@pytest.mark.whole
@pytest.mark.majors("all")
@pytest.mark.parametrize(("kind", "by_operator"), SQUARES)
def test_whoever_owned_them(kind: str, by_operator: bool, major: int, make_world: MakeWorld, run_cli: Process) -> None:
    chance = random.Random(f"{kind} {major} {by_operator}")
    called = chance if chance.random() < 0.5 else None
    world = split_from(kind, make_world, by_operator=by_operator, chance=called)
    there_and_back(world, run_cli, chance)


def test_the_count_sees_a_row_that_is_lost_for_a_moment(make_world: MakeWorld) -> None:
    """Row-level security is turned on before the policy is extended, and the policy is extended at once."""
    world = split_from("plain", make_world)
    walk = world.walk
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-policies", *WAIVED).check()
    named = "app_user, app_readonly, auditor, readers"
    with world.watched() as counting:
        counting.check("before")
        walk.database.execute(f"alter policy everyone on orders to {named.replace('auditor, ', '')}")
        walk.database.execute("alter table orders enable row level security")
        counting.wait()
        walk.database.execute(f"alter policy everyone on orders to {named}")
        with pytest.raises(AssertionError, match="auditor"):
            counting.check("after")
