"""The flat shop: one database, one role that owns all of it and logs in for everything.

The scripts in ``shop/`` build it. They hold, on a small scale, what makes a cutover hard in real databases: a
schema that only ``"$user"`` finds, partitions, row-level security, routines that run as their owner, triggers that
run as whoever changes a row, large objects, another team's role with grants of its own, settings tied to the role.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString

import psycopg
from psycopg import sql

from flatsplit.demo.server import Cluster

DATABASE = "shop"
LEGACY = "shop"
OPERATOR = "operator"
REPORTING = "reporting"

#: Script and the role that runs it, in order.
SCRIPTS: tuple[tuple[str, str], ...] = (
    ("types.sql", LEGACY),
    ("tables.sql", LEGACY),
    ("orders.sql", LEGACY),
    ("routines.sql", LEGACY),
    ("views.sql", LEGACY),
    ("rows.sql", LEGACY),
    ("reporting.sql", REPORTING),
    ("grants.sql", LEGACY),
)

_ATTRIBUTES: Mapping[str, LiteralString] = {
    OPERATOR: "LOGIN SUPERUSER",
    LEGACY: "LOGIN CONNECTION LIMIT 50",
    REPORTING: "LOGIN",
}


@dataclass(frozen=True)
class Shop:
    """A flat shop on a cluster, and how to log in to it."""

    cluster: Cluster
    passwords: Mapping[str, str]
    database: str = DATABASE

    def conninfo(self, user: str, password: str | None = None) -> str:
        """A connection string for one of the shop's roles, or for another whose password is given."""
        return self.cluster.conninfo(self.database, user, password or self.passwords[user])


def build(cluster: Cluster) -> Shop:
    """Create the roles and the database on a running cluster, then everything in it."""
    shop = Shop(cluster, make_roles(cluster, _ATTRIBUTES))
    with psycopg.connect(cluster.conninfo(), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(LEGACY)))
    with psycopg.connect(shop.conninfo(OPERATOR), autocommit=True) as conn:
        # As in every database that was created before PostgreSQL 15 and upgraded since
        conn.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        conn.execute("ALTER ROLE shop SET statement_timeout = '30s'")
        conn.execute('ALTER ROLE shop IN DATABASE shop SET search_path = "$user", public')
    for script, role in SCRIPTS:
        with psycopg.connect(shop.conninfo(role)) as conn:
            conn.execute(files("flatsplit.demo").joinpath("shop", script).read_bytes())
    return shop


def make_roles(cluster: Cluster, attributes: Mapping[str, LiteralString]) -> dict[str, str]:
    """Roles with passwords of their own; these."""
    passwords = {role: secrets.token_urlsafe(18) for role in attributes}
    with psycopg.connect(cluster.conninfo(), autocommit=True) as conn:
        for role, words in attributes.items():
            # a verifier, so that the server never sees the password itself
            verifier = conn.pgconn.encrypt_password(passwords[role].encode(), role.encode(), b"scram-sha-256").decode()
            conn.execute(
                sql.SQL("CREATE ROLE {} {} PASSWORD {}").format(
                    sql.Identifier(role), sql.SQL(words), sql.Literal(verifier)
                )
            )
    return passwords


def keep_statements(shop: Shop) -> bool:
    """Have the server remember from now on what is run, as in production; False where it has no such module."""
    with psycopg.connect(shop.conninfo(OPERATOR), autocommit=True) as conn:
        row = conn.execute("SELECT current_setting('pg_stat_statements.track', true) IS NOT NULL").fetchone()
        if row != (True,):
            return False
        conn.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()")
    return True


def refresh(conninfo: str) -> None:
    """The nightly job: REFRESH belongs to the owner."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY sales")


def census(conn: psycopg.Connection, role: str = LEGACY) -> list[tuple[str, int]]:
    """What a role owns in its database: (kind in the plural, how many), largest first."""
    query = files("flatsplit.demo").joinpath("shop", "census.sql").read_bytes()
    return [(str(kind), int(count)) for kind, count in conn.execute(query, {"role": role}).fetchall()]
