"""Whether the server takes a SCRAM verifier as a password: tried before the walk, and undone at once.

A module's check_password_hook may refuse it because it cannot check the password behind it (passwordcheck takes it).
Only a trial tells. Roles lock nothing that the application uses, and event triggers do not fire for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.pq import TransactionStatus

from flatsplit import ddl
from flatsplit.model import RoleFacts, State
from flatsplit.server.asking import ask
from flatsplit.server.dry_run import LOCK_TIMEOUT, NOBODYS_VERIFIER
from flatsplit.walks.split.context import Context

_NOTHING_SAID = (
    errors.InsufficientPrivilege,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.UniqueViolation,
    errors.InternalError,
)
"""Errors that say nothing about passwords: missing rights, and "tuple concurrently updated". What the operator may do
is tried elsewhere. Not OperationalError: a policy may well use its class 28.
"""


@dataclass(frozen=True, slots=True)
class RefusedPassword:
    """A role that would get no password."""

    role: str
    reason: str
    """The server's error."""


def try_verifiers(conn: psycopg.Connection[Any], state: State, context: Context) -> tuple[RefusedPassword, ...]:
    """The roles of enable-login whose verifier would be refused now.

    Empty where it cannot be tried: on a standby, or within a transaction of the caller's.
    """
    wanted = [role for role in context.config.entering if _gets_password(state.roles.get(role), role, context)]
    if not wanted or conn.info.transaction_status != TransactionStatus.IDLE or ask(conn, "trial_conditions")[0][0]:
        return ()
    with conn.transaction(force_rollback=True):
        conn.execute("SET TRANSACTION READ WRITE")
        conn.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_TIMEOUT))
        conn.execute("SET LOCAL statement_timeout = '10s'")
        return tuple(_refusals(conn, wanted, state))


def _gets_password(facts: RoleFacts | None, role: str, context: Context) -> bool:
    """Whether enable-login gives the role a password."""
    if context.config.auth != "password":
        return False
    return facts is None or not (facts.password or (role in context.adopted and facts.login))


def _refusals(conn: psycopg.Connection[Any], wanted: list[str], state: State) -> Iterator[RefusedPassword]:
    for role in wanted:
        try:
            with conn.transaction():
                if role not in state.roles:
                    conn.execute(ddl.create_role(role, RoleFacts()).encode())
        except psycopg.Error:
            continue
        text = ddl.fill_verifier(ddl.login_with_password(role), role, NOBODYS_VERIFIER)
        try:
            with conn.transaction():
                conn.execute(text.encode())
        except _NOTHING_SAID:
            continue
        except psycopg.DatabaseError as error:
            if conn.closed:
                raise
            yield RefusedPassword(role, (error.diag.message_primary or str(error)).splitlines()[0])
