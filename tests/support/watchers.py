"""Sessions that look at a database again and again, and record errors and results that differ from the first."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import psycopg

from tests.fixtures.servers import tool
from tests.support.patience import PATIENCE


class Watcher:
    """Calls ``look`` again and again while its ``with`` block runs."""

    def __init__(self, name: str, look: Callable[[], object], every: float = 0.05) -> None:
        self.name = name
        self.errors: list[str] = []
        self.looks = 0
        """How many calls have ended."""
        self._look = look
        self._every = every
        self._first: list[object] = []
        self._stop = threading.Event()
        self._over = threading.Condition()
        self._now = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._now.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), f"{self.name} hangs"
        if isinstance(self._look, Session):
            self._look.close()

    def wait(self) -> None:
        """Wait until a look that begins after this call has ended: the second one, as the first may be under way."""
        with self._over:
            wanted = self.looks + 2
            until = time.monotonic() + PATIENCE
            while self.looks < wanted:
                self._now.set()
                assert self._over.wait(max(until - time.monotonic(), 0)), f"{self.name} waits for somebody"

    def _work(self) -> None:
        while not self._stop.is_set():
            self._now.clear()
            try:
                found = self._look()
                if not self._first:
                    self._first.append(found)
                elif found != self._first[0]:
                    self.errors.append(f"{self.name}: {found}, and at first {self._first[0]}")
            except (psycopg.Error, OSError) as error:
                self.errors.append(f"{self.name}: {type(error).__name__} {str(error).splitlines()[0]}")
            except subprocess.CalledProcessError as error:
                self.errors.append(f"{self.name}: {error.stderr}")
            with self._over:
                self.looks += 1
                self._over.notify_all()
            self._now.wait(self._every)


class Watch:
    """Several watchers, which come and go."""

    def __init__(self) -> None:
        self._present: list[Watcher] = []

    @contextmanager
    def of(self, *watchers: Watcher) -> Iterator[None]:
        """Run these watchers too while the block runs; each has looked once before it begins."""
        with ExitStack() as stack:
            for each in watchers:
                stack.enter_context(each)
                self._present.append(each)
            self.round("the beginning")
            yield
            self.round("the end")
            for each in watchers:
                self._present.remove(each)

    def round(self, when: str) -> None:
        """Wait for one more look of each watcher, and assert that none has recorded anything."""
        for each in self._present:
            each.wait()
        errors = [error for each in self._present for error in each.errors]
        assert not errors, f"{when}:\n" + "\n".join(errors[:20])


class Session:
    """Runs these queries in one connection that stays open; a statement without rows gives None."""

    def __init__(self, conninfo: str, *queries: str) -> None:
        self._conninfo = conninfo
        self._queries = queries
        self._connection: psycopg.Connection[Any] | None = None

    def __call__(self) -> object:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._conninfo, autocommit=True)
        return [_answer(self._connection, query) for query in self._queries]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def login(conninfo: str, *queries: str) -> Callable[[], object]:
    """A function that runs these queries in a new connection each time."""

    def look() -> object:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            return [_answer(connection, query) for query in queries]

    return look


def _answer(connection: psycopg.Connection[Any], query: str) -> object:
    cursor = connection.execute(query.encode())
    return cursor.fetchall() if cursor.description else None


def dump(conninfo: str, *options: str) -> Callable[[], object]:
    """A function that runs pg_dump and returns how many tables are in the dump."""
    command = [tool("pg_dump"), "--no-password", "--no-sync", *options, conninfo]

    def look() -> object:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.count("\nCREATE TABLE ")

    return look
