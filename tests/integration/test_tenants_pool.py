"""One pool that becomes each tenant by SET ROLE, with rows of nobody's that are read; old roles past all policies."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.tenanted import CONFIG, TABLES, begun, counts, everybody, proved, step, truth
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk, assert_same, write_passwords

POOL = CONFIG.replace("[tenants]\n", '[tenants]\nconnect = "pool"\npool = "the pool"\nnull_rows = "read"\n')
SECRET = "of-the-pool"
NOBODYS = 2
"""Rows of drafts without a key."""


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_pool_sees_nothing_until_it_is_a_tenant(database: Database, invoke_cli: InProcess) -> None:
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role; alter role legacy set statement_timeout = '77s'")
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + POOL)
    before = walk.snapshot()
    begun(walk, "tenant-proof")
    proved_then = walk.snapshot()
    step(walk, "--password-file", str(write_passwords(walk.run.cwd / "pool.toml", {"the pool": SECRET})))
    done = walk.snapshot()

    with database.connect("the pool", SECRET) as pool:
        assert pool.execute("show statement_timeout").fetchone() == ("77s",), "settings count at login"
        for table in ("orders", "tenancy.roles"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                pool.execute(f"select from {table}".encode())
        pool.execute("set role tenant_2")
        own = truth(database, 2)
        own["drafts"] = int(own["drafts"]) + NOBODYS
        assert {table: _count(pool, table) for table in TABLES} == own
        for refused in (
            "insert into drafts values (99, null, 'mine')",
            "update drafts set account_id = null where account_id = 2",
            "insert into orders (account_id, customer_id) values (1, 1)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                pool.execute(refused.encode())
        assert pool.execute("update drafts set body = 'x' where account_id is null").rowcount == 0
        assert pool.execute("delete from drafts where account_id is null").rowcount == 0
        pool.execute("select set_config('role', 'tenant_3', false)")
        assert _count(pool, "orders") == truth(database, 3)["orders"], "no isolation, and called none"
        assert "the pool is still connected" in walk("rollback", "--yes", "--walk", "tenants").check(5).stderr
    told = walk("blast-radius").check().stdout
    assert "tenant_1 stands for all tenants" in told
    assert "the pool may become any tenant" in told
    said = walk("doctor", "--json").json
    assert {"rls-zero-rows", "rls-fewer-rows"}.isdisjoint(one["id"] for one in said["findings"])
    holes = walk("tenants", "--prove", "--rows", "--json").check().json["holes"]
    (said,) = [hole["what"] for hole in holes if hole["key"] == "pool"]
    assert "not from an injection" in said
    assert not [hole for hole in holes if hole["key"] == "acts-as"], "said once"

    walk("rollback", "--yes", "--tenant", "2").check()
    with database.connect("the pool", SECRET) as pool:
        pool.execute("set role tenant_1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            pool.execute("set role tenant_2")
    assert walk("status", "--walk", "tenants", "--json").check().json["catch_up"] == []
    walk("next", "--yes", "--tenant", "2").check()
    assert_same(done, walk.snapshot(), "let in again")
    walk("rollback", "--yes", "--walk", "tenants").check()
    assert_same(proved_then, walk.snapshot(), "nobody may become a tenant")
    walk("rollback", "--yes", "--walk", "tenants", "--all").check()
    assert_same(before, walk.snapshot(), "back")


def _count(connection: psycopg.Connection[tuple[int]], table: str) -> int:
    row = connection.execute(f"select count(*) from {table}".encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("options", ["superuser", "bypassrls"])
def test_where_the_old_role_was_past_all_policies(
    make_database: MakeDatabase, invoke_cli: InProcess, options: str
) -> None:
    """Tenants and app_user have nothing of it, there and back."""
    database = make_database(legacy_options=options)
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role; create role auditor login; create role readers")
    database.execute("create role nightly login in role readers; grant select on orders, events to auditor, readers")
    walk = Walk(invoke_cli, database).init()
    if options == "superuser":
        walk.config.write_text(walk.config.read_text() + "\n[owner-powers]\nbypassrls = true\n")
    walk.forward()
    walk.config.write_text(walk.config.read_text() + CONFIG)
    before, seen = walk.snapshot(), everybody(database)
    walk("begin", "tenants", "--yes").check()
    proved(walk)
    assert everybody(database) == seen
    assert counts(database, "tenant_1") == truth(database, 1)
    walk("rollback", "--yes", "--walk", "tenants", "--all").check()
    assert everybody(database) == seen
    assert_same(before, walk.snapshot(), "back")
