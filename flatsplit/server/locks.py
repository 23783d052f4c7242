"""Who holds a lock that flatsplit does not get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from flatsplit.model import HIDDEN_ADDRESS, RELATIONS, ObjectRef
from flatsplit.words import span


@dataclass(frozen=True, slots=True)
class Holder:
    """A transaction that holds a lock flatsplit waits for."""

    pid: int
    role: str
    application: str
    client: str
    state: str
    age: str
    """How long its transaction has been open, as ``1m 12s``."""
    query: str
    prepared: str = ""
    """The name of a prepared transaction, which holds its locks without a session: pid is 0."""


# By catalogs, since to_regclass() fails for an operator who may not use the schema. The oldest transaction first, as
# the one to look at. Autovacuum has no client, and does not give way before deadlock_timeout. A prepared transaction
# has no process, but always a lock on its own number.
_HOLDERS = """
WITH holding AS (
    SELECT DISTINCT l.pid, l.virtualtransaction
    FROM pg_catalog.pg_locks AS l
    WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
      AND l.database IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
      AND ((l.locktype = 'relation' AND l.relation = ANY (
               SELECT c.oid FROM unnest(%s::text[], %s::text[]) AS asked (schema, name)
               JOIN pg_catalog.pg_namespace AS n ON n.nspname = asked.schema
               JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = asked.name))
           OR (%s AND l.locktype = 'object')))
"""
_HOARDERS = """
WITH holding AS (
    SELECT min(l.pid) AS pid, l.virtualtransaction FROM pg_catalog.pg_locks AS l
    WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
    GROUP BY l.virtualtransaction ORDER BY count(*) DESC LIMIT 3)
"""
_WHO = """
SELECT pid, role, application, CASE WHEN hidden THEN %s ELSE client END, state,
       extract(epoch FROM clock_timestamp() - since)::float8, query, prepared
FROM (SELECT DISTINCT a.pid, a.backend_start IS NULL AS hidden,
             coalesce(a.usename::text, a.backend_type, 'a process of the server') AS role,
             coalesce(a.application_name, '') AS application, coalesce(host(a.client_addr), 'local') AS client,
             coalesce(a.state, a.backend_type, 'in an unknown state') AS state, a.xact_start AS since,
             left(coalesce(a.query, ''), 200) AS query, '' AS prepared
      FROM holding AS h JOIN pg_catalog.pg_stat_activity AS a ON a.pid = h.pid
      UNION ALL
      SELECT 0, false, x.owner::text, '', '', '', x.prepared, '', x.gid
      FROM holding AS h
      JOIN pg_catalog.pg_locks AS own ON own.virtualtransaction = h.virtualtransaction AND own.pid IS NULL
                                     AND own.locktype = 'transactionid'
      JOIN pg_catalog.pg_prepared_xacts AS x ON x.transaction = own.transactionid
      WHERE h.pid IS NULL) AS found
ORDER BY since, pid LIMIT 10
"""


def holders(conn: psycopg.Connection[Any], refs: Sequence[ObjectRef]) -> tuple[Holder, ...]:
    """Transactions that hold a lock on one of these objects now."""
    names = [(ref.schema, ref.name) for ref in refs[:500] if ref.kind in RELATIONS or ref.kind in ("policy", "column")]
    named = ([schema for schema, _ in names], [name for _, name in names], not names)
    return _who(conn, _HOLDERS, named)


def hoarders(conn: psycopg.Connection[Any]) -> tuple[Holder, ...]:
    """Transactions that hold most of the server's locks, in any database."""
    return _who(conn, _HOARDERS, ())


def _who(conn: psycopg.Connection[Any], holding: str, named: tuple[object, ...]) -> tuple[Holder, ...]:
    """() where the lock table is so full that even this query fails."""
    try:
        rows = conn.execute(f"{holding}{_WHO}".encode(), (*named, HIDDEN_ADDRESS)).fetchall()
    except psycopg.errors.OutOfMemory:
        return ()
    return tuple(
        Holder(pid, role, application, client, state, _age(age), " ".join(query.split()), prepared)
        for pid, role, application, client, state, age, query, prepared in rows
    )


def _age(seconds: float | None) -> str:
    return "an unknown time" if seconds is None else span(seconds)
