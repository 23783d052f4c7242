"""Who holds the lock that does not come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from flatsplit import ddl
from flatsplit.model import RELATIONS, ObjectRef


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock that flatsplit waits for."""

    pid: int
    role: str
    application: str
    client: str
    state: str
    age: str
    """How long its transaction has been open, as ``1m 12s``."""
    query: str


# Oldest transaction first: it is the one to talk to. Autovacuum has no client, and does not yield before
# deadlock_timeout.
_HOLDERS = """
SELECT DISTINCT ON (a.xact_start, a.pid)
       a.pid, coalesce(a.usename::text, a.backend_type), coalesce(a.application_name, ''),
       coalesce(host(a.client_addr), 'local'), coalesce(a.state, a.backend_type, ''),
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8, left(coalesce(a.query, ''), 200)
FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.granted AND l.pid <> pg_backend_pid()
  AND l.database IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
  AND ((l.locktype = 'relation' AND l.relation = ANY (SELECT to_regclass(n) FROM unnest(%s::text[]) AS n))
       OR (%s AND l.locktype = 'object'))
ORDER BY a.xact_start, a.pid LIMIT 10
"""


def holders(conn: psycopg.Connection[Any], refs: Sequence[ObjectRef]) -> tuple[Holder, ...]:
    """Transactions that hold a lock on one of these objects now."""
    names = [
        ddl.ident(ref.schema, ref.name)
        for ref in refs[:500]
        if ref.kind in RELATIONS or ref.kind in ("policy", "column")
    ]
    rows = conn.execute(_HOLDERS, (names, not names)).fetchall()
    return tuple(
        Holder(pid, role, application, client, state, duration(age), " ".join(query.split()))
        for pid, role, application, client, state, age, query in rows
    )


def duration(seconds: float | None) -> str:
    """``72.4`` → ``1m 12s``."""
    whole = int(seconds or 0)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")]
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
