"""How long the large steps take at 10,000 tables, beside hand-written psql scripts for the same work.

Both work on the same database in turn, round by round, and each takes back what it did. Printed are medians, the ratio,
what is promised, and the largest memory of a flatsplit process.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psycopg

from flatsplit.demo.server import Cluster, ClusterConfig
from tests.benchmarks.measuring import Taken, Tools
from tests.support.walk import NEW_ROLES, configure, write_passwords

BATCH = 100


def build(conninfo: str, tables: int) -> None:
    """Tables of two columns, and a tenth as many views, owned by legacy."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for first in range(1, tables + 1, 500):
            numbers = range(first, min(first + 500, tables + 1))
            made = [f"create table t{n} (id serial primary key, v text);" for n in numbers]
            made += [f"create view v{n} as select * from t{n};" for n in numbers if n % 10 == 0]
            connection.execute("".join(made).encode())
        connection.execute("analyze")


def batches(statements: list[str]) -> Iterator[str]:
    for first in range(0, len(statements), BATCH):
        yield "begin;\n" + "\n".join(statements[first : first + BATCH]) + "\ncommit;\n"


def grant(verb: str, preposition: str) -> str:
    return f"""
        {verb} select, insert, update, delete on all tables in schema public {preposition} floor_user;
        {verb} usage on all sequences in schema public {preposition} floor_user;
        {verb} select on all tables in schema public {preposition} floor_readonly;
        {verb} select on all sequences in schema public {preposition} floor_readonly;
        """


def owners(tables: int, role: str) -> list[str]:
    moves = [f"alter table t{n} owner to {role};" for n in range(1, tables + 1)]
    return moves + [f"alter view v{n} owner to {role};" for n in range(10, tables + 1, 10)]


DRIFT = """
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and (
        relkind in ('r', 'v', 'S') and relowner <> 'floor_migrator'::regrole
        or relkind in ('r', 'v') and not has_table_privilege('floor_user', oid, 'select, insert, update, delete')
        or relkind in ('r', 'v') and not has_table_privilege('floor_readonly', oid, 'select')
        or relkind = 'S' and not has_sequence_privilege('floor_user', oid, 'usage')
        or relkind = 'S' and not has_sequence_privilege('floor_readonly', oid, 'select'))
    """


def tidy(conninfo: str) -> None:
    """Neither shall pay for the dead rows that the other has left in the catalogs, nor for their vacuuming."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for catalog in ("pg_class", "pg_shdepend", "pg_depend", "pg_attribute", "pg_type"):
            connection.execute(f"vacuum (full, analyze) {catalog}".encode())


def floor(tools: Tools, tables: int, taken: dict[str, Taken]) -> None:
    """What psql takes: the least that the work can take."""
    taken["grant"].add(*tools.psql(grant("grant", "to")))
    taken["transfer"].add(*tools.psql("".join(batches(owners(tables, "floor_migrator")))))
    taken["verify"].add(*tools.psql(DRIFT))
    back = "".join(batches(owners(tables, "legacy"))) + grant("revoke", "from")
    taken["rollback"].add(*tools.psql(back))


def ours(tools: Tools, taken: dict[str, Taken]) -> None:
    """The same by flatsplit, whole processes."""
    tools.flatsplit("next", "--yes", "--through", "create-roles")
    taken["grant"].add(*tools.flatsplit("next", "--yes", "--through", "grant-existing"))
    tools.flatsplit("next", "--yes", "--through", "default-privileges")
    taken["transfer"].add(*tools.flatsplit("next", "--yes", "--through", "transfer-ownership"))
    taken["verify"].add(*tools.flatsplit("verify"))
    for _ in range(3):
        taken["status"].add(*tools.flatsplit("status"))
        taken["help"].add(*tools.flatsplit("--help"))
    taken["plan"].add(*tools.flatsplit("plan", "--json"))
    taken["runbook"].add(*tools.flatsplit("runbook", "--out", str(tools.folder / "runbook")))
    taken["rollback"].add(*tools.flatsplit("rollback", "--all", "--yes"))


PEAKS = {"runbook": 250}
"""Megabytes that are promised at 100,000 tables; of the others at 10,000."""

PROMISES = {
    "grant": ("1.5 × psql + 0.6 s", lambda floor: 1.5 * floor + 0.6),
    "transfer": ("1.3 × psql", lambda floor: 1.3 * floor),
    "verify": ("0.8 s", lambda floor: 0.8),
    "rollback": ("1.5 × psql", lambda floor: 1.5 * floor),
    "status": ("0.6 s", lambda floor: 0.6),
    "help": ("0.12 s", lambda floor: 0.12),
}


def report(tables: int, psql: dict[str, Taken], flatsplit: dict[str, Taken]) -> bool:
    print(f"\n{tables} tables\n{'':10} {'psql':>8} {'flatsplit':>10} {'ratio':>6} {'peak':>8}   promised")
    kept = True
    for what, took in flatsplit.items():
        base = psql[what].median if what in psql else None
        promise, limit = PROMISES.get(what, ("", lambda floor: float("inf")))
        good = took.median <= limit(base or 0) and took.peak <= PEAKS.get(
            what, 200 if tables <= 10_000 else float("inf")
        )
        kept &= good
        print(
            f"{what:10} {f'{base:.2f} s' if base else '':>8} {f'{took.median:.2f} s':>10}"
            f" {f'{took.median / base:.2f}' if base else '':>6} {f'{took.peak:.0f} MB':>8}"
            f"   {promise}{'' if good else '   MISSED'}"
        )
    return kept


def measure(tables: int, rounds: int) -> bool:
    with Cluster(ClusterConfig(auth="trust")) as cluster, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("create role legacy login")
            connection.execute("create database bench owner legacy")
            for role in ("floor_user", "floor_migrator", "floor_readonly"):
                connection.execute(f"create role {role}".encode())
        print(f"PostgreSQL {cluster.config.binaries.version}: building {tables} tables …", flush=True)
        build(cluster.conninfo("bench", "legacy"), tables)
        with psycopg.connect(cluster.conninfo("bench"), autocommit=True) as connection:
            connection.execute("grant create on schema public to floor_migrator")
        tools = Tools(cluster.conninfo("bench"), Path(folder))
        psql: dict[str, Taken] = defaultdict(Taken)
        flatsplit: dict[str, Taken] = defaultdict(Taken)
        flatsplit["init"].add(*tools.flatsplit("init", "--legacy-role", "legacy", "--yes"))
        configure(Path(folder) / "flatsplit.toml", drain="0s", soak="0s")
        write_passwords(Path(folder) / "passwords.toml", dict.fromkeys(NEW_ROLES, "bench"))
        for number in range(1, rounds + 1):
            print(f"round {number} of {rounds} …", flush=True)
            tidy(cluster.conninfo("bench"))
            floor(tools, tables, psql)
            tidy(cluster.conninfo("bench"))
            ours(tools, flatsplit)
        return report(tables, psql, flatsplit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, nargs="+", default=[10_000], help="several show how it grows")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    results = [measure(tables, chosen.rounds) for tables in chosen.tables]
    raise SystemExit(not all(results))


if __name__ == "__main__":
    main()
