"""Reads, writes and changes rows of the journal. Errors say so where an older or damaged schema lacks a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from flatsplit.connection import Session, error_text
from flatsplit.errors import JournalError
from flatsplit.journal.layout import SCHEMA


def ask(session: Session, query: str | sql.Composed, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
    """Run a statement of the journal's; returns its cursor. JournalError where a table or column is missing."""
    text: Any = query
    try:
        return session.driver.execute(text, parameters)
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise damaged(error_text(error)) from error


def add(session: Session, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all of the same columns; nothing happens without rows."""
    if not rows:
        return
    columns = list(rows[0])
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(SCHEMA, table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    repeat(session, statement, [[row[name] for name in columns] for row in rows])


def repeat(session: Session, query: str | sql.Composed, parameters: Sequence[Sequence[Any]]) -> None:
    """Run a statement of the journal's once for each set of parameters; JournalError as for :func:`ask`."""
    text: Any = query
    try:
        if parameters[1:]:
            with session.driver.cursor() as cursor:
                cursor.executemany(text, parameters)
        elif parameters:
            session.driver.execute(text, parameters[0])
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise damaged(error_text(error)) from error


def change(session: Session, table: str, number: int, values: Mapping[str, Any]) -> None:
    """Update the row with this id."""
    statement = sql.SQL("UPDATE {} SET {} WHERE id = %s").format(
        sql.Identifier(SCHEMA, table),
        sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values),
    )
    ask(session, statement, [*values.values(), number])


def select(table: str, names: Sequence[str], rest: str) -> str:
    """A SELECT of the columns with these names, which are those of a record, and ``rest`` after FROM."""
    columns = ", ".join(f'{table}."{name}"' for name in names)
    return f"SELECT {columns} FROM flatsplit.{table} {rest}"  # noqa: S608, names of our own


def damaged(what: str) -> JournalError:
    """The error where a table or a column is missing."""
    return JournalError(f"the tracking schema is damaged: {what}", "restore it from a backup")
