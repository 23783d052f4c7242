"""PgBouncer in between: refused where it shares server connections, and its idle ones told apart."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from flatsplit.connection import open_session
from flatsplit.errors import FlatsplitError, TargetError
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.patience import until
from tests.support.pooler import MISSING, PROGRAM, starts
from tests.support.walk import Walk

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)

Bouncer = Callable[[Database, str], str]
SIZE = 3
"""Server connections of a pool."""


@pytest.fixture
def bouncer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bouncer]:
    """Start a PgBouncer in front of a database, in a pool mode; gives back the connection string through it."""
    started: list[subprocess.Popen[bytes]] = []
    folders: list[Path] = []

    def start(database: Database, mode: str) -> str:
        import tempfile

        folder = Path(tempfile.mkdtemp(prefix="fsb"))
        folders.append(folder)
        folder.chmod(0o777)
        server = conninfo_to_dict(database.dsn)
        (folder / "users.txt").write_text('"postgres" "x"\n"legacy" "x"\n')
        (folder / "b.ini").write_text(
            f"[databases]\n{database.name} = host={server['host']} port={server['port']}\n"
            f"[pgbouncer]\nlisten_addr =\nunix_socket_dir = {folder}\nlisten_port = 6432\nauth_type = trust\n"
            f"auth_file = {folder}/users.txt\npool_mode = {mode}\nadmin_users = postgres\ndefault_pool_size = {SIZE}\n"
            "ignore_startup_parameters = extra_float_digits\n"
        )
        for file in folder.iterdir():
            file.chmod(0o644)
        command = starts(folder / "b.ini")
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        dsn = make_conninfo("", host=str(folder), port="6432", user="postgres", dbname=database.name)
        until(lambda: _answers(dsn), "PgBouncer")
        return dsn

    yield start
    for process in started:
        process.terminate()
        process.wait(10)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def test_transaction_mode_is_refused_with_the_reason(database: Database, bouncer: Bouncer) -> None:
    with pytest.raises(TargetError) as refused:
        open_session(bouncer(database, "transaction"))
    assert "in transaction or statement mode" in refused.value.what
    assert "connect to the server itself" in refused.value.fix


def test_session_mode_is_not(database: Database, bouncer: Bouncer, monkeypatch: pytest.MonkeyPatch) -> None:
    dsn = bouncer(database, "session")
    with open_session(dsn) as session:
        assert session.pooled
    # The console of the pool, what a pool does not pass on, and a pool that is full
    for wrong, what, fix in (
        ({"dbname": "pgbouncer"}, "console of PgBouncer", "name the application's database"),
        ({"options": "-c work_mem=5MB"}, "unsupported startup parameter", "connect to the server itself"),
    ):
        with pytest.raises(FlatsplitError, match=what) as refused:
            open_session(make_conninfo(dsn, **wrong))
        assert fix in refused.value.fix
    monkeypatch.setattr("flatsplit.connection.pools.PATIENCE", 1)
    with ExitStack() as held:
        for _ in range(SIZE - 1):
            held.enter_context(psycopg.connect(dsn)).execute("select 1")
        with pytest.raises(TargetError, match="no room for a second connection") as refused:
            open_session(dsn)
        assert "connect to the server itself" in refused.value.fix


def test_an_idle_server_connection_closes_the_gate_until_the_pool_lets_go(
    database: Database, bouncer: Bouncer, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("create table t ()", "legacy")
    dsn = bouncer(database, "session")
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    with psycopg.connect(make_conninfo(dsn, user="legacy")) as connection:
        connection.execute("select 1")
    monkeypatch.setattr("flatsplit.server.sessions.POOLED_AFTER", 0.0)
    with walk.switched():
        walk.next(exit_code=3)
        gates = next(step for step in walk.status()["steps"] if step["key"] == "switch-connections")["gates"]
        drained = next(gate for gate in gates if gate["key"] == "drained")
        assert "all idle" in drained["reason"]
        assert "RECONNECT" in drained["fix"]
        with psycopg.connect(make_conninfo(dsn, dbname="pgbouncer"), autocommit=True) as console:
            console.execute(f"RECONNECT {database.name}")
        walk.wait_until_gone("legacy")
        walk.next()
