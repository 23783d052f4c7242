"""The connection of a command, which does not depend on settings of a role or database.

The driver (psycopg) runs the plan's statements as they are written, and the journal's beside them, so that a change and
its record share a transaction. SQLAlchemy, which only the journal's migrations need, uses the same connection. Outside
:meth:`Session.transaction` each statement commits by itself: a tool that waits between statements must not be ``idle in
transaction``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from flatsplit.connection import pins
from flatsplit.connection.encoding import adapt
from flatsplit.connection.failures import connect_failed, reject_unreadable
from flatsplit.connection.pools import patiently, refuse_shared
from flatsplit.connection.standby_waits import told
from flatsplit.connection.statement_comment import REMARK, Remarking
from flatsplit.errors import StatementFailed, TargetError

if TYPE_CHECKING:
    from sqlalchemy import Connection

APPLICATION_NAME = "flatsplit"
OLDEST_VERSION = 130000
CONNECT_TIMEOUT = 10
"""Seconds, where neither the connection string nor PGCONNECT_TIMEOUT says otherwise."""


class OwnSession(NamedTuple):
    """A session that flatsplit had as another role, so that ``who`` does not take what it was refused for an attack."""

    login: str
    pid: int
    """The server process, which no other session has at the same time. 0 where the login was refused."""
    began: datetime
    ended: datetime
    """When it ended, by the server's clock."""


class Session:
    """One connection to the target database, for the driver and, in migrations, for SQLAlchemy."""

    def __init__(self, driver: psycopg.Connection[Any], *, write: bool) -> None:
        self.driver = driver
        self.write = write
        """Whether it was opened for writing; if not, the server refuses every write."""
        self.others: list[OwnSession] = []
        """Sessions that :func:`connect_as` opened and that have ended."""
        self.read_alone: dict[Hashable, Any] | None = None
        """What was read and nobody else changes while this session holds the one-operator lock; None without it."""
        self.say: Callable[[str], None] | None = None
        """Tells whoever looks on that a commit waits for a standby; None where none is waited for."""
        self._notices: list[tuple[str, str]] = []
        self._in_transaction = False
        self._sa: Connection | None = None
        driver.add_notice_handler(self._take_notice)

    @property
    def sa(self) -> Connection:
        """The connection for SQLAlchemy, in the open transaction. Imported only for migrations (0.15 s)."""
        from flatsplit.connection.dialect import wrapped

        if self._sa is None:
            self._sa = wrapped(self.driver)
        if self._in_transaction and not self._sa.in_transaction():
            self._sa.begin()
        return self._sa

    @property
    def version(self) -> int:
        """server_version_num, for example 160004."""
        return self.driver.info.server_version

    @property
    def pooled(self) -> bool:
        """Whether something such as PgBouncer answers in the server's place: it shows a process id of its own."""
        row = self.driver.execute("SELECT pg_backend_pid()").fetchone()
        return row is None or row[0] != self.driver.info.backend_pid

    def run(self, text: bytes) -> None:
        """Run a statement of a plan as it is written."""
        psycopg.Cursor(self.driver).execute(text)

    def take_notices(self) -> list[tuple[str, str]]:
        """(SQLSTATE, message) of every notice and warning since the last call, oldest first.

        01006 and 01007 mean that a privilege was not revoked or not granted although the statement succeeded.
        """
        taken, self._notices = self._notices, []
        return taken

    def _take_notice(self, notice: psycopg.errors.Diagnostic) -> None:
        self._notices.append((notice.sqlstate or "", notice.message_primary or ""))

    @property
    def in_transaction(self) -> bool:
        """Whether a :meth:`transaction` block is open."""
        return self._in_transaction

    @contextmanager
    def transaction(self, first: bytes = b"") -> Iterator[Self]:
        """A transaction: everything inside, by the driver or SQLAlchemy, commits together; an exception rolls it back.

        ``first`` is statements of the plan to begin with; they are sent together with BEGIN, which saves a round trip.
        It must not be nested: a change belongs to exactly one transaction. Use SAVEPOINT inside where part may fail.
        """
        if self._in_transaction:
            raise RuntimeError("transaction() inside transaction()")
        self._in_transaction = True
        try:
            with self._begun(first):
                yield self
        finally:
            self._in_transaction = False

    @contextmanager
    def _begun(self, first: bytes) -> Iterator[None]:
        self._settle_sa()
        try:
            if first:
                self.run(f"BEGIN {REMARK}; ".encode() + first)
            else:
                self.driver.execute("BEGIN")
            yield
            if self.driver.info.transaction_status is TransactionStatus.INERROR:
                # COMMIT would roll back without an error
                raise StatementFailed("a statement failed inside a transaction and nobody noticed", "report this")
            with told(self.driver, self.say) if self.say is not None else nullcontext():
                self.driver.commit()
        except BaseException:
            with suppress(Exception):  # the connection may be lost, and then the server rolls back by itself
                self.driver.rollback()
            raise
        finally:
            self._settle_sa()

    def _settle_sa(self) -> None:
        """Let SQLAlchemy end its transaction: it believes one to be open, and the server has none any more."""
        if self._sa is not None:
            with suppress(Exception):
                self._sa.rollback()

    def close(self) -> None:
        """End the connection; an open transaction is rolled back by the server."""
        if self._sa is not None:
            with suppress(Exception):
                self._sa.close()
        self.driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_session(dsn: str | None, *, write: bool = True, say: Callable[[str], None] | None = None) -> Session:
    """Connect, pin every setting that could change what flatsplit sees or does, and refuse unsuitable servers.

    Without ``dsn`` libpq reads PG* variables and service files. ``write=False`` also takes a standby, and makes the
    server refuse writes. ``say`` hears of a commit that waits for a standby. Raises UsageError, ConnectFailed or
    TargetError, none of which shows a password.
    """
    dsn = dsn or ""
    reject_unreadable(dsn)
    try:
        driver = psycopg.connect(
            dsn,
            autocommit=True,
            cursor_factory=Remarking,
            prepare_threshold=None,  # the structure of tables changes meanwhile, and few statements run twice
            **_connect_parameters(dsn),
        )
    except psycopg.Error as error:
        raise connect_failed(dsn, error) from None
    try:
        _require_version(driver)
        try:
            refuse_shared(driver, lambda: psycopg.connect(dsn, autocommit=True, **_connect_parameters(dsn)))
        except psycopg.Error as error:
            raise connect_failed(dsn, error) from None
        waits = _pin(driver, dsn, write=write)
        adapt(driver)
        session = Session(driver, write=write)
        session.say = say if waits and write else None
        return session
    except BaseException:
        driver.close()
        raise


@contextmanager
def connect_as(session: Session, role: str, password: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the same server as another role, with the role's own settings except for a pinned search_path.

    Raises ConnectFailed where it is not let in. The password appears nowhere.
    """
    parameters = {**session.driver.info.get_parameters(), "user": role, "password": password}
    parameters.pop("options", None)
    dsn = make_conninfo("", **parameters)
    began = time.monotonic()
    try:
        driver = psycopg.connect(dsn, autocommit=True, prepare_threshold=None, **_connect_parameters(dsn))
    except psycopg.Error as error:
        _turned_away(session, role, timedelta(seconds=time.monotonic() - began))
        raise connect_failed(dsn, error) from None
    with driver:
        patiently(driver, b"SET SESSION search_path = pg_catalog, pg_temp")
        # In binary, since the text of a time depends on the role's DateStyle
        row = patiently(driver, b"SELECT pg_backend_pid(), clock_timestamp()", binary=True).fetchone()
        assert row is not None, "both always exist"
        start = time.monotonic()
        try:
            yield driver
        finally:
            lasted = timedelta(seconds=time.monotonic() - start)
            session.others.append(OwnSession(role, row[0], row[1], row[1] + lasted))


def _turned_away(session: Session, role: str, took: timedelta) -> None:
    """Remember a refused login of flatsplit's own, so that its line in the server's log is not taken for somebody
    else's.
    """
    with suppress(psycopg.Error):
        row = session.driver.execute("SELECT pg_catalog.clock_timestamp()").fetchone()
        if row is not None:
            session.others.append(OwnSession(role, 0, row[0] - took, row[0]))


def _connect_parameters(dsn: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {"application_name": APPLICATION_NAME, "client_encoding": "UTF8"}
    given = conninfo_to_dict(dsn)
    if "service" not in given and not given.get("connect_timeout"):
        defaults = {option.keyword: option.val for option in psycopg.pq.Conninfo.get_defaults()}
        if not defaults.get(b"connect_timeout") and not defaults.get(b"service"):
            parameters["connect_timeout"] = CONNECT_TIMEOUT
    return parameters


def _require_version(driver: psycopg.Connection[Any]) -> None:
    if "bouncer" in (driver.info.parameter_status("server_version") or ""):
        raise TargetError(
            "this is the console of PgBouncer, and no database", "name the application's database (dbname in --dsn)"
        )
    version = driver.info.server_version
    if version < OLDEST_VERSION:
        raise TargetError(
            f"the server is PostgreSQL {version // 10000}.{version % 100}, flatsplit needs 13 or newer",
            "upgrade the server first",
        )


def _pin(driver: psycopg.Connection[Any], dsn: str, *, write: bool) -> bool:
    """Pin the settings; returns whether commits wait for a standby."""
    # SET after connecting overrides ALTER ROLE … SET, ALTER DATABASE … SET, PGOPTIONS and service files
    statements = [*pins.of_statements(driver.info.server_version, write=write), *pins.of_program(APPLICATION_NAME)]
    try:
        patiently(driver, b"SET SESSION statement_timeout = 0")
        # The timeout of the statement before can still occur here
        cursor = patiently(driver, f" {REMARK}; ".join([*statements, pins.STATE]).encode())
        while cursor.nextset():
            pass
        row = cursor.fetchone()
    except psycopg.Error as error:
        raise connect_failed(dsn, error) from None
    if write and row is not None and row[0]:
        raise TargetError(
            "the server is a standby (read-only replica): roles and privileges cannot be changed there",
            "connect to the primary",
        )
    if write and row is not None and row[1]:
        raise TargetError(
            "every commit waits for a synchronous standby, and none is connected",
            "connect one or change synchronous_standby_names; or let flatsplit alone go on without, with "
            "options='-c synchronous_commit=local' in --dsn (PGOPTIONS)",
        )
    return row is not None and bool(row[2])
