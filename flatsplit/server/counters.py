"""How many statements each role has run: better evidence than samples of sessions, which miss short connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql

from flatsplit.connection.statement_comment import OWN
from flatsplit.server.asking import ask

# Nested statements count for the owner of the SECURITY DEFINER function around them, so only top-level ones are used.
# What flatsplit itself runs as another role is no sign of life
_CALLS = """
SELECT p.role, coalesce(sum(s.calls), 0)::bigint,
       string_agg(DISTINCT r.oid::text, ',') FILTER (WHERE r.rolname <> p.role)
FROM unnest(%s::text[], %s::text[]) AS p (login, role)
JOIN pg_catalog.pg_roles AS r ON r.rolname = p.login
LEFT JOIN {function}(true) AS s ON s.userid = r.oid {toplevel}
     AND coalesce(s.query, '') NOT LIKE ALL (%s)
     AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Counter:
    """The statements of one role in this database."""

    role: str
    calls: int
    epoch: str
    """The same for counters that can be compared: no reset, restart or eviction in between. "" where that cannot be
    told.
    """


def read_counters(conn: psycopg.Connection[Any], acting: Mapping[str, tuple[str, ...]]) -> tuple[Counter, ...]:
    """The counters of these roles, each summed up over everybody who is ``acting`` as it; empty where
    pg_stat_statements is missing, not loaded or counts nothing.
    """
    found = ask(conn, "counters")
    if not found:
        return ()
    schema, informed, track, started, own = found[0]
    if track == "none":
        return ()
    name = sql.Identifier(schema, "pg_stat_statements")
    toplevel = sql.SQL("AND s.toplevel" if informed else "")
    try:
        with conn.transaction():
            pairs = [(login, role) for login, roles in acting.items() for role in roles]
            remarks = [f"%{each}%" for each in OWN]
            logins, roles = [login for login, _ in pairs], [role for _, role in pairs]
            rows = conn.execute(
                sql.SQL(_CALLS).format(function=name, toplevel=toplevel), (logins, roles, remarks)
            ).fetchall()
            epoch = _epoch(conn, schema, started) if informed else ""
    except (errors.ObjectNotInPrerequisiteState, errors.InsufficientPrivilege, errors.UndefinedFunction):
        return ()
    untold = {role for login, role in pairs if login in own or "" in own}
    return tuple(
        # Another set of members gives another sum
        Counter(role, calls, "" if role in untold else f"{members}#{epoch}" if members and epoch else epoch)
        for role, calls, members in sorted(rows)
    )


def _epoch(conn: psycopg.Connection[Any], schema: str, started: str) -> str:
    query = sql.SQL("SELECT dealloc, stats_reset::text FROM {}()").format(
        sql.Identifier(schema, "pg_stat_statements_info")
    )
    row = conn.execute(query).fetchone()
    return f"{started}|{row[1]}|{row[0]}" if row else ""


def growth(before: tuple[int, str] | None, now: Counter) -> int | None:
    """How many statements ran since; None where that cannot be known. ``before``: calls and epoch of then."""
    if before is None:
        return None
    calls, epoch = before
    if epoch and now.epoch and epoch.rpartition("#")[0] != now.epoch.rpartition("#")[0]:
        return None  # the sum includes other roles now
    if now.calls > calls:
        return now.calls - calls
    if now.epoch and now.epoch == epoch:
        return now.calls - calls
    same_start = epoch.rpartition("|")[0] == now.epoch.rpartition("|")[0]
    if not same_start and now.epoch and now.calls:
        return now.calls  # counted from zero since a reset or restart
    return None
