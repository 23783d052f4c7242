"""What the recorder of the walk ``trail`` has written becomes no older than somebody wants it."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from psycopg import sql

from flatsplit.connection import Session
from flatsplit.journal.tables import RECORDER, SCHEMA

_MAY = """
SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'DELETE')
FROM pg_catalog.pg_class AS c
WHERE c.relnamespace = pg_catalog.to_regnamespace(%(schema)s) AND c.relname = %(table)s AND c.relkind = 'r'
  AND NOT c.relhastriggers AND NOT c.relhasrules
"""
"""A trigger or rule there is nobody's whose code should run with the operator's rights."""


def thin(session: Session, keep: timedelta) -> int:
    """Take older rows away, where there are any and the operator may; how many."""
    row = session.driver.execute(_MAY, {"schema": SCHEMA, "table": RECORDER}).fetchone()
    if row != (True,):
        return 0
    old = sql.SQL("DELETE FROM {} WHERE at < pg_catalog.clock_timestamp() - %s").format(
        sql.Identifier(SCHEMA, RECORDER)
    )
    try:
        with session.driver.transaction():
            return session.driver.execute(old, (keep,)).rowcount
    except psycopg.errors.LockNotAvailable:  # the next look will
        return 0
