"""What each command takes beside an older tree of flatsplit, side by side in one run: promised is 1.05 × of it at most.

    git worktree add ../before v0.1.0
    python -m tests.benchmarks.releases ../before

Both trees walk on servers of their own that are made alike, in turn, with the Python that runs this: roles are a whole
server's, and neither shall meet the other's.
Printed are medians of whole processes, and what they take of the processor.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import psycopg

from flatsplit.demo.server import Cluster, ClusterConfig
from tests.benchmarks.measuring import Taken, Tools
from tests.benchmarks.steps import build
from tests.fixtures.databases import ROOT
from tests.support.walk import NEW_ROLES, configure, write_passwords

PROMISE = 1.05
STATEMENTS = 2000
COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("--help",),
    "status": ("status",),
    "doctor": ("doctor",),
    "plan": ("plan", "--json"),
    "rehearse": ("rehearse", "--file", "statements.sql"),
    "grant": ("next", "--yes", "--through", "grant-existing"),
    "transfer": ("next", "--yes", "--through", "transfer-ownership"),
    "verify": ("verify",),
    "status, half way": ("status",),
    "runbook": ("runbook", "--out", "runbook"),
    "rollback": ("rollback", "--all", "--yes"),
}
"""In this order; the last takes back what the others did. Quick ones several times."""
QUICK = ("help", "status", "verify", "status, half way")


class Tree:
    """One tree of flatsplit with its database."""

    def __init__(self, cluster: Cluster, place: Path, name: str, folder: Path, tables: int) -> None:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute(f"create role {name} login".encode())
            connection.execute(f"create database {name} owner {name}".encode())
        build(cluster.conninfo(name, name), tables)
        self.conninfo = cluster.conninfo(name)
        self.taken: dict[str, Taken] = defaultdict(Taken)
        self.cpu: dict[str, float] = defaultdict(float)
        folder.mkdir()
        self._tools = Tools(self.conninfo, folder)
        self._tools.env["PYTHONPATH"] = str(place)
        self._tools.flatsplit("init", "--legacy-role", name, "--yes")
        configure(folder / "flatsplit.toml", drain="0s", soak="0s")
        write_passwords(folder / "passwords.toml", dict.fromkeys(NEW_ROLES, "bench"))
        text = "".join(f"select v from t{n % tables + 1} where id = {n};\n" for n in range(STATEMENTS))
        (folder / "statements.sql").write_text(text)

    def tidy(self) -> None:
        """Nobody shall pay for the dead rows of the last round."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            for catalog in ("pg_class", "pg_shdepend", "pg_depend", "pg_attribute", "pg_type"):
                connection.execute(f"vacuum (full, analyze) {catalog}".encode())

    def run(self, what: str) -> None:
        for _ in range(3 if what in QUICK else 1):
            before = os.times()
            self.taken[what].add(*self._tools.flatsplit(*COMMANDS[what], accept=(0, 3, 4, 5)))
            after = os.times()
            self.cpu[what] += after.children_user + after.children_system
            self.cpu[what] -= before.children_user + before.children_system


def report(older: Tree, newer: Tree) -> bool:
    """Whether no command became slower than is promised."""
    print(f"\n{'':18} {'older':>8} {'this':>8} {'ratio':>6} {'processor':>10} {'peak':>14}")
    kept = True
    for what in COMMANDS:
        old, new = older.taken[what], newer.taken[what]
        ratio = new.median / old.median
        kept &= ratio <= PROMISE
        print(
            f"{what:18} {old.median:>6.2f} s {new.median:>6.2f} s {ratio:>6.2f}"
            f" {newer.cpu[what] / older.cpu[what]:>10.2f} {old.peak:>4.0f} → {new.peak:>4.0f} MB"
            f"{'' if ratio <= PROMISE else f'   MORE THAN {PROMISE} ×'}"
        )
    return kept


def main() -> None:
    """Build two databases alike, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("older", type=Path, help="the folder of the older tree")
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    alike = ClusterConfig(auth="trust")
    with Cluster(alike) as one, Cluster(alike) as other, tempfile.TemporaryDirectory() as folder:
        print(f"PostgreSQL {one.config.binaries.version}: {chosen.tables} tables, twice …", flush=True)
        places = {"older": (one, chosen.older.resolve()), "newer": (other, ROOT)}
        trees = [Tree(*place, name, Path(folder) / name, chosen.tables) for name, place in places.items()]
        for number in range(chosen.rounds):
            print(f"round {number + 1} of {chosen.rounds} …", flush=True)
            for tree in trees:
                tree.tidy()
            for what in COMMANDS:
                for tree in trees if number % 2 else reversed(trees):
                    tree.run(what)
        sys.exit(not report(*trees))


if __name__ == "__main__":
    main()
