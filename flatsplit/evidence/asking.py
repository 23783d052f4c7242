"""The questions of this package, one per file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import psycopg

Row: TypeAlias = tuple[Any, ...]

_QUERIES = Path(__file__).with_name("queries")


@cache
def question(name: str) -> bytes:
    """The text of ``queries/<name>.sql``."""
    return (_QUERIES / f"{name}.sql").read_bytes()


def ask(conn: psycopg.Connection[Any], name: str, parameters: dict[str, Any] | None = None) -> list[Row]:
    """All rows of a question of ours."""
    return conn.execute(question(name), parameters).fetchall()
