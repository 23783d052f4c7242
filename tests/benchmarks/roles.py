"""What a special role costs: one that reads 10,000 tables, beside psql; and what learning costs each ``observe``.

    chrt -r 10 python -m tests.benchmarks.roles [--tables 10000] [--statements 5000] [--rounds 3]

psql runs what flatsplit's journal says that it ran, and its undo. A look is measured before there is a special role and
once all its statements are known; what the first look at so many takes is printed and promised to nobody.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psycopg

from flatsplit.demo.server import DISPOSABLE, NAMED, Cluster, ClusterConfig
from tests.benchmarks.measuring import Taken, Tools
from tests.benchmarks.steps import build, tidy
from tests.support.walk import NEW_ROLES, configure, write_passwords

READER, WORKER = "bench_reader", "bench_worker"
WALK = ("--walk", f"role:{READER}")
WAIVED = ("--waive", "seen", "--waive", "no-blockers", "--reason", "a benchmark")
REMEMBERS = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "20000"}
RAN = """
select a.sql, a.undo from flatsplit.action a join flatsplit.step s on s.id = a.step_id
join flatsplit.cutover c on c.id = s.cutover_id where c.kind = 'role' and c.state = 'active' order by a.id
"""
MORE = 0.3
"""Seconds that a look may take longer where a special role's needs are gathered."""


def scripts(conninfo: str) -> tuple[str, str]:
    """What the reader's walk ran, as a script; and what takes it back."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(RAN).fetchall()
    assert rows
    there, back = [sql for sql, _ in rows], [undo for _, undo in reversed(rows) if undo]
    run, unrun = ("".join(f"begin;\n{one}\n;commit;\n" for one in some) for some in (there, back))
    return f"\\set {READER}_verifier bench\n{run}", unrun


def ours(tools: Tools, taken: dict[str, Taken]) -> None:
    """From its beginning to its end, as a person takes it: one command."""
    call = ("begin", "role", READER, "--yes", "--through", "verify", "--password-file", "passwords.toml")
    taken["reader"].add(*tools.flatsplit(*call))


def declared(folder: Path, text: str) -> None:
    path = folder / "flatsplit.toml"
    path.write_text(f"{path.read_text()}\n{text}\n")


def looks(tools: Tools, rounds: int) -> Taken:
    taken = Taken()
    for _ in range(rounds):
        taken.add(*tools.flatsplit("observe"))
    return taken


def statements(number: int, tables: int) -> Iterator[str]:
    """So many that a server tells apart."""
    shapes = ("select v from t{}", "select id from t{} where v = 'x'", "update t{} set v = 'y' where id = 1")
    for at in range(number):
        yield shapes[at // tables % len(shapes)].format(at % tables + 1)


def measure(tables: int, number: int, rounds: int) -> bool:
    with (
        Cluster(ClusterConfig(auth="trust", settings={**DISPOSABLE, **NAMED, **REMEMBERS})) as cluster,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("create role legacy login")
            connection.execute("create database bench owner legacy")
        print(f"PostgreSQL {cluster.config.binaries.version}: building {tables} tables …", flush=True)
        build(cluster.conninfo("bench", "legacy"), tables)
        bench = cluster.conninfo("bench")
        with psycopg.connect(bench, autocommit=True) as connection:
            connection.execute("create extension pg_stat_statements")
        tools = Tools(bench, folder)
        tools.flatsplit("init", "--legacy-role", "legacy", "--yes")
        configure(folder / "flatsplit.toml", drain="0s", soak="0s", rehearsal="off")
        write_passwords(folder / "passwords.toml", dict.fromkeys((*NEW_ROLES, READER, WORKER), "bench"))
        tools.flatsplit("next", "--yes", "--through", "revoke-legacy", "--password-file", "passwords.toml", *WAIVED)
        before = looks(tools, rounds * 3)
        print("the reader …", flush=True)
        declared(folder, f'[role.{READER}]\nschemas = ["public"]')
        psql: dict[str, Taken] = defaultdict(Taken)
        taken: dict[str, Taken] = defaultdict(Taken)
        for _ in range(rounds):
            tidy(bench)
            ours(tools, taken)
            there, back = scripts(bench)
            taken["back"].add(*tools.flatsplit("rollback", "--yes", "--all", *WALK))
            tidy(bench)
            psql["reader"].add(*tools.psql(there))
            psql["back"].add(*tools.psql(back))
        print(f"a worker that runs {number} statements …", flush=True)
        declared(folder, f'[role.{WORKER}]\nlike = "app_user"')
        tools.flatsplit("begin", "role", WORKER, "--yes")
        worker = ("--walk", f"role:{WORKER}")
        tools.flatsplit("next", "--yes", *worker, "--through", "open", "--password-file", "passwords.toml")
        with psycopg.connect(cluster.conninfo("bench", WORKER), autocommit=True) as connection:
            for statement in statements(number, tables):
                connection.execute(statement.encode())
        first = looks(tools, 1)
        after = looks(tools, rounds * 3)
        return report(tables, number, psql, taken, (before, first, after))


def report(
    tables: int,
    number: int,
    psql: dict[str, Taken],
    taken: dict[str, Taken],
    observed: tuple[Taken, Taken, Taken],
) -> bool:
    print(f"\n{tables} tables, {number} statements\n{'':10} {'psql':>8} {'flatsplit':>10} {'ratio':>6} {'peak':>8}")
    kept = True
    for what, took in taken.items():
        base = psql[what].median if what in psql else 0
        if not base:
            print(f"{what:10} {'':>8} {took.median:>8.2f} s {'':>6} {took.peak:>5.0f} MB")
            continue
        good = took.median <= 1.5 * base + 0.6
        kept &= good
        print(
            f"{what:10} {base:>6.2f} s {took.median:>8.2f} s {took.median / base:>6.2f} {took.peak:>5.0f} MB"
            f"   1.5 × psql + 0.6 s{'' if good else '   MISSED'}"
        )
    before, first, after = observed
    good = after.median - before.median < MORE
    print(
        f"observe    {before.median:.2f} s without a special role, {after.median:.2f} s with one: "
        f"{after.median - before.median:+.2f} s, promised < {MORE} s{'' if good else '   MISSED'}; the first look at "
        f"{number} statements: {first.median:.2f} s"
    )
    return kept and good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--statements", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    raise SystemExit(not measure(chosen.tables, chosen.statements, chosen.rounds))


if __name__ == "__main__":
    main()
