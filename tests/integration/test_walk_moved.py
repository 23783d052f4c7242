"""A database that goes on elsewhere: under pg_upgrade or a move its identity changes, and only the operator knows."""

import subprocess

import psycopg
import pytest
from psycopg import sql

from flatsplit.demo.server import Cluster, ClusterConfig
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import SETTINGS, FreshCluster, available, tool
from tests.support.walk import Walk, assert_same
from tests.support.world import trap_world


def move(database: Database) -> None:
    """Put a copy in the place of the database: same name and content, another oid."""
    names = {"name": sql.Identifier(database.name), "legacy": sql.Identifier(database.legacy)}
    database.close()
    with psycopg.connect(database.cluster.conninfo(), autocommit=True) as connection:
        for statement in (
            "create database moved template {name} owner {legacy}",
            "drop database {name}",
            "alter database moved rename to {name}",
        ):
            connection.execute(sql.SQL(statement).format(**names))


@pytest.mark.majors("two")
def test_a_moved_database_goes_on_where_it_was(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database("chinook")
    walk = Walk(invoke_cli, database).init()
    walk.forward("grant-existing")
    again = ("init", "--moved", "--yes")

    move(database)
    refused = walk("status").check(1)
    assert "restored elsewhere" in refused.stderr
    assert "flatsplit init --moved" in refused.stderr
    walk(*again).check()

    assert walk.next_step() == "default-privileges"
    walk.forward()
    told = walk("history").check().stdout
    assert "goes on after pg_upgrade or a move" in told
    walk("verify").check()


def test_roles_that_did_not_come_along(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database("chinook")
    walk = Walk(invoke_cli, database).init()
    walk.step("create-roles")
    database.execute("alter role app_readonly rename to left_behind")

    move(database)
    refused = walk("init", "--legacy-role", database.legacy, "--moved", "--yes").check(1)
    database.execute("alter role left_behind rename to app_readonly")

    assert "the roles of the cutover did not come along: app_readonly" in refused.stderr
    assert "pg_dumpall --roles-only" in refused.stderr


def carry(origin: Cluster, to: Cluster) -> None:
    """All that pg_dumpall writes down of one cluster, into another; only the superuser is there already."""
    dumped = subprocess.run(
        [tool("pg_dumpall"), "--no-sync", "-d", origin.conninfo()], capture_output=True, text=True, check=True
    ).stdout
    restored = subprocess.run(
        [tool("psql"), "-XqAt", "-d", to.conninfo()], input=dumped, capture_output=True, text=True
    )
    errors = [line for line in restored.stderr.splitlines() if "ERROR" in line]
    assert all('"postgres" already exists' in line for line in errors), errors


@pytest.mark.slow
@pytest.mark.majors("oldest")
@pytest.mark.parametrize("upto", ["transfer-ownership", "revoke-legacy"])
def test_dumped_in_the_middle(
    upto: str, fresh_cluster: FreshCluster, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    """Every oid is another then, memberships have options that they had not, and there is a privilege more."""
    newest = list(available().values())[-1]
    database = make_database(cluster=fresh_cluster())
    trap_world(database.admin, database.legacy)
    config = ClusterConfig(binaries=newest, auth="trust", settings=SETTINGS)
    with Cluster(config) as aside, Cluster(config) as after:
        carry(database.cluster, aside)
        walk = Walk(invoke_cli, database).init()
        walk.forward(upto)
        carry(database.cluster, after)
        database.close()
        database.cluster = after
        walk("init", "--legacy-role", database.legacy, "--moved", "--yes").check()
        assert walk.status()["broken"] == []
        new = "PostgreSQL 18 has privileges that 13 had not"
        assert {one["cause"] for one in walk("verify", "--json").json["drift"]} == {new}
        walk("repair", "--yes").check()
        walk("status").check()
        walk.forward()
        walk("verify").check()
        walk.rollback("--all")
        found = walk.snapshot()
        database.close()
        database.cluster = aside
        assert_same(walk.snapshot(), found, f"moved after {upto} and taken back")
