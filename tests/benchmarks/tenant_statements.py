"""What statements cost under the tenants' policies: CPU of the server process, before and behind them in turn.

A shop is split and walked as far as the tenants' roles. Before: row-level security off, as app_user, with the tenant in
the statement's own WHERE. Behind: row-level security on, the same as app_user, and as a tenant without that WHERE.
The floor: a copy of the same tables under the least that an experienced hand writes, as its tenant. Prepared, and
planned each time. Each round is short and has "before" on both sides of what is behind, so that what a noisy machine
does to one it does to all. Printed are microseconds per statement; the median of the rounds' ratios with the interval
that holds it with 95 %; the last "before" to the first, which is 1 but for the noise; and the promises: kept where the
whole interval keeps one, missed where none of it does, open where the noise leaves that so. What the server asks for
such policies by hand cannot be undercut: where the floor is above a promise, the promise is the floor's 1.1.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.types.numeric import Int8

from flatsplit.demo.server import Cluster, ClusterConfig
from tests.benchmarks.measuring import Tools
from tests.benchmarks.tenants import prepare

TABLES = ("orders", "lines")
BUILD = """
create table accounts (id bigint primary key);
insert into accounts select generate_series(1, {tenants});
create table orders (id bigint primary key, account_id bigint not null references accounts, at timestamptz not null,
                     total bigint not null, note text not null default '');
insert into orders select n, 1 + n % {tenants}, now() - n * interval '1 minute', n % 1000
from generate_series(1, {rows}) n;
create index on orders (account_id, at);
create table lines (id bigint primary key, account_id bigint not null references accounts, order_id bigint not null,
                    amount bigint not null);
insert into lines select n, 1 + (1 + n % {rows}) % {tenants}, 1 + n % {rows}, n % 10
from generate_series(1, 2 * {rows}) n;
create index on lines (account_id); create index on lines (order_id);
analyze;
"""
TENANT = 7
MINE = "account_id = (select r.tenant from floor.roles r where r.role = current_user)"
FLOOR = """
create role floor_tenant; create role floor_7 in role floor_tenant;
create schema floor; grant usage on schema floor to floor_tenant;
create table floor.roles (role name primary key, tenant bigint not null);
insert into floor.roles select 'floor_' || id, id from accounts;
grant select on floor.roles to floor_tenant; alter table floor.roles enable row level security;
create policy own on floor.roles to floor_tenant using (role = current_user);
create table floor.orders (like orders including all, foreign key (account_id) references accounts);
create table floor.lines (like lines including all, foreign key (account_id) references accounts);
insert into floor.orders select * from orders; insert into floor.lines select * from lines;
""" + "".join(
    f"""grant select, insert, update, delete on floor.{table} to floor_tenant;
create policy own on floor.{table} to floor_tenant using ({MINE});
create policy own_only on floor.{table} as restrictive to floor_tenant using ({MINE});
alter table floor.{table} enable row level security;
"""
    for table in TABLES
)
"""By hand: both policies, and a table that says which role is whose (the same as flatsplit's, nothing beside it)."""


class Work(NamedTuple):
    """A statement, with ``{mine}`` where the application says whose rows it wants."""

    name: str
    text: str
    times: int
    promised: float
    """Of a tenant, prepared; of app_user it is 1.05, of a tenant that is planned for 1.7."""
    alias: str = ""


WORKS = (
    Work("point", "select total from orders where id = %(id)s {mine}", 100, 1.3),
    Work("range", "select total from orders where at > '2020-01-01' {mine} order by at desc limit 20", 60, 1.3),
    Work("join", "select amount from orders o, lines where order_id = o.id and o.id = %(id)s {mine}", 70, 1.3, "o"),
    Work("aggregate", "select sum(total) from orders where total >= 0 {mine}", 12, 1.05),
    Work("insert", "insert into orders values (%(new)s, 7, now(), 1)", 70, 1.4),
    Work("update", "update orders set total = total + 1 where id = %(id)s {mine}", 70, 1.4),
)
"""``range`` and ``join`` have the point's promise, though the design names point, write and aggregate alone."""


def cpu(pid: int) -> int:
    """Nanoseconds that a process had."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


class Round(NamedTuple):
    """Microseconds per statement, in the order in which they were taken."""

    first: float
    behind: float
    own: float
    floor: float
    last: float

    @property
    def before(self) -> float:
        return (self.first + self.last) / 2


class Side:
    """A session that does the same over and over."""

    def __init__(self, conninfo: str, role: str, tenants: int, rows: int, schema: str = "public") -> None:
        self.connection: psycopg.Connection[Any] = psycopg.connect(conninfo, autocommit=True)
        self.connection.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
        self.connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        # A process that wanders between processors, or shares one with its client, takes up to twice as long.
        os.sched_setaffinity(self.connection.info.backend_pid, {max(os.sched_getaffinity(0))})
        self.tenants, self.rows = tenants, rows

    def spent(self, work: Work, *, mine: bool, prepared: bool) -> float:
        """Microseconds of the server's CPU per statement; nothing of it stays."""
        column = f"{work.alias}.account_id" if work.alias else "account_id"
        text = work.text.format(mine=f"and {column} = {TENANT}" if mine else "").encode()
        ids = range(TENANT - 1 + self.tenants, self.rows, self.tenants)
        rows = [{"id": Int8(random.choice(ids)), "new": Int8(self.rows + 1 + n)} for n in range(work.times)]
        with self.connection.transaction(force_rollback=True):
            for row in rows[:6]:
                self.connection.execute(text, {**row, "new": Int8(-row["new"])}, prepare=prepared)
            pid = self.connection.info.backend_pid
            began = cpu(pid)
            for row in rows:
                self.connection.execute(text, row, prepare=prepared)
            return (cpu(pid) - began) / work.times / 1000


@contextmanager
def off(admin: psycopg.Connection[Any]) -> Iterator[None]:
    """Row-level security off meanwhile, as before the step."""
    for verb in ("disable", "enable"):
        for table in TABLES:
            admin.execute(f"alter table {table} {verb} row level security".encode())
        if verb == "disable":
            yield


def between(ratios: list[float]) -> tuple[float, float]:
    """Where the median is with 95 %, whatever the ratios are like: between two of them (a sign test, turned round)."""
    ordered, number = sorted(ratios), len(ratios)
    tail, place = 0.0, -1
    while (tail := tail + math.comb(number, place + 1) / 2**number) <= 0.025:
        place += 1
    return ordered[max(place, 0)], ordered[min(number - 1 - place, number - 1)]


def measure(tenants: int, rows: int, rounds: int) -> bool:
    with Cluster(ClusterConfig(auth="trust")) as cluster, tempfile.TemporaryDirectory() as folder:
        print(
            f"PostgreSQL {cluster.config.binaries.version}: building {rows} orders of {tenants} tenants …", flush=True
        )
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("create role legacy login")
            connection.execute("create database bench owner legacy")
        with psycopg.connect(cluster.conninfo("bench", "legacy"), autocommit=True) as connection:
            connection.execute(BUILD.format(tenants=tenants, rows=rows).encode())
        tools = Tools(cluster.conninfo("bench"), Path(folder))
        prepare(tools, Path(folder))
        tools.flatsplit("begin", "tenants", "--yes")
        waived = ("--waive", "keys", "--waive", "consistent", "--reason", "a benchmark")
        tools.flatsplit("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *waived)
        return compare(cluster.conninfo("bench"), tenants, rows, rounds)


def compare(conninfo: str, tenants: int, rows: int, rounds: int) -> bool:
    print(f"\n{'':20} {'before':>9} {'app_user':>28} {'tenant':>28} {'floor':>28}")
    kept = True
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(FLOOR.encode())
        admin.execute("vacuum analyze")
        user, tenant = (Side(conninfo, role, tenants, rows) for role in ("app_user", f"tenant_{TENANT}"))
        by_hand = Side(conninfo, f"floor_{TENANT}", tenants, rows, "floor")
        for prepared in (True, False):
            for work in WORKS:
                found: list[Round] = []
                for _ in range(rounds):
                    with off(admin):
                        first = user.spent(work, mine=True, prepared=prepared)
                    behind = user.spent(work, mine=True, prepared=prepared)
                    own = tenant.spent(work, mine=False, prepared=prepared)
                    floor = by_hand.spent(work, mine=False, prepared=prepared)
                    with off(admin):
                        last = user.spent(work, mine=True, prepared=prepared)
                    found.append(Round(first, behind, own, floor, last))
                kept &= line(work, found, prepared=prepared)
    return kept


def line(work: Work, found: list[Round], *, prepared: bool) -> bool:
    """One line; False where a promise is missed for sure."""
    before, behind, own, floor = (
        statistics.median(each)
        for each in zip(*((one.before, one.behind, one.own, one.floor) for one in found), strict=True)
    )
    by_hand = [one.floor / one.before for one in found]
    promised = max(work.promised if prepared else 1.7, 1.1 * statistics.median(by_hand))
    said, verdicts = [], []
    for ratios, limit in (
        ([one.behind / one.before for one in found], 1.05),
        ([one.own / one.before for one in found], promised),
        (by_hand, math.inf),
    ):
        low, high = between(ratios)
        said.append(f"× {statistics.median(ratios):.2f} ({low:.2f}–{high:.2f})")
        verdicts.append("MISSED" if low > limit else "kept" if high <= limit else "open")
    noise = statistics.median(one.last / one.first for one in found)
    print(
        f"{work.name + (', prepared' if prepared else ', planned'):20} {before:6.0f} µs {behind:6.0f} µs {said[0]}"
        f" {own:6.0f} µs {said[1]} {floor:6.0f} µs {said[2]}   noise {noise:.2f}"
        f"   ≤ 1.05 {verdicts[0]}, ≤ {promised:.2f} {verdicts[1]}",
        flush=True,
    )
    return "MISSED" not in verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=45)
    chosen = parser.parse_args()
    raise SystemExit(not measure(chosen.tenants, chosen.rows, chosen.rounds))


if __name__ == "__main__":
    main()
