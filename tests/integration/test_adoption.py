"""Databases that are half way already: only the difference is done, and a rollback leaves what was there before."""

from __future__ import annotations

import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, assert_same
from tests.support.world import acting_as, trap_world

ROLES = """
create role app_user login password 'of-terraform' connection limit 20;
create role app_migrator nologin createdb;
create role app_readonly nologin;
create role people nologin;
comment on role app_user is 'managed by Terraform';
grant app_readonly to people;
alter role app_user set statement_timeout = '3s';
alter role app_user in database {database} set work_mem = '8MB';
grant connect on database {database} to app_user with grant option;
"""

GRANTS = """
grant usage on schema shop to app_user;
grant select, insert on shop.customer, shop.orders to app_user;
grant select on shop.product to app_user;
grant update (price) on shop.product to app_user;
grant usage, select on sequence shop.invoice_number to app_user;
grant select on all tables in schema shop to app_readonly;
grant execute on function shop.total(bigint) to app_user;
grant references on shop.basket to app_user;
revoke execute on function shop.for_reporting() from public;
"""

PASSED_ON = """
grant insert (price) on shop.product to app_user with grant option;
set role app_user;
grant insert (price) on shop.product to people;
reset role;
"""

DEFAULTS = """
alter default privileges in schema shop grant select on tables to app_readonly;
alter default privileges in schema shop grant select, insert on tables to app_user;
alter default privileges for role app_migrator grant select on tables to app_user;
alter default privileges for role app_migrator in schema public grant usage on sequences to app_user;
"""

OWNERS = """
grant app_migrator to legacy;
grant create, usage on schema shop, public to app_migrator;
alter table shop.customer owner to app_migrator;
alter table shop.line owner to app_migrator;
alter view shop.revenue owner to app_migrator;
alter function shop.who() owner to app_migrator;
alter type shop.mood owner to app_migrator;
create table shop.made_by_migrator (id int primary key);
alter table shop.made_by_migrator owner to app_migrator;
"""

SWITCH = """
alter role app_migrator login;
alter role legacy nologin;
"""


def half_way(database: Database, *parts: str) -> None:
    """The world of traps, with part of the work done by hand."""
    trap_world(database.admin, database.legacy, leave_out=["row_security"])
    for part in parts:
        text = part.format(database=f'"{database.name}"')
        legacys = part in (GRANTS,)
        with acting_as(database.admin, database.legacy if legacys else None):
            database.execute(text)
    if DEFAULTS in parts:
        with acting_as(database.admin, database.legacy):
            database.execute("alter default privileges in schema shop grant select on tables to app_readonly")


@pytest.mark.majors("two")
def test_too_many_rights_are_foreseen(database: Database, invoke_cli: InProcess) -> None:
    half_way(database, ROLES, GRANTS)
    walk = Walk(invoke_cli, database)
    said = walk("init", "--legacy-role", database.legacy, "--yes").check()
    assert "flatsplit init --adopt" in said.stdout + said.stderr
    walk("forget", "--yes").check()
    walk.config.unlink()
    walk("init", "--legacy-role", database.legacy, "--adopt", "--yes").check()
    assert "adopted-excess" not in walk("doctor", "--json").stdout

    database.execute(
        "grant truncate on shop.basket to app_user; grant select on shop.tag to app_readonly with grant option"
    )

    found = {each["id"]: each for each in walk("doctor", "--json").json["findings"]}
    assert found["adopted-excess"]["objects"] == [
        "app_user can truncate tables: table shop.basket",
        "app_readonly can grant privileges: table shop.tag",
    ]


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((ROLES, GRANTS), id="roles-and-grants"),
        pytest.param((ROLES, GRANTS, DEFAULTS, OWNERS), id="owners"),
    ],
)
def test_only_the_difference_and_all_of_it_back(
    parts: tuple[str, ...], database: Database, invoke_cli: InProcess, major: int
) -> None:
    half_way(database, *parts, PASSED_ON)
    if major >= 15:
        database.execute("grant alter system on parameter work_mem to legacy")  # the only one with anything on it
    walk = Walk(invoke_cli, database)
    start = walk.snapshot()

    stated = walk("init", "--legacy-role", database.legacy, "--adopt", "--yes").check()
    for role in ("app_user", "app_migrator", "app_readonly"):
        assert role in stated.stdout + stated.stderr
    walk("forget", "--yes").check()
    walk.config.unlink()
    walk.init("--adopt")
    walk.config.write_text(f'{walk.config.read_text()}\n[hazards.accept]\n"restricted-rights" = "a test"\n')
    assert_same(start, walk.snapshot(), "init changed something outside its own schema")

    plan = [action["sql"] for action in walk("plan", "create-roles", "--json").check().json["actions"]]
    assert [line.split()[:3] for line in plan] == [["CREATE", "ROLE", '"dba"']]
    grants = " ".join(action["sql"] for action in walk("plan", "grant-existing", "--json").check().json["actions"])
    assert 'GRANT SELECT ON TABLE "shop"."customer" TO "app_readonly"' not in grants
    if OWNERS in parts:
        moved = [action["sql"] for action in walk("plan", "transfer-ownership", "--json").check().json["actions"]]
        assert not [line for line in moved if '"customer" OWNER' in line or 'GRANT "app_migrator" TO "legacy"' in line]

    taken = walk.looking()
    assert list(taken) == list(STEP_KEYS)
    walk("verify").check()
    expected = [start, *taken.values()]
    for place in reversed(range(len(STEP_KEYS))):
        walk.rollback()
        assert_same(expected[place], walk.snapshot(), f"rolled back {STEP_KEYS[place]}")

    walk.forward()
    walk.rollback("--all")
    assert_same(start, walk.snapshot(), "rolled back everything in one call")
