"""Two databases of one cluster that share their old role, with a walk in each."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import NEW_ROLES, Walk


def two_databases(make_database: MakeDatabase) -> tuple[Database, Database]:
    """Two databases, each with a table of legacy's that has a row; the body of a fixture."""
    return _small(make_database()), _small(make_database())


def _small(database: Database) -> Database:
    database.execute("create table t (id serial primary key); insert into t default values", database.legacy)
    return database


def walk_in(folder: Path, database: Database, *options: str, roles: tuple[str, ...] = NEW_ROLES) -> Walk:
    """A split that has just begun, with a folder of its own."""
    folder.mkdir()
    return Walk(InProcess(folder), database, roles=roles).init(*options)


def works(walk: Walk, role: str) -> None:
    """Assert that an application can log in as this role, read and write."""
    with psycopg.connect(walk.database.conninfo(role, walk.passwords.get(role)), autocommit=True) as connection:
        connection.execute("insert into public.t default values")
        connection.execute("select * from public.t")
