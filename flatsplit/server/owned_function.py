"""Acts as a role inside a function that belongs to it, never with the operator's rights, whatever it runs.

Everything that asks or tries as another role uses this: trials of the blueprint, rehearsals, counts as an owner, trials
of tenants. The caller's transaction is rolled back, and with it the function and all that it did.
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
    """Why such a function cannot be created; "" where it can. ``quiet``: event triggers can be turned off by a
    superuser.
    """
    standby, strange, _, insistent = ask(conn, "trial_conditions")[0]
    if standby:
        return STANDBY
    if quiet:
        strange = insistent and _hush(conn)[0] != "event_triggers"
    return STRANGE if strange else ""


@contextmanager
def hushed(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Turn off event triggers of the database for what is rolled back again. In a transaction, by a superuser."""
    setting, quiet, loud = _hush(conn)
    conn.execute("SELECT pg_catalog.set_config(%s, %s, true)", (setting, quiet))
    yield
    conn.execute("SELECT pg_catalog.set_config(%s, %s, true)", (setting, loud))


def _hush(conn: psycopg.Connection[Any]) -> tuple[str, str, str]:
    """The setting, with its values off and on. Before 17 triggers that are ENABLE REPLICA or ALWAYS fire
    all the same.
    """
    if versions.major_of(conn.info.server_version) >= versions.EVENT_TRIGGERS_SETTING:
        return "event_triggers", "off", "on"
    return "session_replication_role", "replica", "origin"


def make(conn: psycopg.Connection[Any], function: ddl.OwnedFunction, roles: Collection[str]) -> None:
    """Create the function, for use as each of these roles in turn. Raises the server's error where the operator may not
    act as one of them. An operator that is no superuser has their rights until the transaction is rolled back.
    """
    join(conn, roles)
    conn.execute(function.create().encode())


def give(conn: psycopg.Connection[Any], function: ddl.OwnedFunction, role: str) -> None:
    """Give the function to a role: from now on it runs as that role."""
    conn.execute(function.give(role).encode())
