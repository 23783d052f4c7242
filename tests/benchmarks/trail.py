"""What the recorder of structural changes costs a statement, in time of the server's own: a busy machine counts less.

    python -m tests.benchmarks.trail [--rounds 40] [--statements 25]

Each statement is run many times without and with the recorder, in turns; the backend's time on a processor is compared
(/proc/PID/schedstat), that of the best round, for what else a machine does only adds. Fails where a promise does not
hold.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import psycopg

from flatsplit import ddl
from flatsplit.demo.server import DISPOSABLE, Cluster, ClusterConfig
from tests.fixtures.servers import available

LIMITS = {"structure": 1.0, "temporary table": 0.1}
"""Milliseconds for each statement."""
STATEMENTS = {
    "structure": ("create table t_{0} (id int primary key, b text)", "alter table t_{0} add c int", "drop table t_{0}"),
    "temporary table": ("create temp table x_{0} (id int primary key, b text)", "drop table x_{0}"),
}


def spent(conn: psycopg.Connection[Any]) -> float:
    """Milliseconds that the backend has had of a processor."""
    return int(Path(f"/proc/{conn.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6


def timed(conn: psycopg.Connection[Any], text: str, count: int) -> float:
    """Of one statement."""
    before = spent(conn)
    for number in range(count):
        conn.execute(text.format(number).encode())
    return (spent(conn) - before) / count


def measure(conn: psycopg.Connection[Any], rounds: int, count: int) -> dict[tuple[str, str], tuple[float, float]]:
    """By kind and statement: without the recorder, and with it."""
    found: dict[tuple[str, str, bool], list[float]] = {}
    for _ in range(rounds):
        for on in (False, True):
            for part in ddl.PARTS[-2:]:
                state = "enable" if on else "disable"
                conn.execute(f"alter {part.name} {state}".encode())
            for kind, texts in STATEMENTS.items():
                for text in texts:
                    conn.execute(text.format("first").encode())  # in which the functions are planned
                for text in texts:
                    found.setdefault((kind, text, on), []).append(timed(conn, text, count))
    return {
        (kind, text): (min(found[kind, text, False]), min(found[kind, text, True]))
        for kind, texts in STATEMENTS.items()
        for text in texts
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--statements", type=int, default=25)
    given = parser.parse_args()
    held = True
    for major, binaries in available().items():
        config = ClusterConfig(binaries=binaries, settings={**DISPOSABLE, "jit": "off"})
        with Cluster(config) as cluster, psycopg.connect(cluster.conninfo(), autocommit=True) as conn:
            conn.execute("create schema flatsplit; set client_min_messages = warning")
            for part in ddl.PARTS:
                conn.execute(part.create.encode())
            for (kind, text), (before, after) in measure(conn, given.rounds, given.statements).items():
                more = after - before
                held = held and more < LIMITS[kind]
                what = " ".join(text.format("").split()[:3])
                print(f"{major}  {what:20} {before:7.3f} ms, with the recorder {after:7.3f} ms: {more:+.3f} ms")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
