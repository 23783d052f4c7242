"""Who is connected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg

from flatsplit.model import Session

POOLED_AFTER = 60.0
"""Seconds of idleness after which a session looks like a pool's own, kept open for nobody."""

# Without pg_read_all_stats most columns are NULL for sessions of others.
_SESSIONS = """
SELECT a.usename::text, coalesce(a.datname::text, ''), coalesce(host(a.client_addr), 'local'),
       coalesce(a.application_name, ''), coalesce(a.state, ''), a.pid, a.backend_start::text,
       CASE WHEN a.state = 'idle' THEN extract(epoch FROM clock_timestamp() - a.state_change)::float8 ELSE 0 END
FROM pg_catalog.pg_stat_activity AS a
WHERE a.usename = ANY (%s) AND a.pid <> pg_backend_pid()
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
ORDER BY a.usename, a.datname, a.client_addr, a.application_name, a.pid
"""


def read_sessions(conn: psycopg.Connection[Any], roles: Iterable[str]) -> tuple[Session, ...]:
    """Client sessions of these roles in all databases of the cluster, but for the one that asks."""
    return tuple(Session(*row) for row in conn.execute(_SESSIONS, (list(roles),)))


def looks_pooled(session: Session) -> bool:
    """Whether nobody has used it for a while: often the server connection of a pool, which outlives its clients."""
    return session.state == "idle" and session.idle_for >= POOLED_AFTER


def server_clock(conn: psycopg.Connection[Any]) -> datetime:
    """The moment, by the server's clock: all times of the journal are."""
    row = conn.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment
