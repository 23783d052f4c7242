"""The whole walk and back by operators who are no superusers, as services and small hosts give them."""

from __future__ import annotations

import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.operators import (
    OPERATOR,
    SHAPES,
    OperatorsWalk,
    Shape,
    as_if_granted_by_operator,
    make_operator,
    of_operator,
)
from tests.support.walk import assert_same
from tests.support.world import trap_world

pytestmark = pytest.mark.usefixtures("partial_looks")

REACH = ("vendor", "team", "person", "reporting", "newcomer", "pg_read_all_settings", "pg_create_subscription")


def world(database: Database, shape: Shape) -> None:
    """The trap world without what only a superuser can hand over, and its operator."""
    trap_world(database.admin, database.legacy, leave_out=["row_security", "parameter", "secret_settings"])
    database.execute("grant usage on foreign data wrapper postgres_fdw to public")
    database.execute(f"revoke usage on foreign data wrapper postgres_fdw from {database.legacy}")
    make_operator(database, shape, reach=REACH)
    as_if_granted_by_operator(database)


def there_and_back(walk: OperatorsWalk) -> None:
    """Every step, every step back, and everything once more in two calls."""
    database = walk.database
    operator = of_operator(database.admin)
    untouched = walk.snapshot()
    walk.init()
    assert_same(untouched, walk.snapshot(), "init changed something outside its own schema")
    report = walk("doctor").check()
    assert OPERATOR in report.stdout

    taken = walk.looking()
    assert list(taken) == list(STEP_KEYS)
    walk("verify").check()
    expected = [untouched, *taken.values()]
    for place in reversed(range(len(STEP_KEYS))):
        walk.rollback()
        assert_same(expected[place], walk.snapshot(), f"rolled back {STEP_KEYS[place]}")
    assert of_operator(database.admin) == operator

    walk.to_the_end()
    assert_same(taken[STEP_KEYS[-1]], walk.snapshot(), "walked for the second time")
    walk.rollback("--all")
    assert_same(untouched, walk.snapshot(), "rolled back everything in one call")
    assert of_operator(database.admin) == operator


def in_short(walk: OperatorsWalk) -> None:
    """To the end and back in as few calls as there are."""
    admin = walk.database.admin
    operator = of_operator(admin)
    untouched = walk.snapshot()
    walk.init()

    walk.next("--through", "enable-login")
    with walk.switched():
        walk.next("--through", "switch-connections")
    walk.next("--through", "revoke-legacy")
    walk("verify").check()
    assert admin.execute("select 1 from pg_shdepend where refobjid = 'legacy'::regrole").rowcount == 0
    walk.rollback("--all")

    assert_same(untouched, walk.snapshot(), "rolled back everything in one call")
    assert of_operator(admin) == operator


def test_there_and_back_in_short(database: Database, invoke_cli: InProcess) -> None:
    world(database, SHAPES["rds"])

    in_short(OperatorsWalk(invoke_cli, database))


@pytest.mark.slow
@pytest.mark.majors("oldest")
@pytest.mark.parametrize("name", ["createrole", "small-host"])
def test_an_operator_with_the_least(name: str, database: Database, invoke_cli: InProcess) -> None:
    world(database, SHAPES[name])

    there_and_back(OperatorsWalk(invoke_cli, database))


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_every_kind_of_operator(shape: Shape, database: Database, invoke_cli: InProcess) -> None:
    world(database, shape)

    there_and_back(OperatorsWalk(invoke_cli, database))


A_DOZEN = """
create schema shop;
create table shop.customer (id serial primary key, name text);
create table shop.orders (id int generated always as identity, customer int references shop.customer);
create view shop.names as select name from shop.customer;
create materialized view shop.counted as select count(*) from shop.orders;
create domain shop.cents as int check (value >= 0);
create function shop.greet() returns text language sql security definer set search_path = shop, pg_temp
    as 'select name from customer limit 1';
create function shop.noted() returns trigger language plpgsql as 'begin return new; end';
create trigger noted before insert on shop.orders for each row execute function shop.noted();
create publication shop_orders for table shop.orders;
create table public.kept (a int);
grant select on shop.customer to reporting;
alter default privileges in schema shop grant select on tables to reporting;
"""


@pytest.mark.share(4)
@pytest.mark.slow
@pytest.mark.majors("all")
@pytest.mark.parametrize("name", SHAPES)
def test_on_every_major(name: str, database: Database, invoke_cli: InProcess) -> None:
    """Little to walk through, so that it can be walked on every version."""
    database.execute(f"create role reporting; grant create on schema public to {database.legacy}")
    database.execute(A_DOZEN, database.legacy)
    make_operator(database, SHAPES[name])

    in_short(OperatorsWalk(invoke_cli, database))


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("schema", ["pagila"])
def test_real_schemas(schema: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database(schema)
    make_operator(database, SHAPES["rds"])

    there_and_back(OperatorsWalk(invoke_cli, database))
