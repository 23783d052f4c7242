"""The messages for statements that failed, each with what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from flatsplit import ddl
from flatsplit.connection import error_text, hint
from flatsplit.errors import ConnectFailed
from flatsplit.model import Statement
from flatsplit.server.locks import Holder
from flatsplit.words import more

LINE = 300
"""Characters of a statement that an error still quotes."""


def describe(found: Sequence[Holder]) -> str:
    """The sessions that hold the lock, on one line."""
    if not found:
        return "nobody holds it any more"
    first = found[0]
    others = more(len(found) - 1)
    if first.prepared:
        return f"held by the prepared transaction {first.prepared!r} of {first.role}, for {first.age}{others}"
    client = f" from {first.client}" if first.client else ""
    text = (
        f"held by process {first.pid} ({first.role}, {first.application or 'no application_name'}{client}, "
        f"{first.state}, for {first.age}): {first.query[:80]}"
    )
    return text + others


def way_out(found: Sequence[Holder]) -> str:
    """What to do about the sessions that hold the lock."""
    again = "what is done is kept; run the same command again when the lock is free"
    if any(holder.prepared for holder in found):
        return f"COMMIT PREPARED or ROLLBACK PREPARED it: nobody else will; {again}"
    return again


def no_lock(what: str, waited: str, found: Sequence[Holder], full: psycopg.Error | None) -> tuple[str, str]:
    """The message and the fix when no lock was obtained in time. ``full``: the error, where the lock table
    had no room.
    """
    if full is None:
        return f"no lock for {waited}: {what}; {describe(found)}", way_out(found)
    most = f"; most locks are {describe(found)}" if found else ""
    more = "raise max_locks_per_transaction, which takes a restart" if hint(full) else "give the server more memory"
    ours = f"end what holds so much, or {more}; what is done is kept; run the same command again when there is room"
    return f"no room for a lock for {waited}: {what}: {error_text(full)}{most}", ours


def connection_lost() -> Exception:
    """The error for a lost connection, with what to do."""
    return ConnectFailed(
        "the connection to the server was lost", "nothing is half done: run the same command again to go on"
    )


def full(statement: Statement) -> str:
    """What to do where a list of rights does not fit into its row: pg_class and similar catalogs have no
    TOAST table.
    """
    names = ", ".join(ddl.label(ref) for ref in statement.objects[:3])
    return (
        f"the list of rights of {names} is full: REVOKE there what its many grantees hold, and grant it to one role "
        "of which they are members; psql's \\dp shows them"
    )


def advice(error: psycopg.Error, ours: str) -> str:
    """The server's hint where there is one, then ``ours``."""
    theirs = hint(error)
    return f"{theirs} {ours[0].upper()}{ours[1:]}" if theirs else ours


def itself(statement: Statement, shows: str) -> str:
    """What follows the word ``run`` in a message: the statement itself where it fits on a line and has no place for a
    secret, else the command that ``shows`` it.
    """
    if statement.secrets or len(statement.sql) > LINE:
        return f" the statement from `{shows}`"
    return f": {ddl.by_hand(statement.sql)}"
