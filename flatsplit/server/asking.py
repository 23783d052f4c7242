"""Queries to the running server, one per file."""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg

from flatsplit import resources

Row: TypeAlias = tuple[Any, ...]


def question(name: str) -> bytes:
    """The text of ``queries/<name>.sql``."""
    return resources.query(__package__, name)


def ask(conn: psycopg.Connection[Any], name: str, parameters: dict[str, Any] | None = None) -> list[Row]:
    """All rows of a query."""
    return conn.execute(question(name), parameters).fetchall()
