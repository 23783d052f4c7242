"""Runs PgBouncer for tests; its users are looked up in the database."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.fixtures.databases import Database

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MISSING = "no pgbouncer on this machine; .ci/run installs it, and with CI=true fails without"


def program() -> str:
    """The path of PgBouncer; where there is none, the test is skipped."""
    if PROGRAM is None:
        pytest.skip(MISSING)
    return PROGRAM


def starts(settings: Path) -> list[str]:
    """The command that starts a PgBouncer with these settings, as another user than root."""
    return [program(), *(["-u", "nobody"] if os.geteuid() == 0 else []), str(settings)]


@contextmanager
def pooling(database: Database, auth_user: str, auth_query: str, user: str, password: str) -> Iterator[str]:
    """Run a PgBouncer in front of the database, in session mode; gives the connection string of ``user`` through it."""
    folder = Path(tempfile.mkdtemp(prefix="fsb"))
    users, settings = folder / "users.txt", folder / "pgbouncer.ini"
    command = starts(settings)
    folder.chmod(0o777)  # PgBouncer runs as another user
    server = conninfo_to_dict(database.dsn)
    users.write_text(f'"{auth_user}" ""\n')
    settings.write_text(
        f"[databases]\n{database.name} = host={server['host']} port={server['port']}\n"
        f"[pgbouncer]\nlisten_addr =\nunix_socket_dir = {folder}\nlisten_port = 6432\nauth_type = scram-sha-256\n"
        f"auth_file = {users}\nauth_user = {auth_user}\nauth_query = {auth_query}\npool_mode = session\n"
    )
    for file in (users, settings):
        file.chmod(0o644)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None, "PgBouncer did not start"
            time.sleep(0.02)
        conninfo = make_conninfo("", host=str(folder), port="6432", user=user, password=password, dbname=database.name)
        psycopg.connect(conninfo).close()
        yield conninfo
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
