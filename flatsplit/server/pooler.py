"""What PgBouncer's console tells: how it logs in to the server, and as whom it is connected.

The console answers users in ``stats_users``; libpq finds the password, for example in ``~/.pgpass``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

Way: TypeAlias = Literal["auth_query", "forced", "userlist"]

_SERVERS = ("sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login")
_CLIENTS = ("cl_active", "cl_waiting")
TIMEOUT = 5
"""Seconds to wait for the console."""


@dataclass(frozen=True, slots=True)
class Pooler:
    """One database of one PgBouncer."""

    place: str
    """``host:port`` of the console."""
    name: str = ""
    """The name that clients use for the database."""
    forced: str = ""
    """The user of its line in [databases]; "" where clients log in as themselves."""
    asks: bool = False
    """Whether it looks up users without a line (auth_query)."""
    listed: frozenset[str] = frozenset()
    """Users with a line in auth_file."""
    servers: Mapping[str, int] = field(default_factory=dict)
    """Connections to the server, by login."""
    clients: Mapping[str, int] = field(default_factory=dict)
    """Connections of clients, by the login of their pool."""
    why: str = ""
    """Why nothing is known of it; "" where it answered."""

    def way(self, login: str) -> Way:
        """How it logs in to the server as this login."""
        if self.forced:
            return "forced"
        return "userlist" if login in self.listed or not self.asks else "auth_query"


def look(conninfo: str, database: str) -> tuple[Pooler, ...]:
    """The entries of a PgBouncer for a database of this name. One that cannot be asked says why."""
    place = _place(conninfo)
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=TIMEOUT, row_factory=dict_row) as console:
            lines, settings, users, pools = (
                console.execute(text).fetchall()
                for text in (b"SHOW DATABASES", b"SHOW CONFIG", b"SHOW USERS", b"SHOW POOLS")
            )
    except psycopg.Error as error:
        return (Pooler(place, why=" ".join(str(error).split()) or "it does not answer"),)
    known = {row["key"]: row["value"] for row in settings}
    asks = bool(known.get("auth_user") and known.get("auth_query"))
    listed = frozenset(str(row["name"]) for row in users)
    return tuple(
        Pooler(
            place,
            str(line["name"]),
            str(line["force_user"] or ""),
            asks,
            listed,
            _count(pools, line["name"], _SERVERS),
            _count(pools, line["name"], _CLIENTS),
        )
        for line in lines
        if line["database"] == database and line["name"] != "pgbouncer"
    )


def _count(pools: list[dict[str, Any]], name: str, columns: tuple[str, ...]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for row in pools:
        if row["database"] == name:
            found[str(row["user"])] += sum(int(row[column] or 0) for column in columns)
    return +found


def _place(conninfo: str) -> str:
    """Host and port, without anything that might be a secret."""
    try:
        known = conninfo_to_dict(conninfo)
    except psycopg.Error:
        return "PgBouncer"
    return f"{known.get('host') or known.get('hostaddr') or 'localhost'}:{known.get('port') or 6432}"
