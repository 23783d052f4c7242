"""How long 5,000 distinct statements take to rehearse, and how long writers wait meanwhile.

    python -m tests.benchmarks.rehearsal [--statements 5000]

A writer inserts, updates and deletes in the same tables all the time, once without a rehearsal, then during one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from flatsplit.demo.server import Cluster, ClusterConfig
from tests.benchmarks.measuring import Tools
from tests.support.walk import configure

TABLES = 250
LIMIT_S = 30
LIMIT_MS = 250

SCHEMA = """
create table t{n} (id serial primary key, owner_id int references t{p}, name text, price numeric, at timestamptz);
create index on t{n} (name);
create function touched{n}() returns trigger language plpgsql as $$
begin
    insert into log (what) values ('t{n}');
    return null;
end $$;
create trigger touched after update on t{n} for each row execute function touched{n}();
"""

SHAPES = (
    "SELECT * FROM t{n} WHERE id = $1 AND price > {m}",
    (
        "SELECT a.name, count(*), sum(b.price) FROM t{n} AS a JOIN t{p} AS b ON a.owner_id = b.id "
        "WHERE b.at > now() - interval $1 GROUP BY a.name HAVING count(*) > {m}"
    ),
    "INSERT INTO t{n} (name, price, at) VALUES ($1, $2 + {m}, now()) RETURNING id",
    "UPDATE t{n} SET price = price * {m} WHERE id = $1 AND name LIKE $2",
    "DELETE FROM t{n} WHERE price < {m} AND id IN (SELECT owner_id FROM t{p} WHERE name = $1)",
    "WITH recent AS (SELECT id FROM t{n} ORDER BY at DESC LIMIT {m}) SELECT count(*) FROM recent",
    "INSERT INTO t{n} (id, name) VALUES ($1, 'x{m}') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    (
        "SELECT t{n}.id FROM t{n} WHERE EXISTS (SELECT FROM t{p} WHERE t{p}.id = t{n}.owner_id AND t{p}.price = {m}) "
        "FOR UPDATE OF t{n}"
    ),
)


def build(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("create table log (id serial, what text)")
        connection.execute("create table t0 (id serial primary key, name text, price numeric, at timestamptz)")
        for n in range(1, TABLES):
            connection.execute(SCHEMA.format(n=n, p=n - 1).encode())


def statements(count: int) -> Iterator[str]:
    """That many, all distinct."""
    for place in range(count):
        n, shape = 1 + place % (TABLES - 1), SHAPES[place % len(SHAPES)]
        yield f"-- calls={place + 1} top=true\n" + shape.format(n=n, p=n - 1, m=place + 1)


@dataclass
class Felt:
    """What the writer felt."""

    writes: int = 0
    worst_ms: float = 0.0


@contextmanager
def writing(conninfo: str) -> Iterator[Felt]:
    felt, stop = Felt(), threading.Event()

    def write() -> None:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            while not stop.is_set():
                n = 1 + felt.writes % (TABLES - 1)
                began = time.perf_counter()
                connection.execute(f"insert into t{n} (name, price) values ('x', 1)".encode())
                connection.execute(f"update t{n} set price = price + 1 where name = 'x'".encode())
                connection.execute(f"delete from t{n} where name = 'x'".encode())
                felt.worst_ms = max(felt.worst_ms, (time.perf_counter() - began) * 1000)
                felt.writes += 1
                time.sleep(0.005)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield felt
    finally:
        stop.set()
        thread.join()


def measure(count: int) -> bool:
    with Cluster(ClusterConfig(auth="trust")) as cluster, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("create role legacy login")
            connection.execute("create database bench owner legacy")
        legacy = cluster.conninfo("bench", "legacy")
        if cluster.major < 15:
            with psycopg.connect(cluster.conninfo("bench"), autocommit=True) as connection:
                connection.execute("grant create on schema public to legacy")
        build(legacy)
        tools = Tools(cluster.conninfo("bench"), Path(folder))
        tools.flatsplit("init", "--legacy-role", "legacy", "--yes")
        configure(Path(folder) / "flatsplit.toml", drain="0s", soak="0s")
        file = Path(folder) / "statements.sql"
        file.write_text(";\n".join(statements(count)))
        print(f"PostgreSQL {cluster.config.binaries.version}, {count} distinct statements on {TABLES} tables")
        with writing(legacy) as alone:
            time.sleep(5)
        print(f"{'':34} {'took':>8} {'peak':>7} {'worst write':>12} {'writes':>7}")
        print(f"{'nothing':34} {'':>8} {'':>7} {alone.worst_ms:9.0f} ms {alone.writes:7}")
        good = True
        for name, through in (("before there is a role", ""), ("as app_user", "grant-existing")):
            if through:
                tools.flatsplit("next", "--yes", "--through", through)
            with writing(legacy) as felt:
                took, megabytes = tools.flatsplit("rehearse", "--file", str(file))
            good &= took < LIMIT_S and felt.worst_ms < LIMIT_MS
            print(f"{name:34} {took:6.1f} s {megabytes:4.0f} MB {felt.worst_ms:9.0f} ms {felt.writes:7}", flush=True)
        event = "select details from flatsplit.event where kind = 'rehearsed'"
        with psycopg.connect(cluster.conninfo("bench")) as connection:
            for (details,) in connection.execute(event):
                found = details if isinstance(details, dict) else json.loads(details)
                good &= found["summary"]["allowed"] == count
                print(f"{found['basis']:34} {found['summary']}")
        print(f"promised: below {LIMIT_S} s, no write above {LIMIT_MS} ms" + ("" if good else "   MISSED"))
        return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=5000)
    raise SystemExit(not measure(parser.parse_args().statements))


if __name__ == "__main__":
    main()
