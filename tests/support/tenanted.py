"""Takes the walk over tenants after a complete split, and counts which rows each role sees."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.fixtures.servers import tool
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk

CONFIG = '\n[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n[tenants.tables]\nshared = ["public.plans"]\n'
TABLES = ("accounts", "customers", "orders", "lines", "notes", "categories", "events", "drafts")
UNPROVED = ("--waive", "isolated", "--waive", "consistent")
WAIVED = ("--waive", "keys", "--reason", "a test")


def split_done(database: Database, invoke_cli: InProcess) -> Walk:
    """A complete split of the shop, with further roles that read, and a configuration with the section [tenants]."""
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role; create role auditor login; create role readers")
    database.execute("create role nightly login in role readers; grant select on orders, events to auditor, readers")
    found = Walk(invoke_cli, database).init()
    found.forward()
    found.config.write_text(found.config.read_text() + CONFIG)
    return found


@contextmanager
def acting(database: Database, role: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the operator that acts as the role; policies depend on the current user only."""
    with database.connect() as connection:
        connection.execute(f'set role "{role}"')
        yield connection


def counts(database: Database, role: str, tables: tuple[str, ...] = TABLES) -> dict[str, int | str]:
    found: dict[str, int | str] = {}
    with acting(database, role) as connection:
        for table in tables:
            try:
                row = connection.execute(f"select count(*) from {table}").fetchone()
                found[table] = row[0] if row else -1
            except psycopg.errors.InsufficientPrivilege:
                found[table] = "refused"
    return found


def dumped(database: Database, roles: tuple[str, ...]) -> dict[str, int]:
    """How many rows of the application's a dump as each of these roles has."""
    found = {}
    for role in roles:
        run = [tool("pg_dump"), "--data-only", "--inserts", f"--role={role}", database.conninfo()]
        text = subprocess.run(run, check=True, capture_output=True, text=True).stdout
        found[role] = sum(line.startswith("INSERT INTO public.") for line in text.splitlines())
    return found


def everybody(database: Database) -> dict[str, dict[str, int | str]]:
    return {
        "app_user": counts(database, "app_user"),
        "app_readonly": counts(database, "app_readonly"),
        "app_migrator": counts(database, "app_migrator"),
        "auditor": counts(database, "auditor", ("orders", "events")),
        "nightly": counts(database, "nightly", ("orders", "events")),
    }


def step(walk: Walk, *arguments: str, exit_code: int = 0) -> None:
    walk("next", "--yes", "--walk", "tenants", *WAIVED, *arguments).check(exit_code)


def truth(database: Database, number: int, tables: tuple[str, ...] = TABLES) -> dict[str, int | str]:
    keyed = {table: f"{table} where account_id = {number}" for table in ("customers", "orders", "categories", "events")}
    ways = {
        "accounts": f"accounts where id = {number}",
        "drafts": f"drafts where account_id = {number}",
        "lines": f"lines join orders o on o.id = order_id where o.account_id = {number}",
        "notes": "notes join lines l on l.id = line_id join orders o on o.id = l.order_id "
        f"where o.account_id = {number}",
    }
    found: dict[str, int | str] = {}
    for table, rest in {**keyed, **ways}.items():
        if table not in tables:
            continue
        row = database.admin.execute(f"select count(*) from {rest}".encode()).fetchone()
        assert row is not None
        found[table] = row[0]
    return found


def begun(walk: Walk, through: str) -> None:
    """Begin the walk and take its steps through this one."""
    walk("begin", "tenants", "--yes").check()
    if through == "tenant-proof":
        proved(walk)
    else:
        step(walk, "--through", through)


def proved(walk: Walk) -> None:
    """Take the steps through ``tenant-proof``, after a proof as each tenant."""
    step(walk, "--through", "tenant-roles")
    walk("tenants", "--prove", "--all", "--rows").check()
    step(walk)


def unproved(walk: Walk) -> None:
    """The step waits until tenants were proved apart, of what is there now."""
    assert "nobody has proved" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
    walk("tenants", "--prove").check()
    assert "nobody has counted" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
    walk("tenants", "--prove", "--rows").check()
    walk.database.execute("alter role tenant_1 bypassrls")
    assert "have changed since" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
    assert "tenant_1 has BYPASSRLS" in walk("tenants", "--prove", "--rows").check(4).stdout
    assert "1 in the catalog" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
    walk.database.execute(
        "alter role tenant_1 nobypassrls; create function all_of_it() returns bigint language sql security definer "
        "as 'select count(*) from orders'"
    )
    walk("tenants", "--prove", "--rows").check(4)
    assert "a way around" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
    walk.database.execute("drop function all_of_it()")
    walk("tenants", "--prove", "--rows").check()
