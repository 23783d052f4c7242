"""Keys as people type them: spelled otherwise, of no such type, of nobody, twice; in every verb that takes one."""

from __future__ import annotations

import re
from itertools import cycle

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.tenanted import acting, begun, split_done
from tests.support.walk import Walk, assert_same

NAMED = (("tenants", "--drop"), ("next", "--walk", "tenants", "--tenant"), ("rollback", "--tenant"))
"""What takes the key of a tenant that has a role."""
HOSTILE = ("it's", 'a "b"', "x\ny", "p%s", " 7", "7", "ü" * 20)


def roles(walk: Walk) -> list[tuple[str, str]]:
    found = walk.database.admin.execute("select role::text, tenant::text from tenancy.roles order by 1").fetchall()
    members = walk.database.admin.execute(
        "select member::regrole::text from pg_auth_members where roleid = 'app_tenant'::regrole"
    ).fetchall()
    assert len(found) == len(members), "each member of the group is somebody's"
    return found


@pytest.mark.slow
@pytest.mark.majors("two")
def test_numbers(database: Database, invoke_cli: InProcess) -> None:
    walk = split_done(database, invoke_cli)
    begun(walk, "tenant-roles")
    before, all_of_it = roles(walk), walk.snapshot()
    strange_ones = ("it's", "x\ny", "p%s", "", "1.5", "9" * 20)
    for strange, verb in zip(strange_ones, cycle((("tenants", "--add"), *NAMED)), strict=False):
        said = walk(*verb, "1", verb[-1], strange, "--yes").check(2).stderr
        assert f"{strange!r} is no key of a tenant" in said, verb
        assert "fix: give it as id of public.accounts has it, a bigint" in said
    for verb in NAMED:
        said = walk(*verb, "77", "--yes").check(2).stderr
        assert "tenant '77' has no role" in said
        assert "these have one: '1', '2', '3'; all of them: TABLE \"tenancy\".\"roles\";" in said
    assert "tenant '1' has a role already" in walk("tenants", "--add", "001", "--yes").check(2).stderr
    assert roles(walk) == before
    walk("tenants", "--add", "005", "--add", " 5 ", "--add", "+6", "--yes").check()
    assert roles(walk) == [*before, ("tenant_5", "5"), ("tenant_6", "6")]
    walk("tenants", "--drop", "05", "--drop", "5", "--drop", "6 ", "--yes").check()
    assert_same(all_of_it, walk.snapshot(), "there and back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_texts(database: Database, invoke_cli: InProcess) -> None:
    """Of texts each spelling is another key."""
    database.execute(
        "set role legacy; create table accounts (id text primary key); insert into accounts values ('one'); "
        "create table orders (id int primary key, account_id text not null references accounts); "
        "create index on orders (account_id); reset role"
    )
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + '\n[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n')
    begun(walk, "tenant-roles")
    before = walk.snapshot()
    assert "the key is empty" in walk("tenants", "--add", "", "--yes").check(2).stderr
    assert "66 bytes long" in walk("tenants", "--add", "ü" * 29 + "z", "--yes").check(2).stderr
    walk("tenants", *(word for key in HOSTILE for word in ("--add", key)), "--yes").check()
    assert roles(walk) == sorted([("tenant_one", "one"), *((f"tenant_{key}", key) for key in HOSTILE)])
    assert walk("tenants", "--prove", "--all", "--json").json["tried"] == len(HOSTILE) + 1
    assert "did you mean ' 7' or '7'?" in walk("tenants", "--drop", "7 ", "--yes").check(2).stderr
    walk("tenants", *(word for key in HOSTILE for word in ("--drop", key)), "--yes").check()
    assert_same(before, walk.snapshot(), "there and back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_two_columns(database: Database, invoke_cli: InProcess) -> None:
    """What the survey asks a migration for is enough."""
    pair = "app_id text not null, tenant_id text not null, foreign key (app_id, tenant_id) references tenants"
    database.execute(
        "set role legacy; create table tenants (app_id text, tenant_id text, primary key (app_id, tenant_id)); "
        f"create table orders (id int primary key, {pair}); create table bills (id int primary key, {pair}); "
        "insert into tenants values ('a', 'x'), ('b', 'x'); insert into orders values (1, 'a', 'x'), (2, 'b', 'x')"
    )
    walk = Walk(invoke_cli, database).init()
    said = walk("tenants", "--survey").check(2).stderr
    assert "2 tables refer to public.tenants by app_id, tenant_id together, and a tenant's key is one column" in said
    ddl = [f"{one};" for one in re.findall(r"(?:ALTER|CREATE) TABLE [^;]+", said)]
    fill = "insert into tenant_keys select tenant_key from tenants;"
    for table in ("orders", "bills"):
        ddl.append(f"alter table {table} add tenant_key bigint references tenant_keys;")
        fill += f"""
            create index on {table} (tenant_key); update {table} o set tenant_key = t.tenant_key from tenants t
            where (t.app_id, t.tenant_id) = (o.app_id, o.tenant_id);
            alter table {table} alter tenant_key set not null;"""
    database.execute("set role legacy; " + " ".join(ddl) + fill)
    walk.forward()
    section = said.partition("[tenants] ")[2].replace(", key", "\nkey")
    walk.config.write_text(f"{walk.config.read_text()}\n[tenants]\n{section}")
    begun(walk, "tenant-roles")
    with acting(database, "tenant_1") as tenant:
        assert tenant.execute("select app_id from orders").fetchall() == [("a",)]
