"""Why there is no connection: what is said, what to do, and no password in it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from flatsplit.connection import open_session
from flatsplit.errors import ConnectFailed, FlatsplitError, UsageError
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster

SECRET = "tell-n0body"


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def failure(dsn: str) -> FlatsplitError:
    with pytest.raises(FlatsplitError) as failed:
        open_session(dsn)
    said = failed.value
    assert said.__cause__ is None
    assert said.__context__ is None or said.__suppress_context__
    assert SECRET not in said.what + said.fix
    assert "\n" not in said.what + said.fix
    assert said.what
    assert said.fix
    return said


def test_no_server(closed_port: int, tmp_path: Path) -> None:
    said = failure(f"host=127.0.0.1 port={closed_port} dbname=shop password={SECRET}")
    assert isinstance(said, ConnectFailed)
    assert said.what == f"cannot connect to 127.0.0.1:{closed_port}/shop: Connection refused"
    assert "that the server runs" in said.fix
    assert "that the server runs" in failure(f"host={tmp_path}").fix
    assert "host name" in failure(f"postgresql://me:{SECRET}@no-such-host.invalid/shop").fix


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = failure(f"host=127.0.0.1 port={silent.getsockname()[1]} connect_timeout=2")
    assert "connect_timeout" in said.fix


@pytest.mark.parametrize(
    "option", ["connect_timeout=abc", "sslmode=foo", "target_session_attrs=foo", "gssencmode=foo", "port=99999"]
)
def test_a_value_that_libpq_does_not_take(option: str) -> None:
    """Not taken for a server that does not answer, and in libpq's own words."""
    said = failure(f"host=127.0.0.1 {option}")
    assert "correct that value" in said.fix
    assert "connection is bad" not in said.what
    assert option.partition("=")[2] in said.what


def test_unknown_database_role_and_wrong_password(fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster(auth="scram", loopback=True)
    dsn = cluster.conninfo()
    assert 'database "nope" does not exist' in failure(make_conninfo(dsn, dbname="nope")).what
    wrong = failure(make_conninfo(dsn, password=SECRET))
    assert 'password authentication failed for user "postgres"' in wrong.what
    assert "~/.pgpass" in wrong.fix
    # with SCRAM the server does not tell an unknown role from a wrong password
    assert "check user and password" in failure(make_conninfo(dsn, user="nope", password=SECRET)).fix
    assert "PGPASSWORD" in failure(make_conninfo(host=str(cluster.folder), port=cluster.port, user="postgres")).fix
    for setting, option in (("channel_binding", "require"), ("target_session_attrs", "standby")):
        assert f"check {setting}" in failure(make_conninfo(dsn, **{setting: option})).fix
    assert "sslmode" in failure(make_conninfo(cluster.conninfo(tcp=True), sslmode="require")).fix


def test_unknown_role_and_one_without_login(database: Database) -> None:
    assert 'role "nope" does not exist' in failure(database.conninfo("nope")).what
    database.execute("CREATE ROLE nologin_role")
    assert "LOGIN" in failure(database.conninfo("nologin_role")).fix


@pytest.mark.parametrize(
    "dsn",
    [
        f"host=x password='{SECRET}",
        f"postgresql://me:{SECRET}%zz@host/db",
        f"{SECRET} is my password",
        f"postgresql://me:x@{SECRET}@host/db",
        f"postgresql://me:/{SECRET}@host/db",
        f"postgresql://me:x/{SECRET}:{SECRET}@host/db",
        f"postgresql://me:{SECRET}@host:port/db",
        f"host=h port={SECRET}",
        f"mysql://me:{SECRET}@host/db",
    ],
)
def test_a_broken_connection_string_is_not_repeated(dsn: str) -> None:
    said = failure(dsn)
    assert isinstance(said, UsageError)
    assert said.exit_code == 2


@pytest.mark.parametrize(
    ("dsn", "advice"),
    [
        (f"postgresql+psycopg://me:{SECRET}@host/db", "write postgresql:// instead of postgresql+psycopg://,"),
        (f"postgres+asyncpg://me:{SECRET}@host/db?ssl=require", "write postgresql:// instead of postgres+asyncpg://,"),
        (f"jdbc:postgresql://host/db?user=me&password={SECRET}", "instead of jdbc:postgresql://,"),
        (f"postgresql://me:{SECRET}@host/db?schema=public&pgbouncer=true", "library does: schema, pgbouncer"),
        (f"postgresql://me:x?{SECRET}@host/db?pool=5", "library does: pool"),
    ],
)
def test_connection_strings_of_other_clients(dsn: str, advice: str) -> None:
    assert advice in failure(dsn).fix


def test_without_a_connection_string_libpq_decides(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", str(database.cluster.folder))
    monkeypatch.setenv("PGPORT", str(database.cluster.port))
    monkeypatch.setenv("PGUSER", database.operator)
    monkeypatch.setenv("PGDATABASE", database.name)
    with open_session(None) as made:
        assert made.driver.info.dbname == database.name
    monkeypatch.setenv("PGPASSWORD", SECRET)
    monkeypatch.setenv("PGDATABASE", "nope")
    with pytest.raises(ConnectFailed) as failed:
        open_session(None)
    assert "/nope" in failed.value.what


def test_a_service_file_serves(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "services"
    cluster = database.cluster
    file.write_text(f"[shop]\nhost={cluster.folder}\nport={cluster.port}\nuser=postgres\ndbname={database.name}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    with open_session("service=shop") as made:
        assert made.driver.info.dbname == database.name
    assert "service name" in failure("service=nope").fix


def test_hostile_names_connect(make_database: MakeDatabase) -> None:
    database = make_database(name="a'b \"c\\d=e", legacy="l'é \\")
    with open_session(database.dsn) as made:
        assert made.driver.info.dbname == database.name
