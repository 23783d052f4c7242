"""The rows that the recorder of the walk ``trail`` has written: old ones removed, and all exported before they are
lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
from psycopg import sql

from flatsplit.connection import Session
from flatsplit.errors import MissingRights
from flatsplit.journal.layout import RECORDER, SCHEMA

_MAY = """
SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'DELETE')
FROM pg_catalog.pg_class AS c
WHERE c.relnamespace = pg_catalog.to_regnamespace(%(schema)s) AND c.relname = %(table)s AND c.relkind = 'r'
  AND NOT c.relhastriggers AND NOT c.relhasrules
"""
"""Whether triggers or rules on the table belong to the operator's side: others' would run with the
operator's rights.
"""
_THERE = """
SELECT pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
           AND NOT c.relrowsecurity
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.atttypid >= 16384),
       pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
FROM pg_catalog.pg_class AS c
WHERE c.relnamespace = pg_catalog.to_regnamespace(%(schema)s) AND c.relname = %(table)s AND c.relkind = 'r'
"""
"""Whether it can be read safely: reading it as JSON calls casts, and policies call functions."""
_TABLE = sql.Identifier(SCHEMA, RECORDER)


def thin(session: Session, keep: timedelta) -> int:
    """Remove older rows, where there are any and the operator may; returns how many."""
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


def any_recorded(session: Session) -> bool:
    """Whether structural changes were recorded here that would be lost. True where that cannot be looked at."""
    found = session.driver.execute(_THERE, {"schema": SCHEMA, "table": RECORDER}).fetchone()
    if found is None:
        return False
    if not found[0]:
        return True
    row = session.driver.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(_TABLE)).fetchone()
    return row is not None and bool(row[0])


def rows(session: Session) -> Iterator[str]:
    """Each row as JSON, the oldest first. Nothing can be added to them until the transaction ends.

    Raises MissingRights where the operator may not read them.
    """
    found = session.driver.execute(_THERE, {"schema": SCHEMA, "table": RECORDER}).fetchone()
    if found is None:
        return
    readable, lockable = found
    if not readable:
        operator = sql.Identifier(session.driver.info.user).as_string(None)
        raise MissingRights(
            f"{session.driver.info.user} may not read {SCHEMA}.{RECORDER}, the structural changes that were recorded",
            f"have its owner run: GRANT USAGE ON SCHEMA {SCHEMA} TO {operator}; "
            f"GRANT SELECT ON {SCHEMA}.{RECORDER} TO {operator};",
        )
    if lockable:
        session.driver.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(_TABLE))
    with session.driver.cursor() as cursor:
        for (row,) in cursor.stream(sql.SQL("SELECT to_json(t)::text FROM {} AS t ORDER BY at, ctid").format(_TABLE)):
            yield str(row)
