"""Whether the server takes a SCRAM verifier as a password: tried before the walk, and undone at once.

A module's check_password_hook may refuse it because it cannot check the password behind it (passwordcheck takes it).
Only a trial tells. Roles lock nothing that the application uses, and event triggers do not fire for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from flatsplit import ddl
from flatsplit.model import RoleFacts, State
from flatsplit.server.asking import ask
from flatsplit.server.dry_run import NOBODYS_VERIFIER, TRIAL_LIMITS
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
        conn.execute(TRIAL_LIMITS)
        return () if _all_taken(conn, wanted, state) else tuple(_refusals(conn, wanted, state))


def _gets_password(facts: RoleFacts | None, role: str, context: Context) -> bool:
    """Whether enable-login gives the role a password."""
    if context.config.auth != "password":
        return False
    return facts is None or not (facts.password or (role in context.adopted and facts.login))


def _statements(role: str, state: State) -> tuple[str, str]:
    """What makes the role where there is none ("" otherwise), and what gives it a password."""
    made = "" if role in state.roles else ddl.create_role(role, RoleFacts())
    return made, ddl.fill_verifier(ddl.login_with_password(role), role, NOBODYS_VERIFIER)


def _all_taken(conn: psycopg.Connection[Any], wanted: list[str], state: State) -> bool:
    """Whether all are taken, as they mostly are: tried one by one, each costs half a dozen round trips."""
    texts = [text for role in wanted for text in _statements(role, state) if text]
    try:
        with conn.transaction():
            conn.execute("\n".join(texts).encode())
    except psycopg.Error:
        if conn.closed:
            raise
        return False
    return True


def _refusals(conn: psycopg.Connection[Any], wanted: list[str], state: State) -> Iterator[RefusedPassword]:
    for role in wanted:
        made, given = _statements(role, state)
        try:
            with conn.transaction():
                if made:
                    conn.execute(made.encode())
        except psycopg.Error:
            continue
        try:
            with conn.transaction():
                conn.execute(given.encode())
        except _NOTHING_SAID:
            continue
        except psycopg.DatabaseError as error:
            if conn.closed:
                raise
            yield RefusedPassword(role, (error.diag.message_primary or str(error)).splitlines()[0])
