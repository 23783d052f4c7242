"""Acting as a role inside a function that belongs to it: never with the operator's rights, whatever it runs.

One way for all that asks or tries as another: what the blueprint promises, what a rehearsal plans, what an owner
counts, what a tenant might do. The caller's transaction is rolled back, and with it the function and what it did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from flatsplit import ddl
from flatsplit.model import versions
from flatsplit.server.acting_as import join
from flatsplit.server.asking import ask

STANDBY = "a standby takes no temporary function"
STRANGE = "event triggers of ordinary roles would run with the operator's rights"
REMEDIES = {STANDBY: "ask the primary", STRANGE: "have a superuser own them, or disable them meanwhile"}


def refusal(conn: psycopg.Connection[Any], *, quiet: bool = False) -> str:
    """What speaks against making such a function, "" for nothing. ``quiet``: it is made while a superuser hushes."""
    standby, strange, _, insistent = ask(conn, "trial_conditions")[0]
    if standby:
        return STANDBY
    if quiet:
        strange = insistent and _hush(conn)[0] != "event_triggers"
    return STRANGE if strange else ""


@contextmanager
def hushed(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Event triggers of the database are not for what is undone again. In a transaction, by a superuser."""
    setting, quiet, loud = _hush(conn)
    conn.execute("SELECT pg_catalog.set_config(%s, %s, true)", (setting, quiet))
    yield
    conn.execute("SELECT pg_catalog.set_config(%s, %s, true)", (setting, loud))


def _hush(conn: psycopg.Connection[Any]) -> tuple[str, str, str]:
    """The setting, off and on. Before 17 those that are ENABLE REPLICA or ALWAYS fire all the same."""
    if versions.major_of(conn.info.server_version) >= versions.EVENT_TRIGGERS_SETTING:
        return "event_triggers", "off", "on"
    return "session_replication_role", "replica", "origin"


def make(conn: psycopg.Connection[Any], function: ddl.OwnedFunction, roles: Collection[str]) -> None:
    """The function, for one after another of these roles. Raises what the server says where the operator may not act
    as one of them; who is no superuser has their rights until the transaction is rolled back.
    """
    join(conn, roles)
    conn.execute(function.create().encode())


def give(conn: psycopg.Connection[Any], function: ddl.OwnedFunction, role: str) -> None:
    """What it does from here on, it does as this role."""
    conn.execute(function.give(role).encode())
