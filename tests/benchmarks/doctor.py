"""How long doctor takes at 10,000 tables with as many defaults, a tenth of views and 3,000 functions: promised are 5 s.

Printed are whole processes of ``flatsplit doctor``, what of it is reading the catalog and what the hazards, and what
the gate of create-roles asks for, which ``next`` does; once as a superuser and once as an operator who is none, for
whom doctor also tries what it may do.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from flatsplit import hazards
from flatsplit.catalog import read_state
from flatsplit.config import Config, write
from flatsplit.demo.server import Cluster, ClusterConfig
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.remembered import reduce
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


def operator(conn: psycopg.Connection[Any]) -> None:
    """What a service's administrator has."""
    conn.execute("CREATE ROLE operator LOGIN CREATEROLE CREATEDB; GRANT pg_monitor TO operator")
    conn.execute("GRANT legacy TO operator WITH ADMIN OPTION; GRANT CONNECT, CREATE ON DATABASE postgres TO operator")


def measured(conninfo: str, folder: Path, config: Config) -> Iterator[tuple[str, float]]:
    """What is measured, and its seconds."""
    tools = Tools(conninfo, folder)
    whole = Taken()
    for _ in range(ROUNDS):
        whole.add(*tools.flatsplit("doctor", accept=(0, 5)))
    yield "flatsplit doctor", whole.median
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("SET search_path = pg_catalog, pg_temp")
        yield "of it reading", measure(lambda: read_state(conn))
        state = read_state(conn)
        context = Context(config, reduce(state, config))
        yield "of it hazards", measure(lambda: hazards.find(conn, state, context))
        yield "what next asks", measure(lambda: hazards.find(conn, state, context, hazards.is_blocker))


def main() -> None:
    """Build, measure, print."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    cluster = Cluster(ClusterConfig(auth="trust", settings={"fsync": "off"}))
    cluster.start()
    try:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as conn, tempfile.TemporaryDirectory() as folder:
            conn.execute("CREATE ROLE legacy LOGIN; GRANT ALL ON SCHEMA public TO legacy")
            operator(conn)
            build(cluster.conninfo(user="legacy"), tables)
            functions(cluster.conninfo(user="legacy"))
            config = Config("many", "legacy", ("public",))
            write(config, Path(folder) / "flatsplit.toml")
            print(f"{tables:,} tables, {FUNCTIONS:,} functions, {len(hazards.REGISTRY)} hazards")
            for who in ("postgres", "operator"):
                for label, seconds in measured(cluster.conninfo(user=who), Path(folder), config):
                    print(f"{who:<10}{label:<18}{seconds:8.3f} s")
    finally:
        cluster.remove()


if __name__ == "__main__":
    main()
