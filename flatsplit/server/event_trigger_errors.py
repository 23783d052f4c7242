"""Finds the event trigger that raised an error: the server's context names its function only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg.pq import TransactionStatus

from flatsplit import ddl
from flatsplit.connection import error_text
from flatsplit.errors import StatementFailed
from flatsplit.server.asking import ask


class Raiser(NamedTuple):
    """An event trigger, and the function that it runs."""

    name: str
    function: str

    def __str__(self) -> str:
        return f"the event trigger {ddl.ident(self.name)}, which runs {self.function}"

    @property
    def way_out(self) -> str:
        """What to do about it."""
        return (
            f"read {self.function}; then have it let this statement pass, or have a superuser run "
            f"ALTER EVENT TRIGGER {ddl.ident(self.name)} DISABLE; and ENABLE it when the step is done"
        )


def raised_by(conn: psycopg.Connection[Any], error: psycopg.Error) -> Raiser | None:
    """The event trigger whose function raised the error; None where none did. To be asked after the transaction has
    ended.
    """
    context = error.diag.context or ""
    if "function" not in context or conn.info.transaction_status != TransactionStatus.IDLE:
        return None
    for name, function, short, bare in ask(conn, "event_trigger_functions"):
        # plpgsql_exec_error_callback(): "PL/pgSQL function %s line …"; other languages: PL/Perl function "%s"
        if any(said in context for said in (f"function {function} ", f"function {short} ", f'function "{bare}"')):
            return Raiser(name, function)
    return None


@contextmanager
def named(conn: psycopg.Connection[Any], doing: str) -> Iterator[None]:
    """Outside a transaction: an error that an event trigger raises in the body becomes one that names the trigger."""
    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's
        if not isinstance(cause, psycopg.Error) or (raiser := raised_by(conn, cause)) is None:
            raise
        raise StatementFailed(f"{doing}: {error_text(cause)}; raised by {raiser}", raiser.way_out) from error
