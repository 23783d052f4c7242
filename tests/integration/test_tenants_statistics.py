"""Statistics hold values of rows, whoever they belong to: where a server shows them to everybody, the proof says so."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support import tenancy
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk

NAMES = "create statistics public.names on (lower(name)), account_id from public.customers; analyze public.customers"
SEEN = "select most_common_vals::text from pg_stats_ext_exprs where statistics_name = 'names'"


@pytest.mark.majors("one", since=14)  # statistics on expressions
def test_a_cluster_that_was_made_before_they_were_hidden(database: Database, invoke_cli: InProcess) -> None:
    database.execute(
        f"set role legacy; {SHOP} {ROWS} {NAMES}; reset role; create role app_user; create role app_readonly"
    )
    database.execute("update customers set name = 'whale' where account_id = 3; analyze customers")
    database.execute(tenancy.shop())
    walk = Walk(invoke_cli, database).init("--adopt")
    walk.config.write_text(walk.config.read_text() + tenancy.CONFIG)

    def shown() -> bool:
        with database.connect() as tenant:
            tenant.execute("set role tenant_1")
            return "whale" in str(tenant.execute(SEEN).fetchall())

    def told() -> list[str]:
        return [one["key"] for one in walk("tenants", "--prove", "--json").json["holes"] if one["opens"]]

    assert (shown(), told()) == (False, [])
    with database.connect() as admin:
        (definition,) = admin.execute("select pg_get_viewdef('pg_stats_ext_exprs'::regclass)").fetchone() or ("",)
        before = definition.rpartition("WHERE")[0]
        admin.execute("set allow_system_table_mods = on")
        admin.execute(f"create or replace view pg_catalog.pg_stats_ext_exprs as {before}".encode())
    assert (shown(), told()) == (True, ["statistics"]), "another tenant's"
    (hole,) = (one for one in walk("tenants", "--prove", "--json").json["holes"] if one["opens"])
    database.execute(hole["fix"])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        shown()
    assert told() == []
