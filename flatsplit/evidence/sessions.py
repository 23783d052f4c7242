"""Who is connected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from flatsplit.model import Session

# Without pg_read_all_stats most columns are NULL for sessions of others.
_SESSIONS = """
SELECT a.usename::text, coalesce(a.datname::text, ''), coalesce(host(a.client_addr), 'local'),
       coalesce(a.application_name, ''), coalesce(a.state, ''), a.pid, a.backend_start::text
FROM pg_catalog.pg_stat_activity AS a
WHERE a.usename = ANY (%s) AND a.pid <> pg_backend_pid()
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
ORDER BY a.usename, a.datname, a.client_addr, a.application_name, a.pid
"""


def read_sessions(conn: psycopg.Connection[Any], roles: Iterable[str]) -> tuple[Session, ...]:
    """Client sessions of these roles in all databases of the cluster, but for the one that asks."""
    return tuple(Session(*row) for row in conn.execute(_SESSIONS, (list(roles),)))
