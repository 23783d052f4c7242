"""How long doctor takes at 10,000 tables with as many defaults, a tenth of views and 3,000 functions: promised are 5 s.

Printed are whole processes of ``flatsplit doctor``, what of it is reading the catalog and what the hazards, and what
the gate of create-roles asks for, which ``next`` does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from flatsplit import hazards
from flatsplit.catalog import read_state
from flatsplit.config import Config, write
from flatsplit.demo.server import Cluster, ClusterConfig
from flatsplit.steps import Context
from flatsplit.steps.origin import reduce
from tests.benchmarks.measuring import Taken, Tools
from tests.benchmarks.steps import build

ROUNDS = 5
FUNCTIONS = 3_000
BODY = """
begin -- create table x
    if a > 1 then return (select count(*) from t1); end if;
    raise notice 'drop it';
    return a;
end
"""


def measure(work: Callable[[], object]) -> float:
    """Median of several runs, in seconds."""
    taken = Taken()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.add(time.perf_counter() - began, 0)
    return taken.median


def functions(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for first in range(0, FUNCTIONS, 300):
            numbers = range(first, first + 300)
            made = [f"create function f{n}(a int) returns int language plpgsql as $${BODY}$$;" for n in numbers]
            connection.execute("".join(made).encode())


def main() -> None:
    """Build, measure, print."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    cluster = Cluster(ClusterConfig(auth="trust", settings={"fsync": "off"}))
    cluster.start()
    try:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as conn, tempfile.TemporaryDirectory() as folder:
            conn.execute("CREATE ROLE legacy LOGIN; GRANT ALL ON SCHEMA public TO legacy")
            build(cluster.conninfo(user="legacy"), tables)
            functions(cluster.conninfo(user="legacy"))
            conn.execute("SET search_path = pg_catalog, pg_temp")
            config = Config("many", "legacy", ("public",))
            write(config, Path(folder) / "flatsplit.toml")
            tools = Tools(cluster.conninfo(), Path(folder))
            whole = Taken()
            for _ in range(ROUNDS):
                whole.add(*tools.flatsplit("doctor"))
            reading = measure(lambda: read_state(conn))
            state = read_state(conn)
            context = Context(config, reduce(state, config))
            everything = measure(lambda: hazards.find(conn, state, context))
            gate = measure(lambda: hazards.find(conn, state, context, hazards.is_blocker))
    finally:
        cluster.remove()
    print(f"{tables:,} tables, {FUNCTIONS:,} functions, {len(hazards.REGISTRY)} hazards")
    for label, seconds in (
        ("flatsplit doctor", whole.median),
        ("of it reading", reading),
        ("of it hazards", everything),
        ("what next asks", gate),
    ):
        print(f"{label:<18}{seconds:8.3f} s")


if __name__ == "__main__":
    main()
