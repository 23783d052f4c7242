"""Who is connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg

from flatsplit.model import HIDDEN_ADDRESS, Backend

POOLED_AFTER = 60.0
"""Seconds of idleness after which a session is taken for one of a pool, kept open without a client."""

NOBODY = "a dropped role"
"""Stands for the role of a session whose role was dropped: no list of roles and no ``usename`` shows it."""

# Without pg_read_all_stats most columns are NULL for other roles' sessions, backend_start among them, which no other
# session lacks; then two other views tell what kind of process it is. A session that has done SET ROLE, or that a
# setting of its login made another role, can outlive the login: DROP ROLE ends no session. As the old role it can do
# nothing any more once that owns nothing, may do nothing, and is in no role.
_SESSIONS = """
SELECT r.rolname::text, coalesce(a.datname::text, ''),
       CASE WHEN a.backend_start IS NOT NULL THEN coalesce(host(a.client_addr), 'local') END,
       coalesce(a.application_name, ''), coalesce(a.state, ''), a.pid, a.backend_start::text,
       CASE WHEN a.state = 'idle' THEN extract(epoch FROM clock_timestamp() - a.state_change)::float8 ELSE 0 END,
       r.oid IS NULL AND EXISTS (
         SELECT FROM pg_catalog.pg_roles AS l
         WHERE l.rolname = %(legacy)s
           AND (l.rolsuper
                OR EXISTS (SELECT FROM pg_catalog.pg_auth_members AS m WHERE m.member = l.oid)
                OR EXISTS (SELECT FROM pg_catalog.pg_shdepend AS d
                           WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND d.refobjid = l.oid
                             AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))))
FROM pg_catalog.pg_stat_activity AS a LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.usesysid
WHERE (r.rolname = ANY (%(roles)s) OR (r.oid IS NULL AND a.usesysid <> 0 AND a.datname = current_database()))
  AND a.pid <> pg_backend_pid()
  AND (a.backend_type = 'client backend'
       OR a.backend_type IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_replication AS w WHERE w.pid = a.pid)
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_subscription AS s WHERE s.pid = a.pid))
ORDER BY r.rolname, a.datname, a.client_addr, a.application_name, a.pid
"""


def read_sessions(
    conn: psycopg.Connection[Any], acting: Mapping[str, tuple[str, ...]], legacy: str
) -> tuple[Backend, ...]:
    """Client sessions of roles that are keys of ``acting``, in all databases of the cluster, with the roles that they
    act as; without the one that asks. Sessions of this database whose role was dropped count too: they may act as
    ``legacy``, as long as that can do something here.
    """
    found = conn.execute(_SESSIONS, {"roles": list(acting), "legacy": legacy}).fetchall()
    return tuple(
        replace(
            Backend(role or NOBODY, database, client or HIDDEN_ADDRESS, *rest),
            acts_as=acting[role] if role is not None else (legacy,) if perhaps else (),
        )
        for role, database, client, *rest, perhaps in found
    )


def looks_pooled(session: Backend) -> bool:
    """Whether it was idle for a while: often the server connection of a pool, which outlives its clients."""
    return session.state == "idle" and session.idle_for >= POOLED_AFTER


def server_clock(conn: psycopg.Connection[Any]) -> datetime:
    """The moment by the server's clock, which all times of the journal use."""
    row = conn.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment
