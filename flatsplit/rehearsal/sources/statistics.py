"""pg_stat_statements: this database, legacy's userid, all calls, top level and nested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from flatsplit.errors import MissingRights, TargetError, UsageError
from flatsplit.model import versions
from flatsplit.rehearsal.catalog_lookup import question
from flatsplit.rehearsal.values import Heard, is_own

_READ = """
SELECT s.query, sum(s.calls)::bigint, {top}, u.rolname::text
FROM {function}(true) AS s
JOIN pg_catalog.pg_roles AS u ON u.oid = s.userid
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND u.rolname = ANY (%s)
GROUP BY s.query, u.rolname ORDER BY 2 DESC, 1
"""

_HIDDEN = "<insufficient privilege>"
_OTHER = "or give a file with the statements: `flatsplit rehearse --file FILE`"


def missing(conn: psycopg.Connection[Any]) -> str:
    """Why there is nothing to read here; "" where there may be something. Reads no statement."""
    rows = conn.execute(question("statistics").encode()).fetchall()
    if not rows:
        return "pg_stat_statements is not installed in this database"
    return "" if rows[0][2] else "pg_stat_statements is installed but the server has not loaded it"


def read_statistics(conn: psycopg.Connection[Any], roles: Sequence[str]) -> list[Heard]:
    """What these roles, legacy first, ran here since the last reset, as far as the extension still knows it."""
    rows = conn.execute(question("statistics").encode()).fetchall()
    if not rows:
        raise TargetError(
            "pg_stat_statements is not installed in this database", f"CREATE EXTENSION pg_stat_statements, {_OTHER}"
        )
    schema, genuine, _ = rows[0]
    if not genuine:
        raise TargetError(
            "the function pg_stat_statements() here is not the one that comes with PostgreSQL",
            f"flatsplit does not call it; install the extension anew, {_OTHER}",
        )
    query = sql.SQL(_READ).format(
        top=sql.SQL(
            "bool_or(s.toplevel)"
            if versions.major_of(conn.info.server_version) >= versions.TOP_LEVEL
            else "NULL::boolean"
        ),
        function=sql.Identifier(schema, "pg_stat_statements"),
    )
    try:
        found = conn.execute(query, (list(roles),)).fetchall()
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise TargetError(
            "pg_stat_statements is installed but the server has not loaded it",
            f"add it to shared_preload_libraries and restart the server, {_OTHER}",
        ) from None
    if any(text == _HIDDEN for text, *_ in found):
        raise MissingRights(
            "the operator may not read the statements of other roles",
            "have a superuser run GRANT pg_read_all_stats to the operator's role",
        )
    heard = [
        Heard(text, calls, top, role="" if role == roles[0] else role)
        for text, calls, top, role in found
        if text is not None and not is_own(text)
    ]
    if not heard:
        names = ", ".join(roles)
        raise UsageError(f"pg_stat_statements knows of no statement of {names} in this database", f"wait, {_OTHER}")
    return heard
