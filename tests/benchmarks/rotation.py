"""An application's transactions through psycopg's own pool while its password is rotated: none may fail.

    python -m tests.benchmarks.rotation [--transactions 100000] [--limit 500]

The pool is psycopg_pool's (``pip install psycopg-pool``), deployed as applications do it: another pool with what the
store gives out, and the former one closed once nobody has a connection of it any more. A machine that is busy with
other things makes transactions slower than --limit (in milliseconds) by itself: what the same traffic takes without a
rotation is measured first, and shown beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg

from flatsplit.demo.flat import OPERATOR
from flatsplit.demo.rotation import TWINS, RotationStory
from flatsplit.demo.server import DISPOSABLE, NAMED, Cluster, ClusterConfig
from flatsplit.demo.story import USER
from flatsplit.errors import Exit

THREADS = 4
BUYS = "insert into shop.orders_of_the_bench (what) values (%s)"


class Silent:
    """Nobody listens to the story."""

    def say(self, text: str = "", style: str = "") -> None:
        """Nothing."""

    def heading(self, text: str) -> None:
        """Nothing."""

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Nothing."""


@dataclass
class PooledTraffic:
    """Threads that take connections from a pool, which a deploy changes under them."""

    pool: Any
    took: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    logins: dict[str, int] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """One thread's."""
        while not self.over.is_set():
            pool, began = self.pool, time.perf_counter()
            try:
                with pool.connection() as conn:
                    conn.execute(BUYS, ["a thing"])
                    login = conn.info.user
            except psycopg.Error as error:
                if pool is not self.pool:
                    continue  # it was closed between two lines, and the transaction never began
                self.errors.append(str(error))
                continue
            self.took.append(time.perf_counter() - began)
            self.logins[login] = self.logins.get(login, 0) + 1

    def wait(self, transactions: int) -> None:
        """For so many more."""
        until = len(self.took) + transactions
        while len(self.took) < until and not self.errors:
            time.sleep(0.01)


def opened(conninfo: str) -> Any:
    """A pool of psycopg's."""
    pools = import_module("psycopg_pool")
    pool = pools.ConnectionPool(conninfo, min_size=THREADS, max_size=THREADS, max_lifetime=2, open=True)
    pool.wait()
    return pool


def rotate(story: RotationStory, traffic: PooledTraffic, each: int) -> None:
    """The whole walk, with so many transactions between its steps."""
    walk = ("--walk", f"rotate:{USER}")

    def take(expect: int = Exit.OK) -> None:
        story.operator.flatsplit("next", "--yes", *walk, expect=expect)
        traffic.wait(each)

    story.operator.flatsplit("begin", "rotate", USER, "--yes")
    take()
    take()
    take(Exit.WAITING)
    former, traffic.pool = traffic.pool, opened(story.shop.conninfo(TWINS[1], story.stored()))
    traffic.wait(each)
    former.close()
    story.wait_until_gone()
    take()
    take()
    take()


def told(took: list[float], name: str) -> float:
    ordered = sorted(took)
    worst = ordered[-1] * 1000
    middle, most = ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.999)] * 1000
    print(f"{name:16} {len(took):>9,} transactions, median {middle:.2f} ms, 99.9 % {most:.1f} ms, worst {worst:.0f} ms")
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--transactions", type=int, default=100_000)
    parser.add_argument("--limit", type=float, default=500)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="flatsplit-") as folder,
        Cluster(ClusterConfig(settings={**DISPOSABLE, **NAMED})) as cluster,
    ):
        story = RotationStory(RotationStory.build(cluster), Path(folder), Silent())
        with psycopg.connect(story.shop.conninfo(OPERATOR), autocommit=True) as conn:
            conn.execute("create table shop.orders_of_the_bench (id bigserial primary key, what text)")
            conn.execute("alter table shop.orders_of_the_bench owner to shop")
        story.four_roles()
        story.twins()
        traffic = PooledTraffic(opened(story.conninfo(TWINS[0])))
        threads = [threading.Thread(target=traffic.work, daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        traffic.wait(given.transactions // 10)
        before = list(traffic.took)
        traffic.took.clear()
        rotate(story, traffic, given.transactions // 7)
        traffic.wait(given.transactions - len(traffic.took))
        traffic.over.set()
        for thread in threads:
            thread.join(30)
        traffic.pool.close()
    told(before, "without")
    worst = told(traffic.took, "during")
    print(", ".join(f"{count:,} as {login}" for login, count in traffic.logins.items()))
    print(f"{len(traffic.errors)} errors{': ' + traffic.errors[0] if traffic.errors else ''}")
    return int(bool(traffic.errors) or worst >= given.limit)


if __name__ == "__main__":
    sys.exit(main())
