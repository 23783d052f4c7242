"""How long a role per tenant takes, there and back, beside hand-written psql scripts for the same policies and roles.

Both work on the same database in turn, round by round, and each takes back what it did. Printed are medians, the ratio,
what is promised, and the largest memory of a flatsplit process. What the policies together cost is promised as one, and
measured once more as one command: each reads a catalog of 10,000 tables, which takes longer than psql needs for the
one GRANT of all. Then, what statements cost under them (`tests.benchmarks.tenant_statements`, which runs alone, too).
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import psycopg

from flatsplit.demo.server import Cluster, ClusterConfig
from tests.benchmarks.measuring import Taken, Tools
from tests.benchmarks.steps import batches, tidy
from tests.support.walk import NEW_ROLES, configure, write_passwords

CONFIG = '\n[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n'
MINE = "account_id = (select r.tenant from floor.roles r where r.role = current_user)"
SAMPLE = 10
"""Tenants as whom the proof acts."""
WAIVED = [word for gate in ("rehearsed", "seen", "drained", "soaked", "elsewhere") for word in ("--waive", gate)]


def build(conninfo: str, tables: int, tenants: int) -> None:
    """Tables with a key that is indexed, and a row per tenant."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("create table accounts (id bigint primary key)")
        connection.execute("insert into accounts select generate_series(1, %s)", [tenants])
        for first in range(1, tables + 1, 500):
            made = [
                f"create table t{n} (id bigint primary key, account_id bigint not null);"
                f"create index on t{n} (account_id);"
                for n in range(first, min(first + 500, tables + 1))
            ]
            connection.execute("".join(made).encode())
        connection.execute("analyze")


def fill(conninfo: str, tables: int) -> None:
    """A row of each of the first tenants, for the proof."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for n in range(1, tables + 1):
            connection.execute(f"insert into t{n} select k, k from generate_series(1, {SAMPLE}) as k".encode())


def prepare(tools: Tools, folder: Path) -> None:
    """The split is done, and the tenants are said."""
    tools.flatsplit("init", "--legacy-role", "legacy", "--yes")
    configure(folder / "flatsplit.toml", drain="0s", soak="0s", rehearsal="off")
    passwords = write_passwords(folder / "passwords.toml", dict.fromkeys(NEW_ROLES, "bench"))
    through = ("--through", "revoke-legacy", "--password-file", str(passwords), "--reason", "a benchmark")
    tools.flatsplit("next", "--yes", *through, *WAIVED)
    with (folder / "flatsplit.toml").open("a") as file:
        file.write(CONFIG)


def policies(tables: int) -> list[str]:
    return [
        f"create policy floor_all on t{n} to app_user, app_readonly using (true);"
        f"create policy floor_own on t{n} to floor_tenant using ({MINE});"
        f"create policy floor_only on t{n} as restrictive to floor_tenant using ({MINE});"
        for n in range(1, tables + 1)
    ]


def floor(tools: Tools, tables: int, tenants: int, taken: dict[str, Taken]) -> None:
    """What psql takes: the least that the work can take."""
    every = range(1, tables + 1)
    taken["policies"].add(*tools.psql("".join(batches(policies(tables)))))
    taken["rls"].add(*tools.psql("".join(batches([f"alter table t{n} enable row level security;" for n in every]))))
    grant = "grant select, insert, update, delete on all tables in schema public to floor_tenant;"
    taken["grants"].add(*tools.psql(grant))
    roles = [
        f"create role floor_{n} connection limit 5 in role floor_tenant;"
        f"insert into floor.roles values ('floor_{n}', {n});"
        for n in range(1, tenants + 1)
    ]
    taken["roles"].add(*tools.psql("begin;\n" + "\n".join(roles) + "\ncommit;"))
    gone = ["delete from floor.roles;", *(f"drop role floor_{n};" for n in range(1, tenants + 1))]
    back = "begin;\n" + "\n".join(gone) + "\ncommit;\n" + grant.replace("grant", "revoke").replace(" to ", " from ")
    back += "".join(batches([f"alter table t{n} disable row level security;" for n in every]))
    names = ("floor_all", "floor_own", "floor_only")
    back += "".join(batches(["".join(f"drop policy {name} on t{n};" for name in names) for n in every]))
    taken["back"].add(*tools.psql(back))


def ours(tools: Tools, tables: int, taken: dict[str, Taken]) -> None:
    """The same by flatsplit, whole processes."""
    tools.flatsplit("begin", "tenants", "--yes")
    step = ("next", "--yes", "--walk", "tenants")
    tools.flatsplit(*step)
    for what in ("policies", "rls", "grants", "roles"):
        taken[what].add(*tools.flatsplit(*step))
    for _ in range(3):
        taken["status"].add(*tools.flatsplit("status", "--walk", "tenants"))
    taken["proof"].add(*tools.flatsplit("tenants", "--prove", "--sample", str(SAMPLE)))
    tools.flatsplit("rollback", "--yes", "--through", "tenant-policies", "--walk", "tenants")
    taken["in one"].add(*tools.flatsplit(*step, "--through", "tenant-grants"))
    tools.flatsplit(*step)
    taken["back"].add(*tools.flatsplit("rollback", "--yes", "--all", "--walk", "tenants"))


def promised(what: str, base: float | None, tables: int) -> tuple[float, str]:
    """In seconds, and in words. ``status`` and the proof have no floor: they are promised by the clock."""
    if base is not None:
        return 1.5 * base + 0.6, "1.5 × psql + 0.6 s"
    if what == "proof":
        return SAMPLE * tables * 0.006, "6 ms per tenant and table"  # 1,000 tenants × 50 tables in 5 minutes
    return 1.0, "1 s, 150 MB"


def together(taken: dict[str, Taken]) -> Taken:
    """Policies, row-level security and grants, one after the other."""
    rounds = zip(*(taken[what].seconds for what in ("policies", "rls", "grants")), strict=True)
    return Taken([sum(each) for each in rounds], [taken["grants"].peak])


def report(tables: int, tenants: int, psql: dict[str, Taken], flatsplit: dict[str, Taken]) -> bool:
    """Each beside its floor; the three that are promised together are not promised one by one."""
    print(f"\n{tables} tables, {tenants} tenants")
    print(f"{'':10} {'psql':>8} {'flatsplit':>10} {'ratio':>6} {'peak':>8}   promised")
    kept = True
    psql["in one"] = together(psql)
    for what, took in flatsplit.items():
        base = psql[what].median if what in psql else None
        limit, promise = promised(what, base, tables)
        if what in ("policies", "rls", "grants"):
            limit, promise = float("inf"), "in one"
        good = took.median <= limit and (what != "status" or took.peak <= 150)
        kept &= good
        print(
            f"{what:10} {f'{base:.2f} s' if base else '':>8} {f'{took.median:.2f} s':>10}"
            f" {f'{took.median / base:.2f}' if base else '':>6} {f'{took.peak:.0f} MB':>8}"
            f"   {promise}{'' if good else '   MISSED'}"
        )
    return kept


def measure(tables: int, tenants: int, rounds: int) -> bool:
    with Cluster(ClusterConfig(auth="trust")) as cluster, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("create role legacy login")
            connection.execute("create database bench owner legacy")
        print(f"PostgreSQL {cluster.config.binaries.version}: building {tables} tables …", flush=True)
        build(cluster.conninfo("bench", "legacy"), tables, tenants)
        tools = Tools(cluster.conninfo("bench"), Path(folder))
        prepare(tools, Path(folder))
        with psycopg.connect(cluster.conninfo("bench"), autocommit=True) as connection:
            connection.execute(
                "create role floor_tenant; create schema floor; grant usage on schema floor to floor_tenant"
            )
            connection.execute("create table floor.roles (role name primary key, tenant bigint not null)")
            connection.execute("grant select on floor.roles to floor_tenant")
        fill(cluster.conninfo("bench"), tables)
        psql: dict[str, Taken] = defaultdict(Taken)
        flatsplit: dict[str, Taken] = defaultdict(Taken)
        for number in range(1, rounds + 1):
            print(f"round {number} of {rounds} …", flush=True)
            tidy(cluster.conninfo("bench"))
            floor(tools, tables, tenants, psql)
            tidy(cluster.conninfo("bench"))
            ours(tools, tables, flatsplit)
        return report(tables, tenants, psql, flatsplit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    kept = measure(chosen.tables, chosen.tenants, chosen.rounds)
    from tests.benchmarks import tenant_statements  # which prepares its shop as it is prepared here

    kept &= tenant_statements.measure(1000, 200_000, 45)
    raise SystemExit(not kept)


if __name__ == "__main__":
    main()
