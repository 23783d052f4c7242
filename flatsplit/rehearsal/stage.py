"""Where statements are tried as another role, without being executed and without lending anybody our rights.

EXPLAIN checks privileges when it starts the executor and runs nothing, but planning folds IMMUTABLE functions of the
application. After a SET ROLE such a function could call ``set_config('role', 'none')`` and go on as the operator.
Inside a SECURITY DEFINER function it cannot: the server refuses to change the role there (GUC_NOT_WHILE_SEC_REST,
guc.c). So each transaction makes such a function in pg_temp, gives it to the role, turns read-only, has it EXPLAIN a
few statements, each in a subtransaction that is undone at once with the locks it took, and rolls back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import NamedTuple

import psycopg
from psycopg import sql

from flatsplit import ddl
from flatsplit.connection import Session
from flatsplit.model import versions
from flatsplit.rehearsal.world import question

BATCH = 50
"""Statements per transaction: a few milliseconds."""

PATIENCE = timedelta(seconds=3)
"""For a batch, and then for a single statement of one that took longer."""

PASSED = "FS000"
"""SQLSTATE that the function itself raises to undo what went well."""

TIMEOUT = "57014"
LOCKED = "55P03"
DENIED = "42501"


class Trial(NamedTuple):
    """What the server said."""

    state: str
    """SQLSTATE; PASSED if the role may."""
    message: str

    @property
    def passed(self) -> bool:
        """Whether it could be planned, and the role may."""
        return self.state == PASSED


class Unavailable(Exception):
    """The operator may not make the function, or not give it to the role."""


class Stage:
    """Tries statements as one role. The session must be in no transaction and hold no advisory lock of its own."""

    def __init__(self, session: Session, role: str, path: str, *, superuser: bool, lock_timeout: timedelta) -> None:
        self.session = session
        self.role = role
        self.path = path
        self.superuser = superuser
        self.lock_timeout = lock_timeout

    def try_all(self, lines: Sequence[str], progress: Callable[[int], None]) -> list[Trial]:
        """One trial per line. Raises Unavailable."""
        found: list[Trial] = []
        for start in range(0, len(lines), BATCH):
            batch = lines[start : start + BATCH]
            found += self._batch(batch)
            progress(len(found))
        self._tidy()
        return found

    def _batch(self, batch: Sequence[str]) -> list[Trial]:
        try:
            return self._run(batch)
        except psycopg.errors.QueryCanceled as error:
            if len(batch) == 1:
                return [Trial(TIMEOUT, (error.diag.message_primary or str(error)))]
        return [trial for line in batch for trial in self._batch([line])]

    def _run(self, batch: Sequence[str]) -> list[Trial]:
        with self._stage() as conn:
            rows = conn.execute(
                b"SELECT state, message FROM pg_temp.flatsplit_try(%s::text[], %s)", (list(batch), self.path)
            ).fetchall()
        return [Trial(*row) for row in rows]

    @contextmanager
    def _stage(self) -> Iterator[psycopg.Connection[tuple[str, ...]]]:
        """A read-only transaction with the function in it; rolled back."""
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
        major = versions.major_of(self.session.version)
        # Event triggers of the database are not for what is undone again
        quiet = (
            ("event_triggers", "off", "on")
            if major >= versions.EVENT_TRIGGERS_SETTING
            else ("session_replication_role", "replica", "origin")
        )
        if self.superuser:
            conn.execute("SELECT set_config(%s, %s, true)", quiet[:2])
            # What is tried would push out of pg_stat_statements what really ran; who may not say so leaves a remark
            conn.execute("SELECT set_config('pg_stat_statements.track', 'none', true)")
        try:
            conn.execute(question("stage" if major >= versions.GENERIC_PLANS else "stage_prepared").encode())
            self._give(conn, major)
        except psycopg.errors.InsufficientPrivilege as error:
            raise Unavailable(error.diag.message_primary or str(error)) from None
        if self.superuser:
            conn.execute("SELECT set_config(%s, %s, true)", quiet[::2])
        conn.execute("SET TRANSACTION READ ONLY")

    def _give(self, conn: psycopg.Connection[tuple[str, ...]], major: int) -> None:
        """Makes the role the function's owner, as a member of it for the moment where that is what it takes."""
        owner = f"ALTER FUNCTION pg_temp.flatsplit_try OWNER TO {ddl.ident(self.role)}".encode()
        try:
            with conn.transaction():
                conn.execute(owner)
            return
        except psycopg.errors.InsufficientPrivilege:
            options = " WITH INHERIT FALSE, SET TRUE" if major >= versions.MEMBER_OPTIONS else ""
            grant = sql.SQL("GRANT {} TO CURRENT_USER" + options).format(sql.Identifier(self.role))
            conn.execute(grant)
            conn.execute(owner)

    def _tidy(self) -> None:
        """What code of the application may have left behind in the session outside of transactions."""
        conn = self.session.driver
        conn.execute("DEALLOCATE ALL")
        conn.execute("SELECT pg_catalog.pg_advisory_unlock_all()")
