"""A database that goes on elsewhere: under pg_upgrade or a move its identity changes, and only the operator knows."""

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk


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
    again = ("init", "--legacy-role", database.legacy, "--moved", "--yes")

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
