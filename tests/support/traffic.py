"""An application that runs short transactions as one role while a test changes the database; none may fail."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import psycopg

from tests.fixtures.servers import tool


@dataclass
class Seen:
    """What the application noticed."""

    transactions: int = 0
    errors: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds that the slowest transaction took."""
    slowest_was: str = ""


class Background:
    """``with``: threads that work until the end of it."""

    hangs = "the application hangs"

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), self.hangs


class Traffic(Background):
    """``with Traffic(conninfo, scripts) as traffic: ...`` runs the scripts on several connections, over and over.

    A script is one transaction: statements that are run one by one. Some connections stay, some are opened for each
    transaction, as behind a pool and without one.
    """

    def __init__(
        self, conninfo: str, scripts: Sequence[Sequence[str]], *, workers: int = 4, pause: float = 0.01, seed: int = 1
    ) -> None:
        super().__init__(pause)
        self.conninfo = conninfo
        self.scripts = scripts
        self.seen = Seen()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(number, random.Random(seed + number)), daemon=True)
            for number in range(workers)
        ]

    def check(self) -> None:
        """Assert that nothing failed and something ran."""
        with self._lock:
            assert not self.seen.errors, "\n".join(self.seen.errors[:20])
            assert self.seen.transactions > 0

    def _work(self, number: int, chance: random.Random) -> None:
        keep = number % 4 != 0
        connection: psycopg.Connection | None = None
        while not self._stop.is_set():
            script = chance.choice(self.scripts)
            at = "connect"
            try:
                if connection is None:
                    connection = psycopg.connect(self.conninfo, autocommit=True)
                began = time.monotonic()
                with connection.transaction():
                    for at in script:
                        connection.execute(at)
                took = time.monotonic() - began
                with self._lock:
                    self.seen.transactions += 1
                    if took > self.seen.slowest:
                        self.seen.slowest, self.seen.slowest_was = took, "; ".join(script)
            except psycopg.Error as error:
                with self._lock:
                    self.seen.errors.append(f"{at}: {type(error).__name__} {str(error).splitlines()[0]}")
            if connection and (not keep or connection.closed):
                connection.close()
                connection = None
            self._stop.wait(self.pause)
        if connection:
            connection.close()


class Pgbench:
    """pgbench with its own tables and transactions; it ends at the first error. Used like ``Traffic``."""

    def __init__(self, conninfo: str, *, clients: int = 2, rate: int = 200) -> None:
        self.conninfo = conninfo
        # With a rate: at full speed it would take the processor from the processes under test
        self._load = ("-c", str(clients), "--rate", str(rate))
        make = ("-i", "-q", "--foreign-keys", "--partitions=3")
        subprocess.run([tool("pgbench"), *make, conninfo], check=True, capture_output=True)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [tool("pgbench"), "-n", *self._load, "-T", "3600", self.conninfo],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def check(self) -> None:
        """Assert that it still runs, so that nothing has failed, and that something ran."""
        if self._process.poll() is not None:
            assert self._process.stderr
            raise AssertionError(f"pgbench ended: {self._process.stderr.read()}")
        with psycopg.connect(self.conninfo) as connection:
            assert connection.execute("select from pgbench_history limit 1").rowcount, "nothing was done"
