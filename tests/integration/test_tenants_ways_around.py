"""Whatever runs with an owner's rights and is set off by a tenant: each is acted, and what leads past the policies is
named by the proof.
"""

from __future__ import annotations

from typing import NamedTuple

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support import tenancy
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk

ALL = "select count(*) from public.orders"
PEEK = f"create function {{}} returns bigint language sql security definer as '{ALL}'"
GONE = "begin delete from public.orders where account_id = 2; return null; end"
VIEW = "create view v{options} as select {what}; grant select, insert, delete on v to app_tenant"


class Around(NamedTuple):
    """A way around the policies."""

    plant: str
    act: str
    """Run as tenant_1: it returns how many orders there are, or deletes another's."""
    key: str
    """Of the hole that the proof names; "" where the server refuses the act."""
    cure: str
    since: int = 13


CLOSED = "create schema closed; " + PEEK.format("closed.peek()")
WAYS = {
    "routine": Around(PEEK.format("peek()"), "select peek()", "definer-open", "drop function peek()"),
    "routine in a closed schema": Around(CLOSED, "select closed.peek()", "", "drop schema closed cascade"),
    "routine of nobody's": Around(
        f"{PEEK.format('peek()')}; revoke execute on function peek() from public",
        "select peek()",
        "",
        "drop function peek()",
    ),
    "procedure": Around(
        "create procedure gone() language sql security definer as 'delete from public.orders where account_id = 2'",
        "call gone()",
        "definer-open",
        "drop procedure gone()",
    ),
    "aggregate": Around(
        f"{PEEK.format('peek(bigint, bigint)')}; revoke execute on function peek(bigint, bigint) from public; "
        "create aggregate leak(bigint) (sfunc = peek, stype = bigint, initcond = 0)",
        "select leak(1)",
        "definer-open",
        "drop aggregate leak(bigint); drop function peek(bigint, bigint)",
    ),
    "end of an aggregate": Around(
        f"{PEEK.format('peek(bigint)')}; revoke execute on function peek(bigint) from public; "
        "create aggregate leak(bigint) (sfunc = int8pl, stype = bigint, initcond = 0, finalfunc = peek)",
        "select leak(1)",
        "definer-open",
        "drop aggregate leak(bigint); drop function peek(bigint)",
    ),
    "default": Around(
        f"{CLOSED}; alter table drafts add seen bigint default closed.peek()",
        "insert into drafts (id, account_id) values (99, 1) returning seen",
        "definer-open",
        "drop schema closed cascade; alter table drafts drop column seen",
    ),
    "operator": Around(
        f"create schema closed; {PEEK.format('closed.peek(int, int)')}; "
        "create operator public.@#@ (leftarg = int, rightarg = int, function = closed.peek)",
        "select 1 @#@ 2",
        "definer-open",
        "drop schema closed cascade",
    ),
    "view over a routine": Around(
        f"{CLOSED}; {VIEW.format(options='', what='closed.peek()')}",
        "select * from v",
        "definer-open",
        "drop schema closed cascade",
    ),
    "view that nobody reaches over a routine": Around(
        f"{CLOSED}; {VIEW.format(options='', what='closed.peek()')}; revoke all on v from app_tenant",
        "select * from v",
        "",
        "drop schema closed cascade",
    ),
    "trigger of a view": Around(
        f"{VIEW.format(options=' with (security_invoker = true)', what='* from orders')}; "
        f"create function gone() returns trigger language plpgsql security definer as '{GONE}'; "
        "create trigger t instead of delete on v for each row execute function gone()",
        "delete from v",
        "trigger",
        "drop view v; drop function gone()",
        since=15,
    ),
    "trigger of a view of nothing": Around(
        f"{VIEW.format(options='', what='1')}; "
        f"create function gone() returns trigger language plpgsql security definer as '{GONE}'; "
        "create trigger t instead of delete on v for each row execute function gone()",
        "delete from v",
        "trigger",
        "drop view v; drop function gone()",
    ),
    "caller's trigger of a view": Around(
        f"{VIEW.format(options='', what='1')}; create function gone() returns trigger language plpgsql as '{GONE}'; "
        "create trigger t instead of delete on v for each row execute function gone()",
        "delete from v",
        "",
        "drop view v; drop function gone()",
    ),
    "rule of a view": Around(
        f"{VIEW.format(options='', what='1')}; "
        "create rule r as on delete to v do instead delete from orders where account_id = 2",
        "delete from v",
        "rule",
        "drop view v",
    ),
    "rule of a caller's view": Around(
        f"{VIEW.format(options=' with (security_invoker = true)', what='* from orders')}; "
        "create rule r as on insert to v do instead delete from orders where account_id = 2",
        "insert into v (id) values (1)",
        "rule",
        "drop view v",
        since=15,
    ),
    "rule of a table": Around(
        "create rule r as on insert to drafts do also delete from orders where account_id = 2",
        "insert into drafts (id, account_id) values (99, 1)",
        "rule",
        "drop rule r on drafts",
    ),
}


def reaches(database: Database, act: str) -> bool:
    """Whether tenant_1 sees or deletes more than its own orders by the act."""
    before = database.admin.execute(ALL.encode()).fetchone()
    with database.connect(autocommit=False) as tenant:
        tenant.execute("set role tenant_1")
        try:
            done = tenant.execute(act.encode())
            seen = done.fetchone() if done.description else None
        except psycopg.errors.InsufficientPrivilege:
            return False
        tenant.execute("reset role")
        left = tenant.execute(ALL.encode()).fetchone()
        tenant.rollback()
    return left != before or seen == before


@pytest.mark.majors("two")
def test_what_leads_past_the_policies_is_named(database: Database, invoke_cli: InProcess) -> None:
    database.execute(
        f"set role legacy; {SHOP} {ROWS} delete from notes; delete from lines; reset role; {tenancy.shop()}"
    )
    database.execute("revoke create on schema public from public; grant create on schema public to legacy")
    database.execute(f"grant create on database {database.name} to legacy")
    walk = Walk(invoke_cli, database).init()
    walk.config.write_text(walk.config.read_text() + tenancy.CONFIG)
    assert not reaches(database, ALL)
    wrong = []
    for name, way in WAYS.items():
        if way.since > database.cluster.major:
            continue
        database.execute(f"set role legacy; {way.plant}; reset role")
        opens = reaches(database, way.act)
        holes = [one for one in walk("tenants", "--prove", "--sample", "1", "--json").json["holes"] if one["opens"]]
        if opens != bool(way.key) or {one["key"] for one in holes} != ({way.key} if opens else set()):
            wrong.append((name, opens, [one["what"] for one in holes]))
        for fix in [one["fix"] for one in holes if one["fix"]]:
            database.execute(fix)
            assert not reaches(database, way.act), name
        database.execute(way.cure)
    assert not wrong, "\n".join(map(str, wrong))
