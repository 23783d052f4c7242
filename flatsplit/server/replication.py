"""How far hot standbys are behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

_LAG = "SELECT max(replay_lag) FROM pg_catalog.pg_stat_replication WHERE state = 'streaming'"


def worst_lag(conn: psycopg.Connection[Any]) -> timedelta:
    """The longest replay lag; zero without a standby, or where the operator may not see it."""
    row = conn.execute(_LAG).fetchone()
    return row[0] if row and row[0] is not None else timedelta()
