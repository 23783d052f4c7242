"""Kinds of old role that are no plain owner: how a database gets one, and what an operator decides about it."""

from __future__ import annotations

from psycopg import sql

from tests.fixtures.databases import Database
from tests.support.walk import Walk, toml

SUPERUSERS = ("superuser", "bootstrap")
OWNER = "Cube:admin%s"
"""The owner of everything where the old role owns nothing and acts as this one."""
MEMBER = 'web "1"'
"""Who logs in where the old role does not."""


def hand_to_owner(database: Database) -> None:
    """Give all that the old role owns, but for the database, to OWNER, of which it becomes a member."""
    _execute(
        database,
        "create role {owner}; reassign owned by {legacy} to {owner}; grant {owner} to {legacy};"
        "alter database {database} owner to {legacy}",
    )


def log_in_as_member(database: Database) -> None:
    """Let MEMBER log in for the old role, which may no longer log in itself."""
    _execute(database, "create role {member} login in role {legacy}; alter role {legacy} nologin")


def decide(walk: Walk, kind: str) -> None:
    """Write what doctor asks for with this kind of old role into flatsplit.toml."""
    text = walk.config.read_text()
    if kind == "owner":
        text = text.replace("\nretire = ", f"\nowners = {toml([OWNER])}\nretire = ", 1)
    if kind in SUPERUSERS:
        text += "\n[owner-powers]\nbypassrls = true\n"
    walk.config.write_text(text)


def _execute(database: Database, text: str) -> None:
    names = {"owner": OWNER, "member": MEMBER, "legacy": database.legacy, "database": database.name}
    database.admin.execute(sql.SQL(text).format(**{key: sql.Identifier(name) for key, name in names.items()}))
