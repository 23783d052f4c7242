"""Sets up pg_stat_statements for a test, on a server that other tests use too."""

from __future__ import annotations

import pytest

from flatsplit.demo.server import find_binaries
from tests.fixtures.databases import Database


def require_statements() -> None:
    """Skip the test where the installation has no pg_stat_statements among its files."""
    if not any(find_binaries().prefix.rglob("pg_stat_statements.control")):
        pytest.skip("this installation has no pg_stat_statements, and the story is about learning from it")


def remember_statements(database: Database) -> None:
    """Have pg_stat_statements in this database, and room in it: a server of many tests has it full of theirs.

    The entries of databases and roles that are gone stay in it. From 94 in 100 upwards a server before 14 cannot say
    that nothing was lost, and later ones drop entries in the middle of the test that counts on them.
    """
    row = database.admin.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'").fetchone()
    if row is None:
        pytest.skip(f"PostgreSQL {database.cluster.major} here brings no pg_stat_statements, which tells what was run")
    database.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()")
