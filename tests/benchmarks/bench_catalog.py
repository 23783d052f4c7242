"""How long it takes to read 10,000 tables with their sequences and a tenth as many views, and to prove it complete.

    python -m tests.benchmarks.bench_catalog [TABLES]

The yardstick is the time the server needs to send the names alone, measured in the same run.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import psycopg

from flatsplit.catalog import read_state, remaining_dependencies, unknown_dependencies
from flatsplit.demo.server import Cluster, ClusterConfig
from tests.benchmarks.measuring import Taken
from tests.benchmarks.steps import build

ROUNDS = 7
NAMES = "SELECT relname FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'v', 'S')"


def megabytes() -> float:
    """The most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(work: Callable[[], object]) -> Taken:
    """Several runs of it."""
    taken = Taken()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.add(time.perf_counter() - began, megabytes())
    return taken


def main() -> None:
    """Build, measure, print."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    cluster = Cluster(ClusterConfig(auth="trust", settings={"fsync": "off"}))
    cluster.start()
    try:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as conn:
            conn.execute("CREATE ROLE legacy LOGIN; GRANT ALL ON SCHEMA public TO legacy")
            build(cluster.conninfo(user="legacy"), tables)
            base = megabytes()
            names = measure(lambda: conn.execute(NAMES).fetchall())
            reading = measure(lambda: read_state(conn))
            state = read_state(conn)
            proof = measure(lambda: unknown_dependencies(conn, "legacy", state))
            left = measure(lambda: remaining_dependencies(conn, "legacy"))
    finally:
        cluster.remove()
    print(f"PostgreSQL {state.target.major}, {len(state.objects):,} objects")
    print(f"{'names alone':<14}{names.median:8.3f} s")
    for label, taken in (("read_state", reading), ("unknown", proof), ("remaining", left)):
        print(f"{label:<14}{taken.median:8.3f} s {taken.median / names.median:6.1f} x {taken.peak - base:6.1f} MB more")


if __name__ == "__main__":
    main()
