"""One database for all hazards of a file: each is planted in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from flatsplit.demo.server import Cluster, ClusterConfig
from tests.fixtures.databases import janitor
from tests.fixtures.servers import SETTINGS, available
from tests.support.hazards import ROLES

NAME = "fs_hazards"
PEOPLE = ("legacy", *ROLES, "vendor", "team", "trainee")


@pytest.fixture(scope="module")
def patient(server: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection to an empty database of legacy's; the new roles exist, and some others."""
    with psycopg.connect(server.conninfo(), autocommit=True) as maintenance:
        there = {row[0] for row in maintenance.execute("SELECT rolname FROM pg_roles")}
        made = [name for name in PEOPLE if name not in there]
        for name in made:
            maintenance.execute(f"CREATE ROLE {name} LOGIN".encode())
        janitor(server, NAME).init()
        maintenance.execute(f"ALTER DATABASE {NAME} OWNER TO legacy".encode())
        try:
            with psycopg.connect(server.conninfo(NAME), autocommit=True) as connection:
                connection.execute(f"GRANT USAGE ON SCHEMA public TO {', '.join(PEOPLE)}".encode())
                connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # as since 15
                connection.execute("GRANT CREATE ON SCHEMA public TO legacy, app_migrator")
                yield connection
        finally:
            maintenance.execute(f"DROP DATABASE {NAME} WITH (FORCE)".encode())
            for name in made:
                maintenance.execute(f"DROP ROLE {name}".encode())


@pytest.fixture(scope="module")
def strict(major: int) -> Iterator[Cluster]:
    """A server that asks everybody for a password and can publish; roles stay, so each test names its own."""
    settings = {**SETTINGS, "wal_level": "logical", "wal_retrieve_retry_interval": "100ms"}
    with Cluster(ClusterConfig(binaries=available()[major], settings=settings)) as cluster:
        yield cluster
