"""The sample database of ``demo tenants``: a help desk for five companies in the same tables.

One role does everything, and only a WHERE in each statement keeps the companies apart, which somebody may forget.
"""

from __future__ import annotations

from random import Random

import psycopg
from psycopg import sql

from flatsplit.demo.flat import OPERATOR, Shop, make_roles
from flatsplit.demo.server import Cluster
from flatsplit.demo.transactions import Run, Transaction

DATABASE = "desk"
LEGACY = "desk"
ACCOUNTS = 5
TERM = "x' OR true --"
"""What a customer of account 1 types into the search box."""

SECTION = """
[tenants]
root = "public.accounts"
key = ["account_id"]

[tenants.tables]
shared = ["public.plans"]
hidden = ["public.users"]
"""

_TABLES = """
CREATE TABLE plans (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE accounts (id bigint PRIMARY KEY, name text NOT NULL, plan_id int NOT NULL REFERENCES plans);
CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE customers (
    id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, name text NOT NULL);
CREATE INDEX ON customers (account_id);
CREATE TABLE tickets (
    id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts,
    customer_id bigint NOT NULL REFERENCES customers, subject text NOT NULL, opened timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON tickets (account_id);
CREATE TABLE messages (id bigserial PRIMARY KEY, ticket_id bigint NOT NULL REFERENCES tickets, body text NOT NULL);
CREATE INDEX ON messages (ticket_id);
INSERT INTO plans VALUES (1, 'free'), (2, 'paid');
INSERT INTO accounts SELECT n, 'company ' || n, 1 + n % 2 FROM generate_series(1, 5) AS n;
INSERT INTO users (email) SELECT 'user' || n || '@example.com' FROM generate_series(1, 20) AS n;
INSERT INTO customers (account_id, name) SELECT 1 + n % 5, 'customer ' || n FROM generate_series(1, 200) AS n;
INSERT INTO tickets (account_id, customer_id, subject) SELECT account_id, id, 'about ' || name FROM customers;
INSERT INTO messages (ticket_id, body) SELECT id, 'hello' FROM tickets, generate_series(1, 3);
"""


def build(cluster: Cluster) -> Shop:
    """The roles, the database and everything in it."""
    passwords = make_roles(cluster, {OPERATOR: "LOGIN SUPERUSER", LEGACY: "LOGIN"})
    with psycopg.connect(cluster.conninfo(), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(LEGACY)))
    shop = Shop(cluster, passwords, DATABASE)
    with psycopg.connect(shop.conninfo(OPERATOR), autocommit=True) as conn:
        conn.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    with psycopg.connect(shop.conninfo(LEGACY)) as conn:
        conn.execute(_TABLES.encode())
    return shop


def _look(run: Run, pick: Random) -> None:
    """Read a page of an account's tickets; fewer rows than there are count as a failure."""
    account = pick.randint(1, ACCOUNTS)
    run("SELECT id, subject FROM tickets WHERE account_id = %s ORDER BY id LIMIT 20", [account], at_least=20)
    messages = "SELECT m.body FROM messages m JOIN tickets t ON t.id = m.ticket_id WHERE t.account_id = %s"
    run(messages, [account], at_least=100)
    run("SELECT a.name, p.name FROM accounts a JOIN plans p ON p.id = a.plan_id", at_least=ACCOUNTS)


def _open(run: Run, pick: Random) -> None:
    """Create a ticket with its first message."""
    who = "SELECT id, account_id FROM customers WHERE id = %s"
    ((customer, account),) = run(who, [pick.randint(1, 200)], at_least=1)
    ((ticket,),) = run(
        "INSERT INTO tickets (account_id, customer_id, subject) VALUES (%s, %s, 'help') RETURNING id",
        [account, customer],
        at_least=1,
    )
    run("INSERT INTO messages (ticket_id, body) VALUES (%s, 'it does not work')", [ticket])
    run("UPDATE tickets SET subject = 'help!' WHERE id = %s RETURNING id", [ticket], at_least=1)


TRANSACTIONS = {"look": Transaction(5, _look), "open": Transaction(2, _open)}


def search_sql(term: str) -> str:
    """The search of account 1, with the user's words put into it unquoted. This is the mistake."""
    return f"SELECT account_id, subject FROM tickets WHERE account_id = 1 AND subject LIKE '%{term}%'"  # noqa: S608 (the hole that the story is about)


def attack(conninfo: str) -> tuple[int, int]:
    """Run the search with the attacker's words: how many rows it shows, and of how many companies."""
    with psycopg.connect(conninfo, application_name="desk application") as conn:
        rows = conn.execute(search_sql(TERM).encode()).fetchall()
    return len(rows), len({account for account, _ in rows})
