"""A server, and on it a template: a database that was split, with what most files of the corpus want to find."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from flatsplit.catalog import read_state
from flatsplit.config import load
from flatsplit.demo.server import DISPOSABLE, Cluster, ClusterConfig
from flatsplit.model import State
from flatsplit.walks.split.context import Context
from tests.fixtures.databases import ROOT
from tests.support.walk import configure

TEMPLATE = "corpus"
LEGACY, USER, MIGRATOR = "legacy", "app_user", "app_migrator"
BEFORE = "who_legacy_was"
"""Holds what legacy held, and owns what it owned."""
SETTINGS = {
    **DISPOSABLE,
    "max_prepared_transactions": "10",
    "wal_level": "logical",
    "max_connections": "40",
    "autovacuum": "off",  # new statistics between one role's try and the other's would make them other plans
}
_SUBSCRIPTIONS = """SELECT quote_ident(subname) FROM pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@dataclass
class Stage:
    """A running cluster with the template in it."""

    cluster: Cluster
    context: Context
    number: int = 0

    @contextmanager
    def database(self) -> Iterator[str]:
        """The name of a copy of the template."""
        self.number += 1
        name = f"corpus_{self.number}"
        with self.connect("postgres") as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {MIGRATOR}".encode())
        try:
            yield name
        finally:
            with self.connect(name) as admin:
                for (subscription,) in admin.execute(_SUBSCRIPTIONS).fetchall():
                    admin.execute(f"ALTER SUBSCRIPTION {subscription} DISABLE".encode())
                    admin.execute(f"ALTER SUBSCRIPTION {subscription} SET (slot_name = NONE)".encode())
                    admin.execute(f"DROP SUBSCRIPTION {subscription}".encode())
            with self.connect("postgres") as admin:
                for (slot,) in admin.execute("SELECT slot_name FROM pg_replication_slots").fetchall():
                    admin.execute("SELECT pg_drop_replication_slot(%s)", [slot])
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def connect(self, database: str, role: str | None = None) -> psycopg.Connection[Any]:
        """A session of a role, the operator's if none is named."""
        return psycopg.connect(self.cluster.conninfo(database, role), autocommit=True, prepare_threshold=None)


def build(folder: Path, cluster: Cluster, setup: list[str]) -> Stage:
    """Makes the template; ``setup`` are statements that the old owner runs before the split."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {LEGACY} LOGIN".encode())
        admin.execute(f"CREATE DATABASE {TEMPLATE} OWNER {LEGACY}".encode())
    with psycopg.connect(cluster.conninfo(TEMPLATE), autocommit=True) as admin:
        admin.execute(f"GRANT ALL ON SCHEMA public TO {LEGACY}".encode())
    with psycopg.connect(cluster.conninfo(TEMPLATE, LEGACY), autocommit=True) as legacy:
        for statement in setup:
            try:
                legacy.execute(statement.encode())
            except psycopg.Error:
                continue
        before = read_state(legacy)
    flatsplit = _Tool(cluster.conninfo(TEMPLATE), folder)
    flatsplit("init", "--legacy-role", LEGACY, "--yes")
    configure(folder / "flatsplit.toml", drain="0s", soak="0s")
    flatsplit("next", "--yes", "--through", "enable-login", "--generate-passwords", "passwords.toml")
    # Login without a password is by the socket; the step that moves ownership is done here by hand, without a drain
    with psycopg.connect(cluster.conninfo(TEMPLATE), autocommit=True) as admin:
        admin.execute(f"REASSIGN OWNED BY {LEGACY} TO {MIGRATOR}".encode())
        admin.execute(f"GRANT CREATE ON SCHEMA public TO {MIGRATOR}".encode())
        admin.execute("DROP SCHEMA flatsplit CASCADE")
        admin.execute(f"CREATE ROLE {BEFORE} LOGIN IN ROLE {LEGACY}, {MIGRATOR}".encode())
    return Stage(cluster, Context(load(folder / "flatsplit.toml"), before))


@dataclass
class _Tool:
    dsn: str
    folder: Path

    def __call__(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "flatsplit", *arguments],
            env={**os.environ, "FLATSPLIT_DSN": self.dsn, "PYTHONPATH": str(ROOT)},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"flatsplit {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def make_cluster() -> Cluster:
    """Not started yet."""
    return Cluster(ClusterConfig(auth="trust", settings=SETTINGS))


def before(state: State) -> State:
    """The same as if nothing had been moved: whatever app_migrator owns is legacy's."""
    from dataclasses import replace

    moved: dict[Any, Any] = {}
    objects = {}
    for ref, facts in state.objects.items():
        if facts.owner == MIGRATOR:
            moved.setdefault(id(facts), facts._replace(owner=LEGACY))
            facts = moved[id(facts)]
        objects[ref] = facts
    return replace(state, objects=objects)
