"""A look into another database of the cluster, for what it holds about this one, such as jobs of pg_cron."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


@contextmanager
def looking_into(conn: psycopg.Connection[Any], database: str) -> Iterator[psycopg.Connection[Any]]:
    """A read-only session there as the same role. Raises psycopg.Error where it cannot connect within ten seconds."""
    info = conn.info
    parameters = {**info.get_parameters(), "dbname": database, "password": info.password, "connect_timeout": "10"}
    with psycopg.connect(**parameters, autocommit=True) as there:  # type: ignore[arg-type]  # all of them strings
        there.execute("SET search_path = pg_catalog, pg_temp; SET default_transaction_read_only = on")
        yield there
