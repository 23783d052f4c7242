"""The fixtures do what other tests rely on."""

from __future__ import annotations

import subprocess

import psycopg
import pytest

from flatsplit.demo.server import Cluster
from tests.fixtures.databases import Database, MakeDatabase, load_app, load_schema, shared_apps, shared_schemas
from tests.fixtures.servers import FreshCluster, tool


def dump(database: Database) -> list[str]:
    done = subprocess.run([tool("pg_dump"), "-s", database.dsn], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict", "--"))]


@pytest.mark.slow
@pytest.mark.parametrize("schema", shared_schemas())
def test_a_schema_from_the_template_is_as_if_loaded(make_database: MakeDatabase, schema: str) -> None:
    loaded = make_database()
    load_schema(loaded, schema)
    assert dump(make_database(schema)) == dump(loaded)


@pytest.mark.slow
@pytest.mark.parametrize("app", shared_apps())
def test_an_app_from_the_template_is_as_if_loaded(make_database: MakeDatabase, app: str) -> None:
    loaded = make_database()
    load_app(loaded, app)
    assert dump(make_database(app=app)) == dump(loaded)


def litter(database: Database) -> None:
    database.execute("CREATE TABLE t ()", "legacy")
    database.connect("legacy").execute("BEGIN; SELECT FROM t")
    database.execute("CREATE ROLE other LOGIN; GRANT ALL ON t TO other; GRANT CREATE ON DATABASE postgres TO other")
    database.execute("CREATE ROLE admin; GRANT other TO admin WITH ADMIN OPTION")
    database.execute("CREATE DATABASE elsewhere OWNER legacy")
    with database.connect(autocommit=False) as connection:
        connection.execute("LOCK t IN SHARE MODE")
        connection.execute("PREPARE TRANSACTION 'left behind'")


@pytest.mark.parametrize("time", [1, 2])
def test_what_one_test_makes_the_next_does_not_see(database: Database, server: Cluster, time: int) -> None:
    roles = {row[0] for row in database.admin.execute("SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg|fs)_'")}
    assert roles == {"postgres", "legacy"}
    assert not database.admin.execute("SELECT FROM pg_database WHERE datname = 'elsewhere'").rowcount
    litter(database)


def test_legacy_may_be_the_bootstrap_superuser(fresh_cluster: FreshCluster, make_database: MakeDatabase) -> None:
    cluster = fresh_cluster(superuser="legacy", auth="scram")
    database = make_database("chinook", cluster=cluster)
    assert database.operator == "postgres"
    row = database.admin.execute("SELECT 'legacy'::regrole::oid = 10, count(*) FROM pg_class WHERE relowner = 10")
    assert row.fetchone()[0]  # type: ignore[index]
    cluster.kill()
    cluster.start()
    assert database.admin.execute("SELECT current_user").fetchone() == ("postgres",)
    with pytest.raises(psycopg.OperationalError):
        database.connect(password="wrong")
