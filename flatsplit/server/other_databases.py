"""Another database of the same cluster, for what stands there about this one: jobs of pg_cron, for example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


@contextmanager
def looking_into(conn: psycopg.Connection[Any], database: str) -> Iterator[psycopg.Connection[Any]]:
    """A session there as whoever this one is, which changes nothing. Raises psycopg.Error where it does not come to be.

    Ten seconds are waited for it at the most.
    """
    info = conn.info
    parameters = {**info.get_parameters(), "dbname": database, "password": info.password, "connect_timeout": "10"}
    with psycopg.connect(**parameters, autocommit=True) as there:  # type: ignore[arg-type]  # all of them strings
        there.execute("SET search_path = pg_catalog, pg_temp; SET default_transaction_read_only = on")
        yield there
