"""A server with everything on record, one application's database on it, and flatsplit."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from flatsplit.demo.server import DISPOSABLE, Cluster, ClusterConfig
from tests.fixtures.databases import ROOT
from tests.live.environments import clean_environment
from tests.support.patience import until
from tests.support.walk import configure, write_passwords

DATABASE = "app"
SETTINGS = {
    **DISPOSABLE,
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
    "pg_stat_statements.max": "10000",
    "logging_collector": "on",
    "log_destination": "csvlog",
    "log_directory": "log",
    "log_filename": "all.log",
    "log_file_mode": "0644",
    "log_min_error_statement": "error",
    "max_connections": "60",
}


@dataclass
class Stage:
    """Use :func:`open_stage` as a context manager's content; the cluster is the caller's."""

    cluster: Cluster
    folder: Path
    legacy: str = "legacy"
    passwords: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """The old role, its database, the extension."""
        self.passwords = {
            role: f"live-{role}" for role in (self.legacy, "app_user", "app_migrator", "app_readonly", "dba")
        }
        with psycopg.connect(self.cluster.conninfo(), autocommit=True) as connection:
            who, where = sql.Identifier(self.legacy), sql.Identifier(DATABASE)
            secret = sql.Literal(self.passwords[self.legacy])
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(who, secret))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(where, who))
        with self.admin() as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            if self.cluster.major < 15:
                connection.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(who))

    def admin(self) -> psycopg.Connection[Any]:
        """A connection as the operator."""
        return psycopg.connect(self.cluster.conninfo(DATABASE), autocommit=True)

    def connect(self, role: str) -> psycopg.Connection[Any]:
        """A connection as one of the roles."""
        conninfo = self.cluster.conninfo(DATABASE, role, self.passwords[role], tcp=True)
        return psycopg.connect(conninfo, autocommit=True)

    def environment(self, role: str) -> dict[str, str]:
        """Where an application finds the database."""
        return clean_environment(
            PGHOST="127.0.0.1",
            PGPORT=str(self.cluster.port),
            PGDATABASE=DATABASE,
            PGUSER=role,
            PGPASSWORD=self.passwords[role],
            HOME=str(self.folder),
        )

    def flatsplit(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> str:
        """Runs a command of flatsplit's; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "flatsplit", *arguments],
            env=clean_environment(FLATSPLIT_DSN=self.cluster.conninfo(DATABASE), PYTHONPATH=str(ROOT)),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode not in accept:
            said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
            raise SystemExit(f"flatsplit {' '.join(arguments)}: exit code {done.returncode}\n{said}")
        return done.stdout

    def wait_for(self, role: str) -> None:
        """Until somebody is connected as this role."""
        with self.admin() as connection:
            until(
                lambda: connection.execute("SELECT FROM pg_stat_activity WHERE usename = %s", [role]).rowcount,
                f"a session of {role}",
            )

    def wait_until_gone(self, role: str) -> None:
        """Until nobody is connected as this role any more."""
        with self.admin() as connection:
            until(
                lambda: not connection.execute("SELECT FROM pg_stat_activity WHERE usename = %s", [role]).rowcount,
                f"the end of the last session of {role}",
            )

    def survey(self) -> None:
        """``init``, and no time to wait for."""
        self.flatsplit("init", "--legacy-role", self.legacy, "--yes")
        configure(self.folder / "flatsplit.toml", drain="0s", soak="0s", rehearsal="required")
        new = {role: password for role, password in self.passwords.items() if role != self.legacy}
        write_passwords(self.folder / "passwords.toml", new)

    def next(self, *arguments: str) -> None:
        """Steps forward."""
        self.flatsplit("next", "--yes", "--password-file", "passwords.toml", *arguments)

    def rehearse(self, *arguments: str) -> dict[str, Any]:
        """The result of a rehearsal."""
        found: dict[str, Any] = json.loads(self.flatsplit("rehearse", "--json", *arguments, accept=(0, 4)))
        return found


def make_cluster() -> Cluster:
    """Not started yet."""
    return Cluster(ClusterConfig(auth="trust", loopback=True, settings=SETTINGS))
