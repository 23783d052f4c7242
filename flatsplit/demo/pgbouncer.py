"""Runs a PgBouncer for the story, where one is installed; the application connects through it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from flatsplit.demo.flat import OPERATOR, Shop
from flatsplit.errors import FlatsplitError

PORT = 6432
_LOOKS_UP = "pgbouncer"
_SETTINGS = """\
[databases]
{database} = host={host} port={port} dbname={database}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {own}
auth_type = scram-sha-256
auth_file = {folder}/users.txt
auth_user = {user}
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
pool_mode = session
server_lifetime = 1
server_idle_timeout = 1
stats_users = stats
"""


@dataclass(frozen=True)
class StoryPooler:
    """A running PgBouncer."""

    folder: Path

    def through(self, conninfo: str) -> str:
        """The connection string for the same login through PgBouncer."""
        return make_conninfo(conninfo, host=str(self.folder), port=str(PORT))

    @property
    def console(self) -> str:
        """The connection string of its console, for flatsplit.toml; the password is in a file."""
        return f"host={self.folder} port={PORT} dbname=pgbouncer user=stats passfile={self.folder}/pgpass"


@contextmanager
def pooling(shop: Shop) -> Iterator[StoryPooler | None]:
    """Run a PgBouncer in front of the shop's database until the block ends; None where the machine has none."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="fsb"))
    try:
        process = _start(program, folder, shop)
        try:
            yield StoryPooler(folder)
        finally:
            process.terminate()
            process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(program: str, folder: Path, shop: Shop) -> subprocess.Popen[bytes]:
    words = {_LOOKS_UP: os.urandom(16).hex(), "stats": os.urandom(16).hex()}
    with psycopg.connect(shop.conninfo(OPERATOR), autocommit=True) as conn:
        role, word = sql.Identifier(_LOOKS_UP), sql.Literal(words[_LOOKS_UP])
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, word))
        conn.execute(sql.SQL("GRANT SELECT ON pg_catalog.pg_shadow TO {}").format(role))
    server = conninfo_to_dict(shop.conninfo(OPERATOR))
    place = {"database": server["dbname"], "host": server["host"], "port": server["port"]}
    files = {
        "pgbouncer.ini": _SETTINGS.format(**place, folder=folder, own=PORT, user=_LOOKS_UP),
        "users.txt": "".join(f'"{name}" "{secret}"\n' for name, secret in words.items()),
        "pgpass": f"*:{PORT}:pgbouncer:stats:{words['stats']}\n",
    }
    for name, text in files.items():
        path = folder / name
        path.touch(0o600)
        path.write_text(text)
    command = [program, str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:  # it refuses to run as root
        for name in ("", "pgbouncer.ini", "users.txt"):
            shutil.chown(folder / name, "nobody")
        command[1:1] = ["-u", "nobody"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while not (folder / f".s.PGSQL.{PORT}").exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise FlatsplitError("PgBouncer does not start", f"{program} --version says which one it is")
        time.sleep(0.02)
    return process
