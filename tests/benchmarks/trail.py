"""What the recorder of structural changes costs a statement, in time of the server's own: a busy machine counts less.

    python -m tests.benchmarks.trail [--majors 13,18] [--rounds 100]

Two databases of one server, with the recorder and without, take turns at a few statements each. What the backend has
had of a processor (/proc/PID/schedstat) is taken of each statement, the first of a turn left out. Client and server
share one core, so that the server has come to rest when the client looks. Printed are the difference of the best
runs and that of the medians. What else a machine does only adds, so what keeps the promises are the best: the first
tenth of all, since one alone says too little.
"""

from __future__ import annotations

import argparse
import os
import statistics
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
    "structure": ("create table t (id int primary key, b text)", "alter table t add c int", "drop table t"),
    "temporary table": (
        *("create temp table x (id int primary key, b text)", "drop table x"),
        *("create temp table y as select 1 as a", "drop table y"),
    ),
}
_SWEPT = 20
"""Turns after which the catalogs are swept: what grows there differs from one database to the other."""
_TURN = 4
"""Statements of each kind in a turn."""


def spent(conn: psycopg.Connection[Any]) -> float:
    """Milliseconds that the backend has had of a processor."""
    return int(Path(f"/proc/{conn.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6


def measure(sides: list[psycopg.Connection[Any]], rounds: int) -> dict[tuple[str, str], list[list[float]]]:
    """By kind and statement: what each took on each side."""
    found: dict[tuple[str, str], list[list[float]]] = {}
    for number in range(2 * rounds):
        side = number % 2
        if number % _SWEPT < 2:
            sides[side].execute("vacuum")
        for turn in range(_TURN):
            for kind, texts in STATEMENTS.items():
                for text in texts:
                    before = spent(sides[side])
                    sides[side].execute(text.encode())
                    taken = spent(sides[side]) - before
                    if turn:
                        found.setdefault((kind, text), [[], []])[side].append(taken)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--majors", help="default: all that there are")
    parser.add_argument("--rounds", type=int, default=100)
    given = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    held = True
    for major, binaries in available().items():
        if given.majors and str(major) not in given.majors.split(","):
            continue
        config = ClusterConfig(binaries=binaries, settings={**DISPOSABLE, "jit": "off", "autovacuum": "off"})
        with Cluster(config) as cluster, psycopg.connect(cluster.conninfo(), autocommit=True) as plain:
            plain.execute("create database recorded")
            with psycopg.connect(cluster.conninfo(), dbname="recorded", autocommit=True) as recorded:
                recorded.execute("create schema flatsplit")
                for part in ddl.PARTS:
                    recorded.execute(part.create.encode())
                for (kind, text), (without, with_it) in measure([plain, recorded], given.rounds).items():
                    best = statistics.quantiles(with_it, n=10)[0] - statistics.quantiles(without, n=10)[0]
                    median = statistics.median(with_it) - statistics.median(without)
                    held = held and best < LIMITS[kind]
                    what = text.partition(" (")[0][:26]
                    print(
                        f"{major}  {what:26} {min(without):.3f} ms  best {best:+.3f}  median {median:+.3f}", flush=True
                    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
