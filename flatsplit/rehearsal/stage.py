"""Tries statements as another role, without executing them and without lending that role the operator's rights.

EXPLAIN checks privileges when it starts the executor, and runs nothing; but planning evaluates IMMUTABLE functions of
the application. After a SET ROLE such a function could call ``set_config('role', 'none')`` and go on as the operator.
So each transaction creates a function that belongs to the role, turns read-only, lets the function EXPLAIN a few
statements, each in a subtransaction that is undone at once with the locks it took, and is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from typing import NamedTuple

import psycopg

from flatsplit import ddl
from flatsplit.connection import Session
from flatsplit.model import versions
from flatsplit.rehearsal.catalog_lookup import question
from flatsplit.server import owned_function

BATCH = 50
"""Statements in a transaction of a few milliseconds."""

PATIENCE = timedelta(seconds=3)
"""The time limit for a batch, and then for each single statement of a batch that took longer."""

PASSED = "FS000"
"""The SQLSTATE that the function itself raises to undo a statement that went well."""

TIMEOUT = "57014"
LOCKED = "55P03"
DENIED = "42501"


class ServerAnswer(NamedTuple):
    """The server's answer to one statement."""

    state: str
    """The SQLSTATE; PASSED where the role may."""
    message: str

    @property
    def passed(self) -> bool:
        """Whether it could be planned and the role may."""
        return self.state == PASSED


class Unavailable(Exception):
    """The operator may not create the function, or may not give it to the role."""


class Stage:
    """Tries statements as one role. The session must be in no transaction and hold no advisory lock."""

    def __init__(self, session: Session, role: str, path: str, *, superuser: bool, lock_timeout: timedelta) -> None:
        self.session = session
        self.role = role
        self.path = path
        self.superuser = superuser
        self.lock_timeout = lock_timeout

    def try_all(self, lines: Sequence[str], progress: Callable[[int], None]) -> list[ServerAnswer]:
        """One answer for each statement. Raises Unavailable."""
        refused = owned_function.refusal(self.session.driver, quiet=self.superuser)
        if refused:
            raise Unavailable(refused)
        found: list[ServerAnswer] = []
        for start in range(0, len(lines), BATCH):
            batch = lines[start : start + BATCH]
            found += self._batch(batch)
            progress(len(found))
        self._tidy()
        return found

    def _batch(self, batch: Sequence[str]) -> list[ServerAnswer]:
        try:
            return self._run(batch)
        except psycopg.errors.QueryCanceled as error:
            if len(batch) == 1:
                return [ServerAnswer(TIMEOUT, (error.diag.message_primary or str(error)))]
        return [trial for line in batch for trial in self._batch([line])]

    def _run(self, batch: Sequence[str]) -> list[ServerAnswer]:
        with self._stage() as conn:
            rows = conn.execute(
                b"SELECT state, message FROM pg_temp.flatsplit_try(%s::text[], %s)", (list(batch), self.path)
            ).fetchall()
        return [ServerAnswer(*row) for row in rows]

    @contextmanager
    def _stage(self) -> Iterator[psycopg.Connection[tuple[str, ...]]]:
        """A read-only transaction with the function in it, rolled back at the end."""
        conn = self.session.driver
        conn.execute("BEGIN READ WRITE")
        try:
            self._set_up(conn)
            yield conn
        finally:
            with suppress(psycopg.Error):
                conn.execute("ROLLBACK")
            self.session.take_notices()

    def _set_up(self, conn: psycopg.Connection[tuple[str, ...]]) -> None:
        for name, value in (
            ("statement_timeout", f"{int(PATIENCE.total_seconds() * 1000)}"),
            ("lock_timeout", f"{max(1, int(self.lock_timeout.total_seconds() * 1000))}"),
            ("client_min_messages", "error"),
        ):
            conn.execute("SELECT set_config(%s, %s, true)", (name, value))
        if self.superuser:
            # Trials would push real statements out of pg_stat_statements; an operator that may not turn it off marks
            # them instead
            conn.execute("SELECT set_config('pg_stat_statements.track', 'none', true)")
        function = _function(versions.major_of(self.session.version))
        try:
            with owned_function.hushed(conn) if self.superuser else nullcontext():
                owned_function.make(conn, function, {self.role})
                owned_function.give(conn, function, self.role)
        except psycopg.errors.InsufficientPrivilege as error:
            raise Unavailable(error.diag.message_primary or str(error)) from None
        conn.execute("SET TRANSACTION READ ONLY")

    def _tidy(self) -> None:
        """Remove what code of the application may have left in the session outside of transactions."""
        conn = self.session.driver
        conn.execute("DEALLOCATE ALL")
        conn.execute("SELECT pg_catalog.pg_advisory_unlock_all()")


def _function(major: int) -> ddl.OwnedFunction:
    generic = major >= versions.GENERIC_PLANS
    return ddl.OwnedFunction(
        name="flatsplit_try",
        arguments="statements text[], path text",
        returns="TABLE (state text, message text)",
        body=question("stage" if generic else "stage_prepared"),
        settings="" if generic else "SET plan_cache_mode = force_generic_plan",
    )
