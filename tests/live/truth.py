"""What really happened: refused statements from the server's log, successful ones from pg_stat_statements."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from flatsplit.rehearsal.grammar import fingerprint

# Columns of a csvlog (manual, "Using CSV-Format Log Output")
_USER, _DATABASE, _STATE, _MESSAGE, _QUERY = 1, 2, 12, 13, 19
INSUFFICIENT_PRIVILEGE = "42501"


class Refusal(NamedTuple):
    """A statement that a role was not allowed."""

    role: str
    message: str
    query: str


def refusals(log: Path, database: str) -> list[Refusal]:
    """Everything that was refused for want of a privilege."""
    csv.field_size_limit(sys.maxsize)
    with log.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = [row for row in csv.reader(file) if len(row) > _QUERY]
    return [
        Refusal(row[_USER], row[_MESSAGE], row[_QUERY])
        for row in rows
        if row[_STATE] == INSUFFICIENT_PRIVILEGE and row[_DATABASE] == database
    ]


def succeeded(connection: psycopg.Connection[Any], role: str) -> dict[str, str]:
    """Statements that ran as this role, by fingerprint."""
    rows = connection.execute(
        "SELECT DISTINCT s.query FROM pg_stat_statements AS s JOIN pg_roles AS r ON r.oid = s.userid "
        "WHERE r.rolname = %s AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
        [role],
    )
    return by_fingerprint(query for (query,) in rows)


def by_fingerprint(queries: Iterable[str]) -> dict[str, str]:
    """Each statement once, however its constants look; those that cannot be read are left out."""
    found: dict[str, str] = {}
    for query in queries:
        found.setdefault(fingerprint(query) or query, query)
    return found


def attempt(connection: psycopg.Connection[Any], statement: str) -> str:
    """SQLSTATE of running a statement and undoing it; "" for success."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL statement_timeout = '5s'")
            connection.execute("SET LOCAL lock_timeout = '2s'")
            connection.execute(statement.encode())
    except psycopg.errors.ActiveSqlTransaction:  # CREATE INDEX CONCURRENTLY and the like
        return _for_good(connection, statement)
    except psycopg.Error as error:
        return error.sqlstate or "?"
    return ""


def _for_good(connection: psycopg.Connection[Any], statement: str) -> str:
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate or "?"
    return ""
