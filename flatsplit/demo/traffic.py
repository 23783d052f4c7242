"""The traffic of the shop's application: short transactions on a few connections, with a count of failures.

Nothing here knows about flatsplit. A failed statement is a failure of the cutover, whatever the reason, and so is
a statement that finds fewer rows than the application knows to be there: row-level security hides them silently.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

from flatsplit.demo.transactions import TRANSACTIONS, Run, Transaction


@dataclass(frozen=True)
class FailedStatement:
    """A statement of the application that failed."""

    role: str
    statement: str
    error: str


@dataclass(frozen=True)
class Tally:
    """What the application experienced so far."""

    statements: Counter[str]
    """By the role that ran them."""
    transactions: int
    slowest_ms: float
    slowest: str
    """The statement that took longest."""
    failures: tuple[FailedStatement, ...]

    @property
    def total(self) -> int:
        """All statements."""
        return self.statements.total()


class Traffic:
    """Application connections, each a thread of its own: ``with Traffic(conninfo) as traffic: …``.

    Leaving the block ends the threads. :meth:`move` is what a deploy does: connection by connection, between
    two transactions, over to other credentials.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        connections: int = 4,
        pause: float = 0.02,
        transactions: Mapping[str, Transaction] | None = None,
    ) -> None:
        self._transactions_of = TRANSACTIONS if transactions is None else transactions
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._pause = pause
        self._statements: Counter[str] = Counter()
        self._transactions = 0
        self._slowest: tuple[float, str] = (0.0, "")
        self._failures: list[FailedStatement] = []
        self._workers = [_Worker(self, conninfo, number) for number in range(connections)]

    def __enter__(self) -> Self:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> Tally:
        """Let every connection finish its transaction and close. Returns the final counts."""
        self._stopping.set()
        for worker in self._workers:
            if worker.is_alive():
                worker.join()
        return self.tally()

    def move(self, conninfo: str, *, interval: float = 0.2, timeout: float = 10) -> None:
        """Have each connection log in again with other credentials, one after the other."""
        for worker in self._workers:
            worker.move(conninfo, timeout)
            self._stopping.wait(interval)

    def tally(self) -> Tally:
        """What the application experienced so far."""
        with self._lock:
            milliseconds, slowest = self._slowest
            return Tally(Counter(self._statements), self._transactions, milliseconds, slowest, tuple(self._failures))

    # -- for the workers

    def _served(self, role: str, statement: str, seconds: float) -> None:
        with self._lock:
            self._statements[role] += 1
            self._slowest = max(self._slowest, (seconds * 1000, statement))

    def _failed(self, role: str, statement: str, error: str) -> None:
        with self._lock:
            self._statements[role] += 1
            self._failures.append(FailedStatement(role, statement, error))

    def _committed(self) -> None:
        with self._lock:
            self._transactions += 1


class _RowsMissing(Exception):
    """A statement found fewer rows than there are; its transaction is given up."""


class _Worker(threading.Thread):
    """One application connection."""

    def __init__(self, traffic: Traffic, conninfo: str, number: int) -> None:
        super().__init__(name=f"application-{number}", daemon=True)
        self._traffic = traffic
        self._conninfo = conninfo
        self._moved = threading.Event()
        self._moved.set()
        self._random = random.Random(number)  # the same shopping every time

    def move(self, conninfo: str, timeout: float) -> None:
        self._moved.clear()
        self._conninfo = conninfo
        if not self._moved.wait(timeout):
            self._traffic._failed(_role(conninfo), "connecting", f"not back within {timeout:.0f} s")

    def run(self) -> None:
        try:
            self._connect_and_serve()
        except Exception as error:
            # a thread that ends early would look like traffic without failures
            self._traffic._failed(_role(self._conninfo), self.name, f"{type(error).__name__}: {error}")
            raise

    def _connect_and_serve(self) -> None:
        while not self._traffic._stopping.is_set():
            conninfo = self._conninfo
            try:
                conn = psycopg.connect(conninfo, application_name="shop application")
            except psycopg.Error as error:
                self._traffic._failed(_role(conninfo), "connecting", _first_line(error))
                self._traffic._stopping.wait(0.5)
                continue
            with conn:
                if conninfo is self._conninfo:
                    self._moved.set()
                self._serve(conn, conninfo)

    def _serve(self, conn: psycopg.Connection, conninfo: str) -> None:
        """Transactions on one connection, until it is to move, the traffic ends or the connection breaks."""
        role = conn.info.user
        does = self._traffic._transactions_of
        names, weights = list(does), [one.weight for one in does.values()]

        def run(statement: str, parameters: Sequence[Any] = (), *, at_least: int = 0) -> list[tuple[Any, ...]]:
            started = time.perf_counter()
            try:
                cursor = conn.execute(statement, parameters)
                rows = cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                self._traffic._failed(role, statement, _first_line(error))
                raise
            if len(rows) < at_least:
                self._traffic._failed(role, statement, f"{len(rows)} rows instead of at least {at_least}")
                raise _RowsMissing
            self._traffic._served(role, statement, time.perf_counter() - started)
            return rows

        while conninfo is self._conninfo and not self._traffic._stopping.is_set():
            (name,) = self._random.choices(names, weights)
            act: Callable[[Run, random.Random], None] = does[name].act
            try:
                with conn.transaction():
                    act(run, self._random)
                self._traffic._committed()
            except (psycopg.Error, _RowsMissing):
                if conn.closed:
                    return
            self._traffic._stopping.wait(self._traffic._pause)


def _role(conninfo: str) -> str:
    return str(conninfo_to_dict(conninfo).get("user", ""))


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
