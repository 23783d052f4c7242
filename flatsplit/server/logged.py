"""Whether SQL can read the server's log. Where it cannot, the modules that read logs need not be imported."""

from __future__ import annotations

from typing import Any, Final

import psycopg

NOWHERE: Final = "the server's log is not where SQL can read it"


def log_in_files(conn: psycopg.Connection[Any]) -> bool:
    """Whether the server itself writes its log to files."""
    row = conn.execute("SELECT pg_catalog.current_setting('logging_collector')").fetchone()
    return row == ("on",)
