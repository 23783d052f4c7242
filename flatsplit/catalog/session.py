"""A consistent, read-only look at the server that leaves the session as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from flatsplit import ddl, resources
from flatsplit.connection.pipelining import together

Row: TypeAlias = tuple[Any, ...]


_PIN = b"""
SELECT set_config('search_path', 'pg_catalog, pg_temp', true), set_config('TimeZone', 'UTC', true),
       set_config('DateStyle', 'ISO, YMD', true), set_config('quote_all_identifiers', 'off', true),
       set_config('jit', 'off', true), set_config('work_mem', '64MB', true),
       set_config('max_parallel_workers_per_gather', '0', true)
"""
"""Settings for the look: how names and times are printed, memory for hashes, and no JIT or workers for
short queries.
"""

PATIENCE = """
SELECT set_config('lock_timeout', CASE current_setting('default_transaction_read_only') WHEN 'on' THEN '100ms'
                                       ELSE current_setting('lock_timeout') END, true)
"""
"""A session that only looks does not wait for a lock."""

_JOIN = "SELECT set_config('enable_nestloop', '{0}', true), set_config('enable_mergejoin', '{0}', true)"
HASHING = (_JOIN.format("off"), _JOIN.format("on"))
"""What :meth:`Look.hashing` asks before and after."""


class Server(NamedTuple):
    """What decides which queries are possible, and the raw answers about the server itself."""

    database: str
    database_oid: int
    version: int
    operator: str
    superuser: bool
    reads_passwords: bool
    reads_subscription_oid: bool
    reads_identifier: bool
    reads_files: bool
    search_path_source: str
    search_path_boot: str
    search_path_reset: str

    @property
    def major(self) -> int:
        """13 … 18."""
        return self.version // 10000


class Look:
    """Runs queries in one snapshot."""

    def __init__(self, cursor: psycopg.Cursor[Row], server: Server, *, alone: bool) -> None:
        self._cursor = cursor
        self.alone = alone
        """Whether it is a transaction of its own: one moment for all queries, and no changes by flatsplit."""
        self._asked: dict[tuple[object, ...], list[Row]] = {}
        self._sent: dict[str, psycopg.Cursor[Row]] = {}
        self.server = server

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection that the queries run on."""
        return self._cursor.connection

    def rows(self, query: str, *params: object) -> list[Row]:
        """All rows of a query. Without parameters a ``%`` is a plain ``%``."""
        if not params and (sent := self._sent.pop(query, None)) is not None:
            return sent.fetchall()
        return self._cursor.execute(query.encode(), params or None, prepare=False).fetchall()

    def copied(self, table: sql.Composable, *columns: str) -> list[tuple[str | None, ...]]:
        """Columns of an application's table as texts, without running anybody's code, whatever the table has become.

        COPY plans nothing, so it evaluates no expressions of indexes and statistics. It prints values with the output
        functions of their types, which are in C, and uses no casts. It refuses views and, with row_security off,
        policies that apply, which it would plan (DoCopy in copy.c). Checking the table beforehand would not help: it
        would be checked as of the snapshot, and read as it is.
        """
        self.rows("SELECT set_config('row_security', 'off', true)")
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with self._cursor.copy(sql.SQL("COPY {} ({}) TO STDOUT").format(table, names)) as copy:
            lines = b"".join(copy).decode(self.connection.info.encoding).split("\n")[:-1]
        return [tuple(map(_meant, line.split("\t"))) for line in lines]

    def texts(self, kind: str, values: Iterable[str]) -> dict[str, str]:
        """Copied values in their order, each with its cast to text.

        ``kind``: one of the server's own base types, as format_type() prints it without a modifier.
        """
        typed = f"k.key::{ddl.type_name(kind)}"
        text = f"SELECT k.key, {typed}::text FROM unnest(%s::text[]) AS k (key) ORDER BY {typed}"  # noqa: S608 (the server's)
        return dict(self.rows(text, list(values)))

    @contextmanager
    def at_once(self, *queries: str) -> Iterator[None]:
        """Inside, these queries without parameters are under way together; asking for one takes its answer, once.

        One after the other, each would cost a round trip on a slow line. The server runs them in this order, and goes
        on while the answers to the first ones are read. What may fail and be forgiven is asked outside.
        """
        with together(self.connection):
            for query in queries:
                cursor = self.connection.cursor(row_factory=tuple_row)
                self._sent[query] = cursor.execute(query.encode(), prepare=False)
            try:
                yield
            finally:
                self._sent.clear()

    @contextmanager
    def hashing(self) -> Iterator[None]:
        """Inside, all joins are hash joins.

        The planner expects few rows of each schema and would look up each table by its index, with all row versions
        that updates of the catalog have left; a merge with pg_init_privs would be as slow.
        """
        self.rows(HASHING[0])
        yield
        self.rows(HASHING[1])

    @contextmanager
    def letting_go(self) -> Iterator[None]:
        """Inside, names are printed with quotes; afterwards the locks of what was read are released."""
        with self._cursor.connection.transaction(force_rollback=True):
            self.rows("SELECT set_config('quote_all_identifiers', 'on', true)")
            yield

    def only_reads(self) -> None:
        """The look only reads from here on, where it could write at first."""
        if self.alone:
            self._cursor.execute(b"SET TRANSACTION READ ONLY")

    def join(self, role: str) -> None:
        """Get the rights of a role until the transaction or savepoint is rolled back."""
        self._cursor.execute(ddl.join_role(role, self.server.version).encode())

    def ask(self, name: str, *params: object) -> list[Row]:
        """All rows of a query of this package."""
        return self.rows(question(name), *params)

    def once(self, name: str, *params: object) -> list[Row]:
        """The same, run once in this look however often it is asked for."""
        key = (name, *params)
        if key not in self._asked:
            self._asked[key] = self.ask(name, *params)
        return self._asked[key]


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _meant(field: str) -> str | None:
    """The value of a field in COPY's text format (CopyAttributeOutText() in copyto.c)."""
    if "\\" not in field:
        return field
    return None if field == "\\N" else _ESCAPED.sub(lambda found: _LETTERS.get(found[1], found[1]), field)


@cache
def question(name: str) -> str:
    """The text of ``queries/<name>.sql``."""
    return resources.query(__package__, name).decode()


@contextmanager
def look(conn: psycopg.Connection[Any], *, writes: bool = False) -> Iterator[Look]:
    """A snapshot of its own where the connection is idle, otherwise the caller's transaction.

    Everything set here is rolled back at the end: the transaction, or a savepoint of the caller's. ``writes``: an
    operator that is no superuser may become a member of roles, until :meth:`Look.only_reads`.
    """
    idle = conn.info.transaction_status == TransactionStatus.IDLE
    mode = "WRITE" if idle and writes and _may_write(conn) else "ONLY"
    with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        with together(conn):
            if idle:
                conn.execute(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ {mode}".encode())
            about = cursor.execute(question("target").encode(), prepare=False)
            conn.execute(_PIN)
            server = about.fetchone()
        assert server is not None, "current_user and current_database() always exist"
        yield Look(cursor, Server(*server), alone=idle)


def _may_write(conn: psycopg.Connection[Any]) -> bool:
    """Whether writing would help: superusers read without it, and on a standby nobody can."""
    if conn.info.parameter_status("is_superuser") == "on":
        return False
    with conn.transaction():
        return conn.execute("SELECT pg_catalog.pg_is_in_recovery()").fetchone() == (False,)
