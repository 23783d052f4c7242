"""Which statements a role has run, as pg_stat_statements numbers them, and what may be missing there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, sql

from flatsplit.connection.statement_comment import OWN
from flatsplit.model import versions
from flatsplit.server.asking import ask

FULL = 0.94
"""The share of its room above which entries may have been lost: it drops 5 in a hundred (entry_dealloc())."""

_COUNTED = """
SELECT s.queryid, sum(s.calls)::bigint FROM {function}(false) AS s
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND s.userid = (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = %s) AND s.queryid IS NOT NULL
GROUP BY 1
"""
_TEXTS = """
SELECT s.queryid, min(s.query), {top} FROM {function}(true) AS s
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND s.userid = (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = %s) AND s.queryid = ANY (%s)
GROUP BY 1
"""
_BECAME = """
SELECT r.rolname::text, s.queryid FROM {function}(true) AS s JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND r.rolname = ANY (%(roles)s) AND s.query ~* %(becomes)s AND s.query NOT LIKE ALL (%(own)s)
ORDER BY 1, 2
"""
_SPACE = r"(\s|--[^\n]*\n|/\*.*\*/)"
_BECOMES = rf"^{_SPACE}*set{_SPACE}+((session|local){_SPACE}+)?role\M"
"""SET ROLE as it was written: before 16 pg_stat_statements keeps the constants of such statements."""
_HIDDEN = "<insufficient privilege>"


class Text(NamedTuple):
    """The text of a statement."""

    text: str | None
    """None where it is lost."""
    top: bool | None
    """False: only inside a function. None: unknown."""


@dataclass(frozen=True, slots=True)
class StatementCount:
    """All statements of one role in this database."""

    schema: str
    calls: Mapping[int, int]
    epoch: str
    """The same as long as no entry was lost."""
    blind: str = ""
    """Why the server does not count all of them; "" where it does."""


def counted(conn: psycopg.Connection[Any], role: str) -> StatementCount | str:
    """The statements of the role; a text says why there is none."""
    found = ask(conn, "statements_counted", {"role": role})
    if not found:
        return "pg_stat_statements is not installed in this database"
    schema, informed, track, utility, room, started, own = found[0]
    if track == "none":
        return "pg_stat_statements is installed, and not loaded or set to track nothing"
    function = sql.Identifier(schema, "pg_stat_statements")
    try:
        with conn.transaction():
            rows = conn.execute(sql.SQL(_COUNTED).format(function=function), (role,)).fetchall()
            epoch, full = _epoch(conn, schema, started, room, informed=informed)
    except (errors.ObjectNotInPrerequisiteState, errors.InsufficientPrivilege, errors.UndefinedFunction) as error:
        return f"pg_stat_statements cannot be read: {error.diag.message_primary}"
    blind = full
    if own:
        blind = f"a setting of {role} or of the database decides what of its statements is counted"
    elif utility != "on":
        blind = "pg_stat_statements.track_utility is off: COPY, CALL and the like are not counted"
    return StatementCount(schema, dict(rows), epoch, blind)


def _epoch(conn: psycopg.Connection[Any], schema: str, started: str, room: int, *, informed: bool) -> tuple[str, str]:
    """A value that changes when entries are lost; and before 14, where that cannot be told, why some may be."""
    if informed:
        info = sql.SQL("SELECT stats_reset::text, dealloc FROM {}()")
        row = conn.execute(info.format(sql.Identifier(schema, "pg_stat_statements_info"))).fetchone()
        return (f"{row[0]}|{row[1]}", "") if row else ("", "")
    count = sql.SQL("SELECT count(*) FROM {}(false)").format(sql.Identifier(schema, "pg_stat_statements"))
    row = conn.execute(count).fetchone()
    full = row is not None and room and row[0] >= room * FULL
    return (
        f"{started}|",
        "pg_stat_statements is full, and this PostgreSQL does not tell what it dropped" if full else "",
    )


def broke(before: str, now: str) -> str:
    """Why statements may have been missed between two looks; "" where none were."""
    if before == now:
        return ""
    (reset, dropped), (again, more) = (each.partition("|")[::2] for each in (before, now))
    if reset != again:
        return "pg_stat_statements began anew (a reset, or a crash of the server)"
    times = int(more or 0) - int(dropped or 0)
    return f"pg_stat_statements had no room and dropped statements ({times} times): raise pg_stat_statements.max"


def texts(conn: psycopg.Connection[Any], schema: str, role: str, wanted: Iterable[int]) -> dict[int, Text]:
    """The texts of these statements; those that are not known any more are left out."""
    top = (
        "bool_or(s.toplevel)" if versions.major_of(conn.info.server_version) >= versions.TOP_LEVEL else "NULL::boolean"
    )
    query = sql.SQL(_TEXTS).format(function=sql.Identifier(schema, "pg_stat_statements"), top=sql.SQL(top))
    rows = conn.execute(query, (role, list(wanted))).fetchall()
    return {queryid: Text(None if text == _HIDDEN else text, top_) for queryid, text, top_ in rows}


def became(conn: psycopg.Connection[Any], schema: str, roles: Iterable[str]) -> list[tuple[str, int]]:
    """(role, number of the statement) of each SET ROLE by which a session became one of these roles.

    It is counted at its end, as a statement of the new role, and so is what follows. Whose session it was cannot be
    told.
    """
    query = sql.SQL(_BECAME).format(function=sql.Identifier(schema, "pg_stat_statements"))
    return conn.execute(
        query, {"roles": sorted(roles), "becomes": _BECOMES, "own": [f"%{each}%" for each in OWN]}
    ).fetchall()
