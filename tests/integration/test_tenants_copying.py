"""Whoever copies tables is told before row-level security is on: COPY … FROM and pg_dump are refused then."""

from __future__ import annotations

import subprocess

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster, tool
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator
from tests.support.tenanted import CONFIG, step
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk

ROLES = "create table roles (id int primary key, account_id bigint not null); create index on roles (account_id);"
"""Called like the table that says which role is whose, which the walk itself copies."""


def waits(walk: Walk) -> dict[str, str]:
    """Which gates are closed, each with its fix."""
    shown = walk("status", "--walk", "tenants", "--json").json
    (ahead,) = (one for one in shown["steps"] if one["key"] == shown["next"])
    return {gate["key"]: gate["fix"] for gate in ahead["gates"] if not gate["open"]}


@pytest.mark.slow
@pytest.mark.majors("one")
def test_who_copies_is_named_and_no_look_of_flatsplits_is(
    fresh_cluster: FreshCluster, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    cluster = fresh_cluster(settings={"shared_preload_libraries": "pg_stat_statements"})
    database = make_database(cluster=cluster)
    database.execute(f"create extension pg_stat_statements; set role legacy; {SHOP} {ROLES} {ROWS} reset role")
    make_operator(database, SHAPES["createrole"])
    database.execute(f"""grant pg_monitor to "{OPERATOR.replace('"', '""')}" """)
    walk = OperatorsWalk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + CONFIG)
    walk("begin", "tenants", "--yes").check()
    assert not waits(walk)
    dumped = database.conninfo("app_readonly", walk.passwords["app_readonly"])
    dump = [tool("pg_dump"), "--data-only", "--file=/dev/null", dumped]
    subprocess.run(dump, check=True)
    found = waits(walk)
    assert found.keys() == {"dumps"}
    database.execute(found["dumps"].rpartition("or: ")[2])
    step(walk, "--through", "tenant-policies")
    assert not waits(walk)
    application = database.conninfo("app_user", walk.passwords["app_user"])
    for table, row, closed in (("plans", "7\tseven\n", set()), ("drafts", "70\t1\tseven\n", {"copies"})):
        with (
            psycopg.connect(application) as connection,
            connection.cursor().copy(f"copy {table} from stdin".encode()) as copy,
        ):
            copy.write(row)
        found = waits(walk)
        assert found.keys() == closed, table
    assert "let it load as app_migrator, or use INSERT" in found["copies"]
    database.execute("select pg_stat_statements_reset()")
    step(walk)
    subprocess.run(dump, check=True)
    with (
        psycopg.connect(application) as connection,
        pytest.raises(psycopg.errors.FeatureNotSupported),
        connection.cursor().copy("copy drafts from stdin") as copy,
    ):
        copy.write("71\t1\tseven\n")
