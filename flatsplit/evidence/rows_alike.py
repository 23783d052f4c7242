"""Whether a role sees the rows that another one sees, by counting as each of them.

A policy that depends on the role can be read but not always understood: a table of names, a function or a setting may
decide. So both roles count in one snapshot, each inside a function of its own (PostgreSQL applies policies for the role
that a SECURITY DEFINER function belongs to, as for one that has logged in). Rows are identified by their place in the
table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from flatsplit import ddl
from flatsplit.errors import MissingRights
from flatsplit.evidence.as_owner import answers
from flatsplit.model import ObjectRef, RoleFacts
from flatsplit.server.asking import ask

Table = tuple[str, str]

_ROWS = (
    "SELECT json_build_array(count(*)::text, sum(hashtextextended(tableoid || ' ' || ctid, 0)::numeric)::text) FROM {}"
)
_LOCK_TIMEOUT = "100ms"


class RowCounts(NamedTuple):
    """What two roles saw of one table."""

    schema: str
    table: str
    digest: str
    as_legacy: int | None
    as_app: int | None
    """None where it could not be counted; ``said`` gives the reason."""
    alike: bool
    """Whether they saw the same rows, and not only as many."""
    said: str = ""


def compare(
    conn: psycopg.Connection[Any],
    *,
    legacy: str,
    app: str,
    tables: Sequence[Table],
    limit: timedelta,
) -> list[RowCounts]:
    """What ``app`` and ``legacy`` see of ``tables``. Everything that is done for it is rolled back.

    Where ``app`` does not exist yet, it is created for the length of the transaction, with SELECT on the tables and on
    what their policies read. Each count may take ``limit``. The connection has to be idle and not read-only.
    """
    assert conn.info.transaction_status == TransactionStatus.IDLE, "a snapshot of its own"
    digests = {(schema, table): digest for schema, table, digest in _digests(conn, (legacy, app))}
    found = []
    for table in tables:
        try:
            with conn.transaction(force_rollback=True):
                conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE")
                conn.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
                conn.execute(f"SET LOCAL statement_timeout = {int(limit.total_seconds() * 1000)}")
                _prepare(conn, app, table)
                (count, places), (others, other_places) = (_rows(conn, role, table) for role in (legacy, app))
            found.append(RowCounts(*table, digests.get(table, ""), count, others, places == other_places))
        except (psycopg.Error, MissingRights) as error:
            said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
            found.append(RowCounts(*table, digests.get(table, ""), None, None, alike=False, said=said or str(error)))
    return found


def _prepare(conn: psycopg.Connection[Any], app: str, table: Table) -> None:
    """Create the role as create-roles and grant-existing will, as far as reading goes."""
    name = sql.Identifier(*table).as_string(conn)
    reads = (
        "SELECT pg_catalog.has_table_privilege(r.oid, %s, 'SELECT') FROM pg_catalog.pg_roles AS r WHERE rolname = %s"
    )
    there = conn.execute(reads, (name, app)).fetchone()
    if there == (True,):
        return
    if there is None:
        conn.execute(ddl.create_role(app, RoleFacts(inherit=True)).encode())
    read = {table, *ask(conn, "policies_read", {"schema": table[0], "table": table[1]})}
    for schema in sorted({schema for schema, _ in read}):
        conn.execute(ddl.grant([ObjectRef("schema", "", schema)], "U", app).encode())
    for each in sorted(read):
        conn.execute(ddl.grant([ObjectRef("table", *each)], "r", app).encode())


def _rows(conn: psycopg.Connection[Any], role: str, table: Table) -> tuple[int, str | None]:
    ((found,),) = [answers(conn, role, [sql.SQL(_ROWS).format(sql.Identifier(*table))])]
    count, places = found[0]
    return int(count), places


def _digests(conn: psycopg.Connection[Any], ours: Sequence[str]) -> list[Any]:
    return ask(conn, "policies_digest", {"ours": list(ours)})


def alike(conn: psycopg.Connection[Any], legacy: str, app: str) -> frozenset[Table]:
    """Tables in which ``app`` was last counted to see what ``legacy`` sees, and whose policies have not
    changed since.
    """
    if not ask(conn, "journal_there")[0][0]:
        return frozenset()
    last: dict[Table, str] = {}
    for role, tables in ask(conn, "counted"):
        for each in tables if role == app else ():
            last[each["schema"], each["table"]] = each["digest"] if each["alike"] else ""
    if not last:
        return frozenset()
    now = {(schema, table): digest for schema, table, digest in _digests(conn, (legacy, app))}
    return frozenset(table for table, digest in last.items() if digest and digest == now.get(table))
